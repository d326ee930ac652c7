"""The page of the redaction editor. It is opened within a viewing, as a recording is watched: what for, then on record,
then the first byte."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.footage.access_policy import read_policy
from candor.footage.errors import RecordingUnknown
from candor.footage.search import Row, row_of
from candor.footage.viewing import begin_viewing, watched_within
from candor.people.rules import Actor
from candor.redaction import redactions
from candor.redaction.model import DOUBTS, Kind
from candor.redaction.rules import KIND_WORDS
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted
from candor.web.pages.purposes import LONGEST_NOTE, PURPOSE_COOKIE, offered, purpose_of, remembered
from candor.web.pages.redaction_data import NEEDS
from candor.web.pages.redaction_words import editor_words
from candor.web.pages.sign_in import cookies_of
from candor.web.render import render

_REMEMBERED = 90 * 24 * 3600
#: A letter for each kind, where there is no room for a word.
LETTERS: dict[Kind, str] = {
    Kind.FACE: noted("F"),
    Kind.PLATE: noted("L"),
    Kind.SCREEN: noted("S"),
    Kind.DOCUMENT: noted("D"),
    Kind.PERSON: noted("P"),
    Kind.REGION: noted("R"),
    Kind.FRAME: noted("W"),
}
KIND_LABELS: dict[Kind, str] = {
    Kind.FACE: noted("Face"),
    Kind.PLATE: noted("Licence plate"),
    Kind.SCREEN: noted("Screen"),
    Kind.DOCUMENT: noted("Document"),
    Kind.PERSON: noted("Person"),
    Kind.REGION: noted("Region"),
    Kind.FRAME: noted("Whole picture"),
}
#: Why a track wants looking at, as model.DOUBTS has it.
DOUBT_LABELS: dict[str, str] = {
    "short": noted("seen for a moment only"),
    "weak": noted("the model was not sure"),
    "filled": noted("followed by motion where the model did not see it"),
    "small": noted("small in the picture"),
    "fast": noted("moves fast"),
    "edge": noted("at the edge of the picture"),
    "cut": noted("begins or ends at a cut"),
    "lost": noted("lost while it was still in the picture"),
    "joined": noted("put together from several pieces"),
}


def row_for(tx: Connection, actor: Actor, recording_id: str) -> Row:
    """The recording of a redaction. Raises RecordingUnknown."""
    row = row_of(tx, actor, recording_id)
    if row is None:
        raise RecordingUnknown(id=recording_id)
    return row


def show(request: Request) -> Response:
    """The editor; or, without a viewing to go on with, the way to begin one."""
    here, visit = installation_of(request), visit_of(request)
    redaction_id = request.path_params["redaction_id"]
    asked = request.query_params.get("viewing", "")
    with here.database.read() as tx:
        found = redactions.get(tx, visit.actor, redaction_id)
        row = row_for(tx, visit.actor, found.recording_id)
        present = watched_within(tx, visit.actor, found.recording_id, asked, clock=here.clock) if asked else None
        policy = read_policy(tx)
    values: dict[str, Any] = {
        "redaction": found,
        "row": row,
        "purposes": offered(policy),
        "asks_purpose": policy.asks(own=row.wearer_id == visit.actor.account_id),
        "remembered": remembered(request, policy),
        "longest_note": LONGEST_NOTE,
    }
    if present is None:
        return render(request, "redaction_open.html", **values)
    config = {
        "base": f"/redactions/{redaction_id}",
        "viewing": present.id,
        "words": editor_words(),
        "kinds": {kind.value: _(KIND_LABELS[kind]) for kind in KIND_WORDS},
        "letters": {kind.value: _(LETTERS[kind]) for kind in KIND_WORDS},
        "doubts": {name: _(DOUBT_LABELS.get(name, DOUBTS[name])) for name in DOUBTS},
    }
    return render(
        request,
        "redaction_edit.html",
        viewing=present,
        config=json.dumps(config, separators=(",", ":"), ensure_ascii=False),
        kinds=[(kind.value, _(KIND_LABELS[kind])) for kind in KIND_WORDS],
        **values,
    )


def watch(request: Request) -> Response:
    """Begin a viewing, and open the editor within it, or the copies. Form: purpose, note, to, at, part."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    redaction_id = request.path_params["redaction_id"]
    with here.database.write() as tx:
        found = redactions.get(tx, visit.actor, redaction_id)
        row = row_for(tx, visit.actor, found.recording_id)
        chosen, purpose = purpose_of(form, read_policy(tx), own=row.wearer_id == visit.actor.account_id)
        begun = begin_viewing(tx, visit.actor, found.recording_id, purpose, clock=here.clock)
    visit.cookies.append(cookies_of(request).line(PURPOSE_COOKIE, quote(chosen, safe=""), max_age=_REMEMBERED))
    if form.get("to") == "copies":
        return RedirectResponse(f"/redactions/{redaction_id}?viewing={begun.id}#copies", 303)
    return RedirectResponse(f"/redactions/{redaction_id}/edit?viewing={begun.id}{_place(form)}", 303)


def _place(form: Form) -> str:
    """Where the editor is to begin: milliseconds, and the part."""
    at, part = form.get("at", ""), form.get("part", "")
    if not at.isascii() or not at.isdecimal() or len(at) > 11:
        return ""
    return f"#at={at}&part={quote(part, safe='')}" if part else f"#at={at}"


routes = [
    page("/redactions/{redaction_id}/edit", show, needs=NEEDS),
    page("/redactions/{redaction_id}/viewings", watch, needs=NEEDS, methods=["POST"]),
]
