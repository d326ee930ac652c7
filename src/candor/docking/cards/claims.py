"""What is said of a card's files when they are taken in: who hands in, which camera, what names and records claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.docking.cards.found import Clip, Contents, NamedTime
from candor.docking.cards.grouping import Measured
from candor.fleet import service as fleet
from candor.fleet.errors import FleetError
from candor.footage import names
from candor.footage.said import Claim, PartOf
from candor.footage.times import TimeClaim, TimeSource
from candor.people import service as people
from candor.people.rules import Actor

__all__ = ["FACE", "Camera", "CardOrders", "Claiming", "said_times"]

FACE = "card"
#: Characters kept of a text that a name or a record claims.
_LONGEST = 300


@dataclass(frozen=True)
class CardOrders:
    """How a card is to be read. `serial`: the camera's, as a person says; `zone`: of times that name none, IANA;
    `reader`: chosen by hand."""

    who: Actor
    serial: str | None = None
    dock_id: str | None = None
    zone: str | None = None
    reader: str | None = None


@dataclass(frozen=True)
class Camera:
    """A device that a card or a name shows."""

    id: str
    serial: str
    kind: str


@dataclass
class Claiming:
    """Makes claims of one card's files. Devices that were never seen are kept as found."""

    orders: CardOrders
    contents: Contents
    clock: Clock
    _cameras: dict[str, Camera | None] = field(default_factory=dict)

    def camera(self, tx: Connection, serial: str | None) -> Camera | None:
        """The camera: as a person says, otherwise as the name or record claims. None where neither says so, or what
        is claimed can be no serial number."""
        chosen = self._serial(serial)
        if chosen is None:
            return None
        if chosen not in self._cameras:
            self._cameras[chosen] = self._ensure(tx, chosen)
        return self._cameras[chosen]

    def knows(self, serial: str | None) -> bool:
        """Whether `known` can tell without asking the database."""
        chosen = self._serial(serial)
        return chosen is None or chosen in self._cameras

    def known(self, serial: str | None) -> Camera | None:
        """The camera, as `camera` gave it before."""
        chosen = self._serial(serial)
        return None if chosen is None else self._cameras[chosen]

    def _serial(self, claimed: str | None) -> str | None:
        return self.orders.serial or (None if claimed is None else names.kept(claimed))

    def clip(self, tx: Connection, measured: Measured, part_of: PartOf | None) -> Claim:
        """What is said of a recording's file; name, source and date are put in by who reads it."""
        clip = measured.clip
        camera = self.camera(tx, clip.serial)
        wearer = people.account_named(tx, names.kept(clip.wearer)) if clip.wearer else None
        return Claim(
            name=clip.file.name,
            source=clip.file.path,
            face=FACE,
            actor=self.orders.who.account_id,
            wearer_id=wearer.id if wearer else None,
            unit_id=wearer.unit_id if wearer else None,
            device_id=camera.id if camera else None,
            device_kind=camera.kind if camera else None,
            part_of=part_of,
            times=tuple(said_times(clip, self.orders.zone)),
            dock_id=self.orders.dock_id,
            also=self._also(clip),
        )

    def _ensure(self, tx: Connection, serial: str) -> Camera | None:
        try:
            device_id = fleet.ensure_device(
                tx,
                serial,
                self.contents.kind,
                make=self.contents.make,
                model=self.contents.model,
                actor=self.orders.who.account_id,
                clock=self.clock,
            )
        except FleetError:
            if serial == self.orders.serial:
                raise
            return None
        known = fleet.device(tx, device_id)
        return Camera(known.id, known.serial, known.kind.value)

    def _also(self, clip: Clip) -> Mapping[str, Any]:
        """Everything that names and records claim, beside the part."""
        also: dict[str, Any] = {"reader": self.contents.reader, "path": _short(clip.file.path)}
        also |= {name: _text(value) for name, value in clip.said.items()}
        if clip.marks:
            also["marks"] = [mark.value for mark in clip.marks]
        if clip.number is not None:
            also["number"] = clip.number
        if clip.serial:
            also["serial"] = _short(clip.serial)
        if clip.wearer:
            also["wearer"] = _short(clip.wearer)
        return also


def said_times(clip: Clip, zone: str | None) -> list[TimeClaim]:
    """The start that a name or a dock's record claims, with what it says exactly."""
    found = []
    if clip.start is not None:
        source = TimeSource.DOCK if clip.start.where.startswith("the dock") else TimeSource.NAME
        found.append(TimeClaim(source, clip.start.at(zone), clip.start.where, _written(clip.start, zone)))
    return found


def _written(time: NamedTime, zone: str | None) -> str:
    exact = time.local.isoformat(sep=" ", timespec="minutes" if time.resolution >= 60 else "seconds")
    named = time.zone or zone
    more = ", which came twice or never there" if time.twofold(zone) else ""
    return f"{exact} {named}{more}" if named else f"{exact}, zone not known"


def _text(said: Any) -> Any:
    """What is claimed, with every text in it as databases can hold it: names of files may hold bytes that are none."""
    if isinstance(said, str):
        return names.kept(said)
    if isinstance(said, Mapping):
        return {str(name): _text(value) for name, value in said.items()}
    return said


def _short(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:_LONGEST]
