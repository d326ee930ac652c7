"""Drawn once and followed, and: which tracks may be of one person."""

from __future__ import annotations

import io

import pytest
from tests.redaction.media.moving import Box, Scene, Way, share_covered, straight

from candor.core.limited import LimitedCancelled
from candor.redaction.media.follow import WHY, Direction, Followed, follow
from candor.redaction.media.persons import same_person
from candor.redaction.media.plan import Plan, look
from candor.redaction.model import Key, Kind, Origin, Shape, Track

RATE = 25
GREY = (128, 128, 128)  # like its ground: only its texture tells it
SCENE = Scene(
    [
        straight((40, 40, 80, 84), (40, 10), until=4.0),
        straight((200, 90, 236, 130), (-160, 0), since=1.0, until=4.0),
        straight((150, 20, 190, 60), (0, 8), since=4.0),
    ],
    cut=4.0,
    shift=12,
    colours=[GREY] * 3,
)


@pytest.fixture(scope="module")
def film() -> bytes:
    return SCENE.film(5.2, RATE, group=30)


@pytest.fixture(scope="module")
def plan(film: bytes) -> Plan:
    return look(io.BytesIO(film))


def track_of(keys: tuple[Key, ...], name: str = "t") -> Track:
    return Track(name, "p", Kind.FACE, Origin.FOLLOWED, Shape.BOX, keys)


def worst(plan: Plan, followed: Followed, way: Way) -> float:
    """The least share of the thing that is covered, over all the pictures it was followed in."""
    track = track_of(followed.keys)
    shares = []
    for time in plan.frames.all():
        numbers, known = track.at(time), way(float(time * plan.frames.clock))
        if numbers is not None and known is not None:
            inner = (max(0.0, known[0]), max(0.0, known[1]), min(320.0, known[2]), min(180.0, known[3]))
            if inner[2] - inner[0] >= 8:  # of what leaves, the last columns do not count
                shares.append(share_covered(inner, [numbers]))
    return min(shares)


def at(plan: Plan, seconds: float) -> int:
    return plan.frames.at(plan.frames.number_at(plan.frames.ticks(seconds)))


@pytest.mark.parametrize(
    ("place", "begin", "direction", "until", "why", "end"),
    [
        (0, 0.0, "forward", None, "cut", 3.96),
        (0, 1.48, "forward", 2.52, "until", 2.52),
        (0, 3.6, "backward", None, "end", 0.0),
        (1, 1.4, "forward", None, "edge", 2.4),
        (2, 5.0, "backward", None, "cut", 4.0),
        (2, 4.4, "forward", None, "end", 5.16),
    ],
)
def test_followed(
    film: bytes, plan: Plan, place: int, begin: float, direction: Direction, until: float | None, why: str, end: float
) -> None:
    way = SCENE.ways[place]
    box = way(plan.frames.seconds(at(plan, begin)))
    assert box is not None
    limit = None if until is None else plan.frames.ticks(until)
    found = follow(io.BytesIO(film), plan, box, at(plan, begin) + 3, direction, limit)
    assert found.why == why
    assert why in WHY
    drawn, last = (found.keys[0], found.keys[-1]) if direction == "forward" else (found.keys[-1], found.keys[0])
    assert drawn.at == at(plan, begin)
    assert abs(plan.frames.seconds(last.at) - end) <= 0.13 if why == "edge" else last.at == at(plan, end)
    assert worst(plan, found, way) >= (0.6 if why == "edge" else 0.85)
    assert len(found.keys) < 12


def test_it_stops_where_it_cannot_tell(film: bytes, plan: Plan) -> None:
    """A thing that is there no more is not followed for ever over the ground that was behind it."""
    scene = Scene([straight((140, 60, 180, 100), (30, 0), until=1.0)], colours=[GREY])
    gone = scene.film(2.4, RATE, group=30)
    seen = look(io.BytesIO(gone))
    found = follow(io.BytesIO(gone), seen, (140, 60, 180, 100), 0)
    assert found.why == "lost"
    assert 0.85 <= seen.frames.seconds(found.keys[-1].at) <= 1.3


def test_cancelled(film: bytes, plan: Plan) -> None:
    with pytest.raises(LimitedCancelled):
        follow(io.BytesIO(film), plan, (40, 40, 80, 84), 0, cancelled=lambda: True)


def test_the_same_person() -> None:
    """By clothes and hair, and by where one track ends and the next begins; never somebody who is there beside them."""
    red, blue = (200, 40, 40), (40, 60, 200)
    heads: list[tuple[Box, float, float, tuple[int, int, int]]] = [
        ((40, 30, 60, 56), 0.0, 1.6, red),
        ((200, 30, 220, 56), 0.0, 4.0, blue),
        ((90, 34, 110, 60), 2.4, 4.0, red),
        ((260, 30, 280, 56), 2.4, 4.0, (40, 170, 60)),
    ]
    ways, colours = [], []
    for box, since, until, colour in heads:
        x0, _, x1, y1 = box
        ways += [straight(box, (6, 0), since, until), straight((x0 - 8, y1, x1 + 8, y1 + 60), (6, 0), since, until)]
        colours += [(170, 140, 120), colour]
    scene = Scene(ways, colours=colours)
    film = scene.film(4.0, RATE, group=20)
    plan = look(io.BytesIO(film))
    tracks = []
    for number, (_, since, until, _) in enumerate(heads):
        first, last = at(plan, since), at(plan, until - 0.04)
        ends = [Key(time, ways[2 * number](plan.frames.seconds(time)) or ()) for time in (first, last)]
        tracks.append(track_of(tuple(ends), f"t{number}"))
    found = same_person(io.BytesIO(film), plan, tracks, "t0")
    assert found[0][0] == "t2"
    assert found[0][1] > 0.75
    assert "t1" not in dict(found)  # in the picture together
    assert all(likely < 0.6 for name, likely in found if name == "t3")
    assert same_person(io.BytesIO(film), plan, tracks, "t0") == found
    assert dict(same_person(io.BytesIO(film), plan, tracks, "t2"))["t0"] == found[0][1]
    assert "t0" not in dict(same_person(io.BytesIO(film), plan, tracks, "t1"))
    with pytest.raises(KeyError):
        same_person(io.BytesIO(film), plan, tracks, "nobody")
