"""Comparing a copy with its original: what of it runs in a limited process. The parent's side is `proof.py`.

Three passes, each over both files: what the container holds and what was passed through (no decoding), the pictures,
the sound. Pictures are taken by `times.timed_frames`, as everywhere, and paired by their time.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import cv2
import numpy as np

from candor.core.limited_task import Task
from candor.redaction.masks import Masks
from candor.redaction.media.areas import cover
from candor.redaction.media.compare import Outside
from candor.redaction.media.compare_container import inspect, packets_alike
from candor.redaction.media.compare_sound import compare_sound
from candor.redaction.media.planes import Plane, Planes, planes_of
from candor.redaction.media.residual import Inside
from candor.redaction.media.sent_pictures import PICTURE
from candor.redaction.media.times import Tracks, find_tracks, picture_of, timed_frames
from candor.redaction.media.two_files import Sides, sides
from candor.redaction.model import FrameTimes

__all__ = ["prove_container", "prove_pictures", "prove_sound"]

MOST_FINDINGS: Final = 50

cv2.setNumThreads(1)


def prove_container(task: Task) -> dict[str, Any]:
    """What the copy's file holds, and whether its packets that were passed through are the original's."""
    both = sides(task)
    copied = [(int(first), int(last)) for first, last in both.told["copied"]]
    found = {"file": inspect(both.copy, times_kept=bool(both.told["times_kept"])), "packets": None}
    task.progress(0.5)
    clock = Fraction(both.told["frames"]["clock"])
    found["packets"] = packets_alike(both.original, both.copy, copied, clock, int(both.told["shift"] or 0))
    return found


def prove_sound(task: Task) -> dict[str, Any]:
    """The sound of both; {"tracks": [whether the original, whether the copy has any]} where one has none."""
    both = sides(task)
    mine, theirs = Tracks(both.original), Tracks(both.copy)
    if mine.audio is None or theirs.audio is None:
        return {"tracks": [mine.audio is not None, theirs.audio is not None], "findings": [], "more": 0}
    # Spans are in milliseconds of the viewing copy; `zero` is their 0 in the original, `moved` in the redacted copy.
    frames = FrameTimes.from_json(both.told["frames"])
    zero, moved = frames.zero * frames.clock, (frames.zero - int(both.told["shift"] or 0)) * frames.clock
    seconds = max(1.0, float(both.told["duration"]))
    tracks = (mine.audio, theirs.audio)
    for found in compare_sound(both.original, both.copy, tracks, (zero, moved), both.told["spans"]):
        if isinstance(found, dict):
            return {"tracks": [True, True], **found}
        task.progress(min(1.0, found / 16_000 / seconds))
    raise AssertionError("comparing ends with a result")


def prove_pictures(task: Task) -> dict[str, Any]:
    """Every picture of both, compared outside and inside the masks; pictures of the copy go out to the detectors."""
    return _Pictures(task, sides(task)).run()


def _is_black(planes: Planes) -> bool:
    """Whether nothing can be seen in a picture: brightness at the bottom, no colour, but for what an encoder does."""
    return int(planes.y.max()) <= 20 and all(abs(int(one) - 128) <= 4 for p in (planes.u, planes.v) for one in _ends(p))


def _ends(plane: Plane) -> tuple[int, int]:
    return int(plane.min()), int(plane.max())


class _Pictures:
    """The pass over the pictures of both files."""

    def __init__(self, task: Task, both: Sides) -> None:
        told = both.told
        self.task = task
        self.masks = Masks.from_json(told["masks"])
        self.frames = FrameTimes.from_json(told["frames"])
        self.copied = [(int(first), int(last)) for first, last in told["copied"]]
        self.shift: int | None = told["shift"]
        self.interlaced = bool(told["interlaced"])
        self.every = int(told["every"])
        self.sizes = [(int(width), int(height)) for width, height in told["sizes"]]
        self.wanted = {int(one) for one in told["wanted"]}
        self.mine, self.theirs = find_tracks(both.original), find_tracks(both.copy)
        self.originals = timed_frames(both.original, self.mine)
        self.copies = self._on_the_original_clock(timed_frames(both.copy, self.theirs))
        self.outside = Outside()
        self.inside = Inside(self.masks.picture, interlaced=self.interlaced)
        self.findings: list[dict[str, Any]] = []
        self.counts = {"pictures": 0, "missing": 0, "extra": 0, "covered": 0, "repeated": 0, "sent": 0, "masked": 0}
        self.first = self.frames.at(0) if len(self.frames) else 0
        self.length = max(1, self.frames.at(len(self.frames) - 1) - self.first) if len(self.frames) else 1

    def run(self) -> dict[str, Any]:
        self._check_turn()
        for at, original, copy in self._pairs():
            if original is not None and copy is not None:
                self._compare(at, original, copy)
            elif original is not None:
                self._find("missing", at, "a picture of the original is not in the copy")
            else:
                self._find("extra", at, "the copy has a picture that the original does not have")
            self.task.progress(min(1.0, max(0.0, (at - self.first) / self.length)))
        return {
            "counts": self.counts,
            "outside": self.outside.result(),
            "inside": self.inside.finish(),
            "findings": self.findings,
        }

    def _check_turn(self) -> None:
        picture, other = self.masks.picture, picture_of(self.theirs.first, self.theirs.aspect)
        if (picture.degrees, picture.mirrored) != (other.degrees, other.mirrored):
            self._find("turn", self.first, f"the copy is turned by {other.degrees} degrees, not {picture.degrees}")

    def _on_the_original_clock(self, frames: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """The copy's pictures with their times in ticks of the original's clock. Where nobody says by how much they
        were moved, the first one is taken to be the original's first."""
        scale = self.theirs.clock / self.mine.clock
        shift = self.shift
        for at, frame in frames:
            if shift is None:
                shift = self.first - round(at * scale)
            yield round(at * scale) + shift, frame

    def _pairs(self) -> Iterator[tuple[int, Any, Any]]:
        """Pictures of both by growing time; None where one has none of that time."""
        first, second = self._growing(self.originals), self._growing(self.copies)
        mine, theirs = next(first, None), next(second, None)
        slack = max(0, round(self.theirs.clock / self.mine.clock / 2))
        while mine is not None or theirs is not None:
            if theirs is None or (mine is not None and mine[0] < theirs[0] - slack):
                assert mine is not None
                yield mine[0], mine[1], None
                mine = next(first, None)
            elif mine is None or theirs[0] < mine[0] - slack:
                yield theirs[0], None, theirs[1]
                theirs = next(second, None)
            else:
                yield mine[0], mine[1], theirs[1]
                mine, theirs = next(first, None), next(second, None)

    def _growing(self, frames: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """Without those whose time was there already, or goes back: a file that is played shows one of them."""
        last: int | None = None
        for at, frame in frames:
            if last is not None and at <= last:
                self.counts["repeated"] += 1
                continue
            last = at
            yield at, frame

    def _compare(self, at: int, original: Any, copy: Any) -> None:
        number = self.counts["pictures"]
        self.counts["pictures"] += 1
        masks = self.masks.at(at)
        mine, theirs = planes_of(original), planes_of(copy)
        hidden = None
        if masks:
            self.counts["masked"] += 1
            hidden = cover(masks, self.masks.picture, interlaced=self.interlaced)
            if not hidden.any():
                hidden = None
        if (hidden is None or not hidden.all()) and _is_black(theirs):  # it came damaged, and was hidden as a whole
            self.counts["covered"] += not _is_black(mine)
            return
        copied = any(first <= at <= last for first, last in self.copied)
        if copied and hidden is not None:
            self._find("passed-through-masked", at, "a picture with something to hide was passed through")
        self.outside.take(at, mine, theirs, hidden, copied=copied)
        if masks and mine.size == theirs.size:
            self.inside.take(at, mine, theirs, masks)
        if self.sizes and (number % self.every == 0 or at in self.wanted):
            self._send(at, copy)

    def _send(self, at: int, frame: Any) -> None:
        """A picture of the copy, upright, in each size that a detector wants."""
        self.counts["sent"] += 1
        picture = self.masks.picture
        for slot, (width, height) in enumerate(self.sizes):
            turned = picture.degrees in (90, 270)
            small = frame.reformat(
                width=height if turned else width, height=width if turned else height, format="rgb24"
            ).to_ndarray()
            if picture.mirrored:
                small = small[:, ::-1]
            upright = np.ascontiguousarray(np.rot90(small, -(picture.degrees // 90)))
            output = self.task.outputs["pictures"]
            output.write(PICTURE.pack(at, slot, upright.shape[1], upright.shape[0]))
            output.write(upright.reshape(-1))

    def _find(self, what: str, at: int, words: str) -> None:
        if what in self.counts:
            self.counts[what] += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append({"what": what, "at": at, "words": words})
