"""Setting the demo's site up: agency, people, footage, witness."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from candor.core.files import make_folder, write_durably
from candor.core.settings import Settings
from candor.custody.witness_server import add_log, create_witness, open_witness
from candor.demo import equipment, programme
from candor.demo.doors import CameraSystem, Station, write_card
from candor.demo.footage import WEARERS, DemoClip, find_assets, make_footage
from candor.docking.cards.claims import CardOrders
from candor.docking.cards.outcomes import NotTaken
from candor.docking.cards.watching import Watch
from candor.footage import catalogue
from candor.footage.intake import Intake
from candor.footage.tables import part
from candor.installation import Installation
from candor.people import passwords, service
from candor.people.rules import Role, system_actor

AGENCY, SHORT, ZONE = "Candor State Police (a demonstration)", "CSP demo", "America/New_York"
ORIGIN, WITNESS = "demo.candor.example/log", "witness.candor.example/press"

#: Sign-in name, display name, role, what they are there to show.
STAFF = (
    ("admin", "Robin Castillo", Role.ADMINISTRATOR, "accounts, devices, the custody log; sees no footage"),
    ("technician", "Sam Whitfield", Role.EVIDENCE_TECHNICIAN, "every recording, upload, hand-out, jobs"),
    ("records", "Priya Raman", Role.RECORDS_OFFICER, "every recording, hand-out"),
    ("counsel", "Noor Haddad", Role.COUNSEL, "the law as it is applied, cases, holds, what may be destroyed"),
    ("oversight", "Grace Okafor", Role.OVERSIGHT, "who did what; no footage"),
    ("programme", "Lucía Ferrer", Role.PROGRAMME_MANAGER, "how the system is doing; no footage"),
)
#: Cameras that dock with the camera system; the other body cameras' films are sent from the station, the cars' come on
#: cards.
BY_SYSTEM = {"X60C10401", "X60C10412"}
TROOPERS = {"lindqvist": (Role.SUPERVISOR, "the recordings of the troop")}

#: Settings of the environment that name places, and do not count here.
_PLACES = (
    *("database_url", "store_url", "spool", "published_url", "published_files", "inbox_url"),
    *("portal_url", "portal_log"),
)
_ACTOR = system_actor("demo")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Demo:
    """Where the demo lives and what belongs to it."""

    folder: Path
    password: str
    witness_port: int
    dock_port: int
    portal_port: int

    def values(self) -> dict[str, object]:
        """What the demo sets, by the names of the settings."""
        witness = open_witness(self.folder / "witness")
        key = witness.key.format()
        witness.store.close()
        return {
            "home": str(self.folder / "home"),
            "keys": str(self.folder / "keys"),
            "log_origin": ORIGIN,
            "witnesses": [f"{key} http://127.0.0.1:{self.witness_port}"],
            "witness_quorum": 1,
            "dock_port": self.dock_port,
            "portal_port": self.portal_port,
        }

    @property
    def settings(self) -> Settings:
        """Settings of the demo's installation; those of the environment that name places do not count."""
        elsewhere = dict.fromkeys(_PLACES)
        return Settings.load(**self.values(), **elsewhere)

    def config(self) -> str:
        """The same as a candor.toml, for commands beside the served site."""
        return "".join(f"{name} = {json.dumps(value)}\n" for name, value in self.values().items())


def prepare(folder: Path) -> Demo:
    """The demo in this folder; made when there is none: the witness's key, the password of all accounts."""
    make_folder(folder)
    note = folder / "demo.json"
    if note.exists():
        found = json.loads(note.read_text())
        ports = (_free_port(found.get(f"{name}_port", 0)) for name in ("witness", "dock", "portal"))
        return Demo(folder, found["password"], *ports)
    with suppress(FileExistsError):
        create_witness(folder / "witness", WITNESS).store.close()
    ports = (_free_port(0) for _ in range(3))
    demo = Demo(folder, "-".join(secrets.token_hex(2) for _ in range(4)), *ports)
    kept = {
        "password": demo.password,
        "witness_port": demo.witness_port,
        "dock_port": demo.dock_port,
        "portal_port": demo.portal_port,
    }
    write_durably(note, json.dumps(kept).encode(), mode=0o600)
    return demo


def remember(demo: Demo, **values: object) -> None:
    """Write something down beside the demo's password, for whoever looks at the demo."""
    note = demo.folder / "demo.json"
    write_durably(note, json.dumps({**json.loads(note.read_text()), **values}, indent=1).encode(), mode=0o600)


def remembered(demo: Demo, name: str) -> Any:
    """What was written down, None where nothing was."""
    return json.loads((demo.folder / "demo.json").read_text()).get(name)


def start_witness(demo: Demo, vkey: str) -> subprocess.Popen[bytes]:
    """Run the witness as a process of its own, as an outside party would; the caller ends it."""
    add_log(demo.folder / "witness", vkey)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "candor",
            "witness",
            "--home",
            str(demo.folder / "witness"),
            "--port",
            str(demo.witness_port),
        ],
        stdout=subprocess.DEVNULL,
        stderr=(demo.folder / "witness.log").open("ab"),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    for _ in range(300):  # a busy machine takes its time to load a program
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{demo.witness_port}/key", timeout=2):
            break
        if process.poll() is not None:
            break
        time.sleep(0.1)
    return process


def fill(installation: Installation, demo: Demo, say: Say, *, door: str, scale: float = 1.0) -> None:
    """Agency, accounts, docks, footage; harmless to repeat. `door`: address of the door for cameras, which is open. The
    viewing copies are made by the jobs meanwhile."""
    accounts, _ = _people(installation, demo.password)
    docks = equipment.set_up(installation, accounts)
    system, station = CameraSystem(docks.connection_file), Station(door, docks.station)
    assets = find_assets()
    if assets is None:
        say("The demo's pictures and voices are not installed: faces are drawn, and nobody speaks.")

    def told(done: int, total: int, what: str) -> None:
        say(f"  filmed {100 * done // max(total, 1):3} %  {what}")

    def made(clip: DemoClip) -> None:
        if clip.device_serial in BY_SYSTEM:
            wearer = WEARERS[clip.wearer]
            system.hand_over(clip, f"{wearer.rank} {wearer.name}", wearer.unit.rsplit(" ", 1)[-1])
        elif clip.device_kind == "body":
            station.send(clip)

    clips = make_footage(demo.folder / "camera", faces=assets, progress=told, seconds_scale=scale, made=made)
    for serial in sorted({clip.device_serial for clip in clips if clip.device_kind == "in-car"}):
        say(f"  reading the card of {serial}")
        card = write_card(demo.folder / "cards" / serial, [clip for clip in clips if clip.device_serial == serial])
        read_card(installation, card, serial, docks.reader_id)
    with installation.database.write() as tx:
        offered = catalogue.categories(tx)
        wanted = dict.fromkeys([*offered, *sorted({clip.category for clip in clips})])
        catalogue.set_categories(tx, _ACTOR, list(wanted), clock=installation.clock)
    for clip in clips:
        _describe(installation, clip)
    programme.set_up(installation)


def read_card(installation: Installation, card: Path, serial: str, reader_id: str) -> None:
    """Take in what is on a card, as `candor dock watch --once` does."""
    intake = Intake(installation.database, installation.vault, installation.jobs, installation.clock)
    orders = CardOrders(_ACTOR, serial, reader_id, ZONE)
    for outcome in Watch(intake, card, orders, settle=0).once():
        if isinstance(outcome, NotTaken):
            raise OSError(f"{outcome.path}: {outcome.reason}")


def _people(installation: Installation, password: str) -> tuple[dict[str, str], dict[str, str]]:
    """Account ids by wearer key, unit ids by name."""
    hashed = passwords.hash_password(password)
    with installation.database.write() as tx:
        if service.agency(tx) is None:
            name, shown, role, _ = STAFF[0]
            service.create_agency(
                tx,
                name=AGENCY,
                short_name=SHORT,
                time_zone=ZONE,
                administrator=service.NewAccount(name, shown, [role], hashed),
                clock=installation.clock,
            )
        units = {unit.name: unit.id for unit in service.units(tx)}
        for wearer in WEARERS.values():
            if _troop(wearer.unit) not in units:
                units[_troop(wearer.unit)] = service.create_unit(
                    tx, _ACTOR, _troop(wearer.unit), clock=installation.clock
                )
        for name, shown, role, _ in STAFF[1:]:
            if service.account_named(tx, name) is None:
                new = service.NewAccount(name, shown, [role], hashed)
                service.create_account(tx, _ACTOR, new, clock=installation.clock)
        accounts = {}
        for key, wearer in WEARERS.items():
            known = service.account_named(tx, key)
            accounts[key] = known.id if known else service.create_account(
                tx,
                _ACTOR,
                service.NewAccount(
                    key,
                    f"{wearer.rank} {wearer.name}",
                    [TROOPERS.get(key, (Role.OFFICER, ""))[0]],
                    hashed,
                    badge=wearer.unit.rsplit(" ", 1)[-1],
                    unit_id=units[_troop(wearer.unit)],
                ),
                clock=installation.clock,
            )  # fmt: skip
    return accounts, units


def _troop(unit: str) -> str:
    """ "Troop C, Patrol 412" is a call sign; the unit is the troop."""
    return unit.split(",")[0]


def _describe(installation: Installation, clip: DemoClip) -> None:
    """What somebody at the desk enters afterwards: title, category, incident, place."""
    with clip.path.open("rb") as film:
        digest = hashlib.file_digest(film, "sha256").digest()
    wanted: dict[str, Any] = {"title": clip.title, "category": clip.category, "incident_number": clip.incident}
    if clip.location:
        wanted |= {"latitude": clip.location[0].lat, "longitude": clip.location[0].lon}
    with installation.database.write() as tx:
        recording_id = tx.scalar(sa.select(part.c.recording_id).where(part.c.sha256 == digest))
        if recording_id is not None:
            catalogue.change(tx, recording_id, wanted, _ACTOR, clock=installation.clock)


def _free_port(wanted: int) -> int:
    """The port, if nobody listens on it, else a free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
