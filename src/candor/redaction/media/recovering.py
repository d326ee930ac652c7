"""Trying to see through a mask: what somebody with the copy, patience and a computer could get back.

A mosaic tells the mean of each cell. Seen in several pictures, while what is behind it moves against its cells, it
tells more: the means of many overlapping cells. That is tried here by iterative back-projection (Irani and Peleg,
1991), with the true places of the cells and of the thing behind them, which an attacker would have to guess. A blur is
undone by a Wiener filter, with the width that works best against the original, which an attacker would have to guess
too. So what is found is an upper bound for these two ways; other ways, and models that invent faces, are not tried.

What came back is compared with the original in bands of detail. `resolution`: the finest grid, in cells on a side, up
to which every band is more like the original than not. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from numpy import fft  # NumPy loads it on first use, when no file can be opened any more

__all__ = ["GRID", "flat", "from_blur", "from_mosaic", "likenesses", "resolution"]

GRID: Final = 84
"""Pixels on a side of the square in which a mask's content is looked at; seven cells of twelve."""
STEPS: Final = (3, 5, 7, 10, 14, 20, 28)
LIKE: Final = 0.5
_ROUNDS: Final = 12

Image = npt.NDArray[np.float32]


def flat(crop: npt.NDArray[Any]) -> Image:
    """A crop as a square of `GRID` pixels."""
    area = crop.shape[0] >= GRID and crop.shape[1] >= GRID
    method = cv2.INTER_AREA if area else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop.astype(np.float32), (GRID, GRID), interpolation=method), np.float32)


def from_mosaic(seen: Sequence[Image], cells: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Image:
    """Put together what several pictures tell. seen: squares of `GRID` pixels, fixed to the thing behind the mask.
    cells: for each, where the edges of its cells lie in it, across and down, in growing order."""
    edges = [(_whole(across), _whole(down)) for across, down in cells]
    guess: Image = np.asarray(cv2.GaussianBlur(np.mean(np.stack(seen), axis=0), (0, 0), GRID / 21), np.float32)
    for _ in range(_ROUNDS):
        correction = np.zeros_like(guess)
        for picture, (across, down) in zip(seen, edges, strict=True):
            correction += _means(picture - guess, across, down)
        guess = guess + cv2.GaussianBlur(correction / len(seen), (0, 0), GRID / 42)
    return guess


def from_blur(seen: Image, truth: Image) -> Image:
    """Undo a blur, as well as the original lets one choose its width."""
    spectrum = fft.rfft2(seen - seen.mean())
    down, across = fft.fftfreq(GRID)[:, None], fft.rfftfreq(GRID)[None, :]
    best, found = -2.0, seen
    for width in (GRID / 40, GRID / 28, GRID / 20, GRID / 14, GRID / 10, GRID / 7, GRID / 5):
        kernel = np.exp(-2 * (np.pi * width) ** 2 * (down**2 + across**2))
        sharper = fft.irfft2(spectrum * kernel / (kernel**2 + 1e-3), (GRID, GRID)) + seen.mean()
        like = sum(likenesses(sharper.astype(np.float32), truth).values())
        if like > best:
            best, found = like, sharper.astype(np.float32)
    return found


def likenesses(found: Image, truth: Image) -> dict[int, float]:
    """For each grid of `STEPS`, how like (normalised correlation) the detail is that it adds to the one before."""
    result: dict[int, float] = {}
    before = (float(found.mean()), float(truth.mean()))
    coarse: tuple[Any, Any] = (np.full_like(found, before[0]), np.full_like(truth, before[1]))
    for step in STEPS:
        fine = (_at(found, step), _at(truth, step))
        result[step] = _correlation(fine[0] - coarse[0], fine[1] - coarse[1])
        coarse = fine
    return result


def resolution(found: Image, truth: Image) -> int:
    """The finest grid of `STEPS` up to which every band is like the original; 0 when none is."""
    reached = 0
    for step, like in likenesses(found, truth).items():
        if like < LIKE:
            break
        reached = step
    return reached


def _at(image: Image, step: int) -> Image:
    """What a grid of so many cells holds of it, drawn smoothly."""
    small = cv2.resize(image, (step, step), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (GRID, GRID), interpolation=cv2.INTER_CUBIC), np.float32)


def _correlation(a: Image, b: Image) -> float:
    a, b = a - a.mean(), b - b.mean()
    energy = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return round(float((a * b).sum()) / energy, 3) if energy > 1e-3 * GRID * GRID else 0.0


def _whole(edges: Sequence[float]) -> list[int]:
    """Cell edges as whole places inside the square, each once, the first 0."""
    inner = sorted({round(one) for one in edges if 0 < round(one) < GRID})
    return [0, *inner]


def _means(image: Image, across: list[int], down: list[int]) -> Image:
    """Each pixel the mean of its cell."""
    sums = np.add.reduceat(np.add.reduceat(image, down, axis=0), across, axis=1)
    heights, widths = np.diff([*down, GRID]), np.diff([*across, GRID])
    means = sums / (heights[:, None] * widths[None, :])
    found: Image = np.repeat(np.repeat(means, heights, axis=0), widths, axis=1).astype(np.float32)
    return found
