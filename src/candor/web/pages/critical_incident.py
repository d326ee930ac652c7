"""One critical incident: its clocks, its recordings, viewings and consents owed and given, what was put off, statements
beside the footage, and the timeline of what was released when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from candor.custody.events import Event
from candor.disclosure.critical.closing import LONGEST_WHY, holds_of
from candor.disclosure.critical.incidents import CriticalIncident, critical_incident_of, recordings_in
from candor.disclosure.critical.lawful import Owed, Running, answer_of, owed_before, running_clocks
from candor.disclosure.critical.putting_off import put_offs_of
from candor.disclosure.critical.rules import CONSENTERS, VIEWERS, ViewingState
from candor.disclosure.critical.saying import consents_of, statements_of
from candor.disclosure.critical.timeline import timeline_of
from candor.disclosure.critical.viewings import viewings_of
from candor.disclosure.critical.words import LONGEST_STATEMENT, LONGEST_TEXT
from candor.disclosure.decisions.standing import decisions_of
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.releases.reading import releases_of
from candor.disclosure.releases.rules import ReleaseState
from candor.disclosure.requests.documents import LARGEST, documents_of
from candor.disclosure.requests.rules import DOCUMENT_WORDS, DocumentKind
from candor.disclosure.requests.tables import records_request
from candor.footage.search import row_of
from candor.installation import Installation
from candor.law.critical import CriticalAnswer
from candor.law.vocabulary import REQUESTER_WORDS
from candor.matters.inside import names_of
from candor.matters.rules import visible_cases
from candor.matters.tables import matter
from candor.people.rules import Actor, Permission
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import noted
from candor.web.pages.accounts import Problem
from candor.web.pages.critical import KINDS
from candor.web.pages.decide_told import DECISION_BADGES
from candor.web.pages.recording_history import who
from candor.web.pages.request_releases import RELEASE_BADGES
from candor.web.pages.requests_words import MANAGE, VIEW, Due, due_of, shared
from candor.web.render import query, render

__all__ = ["page_of", "routes"]

VIEWING_BADGES: dict[ViewingState, tuple[str, str, str]] = {
    ViewingState.OFFERED: (noted("Offered"), "note", "clock"),
    ViewingState.HELD: (noted("Seen"), "ok", "check"),
    ViewingState.DECLINED: (noted("Did not wish to"), "", "cross"),
}
#: Symbols of lines of the timeline; of anything else the plain one.
_SYMBOLS: dict[Event | None, str] = {
    None: "warning",
    Event.RECORDING_RELEASED: "external",
    Event.REDACTION_HANDED_OUT: "external",
    Event.CRITICAL_VIEWING_HELD: "play",
    Event.CRITICAL_VIEWING_OFFERED: "people",
    Event.CRITICAL_VIEWING_DECLINED: "people",
    Event.CRITICAL_CONSENT_RECORDED: "check",
    Event.CRITICAL_PUT_OFF: "clock",
    Event.CRITICAL_STATEMENT_ADDED: "edit",
    Event.REQUEST_DOCUMENT_ADDED: "file",
    Event.CRITICAL_CLOSED: "lock",
    Event.CRITICAL_RECORDING_ADDED: "film",
    Event.REQUEST_DECIDED: "check",
}


#: Held recordings that are named where it is closed; of more, how many there are.
_MOST_HELD: Final = 50


@dataclass(frozen=True)
class ClockTold:
    """A clock of the law, for all recordings for which it says the same. `rule`: its name."""

    running: Running
    due: Due
    rule: str
    recordings: int
    over: bool


def show(request: Request) -> Response:
    """The page."""
    return page_of(request, None, 200)


def page_of(request: Request, problem: Problem | None, status: int, given: Mapping[str, str] | None = None) -> Response:
    """The page; with what was wrong with a form of it and what had been typed there."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        one = critical_incident_of(tx, visit.actor, request.path_params["critical_id"])
        values = _values(tx, here, visit.actor, one, visit.zone)
    if problem is not None and problem.form not in _forms(values):
        problem = replace(problem, form="page")  # what it was typed into is not there any more
    return render(request, "critical.html", status=status, problem=problem, given=dict(given or {}), **values)


def _forms(values: Mapping[str, Any]) -> set[str]:
    """The forms that the page has as it stands."""
    if not values["may_change"]:
        return set()
    waiting = {f"viewing-{each.id}" for each in values["viewings"] if each.state is ViewingState.OFFERED}
    delays = {f"put-off-{told.rule}" for told in values["clocks"] if told.running.next_step and not told.over}
    return {"facts", "asked", "recordings", "offer", "consent", "statement", "close"} | waiting | delays


def _values(tx: Connection, here: Installation, actor: Actor, one: CriticalIncident, zone: str) -> dict[str, Any]:
    now = here.clock.now()
    answer = answer_of(tx, one.id, clock=here.clock)
    owed = owed_before(tx, one.id, answer, now) if one.open else []
    subject = Subject.of_critical(one.id)
    may_manage = bool(actor.may(MANAGE))
    documents = documents_of(tx, actor, critical_id=one.id)
    held, held_hidden = holds_of(tx, actor, one.id) if may_manage and one.open else ([], 0)
    timeline = timeline_of(tx, actor, one.id)
    releases, clocks = releases_of(tx, actor, subject), _clocks(tx, one, answer, now, zone)
    return {
        "one": one,
        "kind_told": KINDS[one.kind],
        "due": due_of(one.due_at, now, zone, met=not one.open),
        "clocks": clocks,
        "clocks_met": one.open and bool(answer.clocks) and not clocks,
        "waiting": answer.waiting if one.open else (),
        "owed": owed,
        "offers": _offers(answer, owed),
        "consents_wanted": answer.consents,
        "rights": [basis.words for basis in answer.rights],
        **_people(tx, actor, one),
        **_recordings(tx, actor, one, subject),
        "put_offs": put_offs_of(tx, actor, one.id),
        "documents": documents,
        "document_choices": [(k, words) for k, words in DOCUMENT_WORDS.items() if k is not DocumentKind.LETTER],
        "most_document_mib": LARGEST >> 20,
        "paper_choices": [(each.id, each.name) for each in documents],
        "timeline": timeline,
        "symbols": _SYMBOLS,
        "releases": releases,
        "released_some": any(each.state is not ReleaseState.DISCARDED for each in releases),
        "release_badges": RELEASE_BADGES,
        "asked_for_by": _requests(tx, one),
        "case": _case(tx, actor, one),
        "names": _names(tx, one, documents),
        "may_manage": may_manage,
        "may_change": may_manage and one.open,
        "may_prepare": bool(actor.may(Permission.RELEASES_PREPARE)) and one.open,
        "decide_path": f"/critical/{one.id}/decide",
        "prepare_link": query("/releases/new", {"critical": one.id}),
        "viewers": [(who_, REQUESTER_WORDS[who_]) for who_ in VIEWERS],
        "consenters": [(who_, REQUESTER_WORDS[who_]) for who_ in CONSENTERS],
        "requester_words": REQUESTER_WORDS,
        "viewing_badges": VIEWING_BADGES,
        "decision_badges": DECISION_BADGES,
        "typed_now": f"{formats.local(now, zone):%Y-%m-%dT%H:%M}",
        "longest_text": LONGEST_TEXT,
        "longest_statement": LONGEST_STATEMENT,
        "held": held,
        "held_hidden": held_hidden,
        "most_held": _MOST_HELD,
        "may_free": bool(actor.may(Permission.HOLDS_MANAGE)),
        "longest_keep": LONGEST_WHY,
        "longest_why": 500,
        "zone_of_agency": ZoneInfo(zone).key,
        **shared(),
    }


def _clocks(tx: Connection, one: CriticalIncident, answer: CriticalAnswer, now: datetime, zone: str) -> list[ClockTold]:
    """Each clock once, with how many recordings it is of; what is due first first."""
    if not one.open:
        return []
    groups: dict[tuple[object, ...], list[Running]] = {}
    for running in running_clocks(tx, one.id, answer):
        clock = running.clock.clock
        same = (*running.key[1:], running.due, running.next_step, clock.words)
        groups.setdefault(same, []).append(running)
    return [
        ClockTold(
            several[0],
            due_of(several[0].due, now, zone),
            "/".join(several[0].key[1:]),
            len(several),
            several[0].due < now,
        )
        for several in groups.values()
    ]


def _offers(answer: CriticalAnswer, owed: Sequence[Owed]) -> list[dict[str, Any]]:
    """The viewings that the law wants offered, and whether one is still owed."""
    lacking = {(each.rule, who_) for each in owed if each.kind == "viewing" for who_ in each.who}
    return [
        {
            "offer": each,
            "owed": (f"{each.rule.pack}/{each.rule.id}/{each.who.value}", each.who) in lacking,
        }
        for each in answer.offers
    ]


def _people(tx: Connection, actor: Actor, one: CriticalIncident) -> dict[str, Any]:
    return {
        "viewings": viewings_of(tx, actor, one.id),
        "consents": consents_of(tx, actor, one.id),
        "statements": statements_of(tx, actor, one.id),
    }


def _recordings(tx: Connection, actor: Actor, one: CriticalIncident, subject: Subject) -> dict[str, Any]:
    found, hidden = recordings_in(tx, actor, one.id)
    made = decisions_of(tx, actor, subject)
    rows = []
    for each in found:
        row = row_of(tx, actor, each.recording_id)
        if row is not None:
            whole = made.whole(row.id)
            rows.append((row, None if whole is None else whole.decision))
    undecided = next((row for row, decision in rows if decision is None), None)
    return {
        "recordings": rows,
        "recordings_hidden": hidden,
        "undecided": undecided,
        "decided_some": any(decision not in (None, "withhold") for _row, decision in rows),
    }


def _requests(tx: Connection, one: CriticalIncident) -> list[tuple[str, str]]:
    """Requests that came in for it: identifier and number."""
    query_ = sa.select(records_request.c.id, records_request.c.number)
    query_ = query_.where(records_request.c.critical_id == one.id).order_by(records_request.c.received_at)
    return [(row.id, row.number) for row in tx.execute(query_)]


def _case(tx: Connection, actor: Actor, one: CriticalIncident) -> tuple[str, str] | None:
    if one.matter_id is None:
        return None
    mine = matter.c.id == one.matter_id, visible_cases(actor)
    row = tx.execute(sa.select(matter.c.id, matter.c.number).where(*mine)).first()
    return None if row is None else (row.id, row.number)


def _names(tx: Connection, one: CriticalIncident, documents: Sequence[Any]) -> dict[str, str]:
    actors = {one.opened_by, one.closed_by or "", *(each.added_by for each in documents)}
    known = names_of(tx, sorted(actors))
    return {each: who(each, known) for each in actors if each}


routes = [page("/critical/{critical_id}", show, needs=VIEW, name="critical_incident")]
