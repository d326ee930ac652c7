"""Fixity: everything is read again, decrypted, hashed, and compared with what was recorded when it was sealed.

A run goes through the objects in the order of their identifiers and writes down after each how far it has come, so
it can be stopped, or killed, and go on. What it finds is handed to the caller inside the transaction that stores it:
this room lies below custody, and it is the caller who makes it an event.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.database import Database
from candor.core.ids import new_id
from candor.store.errors import FixityRunUnknown, KeyMissing, ObjectAltered, ObjectArchived, ObjectMissing, StoreError
from candor.store.sealing import BLOCK, Digests
from candor.store.tables import fixity_run, vault_object
from candor.store.vault import RecordedObject, Vault

__all__ = [
    "FixityProgress",
    "FixityResult",
    "Outcome",
    "begin_run",
    "check_object",
    "run_fixity",
    "unfinished_run",
]


class Outcome(StrEnum):
    """What a check of one object came to."""

    OK = "ok"
    MISSING = "missing"
    ALTERED = "altered"
    UNREADABLE = "unreadable"
    KEY_MISSING = "key missing"


@dataclass(frozen=True, slots=True)
class FixityResult:
    """One object's check. `findings` names, in words, each thing that does not match; empty when all does."""

    object_id: str
    kind: str
    outcome: Outcome
    findings: tuple[str, ...]
    bytes_read: int
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class FixityProgress:
    """How far a run has come. Bytes are of plaintext; the totals are those of the moment the run was taken up."""

    run_id: str
    objects_done: int
    objects_total: int
    bytes_done: int
    bytes_total: int
    objects_wrong: int


class _Stopped(Exception):
    """The caller asked to stop in the middle of an object."""


def begin_run(tx: Connection, vault: Vault) -> str:
    """Write down a new run; its identifier."""
    run_id = new_id()
    row = {"run_id": run_id, "started_at": vault.clock.now(), "position": ""}
    tx.execute(fixity_run.insert().values(**row, objects_done=0, bytes_done=0, objects_wrong=0))
    return run_id


def unfinished_run(tx: Connection) -> str | None:
    """The newest run that has not come to its end, if any."""
    query = sa.select(fixity_run.c.run_id).where(fixity_run.c.finished_at.is_(None))
    return tx.scalar(query.order_by(fixity_run.c.run_id.desc()).limit(1))


def run_fixity(
    database: Database,
    vault: Vault,
    run_id: str,
    *,
    bytes_per_second: float | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    settle: Callable[[Connection, FixityResult], None] = lambda tx, result: None,
    progress: Callable[[FixityProgress], None] = lambda progress: None,
) -> Iterator[FixityResult]:
    """Check every object that was recorded when the run began and has its key, from where the run stands.

    Yields each result once it is stored; `settle` runs in the transaction that stores it. `progress` is called for
    every block read. `cancelled` is looked at as often; the object in hand is then left for the next time. Raises
    FixityRunUnknown for a run that is finished or never was, KeyWrong for the wrong keyring, and whatever `settle`
    raises. An object that cannot be read is a result, not an error.
    """
    with database.read() as tx:
        with contextlib.suppress(KeyMissing):  # found object by object
            vault.check_keys(tx)
        run = _Run.take_up(tx, run_id)
    pace = _Pace(bytes_per_second, cancelled)

    def took(count: int) -> None:
        run.bytes_of_this += count
        progress(run.told())
        pace.took(count)

    while not cancelled():
        with database.read() as tx:
            recorded = run.next_object(tx, vault)
        if recorded is None:
            with database.write() as tx:
                run.end(tx, vault.clock.now())
            return
        try:
            result = check_object(database, vault, recorded, took)
        except _Stopped:
            return
        run.count(recorded, result)
        with database.write() as tx:
            run.store(tx, result)
            settle(tx, result)
        progress(run.told())
        yield result


def check_object(
    database: Database, vault: Vault, recorded: RecordedObject, took: Callable[[int], None] = lambda count: None
) -> FixityResult:
    """Read one object again and compare it with its row. `took` is told the size of each block that was read."""
    read = 0

    def counted(count: int) -> None:
        nonlocal read
        read += count
        took(count)

    outcome, findings = Outcome.OK, tuple[str, ...]()
    try:
        findings = _compare(database, vault, recorded, counted)
        if findings:
            outcome = Outcome.ALTERED
    except ObjectArchived:
        # Reading all of it is what an archive is there to spare: it is read when it is brought back.
        found = vault.there(recorded.object_id)
        if found is None or found.size != recorded.stored_size:
            outcome, findings = Outcome.ALTERED, ("it has another size in the archive than was sealed",)
    except ObjectMissing as error:
        outcome, findings = Outcome.MISSING, (f"it is not in the store at {error.fields['place']}",)
    except ObjectAltered as error:
        outcome, findings = Outcome.ALTERED, (error.fields["what"],)
    except KeyMissing as error:
        outcome, findings = Outcome.KEY_MISSING, (error.fields["reason"],)
    except StoreError as error:
        outcome, findings = Outcome.UNREADABLE, (str(error.fields.get("reason", error)),)
    return FixityResult(recorded.object_id, recorded.kind, outcome, findings, read, vault.clock.now())


def _compare(
    database: Database, vault: Vault, recorded: RecordedObject, took: Callable[[int], None]
) -> tuple[str, ...]:
    with database.read() as tx:
        stream = vault.open(tx, recorded.object_id)
    digests = Digests()
    with stream, memoryview(bytearray(BLOCK)) as room:
        while count := stream.readinto(room):
            digests.add_to_whole(room[:count])
            digests.add_to_chunks(room[:count])
            took(count)
    pairs = (
        ("size", stream.size, recorded.size),
        ("SHA-256", digests.sha256().hex(), recorded.sha256.hex()),
        ("chunk root", digests.chunk_root().hex(), recorded.chunk_root.hex()),
    )
    return tuple(f"its {what} is {found}, sealed was {sealed}" for what, found, sealed in pairs if found != sealed)


@dataclass(slots=True)
class _Run:
    """A run in hand: the row, and the object that is being read."""

    run_id: str
    started_at: datetime
    position: str
    objects_done: int
    bytes_done: int
    objects_wrong: int
    objects_total: int
    bytes_total: int
    bytes_of_this: int = 0

    @classmethod
    def take_up(cls, tx: Connection, run_id: str) -> _Run:
        query = sa.select(fixity_run).where(fixity_run.c.run_id == run_id, fixity_run.c.finished_at.is_(None))
        row = tx.execute(query).one_or_none()
        if row is None:
            raise FixityRunUnknown(run_id=run_id)
        totals = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(vault_object.c.size), 0))
        objects, size = tx.execute(totals.where(*_ahead(row.position, row.started_at))).one()
        return cls(
            run_id=run_id,
            started_at=row.started_at,
            position=row.position,
            objects_done=row.objects_done,
            bytes_done=row.bytes_done,
            objects_wrong=row.objects_wrong,
            objects_total=row.objects_done + objects,
            bytes_total=row.bytes_done + int(size),
        )

    def next_object(self, tx: Connection, vault: Vault) -> RecordedObject | None:
        query = sa.select(sa.func.min(vault_object.c.object_id)).where(*_ahead(self.position, self.started_at))
        object_id = tx.scalar(query)
        return None if object_id is None else vault.look_up(tx, object_id)

    def count(self, recorded: RecordedObject, result: FixityResult) -> None:
        self.position = recorded.object_id
        self.objects_done += 1
        self.bytes_done += recorded.size
        self.objects_wrong += result.outcome is not Outcome.OK
        self.bytes_of_this = 0

    def store(self, tx: Connection, result: FixityResult) -> None:
        tx.execute(
            vault_object.update()
            .where(vault_object.c.object_id == result.object_id)
            .values(last_fixity_at=result.checked_at, last_fixity_result=result.outcome.value)
        )
        values = {name: getattr(self, name) for name in ("position", "objects_done", "bytes_done", "objects_wrong")}
        tx.execute(fixity_run.update().where(fixity_run.c.run_id == self.run_id).values(values))

    def end(self, tx: Connection, moment: datetime) -> None:
        tx.execute(fixity_run.update().where(fixity_run.c.run_id == self.run_id).values(finished_at=moment))

    def told(self) -> FixityProgress:
        return FixityProgress(
            run_id=self.run_id,
            objects_done=self.objects_done,
            objects_total=self.objects_total,
            bytes_done=self.bytes_done + self.bytes_of_this,
            bytes_total=self.bytes_total,
            objects_wrong=self.objects_wrong,
        )


def _ahead(position: str, started_at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """The objects a run has still before it."""
    table = vault_object.c
    return table.object_id > position, table.created_at <= started_at, table.key_destroyed_at.is_(None)


class _Pace:
    """Holds reading back to a rate. Sleeps in short stretches, so that a stop is noticed."""

    def __init__(self, bytes_per_second: float | None, cancelled: Callable[[], bool]) -> None:
        if bytes_per_second is not None and bytes_per_second <= 0:
            raise ValueError("a rate is more than 0 bytes a second")
        self._rate, self._cancelled = bytes_per_second, cancelled
        self._began, self._taken = time.monotonic(), 0

    def took(self, count: int) -> None:
        self._taken += count
        while True:
            if self._cancelled():
                raise _Stopped
            ahead = 0.0 if self._rate is None else self._began + self._taken / self._rate - time.monotonic()
            if ahead <= 0:
                return
            time.sleep(min(ahead, 0.2))
