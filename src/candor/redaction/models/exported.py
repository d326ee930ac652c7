"""A detector made of an exported model: one adapter for all layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from candor.redaction.model import Kind
from candor.redaction.models.boxes import Fitted, fit, pad, suppress
from candor.redaction.models.decoding import DECODERS
from candor.redaction.models.detector import Pixels, Sighting
from candor.redaction.models.layouts import LAYOUTS, Fit, Layout
from candor.redaction.models.sessions import Session

_OVERLAP: Final = 0.45


@dataclass(frozen=True)
class Facts:
    """What is known of a model.

    `size`: width and height of its input; with `flexible`, others do too. `labels`: what it calls its classes, in
    order. `kinds`: label to kind; labels that are not there are left out. `thresholds`: see Detector.
    """

    layout: Layout
    size: tuple[int, int]
    flexible: bool
    labels: tuple[str, ...]
    kinds: Mapping[str, Kind]
    thresholds: tuple[float, float]
    fit: Fit

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "size": list(self.size),
            "flexible": self.flexible,
            "labels": list(self.labels),
            "kinds": {label: kind.value for label, kind in sorted(self.kinds.items())},
            "thresholds": list(self.thresholds),
            "fit": self.fit.value,
        }

    @classmethod
    def from_json(cls, layout: str, value: Mapping[str, Any]) -> Facts:
        """Read `to_json`, with the layout that is kept beside it."""
        wide, high = value["size"]
        begin, go_on = value["thresholds"]
        return cls(
            Layout(layout),
            (int(wide), int(high)),
            bool(value["flexible"]),
            tuple(value["labels"]),
            {label: Kind(kind) for label, kind in value["kinds"].items()},
            (float(begin), float(go_on)),
            Fit(value["fit"]),
        )


@dataclass(frozen=True)
class ExportedDetector:
    """A Detector. `named`: its name in results. `smaller`: a second size, see Detector."""

    named: str
    session: Session
    facts: Facts
    smaller: tuple[int, int] | None = None
    slower: int = 1
    _inputs: tuple[str, ...] = field(init=False, repr=False)
    _outputs: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_inputs", tuple(one.name for one in self.session.get_inputs()))
        object.__setattr__(self, "_outputs", tuple(one.name for one in self.session.get_outputs()))

    @property
    def name(self) -> str:
        """See Detector."""
        return self.named

    @property
    def kinds(self) -> frozenset[Kind]:
        """See Detector."""
        return frozenset(self.facts.kinds.values())

    @property
    def size(self) -> tuple[int, int]:
        """See Detector. A square input takes footage of 16 to 9 best as wide as itself and as much less high."""
        width, height = self.facts.size
        multiple = LAYOUTS[self.facts.layout].multiple
        if width != height or self.facts.fit is Fit.STRETCH:
            return width, height
        return width, min(height, -(-width * 9 // 16 // multiple) * multiple or height)

    @property
    def second_size(self) -> tuple[int, int] | None:
        """See Detector."""
        return self.smaller

    @property
    def rarer(self) -> int:
        """See Detector."""
        return self.slower

    @property
    def thresholds(self) -> tuple[float, float]:
        """See Detector."""
        return self.facts.thresholds

    def detect(self, rgb: Pixels, threshold: float) -> list[Sighting]:
        """See Detector."""
        facts = self.facts
        fitted = pad(rgb, LAYOUTS[facts.layout].multiple) if facts.flexible else fit(rgb, facts.size, facts.fit)
        boxes, scores, classes = DECODERS[facts.layout](self._run(fitted), fitted.picture.shape[1::-1], threshold)
        sound = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
        boxes, scores, classes = boxes[sound], scores[sound], classes[sound]
        boxes = fitted.back(boxes, (rgb.shape[1], rgb.shape[0]))
        found = []
        for place in suppress(boxes, scores, classes, _OVERLAP):
            x0, y0, x1, y1 = (float(side) for side in boxes[place])
            number = int(classes[place])
            label = facts.labels[number] if 0 <= number < len(facts.labels) else str(number)
            kind = facts.kinds.get(label)
            if kind is not None and x1 > x0 and y1 > y0:
                said = label if len(facts.labels) > 1 else ""
                found.append(Sighting(kind, (x0, y0, x1, y1), min(1.0, float(scores[place])), said))
        return found

    def _run(self, fitted: Fitted) -> dict[str, npt.NDArray[Any]]:
        given = {self._inputs[0]: as_input(fitted.picture, self.facts.layout)}
        if len(self._inputs) > 1:  # the size that boxes are wanted in
            rows, columns = fitted.picture.shape[:2]
            given[self._inputs[1]] = np.array([[columns, rows]], np.int64)
        return dict(zip(self._outputs, self.session.run(None, given), strict=True))


def as_input(picture: Pixels, layout: Layout) -> npt.NDArray[np.float32]:
    """A picture as the layout takes it: (1, 3, rows, columns), float32."""
    wanted = LAYOUTS[layout]
    ordered = picture[:, :, ::-1] if wanted.blue_first else picture
    blob = np.ascontiguousarray(ordered.transpose(2, 0, 1)[None], dtype=np.float32)
    if wanted.mean:
        blob -= wanted.mean
    if wanted.scale != 1.0:
        blob *= np.float32(wanted.scale)
    return blob
