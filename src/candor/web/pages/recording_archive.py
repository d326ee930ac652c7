"""What became of a recording that was destroyed: what of it came in again, and what a court ordered; on its page, and
the list of everything that is held."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage import archiving, court_seals, purging, readmitting, returning
from candor.people.rules import Actor, Permission
from candor.recovery.keeping import pass_on_purges
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import noted
from candor.web.pages.accounts import Problem
from candor.web.pages.recording_facts import FACE_WORDS
from candor.web.pages.recording_history import actor_name
from candor.web.pages.recordings import VIEW
from candor.web.render import render

__all__ = ["archive_told", "routes"]

_SEE = (Permission.RETENTION_VIEW, Permission.RECORDINGS_PURGE)

STATE_WORDS: dict[returning.ReturnState, str] = {
    returning.ReturnState.HELD: noted("Held"),
    returning.ReturnState.DESTROYED: noted("Destroyed again"),
    returning.ReturnState.TAKEN_IN: noted("Taken in"),
}


def archive_told(tx: Connection, actor: Actor, recording_id: str) -> dict[str, Any]:
    """What came in again and what closes it, for whoever may know; whoever calls has checked that the reader may see
    the recording."""
    may_see = any(actor.may(one) for one in _SEE)
    found = returning.of_recording(tx, recording_id) if may_see else []
    return {
        "came_again": found,
        "court_seals": court_seals.seals_of(tx, recording_id) if may_see else [],
        "return_words": STATE_WORDS,
        "return_faces": FACE_WORDS,
        "return_names": {one.actor: actor_name(tx, one.actor) for one in found},
    }


def show(request: Request) -> Response:
    """Everything that is held."""
    return _page(request, None, 200)


def _page(request: Request, problem: Problem | None, status: int) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        found = returning.waiting(tx, actor)
        destroyed = {one.recording_id: purging.purges_of(tx, one.recording_id)[0] for one in found}
        names = {one.actor: actor_name(tx, one.actor) for one in found}
    return render(
        request,
        "returned.html",
        status=status,
        problem=problem,
        held=found,
        destroyed=destroyed,
        names=names,
        return_faces=FACE_WORDS,
        may_decide=bool(actor.may(Permission.RECORDINGS_PURGE)),
        most=returning.MOST_LISTED,
        longest=purging.LONGEST_WORDS,
    )


def destroy(request: Request) -> Response:
    """Destroy one again, on the authority on which it was destroyed first."""
    here, actor, held_id = installation_of(request), visit_of(request).actor, request.path_params["held_id"]
    try:
        with here.database.write() as tx:
            returning.destroy_again(tx, here.vault, actor, held_id, clock=here.clock)
    except CandorError as error:
        return _page(request, Problem.of(error, held_id), status_of(error))
    try:
        pass_on_purges(here, None)
    except (CandorError, OSError):
        return RedirectResponse("/returned?said=return-destroyed-owed", 303)
    return RedirectResponse("/returned?said=return-destroyed", 303)


def take_in(request: Request) -> Response:
    """Take one in. Form: authority, reason."""
    here, actor, form = installation_of(request), visit_of(request).actor, form_of(request)
    held_id = request.path_params["held_id"]
    said = {"authority": form.get("authority", ""), "reason": form.get("reason", "")}
    try:
        into = readmitting.take_in(here.database, here.vault, here.jobs, actor, held_id, clock=here.clock, **said)
    except CandorError as error:
        return _page(request, Problem.of(error, held_id), status_of(error))
    return RedirectResponse(f"/recordings/{into}?said=return-taken-in", 303)


def bring_back(request: Request) -> Response:
    """Have a recording brought back from the archive."""
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    with here.database.write() as tx:
        archiving.ask_back(tx, here.jobs, visit.actor, recording_id, clock=here.clock)
    return RedirectResponse(f"/recordings/{recording_id}?said=archive-asked", 303)


routes = [
    page("/recordings/{recording_id}/archive-return", bring_back, methods=["POST"], needs=VIEW),
    page("/returned", show, name="returned", needs=_SEE),
    page("/returned/{held_id}/destroy", destroy, methods=["POST"], needs=Permission.RECORDINGS_PURGE, fresh=True),
    page("/returned/{held_id}/take-in", take_in, methods=["POST"], needs=Permission.RECORDINGS_PURGE, fresh=True),
]
