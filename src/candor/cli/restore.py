"""candor restore: bring a backup back."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from candor.cli.common import as_json, put_json, safe, say
from candor.core.clock import iso
from candor.core.settings import Settings
from candor.recovery.place import BackupPlace
from candor.recovery.restore import Restore, RestoreResult

_STEPS = {
    "backup": "Looking at the backup",
    "database": "Writing the database",
    "words": "Indexing",
    "footage": "Bringing footage back",
    "log": "Comparing the custody log",
    "seals": "Checking seals",
}


@click.command()
@click.argument("source", metavar="FROM")
@click.option("--backup", "backup_id", metavar="ID", help="This backup. Default: the newest that is complete.")
@click.option("--verify", is_flag=True, help="Read every object again afterwards and compare it with its seal.")
@click.option(
    "--tombstones",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Another list of what was destroyed (a copy of tombstones.jsonl); may be repeated.",
)
@click.option(
    "--lay-unchecked", is_flag=True, help="Keep away, too, what notes name whose key is not at hand; see the how-to."
)
@as_json
def command(
    source: str,
    backup_id: str | None,
    verify: bool,
    tombstones: tuple[Path, ...],
    lay_unchecked: bool,
    json_out: bool,
) -> None:
    """Restore a backup FROM a folder or s3://bucket/prefix into an empty CANDOR_HOME (and database).

    \b
      candor key restore --sheet -            first: the key, from the recovery sheet
      candor restore --verify /mnt/backup     then: everything else

    All of the backup is looked at before anything is written. What was destroyed on purpose since the backup was made
    does not come back. Stop it and run it again: it goes on where it was, and until it is done nothing can be opened.
    Exit code 6 when something is missing, altered or does not match its seal, or when the log must not sign.
    """
    settings = Settings.load()
    place = BackupPlace.open(settings, source)
    with _progress() as bar:
        task = bar.add_task("Beginning", total=None)

        def told(step: str, done: int, total: int) -> None:
            bar.update(task, description=_STEPS[step], completed=done, total=total or None)

        result = Restore(settings, place, backup_id, tombstones, verify, lay_unchecked, told).run()
    _tell(result, json_out)
    if result.problems or result.wrong or result.behind:
        raise SystemExit(6)


def _tell(result: RestoreResult, json_out: bool) -> None:
    found = result.manifest
    for words in result.problems:
        say(f"NOT BROUGHT BACK  {words}")
    for words in result.wrong:
        say(f"SEAL DOES NOT MATCH  {safe(words)}")
    if result.unchecked:
        say(
            f"{result.unchecked} notes of what was destroyed were sealed under a key that is not at hand, so they "
            "could not be checked; what they name was not brought back."
        )
    if result.behind:
        say(f"{result.behind}")
        say("Nothing is signed until that is mended: see `candor log recover`.")
    if json_out:
        put_json(_document(result))
        return
    click.echo(
        f"Restored backup {found.id} of {found.made_at:%Y-%m-%d %H:%M:%S} UTC: {sum(found.tables.values()):,} rows, "
        f"{result.copied:,} objects copied, {result.there:,} were there."
    )
    click.echo(f"Destroyed before and kept so: {result.destroyed:,} objects ({result.tombstones:,} purges).")
    if result.checked is not None:
        click.echo(f"Seals checked: {result.checked:,}; {len(result.wrong):,} do not match.")
    if not result.behind:
        click.echo(f"The custody log goes on from entry {found.log.size:,}.")
        if not result.confirmed:
            say(
                f"Nobody here knows whether more than {found.log.signed:,} entries were signed: no witness answered, "
                "and the marker beside the log's key was lost. If anything was handed out or published after this "
                "backup, signing on would be a second history: then, before `candor serve`, run `candor log recover` "
                "with a surviving copy of the log, or with --handover."
            )
    say(f"The settings of the old machine: {result.toml.parent if not result.toml.exists() else result.toml}")
    say("Accounts and service accounts are those of the backup; everybody signs in anew. Look through them.")


def _document(result: RestoreResult) -> dict[str, object]:
    return {
        "backup": result.manifest.id,
        "made_at": iso(result.manifest.made_at),
        "log_size": result.manifest.log.size,
        "tombstones": result.tombstones,
        "tombstones_unchecked": result.unchecked,
        "destroyed": result.destroyed,
        "copied": result.copied,
        "there": result.there,
        "jobs": result.jobs,
        "problems": list(result.problems),
        "seals_checked": result.checked,
        "seals_wrong": list(result.wrong),
        "log_behind": result.behind,
        "log_confirmed": result.confirmed,
    }


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
