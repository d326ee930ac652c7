"""Setting the demo's site up: agency, people, footage, witness."""

from __future__ import annotations

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

from candor.core.files import make_folder, write_durably
from candor.core.settings import Settings
from candor.custody.witness_server import add_log, create_witness, open_witness
from candor.demo.footage import WEARERS, DemoClip, find_assets, make_footage
from candor.fleet import service as fleet
from candor.fleet.rules import DeviceKind
from candor.footage import catalogue
from candor.footage.ingest import Taken, take_in_file
from candor.footage.intake import Claim, Intake
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
    ("oversight", "Grace Okafor", Role.OVERSIGHT, "who did what; no footage"),
    ("programme", "Lucía Ferrer", Role.PROGRAMME_MANAGER, "how the system is doing; no footage"),
)
TROOPERS = {"lindqvist": (Role.SUPERVISOR, "the recordings of the troop")}

_ACTOR = system_actor("demo")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Demo:
    """Where the demo lives and what belongs to it."""

    folder: Path
    password: str
    witness_port: int

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
        }

    @property
    def settings(self) -> Settings:
        """Settings of the demo's installation; those of the environment that name places do not count."""
        return Settings.load(**self.values(), database_url=None, store_url=None, spool=None)

    def config(self) -> str:
        """The same as a candor.toml, for commands beside the served site."""
        return "".join(f"{name} = {json.dumps(value)}\n" for name, value in self.values().items())


def prepare(folder: Path) -> Demo:
    """The demo in this folder; made when there is none: the witness's key, the password of all accounts."""
    make_folder(folder)
    note = folder / "demo.json"
    if note.exists():
        found = json.loads(note.read_text())
        return Demo(folder, found["password"], _free_port(found["witness_port"]))
    with suppress(FileExistsError):
        create_witness(folder / "witness", WITNESS).store.close()
    demo = Demo(folder, "-".join(secrets.token_hex(2) for _ in range(4)), _free_port(0))
    write_durably(note, json.dumps({"password": demo.password, "witness_port": demo.witness_port}).encode(), mode=0o600)
    return demo


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


def fill(installation: Installation, demo: Demo, say: Say, *, scale: float = 1.0) -> None:
    """Agency, accounts, footage; harmless to repeat. The viewing copies are made by the jobs meanwhile."""
    accounts, units = _people(installation, demo.password)
    intake = Intake(installation.database, installation.vault, installation.jobs, installation.clock)
    assets = find_assets()
    if assets is None:
        say("The demo's pictures and voices are not installed: faces are drawn, and nobody speaks.")

    def told(done: int, total: int, what: str) -> None:
        say(f"  filmed {100 * done // max(total, 1):3} %  {what}")

    def made(clip: DemoClip) -> None:
        _take_in(installation, intake, clip, accounts, units)

    make_footage(demo.folder / "camera", faces=assets, progress=told, seconds_scale=scale, made=made)


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


def _take_in(
    installation: Installation, intake: Intake, clip: DemoClip, accounts: dict[str, str], units: dict[str, str]
) -> None:
    with installation.database.write() as tx:
        device = fleet.find_by_serial(tx, clip.device_serial)
        device_id = device.id if device else fleet.register_device(
            tx, _ACTOR, clip.device_serial, DeviceKind(clip.device_kind),
            make="Meridian (fictional)", model=clip.device_model, clock=installation.clock,
        )  # fmt: skip
    claim = Claim(
        name="",
        source="",
        face="demo",
        actor=_ACTOR.account_id,
        wearer_id=accounts[clip.wearer],
        unit_id=units[_troop(clip.unit)],
        device_id=device_id,
        device_kind=clip.device_kind,
        incident_number=clip.incident,
        category=clip.category,
        title=clip.title,
    )
    taken = take_in_file(intake, clip.path, claim)
    if isinstance(taken, Taken) and taken.received.new and clip.location:
        first = clip.location[0]
        with installation.database.write() as tx:
            catalogue.change(
                tx,
                taken.received.recording_id,
                {"latitude": first.lat, "longitude": first.lon},
                _ACTOR,
                clock=installation.clock,
            )


def _free_port(wanted: int) -> int:
    """The port, if nobody listens on it, else a free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
