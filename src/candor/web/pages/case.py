"""One case: what is known of it, its people, recordings, moments, the cases beside it, its history; and the acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.custody import PLAIN_WORDS
from candor.fleet.moments import moment
from candor.law.vocabulary import EVENT_WORDS, CaseKind, LawEvent
from candor.matters import inside, service
from candor.matters.errors import CaseUnknown
from candor.matters.reading import Case
from candor.matters.rules import EVENTS_NOTED, PART_WORDS, SIDE_WORDS, WORKERS, Side
from candor.people.rules import Actor
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted, words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.cases import MANAGE, choices, words
from candor.web.pages.recording_hand_out import ids_of
from candor.web.pages.recording_history import who
from candor.web.pages.recordings import STATE_WORDS as RECORDING_STATE_WORDS
from candor.web.render import query, render

#: Recordings and events on one page.
_RECORDINGS = 100
_EVENTS = 100
#: What parts of the case's page rooms above fill: (transaction, actor, case) to values of the page's templates.
MORE: list[Callable[[Connection, Actor, Case], dict[str, Any]]] = []


def show(request: Request) -> Response:
    """The page."""
    return _page(request, None, 200)


def _page(request: Request, problem: Problem | None, status: int, given: Mapping[str, str] | None = None) -> Response:
    here, visit = installation_of(request), visit_of(request)
    after = request.query_params.get("after", "")
    with here.database.read() as tx:
        found = service.case(tx, visit.actor, request.path_params["case_id"])
        place = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else None
        recordings = inside.recordings_of(tx, visit.actor, found.id, after=place, limit=_RECORDINGS)
        history, total = inside.history_of(tx, visit.actor, found.id, limit=_EVENTS)
        values = {
            "people": inside.people_of(tx, found.id),
            "removed": inside.recordings_of(tx, visit.actor, found.id, removed=True, limit=_RECORDINGS),
            "moments": inside.moments_of(tx, found.id),
            "related": inside.related_to(tx, visit.actor, found.id),
            "hanging": service.what_hangs_on(tx, found.id),
            **(choices(tx) if visit.actor.may(MANAGE) else {"owners": [], "units": []}),
        }
        values["steps"] = next_steps(found, recordings, values["people"], values["moments"])
        values["names"] = _names(tx, found, values, history, recordings)
        for more in MORE:
            values |= more(tx, visit.actor, found)
    return render(
        request,
        "case.html",
        status=status,
        case=found,
        recordings=recordings,
        recordings_first=f"/cases/{found.id}" if place is not None else None,
        recordings_next=query(f"/cases/{found.id}", {"after": recordings.after}) if recordings.after else None,
        history=history,
        history_more=total - len(history),
        may_change=bool(visit.actor.may(MANAGE)),
        problem=problem,
        given=dict(given or {}),
        plain_words=PLAIN_WORDS,
        event_words=EVENT_WORDS,
        events_noted=EVENTS_NOTED,
        part_words=PART_WORDS,
        side_words=SIDE_WORDS,
        recording_state_words=RECORDING_STATE_WORDS,
        **values,
        **words(),
    )


def _names(
    tx: Connection,
    found: Case,
    values: Mapping[str, Any],
    history: list[inside.Happening],
    recordings: inside.Inside,
) -> dict[str, str]:
    """What everybody is called who did something that the page tells of."""
    actors = {found.opened_by, found.closed_by or "", *(one.actor for one in history)}
    for one in (*values["people"], *recordings.rows, *values["removed"].rows, *values["related"]):
        actors |= {one.added_by, getattr(one, "ended_by", None) or "", getattr(one, "removed_by", None) or ""}
    for one in values["moments"]:
        actors |= {one.noted_by, one.withdrawn_by or ""}
    known = inside.names_of(tx, sorted(actors))
    return {one: who(one, known) for one in actors if one}


def next_steps(
    found: Case, recordings: inside.Inside, people: list[inside.Person], moments: list[inside.Moment]
) -> list[str]:
    """What is missing in an open case, in words; nothing for a closed one."""
    if not found.open:
        return []
    steps = []
    if not recordings.total and not recordings.hidden:
        steps.append(_("Add the recordings that belong to it: until then nothing is kept for it."))
    if not any(one.part in WORKERS and one.ended_at is None for one in people):
        steps.append(_("Enter who works on it: an investigator, a prosecutor or counsel."))
    wanted = _BEGINS.get(found.kind)
    if wanted is not None and not any(one.event is wanted[0] and one.withdrawn_at is None for one in moments):
        steps.append(_(wanted[1]))
    return steps


#: With what a case of a kind begins, and what is said while that is not noted.
_BEGINS: dict[CaseKind, tuple[LawEvent, str]] = {
    CaseKind.REQUEST: (LawEvent.REQUEST_RECEIVED, noted("Note when the request was received: clocks run from it.")),
    CaseKind.COMPLAINT: (LawEvent.COMPLAINT_MADE, noted("Note when the complaint was made: periods run from it.")),
    CaseKind.DISCIPLINARY: (
        LawEvent.INVESTIGATION_BEGUN,
        noted("Note when the investigation was begun: clocks run from it."),
    ),
}


# -- acts

Act = Callable[[Connection, Actor, str, Form], object]


def _act(form_name: str, said: str, act: Act) -> Callable[[Request], Response]:
    """An endpoint that does something with the case in one transaction and shows it again."""

    def endpoint(request: Request) -> Response:
        case_id, given = request.path_params["case_id"], form_of(request)
        try:
            with installation_of(request).database.write() as tx:
                act(tx, visit_of(request).actor, service.case(tx, visit_of(request).actor, case_id).id, given)
        except CaseUnknown:
            raise  # of a case that is not there, there is no page to say it on
        except CandorError as error:
            entry = request.path_params.get("entry_id", "")
            name = f"{form_name}-{entry}" if entry else form_name
            return _page(request, Problem(words_of(error), None, name), status_of(error), given)
        return RedirectResponse(f"/cases/{case_id}?said={said}", 303)

    return endpoint


def change(request: Request) -> Response:
    """Change what is known of the case."""
    clock = installation_of(request).clock

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        changes: dict[str, Any] = {field: form[field] for field in ("number", "title", "kind", "note") if field in form}
        changes |= {f"{field}_id": form[field] or None for field in ("owner", "unit") if field in form}
        version = form.get("version", "")
        expected = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0
        service.change_case(tx, actor, case_id, changes, expected, clock=clock)

    return _act("facts", "case-changed", act)(request)


def close(request: Request) -> Response:
    """Close it."""
    clock = installation_of(request).clock

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        service.close_case(tx, actor, case_id, reason=form.get("reason", ""), clock=clock)

    return _act("state", "case-closed", act)(request)


def reopen(request: Request) -> Response:
    """Open it again."""
    clock = installation_of(request).clock

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        service.reopen_case(tx, actor, case_id, reason=form.get("reason", ""), clock=clock)

    return _act("state", "case-reopened", act)(request)


def add_recordings(request: Request) -> Response:
    """Add recordings by their identifiers or addresses, or those of an incident."""
    clock = installation_of(request).clock

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        reason, incident = form.get("reason", ""), form.get("incident", "").strip()
        ids = [one.rstrip("/").rpartition("/")[2] for one in ids_of(form.get("ids", "").split())]
        if ids or not incident:
            service.add_recordings(tx, actor, case_id, ids, reason=reason, clock=clock)
        if incident:
            service.add_by_incident(tx, actor, case_id, incident, reason=reason, clock=clock)

    return _act("recordings", "case-recordings-added", act)(request)


def remove_recording(request: Request) -> Response:
    """Take a recording out."""
    clock, recording_id = installation_of(request).clock, request.path_params["entry_id"]

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        service.remove_recording(tx, actor, case_id, recording_id, reason=form.get("reason", ""), clock=clock)

    return _act("recording", "case-recording-removed", act)(request)


def add_person(request: Request) -> Response:
    """Enter somebody."""
    clock, zone = installation_of(request).clock, ZoneInfo(visit_of(request).zone)

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        service.add_person(
            tx,
            actor,
            case_id,
            form.get("part", ""),
            form.get("side", Side.NONE.value),
            account_id=form.get("account") or None,
            name=form.get("name"),
            from_at=moment(form["from"], zone) if form.get("from") else None,
            clock=clock,
        )

    return _act("person", "case-person-added", act)(request)


def end_person(request: Request) -> Response:
    """End somebody's part."""
    clock, entry_id = installation_of(request).clock, request.path_params["entry_id"]

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        service.end_person(tx, actor, case_id, entry_id, reason=form.get("reason", ""), clock=clock)

    return _act("person", "case-person-ended", act)(request)


def note_moment(request: Request) -> Response:
    """Note when something happened."""
    clock, zone = installation_of(request).clock, ZoneInfo(visit_of(request).zone)

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        at = moment(form["at"], zone) if form.get("at") else clock.now()
        service.note_event(tx, actor, case_id, form.get("event", ""), at, words=form.get("words", ""), clock=clock)

    return _act("moment", "case-moment-noted", act)(request)


def mend_moment(request: Request) -> Response:
    """Correct or withdraw what was noted."""
    clock, zone = installation_of(request).clock, ZoneInfo(visit_of(request).zone)
    entry_id = request.path_params["entry_id"]

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        reason = form.get("reason", "")
        if form.get("act") == "withdraw":
            service.withdraw_event(tx, actor, case_id, entry_id, reason=reason, clock=clock)
        else:
            at = moment(form.get("at", ""), zone)
            service.correct_event(tx, actor, case_id, entry_id, at, reason=reason, clock=clock)

    return _act("moment", "case-moment-mended", act)(request)


def relate(request: Request) -> Response:
    """Put another case beside it."""
    clock = installation_of(request).clock

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        other = form.get("other", "").strip()
        try:
            service.relate_cases(tx, actor, case_id, other, reason=form.get("reason", ""), clock=clock)
        except CaseUnknown as error:
            raise OtherCaseUnknown(id=other) from error

    return _act("related", "case-related", act)(request)


def end_relation(request: Request) -> Response:
    """The cases are not about the same thing."""
    clock, entry_id = installation_of(request).clock, request.path_params["entry_id"]

    def act(tx: Connection, actor: Actor, case_id: str, form: Form) -> None:
        service.end_relation(tx, actor, case_id, entry_id, reason=form.get("reason", ""), clock=clock)

    return _act("related", "case-relation-ended", act)(request)


class OtherCaseUnknown(CandorError):
    """There is no other case with the number {id} that you may see. Nothing was changed. Look at the list of cases."""

    exit_code = 3


routes = [
    page("/cases/{case_id}", show, name="case"),
    page("/cases/{case_id}", change, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/close", close, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/reopen", reopen, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/recordings", add_recordings, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/recordings/{entry_id}/remove", remove_recording, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/people", add_person, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/people/{entry_id}/end", end_person, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/moments", note_moment, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/moments/{entry_id}", mend_moment, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/related", relate, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/related/{entry_id}/end", end_relation, needs=MANAGE, methods=["POST"]),
]
