"""What a sender says of a file, checked before the first byte: what is named exists, and may be named.

Two kinds of sender: somebody with an account, who may name as wearer whom they could describe afterwards; and a dock,
of which nothing is turned away: a camera that is not known is kept as found, and what makes no sense is not taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.docking.uploads.errors import UploadError
from candor.fleet.errors import FleetError
from candor.fleet.service import Device, ensure_device, find_by_serial
from candor.fleet.service import device as find_device
from candor.footage import catalogue, fields, names
from candor.footage.errors import FieldWrong
from candor.footage.intake import Claim
from candor.people import service
from candor.people.errors import AccountUnknown, UnitUnknown
from candor.people.rules import Actor, Permission
from candor.people.service import Account

__all__ = ["DeviceNotKnown", "claim_of_account", "claim_of_dock", "nameable"]

_LONGEST = 4096


class DeviceNotKnown(UploadError):
    """There is no device with that identifier. Choose one of the list."""


def nameable(tx: Connection, actor: Actor) -> list[Account]:
    """Whom the actor may name as wearer: whose recordings the actor could describe afterwards."""
    everybody = service.accounts(tx, active=True)
    if actor.may(Permission.RECORDINGS_CHANGE_ALL):
        return everybody
    unit = actor.unit_id if actor.may(Permission.RECORDINGS_CHANGE_UNIT) else None
    return [one for one in everybody if one.id == actor.account_id or (unit is not None and one.unit_id == unit)]


def claim_of_account(tx: Connection, actor: Actor, said: Mapping[str, str], *, face: str) -> Claim:
    """The claim of somebody with an account. `said`: name (or filename), source, modified (milliseconds since 1970),
    wearer, unit, device (identifier), serial, category, incident.

    Raises AccountUnknown, UnitUnknown, DeviceNotKnown, FieldWrong.
    """
    actor.require(Permission.RECORDINGS_TAKE_IN)
    name = _name(said)
    wearer = _wearer(tx, actor, said.get("wearer", ""))
    device = _device(tx, said.get("device", ""), said.get("serial", ""))
    return Claim(
        name=name,
        source=said.get("source", name)[:_LONGEST] or name,
        face=face,
        actor=actor.account_id,
        modified_at=_moment(said.get("modified", "")),
        wearer_id=wearer.id if wearer else None,
        unit_id=_unit(tx, actor, said.get("unit", ""), wearer),
        device_id=device.id if device else None,
        device_kind=device.kind.value if device else None,
        incident_number=fields.check_text("incident_number", said.get("incident", "")) or None,
        category=_category(tx, said.get("category", "")),
    )


def claim_of_dock(tx: Connection, dock_id: str, said: Mapping[str, str], *, face: str, clock: Clock) -> Claim:
    """The claim of a dock. `said`: as above; of a camera its serial, make, model and firmware. Nothing is turned away
    for what is said of it: what cannot be taken is left out, and the file has no device, category or incident then."""
    name = _name(said)
    device_id = None
    if said.get("serial"):
        with suppress(FleetError):
            device_id = ensure_device(
                tx,
                said["serial"],
                make=said.get("make"),
                model=said.get("model"),
                firmware=said.get("firmware"),
                actor=f"system:dock-{dock_id}",
                clock=clock,
            )
    device = find_device(tx, device_id) if device_id else None
    incident = category = None
    with suppress(FieldWrong):
        incident = fields.check_text("incident_number", said.get("incident", "")) or None
    with suppress(FieldWrong):
        category = _category(tx, said.get("category", ""))
    return Claim(
        name=name,
        source=said.get("source", name)[:_LONGEST] or name,
        face=face,
        actor=f"system:dock-{dock_id}",
        modified_at=_moment(said.get("modified", "")),
        device_id=device_id,
        device_kind=device.kind.value if device else None,
        incident_number=incident,
        category=category,
        dock_id=dock_id,
    )


def _name(said: Mapping[str, str]) -> str:
    return (said.get("name") or said.get("filename") or "")[:_LONGEST]


def _device(tx: Connection, device_id: str, serial: str) -> Device | None:
    if not device_id and not serial:
        return None
    found = None
    with suppress(FleetError):
        given = names.kept(device_id)  # what is no text is nobody's identifier
        found = find_device(tx, given) if device_id else find_by_serial(tx, serial)
    if found is None:
        raise DeviceNotKnown()
    return found


def _wearer(tx: Connection, actor: Actor, wearer_id: str) -> Account | None:
    if not wearer_id:
        return None
    found = next((one for one in nameable(tx, actor) if one.id == wearer_id), None)
    if found is None:
        raise AccountUnknown(id=wearer_id)
    return found


def _unit(tx: Connection, actor: Actor, unit_id: str, wearer: Account | None) -> str | None:
    """The unit that is claimed, else the wearer's. Only those who may describe every recording claim any unit."""
    if not unit_id:
        return wearer.unit_id if wearer else None
    near = {actor.unit_id, wearer.unit_id if wearer else None}
    everywhere = actor.may(Permission.RECORDINGS_CHANGE_ALL)
    if unit_id not in {unit.id for unit in service.units(tx) if everywhere or unit.id in near}:
        raise UnitUnknown(id=unit_id)
    return unit_id


def _category(tx: Connection, given: str) -> str | None:
    text = fields.check_text("category", given) or None
    if text is not None and text not in catalogue.categories(tx):
        raise FieldWrong(field=fields.FIELD_WORDS["category"], reason=f"“{text}” is not on the list of categories")
    return text


def _moment(milliseconds: str) -> datetime | None:
    """The file's date as a browser tells it: milliseconds since 1970."""
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    return None
