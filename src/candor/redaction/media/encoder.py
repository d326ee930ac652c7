"""x264 as rendering uses it. Runs in a limited process.

No B-pictures: what comes out stands in the order in which it is shown, so that its decoding times can be those of the
packets it takes the place of. Key pictures are IDR pictures. What x264 says of itself in the stream is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from av.codec.context import CodecContext
from av.video.frame import PictureType

from candor.redaction.media.h264 import encoded_units, prefixed, sets_of

__all__ = ["GROUP", "Encoded", "Encoder", "Look", "encoder_context"]

GROUP: Final = 60
"""Pictures between two key pictures, at most, of what is encoded anew."""
_GLOBAL_HEADER: Final = 1 << 22
_INTERLACED: Final = 1 << 18 | 1 << 29  # AV_CODEC_FLAG_INTERLACED_DCT, _ME
_PROFILES: Final = {66: "baseline", 77: "main"}
_THREADS: Final = 2
#: What x264's quickest preset gives up most in quality, and costs little.
_PUT_BACK: Final = {"ultrafast": ":cabac=1:no-deblock=0:deblock=0,0"}


@dataclass(frozen=True)
class Look:
    """How pictures are to be encoded. `clock`: seconds a tick. `sets_id`: number of the parameter sets. `profile`: of
    the original's H.264, None for another codec. `colours`: range, matrix, primaries, transfer, as FFmpeg counts them.
    `aspect`: of a coded pixel."""

    width: int
    height: int
    pixels: str
    clock: Fraction
    rate: Fraction
    crf: int
    preset: str
    sets_id: int
    profile: int | None
    interlaced: bool
    colours: tuple[int, int, int, int]
    aspect: Fraction

    def to_json(self) -> dict[str, Any]:
        """What is said of it with the copy."""
        return {
            "name": "libx264",
            "crf": self.crf,
            "preset": self.preset,
            "group": GROUP,
            "interlaced": self.interlaced,
            "pixels": self.pixels,
            "width": self.width,
            "height": self.height,
        }


@dataclass(frozen=True)
class Encoded:
    """One encoded picture: its time, whether decoding can begin here, its units with lengths."""

    time: int
    key: bool
    data: bytes


def encoder_context(look: Look, context: Any) -> Any:
    """Set up and open an encoder; its extradata are its parameter sets between start codes."""
    context.width, context.height, context.pix_fmt = look.width, look.height, look.pixels
    context.time_base = look.clock
    context.framerate = look.rate
    context.gop_size = GROUP
    context.thread_count = _THREADS
    context.thread_type = "FRAME"
    context.flags |= _GLOBAL_HEADER | (_INTERLACED if look.interlaced else 0)
    context.color_range, context.colorspace, context.color_primaries, context.color_trc = look.colours
    context.sample_aspect_ratio = look.aspect
    context.options = {
        "preset": look.preset,
        "crf": str(look.crf),
        "bf": "0",
        "profile": "high" if look.interlaced else _PROFILES.get(look.profile or 0, "high"),
        "forced-idr": "1",
        "a53cc": "0",
        "x264-params": f"sps-id={look.sets_id}:open-gop=0:bframes=0" + _PUT_BACK.get(look.preset, ""),
    }
    context.open()
    return context


class Encoder:
    """Encodes one run of pictures that follow one another."""

    def __init__(self, look: Look, context: Any = None) -> None:
        """context: one that `encoder_context` opened and nobody used; None: a new one."""
        self._look = look
        self._context = context or encoder_context(look, CodecContext.create("libx264", "w"))

    def encode(self, frame: Any, time: int, *, key: bool) -> Iterator[Encoded]:
        """Put in a picture; what is ready comes out."""
        frame.pts, frame.time_base = time, self._look.clock
        frame.pict_type = PictureType.I if key else PictureType.NONE
        yield from self._ready(self._context.encode(frame))

    def finish(self) -> Iterator[Encoded]:
        """What is still in it; it takes no more then."""
        yield from self._ready(self._context.encode(None))

    def _ready(self, packets: list[Any]) -> Iterator[Encoded]:
        for packet in packets:
            yield Encoded(packet.pts, packet.is_keyframe, prefixed(encoded_units(bytes(packet))))


def parameter_sets(context: Any) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The sequence and picture parameter sets of an opened encoder."""
    return sets_of(bytes(context.extradata))
