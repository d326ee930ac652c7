"""candor audit: search the events."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say, table
from candor.core.clock import iso
from candor.custody import PLAIN_WORDS
from candor.custody.searching import MOST_ROWS, Outcome
from candor.people import auditing, service
from candor.people.rules import Permission


@click.command()
@click.option("--who", metavar="NAME", help="Who did it: sign-in name, part of a name or badge, identifier, system:….")
@click.option("--account", metavar="NAME", help="Whose account it concerns.")
@click.option("--kind", help="A kind of event, or a group: sign-in, accounts, footage, hand-outs, reading, system.")
@click.option("--outcome", type=click.Choice([outcome.value for outcome in Outcome]))
@click.option("--address", help="Where it came from.")
@click.option("--from", "start", metavar="TIME", help="At or after, e.g. 2026-11-22 or 2026-11-22T10:00:00Z.")
@click.option("--to", "end", metavar="TIME", help="Before; a day counts to its end.")
@click.option("--text", help="Stands anywhere in what was recorded.")
@click.option("--order", type=click.Choice(["newest", "oldest"]), default="newest", show_default=True)
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=50, show_default=True)
@click.option("--after", metavar="CURSOR", default="", help="Go on after this page; the JSON gives the cursor.")
@click.option("--csv", "csv_out", is_flag=True, help="All that fit as CSV on standard output, up to 100,000 events.")
@as_account
@needs(Permission.AUDIT_VIEW)
@as_json
def command(
    start: str | None,
    end: str | None,
    limit: int,
    after: str,
    csv_out: bool,
    acting: str | None,
    json_out: bool,
    **fields: str | None,
) -> None:
    """Search what was done by whom, when, from where, and how it ended. That you did is an event, too."""
    given = {name: value for name, value in {**fields, "from": start, "to": end}.items() if value}
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            agency = service.agency(tx)
            zone = ZoneInfo(agency.time_zone) if agency else UTC
            search = replace(auditing.search_for(tx, given, zone), after=after, limit=limit)
        if csv_out:
            with installation.database.write() as tx:
                auditing.record_export(tx, who, given, "csv", address=None, clock=installation.clock)
            with installation.database.read() as tx:
                for line in auditing.as_csv(auditing.exported(tx, who, search)):
                    sys.stdout.write(line)
            return
        with installation.database.read() as tx:
            entries, page = auditing.read(tx, who, search)
        with installation.database.write() as tx:
            auditing.record_search(
                tx, who, given, after=after, found=len(entries), address=None, clock=installation.clock
            )
    if json_out:
        put_json(_document(entries, page.after, iso(page.looked_to) if page.looked_to else None))
        return
    table(
        (f"WHEN ({zone})", "WHAT", "OUTCOME", "WHO", "CONCERNS", "FROM WHERE"),
        (
            (
                f"{entry.event.at.astimezone(zone):%Y-%m-%d %H:%M:%S.%f}"[:-4],
                PLAIN_WORDS[entry.event.kind],
                entry.outcome,
                entry.actor_name or entry.event.actor,
                entry.account_name or entry.account or entry.event.recording_id or "",
                entry.address or entry.source or "",
            )
            for entry in entries
        ),
    )
    if page.looked_to:
        say(f"Looked through the events up to {iso(page.looked_to)} so far.")
    if page.after:
        say(f"Go on: --after {page.after}")


def _document(entries: list[auditing.Entry], after: str | None, looked_to: str | None) -> dict[str, Any]:
    return {"events": [entry.row() for entry in entries], "after": after, "looked_to": looked_to}
