"""The truth's key frames: few, and never far from what was seen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from candor.demo.footage.truth import SMALLEST, TOLERANCE, Sighting, TruthBook

PLACES = st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.booleans()), min_size=2, max_size=80)


@given(PLACES)
def test_lines_between_keys_stay_close_to_every_box(moves: list[tuple[float, float, bool]]) -> None:
    book = TruthBook(12)
    boxes = []
    x, y = 500.0, 400.0
    for number, (dx, dy, hidden) in enumerate(moves):
        x, y = min(1200.0, max(0.0, x + dx)), min(680.0, max(0.0, y + dy))
        boxes.append((x, y, x + 40, y + 20, hidden))
        book.note(number, [Sighting("plate", "A", (x, y, x + 40, y + 20), hidden, 5.0)])
    [track] = book.tracks()
    keys = track["keys"]
    for number, (*box, hidden) in enumerate(boxes):
        before = max(k for k in keys if k[0] <= number)
        after = min(k for k in keys if k[0] >= number)
        share = 0.0 if after[0] == before[0] else (number - before[0]) / (after[0] - before[0])
        between = np.array(before[1:5]) + (np.array(after[1:5]) - np.array(before[1:5])) * share
        assert np.abs(between - np.array(box)).max() <= TOLERANCE + 0.11
        assert before[5] == int(hidden)


def test_a_still_box_needs_two_keys_a_stretch_and_a_gap_begins_a_new_track() -> None:
    book = TruthBook(12)
    for number in [*range(30), *range(50, 70)]:
        book.note(number, [Sighting("face", "B", (10, 10, 40, 50), False, 2.0)])
    first, second = book.tracks()
    assert [k[0] for k in first["keys"]] == [0, 29]
    assert [k[0] for k in second["keys"]] == [50, 69]


def test_what_is_cut_off_or_too_small_is_not_noted() -> None:
    def of(x0: float, y0: float, x1: float, y1: float) -> Sighting | None:
        return Sighting.of("plate", "C", [(x0, y0), (x1, y0), (x1, y1), (x0, y1)], (1280, 720), False, depth=3.0)

    assert of(100, 100, 100 + SMALLEST / 2, 140) is None
    assert of(-90, 100, 10, 140) is None
    whole = of(-10, 100, 90, 140)
    assert whole is not None
    assert whole.box == (0, 100, 90, 140)
