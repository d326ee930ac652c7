"""candor ingest: take in files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, safe, say
from candor.core.errors import NotFound
from candor.fleet import service as fleet
from candor.fleet.rules import DeviceKind
from candor.footage.collect import Skipped
from candor.footage.ingest import NotTaken, Progress, Taken, ingest
from candor.footage.intake import Claim, Intake
from candor.footage.rules import FLAG_WORDS
from candor.installation import Installation
from candor.people import service as people
from candor.people.rules import Permission

#: Some files were not taken in, or had been there before: what was acknowledged is safe.
PART_DONE = 10


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--wearer", metavar="NAME", help="Sign-in name of who wore the camera, for all files.")
@click.option("--unit", "unit_name", metavar="UNIT", help="Unit; default: the wearer's.")
@click.option("--device", "serial", metavar="SERIAL", help="Serial of the device; registered when it is new.")
@click.option(
    "--device-kind", type=click.Choice([kind.value for kind in DeviceKind]), default=DeviceKind.BODY.value,
    show_default=True, help="Kind of a device that is new.",
)  # fmt: skip
@click.option("--incident", metavar="NUMBER", help="Incident number.")
@click.option("--category", help="Category.")
@click.option(
    "--work", is_flag=True, help="Also make the viewing copies now, instead of leaving them to serve or work."
)
@as_account
@needs(Permission.RECORDINGS_TAKE_IN)
@as_json
def command(
    paths: tuple[Path, ...],
    wearer: str | None,
    unit_name: str | None,
    serial: str | None,
    device_kind: str,
    incident: str | None,
    category: str | None,
    work: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Take in files, folders or a mounted card, and seal every recording.

    Each file is hashed and encrypted while it is read, and on the disk before it is acknowledged. Nothing that could be
    evidence is refused: what cannot be played, or belongs to nobody known, is sealed all the same and flagged with
    the reason. The files themselves are only read, never changed or deleted.

    The same bytes again are noted as a further receipt of the recording that has them; run the same command again
    after an interruption.
    """
    with opened(create=True) as installation:
        claim = _claim(installation, acting, wearer, unit_name, serial, device_kind, incident, category)
        intake = Intake(installation.database, installation.vault, installation.jobs, installation.clock)
        outcome = _take_in(intake, paths, claim, json_out)
        if work:
            installation.start()
            installation.jobs.wait_idle(24 * 3600)
        if json_out:  # before the log is brought up to date: what is in is in, whatever the log says
            put_json(outcome)
        bring_log_up_to_date(installation)
    if outcome["failed"]:
        raise SystemExit(PART_DONE)


def _claim(
    installation: Installation,
    acting: str | None,
    wearer: str | None,
    unit_name: str | None,
    serial: str | None,
    device_kind: str,
    incident: str | None,
    category: str | None,
) -> Claim:
    """What is said of all files, names turned into ids; raises NotFound for a name that nobody has."""
    who = actor(installation, acting)
    who.require(Permission.RECORDINGS_TAKE_IN)
    with installation.database.write() as tx:
        account = people.account_named(tx, wearer) if wearer else None
        if wearer and account is None:
            raise NotFound(what="account", id=wearer)
        units = {unit.name: unit.id for unit in people.units(tx)}
        if unit_name and unit_name not in units:
            raise NotFound(what="unit", id=unit_name)
        unit_id = units[unit_name] if unit_name else account.unit_id if account else None
        device = fleet.find_by_serial(tx, serial) if serial else None
        if serial and device is None:
            device_id = fleet.register_device(tx, who, serial, DeviceKind(device_kind), clock=installation.clock)
            device = fleet.device(tx, device_id)
    return Claim(
        name="",
        source="",
        face="cli",
        actor=who.account_id,
        wearer_id=account.id if account else None,
        unit_id=unit_id,
        device_id=device.id if device else None,
        device_kind=device.kind.value if device else None,
        incident_number=incident,
        category=category,
    )


def _take_in(intake: Intake, paths: Sequence[Path], claim: Claim, json_out: bool) -> dict[str, Any]:
    """Take in everything, telling of each file as it is in; gives the JSON document."""
    recordings: dict[str, dict[str, Any]] = {}
    failed, skipped = [], []
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("Sealing", total=None)

        def told(progress: Progress) -> None:
            words = f"{progress.files_done + 1}/{progress.files_total} {safe(progress.path.name)[:40]}"
            bar.update(task, description=words, completed=progress.bytes_done, total=progress.bytes_total)

        for one in ingest(intake, paths, claim, told):
            if isinstance(one, Taken):
                _add(recordings, one)
                if not json_out:
                    bar.console.print(_line(one), markup=False, highlight=False, soft_wrap=True)
            elif isinstance(one, NotTaken):
                failed.append({"path": str(one.path), "reason": one.reason, "event": one.event_id})
                say(f"NOT TAKEN IN  {safe(str(one.path))}: {one.reason}. The file is where it was.")
            elif isinstance(one, Skipped):
                skipped.append({"path": str(one.path), "reason": one.reason})
                say(f"left out      {safe(str(one.path))}: {one.reason}")
    if not json_out:
        say(f"{len(recordings)} recordings sealed, {len(failed)} files not taken in, {len(skipped)} left out.")
    return {"recordings": list(recordings.values()), "failed": failed, "skipped": skipped}


def _add(recordings: dict[str, dict[str, Any]], taken: Taken) -> None:
    found = taken.received
    entry = recordings.setdefault(
        found.recording_id,
        {"id": found.recording_id, "parts": [], "state": found.state.value, "flags": [], "new": found.new, "paths": []},
    )
    part = {"sha256": found.sha256.hex(), "size": found.size}
    if part not in entry["parts"]:
        entry["parts"].append(part)
    entry["flags"] = sorted({*entry["flags"], *(flag.value for flag in found.flags)})
    entry["paths"].append(str(taken.path))


def _line(taken: Taken) -> str:
    found = taken.received
    word = "sealed" if found.new else "known "
    flags = "".join(f"\n        {flag.value}: {FLAG_WORDS[flag]}" for flag in found.flags)
    return f"{word}  {found.recording_id}  {found.size:>14,}  {safe(str(taken.path))}{flags}"
