"""One request: what is asked and by whom, clocks, recordings, fee, messages, documents, letters, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from candor.custody import PLAIN_WORDS
from candor.disclosure.decisions.standing import decisions_of
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.requests import hours, letters, messages
from candor.disclosure.requests.assigning import assignable
from candor.disclosure.requests.clocks import answer_of
from candor.disclosure.requests.queue import waits_for
from candor.disclosure.requests.reading import (
    RecordsRequest,
    clocks_of_request,
    history_of_request,
    records_request,
)
from candor.disclosure.requests.rules import CLASS_WORDS, OUTCOME_WORDS, WANTS, Outcome, RequestState, Turn, Way
from candor.installation import Installation
from candor.law.requests import RequestAnswer
from candor.matters.inside import names_of
from candor.people.rules import Actor, Permission
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import gettext as _
from candor.web.i18n import ngettext
from candor.web.pages import request_told
from candor.web.pages.accounts import Problem
from candor.web.pages.recording_history import who
from candor.web.pages.request_clocks import clocks_told
from candor.web.pages.request_documents import documents_told
from candor.web.pages.request_money import bill_of
from candor.web.pages.request_proposals import proposals_told
from candor.web.pages.request_releases import RELEASE_BADGES, newest_by_recording, releases_told
from candor.web.pages.requests_fields import BLANK, fields_of, last_day
from candor.web.pages.requests_words import MANAGE, VIEW, due_of, hours_words, shared
from candor.web.render import render

_EVENTS = 60


def show(request: Request) -> Response:
    """The page."""
    return page_of(request, None, 200)


def page_of(request: Request, problem: Problem | None, status: int, given: Mapping[str, str] | None = None) -> Response:
    """The page; with what was wrong with a form of it and what had been typed there."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        one = records_request(tx, visit.actor, request.path_params["request_id"])
        values = _values(tx, here, visit.actor, one, visit.zone)
    if values["new_messages"] and values["may_manage"] and request.method == "GET":
        with here.database.write() as tx:
            messages.mark_seen(tx, visit.actor, one.id, clock=here.clock)
    if problem is not None and problem.form not in _forms(values):
        problem = replace(problem, form="page")  # what it was typed into is not there any more
    return render(
        request,
        "request.html",
        status=status,
        problem=problem,
        given={**BLANK, "received": "", **(given or {})},
        **values,
    )


def _forms(values: Mapping[str, Any]) -> set[str]:
    """The forms that the page has as it stands."""
    always = {"code", "message", "document", "letter"}
    if not values["is_open"]:
        return always | {"reopen"}
    extending = {f"extend-{told.clock.id}" for told in values["clocks"] if told.clock.extendable}
    confirming = set() if values["one"].class_confirmed_by else {"class"}
    return always | extending | confirming | _OPEN_FORMS


_OPEN_FORMS = {"answer", "assign", "estimate", "facts", "meant", "name", "withdraw"}


def _values(tx: Connection, here: Installation, actor: Actor, one: RecordsRequest, zone: str) -> dict[str, Any]:
    may_manage = bool(actor.may(MANAGE))
    answer = answer_of(tx, one.id, clock=here.clock)
    releases = releases_told(tx, actor, one.id)
    meant, hidden = request_told.recordings_of(tx, actor, one, newest_by_recording(releases))
    not_meant = request_told.not_meant_of(tx, actor, one.id)
    talk = messages.messages_of(tx, actor, one.id)
    unread = sum(message.way is Way.IN and message.seen_at is None for message in talk)
    history, total = history_of_request(tx, actor, one.id, limit=_EVENTS)
    papers = documents_told(tx, actor, one)
    clocks = clocks_of_request(tx, one.id)
    actors = [one.entered_by, *papers.actors, *(step.actor for step in history)]
    actors += [*(rec.said_by for rec in (*meant, *not_meant)), *(message.written_by for message in talk)]
    actors += [clock.extended_by or "" for clock in clocks]
    return {
        **_rights(actor, one, may_manage),
        **_asked(one, answer, zone, here.clock.now()),
        **_work(tx, one, meant, unread, any(released.waits for released in releases)),
        **papers.values,
        **_end(tx, actor, one),
        **(proposals_told(tx, actor, one, zone) if one.open and may_manage else {}),
        "fees": bill_of(tx, actor, one, clock=here.clock),
        **shared(),
        "names": _names(tx, actors),
        "clocks": clocks_told(tx, actor, clocks, here.clock.now(), zone),
        "meant": meant,
        "meant_hidden": hidden,
        "meant_length": sum(rec.row.duration_ms or 0 for rec in meant),
        "not_meants": not_meant,
        "messages": talk,
        "new_messages": unread,
        "history": history,
        "history_more": total - len(history),
        "plain_words": PLAIN_WORDS,
        "releases": releases,
        "release_badges": RELEASE_BADGES,
        "people": assignable(tx, actor),
        "next_step": request_told.next_of(one, meant, hidden, releases, unread=unread, letters=papers.answers),
    }


def _rights(actor: Actor, one: RecordsRequest, may_manage: bool) -> dict[str, Any]:
    """What the reader may do with it as it stands."""
    return {
        "is_open": one.open,
        "may_manage": may_manage,
        "may_change": may_manage and one.open,
        "may_redact": bool(actor.may(Permission.RECORDINGS_REDACT)),
    }


def _asked(one: RecordsRequest, answer: RequestAnswer, zone: str, now: datetime) -> dict[str, Any]:
    """What is asked for and by whom, in words."""
    return {
        "one": one,
        "due": due_of(one.due_at, now, zone, met=not one.open, late=one.late),
        "who_asks": who_asks(one),
        "class_told": _(CLASS_WORDS[one.requester_class]),
        "wants_told": _(WANTS[one.wants]),
        "named_told": _named(one, zone),
        "contact_told": _contact(one),
        "facts_given": fields_of(one, ZoneInfo(zone)),
        "missing": [missing.words for missing in answer.missing] if one.open else [],
        "rights": [basis.words for basis in answer.rights],
        "outcome_told": "" if one.outcome is None else _(OUTCOME_WORDS[one.outcome]).capitalize() + ".",
    }


def _end(tx: Connection, actor: Actor, one: RecordsRequest) -> dict[str, Any]:
    """With what it can be answered, and with what by the decisions that stand."""
    decided = decisions_of(tx, actor, Subject.of_request(one.id))
    found = letters.outcome_of(decided, letters.meant_by(tx, one.id))
    return {
        "outcome_choices": [(end.value, words) for end, words in OUTCOME_WORDS.items() if end is not Outcome.WITHDRAWN],
        "outcome_suggested": "" if found is None else found.value,
    }


def _names(tx: Connection, actors: Sequence[str]) -> dict[str, str]:
    """What everybody is called whom the page tells of."""
    known = names_of(tx, sorted(set(actors)))
    names = {actor_id: who(actor_id, known) for actor_id in actors if actor_id}
    return names | {messages.REQUESTER: _("whoever asked")}


def who_asks(one: RecordsRequest) -> str:
    """Name and organisation of whoever asks."""
    return ", ".join(part for part in (one.requester_name, one.organisation) if part) or _("no name given")


def _named(one: RecordsRequest, zone: str) -> list[tuple[str, str]]:
    """What the request names, with the words for each."""
    named = one.named
    lines = [
        (_("Person"), named.person),
        (_("Officer"), named.officer),
        (_("Place"), named.place),
        (_("Incident number"), named.incident),
        (_("Case number"), named.case_number),
        (_("When"), _when(one, zone)),
    ]
    return [(label, value) for label, value in lines if value]


def _when(one: RecordsRequest, zone: str) -> str:
    """Within what time it was: days where only days are named."""
    named = one.named
    if named.whole_days:
        first = None if named.began is None else formats.local(named.began, zone).date()
        days = [day.isoformat() for day in (first, last_day(named, ZoneInfo(zone))) if day is not None]
        return " – ".join(dict.fromkeys(days))
    return " – ".join(formats.date_and_time(end, zone, seconds=False) for end in (named.began, named.ended) if end)


def _contact(one: RecordsRequest) -> list[tuple[str, str]]:
    labels = {"mail": _("E-mail"), "phone": _("Telephone"), "post": _("Postal address")}
    return [(labels[name], one.contact[name]) for name in labels if one.contact.get(name)]


def _work(
    tx: Connection, one: RecordsRequest, meant: Sequence[request_told.Recording], unread: int, waiting: bool
) -> dict[str, Any]:
    """Whose turn it is, and what the request is expected to cost in hours."""
    turn = _turn(one, waiting)
    decided = sum(rec.decided is not None for rec in meant)
    found = hours.expected(tx, [one.id]).get(one.id) if one.open else None
    because = ""
    if found is not None:
        because = ngettext(
            "at least, for %(footage)s of footage, going by %(num)s redaction that was finished here",
            "at least, for %(footage)s of footage, going by %(num)s redactions that were finished here",
            found.redactions,
            footage=formats.duration(int(found.footage.total_seconds() * 1000)),
        )
    elif one.open:
        because = _("Nobody can say before recordings are meant and a redaction was finished here.")
    return {
        "turn_told": waits_for(turn, one.state, one.assigned_name, len(meant), decided, unread),
        "hours_told": hours_words(None if found is None else found.work),
        "hours_because": because,
    }


def _turn(one: RecordsRequest, waiting: bool) -> Turn:
    if not one.open:
        return Turn.NOBODY
    if waiting:
        return Turn.SECOND
    if one.state is RequestState.CLARIFYING:
        return Turn.REQUESTER
    return Turn.OFFICE if one.assigned_to is None else Turn.ASSIGNED


routes = [
    page("/requests/{request_id}", show, needs=VIEW, name="request"),
]
