"""candor list: find recordings."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say, table
from candor.fleet.rules import DeviceKind
from candor.footage.query import Query, Sort
from candor.footage.rules import RecordingState
from candor.footage.search import Page, find
from candor.installation import Installation
from candor.law.vocabulary import Label
from candor.people import service
from candor.people.rules import Permission


@click.command()
@click.option("--text", help="Words in title, notes, tags, place, incident, category, names, serial, file names.")
@click.option("--person", help="Who wore the camera: name or badge.")
@click.option("--unit", help="Unit.")
@click.option("--device", help="Serial of the device.")
@click.option("--kind", type=click.Choice([kind.value for kind in DeviceKind]), help="Kind of device.")
@click.option("--from", "start", metavar="TIME", help="Started at or after, e.g. 2026-11-22 or 2026-11-22T10:00:00Z.")
@click.option("--to", "end", metavar="TIME", help="Started before; a day counts to its end.")
@click.option("--category")
@click.option("--uncategorised", is_flag=True, help="Only what nobody has put into a category.")
@click.option("--label", type=click.Choice([one.value for one in Label]), help="A label that holds.")
@click.option("--place")
@click.option("--incident", metavar="NUMBER")
@click.option("--case", metavar="NUMBER", help="Those of a case that may be seen.")
@click.option("--state", type=click.Choice([state.value for state in RecordingState]))
@click.option("--flag", help="A flag by name, 'any' or 'none'.")
@click.option("--sort", type=click.Choice([sort.value for sort in Sort]), default=Sort.STARTED.value, show_default=True)
@click.option("--order", type=click.Choice(["descending", "ascending"]), default="descending", show_default=True)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--after", metavar="CURSOR", help="Go on after this page; the JSON gives the cursor.")
@as_account
@needs(Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_UNIT, Permission.RECORDINGS_VIEW_OWN)
@as_json
def command(
    json_out: bool, acting: str | None, start: str | None, end: str | None, uncategorised: bool, **fields: Any
) -> None:
    """Find recordings. All conditions together narrow the search."""
    pairs = [(name, str(value)) for name, value in fields.items() if value is not None]
    pairs += [(name, value) for name, value in (("from", start), ("to", end)) if value is not None]
    pairs += [("uncategorised", "yes")] if uncategorised else []
    with opened() as installation:
        zone = _zone(installation)
        query = Query.from_pairs(pairs, zone)
        who = actor(installation, acting)
        with installation.database.read() as tx:
            page = find(tx, who, query)
    if json_out:
        put_json(_document(page))
        return
    table(
        ("ID", f"START ({zone})", "DURATION", "WEARER", "UNIT", "INCIDENT", "CATEGORY", "TITLE", "FLAGS"),
        (
            (
                row.id,
                f"{row.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                _duration(row.duration_ms),
                row.wearer_name or "",
                row.unit_name or "",
                row.incident_number or "",
                row.category or "",
                row.title,
                ", ".join(row.flags),
            )
            for row in page.rows
        ),
    )
    say(f"{len(page.rows)} of {page.total:,}{' or more' if page.more else ''}.")
    if page.after:
        say(f"Next page: --after {page.after}")


def _zone(installation: Installation) -> Any:
    with installation.database.read() as tx:
        agency = service.agency(tx)
    return ZoneInfo(agency.time_zone) if agency else UTC


def _document(page: Page) -> dict[str, Any]:
    rows = [asdict(row) for row in page.rows]
    for row in rows:
        row.pop("place_in_order")
    return {
        "recordings": json.loads(json.dumps(rows, default=str)),
        "total": page.total,
        "more": page.more,
        "after": page.after,
    }


def _duration(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
