"""Deciding what is released of a recording, for a request or for a critical incident: what stands in the way and how
it is answered, the whole, and stretches of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.disclosure.critical.errors import CriticalUnknown
from candor.disclosure.critical.incidents import critical_incident_of
from candor.disclosure.decisions.anew import decide_anew
from candor.disclosure.decisions.deciding import decide, exemptions_for, withdraw
from candor.disclosure.decisions.errors import ChangedMeanwhile, DecisionsClosed, ReleaseForbidden
from candor.disclosure.decisions.into_redaction import put_into_redaction
from candor.disclosure.decisions.places import length_of, places_of
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import Decisions, decisions_of, history_of
from candor.disclosure.decisions.stretches import LONGEST_REASON
from candor.disclosure.decisions.subjects import About, Subject, about
from candor.disclosure.requests.errors import RequestUnknown
from candor.disclosure.requests.reading import records_request
from candor.footage.errors import RecordingUnknown
from candor.footage.search import Row, row_of
from candor.matters.inside import names_of
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.decide_form import Typed, typed_of, typed_of_decisions
from candor.web.pages.decide_told import (
    DECISION_BADGES,
    WAYS,
    WIDTH,
    exemption_groups,
    in_the_way,
    papers_told,
    redactions_told,
    shown_decisions,
    spans_of,
)
from candor.web.pages.recording import stage_values
from candor.web.pages.recording_history import who
from candor.web.pages.redaction import kinds_told
from candor.web.pages.requests_words import MANAGE, VIEW, shared
from candor.web.render import query, render

__all__ = ["Frame", "frame_of", "routes"]

#: What a redaction that is begun here looks for, where there is a model for it.
_LOOKED_FOR = ("face", "plate")
#: Recordings of a subject that are led to beside each other.
_MOST = 100


@dataclass(frozen=True)
class Frame:
    """A request or a critical incident as its pages around it name it."""

    subject: Subject
    number: str
    path: str
    within: str

    @property
    def decide(self) -> str:
        """Where it is decided."""
        return f"{self.path}/decide"

    @property
    def prepare(self) -> str:
        """Where a release of it is prepared."""
        return query("/releases/new", {self.subject.kind: self.subject.id})


def frame_of(tx: Connection, actor: Actor, request: Request) -> Frame:
    """What the address names. Raises RequestUnknown, CriticalUnknown."""
    if "critical_id" in request.path_params:
        incident = critical_incident_of(tx, actor, request.path_params["critical_id"])
        return Frame(Subject.of_critical(incident.id), incident.number, f"/critical/{incident.id}", "/critical")
    one = records_request(tx, actor, request.path_params["request_id"])
    return Frame(Subject.of_request(one.id), one.number, f"/requests/{one.id}", "/requests")


def show(request: Request) -> Response:
    """The page of the recording that is named; of the first that nobody has decided on where none is."""
    if request.query_params.get("recording"):
        return _page(request, request.query_params["recording"], None, 200)
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        frame = frame_of(tx, actor, request)
        rows, _more = _rows(tx, actor, about(tx, frame.subject))
        made = decisions_of(tx, actor, frame.subject)
    first = next((row for row in rows if made.whole(row.id) is None), rows[0] if rows else None)
    if first is None:
        return RedirectResponse(frame.path, 303)
    return RedirectResponse(query(frame.decide, {"recording": first.id}), 303)


def _page(
    request: Request,
    recording_id: str,
    problem: Problem | None,
    status: int,
    typed: Typed | None = None,
    upon: str | None = None,
) -> Response:
    """The page. `typed`: what stood in its form; `upon`: what that was typed upon, where it still counts."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        frame = frame_of(tx, visit.actor, request)
        asked = about(tx, frame.subject)
        row = row_of(tx, visit.actor, recording_id)
        if row is None or recording_id not in asked.recordings:
            raise RecordingUnknown(id=recording_id)
        values = _values(tx, request, frame, asked, row, typed)
        values |= {} if upon is None else {"upon": upon}
        values |= stage_values(tx, request, row)
        values |= {"remembered": "request" if "request" in values["purposes"] else values["remembered"]}
    if problem is not None and problem.form not in _forms(values):
        problem = replace(problem, form="page")  # what it was typed into is not there any more
    return render(
        request, "decide.html", status=status, frame=frame, asked=asked, row=row, problem=problem, **shared(), **values
    )


def _forms(values: dict[str, Any]) -> set[str]:
    """The forms that the page has as it stands."""
    if not values["may_decide"]:
        return set()
    taking_back = {f"take-back-{one['made'].id}" for one in values["decisions"]}
    return {"decide", *taking_back, *(["redaction"] if values["may_redact"] else [])}


def _values(
    tx: Connection, request: Request, frame: Frame, asked: About, row: Row, typed: Typed | None
) -> dict[str, Any]:
    here, actor = installation_of(request), visit_of(request).actor
    made = decisions_of(tx, actor, frame.subject)
    mine, length = made.of(row.id), length_of(tx, row.id)
    exemptions = exemptions_for(tx, actor, row.id, clock=here.clock)
    given = typed or typed_of_decisions(mine)
    history = [one for one in history_of(tx, actor, frame.subject) if one.recording_id == row.id and one.withdrawn_at]
    people = {one.decided_by for one in mine} | {one.withdrawn_by or one.decided_by for one in history}
    known = names_of(tx, sorted(people | {one.decided_by for one in history}))
    may_manage = bool(actor.may(MANAGE))
    return {
        "given": given,
        "typed_in": typed is not None,
        "upon": made.upon_of(row.id),
        "decided": made.whole(row.id),
        "decisions": shown_decisions(mine, exemptions),
        "taken_back": shown_decisions(history, exemptions),
        "spans": spans_of(mine, length, {one: _(words[0]) for one, words in DECISION_BADGES.items()}),
        "timeline_width": WIDTH,
        "length_ms": length,
        "placed": all(one.begin is not None for one in places_of(tx, row.id)),
        "in_the_way": in_the_way(tx, actor, row.id, frame.subject, made, given, here.clock),
        "exemptions": exemptions,
        "exemption_choices": exemption_groups(exemptions),
        "documents": papers_told(tx, actor, frame.subject),
        "redactions": redactions_told(tx, actor, row.id),
        "looked_for": [kind for kind, _words, there in kinds_told(tx)["kinds"] if there and kind in _LOOKED_FOR],
        "withholds": any(one.decision is Decision.WITHHOLD for one in mine),
        "names": {one: who(one, known) for one in people | {each.decided_by for each in history}},
        "may_manage": may_manage,
        "may_decide": may_manage and asked.open,
        "may_redact": bool(actor.may(Permission.RECORDINGS_REDACT)),
        "may_prepare": bool(actor.may(Permission.RELEASES_PREPARE)),
        "decision_badges": DECISION_BADGES,
        "way_words": WAYS,
        "longest_why": LONGEST_REASON,
        **_others(tx, actor, asked, made, row.id),
    }


def _rows(tx: Connection, actor: Actor, asked: About) -> tuple[list[Row], int]:
    found = [row_of(tx, actor, one) for one in asked.recordings[:_MOST]]
    rows = sorted((one for one in found if one is not None), key=lambda one: (one.started_at, one.id))
    return rows, len(asked.recordings) - len(rows)


def _others(tx: Connection, actor: Actor, asked: About, made: Decisions, recording_id: str) -> dict[str, Any]:
    """The recordings of the subject, and which comes next that nobody has decided on."""
    rows, more = _rows(tx, actor, asked)
    told = []
    for one in rows:
        whole = made.whole(one.id)
        told.append((one, None if whole is None else whole.decision))
    ids = [one.id for one in rows]
    at = ids.index(recording_id) if recording_id in ids else 0
    behind = [*rows[at + 1 :], *rows[:at]]
    return {
        "others": told,
        "others_hidden": more,
        "place": at + 1,
        "next_undecided": next((one for one in behind if made.whole(one.id) is None), None),
        "all_decided": bool(rows) and not more and all(made.whole(one.id) is not None for one in rows),
    }


def act(request: Request) -> Response:
    """Decide on a recording, anew where it was decided. Form: recording, upon, decision, exemption, reason,
    stretch_from, stretch_to, stretch_decision, stretch_exemption, stretch_reason (several each), rule (several), how_N,
    weighed_N, exception_N, document_N, again, anew, act (row: another row is wanted, nothing is decided)."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    recording_id, typed = form.get("recording", ""), Typed()
    try:
        typed = typed_of(form)
        if form.get("act") == "row":
            return _page(request, recording_id, None, 200, typed.more_rows(), form.get("upon", ""))
        with here.database.write() as tx:
            frame = frame_of(tx, visit.actor, request)
            given = (tx, visit.actor, frame.subject, recording_id, typed.choices(), typed.weighed())
            if form.get("anew") == "yes":
                decide_anew(*given, reason=typed.again, upon=form.get("upon", ""), clock=here.clock)
            else:
                decide(*given, upon=form.get("upon", ""), clock=here.clock)
    except ChangedMeanwhile as error:
        words = _(
            "Somebody else decided on this recording while you were at it. Their decision stands below; what you typed "
            "is still in the form. Look at both, and send yours again if it should replace theirs."
        )
        return _page(request, recording_id, Problem(words, None, "decide"), status_of(error), typed)
    except (RequestUnknown, CriticalUnknown, RecordingUnknown):
        raise  # of what is not there, there is no page to say it on
    except CandorError as error:
        refused = isinstance(error, (ReleaseForbidden, DecisionsClosed))
        status = 409 if refused else status_of(error)
        problem = Problem(words_of(error), None, "decide")
        return _page(request, recording_id, problem, status, typed, form.get("upon", ""))
    going_on = {"recording": recording_id, "viewing": request.query_params.get("viewing", ""), "said": "decided"}
    return RedirectResponse(query(frame.decide, going_on), 303)


def take_back(request: Request) -> Response:
    """Take a decision back; with that on the whole go its stretches. Form: recording, decision, why."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    recording_id = form.get("recording", "")
    try:
        with here.database.write() as tx:
            frame = frame_of(tx, visit.actor, request)
            why = form.get("why", "")
            withdraw(tx, visit.actor, frame.subject, form.get("decision", ""), reason=why, clock=here.clock)
    except (RequestUnknown, CriticalUnknown, RecordingUnknown):
        raise
    except CandorError as error:
        problem = Problem(words_of(error), None, f"take-back-{form.get('decision', '')}")
        return _page(request, recording_id, problem, status_of(error))
    return RedirectResponse(query(frame.decide, {"recording": recording_id, "said": "decision-taken-back"}), 303)


def hide(request: Request) -> Response:
    """Put what is withheld into a redaction, as edits of whoever asks. Form: recording, redaction."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    recording_id, redaction_id = form.get("recording", ""), form.get("redaction", "")
    try:
        with here.database.write() as tx:
            frame = frame_of(tx, visit.actor, request)
            given = (tx, here.vault, visit.actor, frame.subject, recording_id, redaction_id)
            put_into_redaction(*given, clock=here.clock)
    except (RequestUnknown, CriticalUnknown, RecordingUnknown):
        raise
    except CandorError as error:
        return _page(request, recording_id, Problem(words_of(error), None, "redaction"), status_of(error))
    answer = query(frame.decide, {"recording": recording_id, "said": "decision-hidden"})
    return RedirectResponse(f"{answer}#redaction", 303)


def _of(path: str) -> Sequence[Any]:
    return [
        page(f"{path}/decide", show, needs=VIEW),
        page(f"{path}/decide", act, needs=MANAGE, methods=["POST"]),
        page(f"{path}/decide/take-back", take_back, needs=MANAGE, methods=["POST"]),
        page(f"{path}/decide/redaction", hide, needs=MANAGE, methods=["POST"]),
    ]


routes = [*_of("/requests/{request_id}"), *_of("/critical/{critical_id}")]
