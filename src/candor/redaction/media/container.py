"""The file of a redacted copy: MP4, one track of pictures, at most one of sound, and nothing else. Limited process.

What goes into it is on a list, everything else of the original stays behind: names, places, times, programs, tracks of
data, subtitles, chapters, cover art. How the picture is to be turned and the shape of its pixels are kept.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any, Final

import av
from av.packet import Packet

from candor.core.limited_task import Output

__all__ = ["KEPT", "CopyFile", "clock_for", "matrix_of"]

KEPT: Final = ("creation_time",)
"""Metadata of the original that is kept where that is asked for."""
_MOST_TICKS: Final = 1_000_000
_COMMON: Final = Fraction(1, 90_000)
_FINE: Final = 10_000
_BITEXACT: Final = 1 << 23  # AV_CODEC_FLAG_BITEXACT: the encoder does not write its name into the sound


class CopyFile:
    """Writes the copy. Tracks first, then packets, then `finish`."""

    def __init__(self, output: Output, clock: Fraction, metadata: dict[str, str], *, keep_times: bool) -> None:
        """clock: of the pictures, in seconds a tick. metadata: of the original's container."""
        self._clock = clock
        # "bitexact" keeps the writing library from naming itself and the hour. A track that begins late is given a
        # pause in ticks of the whole film; these are milliseconds unless it is told otherwise.
        ticks = clock_for(clock).denominator
        whole = ticks * -(-_FINE // ticks)
        self._container = av.open(
            output,
            "w",
            format="mp4",
            options={"movflags": "+faststart", "fflags": "+bitexact", "movie_timescale": str(whole)},
            buffer_size=256 << 10,
            io_open=lambda *_: output.again(),  # the muxer reads its own output again to put the index in front
        )
        self.kept = {name: metadata[name] for name in KEPT if keep_times and name in metadata}
        self._container.metadata.update(self.kept)
        self._video: Any = None

    def add_pictures(self, matrix: tuple[int, ...] | None) -> Any:
        """The track of pictures; its encoder's context is to be opened and given its extradata before any packet."""
        self._video = self._container.add_stream("libx264")
        self._video.time_base = clock_for(self._clock)
        if matrix is not None:
            self._video.set_display_matrix(matrix)
        return self._video.codec_context

    def add_sound(self, rate: int, layout: str, bit_rate: int) -> Any:
        """A track of sound that is encoded anew."""
        made = self._container.add_stream("aac", rate=rate, layout=layout, bit_rate=bit_rate)
        made.codec_context.flags |= _BITEXACT
        return made

    def add_same_sound(self, stream: Any) -> Any:
        """A track of sound whose packets are passed through."""
        made = self._container.add_stream_from_template(stream)
        made.metadata.clear()
        return made

    def picture(self, data: bytes, time: int, decoded: int, duration: int, *, key: bool) -> None:
        """One coded picture; times in ticks of the clock."""
        packet = Packet(data)
        packet.stream = self._video
        packet.time_base = self._clock
        packet.pts, packet.dts, packet.duration = time, decoded, max(0, duration)
        packet.is_keyframe = key
        self._container.mux_one(packet)

    def sound(self, packets: list[Any]) -> None:
        """Packets of the track of sound."""
        for packet in packets:
            self._container.mux_one(packet)

    def finish(self) -> None:
        """Write the index, move it to the front."""
        self._container.close()


def clock_for(clock: Fraction) -> Fraction:
    """The original's clock where an MP4 can have it, otherwise a common one."""
    return clock if clock.denominator <= _MOST_TICKS else _COMMON


def matrix_of(frame: Any) -> tuple[int, ...] | None:
    """The display matrix of a decoded frame: nine numbers as FFmpeg has them; None where there is none."""
    side = frame.side_data.get("DISPLAYMATRIX")
    data = b"" if side is None else bytes(side)
    return struct.unpack("=9i", data[:36]) if len(data) >= 36 else None
