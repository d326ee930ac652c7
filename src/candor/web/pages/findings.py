"""Findings on the page of a case: noting one, answering one."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.disclosure.discovery import findings, reading
from candor.disclosure.discovery.errors import FindingWrong
from candor.disclosure.discovery.findings import ANSWER_WORDS, Answer
from candor.matters import inside, service
from candor.matters.reading import Case
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import noted
from candor.web.pages import case as case_page
from candor.web.pages.recording_history import who

NOTE, DECIDE = Permission.FINDINGS_NOTE, Permission.FINDINGS_DECIDE
ANSWER_LABELS = {Answer.DISCLOSED: noted("Disclosed to the prosecutor"), Answer.NOT_DISCLOSED: noted("Not disclosed")}
_SECONDS = 10_000_000


def note(request: Request) -> Response:
    """Note that a recording and a statement do not agree."""
    here, visit, given = installation_of(request), visit_of(request), form_of(request)
    with here.database.write() as tx:
        found = service.case(tx, visit.actor, request.path_params["case_id"])
        findings.note(
            tx,
            visit.actor,
            found.id,
            given.get("recording", "").strip().rstrip("/").rpartition("/")[2],
            statement=given.get("statement", ""),
            words=given.get("words", ""),
            from_ms=milliseconds(given.get("from", "")),
            to_ms=milliseconds(given.get("to", "")),
            clock=here.clock,
        )
    return RedirectResponse(f"/cases/{found.id}?said=finding-noted#findings-title", 303)


def answer(request: Request) -> Response:
    """Answer whether it is disclosed."""
    here, visit, given = installation_of(request), visit_of(request), form_of(request)
    try:
        chosen = Answer(given.get("answer", ""))
    except ValueError as error:
        raise FindingWrong(reason="say whether it is disclosed") from error
    with here.database.write() as tx:
        found = service.case(tx, visit.actor, request.path_params["case_id"])
        findings.answer(
            tx,
            visit.actor,
            request.path_params["finding_id"],
            chosen,
            reason=given.get("reason", ""),
            discovery_number=given.get("discovery", ""),
            clock=here.clock,
        )
    return RedirectResponse(f"/cases/{found.id}?said=finding-answered#findings-title", 303)


def milliseconds(text: str) -> int | None:
    """A place in a recording as people write it, `1:02:03.5`, `2:03` or `123.5`; None for nothing. Raises
    FindingWrong."""
    if not text.strip():
        return None
    pieces = text.strip().split(":")
    try:
        seconds = 0.0
        for piece in pieces:
            if not piece.replace(".", "", 1).isdecimal() or not piece.isascii():
                raise ValueError(piece)
            seconds = seconds * 60 + float(piece)
    except ValueError as error:
        raise FindingWrong(reason="a place in the recording is written as 1:02:03 or 2:03") from error
    if len(pieces) > 3 or seconds > _SECONDS:
        raise FindingWrong(reason="a place in the recording is written as 1:02:03 or 2:03")
    return round(seconds * 1000)


def _of_case(tx: Connection, actor: Actor, found: Case) -> dict[str, Any]:
    may_note, may_decide = bool(actor.may(NOTE)), bool(actor.may(DECIDE))
    may_make = bool(actor.may(Permission.DISCOVERY_MANAGE))
    told: dict[str, Any] = {"may_note": may_note, "may_decide": may_decide, "may_make_discovery": may_make}
    if not (may_note or may_decide or may_make):
        return told
    noted_ones = findings.findings_of(tx, actor, found.id)
    actors = sorted({one.noted_by for one in noted_ones} | {one.answered_by or "" for one in noted_ones})
    names = inside.names_of(tx, actors)
    return {
        **told,
        "findings": noted_ones,
        "finding_names": {one: who(one, names) for one in actors if one},
        "answer_words": ANSWER_WORDS,
        "answer_labels": ANSWER_LABELS,
        "me": actor.account_id,
        "discoveries": reading.discoveries_of(tx, actor, found.id) if may_make else [],
    }


case_page.MORE.append(_of_case)

routes = [
    page("/cases/{case_id}/findings", note, needs=NOTE, methods=["POST"]),
    page("/cases/{case_id}/findings/{finding_id}", answer, needs=DECIDE, methods=["POST"]),
]
__all__ = ["milliseconds", "routes"]
