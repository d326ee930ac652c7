"""Outside the masks the copy is the original. Runs in a limited process.

Where the copy passed the original's own bits through, every value of a picture is the same. Where it was encoded anew,
each block of 16 x 16 pixels that lies at least one block away from every mask (an encoder's ringing reaches into the
next one) keeps to a floor: it has a PSNR of at least `PSNR_FLOOR`, or a SSIM of at least `SSIM_FLOOR` and a PSNR of at
least `PSNR_LEAST`. Both are taken of planes at half size, so that a camera's noise, which every encoder drops, is not
taken for a change. A block whose content was replaced fails both; one that was made lighter or darker fails the last.
"""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from candor.redaction.media.planes import BLOCK, Plane, Planes, half

__all__ = ["PSNR_FLOOR", "SSIM_FLOOR", "Outside"]

PSNR_FLOOR: Final = 28.0  # dB
SSIM_FLOOR: Final = 0.75
PSNR_LEAST: Final = 20.0  # dB
MOST_FINDINGS: Final = 50
MOST_RUNS: Final = 2000
_HALF: Final = BLOCK // 2  # pixels of a block in planes of half size
_LOOKED_AT: Final = 64  # blocks of one picture whose SSIM is computed, the worst by PSNR
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # Wang et al. 2004
_FULL = 255.0 * 255.0

Map = npt.NDArray[np.bool_]


class Outside:
    """Takes pairs of pictures, and keeps the worst of what it saw."""

    def __init__(self) -> None:
        self.identical = 0
        self.encoded = 0
        self.findings: list[dict[str, Any]] = []
        self.more = 0
        self.worst: dict[str, Any] | None = None
        self._differing: list[list[int]] = []  # first and last time of pictures one after another that differ
        self._previous: int | None = None
        self._now: int | None = None
        self._error = 0.0  # sum over pictures of the mean squared error of brightness

    def take(self, at: int, original: Planes, copy: Planes, hidden: Map | None, *, copied: bool) -> None:
        """One pair; times grow. hidden: which cells (two by two pixels of the coded picture) are masked; None: none.
        copied: whether the copy says that it passed this picture through."""
        self._previous, self._now = self._now, at
        if hidden is None and original.same(copy):
            self.identical += 1
            return
        if copied and hidden is None:
            self._find("not-identical", at, None, "a picture that was passed through is not the original's")
            return
        self.encoded += 1
        size = original.size
        if size != copy.size:
            width, height = min(size[0], copy.size[0]), min(size[1], copy.size[1])
            if abs(size[0] - copy.size[0]) > 1 or abs(size[1] - copy.size[1]) > 1:
                self._find(
                    "size", at, None, f"the picture is {copy.size[0]} x {copy.size[1]}, not {size[0]} x {size[1]}"
                )
                return
            original, copy = original.cropped(width, height), copy.cropped(width, height)
        free = _free_blocks(original.size, hidden)
        if not free.any():
            return
        for name, mine, theirs in (
            ("brightness", half(original.y), half(copy.y)),
            ("colour", original.u, copy.u),
            ("colour", original.v, copy.v),
        ):
            self._compare(at, name, mine, theirs, free)

    def result(self) -> dict[str, Any]:
        """What was seen, as JSON data."""
        return {
            "identical": self.identical,
            "encoded": self.encoded,
            "floor": {"psnr": PSNR_FLOOR, "ssim": SSIM_FLOOR, "psnr_least": PSNR_LEAST, "block": BLOCK},
            "mean_psnr": None if not self.encoded else _psnr(self._error / self.encoded),
            "worst": self.worst,
            "differing": self._differing,
            "findings": self.findings,
            "more": self.more,
        }

    def _compare(self, at: int, name: str, mine: Plane, theirs: Plane, free: Map) -> None:
        errors = _block_errors(mine, theirs, free.shape)
        outside = np.where(free, errors, 0.0)
        if name == "brightness":
            self._error += float(outside.sum() / free.sum())
        worst = np.unravel_index(int(outside.argmax()), outside.shape)
        psnr = _psnr(float(outside[worst]))
        if self.worst is None or psnr < self.worst["psnr"]:
            value = _ssim(mine, theirs, int(worst[0]), int(worst[1]))
            self.worst = {"at": at, **_place(worst), "psnr": psnr, "ssim": value, "of": name}
        limit = _FULL / 10 ** (PSNR_FLOOR / 10)
        below = np.argwhere(outside > limit)
        if len(below) > _LOOKED_AT:
            order = np.argsort(-outside[below[:, 0], below[:, 1]], kind="stable")
            below = below[order[:_LOOKED_AT]]
        least = _FULL / 10 ** (PSNR_LEAST / 10)
        failed = [
            (row, column)
            for row, column in below
            if outside[row, column] > least or _ssim(mine, theirs, row, column) < SSIM_FLOOR
        ]
        if failed:
            row, column = max(failed, key=lambda one: float(outside[one[0], one[1]]))
            value, like = _psnr(float(outside[row, column])), _ssim(mine, theirs, row, column)
            words = f"{len(failed)} block(s) of {name} differ: PSNR {value} dB, SSIM {like} in the worst"
            self._find("block", at, _place((row, column)), words, psnr=value, ssim=like, blocks=len(failed))

    def _find(self, what: str, at: int, place: dict[str, int] | None, words: str, **more: Any) -> None:
        if self._differing and self._previous is not None and self._differing[-1][1] in (at, self._previous):
            self._differing[-1][1] = at
        elif len(self._differing) < MOST_RUNS:
            self._differing.append([at, at])
        if len(self.findings) >= MOST_FINDINGS:
            self.more += 1
            return
        self.findings.append({"what": what, "at": at, **(place or {}), "words": words, **more})


def _free_blocks(size: tuple[int, int], hidden: Map | None) -> Map:
    """Which blocks lie at least one block away from every mask, as rows and columns of blocks."""
    rows, columns = -(-size[1] // BLOCK), -(-size[0] // BLOCK)
    if hidden is None:
        return np.ones((rows, columns), np.bool_)
    padded = np.zeros((rows * _HALF, columns * _HALF), np.uint8)
    padded[: hidden.shape[0], : hidden.shape[1]] = hidden
    # The mean of 64 values of 0 or 255 is above 0 where one of them is.
    touched = cv2.resize(padded * np.uint8(255), (columns, rows), interpolation=cv2.INTER_AREA)
    near = cv2.dilate((touched > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    found: Map = near == 0
    return found


def _block_errors(mine: Plane, theirs: Plane, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Mean squared error of each block. A block cut by the edge counts what there is of it."""
    rows, columns = shape
    difference = cv2.absdiff(mine, theirs)
    down, across = rows * _HALF - difference.shape[0], columns * _HALF - difference.shape[1]
    if down > 0 or across > 0:
        difference = cv2.copyMakeBorder(difference, 0, max(0, down), 0, max(0, across), cv2.BORDER_REFLECT)
    squared = cv2.multiply(difference, difference, dtype=cv2.CV_32F)
    found = cv2.resize(squared[: rows * _HALF, : columns * _HALF], (columns, rows), interpolation=cv2.INTER_AREA)
    return found.astype(np.float64)


def _ssim(mine: Plane, theirs: Plane, row: int, column: int) -> float:
    """Structural similarity of one block (Wang et al. 2004, over the whole block)."""
    a = mine[row * _HALF : (row + 1) * _HALF, column * _HALF : (column + 1) * _HALF].astype(np.float64)
    b = theirs[row * _HALF : (row + 1) * _HALF, column * _HALF : (column + 1) * _HALF].astype(np.float64)
    if a.size == 0 or a.shape != b.shape:
        return 1.0
    mean_a, mean_b = float(a.mean()), float(b.mean())
    shared = float(((a - mean_a) * (b - mean_b)).mean())
    above = (2 * mean_a * mean_b + _C1) * (2 * shared + _C2)
    return round(above / ((mean_a**2 + mean_b**2 + _C1) * (float(a.var()) + float(b.var()) + _C2)), 4)


def _psnr(error: float) -> float:
    return 99.0 if error < 1e-5 else round(min(99.0, 10 * math.log10(_FULL / error)), 2)


def _place(block: Any) -> dict[str, int]:
    """The upper left pixel of a block, in the coded picture."""
    return {"x": int(block[1]) * BLOCK, "y": int(block[0]) * BLOCK}
