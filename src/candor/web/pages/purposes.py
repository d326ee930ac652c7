"""What a view of footage, or a copy of it, is for: asked where the agency's rules want it, before the first byte."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request

from candor.core.errors import CandorError
from candor.footage.access_policy import AccessPolicy, read_policy
from candor.footage.errors import PurposeNotOffered, RecordingUnknown
from candor.footage.purging import must_not_be_destroyed
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.web.access import visit_of
from candor.web.csrf import form_of
from candor.web.i18n import noted
from candor.web.session import read_cookies

PURPOSE_COOKIE = "candor-purpose"
LONGEST_NOTE = 200
OTHER = "other"
#: What is offered unless the agency says otherwise. The words go on record in the source language.
PURPOSES: dict[str, str] = {
    "duty": noted("Duty review"),
    "report": noted("Report writing"),
    "supervision": noted("Supervision"),
    "investigation": noted("Investigation"),
    "request": noted("Records request"),
    "court": noted("Court"),
    "training": noted("Training"),
    OTHER: noted("Other"),
}
_KEYS = {words: key for key, words in PURPOSES.items()}
#: What goes on record where nothing is asked and nothing was said.
NOT_ASKED = "no purpose asked"


class PurposeNotSaid(CandorError):
    """Say in a few words (up to {longest} characters) what the recording is opened for when you choose “Other”."""

    exit_code = 3


def offered(policy: AccessPolicy) -> dict[str, str]:
    """What a form offers: value and words; the agency's own words are their own value."""
    found = {_KEYS.get(words, words): words for words in policy.purposes}
    return found | ({OTHER: PURPOSES[OTHER]} if policy.other_purposes else {})


def remembered(request: Request, policy: AccessPolicy) -> str:
    """The purpose chosen last in this browser, if it is offered; else the first one."""
    choices = offered(policy)
    kept = unquote(read_cookies(request.headers.get("cookie", "")).get(PURPOSE_COOKIE, ""))
    return kept if kept in choices else next(iter(choices))


def purpose_of(form: Mapping[str, str], policy: AccessPolicy, *, own: bool) -> tuple[str, str]:
    """What a form says it is for: the value chosen, and the words that go on record.

    Raises PurposeNotSaid, and PurposeNotOffered for what the agency does not offer. Where nothing is asked of whoever
    opens it (`own`: they wore the camera), nothing need be said.
    """
    choices, chosen = offered(policy), form.get("purpose", "")
    note = " ".join(form.get("note", "").split())
    if not policy.asks(own=own) and chosen not in choices and not note:
        return chosen, NOT_ASKED
    if chosen not in choices:
        if OTHER not in choices:
            raise PurposeNotOffered(offered=", ".join(choices.values()))
        chosen = OTHER
    if len(note) > LONGEST_NOTE or (chosen == OTHER and not note):
        raise PurposeNotSaid(longest=LONGEST_NOTE)
    words = choices[chosen]
    return chosen, f"{words}: {note}" if note else words


def copy_purpose(tx: Connection, request: Request, copy: str) -> str:
    """What goes on record of a copy that is taken out: which, and what for. Raises as `purpose_of`, RecordingUnknown,
    RecordingDestroyed."""
    actor, recording_id = visit_of(request).actor, request.path_params["recording_id"]
    query = sa.select(recording.c.wearer_id).where(recording.c.id == recording_id, visible_to(actor).expression)
    row = tx.execute(query).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    must_not_be_destroyed(tx, recording_id)
    own = row.wearer_id == actor.account_id
    return f"{copy}: {purpose_of(form_of(request), read_policy(tx), own=own)[1]}"


def is_copy_of(purpose: str, copy: str) -> bool:
    """Whether a viewing was begun to take out just that."""
    return purpose == copy or purpose.startswith(f"{copy}: ")
