"""The values that acts are made of, read strictly from JSON that anybody may have written. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence, Set
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, TypeVar

from candor.redaction.model import Key, Shape

#: So much one track, one name may hold. What is larger is no person's work.
MOST_KEYS: Final = 250_000
MOST_CORNERS: Final = 64
MOST_BOXES: Final = 16
LONGEST_LABEL: Final = 200
LONGEST_EXEMPTION: Final = 120
#: The furthest a place may be from the picture's corner, in pixels, and a time from 0: what JavaScript counts exactly.
FURTHEST: Final = 1_000_000.0
LATEST: Final = 2**53 - 1

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
E = TypeVar("E", bound=StrEnum)


class Wrong(ValueError):
    """Why something is no act; becomes an EditWrong with its place."""


def only(value: Any, what: str, needed: Set[str], also: Set[str] = frozenset()) -> dict[str, Any]:
    """An object with these keys and no others."""
    if not isinstance(value, dict):
        raise Wrong(f"{what} is no object")
    if missing := needed - value.keys():
        raise Wrong(f"{what} lacks {', '.join(sorted(missing))}")
    if more := value.keys() - needed - also:
        raise Wrong(f"{what} has something that is not known: {', '.join(sorted(str(one)[:40] for one in more))}")
    return value


def a_name(value: Any, what: str) -> str:
    """An identifier: letters, digits and ._:- , 64 at most."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise Wrong(f"{what} is no identifier")
    return value


def a_text(value: Any, what: str, longest: int) -> str:
    """One line of text."""
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise Wrong(f"{what} is no line of at most {longest} characters")
    return value


def a_flag(value: Any, what: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Wrong(f"{what} is neither true nor false")
    return value


def a_whole(value: Any, what: str, least: int = -LATEST) -> int:
    """A whole number that JavaScript counts exactly."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LATEST:
        raise Wrong(f"{what} is no whole number in bounds")
    return value


def a_number(value: Any, what: str) -> float:
    """To a tenth of a pixel; a negative nothing is a nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong(f"{what} is no number")
    if isinstance(value, float) and not math.isfinite(value):  # a whole number may be too long to become a float
        raise Wrong(f"{what} is no number")
    if abs(value) > FURTHEST:
        raise Wrong(f"{what} lies further out than {FURTHEST:.0f}")
    return round(float(value), 1) + 0.0


def a_share(value: Any, what: str) -> float:
    """From 0 to 1, to a thousandth."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Wrong(f"{what} is no number from 0 to 1")
    return round(float(value), 3)


def one_of(kind: type[E], value: Any, what: str) -> E:
    """A value of an enumeration."""
    try:
        return kind(value)
    except ValueError as error:
        raise Wrong(f"{what} is none of {', '.join(kind)}") from error


def a_list(value: Any, what: str, most: int) -> list[Any]:
    """A list of at most so many."""
    if not isinstance(value, list):
        raise Wrong(f"{what} is no list")
    if len(value) > most:
        raise Wrong(f"{what} has {len(value)} entries, at most {most} are taken")
    return value


def read_key(value: Any) -> Key:
    """[at, outside, number, …]. Raises Wrong."""
    if not isinstance(value, list) or not 2 <= len(value) <= 2 + 2 * MOST_CORNERS:
        raise Wrong("a key is no list of a time, whether it is outside, and places")
    if isinstance(value[1], float) or value[1] not in (0, 1):
        raise Wrong("whether a key is outside is neither 0 nor 1")
    numbers = tuple(a_number(one, "a place of a key") for one in value[2:])
    return Key(a_whole(value[0], "the time of a key"), numbers, bool(value[1]))


def read_keys(value: Any) -> tuple[Key, ...]:
    """Keys in strictly growing order of time. Raises Wrong."""
    keys = tuple(read_key(one) for one in a_list(value, "keys", MOST_KEYS))
    growing([one.at for one in keys], "the times of the keys")
    return keys


def growing(times: Sequence[int], what: str) -> None:
    """Raise Wrong unless each is later than the one before."""
    if any(a >= b for a, b in pairwise(times)):
        raise Wrong(f"{what} do not grow")


def fitting(shape: Shape, keys: Sequence[Key]) -> None:
    """Raise Wrong unless the keys are places of this shape. A box without a size would hide nothing where somebody
    believes it does."""
    if not keys:
        raise Wrong("a track without a key is nowhere")
    counts = {len(one.numbers) for one in keys}
    if shape is Shape.WHOLE:
        if counts != {0}:
            raise Wrong("the whole picture has no places")
    elif shape is Shape.POLYGON:
        if len(counts) != 1 or min(counts) < 6 or min(counts) % 2 or max(counts) > 2 * MOST_CORNERS:
            raise Wrong(f"a polygon has 3 to {MOST_CORNERS} corners, as many in every key")
    elif counts != {4}:
        raise Wrong("a box has four places")
    elif not all(one.outside or _has_size(one.numbers) for one in keys):
        raise Wrong("a box has no size")


def _has_size(numbers: Sequence[float]) -> bool:
    return numbers[0] < numbers[2] and numbers[1] < numbers[3]


def optional(read: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """A reader that lets null pass as well."""
    return lambda value, what: None if value is None else read(value, what)


def a_label(value: Any, what: str) -> str:
    """What a person wrote beside something."""
    return a_text(value, what, LONGEST_LABEL)


def an_exemption(value: Any, what: str) -> str:
    """What a mask is for."""
    text = a_text(value, what, LONGEST_EXEMPTION)
    if not text.strip():
        raise Wrong(f"{what} is empty")
    return text


def some_boxes(value: Any, what: str) -> tuple[tuple[float, ...], ...]:
    """Boxes of x0, y0, x1, y1."""
    boxes = []
    for one in a_list(value, what, MOST_BOXES):
        if not isinstance(one, list) or len(one) != 4:
            raise Wrong(f"{what} are not four places each")
        numbers = tuple(a_number(place, what) for place in one)
        if not _has_size(numbers):
            raise Wrong(f"{what} have no size")
        boxes.append(numbers)
    return tuple(boxes)
