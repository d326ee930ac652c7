"""candor retention plan and explain: what follows from the law as it is applied here."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, safe, say, table
from candor.cli.retention_words import hours, moment_option, progress, size
from candor.core.clock import iso
from candor.footage.errors import RecordingUnknown
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.law.books import book_now
from candor.law.model import Line, Retention
from candor.people.rules import Permission
from candor.retention import planning


@click.command()
@click.option("--at", "moment", type=moment_option, help="For this moment. Default: now.")
@click.option(
    "--list", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the identifiers of what may go here."
)
@needs(Permission.RETENTION_VIEW)
@as_account
@as_json
def plan(moment: datetime | None, file: Path | None, acting: str | None, json_out: bool) -> None:
    """Say what may be destroyed, what stays and why, and what comes in the next twelve months. Nothing is changed."""
    with opened() as installation:
        actor(installation, acting)
        at = moment or installation.clock.now()
        with progress("Asking the law of every recording") as advance, installation.database.read() as tx:
            book = book_now(tx)
            made = planning.plan(tx, book, at, progress=advance)
        if file is not None:
            with file.open("w") as out, installation.database.read() as tx:
                out.writelines(f"{one.id}\n" for one in planning.purgeable(tx, book, at))
    if json_out:
        put_json(made.to_json())
        return
    _show(made.to_json())


def _show(made: dict[str, Any]) -> None:
    for label, counted in (("May be destroyed", made["purgeable"]), ("Must stay", made["kept"])):
        click.echo(f"{label:18}{counted['recordings']:>12,} recordings {hours(counted):>12} h {size(counted):>10}")
    click.echo("")
    table(
        ("Why it stays", "Recordings", "Hours", "Size"),
        (
            (planning.BLOCK_WORDS.get(one["block"], one["block"]), f"{one['recordings']:,}", hours(one), size(one))
            for one in made["by_block"]
        ),
    )
    click.echo("")
    table(
        ("Category", "May go", "Stays"),
        (
            (one["category"] or "(none)", f"{one['purgeable']['recordings']:,}", f"{one['kept']['recordings']:,}")
            for one in made["by_category"]
        ),
    )
    click.echo("")
    table(
        ("Month in which it may go", "Recordings", "Hours", "Size"),
        ((one["month"], f"{one['recordings']:,}", hours(one), size(one)) for one in made["outlook"]),
    )
    if made["no_end"]:
        say(f"Of {made['no_end']:,} recordings no end is known.")


@click.command()
@click.argument("recording_id", metavar="RECORDING")
@click.option("--at", "moment", type=moment_option, help="At this moment. Default: now.")
@needs(Permission.RETENTION_VIEW)
@as_account
@as_json
def explain(recording_id: str, moment: datetime | None, acting: str | None, json_out: bool) -> None:
    """Say until when a recording is kept, from which rule that follows, and what keeps it from being destroyed."""
    # Who may know what of a recording is decided in one place, for its page and for this.
    from candor.web.pages.recording_law import explained, heard

    with opened() as installation:
        who = actor(installation, acting)
        at = moment or installation.clock.now()
        with installation.database.read() as tx:
            query = recording.select().where(recording.c.id == recording_id, visible_to(who).expression)
            if tx.execute(query).first() is None:
                raise RecordingUnknown(id=recording_id)
            told = explained(book_now(tx), heard(tx, who, recording_id), at)
    found, lines = told.answer, [line for line in told.lines if line.subject in ("kept", "destroyed")]
    if json_out:
        put_json(
            {
                "recording": recording_id,
                "moment": iso(at),
                "book": found.book,
                "kept_until": None if found.retention.until is None else iso(found.retention.until),
                "all_of_it": told.all_of_it,
                **_may_go(found.retention, told.all_of_it),
                "lines": [_line(line) for line in lines],
            }
        )
        return
    for line in lines:
        click.echo(safe(line.words))
        for step in line.steps:
            click.echo(safe(f"  - {step.words}"))
            if step.rule is not None:
                click.echo(safe(f"    {step.rule.id}: {step.rule.citation} ({step.rule.verification.value})"))
    if not told.all_of_it:
        click.echo("Cases, holds and requests are not shown with your rights.")


def _may_go(found: Retention, all_of_it: bool) -> dict[str, Any]:
    """Whether it may be destroyed, and what stands against that; nothing to whoever is not told of its cases."""
    if not all_of_it:
        return {"purgeable": None, "blocks": None}
    return {
        "purgeable": found.purgeable,
        "blocks": [{"code": one.code, "words": one.words} for one in found.blocks],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "subject": line.subject,
        "words": line.words,
        "steps": [
            {
                "words": step.words,
                "rule": None if step.rule is None else step.rule.id,
                "citation": None if step.rule is None else step.rule.citation,
                "applied": step.applied,
            }
            for step in line.steps
        ],
    }
