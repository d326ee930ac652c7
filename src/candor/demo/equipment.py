"""What the demo's agency has for its cameras: sites, docks with their keys, the cameras and who has which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.engine import Connection

from candor.demo.footage import DEVICES
from candor.docking import credentials
from candor.docking.axis import connection_file, connections, new_connection
from candor.fleet import assignments, places
from candor.fleet import service as fleet
from candor.fleet.rules import DeviceKind
from candor.installation import Installation
from candor.people.rules import system_actor

__all__ = ["Docks", "set_up"]

_ACTOR = system_actor("demo")
#: How long before now the troopers got their cameras.
_ISSUED = timedelta(days=60)
MAKE = "Meridian (fictional)"
#: Who drives which car.
DRIVERS = {"car 412": "alvarez", "car 418": "brooks"}
BARRACKS, SYSTEM, UPLOADS, READER = "Troop C barracks", "Camera system C", "Station uploads", "Card reader C"


@dataclass(frozen=True)
class Docks:
    """The demo's doors: the connection file of the camera system, the station's credential, the card reader."""

    connection_file: bytes
    station: tuple[str, str]
    reader_id: str


def set_up(installation: Installation, accounts: dict[str, str]) -> Docks:
    """Sites, docks, cameras and assignments, as far as they are not there; new keys for the docks in any case.
    `accounts`: account ids by wearer's key."""
    here, clock = installation, installation.clock
    with here.database.write() as tx:
        known = {site.name: site.id for site in places.sites(tx)}
        site_id = known.get(BARRACKS) or places.create_site(tx, _ACTOR, BARRACKS, clock=clock)
        system = next((one.id for one in connections(tx, ended=False) if one.name == SYSTEM), None)
        if system is None:
            system = new_connection(tx, here.vault, _ACTOR, SYSTEM, site_id=site_id, container_type="mp4", clock=clock)
        station_id, reader_id = (_dock(installation, tx, *one, site_id) for one in ((UPLOADS, "tus"), (READER, "card")))
        file = connection_file(tx, _ACTOR, system, settings=here.settings, clock=clock)
        station = credentials.new_credential(tx, _ACTOR, station_id, clock=clock)
        for carrier, device in DEVICES.items():
            # A car's camera counts as its driver's.
            wearer = carrier if carrier in accounts else DRIVERS[carrier]
            _issue(installation, tx, device.serial, device.kind, device.model, accounts[wearer])
    return Docks(file, station, reader_id)


def _dock(installation: Installation, tx: Connection, name: str, kind: str, site_id: str) -> str:
    found = places.dock_named(tx, name)
    if found is not None:
        return found.id
    return places.create_dock(tx, _ACTOR, name, kind=kind, site_id=site_id, clock=installation.clock)


def _issue(installation: Installation, tx: Connection, serial: str, kind: str, model: str, account_id: str) -> None:
    """Register a camera and say who has it, unless that is done."""
    if fleet.find_by_serial(tx, serial) is not None:
        return
    device_id = fleet.register_device(
        tx, _ACTOR, serial, DeviceKind(kind), make=MAKE, model=model, clock=installation.clock
    )
    since = installation.clock.now() - _ISSUED
    assignments.assign(tx, _ACTOR, device_id, account_id, since, clock=installation.clock)
