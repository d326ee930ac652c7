"""Critical incidents: the list with what is due first, and opening one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.clock import Clock
from candor.core.errors import CandorError
from candor.disclosure.critical.incidents import CriticalIncident, critical_incidents, open_incident
from candor.disclosure.critical.lawful import answer_of, owed_before, recordings_of
from candor.fleet.moments import moment
from candor.law.vocabulary import CRITICAL_WORDS, Critical
from candor.people.rules import Actor
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import ngettext, noted
from candor.web.pages.accounts import Problem
from candor.web.pages.requests_words import MANAGE, VIEW, due_of, shared
from candor.web.render import render

__all__ = ["KINDS", "routes"]

#: A kind as a heading, and what belongs to it.
KINDS: dict[Critical, str] = {
    Critical.SHOOTING: noted("Shooting"),
    Critical.DEATH: noted("Death"),
    Critical.SERIOUS_INJURY: noted("Serious injury"),
}
_FIELDS = ("kind", "occurred", "place", "summary", "case")


def show(request: Request) -> Response:
    """The list: the open ones, or those that were closed."""
    here, visit = installation_of(request), visit_of(request)
    closed = request.query_params.get("closed") == "1"
    now = here.clock.now()
    with here.database.read() as tx:
        found = critical_incidents(tx, visit.actor, closed=closed)
        rows = [_shown(tx, one, visit.zone, here.clock) for one in found]
    late = sum(one["due"].kind == "late" for one in rows)
    return render(
        request,
        "critical_list.html",
        rows=rows,
        closed=closed,
        late=late,
        now=now,
        may_manage=bool(visit.actor.may(MANAGE)),
        kind_words=KINDS,
        **shared(),
    )


def _shown(tx: Connection, one: CriticalIncident, zone: str, clock: Clock) -> dict[str, Any]:
    now = clock.now()
    several = len(recordings_of(tx, one.id))
    owed = owed_before(tx, one.id, answer_of(tx, one.id, clock=clock), now) if one.open else []
    waits = ""
    if one.open and not several:
        waits = _("recordings to be named")
    elif owed:
        waits = ngettext("%(num)s viewing or consent", "%(num)s viewings or consents", len(owed))
    return {
        "one": one,
        "due": due_of(one.due_at, now, zone, met=not one.open),
        "recordings": ngettext("%(num)s recording", "%(num)s recordings", several),
        "waits": waits,
    }


def show_new(request: Request) -> Response:
    """The form."""
    given = dict.fromkeys(_FIELDS, "") | {"case": request.query_params.get("case", "")}
    return _form(request, given, None, 200)


def _form(request: Request, given: Mapping[str, str], problem: Problem | None, status: int) -> Response:
    return render(
        request,
        "critical_new.html",
        status=status,
        given=given,
        problem=problem,
        kind_words=KINDS,
        kind_hints=CRITICAL_WORDS,
        **shared(),
    )


def create(request: Request) -> Response:
    """Open one. Form: kind, occurred, place, summary, case."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    given = {name: form.get(name, "") for name in _FIELDS}
    try:
        with here.database.write() as tx:
            critical_id = _open(tx, visit.actor, given, ZoneInfo(visit.zone), here.clock)
    except CandorError as error:
        return _form(request, given, Problem.of(error, "new"), status_of(error))
    return RedirectResponse(f"/critical/{critical_id}?said=critical-opened", 303)


def _open(tx: Connection, actor: Actor, given: Mapping[str, str], zone: ZoneInfo, clock: Clock) -> str:
    return open_incident(
        tx,
        actor,
        kind=given["kind"],
        occurred_at=moment(given["occurred"], zone),
        place=given["place"],
        summary=given["summary"],
        case_id=given["case"].strip() or None,
        clock=clock,
    )


routes = [
    page("/critical", show, needs=VIEW, name="critical"),
    page("/critical", create, needs=MANAGE, methods=["POST"]),
    page("/critical/new", show_new, needs=MANAGE),
]
