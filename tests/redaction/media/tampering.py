"""Copies that somebody changed after they were made: each function gives the bytes of another file."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import av
import numpy as np
from av.packet import Packet

SEI = b"\x06\x05\x20" + b"serial number 12345678, 4.5 6.7 " + b"\x80"
"""Supplemental information: user data."""


def repainted(copy: bytes, change: Callable[[int, Any], Any]) -> bytes:
    """Decode, let `change` (number of the picture, its planes of 4:2:0 as one array) give the picture or None to leave
    it out, and encode everything anew, nearly without loss, at the same times. Without sound."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(copy)) as source,
        av.open(out, "w", format="mp4", options={"fflags": "+bitexact"}) as target,
    ):
        stream = source.streams.video[0]
        made = target.add_stream("libx264", rate=stream.average_rate, options={"crf": "4", "preset": "ultrafast"})
        made.width, made.height, made.pix_fmt = stream.width, stream.height, "yuv420p"
        made.codec_context.time_base = made.time_base = stream.time_base
        for number, frame in enumerate(source.decode(stream)):
            picture = change(number, frame.to_ndarray(format="yuv420p"))
            if picture is None:
                continue
            changed = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="yuv420p")
            changed.pts, changed.time_base = frame.pts, stream.time_base
            target.mux(made.encode(changed))
        target.mux(made.encode(None))
    return out.getvalue()


def repacked(
    copy: bytes, *, packet: Callable[[int, bytes], bytes] | None = None, metadata: dict[str, str] | None = None
) -> bytes:
    """The same packets of pictures in another file; `packet` may change them (number, bytes)."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(copy)) as source,
        av.open(out, "w", format="mp4", options={"fflags": "+bitexact"}) as target,
    ):
        target.metadata.update(metadata or {})
        video = source.streams.video[0]
        made = target.add_stream_from_template(video)
        for number, one in enumerate(source.demux(video)):
            if one.size:
                target.mux(_copied(one, made, bytes(one) if packet is None else packet(number, bytes(one))))
    return out.getvalue()


def _copied(one: Packet, stream: Any, data: bytes) -> Packet:
    made = Packet(data)
    made.pts, made.dts, made.duration, made.time_base = one.pts, one.dts, one.duration, one.time_base
    made.is_keyframe = one.is_keyframe
    made.stream = stream
    return made


def with_sei(number: int, data: bytes) -> bytes:
    """A packet with a unit of supplemental information in front."""
    return struct.pack(">I", len(SEI)) + SEI + data if number == 0 else data


def with_box(copy: bytes, data: bytes) -> bytes:
    """More media data at the end, which belongs to no track."""
    return copy + struct.pack(">I4s", 8 + len(data), b"mdat") + data
