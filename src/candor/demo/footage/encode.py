"""Writes pictures and sound into an MP4 file as a camera would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from candor.demo.footage.frame import Frame
from candor.demo.footage.optics import Floats
from candor.demo.footage.timing import RATE


@dataclass(frozen=True)
class Recorder:
    """How a camera writes: its codec ("h264" or "hevc"), frame size, rate, and what it says about itself."""

    codec: str
    size: tuple[int, int]
    fps: int
    created: datetime
    device: str

    def write(self, path: Path, frames: Iterable[Frame], sound: Floats | None) -> int:
        """Write the file whole; sound is (n,) within -1 to 1 at RATE. Returns the number of frames."""
        about = {"creation_time": self.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "comment": self.device}
        count = 0
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as box:
            box.metadata.update(about)
            video = box.add_stream(
                "libx264" if self.codec == "h264" else "libx265", rate=self.fps, options=self._options()
            )
            video.width, video.height = self.size
            video.pix_fmt = "yuv420p"
            video.time_base = Fraction(1, self.fps)
            context = video.codec_context
            context.thread_count = 1
            context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 1, 1, 1
            if self.codec == "hevc":
                context.codec_tag = "hvc1"
            speaker = None
            if sound is not None:
                speaker = box.add_stream("aac", rate=RATE, layout="mono", options={"b": "64k", "aac_coder": "fast"})
            for frame in frames:
                picture = av.VideoFrame.from_ndarray(frame.sheet, format="yuv420p")
                picture.pts, picture.time_base = count, Fraction(1, self.fps)
                picture.colorspace, picture.color_range = 1, 1
                box.mux(video.encode(picture))
                count += 1
            box.mux(video.encode(None))
            if speaker is not None and sound is not None:
                for at in range(0, len(sound), 1024):
                    piece = av.AudioFrame.from_ndarray(
                        sound[None, at : at + 1024].astype(np.float32), format="fltp", layout="mono"
                    )
                    piece.sample_rate, piece.pts, piece.time_base = RATE, at, Fraction(1, RATE)
                    box.mux(speaker.encode(piece))
                box.mux(speaker.encode(None))
        return count

    def _options(self) -> dict[str, str]:
        if self.codec == "h264":
            return {"preset": "ultrafast", "crf": "26", "g": str(self.fps * 2), "bf": "0", "profile": "baseline"}
        return {
            "preset": "ultrafast",
            "crf": "27",
            "x265-params": f"keyint={self.fps * 2}:bframes=0:pools=1:frame-threads=1:log-level=none",
        }
