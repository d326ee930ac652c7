"""candor show: one recording."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, safe
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.custody import PLAIN_WORDS, history
from candor.footage.purging import erased_by_order
from candor.footage.renditions import renditions_of
from candor.footage.rules import FLAG_WORDS, Flag
from candor.footage.search import row_of
from candor.footage.signatures import KIND_WORDS, TRUST_WORDS, VERDICT_WORDS, Trust, Verdict, signatures_of, told
from candor.footage.tables import part
from candor.footage.whole import whole_told
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
            signed = signatures_of(tx, [one.id for one in parts])
            whole = whole_told(tx, recording_id)
            events = history(tx, recording_id)
            erased = erased_by_order(tx, recording_id)
    document: dict[str, Any] = {
        **{name: value for name, value in vars(row).items() if name != "place_in_order"},
        **whole,
        "parts": [
            {
                "number": one.number,
                "name": one.name,
                "size": one.size,
                # Of what an order erased only a digest is left that nobody else can make.
                "sha256": None if erased else one.sha256.hex(),
                "chunk_root": None if erased else one.chunk_root.hex(),
                "media_type": one.media_type,
                "started_at": None if one.started_at is None else iso(one.started_at),
                "ended_at": None if one.ended_at is None else iso(one.ended_at),
                "claims": one.claims,
                "signatures": [told(signature) for signature in signed[one.id]],
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
                "erased": one.is_erased,
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
        ("Activated", document["activated_at"]),
        ("End", document["ended_at"]),
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
    if document["coming_in"]:
        click.echo(
            f"{'COMING IN':10} since {document['coming_in']['begun_at']}; its source has not said that it is complete"
        )
    if document["regrouped_into"]:
        click.echo(f"{'JOINED':10} its parts belong to {document['regrouped_into']}")
    for flag in document["flags"]:
        click.echo(f"{'FLAG':10} {flag}: {FLAG_WORDS[Flag(flag)]}")
    for one in document["parts"]:
        click.echo(f"\nPart {one['number']}     {safe(one['name'])}  {one['size']:,} bytes  {one['media_type'] or ''}")
        click.echo(f"  sha256   {one['sha256'] or 'erased by order'}")
        copies = ", ".join(f"{copy['kind']} {copy['state']}" for copy in one["viewing_copies"])
        click.echo(f"  copies   {copies or 'none'}")
        for signature in one["signatures"]:
            _show_signature(signature)
    for gap in document["gaps"]:
        click.echo(f"\nMISSING    {gap['from']} to {gap['to']}, after part {gap['after_part']} ({gap['reason']})")
    _show_beside(document)
    click.echo("\nCustody history")
    for one in document["history"]:
        place = "waiting" if one["index"] is None else f"log {one['index']}"
        words = PLAIN_WORDS[one["kind"]]
        click.echo(f"  {one['n']:>4}  {one['at'][:19]}Z  {place:>10}  {words}  by {safe(one['actor'])}")


def _show_signature(signature: dict[str, Any]) -> None:
    found = f"{signature['state']}"
    if signature["verdict"]:
        found = VERDICT_WORDS[Verdict(signature["verdict"])]
    click.echo(f"  signed   {KIND_WORDS.get(signature['kind'], signature['kind'])}: {found}")
    if signature["trust"]:
        click.echo(f"           {TRUST_WORDS[Trust(signature['trust'])]}")
    if signature["certificate"]:
        click.echo(f"           certificate {signature['certificate']}")
    if signature["problem"]:
        click.echo(f"           {safe(signature['problem'])}")


def _show_beside(document: dict[str, Any]) -> None:
    for one in document["sidecars"]:
        click.echo(f"\nBeside it  {safe(one['name'])}  {one['size']:,} bytes  {one['kind']}")
        click.echo(f"  sha256   {one['sha256'] or 'erased by order'}")
    for one in document["tracks"]:
        click.echo(f"\nTrack      {one['points']} points, {safe(one['source'])}")
    for one in document["bookmarks"]:
        click.echo(f"\nMark       {one['at'] or '-'}  {safe(one['category'] or '')}  {safe(one['text'][:200])}")
