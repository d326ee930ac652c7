"""Telling the records office that something of a critical incident is due soon by law, or overdue.

Each clock is told by itself, once when its end is near and once when it is over: that the viewing is late keeps nobody
from hearing that the release is too. A clock that ends at another time than it did, as it was put off or the next
recording is due, is told anew. What is told names the incident by its address, and the law; no names, no places.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.core.outbox import NoticeKind, is_open, open_keys, resolve, tell
from candor.disclosure.critical.rules import Due
from candor.disclosure.requests.rules import ClockState, clock_state
from candor.law.words import moment_words
from candor.people.service import agency

__all__ = ["of_clocks", "settle"]

_KINDS = {ClockState.NEAR: NoticeKind.CRITICAL_DUE, ClockState.OVER: NoticeKind.CRITICAL_OVERDUE}


def of_clocks(tx: Connection, critical_id: str, dues: Sequence[Due], *, clock: Clock) -> None:
    """Tell of each clock of an open incident that ends soon, or is over; each once."""
    now = clock.now()
    for one in dues:
        state = clock_state(one.at, now)
        kind = _KINDS.get(state)
        key = _key(state, critical_id, one)
        if kind is not None and not is_open(tx, key):
            words = {"words": _words(tx, one, now)}
            tell(tx, kind, details=words, about=f"/critical/{critical_id}", once=key, clock=clock)


def settle(tx: Connection, critical_id: str, dues: Sequence[Due], *, clock: Clock) -> None:
    """Close what was told of clocks that are neither near their end nor over any more: what they ask for was done, they
    were put off, or the incident was closed (`dues` none)."""
    now = clock.now()
    still = {key for one in dues for key in _true(critical_id, one, now)}
    for state in _KINDS:
        for key in open_keys(tx, _beginning(state, critical_id)):
            if key not in still:
                resolve(tx, key, clock=clock)


def _true(critical_id: str, one: Due, now: datetime) -> list[str]:
    """What was told of it and goes on being true: what is over was near, too."""
    state = clock_state(one.at, now)
    told = {ClockState.NEAR: [ClockState.NEAR], ClockState.OVER: [ClockState.NEAR, ClockState.OVER]}
    return [_key(each, critical_id, one) for each in told.get(state, ())]


def _key(state: ClockState, critical_id: str, one: Due) -> str:
    return f"{_beginning(state, critical_id)}{iso(one.at)}:{one.what}"


def _beginning(state: ClockState, critical_id: str) -> str:
    return f"critical-{state.value}:{critical_id}:"


def _words(tx: Connection, one: Due, now: datetime) -> str:
    place = agency(tx)
    by = moment_words(one.at, place.time_zone if place else "UTC")
    return f"{one.asks} {'was' if one.at < now else 'is'} due by {by} ({one.citation})."
