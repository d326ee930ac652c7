"""Requests from a table: every row and every fault is shown first; then all of it is taken in, or the good rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from candor.core.errors import CandorError
from candor.disclosure.requests.intake import Intake, Received
from candor.disclosure.requests.rules import RequesterClass
from candor.disclosure.requests.table_in import COLUMNS, MOST_ROWS, Table, read_table, take_in
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import LARGEST_FORM, form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import ngettext, noted
from candor.web.pages.accounts import Problem
from candor.web.pages.requests_bulk import Outcome
from candor.web.pages.requests_words import MANAGE, shared
from candor.web.render import render

#: Rows that are shown before they are taken in; those with faults come first.
_SHOWN: Final = 200
#: A table comes as a field of a form, in which each comma and line end takes three bytes.
_MOST_KB: Final = LARGEST_FORM // 2000
_COLUMN_WORDS: dict[str, str] = {
    "words": noted("What is asked for, in their own words. This one must be there."),
    "received": noted("When it was received: 2026-11-22 or 2026-11-22 08:30; empty: now."),
    "name": noted("Who asks."),
    "organisation": noted("For whom they ask."),
    "class": noted("What they are: %(classes)s; empty: public."),
    "mail": noted("E-mail address."),
    "phone": noted("Telephone number."),
    "post": noted("Postal address."),
    "person": noted("The person that it is about."),
    "officer": noted("The officer, by name or badge."),
    "place": noted("Where it was."),
    "incident": noted("Incident number."),
    "case_number": noted("Case number."),
    "from": noted("When it was, or the beginning of that: a day, or a day with a time."),
    "to": noted("The end of that."),
    "wants": noted("copy or inspect; empty: copy."),
}


@dataclass(frozen=True)
class Line:
    """A row of the table, by its line. `faults`: what is wrong with it."""

    line: int
    received_at: datetime | None
    name: str
    words: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """A table that was read. `more`: good rows that are not shown; `wrong`: rows with faults."""

    rows: tuple[Line, ...]
    good: tuple[tuple[int, Intake], ...]
    wrong: int
    more: int
    before: bool


def show(request: Request) -> Response:
    """The form."""
    return _page(request, {"table": "", "name": ""}, None, None, 200)


def _page(
    request: Request, given: Mapping[str, str], seen: Seen | None, problem: Problem | None, status: int
) -> Response:
    classes = ", ".join(one.value for one in RequesterClass)
    return render(
        request,
        "requests_import.html",
        status=status,
        given=given,
        seen=seen,
        problem=problem,
        columns=[(name, _(_COLUMN_WORDS[name], classes=classes)) for name in COLUMNS],
        most_rows=MOST_ROWS,
        most_kb=_MOST_KB,
        **shared(),
    )


def take(request: Request) -> Response:
    """Look at a table, or take it in. Form: table (its lines), take (all, good; none: only look), again."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    given = {name: form.get(name, "") for name in ("table", "name")}
    try:
        table = read_table(given["table"].encode(), ZoneInfo(visit.zone), here.clock.now())
        if form.get("take") not in ("all", "good"):
            return _page(request, given, _seen(table, given), None, 200)
        with here.database.write() as tx:
            done = take_in(
                tx,
                visit.actor,
                table,
                good_only=form["take"] == "good",
                again=form.get("again") == "yes",
                clock=here.clock,
            )
    except CandorError as error:
        seen = _seen(table, given, before=True) if "take" in form else None
        return _page(request, given, seen, Problem.of(error, "table"), status_of(error))
    if not done.received:
        return _page(request, given, _seen(table, given), None, 422)
    return _done(request, table, done.received)


def _seen(table: Table, given: Mapping[str, str], *, before: bool = False) -> Seen:
    lines = given["table"].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    faults: dict[int, list[str]] = {}
    for fault in table.faults:
        faults.setdefault(fault.row, []).append(fault.words)
    wrong = [Line(at, None, "", lines[at - 1][:300], tuple(words)) for at, words in sorted(faults.items())]
    good = [Line(line, one.received_at, one.name, one.words[:300], ()) for line, one in table.rows]
    shown = [*wrong[:_SHOWN], *good[: max(0, _SHOWN - len(wrong))]]
    more = len(good) - sum(not line.faults for line in shown)
    return Seen(tuple(sorted(shown, key=lambda one: one.line)), table.rows, len(wrong), more, before)


def _done(request: Request, table: Table, received: tuple[tuple[int, Received], ...]) -> Response:
    """What was taken in, with the codes: they are in this answer alone."""
    of_line = dict(table.rows)
    outcomes = [Outcome(one.id, one.number, of_line[line].name, _told(one), one.code) for line, one in received]
    return render(
        request,
        "requests_done.html",
        headers={"cache-control": "no-store"},
        title=ngettext("%(num)s request was taken in", "%(num)s requests were taken in", len(outcomes)),
        outcomes=outcomes,
        done=len(outcomes),
        refused=0,
        codes=True,
        back="/requests",
    )


def _told(one: Received) -> str:
    if not one.missing:
        return _("Taken in.")
    return _("Taken in. The law wants more named: %(what)s", what=" ".join(one.missing))


def template(request: Request) -> Response:
    """A table with nothing but the names of its columns."""
    return Response(
        ",".join(COLUMNS) + "\r\n",
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="requests.csv"'},
    )


routes = [
    page("/requests/import", show, needs=MANAGE),
    page("/requests/import", take, needs=MANAGE, methods=["POST"]),
    page("/requests/import/template.csv", template, needs=MANAGE),
]
