"""A stretch is looked through: pictures from a limited process, a detector here, pieces that cover what is known."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.redaction.media.moving import Magenta, Scene, shares, straight

from candor.core import limited
from candor.core.limited import LimitedCancelled, LimitedError, LimitedGarbage, LimitedKilled
from candor.redaction.media.analysis import SegmentResult, analyse, wishes_for
from candor.redaction.media.frames import Looked, _parse, grey_size, watch
from candor.redaction.media.joining import join
from candor.redaction.media.plan import Plan, look, segments
from candor.redaction.media.sent_pictures import GREY, MARK, PLANE, RECORD
from candor.redaction.model import Track
from candor.redaction.rules import Profile

RATE = 25
SCENE = Scene(
    [
        straight((-30, 40, 0, 76), (60, 4), since=0.4),
        straight((240, 100, 276, 140), (-30, -8), until=3.2),
        straight((100, 120, 124, 148), (0, -10), since=2.0),
    ],
    cut=3.2,
    shift=15,
)
SECONDS = 4.4


@pytest.fixture(scope="module")
def film() -> bytes:
    return SCENE.film(SECONDS, RATE, group=20)


@pytest.fixture(scope="module")
def plan(film: bytes) -> Plan:
    return look(io.BytesIO(film))


def detector() -> Magenta:
    return Magenta(lambda look: look % 7 in (3, 4, 5), second_size=(192, 128))


def tracks_of(film: bytes, plan: Plan, seconds: float, profile: Profile = Profile.DEFAULT) -> list[Track]:
    found = []
    for segment in segments(plan, seconds):
        result = analyse(io.BytesIO(film), plan, segment, [detector()], profile)
        found.append(SegmentResult.from_json(json.loads(json.dumps(result.to_json()))))
    return join(plan, found, part="p")


def covered(plan: Plan, tracks: list[Track]) -> tuple[float, float]:
    """Share of instances covered to nine tenths, and the least."""
    times = [(time, float(time * plan.frames.clock)) for time in plan.frames.all()]
    found = shares(SCENE, times, tracks)
    return sum(share >= 0.9 for share in found) / len(found), min(found)


def test_whole_and_in_stretches_cover_alike(film: bytes, plan: Plan) -> None:
    whole, parts = tracks_of(film, plan, 60), tracks_of(film, plan, 1.0)
    assert len(segments(plan, 1.0)) >= 3
    for tracks in (whole, parts):
        recall, least = covered(plan, tracks)
        assert recall >= 0.995
        assert least > 0.6
        area = sum(
            (min(320, box[2]) - max(0, box[0])) * (min(180, box[3]) - max(0, box[1]))
            for time in plan.frames.all()
            for track in tracks
            if (box := track.at(time)) is not None
        )
        known = sum(
            (box[2] - box[0]) * (box[3] - box[1])
            for time in plan.frames.all()
            for box in SCENE.known(float(time * plan.frames.clock))
        )
        assert area < 3.2 * known  # padding is a fixed share: what is hidden beyond it would show here
    # as many tracks: one thing is one track, however it was cut
    assert len(whole) == len(parts) == 5  # two things are one on each side of the cut
    assert tracks_of(film, plan, 1.0) == parts


@pytest.mark.parametrize("profile", list(Profile))
def test_profiles(film: bytes, plan: Plan, profile: Profile) -> None:
    recall, _ = covered(plan, tracks_of(film, plan, 60, profile))
    assert recall >= 0.99


def test_strict_keeps_what_nobody_was_sure_of(film: bytes, plan: Plan) -> None:
    """Once at .25 and then at .12: too little for the other profiles, which leave it out."""
    for profile, begins, kept in (
        (Profile.STRICT, 0.25, True),
        (Profile.DEFAULT, 0.25, False),
        (Profile.FAST, 0.25, False),
        (Profile.DEFAULT, 0.31, True),
    ):
        unsure = Magenta(score=lambda look, first=begins: first if look == 20 else 0.12)  # type: ignore[misc]
        found = join(
            plan, [analyse(io.BytesIO(film), plan, one, [unsure], profile) for one in segments(plan)], part="p"
        )
        assert bool(found) is kept, profile
        assert all("weak" in one.doubts and one.hidden for one in found)
    once = Magenta(score=lambda look: 0.22 if look == 20 else 0.0)
    assert join(plan, [analyse(io.BytesIO(film), plan, one, [once]) for one in segments(plan)], part="p")


def test_what_a_detector_gets(plan: Plan) -> None:
    (_, usual), *rest = wishes_for(plan, [detector()], Profile.DEFAULT)
    assert usual.sizes == ((320, 192), (224, 128))
    assert usual.every == 2
    assert rest == []
    large = Plan.from_json(
        {**plan.to_json(), "picture": {"width": 1080, "height": 1920}, "facts": {**plan.facts(), "coded": [1920, 1080]}}
    )
    wished = [wish for _, wish in wishes_for(large, [Magenta(size=(640, 384), second_size=(384, 224))], Profile.FAST)]
    assert [(wish.sizes, wish.every) for wish in wished] == [
        (((384, 640), (224, 384)), 3),
        (((736, 1280),), 25),
    ]
    assert grey_size(large) == (270, 480)
    squares = [wish for _, wish in wishes_for(large, [Magenta(size=(640, 640), rarer=5)], Profile.STRICT)]
    assert [(wish.sizes, wish.every) for wish in squares] == [(((352, 640),), 5)]


def test_unequal_times(plan: Plan) -> None:
    gaps = [1, 1, 3, 1, 6, 1, 2, 1, 1, 12]
    moments = [Fraction(sum((gaps * 9)[:place]), 50) for place in range(60)]
    scene = Scene([straight((20, 40, 60, 86), (35, 10))])
    varied = scene.film(0, 25, 12, moments)
    found = look(io.BytesIO(varied))
    result = analyse(io.BytesIO(varied), found, segments(found)[0], [Magenta()], Profile.DEFAULT)
    times = [(time, float(time * found.frames.clock)) for time in found.frames.all()]
    assert min(shares(scene, times, join(found, [result], part="p"))) >= 0.9


def test_nothing_is_found_where_nothing_is(film: bytes, plan: Plan) -> None:
    result = analyse(io.BytesIO(film), plan, segments(plan)[0], [Magenta(lambda _: True)], Profile.DEFAULT)
    assert result.pieces == ()
    assert result.facts["pictures"] == len(plan.frames)
    assert join(plan, [result], part="p") == []
    without = analyse(io.BytesIO(film), plan, segments(plan)[0], [], Profile.DEFAULT)
    assert without.pieces == ()
    assert without.models == ()


def test_progress_and_cancelling(film: bytes, plan: Plan) -> None:
    told: list[float] = []
    analyse(io.BytesIO(film), plan, segments(plan, 1.0)[1], [detector()], progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert told[0] < 0.3

    slow = Magenta(lambda _: bool(time.sleep(0.05)))
    begun = time.monotonic()
    with pytest.raises(LimitedCancelled):
        analyse(io.BytesIO(film), plan, segments(plan)[0], [slow], cancelled=lambda: time.monotonic() - begun > 0.3)
    assert threading.active_count() < 10
    assert not any("candor-looking" in one.name for one in threading.enumerate())


def test_a_detector_that_fails(film: bytes, plan: Plan) -> None:
    class Broken(Exception):
        pass

    def fail(look: int) -> bool:
        if look == 5:
            raise Broken
        return False

    with pytest.raises(Broken):
        analyse(io.BytesIO(film), plan, segments(plan)[0], [Magenta(fail)])
    assert not any("candor-looking" in one.name for one in threading.enumerate())


def test_the_limited_process_is_killed(film: bytes, plan: Plan) -> None:
    """It ends with a plain word, and the next attempt gives what it always gives."""
    before = analyse(io.BytesIO(film), plan, segments(plan)[0], [detector()])

    def kill(pictures: Iterator[Looked]) -> int:
        seen = 0
        for _ in pictures:
            seen += 1
            if seen == 3:
                for child in _children(limited.waiting_processes()):
                    os.kill(child, signal.SIGKILL)
        return seen

    with pytest.raises(LimitedError) as caught:
        watch(io.BytesIO(film), plan, kill)
    assert isinstance(caught.value, LimitedKilled)
    again = analyse(io.BytesIO(film), plan, segments(plan)[0], [detector()])
    assert again.to_json()["pieces"] == before.to_json()["pieces"]


def _children(parents: list[int]) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) in parents and fields[0] != "Z":
                found.append(int(folder.name))
    return found


def _send(*pieces: bytes) -> Any:
    parser = _parse({GREY: {(1, 4, 2)}, 0: {(3, 2, 2)}})
    wanted = next(parser)
    data = b"".join(pieces)
    while data:
        assert isinstance(wanted, int)
        wanted, data = parser.send(data[:wanted]), data[wanted:]
    return wanted


def test_what_the_limited_process_sends_is_not_believed() -> None:
    head, grey, colour = RECORD.pack(MARK, 7, 1, 1, 2), PLANE.pack(GREY, 1, 4, 2), PLANE.pack(0, 3, 2, 2)
    looked = _send(head, colour, bytes(range(12)), grey, bytes(8))
    assert isinstance(looked, Looked)
    assert looked.cut
    assert looked.time == 7
    assert looked.grey.shape == (2, 4)
    assert looked.colour[0][1][1, 0].tolist() == [6, 7, 8]
    for wrong in (
        [RECORD.pack(b"junk", 7, 1, 0, 1)],
        [RECORD.pack(MARK, 7, 1, 0, 0)],
        [head, PLANE.pack(GREY, 1, 4000, 4000)],
        [head, PLANE.pack(3, 3, 2, 2)],
        [RECORD.pack(MARK, 7, 1, 0, 1), colour, bytes(12)],
    ):
        with pytest.raises(LimitedGarbage):
            _send(*wrong)


@pytest.mark.soak
def test_memory_is_flat() -> None:
    """Ten minutes need hardly more than one."""
    import resource

    scene = Scene([straight((20, 40, 60, 86), (2, 0.2))])
    long = scene.film(600, RATE, group=50)
    plan = look(io.BytesIO(long))
    analyse(io.BytesIO(long), plan, segments(plan, 60)[0], [Magenta()])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = Plan.from_json({**plan.to_json(), "facts": {**plan.facts(), "seekable": False}})
    analyse(io.BytesIO(long), whole, segments(whole)[0], [Magenta()])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB
