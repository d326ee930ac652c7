"""Holds: the list, placing one, releasing one, saying when it is looked at again."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage import search
from candor.law.vocabulary import HOLD_WORDS, HoldKind
from candor.matters import service as matters
from candor.matters.reading import Case
from candor.people.rules import Actor, Permission
from candor.people.tables import account
from candor.retention import holds
from candor.retention.holds import Hold
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import noted
from candor.web.pages import case
from candor.web.pages.accounts import Problem
from candor.web.pages.retention import names_of
from candor.web.render import render

#: What holds are because of, as a form shows it.
KIND_LABELS: dict[HoldKind, str] = {
    HoldKind.LITIGATION: noted("Litigation"),
    HoldKind.INVESTIGATION: noted("Investigation"),
    HoldKind.REQUEST: noted("Request for records"),
    HoldKind.DISCOVERY: noted("Discovery"),
    HoldKind.COMPLAINT: noted("Complaint"),
}
assert KIND_LABELS.keys() == HOLD_WORDS.keys()


class DayNotUnderstood(CandorError):
    """“{text}” is no day. Write it as 2026-11-22."""

    exit_code = 3


def show(request: Request) -> Response:
    """Open holds, and those that ended."""
    return _show(request, None, 200, {})


def _show(request: Request, problem: Problem | None, status: int, given: dict[str, str]) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        found = holds.holds(tx, seen_by=actor)
        ended = holds.holds(tx, released=True, limit=50, seen_by=actor)
        values: dict[str, Any] = {
            "holds": [_told(tx, actor, one) for one in found],
            "ended": [_told(tx, actor, one) for one in ended],
            "names": names_of(tx),
            "people": people(tx),
        }
    return render(
        request,
        "retention_holds.html",
        status=status,
        problem=problem,
        given=given,
        kinds=KIND_LABELS,
        today=here.clock.now().date(),
        may_hold=bool(actor.may(Permission.HOLDS_MANAGE)),
        **values,
    )


def place(request: Request) -> Response:
    """Place a hold on a case or a recording; then back to where the form stood."""
    here, form, actor = installation_of(request), form_of(request), visit_of(request).actor
    recording_id, number = form.get("recording", "").strip() or None, form.get("case", "").strip() or None
    try:
        with here.database.write() as tx:
            holds.place(
                tx,
                actor,
                HoldKind(form["kind"]) if form.get("kind") in set(HoldKind) else HoldKind.LITIGATION,
                matter_id=None if number is None else matters.case(tx, actor, number).id,
                recording_id=recording_id,
                reason=form.get("reason", ""),
                owner_id=form.get("owner") or None,
                review_on=_day(form.get("review_on", "")),
                clock=here.clock,
            )
    except CandorError as error:
        return _show(request, Problem.of(error, "new"), status_of(error), dict(form))
    if form.get("back") == "recording" and recording_id:
        return RedirectResponse(f"/recordings/{recording_id}?said=hold-placed", 303)
    return RedirectResponse("/retention/holds?said=hold-placed", 303)


def change(request: Request) -> Response:
    """Release a hold, or say when it is looked at again."""
    here, form, actor = installation_of(request), form_of(request), visit_of(request).actor
    hold_id = request.path_params["hold_id"]
    try:
        with here.database.write() as tx:
            if form.get("act") == "release":
                holds.release(tx, actor, hold_id, reason=form.get("reason", ""), clock=here.clock)
                said = "hold-released"
            else:
                day, owner = _day(form.get("review_on", "")), form.get("owner") or None
                holds.change_review(tx, actor, hold_id, review_on=day, owner_id=owner, clock=here.clock)
                said = "hold-changed"
    except CandorError as error:
        return _show(request, Problem.of(error, hold_id), status_of(error), dict(form))
    return RedirectResponse(f"/retention/holds?said={said}", 303)


def people(tx: Connection) -> list[tuple[str, str]]:
    """Whoever could answer for a hold: identifier and name."""
    query = sa.select(account.c.id, account.c.display_name).where(account.c.active, account.c.kind == "person")
    return [(row.id, row.display_name) for row in tx.execute(query.order_by(account.c.display_name))]


def _told(tx: Connection, actor: Actor, one: Hold) -> dict[str, Any]:
    """A hold as the page shows it; the recording's title only to whoever may see that."""
    row = None if one.recording_id is None else search.row_of(tx, actor, one.recording_id)
    return {"hold": one, "title": None if row is None else row.title, "seen": row is not None}


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise DayNotUnderstood(text=text) from error


def _of_case(tx: Connection, actor: Actor, found: Case) -> dict[str, Any]:
    """The holds on a case, for its page."""
    return {
        "case_holds": holds.holds_of_case(tx, found.id),
        "hold_kinds": KIND_LABELS,
        "may_hold": bool(actor.may(Permission.HOLDS_MANAGE)),
        "may_see_retention": bool(actor.may(Permission.RETENTION_VIEW)),
    }


case.MORE.append(_of_case)

routes = [
    page("/retention/holds", show, needs=Permission.RETENTION_VIEW, name="holds"),
    page("/retention/holds", place, needs=Permission.HOLDS_MANAGE, methods=["POST"]),
    page("/retention/holds/{hold_id}", change, needs=Permission.HOLDS_MANAGE, methods=["POST"]),
]
