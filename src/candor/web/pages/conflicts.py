"""What is said of a recording in two ways: shown, and settled by a person with a reason.

Whoever settles sees what is said by whom, when it began and with which camera; the recording itself, its title and its
pictures only with the right to it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.clock import from_iso
from candor.core.errors import CandorError
from candor.fleet import clocks
from candor.fleet.tables import device
from candor.footage import search
from candor.footage.discrepancies import (
    FIELD_WORDS,
    WHY_WORDS,
    Discrepancy,
    Field,
    State,
    discrepancies_of,
    discrepancy,
    settle,
)
from candor.footage.errors import DiscrepancyUnknown, RecordingUnknown
from candor.footage.rules import unrestricted_for
from candor.footage.tables import recording
from candor.people.rules import Permission
from candor.people.tables import account
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import noted
from candor.web.pages.accounts import Problem
from candor.web.render import render

#: Who or what says something, for people; another word is shown as it is.
SAYS_WORDS = {
    "assignment": noted("Who had the camera"),
    "axis": noted("The camera system"),
    "card": noted("The card"),
    "cli": noted("Whoever took it in, by a command"),
    "web": noted("Whoever took it in, in the browser"),
    "tus": noted("Whoever uploaded it"),
    "link": noted("Whoever gave it"),
    "sidecar": noted("A file beside the recording"),
    "seal": noted("The seal of the file"),
}
#: What a form sends for “nobody can tell”; no account has such an identifier.
NOBODY = "nobody"


def show(request: Request) -> Response:
    """The conflicts of a recording."""
    return _show(request, None, 200, {})


def _show(request: Request, problem: Problem | None, status: int, given: dict[str, str]) -> Response:
    recording_id, actor = request.path_params["recording_id"], visit_of(request).actor
    with installation_of(request).database.read() as tx:
        columns = (recording.c[name] for name in ("id", "started_at", "started_source", "received_at", "device_id"))
        row = tx.execute(
            sa.select(*columns, recording.c.wearer_id).where(recording.c.id == recording_id, unrestricted_for(actor))
        ).first()
        if row is None:
            raise RecordingUnknown(id=recording_id)
        found = discrepancies_of(tx, recording_id)
        people = sa.select(account.c.id, account.c.display_name, account.c.active, account.c.kind)
        everybody = tx.execute(people.order_by(account.c.display_name)).all()
        serial = tx.scalar(sa.select(device.c.serial).where(device.c.id == row.device_id))
        estimate = None
        if row.device_id:
            estimate = clocks.estimate_start(tx, row.device_id, row.started_at, handed_over_at=row.received_at)
        seen = search.row_of(tx, actor, recording_id)
    return render(
        request,
        "conflicts.html",
        status=status,
        recording=row,
        seen=seen,
        serial=serial,
        estimate=estimate,
        open_now=[one for one in found if one.state is State.OPEN],
        past=[one for one in found if one.state is not State.OPEN],
        values={one.id: _values(one) for one in found},
        names={one.id: one.display_name for one in everybody},
        people=[one for one in everybody if one.active and one.kind == "person"],
        field_words=FIELD_WORDS,
        why_words=WHY_WORDS,
        says_words=SAYS_WORDS,
        wearer=Field.WEARER,
        problem=problem,
        given=given,
        nobody=NOBODY,
        from_iso=from_iso,
    )


def choose(request: Request) -> Response:
    """Settle a conflict."""
    here, form = installation_of(request), form_of(request)
    recording_id = request.path_params["recording_id"]
    discrepancy_id = request.path_params["discrepancy_id"]
    chosen: str | None = form.get("chosen", "")
    if chosen == "other":
        chosen = form.get("other", "")
    try:
        with here.database.write() as tx:
            within = recording.c.id == recording_id, unrestricted_for(visit_of(request).actor)
            known = tx.execute(sa.select(recording.c.id).where(*within)).first() is not None
            if not known or discrepancy(tx, discrepancy_id).recording_id != recording_id:
                raise DiscrepancyUnknown(id=discrepancy_id)
            settle(
                tx,
                visit_of(request).actor,
                discrepancy_id,
                None if chosen == NOBODY else chosen,
                reason=form.get("reason", ""),
                clock=here.clock,
            )
    except CandorError as error:
        return _show(request, Problem.of(error, discrepancy_id), status_of(error), dict(form))
    return RedirectResponse(f"/recordings/{recording_id}/conflicts?said=conflict-settled", 303)


def _values(one: Discrepancy) -> list[Any]:
    """What is claimed, each value once, in the order in which it was said."""
    return list(dict.fromkeys(claim["value"] for claim in one.claims if claim.get("value")))


routes = [
    page("/recordings/{recording_id}/conflicts", show, needs=Permission.DOCKS_MANAGE, name="conflicts"),
    page(
        "/recordings/{recording_id}/conflicts/{discrepancy_id}",
        choose,
        needs=Permission.DOCKS_MANAGE,
        methods=["POST"],
    ),
]
