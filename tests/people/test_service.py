"""The agency, units and accounts, each act with its event."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from tests.people.place import PASSWORD, Place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody import Event, recent
from candor.people import passwords, service, sessions
from candor.people.errors import (
    AccountUnknown,
    AgencyExists,
    LastAdministrator,
    NameMissing,
    NameTaken,
    Refused,
    RoleMissing,
    RoleUnknown,
    SignInNameWrong,
    TimeZoneUnknown,
    UnitUnknown,
)
from candor.people.rules import Role
from candor.people.service import NewAccount
from candor.people.sessions import Lifetime
from candor.people.tables import account as account_table
from candor.people.tables import agency as agency_table


def last_event(place: Place) -> tuple[Event, str, dict[str, Any]]:
    with place.database.read() as tx:
        event = next(recent(tx, limit=1))
        return event.kind, event.actor, event.details


def first_run(database: Database, name: str) -> str:
    new = NewAccount(name, name, [Role.ADMINISTRATOR], passwords.hash_password(PASSWORD))
    with database.write() as tx:
        return service.create_agency(tx, name=f"Agency {name}", short_name=name, time_zone="UTC", administrator=new)


def test_first_run_makes_agency_account_and_events(place: Place) -> None:
    with place.database.read() as tx:
        found = service.agency(tx)
        assert found is not None
        assert (found.name, found.time_zone, len(found.guard_key)) == ("State Troop Q", "America/New_York", 32)
        kinds = [event.kind for event in recent(tx)]
        assert kinds[::-1] == [Event.AGENCY_CREATED, Event.ACCOUNT_CREATED, Event.UNIT_CREATED]
        assert all(PASSWORD not in event.payload and "argon2" not in event.payload for event in recent(tx))
        assert all(found.guard_key.hex() not in event.payload for event in recent(tx))


def test_a_second_agency_is_refused_and_leaves_nothing(place: Place) -> None:
    with pytest.raises(AgencyExists):
        first_run(place.database, "other")
    with place.database.read() as tx:
        assert len(service.accounts(tx)) == 1


def test_first_runs_at_once_make_one_agency(second_database: Callable[[], Database]) -> None:
    databases = [second_database() for _ in range(4)]
    outcomes: list[str] = []
    gate = threading.Barrier(len(databases))

    def run(number: int) -> None:
        gate.wait(timeout=20)
        try:
            first_run(databases[number], f"name{number}")
            outcomes.append("made")
        except AgencyExists:
            outcomes.append("exists")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(databases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=40)
    assert sorted(outcomes) == ["exists", "exists", "exists", "made"]
    with databases[0].read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(agency_table)).scalar_one() == 1
        assert len(service.accounts(tx)) == 1


def test_the_sign_in_name_is_folded_and_unique(place: Place) -> None:
    place.add("ＡDA.Straße")
    with place.database.read() as tx:
        found = service.account_named(tx, " ada.STRASSE ")
        assert found is not None
        assert found.sign_in_name == "ada.strasse"
    with pytest.raises(NameTaken):
        place.add("Ada.Strasse")


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, "semi;colon", "new\nline"])
def test_unfit_sign_in_names(place: Place, name: str) -> None:
    with pytest.raises(SignInNameWrong):
        place.add(name)


@pytest.mark.parametrize("name", ["", "   ", "evil\u202ename", "x" * 201])
def test_unfit_display_names(place: Place, name: str) -> None:
    with place.database.write() as tx, pytest.raises(NameMissing):
        service.create_account(tx, place.administrator, NewAccount("ok", name, [Role.OFFICER]))


def test_roles_units_and_time_zones_are_checked(place: Place) -> None:
    with place.database.write() as tx:
        with pytest.raises(RoleMissing):
            service.create_account(tx, place.administrator, NewAccount("a", "A", []))
        with pytest.raises(RoleUnknown):
            service.create_account(tx, place.administrator, NewAccount("a", "A", ["king"]))  # type: ignore[list-item]
        with pytest.raises(UnitUnknown):
            service.create_account(tx, place.administrator, NewAccount("a", "A", [Role.OFFICER], unit_id="no"))
        with pytest.raises(TimeZoneUnknown):
            service.check_time_zone("Mars/Olympus")
        with pytest.raises(NameTaken):
            service.create_unit(tx, place.administrator, " North ")


def test_who_may_not_keep_accounts_is_refused(place: Place) -> None:
    officer = place.add("officer")
    with place.database.write() as tx:
        for act in (
            lambda: service.create_account(tx, officer, NewAccount("x", "X", [Role.ADMINISTRATOR])),
            lambda: service.change_account(tx, officer, officer.account_id, {"roles": [Role.ADMINISTRATOR]}),
            lambda: service.set_password(tx, officer, place.administrator.account_id, "hash"),
            lambda: service.create_unit(tx, officer, "South"),
        ):
            with pytest.raises(Refused):
                act()


def test_a_change_keeps_the_old_value_in_its_event(place: Place) -> None:
    officer = place.add("officer")
    with place.database.write() as tx:
        service.change_account(
            tx,
            place.administrator,
            officer.account_id,
            {"unit_id": place.unit_id, "roles": ["supervisor", "officer"], "display_name": "Officer"},
        )
    kind, actor, details = last_event(place)
    assert (kind, actor) == (Event.ACCOUNT_CHANGED, place.administrator.account_id)
    assert details["changed"] == {
        "unit_id": {"old": None, "new": place.unit_id},
        "roles": {"old": ["officer"], "new": ["officer", "supervisor"]},
    }


def test_no_change_makes_no_event(place: Place) -> None:
    officer = place.add("officer")
    before = last_event(place)
    with place.database.write() as tx:
        assert service.change_account(tx, place.administrator, officer.account_id, {"badge": " "}) is None
    assert last_event(place) == before


@pytest.mark.parametrize("changes", [{"active": False}, {"roles": ["officer"]}])
def test_the_last_administrator_stays(place: Place, changes: dict[str, Any]) -> None:
    place.add("without.password", Role.ADMINISTRATOR, password=None)
    with place.database.write() as tx, pytest.raises(LastAdministrator):
        service.change_account(tx, place.administrator, place.administrator.account_id, changes)
    place.add("second", Role.ADMINISTRATOR)
    with place.database.write() as tx:
        assert service.change_account(tx, place.administrator, place.administrator.account_id, changes)


def test_two_administrators_cannot_demote_each_other(place: Place, second_database: Callable[[], Database]) -> None:
    other = place.add("second", Role.ADMINISTRATOR)
    pairs = [(place.administrator, other), (other, place.administrator)]
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def run(number: int) -> None:
        actor, target = pairs[number]
        database = second_database()
        gate.wait(timeout=20)
        try:
            with database.write() as tx:
                service.change_account(tx, actor, target.account_id, {"roles": [Role.OFFICER]})
            outcomes.append("done")
        except LastAdministrator:
            outcomes.append("kept")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=40)
    assert sorted(outcomes) == ["done", "kept"]


LIFETIME = Lifetime(idle=sessions.SEEN_EVERY * 60, total=sessions.SEEN_EVERY * 600)


@pytest.mark.parametrize(
    ("changes", "signed_out"),
    [
        ({"active": False}, True),
        ({"roles": ["officer"]}, True),
        ({"roles": ["officer", "supervisor", "records_officer"]}, False),
        ({"badge": "77"}, False),
    ],
)
def test_losing_a_right_ends_the_sessions(place: Place, changes: dict[str, Any], signed_out: bool) -> None:
    someone = place.add("someone", Role.OFFICER, Role.SUPERVISOR)
    with place.database.write() as tx:
        token = sessions.begin(tx, someone.account_id, lifetime=LIFETIME, clock=place.clock)
        service.change_account(tx, place.administrator, someone.account_id, changes, clock=place.clock)
        assert (sessions.find(tx, token, lifetime=LIFETIME, clock=place.clock) is None) is signed_out


def test_a_new_password_ends_the_other_sessions(place: Place) -> None:
    someone = place.add("someone")
    with place.database.write() as tx:
        here = sessions.begin(tx, someone.account_id, lifetime=LIFETIME, clock=place.clock)
        there = sessions.begin(tx, someone.account_id, lifetime=LIFETIME, clock=place.clock)
        hashed = passwords.hash_password("another set of quiet words")
        service.set_password(
            tx, someone, someone.account_id, hashed, keep_session=sessions.hash_token(here), clock=place.clock
        )
        assert sessions.find(tx, here, lifetime=LIFETIME, clock=place.clock)
        assert sessions.find(tx, there, lifetime=LIFETIME, clock=place.clock) is None
        assert all(hashed not in event.payload for event in recent(tx))


def test_accounts_are_found_by_text(place: Place) -> None:
    place.add("zoe")
    place.add("amy")
    with place.database.read() as tx:
        assert [found.sign_in_name for found in service.accounts(tx)] == ["amy", "chief", "zoe"]
        assert [found.sign_in_name for found in service.accounts(tx, text="ZO")] == ["zoe"]
        assert service.accounts(tx, text="%") == []
        assert service.accounts(tx, active=False) == []
        with pytest.raises(AccountUnknown):
            service.account(tx, "none")


def test_events_keep_the_clock_of_the_act(place: Place) -> None:
    place.clock.advance(60)
    place.add("late")
    with place.database.read() as tx:
        assert next(recent(tx, limit=1)).at == FixedClock(place.clock.now()).now()


def test_accounts_beyond_the_first_thousand_count(place: Place) -> None:
    """An agency of a thousand officers whose names come first still has its second administrator, and its programs."""
    place.add("zoe", Role.ADMINISTRATOR)
    with place.database.write() as tx:
        service.create_account(
            tx,
            place.administrator,
            NewAccount("zz-dock", "Zz Dock", [Role.OFFICER], kind=service.AccountKind.SERVICE),
            clock=place.clock,
        )
        row = tx.execute(sa.select(account_table).where(account_table.c.sign_in_name == "zz-dock")).one()._mapping
        many = {"display_name": "A", "kind": "person"}
        rows = [{**row, **many, "id": f"a{number}", "sign_in_name": f"a{number}"} for number in range(1000)]
        tx.execute(account_table.insert(), rows)
    with place.database.read() as tx:
        programs = service.accounts(tx, kind=service.AccountKind.SERVICE)
    assert [one.sign_in_name for one in programs] == ["zz-dock"]
    with place.database.write() as tx:
        service.change_account(tx, place.administrator, place.administrator.account_id, {"active": False})
