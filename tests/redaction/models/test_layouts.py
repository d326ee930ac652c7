"""Each layout, as its exporter writes it, is told apart and gives the box that it means."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.redaction.models.exports import bright_spots, constant_model

from candor.redaction.model import Kind
from candor.redaction.models.boxes import suppress
from candor.redaction.models.exported import ExportedDetector
from candor.redaction.models.layouts import Fit, Layout, LayoutUnknown, infer_layout
from candor.redaction.models.registering import Said, check_model
from candor.redaction.models.sessions import on_gpu, open_session, providers

Array = npt.NDArray[Any]

SIZE = 640
BOX = (160.0, 240.0, 224.0, 320.0)
"""Where the one thing is, in pixels of the model's input of 640 by 640."""
MIDDLE = ((BOX[0] + BOX[2]) / 2, (BOX[1] + BOX[3]) / 2, BOX[2] - BOX[0], BOX[3] - BOX[1])


def _filled(shape: tuple[int, ...], row: int, values: list[float]) -> Array:
    found = np.zeros(shape, np.float32)
    found[row, : len(values)] = values
    return found[None]


def _yolo8() -> dict[str, Array]:
    rows = np.zeros((8400, 6), np.float32)
    rows[100] = [*MIDDLE, 0.1, 0.9]
    rows[101] = [MIDDLE[0] + 3, *MIDDLE[1:], 0.0, 0.8]  # the same thing, less surely
    return {"output0": np.ascontiguousarray(rows.T[None])}


def _yolo5() -> dict[str, Array]:
    return {"output": _filled((2520, 7), 40, [*MIDDLE, 0.95, 0.1, 0.95])}


def _end_to_end() -> dict[str, Array]:
    return {"output0": _filled((300, 6), 0, [*BOX, 0.9, 1])}


def _rt_detr() -> dict[str, Array]:
    return {"output0": _filled((300, 6), 7, [*(side / SIZE for side in MIDDLE), 0.1, 0.9])}


def _rt_detr_logits() -> dict[str, Array]:
    logits = np.full((1, 300, 2), -9, np.float32)
    logits[0, 7, 1] = 2.2
    return {"logits": logits, "pred_boxes": _filled((300, 4), 7, [side / SIZE for side in MIDDLE])}


def _rt_detr_pixels() -> dict[str, Array]:
    labels, scores = np.zeros((1, 300), np.int64), np.zeros((1, 300), np.float32)
    labels[0, 3], scores[0, 3] = 1, 0.9
    return {"labels": labels, "boxes": _filled((300, 4), 3, list(BOX)), "scores": scores}


def _grids(names: tuple[str, ...], widths: tuple[int, ...], each: int) -> dict[str, Array]:
    return {
        f"{name}_{stride}": np.zeros((1, (SIZE // stride) ** 2 * each, width), np.float32)
        for name, width in zip(names, widths, strict=True)
        for stride in (8, 16, 32)
    }


def _yunet() -> dict[str, Array]:
    found = _grids(("cls", "obj", "bbox", "kps"), (1, 1, 4, 10), 1)
    column, row = int(MIDDLE[0] // 16), int(MIDDLE[1] // 16)
    cell = row * (SIZE // 16) + column
    found["cls_16"][0, cell] = found["obj_16"][0, cell] = 0.9
    shift = (MIDDLE[0] / 16 - column, MIDDLE[1] / 16 - row)
    found["bbox_16"][0, cell] = [*shift, np.log(MIDDLE[2] / 16), np.log(MIDDLE[3] / 16)]
    return found


def _scrfd() -> dict[str, Array]:
    found = _grids(("score", "bbox", "kps"), (1, 4, 10), 2)
    column, row = int(MIDDLE[0] // 32), int(MIDDLE[1] // 32)
    cell = (row * (SIZE // 32) + column) * 2 + 1  # the second anchor there
    found["score_32"][0, cell] = 0.9
    x, y = column * 32, row * 32
    found["bbox_32"][0, cell] = np.array([x - BOX[0], y - BOX[1], BOX[2] - x, BOX[3] - y]) / 32
    return found


def _centerface() -> dict[str, Array]:
    found = {
        name: np.zeros((1, many, 160, 160), np.float32) for name, many in (("a", 1), ("b", 2), ("c", 2), ("d", 10))
    }
    column, row = int(MIDDLE[0] // 4), int(MIDDLE[1] // 4)
    found["a"][0, 0, row, column] = 0.9
    found["b"][0, :, row, column] = np.log(MIDDLE[3] / 4), np.log(MIDDLE[2] / 4)
    found["c"][0, :, row, column] = MIDDLE[1] / 4 - row - 0.5, MIDDLE[0] / 4 - column - 0.5
    return found


EXPORTS: dict[Layout, tuple[Any, bool]] = {
    Layout.YOLO8: (_yolo8, False),
    Layout.YOLO5: (_yolo5, False),
    Layout.END_TO_END: (_end_to_end, False),
    Layout.RT_DETR: (_rt_detr, False),
    Layout.RT_DETR_LOGITS: (_rt_detr_logits, False),
    Layout.RT_DETR_PIXELS: (_rt_detr_pixels, True),
    Layout.YUNET: (_yunet, False),
    Layout.SCRFD: (_scrfd, False),
    Layout.CENTERFACE: (_centerface, False),
}
NAMED = {"names": "{0: 'book', 1: 'tv'}", "imgsz": "[640, 640]"}
FACES_ALONE = {Layout.YUNET, Layout.SCRFD, Layout.CENTERFACE}


def _detector(layout: Layout, **said: Any) -> ExportedDetector:
    outputs, second = EXPORTS[layout]
    data = constant_model(outputs(), metadata=None if layout in FACES_ALONE else NAMED, second_input=second)
    checked = check_model(data, "made", Said(**said))
    assert checked.facts.layout is layout
    return ExportedDetector(checked.name, open_session(data), checked.facts)


@pytest.mark.parametrize("layout", EXPORTS)
def test_a_layout_is_told_apart_and_read(layout: Layout) -> None:
    detector = _detector(layout)
    (found,) = detector.detect(np.zeros((SIZE, SIZE, 3), np.uint8), 0.5)
    assert found.box == pytest.approx(BOX, abs=0.5)
    assert found.score == pytest.approx(0.9, abs=0.01)
    assert (found.kind, found.label) == ((Kind.FACE, "") if layout in FACES_ALONE else (Kind.SCREEN, "tv"))
    assert detector.detect(np.zeros((SIZE, SIZE, 3), np.uint8), 0.95) == []


@pytest.mark.parametrize("layout", [Layout.YOLO8, Layout.END_TO_END, Layout.YUNET])
def test_a_wide_picture_is_put_between_bars(layout: Layout) -> None:
    """1280 by 720 in 640 by 640: half the size, 140 pixels of bar above."""
    (found,) = _detector(layout).detect(np.zeros((720, 1280, 3), np.uint8), 0.5)
    assert found.box == pytest.approx((320, 200, 448, 360), abs=1)


@pytest.mark.parametrize("layout", [Layout.RT_DETR, Layout.RT_DETR_LOGITS, Layout.RT_DETR_PIXELS])
def test_a_wide_picture_is_stretched(layout: Layout) -> None:
    (found,) = _detector(layout).detect(np.zeros((720, 1280, 3), np.uint8), 0.5)
    assert found.box == pytest.approx((320, 270, 448, 360), abs=1)


def test_how_a_picture_is_fitted_can_be_said() -> None:
    (found,) = _detector(Layout.YOLO8, fit=Fit.STRETCH).detect(np.zeros((320, 640, 3), np.uint8), 0.5)
    assert found.box == pytest.approx((160, 120, 224, 160), abs=1)


def test_a_standing_picture_is_put_between_bars() -> None:
    """360 by 640 in 640 by 640: 140 pixels of bar at the left. What reaches into the bar is cut at the edge."""
    (found,) = _detector(Layout.YOLO8).detect(np.zeros((640, 360, 3), np.uint8), 0.5)
    assert found.box == pytest.approx((20, 240, 84, 320), abs=1)


@pytest.mark.parametrize("size", [(640, 384), (384, 640), (100, 70)])
def test_a_model_of_any_size_takes_the_picture_as_it_is(size: tuple[int, int]) -> None:
    data = bright_spots(24)
    checked = check_model(data, "spots", Said())
    assert checked.facts.flexible
    detector = ExportedDetector(checked.name, open_session(data), checked.facts)
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[40:44, 60:64] = 255
    (found,) = detector.detect(picture, 0.6)
    assert found.box == pytest.approx((50, 30, 74, 54), abs=0.01)
    assert found.kind is Kind.FACE


def test_a_square_model_asks_for_pictures_as_wide_as_itself() -> None:
    assert _detector(Layout.YOLO8).size == (640, 384)
    assert _detector(Layout.RT_DETR).size == (640, 640)


def test_labels_that_are_left_out_give_nothing() -> None:
    detector = _detector(Layout.YOLO8, kinds={"book": Kind.DOCUMENT})
    assert detector.kinds == {Kind.DOCUMENT}
    assert detector.detect(np.zeros((SIZE, SIZE, 3), np.uint8), 0.5) == []


def test_numbers_that_are_none_are_left_out() -> None:
    outputs = _end_to_end()
    detector = _detector(Layout.END_TO_END)
    outputs["output0"][0, 1] = [np.nan, 1, 2, 3, 0.9, 1]
    outputs["output0"][0, 2] = [0, 0, np.inf, 30, 0.9, 1]
    data = constant_model(outputs, metadata=NAMED)
    (found,) = ExportedDetector("n", open_session(data), detector.facts).detect(np.zeros((640, 640, 3), np.uint8), 0.5)
    assert found.box == pytest.approx(BOX, abs=0.5)


@pytest.mark.parametrize(
    ("shapes", "classes", "layout"),
    [
        ([("output0", (1, 84, 8400))], None, Layout.YOLO8),
        ([("output0", (1, 5, 8400))], 1, Layout.YOLO8),
        ([("output0", (1, 300, 84))], 80, Layout.RT_DETR),
        ([("output0", (1, 300, 6))], None, Layout.END_TO_END),
        ([("output0", (1, 300, 6))], 80, Layout.END_TO_END),
        ([("output0", (1, 300, 6))], 1, Layout.END_TO_END),
        ([("output", (1, 25200, 85))], None, Layout.YOLO5),
        ([("output", (1, 25200, 6))], 1, Layout.YOLO5),
        ([("448", (12800, 1)), ("471", (3200, 1)), ("494", (800, 1)), ("451", (12800, 4)), ("474", (3200, 4)),
          ("497", (800, 4))], None, Layout.SCRFD),
    ],
)  # fmt: skip
def test_layouts_are_inferred(shapes: list[tuple[str, tuple[int, ...]]], classes: int | None, layout: Layout) -> None:
    assert infer_layout(["images"], shapes, classes) is layout


def test_two_classes_in_shares_are_told_from_corners_in_pixels() -> None:
    assert infer_layout(["images"], [("output0", (1, 300, 6))], 2, largest=1.01) is Layout.RT_DETR
    assert infer_layout(["images"], [("output0", (1, 300, 6))], 2, largest=611.0) is Layout.END_TO_END


@pytest.mark.parametrize("shape", [(1, 1000), (1, 3, 640, 640), (2, 84, 8400), (1, 8400, 3)])
def test_an_unknown_layout_is_said_to_be_so(shape: tuple[int, ...]) -> None:
    with pytest.raises(LayoutUnknown, match="output0"):
        infer_layout(["images"], [("output0", shape)], None)


def test_the_surest_of_boxes_on_each_other_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    scores = np.array([0.5, 0.9, 0.8, 0.3], np.float32)
    assert suppress(boxes, scores, np.array([0, 0, 1, 0]), 0.45).tolist() == [1, 2, 3]


def test_sessions_run_on_what_is_there() -> None:
    import onnxruntime

    there = onnxruntime.get_available_providers()
    assert providers()[-1] == "CPUExecutionProvider"
    assert on_gpu() == ("CUDAExecutionProvider" in there)
    assert open_session(bright_spots()).get_providers()[0] == providers()[0]
