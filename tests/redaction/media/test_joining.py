"""From pieces of stretches to tracks: one thing is one track, and no line between keys uncovers anything."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.redaction.media.analysis import SegmentResult
from candor.redaction.media.joining import join
from candor.redaction.media.pieces import Piece
from candor.redaction.media.plan import Plan, Segment, segments
from candor.redaction.media.thinning import keys_of
from candor.redaction.model import DOUBTS, FrameTimes, Kind, Origin, Picture, Shape, Track
from candor.redaction.rules import Profile

STEP = 40


def plan_of(pictures: int = 100, keys: tuple[int, ...] = (0, 1000, 2000, 3000), seekable: bool = True) -> Plan:
    frames = FrameTimes(Fraction(1, 1000), ((0, STEP, pictures),))
    return Plan(
        Picture(640, 360),
        frames,
        keys,
        keys,
        seekable,
        "h264",
        "yuv420p",
        "mp4",
        (640, 360),
        Fraction(25),
        0,
        None,
        4.0,
    )


def piece(first: int, last: int, x: float = 100.0, drift: float = 1.0, **other: object) -> Piece:
    """In pictures `first` to `last`, moving `drift` pixels in each."""
    numbers = np.arange(first, last + 1, dtype=np.float32)
    left = x + drift * numbers
    boxes = np.stack([left, np.full_like(left, 50), left + 40, np.full_like(left, 98)], axis=1)
    plain = Piece(
        Kind.FACE,
        "",
        "m@1",
        tuple(int(n) * STEP for n in numbers),
        boxes,
        0.9,
        0.8,
        40,
        50,
        3,
        40.0,
        0.1,
        "entry",
        "edge",
    )
    return replace(plain, **other)


def results(plan: Plan, *pieces: list[Piece]) -> list[SegmentResult]:
    return [
        SegmentResult(segment, tuple(found), ("m@1",), Profile.DEFAULT)
        for segment, found in zip(segments(plan, 1.0), pieces, strict=True)
    ]


def covers(track: Track, one: Piece) -> bool:
    for time, box in zip(one.times, one.boxes.tolist(), strict=True):
        mask = track.at(time)
        if mask is None or mask[0] > box[0] or mask[1] > box[1] or mask[2] < box[2] or mask[3] < box[3]:
            return False
    return True


def test_segments_are_cut_at_key_frames() -> None:
    plan = plan_of()
    assert segments(plan, 1.0) == [
        Segment(0, None, 1000),
        Segment(1, 1000, 2000),
        Segment(2, 2000, 3000),
        Segment(3, 3000, None),
    ]
    assert segments(plan, 1.5) == [Segment(0, None, 2000), Segment(1, 2000, None)]
    assert segments(plan, 3.0) == [Segment(0, None, 3000), Segment(1, 3000, None)]
    assert len(segments(plan, 3.9)) == 1
    assert segments(plan_of(seekable=False), 1.0) == [Segment(0, None, None)]
    assert [Segment.from_json(one.to_json()) for one in segments(plan, 1.0)] == segments(plan, 1.0)


def test_pieces_of_neighbours_become_one_track() -> None:
    plan = plan_of()
    first, second, third = piece(5, 48), piece(27, 74, x=102), piece(50, 90)
    other = piece(30, 60, x=400)
    tracks = join(plan, results(plan, [first], [second, other], [third], []), part="p1")
    assert len(tracks) == 2
    assert (tracks[0].first, tracks[0].last) == (5 * STEP, 90 * STEP)
    assert all(covers(tracks[0], one) for one in (first, second, third))
    assert covers(tracks[1], other)
    assert {(one.kind, one.origin, one.shape, one.model, one.part) for one in tracks} == {
        (Kind.FACE, Origin.MODEL, Shape.BOX, "m@1", "p1")
    }
    assert "joined" not in tracks[0].doubts
    assert join(plan, results(plan, [first], [second, other], [third], []), part="p1") == tracks
    assert {one.id for one in join(plan, results(plan, [first], [], [], []), part="p2")}.isdisjoint(
        one.id for one in tracks
    )
    assert [Track.from_json(one.to_json()) for one in tracks] == tracks


def test_what_begins_beyond_its_end_is_the_next_ones() -> None:
    plan = plan_of()
    assert join(plan, results(plan, [piece(26, 49)], [], [], []), part="p") == []
    apart = join(plan, results(plan, [piece(0, 40)], [piece(45, 60)], [], []), part="p")
    assert len(apart) == 2


def test_another_models_track_of_the_same_thing_says_nothing_new() -> None:
    plan = plan_of()
    same = replace(piece(10, 20), model="n@1", boxes=piece(10, 20).boxes + np.array([4, 4, -4, -4], np.float32))
    elsewhere = piece(10, 20, x=300, model="n@1")
    tracks = join(plan, results(plan, [piece(0, 40), same, elsewhere], [], [], []), part="p")
    assert sorted(one.model or "" for one in tracks) == ["m@1", "n@1"]


def test_doubts() -> None:
    plan = plan_of()
    plain = piece(0, 40, ends="end", begins="end")
    cases = {
        "short": replace(plain, times=plain.times[:8], boxes=plain.boxes[:8]),
        "weak": replace(plain, score=0.3, mean=0.22),
        "filled": replace(plain, longest=30),
        "small": replace(plain, size=14.0),
        "fast": replace(plain, speed=1.2),
        "edge": replace(plain, begins="edge"),
        "cut": replace(plain, ends="cut"),
        "lost": replace(plain, ends="lost"),
    }
    (nothing,) = join(plan, results(plan, [plain], [], [], []), part="p")
    assert (nothing.doubt, nothing.doubts) == (0.0, ())
    for doubt, one in cases.items():
        (track,) = join(plan, results(plan, [one], [], [], []), part="p")
        assert track.doubts == (doubt,)
        assert 0 < track.doubt < 1
        assert doubt in DOUBTS
    (joined,) = join(plan, results(plan, [plain], [piece(26, 60, x=118, ends="end")], [], []), part="p")
    assert "joined" in joined.doubts
    (grave,) = join(plan, results(plan, [replace(cases["weak"], size=10.0)], [], [], []), part="p")
    assert grave.doubt > max(0.45, 0.15)
    assert grave.doubts == ("weak", "small")


_walks = st.lists(
    st.tuples(*(st.floats(-60, 60, width=32) for _ in range(2)), *(st.floats(2, 90, width=32) for _ in range(2))),
    min_size=1,
    max_size=60,
)


@settings(max_examples=120, deadline=None)
@given(_walks, st.lists(st.integers(1, 900), min_size=60, max_size=60), st.booleans())
def test_no_line_between_keys_uncovers_anything(
    walk: list[tuple[float, float, float, float]], gaps: list[int], smooth: bool
) -> None:
    rows = np.array(walk, np.float32)
    if smooth:
        rows = np.cumsum(rows * 0.05, axis=0, dtype=np.float32) + 300
    boxes = np.concatenate([rows[:, :2], rows[:, :2] + np.maximum(2, np.abs(rows[:, 2:]))], axis=1)
    times = np.cumsum(gaps[: len(boxes)]).tolist()
    keys = keys_of(times, boxes)
    assert keys[0].at == times[0]
    assert keys[-1].at == times[-1]
    track = Track("t", "p", Kind.FACE, Origin.MODEL, Shape.BOX, keys)
    allowed = max(1.5, 0.04 * float(np.median(boxes[:, 2:] - boxes[:, :2]))) + 0.25
    for time, box in zip(times, boxes.astype(float).tolist(), strict=True):
        x0, y0, x1, y1 = track.at(time) or (0, 0, 0, 0)
        beyond = [box[0] - x0, box[1] - y0, x1 - box[2], y1 - box[3]]
        assert min(beyond) >= -0.01
        assert max(beyond) <= allowed


def test_a_straight_way_needs_two_keys() -> None:
    still = np.tile(np.array([[10, 20, 50, 70]], np.float32), (500, 1))
    assert len(keys_of(range(500), still)) == 2
    moving = still + np.arange(500, dtype=np.float32)[:, None] * 0.7
    assert len(keys_of(range(0, 1000, 2), moving)) == 2
    assert len(keys_of([7], still[:1])) == 1
    assert keys_of([7], still[:1])[0].numbers == pytest.approx((9.2, 19.2, 50.8, 70.8), abs=0.2)


def test_what_only_begins_alike_stays() -> None:
    """Two things fill the picture at first, then each goes its way."""
    plan = plan_of(keys=(0,))
    boxes = np.tile(np.array([[0, 0, 640, 360]], np.float32), (30, 1))
    left, right = boxes.copy(), boxes.copy()
    left[15:, 2], right[15:, 0] = 200, 440
    pieces = [replace(piece(0, 29), boxes=one) for one in (left, right, left)]
    found = join(plan, results(plan, pieces), part="p")
    assert len(found) == len({one.id for one in found}) == 2
    last = [one.at(29 * STEP) for one in found]
    assert {box is not None and box[0] > 400 for box in last} == {True, False}
    assert join(plan, results(plan, pieces), part="p") == found
