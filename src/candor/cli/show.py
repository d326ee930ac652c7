"""candor show: one recording."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, safe
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.custody import PLAIN_WORDS, history
from candor.footage.renditions import renditions_of
from candor.footage.rules import FLAG_WORDS, Flag
from candor.footage.search import row_of
from candor.footage.tables import part
from candor.people.rules import Permission


@click.command()
@click.argument("recording_id", metavar="ID")
@as_account
@needs(Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_UNIT, Permission.RECORDINGS_VIEW_OWN)
@as_json
def command(recording_id: str, acting: str | None, json_out: bool) -> None:
    """Show one recording: catalogue, parts, what its files claim, viewing copies, custody history."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            row = row_of(tx, who, recording_id)
            if row is None:
                raise NotFound(what="recording", id=recording_id)
            parts = tx.execute(sa.select(part).where(part.c.recording_id == recording_id).order_by(part.c.number)).all()
            copies = {one.id: renditions_of(tx, one.id) for one in parts}
            events = history(tx, recording_id)
    document: dict[str, Any] = {
        **{name: value for name, value in vars(row).items() if name != "place_in_order"},
        "parts": [
            {
                "number": one.number,
                "name": one.name,
                "size": one.size,
                "sha256": one.sha256.hex(),
                "chunk_root": one.chunk_root.hex(),
                "media_type": one.media_type,
                "claims": one.claims,
                "viewing_copies": [{"kind": copy.kind, "state": copy.state} for copy in copies[one.id]],
            }
            for one in parts
        ],
        "history": [
            {
                "event": one.id,
                "n": one.n,
                "kind": one.kind.value,
                "at": iso(one.at),
                "actor": one.actor,
                "index": one.position,
                "details": one.details,
            }
            for one in events
        ],
    }
    if json_out:
        put_json(document)
    else:
        _show(document)


def _show(document: dict[str, Any]) -> None:
    for label, value in (
        ("Recording", document["id"]),
        ("Title", document["title"]),
        ("State", document["state"]),
        ("Start", f"{document['started_at']}  ({document['started_source']})"),
        ("Received", document["received_at"]),
        ("Wearer", document["wearer_name"]),
        ("Unit", document["unit_name"]),
        ("Device", document["device_serial"]),
        ("Incident", document["incident_number"]),
        ("Category", document["category"]),
        ("Place", document["place"]),
        ("Tags", ", ".join(document["tags"])),
    ):
        if value:
            click.echo(f"{label:10} {safe(str(value))}")
    for flag in document["flags"]:
        click.echo(f"{'FLAG':10} {flag}: {FLAG_WORDS[Flag(flag)]}")
    for one in document["parts"]:
        click.echo(f"\nPart {one['number']}     {safe(one['name'])}  {one['size']:,} bytes  {one['media_type'] or ''}")
        click.echo(f"  sha256   {one['sha256']}")
        copies = ", ".join(f"{copy['kind']} {copy['state']}" for copy in one["viewing_copies"])
        click.echo(f"  copies   {copies or 'none'}")
    click.echo("\nCustody history")
    for one in document["history"]:
        place = "waiting" if one["index"] is None else f"log {one['index']}"
        words = PLAIN_WORDS[one["kind"]]
        click.echo(f"  {one['n']:>4}  {one['at'][:19]}Z  {place:>10}  {words}  by {safe(one['actor'])}")
