"""From a model's outputs to boxes, one function a layout.

Each takes the outputs by name in the model's order and the size (width, height) of the input, and the lowest score that
counts; it gives boxes (n, 4) as x0, y0, x1, y1 in pixels of the input, scores (n,), classes (n,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from candor.redaction.models.boxes import Floats, corners
from candor.redaction.models.layouts import Layout

__all__ = ["DECODERS", "Found", "Outputs"]

Outputs = Mapping[str, npt.NDArray[Any]]
Found = tuple[Floats, Floats, npt.NDArray[np.int64]]
Decoder = Callable[[Outputs, tuple[int, int], float], Found]

_STRIDES: Final = (8, 16, 32)


def _only(outputs: Outputs) -> Floats:
    value: Floats = next(iter(outputs.values()))[0].astype(np.float32)
    return value


def _best(boxes: Floats, scores: Floats, threshold: float) -> Found:
    """Of scores by class (n, classes) the best of each box, where that counts."""
    classes = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), classes]
    counts = best >= threshold
    return boxes[counts], best[counts], classes[counts].astype(np.int64)


def _sigmoid(values: Floats) -> Floats:
    return (1 / (1 + np.exp(-np.clip(values, -60, 60)))).astype(np.float32)


def _yolo8(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    rows = _only(outputs).T
    return _best(corners(rows[:, :4]), rows[:, 4:], threshold)


def _yolo5(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    rows = _only(outputs)
    return _best(corners(rows[:, :4]), rows[:, 5:] * rows[:, 4:5], threshold)


def _end_to_end(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    rows = _only(outputs)
    rows = rows[rows[:, 4] >= threshold]
    return rows[:, :4], rows[:, 4], rows[:, 5].round().astype(np.int64)


def _shares(boxes: Floats, size: tuple[int, int]) -> Floats:
    return corners(boxes * np.array([size[0], size[1], size[0], size[1]], np.float32))


def _rt_detr(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    rows = _only(outputs)
    return _best(_shares(rows[:, :4], size), rows[:, 4:], threshold)


def _rt_detr_logits(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    logits, boxes = (one[0].astype(np.float32) for one in list(outputs.values())[:2])
    return _best(_shares(boxes, size), _sigmoid(logits), threshold)


def _rt_detr_pixels(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    named = {name.lower(): value[0] for name, value in outputs.items()}
    counts = named["scores"] >= threshold
    boxes = named["boxes"][counts].astype(np.float32)
    return boxes, named["scores"][counts].astype(np.float32), named["labels"][counts].astype(np.int64)


def _joined(parts: list[tuple[Floats, Floats]], threshold: float) -> Found:
    boxes, scores = (np.concatenate(one).astype(np.float32) for one in zip(*parts, strict=True))
    counts = scores >= threshold
    return boxes[counts], scores[counts], np.zeros(int(counts.sum()), np.int64)


def _grid(size: tuple[int, int], stride: int, each: int = 1) -> Floats:
    """x and y of each cell of a grid, row by row, each so many times (n, 2)."""
    columns, rows = size[0] // stride, size[1] // stride
    y, x = np.mgrid[0:rows, 0:columns]
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0).astype(np.float32)


def _yunet(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    named = {name.lower(): value.astype(np.float32) for name, value in outputs.items()}
    parts = []
    for stride in _STRIDES:
        sure, there = (np.clip(named[f"{what}_{stride}"].reshape(-1), 0, 1) for what in ("cls", "obj"))
        box = named[f"bbox_{stride}"].reshape(-1, 4)
        middle = (_grid(size, stride) + box[:, :2]) * stride
        extent = np.exp(np.clip(box[:, 2:], -20, 20)) * stride
        parts.append((corners(np.concatenate([middle, extent], axis=1)), np.sqrt(sure * there)))
    return _joined(parts, threshold)


def _scrfd(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    values = [value.astype(np.float32).reshape(-1, value.shape[-1]) for value in outputs.values()]
    parts = []
    for place, stride in enumerate(_STRIDES):
        scores, distances = values[place][:, 0], values[place + 3] * stride
        cells = (size[0] // stride) * (size[1] // stride)
        middle = _grid(size, stride, max(1, len(scores) // max(1, cells))) * stride
        parts.append((np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], axis=1), scores))
    return _joined(parts, threshold)


def _centerface(outputs: Outputs, size: tuple[int, int], threshold: float) -> Found:
    heat, extent, offset = (one[0].astype(np.float32) for one in list(outputs.values())[:3])
    rows, columns = np.nonzero(heat[0] >= threshold)
    high, wide = (np.exp(np.clip(extent[axis, rows, columns], -20, 20)) * 4 for axis in (0, 1))
    y = (rows + offset[0, rows, columns] + 0.5) * 4
    x = (columns + offset[1, rows, columns] + 0.5) * 4
    boxes = corners(np.stack([x, y, wide, high], axis=1).astype(np.float32))
    return boxes, heat[0, rows, columns], np.zeros(len(rows), np.int64)


DECODERS: Final[dict[Layout, Decoder]] = {
    Layout.YOLO8: _yolo8,
    Layout.YOLO5: _yolo5,
    Layout.END_TO_END: _end_to_end,
    Layout.RT_DETR: _rt_detr,
    Layout.RT_DETR_LOGITS: _rt_detr_logits,
    Layout.RT_DETR_PIXELS: _rt_detr_pixels,
    Layout.YUNET: _yunet,
    Layout.SCRFD: _scrfd,
    Layout.CENTERFACE: _centerface,
}
