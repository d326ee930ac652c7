"""One picture as JPEG, made with the encoder that is there anyway."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import av

_LAMBDA: Final = 118  # FFmpeg's unit of quality (FF_QP2LAMBDA)


def encode_jpeg(frame: Any, width: int, height: int, quality: int) -> bytes:
    """`frame` scaled to width x height, as JPEG. quality: FFmpeg's scale, 2 (best) to 31."""
    picture = frame.reformat(width=width, height=height, format="yuvj420p", dst_color_range="JPEG")
    picture.pts = 0
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuvj420p"
    encoder.time_base = Fraction(1, 1)
    encoder.thread_count = 1
    encoder.options = {"global_quality": str(quality * _LAMBDA), "flags": "+qscale+bitexact"}
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
