"""Accounts of programs and their tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.people.place import PASSWORD, Place

from candor.custody import Event, recent
from candor.people import passwords, service, service_accounts, sign_in
from candor.people.errors import (
    NameMissing,
    NoService,
    Refused,
    RoleUnknown,
    ScopeWrong,
    ServiceSignsIn,
    TokenLifeWrong,
    TokenUnknown,
)
from candor.people.rules import GRANTS, Permission, Role
from candor.people.service import AccountKind, NewAccount
from candor.people.service_accounts import SCOPES, TokenActor, look_up
from candor.people.tables import service_token, service_token_use

HERE = "192.0.2.5"


def dock(place: Place, *roles: Role) -> str:
    with place.database.write() as tx:
        return service_accounts.create(
            tx,
            place.administrator,
            sign_in_name="dock-1",
            display_name="Dock one",
            roles=roles or (Role.EVIDENCE_TECHNICIAN,),
            clock=place.clock,
        )


def token(
    place: Place, account_id: str, *scopes: Permission, days: int = 30, name: str = "dock program"
) -> tuple[str, str]:
    with place.database.write() as tx:
        return service_accounts.create_token(
            tx,
            place.administrator,
            account_id,
            name=name,
            scopes=scopes or (Permission.RECORDINGS_TAKE_IN,),
            days=days,
            clock=place.clock,
        )


def bearer(place: Place, text: str) -> service_accounts.Bearer:
    with place.database.read() as tx:
        return look_up(tx, text, clock=place.clock)


def events(place: Place, kind: Event) -> list[dict[str, Any]]:
    with place.database.read() as tx:
        return [event.details for event in recent(tx, kinds=[kind], limit=1000)]


def test_a_program_is_an_account_that_never_signs_in(place: Place) -> None:
    account_id = dock(place)
    with place.database.read() as tx:
        found = service.account(tx, account_id)
        candidate = sign_in.look_up(tx, "dock-1", HERE, clock=place.clock)
    assert (found.kind, found.has_password) == (AccountKind.SERVICE, False)
    assert not sign_in.check(candidate, "").right
    with place.database.write() as tx, pytest.raises(ServiceSignsIn):
        service.set_password(tx, place.administrator, account_id, passwords.hash_password(PASSWORD))
    new = NewAccount("dock-2", "Dock two", [Role.OFFICER], "a hash", kind=AccountKind.SERVICE)
    with place.database.write() as tx, pytest.raises(ServiceSignsIn):
        service.create_account(tx, place.administrator, new)


def test_a_token_is_kept_as_a_hash_and_works(place: Place) -> None:
    account_id = dock(place)
    token_id, text = token(place, account_id, Permission.RECORDINGS_TAKE_IN, Permission.LOG_VIEW)
    assert text.startswith("cnd_")
    with place.database.read() as tx:
        rows = tx.execute(sa.select(service_token)).all()
    assert len(rows) == 1
    assert all(text.rpartition("_")[2] not in str(value) for value in rows[0])
    found = bearer(place, text)
    assert (found.token_id, found.account_id, found.refused) == (token_id, account_id, None)
    assert found.actor is not None
    assert found.actor.may(Permission.RECORDINGS_TAKE_IN)
    assert not found.actor.may(Permission.RECORDINGS_VIEW_ALL), "the role grants it, the token does not"
    with pytest.raises(Refused, match=r"people\.token-scope recordings:view-all"):
        found.actor.require(Permission.RECORDINGS_VIEW_ALL)
    made = events(place, Event.TOKEN_CREATED)
    assert made[0]["scopes"] == ["log:view", "recordings:take-in"]
    assert text.rpartition("_")[2] not in str(made)


def test_a_token_never_allows_more_than_the_roles_do_now(place: Place) -> None:
    account_id = dock(place)
    _, text = token(place, account_id, Permission.RECORDINGS_VIEW_ALL)
    with place.database.write() as tx:
        service.change_account(tx, place.administrator, account_id, {"roles": [Role.RESEARCHER]})
    actor = bearer(place, text).actor
    assert actor is not None
    assert not actor.may(Permission.RECORDINGS_VIEW_ALL)


@pytest.mark.parametrize("role", Role)
def test_scopes_are_those_of_the_roles_that_a_token_can_have(role: Role) -> None:
    for scope in SCOPES:
        actor = TokenActor("x", frozenset({role}), None, "x", scopes=frozenset(SCOPES))
        assert bool(actor.may(scope)) is (scope in GRANTS[role])
    everything = TokenActor("x", frozenset(Role), None, "x", scopes=frozenset(SCOPES))
    people_only = set(Permission) - set(SCOPES)
    assert {
        Permission.ACCOUNTS_MANAGE,
        Permission.POLICY_MANAGE,
        Permission.KEYS_MANAGE,
        Permission.RECORDINGS_PURGE,
    } <= people_only
    assert not any(everything.may(permission) for permission in people_only)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scopes": ()}, ScopeWrong),
        ({"scopes": (Permission.ACCOUNTS_MANAGE,)}, ScopeWrong),
        ({"scopes": (Permission.RECORDINGS_EXPORT,)}, ScopeWrong),
        ({"scopes": (Permission.AUDIT_VIEW,)}, ScopeWrong),
        ({"days": 0}, TokenLifeWrong),
        ({"days": 367}, TokenLifeWrong),
        ({"name": " "}, NameMissing),
        ({"name": "evil\u202ename"}, NameMissing),
    ],
)
def test_what_a_token_cannot_be(place: Place, change: dict[str, Any], error: type[Exception]) -> None:
    account_id = dock(place)
    given: dict[str, Any] = {"name": "program", "scopes": (Permission.RECORDINGS_TAKE_IN,), "days": 30, **change}
    with place.database.write() as tx, pytest.raises(error):
        service_accounts.create_token(tx, place.administrator, account_id, **given)


def test_people_have_no_tokens_and_others_make_none(place: Place) -> None:
    person = place.add("somebody", Role.EVIDENCE_TECHNICIAN)
    with pytest.raises(NoService):
        token(place, person.account_id)
    account_id = dock(place)
    given: dict[str, Any] = {"name": "x", "scopes": (Permission.RECORDINGS_TAKE_IN,), "days": 1}
    with place.database.write() as tx, pytest.raises(Refused):
        service_accounts.create_token(tx, person, account_id, **given)
    with place.database.write() as tx, pytest.raises(Refused):
        service_accounts.create(tx, person, sign_in_name="x", display_name="x", roles=["officer"])
    with place.database.write() as tx, pytest.raises(RoleUnknown):
        service_accounts.create(tx, place.administrator, sign_in_name="x", display_name="x", roles=["king"])


def test_why_a_token_is_turned_away(place: Place) -> None:
    account_id = dock(place)
    token_id, text = token(place, account_id, days=1)
    for wrong in ("", "cnd_", text[:-1], text + "0", text.upper(), "x" * 5000, f"cnd_{'0' * 32}_{'0' * 64}"):
        assert bearer(place, wrong).refused == "unknown", wrong
    changed = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert bearer(place, changed).refused == "wrong-secret"
    assert service_accounts.refusal(bearer(place, changed)).message() == (
        service_accounts.refusal(bearer(place, "x")).message()
    ), "nobody learns which tokens there are"
    with place.database.write() as tx:
        service.change_account(tx, place.administrator, account_id, {"active": False})
    assert bearer(place, text).refused == "account-inactive"
    with place.database.write() as tx:
        service.change_account(tx, place.administrator, account_id, {"active": True})
    place.clock.advance(timedelta(days=1).total_seconds() - 1)
    assert bearer(place, text).refused is None
    place.clock.advance(1)
    assert bearer(place, text).refused == "expired"
    with place.database.write() as tx:
        assert service_accounts.revoke_token(tx, place.administrator, token_id, clock=place.clock)
        assert not service_accounts.revoke_token(tx, place.administrator, token_id, clock=place.clock)
    assert bearer(place, text).refused == "revoked"
    assert len(events(place, Event.TOKEN_REVOKED)) == 1
    with place.database.write() as tx, pytest.raises(TokenUnknown):
        service_accounts.revoke_token(tx, place.administrator, "none")


def test_the_first_use_of_a_day_and_an_address_is_an_event(place: Place) -> None:
    account_id = dock(place)
    _, text = token(place, account_id)

    def use(address: str) -> None:
        found = bearer(place, text)
        with place.database.read() as tx:
            due = service_accounts.is_use_due(tx, found, address, clock=place.clock)
        if due:
            with place.database.write() as tx:
                service_accounts.used(tx, found, address, clock=place.clock)

    for _ in range(5):
        use(HERE)
    assert [one["address"] for one in events(place, Event.TOKEN_USED)] == [HERE]
    use("192.0.2.6")
    assert len(events(place, Event.TOKEN_USED)) == 2
    place.clock.advance(120)
    use(HERE)
    assert len(events(place, Event.TOKEN_USED)) == 2, "the same day, from there"
    with place.database.read() as tx:
        (shown,) = service_accounts.tokens(tx)
    assert (shown.used_at, shown.used_address) == (place.clock.now(), HERE)
    place.clock.advance(24 * 3600)
    use(HERE)
    assert len(events(place, Event.TOKEN_USED)) == 3
    assert events(place, Event.TOKEN_USED)[0]["account"] == account_id


def test_a_flood_of_failures_is_counted_and_does_not_fill_the_record(place: Place) -> None:
    found = bearer(place, "cnd_nobody")
    for _ in range(300):
        with place.database.write() as tx:
            service_accounts.turned_away(tx, found, "unknown", HERE, what="GET /", clock=place.clock)
    told = [one["times_today"] for one in events(place, Event.TOKEN_REFUSED)]
    assert told[::-1] == [*range(1, 11), 16, 32, 64, 128, 256]
    with place.database.read() as tx:
        assert tx.execute(sa.select(service_token_use.c.times)).scalar() == 300
    place.clock.advance(5 * 24 * 3600)
    with place.database.write() as tx:
        service_accounts.turned_away(tx, found, "unknown", HERE, clock=place.clock)
    with place.database.read() as tx:
        assert tx.execute(sa.select(service_token_use.c.times)).scalars().all() == [1], "old counts are forgotten"
