"""A detector that needs no model: it sees what is bright."""

from __future__ import annotations

import io
from typing import Final

import av
import numpy as np

from candor.redaction.model import Kind
from candor.redaction.models.detector import Pixels, Sighting


class Bright:
    """Sees one white rectangle as a face. A real implementation of the protocol, of a very plain model."""

    name: Final = "bright@1"
    kinds: Final = frozenset({Kind.FACE})
    size: Final = (160, 128)
    second_size: Final = None
    rarer: Final = 1
    thresholds: Final = (0.5, 0.2)

    def detect(self, rgb: Pixels, threshold: float) -> list[Sighting]:
        """The box around everything that is nearly white, if there is enough of it."""
        bright = (rgb.min(axis=2) > 235).nonzero()
        if len(bright[0]) < 200 or threshold > 0.9:
            return []
        (top, bottom), (left, right) = ((axis.min(), axis.max() + 1) for axis in bright)
        return [Sighting(Kind.FACE, (float(left), float(top), float(right), float(bottom)), 0.9)]


def film(seconds: float = 4.0, *, every: int = 5, sound: bool = True) -> bytes:
    """A small film in which a white rectangle moves over a dark textured ground: 10 pictures a second, every so many of
    them a key frame."""
    ground = np.random.default_rng(7).integers(20, 90, (120, 160, 3)).astype(np.uint8)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        pictures = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "g": str(every)})
        pictures.width, pictures.height, pictures.pix_fmt = 160, 120, "yuv420p"
        tone = container.add_stream("aac", rate=16000, layout="mono") if sound else None
        for number in range(int(seconds * 10)):
            image = ground.copy()
            left = 10 + number * 2 % 90
            image[40:75, left : left + 30] = 250
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(pictures.encode(None))
        if tone is not None:
            for begin in range(0, int(seconds * 16000), 1024):
                wave = np.sin(np.arange(begin, begin + 1024) * 0.1).astype(np.float32)[None, :] * 0.2
                frame = av.AudioFrame.from_ndarray(wave, format="flt", layout="mono")
                frame.sample_rate, frame.pts = 16000, begin
                container.mux(tone.encode(frame))
            container.mux(tone.encode(None))
    return file.getvalue()
