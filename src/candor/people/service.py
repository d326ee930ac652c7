"""The agency, its units and its accounts: one function per act, in the caller's transaction.

Each act appends its custody event. Names of people stand in those events' details, which are inside the
commitment; actors are ids.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core import outbox
from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people import sessions, telling
from candor.people.errors import (
    AccountUnknown,
    AgencyExists,
    LastAdministrator,
    NameMissing,
    NameTaken,
    RoleMissing,
    RolesConflict,
    RoleUnknown,
    ServiceSignsIn,
    SignInNameWrong,
    TimeZoneUnknown,
    UnitUnknown,
)
from candor.people.rules import GUESTS, Actor, Permission, Role, system_actor
from candor.people.tables import account as account_table
from candor.people.tables import agency as agency_table
from candor.people.tables import unit as unit_table

__all__ = [
    "Account",
    "AccountKind",
    "Actor",
    "Agency",
    "NewAccount",
    "Unit",
    "account",
    "account_named",
    "accounts",
    "actor_of",
    "agency",
    "change_account",
    "create_account",
    "create_agency",
    "create_unit",
    "fold_name",
    "note_listed_password",
    "set_password",
    "units",
]

LONGEST_NAME = 200
#: More accounts than any agency has.
_ALL = 1_000_000
_SIGN_IN_NAME = re.compile(r"[\w.@-]{1,64}")
#: Control characters and marks that turn the writing direction: a name with them could pass for another.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Agency:
    """The agency this installation belongs to."""

    id: str
    name: str
    short_name: str
    time_zone: str
    created_at: datetime
    guard_key: bytes


@dataclass(frozen=True)
class Unit:
    """A troop, district or division."""

    id: str
    name: str


class AccountKind(StrEnum):
    """Whose an account is."""

    PERSON = "person"
    SERVICE = "service"
    """A program: comes with tokens, never signs in."""


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in, or could once."""

    id: str
    sign_in_name: str
    display_name: str
    badge: str | None
    unit_id: str | None
    roles: frozenset[Role]
    active: bool
    has_password: bool
    created_at: datetime
    signed_in_at: datetime | None
    kind: AccountKind
    #: Since when it is known that the password stands on the operator's list; None: it is not.
    password_listed_at: datetime | None


@dataclass(frozen=True)
class NewAccount:
    """What an account is made of. `password_hash` comes from `passwords.hash_password`, made beforehand; without
    one the account exists (as a wearer, say) but cannot sign in."""

    sign_in_name: str
    display_name: str
    roles: Collection[Role]
    password_hash: str | None = None
    badge: str | None = None
    unit_id: str | None = None
    kind: AccountKind = AccountKind.PERSON


# -- the agency and its units


def agency(tx: Connection) -> Agency | None:
    """The agency, or None before the first run."""
    columns = [agency_table.c[field] for field in Agency.__dataclass_fields__]
    row = tx.execute(sa.select(*columns)).first()
    return None if row is None else Agency(**row._mapping)


def create_agency(
    tx: Connection,
    *,
    name: str,
    short_name: str,
    time_zone: str,
    administrator: NewAccount,
    clock: Clock | None = None,
) -> str:
    """Make the agency and its first account; returns the account's id.

    Raises AgencyExists when there is one, also when two come at once: the row can exist only once.
    """
    if agency(tx) is not None:
        raise AgencyExists()
    clock = clock or SystemClock()
    values = {
        "id": new_id(),
        "only": 1,
        "name": _name(name),
        "short_name": _name(short_name),
        "time_zone": check_time_zone(time_zone),
        "created_at": clock.now(),
        "guard_key": os.urandom(32),
    }
    try:
        tx.execute(agency_table.insert(), values)
    except IntegrityError as error:
        raise AgencyExists() from error
    details = {field: values[field] for field in ("name", "short_name", "time_zone")}
    custody.append(
        tx, Event.AGENCY_CREATED, actor="system:setup", details={"agency": values["id"], **details}, clock=clock
    )
    return create_account(tx, system_actor("setup"), administrator, clock=clock)


def create_unit(tx: Connection, actor: Actor, name: str, *, clock: Clock | None = None) -> str:
    """Add a unit; returns its id."""
    actor.require(Permission.UNITS_MANAGE)
    clock = clock or SystemClock()
    name, unit_id = _name(name), new_id()
    if tx.execute(sa.select(unit_table.c.id).where(unit_table.c.name == name)).first() is not None:
        raise NameTaken(what="a unit", name=name)
    tx.execute(unit_table.insert(), {"id": unit_id, "name": name, "created_at": clock.now()})
    custody.append(tx, Event.UNIT_CREATED, actor=actor.account_id, details={"unit": unit_id, "name": name}, clock=clock)
    return unit_id


def units(tx: Connection) -> list[Unit]:
    """All units, by name."""
    return [Unit(row.id, row.name) for row in tx.execute(sa.select(unit_table).order_by(unit_table.c.name))]


# -- accounts


def create_account(tx: Connection, actor: Actor, new: NewAccount, *, clock: Clock | None = None) -> str:
    """Make an account; returns its id."""
    actor.require(Permission.ACCOUNTS_MANAGE)
    clock = clock or SystemClock()
    if new.kind is AccountKind.SERVICE and new.password_hash is not None:
        raise ServiceSignsIn(name=new.display_name)
    sign_in_name = fold_name(new.sign_in_name)
    if not _SIGN_IN_NAME.fullmatch(sign_in_name):
        raise SignInNameWrong(name=new.sign_in_name)
    if tx.execute(sa.select(account_table.c.id).where(account_table.c.sign_in_name == sign_in_name)).first():
        raise NameTaken(what="an account", name=sign_in_name)
    values = {
        "sign_in_name": sign_in_name,
        "display_name": _name(new.display_name),
        "badge": _optional(new.badge),
        "unit_id": _unit_id(tx, new.unit_id),
        "roles": _role_names(new.roles),
    }
    account_id = new_id()
    tx.execute(
        account_table.insert(),
        {
            "id": account_id,
            **values,
            "password_hash": new.password_hash,
            "active": True,
            "created_at": clock.now(),
            "kind": new.kind.value,
        },
    )
    details = {"account": account_id, **values, "password": new.password_hash is not None, "kind": new.kind.value}
    custody.append(tx, Event.ACCOUNT_CREATED, actor=actor.account_id, details=details, clock=clock)
    if actor.account_id not in _FILLS_A_NEW_SITE:
        told = {"account": account_id, "kind": new.kind.value}
        about = f"/accounts/{account_id}"
        outbox.tell(tx, outbox.NoticeKind.ACCOUNT_CREATED, details=told, about=about, clock=clock)
    return account_id


#: Whose accounts are no news: those of the first run and of the demo, where there is nobody yet to be told.
_FILLS_A_NEW_SITE = frozenset({"system:setup", "system:demo"})


def account(tx: Connection, account_id: str) -> Account:
    """One account by its id; raises AccountUnknown."""
    row = tx.execute(_accounts().where(account_table.c.id == account_id)).first()
    if row is None:
        raise AccountUnknown(id=account_id)
    return _account(row)


def account_named(tx: Connection, sign_in_name: str) -> Account | None:
    """One account by its sign-in name, in whatever case."""
    row = tx.execute(_accounts().where(account_table.c.sign_in_name == fold_name(sign_in_name))).first()
    return None if row is None else _account(row)


def accounts(
    tx: Connection,
    *,
    text: str = "",
    active: bool | None = None,
    kind: AccountKind | None = None,
    limit: int = 1000,
) -> list[Account]:
    """Accounts by display name: those whose names or badge hold the text, all or only (in)active ones, of both kinds or
    one."""
    query = _accounts().order_by(sa.func.lower(account_table.c.display_name), account_table.c.id).limit(limit)
    if active is not None:
        query = query.where(account_table.c.active == active)
    if kind is not None:
        query = query.where(account_table.c.kind == kind.value)
    if text.strip():
        sought = text.strip().casefold()
        query = query.where(
            sa.or_(
                *(
                    sa.func.lower(account_table.c[column]).contains(sought, autoescape=True)
                    for column in ("sign_in_name", "display_name", "badge")
                )
            )
        )
    return [_account(row) for row in tx.execute(query)]


def change_account(
    tx: Connection, actor: Actor, account_id: str, changes: Mapping[str, Any], *, clock: Clock | None = None
) -> str | None:
    """Change `display_name`, `badge`, `unit_id`, `roles` or `active`; returns the event's id, None if all was so.

    The event keeps the old value of each field. Whoever loses a role, or is made inactive, is signed out
    everywhere; whoever gains one shows again who is there. Raises LastAdministrator rather than leave nobody who can
    keep accounts.
    """
    actor.require(Permission.ACCOUNTS_MANAGE)
    _take_turn(tx)
    before = account(tx, account_id)
    old: dict[str, Any] = {
        "display_name": before.display_name,
        "badge": before.badge,
        "unit_id": before.unit_id,
        "roles": sorted(before.roles),
        "active": before.active,
    }
    new = {field: _checked(tx, field, value) for field, value in changes.items()}
    changed = {field: {"old": old[field], "new": value} for field, value in new.items() if value != old[field]}
    if not changed:
        return None
    loses_rights = new.get("active") is False or not set(old["roles"]) <= set(new.get("roles", old["roles"]))
    if loses_rights and Role.ADMINISTRATOR in before.roles and before.active:
        keeps = new.get("active", True) and Role.ADMINISTRATOR in new.get("roles", old["roles"])
        if not keeps and _other_administrators(tx, account_id) == 0:
            raise LastAdministrator(name=before.display_name)
    tx.execute(account_table.update().where(account_table.c.id == account_id).values(**new))
    event = custody.append(
        tx,
        Event.ACCOUNT_CHANGED,
        actor=actor.account_id,
        details={"account": account_id, "changed": changed},
        clock=clock,
    )
    for what in ("roles", "active"):
        if what in changed:
            telling.of_changed_account(tx, actor.account_id, account_id, what, clock=clock)
    if loses_rights:
        sessions.end_all(tx, account_id, actor=actor.account_id, clock=clock)
    elif "roles" in changed:
        sessions.lock_all(tx, account_id, clock=clock)
    return event


def set_password(
    tx: Connection,
    actor: Actor,
    account_id: str,
    password_hash: str,
    *,
    keep_session: bytes | None = None,
    clock: Clock | None = None,
) -> str:
    """Give an account a new password (its hash, made beforehand): one's own, or anybody's by an administrator.

    Ends all of the account's sessions but the one whose token hash is `keep_session`.
    """
    if actor.account_id != account_id:
        actor.require(Permission.ACCOUNTS_MANAGE)
    found = account(tx, account_id)
    if found.kind is AccountKind.SERVICE:
        raise ServiceSignsIn(name=found.display_name)
    values = {"password_hash": password_hash, "password_listed_at": None}
    tx.execute(account_table.update().where(account_table.c.id == account_id).values(**values))
    event = custody.append(
        tx,
        Event.ACCOUNT_CHANGED,
        actor=actor.account_id,
        details={"account": account_id, "changed": {"password": "replaced"}},
        clock=clock,
    )
    outbox.resolve(tx, _listed(account_id), clock=clock)
    telling.of_changed_account(tx, actor.account_id, account_id, "password", clock=clock)
    sessions.end_all(tx, account_id, actor=actor.account_id, but=keep_session, clock=clock)
    return event


def note_listed_password(tx: Connection, account_id: str, *, clock: Clock | None = None) -> bool:
    """A sign-in showed that the account's password stands on the operator's list by now: the account must choose
    another one before anything else. One event, however often it is said; whether this was the first time."""
    clock = clock or SystemClock()
    unknown = sa.and_(account_table.c.id == account_id, account_table.c.password_listed_at.is_(None))
    if tx.execute(account_table.update().where(unknown).values(password_listed_at=clock.now())).rowcount != 1:
        return False
    details = {"account": account_id}
    custody.append(tx, Event.ACCOUNT_PASSWORD_LISTED, actor="system:sign-in", details=details, clock=clock)
    about, once = f"/accounts/{account_id}", _listed(account_id)
    outbox.tell(tx, outbox.NoticeKind.PASSWORD_LISTED, details=details, about=about, once=once, clock=clock)
    return True


def _listed(account_id: str) -> str:
    return f"password:listed:{account_id}"


def actor_of(found: Account) -> Actor:
    """The account as somebody who acts."""
    return Actor(found.id, found.roles, found.unit_id, found.display_name)


def fold_name(sign_in_name: str) -> str:
    """The one form under which a sign-in name is kept and compared."""
    return unicodedata.normalize("NFKC", sign_in_name.strip()).casefold()


def check_time_zone(name: str) -> str:
    """The name, if the IANA list has it; raises TimeZoneUnknown."""
    try:
        ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError) as error:
        raise TimeZoneUnknown(name=name) from error
    return name.strip()


def _accounts() -> sa.Select[Any]:
    columns = [account_table.c[field] for field in Account.__dataclass_fields__ if field != "has_password"]
    return sa.select(*columns, account_table.c.password_hash.is_not(None).label("has_password"))


def _account(row: sa.Row[Any]) -> Account:
    values = dict(row._mapping)
    # A role that this version does not know grants nothing and is left out.
    known = frozenset(Role(name) for name in values["roles"] if name in set(Role))
    found = {"roles": known, "has_password": bool(values["has_password"]), "kind": AccountKind(values["kind"])}
    return Account(**{**values, **found})


def _take_turn(tx: Connection) -> None:
    # Two administrators who demote each other at once must not both see the other still there: acts on accounts
    # queue at the agency's row (SQLite's writing transactions queue anyway).
    tx.execute(sa.select(agency_table.c.id).with_for_update())


def _other_administrators(tx: Connection, account_id: str) -> int:
    able = (found for found in accounts(tx, active=True, limit=_ALL) if found.has_password and found.id != account_id)
    return sum(Role.ADMINISTRATOR in found.roles for found in able)


def _checked(tx: Connection, field: str, value: Any) -> Any:
    match field:
        case "display_name":
            return _name(value)
        case "badge":
            return _optional(value)
        case "unit_id":
            return _unit_id(tx, value)
        case "roles":
            return _role_names(value)
        case "active":
            return bool(value)
    raise ValueError(f"an account has no field {field!r} that can be changed")


def _name(text: str) -> str:
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if not tidy or len(tidy) > LONGEST_NAME or _UNFIT.search(tidy):
        raise NameMissing(longest=LONGEST_NAME)
    return tidy


def _optional(text: str | None) -> str | None:
    return _name(text) if text is not None and text.strip() else None


def _unit_id(tx: Connection, unit_id: str | None) -> str | None:
    if not unit_id:
        return None
    if tx.execute(sa.select(unit_table.c.id).where(unit_table.c.id == unit_id)).first() is None:
        raise UnitUnknown(id=unit_id)
    return unit_id


def _role_names(roles: Collection[Role | str]) -> list[str]:
    unknown = [str(role) for role in roles if role not in set(Role)]
    if unknown:
        raise RoleUnknown(name=unknown[0])
    if not roles:
        raise RoleMissing()
    if len(set(roles)) > 1 and any(role in GUESTS for role in roles):
        raise RolesConflict()
    return sorted({Role(role).value for role in roles})
