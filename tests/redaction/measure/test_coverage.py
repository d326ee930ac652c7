"""What covering, leaking and masking too much are, by tables and properties."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.redaction.measure.coverage import Instance, measure

SIZE = (100, 50)
Bools = npt.NDArray[np.bool_]


def _boxes(*boxes: tuple[int, int, int, int]) -> Bools:
    masks = np.zeros((SIZE[1], SIZE[0]), bool)
    for x0, y0, x1, y1 in boxes:
        masks[y0:y1, x0:x1] = True
    return masks


def _face(frame: int, box: tuple[float, float, float, float] = (10, 10, 30, 30), thing: str = "a") -> Instance:
    return Instance(frame, thing, "face", box)


@pytest.mark.parametrize(
    ("mask", "covered", "open_"),
    [
        ((10, 10, 30, 30), 1, 0),
        ((10, 10, 30, 28), 1, 0),  # nine tenths
        ((10, 10, 30, 27), 0, 0),
        ((10, 10, 20, 30), 0, 0),  # half is not less than half
        ((10, 10, 19, 30), 0, 1),
        ((50, 10, 90, 30), 0, 1),
    ],
)
def test_an_instance_is_covered_open_or_neither(mask: tuple[int, int, int, int], covered: int, open_: int) -> None:
    found = measure([_face(0)], lambda _: _boxes(mask), SIZE, [0])
    assert (found.instances, found.covered, found.open) == (1, covered, open_)


def test_leaks_are_runs_of_one_thing() -> None:
    open_frames = {2, 3, 4, 8}
    instances = [_face(frame) for frame in range(12)] + [_face(4, (60, 10, 80, 30), "b")]
    found = measure(
        instances, lambda frame: _boxes() if frame in open_frames else _boxes((0, 0, 100, 50)), SIZE, range(12)
    )
    assert found.leaks == [("a", 2, 3), ("a", 8, 1), ("b", 4, 1)]
    assert found.longest_leak == 3
    assert found.recall == pytest.approx(8 / 13)


def test_a_thing_that_was_away_begins_a_new_leak() -> None:
    found = measure([_face(0), _face(1), _face(5)], lambda _: _boxes(), SIZE, range(6))
    assert found.leaks == [("a", 0, 2), ("a", 5, 1)]


def test_small_things_do_not_count() -> None:
    instances = [_face(0), _face(0, (50, 10, 60, 20), "b")]
    assert measure(instances, lambda _: _boxes(), SIZE, [0], smallest=15).instances == 1


def test_over_masking_is_what_lies_outside_twice_the_box() -> None:
    known = {0: [(20.0, 10.0, 40.0, 30.0)]}  # twice: 10 to 50, 0 to 40
    exact = measure([], lambda _: _boxes((10, 0, 50, 40)), SIZE, [0], known=known)
    assert exact.over_masking == 0
    more = measure([], lambda _: _boxes((10, 0, 50, 40), (60, 0, 70, 50)), SIZE, [0], known=known)
    assert more.over_masking == pytest.approx(0.1)


@given(
    x0=st.floats(0, 99), y0=st.floats(0, 49), wide=st.floats(0.5, 80), high=st.floats(0.5, 40),
    scale=st.integers(1, 4),
)  # fmt: skip
def test_a_mask_over_everything_covers_and_none_covers_nothing(
    x0: float, y0: float, wide: float, high: float, scale: int
) -> None:
    face = _face(0, (x0, y0, x0 + wide, y0 + high))
    full = np.ones((SIZE[1] // scale, SIZE[0] // scale), bool)
    assert measure([face], lambda _: full, SIZE, [0]).covered == 1
    assert measure([face], lambda _: ~full, SIZE, [0]).open == 1
