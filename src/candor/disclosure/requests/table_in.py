"""Requests from a CSV table: every fault of every row at once, and nothing is taken in unless all rows stand.

The first line names the columns, in any order; only `words` must be there. Times without an offset are in the agency's
zone. Cells are text and nothing else: a formula is kept as its letters and never worked out, and goes out again as
text. Whoever takes in a table may choose to take the good rows and leave the others.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.errors import CandorError
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.disclosure.requests.errors import RequestFieldWrong, TableWrong
from candor.disclosure.requests.intake import Intake, Received, receive
from candor.disclosure.requests.naming import Named, between
from candor.disclosure.requests.rules import Channel
from candor.disclosure.requests.tables import request_import
from candor.fleet.errors import MomentWrong
from candor.fleet.moments import moment
from candor.footage import names
from candor.people.rules import Actor, Permission

__all__ = ["COLUMNS", "LARGEST", "MOST_FAULTS", "MOST_ROWS", "Fault", "Table", "TakenIn", "read_table", "take_in"]

COLUMNS = (
    *("words", "received", "name", "organisation", "class", "mail", "phone", "post"),
    *("person", "officer", "place", "incident", "case_number", "from", "to", "wants"),
)
LARGEST = 4 << 20
MOST_ROWS = 1_000
#: Faults that are told of one table; there may be more.
MOST_FAULTS = 500
_LONGEST_CELL = 20_000


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row. `row`: the line of the file in which it ends, the first being 1."""

    row: int
    words: str


@dataclass(frozen=True)
class Table:
    """A table that was read: the requests of its good rows by their line, and the faults of the others."""

    sha256: bytes
    rows: tuple[tuple[int, Intake], ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class TakenIn:
    """What became of a table: the requests that were received, by their line. Nothing where it had faults and only a
    whole one was to be taken."""

    received: tuple[tuple[int, Received], ...]
    faults: tuple[Fault, ...]


def read_table(content: bytes, zone: tzinfo, now: datetime) -> Table:
    """Read a CSV table: UTF-8, with or without a mark at its beginning, with commas, semicolons or tabs. Nothing is
    taken in. Raises TableWrong where it is no such table."""
    text = _text(content)
    header, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, Intake]] = []
    faults: list[Fault] = []
    try:
        columns = _columns(next(reader, []))
        count = 0
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > MOST_ROWS:
                raise TableWrong(reason=f"it has more than {MOST_ROWS} rows; take it in several steps")
            found, wrong = _row(columns, cells, zone, now)
            if found is None:
                faults += [Fault(reader.line_num, words) for words in wrong]
            else:
                rows.append((reader.line_num, found))
    except csv.Error as error:
        raise TableWrong(reason=f"line {reader.line_num} is no CSV: {error}") from error
    if not rows and not faults:
        raise TableWrong(reason="it has no rows")
    return Table(hashlib.sha256(content).digest(), tuple(rows), tuple(faults[:MOST_FAULTS]))


def take_in(
    tx: Connection,
    actor: Actor,
    table: Table,
    *,
    good_only: bool = False,
    again: bool = False,
    clock: Clock | None = None,
) -> TakenIn:
    """Take in the requests of a table: all of them, or nothing where a row has a fault; with `good_only` the good rows.
    A table that was taken in before is refused unless `again`. Raises Refused, TableWrong."""
    actor.require(Permission.REQUESTS_MANAGE)
    clock = clock or SystemClock()
    if table.faults and not good_only:
        return TakenIn((), table.faults)
    if not table.rows:
        return TakenIn((), table.faults)
    before = tx.scalar(
        sa.select(sa.func.max(request_import.c.imported_at)).where(request_import.c.sha256 == table.sha256)
    )
    if before is not None and not again:
        raise TableWrong(reason=f"the very same table was taken in on {before:%Y-%m-%d}; say so if that is meant")
    received = tuple((line, receive(tx, actor, intake, clock=clock)) for line, intake in table.rows)
    row = {"id": new_id(), "sha256": table.sha256, "imported_by": actor.account_id}
    tx.execute(request_import.insert(), {**row, "imported_at": clock.now(), "taken": len(received)})
    details = {"import": row["id"], "table_sha256": table.sha256.hex(), "taken": len(received)}
    details |= {"left_out": len({one.row for one in table.faults})}
    custody.append(tx, Event.REQUESTS_IMPORTED, actor=actor.account_id, details=details, clock=clock)
    return TakenIn(received, table.faults)


def _text(content: bytes) -> str:
    if len(content) > LARGEST:
        raise TableWrong(reason=f"it has more than {LARGEST >> 20} MiB")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise TableWrong(reason="it is a workbook of a spreadsheet program; save it as CSV (UTF-8) first")
    if b"\0" in content:
        raise TableWrong(reason="it holds NUL bytes, so it is no text in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableWrong(reason=f"byte {error.start} is not UTF-8; save it as CSV (UTF-8)") from error
    if not text.strip():
        raise TableWrong(reason="it is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip().lower().replace(" ", "_") for name in header]
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        shown = names.shown(unknown[0][:60])
        raise TableWrong(reason=f"there is no column “{shown}”. They are: {', '.join(COLUMNS)}")
    if len(set(columns)) < len(columns):
        raise TableWrong(reason="a column is there twice")
    if "words" not in columns:
        raise TableWrong(reason="its first line names the columns, and “words” is one")
    return columns


def _row(columns: list[str], cells: list[str], zone: tzinfo, now: datetime) -> tuple[Intake | None, list[str]]:
    """The request of a row, or everything that is wrong with it."""
    if len(cells) > len(columns):
        return None, [f"it has {len(cells)} cells, and there are {len(columns)} columns"]
    if any(len(cell) > _LONGEST_CELL for cell in cells):
        return None, [f"a cell has more than {_LONGEST_CELL} characters"]
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    wrong: list[str] = []
    received = _moment(given.get("received", ""), zone, wrong)
    named = _named(given, zone, wrong)
    intake = Intake(
        words=given.get("words", ""),
        name=given.get("name", ""),
        organisation=given.get("organisation", ""),
        requester_class=given.get("class", "") or "public",
        mail=given.get("mail", ""),
        phone=given.get("phone", ""),
        post=given.get("post", ""),
        named=named,
        wants=given.get("wants", "") or "copy",
        channel=Channel.TABLE,
        received_at=received,
    )
    wrong += _faults(intake, now)
    return (None, wrong) if wrong else (intake, [])


def _faults(intake: Intake, now: datetime) -> list[str]:
    """What is wrong with a request, field by field: `checked` names the first, a table wants them all."""
    whole = {
        name: getattr(intake, name)
        for name in (
            "words",
            "name",
            "organisation",
            "requester_class",
            "mail",
            "phone",
            "post",
            "wants",
            "received_at",
        )
    }
    found = []
    for name, value in whole.items():
        alone_values: dict[str, Any] = {"words": "x", name: value}
        alone = Intake(**alone_values)
        try:
            alone.checked(now)
        except RequestFieldWrong as error:
            found.append(f"{error.fields['field']}: {error.fields['reason']}")
    return found


def _named(given: Mapping[str, str], zone: tzinfo, wrong: list[str]) -> Named:
    found = Named()
    for name in ("person", "officer", "place", "incident", "case_number", "times"):  # what is wrong stays out
        try:
            if name == "times":
                began, ended, days = between(given.get("from", ""), given.get("to", ""), zone)
                found = replace(found, began=began, ended=ended, whole_days=days).checked()
            else:
                lines: dict[str, Any] = {name: given.get(name, "")}
                found = replace(found, **lines).checked()
        except RequestFieldWrong as error:
            wrong.append(f"{error.fields['field']}: {error.fields['reason']}")
    return found


def _moment(text: str, zone: tzinfo, wrong: list[str]) -> datetime | None:
    if not text:
        return None
    try:
        return moment(text[:40], zone)
    except (MomentWrong, OverflowError, ValueError, CandorError):
        wrong.append("day of receipt: write it like 2026-11-22 or 2026-11-22 08:30")
        return None
