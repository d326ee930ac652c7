"""Small recordings whose pictures carry their numbers, masks whose places follow from the number, and their reading."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from candor.redaction.known.coding import Coding, times_of, write
from candor.redaction.known.numbers import burn_number, read_number
from candor.redaction.media.plan import Plan, look
from candor.redaction.media.render import Quality, Rendered, render
from candor.redaction.model import Key, Kind, Origin, PartDocument, Shape, Style, Track

SIZE = (320, 180)
FPS = 15.0
SIDE = 36
DARK = 48


def box_at(number: int) -> tuple[float, float, float, float]:
    """Where the mask of picture `number` is: two neighbours share no pixel."""
    x0 = 16.0 + 60 * (number % 4)
    return (x0, 60.0, x0 + SIDE, 60.0 + SIDE)


def pictures(count: int, size: tuple[int, int]) -> Iterator[Any]:
    """Light pictures with something moving in them and their numbers."""
    rng = np.random.default_rng(5)
    ground = rng.integers(120, 200, (size[1] // 4 + 40, size[0] // 4 + 40, 3)).repeat(4, 0).repeat(4, 1)
    for number in range(count):
        picture = np.ascontiguousarray(ground[number : number + size[1], 2 * number : 2 * number + size[0]], np.uint8)
        burn_number(picture, number)
        yield picture


def clip(path: Path, coding: Coding, seconds: float = 3.0, size: tuple[int, int] = SIZE) -> Path:
    """Write such a recording."""
    count = round(seconds * FPS)
    write(path, coding, size, FPS, times_of(coding, count, FPS, 1), pictures(count, size))
    return path


def track(places: dict[int, tuple[float, ...]], **changes: Any) -> Track:
    """A track with these keys."""
    values: dict[str, Any] = {
        "id": "t1",
        "part": "p",
        "kind": Kind.FACE,
        "origin": Origin.PERSON,
        "shape": Shape.BOX,
        "keys": tuple(Key(at, numbers) for at, numbers in sorted(places.items())),
    }
    return Track(**(values | changes))


@dataclass
class Made:
    """A recording, its plan, what was made of it, and the copy's bytes."""

    original: bytes
    plan: Plan
    rendered: Rendered
    copy: bytes

    @property
    def details(self) -> dict[str, Any]:
        return self.rendered.details


def numbers_of(data: bytes, plan: Plan) -> dict[int, int]:
    """The number of each picture of the original by its time."""
    return {time: read_number(upright(frame, plan)) for time, frame in frames_of(data)}


def frames_of(data: bytes) -> Iterator[tuple[int, Any]]:
    """Time and frame of each picture."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            yield frame.pts, frame


def upright(frame: Any, plan: Plan) -> Any:
    """A frame's brightness, turned and cut to the original's size."""
    grey = frame.reformat(format="gray").to_ndarray()[: plan.coded[1], : plan.coded[0]]
    return np.rot90(grey, -(plan.picture.degrees // 90))


def masked(
    original: bytes, *, first: int, last: int, style: Style = Style.SOLID, quality: Quality | None = None
) -> Made:
    """Look, and render with a mask on each picture whose number is first..last, at the place its number says."""
    plan = look(io.BytesIO(original))
    at = {time: number for time, number in numbers_of(original, plan).items() if first <= number <= last}
    part = PartDocument(tracks={"t1": track({time: box_at(number) for time, number in at.items()})})
    return made(original, plan, part, style, quality)


def made(
    original: bytes, plan: Plan, part: PartDocument, style: Style = Style.SOLID, quality: Quality | None = None
) -> Made:
    """Render."""
    rendered = render(io.BytesIO(original), plan, part, style, quality)
    with rendered.file:
        return Made(original, plan, rendered, rendered.file.read())


def faults(one: Made, *, first: int, last: int) -> list[str]:
    """Everything wrong with a copy: times, numbers, masks that are missing, off by a picture, or too much."""
    found: list[str] = []
    clock, shift = Fraction(one.details["clock"]), one.details["shift"]
    known = numbers_of(one.original, one.plan)
    seen: set[int] = set()
    with av.open(io.BytesIO(one.copy)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            time = frame.pts * Fraction(stream.time_base) / clock + shift
            grey = upright(frame, one.plan)
            if time not in known:
                found.append(f"a picture at {time} that the original has not")
                continue
            seen.add(int(time))
            number = read_number(grey)
            if number != known[int(time)]:
                found.append(f"picture {number} stands where {known[int(time)]} belongs")
            found += _mask_faults(grey, number, first <= number <= last)
    found += [f"no picture at {time}" for time in known if time not in seen]
    return found


def _mask_faults(grey: Any, number: int, hidden: bool) -> list[str]:
    row = grey[50:106] < DARK  # the number and its blocks stand below
    expected = np.zeros_like(row)
    if hidden:
        x0, y0, x1, y1 = (int(one) for one in box_at(number))
        inside = grey[y0:y1, x0:x1]
        if (inside >= DARK).any():
            return [f"picture {number}: {(inside >= DARK).sum()} pixels of its mask are not hidden"]
        expected[max(0, y0 - 54) : y1 - 46, x0 - 4 : x1 + 4] = True
    beyond = row & ~expected
    return [f"picture {number}: {beyond.sum()} pixels are dark beside its mask"] if beyond.any() else []
