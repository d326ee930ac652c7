"""Licence plates without a model of their own: places where text stands that reads and looks like a plate.

The two models are PP-OCRv4's (Apache-2.0, PaddlePaddle) as the package rapidocr-onnxruntime ships them; the package
itself is not imported. Oblique plates and plates of strong fisheye are mostly missed by it: for those a site registers
a model of its own. Everything is read where it stands, for its shape alone, and forgotten.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from candor.redaction.model import Kind
from candor.redaction.models.boxes import Floats, suppress
from candor.redaction.models.detector import Pixels, Sighting
from candor.redaction.models.errors import ModelsMissing
from candor.redaction.models.sessions import Session, open_session

__all__ = ["LICENCE", "SOURCE", "find_models", "plate_detector", "reads_like_a_plate"]

LICENCE: Final = "Apache-2.0"
SOURCE: Final = "PP-OCRv4 detection and recognition (PaddleOCR) of rapidocr-onnxruntime"

_DETECTION: Final = "ch_PP-OCRv4_det_infer.onnx"
_RECOGNITION: Final = "ch_PP-OCRv4_rec_infer.onnx"
_SIZE: Final = (1280, 736)
_RARER: Final = 5
_INK, _SURE = 0.3, 0.4  # of a pixel to be text, and of a box's mean
_GROWN: Final = 1.6  # boxes are learnt smaller than text is: area * this / circumference is put around
_MOST: Final = 40  # boxes of a picture that are read
_LINE: Final = (48, 320)
_WIDEST: Final = 960

#: What plates read like after everything but letters and digits is gone: four to eight of them. European ones (one to
#: three letters of a place, then letters and digits) and American ones (any mixture) both hold a digit, and few are all
#: digits of the length of a year or a price.
_PLATE: Final = re.compile(r"(?=.*\d)[A-Z0-9]{4,8}")
_EU: Final = re.compile(r"[A-Z]{1,3}[A-Z]{0,2}\d{1,4}[A-Z]{0,3}|\d{1,4}[A-Z]{1,3}\d{1,4}")
_US: Final = re.compile(r"[A-Z]{1,4}\d{2,5}[A-Z]{0,3}|\d{1,4}[A-Z]{1,4}\d{0,4}|[A-Z]{2}\d{2}[A-Z]{3}|\d{5,7}")


def find_models() -> tuple[Path, Path] | None:
    """The files for finding and for reading text; None where the package is not installed."""
    spec = importlib.util.find_spec("rapidocr_onnxruntime")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "models"
    files = folder / _DETECTION, folder / _RECOGNITION
    return files if all(file.is_file() for file in files) else None


def plate_detector(threads: int = 1) -> PlateDetector:
    """Ready to run. Raises ModelsMissing."""
    found = find_models()
    if found is None:
        raise ModelsMissing(
            what="licence plates", reason="the package rapidocr-onnxruntime, which has the models, is not installed"
        )
    name = f"text-boxes@{_hash_of(found)}/fp32"
    finding, reading = (open_session(path, threads, name=path.stem) for path in found)
    return PlateDetector(name, finding, reading, _characters(found[1]))


@cache
def _hash_of(files: tuple[Path, Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _characters(path: Path) -> tuple[str, ...]:
    """What the reading model's classes stand for: nothing, its characters, a space."""
    import onnx

    said = {one.key: one.value for one in onnx.load(str(path), load_external_data=False).metadata_props}
    return ("", *said["character"].splitlines(), " ")


def reads_like_a_plate(text: str) -> bool:
    """Whether what was read could be a plate's: 4 to 8 letters and digits, in an order that plates have."""
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    # the band of a European plate may be read with it: D, GB
    return any(
        bool(_PLATE.fullmatch(one)) and bool(_EU.fullmatch(one) or _US.fullmatch(one)) for one in (plain, plain[1:])
    )


@dataclass(frozen=True)
class Line:
    """A line of text as it stands: its four corners from the upper left on, clockwise, and how sure that is."""

    corners: Floats
    score: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The upright box around it."""
        x0, y0 = self.corners.min(axis=0).tolist()
        x1, y1 = self.corners.max(axis=0).tolist()
        return x0, y0, x1, y1

    @property
    def shape(self) -> tuple[float, float]:
        """Its width and height along the text."""
        return float(np.linalg.norm(self.corners[1] - self.corners[0])), float(
            np.linalg.norm(self.corners[3] - self.corners[0])
        )


@dataclass(frozen=True)
class PlateDetector:
    """A Detector of plates by their text."""

    named: str
    finding: Session
    reading: Session
    characters: tuple[str, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """See Detector."""
        return self.named

    @property
    def kinds(self) -> frozenset[Kind]:
        """See Detector."""
        return frozenset({Kind.PLATE})

    @property
    def size(self) -> tuple[int, int]:
        """See Detector."""
        return _SIZE

    @property
    def second_size(self) -> tuple[int, int] | None:
        """See Detector."""
        return None

    @property
    def rarer(self) -> int:
        """See Detector."""
        return _RARER

    @property
    def thresholds(self) -> tuple[float, float]:
        """See Detector."""
        return 0.4, 0.25

    def detect(self, rgb: Pixels, threshold: float) -> list[Sighting]:
        """See Detector. The box is of the text, with what plates have around it."""
        lines = [line for line in self.lines(rgb) if _has_the_shape(line)][:_MOST]
        boxes, scores = [], []
        for line in lines:
            text, sure = self.read(rgb, line)
            score = line.score * sure
            if score >= threshold and reads_like_a_plate(text):
                boxes.append(_plate_around(line, (rgb.shape[1], rgb.shape[0])))
                scores.append(score)
        if not boxes:
            return []
        kept = suppress(np.array(boxes, np.float32), np.array(scores, np.float32), np.zeros(len(boxes), np.int64), 0.3)
        return [Sighting(Kind.PLATE, boxes[place], min(1.0, scores[place])) for place in kept]

    def lines(self, rgb: Pixels) -> list[Line]:
        """Where text stands, the surest first."""
        import cv2

        rows, columns = rgb.shape[:2]
        wide, high = (max(32, round(side / 32) * 32) for side in (columns, rows))
        scaled = cv2.resize(rgb, (wide, high)) if (wide, high) != (columns, rows) else rgb
        heat = self.finding.run(None, {self.finding.get_inputs()[0].name: _as_input(np.asarray(scaled))})[0][0, 0]
        ink = cv2.dilate((heat > _INK).astype(np.uint8), np.ones((2, 2), np.uint8))
        outlines, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        back = np.array([columns / wide, rows / high], np.float32)
        found = [line for outline in outlines[:1000] if (line := _line(outline, heat, back)) is not None]
        return sorted(found, key=lambda line: -line.score)

    def read(self, rgb: Pixels, line: Line) -> tuple[str, float]:
        """What a line says, and how sure that is (the mean over its characters)."""
        import cv2

        high = _LINE[0]
        across, down = line.shape
        wide = int(min(_WIDEST, max(16, round(high * across / max(down, 1.0)))))
        goal = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
        flat = cv2.warpPerspective(rgb, cv2.getPerspectiveTransform(line.corners, goal), (wide, high))
        sheet = np.zeros((1, 3, high, max(wide, _LINE[1])), np.float32)
        sheet[:, :, :, :wide] = _as_input(np.asarray(flat))
        chances = self.reading.run(None, {self.reading.get_inputs()[0].name: sheet})[0][0]
        best, sure = chances.argmax(axis=1), chances.max(axis=1)
        new = np.concatenate([[True], best[1:] != best[:-1]]) & (best != 0)
        text = "".join(self.characters[int(one)] for one in best[new] if int(one) < len(self.characters))
        return text, float(sure[new].mean()) if new.any() else 0.0


def _as_input(rgb: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """(1, 3, rows, columns), blue first, -1 to 1."""
    blob = np.ascontiguousarray(rgb[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32)
    blob *= np.float32(2 / 255)
    blob -= 1
    return blob


def _line(outline: npt.NDArray[Any], heat: Floats, back: Floats) -> Line | None:
    """A line of text from the outline of its inked middle: the smallest turned box, grown."""
    import cv2

    (x, y), (wide, high), angle = cv2.minAreaRect(outline)
    if min(wide, high) < 3:
        return None
    score = _mean_within(heat, cv2.boxPoints(((x, y), (wide, high), angle)))
    if score < _SURE:
        return None
    around = wide * high * _GROWN / (2 * (wide + high))
    grown = cv2.boxPoints(((x, y), (wide + 2 * around, high + 2 * around), angle))
    return Line(_in_order(np.asarray(grown, np.float32)) * back, score)


def _mean_within(heat: Floats, corners: Any) -> float:
    import cv2

    low = np.maximum(np.floor(np.min(corners, axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(np.max(corners, axis=0)).astype(int) + 1, heat.shape[::-1])
    part = heat[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        return 0.0
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(np.asarray(corners) - low).round().astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


def _in_order(corners: Floats) -> Floats:
    """Corners from the upper left on, clockwise, so that the first side runs along text that stands upright."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    left, right = left[np.argsort(left[:, 1])], right[np.argsort(right[:, 1])]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _has_the_shape(line: Line) -> bool:
    """Wide enough for four characters, not as long as a sentence, and large enough that anybody could read it."""
    wide, high = line.shape
    return high >= 7 and 1.6 <= wide / max(high, 1e-6) <= 8.5


def _plate_around(line: Line, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Text fills most of a European plate, and about half the height of an American one."""
    x0, y0, x1, y1 = line.box
    wide, high = line.shape
    beside = 0.10 * wide
    above = high * (0.55 if wide / max(high, 1e-6) < 4.2 else 0.2)
    return max(0.0, x0 - beside), max(0.0, y0 - above), min(size[0], x1 + beside), min(size[1], y1 + above)
