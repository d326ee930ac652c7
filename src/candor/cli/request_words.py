"""Requests as the command line shows and names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any

import click
from sqlalchemy.engine import Connection

from candor.cli.common import safe, table
from candor.core.clock import from_iso, iso
from candor.custody import PLAIN_WORDS, Event
from candor.disclosure.requests import fees, messages, reading
from candor.disclosure.requests.documents import documents_of
from candor.disclosure.requests.hours import Hours, expected
from candor.disclosure.requests.naming import FIELD_WORDS, Named, between
from candor.disclosure.requests.reading import RecordsRequest
from candor.disclosure.requests.rules import (
    CHANNEL_WORDS,
    CLASS_WORDS,
    CLOCK_WORDS,
    OUTCOME_WORDS,
    STATE_WORDS,
    WANTS,
    Channel,
    ClockState,
    Outcome,
    RequesterClass,
    RequestState,
    clock_state,
)
from candor.people.rules import Actor

__all__ = ["WAY_WORDS", "document_of", "hours_words", "named_of", "plain", "print_request", "totals_of", "when_of"]

#: Where a message goes, as it is headed.
WAY_WORDS = {"in": "from whoever asked", "out": "to whoever asked", "note": "note"}


def named_of(given: dict[str, str], zone: tzinfo) -> Named:
    """What options of a command name. Raises RequestFieldWrong."""
    began, ended, days = between(given.pop("time_from", ""), given.pop("time_to", ""), zone)
    return Named(**given, began=began, ended=ended, whole_days=days)


def document_of(tx: Connection, actor: Actor, found: RecordsRequest, now: datetime) -> dict[str, Any]:
    """A request with all that belongs to it and that the actor may see, as a JSON document."""
    recordings = reading.recordings_of_request(tx, actor, found.id, meant=None)
    history, total = reading.history_of_request(tx, actor, found.id, limit=500)
    last = fees.last_estimate(tx, found.id)
    return {
        **plain(asdict(found)),
        "contact": {name: found.contact.get(name, "") for name in ("mail", "phone", "post")},
        "clock": found.clock(now).value,
        "clocks": [
            {**plain(asdict(one)), "state": one.state(now).value} for one in reading.clocks_of_request(tx, found.id)
        ],
        "recordings": [plain(asdict(one)) for one in recordings.rows],
        "recordings_hidden": recordings.hidden,
        "messages": [plain(asdict(one)) for one in messages.messages_of(tx, actor, found.id)],
        "documents": [plain(asdict(one)) for one in documents_of(tx, actor, request_id=found.id)],
        "estimate": None if last is None else {**plain(asdict(last)), "totals": totals_of(last.totals)},
        "hours": hours_of(expected(tx, [found.id]).get(found.id)),
        "history": [plain(asdict(one)) for one in history],
        "history_total": total,
    }


def hours_of(found: Hours | None) -> dict[str, Any] | None:
    """What a request is expected to cost, as a JSON document: times in seconds."""
    if found is None:
        return None
    seconds = {name: int(getattr(found, name).total_seconds()) for name in ("work", "footage")}
    return {"work_s": seconds["work"], "footage_s": seconds["footage"], "redactions": found.redactions}


def totals_of(totals: Mapping[str, Any]) -> list[dict[str, str]]:
    """Money by currency, as a JSON document."""
    return [{"currency": currency, "amount": str(amount)} for currency, amount in sorted(totals.items())]


def hours_words(work: timedelta) -> str:
    """`3 h 20 min`."""
    minutes = int(work.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60:02d} min"


def when_of(moment: datetime | str | None, zone: tzinfo) -> str:
    """A moment in the agency's zone; a dash for none."""
    if moment is None:
        return "–"
    at = from_iso(moment) if isinstance(moment, str) else moment
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def print_request(found: dict[str, Any], zone: tzinfo, now: datetime) -> None:
    """The document for people."""
    click.echo(safe(f"{found['number']}  {STATE_WORDS[RequestState(found['state'])]}"))
    closed = found["closed_at"] is not None
    state = clock_state(None if found["due_at"] is None else from_iso(found["due_at"]), now, met=closed)
    who = f"{found['requester_name'] or '(no name)'}, {CLASS_WORDS[RequesterClass(found['requester_class'])]}"
    for label, value in (
        ("RECEIVED", f"{when_of(found['received_at'], zone)} ({zone}), {CHANNEL_WORDS[Channel(found['channel'])]}"),
        ("DUE", f"{when_of(found['due_at'], zone)}: {CLOCK_WORDS[state]} ({found['due_rule'] or 'no rule'})"),
        ("FROM", who + ("" if found["class_confirmed_by"] else " (not confirmed)")),
        ("CONTACT", ", ".join(one for one in found["contact"].values() if one) or "–"),
        ("WANTS", WANTS[found["wants"]]),
        ("WORKS ON", found["assigned_name"] or "nobody yet"),
        ("OUTCOME", OUTCOME_WORDS[Outcome(found["outcome"])] if found["outcome"] else "–"),
    ):
        click.echo(safe(f"{label:10} {value}"))
    for name, value in found["named"].items():
        if name in FIELD_WORDS and value:
            shown = when_of(value, zone) if name in ("began", "ended") else value
            click.echo(safe(f"{FIELD_WORDS[name].upper()}: {shown}"))
    click.echo("")
    for line in found["words"].split("\n"):
        click.echo(safe(line))
    _print_tables(found, zone)


def _print_tables(found: dict[str, Any], zone: tzinfo) -> None:
    if found["clocks"]:
        table(
            ("CLOCK", "DUE", "STATE", "RULE", "UNTIL WHEN IT MAY BE EXTENDED"),
            (
                (
                    one["id"],
                    when_of(one["due_at"], zone),
                    CLOCK_WORDS[ClockState(one["state"])],
                    one["citation"],
                    when_of(one["extendable_to"], zone),
                )
                for one in found["clocks"]
            ),
        )
    if found["recordings"]:
        table(
            ("RECORDING", "IS", "START", "TITLE", "WHY"),
            (
                (one["recording_id"], one["meant"], when_of(one["started_at"], zone), one["title"], one["why"])
                for one in found["recordings"]
            ),
        )
    if found["recordings_hidden"]:
        click.echo(f"{found['recordings_hidden']} more that these rights do not reach to.")
    for one in found["messages"]:
        head = f"{when_of(one['written_at'], zone)}  {WAY_WORDS[one['way']]}: "
        click.echo(safe(head + " ".join(one["words"].split())))
    table(
        ("WHEN", "WHAT", "WHO"),
        ((when_of(one["at"], zone), PLAIN_WORDS[Event(one["kind"])], one["actor"]) for one in found["history"]),
    )


def plain(value: Any) -> Any:
    """A value as a JSON document: moments in full, bytes in hexadecimal, money as text."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value.value if isinstance(value, StrEnum) else value
