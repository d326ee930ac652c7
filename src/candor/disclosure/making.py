"""Making the package that was handed out: proofs, small files, and a reading of every original against its seal.

It can be killed anywhere and begun again: what it makes is sealed first and named by the row last.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.errors import NotFound
from candor.custody import CustodyLog, SignedCheckpoint, find
from candor.custody.errors import NotYetInLog
from candor.disclosure.documents import documents, must_be_those_on_record
from candor.disclosure.errors import OriginalAltered
from candor.disclosure.layout import File, ZipLayout
from candor.disclosure.packages import PackageState
from candor.disclosure.redacted import redacted_files
from candor.disclosure.small_files import SmallFiles, write_small_files
from candor.disclosure.sources import Sources
from candor.disclosure.tables import package as package_table
from candor.jobs import Failure, JobContext, Jobs
from candor.store import ObjectAltered, SealedStream, Vault

JOB = "disclosure.package@1"
#: Seconds to wait for the witnesses when there are any; a package without them says so loudly.
WAIT_FOR_WITNESSES = 6.0
_PIECE = 4 << 20

Told = Callable[[int], None]


class _Stopped(Exception):
    """Somebody wants the package no more, or not now."""


def register(jobs: Jobs, database: Database, vault: Vault, log: CustodyLog, *, clock: Clock | None = None) -> None:
    """Have this process know how to make packages."""

    def make(context: JobContext, params: dict[str, Any]) -> None:
        done, package_id = 0, params["package"]
        with database.read() as tx:
            plan = tx.execute(sa.select(package_table.c.plan).where(package_table.c.id == package_id)).scalar_one()
        total = max(1, sum(one["size"] for one in plan["originals"]))

        def told(count: int) -> None:
            nonlocal done
            done += count
            context.progress(min(1.0, done / total))

        build(database, vault, log, package_id, told=told, cancelled=context.cancelled, clock=clock)

    def give_up(tx: Connection, failure: Failure) -> None:
        this = package_table.c.id == failure.job.params["package"]
        tx.execute(
            package_table.update()
            .where(this, package_table.c.state != PackageState.READY.value)
            .values(state=PackageState.FAILED.value, problem=failure.problem)
        )

    jobs.register(JOB, make, on_failure=give_up)


def build(
    database: Database,
    vault: Vault,
    log: CustodyLog,
    package_id: str,
    *,
    told: Told | None = None,
    cancelled: Callable[[], bool] | None = None,
    clock: Clock | None = None,
) -> bool:
    """Make the package; harmless when it is ready. Whether it is ready: not when `cancelled` said so meanwhile.

    `told` is called with each further count of bytes read. Raises NotFound, ProgramChanged, OriginalAltered,
    RecordingGone, NotYetInLog and what the vault raises.
    """
    clock = clock or SystemClock()
    with database.read() as tx:
        row = tx.execute(sa.select(package_table).where(package_table.c.id == package_id)).first()
    if row is None:
        raise NotFound(what="package", id=package_id)
    if row.state == PackageState.READY.value:
        return True
    beside = documents(
        row.plan, package=row.id, created_at=row.created_at, recipient=row.recipient, log=log.policy().logs[0].key
    )
    if "redacted" in row.plan:
        with database.read() as tx:
            beside |= redacted_files(tx, vault, row.plan)
    must_be_those_on_record(row.id, row.plan.get("documents"), beside)
    try:
        crcs = _read_originals(database, vault, row.plan, told, cancelled)
    except _Stopped:
        return False
    also = [row.plan["discovery"]["event"]] if "discovery" in row.plan else []
    checkpoint = _checkpoint(database, log, [*row.plan["events"].values(), *also])
    with vault.writer("package") as writer:
        small = SmallFiles(writer)
        write_small_files(small, database, log, row, beside, checkpoint, clock.now())
        sealed = writer.finish()
    files = _in_order(row.plan, crcs, small.files)
    with database.write() as tx:
        done = tx.execute(
            package_table.update()
            .where(package_table.c.id == package_id, package_table.c.state != PackageState.READY.value)
            .values(
                state=PackageState.READY.value,
                ready_at=clock.now(),
                files=[vars(file) for file in files],
                small_object_id=sealed.object_id,
                zip_size=ZipLayout(row.name, files).size,
                checkpoint_size=checkpoint.size,
                witnessed=checkpoint.witnessed,
                problem=None,
            )
        )
        if done.rowcount:
            vault.record(tx, sealed)
    if not done.rowcount:  # somebody else was quicker
        vault.discard(sealed)
    return True


def _read_originals(
    database: Database,
    vault: Vault,
    plan: Mapping[str, Any],
    told: Told | None,
    cancelled: Callable[[], bool] | None,
) -> dict[str, int]:
    """CRC-32 of every original by its file's name, having seen that its bytes are the sealed ones."""
    crcs = {}
    with Sources(vault, database.read, plan["originals"]) as sources:
        for one in plan["originals"]:
            try:
                stream = sources[one["object_id"]]
                crcs[one["file"]] = _read_against_seal(stream, one, told, cancelled)
            except ObjectAltered as error:  # the vault names the object; people know the file and the recording
                what = error.fields["what"]
                raise OriginalAltered(name=one["name"], recording=one["recording"], what=what) from error
    return crcs


def _read_against_seal(
    stream: SealedStream, one: Mapping[str, Any], told: Told | None, cancelled: Callable[[], bool] | None
) -> int:
    digest, crc, size = hashlib.sha256(), 0, 0
    while data := stream.read_at(size, _PIECE):
        if cancelled is not None and cancelled():
            raise _Stopped
        digest.update(data)
        crc = zlib.crc32(data, crc)
        size += len(data)
        if told is not None:
            told(len(data))
    if size != one["size"] or digest.hexdigest() != one["sha256"]:
        what = f"it has {size:,} bytes with SHA-256 {digest.hexdigest()}"
        raise OriginalAltered(name=one["name"], recording=one["recording"], what=what)
    return crc


def _checkpoint(database: Database, log: CustodyLog, events: list[str]) -> SignedCheckpoint:
    """A signed checkpoint that covers the hand-out, cosigned if the witnesses answer in time."""
    log.settle()
    with database.read() as tx:
        found = [find(tx, event) for event in events]
    covering = max(event.position or 0 for event in found if event is not None)
    deadline = time.monotonic() + (WAIT_FOR_WITNESSES if log.policy().witnesses else 0)
    checkpoint = log.checkpoint(covering=covering)
    while checkpoint is not None and not checkpoint.witnessed and time.monotonic() < deadline:
        time.sleep(0.1)
        log.run_once(wait=False)
        checkpoint = log.checkpoint(covering=covering)
    if checkpoint is None:
        raise NotYetInLog(id=events[0])
    return checkpoint


def _in_order(plan: Mapping[str, Any], crcs: Mapping[str, int], small: list[File]) -> list[File]:
    """Every file in the package's order: what a person should see first, then the footage, then the history."""
    originals = [
        File(one["file"], one["size"], one["sha256"], crcs[one["file"]], one["object_id"], 0)
        for one in plan["originals"]
    ]
    return sorted(small + originals, key=lambda file: (_RANK.get(file.name.split("/")[0], 1), file.name))


_RANK = {"INSTRUCTIONS.txt": 0, "verify.html": 0, "data": 2, "redaction": 3, "custody": 3}
