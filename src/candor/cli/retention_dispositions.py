"""candor retention propose, approve, refuse, withdraw, keep, run, show, dispositions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
from candor.cli.retention_owed import pass_on, settle_here
from candor.cli.retention_words import moment_option, progress
from candor.core.clock import iso
from candor.footage import register, search
from candor.matters.reading import nothing_walled
from candor.people.rules import Permission
from candor.retention import deciding, proposing, running
from candor.retention import dispositions as service
from candor.retention.dispositions import KIND_WORDS, STATE_WORDS, Disposition, DispositionKind, ItemState

_MAY_KEEP = (Permission.RECORDINGS_PURGE, Permission.RETENTION_APPROVE, Permission.HOLDS_MANAGE)


@click.command()
@click.argument("number")
@click.argument("recording_ids", nargs=-1, metavar="[RECORDING]…")
@click.option(
    "--kind",
    type=click.Choice([one.value for one in DispositionKind]),
    default=DispositionKind.SCHEDULE.value,
    help="On what ground: because the period is over, or by order of a court. Default: `schedule`.",
)
@click.option("--all", "everything", is_flag=True, help="All that the plan lets go, instead of recordings by name.")
@click.option("--category", help="With --all: only of this category.")
@click.option("--before", type=moment_option, help="With --all: only what began before this moment.")
@click.option("--authority", required=True, help="By what right: a schedule, a section of a law, an order's number.")
@click.option("--reason", required=True, help="Why, in words. Goes on record.")
@needs(Permission.RECORDINGS_PURGE)
@as_account
@as_json
def propose(
    number: str,
    recording_ids: tuple[str, ...],
    kind: str,
    everything: bool,
    category: str | None,
    before: datetime | None,
    authority: str,
    reason: str,
    acting: str | None,
    json_out: bool,
) -> None:
    """Propose that recordings are destroyed, erased or sealed away, under the agency's NUMBER for the authorisation.

    Nothing happens before another person approves it and its recycle period is over.
    """
    if bool(recording_ids) == everything:
        raise click.UsageError("Name recordings, or take all that may go with --all.")
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            made = proposing.propose(
                tx,
                who,
                number=number,
                kind=DispositionKind(kind),
                authority=authority,
                reason=reason,
                choice=proposing.Choice(recording_ids, everything, category, before),
                clock=installation.clock,
            )
            found = service.disposition_of(tx, made)
        bring_log_up_to_date(installation)
    say(f"Proposed: {found.recordings:,} recordings. Another person has to approve it.")
    put_json(_told(found)) if json_out else click.echo(found.id)


@click.command()
@needs(Permission.RETENTION_VIEW)
@as_account
@as_json
def dispositions(acting: str | None, json_out: bool) -> None:
    """List the dispositions, newest first."""
    with opened() as installation:
        actor(installation, acting)
        with installation.database.read() as tx:
            found = service.all_dispositions(tx)
    if json_out:
        put_json({"dispositions": [_told(one) for one in found]})
        return
    rows = [
        (one.number, one.kind.value, STATE_WORDS[one.state], f"{one.recordings:,}", f"{one.proposed_at:%Y-%m-%d}")
        for one in found
    ]
    table(("Number", "Kind", "State", "Recordings", "Proposed"), rows)


@click.command()
@click.argument("disposition")
@click.option("--most", type=click.IntRange(0, 10_000), default=100, help="Recordings to show. Default: `100`.")
@needs(Permission.RETENTION_VIEW)
@as_account
@as_json
def show(disposition: str, most: int, acting: str | None, json_out: bool) -> None:
    """Show a disposition, its recordings, and what else refers to each: look at it before approving."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = service.disposition_of(tx, disposition)
            counted = service.tally(tx, found.id)
            shown: list[dict[str, Any]] = []
            for item in service.items(tx, found.id, limit=max(1, most))[:most]:
                row = search.row_of(tx, who, item.recording_id)
                told = nothing_walled(tx, who, item.recording_id)
                shown.append(
                    {
                        "recording": item.recording_id,
                        "state": item.state.value,
                        "why": item.why if told else None,
                        "tombstone": item.tombstone_id,
                        "title": None if row is None else row.title,
                        "refers": register.references_to(tx, item.recording_id) if row is not None and told else [],
                    }
                )
    document = _told(found) | {"counted": {state.value: count for state, count in counted.items()}, "items": shown}
    if json_out:
        put_json(document)
        return
    click.echo(safe(f"{found.number}: {KIND_WORDS[found.kind]}, {STATE_WORDS[found.state]}"))
    click.echo(safe(f"By: {found.authority}. Because: {found.reason}."))
    click.echo(", ".join(f"{state}: {count:,}" for state, count in document["counted"].items() if count))
    for one in shown:
        click.echo(safe(f"{one['recording']}  {one['state']:9} {one['title'] or ''} {one['why'] or ''}".rstrip()))
        for words in one["refers"]:
            click.echo(safe(f"    {words}"))


@click.command()
@click.argument("disposition")
@click.option("--reason", required=True, help="Why. Goes on record.")
@click.option("--at-once", is_flag=True, help="Without the recycle period; only for an order of a court.")
@needs(Permission.RETENTION_APPROVE)
@as_account
@as_json
def approve(disposition: str, reason: str, at_once: bool, acting: str | None, json_out: bool) -> None:
    """Approve what another person proposed. It can be run when the recycle period is over."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = service.disposition_of(tx, disposition)
            days = installation.settings.retention_recycle_days
            deciding.approve(
                tx, who, found.id, reason=reason, recycle_days=days, at_once=at_once, clock=installation.clock
            )
            found = service.disposition_of(tx, found.id)
        bring_log_up_to_date(installation)
    say(f"Approved. It can be run from {found.recycle_until:%Y-%m-%d %H:%M} UTC on.")
    if json_out:
        put_json(_told(found))


@click.command()
@click.argument("disposition")
@click.option("--reason", required=True, help="Why not. Goes on record.")
@needs(Permission.RETENTION_APPROVE)
@as_account
@as_json
def refuse(disposition: str, reason: str, acting: str | None, json_out: bool) -> None:
    """Refuse what another person proposed."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = service.disposition_of(tx, disposition)
            deciding.refuse(tx, who, found.id, reason=reason, clock=installation.clock)
            found = service.disposition_of(tx, found.id)
        bring_log_up_to_date(installation)
    say("Refused. Nothing is destroyed by it.")
    if json_out:
        put_json(_told(found))


@click.command()
@click.argument("disposition")
@click.option("--reason", required=True, help="Why. Goes on record.")
@needs(Permission.RECORDINGS_PURGE, Permission.RETENTION_APPROVE)
@as_account
@as_json
def withdraw(disposition: str, reason: str, acting: str | None, json_out: bool) -> None:
    """Take a disposition back, also while it runs: what is not destroyed by then stays."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = service.disposition_of(tx, disposition)
            deciding.withdraw(tx, who, found.id, reason=reason, clock=installation.clock)
            found = service.disposition_of(tx, found.id)
        bring_log_up_to_date(installation)
    say("Withdrawn.")
    if json_out:
        put_json(_told(found))


@click.command()
@click.argument("disposition")
@click.argument("recording_id", metavar="RECORDING")
@click.option("--reason", required=True, help="Why it stays. Goes on record.")
@needs(*_MAY_KEEP)
@as_account
@as_json
def keep(disposition: str, recording_id: str, reason: str, acting: str | None, json_out: bool) -> None:
    """Keep one recording back that is to be destroyed."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = service.disposition_of(tx, disposition)
            deciding.keep_item(tx, who, found.id, recording_id, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    say("It stays.")
    if json_out:
        put_json({"disposition": found.id, "kept": recording_id})


@click.command()
@click.argument("disposition")
@needs(Permission.RECORDINGS_PURGE)
@as_account
@as_json
def run(disposition: str, acting: str | None, json_out: bool) -> None:
    """Carry out what was approved: keys first, then the bytes here and in the backup. Stopped or killed, the same
    command goes on where it was. Nobody can undo it."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = service.disposition_of(tx, disposition)
            pause = installation.settings.retention_pause_days
            if found.state is not service.DispositionState.DONE:
                running.begin(tx, who, found.id, pause_days=pause, clock=installation.clock)
        try:
            with progress("Destroying what was approved") as advance:
                done = running.run(
                    installation.database,
                    installation.vault,
                    installation.jobs,
                    found.id,
                    pause_days=pause,
                    settle=lambda: settle_here(installation),
                    clock=installation.clock,
                    progress=advance,
                )
        finally:  # what was destroyed is passed on, also when the rest is refused
            owed = pass_on(installation)
            bring_log_up_to_date(installation)
        with installation.database.read() as tx:
            items = service.items(tx, found.id, state=ItemState.KEPT, limit=1000)
            kept = [(one.recording_id, one.why if nothing_walled(tx, who, one.recording_id) else "") for one in items]
    say(f"Destroyed {done.destroyed:,}, kept {done.kept:,}.")
    for recording_id, why in kept:
        say(safe(f"KEPT  {recording_id}  {why}".rstrip()))
    if json_out:
        put_json({"disposition": found.id, "destroyed": done.destroyed, "kept": done.kept, "owed": owed})
    if owed:
        say(f"STILL OWED  {owed} Nobody can read it any more; the rest is done by the next `candor backup`.")
        raise SystemExit(10)


def _told(found: Disposition) -> dict[str, Any]:
    return {
        "id": found.id,
        "number": found.number,
        "kind": found.kind.value,
        "state": found.state.value,
        "authority": found.authority,
        "reason": found.reason,
        "recordings": found.recordings,
        "size": found.size,
        "duration_ms": found.duration_ms,
        "chosen": found.chosen,
        "proposed_by": found.proposed_by,
        "proposed_at": iso(found.proposed_at),
        "decided_by": found.decided_by,
        "decided_at": iso(found.decided_at) if found.decided_at else None,
        "recycle_until": iso(found.recycle_until) if found.recycle_until else None,
        "done_at": iso(found.done_at) if found.done_at else None,
    }
