"""Which pictures a part has, when each is shown and how they stand upright: one answer for every pass.

Looking, rendering and proving all go through `timed_frames`, so that what one of them says of a time holds for the
others. Runs in a limited process.

A picture's time is its presentation time in ticks of its track's clock. Where it has none, it is the time at which it
was to be decoded; where it has neither, one picture's duration after the one before, as the viewing copy does it
(`candor.footage.media.render`).
"""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from typing import Any, Final

import av.error
from av.stream import Discard

from candor.core.limited_task import Refused
from candor.footage.media.opening import (
    choose_pictures,
    choose_sound,
    decode,
    first_frame,
    open_media,
    origin_seconds,
    prepare_decoder,
    read_packets,
    turn_of_frame,
)
from candor.redaction.model import Picture

__all__ = ["Clock", "Tracks", "find_tracks", "picture_of", "same_shape", "shape_of", "timed_frames"]

_EARLIER: Final = (0.0, 1.0, 4.0, 16.0)
"""Seconds before a key frame at which it is sought: containers list key frames by when they are decoded, which may be
earlier than when they are shown."""
_USUAL_RATE: Final = Fraction(30)


class Tracks:
    """The tracks of a part that count: by number in its container, None where there is none that decodes."""

    def __init__(self, source: Any) -> None:
        """Raises Refused("not-media") where it is no recording."""
        with open_media(source) as container:
            video: Any = choose_pictures(container)
            audio: Any = choose_sound(container)
            self.format: str = container.format.name
            self.first: Any = None if video is None else first_frame(source, video.index)
            seen = self.first is not None
            heard = audio is not None and first_frame(source, audio.index) is not None
            self.video: int | None = video.index if seen else None
            self.audio: int | None = audio.index if heard else None
            self.origin = origin_seconds([s for s, found in ((video, seen), (audio, heard)) if found])
            self.clock = Fraction(video.time_base) if seen else Fraction(1, 1000)
            rate = (video.average_rate or video.guessed_rate) if seen else None
            self.rate = Fraction(rate) if rate else _USUAL_RATE
            aspect = video.sample_aspect_ratio if seen else None
            self.aspect = Fraction(aspect) if aspect and 0.1 <= aspect <= 10 else Fraction(1)

    @property
    def zero(self) -> int:
        """The time, in ticks of the pictures' clock, that is 0 in the viewing copy."""
        return round(Fraction(self.origin) / self.clock)

    @property
    def pictures(self) -> int:
        """The number of the pictures' track. Refused("no-picture") where there is none."""
        if self.video is None:
            raise Refused("no-picture", "no picture in it can be decoded")
        return self.video


def find_tracks(source: Any) -> Tracks:
    """Which tracks count. Refused("no-picture") where no picture can be decoded."""
    tracks = Tracks(source)
    _ = tracks.pictures
    return tracks


def picture_of(frame: Any, aspect: Fraction = Fraction(1)) -> Picture:
    """How a decoded frame stands upright. aspect: width of one of its pixels divided by its height."""
    turn = turn_of_frame(frame)
    width, height = (frame.height, frame.width) if turn.swaps else (frame.width, frame.height)
    shown = 1 / aspect if turn.swaps else aspect
    return Picture(width, height, turn.degrees, turn.mirrored, f"{shown.numerator}:{shown.denominator}")


def shape_of(frame: Any) -> tuple[int, int, int]:
    """What may not change within a part: coded width, height and rotation. Cheap: asked for every frame."""
    return frame.width, frame.height, frame.rotation


def same_shape(shape: tuple[int, int, int], frame: Any, seconds: float) -> None:
    """Refused("size-changes") where a frame's shape is not `shape`. seconds: where that is, for people."""
    found = shape_of(frame)
    if found != shape:
        raise Refused(
            "size-changes",
            f"its picture changes from {shape[0]} x {shape[1]} (turned by {-shape[2] % 360} degrees) to {found[0]} x "
            f"{found[1]} (turned by {-found[2] % 360} degrees) at {seconds:.1f} seconds. Cut it there into parts first",
        )


class Clock:
    """Gives every decoded frame its time. Frames are to come in the order in which the decoder gives them."""

    def __init__(self, clock: Fraction, rate: Fraction, zero: int) -> None:
        self._exact = 1 / (rate * clock)
        self._zero = zero
        self._last: Fraction | None = None
        self.untimed = 0
        """How many had no presentation time."""

    def time_of(self, frame: Any) -> int:
        """The frame's time in ticks; also put into frame.pts."""
        if frame.pts is None:
            self.untimed += 1
            frame.pts = frame.dts if frame.dts is not None else self._following()
        time = int(frame.pts)
        if self._last is None or round(self._last) != time:
            self._last = Fraction(time)
        return time

    def _following(self) -> int:
        self._last = Fraction(self._zero) if self._last is None else self._last + self._exact
        return round(self._last)


def timed_frames(
    source: Any, tracks: Tracks, *, begin: int | None = None, counts: dict[str, int] | None = None
) -> Generator[tuple[int, Any], None, None]:
    """Every picture of the chosen track with its time, in the order in which they are shown.

    begin: a time; reading starts at the key frame before it, and what is shown earlier is left out. Only for a part
    whose `Plan.seekable` holds. None: from the start, everything. counts: "read" and "damaged" are added to.

    Frames that FFmpeg drops because an edit list hides them do not come. Frames after damage come as the decoder
    gives them.
    """
    counts = counts if counts is not None else {"read": 0, "damaged": 0}
    if begin is None:
        yield from _decoded(source, tracks, None, counts)
        return
    for earlier in (*_EARLIER, None):
        target = None if earlier is None else begin - round(Fraction(earlier) / tracks.clock)
        frames = _decoded(source, tracks, target, counts)
        first = next(frames, None)
        if first is None or (first[0] > begin and target is not None):
            continue
        if first[0] >= begin:
            yield first
        yield from ((time, frame) for time, frame in frames if time >= begin)
        return


def _decoded(
    source: Any, tracks: Tracks, target: int | None, counts: dict[str, int]
) -> Generator[tuple[int, Any], None, None]:
    with open_media(source) as container:
        stream: Any = container.streams[tracks.pictures]
        for other in container.streams:
            other.discard = Discard.default if other is stream else Discard.all
        prepare_decoder(stream)
        if target is not None:
            try:
                container.seek(target, stream=stream)
            except (av.error.FFmpegError, OverflowError):
                return
        clock = Clock(tracks.clock, tracks.rate, tracks.zero)
        for packet in read_packets(container, [stream], counts):
            for frame in decode(stream, packet, counts):
                yield clock.time_of(frame), frame
        for frame in decode(stream, None, counts):
            yield clock.time_of(frame), frame
