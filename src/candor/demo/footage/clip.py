"""What is known about each recording of the demo, for whoever takes it in and for whoever checks against the truth."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from candor.demo.footage.sound import Heard
from candor.demo.footage.track import Fix


@dataclass(frozen=True)
class DemoClip:
    """One recording: the file, what its camera claims, and what is true of it."""

    path: Path
    key: str
    wearer: str
    """A key of `WEARERS`."""
    device_serial: str
    device_kind: str
    """"body" or "in-car"."""
    device_model: str
    unit: str
    start: datetime
    """What the camera's clock said at the first frame (UTC): also in the file and burnt into the picture."""
    clock_error: float
    """Seconds that this clock was ahead of the truth."""
    duration: float
    buffer: float
    """Seconds of silent pre-event buffer at the beginning; the camera was switched on after them."""
    incident: str | None
    category: str
    title: str
    codec: str
    width: int
    height: int
    fps: int
    transcript: list[Heard]
    location: list[Fix]
    photographed_faces: bool
    spoken_words: bool
    truth_path: Path
    """JSON with all of this and the boxes of faces and plates, see `write_truth`."""
    gpx_path: Path

    @property
    def true_start(self) -> datetime:
        """When the first frame really was."""
        return self.start - timedelta(seconds=self.clock_error)

    @property
    def activated(self) -> datetime:
        """When the camera was switched on, by its own clock."""
        return self.start + timedelta(seconds=self.buffer)


def write_truth(clip: DemoClip, tracks: list[dict[str, Any]]) -> None:
    """Write the truth beside the footage, in a folder of its own.

    `tracks`: one entry a stretch in which a face or plate is in the frame, with "kind" ("face" or "plate"), "label"
    (person or plate number), "first_frame", "last_frame" and "keys", rows of [frame, x0, y0, x1, y1, occluded] in
    pixels; between two rows the box moves in a straight line and keeps the first row's "occluded". A box is cut to
    the frame; what is under 7 pixels high is not noted. Frame n is shown from n / fps on.
    """
    record = asdict(clip) | {
        "path": clip.path.name,
        "truth_path": clip.truth_path.name,
        "gpx_path": clip.gpx_path.name,
        "start": clip.start.isoformat(),
        "true_start": clip.true_start.isoformat(),
        "activated": clip.activated.isoformat(),
        "tracks": tracks,
        "v": 1,
    }
    clip.truth_path.parent.mkdir(parents=True, exist_ok=True)
    clip.truth_path.write_text(json.dumps(record, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
