"""Sound between the pictures of a stream without an index: where one frame of it ends and the next begins.

Sound in an MP4 bears no lengths of its own. What can be told apart honestly: AAC, because its decoder says of too few
bytes that they are too few, so the end of each frame can be found; sound of even sampling, where the size of a chunk is
one that a reference shows; and other kinds where the camera lays down one frame at a time. All of it must fill the
stretch between two pictures exactly. Anything else is left out and named. Runs in a limited process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import av
import av.error

from candor.footage.media.repair_profile import TrackProfile

_MOST_PER_CHANNEL: Final = 1024  # bytes of an AAC frame; the standard allows 768 (ISO/IEC 14496-3 section 4.5.3)
_MOST_FRAMES: Final = 20_000  # in one stretch
_ONE_BY_ONE: Final = {"opus": "opus", "amr": "amrnb", "mp3": "mp3float", "ac-3": "ac3", "alac": "alac"}

Frames = list[tuple[int, int]]
"""Place and size in bytes of each frame, or of each chunk of evenly sampled sound."""


class Sound:
    """Tells frames apart. One stretch after the other, in the order of the file."""

    def __init__(self, stream: Any, end: int, track: TrackProfile) -> None:
        self._stream, self._end, self.track = stream, end, track
        self.each = 0
        """Bytes of one sample of evenly sampled sound; 0 for sound in frames."""
        self.ticks = 1
        """Length of one frame (or sample) in ticks of the track's clock."""
        self._decoder: Any = None
        self._begin()

    @property
    def able(self) -> bool:
        """Whether sound of this kind can be told apart at all."""
        return self._able

    def _begin(self) -> None:
        track = self.track
        self._able = False
        if track.codec == "aac" and track.parameters:
            self._decoder = self._open("aac", bytes.fromhex(track.parameters))
            self.ticks = track.tick or 1024
            self._able = self._decoder is not None
        elif track.codec == "pcm":
            # Small sizes in stsz are those of one sample of all channels; tracks of one size only are evenly sampled.
            same = track.sample_sizes[0] == track.sample_sizes[1]
            self.each = track.sample_sizes[0] if same and 0 < track.sample_sizes[0] <= 64 else 0
            self._able = bool(self.each and track.per_chunk)
        elif track.codec in _ONE_BY_ONE and track.per_chunk == [1]:
            self._decoder = self._open(_ONE_BY_ONE[track.codec], b"")
            self.ticks = track.tick
            self._able = self._decoder is not None and track.tick > 0

    def _open(self, name: str, parameters: bytes) -> Any:
        try:
            decoder: Any = av.CodecContext.create(name, "r")
            if parameters:
                decoder.extradata = parameters
            decoder.thread_count = 1
            decoder.sample_rate = self.track.rate or self.track.timescale or 48_000
            decoder.open()
        except (av.error.FFmpegError, ValueError):
            return None
        return decoder

    def fill(self, place: int, ends_here: Callable[[int], bool]) -> tuple[Frames, int]:
        """The frames from `place` up to where `ends_here` says that something else begins, and that place.

        No frames: it cannot be told. At the end of the data the last frame may be cut off; it is left out.
        """
        if not self._able:
            return [], place
        if self.each:
            return self._chunk(place, ends_here)
        if self.track.codec == "aac":
            return self._aac(place, ends_here)
        return [], place

    def begins(self, place: int) -> bool:
        """Whether a frame of sound can be told to begin there; said of AAC only."""
        return self._able and self.track.codec == "aac" and self._size_at(place) is not None

    def one(self, place: int, size: int) -> bool:
        """Whether a stretch between two pictures is one frame of a kind that the camera lays down singly."""
        low, high = self.track.sample_sizes
        if not self._able or self.track.codec not in _ONE_BY_ONE or not max(1, low // 2) <= size <= 2 * high:
            return False
        self._stream.seek(place)
        return self._decodes(self._stream.read(size))

    def _chunk(self, place: int, ends_here: Callable[[int], bool]) -> tuple[Frames, int]:
        for count in self.track.per_chunk:
            end = place + count * self.each
            if end <= self._end and (end == self._end or ends_here(end)):
                return [(place, count * self.each)], end
        return [], place

    def _aac(self, place: int, ends_here: Callable[[int], bool]) -> tuple[Frames, int]:
        frames: Frames = []
        position = place
        while len(frames) < _MOST_FRAMES:
            if frames and (position == self._end or ends_here(position)):
                return frames, position
            size = self._size_at(position)
            if size is None:
                # The last frame of a recording that was cut off is cut off too.
                return (frames, position) if frames and self._end - position < self._most() else ([], place)
            frames.append((position, size))
            position += size
        return [], place

    def _most(self) -> int:
        return _MOST_PER_CHANNEL * max(1, min(8, self.track.channels))

    def _size_at(self, place: int) -> int | None:
        """Bytes of the AAC frame at `place`: the fewest that its decoder does not find too few."""
        self._stream.seek(place)
        window = self._stream.read(min(self._most(), self._end - place))
        low, high = 1, len(window)
        usual = self.track.sample_sizes[1]
        if usual and usual < high and self._decodes(window[:usual]):
            high = usual
        elif not window or not self._decodes(window):
            return None
        while low < high:
            middle = (low + high) // 2
            if self._decodes(window[:middle]):
                high = middle
            else:
                low = middle + 1
        return high if high >= 2 else None

    def _decodes(self, data: bytes) -> bool:
        """Whether a frame decodes from the beginning of `data`; what follows it does not matter."""
        if not data:
            return False
        try:
            self._decoder.decode(av.Packet(data))
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError) as error:
            # The first frame is decoded when the packet is sent; a fault after that is one of what follows it.
            return getattr(error, "filename", None) != "avcodec_send_packet()"
        return True
