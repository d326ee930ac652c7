"""Releases as the command line shows them."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.engine import Connection

from candor.cli.common import safe, table
from candor.cli.redact_words import wait_for
from candor.core.clock import iso
from candor.custody import PLAIN_WORDS
from candor.disclosure.releases import reading
from candor.disclosure.releases.reading import Release
from candor.disclosure.releases.rules import AUDIENCE_WORDS
from candor.installation import Installation
from candor.jobs import JobState
from candor.people.rules import Actor

__all__ = ["document_of", "print_release", "row_of", "settle"]


def settle(installation: Installation, job_id: str, title: str) -> None:
    """Do jobs here until this one has ended."""

    def look(tx: Connection) -> tuple[float, int | None, bool]:
        found = installation.jobs.get(tx, job_id)
        if found is None or found.state not in (JobState.WAITING, JobState.RUNNING):
            return 1.0, None, False
        return found.fraction, None, True

    wait_for(installation, title, look)


def row_of(found: Release) -> dict[str, Any]:
    """A release as a JSON document has it in a list."""
    moments = ("prepared_at", "approved_at", "sent_back_at", "published_at", "recalled_at", "discarded_at")
    return {
        "release": found.id,
        "number": found.number,
        "request": found.request_id,
        "critical": found.critical_id,
        "audience": found.audience.value,
        "state": found.state.value,
        "title": found.title,
        "copies": found.copies,
        "prepared_by": found.prepared_by,
        "approved_by": found.approved_by,
        "recalled_by": found.recalled_by,
        "recall_reason": found.recall_reason,
        "sent_back_reason": found.sent_back_reason,
        "discarded_by": found.discarded_by,
        "discard_reason": found.discard_reason,
        "problem": found.problem,
        "rule": found.rule,
        "package": found.package_id,
        "zip_sha256": None if found.zip_sha256 is None else found.zip_sha256.hex(),
        "version": found.version,
        **{name: None if (at := getattr(found, name)) is None else iso(at) for name in moments},
    }


def document_of(tx: Connection, actor: Actor, found: Release) -> dict[str, Any]:
    """A release with all that belongs to it and that the actor may see."""
    copies, hidden = reading.copies_of_release(tx, actor, found.id)
    return row_of(found) | {
        "summary": found.summary,
        "files": [dict(one) for one in found.files],
        "held": [
            {
                "position": one.position,
                "copy": one.copy_id,
                "recording": one.recording_id,
                "part": one.part_number,
                "verdict": one.verdict,
                "although": one.although,
                "sha256": one.sha256.hex(),
                "signed_sha256": None if one.signed_sha256 is None else one.signed_sha256.hex(),
            }
            for one in copies
        ],
        "not_shown": hidden,
        "history": [
            {"event": one.kind.value, "actor": one.actor, "at": iso(one.at), "position": one.position}
            for one in reading.history_of_release(tx, actor, found.id)
        ],
    }


def print_release(found: Release, document: dict[str, Any]) -> None:
    """The same for people."""
    click.echo(safe(f"{found.number}: {found.title}"))
    click.echo(f"{AUDIENCE_WORDS[found.audience].capitalize()}; it {found.state_words}. Version {found.version}.")
    for words in (found.problem, found.sent_back_reason, found.recall_reason, found.discard_reason):
        if words:
            click.echo(safe(words))
    click.echo("")
    for line in found.summary.split("\n"):
        click.echo(safe(line))
    click.echo("")
    rows = [(str(one["position"] + 1), one["copy"], one["recording"], one["verdict"]) for one in document["held"]]
    table(("No.", "Copy", "Recording", "Proof"), rows)
    if document["not_shown"]:
        click.echo(f"{document['not_shown']} more, of recordings that this account may not see.")
    table(("File", "Bytes", "SHA-256"), [(one["name"], f"{one['size']:,}", one["sha256"]) for one in found.files])
    for one in document["history"]:
        click.echo(safe(f"{one['at']}  {PLAIN_WORDS[one['event']]}"))
