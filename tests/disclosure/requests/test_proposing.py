"""The search proposes what a request may mean, with reasons, within what somebody may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.disclosure.requests.place import RequestPlace

from candor.disclosure.requests import meant, proposing
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.proposing import Proposals, metres, propose, propose_for
from candor.disclosure.requests.rules import Meant
from candor.footage.tracks import Point, Track, keep_track
from candor.people.errors import Refused


def test_numbers_officer_place_and_time_each_give_their_reason(here: RequestPlace) -> None:
    now = here.clock.now()
    both = here.record(hours=10, wearer_id=here.officer.account_id, place="Pike Street", duration_ms=600_000)
    numbered = here.record(hours=300, incident_number="26-100")
    late = here.record(hours=8.5, place="Pike Street", duration_ms=60_000)
    here.record(hours=10, place="Elm Street")
    here.record(hours=500, place="Pike Street")
    began = now - timedelta(hours=13, minutes=10)
    named = Named(officer="okafor", place="pike", incident="26-100", began=began, ended=began + timedelta(hours=1))
    found = _propose(here, named)
    assert [one.recording.id for one in found.rows] == [both, numbered, late]
    reasons = {one.recording.id: " ".join(one.reasons) for one in found.rows}
    assert "26-100" in reasons[numbered]
    assert all(words in reasons[both] for words in ("okafor", "pike", "within the time"))
    assert "minutes after the time" in reasons[late]
    assert len(found.looked_for) == 4
    assert not found.bounded


def test_the_track_of_a_camera_speaks_for_a_recording(here: RequestPlace) -> None:
    here.record(hours=900, place="Pike Street", latitude=41.7658, longitude=-72.6734)
    near, far = (here.record(hours=2, duration_ms=60_000) for _ in range(2))
    with here.database.write() as tx:
        for one, latitude in ((near, 41.7665), (far, 41.9)):
            points = tuple(Point(float(n), latitude + n / 1e6, -72.6734) for n in range(100))
            keep_track(tx, one, Track("gpx", points), actor="system:test", clock=here.clock)
    began = here.clock.now() - timedelta(hours=6)
    found = _propose(here, Named(place="Pike Street", began=began, ended=began + timedelta(hours=4)))
    assert [one.recording.id for one in found.rows] == [near]
    assert any("m from where other recordings" in words for words in found.rows[0].reasons)


def test_a_time_alone_proposes_all_of_it_and_nothing_named_nothing(here: RequestPlace) -> None:
    one = here.record(hours=2, duration_ms=1000)
    reaching = here.record(hours=4, duration_ms=3 * 3_600_000)  # it began before, and runs into the time
    here.record(hours=20)
    began = here.clock.now() - timedelta(hours=5, minutes=30)
    found = _propose(here, Named(began=began, ended=began + timedelta(hours=1)))
    assert {row.recording.id for row in found.rows} == {one, reaching}
    assert _propose(here, Named()) == Proposals((), (), False, ())


def test_only_what_may_be_seen_is_proposed_and_what_was_said_is_told(here: RequestPlace) -> None:
    one = here.record(hours=2, place="Pike Street", title="The stop of Grace Hopper")
    asked = here.ask(named=Named(place="Pike Street", person="Hopper"))
    with here.database.write() as tx:
        meant.not_mean(tx, here.records, asked.id, [one], why="Another street.", clock=here.clock)
        (found,) = propose(tx, here.records, asked.id).rows
        assert (found.said, len(found.reasons)) == (Meant.NOT_MEANT, 2)
        with pytest.raises(Refused):
            propose(tx, here.officer, asked.id)
        assert propose_for(tx, here.counsel, Named(place="Pike Street")).rows


def test_what_is_vague_is_said_and_what_is_bounded_too(here: RequestPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "_EACH", 2)
    for _ in range(4):
        here.record(hours=2, place="Pike Street")
    found = _propose(here, Named(place="Pike", case_number="C-none"))
    assert found.bounded
    assert len(found.rows) == 2


@pytest.mark.parametrize(
    ("here_at", "there_at", "wanted"),
    [((0.0, 0.0), (0.0, 0.0), 0), ((0.0, 0.0), (0.0, 1.0), 111_195), ((41.0, 179.9), (41.0, -179.9), 16_784)],
)
def test_metres(here_at: tuple[float, float], there_at: tuple[float, float], wanted: float) -> None:
    assert metres(here_at, there_at) == pytest.approx(wanted, rel=0.005)


def _propose(here: RequestPlace, named: Named, **more: Any) -> Proposals:
    with here.database.read() as tx:
        return propose_for(tx, here.records, named, **more)
