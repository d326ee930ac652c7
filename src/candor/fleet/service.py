"""Devices: one function per act, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet import assignments
from candor.fleet.errors import DeviceUnknown, SerialTaken, SiteUnknown
from candor.fleet.rules import (
    LONGEST_NOTE,
    DeviceKind,
    DeviceState,
    clean_serial,
    clean_text,
    kind_named,
    state_named,
)
from candor.fleet.tables import device as device_table
from candor.fleet.tables import device_firmware, site
from candor.people.rules import Actor, Permission

__all__ = [
    "Device",
    "Firmware",
    "change_device",
    "confirm_device",
    "device",
    "devices",
    "ensure_device",
    "find_by_serial",
    "firmware_of",
    "register_device",
]

#: Who acts where a dock or a card shows a device by itself.
FINDER = "system:docks"
#: A device that is seen again within this time is not written again.
_SEEN_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Device:
    """A camera that is known here. `found`: shown by a dock or a card, and confirmed by nobody yet."""

    id: str
    serial: str
    kind: DeviceKind
    make: str | None
    model: str | None
    created_at: datetime
    firmware: str | None = None
    state: DeviceState = DeviceState.IN_STOCK
    pooled: bool = False
    site_id: str | None = None
    note: str | None = None
    found: bool = False
    seen_at: datetime | None = None


@dataclass(frozen=True)
class Firmware:
    """A stretch in which a device was seen with the same firmware."""

    firmware: str
    first_at: datetime
    last_at: datetime


def register_device(
    tx: Connection,
    actor: Actor,
    serial: str,
    kind: DeviceKind | str,
    *,
    make: str | None = None,
    model: str | None = None,
    firmware: str | None = None,
    state: DeviceState | str = DeviceState.IN_STOCK,
    pooled: bool = False,
    site_id: str | None = None,
    note: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Make a device known; returns its id. Raises SerialTaken when it is known already, also as found."""
    actor.require(Permission.DEVICES_MANAGE)
    clock = clock or SystemClock()
    details: dict[str, Any] = {
        "device": new_id(),
        "serial": clean_serial(serial),
        "kind": kind_named(kind).value,
        "make": clean_text("make", make),
        "model": clean_text("model", model),
    }
    more: dict[str, Any] = {
        "firmware": clean_text("firmware", firmware),
        "state": state_named(state).value,
        "pooled": pooled,
        "site_id": _site(tx, site_id),
        "note": clean_text("note", note, LONGEST_NOTE),
    }
    if find_by_serial(tx, serial) is not None:
        raise SerialTaken(serial=details["serial"])
    values = {"id": details["device"], "created_at": clock.now(), "found": False, **more}
    values |= {field: details[field] for field in ("serial", "kind", "make", "model")}
    try:
        tx.execute(device_table.insert(), values)
    except IntegrityError as error:  # another process was quicker
        raise SerialTaken(serial=details["serial"]) from error
    said = {name.removesuffix("_id"): value for name, value in more.items()}
    custody.append(tx, Event.DEVICE_CREATED, actor=actor.account_id, details=details | said, clock=clock)
    if more["firmware"]:
        _note_firmware(tx, str(values["id"]), more["firmware"], clock.now())
    return str(values["id"])


def ensure_device(
    tx: Connection,
    serial: str,
    kind: DeviceKind | str = DeviceKind.BODY,
    *,
    make: str | None = None,
    model: str | None = None,
    firmware: str | None = None,
    actor: str = FINDER,
    clock: Clock | None = None,
) -> str:
    """The id of a device that a dock or a card shows: known, or kept from now on as found. Raises SerialWrong.

    Make and model fill what is blank and replace nothing; a firmware other than the last one is kept, as an event.
    """
    clock = clock or SystemClock()
    now, cleaned = clock.now(), clean_serial(serial)
    given = {"make": _short(make), "model": _short(model), "firmware": _short(firmware)}
    known = find_by_serial(tx, cleaned)
    if known is None:
        details = {"device": new_id(), "serial": cleaned, "kind": kind_named(kind).value, **given}
        values: dict[str, Any] = {name: value for name, value in details.items() if name != "device"}
        values |= {"id": details["device"], "created_at": now, "seen_at": now, "found": True}
        if _insert_unless_there(tx, values):
            custody.append(tx, Event.DEVICE_FOUND, actor=actor, details=details, clock=clock)
            if given["firmware"]:
                _note_firmware(tx, str(details["device"]), given["firmware"], now)
            return str(details["device"])
        known = find_by_serial(tx, cleaned)
        assert known is not None, "another process put it there"
    new = {name: given[name] for name in ("make", "model") if given[name] and getattr(known, name) is None}
    if given["firmware"] and given["firmware"] != known.firmware:
        new["firmware"] = given["firmware"]
    if new:
        _write(tx, known, new, actor, clock, seen=True)
    if given["firmware"] and not _seen_lately(known, now):
        _note_firmware(tx, known.id, given["firmware"], now)
    if new or not _seen_lately(known, now):
        tx.execute(device_table.update().where(device_table.c.id == known.id).values(seen_at=now))
    return known.id


def confirm_device(
    tx: Connection, actor: Actor, device_id: str, *, kind: DeviceKind | str | None = None, clock: Clock | None = None
) -> bool:
    """Say of a device that was found that it is one of ours (and, if given, what it is); False when it was so."""
    actor.require(Permission.DEVICES_MANAGE)
    before = _held(tx, device_id)
    if not before.found:
        return False
    chosen = before.kind if kind is None else kind_named(kind)
    values = {"found": False, "kind": chosen.value}
    tx.execute(device_table.update().where(device_table.c.id == device_id).values(values))
    details = {"device": device_id, "serial": before.serial, "kind": chosen.value}
    custody.append(tx, Event.DEVICE_CONFIRMED, actor=actor.account_id, details=details, clock=clock)
    return True


def change_device(
    tx: Connection, actor: Actor, device_id: str, changes: Mapping[str, Any], *, clock: Clock | None = None
) -> str | None:
    """Change what is known of a device; the event's id, None when all was so.

    `changes`: kind, make, model, firmware, state (never issued), pooled, site_id, note. The serial number stays: a
    wrong one is another device. Where it goes into repair or is retired, whoever has it has it no longer.
    """
    actor.require(Permission.DEVICES_MANAGE)
    clock = clock or SystemClock()
    before = _held(tx, device_id)
    checked = {field: _checked(tx, field, value) for field, value in changes.items()}
    new = {field: value for field, value in checked.items() if value != getattr(before, field)}
    if not new:
        return None
    event = _write(tx, before, new, actor.account_id, clock)
    if new.get("firmware"):
        _note_firmware(tx, device_id, new["firmware"], clock.now())
    if new.get("state") in (DeviceState.REPAIR.value, DeviceState.RETIRED.value):
        assignments.end_running(tx, actor.account_id, device_id, clock.now(), because=new["state"], clock=clock)
    return event


def device(tx: Connection, device_id: str) -> Device:
    """One device by its id; raises DeviceUnknown."""
    row = tx.execute(sa.select(device_table).where(device_table.c.id == device_id)).first()
    if row is None:
        raise DeviceUnknown(id=device_id)
    return _device(row)


def find_by_serial(tx: Connection, serial: str) -> Device | None:
    """The device with this serial number, however it is spaced or capitalised. Raises SerialWrong."""
    row = tx.execute(sa.select(device_table).where(device_table.c.serial == clean_serial(serial))).first()
    return None if row is None else _device(row)


def devices(
    tx: Connection,
    *,
    text: str = "",
    kind: DeviceKind | None = None,
    site_id: str | None = None,
    found: bool | None = None,
    limit: int = 1000,
) -> list[Device]:
    """Devices by serial number: those whose serial number, make or model holds the text; all, or of one kind, of one
    site, found and confirmed by nobody yet (or not)."""
    query = sa.select(device_table).order_by(device_table.c.serial).limit(limit)
    if kind is not None:
        query = query.where(device_table.c.kind == kind.value)
    if site_id is not None:
        query = query.where(device_table.c.site_id == site_id)
    if found is not None:
        query = query.where(device_table.c.found == found)
    sought = text.strip().lower()
    if sought:
        held = (sa.func.lower(device_table.c[column]) for column in ("serial", "make", "model"))
        query = query.where(sa.or_(*(column.contains(sought, autoescape=True) for column in held)))
    return [_device(row) for row in tx.execute(query)]


def firmware_of(tx: Connection, device_id: str) -> list[Firmware]:
    """Which firmware a device was seen with, the latest first."""
    columns = (device_firmware.c[name] for name in ("firmware", "first_at", "last_at"))
    query = sa.select(*columns).where(device_firmware.c.device_id == device_id)
    found = tx.execute(query.order_by(device_firmware.c.last_at.desc(), device_firmware.c.id.desc()))
    return [Firmware(*row) for row in found]


def _held(tx: Connection, device_id: str) -> Device:
    """The device, held until the transaction ends."""
    query = sa.select(device_table).where(device_table.c.id == device_id)
    row = tx.execute(query.with_for_update(key_share=True)).first()
    if row is None:
        raise DeviceUnknown(id=device_id)
    return _device(row)


def _write(
    tx: Connection, before: Device, new: Mapping[str, Any], actor: str, clock: Clock, *, seen: bool = False
) -> str:
    """The row and the event of a change. `seen`: a dock or a card said so, no person."""
    old = {name: getattr(before, name) for name in new}
    told = {name: value.value if isinstance(value, StrEnum) else value for name, value in old.items()}
    changed = {name: {"old": told[name], "new": value} for name, value in new.items()}
    tx.execute(device_table.update().where(device_table.c.id == before.id).values(**new))
    details = {"device": before.id, "serial": before.serial, "changed": changed, "seen": seen}
    return custody.append(tx, Event.DEVICE_CHANGED, actor=actor, details=details, clock=clock)


def _insert_unless_there(tx: Connection, values: Mapping[str, Any]) -> bool:
    """Whether the row was put in; False when another process showed the same device in that moment."""
    insert: Any = (sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert)(device_table).values(values)
    # Asked by what it returns: a count of rows is not told on every database here.
    put = insert.on_conflict_do_nothing(index_elements=["serial"]).returning(device_table.c.id)
    return tx.execute(put).first() is not None


def _checked(tx: Connection, field: str, value: Any) -> Any:
    if field == "kind":
        return kind_named(value).value
    if field == "state":
        return state_named(value).value
    if field == "pooled":
        return bool(value)
    if field == "site_id":
        return _site(tx, value)
    if field in ("make", "model", "firmware", "note"):
        return clean_text(field, value, LONGEST_NOTE) if field == "note" else clean_text(field, value)
    raise ValueError(f"a device has no {field} that can be changed")


def _site(tx: Connection, site_id: str | None) -> str | None:
    if not site_id:
        return None
    open_here = sa.and_(site.c.id == site_id, site.c.closed_at.is_(None))
    if tx.execute(sa.select(site.c.id).where(open_here)).first() is None:
        raise SiteUnknown(id=site_id)
    return site_id


def _note_firmware(tx: Connection, device_id: str, firmware: str, at: datetime) -> None:
    """Carry the last stretch on, or begin another one."""
    query = sa.select(device_firmware).where(device_firmware.c.device_id == device_id)
    last = tx.execute(query.order_by(device_firmware.c.last_at.desc(), device_firmware.c.id.desc()).limit(1)).first()
    if last is not None and last.firmware == firmware:
        tx.execute(device_firmware.update().where(device_firmware.c.id == last.id).values(last_at=at))
        return
    row = {"id": new_id(), "device_id": device_id, "firmware": firmware, "first_at": at, "last_at": at}
    tx.execute(device_firmware.insert(), row)


def _short(text: str | None) -> str | None:
    """What a device says of itself: cut, never turned away."""
    cleaned = "".join(character for character in text or "" if character.isprintable()).strip()[:100]
    return cleaned or None


def _seen_lately(known: Device, now: datetime) -> bool:
    return known.seen_at is not None and abs(now - known.seen_at) < _SEEN_AGAIN


def _device(row: sa.Row[Any]) -> Device:
    values = dict(row._mapping)
    return Device(**{**values, "kind": DeviceKind(values["kind"]), "state": DeviceState(values["state"])})
