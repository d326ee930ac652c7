"""From the outbox to inboxes: who is told, once, and by the agency's own rules."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.notices.conftest import Desk
from tests.people.place import Place

from candor import custody, notices
from candor.core import outbox
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.outbox import NoticeKind, Severity, outbox_notice
from candor.custody import Event
from candor.notices import routing
from candor.notices.errors import AccountCannotBeTold, NoticeKindUnknown, RouteToGuest, RouteToNobody
from candor.notices.passing_on import pass_on
from candor.notices.tables import notice_entry
from candor.people.errors import Refused, RoleUnknown
from candor.people.rules import Role
from candor.people.service import change_account


def _told(desk: Desk) -> set[str]:
    with desk.database.read() as tx:
        return {row.account_id for row in tx.execute(notice_entry.select())}


def test_by_role(desk: Desk, place: Place) -> None:
    watcher = place.add("watcher", Role.OVERSIGHT)
    officer = place.add("officer", Role.OFFICER)
    desk.tell(NoticeKind.LOG_NOT_SIGNING, details={"words": "No key.", "lag": 70}, about="/custody")
    assert desk.notifier.run_once() > 0
    for who in (watcher, place.administrator):
        (entry,) = desk.inbox(who)
        assert (entry.kind, entry.facts.severity) == (NoticeKind.LOG_NOT_SIGNING, Severity.URGENT)
        assert (entry.words, entry.facts_told, entry.about) == ("No key.", [("lag", 70)], "/custody")
    assert desk.inbox(officer) == []


def test_by_name_and_nobody_twice(desk: Desk, place: Place) -> None:
    officer = place.add("officer", Role.OFFICER)
    desk.tell(NoticeKind.TOKEN_EXPIRING, to=[officer.account_id, officer.account_id, "nobody"])
    desk.notifier.run_once()
    desk.notifier.run_once()
    assert _told(desk) == {officer.account_id}
    assert len(desk.inbox(officer)) == 1


@pytest.mark.parametrize("gone", ["inactive", "guest", "unknown"])
def test_somebody_is_always_told(desk: Desk, place: Place, gone: str) -> None:
    role = Role.DEFENCE_GUEST if gone == "guest" else Role.OFFICER
    who = place.add("who", role)
    if gone == "inactive":
        with desk.database.write() as tx:
            change_account(tx, place.administrator, who.account_id, {"active": False})
    to = ["unknown"] if gone == "unknown" else [who.account_id]
    desk.tell(NoticeKind.TOKEN_EXPIRING, to=to)
    with desk.database.write() as tx:  # a route that leads to nobody: no account has the role
        notices.change_route(tx, place.administrator, NoticeKind.BACKUP_OVERDUE, roles=[Role.RESEARCHER])
    desk.tell(NoticeKind.BACKUP_OVERDUE)
    desk.notifier.run_once()
    assert _told(desk) == {place.administrator.account_id}
    found = [one.kind for one in desk.inbox(place.administrator) if one.kind is not NoticeKind.ACCOUNT_CHANGED]
    assert sorted(found) == [NoticeKind.BACKUP_OVERDUE, NoticeKind.TOKEN_EXPIRING]


def test_before_there_is_anybody_it_waits(database: Database, fixed_clock: FixedClock) -> None:
    with database.write() as tx:
        outbox.tell(tx, NoticeKind.DISK_NEARLY_FULL, clock=fixed_clock)
    assert pass_on(database, fixed_clock, mail=False) == 0
    with database.read() as tx:
        assert notices.state(tx, now=fixed_clock.now()).pending == 1


def test_several_processes_pass_on_once(
    desk: Desk, place: Place, fixed_clock: FixedClock, second_database: Callable[[], Database]
) -> None:
    for _ in range(15):
        desk.tell(NoticeKind.JOB_FAILED)
    done: list[int] = []
    others = [second_database() for _ in range(3)]
    threads = [
        threading.Thread(target=lambda one=one: done.append(pass_on(one, fixed_clock, mail=True)))  # type: ignore[misc]
        for one in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(done) == 15
    assert len(desk.inbox(place.administrator)) == 15


def test_it_is_over(desk: Desk, place: Place, fixed_clock: FixedClock) -> None:
    desk.tell(NoticeKind.WITNESS_AWAY, once="witness:w")
    desk.notifier.run_once()
    with desk.database.write() as tx:
        assert notices.mark_all_read(tx, place.administrator.account_id, until=fixed_clock.now()) == 1
    fixed_clock.advance(600)
    desk.resolve("witness:w")
    desk.notifier.run_once()
    (entry,) = desk.inbox(place.administrator)
    assert (entry.resolved_at, entry.told_at, entry.read_at) == (fixed_clock.now(), fixed_clock.now(), None)


def test_over_before_anybody_heard(desk: Desk, place: Place) -> None:
    desk.tell(NoticeKind.WITNESS_AWAY, once="witness:w")
    desk.resolve("witness:w")
    desk.notifier.run_once()
    (entry,) = desk.inbox(place.administrator)
    assert entry.resolved_at is not None
    assert desk.notifier.run_once() == 0


def test_what_a_newer_program_tells_waits_for_it(desk: Desk, rows: Callable[[Any], list[Any]]) -> None:
    desk.tell(NoticeKind.JOB_FAILED)
    with desk.database.write() as tx:
        tx.execute(outbox_notice.update().values(kind="survey:due"))
    desk.tell(NoticeKind.BACKUP_FAILED)
    desk.notifier.run_once()
    assert [row.pending for row in rows(outbox_notice) if row.kind == "survey:due"] == ["told"]
    assert len(desk.inbox(desk.place.administrator)) == 1


# -- the agency's own rules


def test_routes_are_changed_by_whoever_may(desk: Desk, place: Place) -> None:
    manager = place.add("manager", Role.PROGRAMME_MANAGER)
    officer = place.add("officer", Role.OFFICER)
    with desk.database.write() as tx, pytest.raises(Refused):
        notices.change_route(tx, manager, NoticeKind.JOB_FAILED, roles=[Role.OFFICER])
    with desk.database.write() as tx:
        event = notices.change_route(
            tx,
            place.administrator,
            NoticeKind.JOB_FAILED,
            roles=[Role.PROGRAMME_MANAGER],
            accounts=[officer.account_id],
            clock=desk.clock,
        )
        again = notices.change_route(
            tx,
            place.administrator,
            NoticeKind.JOB_FAILED,
            roles=["programme_manager"],
            accounts=[officer.account_id],
        )
    assert event is not None
    assert again is None
    with desk.database.read() as tx:
        found = custody.find(tx, event)
    assert (found.kind, found.actor) == (Event.NOTICES_ROUTE_CHANGED, place.administrator.account_id)
    assert found.details["old"] == {"roles": ["administrator", "evidence_technician"], "accounts": []}
    assert found.details["new"] == {"roles": ["programme_manager"], "accounts": [officer.account_id]}
    desk.tell(NoticeKind.JOB_FAILED)
    desk.notifier.run_once()
    assert _told(desk) == {manager.account_id, officer.account_id}


def test_routes_that_cannot_be(desk: Desk, place: Place) -> None:
    guest = place.add("guest", Role.PROSECUTOR_GUEST)
    chief, kind = place.administrator, NoticeKind.JOB_FAILED
    with desk.database.write() as tx:
        with pytest.raises(RouteToGuest):
            notices.change_route(tx, chief, kind, roles=[Role.DEFENCE_GUEST])
        with pytest.raises(RouteToNobody):
            notices.change_route(tx, chief, kind, roles=[])
        with pytest.raises(AccountCannotBeTold):
            notices.change_route(tx, chief, kind, roles=[], accounts=[guest.account_id])
        with pytest.raises(AccountCannotBeTold):
            routing.account_ids(tx, ["ghost"])
        with pytest.raises(RoleUnknown):
            notices.change_route(tx, chief, kind, roles=["emperor"])
        with pytest.raises(NoticeKindUnknown):
            routing.kind_named("job:bored")
        assert notices.routes(tx)[kind] == routing.default_route(kind)


def test_the_rule_of_quiet_hours_is_an_event(desk: Desk, place: Place) -> None:
    officer = place.add("officer")
    with desk.database.write() as tx:
        assert notices.urgent_breaks_quiet(tx)
        assert notices.set_urgent_breaks_quiet(tx, place.administrator, True) is None
        event = notices.set_urgent_breaks_quiet(tx, place.administrator, False)
        assert event is not None
        assert not notices.urgent_breaks_quiet(tx)
        assert custody.find(tx, event).kind is Event.NOTICES_RULE_CHANGED
        with pytest.raises(Refused):
            notices.set_urgent_breaks_quiet(tx, officer, True)


# -- the inbox


def test_the_inbox_is_ones_own(desk: Desk, place: Place) -> None:
    other = place.add("other", Role.ADMINISTRATOR)
    desk.tell(NoticeKind.JOB_FAILED)
    desk.notifier.run_once()
    (entry,) = desk.inbox(place.administrator)
    with desk.database.write() as tx:
        assert not notices.mark_read(tx, other.account_id, entry.id)
        assert notices.unread(tx, place.administrator.account_id) == 1
        assert notices.mark_read(tx, place.administrator.account_id, entry.id)
        assert not notices.mark_read(tx, place.administrator.account_id, entry.id)
        assert notices.unread(tx, place.administrator.account_id) == 0
        assert notices.unread(tx, other.account_id) == 1


def test_pages_filters_and_what_comes_meanwhile(desk: Desk, place: Place, fixed_clock: FixedClock) -> None:
    for number in range(7):
        desk.tell(NoticeKind.JOB_FAILED if number % 2 else NoticeKind.KEY_MISSING, details={"number": number})
        if number == 3:
            fixed_clock.advance(1)
    desk.notifier.run_once()
    shown_at = fixed_clock.now()
    chief = place.administrator
    seen, before = [], None
    for _ in range(4):
        some = desk.inbox(chief, limit=2, before=before)
        seen += [entry.details["number"] for entry in some]
        before = (some[-1].told_at, some[-1].id)
    assert seen == [6, 5, 4, 3, 2, 1, 0]
    assert len(desk.inbox(chief, severities=[Severity.URGENT])) == 4
    fixed_clock.advance(5)
    desk.tell(NoticeKind.BACKUP_FAILED)
    desk.notifier.run_once()
    with desk.database.write() as tx:
        assert notices.mark_all_read(tx, chief.account_id, until=shown_at) == 7
    assert [entry.kind for entry in desk.inbox(chief, only_unread=True)] == [NoticeKind.BACKUP_FAILED]
    assert len(desk.inbox(chief)) == 8
