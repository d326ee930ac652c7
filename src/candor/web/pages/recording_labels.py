"""What is said of a recording for the law: its category and its labels, by whom and why; and what was put right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.footage import categories, classification
from candor.footage.search import Row
from candor.law.vocabulary import CLASS_WORDS, LABEL_WORDS, Label
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import gettext as _
from candor.web.pages.recording_history import actor_name
from candor.web.pages.recordings import CHANGE


@dataclass(frozen=True)
class SaidTold:
    """One thing that was said, for people."""

    words: str
    value: str
    is_label: bool
    by: str
    is_wearer: bool
    at: datetime
    basis: str
    reason: str | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None


def labels_told(tx: Connection, row: Row) -> dict[str, Any]:
    """What the template needs; whoever calls has checked that the reader may see the recording."""
    history = [_told(tx, row, one) for one in classification.history_of(tx, row.id)]
    means = categories.law_classes(tx).get(row.category or "")
    put = {one.value for one in history if one.is_label and one.ended_at is None}
    return {
        "said_now": [one for one in history if one.ended_at is None],
        "said_before": [one for one in history if one.ended_at is not None],
        "category_means": None if means is None else _(CLASS_WORDS[means]),
        "labels_left": [(one.value, _(LABEL_WORDS[one])) for one in Label if one.value not in put],
        "longest_reason": classification.LONGEST_REASON,
    }


def _told(tx: Connection, row: Row, one: classification.Said) -> SaidTold:
    is_label = one.kind == classification.LABEL
    return SaidTold(
        words=_(LABEL_WORDS[Label(one.value)]) if is_label else one.value,
        value=one.value,
        is_label=is_label,
        by=actor_name(tx, one.said_by),
        is_wearer=row.wearer_id is not None and one.said_by == row.wearer_id,
        at=one.said_at,
        basis=_(classification.BASIS_WORDS[one.basis]),
        reason=one.reason,
        ended_at=one.ended_at,
        ended_by=None if one.ended_by is None else actor_name(tx, one.ended_by),
        end_reason=one.end_reason,
    )


def put(request: Request) -> Response:
    """Put a label on the recording. Form: label, reason."""
    return _act(request, put_it=True)


def take(request: Request) -> Response:
    """Take a label from the recording; that it was there stays. Form: label, reason."""
    return _act(request, put_it=False)


def _act(request: Request, *, put_it: bool) -> Response:
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    recording_id = request.path_params["recording_id"]
    act = classification.label if put_it else classification.unlabel
    with here.database.write() as tx:
        which = classification.label_named(form.get("label", ""))
        act(tx, visit.actor, recording_id, which, reason=form.get("reason", ""), clock=here.clock)
    return RedirectResponse(f"/recordings/{recording_id}?said=labels-changed#labels-title", 303)


routes = [
    page("/recordings/{recording_id}/labels", put, needs=CHANGE, methods=["POST"]),
    page("/recordings/{recording_id}/labels/taken", take, needs=CHANGE, methods=["POST"]),
]
