"""candor redact list, show, history, stop and close: which redactions there are, what became of them, who changed
what."""

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
from candor.cli.redact_words import found_words, left_words, whole_values
from candor.core.clock import iso
from candor.people.rules import Permission
from candor.redaction import redactions, stopping
from candor.redaction.detecting import progress_of
from candor.redaction.redactions import get, parts_of
from candor.redaction.rules import PartState


@click.command("list")
@click.option("--recording", metavar="RECORDING", help="Those of this recording alone.")
@click.option("--closed", is_flag=True, help="Closed ones too.")
@as_account
@needs(Permission.RECORDINGS_REDACT)
@as_json
def list_(recording: str | None, closed: bool, acting: str | None, json_out: bool) -> None:
    """List the redactions, the newest first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = redactions.list_of(tx, who, recording_id=recording, closed=closed)
            if json_out:
                put_json([whole_values(tx, installation, one) for one in found])
                return
            rows = []
            for one in found:
                done = progress_of(tx, one.id, clock=installation.clock)
                failed = any(state is PartState.FAILED for state, _ in done.parts.values())
                state = "a part failed" if failed else "looked through"
                state = f"{done.fraction:.0%} {left_words(done.seconds_left)}" if done.under_way else state
                words = "closed" if one.closed_at is not None else state.strip()
                rows.append((one.id, one.title or one.recording_title, words, str(one.edit), iso(one.created_at)))
    table(("redaction", "of", "state", "edits", "begun"), rows)


@click.command("show")
@click.argument("redaction_id", metavar="REDACTION")
@as_account
@needs(Permission.RECORDINGS_REDACT)
@as_json
def show(redaction_id: str, acting: str | None, json_out: bool) -> None:
    """Show a redaction: its parts, how far each is, what was found, what was watched, and its copies."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = get(tx, who, redaction_id)
            values = whole_values(tx, installation, found)
            parts = parts_of(tx, redaction_id)
    if json_out:
        put_json(values)
        return
    click.echo(f"Redaction {found.id} of {safe(found.recording_title)} ({found.recording_id}), edit {found.edit}")
    for told, one in zip(values["parts"], parts, strict=True):
        watched = f"{told['watched_thousandths'] / 10:.1f} % watched"
        words = one.problem or found_words(one) or ("nothing was found" if one.state == "ready" else "")
        click.echo(f"  part {one.number}  {one.state.value}  {told['fraction']:.0%}  {watched}  {safe(words)}".rstrip())
    for copy in values["copies"]:
        proof = f"the proof {copy['verdict']}" if copy["verdict"] else f"{copy['fraction']:.0%}"
        click.echo(f"  copy {copy['id']} of part {copy['part']}, edit {copy['edit']}: {copy['state']}, {proof}")
        if copy["problem"]:
            click.echo(f"    {safe(copy['problem'])}")


@click.command("history")
@click.argument("redaction_id", metavar="REDACTION")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="So many at most.")
@as_account
@needs(Permission.RECORDINGS_REDACT)
@as_json
def history(redaction_id: str, limit: int, acting: str | None, json_out: bool) -> None:
    """Who changed what in a redaction, the newest first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            get(tx, who, redaction_id)
            found = redactions.history(tx, redaction_id, limit=limit)
    if json_out:
        put_json([vars(one) | {"made_at": iso(one.made_at)} for one in found])
        return
    rows = [
        (
            str(one.number),
            iso(one.made_at),
            one.name,
            one.words + (f" (undone by {one.undone_by})" if one.undone_by else ""),
        )
        for one in found
    ]
    table(("edit", "at", "by", "what"), rows)


@click.command("stop")
@click.argument("redaction_id", metavar="REDACTION")
@as_account
@needs(Permission.RECORDINGS_REDACT)
def stop(redaction_id: str, acting: str | None) -> None:
    """Give up what is under way: looking through, and copies that are being made. What is there stays."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            given = (installation.jobs, installation.vault, who)
            stopped = stopping.stop(tx, *given, redaction_id, clock=installation.clock)
        bring_log_up_to_date(installation)
    say(f"{stopped} parts and copies were given up." if stopped else "Nothing was under way.")


@click.command("close")
@click.argument("redaction_id", metavar="REDACTION")
@as_account
@needs(Permission.RECORDINGS_REDACT)
def close(redaction_id: str, acting: str | None) -> None:
    """End the work on a redaction: its copies stay and are handed out, but nothing is changed any more."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            redactions.close(tx, who, redaction_id, clock=installation.clock)
        bring_log_up_to_date(installation)
    say(f"The redaction {redaction_id} is closed.")
