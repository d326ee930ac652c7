"""The clocks of a request: what the law engine says of it, kept beside it so that a queue can be read at once.

They are made anew by every act from which they follow, and by a round, because some of it happens elsewhere: a review
before a statement is completed, the law that is applied changes. A clock that does not follow any more is ended, not
removed. An extension stays with its clock; its end is worked out anew from the clock's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.database import Database, UtcDateTime
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.disclosure.requests import telling
from candor.disclosure.requests.errors import ExtensionRefused
from candor.disclosure.requests.holding import held, note, put
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.rules import Meant
from candor.disclosure.requests.tables import records_request, request_clock, request_recording
from candor.disclosure.requests.words import checked_reason, digest
from candor.footage import facts
from candor.footage.rules import RecordingState
from candor.footage.tables import recording
from candor.law.books import book_now
from candor.law.requests import RequestAnswer, RequestClock, RequestFacts, request_answer
from candor.law.words import moment_words
from candor.people.rules import Actor

__all__ = [
    "EVERY",
    "answer_of",
    "due_words",
    "extend",
    "facts_of_request",
    "go_round",
    "is_late",
    "make_clocks",
    "meet",
    "meet_answer",
    "meet_release",
    "run_again",
]

#: Of which recording (None: of the whole), by which pack's rule.
_Key = tuple[str | None, str, str]
#: How often it is looked whether clocks are still what they were.
EVERY = timedelta(minutes=5)
#: Requests that one transaction of a round looks at.
_AT_ONCE = 50


def facts_of_request(tx: Connection, request_id: str) -> RequestFacts:
    """What the law hears of a request: when it came, who asks, what it names, and the recordings that are meant."""
    columns = ("received_at", "requester_class", "named")
    query = sa.select(*(records_request.c[name] for name in columns)).where(records_request.c.id == request_id)
    row = tx.execute(query).one()
    meant = request_recording.c.request_id == request_id, request_recording.c.meant == Meant.MEANT.value
    names = ("id", "category", "started_at", "started_source", "received_at", "flags")
    joined = request_recording.join(recording, recording.c.id == request_recording.c.recording_id)
    living = recording.c.state != RecordingState.DESTROYED.value
    rows = tx.execute(
        sa.select(*(recording.c[name] for name in names))
        .select_from(joined)
        .where(*meant, living)
        .order_by(recording.c.id)
    ).all()
    known = zip(rows, facts.facts_for(tx, rows), strict=True)
    return RequestFacts(
        received_at=row.received_at,
        requester_class=row.requester_class,
        named=Named.from_json(row.named).nameable,
        recordings=tuple((one.id, its) for one, its in known),
    )


def answer_of(tx: Connection, request_id: str, *, clock: Clock | None = None) -> RequestAnswer:
    """What the law says of a request now: clocks, what it wants named, fees, rights, appeal."""
    moment = (clock or SystemClock()).now()
    return request_answer(book_now(tx), facts_of_request(tx, request_id), moment)


def make_clocks(tx: Connection, request_id: str, *, fresh: bool = False, clock: Clock | None = None) -> RequestAnswer:
    """Make the clocks of a request anew, and what is due first; what the law says of it. Whoever calls holds the
    request, or has just made it (`fresh`): then nothing was told of it yet."""
    clock = clock or SystemClock()
    answer = answer_of(tx, request_id, clock=clock)
    _keep(tx, request_id, _wanted(answer), clock.now())
    _put_due(tx, request_id, answer.book)
    if not fresh:
        telling.settle_clock(tx, request_id, clock=clock)
    return answer


def extend(
    tx: Connection,
    actor: Actor,
    request_id: str,
    clock_id: str,
    *,
    reason: str,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> datetime:
    """Extend a clock by what its rule allows, before it has run out; when it is due then. The reason is for whoever
    asked. Raises Refused, RequestUnknown, RequestClosed, RequestChangedMeanwhile, RequestReasonMissing,
    ExtensionRefused."""
    clock = clock or SystemClock()
    before, why = held(tx, actor, request_id, version=expected_version), checked_reason(reason)
    make_clocks(tx, before.id, clock=clock)
    mine = request_clock.c.id == clock_id, request_clock.c.request_id == before.id, request_clock.c.ended_at.is_(None)
    row = tx.execute(sa.select(request_clock).where(*mine)).first()
    wrong = _not_extendable(row, clock.now())
    if row is None or wrong is not None:
        raise ExtensionRefused(number=before.number, reason=wrong)
    values = {"extended_by": actor.account_id, "extended_at": clock.now(), "extension_reason": why}
    values |= {"extensions": row.extensions + 1}
    tx.execute(request_clock.update().where(request_clock.c.id == row.id).values(values))
    make_clocks(tx, before.id, clock=clock)
    version = put(tx, before)
    details = {
        "clock": row.id,
        "rule": f"{row.pack}/{row.rule}",
        "recording": row.recording_id,
        "from": iso(row.due_at),
        "to": iso(row.extendable_to),
        "reason_sha256": digest(why),
        "version": version,
    }
    note(tx, Event.REQUEST_EXTENDED, actor, before.id, details, clock=clock)
    due: datetime = row.extendable_to
    return due


def meet(tx: Connection, request_id: str, at: datetime, *, clock: Clock | None = None) -> None:
    """Say that what the clocks ask for was done, of a request that is closed; it keeps until when it was due, also
    where all that was asked for was done before."""
    running = request_clock.c.request_id == request_id, request_clock.c.met_at.is_(None)
    tx.execute(request_clock.update().where(*running).values(met_at=at))
    first = tx.execute(
        sa.select(request_clock.c.due_at, request_clock.c.citation)
        .where(_of(request_id))
        .order_by(request_clock.c.due_at, request_clock.c.id)
        .limit(1)
    ).first()
    if first is not None:
        none_left = records_request.c.id == request_id, records_request.c.due_at.is_(None)
        values = {"due_at": first.due_at, "due_rule": first.citation}
        tx.execute(records_request.update().where(*none_left).values(values))
    telling.settle_clock(tx, request_id, clock=clock or SystemClock())


def meet_release(
    tx: Connection, request_id: str, recording_ids: Collection[str], at: datetime, *, clock: Clock | None = None
) -> None:
    """Say that recordings were released: what asks for their release is done. An answer is still due."""
    running = request_clock.c.request_id == request_id, request_clock.c.met_at.is_(None)
    theirs = request_clock.c.recording_id.in_(recording_ids), request_clock.c.answer_only.is_(False)
    if tx.execute(request_clock.update().where(*running, *theirs).values(met_at=at)).rowcount:
        still = records_request.c.id == request_id, records_request.c.closed_at.is_(None)
        if tx.execute(sa.select(records_request.c.id).where(*still)).first() is not None:
            _put_due(tx, request_id, None)
            telling.settle_clock(tx, request_id, clock=clock or SystemClock())


def meet_answer(tx: Connection, request_id: str, at: datetime, *, clock: Clock | None = None) -> None:
    """Say that whoever asked was told in writing what is decided: what asks for an answer is done. What is to be
    released is still due."""
    running = request_clock.c.request_id == request_id, request_clock.c.met_at.is_(None)
    of_answer = request_clock.c.answer_only.is_(True)
    still = records_request.c.id == request_id, records_request.c.closed_at.is_(None)
    if tx.execute(sa.select(records_request.c.id).where(*still)).first() is None:
        return
    if tx.execute(request_clock.update().where(*running, of_answer).values(met_at=at)).rowcount:
        _put_due(tx, request_id, None)
        telling.settle_clock(tx, request_id, clock=clock or SystemClock())


def is_late(tx: Connection, request_id: str, now: datetime) -> bool:
    """Whether what one of its clocks asks for was done late, or is overdue now."""
    done = sa.func.coalesce(request_clock.c.met_at, sa.literal(now, UtcDateTime))
    return (
        tx.execute(sa.select(request_clock.c.id).where(_of(request_id), request_clock.c.due_at < done)).first()
        is not None
    )


def run_again(tx: Connection, request_id: str, closed_at: datetime, *, clock: Clock | None = None) -> None:
    """Let the clocks run on of a request that was closed then and is taken up again; what was released stays done."""
    ended_with_it = request_clock.c.request_id == request_id, request_clock.c.met_at == closed_at
    tx.execute(request_clock.update().where(*ended_with_it).values(met_at=None))
    make_clocks(tx, request_id, clock=clock)


def due_words(answer: RequestAnswer, zone: str) -> str:
    """Until when something is due by law, in one sentence for whoever asked; "" where no clock runs."""
    if answer.due is None:
        return ""
    first = next(one for one in answer.clocks if one.clock.due == answer.due)
    what = "an answer" if first.answer_only else "an answer, or what you asked for,"
    return f"By law {what} is due by {moment_words(answer.due, zone)} ({first.clock.rule.citation})."


def go_round(database: Database, clock: Clock) -> int:
    """Look whether the clocks of open requests are still what they were, and tell whoever works on one that it is due
    soon, or overdue; how many requests were changed. Done again and again while a process stays."""
    changed, after = 0, ""
    while True:
        with database.read() as tx:
            is_open = records_request.c.closed_at.is_(None), records_request.c.id > after
            ids = tx.scalars(
                sa.select(records_request.c.id).where(*is_open).order_by(records_request.c.id).limit(_AT_ONCE)
            ).all()
            stale = [one for one in ids if _differs(tx, one, clock) or telling.has_news(tx, one, clock)]
        if not ids:
            return changed
        after = ids[-1]
        for one in stale:
            with database.write() as tx:
                changed += _one_round(tx, one, clock)


def _one_round(tx: Connection, request_id: str, clock: Clock) -> bool:
    still = records_request.c.id == request_id, records_request.c.closed_at.is_(None)
    row = tx.execute(sa.select(records_request.c.due_at).where(*still).with_for_update()).first()
    if row is None:  # answered meanwhile
        return False
    make_clocks(tx, request_id, clock=clock)
    telling.of_clock(tx, request_id, clock=clock)
    now_due = tx.scalar(sa.select(records_request.c.due_at).where(records_request.c.id == request_id))
    return bool(now_due != row.due_at)


def _differs(tx: Connection, request_id: str, clock: Clock) -> bool:
    """Whether what is kept is other than what follows now."""
    answer = answer_of(tx, request_id, clock=clock)
    kept = {_key(row): row for row in tx.execute(sa.select(request_clock).where(_of(request_id)))}
    wanted = _wanted(answer)
    return kept.keys() != wanted.keys() or any(_other(kept[key], one) for key, one in wanted.items())


def _wanted(answer: RequestAnswer) -> dict[_Key, RequestClock]:
    """The clocks that run. Those that nothing has started yet are said by the engine alone."""
    running = (one for one in answer.clocks if one.clock.due is not None and one.clock.started_at is not None)
    return {(one.recording_id, one.clock.rule.pack, one.clock.rule.id): one for one in running}


def _values(one: RequestClock, extensions: int) -> dict[str, Any]:
    """A clock as its row says it, extended so many times."""
    found, rule = one.clock, one.clock.rule
    assert found.started_by is not None
    return {
        "recording_id": one.recording_id,
        "pack": rule.pack,
        "rule": rule.id,
        "citation": rule.citation,
        "words": found.words,
        "answer_only": one.answer_only,
        "adopted": found.adopted,
        "started_by": found.started_by.value,
        "started_at": found.started_at,
        "due_at": one.due_after(extensions),
        "extendable_because": one.extension_reason or None,
        "extendable_to": one.steps[extensions] if extensions < len(one.steps) else None,
        "latest": one.latest,
    }


def _other(row: sa.Row[Any], one: RequestClock) -> bool:
    """Whether a row says another thing of a clock than what follows now."""
    return any(getattr(row, name) != value for name, value in _values(one, row.extensions).items())


def _keep(tx: Connection, request_id: str, wanted: Mapping[_Key, RequestClock], now: datetime) -> None:
    mine = request_clock.c.request_id == request_id
    known = {_key(row): row for row in tx.execute(sa.select(request_clock).where(mine))}
    for key, one in wanted.items():
        row = known.get(key)
        if row is None:
            tx.execute(request_clock.insert(), {"id": new_id(), "request_id": request_id, **_values(one, 0)})
        elif row.ended_at is not None or _other(row, one):
            values = {**_values(one, row.extensions), "ended_at": None}
            tx.execute(request_clock.update().where(request_clock.c.id == row.id).values(values))
    gone = [row.id for key, row in known.items() if key not in wanted and row.ended_at is None]
    if gone:
        tx.execute(request_clock.update().where(request_clock.c.id.in_(gone)).values(ended_at=now))


def _put_due(tx: Connection, request_id: str, book_id: str | None) -> None:
    """What is due first, into the request's row."""
    first = _first(tx, request_id)
    values: dict[str, Any] = {"due_at": first.due_at if first else None, "due_rule": first.citation if first else None}
    if book_id is not None:
        values["book"] = book_id
    tx.execute(records_request.update().where(records_request.c.id == request_id).values(values))


def _first(tx: Connection, request_id: str) -> Any:
    running = _of(request_id), request_clock.c.met_at.is_(None)
    query = sa.select(request_clock.c.due_at, request_clock.c.citation).where(*running)
    return tx.execute(query.order_by(request_clock.c.due_at, request_clock.c.id).limit(1)).first()


def _of(request_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(request_clock.c.request_id == request_id, request_clock.c.ended_at.is_(None))


def _key(row: Any) -> _Key:
    return row.recording_id, row.pack, row.rule


def _not_extendable(row: Any, now: datetime) -> str | None:
    """Why a clock cannot be extended; None where it can."""
    if row is None:
        return "it has no such clock"
    if row.met_at is not None:
        return "what this clock asks for was done"
    if row.extendable_to is None and row.extensions:
        return f"it was extended on {row.extended_at:%Y-%m-%d}, and the rule allows no more ({row.citation})"
    if row.extendable_to is None:
        return f"the rule allows no extension ({row.citation})"
    if row.due_at < now:
        return f"the time ran out on {row.due_at:%Y-%m-%d %H:%M} UTC, and only a time that runs can be extended"
    return None
