"""What cases mean to the law: which are open, when the last was closed, what was noted in them. And what of cases a
recording leaves behind when it is destroyed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage import facts
from candor.footage.register import Digest, Kept, register
from candor.law.vocabulary import LawEvent
from candor.matters.rules import CaseState, moment_of
from candor.matters.tables import matter, matter_event, matter_recording

__all__ = ["events_for", "open_cases_for"]

#: Recordings of one question to the database: fewer than the least number of values that either takes.
_AT_ONCE = 500
#: Recordings that are asked for one by one.
_FEW = 100


def open_cases_for(tx: Connection, recording_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Of recordings the numbers of their cases that are open, in order; those without any are left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    query = sa.select(matter_recording.c.recording_id, matter.c.number)
    query = query.join(matter, matter.c.id == matter_recording.c.matter_id)
    query = query.where(matter_recording.c.removed_at.is_(None), matter.c.state == CaseState.OPEN.value)
    for some in _batches(_in_cases(tx, recording_ids)):
        for row in tx.execute(query.where(matter_recording.c.recording_id.in_(some))):
            found[row.recording_id].append(row.number)
    return {one: tuple(sorted(numbers)) for one, numbers in found.items()}


def events_for(tx: Connection, recording_ids: Sequence[str]) -> Mapping[str, Mapping[LawEvent, datetime]]:
    """Of recordings the moments from their cases, one of each kind (`rules.moment_of`); those without are left out.

    The last closing is only told where no case is open: before that, the last of its cases was not closed.
    """
    told: dict[str, dict[LawEvent, datetime]] = {}
    for some in _batches(_in_cases(tx, recording_ids)):
        running: defaultdict[tuple[str, LawEvent], list[datetime]] = defaultdict(list)
        ended: defaultdict[tuple[str, LawEvent], list[datetime]] = defaultdict(list)
        still_open: set[str] = set()
        inside = sa.and_(matter_recording.c.recording_id.in_(some), matter_recording.c.removed_at.is_(None))
        belongs = matter_recording.join(matter, matter.c.id == matter_recording.c.matter_id)
        states = sa.select(matter_recording.c.recording_id, matter.c.state, matter.c.closed_at)
        for row in tx.execute(states.select_from(belongs).where(inside)):
            if row.state == CaseState.OPEN:
                still_open.add(row.recording_id)
            elif row.closed_at is not None:
                ended[row.recording_id, LawEvent.CASE_CLOSED].append(row.closed_at)
        noted = sa.select(matter_recording.c.recording_id, matter.c.state, matter_event.c.event, matter_event.c.at)
        noted = noted.select_from(belongs.join(matter_event, matter_event.c.matter_id == matter.c.id))
        for said in tx.execute(noted.where(inside, matter_event.c.withdrawn_at.is_(None))):
            kept = running if said.state == CaseState.OPEN else ended
            kept[said.recording_id, LawEvent(said.event)].append(said.at)
        for one, event in {*running, *ended}:
            moment = moment_of(event, running[one, event], ended[one, event])
            if moment is not None and not (event is LawEvent.CASE_CLOSED and one in still_open):
                told.setdefault(one, {})[event] = moment
    return told


def _in_cases(tx: Connection, recording_ids: Sequence[str]) -> list[str]:
    """Those that are in a case at all. Whoever plans asks for thousands in the order of their identifiers, few of which
    are: a stretch between two ends finds them at once."""
    if len(recording_ids) <= _FEW:
        return list(recording_ids)
    between = matter_recording.c.recording_id.between(min(recording_ids), max(recording_ids))
    query = sa.select(matter_recording.c.recording_id).where(matter_recording.c.removed_at.is_(None), between)
    asked = set(recording_ids)
    return sorted({one for one in tx.scalars(query) if one in asked})


def _batches(recording_ids: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(recording_ids)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _refers(tx: Connection, recording_id: str) -> list[str]:
    query = sa.select(matter.c.number, matter.c.state)
    query = query.join(matter_recording, matter_recording.c.matter_id == matter.c.id)
    query = query.where(matter_recording.c.recording_id == recording_id, matter_recording.c.removed_at.is_(None))
    return [f"the case {row.number}, which is {row.state}" for row in tx.execute(query.order_by(matter.c.number))]


def _erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Words that somebody wrote of the recording go; that it was in the case stays."""
    mine = matter_recording.c.recording_id == recording_id
    tx.execute(matter_recording.update().where(mine).values(reason=_GONE))
    tx.execute(
        matter_recording.update().where(mine, matter_recording.c.removed_at.is_not(None)).values(remove_reason=_GONE)
    )


_GONE = "(taken out by an order of erasure)"

register(
    Kept(
        name="cases",
        words="which cases it is in, or was, with the reason",
        goes="nothing; an order of erasure takes the reasons",
        stays="that it is in the case, so that the case tells what was destroyed",
        tables=frozenset({"matter_recording"}),
        erase=_erase,
        refers=_refers,
    )
)

facts.CASES.append(open_cases_for)
facts.EVENTS.append(events_for)
