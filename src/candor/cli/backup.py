"""candor backup: make a backup, look at those that are there."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say, table
from candor.core.clock import iso
from candor.core.settings import Settings
from candor.people.rules import Permission
from candor.recovery.backup import KEEP, BackupResult, Told, run_backup
from candor.recovery.checking import CheckResult, check_backup
from candor.recovery.manifest import Manifest
from candor.recovery.place import BackupPlace
from candor.store import KeyRing, KeyringMissing

_STEPS = {
    "purges": "Passing on what was destroyed",
    "footage": "Copying footage",
    "database": "Writing the database",
    "keeping": "Removing what nothing needs",
}


@click.command()
@click.argument("target", required=False)
@click.option("--keep", type=click.IntRange(min=1), default=KEEP, show_default=True, help="Backups that are kept.")
@click.option("--list", "listing", is_flag=True, help="Show the backups that are there, and make none.")
@click.option("--check", "checking", is_flag=True, help="Check a backup instead of making one.")
@click.option("--backup", "backup_id", metavar="ID", help="With --check: this one. Default: the newest.")
@click.option(
    "--sample", type=click.IntRange(min=0), metavar="N", help="With --check: read back only so many objects, by chance."
)
@needs(Permission.KEYS_MANAGE)
@as_account
@as_json
def command(
    target: str | None,
    keep: int,
    listing: bool,
    checking: bool,
    backup_id: str | None,
    sample: int | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Back up database, log, settings and footage to TARGET: a folder on another disk or machine, or s3://bucket/prefix.
    Default: CANDOR_BACKUP.

    Everything is encrypted but what is public anyway, and the key-encryption key is never in it: keep its recovery
    sheet apart. Footage is copied once; a further backup brings what is new. Stop it with Ctrl-C and run it again: what
    is there already is used. What was purged is removed from the backups too.
    """
    if listing and checking:
        raise click.UsageError("Either --list or --check.")
    if not checking and (backup_id is not None or sample is not None):
        raise click.UsageError("--backup and --sample go with --check.")
    if listing:
        _list(target, json_out)
    elif checking:
        _check(target, backup_id, sample, json_out)
    else:
        _make(target, keep, acting, json_out)


def _make(target: str | None, keep: int, acting: str | None, json_out: bool) -> None:
    with opened() as installation, progress() as bar:
        task = bar.add_task("Beginning", total=None)

        def told(now: Told) -> None:
            words = _STEPS[now.step]
            if now.step == "footage":
                words += f" ({now.objects_done:,} of {now.objects_total:,} objects there)"
            bar.update(task, description=words, completed=now.bytes_copied)

        made = run_backup(installation, actor(installation, acting), target, keep=keep, told=told)
    _tell(made, json_out)


def _tell(made: BackupResult, json_out: bool) -> None:
    found = made.manifest
    for object_id in made.missing:
        say(f"MISSING  {object_id}: not in the archive's own store; `candor fixity` tells which recording it is.")
    if made.dated_later is not None:
        say(
            f"The backup {made.dated_later.id} there is dated {made.dated_later.made_at:%Y-%m-%d %H:%M:%S} UTC, later "
            "than this one: the clock was wrong then, or is now. `candor restore` takes the one dated last; name the "
            "right one with --backup."
        )
    if made.log_problem:
        say(f"The custody log: {made.log_problem}")
    if json_out:
        put_json(
            _entry(found)
            | {
                "copied": made.copied,
                "copied_bytes": made.copied_bytes,
                "missing": list(made.missing),
                "removed_objects": made.removed,
                "removed_backups": made.dropped,
                "log_problem": made.log_problem,
                "dated_later": made.dated_later.id if made.dated_later else None,
            }
        )
    else:
        click.echo(
            f"Backup {found.id}: {sum(found.tables.values()):,} rows, {found.objects:,} objects "
            f"({made.copied:,} new, {made.copied_bytes:,} bytes copied), custody log up to {found.log.size:,}."
        )
        say("It opens with the recovery sheet of the present key alone; keep the two apart.")
    if made.missing:
        raise SystemExit(10)


def _list(target: str | None, json_out: bool) -> None:
    found = BackupPlace.open(Settings.load(), target).manifests()
    if json_out:
        put_json([_entry(one) for one in found])
        return
    if not found:
        say("There is no complete backup there.")
    table(
        ("Backup", "Made", "Objects", "Bytes", "Log", "Key epoch", "Candor"),
        [
            (
                one.id,
                f"{one.made_at:%Y-%m-%d %H:%M:%S} UTC",
                f"{one.objects:,}",
                f"{one.size:,}",
                f"{one.log.size:,}",
                str(one.epoch),
                one.program,
            )
            for one in found
        ],
    )


def _check(target: str | None, backup_id: str | None, sample: int | None, json_out: bool) -> None:
    settings = Settings.load()
    place = BackupPlace.open(settings, target)
    manifest = place.manifest(backup_id)
    try:
        keys = KeyRing.load(settings.keys_folder)
    except KeyringMissing:
        keys = None
        say("The key-encryption key is not at hand: what is encrypted is compared, not opened.")
    with progress() as bar:
        task = bar.add_task("Reading back", total=manifest.size if sample is None else None)
        result = check_backup(place, manifest, keys, sample=sample, moved=lambda count: bar.update(task, advance=count))
    _tell_check(result, json_out)
    if result.findings:
        raise SystemExit(6)


def _tell_check(result: CheckResult, json_out: bool) -> None:
    if json_out:
        put_json(
            _entry(result.manifest)
            | {
                "read": result.read,
                "destroyed_since": result.destroyed,
                "opened": result.opened,
                "findings": list(result.findings),
            }
        )
        return
    for finding in result.findings:
        click.echo(f"WRONG  {finding}")
    state = "is whole" if not result.findings else f"has {len(result.findings)} faults"
    click.echo(
        f"Backup {result.manifest.id} {state}: {len(result.manifest.files):,} files, {result.objects:,} objects, "
        f"{result.read:,} read back."
    )


def _entry(one: Manifest) -> dict[str, object]:
    return {
        "backup": one.id,
        "made_at": iso(one.made_at),
        "objects": one.objects,
        "bytes": one.size,
        "log_size": one.log.size,
        "log_signed": one.log.signed,
        "origin": one.log.origin,
        "key_epoch": one.epoch,
        "program": one.program,
    }


def progress() -> Progress:
    """A line on standard error: what is done now, and how many bytes it was."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
