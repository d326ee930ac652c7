"""Plates by their text."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from tests.redaction.prepared import plates_can_be_found

from candor.redaction.known.clips import known_pictures
from candor.redaction.known.plates import Style, draw_plate
from candor.redaction.model import Kind
from candor.redaction.models import text_boxes
from candor.redaction.models.errors import ModelsMissing
from candor.redaction.models.text_boxes import PlateDetector, plate_detector, reads_like_a_plate


@pytest.mark.parametrize(
    "text", ["ABC 123", "AB12 CDE", "UP97XSL", "M AB 1234", "7ABC123", "B-MW 77", "123·ABC", "1234567", "AB123CD"]
)
def test_reads_like_a_plate(text: str) -> None:
    assert reads_like_a_plate(text)


@pytest.mark.parametrize(
    "text",
    ["", "POLICE", "CONNECTICUT", "2026", "EXIT", "12:45:09 2026-11-22", "CAM", "A1", "STOP AHEAD", "ABCDEF1234"],
)
def test_reads_like_something_else(text: str) -> None:
    assert not reads_like_a_plate(text)


def test_without_its_package_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_boxes, "find_models", lambda: None)
    with pytest.raises(ModelsMissing, match="licence plates: the package rapidocr-onnxruntime"):
        plate_detector()


@pytest.fixture(scope="module")
def detector() -> PlateDetector:
    if text_boxes.find_models() is None:
        pytest.skip("rapidocr-onnxruntime, of requirements-models.lock, is not installed")
    return plate_detector(1)


@pytest.mark.parametrize(("style", "seed"), [("us", 1), ("us", 2), ("eu", 3), ("eu", 4)])
def test_a_plate_on_a_plain_ground_is_read_and_covered(detector: PlateDetector, style: Style, seed: int) -> None:
    plate = draw_plate(seed, style)
    high, wide = plate.rgb.shape[0] // 2, plate.rgb.shape[1] // 2
    picture = np.full((384, 640, 3), 96, np.uint8)
    picture[150 : 150 + high, 180 : 180 + wide] = plate.rgb[: high * 2 : 2, : wide * 2 : 2]
    (found,) = detector.detect(picture, 0.25)
    assert found.kind is Kind.PLATE
    x0, y0, x1, y1 = (180 + plate.characters[0] / 2, 150 + plate.characters[1] / 2,
                      180 + plate.characters[2] / 2, 150 + plate.characters[3] / 2)  # fmt: skip
    assert found.box[0] <= x0 + 2
    assert found.box[1] <= y0 + 2
    assert found.box[2] >= x1 - 2
    assert found.box[3] >= y1 - 2
    assert (found.box[2] - found.box[0]) * (found.box[3] - found.box[1]) <= 2.2 * wide * high
    lines = [detector.read(picture, line)[0].replace(" ", "") for line in detector.lines(picture)]
    assert any(line.endswith(plate.text.replace(" ", "")) for line in lines), lines


def test_a_picture_without_text_has_no_plates(detector: PlateDetector) -> None:
    rng = np.random.default_rng(1)
    assert detector.detect(rng.integers(0, 255, (224, 384, 3), dtype=np.uint8), 0.25) == []
    assert detector.detect(np.zeros((30, 50, 3), np.uint8), 0.25) == []


@plates_can_be_found
def test_plates_of_known_pictures_are_covered(detector: PlateDetector) -> None:
    """Those that are sharp and open; at half the size that it asks for, to be quick."""
    open_ones = covered = 0
    for seed in (601, 602):
        for picture, boxes in known_pictures(seed, 4, (800, 448), portraits="measure", faces=1, plates=2):
            found = detector.detect(picture, 0.25)
            for one in boxes:
                if one.kind is Kind.PLATE and one.shown and not one.traits and one.inside == 1:
                    open_ones += 1
                    covered += max((_share(one.box, seen.box) for seen in found), default=0.0) >= 0.8
    assert open_ones >= 8
    assert covered >= 0.9 * open_ones
    assert "rapidocr_onnxruntime" not in sys.modules, "the package is not imported"


def _share(of: tuple[float, ...], by: tuple[float, ...]) -> float:
    wide, high = min(of[2], by[2]) - max(of[0], by[0]), min(of[3], by[3]) - max(of[1], by[1])
    return max(0.0, wide) * max(0.0, high) / ((of[2] - of[0]) * (of[3] - of[1]))
