"""candor returned: what was destroyed and came in again."""

from __future__ import annotations

import click

from candor.cli.common import (
    actor,
    as_account,
    as_json,
    bring_log_up_to_date,
    needs,
    opened,
    put_json,
    safe,
    say,
    table,
)
from candor.cli.retention_owed import pass_on
from candor.core.clock import iso
from candor.footage import readmitting, returning
from candor.people.rules import Permission


@click.group()
def command() -> None:
    """What was destroyed and came in again: held until somebody destroys it again, or takes it in."""


@command.command("list")
@as_account
@needs(Permission.RETENTION_VIEW, Permission.RECORDINGS_PURGE)
@as_json
def list_held(acting: str | None, json_out: bool) -> None:
    """List what is held, the oldest first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = returning.waiting(tx, who)
    if json_out:
        put_json(
            [
                {
                    "id": one.id,
                    "recording": one.recording_id,
                    "name": one.name,
                    "size": one.size,
                    "face": one.face,
                    "received_at": iso(one.received_at),
                    "times": one.times,
                    "erased_by_order": one.by_order,
                }
                for one in found
            ]
        )
        return
    rows = [
        (one.id, f"{one.received_at:%Y-%m-%d %H:%M} UTC", one.face, f"{one.size:,}", safe(one.name), one.recording_id)
        for one in found
    ]
    table(("ID", "CAME IN AGAIN", "THROUGH", "BYTES", "NAME", "RECORDING"), rows)


@command.command()
@click.argument("held_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_account
@needs(Permission.RECORDINGS_PURGE)
@as_json
def destroy(held_id: str, yes: bool, acting: str | None, json_out: bool) -> None:
    """Destroy one again, by the same right as before. Nobody can undo it."""
    with opened() as installation:
        who = actor(installation, acting)
        if not yes:
            with installation.database.read() as tx:
                one = returning.held(tx, who, held_id)
            say(f"{safe(one.name)}, {one.size:,} bytes, of the recording {one.recording_id}")
            click.confirm("Destroy it for good", abort=True, err=True)
        with installation.database.write() as tx:
            stone = returning.destroy_again(tx, installation.vault, who, held_id, clock=installation.clock)
        owed = pass_on(installation)
        if json_out:
            put_json({"held": held_id, "tombstone": stone, "owed": owed})
        else:
            click.echo(f"Destroyed {held_id}.")
        bring_log_up_to_date(installation)
    if owed:
        say(f"STILL OWED  {owed} Nobody can read it any more; the rest is done by the next `candor backup`.")
        raise SystemExit(10)


@command.command("take-in")
@click.argument("held_id", metavar="ID")
@click.option("--authority", required=True, help="By what right it lives after all, such as an order. Goes on record.")
@click.option("--reason", required=True, help="Why. Goes on record.")
@as_account
@needs(Permission.RECORDINGS_PURGE)
@as_json
def take_in(held_id: str, authority: str, reason: str, acting: str | None, json_out: bool) -> None:
    """Take one in. What was purged lives again; of what an order erased a recording of its own is made."""
    with opened() as installation:
        who = actor(installation, acting)
        into = readmitting.take_in(
            installation.database,
            installation.vault,
            installation.jobs,
            who,
            held_id,
            authority=authority,
            reason=reason,
            clock=installation.clock,
        )
        if json_out:
            put_json({"held": held_id, "recording": into})
        else:
            click.echo(f"Taken in: {into}")
        bring_log_up_to_date(installation)
