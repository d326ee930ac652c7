"""What people actually watched in review, by second of the viewing copy; shown, and told with every copy.

Seconds are counted once, whoever watched them. What is sent is bounded by the part's length, so that nobody watches
more than there is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.people.rules import Actor
from candor.redaction.errors import EditWrong
from candor.redaction.redactions import parts_of, to_change
from candor.redaction.tables import redaction_watched

__all__ = ["Run", "Watched", "merge", "note_watched", "watched_of"]

Run = tuple[int, int]
"""First and last second, both included."""

MOST_RUNS: Final = 1_000


@dataclass(frozen=True)
class Watched:
    """What was watched of a part. `seconds`: its length; `runs`: what anybody watched; `gaps`: what nobody did;
    `by_account`: seconds by account; `edit`: the newest edit at the last watching."""

    part_id: str
    seconds: int
    runs: tuple[Run, ...]
    gaps: tuple[Run, ...]
    by_account: dict[str, int]
    edit: int

    @property
    def thousandths(self) -> int:
        """How much of it was watched, rounded down: 1000 is all of it."""
        return 1000 * _count(self.runs) // self.seconds if self.seconds else 0


def merge(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same seconds as runs in order that neither overlap nor touch."""
    found: list[Run] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def gaps(runs: Sequence[Run], seconds: int) -> tuple[Run, ...]:
    """The seconds from 0 to `seconds` - 1 that are in none of these merged runs."""
    ends = [-1, *(last for _, last in runs)]
    starts = [*(first for first, _ in runs), seconds]
    return tuple((end + 1, start - 1) for end, start in zip(ends, starts, strict=True) if start - 1 >= end + 1)


def note_watched(
    tx: Connection, actor: Actor, redaction_id: str, part_id: str, runs: Any, *, clock: Clock | None = None
) -> Watched:
    """Add what the actor watched of a part: JSON that somebody sent, [[first second, last second], …].

    Raises RedactionUnknown, RedactionClosed, RecordingDestroyed, EditWrong.
    """
    found = to_change(tx, actor, redaction_id)
    seconds = _seconds_of(tx, redaction_id).get(part_id)
    if seconds is None:
        raise EditWrong(reason=f"{part_id} is no part of this redaction")
    sent = _read(runs, seconds)
    table = redaction_watched.c
    mine = table.redaction_id == redaction_id, table.part_id == part_id, table.account_id == actor.account_id
    before = tx.scalar(sa.select(table.runs).where(*mine))
    merged = [list(one) for one in merge([*_runs(before or ()), *sent])]
    values = {"runs": merged, "edit": found.edit, "updated_at": (clock or SystemClock()).now()}
    if before is None:
        row = {"redaction_id": redaction_id, "part_id": part_id, "account_id": actor.account_id}
        tx.execute(redaction_watched.insert().values(**row, **values))
    else:
        tx.execute(redaction_watched.update().where(*mine).values(**values))
    return watched_of(tx, redaction_id)[part_id]


def watched_of(tx: Connection, redaction_id: str) -> dict[str, Watched]:
    """What was watched of each part, by its identifier; whoever calls has checked that it may be seen."""
    rows: dict[str, list[Any]] = {}
    query = sa.select(redaction_watched).where(redaction_watched.c.redaction_id == redaction_id)
    for row in tx.execute(query.order_by(redaction_watched.c.account_id)):
        rows.setdefault(row.part_id, []).append(row)
    found = {}
    for part_id, seconds in _seconds_of(tx, redaction_id).items():
        its = rows.get(part_id, [])
        runs = merge(run for row in its for run in _runs(row.runs))
        by = {row.account_id: _count(_runs(row.runs)) for row in its}
        edit = max((row.edit for row in its), default=0)
        found[part_id] = Watched(part_id, seconds, runs, gaps(runs, seconds), by, edit)
    return found


def _seconds_of(tx: Connection, redaction_id: str) -> dict[str, int]:
    """How many seconds each part has, the last begun one counted."""
    return {
        one.part_id: math.ceil(float(one.facts["duration"])) if one.facts else 0 for one in parts_of(tx, redaction_id)
    }


def _runs(value: Iterable[Sequence[int]]) -> list[Run]:
    return [(int(first), int(last)) for first, last in value]


def _count(runs: Iterable[Run]) -> int:
    return sum(last - first + 1 for first, last in runs)


def _read(value: Any, seconds: int) -> list[Run]:
    if not isinstance(value, list) or len(value) > MOST_RUNS:
        raise EditWrong(reason=f"what was watched comes as a list of at most {MOST_RUNS} runs")
    found = []
    for one in value:
        if not isinstance(one, list) or len(one) != 2 or any(type(place) is not int for place in one):
            raise EditWrong(reason="a run is a first and a last second")
        first, last = max(0, one[0]), min(one[1], seconds - 1)
        if first <= last:
            found.append((first, last))
    return found


def forget_watched(tx: Connection, recording_parts: sa.Select[Any]) -> None:
    """Take out which seconds were watched of these parts."""
    mine = redaction_watched.c.part_id.in_(recording_parts)
    tx.execute(redaction_watched.update().where(mine).values(runs=[]))
