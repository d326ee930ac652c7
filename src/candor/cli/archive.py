"""candor archive: footage that nobody opened for long, in a slower place."""

from __future__ import annotations

from datetime import timedelta

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say
from candor.footage import archiving
from candor.people.rules import Permission


@click.group()
def command() -> None:
    """The archive tier: move footage there that nobody opened for long, and bring it back."""


@command.command()
@click.option("--days", type=click.IntRange(1), help="Unopened for so many days; left out, CANDOR_ARCHIVE_AFTER_DAYS.")
@as_json
def run(days: int | None, json_out: bool) -> None:
    """Move to the archive what nobody opened for long. Stopped or killed, the same again goes on."""
    with opened() as installation:
        older = timedelta(days=days or installation.settings.archive_after_days)
        moved: list[str] = []

        def told(recording_id: str, _objects: int) -> None:
            moved.append(recording_id)
            if not json_out:
                say(f"Archived {recording_id}.")

        archiving.run(installation.database, installation.vault, older_than=older, clock=installation.clock, told=told)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"archived": moved})
    else:
        click.echo(f"{len(moved):,} recordings were moved to the archive.")


@command.command("return")
@click.argument("recording_id", metavar="ID")
@as_account
@needs(Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_UNIT, Permission.RECORDINGS_VIEW_OWN)
@as_json
def bring_back(recording_id: str, acting: str | None, json_out: bool) -> None:
    """Bring a recording back from the archive, now; it is read and compared with its seal."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            job_id = archiving.ask_back(tx, installation.jobs, who, recording_id, clock=installation.clock)
        archiving.bring_back(installation.database, installation.vault, recording_id, clock=installation.clock)
        with installation.database.write() as tx:
            installation.jobs.cancel(tx, job_id)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"recording": recording_id, "state": archiving.ArchiveState.NEAR.value})
    else:
        click.echo(f"{recording_id} is back.")
