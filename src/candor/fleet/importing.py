"""Cameras, and who had them, from a CSV file: every line is tried for real, and nothing stays unless all are right.

The first line names the columns, in any order; only `serial` must be there:

    serial, kind, make, model, firmware, state, pooled, site, note, person, from, to

A camera that is known is changed where the line says something else; one that is not is registered; one that was found
is confirmed. With `person` (a sign-in name or a badge number) and `from` the line enters who had it. Times without an
offset are in the zone given.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.errors import CandorError
from candor.fleet import service
from candor.fleet.assignments import assign, assignments_between
from candor.fleet.errors import ImportWrong, LineWrong
from candor.fleet.moments import moment
from candor.fleet.places import sites
from candor.fleet.rules import DeviceKind, name_key
from candor.fleet.spans import Span
from candor.people.rules import Actor, Permission
from candor.people.service import fold_name
from candor.people.tables import account

__all__ = ["COLUMNS", "MOST_LINES", "Line", "import_lines", "lines_of"]

COLUMNS = ("serial", "kind", "make", "model", "firmware", "state", "pooled", "site", "note", "person", "from", "to")
MOST_LINES = 5000
LONGEST_FILE = 2 << 20
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0", "")


@dataclass(frozen=True)
class Line:
    """What became, or would become, of a line. `done`: registered, changed, confirmed, assigned; none: all was so."""

    number: int
    serial: str
    done: tuple[str, ...]
    fault: str | None


def lines_of(text: str) -> list[tuple[int, dict[str, str]]]:
    """The lines of a CSV file with their numbers, by column; empty ones left out. Raises ImportWrong."""
    if len(text) > LONGEST_FILE:
        raise ImportWrong(reason=f"it has more than {LONGEST_FILE >> 20} MiB")
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), dialect=dialect, restkey="")
    try:
        columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = columns
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ImportWrong(reason=f"it is no CSV file: {error}") from error
    unknown = sorted(set(columns) - set(COLUMNS))
    if "serial" not in columns or unknown or len(set(columns)) < len(columns):
        named = (
            f"there is no column {unknown[0]!r}" if unknown else "its first line names the columns, and serial is one"
        )
        raise ImportWrong(reason=f"{named}. They are: {', '.join(COLUMNS)}")
    if len(rows) > MOST_LINES:
        raise ImportWrong(reason=f"it has more than {MOST_LINES} lines")
    cleaned = [(number, {name: _text(value) for name, value in row.items()}) for number, row in rows]
    return [(number, row) for number, row in cleaned if any(row.values())]


def import_lines(
    tx: Connection,
    actor: Actor,
    lines: Sequence[tuple[int, Mapping[str, str]]],
    *,
    zone: tzinfo,
    clock: Clock | None = None,
) -> list[Line]:
    """Do what each line says; what became of each. A line with a fault leaves nothing; whoever calls commits only
    where none has one. Asks for both rights, to register devices and to enter who has them."""
    actor.require(Permission.DEVICES_MANAGE)
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    places = {name_key(one.name): one.id for one in sites(tx)}
    people = _people(tx)
    done = []
    for number, row in lines:
        serial = row.get("serial", "")
        try:
            with tx.begin_nested():
                acts = _line(tx, actor, row, places, people, zone, clock)
        except CandorError as error:
            done.append(Line(number, serial, (), str(error)))
        else:
            done.append(Line(number, serial, tuple(acts), None))
    return done


def _line(
    tx: Connection,
    actor: Actor,
    row: Mapping[str, str],
    places: Mapping[str, str],
    people: Mapping[str, str],
    zone: tzinfo,
    clock: Clock,
) -> list[str]:
    given = _given(row, places)
    known, acts = service.find_by_serial(tx, row.get("serial", "")), []
    if known is None:
        kind = given.pop("kind", DeviceKind.BODY.value)
        device_id = service.register_device(tx, actor, row["serial"], kind, **given, clock=clock)
        acts.append("registered")
    else:
        device_id = known.id
        if service.confirm_device(tx, actor, device_id, clock=clock):
            acts.append("confirmed")
        if service.change_device(tx, actor, device_id, given, clock=clock) is not None:
            acts.append("changed")
    if _assigned(tx, actor, device_id, row, people, zone, clock):
        acts.append("assigned")
    return acts


def _assigned(
    tx: Connection,
    actor: Actor,
    device_id: str,
    row: Mapping[str, str],
    people: Mapping[str, str],
    zone: tzinfo,
    clock: Clock,
) -> bool:
    person = row.get("person", "")
    if not person:
        if row.get("from") or row.get("to"):
            raise LineWrong(reason="there are times, and nobody who had the camera")
        return False
    if person.casefold() not in people:
        raise LineWrong(reason=f"there is no active account with the sign-in name or badge {person!r}")
    if not row.get("from"):
        raise LineWrong(reason="it does not say from when")
    account_id = people[person.casefold()]
    first = moment(row["from"], zone)
    last = moment(row["to"], zone) if row.get("to") else None
    there = assignments_between(tx, device_id, Span(first, last))
    if any((one.account_id, one.from_at, one.to_at) == (account_id, first, last) for one in there):
        return False
    assign(tx, actor, device_id, account_id, first, last, clock=clock)
    return True


def _given(row: Mapping[str, str], places: Mapping[str, str]) -> dict[str, Any]:
    """What the line says of the camera; what is blank is not said."""
    names = ("kind", "make", "model", "firmware", "state", "note")
    given: dict[str, Any] = {name: row[name] for name in names if row.get(name)}
    if row.get("pooled"):
        word = row["pooled"].lower()
        if word not in (*_YES, *_NO):
            raise LineWrong(reason=f"pooled is yes or no, not {row['pooled']!r}")
        given["pooled"] = word in _YES
    if row.get("site"):
        if name_key(row["site"]) not in places:
            raise LineWrong(reason=f"there is no open site called {row['site']!r}")
        given["site_id"] = places[name_key(row["site"])]
    return given


def _people(tx: Connection) -> dict[str, str]:
    """Active accounts by sign-in name and by badge; what two share names nobody."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    query = sa.select(account.c.id, account.c.sign_in_name, account.c.badge).where(account.c.active)
    for row in tx.execute(query):
        for name in {fold_name(row.sign_in_name).casefold(), (row.badge or "").casefold()} - {""}:
            if found.setdefault(name, row.id) != row.id:
                shared.add(name)
    return {name: account_id for name, account_id in found.items() if name not in shared}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else " ".join(value or ()).strip()
