"""Cases as the command line shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

import click
from sqlalchemy.engine import Connection

from candor.cli.common import safe, table
from candor.core.clock import from_iso, iso
from candor.core.errors import NotFound
from candor.custody import PLAIN_WORDS, Event
from candor.law.vocabulary import CASE_KIND_WORDS, EVENT_WORDS, CaseKind, LawEvent
from candor.matters import inside
from candor.matters.reading import Case
from candor.matters.rules import PART_WORDS, SIDE_WORDS, STATE_WORDS, CaseState, Part, Side
from candor.people.rules import Actor
from candor.people.service import units

__all__ = ["document_of", "print_case", "row_of", "unit_named"]

#: A moment as text in the agency's zone.
When = Callable[[str | None], str]
#: Recordings and events that are shown of a case.
_MOST = 500


def unit_named(tx: Connection, name: str | None) -> str | None:
    """The identifier of the unit with this name, None where none or an empty one is given; raises NotFound."""
    if not name:
        return None
    for unit in units(tx):
        if unit.name == name:
            return unit.id
    raise NotFound(what="unit called", id=name)


def row_of(case: Case) -> dict[str, Any]:
    """A case as a JSON document."""
    return _plain(asdict(case))


def document_of(tx: Connection, actor: Actor, case: Case) -> dict[str, Any]:
    """A case with all that is in it and that the actor may see, as a JSON document."""
    recordings = inside.recordings_of(tx, actor, case.id, limit=_MOST)
    gone = inside.recordings_of(tx, actor, case.id, removed=True, limit=_MOST)
    history, total = inside.history_of(tx, actor, case.id, limit=_MOST)
    return {
        **row_of(case),
        "people": [_plain(asdict(one)) for one in inside.people_of(tx, case.id)],
        "recordings": [_plain(asdict(one)) for one in recordings.rows],
        "recordings_total": recordings.total,
        "recordings_hidden": recordings.hidden,
        "recordings_removed": [_plain(asdict(one)) for one in gone.rows],
        "moments": [_plain(asdict(one)) for one in inside.moments_of(tx, case.id)],
        "related": [_plain(asdict(one)) for one in inside.related_to(tx, actor, case.id)],
        "history": [_plain(asdict(one)) for one in history],
        "history_total": total,
    }


def print_case(found: dict[str, Any], zone: tzinfo) -> None:
    """The document for people."""

    def when(moment: str | None) -> str:
        return "" if moment is None else f"{from_iso(moment).astimezone(zone):%Y-%m-%d %H:%M}"

    _print_facts(found, zone, when)
    _print_recordings(found, when)
    if found["moments"]:
        table(
            ("MOMENT", "AT", "NOTE", "ENTRY"),
            (
                (
                    EVENT_WORDS[LawEvent(one["event"])],
                    when(one["at"]),
                    f"withdrawn: {one['withdraw_reason']}" if one["withdrawn_at"] else one["note"],
                    one["id"],
                )
                for one in found["moments"]
            ),
        )
    for one in found["related"]:
        click.echo(safe(f"BESIDE     {one['number']}  {one['title']}  ({one['reason']}; entry {one['id']})"))
    table(
        ("WHEN", "WHAT", "WHO"),
        ((when(one["at"]), PLAIN_WORDS[Event(one["kind"])], one["actor"]) for one in found["history"]),
    )


def _print_facts(found: dict[str, Any], zone: tzinfo, when: When) -> None:
    click.echo(safe(f"{found['number']}  {found['title']}"))
    for label, value in (
        ("KIND", CASE_KIND_WORDS[CaseKind(found["kind"])]),
        ("STATE", STATE_WORDS[CaseState(found["state"])]),
        ("OWNER", found["owner_name"]),
        ("UNIT", found["unit_name"] or "–"),
        ("OPENED", f"{when(found['opened_at'])} ({zone})"),
        ("CLOSED", f"{when(found['closed_at'])}: {found['close_reason']}" if found["closed_at"] else "–"),
    ):
        click.echo(safe(f"{label:10} {value}"))
    if found["people"]:
        table(
            ("PERSON", "PART", "SIDE", "FROM", "UNTIL", "ENTRY"),
            (
                (
                    one["name"],
                    PART_WORDS[Part(one["part"])],
                    SIDE_WORDS[Side(one["side"])],
                    when(one["from_at"]),
                    when(one["ended_at"]),
                    one["id"],
                )
                for one in found["people"]
            ),
        )


def _print_recordings(found: dict[str, Any], when: When) -> None:
    if found["recordings"]:
        table(
            ("RECORDING", "START", "TITLE", "REASON"),
            (
                (one["recording_id"], when(one["started_at"]), _title(one, when), one["reason"])
                for one in found["recordings"]
            ),
        )
    if found["recordings_hidden"]:
        click.echo(f"{found['recordings_hidden']} more that these rights do not reach to.")


def _title(one: dict[str, Any], when: When) -> str:
    if one["destroyed_at"]:
        return f"destroyed {when(one['destroyed_at'])} under {one['destroyed_under']}"
    return str(one["title"])


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in values.items()}
