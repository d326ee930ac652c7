"""Making one recording of several, and ending the wait for parts that do not come: acts with a reason, on record."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage.errors import RecordingUnknown
from candor.footage.gathering import close_incomplete
from candor.footage.regrouping import LONGEST_REASON, MOST_AT_ONCE, regroup
from candor.footage.rules import RecordingState, changeable_by, visible_to
from candor.footage.search import Row, row_of
from candor.footage.tables import gathering as gathering_table
from candor.footage.tables import recording
from candor.people.rules import Actor
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.pages.recordings import CHANGE
from candor.web.render import render

#: How far before and after recordings of the same camera are offered.
AROUND = timedelta(hours=24)
_MOST_OFFERED = 60


class ReasonMissing(CandorError):
    """Say why in 1 to {longest} characters. It goes on record."""

    exit_code = 3


def form(request: Request) -> Response:
    """Recordings of the same camera about that time, to be chosen."""
    return _form(request, chosen=[], reason="", problem=None)


def _form(request: Request, *, chosen: list[str], reason: str, problem: CandorError | None) -> Response:
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    with here.database.read() as tx:
        row = _changeable(tx, visit.actor, recording_id)
        offered = _offered(tx, visit.actor, row)
    return render(
        request,
        "recording_regroup.html",
        status=200 if problem is None else status_of(problem),
        row=row,
        offered=offered,
        chosen=chosen,
        reason=reason,
        problem=None if problem is None else words_of(problem),
        longest=LONGEST_REASON,
        most=MOST_AT_ONCE,
        around=AROUND,
    )


def _changeable(tx: Connection, actor: Actor, recording_id: str) -> Row:
    row = row_of(tx, actor, recording_id)
    query = sa.select(recording.c.id).where(recording.c.id == recording_id, changeable_by(actor).expression)
    if row is None or tx.execute(query).first() is None:
        raise RecordingUnknown(id=recording_id)
    return row


def _offered(tx: Connection, actor: Actor, row: Row) -> list[Row]:
    if row.device_id is None:
        return []
    near = recording.c.started_at.between(row.started_at - AROUND, row.started_at + AROUND)
    query = sa.select(recording.c.id).where(
        recording.c.device_id == row.device_id,
        recording.c.state == RecordingState.SEALED.value,
        recording.c.id != row.id,
        near,
        visible_to(actor).expression,
        changeable_by(actor).expression,
    )
    found = (row_of(tx, actor, one) for one in tx.scalars(query.order_by(recording.c.started_key).limit(_MOST_OFFERED)))
    return [one for one in found if one is not None]


def join(request: Request) -> Response:
    """The act."""
    here, visit, given = installation_of(request), visit_of(request), form_of(request)
    recording_id, reason = request.path_params["recording_id"], " ".join(given.get("reason", "").split())
    chosen = list(dict.fromkeys(given.getlist("with")))
    try:
        with here.database.write() as tx:
            _changeable(tx, visit.actor, recording_id)
            whole = regroup(tx, visit.actor, [recording_id, *chosen], reason=reason, clock=here.clock)
    except RecordingUnknown:
        raise
    except CandorError as error:
        return _form(request, chosen=chosen, reason=reason, problem=error)
    return RedirectResponse(f"/recordings/{whole}?said=regrouped", 303)


def end_waiting(request: Request) -> Response:
    """Nobody waits for further parts any more: the recording is sealed as it is, and says that it is incomplete."""
    here, visit, given = installation_of(request), visit_of(request), form_of(request)
    recording_id, reason = request.path_params["recording_id"], " ".join(given.get("reason", "").split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise ReasonMissing(longest=LONGEST_REASON)
    with here.database.write() as tx:
        _changeable(tx, visit.actor, recording_id)
        query = sa.select(gathering_table.c.key).where(gathering_table.c.recording_id == recording_id)
        for key in tx.scalars(query.order_by(gathering_table.c.begun_at)).all():
            close_incomplete(tx, key, actor=visit.actor.account_id, reason=reason, clock=here.clock)
    return RedirectResponse(f"/recordings/{recording_id}?said=waiting-ended", 303)


routes = [
    page("/recordings/{recording_id}/regroup", form, needs=CHANGE),
    page("/recordings/{recording_id}/regroup/now", join, needs=CHANGE, methods=["POST"]),
    page("/recordings/{recording_id}/end-waiting", end_waiting, needs=CHANGE, methods=["POST"]),
]
