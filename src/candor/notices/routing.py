"""Who is told of what: by role and by person, per kind; administrators change it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.outbox import KINDS, NoticeKind
from candor.custody import record as custody
from candor.custody.events import Event
from candor.notices.errors import AccountCannotBeTold, NoticeKindUnknown, RouteToGuest, RouteToNobody
from candor.notices.tables import notice_route, notice_rule
from candor.people import service
from candor.people.errors import RoleUnknown
from candor.people.rules import GUESTS, Actor, Permission, Role
from candor.people.tables import account as account_table


@dataclass(frozen=True)
class Route:
    """Who is told of a kind: everybody with one of the roles, and these accounts."""

    kind: NoticeKind
    roles: frozenset[Role]
    accounts: frozenset[str]
    changed_at: datetime | None = None  # None: the default of the kind


@dataclass(frozen=True)
class Person:
    """Somebody who can be told."""

    account_id: str
    roles: frozenset[Role]
    email: str | None


def default_route(kind: NoticeKind) -> Route:
    """Who is told of a kind while nobody changed it."""
    return Route(kind, frozenset(Role(name) for name in KINDS[kind].roles), frozenset())


def routes(tx: Connection) -> dict[NoticeKind, Route]:
    """The route of every kind, in the order of the kinds."""
    found = {kind: default_route(kind) for kind in NoticeKind}
    for row in tx.execute(sa.select(notice_route)):
        if row.kind in found:
            kind = NoticeKind(row.kind)
            roles = frozenset(Role(name) for name in row.roles if name in set(Role))
            found[kind] = Route(kind, roles, frozenset(row.accounts), row.changed_at)
    return found


def kind_named(name: str) -> NoticeKind:
    """The kind of that name; NoticeKindUnknown when there is none."""
    if name not in set(NoticeKind):
        raise NoticeKindUnknown(kind=name)
    return NoticeKind(name)


def account_ids(tx: Connection, names: Collection[str]) -> frozenset[str]:
    """The accounts with these sign-in names; AccountCannotBeTold for one that is not there."""
    found = set()
    for name in names:
        account = service.account_named(tx, name)
        if account is None:
            raise AccountCannotBeTold(name=name)
        found.add(account.id)
    return frozenset(found)


def change_route(
    tx: Connection,
    actor: Actor,
    kind: NoticeKind,
    *,
    roles: Collection[Role | str],
    accounts: Collection[str] = (),
    clock: Clock | None = None,
) -> str | None:
    """Say who is told of a kind: everybody with one of `roles`, and the accounts with these ids.

    Needs `notices:manage`. Returns the event's id (`notices:route-changed`, old and new), or None when it was so
    already. Guests cannot be told (RouteToGuest, AccountCannotBeTold), and somebody must be (RouteToNobody).
    """
    actor.require(Permission.NOTICES_MANAGE)
    wanted = Route(kind, _roles(roles), frozenset(accounts))
    if not wanted.roles and not wanted.accounts:
        raise RouteToNobody()
    able = {person.account_id for person in people(tx, wanted.accounts)}
    for account_id in sorted(wanted.accounts - able):
        raise AccountCannotBeTold(name=account_id)
    before = routes(tx)[kind]
    if (before.roles, before.accounts) == (wanted.roles, wanted.accounts):
        return None
    row = {
        "roles": sorted(wanted.roles),
        "accounts": sorted(wanted.accounts),
        "changed_at": (clock or SystemClock()).now(),
    }
    if not tx.execute(notice_route.update().where(notice_route.c.kind == kind.value).values(row)).rowcount:
        tx.execute(notice_route.insert(), {"kind": kind.value, **row})
    details = {"kind": kind.value, "old": _in_details(before), "new": _in_details(wanted)}
    return custody.append(tx, Event.NOTICES_ROUTE_CHANGED, actor=actor.account_id, details=details, clock=clock)


def _roles(given: Collection[Role | str]) -> frozenset[Role]:
    found = set()
    for name in given:
        if name not in set(Role):
            raise RoleUnknown(role=name)
        if Role(name) in GUESTS:
            raise RouteToGuest(role=name)
        found.add(Role(name))
    return frozenset(found)


def _in_details(route: Route) -> Mapping[str, list[str]]:
    return {"roles": sorted(route.roles), "accounts": sorted(route.accounts)}


def urgent_breaks_quiet(tx: Connection) -> bool:
    """Whether urgent notices go out in quiet hours too. They do unless the agency says otherwise."""
    found = tx.execute(sa.select(notice_rule.c.urgent_breaks_quiet).where(notice_rule.c.id == 1)).scalar()
    return True if found is None else bool(found)


def set_urgent_breaks_quiet(tx: Connection, actor: Actor, value: bool, *, clock: Clock | None = None) -> str | None:
    """Say whether urgent notices go out in quiet hours too. Needs `notices:manage`. Returns the event's id
    (`notices:rule-changed`), or None when it was so already."""
    actor.require(Permission.NOTICES_MANAGE)
    before = urgent_breaks_quiet(tx)
    if before == value:
        return None
    row = {"urgent_breaks_quiet": value}
    if not tx.execute(notice_rule.update().where(notice_rule.c.id == 1).values(row)).rowcount:
        tx.execute(notice_rule.insert(), {"id": 1, **row})
    details = {"changed": {"urgent_breaks_quiet": {"old": before, "new": value}}}
    return custody.append(tx, Event.NOTICES_RULE_CHANGED, actor=actor.account_id, details=details, clock=clock)


def people(tx: Connection, only: Collection[str] | None = None) -> list[Person]:
    """Everybody who can be told, or those of some account ids: active, a person, no guest."""
    query = sa.select(account_table.c.id, account_table.c.roles, account_table.c.email).where(
        account_table.c.active, account_table.c.kind == "person"
    )
    if only is not None:
        query = query.where(account_table.c.id.in_(list(only)))
    found = []
    for row in tx.execute(query.order_by(account_table.c.id)):
        roles = frozenset(Role(name) for name in row.roles if name in set(Role))
        if not roles & GUESTS:
            found.append(Person(row.id, roles, row.email))
    return found


def told(route: Route, recipients: Collection[str] | None, able: Collection[Person]) -> list[Person]:
    """Who of those that can be told is told. Pure.

    `recipients`: the accounts that the notice itself names; where none of them can be told, the route counts, and
    where that leads to nobody either, the administrators are told.
    """
    named = [person for person in able if person.account_id in (recipients or ())]
    if named:
        return named
    routed = [person for person in able if person.account_id in route.accounts or person.roles & route.roles]
    return routed or [person for person in able if Role.ADMINISTRATOR in person.roles]
