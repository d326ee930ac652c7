"""Reading discovery: the list, one of it, how it stands. What may not be seen is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.ids import is_id
from candor.disclosure.discovery.errors import DiscoveryUnknown, NoLongerGiven
from candor.disclosure.discovery.tables import discovery
from candor.disclosure.packages import Package, PackageState, package_as_it_is
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restriction_tables import restriction
from candor.footage.rules import RecordingState
from candor.footage.tables import recording
from candor.matters.rules import visible_cases
from candor.matters.tables import matter
from candor.people.rules import Actor, Permission

__all__ = [
    "Discovery",
    "by_id",
    "closed_since",
    "discoveries",
    "discoveries_of",
    "discovery_of",
    "held_discovery",
    "must_still_be_given",
    "package_of",
]

_SHUT = (RestrictionKind.COMPELLED.value, RestrictionKind.ERASED.value)


@dataclass(frozen=True)
class Discovery:
    """A discovery that was made. `said` is data/discovery.json as it stands in the package."""

    id: str
    number: str
    matter_id: str
    matter_number: str
    matter_title: str
    package_id: str
    event_id: str
    made_by: str
    made_at: datetime
    watermark: bool
    said: dict[str, Any]

    @property
    def given(self) -> tuple[str, ...]:
        """The recordings that are in the package, in its order."""
        return tuple(one["recording"] for one in self.said.get("given", ()))

    @property
    def withheld(self) -> Sequence[dict[str, Any]]:
        """The recordings that are not in it: recording, events, reason, citation, decided_by."""
        found: Sequence[dict[str, Any]] = self.said.get("withheld", ())
        return found


def discoveries(tx: Connection, actor: Actor, *, limit: int = 200) -> list[Discovery]:
    """Discovery of every case that the actor may see, the newest first. Raises Refused."""
    actor.require(Permission.DISCOVERY_MANAGE)
    query = _all().where(visible_cases(actor)).order_by(discovery.c.made_at.desc(), discovery.c.id.desc())
    return [_discovery(row) for row in tx.execute(query.limit(limit))]


def discoveries_of(tx: Connection, actor: Actor, matter_id: str) -> list[Discovery]:
    """Discovery of one case, the newest first. Raises Refused."""
    actor.require(Permission.DISCOVERY_MANAGE)
    query = _all().where(visible_cases(actor), discovery.c.matter_id == matter_id)
    return [_discovery(row) for row in tx.execute(query.order_by(discovery.c.made_at.desc(), discovery.c.id.desc()))]


def discovery_of(tx: Connection, actor: Actor, discovery_id: str) -> Discovery:
    """One by its number or identifier. Raises Refused, DiscoveryUnknown."""
    actor.require(Permission.DISCOVERY_MANAGE)
    row = tx.execute(_all().where(visible_cases(actor), _which(discovery_id))).first()
    if row is None:
        raise DiscoveryUnknown(id=discovery_id)
    return _discovery(row)


def held_discovery(tx: Connection, actor: Actor, discovery_id: str) -> Discovery:
    """The same, held until the transaction ends."""
    found = discovery_of(tx, actor, discovery_id)
    tx.execute(sa.select(discovery.c.id).where(discovery.c.id == found.id).with_for_update())
    return found


def by_id(tx: Connection, discovery_id: str) -> Discovery:
    """One by its identifier, for a side that is in: its access is the right to it. Raises DiscoveryUnknown."""
    row = tx.execute(_all().where(discovery.c.id == discovery_id)).first()
    if row is None:
        raise DiscoveryUnknown(id=discovery_id)
    return _discovery(row)


def package_of(tx: Connection, found: Discovery) -> Package:
    """Its package, for whoever may see the discovery."""
    return package_as_it_is(tx, found.package_id)


def must_still_be_given(tx: Connection, found: Discovery) -> Package:
    """Its package, which may still be given. Raises NoLongerGiven where a wall or an order closed a recording since, or
    one was destroyed: what is in somebody's hands cannot be called back, but no more is given."""
    package = package_of(tx, found)
    if package.state is PackageState.FAILED:
        raise NoLongerGiven(reason="the package could not be made, or what it held was erased")
    now = sorted({one for each in _holders(tx, found).values() for one in each})
    rule = tx.scalar(sa.select(restriction.c.rule).where(*_shut(now)).limit(1))
    if rule is not None:
        raise NoLongerGiven(reason=f"a recording in it was closed since, by {rule}")
    if tx.scalar(sa.select(recording.c.id).where(*_gone(now)).limit(1)) is not None:
        raise NoLongerGiven(reason="a recording in it was destroyed since")
    return package


def closed_since(tx: Connection, found: Discovery) -> frozenset[str]:
    """The recordings of it that a wall or an order closed since, or that were destroyed: nothing more is told of them,
    neither their titles as they are now nor what was found in them."""
    holders = _holders(tx, found)
    now = sorted({one for each in holders.values() for one in each})
    closed = set(tx.scalars(sa.select(restriction.c.recording_id).where(*_shut(now))))
    closed |= set(tx.scalars(sa.select(recording.c.id).where(*_gone(now))))
    return frozenset(one for one in found.given if closed & holders[one])


def _holders(tx: Connection, found: Discovery) -> dict[str, set[str]]:
    """By each recording that was given: itself, and the ones that it became part of since. Whatever closes one of
    those closes what was given."""
    holders = {one: {one} for one in found.given}
    newest = {one: one for one in found.given}
    while newest:
        became = recording.c.id.in_(sorted(set(newest.values()))), recording.c.regrouped_into.is_not(None)
        into = {row.id: row.regrouped_into for row in tx.execute(_JOINED.where(*became))}
        newest = {one: into[last] for one, last in newest.items() if last in into and into[last] not in holders[one]}
        for one, last in newest.items():
            holders[one].add(last)
    return holders


_JOINED = sa.select(recording.c.id, recording.c.regrouped_into)


def _shut(recordings: Sequence[str]) -> tuple[sa.ColumnElement[bool], ...]:
    mine = restriction.c.recording_id.in_(recordings)
    return mine, restriction.c.kind.in_(_SHUT), restriction.c.lifted_at.is_(None)


def _gone(recordings: Sequence[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return recording.c.id.in_(recordings), recording.c.state == RecordingState.DESTROYED.value


def _which(discovery_id: str) -> sa.ColumnElement[bool]:
    if is_id(discovery_id):
        return discovery.c.id == discovery_id
    return discovery.c.number == discovery_id.strip().upper()


def _all() -> sa.Select[Any]:
    return sa.select(discovery, matter.c.number.label("matter_number"), matter.c.title.label("matter_title")).join(
        matter, matter.c.id == discovery.c.matter_id
    )


def _discovery(row: sa.Row[Any]) -> Discovery:
    return Discovery(**{name: row._mapping[name] for name in Discovery.__dataclass_fields__})
