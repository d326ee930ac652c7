"""Which recordings a request means: said by a person, with the reason. What is meant is held until the answer.

What a recording's own history says of it names the request by its id alone: that history is handed out with the
recording, to people who may not know of the request.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody.events import Event
from candor.disclosure.requests import clocks
from candor.disclosure.requests.errors import RequestFieldWrong, TooManyForRequest
from candor.disclosure.requests.holding import held, note, put
from candor.disclosure.requests.rules import Meant, RequestState
from candor.disclosure.requests.tables import records_request, request_recording
from candor.disclosure.requests.words import checked_reason, digest
from candor.footage import regrouping
from candor.footage.errors import RecordingUnknown
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import recording
from candor.law.vocabulary import HoldKind
from candor.people.rules import Actor, Permission, system_actor
from candor.retention import holds
from candor.retention.errors import HoldReleased, HoldUnknown

__all__ = ["MOST_AT_ONCE", "free_holds", "hold_again", "lock_meant", "mean", "not_mean"]

#: Recordings of one act, which is one transaction.
MOST_AT_ONCE = 500
#: Holds of requests are the program's: whoever answers requests need not be allowed to place others.
_SYSTEM = system_actor("requests")


def mean(
    tx: Connection,
    actor: Actor,
    request_id: str,
    recording_ids: Sequence[str],
    *,
    why: str,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> list[str]:
    """Say that a request means these recordings; the ids of those of which it was not said before, in order. They are
    held until the request is closed.

    All or none: raises Refused, RequestUnknown, RequestClosed, RequestChangedMeanwhile, RequestReasonMissing,
    TooManyForRequest, and RecordingUnknown for the first that the actor may not see.
    """
    clock = clock or SystemClock()
    actor.require(Permission.REQUESTS_MANAGE)
    chosen, reason = _chosen(tx, actor, recording_ids), checked_reason(why)
    _lock(tx, chosen)
    before = held(tx, actor, request_id, version=expected_version)
    said = _said(tx, before.id)
    fresh = [one for one in chosen if _meant(said.get(one)) is not Meant.MEANT]
    for one in fresh:
        hold_id = _hold(tx, before, one, clock)
        values = {"meant": Meant.MEANT.value, "why": reason, "hold_id": hold_id}
        _say(tx, before.id, one, values, actor, clock, known=one in said)
        details = {"hold": hold_id, "why_sha256": digest(reason)}
        note(tx, Event.REQUEST_MEANT, actor, before.id, details, recording=one, clock=clock)
    if fresh:
        _follow(tx, before, clock)
    return fresh


def not_mean(
    tx: Connection,
    actor: Actor,
    request_id: str,
    recording_ids: Sequence[str],
    *,
    why: str,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> list[str]:
    """Say that a request does not mean these recordings; the ids of those of which that was not said before. What held
    them because of it is released. Raises what `mean` raises."""
    clock = clock or SystemClock()
    before, reason = held(tx, actor, request_id, version=expected_version), checked_reason(why)
    said = _said(tx, before.id)
    fresh = [one for one in _chosen(tx, actor, recording_ids) if _meant(said.get(one)) is not Meant.NOT_MEANT]
    for one in fresh:
        known = said.get(one)
        if known is not None and known.hold_id is not None:
            _release(tx, known.hold_id, f"The request {before.number} does not mean it.", clock)
        values = {"meant": Meant.NOT_MEANT.value, "why": reason, "hold_id": None}
        _say(tx, before.id, one, values, actor, clock, known=known is not None)
        details = {"why_sha256": digest(reason)}
        note(tx, Event.REQUEST_NOT_MEANT, actor, before.id, details, recording=one, clock=clock)
    if fresh:
        _follow(tx, before, clock)
    return fresh


def free_holds(tx: Connection, request_id: str, number: str, *, clock: Clock) -> int:
    """Release what a request held; how many."""
    query = sa.select(request_recording).where(
        request_recording.c.request_id == request_id, request_recording.c.hold_id.is_not(None)
    )
    rows = tx.execute(query.order_by(request_recording.c.recording_id)).all()
    for row in rows:
        _release(tx, row.hold_id, f"The request {number} is closed.", clock)
    mine = request_recording.c.request_id == request_id
    tx.execute(request_recording.update().where(mine).values(hold_id=None))
    return len(rows)


def hold_again(tx: Connection, request: sa.Row[Any], *, clock: Clock) -> int:
    """Hold anew what a request means that was taken up again; how many. What was destroyed meanwhile is not."""
    query = sa.select(request_recording.c.recording_id).join(
        recording, recording.c.id == request_recording.c.recording_id
    )
    query = query.where(
        request_recording.c.request_id == request.id,
        request_recording.c.meant == Meant.MEANT.value,
        recording.c.state != RecordingState.DESTROYED.value,
    )
    ids = tx.scalars(query.order_by(request_recording.c.recording_id)).all()
    free_holds(tx, request.id, request.number, clock=clock)  # what was still held after it was closed
    for one in ids:
        mine = request_recording.c.request_id == request.id, request_recording.c.recording_id == one
        tx.execute(request_recording.update().where(*mine).values(hold_id=_hold(tx, request, one, clock)))
    return len(ids)


def _pass_on(tx: Connection, whole_id: str, other_id: str, actor: Actor, clock: Clock) -> None:
    """A recording became part of another one: a request that means it means that one. Its hold went there too."""
    joined = request_recording.join(records_request, records_request.c.id == request_recording.c.request_id)
    query = sa.select(request_recording, records_request.c.closed_at).select_from(joined)
    query = query.where(request_recording.c.recording_id == other_id, request_recording.c.meant == Meant.MEANT.value)
    for row in tx.execute(query.order_by(request_recording.c.request_id)).all():
        there = _said(tx, row.request_id).get(whole_id)
        if _meant(there) is Meant.MEANT:
            continue
        values = {"meant": Meant.MEANT.value, "why": row.why, "hold_id": row.hold_id}
        _say(tx, row.request_id, whole_id, values, actor, clock, known=there is not None)
        mine = request_recording.c.request_id == row.request_id, request_recording.c.recording_id == other_id
        tx.execute(request_recording.update().where(*mine).values(hold_id=None))
        details = {"hold": row.hold_id, "from": other_id}
        note(tx, Event.REQUEST_MEANT, actor, row.request_id, details, recording=whole_id, clock=clock)
        if row.closed_at is None:
            clocks.make_clocks(tx, row.request_id, clock=clock)


regrouping.PASS_ON.append(_pass_on)


def _follow(tx: Connection, before: sa.Row[Any], clock: Clock) -> None:
    """What follows when another set of recordings is meant: the clocks, and that somebody works on it."""
    state = RequestState.WORKING if before.state in _MOVED else RequestState(before.state)
    put(tx, before, state=state.value)
    clocks.make_clocks(tx, before.id, clock=clock)


#: What is decided was decided on other recordings.
_MOVED = (RequestState.RECEIVED, RequestState.DECIDED)


def lock_meant(tx: Connection, request_id: str) -> None:
    """Wait for whoever changes recordings that a request means; before the request itself is held."""
    mine = request_recording.c.request_id == request_id, request_recording.c.meant == Meant.MEANT.value
    _lock(tx, tx.scalars(sa.select(request_recording.c.recording_id).where(*mine)).all())


def _lock(tx: Connection, recording_ids: Sequence[str]) -> None:
    """Recordings are locked before requests, in one order, as where one recording becomes part of another: two such
    acts cannot wait for each other."""
    query = sa.select(recording.c.id).where(recording.c.id.in_(recording_ids)).order_by(recording.c.id)
    tx.execute(query.with_for_update(of=recording)).all()


def _chosen(tx: Connection, actor: Actor, recording_ids: Sequence[str]) -> list[str]:
    """The recordings, each as the one that has its parts, in one order for everybody."""
    given = set(recording_ids)
    if len(given) > MOST_AT_ONCE:
        raise TooManyForRequest(most=MOST_AT_ONCE, what="recordings", count=len(given))
    if not given:
        raise RequestFieldWrong(field="choice of recordings", reason="none was chosen")
    return sorted({_whole(tx, actor, one) for one in given})


def _whole(tx: Connection, actor: Actor, recording_id: str) -> str:
    columns = (recording.c.id, recording.c.state, recording.c.regrouped_into)
    query = sa.select(*columns).where(visible_to(actor).expression)
    row = tx.execute(query.where(recording.c.id == recording_id)).first()
    while row is not None and row.state == RecordingState.REGROUPED and row.regrouped_into:
        row = tx.execute(query.where(recording.c.id == row.regrouped_into)).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    return str(row.id)


def _said(tx: Connection, request_id: str) -> dict[str, sa.Row[Any]]:
    query = sa.select(request_recording).where(request_recording.c.request_id == request_id)
    return {row.recording_id: row for row in tx.execute(query)}


def _meant(row: sa.Row[Any] | None) -> Meant | None:
    return None if row is None else Meant(row.meant)


def _say(
    tx: Connection,
    request_id: str,
    recording_id: str,
    values: dict[str, Any],
    actor: Actor,
    clock: Clock,
    *,
    known: bool,
) -> None:
    row = {**values, "said_by": actor.account_id, "said_at": clock.now()}
    if known:
        mine = request_recording.c.request_id == request_id, request_recording.c.recording_id == recording_id
        tx.execute(request_recording.update().where(*mine).values(row))
    else:
        tx.execute(request_recording.insert(), {"request_id": request_id, "recording_id": recording_id, **row})


def _hold(tx: Connection, request: sa.Row[Any], recording_id: str, clock: Clock) -> str | None:
    """A hold on a recording, None on one of which nothing is left to hold."""
    state = tx.scalar(sa.select(recording.c.state).where(recording.c.id == recording_id))
    if state == RecordingState.DESTROYED:
        return None
    reason = f"The request {request.number} means it."
    return holds.place(tx, _SYSTEM, HoldKind.REQUEST, recording_id=recording_id, reason=reason, clock=clock)


def _release(tx: Connection, hold_id: str, reason: str, clock: Clock) -> None:
    with contextlib.suppress(HoldReleased, HoldUnknown):  # somebody ended it by hand before
        holds.release(tx, _SYSTEM, hold_id, reason=reason, clock=clock)
