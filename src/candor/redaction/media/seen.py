"""What detectors still see in a copy, and whether a person decided that it may be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from candor.core.limited import LimitedGarbage
from candor.redaction.masks import Masks
from candor.redaction.media.plan import Plan
from candor.redaction.media.sent_pictures import PICTURE
from candor.redaction.model import PartDocument
from candor.redaction.models.detector import Box, Detector, Pixels
from candor.redaction.rules import Verdict

__all__ = ["LOW", "SURE", "Seen", "Sink"]

LOW: Final = 0.3
"""The score from which something seen in a copy is told."""
SURE: Final = 0.5
"""The score from which it is a doubt at once; below it, it is one when it is seen in pictures one after another."""
MOST_FINDINGS: Final = 500
_APART: Final = 1.0  # seconds: what is seen again within this, at much the same place, is the same
_ALIKE: Final = 0.3  # intersection over union
_COVERED: Final = 0.6  # share of a sighting that lies in a track
_MOST_OPEN: Final = 200
_LARGEST: Final = 1 << 13  # pixels of a side


class Sink:
    """The parent's end of a stream of pictures: written to from the beginning on, kept nowhere."""

    def __init__(self, take: Callable[[int, int, Pixels], None]) -> None:
        self._take = take
        self._bytes = bytearray()
        self._position = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Only to where it is."""
        if whence != 0 or offset != self._position:
            raise LimitedGarbage(how="it did not write its pictures one after another")
        return offset

    def write(self, data: bytes) -> int:
        """Take bytes; whatever picture is whole is looked at before this returns, so that the process waits."""
        self._position += len(data)
        self._bytes += data
        while len(self._bytes) >= PICTURE.size:
            time, slot, width, height = PICTURE.unpack(bytes(self._bytes[: PICTURE.size]))
            if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
                raise LimitedGarbage(how="a picture of no size that was asked for")
            end = PICTURE.size + 3 * width * height
            if len(self._bytes) < end:
                break
            pixels = np.frombuffer(bytes(self._bytes[PICTURE.size : end]), np.uint8).reshape(height, width, 3)
            del self._bytes[:end]
            self._take(time, slot, pixels)
        return len(data)


@dataclass
class _Found:
    """Something seen, as long as it goes on."""

    kind: str
    model: str
    label: str
    inside: bool
    first: int
    last: int
    box: Box
    score: float
    pictures: int = 1


class Seen:
    """Runs the detectors over the pictures of a copy, and keeps what nobody decided to show."""

    def __init__(
        self,
        plan: Plan,
        part: PartDocument,
        masks: Masks,
        detectors: Sequence[Detector],
        sizes: Sequence[tuple[int, int]],
    ) -> None:
        self._plan, self._masks = plan, masks
        self._detectors, self._sizes = detectors, sizes
        self._shown = [one for one in part.tracks.values() if not one.hidden and one.keys]
        self._open: list[_Found] = []
        self._done: list[_Found] = []
        self._looked = [0] * len(detectors)
        self._given = [0] * len(detectors)
        self._decided = 0
        self._gap = round(_APART / float(plan.frames.clock))

    def take(self, time: int, slot: int, pixels: Pixels) -> None:
        """One picture, made for the detector of this number."""
        if slot >= len(self._detectors) or pixels.shape[1::-1] != self._sizes[slot]:
            raise LimitedGarbage(how="a picture of no size that was asked for")
        detector = self._detectors[slot]
        self._given[slot] += 1
        if detector.rarer > 1 and (self._given[slot] - 1) % detector.rarer:
            return
        self._looked[slot] += 1
        picture = self._plan.picture
        across, down = picture.width / pixels.shape[1], picture.height / pixels.shape[0]
        decided = self._decided_at(time)
        for sighting in detector.detect(pixels, LOW):
            x0, y0, x1, y1 = sighting.box
            box = (x0 * across, y0 * down, x1 * across, y1 * down)
            if any(_share(box, numbers) >= _COVERED for numbers in decided):
                self._decided += 1
                continue
            inside = any(_share(box, one.box(picture)) >= _COVERED and not one.holes for one in self._masks.at(time))
            self._note(
                _Found(sighting.kind.value, detector.name, sighting.label, inside, time, time, box, sighting.score)
            )

    def result(self, every: int, sent: int) -> dict[str, Any]:
        """What was seen, the surest first, and by which models."""
        found = sorted((*self._done, *self._open), key=lambda one: (-one.score, one.first, one.box))
        self._done, self._open = [], []
        return {
            "models": [
                {"name": one.name, "kinds": sorted(kind.value for kind in one.kinds), "pictures": looked}
                for one, looked in zip(self._detectors, self._looked, strict=True)
            ],
            "every": every,
            "sent": sent,
            "threshold": LOW,
            "decided": self._decided,
            "seen": len(found),
            "findings": [_told(one) for one in found[:MOST_FINDINGS]],
        }

    def _decided_at(self, time: int) -> list[Box]:
        """Boxes of what a person, or the mode of the document, lets be seen at a time."""
        found = []
        for track in self._shown:
            numbers = track.at(time)
            if numbers is not None:
                across, down = numbers[0::2], numbers[1::2]
                if not across:
                    found.append((0.0, 0.0, float(self._plan.picture.width), float(self._plan.picture.height)))
                else:
                    wide, high = (max(across) - min(across)) * 0.1, (max(down) - min(down)) * 0.1
                    found.append((min(across) - wide, min(down) - high, max(across) + wide, max(down) + high))
        return found

    def _note(self, new: _Found) -> None:
        """Join it to what goes on, or begin something."""
        still = []
        joined = False
        for known in self._open:
            if new.first - known.last > self._gap:
                self._close(known)
                continue
            still.append(known)
            alike = (known.kind, known.model, known.inside) == (new.kind, new.model, new.inside)
            if not joined and alike and _overlap(known.box, new.box) >= _ALIKE:
                joined = True
                known.pictures += known.last != new.last
                known.last = new.last
                if new.score >= known.score:
                    known.score, known.label = new.score, new.label
                known.box = new.box
        if not joined:
            still.append(new)
        if len(still) > _MOST_OPEN:
            self._close(still.pop(0))
        self._open = still

    def _close(self, known: _Found) -> None:
        self._done.append(known)
        if len(self._done) > 4 * MOST_FINDINGS:
            self._done.sort(key=lambda one: -one.score)
            del self._done[2 * MOST_FINDINGS :]


def _told(one: _Found) -> dict[str, Any]:
    doubt = one.score >= SURE or one.pictures > 1
    where = "inside a mask" if one.inside else "where nothing is hidden"
    return {
        "verdict": (Verdict.DOUBTFUL if doubt else Verdict.HOLDS).value,
        "what": "seen-inside" if one.inside else "seen-outside",
        "at": one.first,
        "last": one.last,
        "kind": one.kind,
        "model": one.model,
        "box": [round(number) for number in one.box],
        "score": round(float(one.score), 3),
        "pictures": one.pictures,
        "words": f"a {one.kind} seems to be seen {where} (score {one.score:.2f}, in {one.pictures} picture(s))",
    }


def _share(box: Box, other: Sequence[float]) -> float:
    """How much of `box` lies in `other`."""
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return across * down / area if across > 0 and down > 0 and area > 0 else 0.0


def _overlap(a: Box, b: Box) -> float:
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
