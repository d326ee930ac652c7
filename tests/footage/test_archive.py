"""The archive tier: what nobody opened for long goes, is destroyed there too, and comes back when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive

from candor.core.outbox import outbox_notice
from candor.custody import Event, history
from candor.footage import archive_jobs, archiving, errors, purging
from candor.footage.archiving import ArchiveState
from candor.footage.viewing import begin_viewing, open_part
from candor.store import ObjectArchived, Outcome, check_object, sweep
from candor.store.archive import move
from candor.store.errors import ArchiveDiffers
from candor.store.folder import FolderStore
from candor.store.tombstones import KeysLedger

LONG = timedelta(days=180)


@pytest.fixture
def tiered(make_archive: Callable[..., Archive], tmp_path: Path) -> Archive:
    """An archive with an archive place."""
    archive = make_archive()
    archive.vault.archive = FolderStore(tmp_path / "far")
    return archive


def far(archive: Archive) -> set[str]:
    assert archive.vault.archive is not None
    return {one.object_id for one in archive.vault.archive.list()}


def run(archive: Archive) -> int:
    return archiving.run(archive.database, archive.vault, older_than=LONG, clock=archive.clock)


def bring_back(archive: Archive, recording_id: str) -> bool:
    return archiving.bring_back(archive.database, archive.vault, recording_id, clock=archive.clock)


def test_what_nobody_opened_for_long_goes_and_comes_back(tiered: Archive) -> None:
    archive = tiered
    old, watched = archive.worn(b"old" * 500, "old.mp4"), archive.worn(b"watched" * 500, "watched.mp4")
    archive.clock.advance(LONG.total_seconds() + 1)
    fresh = archive.worn(b"fresh" * 500, "fresh.mp4")
    with archive.database.write() as tx:
        begin_viewing(tx, archive.technician, watched.recording_id, "Court", clock=archive.clock)
    before = archive.objects()
    assert run(archive) == 1
    assert run(archive) == 0
    assert (len(far(archive)), archive.objects() | far(archive)) == (1, before)
    with pytest.raises(ObjectArchived, match="up to 12 hours"):
        open_part(archive.database, archive.vault, archive.technician, old.part_id, "Court")
    for one in (watched, fresh):
        open_part(archive.database, archive.vault, archive.technician, one.part_id, "Court").stream.close()
    # The same bytes again are known: nothing is put in the place of what lies in the archive.
    again = archive.worn(b"old" * 500)
    assert (again.new, again.kept) == (False, False)

    with pytest.raises(errors.RecordingUnknown), archive.database.write() as tx:
        archiving.ask_back(tx, archive.jobs, archive.other_officer, old.recording_id, clock=archive.clock)
    archive_jobs.register(archive.jobs, archive.database, archive.vault, clock=archive.clock, older_than=LONG)
    archive.jobs.launch()
    with archive.database.write() as tx:
        archiving.ask_back(tx, archive.jobs, archive.officer, old.recording_id, clock=archive.clock)
    with pytest.raises(errors.NothingArchived), archive.database.write() as tx:
        archiving.ask_back(tx, archive.jobs, archive.officer, old.recording_id, clock=archive.clock)
    archive.jobs.wait_idle(60)
    assert (archive.objects(), far(archive)) == (before, set())
    with open_part(archive.database, archive.vault, archive.technician, old.part_id, "Court").stream as stream:
        assert stream.read() == b"old" * 500
    with archive.database.read() as tx:
        known = archiving.archived_of(tx, old.recording_id)
        assert known is not None
        assert (known.state, known.asked_by) == (ArchiveState.NEAR, archive.officer.account_id)
        kinds = [one.kind for one in history(tx, old.recording_id)]
        assert kinds.index(Event.RECORDING_ARCHIVED) < kinds.index(Event.RECORDING_BROUGHT_BACK)
        told = tx.execute(sa.select(outbox_notice).where(outbox_notice.c.kind == "recording:brought-back")).one()
        assert told.recipients == [archive.officer.account_id]
    assert run(archive) == 0  # it came back just now


def test_a_purge_reaches_the_archive_and_a_sweep_leaves_it_alone(tiered: Archive) -> None:
    archive = tiered
    taken = archive.worn(b"old" * 500)
    archive.clock.advance(LONG.total_seconds() + 1)
    run(archive)
    assert sweep(archive.database, archive.vault, timedelta(hours=1)).unrecorded == ()
    assert len(far(archive)) == 1
    with archive.database.write() as tx:
        words = {"authority": "Order 7", "reason": "expunged"}
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, clock=archive.clock, **words
        )
    purging.settle(archive.database, archive.vault, KeysLedger(archive.folder / "keys"), clock=archive.clock)
    assert (archive.objects(), far(archive)) == (set(), set())
    assert bring_back(archive, taken.recording_id)
    assert (archive.objects(), far(archive)) == (set(), set())


def test_fixity_looks_at_the_archive_and_a_return_reads_it(tiered: Archive, tmp_path: Path) -> None:
    archive = tiered
    taken = archive.worn(b"old" * 5000)
    archive.clock.advance(LONG.total_seconds() + 1)
    run(archive)
    (object_id,) = far(archive)
    with archive.database.read() as tx:
        recorded = archive.vault.look_up(tx, object_id)
    assert check_object(archive.database, archive.vault, recorded).outcome is Outcome.OK
    (path,) = (one for one in (tmp_path / "far").rglob(object_id))
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[:-1])
    assert check_object(archive.database, archive.vault, recorded).outcome is Outcome.ALTERED
    path.write_bytes(whole[:3000] + b"\0" + whole[3001:])
    with pytest.raises(Exception, match=r"altered|authentic|sealed"):
        bring_back(archive, taken.recording_id)
    with archive.database.read() as tx:
        known = archiving.archived_of(tx, taken.recording_id)
    assert known is not None
    assert known.state is ArchiveState.ARCHIVED


def test_killed_on_the_way_it_is_whole_in_one_of_the_two(tiered: Archive, tmp_path: Path) -> None:
    archive = tiered
    taken = archive.worn(b"old" * 5000)
    archive.clock.advance(LONG.total_seconds() + 1)
    (object_id,) = archive.objects()
    place = archive.vault.archive
    assert place is not None
    with pytest.raises(ZeroDivisionError):  # while it is being written
        move(archive.vault.store, place, object_id, lambda count: 1 // 0)
    assert (archive.objects(), far(archive)) == ({object_id}, set())
    deleting, archive.vault.store.delete = archive.vault.store.delete, lambda one: 1 // 0  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):  # after it was written, before it was removed
        run(archive)
    archive.vault.store.delete = deleting  # type: ignore[method-assign]
    assert (archive.objects(), far(archive)) == ({object_id}, {object_id})
    assert run(archive) == 1
    assert (archive.objects(), far(archive)) == (set(), {object_id})
    assert bring_back(archive, taken.recording_id)


def test_what_differs_is_removed_from_neither(tiered: Archive, tmp_path: Path) -> None:
    archive = tiered
    archive.worn(b"old" * 5000)
    (object_id,) = archive.objects()
    other = FolderStore(tmp_path / "other")
    sink = other.create(object_id)
    sink.write(b"something else")
    sink.finish()
    with pytest.raises(ArchiveDiffers):
        move(archive.vault.store, other, object_id)
    assert archive.objects() == {object_id}
    assert other.head(object_id) is not None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_place_nothing_is_archived(archive: Archive) -> None:
    archive.worn(b"old" * 500)
    with pytest.raises(errors.NoArchive):
        run(archive)
