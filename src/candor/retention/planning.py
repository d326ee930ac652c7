"""What may be destroyed at a moment, by a book, over all recordings: streamed, in seconds per million and flat memory.

Recordings are read in the order of their identifiers, some thousand at a time; holds, cases, labels and events are
asked for those alone. What the rules make of a category, labels and a day is worked out once (`law.engine.Schedules`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import iso
from candor.footage.court_seals import closed_between
from candor.footage.facts import facts_for
from candor.footage.rules import RecordingState
from candor.footage.tables import recording
from candor.law.engine import Profile, Schedules
from candor.law.model import Book, Facts
from candor.retention.errors import PlanStopped

__all__ = ["BLOCK_WORDS", "Candidate", "Difference", "Plan", "Tally", "compare", "plan", "purgeable"]

#: Recordings that are read at a time: all that is held in memory.
CHUNK = 2000
#: How far ahead the plan looks.
MONTHS_AHEAD = 12

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]

#: Why recordings stay, by the code of what blocks first.
BLOCK_WORDS: dict[str, str] = {
    "hold": "held",
    "closed": "closed by order of a court",
    "open-case": "in a case that is open",
    "extended": "kept longer at somebody’s request",
    "no-law": "no law is in force here",
    "uncategorised": "without a category that means something to the law",
    "no-rule": "no rule says how long",
    "not-adopted": "no rule that lets it go is checked or adopted",
    "start-unknown": "no end is known yet",
    "not-over": "the period is not over",
}


class Candidate(NamedTuple):
    """A recording that may be destroyed: identifier, bytes, length."""

    id: str
    size: int
    duration_ms: int


@dataclass
class Tally:
    """How many recordings, how long, how large."""

    recordings: int = 0
    duration_ms: int = 0
    size: int = 0

    def add(self, row: Any) -> None:
        """Count one more."""
        self.recordings += 1
        self.duration_ms += row.duration_ms or 0
        self.size += row.size

    def join(self, other: Tally) -> None:
        """Count what was counted."""
        self.recordings += other.recordings
        self.duration_ms += other.duration_ms
        self.size += other.size

    def to_json(self) -> dict[str, int]:
        """As it is kept and shown."""
        return {"recordings": self.recordings, "duration_ms": self.duration_ms, "size": self.size}


@dataclass
class Plan:
    """What follows for everything at a moment. `outlook`: by month (2026-12), what becomes destroyable in it if nothing
    changes; `no_end`: recordings whose end nobody knows; `by_rules`: by the rules that keep them."""

    moment: datetime
    book: str
    purgeable: Tally = field(default_factory=Tally)
    kept: Tally = field(default_factory=Tally)
    by_category: dict[str | None, tuple[Tally, Tally]] = field(default_factory=dict)
    by_block: dict[str, Tally] = field(default_factory=dict)
    by_rules: dict[tuple[str, ...], tuple[Tally, Tally]] = field(default_factory=dict)
    outlook: dict[str, Tally] = field(default_factory=dict)
    no_end: int = 0

    def to_json(self) -> dict[str, Any]:
        """As it is kept and shown: numbers, codes and names."""
        return {
            "moment": iso(self.moment),
            "book": self.book,
            "purgeable": self.purgeable.to_json(),
            "kept": self.kept.to_json(),
            "by_category": [
                {"category": name, "purgeable": goes.to_json(), "kept": stays.to_json()}
                for name, (goes, stays) in _named(self.by_category)
            ],
            "by_block": [{"block": code, **counted.to_json()} for code, counted in sorted(self.by_block.items())],
            "by_rules": [
                {"rules": list(rules), "purgeable": goes.to_json(), "kept": stays.to_json()}
                for rules, (goes, stays) in sorted(self.by_rules.items())
            ],
            "outlook": [{"month": month, **self.outlook[month].to_json()} for month in sorted(self.outlook)],
            "no_end": self.no_end,
        }


@dataclass
class Difference:
    """What a change would make of everything at a moment: how much becomes destroyable, how much no longer is."""

    moment: datetime
    before: str
    after: str
    recordings: int = 0
    becomes_purgeable: Tally = field(default_factory=Tally)
    becomes_kept: Tally = field(default_factory=Tally)
    by_category: dict[str | None, tuple[Tally, Tally]] = field(default_factory=dict)
    ends_sooner: int = 0
    ends_later: int = 0

    def to_json(self) -> dict[str, Any]:
        """As it is kept and shown."""
        return {
            "moment": iso(self.moment),
            "book_before": self.before,
            "book": self.after,
            "recordings": self.recordings,
            "becomes_purgeable": self.becomes_purgeable.to_json(),
            "becomes_kept": self.becomes_kept.to_json(),
            "by_category": [
                {"category": name, "becomes_purgeable": goes.to_json(), "becomes_kept": stays.to_json()}
                for name, (goes, stays) in _named(self.by_category)
            ],
            "ends_sooner": self.ends_sooner,
            "ends_later": self.ends_later,
        }


def plan(
    tx: Connection,
    book: Book,
    moment: datetime,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Plan:
    """What may be destroyed at a moment and what stays, and why. Raises PlanStopped when `cancelled` says so."""
    schedules = Schedules(book, moment)
    counted: dict[_Key, Tally] = {}
    profiles: dict[int, Profile] = {}
    for row, facts, closed in _everything(tx, progress=progress, cancelled=cancelled):
        profile = schedules.profile(facts.category, facts.labels, facts.recorded_at)
        until = _until(profile, facts)
        block = _block(profile, facts, until, moment, closed)
        month = until.year * 12 + until.month - 1 if block == "not-over" and until is not None else None
        profiles[id(profile)] = profile
        key = (facts.category, id(profile), block, month, until is None)
        found = counted.get(key)
        if found is None:
            found = counted[key] = Tally()
        found.add(row)
    return _gathered(Plan(moment, book.id), counted, profiles)


#: Category, which profile, what blocks, the month of the end (counted from the year 0), whether no end is known.
_Key = tuple[str | None, int, str | None, int | None, bool]


def _gathered(made: Plan, counted: dict[_Key, Tally], profiles: dict[int, Profile]) -> Plan:
    """The plan from what was counted of each sort of recording."""
    months = _months(made.moment)
    made.outlook = {month: Tally() for month in months}
    for (category, profile, block, month, endless), tally in counted.items():
        side = 1 if block else 0
        (made.kept if block else made.purgeable).join(tally)
        made.by_category.setdefault(category, (Tally(), Tally()))[side].join(tally)
        rules = tuple(sorted({one.rule.id for one in profiles[profile].rules}))
        made.by_rules.setdefault(rules, (Tally(), Tally()))[side].join(tally)
        if block:
            made.by_block.setdefault(block, Tally()).join(tally)
            made.no_end += tally.recordings if endless else 0
        if month is not None:
            year, number = divmod(month, 12)
            shown = made.outlook.get(f"{year:04}-{number + 1:02}")
            if shown is not None:
                shown.join(tally)
    return made


def compare(
    tx: Connection,
    before: Book,
    after: Book,
    moment: datetime,
    note: Callable[[str, str], None],
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Difference:
    """What differs between two books at a moment. `note(recording id, "purgeable" or "kept")` is called for each
    recording that becomes it. Raises PlanStopped."""
    old, new = Schedules(before, moment), Schedules(after, moment)
    made = Difference(moment, before.id, after.id)
    for row, facts, closed in _everything(tx, progress=progress, cancelled=cancelled):
        made.recordings += 1
        was = old.profile(facts.category, facts.labels, facts.recorded_at)
        will = new.profile(facts.category, facts.labels, facts.recorded_at)
        was_until, will_until = _until(was, facts), _until(will, facts)
        could = _block(was, facts, was_until, moment, closed) is None
        can = _block(will, facts, will_until, moment, closed) is None
        if could != can:
            side = 0 if can else 1
            (made.becomes_purgeable if can else made.becomes_kept).add(row)
            made.by_category.setdefault(facts.category, (Tally(), Tally()))[side].add(row)
            note(row.id, "purgeable" if can else "kept")
        if was_until != will_until:
            sooner = was_until is None or (will_until is not None and will_until < was_until)
            made.ends_sooner += sooner
            made.ends_later += not sooner
    return made


def purgeable(tx: Connection, book: Book, moment: datetime, *narrowed: sa.ColumnElement[bool]) -> Iterator[Candidate]:
    """The recordings that may be destroyed at a moment, in the order of their identifiers; `narrowed`: conditions on
    `recording`."""
    schedules = Schedules(book, moment)
    for row, facts, closed in _everything(tx, *narrowed):
        profile = schedules.profile(facts.category, facts.labels, facts.recorded_at)
        if _block(profile, facts, _until(profile, facts), moment, closed) is None:
            yield Candidate(row.id, row.size, row.duration_ms or 0)


def _everything(
    tx: Connection,
    *narrowed: sa.ColumnElement[bool],
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Iterator[tuple[Any, Facts, bool]]:
    """Every sealed recording with its facts, and whether a court closed it, some at a time."""
    which = (recording.c.state == RecordingState.SEALED.value, *narrowed)
    total = 0
    if progress is not None:
        total = tx.scalar(sa.select(sa.func.count()).select_from(recording).where(*which)) or 0
    done, last = 0, ""
    query = sa.select(*_COLUMNS).where(*which)
    while True:
        rows = tx.execute(query.where(recording.c.id > last).order_by(recording.c.id).limit(CHUNK)).all()
        if not rows:
            return
        closed = closed_between(tx, rows[0].id, rows[-1].id)
        for row, facts in zip(rows, facts_for(tx, rows), strict=True):
            yield row, facts, row.id in closed
        last, done = rows[-1].id, done + len(rows)
        if progress is not None:
            progress(done / max(1, total, done))
        if cancelled is not None and cancelled():
            raise PlanStopped()


#: What is read of a recording. Its flags as the text that they are kept as: it is only asked whether one is in it, and
#: reading a million lists takes seconds.
_COLUMNS = (
    *(recording.c[name] for name in ("id", "category", "started_at", "started_source", "received_at")),
    sa.type_coerce(recording.c.flags, sa.Text).label("flags"),
    *(recording.c[name] for name in ("size", "duration_ms")),
)


def _named(by_category: dict[str | None, tuple[Tally, Tally]]) -> list[tuple[str | None, tuple[Tally, Tally]]]:
    """Categories by name, what has none last."""
    return sorted(by_category.items(), key=lambda one: (one[0] is None, one[0] or ""))


def _until(profile: Profile, facts: Facts) -> datetime | None:
    return profile.until(
        facts.recorded_at,
        facts.received_at,
        facts.events,
        open_case=bool(facts.open_cases),
        extended_until=facts.extended_until,
    )


def _block(profile: Profile, facts: Facts, until: datetime | None, moment: datetime, closed: bool) -> str | None:
    """The code of what blocks first, in the order of `staying.must_stay`; None when it may go."""
    if not closed and profile.purgeable(until, moment, held=bool(facts.holds), open_case=bool(facts.open_cases)):
        return None
    if facts.holds:
        return "hold"
    if closed:
        return "closed"
    if facts.open_cases:
        return "open-case"
    if facts.extended_until is not None and facts.extended_until > moment:
        return "extended"
    if profile.blocks:
        return profile.blocks[0].code
    return "start-unknown" if until is None else "not-over"


def _months(moment: datetime) -> list[str]:
    """This month and those ahead."""
    found: list[str] = []
    first = moment.replace(day=1)
    for _ in range(MONTHS_AHEAD + 1):
        found.append(f"{first.year:04}-{first.month:02}")
        first = (first + timedelta(days=32)).replace(day=1)
    return found
