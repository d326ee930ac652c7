"""What is measured on: clips that are made here, and a folder of clips with boxes that somebody else made."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from candor.core.errors import CandorError
from candor.redaction.known import KnownClip, make_clip
from candor.redaction.measure.coverage import Box, Instance
from candor.redaction.media.plan import look

__all__ = ["SETS", "ClipSet", "FootageUnreadable", "Measured", "Truth", "generated", "given"]


class FootageUnreadable(CandorError):
    """The boxes in {path} cannot be read: {why}. A file of boxes lies beside its clip, under its name with .json: a
    list with an entry for each frame, each a list of objects with "id" and "box" (x0, y0, x1, y1 in pixels)."""

    exit_code = 3


class Truth(StrEnum):
    """Where boxes come from, which decides what they can measure."""

    GENERATED = "generated"  # known, because the clip was made with them
    LABELLED = "labelled"  # by people, or by another detector
    OWN = "own"  # by the product's own detector: agreement, never recall


@dataclass(frozen=True)
class Measured:
    """A clip, and what is known to be in it. `instances`: what counts; `known`: every box of each frame, for what is
    masked too much."""

    name: str
    path: Path
    size: tuple[int, int]
    fps: float
    frames: int
    truth: Truth
    instances: tuple[Instance, ...]
    known: dict[int, tuple[Box, ...]]
    photographed: bool = True


@dataclass(frozen=True)
class ClipSet:
    """Clips that are made alike: size, seconds and seeds."""

    name: str
    size: tuple[int, int]
    seconds: float
    seeds: Sequence[int]
    faces: int
    plates: int = 0

    @property
    def kinds(self) -> set[str]:
        """What is in them, and has to be found."""
        return ({"face"} if self.faces else set()) | ({"plate"} if self.plates else set())


#: What is measured when nothing else is asked for. Nothing was chosen by looking at these seeds. Plates have clips of
#: their own: they have a rate of their own.
SETS: Final = (
    ClipSet("1080p", (1920, 1080), 10, (111, 112, 113), faces=3),
    ClipSet("720p", (1280, 720), 10, (121, 122, 123), faces=4),
    ClipSet("plates", (1280, 720), 6, (131, 132), faces=0, plates=2),
)


def generated(chosen: Sequence[ClipSet], folder: Path, *, scale: float = 1.0) -> Iterator[tuple[ClipSet, Measured]]:
    """Make the clips of these sets, one after another. `scale`: of their seconds, 1 second at the least."""
    for one in chosen:
        for seed in one.seeds:
            path = folder / f"{one.name}-{seed}.mp4"
            seconds = max(1.0, one.seconds * scale)
            made = make_clip(path, seed, seconds, one.size, faces=one.faces, plates=one.plates)
            yield one, _of_known(f"{one.name}-{seed}", made)


def _of_known(name: str, clip: KnownClip) -> Measured:
    instances, known = [], {}
    for number, boxes in enumerate(clip.boxes):
        known[number] = tuple(one.box for one in boxes)
        instances += [
            Instance(number, one.thing, one.kind.value, one.box, one.traits | _drawn(one.photographed))
            for one in boxes
            if one.shown
        ]
    return Measured(
        name, clip.path, clip.size, clip.fps, clip.frames, Truth.GENERATED, tuple(instances), known, clip.photographed
    )


def _drawn(photographed: bool) -> frozenset[str]:
    return frozenset() if photographed else frozenset({"drawn"})


def given(folder: Path, truth: Truth) -> Iterator[Measured]:
    """The clips of a folder that have a file of boxes beside them. Raises FootageUnreadable."""
    for path in sorted(folder.glob("*.mp4")):
        boxes = path.with_suffix(".json")
        if not boxes.is_file():
            continue
        with path.open("rb") as clip:
            plan = look(clip)
        size, fps = (plan.picture.width, plan.picture.height), float(plan.rate)
        frames = _read(boxes)
        if len(frames) != len(plan.frames):
            raise FootageUnreadable(
                path=boxes, why=f"it has entries for {len(frames)} frames, the clip has {len(plan.frames)}"
            )
        instances = tuple(
            Instance(number, str(one["id"]), "face", tuple(one["box"]), frozenset())
            for number, found in enumerate(frames)
            for one in found
        )
        known = {number: tuple(tuple(one["box"]) for one in found) for number, found in enumerate(frames)}
        yield Measured(path.stem, path, size, fps, len(frames), truth, instances, known)


def _read(path: Path) -> list[list[dict[str, Any]]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, list):
            raise ValueError("it is no list")
        for frame in found:
            for one in frame:
                _ = one["id"]
                _check(one["box"])
    except (OSError, ValueError, TypeError) as error:
        raise FootageUnreadable(path=path, why=error) from error
    except KeyError as error:
        raise FootageUnreadable(path=path, why=f"an object has no {error}") from error
    checked: list[list[dict[str, Any]]] = found
    return checked


def _check(box: Any) -> None:
    sides = [one for one in box if isinstance(one, int | float) and math.isfinite(one)]
    if len(sides) != 4 or len(box) != 4:
        raise ValueError(f"a box has not four numbers: {box}")
    if sides[0] >= sides[2] or sides[1] >= sides[3]:
        raise ValueError(f"a box has no area: {box}")
