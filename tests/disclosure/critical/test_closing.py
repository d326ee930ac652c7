"""Closing a critical incident: whether what it held stays held is chosen, by who may, and stands on record."""

from __future__ import annotations

import pytest
from tests.disclosure.critical.conftest import Incident
from tests.disclosure.critical.test_critical import sqlite_only

from candor.custody import recent
from candor.custody.events import Event
from candor.disclosure.critical import closing, incidents
from candor.disclosure.critical.closing import Closed
from candor.disclosure.critical.errors import CriticalChanged, CriticalHolds, CriticalWrong
from candor.disclosure.critical.timeline import timeline_of
from candor.footage import restrictions
from candor.footage.regrouping import regroup
from candor.footage.restriction_rules import RestrictionKind
from candor.people.errors import Refused
from candor.people.rules import Actor, Permission
from candor.retention import holds
from candor.retention.holds import Hold


def close(incident: Incident, *, actor: Actor | None = None, **given: object) -> Closed:
    office = incident.office
    with office.archive.database.write() as tx:
        words = {"reason": "it is over", "although": True, **given}
        return closing.close(tx, actor or office.records, incident.id, **words, clock=office.archive.clock)  # type: ignore[arg-type]


def its_hold(incident: Incident) -> Hold:
    """The hold that the incident placed on the recording."""
    office = incident.office
    with office.archive.database.read() as tx:
        every = holds.holds_of_recording(tx, office.recording)
        return next(one for one in every if "the critical incident" in one.reason)


def test_it_is_chosen_whether_what_it_held_stays_held(incident: Incident) -> None:
    office = incident.office
    with office.archive.database.read() as tx:
        (held,), hidden = closing.holds_of(tx, office.records, incident.id)
    assert (held.recording_id, held.otherwise, hidden) == (office.recording, True, 0), "a request means it, too"
    with pytest.raises(CriticalHolds, match="holds 1 recording"):
        close(incident)
    with pytest.raises(CriticalWrong, match="reason why it stays held"):
        close(incident, keep_because="x" * 301)
    assert its_hold(incident).open
    assert close(incident, keep_because="a lawsuit may follow") == Closed((held.hold_id,), ())
    kept = its_hold(incident)
    assert kept.open
    assert kept.reason == "the critical incident C-2026-0001, which was closed: a lawsuit may follow"
    with office.archive.database.read() as tx:
        told = timeline_of(tx, office.records, incident.id)[-1]
        events = {one.kind: one for one in recent(tx, limit=20)}
    assert told.words == "A critical incident was closed. 1 recording stays held."
    assert events[Event.CRITICAL_CLOSED].details["holds_kept"] == [held.hold_id]
    said = events[Event.HOLD_KEPT]
    assert (said.recording_id, said.details["by"]) == (office.recording, office.records.account_id)
    assert said.details["reason_before"] == "the critical incident C-2026-0001"
    with office.archive.database.write() as tx:  # it is a hold as every other
        holds.release(tx, office.counsel, kept.id, reason="no suit came", clock=office.archive.clock)


def test_it_is_freed_by_choice_under_the_name_of_who_chose(incident: Incident) -> None:
    hold_id = its_hold(incident).id
    assert close(incident, free_holds=True) == Closed((), (hold_id,))
    freed = its_hold(incident)
    assert (freed.open, freed.released_by) == (False, incident.office.records.account_id)
    with incident.office.archive.database.read() as tx:
        every = holds.holds_of_recording(tx, incident.office.recording)
        told = timeline_of(tx, incident.office.records, incident.id)[-1]
    assert any(one.open for one in every), "what else holds it goes on"
    assert told.words == "A critical incident was closed. 1 hold was released."


@sqlite_only
def test_freeing_needs_the_right_to_release_holds(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeping is open to everybody who may close it."""
    may, records = Actor.may, incident.office.records

    def without(self: Actor, permission: Permission) -> object:
        narrowed = self.account_id == records.account_id and permission is Permission.HOLDS_MANAGE
        return (
            may(Actor(self.account_id, frozenset(), self.unit_id, self.display_name), permission)
            if narrowed
            else may(self, permission)
        )

    monkeypatch.setattr(Actor, "may", without)
    with pytest.raises(Refused):
        close(incident, free_holds=True)
    assert its_hold(incident).open
    assert len(close(incident, keep_because="a claim").kept) == 1


@sqlite_only
def test_what_its_closer_may_not_see_stays_held(incident: Incident) -> None:
    office = incident.office
    with office.archive.database.write() as tx:
        placed = {"reason": "an inquiry", "actor": "system:test"}
        where = restrictions.place(tx, office.recording, RestrictionKind.COMPELLED, **placed)
        out = {"may": False, "reason": "on the other side", "actor": "system:test"}
        restrictions.name_person(tx, str(where), office.records.account_id, **out)
    with office.archive.database.read() as tx:
        assert closing.holds_of(tx, office.records, incident.id) == ([], 1)
    assert len(close(incident, free_holds=True).kept) == 1
    assert its_hold(incident).reason == "the critical incident C-2026-0001, which was closed"


@sqlite_only
def test_what_came_to_it_after_it_was_looked_at_is_not_freed_unseen(incident: Incident) -> None:
    office = incident.office
    with office.archive.database.read() as tx:
        seen = incidents.critical_incident_of(tx, office.records, incident.id).version
    later = office.archive.worn(b"a film after it", "after.mp4", title="After")
    with office.archive.database.write() as tx:
        incidents.add_recordings(tx, office.records, incident.id, [later.recording_id], clock=office.archive.clock)
    with pytest.raises(CriticalChanged):
        close(incident, free_holds=True, upon=seen)
    assert len(close(incident, free_holds=True, upon=seen + 1).freed) == 2


@sqlite_only
def test_where_somebody_ended_its_holds_nothing_is_asked(incident: Incident) -> None:
    office = incident.office
    with office.archive.database.write() as tx:
        holds.release(tx, office.records, its_hold(incident).id, reason="no need", clock=office.archive.clock)
    assert close(incident) == Closed((), ())


@sqlite_only
def test_two_holds_of_its_own_on_one_recording_are_freed_together(incident: Incident) -> None:
    """Two of its recordings were joined: that each is held by the other is nothing that goes on."""
    office, clock = incident.office, incident.office.archive.clock
    first, second = (
        office.archive.worn(name, f"{name.decode()}.mp4", title="Two").recording_id for name in (b"first", b"second")
    )
    with office.archive.database.write() as tx:
        incidents.add_recordings(tx, office.records, incident.id, [first, second], clock=clock)
        regroup(tx, office.archive.technician, [first, second], reason="one film", clock=clock)
    with office.archive.database.read() as tx:
        found, hidden = closing.holds_of(tx, office.records, incident.id)
    assert (len(found), hidden) == (3, 0)
    assert {one.otherwise for one in found if one.recording_id != office.recording} == {False}
    assert len(close(incident, free_holds=True).freed) == 3
    with office.archive.database.read() as tx:
        assert holds.open_on(tx, [first, second]) == {}
