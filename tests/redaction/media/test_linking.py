"""What was seen now and then is followed through every picture: by flow, backward and forward, but not across a cut."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.redaction.media.moving import Magenta, Scene, share_covered, shares, straight

from candor.redaction.media.covering import cover
from candor.redaction.media.cuts import Cuts
from candor.redaction.media.flow import move
from candor.redaction.media.linking import Followed, Linker, Seen
from candor.redaction.media.pieces import Piece
from candor.redaction.model import Kind

RATE = 25
EVERY = 2


def linked(scene: Scene, seconds: float, detector: Magenta, every: int = EVERY) -> list[Piece]:
    """The pieces of a scene, with the pictures as they are painted."""
    linker, cuts, found = Linker(1 / RATE, every / RATE), Cuts(), []
    times = list(range(round(seconds * RATE)))
    for number in times:
        picture = scene.paint(number / RATE)
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        cut = cuts.cut(grey)
        looked = number % every == 0 or cut
        seen = [
            Seen(one.kind, "", detector.name, np.asarray(one.box, np.float32), one.score, one.score >= 0.2)
            for one in (detector.detect(picture, 0.1) if looked else [])
        ]
        linker.step(grey, cut, frozenset([detector.name] if looked else []), seen)
        found += list(linker.finished())
    linker.end()
    found += list(linker.rest())
    return [cover(one, times, scene.size, 1 / RATE, scene.size) for one in found]


def frames(seconds: float) -> list[tuple[int, float]]:
    return [(number, number / RATE) for number in range(round(seconds * RATE))]


def test_flow_is_exact_where_something_moves() -> None:
    scene = Scene([straight((100, 60, 130, 96), (75, -50))])
    before, after = (cv2.cvtColor(scene.paint(n / RATE), cv2.COLOR_RGB2GRAY) for n in (0, 1))
    boxes = np.array([[100, 60, 130, 96]], np.float32)
    moved, trust = move(before, after, boxes)
    assert np.abs(moved[0] - (boxes[0] + [3, -2, 3, -2])).max() < 0.6
    assert trust[0] > 0.8
    _elsewhere, trust = move(before, scene.paint(1.0)[::-1, ::-1, 0].copy(), boxes)
    assert trust[0] < 0.3


@pytest.mark.parametrize(
    ("misses", "what"),
    [
        (lambda look: 8 <= look < 20, "a second in the middle"),
        (lambda look: look < 10, "the first eight tenths of a second"),
        (lambda look: look % 3 != 0, "two of three"),
    ],
)
def test_what_is_not_seen_is_covered_all_the_same(misses: Callable[[int], bool], what: str) -> None:
    scene = Scene([straight((40, 40, 70, 76), (50, 16)), straight((250, 120, 274, 148), (-40, -10))], shift=20)
    pieces = linked(scene, 2.5, Magenta(misses))
    found = shares(scene, frames(2.5), pieces)
    assert min(found) >= 0.9, what
    assert len(pieces) == 2


def test_entering_and_leaving() -> None:
    """From the first column of pixels to the last, although it is seen only in the middle of the picture."""
    scene = Scene([straight((-30, 60, 0, 96), (150, 0), since=0.2)])
    pieces = linked(scene, 2.6, Magenta(lambda look: not 6 <= look < 25))
    found = shares(scene, frames(2.6), pieces)
    assert len(found) > 50
    assert sum(share >= 0.9 for share in found) >= 0.98 * len(found)
    assert min(found) > 0.5
    assert (pieces[0].begins, pieces[0].ends) == ("edge", "edge")


def test_fast_motion() -> None:
    scene = Scene([straight((10, 60, 46, 100), (420, 30))], shift=-200)
    pieces = linked(scene, 0.7, Magenta(lambda look: look % 2 == 1))
    assert min(shares(scene, frames(0.7), pieces)) >= 0.9


def test_nothing_crosses_a_cut() -> None:
    scene = Scene(
        [straight((60, 60, 90, 96), (10, 0), until=1.0), straight((220, 60, 250, 96), (10, 0), since=1.0)], cut=1.0
    )
    pieces = linked(scene, 2.0, Magenta())
    assert [(one.times[0], one.times[-1], one.begins, one.ends) for one in pieces] == [
        (0, 24, "end", "cut"),
        (25, 49, "cut", "end"),
    ]
    assert min(shares(scene, frames(2.0), pieces)) == 1.0


def test_cuts_in_the_dark_and_not_in_a_turn() -> None:
    scene = Scene([], cut=1.0, shift=300)
    for dark in (1.0, 0.12):
        cuts = Cuts()
        greys = [(cv2.cvtColor(scene.paint(n / RATE), cv2.COLOR_RGB2GRAY) * dark).astype(np.uint8) for n in range(50)]
        assert [number for number, grey in enumerate(greys) if cuts.cut(grey)] == [25]
    cuts = Cuts()
    lit = [greys[3], np.minimum(255, greys[3].astype(int) * 6).astype(np.uint8), greys[3]]
    assert not any(cuts.cut(grey) for grey in lit)


def test_two_that_cross_stay_two() -> None:
    scene = Scene([straight((40, 40, 70, 76), (100, 0)), straight((240, 90, 270, 126), (-100, 0))])
    pieces = linked(scene, 2.0, Magenta())
    assert len(pieces) == 2
    assert {len(one.times) for one in pieces} == {50}
    middles = [[(one.boxes[n][0] + one.boxes[n][2]) / 2 for n in (0, -1)] for one in pieces]
    assert sorted(last - first for first, last in middles) == pytest.approx([-196, 196], abs=15)


def test_unsure_sightings_go_on_but_never_begin() -> None:
    scene = Scene([straight((40, 40, 70, 76), (60, 20))])
    assert linked(scene, 1.0, Magenta(score=lambda _: 0.15)) == []
    pieces = linked(scene, 3.0, Magenta(score=lambda look: 0.8 if look == 0 else 0.15))
    assert len(pieces) == 1
    assert len(pieces[0].times) == 75
    assert pieces[0].longest <= EVERY
    assert pieces[0].seen == 38


def test_what_is_gone_for_good_leaves_a_short_tail() -> None:
    scene = Scene([straight((140, 60, 170, 96), (0, 0), until=1.0)])
    (piece,) = linked(scene, 4.0, Magenta())
    assert 24 <= piece.times[-1] <= 24 + 12
    assert piece.ends == "lost"


_numbers = st.floats(-20, 340, allow_nan=False, width=32)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_numbers, st.floats(-20, 200, width=32), st.floats(4, 60, width=32)), min_size=1, max_size=40),
    st.sampled_from([Kind.FACE, Kind.PLATE]),
    st.sampled_from(["entry", "cut", "edge"]),
)
def test_what_hides_contains_what_was_followed(walk: list[tuple[float, float, float]], kind: Kind, begins: str) -> None:
    boxes = {n: np.array([x, y, x + side, y + 1.2 * side], np.float32) for n, (x, y, side) in enumerate(walk)}
    followed = Followed(kind, "", "m", dict(boxes), {0: 0.5}, 0, None, begins=begins)
    piece = cover(followed, list(range(0, 3 * len(walk) + 9, 3)), (320, 180), 1 / RATE, (640, 360))
    at = dict(zip(piece.times, piece.boxes.tolist(), strict=True))
    for number, box in boxes.items():
        inner = np.clip(box * 2, 0, [640, 360, 640, 360])
        if inner[2] - inner[0] > 2 and inner[3] - inner[1] > 2:
            assert share_covered(tuple(inner.tolist()), [at[3 * number]]) == 1.0
    again = Piece.from_json(piece.to_json())
    assert again.times == piece.times
    assert len(piece.times) == 0 or (
        bool((again.boxes[:, :2] <= piece.boxes[:, :2] + 1e-3).all())
        and bool((again.boxes[:, 2:] >= piece.boxes[:, 2:] - 1e-3).all())
    )
