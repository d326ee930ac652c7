"""Devices: one function per act, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet.errors import DeviceUnknown, SerialTaken
from candor.fleet.rules import DeviceKind, clean_serial, clean_text, kind_named
from candor.fleet.tables import device as device_table
from candor.people.rules import Actor, Permission

__all__ = ["Device", "device", "devices", "find_by_serial", "register_device"]


@dataclass(frozen=True)
class Device:
    """A camera that is known here."""

    id: str
    serial: str
    kind: DeviceKind
    make: str | None
    model: str | None
    created_at: datetime


def register_device(
    tx: Connection,
    actor: Actor,
    serial: str,
    kind: DeviceKind | str,
    *,
    make: str | None = None,
    model: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Make a device known; returns its id. Raises SerialTaken when it is known already."""
    actor.require(Permission.DEVICES_MANAGE)
    clock = clock or SystemClock()
    details = {
        "device": new_id(),
        "serial": clean_serial(serial),
        "kind": kind_named(kind).value,
        "make": clean_text("make", make),
        "model": clean_text("model", model),
    }
    if find_by_serial(tx, serial) is not None:
        raise SerialTaken(serial=details["serial"])
    values = {"id": details["device"], "created_at": clock.now()}
    values |= {field: details[field] for field in ("serial", "kind", "make", "model")}
    try:
        tx.execute(device_table.insert(), values)
    except IntegrityError as error:  # another process was quicker
        raise SerialTaken(serial=details["serial"]) from error
    custody.append(tx, Event.DEVICE_CREATED, actor=actor.account_id, details=details, clock=clock)
    return str(values["id"])


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


def devices(tx: Connection, *, text: str = "", kind: DeviceKind | None = None, limit: int = 1000) -> list[Device]:
    """Devices by serial number: those whose serial number, make or model holds the text, all or of one kind."""
    query = sa.select(device_table).order_by(device_table.c.serial).limit(limit)
    if kind is not None:
        query = query.where(device_table.c.kind == kind.value)
    sought = text.strip().lower()
    if sought:
        held = (sa.func.lower(device_table.c[column]) for column in ("serial", "make", "model"))
        query = query.where(sa.or_(*(column.contains(sought, autoescape=True) for column in held)))
    return [_device(row) for row in tx.execute(query)]


def _device(row: sa.Row[tuple[object, ...]]) -> Device:
    values = dict(row._mapping)
    return Device(**{**values, "kind": DeviceKind(values["kind"])})
