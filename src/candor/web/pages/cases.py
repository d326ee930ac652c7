"""Cases: the list, a new one, and adding chosen recordings to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage.search import Row, row_of
from candor.law.vocabulary import CASE_KIND_WORDS, CaseKind
from candor.matters import service
from candor.matters.contents import MOST_AT_ONCE
from candor.matters.errors import NothingToAdd
from candor.matters.reading import Case, CasePage, CaseQuery
from candor.matters.rules import (
    LONGEST_NOTE,
    LONGEST_NUMBER,
    LONGEST_REASON,
    LONGEST_TITLE,
    MAY_LOOK,
    STATE_WORDS,
    CaseState,
)
from candor.people import service as people
from candor.people.rules import Actor, Permission
from candor.people.service import AccountKind
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.recording_hand_out import ids_of
from candor.web.render import query, render

MANAGE = Permission.CASES_MANAGE
#: Open cases that a field for a case's number offers; any other number can be typed.
_OFFERED = 200
#: Chosen recordings that are shown before they are added.
_SHOWN = 100


# -- the list


def show_all(request: Request) -> Response:
    """The cases that one may see; only the list itself when a script asks."""
    given = {name: request.query_params.get(name, "") for name in ("text", "state", "kind", "owner", "unit", "after")}
    here, actor = installation_of(request), visit_of(request).actor
    problem, status = None, 200
    with here.database.read() as tx:
        try:
            found = service.cases(tx, actor, _query(given))
        except CandorError as error:
            found, problem, status = CasePage([], None, 0, False), words_of(error), status_of(error)
        values = choices(tx)
    narrowed = {name: value for name, value in given.items() if value and name != "after"}
    return render(
        request,
        "cases.html",
        status=status,
        found=found,
        given=given,
        narrowed=bool(narrowed),
        first_link=query("/cases", narrowed) if given["after"] else None,
        next_link=query("/cases", narrowed, after=found.after) if found.after else None,
        problem=problem,
        may_open=bool(actor.may(MANAGE)),
        sees_all=bool(actor.may(Permission.CASES_VIEW)),
        **values,
        **words(),
    )


def _query(given: Mapping[str, str]) -> CaseQuery:
    return CaseQuery(
        text=given["text"],
        state=CaseState(given["state"]) if given["state"] in set(CaseState) else None,
        kind=CaseKind(given["kind"]) if given["kind"] in set(CaseKind) else None,
        owner=given["owner"],
        unit=given["unit"],
        after=given["after"],
    )


def choices(tx: Connection) -> dict[str, Any]:
    """Whose a case can be, and of which unit."""
    accounts = people.accounts(tx, active=True, kind=AccountKind.PERSON, limit=10_000)
    return {
        "owners": [
            (one.id, f"{one.display_name} · {one.badge}" if one.badge else one.display_name) for one in accounts
        ],
        "units": people.units(tx),
    }


def words() -> dict[str, Any]:
    """Names and bounds that every page about cases needs."""
    return {
        "kind_words": CASE_KIND_WORDS,
        "state_words": STATE_WORDS,
        "longest": {
            "number": LONGEST_NUMBER,
            "title": LONGEST_TITLE,
            "note": LONGEST_NOTE,
            "reason": LONGEST_REASON,
        },
    }


# -- a new one


def show_new(request: Request) -> Response:
    """The form of a new case."""
    return _new(request, {"ids": request.query_params.get("ids", "")}, None, 200)


def _new(request: Request, given: Mapping[str, str], problem: Problem | None, status: int) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        suggested = service.suggested_number(tx, here.clock.now().year)
        chosen = _rows(tx, actor, ids_of([given.get("ids", "")]))
        values = choices(tx)
    blank = {"number": "", "kind": "", "title": "", "note": "", "unit": actor.unit_id or "", "ids": "", "reason": ""}
    return render(
        request,
        "case_new.html",
        status=status,
        given={**blank, "owner": actor.account_id, **given},
        suggested=suggested,
        chosen=chosen,
        problem=problem,
        **values,
        **words(),
    )


def create(request: Request) -> Response:
    """Open a case, with the recordings that were chosen for it."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    names = ("number", "kind", "title", "note", "owner", "unit", "ids", "reason")
    given = {name: form.get(name, "") for name in names}
    try:
        with here.database.write() as tx:
            case_id = service.open_case(
                tx,
                visit.actor,
                given["number"],
                given["kind"],
                given["title"],
                owner_id=given["owner"],
                unit_id=given["unit"] or None,
                note_text=given["note"],
                clock=here.clock,
            )
            ids = ids_of([given["ids"]])
            if ids:
                service.add_recordings(tx, visit.actor, case_id, ids, reason=given["reason"], clock=here.clock)
    except CandorError as error:
        return _new(request, given, Problem.of(error, "new"), status_of(error))
    return RedirectResponse(f"/cases/{case_id}?said=case-opened", 303)


# -- adding chosen recordings to a case


def show_add(request: Request) -> Response:
    """Which case the chosen recordings are added to, and why."""
    return _add(request, {"ids": ",".join(request.query_params.getlist("ids"))}, None, 200)


def _add(request: Request, given: Mapping[str, str], problem: Problem | None, status: int) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    ids = ids_of([given.get("ids", "")])
    with here.database.read() as tx:
        rows = _rows(tx, actor, ids)
        offered = offered_cases(tx, actor)
    return render(
        request,
        "case_add.html",
        status=status,
        given={"ids": ",".join(ids), "case": "", "reason": "", **given},
        rows=rows,
        more=max(0, len(ids) - len(rows)),
        offered=offered,
        problem=problem,
        **words(),
    )


def choose(request: Request) -> Response:
    """From the list of recordings: what was chosen there, to the form."""
    return RedirectResponse(query("/cases/add", {"ids": ",".join(ids_of(form_of(request).getlist("id")))}), 303)


def add(request: Request) -> Response:
    """Add them."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    given = {name: form.get(name, "") for name in ("ids", "case", "reason")}
    given["ids"] = ",".join(ids_of(form.getlist("ids")))
    try:
        with here.database.write() as tx:
            found = service.case(tx, visit.actor, given["case"].strip())
            ids = ids_of([given["ids"]])
            if not ids:
                raise NothingToAdd(incident="–")
            service.add_recordings(tx, visit.actor, found.id, ids, reason=given["reason"], clock=here.clock)
    except CandorError as error:
        return _add(request, given, Problem.of(error, "add"), status_of(error))
    back = ids[0] if form.get("back") == "recording" else None
    target = f"/recordings/{back}" if back else f"/cases/{found.id}"
    return RedirectResponse(f"{target}?said=case-recordings-added", 303)


def offered_cases(tx: Connection, actor: Actor) -> list[Case]:
    """The newest open cases that somebody may see, as a field offers them."""
    return service.cases(tx, actor, CaseQuery(state=CaseState.OPEN, limit=_OFFERED)).rows


def _rows(tx: Connection, actor: Actor, ids: list[str]) -> list[Row]:
    found = (row_of(tx, actor, one) for one in ids[: min(_SHOWN, MOST_AT_ONCE)])
    return [row for row in found if row is not None]


routes = [
    page("/cases", show_all, needs=MAY_LOOK, name="cases"),
    page("/cases/new", show_new, needs=MANAGE),
    page("/cases", create, needs=MANAGE, methods=["POST"]),
    page("/cases/add", show_add, needs=MANAGE),
    page("/cases/add/chosen", choose, needs=MANAGE, methods=["POST"]),
    page("/cases/add", add, needs=MANAGE, methods=["POST"]),
]
