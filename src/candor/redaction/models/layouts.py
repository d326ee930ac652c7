"""How exported detectors are laid out: what goes in, what comes out, and how to tell one layout from another.

The layout is inferred from names and shapes of the outputs, or given. Sources: the exporters of Ultralytics (YOLOv5,
v8, 11, 12, v10 and 26 end to end, RT-DETR), the RT-DETR and D-FINE repositories and Hugging Face's exporter, OpenCV's
FaceDetectorYN (YuNet), InsightFace (SCRFD), Star-Clouds/CenterFace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["LAYOUTS", "Fit", "Input", "Layout", "LayoutUnknown", "infer_layout"]


class Layout(StrEnum):
    """A value, once used, is never renamed. N: how many boxes, C: how many classes."""

    YOLO8 = "yolov8"  # [1, 4 + C, N]: middle, size in input pixels; scores. Also 11, 12
    YOLO5 = "yolov5"  # [1, N, 5 + C]: middle, size, objectness, scores. Also v7
    END_TO_END = "end-to-end"  # [1, N, 6]: corners, score, class. v10, 26
    RT_DETR = "rt-detr"  # [1, N, 4 + C]: middle, size as shares of the input; scores
    RT_DETR_LOGITS = "rt-detr-logits"  # logits [1, N, C] and boxes [1, N, 4] as shares. Hugging Face, D-FINE
    RT_DETR_PIXELS = "rt-detr-pixels"  # labels, boxes, scores; a second input says the picture's size
    YUNET = "yunet"  # cls, obj, bbox, kps for strides 8, 16, 32
    SCRFD = "scrfd"  # scores, distances (and points) for strides 8, 16, 32, two anchors each
    CENTERFACE = "centerface"  # heat, size, offset, points on a grid of 4 pixels


class Fit(StrEnum):
    """How a picture is brought to the size that a model wants."""

    LETTERBOX = "letterbox"  # scaled as it is, grey around it
    STRETCH = "stretch"  # scaled in each direction by itself


@dataclass(frozen=True)
class Input:
    """What a layout takes: (value - `mean`) * `scale`; whether blue comes first; how it is fitted, unless said
    otherwise; what sizes are multiples of."""

    mean: float = 0.0
    scale: float = 1 / 255
    blue_first: bool = False
    fit: Fit = Fit.LETTERBOX
    multiple: int = 32
    thresholds: tuple[float, float] = (0.25, 0.12)


LAYOUTS: Final[dict[Layout, Input]] = {
    Layout.YOLO8: Input(),
    Layout.YOLO5: Input(),
    Layout.END_TO_END: Input(),
    Layout.RT_DETR: Input(fit=Fit.STRETCH, thresholds=(0.35, 0.2)),
    Layout.RT_DETR_LOGITS: Input(fit=Fit.STRETCH, thresholds=(0.35, 0.2)),
    Layout.RT_DETR_PIXELS: Input(fit=Fit.STRETCH, thresholds=(0.35, 0.2)),
    Layout.YUNET: Input(scale=1.0, blue_first=True, thresholds=(0.5, 0.25)),
    Layout.SCRFD: Input(mean=127.5, scale=1 / 128, thresholds=(0.4, 0.2)),
    Layout.CENTERFACE: Input(scale=1.0, thresholds=(0.2, 0.1)),
}


class LayoutUnknown(ValueError):
    """Nothing here reads what a model puts out; `str()` says what that is."""


Shape = Sequence[int]


def infer_layout(
    inputs: Sequence[str],
    outputs: Sequence[tuple[str, Shape]],
    classes: int | None = None,
    largest: float | None = None,
) -> Layout:
    """The layout of a model whose outputs had these names and shapes in a trial run.

    `classes`: how many it knows, where that is said. `largest`: the largest side of a box in a single output, which
    tells shares of the picture from pixels. Raises LayoutUnknown.
    """
    names = [name.lower() for name, _ in outputs]
    shapes = [tuple(shape) for _, shape in outputs]
    if len(shapes) == 1:
        found = _of_one(shapes[0], classes, largest)
    elif {"labels", "boxes", "scores"} <= set(names) and len(inputs) == 2:
        found = Layout.RT_DETR_PIXELS
    elif len(shapes) in (2, 3) and _are_logits_and_boxes(shapes):
        found = Layout.RT_DETR_LOGITS
    elif {"cls_8", "obj_8", "bbox_8"} <= set(names):
        found = Layout.YUNET
    elif len(shapes) == 4 and all(len(shape) == 4 for shape in shapes):
        found = Layout.CENTERFACE if [shape[1] for shape in shapes] == [1, 2, 2, 10] else None
    elif len(shapes) in (6, 9) and [shape[-1] for shape in shapes[:6]] == [1, 1, 1, 4, 4, 4]:
        found = Layout.SCRFD
    else:
        found = None
    if found is None:
        said = ", ".join(f"{name} {list(shape)}" for name, shape in outputs[:12])
        raise LayoutUnknown(f"its outputs ({said}) are of no layout that is read here")
    return found


def _of_one(shape: tuple[int, ...], classes: int | None, largest: float | None) -> Layout | None:
    if len(shape) != 3 or shape[0] != 1:
        return None
    rows, columns = shape[1:]
    if columns == 6 and rows <= 1000:  # two classes in shares of the picture, or any number in pixels
        return Layout.RT_DETR if classes == 2 and largest is not None and largest <= 1.5 else Layout.END_TO_END
    if classes is not None:
        for layout, wide in ((Layout.YOLO5, classes + 5), (Layout.RT_DETR, classes + 4)):
            if columns == wide:
                return layout
        if rows == classes + 4:
            return Layout.YOLO8
    if rows < columns and rows >= 5:
        return Layout.YOLO8
    if columns >= 5:
        return Layout.RT_DETR if rows <= 1000 else Layout.YOLO5
    return None


def _are_logits_and_boxes(shapes: list[tuple[int, ...]]) -> bool:
    first, second = shapes[:2]
    return len(first) == len(second) == 3 and first[1] == second[1] and second[2] == 4
