"""candor fixity: read everything again."""

from __future__ import annotations

import signal
import threading

import click

from candor.cli.common import (
    actor,
    as_account,
    as_json,
    bring_log_up_to_date,
    byte_progress,
    needs,
    opened,
    put_json,
    say,
)
from candor.footage import fixity
from candor.people.rules import Permission
from candor.store import FixityProgress, sweep


@click.command()
@click.option("--rate", type=click.FloatRange(min=0.1), metavar="MB/S", help="Read no faster than this.")
@click.option("--new", "begin_new", is_flag=True, help="Begin anew, although a check was left unfinished.")
@click.option("--sweep", "sweeping", is_flag=True, help="Also remove what crashes left: objects that no row names.")
@as_account
@needs(Permission.FIXITY_RUN)
@as_json
def command(rate: float | None, begin_new: bool, sweeping: bool, acting: str | None, json_out: bool) -> None:
    """Read every stored object again, decrypt it, and compare it with its seal; name what does not match.

    Stop it with Ctrl-C and run it again: it goes on where it was. Beginning and end are custody events, the end with
    what was found. Exit code 6 when something does not match.
    """
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            check_id = None if begin_new else fixity.unfinished(tx)
            if check_id is None:
                check_id = fixity.begin(tx, installation.vault, who, clock=installation.clock)
            else:
                say("Going on with the check that was left unfinished.")
        with byte_progress("Checking", None) as advance:
            read = 0

            def told(progress: FixityProgress) -> None:
                nonlocal read
                advance(progress.bytes_done - read)
                read = progress.bytes_done

            done = fixity.carry_on(
                installation.database,
                installation.vault,
                check_id,
                bytes_per_second=rate * 1e6 if rate else None,
                cancelled=stop.is_set,
                progress=told,
                found=lambda one: say(
                    f"{one.outcome.value.upper():12} {one.name or one.object_id}: {'; '.join(one.what)}"
                ),
                clock=installation.clock,
            )
        bring_log_up_to_date(installation)
        # After the log was found to extend all it ever signed: with a database that was set back, what it does not
        # name may be footage.
        swept = sweep(installation.database, installation.vault) if sweeping else None
    if swept is not None:
        say(f"Removed {len(swept.unrecorded)} objects that no row names and {swept.drafts} unfinished files.")
    if json_out:
        put_json(
            {
                "check": done.id,
                "ended": done.ended_at is not None,
                "checked": done.checked,
                "bytes": done.bytes,
                "findings": [one.to_json() for one in done.findings],
            }
        )
    else:
        state = "Checked everything" if done.ended_at else "Not finished (run the same command to go on)"
        click.echo(f"{state}: {done.checked:,} objects, {done.bytes:,} bytes; {len(done.findings)} do not match.")
    if done.findings:
        raise SystemExit(6)
    if done.ended_at is None:
        raise SystemExit(130)
