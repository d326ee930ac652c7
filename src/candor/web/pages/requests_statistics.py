"""Statistics of requests by month: a page with a drawing and a table, the same as CSV and as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from candor.core.errors import CandorError
from candor.disclosure.paper import Block, Facts, Heading, Letterhead, Listing, Size, Title, Words, paper
from candor.disclosure.requests.errors import RequestsQueryWrong
from candor.disclosure.requests.rules import Outcome
from candor.disclosure.requests.statistics import Month, Statistics, by_month, csv_of
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import words_of
from candor.web.pages.requests_chart import chart_of
from candor.web.pages.requests_words import VIEW
from candor.web.render import query, render

#: Months that are shown where nothing else is asked for.
_USUAL = 12


def show(request: Request) -> Response:
    """The page."""
    given = {name: request.query_params.get(name, "").strip()[:10] for name in ("from", "to")}
    problem, status = None, 200
    try:
        found = _found(request, given)
    except CandorError as error:
        problem, status = words_of(error), status_of(error)
        given = {"from": "", "to": ""}
        found = _found(request, given)
    shown = {"from": f"{found.months[0].first:%Y-%m}", "to": f"{found.months[-1].first:%Y-%m}"}
    most = max((count for _age, count in found.open_by_age), default=0) or 1
    return render(
        request,
        "requests_statistics.html",
        status=status,
        problem=problem,
        given=shown,
        asked=query("", given),
        sums=_sums(found.total),
        chart=chart_of(found.months),
        columns=_heads(),
        months=[_row(one) for one in reversed(found.months)],
        withheld=_withheld(found.total),
        ages=[(_(words), count, round(100 * count / most)) for words, count in found.open_by_age],
    )


def _found(request: Request, given: dict[str, str]) -> Statistics:
    """The months that are asked for: the last twelve where none are. Raises RequestsQueryWrong."""
    here, visit = installation_of(request), visit_of(request)
    today = here.clock.now().astimezone(ZoneInfo(visit.zone)).date()
    last = _month(given["to"]) if given["to"] else today.replace(day=1)
    back = last.year * 12 + last.month - _USUAL
    first = _month(given["from"]) if given["from"] else date(back // 12, back % 12 + 1, 1)
    with here.database.read() as tx:
        return by_month(tx, visit.actor, first, last, clock=here.clock)


def _month(text: str) -> date:
    try:
        return datetime.strptime(text[:7], "%Y-%m").date()
    except ValueError as error:
        raise RequestsQueryWrong(reason=_("a month is written like 2026-11")) from error


def _heads() -> list[str]:
    return [
        _("Month"),
        _("Received"),
        _("Answered"),
        _("in time"),
        _("late"),
        _("without a clock"),
        _("Released"),
        _("in part"),
        _("Withheld"),
        _("Nothing found"),
        _("Withdrawn"),
        _("Hours released"),
    ]


def _row(one: Month, name: str = "") -> list[str]:
    ends = (Outcome.RELEASED, Outcome.RELEASED_IN_PART, Outcome.WITHHELD, Outcome.NOTHING_FOUND)
    counts = [one.received, one.answered, one.in_time, one.late, one.no_clock]
    counts += [*(one.outcomes.get(end, 0) for end in ends), one.withdrawn]
    return [name or f"{one.first:%Y-%m}", *map(formats.grouped, counts), one.hours_released]


def _sums(total: Month) -> Sequence[tuple[str, str, str]]:
    with_clock = total.in_time + total.late
    share = _("%(share)s %%", share=100 * total.in_time // with_clock) if with_clock else "–"
    return (
        (_("Received"), formats.grouped(total.received), ""),
        (_("Answered"), formats.grouped(total.answered), ""),
        (_("In time, of those with a clock"), share, ""),
        (_("Late"), formats.grouped(total.late), "bad" if total.late else ""),
        (_("Hours of footage released"), total.hours_released, ""),
    )


def _withheld(total: Month) -> list[tuple[str, int]]:
    return sorted(total.withheld.items(), key=lambda pair: (-pair[1], pair[0]))


def as_csv(request: Request) -> Response:
    """The same as a table for other programs."""
    given = {name: request.query_params.get(name, "").strip()[:10] for name in ("from", "to")}
    found = _found(request, given)
    headers = {"content-disposition": f'attachment; filename="{_name(found)}.csv"'}
    return Response("".join(csv_of(found)), media_type="text/csv; charset=utf-8", headers=headers)


def as_pdf(request: Request) -> Response:
    """The same on paper."""
    here, visit = installation_of(request), visit_of(request)
    given = {name: request.query_params.get(name, "").strip()[:10] for name in ("from", "to")}
    found = _found(request, given)
    head = Letterhead(visit.agency.name if visit.agency else "")
    title = _("Requests for records, %(first)s to %(last)s", **_ends(found))
    made = formats.with_zone(here.clock.now(), visit.zone)
    data = paper(head, _blocks(found, title), title=title, foot=made, size=Size.LETTER_WIDE)
    headers = {"content-disposition": f'attachment; filename="{_name(found)}.pdf"'}
    return Response(data, media_type="application/pdf", headers=headers)


def _blocks(found: Statistics, title: str) -> list[Block]:
    rows = [_row(one) for one in found.months] + [_row(found.total, _("all"))]
    widths = (1.3, *([1.0] * (len(rows[0]) - 1)))
    blocks: list[Block] = [
        Title(title),
        Facts([(words, value) for words, value, _kind in _sums(found.total)]),
        Heading(_("By month")),
        Listing(_heads(), [[cell.replace("\u202f", " ") for cell in row] for row in rows], widths),
    ]
    withheld = _withheld(found.total)
    blocks.append(Heading(_("Withheld, and why")))
    if withheld:
        cells: Any = [[words, str(count)] for words, count in withheld]
        blocks.append(Listing([_("Exemption"), _("Recordings")], cells, (5, 1)))
    else:
        blocks.append(Words(_("Nothing was withheld in this time.")))
    blocks.append(Heading(_("Open now, by age")))
    blocks.append(Facts([(_(words), str(count)) for words, count in found.open_by_age]))
    return blocks


def _ends(found: Statistics) -> dict[str, str]:
    return {"first": f"{found.months[0].first:%Y-%m}", "last": f"{found.months[-1].first:%Y-%m}"}


def _name(found: Statistics) -> str:
    ends = _ends(found)
    return f"requests-{ends['first']}-{ends['last']}"


routes = [
    page("/requests/statistics", show, needs=VIEW),
    page("/requests/statistics.csv", as_csv, needs=VIEW),
    page("/requests/statistics.pdf", as_pdf, needs=VIEW),
]
