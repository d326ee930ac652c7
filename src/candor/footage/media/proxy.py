"""The proxy: a copy that every browser plays and in which every moment is found quickly. Runs in a limited process.

MP4 with the index in front; H.264 Main, 4:2:0, at most 1280x720 (either way up; see `pictures.py`), closed groups of at
most 15 pictures and one second, no B-frames; AAC. The presentation time of every picture is that of the
original, less the origin.

The encoder's settings are x264's "ultrafast" with what that gives up most in quality put back (CABAC, deblocking):
on two cores a minute of 1080p30 is to take clearly less than 15 seconds.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import av
from av.video.frame import PictureType

from candor.core.limited_task import Output
from candor.footage.media.sound import RATE

VERSION: Final = "proxy@1"
GROUP: Final = 15
X264: Final = {
    "preset": "ultrafast",
    "profile": "main",
    "crf": "26",
    "coder": "1",
    "sc_threshold": "0",
    "a53cc": "0",
    "x264-params": "deblock=0,0:open-gop=0",
}
_BITS_PER_PIXEL: Final = 3.3  # a second, at most: 3 Mbit/s at 1280x720
_BITS_PER_CHANNEL: Final = 64_000  # a second
_MAX_CLOCK: Final = 1_000_000  # ticks a second
_COMMON_CLOCK: Final = Fraction(1, 90_000)


class Proxy:
    """Takes shaped pictures and sound, writes the file. What tracks there will be must be known beforehand."""

    def __init__(self, output: Output, *, pictures: bool, channels: int, time_base: Any, rate: Any) -> None:
        """time_base: the clock of the original's pictures, in seconds per tick; rate: its pictures per second, for
        the encoder's planning. channels: 0 for no sound."""
        self._output = output
        self._container = av.open(
            output,
            "w",
            format="mp4",
            options={"movflags": "+faststart"},
            buffer_size=256 << 10,
            io_open=lambda *_: output.again(),  # the muxer reads its own output again to put the index in front
        )
        self._clock = _clock(time_base)
        self._rate = rate if rate and 1 <= rate <= 240 else Fraction(30)
        self._video: Any = None
        self._audio: Any = None
        self._expects_pictures = pictures
        self._waiting: list[Any] = []  # sound that came before the first picture
        self._last_pts = -1
        self._last_key = -1.0
        self.pictures = 0
        self.dropped = 0
        self.key_frames = 0
        if channels:
            self._audio = self._container.add_stream("aac", rate=RATE, layout="stereo" if channels == 2 else "mono")
            self._audio.bit_rate = _BITS_PER_CHANNEL * channels

    @property
    def clock(self) -> Fraction:
        """Seconds per tick of the proxy's pictures."""
        return self._clock

    def picture(self, frame: Any, time: Fraction) -> None:
        """Add one shaped picture at `time` (seconds, exact). Times that do not grow are dropped and counted."""
        pts = round(time / self._clock)
        if pts <= self._last_pts:
            self.dropped += 1
            return
        if self._video is None:
            self._begin(frame)
        self._last_pts = pts
        frame.pts, frame.time_base = pts, self._clock
        frame.pict_type = PictureType.NONE
        if self._last_key < 0 or time - self._last_key >= 1:
            frame.pict_type = PictureType.I
            self._last_key = float(time)
        self.pictures += 1
        self._mux(self._video.encode(frame))

    def sound(self, frame: Any) -> None:
        """Add one stretch of shaped sound."""
        packets = self._audio.encode(frame)
        if self._expects_pictures and self._video is None:
            self._waiting += packets
        else:
            self._mux(packets)

    def _begin(self, frame: Any) -> None:
        self._video = self._container.add_stream("libx264", rate=self._rate)
        self._video.width, self._video.height, self._video.pix_fmt = frame.width, frame.height, "yuv420p"
        most = most_bits(frame.width, frame.height)
        self._video.options = {**X264, "maxrate": str(most), "bufsize": str(2 * most)}
        context = self._video.codec_context
        context.time_base = self._clock
        context.gop_size = GROUP
        context.thread_count = 2
        context.color_range = 1  # limited
        context.colorspace, context.color_primaries, context.color_trc = colours(frame)
        self._video.time_base = self._clock
        self._mux(self._waiting)
        self._waiting = []

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            if packet.stream is self._video and packet.is_keyframe:
                self.key_frames += 1
            self._container.mux(packet)

    def finish(self) -> dict[str, Any]:
        """Close the file. {"width", "height", "pictures", "key_frames", "dropped", "clock", "sound"}"""
        if self._video is not None:
            self._mux(self._video.encode(None))
        if self._audio is not None:
            self._mux([*self._waiting, *self._audio.encode(None)])
        self._container.close()
        video = self._video
        return {
            "width": video.width if video is not None else None,
            "height": video.height if video is not None else None,
            "pictures": self.pictures,
            "key_frames": self.key_frames,
            "dropped": self.dropped,
            "clock": str(self._clock),
            "sound": self._audio is not None,
        }


def most_bits(width: int, height: int) -> int:
    """Bits a second that pictures of this size may take."""
    return int(max(400_000, min(3_000_000, _BITS_PER_PIXEL * width * height)))


def _clock(time_base: Any) -> Fraction:
    """The original's clock where an MP4 can have it, otherwise a common one."""
    base = Fraction(time_base) if time_base else _COMMON_CLOCK
    return base if base.numerator == 1 and base.denominator <= _MAX_CLOCK else _COMMON_CLOCK


def colours(frame: Any) -> tuple[int, int, int]:
    """Matrix, primaries and transfer as the original says; BT.709 for what is high definition and says nothing."""
    said = (int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc))
    if said[0] in (0, 2) and max(frame.width, frame.height) >= 1280:
        return (1, 1, 1)
    return said
