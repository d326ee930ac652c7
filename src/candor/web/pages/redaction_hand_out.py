"""Handing out a redacted copy: the form, and the act."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor import disclosure
from candor.core.errors import CandorError
from candor.disclosure.errors import CopyDoubtful, WordsMissing
from candor.disclosure.redacted import HandableCopy, copy_to_hand_out
from candor.disclosure.tables import package as package_table
from candor.people.rules import Actor
from candor.redaction.errors import CopyUnknown
from candor.redaction.tables import redaction
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import words_of
from candor.web.pages.recording_hand_out import EXPORT, LONGEST
from candor.web.render import render

__all__ = ["routes"]

_PATH = "/redactions/{redaction_id}/copies/{copy_id}/hand-out"
_FIELDS = ("recipient", "purpose", "although")


def form(request: Request) -> Response:
    """Whom it is for, what for, and why it goes out where its proof is doubtful."""
    return _form(request, {}, None, 200)


def _form(request: Request, given: dict[str, str], problem: CandorError | None, status: int) -> Response:
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        copy = _copy(tx, visit.actor, request)
        newest = tx.scalar(sa.select(redaction.c.edit).where(redaction.c.id == copy.redaction_id)) or copy.edit
    return render(
        request,
        "redaction_hand_out.html",
        status=status,
        copy=copy,
        behind=newest - copy.edit,
        given=dict.fromkeys(_FIELDS, "") | given,
        problem=None if problem is None else words_of(problem),
        longest=LONGEST,
    )


def _copy(tx: Connection, actor: Actor, request: Request) -> HandableCopy:
    """The copy that the address names, of the redaction that it names."""
    copy = copy_to_hand_out(tx, actor, request.path_params["copy_id"])
    if copy.redaction_id != request.path_params["redaction_id"]:
        raise CopyUnknown(id=copy.id)
    return copy


def hand_out(request: Request) -> Response:
    """The act: on record, then the job that makes the package."""
    here, visit, sent = installation_of(request), visit_of(request), form_of(request)
    given = {name: " ".join(sent.get(name, "").split()) for name in _FIELDS}
    try:
        with here.database.write() as tx:
            copy = _copy(tx, visit.actor, request)
            package_id = disclosure.request_redacted(
                tx,
                visit.actor,
                copy.id,
                recipient=given["recipient"],
                purpose=given["purpose"],
                although=given["although"] or None,
                clock=here.clock,
            )
            job_id = here.jobs.enqueue(tx, disclosure.JOB, {"package": package_id})
            # The page tells how far the making is.
            tx.execute(package_table.update().where(package_table.c.id == package_id).values(job_id=job_id))
    except (WordsMissing, CopyDoubtful) as problem:
        return _form(request, given, problem, 422)
    return RedirectResponse(f"/packages/{package_id}", 303)


routes = [
    page(_PATH, form, needs=EXPORT),
    page(_PATH, hand_out, needs=EXPORT, methods=["POST"]),
]
