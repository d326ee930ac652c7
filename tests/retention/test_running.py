"""Carrying out what was approved: asked again, killed at random moments, one tombstone each, nothing left to read."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from tests.retention.conftest import Office
from tests.retention.law_in_force import put_in_force
from tests.retention.sealed import add_sealed

from candor.custody import Event
from candor.custody.tables import custody_event
from candor.footage import categories, erasing, purging
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.law.vocabulary import HoldKind
from candor.retention import deciding, errors, holds, proposing, running
from candor.retention.dispositions import DispositionKind, DispositionState, ItemState, disposition_of, items, tally
from candor.store import KeyDestroyed
from candor.store.tables import tombstone, vault_key, vault_object
from candor.store.tombstones import KeysLedger

PAUSE, RECYCLE = 14, 30


def approved(office: Office, count: int = 0, *, ids: tuple[str, ...] = (), kind: str = "schedule") -> str:
    """A disposition of `count` sealed recordings, or of these, approved, its recycle period over."""
    archive = office.archive
    at = archive.clock.now() - timedelta(days=400)
    for begin in range(0, count, 100):
        with archive.database.write() as tx:
            for number in range(begin, min(count, begin + 100)):
                add_sealed(tx, archive.vault, at + timedelta(seconds=number), f"frame {number} of nobody".encode())
    with archive.database.write() as tx:
        choice = proposing.Choice(ids) if ids else proposing.Choice(everything=True)
        made = proposing.propose(
            tx,
            office.technician,
            number="RC-108" if kind == "schedule" else f"CV-{kind}",
            kind=DispositionKind(kind),
            authority="Schedule M4",
            reason="its period is over",
            choice=choice,
            clock=archive.clock,
        )
        deciding.approve(tx, office.records, made, reason="looked at", recycle_days=RECYCLE, clock=archive.clock)
    archive.clock.advance(timedelta(days=RECYCLE, seconds=1).total_seconds())
    return made


def begin(office: Office, made: str) -> None:
    with office.archive.database.write() as tx:
        running.begin(tx, office.technician, made, pause_days=PAUSE, clock=office.archive.clock)


def run(office: Office, made: str, **more: object) -> running.Outcome:
    archive = office.archive
    return running.run(
        archive.database,
        archive.vault,
        archive.jobs,
        made,
        pause_days=PAUSE,
        settle=lambda: purging.settle(
            archive.database, archive.vault, KeysLedger(archive.folder / "keys"), clock=archive.clock
        ),
        clock=archive.clock,
        **more,  # type: ignore[arg-type]
    )


def sealed(office: Office, *contents: bytes) -> tuple[str, ...]:
    at = office.archive.clock.now() - timedelta(days=400)
    with office.archive.database.write() as tx:
        return tuple(sorted(add_sealed(tx, office.archive.vault, at, content) for content in contents))


def test_what_came_in_between_keeps_a_recording(office: Office) -> None:
    goes, held, gone, moved = sealed(office, b"one", b"two", b"three", b"four")
    made = approved(office, ids=(goes, held, gone, moved))
    archive = office.archive
    with archive.database.write() as tx:
        holds.place(tx, office.counsel, HoldKind.LITIGATION, recording_id=held, reason="Doe", clock=archive.clock)
        purging.purge(tx, archive.vault, archive.jobs, office.technician, gone, authority="Order 7", reason="expunged")
        tx.execute(recording.update().where(recording.c.id == moved).values(category="Use of force"))
    begin(office, made)
    assert run(office, made) == running.Outcome(1, 3, 0)
    with archive.database.write() as tx:
        found = {item.recording_id: item for item in items(tx, made)}
        assert found[held].why == "A hold because of litigation: Doe"
        assert found[gone].why == "It was destroyed already."
        assert found[moved].why is not None
        assert "period is not over" in found[moved].why
        assert found[goes].state is ItemState.DESTROYED
        assert [one.id for one in purging.purges_of(tx, goes)] == [found[goes].tombstone_id]
        assert purging.purges_of(tx, goes)[0].authority == "RC-108: Schedule M4"
        assert disposition_of(tx, made).state is DispositionState.DONE
        kinds = {row.kind for row in tx.execute(custody_event.select().where(custody_event.c.recording_id == held))}
        assert kinds == {Event.HOLD_PLACED, Event.DISPOSITION_ITEM_KEPT}
        parts = tx.scalars(sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_(None)))
        assert len(parts.all()) == 2  # what is held, and what counts as force now
    assert run(office, made) == running.Outcome(1, 3, 0)  # harmless to repeat
    with archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(tombstone)) == 2
        with pytest.raises(KeyDestroyed):
            archive.vault.open(tx, purging.purges_of(tx, goes)[0].object_ids[0])


def test_nothing_goes_for_days_after_a_change_of_law_or_of_a_meaning(office: Office) -> None:
    made = approved(office, ids=sealed(office, b"one"))
    archive = office.archive
    with archive.database.write() as tx:
        put_in_force(tx, archive.clock.now() - timedelta(days=13), minimum="60 days", number=2)
        with pytest.raises(errors.LawTooYoung):
            running.begin(tx, office.technician, made, pause_days=PAUSE, clock=archive.clock)
    archive.clock.advance(timedelta(days=1).total_seconds())
    begin(office, made)
    with archive.database.write() as tx:
        categories.set_meaning(tx, office.technician, "Traffic stop", None, reason="as it is", clock=archive.clock)
    with pytest.raises(errors.LawTooYoung):
        run(office, made)
    with archive.database.read() as tx:
        assert tally(tx, made)[ItemState.WAITING] == 1
        assert running.rest_until(tx, PAUSE) == archive.clock.now() + timedelta(days=PAUSE)


def test_stopped_and_withdrawn_half_way(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 1)
    made = approved(office, 3)
    begin(office, made)
    calls: list[int] = []
    assert run(office, made, cancelled=lambda: len(calls) == 2 or calls.append(1) is not None) == (
        running.Outcome(2, 0, 1)
    )
    with office.archive.database.write() as tx:
        deciding.withdraw(tx, office.records, made, reason="enough", clock=office.archive.clock)
    assert run(office, made) == running.Outcome(2, 1, 0)
    with office.archive.database.read() as tx:
        assert disposition_of(tx, made).state is DispositionState.WITHDRAWN


def test_an_order_erases_or_seals_what_is_young(office: Office) -> None:
    archive, at = office.archive, office.archive.clock.now() - timedelta(days=1)
    with archive.database.write() as tx:
        one, other = (add_sealed(tx, archive.vault, at, content) for content in (b"one", b"two"))
    erased = approved(office, ids=(one,), kind="erasure")
    begin(office, erased)
    assert run(office, erased) == running.Outcome(1, 0, 0)
    with archive.database.write() as tx:
        made = proposing.propose(
            tx,
            office.technician,
            number="CV-9",
            kind=DispositionKind.SEALING,
            authority="Order CV-9",
            reason="youthful offender",
            choice=proposing.Choice((other,)),
            clock=archive.clock,
        )
        deciding.approve(
            tx, office.counsel, made, reason="seen", recycle_days=RECYCLE, at_once=True, clock=archive.clock
        )
    begin(office, made)
    assert run(office, made) == running.Outcome(1, 0, 0)
    with archive.database.read() as tx:
        assert [item.state for item in items(tx, made)] == [ItemState.SEALED]
        assert erasing.is_closed(tx, other)
        assert len(purging.purges_of(tx, one)) == 1
        assert other not in tx.scalars(sa.select(recording.c.id).where(visible_to(office.technician).expression)).all()
    with pytest.raises(errors.RecordingsMustStay, match="not closed"):
        approved(office, ids=(one,), kind="opening")
    opened = approved(office, ids=(other,), kind="opening")
    begin(office, opened)
    assert run(office, opened) == running.Outcome(1, 0, 0)
    with archive.database.read() as tx:
        assert [item.state for item in items(tx, opened)] == [ItemState.OPENED]
        assert not erasing.is_closed(tx, other)
        assert other in tx.scalars(sa.select(recording.c.id).where(visible_to(office.technician).expression)).all()


@pytest.mark.long
@pytest.mark.parametrize("count", [150, pytest.param(10_000, marks=pytest.mark.soak)])
def test_killed_at_random_moments_it_ends_complete_with_one_tombstone_each(
    office: Office, database_url: str, count: int
) -> None:
    archive, random = office.archive, Random(300)
    made = approved(office, count)
    with archive.database.read() as tx:
        ids = tx.scalars(sa.select(recording.c.id).order_by(recording.c.id)).all()
    begin(office, made)
    killed = 0
    while killed < 5:
        with started(archive.folder, database_url, made, archive.clock.now().isoformat()) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begins\n"
            time.sleep(random.uniform(0.05, 0.5 if count == 150 else 20))
            process.kill()
            killed += 1
        with archive.database.read() as tx:
            each_has_one(tx, made, all_of_them=False)
            if not tally(tx, made)[ItemState.WAITING]:
                break
    assert run(office, made) == running.Outcome(count, 0, 0)
    with archive.database.read() as tx:
        assert each_has_one(tx, made, all_of_them=True) == count
        assert sorted(tx.scalars(sa.select(tombstone.c.subject))) == list(ids)
        assert purging.owed(tx) == []
        assert set(tx.scalars(sa.select(vault_key.c.wrapped_key))) == {bytes(60)}
        done = custody_event.c.kind == Event.DISPOSITION_DONE.value
        assert tx.scalar(sa.select(sa.func.count()).select_from(custody_event).where(done)) == 1
        told = custody_event.c.kind == Event.RECORDING_KEY_DESTROYED.value
        assert tx.scalar(sa.select(sa.func.count()).select_from(custody_event).where(told)) == count
    assert archive.objects() == set()
    assert len((archive.folder / "keys" / "tombstones.jsonl").read_text().splitlines()) == count


def started(folder: Path, url: str, made: str, moment: str) -> subprocess.Popen[str]:
    program = Path(__file__).with_name("run_program.py")
    command = [sys.executable, str(program), url, str(folder), made, moment]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)


def each_has_one(tx: sa.Connection, made: str, *, all_of_them: bool) -> int:
    """Item, recording and tombstone say the same of every recording; how many are destroyed."""
    stones = dict(tx.execute(sa.select(tombstone.c.subject, tombstone.c.id)).all())  # type: ignore[arg-type]
    assert len(stones) == tx.scalar(sa.select(sa.func.count()).select_from(tombstone))
    states = dict(tx.execute(sa.select(recording.c.id, recording.c.state)).all())  # type: ignore[arg-type]
    destroyed = 0
    for item in items(tx, made, limit=100_000):
        gone = item.state is ItemState.DESTROYED
        assert gone == (states[item.recording_id] == "destroyed")
        assert stones.get(item.recording_id) == item.tombstone_id
        assert gone or not all_of_them
        destroyed += gone
    return destroyed
