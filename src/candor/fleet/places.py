"""Sites and docks: where cameras are handed out and what they hand over to. One function per act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet.errors import DockUnknown, PlaceNameTaken, SiteInUse, SiteUnknown
from candor.fleet.rules import LONGEST_NOTE, DeviceState, DockKind, clean_name, clean_text, dock_kind_named, name_key
from candor.fleet.tables import device as device_table
from candor.fleet.tables import dock as dock_table
from candor.fleet.tables import site as site_table
from candor.people.rules import Actor, Permission

__all__ = [
    "Dock",
    "Site",
    "change_dock",
    "change_site",
    "close_dock",
    "close_site",
    "create_dock",
    "create_site",
    "dock",
    "dock_named",
    "docks",
    "open_dock",
    "open_site",
    "seen",
    "site",
    "sites",
]

#: A dock through which something comes again within this time is not written again.
_SEEN_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Site:
    """A place of the agency."""

    id: str
    name: str
    note: str | None
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Dock:
    """What cameras hand over to. `seen_at`: when something last came through it."""

    id: str
    name: str
    kind: DockKind
    site_id: str | None
    created_at: datetime
    closed_at: datetime | None
    seen_at: datetime | None


def create_site(tx: Connection, actor: Actor, name: str, *, note: str | None = None, clock: Clock | None = None) -> str:
    """Add a site; its id. Raises PlaceNameWrong, PlaceNameTaken."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    values = {"id": new_id(), "name": clean_name(name), "note": clean_text("note", note, LONGEST_NOTE)}
    _insert(tx, site_table, {**values, "name_key": name_key(name), "created_at": clock.now()})
    details = {"site": values["id"], "name": values["name"], "note": values["note"]}
    custody.append(tx, Event.SITE_CREATED, actor=actor.account_id, details=details, clock=clock)
    return str(values["id"])


def change_site(
    tx: Connection, actor: Actor, site_id: str, changes: Mapping[str, Any], *, clock: Clock | None = None
) -> str | None:
    """Change name or note of a site; the event's id, None when all was so."""
    actor.require(Permission.DOCKS_MANAGE)
    return _change(tx, actor, site_table, site(tx, site_id), changes, Event.SITE_CHANGED, clock or SystemClock())


def close_site(tx: Connection, actor: Actor, site_id: str, *, clock: Clock | None = None) -> str | None:
    """Close a site: what was there stays on record. Raises SiteInUse while docks or cameras are at it."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    found = site(tx, site_id)
    docks_here = sa.select(sa.func.count()).where(dock_table.c.site_id == site_id, dock_table.c.closed_at.is_(None))
    not_retired = device_table.c.state != DeviceState.RETIRED.value
    cameras_here = sa.select(sa.func.count()).where(device_table.c.site_id == site_id, not_retired)
    count = tx.scalar(docks_here) or 0
    count += tx.scalar(cameras_here) or 0
    if count:
        raise SiteInUse(name=found.name, count=count)
    return _set_closed(tx, actor, site_table, found, True, Event.SITE_CHANGED, clock)


def open_site(tx: Connection, actor: Actor, site_id: str, *, clock: Clock | None = None) -> str | None:
    """Open a closed site again."""
    actor.require(Permission.DOCKS_MANAGE)
    return _set_closed(tx, actor, site_table, site(tx, site_id), False, Event.SITE_CHANGED, clock or SystemClock())


def site(tx: Connection, site_id: str) -> Site:
    """One site; raises SiteUnknown."""
    row = tx.execute(_sites().where(site_table.c.id == site_id)).first()
    if row is None:
        raise SiteUnknown(id=site_id)
    return Site(*row)


def sites(tx: Connection, *, closed: bool = False) -> list[Site]:
    """Sites by name; with `closed` those that were closed too."""
    query = _sites().order_by(site_table.c.name_key)
    return [Site(*row) for row in tx.execute(query if closed else query.where(site_table.c.closed_at.is_(None)))]


def create_dock(
    tx: Connection,
    actor: Actor,
    name: str,
    *,
    kind: DockKind | str,
    site_id: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Add a dock; its id. Raises PlaceNameWrong, PlaceNameTaken, DockKindUnknown, SiteUnknown."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    values = {
        "id": new_id(),
        "name": clean_name(name),
        "kind": dock_kind_named(kind).value,
        "site_id": _open_site_id(tx, site_id),
    }
    _insert(tx, dock_table, {**values, "name_key": name_key(name), "created_at": clock.now()})
    details = {"dock": values["id"], "name": values["name"], "kind": values["kind"], "site": values["site_id"]}
    custody.append(tx, Event.DOCK_CREATED, actor=actor.account_id, details=details, clock=clock)
    return str(values["id"])


def change_dock(
    tx: Connection, actor: Actor, dock_id: str, changes: Mapping[str, Any], *, clock: Clock | None = None
) -> str | None:
    """Change name or site_id of a dock; the event's id, None when all was so."""
    actor.require(Permission.DOCKS_MANAGE)
    return _change(tx, actor, dock_table, dock(tx, dock_id), changes, Event.DOCK_CHANGED, clock or SystemClock())


def close_dock(tx: Connection, actor: Actor, dock_id: str, *, clock: Clock | None = None) -> str | None:
    """Close a dock: nothing comes through it any more; what came stays on record."""
    actor.require(Permission.DOCKS_MANAGE)
    return _set_closed(tx, actor, dock_table, dock(tx, dock_id), True, Event.DOCK_CHANGED, clock or SystemClock())


def open_dock(tx: Connection, actor: Actor, dock_id: str, *, clock: Clock | None = None) -> str | None:
    """Open a closed dock again."""
    actor.require(Permission.DOCKS_MANAGE)
    return _set_closed(tx, actor, dock_table, dock(tx, dock_id), False, Event.DOCK_CHANGED, clock or SystemClock())


def dock(tx: Connection, dock_id: str) -> Dock:
    """One dock; raises DockUnknown."""
    row = tx.execute(_docks().where(dock_table.c.id == dock_id)).first()
    if row is None:
        raise DockUnknown(id=dock_id)
    return _dock(row)


def dock_named(tx: Connection, name: str) -> Dock | None:
    """The dock with this name, however it is capitalised. Raises PlaceNameWrong."""
    row = tx.execute(_docks().where(dock_table.c.name_key == name_key(name))).first()
    return None if row is None else _dock(row)


def docks(tx: Connection, *, closed: bool = False) -> list[Dock]:
    """Docks by name; with `closed` those that were closed too."""
    query = _docks().order_by(dock_table.c.name_key)
    return [_dock(row) for row in tx.execute(query if closed else query.where(dock_table.c.closed_at.is_(None)))]


def seen(tx: Connection, dock_id: str, *, clock: Clock | None = None) -> None:
    """Note that something comes through a dock now. No event: what comes has events of its own."""
    now = (clock or SystemClock()).now()
    long_ago = sa.or_(dock_table.c.seen_at.is_(None), dock_table.c.seen_at < now - _SEEN_AGAIN)
    tx.execute(dock_table.update().where(dock_table.c.id == dock_id, long_ago).values(seen_at=now))


def _sites() -> sa.Select[Any]:
    return sa.select(*(site_table.c[name] for name in ("id", "name", "note", "created_at", "closed_at")))


def _docks() -> sa.Select[Any]:
    names = ("id", "name", "kind", "site_id", "created_at", "closed_at", "seen_at")
    return sa.select(*(dock_table.c[name] for name in names))


def _dock(row: sa.Row[Any]) -> Dock:
    values = dict(row._mapping)
    return Dock(**{**values, "kind": DockKind(values["kind"])})


def _open_site_id(tx: Connection, site_id: str | None) -> str | None:
    if not site_id:
        return None
    if site(tx, site_id).closed_at is not None:
        raise SiteUnknown(id=site_id)
    return site_id


def _insert(tx: Connection, table: sa.Table, values: Mapping[str, Any]) -> None:
    if tx.execute(sa.select(table.c.id).where(table.c.name_key == values["name_key"])).first() is not None:
        raise PlaceNameTaken(name=values["name"])
    try:
        tx.execute(table.insert(), dict(values))
    except IntegrityError as error:  # another process was quicker
        raise PlaceNameTaken(name=values["name"]) from error


def _change(
    tx: Connection,
    actor: Actor,
    table: sa.Table,
    before: Site | Dock,
    changes: Mapping[str, Any],
    event: Event,
    clock: Clock,
) -> str | None:
    cleaners: dict[str, Callable[[Any], str | None]] = {
        "name": clean_name,
        "note": lambda value: clean_text("note", value, LONGEST_NOTE),
        "site_id": lambda value: _open_site_id(tx, value),
    }
    wrong = [field for field in changes if field not in cleaners or not hasattr(before, field)]
    if wrong:
        raise ValueError(f"it has no {wrong[0]} that can be changed")
    checked = {field: cleaners[field](value) for field, value in changes.items()}
    new = {field: value for field, value in checked.items() if value != getattr(before, field)}
    if not new:
        return None
    row = dict(new)
    if "name" in new:
        row["name_key"] = name_key(str(new["name"]))
        same = sa.and_(table.c.name_key == row["name_key"], table.c.id != before.id)
        if tx.execute(sa.select(table.c.id).where(same)).first() is not None:
            raise PlaceNameTaken(name=new["name"])
    try:
        tx.execute(table.update().where(table.c.id == before.id).values(**row))
    except IntegrityError as error:
        raise PlaceNameTaken(name=new["name"]) from error
    changed = {field: {"old": getattr(before, field), "new": value} for field, value in new.items()}
    details = {_subject(before): before.id, "changed": changed}
    return custody.append(tx, event, actor=actor.account_id, details=details, clock=clock)


def _set_closed(
    tx: Connection, actor: Actor, table: sa.Table, before: Site | Dock, closed: bool, event: Event, clock: Clock
) -> str | None:
    if (before.closed_at is not None) == closed:
        return None
    at = clock.now() if closed else None
    tx.execute(table.update().where(table.c.id == before.id).values(closed_at=at))
    old = None if before.closed_at is None else iso(before.closed_at)
    changed = {"closed_at": {"old": old, "new": None if at is None else iso(at)}}
    details = {_subject(before): before.id, "changed": changed}
    return custody.append(tx, event, actor=actor.account_id, details=details, clock=clock)


def _subject(before: Site | Dock) -> str:
    return "site" if isinstance(before, Site) else "dock"
