"""The queue of requests for records: what is due first stands first, with what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from candor.core.errors import CandorError
from candor.disclosure.requests import queue as service
from candor.disclosure.requests.assigning import assignable
from candor.disclosure.requests.queue import QueueCounts, QueuePage, QueueQuery, QueueRow
from candor.disclosure.requests.rules import CLASS_WORDS, RequesterClass, RequestState, Turn
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import ngettext, noted, words_of
from candor.web.pages.requests_words import CLOCK_CHOICES, MANAGE, VIEW, Due, due_of, hours_words, shared
from candor.web.render import render

_FIELDS = ("text", "state", "due", "turn", "assigned", "class", "after")
_STATES: tuple[tuple[str, str], ...] = (
    ("open", noted("All that is open")),
    (RequestState.RECEIVED.value, noted("New")),
    (RequestState.WORKING.value, noted("Being worked on")),
    (RequestState.CLARIFYING.value, noted("Waiting for whoever asked")),
    (RequestState.DECIDED.value, noted("Decided, not yet answered")),
    ("closed", noted("All that is closed")),
    (RequestState.ANSWERED.value, noted("Answered")),
    (RequestState.WITHDRAWN.value, noted("Withdrawn")),
    ("all", noted("Every request")),
)
_TURNS: tuple[tuple[str, str], ...] = (
    (Turn.OFFICE.value, noted("Waits for somebody to take it")),
    (Turn.ASSIGNED.value, noted("Waits for whoever has it")),
    (Turn.REQUESTER.value, noted("Waits for whoever asked")),
    (Turn.SECOND.value, noted("Waits for a second person")),
)
_NOTHING = QueuePage((), None, 0, False)


@dataclass(frozen=True)
class Tally:
    """How many of something there are, and where they are listed. `kind`: whose shape and colour it has."""

    words: str
    count: int
    link: str
    here: bool
    kind: str = ""
    small: str = ""


@dataclass(frozen=True)
class Shown:
    """A request as a row of the queue."""

    id: str
    number: str
    name: str
    class_words: str
    what: str
    due: Due
    state: RequestState
    unread: int
    turn: str
    ours: bool
    assigned: str | None
    received_at: datetime
    hours: str


def show(request: Request) -> Response:
    """The queue; only its rows when a script of the page asks."""
    here, visit = installation_of(request), visit_of(request)
    given = {name: request.query_params.get(name, "").strip() for name in _FIELDS}
    given["state"] = given["state"] or "open"
    problem, status = None, 200
    now = here.clock.now()
    with here.database.read() as tx:
        counted = service.counts(tx, visit.actor, clock=here.clock)
        try:
            query = query_of(given, visit.actor.account_id)
            found = service.queue(tx, visit.actor, query, clock=here.clock)
        except CandorError as error:
            query, found, problem, status = QueueQuery(), _NOTHING, words_of(error), status_of(error)
        nothing_ever = False
        if not found.rows and not counted.open:
            nothing_ever = not service.queue(tx, visit.actor, QueueQuery(state="all", limit=1), clock=here.clock).rows
        may_manage = bool(visit.actor.may(MANAGE))
        people = assignable(tx, visit.actor)
    values: dict[str, Any] = {
        "rows": [_shown(one, now, visit.zone) for one in found.rows],
        "counted": _counted(found),
        "tallies": _tallies(counted, given),
        "problem": problem,
        "narrowed": problem is not None
        or any(given[name] for name in _FIELDS if name not in ("state", "after"))
        or given["state"] != "open",
        "nothing_ever": nothing_ever,
        "first_link": _link(replace(query, after="")) if query.after else None,
        "next_link": _link(query.following(found.after)) if found.after else None,
        "here_link": _link(query),
        "may_manage": may_manage,
        "people": people,
        **shared(),
    }
    if "hx-request" in request.headers:
        headers = {"HX-Replace-Url": _link(query)} if problem is None else {}
        return render(request, "_requests_queue.html", status=status, headers=headers, **values)
    return render(
        request,
        "requests.html",
        status=status,
        given=given,
        state_choices=_STATES,
        clock_choices=CLOCK_CHOICES,
        turn_choices=_TURNS,
        **values,
    )


def query_of(given: dict[str, str], reader_id: str) -> QueueQuery:
    """What is looked for. Raises RequestsQueryWrong."""
    turn, of_class = given["turn"], given["class"]
    return QueueQuery(
        text=given["text"],
        state=given["state"],
        turn=Turn(turn) if turn in set(Turn) else None,
        assigned=reader_id if given["assigned"] == "me" else given["assigned"],
        requester_class=RequesterClass(of_class) if of_class in set(RequesterClass) else None,
        due=given["due"],
        after=given["after"],
    )


def _link(query: QueueQuery) -> str:
    text = query.to_text()
    return f"/requests?{text}" if text else "/requests"


def _shown(one: QueueRow, now: datetime, zone: str) -> Shown:
    closed = one.turn is Turn.NOBODY
    return Shown(
        id=one.id,
        number=one.number,
        name=one.requester_name or one.organisation or _("no name given"),
        class_words=_(CLASS_WORDS[one.requester_class]),
        what=" ".join(one.words.split()),
        due=due_of(one.due_at, now, zone, met=closed, late=one.late),
        state=one.state,
        unread=one.unread,
        turn=_waits(one),
        ours=one.turn in (Turn.OFFICE, Turn.ASSIGNED, Turn.SECOND),
        assigned=one.assigned_name,
        received_at=one.received_at,
        hours=hours_words(None if closed or one.hours is None else one.hours.work),
    )


def _waits(one: QueueRow) -> str:
    """What it waits for. Who has it stands beside it."""
    match one.turn:
        case Turn.NOBODY:
            return ""
        case Turn.REQUESTER:
            return _("whoever asked, for an answer")
        case Turn.SECOND:
            return _("a second person, to approve")
    if one.unread:
        return _("their message to be read")
    if one.turn is Turn.OFFICE:
        return _("somebody to take it")
    if one.state is RequestState.DECIDED:
        return _("letter and answer")
    if not one.meant:
        return _("recordings to be found")
    if one.decided < one.meant:
        return _("%(left)s of %(all)s decisions", left=one.meant - one.decided, all=one.meant)
    return _("an answer")


def _counted(found: QueuePage) -> str:
    """How many fit, and what those of this page are expected to cost."""
    if found.more:
        words = _("More than %(count)s requests", count=formats.grouped(found.total))
    else:
        words = ngettext("%(num)s request", "%(num)s requests", found.total)
    costs = [one.hours for one in found.rows if one.hours is not None and one.turn is not Turn.NOBODY]
    if not costs:
        return words
    work = hours_words(sum((one.work for one in costs), timedelta(0)))
    because = ngettext(
        "at least %(work)s of redaction on this page, going by %(num)s that was finished here",
        "at least %(work)s of redaction on this page, going by %(num)s that were finished here",
        costs[0].redactions,
        work=work,
    )
    return f"{words} · {because}"


def _tallies(counted: QueueCounts, given: dict[str, str]) -> Sequence[Tally]:
    def tally(words: str, count: int, query: QueueQuery, kind: str = "", **asked: str) -> Tally:
        usual = dict.fromkeys(_FIELDS, "") | {"state": "open"}
        wanted = usual | asked
        here = all(given[name] == wanted[name] for name in _FIELDS if name not in ("text", "after"))
        return Tally(words, count, _link(query), here, kind if count else "")

    everything = tally(_("Open"), counted.open, QueueQuery())
    unread = ngettext("%(num)s with a new message", "%(num)s with new messages", counted.unread)
    return (
        replace(everything, small=unread if counted.unread else ""),
        tally(_("Late"), counted.over, QueueQuery(due="over"), "late", due="over"),
        tally(_("Due soon"), counted.near, QueueQuery(due="near"), "soon", due="near"),
        tally(_("Nobody’s yet"), counted.unassigned, QueueQuery(assigned="nobody"), assigned="nobody"),
        replace(tally(_("Mine"), counted.mine, QueueQuery(), assigned="me"), link="/requests?assigned=me"),
        tally(
            _("Waiting for whoever asked"),
            counted.clarifying,
            QueueQuery(turn=Turn.REQUESTER),
            turn=Turn.REQUESTER.value,
        ),
        tally(_("For a second person"), counted.second, QueueQuery(turn=Turn.SECOND), turn=Turn.SECOND.value),
    )


routes = [
    page("/requests", show, needs=VIEW, name="requests"),
]
