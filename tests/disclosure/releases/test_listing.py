"""The list of releases, and what a release could hold, on each kind of database."""

from __future__ import annotations

import pytest
from tests.disclosure.decisions.law import MINOR
from tests.disclosure.decisions.office import LOOKED_AT, hold_back, release
from tests.disclosure.releases.place import Releasing, leave_copy

from candor.disclosure.decisions.anew import decide_anew
from candor.disclosure.decisions.errors import ChangedMeanwhile, ReleaseForbidden
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.releases.errors import ReleaseUnknown
from candor.disclosure.releases.listing import ListQuery, counts_of, list_of
from candor.disclosure.releases.offering import offered
from candor.disclosure.releases.rules import Audience, Needs, ReleaseState
from candor.people.errors import Refused


def test_what_waits_longest_stands_first_and_whose_turn_it_is(releasing: Releasing) -> None:
    office = releasing.office
    office.decide(release())
    copy_id = leave_copy(office, b"a copy")
    made = []
    for title in ("The first", "The second 100%", "The third"):
        made.append(releasing.prepare(copy_id, title=title))
        office.archive.clock.advance(60)
    with office.archive.database.read() as tx:
        waiting = list_of(tx, office.second, ListQuery())
        assert [one.id for one in waiting.rows] == made
        first = list_of(tx, office.second, ListQuery(), limit=2)
        assert ([one.id for one in first.rows], first.total) == (made[:2], 3)
        rest = list_of(tx, office.second, ListQuery(after=first.after or ""), limit=2)
        assert ([one.id for one in rest.rows], rest.after) == (made[2:], None)
        newest = list_of(tx, office.second, ListQuery(states=()), limit=2)
        assert [one.id for one in newest.rows] == made[:0:-1]
        older = list_of(tx, office.second, ListQuery(states=(), after=newest.after or ""))
        assert [one.id for one in older.rows] == made[:1]
        assert [one.id for one in list_of(tx, office.second, ListQuery(text="SECOND 100%")).rows] == made[1:2]
        assert list_of(tx, office.second, ListQuery(text="second_100")).rows == ()
        assert list_of(tx, office.second, ListQuery(audience=Audience.REQUESTER)).total == 0
        assert list_of(tx, office.second, ListQuery(mine=True)).total == 3
        assert list_of(tx, office.records, ListQuery(mine=True)).total == 0
        assert counts_of(tx, office.second) == {**dict.fromkeys(ReleaseState, 0), "prepared": 3, "mine": 3}
        with pytest.raises(ReleaseUnknown):
            list_of(tx, office.second, ListQuery(after="none"))
        with pytest.raises(Refused):
            list_of(tx, office.archive.officer, ListQuery())


def test_what_a_release_could_hold_and_what_forbids_it(releasing: Releasing) -> None:
    office = releasing.office
    first = leave_copy(office, b"an older copy")
    office.archive.clock.advance(60)
    second = leave_copy(office, b"a newer copy")

    def look() -> tuple[list[object], Needs]:
        with office.archive.database.read() as tx:
            found = offered(tx, office.archive.vault, office.records, office.subject, clock=office.archive.clock)
        (one,) = found.rows
        assert found.counts[found.needs] == sum(found.counts.values()) == 1
        assert [(copy.id, copy.newest) for copy in one.copies] == [(second, True), (first, False)]
        return [one.decision, one.usual, one.against, one.released], found.needs

    (decision, usual, against, _), needs = look()
    assert (decision, usual, needs) == (None, (), Needs.DECISION)
    assert isinstance(against, ReleaseForbidden)
    office.decide(release())
    assert look() == ([Decision.RELEASE, (second,), None, ()], Needs.RELEASE)
    made = releasing.prepare(second)
    assert look() == ([Decision.RELEASE, (second,), None, ("RL-2026-0001",)], Needs.NOTHING)
    releasing.discard(made)
    assert look() == ([Decision.RELEASE, (second,), None, ()], Needs.RELEASE)
    with office.archive.database.write() as tx:
        given = (tx, office.records, office.subject, office.recording, [hold_back(Decision.WITHHOLD, MINOR)], [])
        decide_anew(*given, reason="Looked again", upon=office.upon(), clock=office.archive.clock)
    assert look()[1] is Needs.WITHHELD


def test_deciding_anew_keeps_both_on_record_or_changes_nothing(releasing: Releasing) -> None:
    office = releasing.office
    office.decide(release())
    upon = office.upon()

    def anew(*choices: object, reason: str = "Looked again", stale: str = "") -> None:
        with office.archive.database.write() as tx:
            given = (tx, office.records, office.subject, office.recording, choices, [LOOKED_AT])
            decide_anew(*given, reason=reason, upon=stale or office.upon(), clock=office.archive.clock)  # type: ignore[arg-type]

    anew(hold_back(Decision.WITHHOLD, MINOR))
    with pytest.raises(ChangedMeanwhile):
        anew(release(), stale=upon)
    before = office.upon()
    with pytest.raises(Exception, match="names an exemption"):
        anew(hold_back(Decision.WITHHOLD, "no such thing"))
    assert office.upon() == before
