"""What cameras say they recorded against what arrived: all cameras of a period, one of them in detail, as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.clock import from_iso, iso
from candor.core.errors import CandorError
from candor.docking.reconciliation import explaining
from candor.docking.reconciliation.errors import NothingMissing, PeriodWrong
from candor.docking.reconciliation.export import as_csv
from candor.docking.reconciliation.periods import LONGEST_DAYS, Days, days_named
from candor.docking.reconciliation.reconciling import Account, Shift, Totals, cut
from candor.docking.reconciliation.service import Camera, Whereabouts, reconcile
from candor.docking.reconciliation.spans import Span
from candor.fleet import service as fleet
from candor.people.auditing import names_of
from candor.people.rules import Permission
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import noted, words_of
from candor.web.pages.reconciliation_words import (
    CAUSE_WORDS,
    LEGEND,
    WHERE_WORDS,
    Block,
    bar,
    column,
    length_words,
    missing_sort,
    reason_words,
    share_words,
    whole_bar,
)
from candor.web.render import query, render

#: Cameras on a page, and stretches of one camera in a list.
SHOWN, MOST_LISTED = 50, 200
#: More days than this are not drawn one by one.
_MOST_COLUMNS = 31
#: Which cameras are shown.
CHOICES = {
    "all": noted("All cameras"),
    "missing": noted("With something missing"),
    "unexplained": noted("With something unexplained"),
}


@dataclass(frozen=True)
class DayCell:
    """One local day of one camera in the overview."""

    day: date
    totals: Totals
    blocks: list[Block]


@dataclass(frozen=True)
class Row:
    """One camera in the overview."""

    camera: Camera
    days: list[DayCell]


@dataclass(frozen=True)
class ShiftRow:
    """One shift of one camera. `wearer`: the name of whoever had it, where that is entered."""

    shift: Shift
    account: Account
    totals: Totals
    blocks: list[Block]
    wearer: str | None


# -- all cameras


def show(request: Request) -> Response:
    """The summary, and a row per camera, the greatest loss first."""
    here, visit = installation_of(request), visit_of(request)
    given, days, problem = _asked(request)
    with here.database.read() as tx:
        found = reconcile(tx, days.span, now=here.clock.now())
    chosen = [one for one in found.cameras if _fits(one, given)]
    number = _page_number(request)
    shown = chosen[(number - 1) * SHOWN : number * SHOWN]
    each = days.days() if days.count <= _MOST_COLUMNS else []
    return render(
        request,
        "reconciliation.html",
        status=200 if problem is None else 422,
        days=days,
        given=given,
        problem=problem,
        summary=found.summary,
        totals=found.summary.totals,
        whole=whole_bar(found.summary.totals),
        rows=[Row(one, [_cell(one, day) for day in each]) for one in shown],
        columns=each,
        chosen=len(chosen),
        number=number,
        pages=-(-len(chosen) // SHOWN),
        silent=[one for one in found.silent if given["text"].upper() in one.serial],
        most=MOST_LISTED,
        refused=found.refusals,
        choices=CHOICES,
        links={name: value for name, value in given.items() if value},
        may_manage=bool(visit.actor.may(Permission.DOCKS_MANAGE)),
        **_words(),
    )


def export(request: Request) -> Response:
    """The period as CSV, a line per camera and shift. Raises PeriodWrong."""
    here, visit = installation_of(request), visit_of(request)
    now = here.clock.now()
    days = days_named(request.query_params.get("from"), request.query_params.get("to"), visit.zone, now)
    with here.database.read() as tx:
        found = reconcile(tx, days.span, now=now)
    name = f"reconciliation-{days.first}-{days.last}.csv"
    return Response(
        "".join(as_csv(found, days)),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _cell(camera: Camera, day: Days) -> DayCell:
    totals = cut(camera.account, day.span).totals
    return DayCell(day.first, totals, column(totals))


def _fits(one: Camera, given: dict[str, str]) -> bool:
    if given["text"].upper() not in one.serial:
        return False
    left = any(each.numbers.explanation is None for each in one.left_out)
    if given["shown"] == "missing":
        return one.lost
    if given["shown"] == "unexplained":
        gone = any(each.whereabouts is Whereabouts.MISSING and each.explanation is None for each in one.unplaced)
        return bool(one.totals.unexplained or left or gone)
    return True


# -- one camera


def show_camera(request: Request) -> Response:
    """One camera's shifts and stretches."""
    return _camera(request, None, 200)


def _camera(request: Request, problem: str | None, status: int, typed: dict[str, str] | None = None) -> Response:
    here, visit = installation_of(request), visit_of(request)
    given, days, wrong = _asked(request)
    device_id = request.path_params["device_id"]
    with here.database.read() as tx:
        device = fleet.device(tx, device_id)
        found = reconcile(tx, days.span, now=here.clock.now(), devices=[device_id])
        camera = found.cameras[0] if found.cameras else None
        pairs = camera.by_shift(days.span, days.zone) if camera else []
        people = {shift.account_id for shift, _ in pairs} | _explainers(camera)
        names = names_of(tx, [one for one in people if one])
    rows = [
        ShiftRow(shift, account, account.totals, bar(account, shift.span), names.get(shift.account_id or ""))
        for shift, account in pairs
    ]
    may_manage = bool(visit.actor.may(Permission.DOCKS_MANAGE))
    return render(
        request,
        "reconciliation_camera.html",
        status=status if wrong is None else 422,
        days=days,
        given=given,
        device=device,
        camera=camera,
        totals=camera.totals if camera else Totals(),
        whole=whole_bar(camera.totals) if camera else [],
        silent=found.silent,
        rows=rows,
        names=names,
        refused=found.refusals,
        most=MOST_LISTED,
        problem=problem or wrong,
        target=_target(request, typed) if may_manage else None,
        typed=typed or {"cause": "", "words": ""},
        links={name: value for name, value in given.items() if value},
        may_manage=may_manage,
        longest_words=explaining.LONGEST_WORDS,
        **_words(),
    )


def explain(request: Request) -> Response:
    """Keep what a person says of something that is missing."""
    here, form = installation_of(request), form_of(request)
    try:
        with here.database.write() as tx:
            _explain(tx, request, form)
    except (CandorError, ValueError) as error:
        if not isinstance(error, CandorError):
            error = NothingMissing(what="what was named cannot be read")
        typed = {"cause": "", "words": ""} | dict(form.items())
        return _camera(request, words_of(error), status_of(error), typed)
    given = {name: request.query_params.get(name, "") for name in ("from", "to")}
    return RedirectResponse(query(request.url.path.removesuffix("/explain"), given, said="loss-explained"), 303)


def _explain(tx: Any, request: Request, form: Form) -> None:
    here, actor = installation_of(request), visit_of(request).actor
    device_id = request.path_params["device_id"]
    said: dict[str, Any] = {"cause": form.get("cause", ""), "words": form.get("words", ""), "clock": here.clock}
    what, begin = form.get("what", ""), from_iso(form.get("begin", ""))
    if what == "stretch":
        explaining.explain_stretch(tx, actor, device_id, Span(begin, from_iso(form.get("end", ""))), **said)
    elif what == "numbers":
        first, last = int(form.get("first", "")), int(form.get("last", ""))
        explaining.explain_numbers(tx, actor, device_id, form.get("source", ""), first, last, near=begin, **said)
    else:
        explaining.explain_report(tx, actor, device_id, form.get("report", ""), near=begin, **said)


#: Fields by which a form names what it explains.
_TARGET = ("what", "begin", "end", "source", "first", "last", "report")


def _target(request: Request, typed: dict[str, str] | None) -> dict[str, str] | None:
    """What is to be explained, as a link or a form that was sent names it."""
    given = typed or dict(request.query_params)
    found = {name: given.get(name, "")[:600] for name in _TARGET}
    if found["what"] not in ("stretch", "numbers", "report"):
        return None
    for name in ("begin", "end"):
        if found[name] and _moment(found[name]) is None:
            return None
    return found


def _moment(text: str) -> datetime | None:
    try:
        return from_iso(text)
    except ValueError:
        return None


def _explainers(camera: Camera | None) -> set[str | None]:
    return {one.actor for one in camera.explanations.values()} if camera else set()


# -- what both share


def _asked(request: Request) -> tuple[dict[str, str], Days, str | None]:
    """What the filter says, the days it means, and what is wrong with them, in which case they are the usual ones."""
    visit, now = visit_of(request), installation_of(request).clock.now()
    parameters = request.query_params
    given = {name: parameters.get(name, "").strip()[:100] for name in ("from", "to", "text", "shown")}
    given["shown"] = given["shown"] if given["shown"] in CHOICES else ""
    try:
        return given, days_named(given["from"], given["to"], visit.zone, now), None
    except PeriodWrong as error:
        return {**given, "from": "", "to": ""}, days_named(None, None, visit.zone, now), words_of(error)


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _words() -> dict[str, Any]:
    return {
        "legend": LEGEND,
        "length": length_words,
        "share": share_words,
        "reason_words": reason_words,
        "missing_sort": missing_sort,
        "where_words": WHERE_WORDS,
        "cause_words": CAUSE_WORDS,
        "longest_days": LONGEST_DAYS,
        "local": formats.local,
        "moment": _moment,
        "iso": iso,
    }


_VIEW = Permission.DOCKS_VIEW
routes = [
    page("/reconciliation", show, needs=_VIEW, name="reconciliation"),
    page("/reconciliation/export", export, needs=_VIEW),
    page("/reconciliation/{device_id}", show_camera, needs=_VIEW),
    page("/reconciliation/{device_id}/explain", explain, needs=Permission.DOCKS_MANAGE, methods=["POST"]),
]
