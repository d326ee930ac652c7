"""The end of a request, and taking it up again.

Rooms above say what has to be done before an answer (`BEFORE_ANSWER`): decisions on every recording that is meant, a
letter. With the answer the clocks end, and what was held because of the request is released once nothing of it is about
to go out and no refusal can be appealed any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody.events import Event
from candor.disclosure.requests import clocks, kept_on, meant, telling
from candor.disclosure.requests.errors import RequestFieldWrong, RequestNotAnswerable, RequestOpenAlready
from candor.disclosure.requests.holding import held, note, put
from candor.disclosure.requests.reading import records_request as records_request_of
from candor.disclosure.requests.rules import OPEN, Meant, Outcome, RequestState, closed_state
from candor.disclosure.requests.tables import records_request, request_recording
from candor.disclosure.requests.words import checked_reason, chosen, digest
from candor.people.rules import Actor

__all__ = ["BEFORE_ANSWER", "answer", "put_decided", "reopen", "withdraw"]

#: Who knows why a request cannot be answered yet, with an outcome: rooms above. Each gives words, or None.
BEFORE_ANSWER: list[Callable[[Connection, str, Outcome], str | None]] = []


def answer(
    tx: Connection,
    actor: Actor,
    request_id: str,
    outcome: Outcome | str,
    *,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> bool:
    """Answer a request; whether that was late. Raises Refused, RequestUnknown, RequestClosed, RequestChangedMeanwhile,
    RequestFieldWrong, RequestNotAnswerable."""
    clock = clock or SystemClock()
    before = held(tx, actor, request_id, version=expected_version)
    found = chosen(Outcome, "outcome", outcome)
    if found is Outcome.WITHDRAWN:
        raise RequestFieldWrong(field="outcome", reason="a request is taken back by whoever asked, not answered so")
    clocks.make_clocks(tx, before.id, clock=clock)
    wrong = _not_answerable(tx, before.id, found)
    if wrong is not None:
        raise RequestNotAnswerable(number=before.number, reason=wrong)
    now = clock.now()
    late = clocks.is_late(tx, before.id, now)
    version = _close(tx, before, found, clock, answered_at=now, late=late)
    details = {"outcome": found.value, "late": late, "version": version}
    note(tx, Event.REQUEST_ANSWERED, actor, before.id, details, clock=clock)
    return late


def withdraw(
    tx: Connection,
    actor: Actor,
    request_id: str,
    *,
    reason: str,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> None:
    """Put on record that whoever asked takes it back. Raises Refused, RequestUnknown, RequestClosed,
    RequestChangedMeanwhile, RequestReasonMissing."""
    clock = clock or SystemClock()
    before, why = held(tx, actor, request_id, version=expected_version), checked_reason(reason)
    version = _close(tx, before, Outcome.WITHDRAWN, clock)
    details = {"reason_sha256": digest(why), "version": version}
    note(tx, Event.REQUEST_WITHDRAWN, actor, before.id, details, clock=clock)


def reopen(
    tx: Connection,
    actor: Actor,
    request_id: str,
    *,
    reason: str,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> None:
    """Take a closed request up again: its clocks run on from where they began, and what it means is held again. Raises
    Refused, RequestUnknown, RequestOpenAlready, RequestChangedMeanwhile, RequestReasonMissing."""
    clock, why = clock or SystemClock(), checked_reason(reason)
    meant.lock_meant(tx, records_request_of(tx, actor, request_id).id)
    before = held(tx, actor, request_id, version=expected_version, must_be_open=False)
    if before.state in OPEN:
        raise RequestOpenAlready(number=before.number)
    state = RequestState.RECEIVED if before.assigned_to is None else RequestState.WORKING
    values = {"state": state.value, "closed_at": None, "answered_at": None, "outcome": None, "late": False}
    version = put(tx, before, **values)
    meant.hold_again(tx, before, clock=clock)
    clocks.run_again(tx, before.id, before.closed_at, clock=clock)
    details = {"reason_sha256": digest(why), "outcome": before.outcome, "version": version}
    note(tx, Event.REQUEST_REOPENED, actor, before.id, details, clock=clock)


def put_decided(tx: Connection, request_id: str, decided: bool) -> None:
    """Say that every recording that is meant has a decision, or not any more. For the room of decisions, which holds
    the request and counts its version."""
    before, after = RequestState.DECIDED, RequestState.WORKING
    table, here = records_request, records_request.c.id == request_id
    if decided:
        others = [one.value for one in OPEN if one is not RequestState.DECIDED]
        tx.execute(table.update().where(here, table.c.state.in_(others)).values(state=before.value))
    else:
        tx.execute(table.update().where(here, table.c.state == before.value).values(state=after.value))


def _not_answerable(tx: Connection, request_id: str, outcome: Outcome) -> str | None:
    said = request_recording.c.request_id == request_id, request_recording.c.meant == Meant.MEANT.value
    some = tx.execute(sa.select(request_recording.c.recording_id).where(*said).limit(1)).first() is not None
    if outcome is Outcome.NOTHING_FOUND and some:
        return "recordings were found that it means; say of them that it does not, or choose another outcome"
    if outcome is not Outcome.NOTHING_FOUND and not some:
        return "nobody has said yet which recordings it means"
    return next((words for asks in BEFORE_ANSWER if (words := asks(tx, request_id, outcome)) is not None), None)


def _close(tx: Connection, before: sa.Row[Any], outcome: Outcome, clock: Clock, **values: Any) -> int:
    now = clock.now()
    state = closed_state(outcome)
    version = put(tx, before, state=state.value, closed_at=now, outcome=outcome.value, **values)
    clocks.meet(tx, before.id, now, clock=clock)
    kept_on.free_what_is_over(tx, before.id, clock=clock)
    telling.settle_message(tx, before.id, clock=clock)
    return version
