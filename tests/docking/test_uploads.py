"""The desk for uploads on both databases: leases between processes, disks and databases that fail, what is swept."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.web.visitor import make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.custody import Event, recent
from candor.docking.uploads import reception as uploads_reception
from candor.docking.uploads import service as uploads
from candor.docking.uploads import turn as uploads_turn
from candor.docking.uploads.errors import (
    OffsetWrong,
    UploadBusy,
    UploadElsewhere,
    UploadGone,
    UploadsTooMany,
    UploadTakenOver,
    UploadUnknown,
)
from candor.docking.uploads.reception import Uploads
from candor.docking.uploads.rules import Limits, Owner, Upload, UploadState
from candor.docking.uploads.tables import upload as upload_table
from candor.docking.uploads.tables import upload_segment
from candor.footage.intake import Claim, Intake
from candor.footage.tables import part, recording
from candor.installation import Installation
from candor.store import StoreFull
from candor.store.folder import FolderSink
from candor.store.tables import vault_secret

MINE = Owner("dock", "d1")
CLAIM = Claim("a.mp4", "/card/a.mp4", "tus", "system:dock-d1", dock_id=None, also={"card": "A1"})
DATA = hashlib.shake_256(b"desk").digest(5_000_000)


@pytest.fixture
def here(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Installation:
    return make_installation(database, fixed_clock, tmp_path)


@pytest.fixture
def desk(here: Installation) -> Uploads:
    return here.uploads


@pytest.fixture
def other(here: Installation) -> Uploads:
    """Another process on the same installation."""
    return here._uploads()


def begin(desk: Uploads, length: int | None = len(DATA)) -> Upload:
    return desk.begin(MINE, CLAIM, length=length)


def send(desk: Uploads, upload: Upload, start: int, end: int) -> None:
    turn = desk.begin_turn(MINE, upload.id, start)
    try:
        turn.write([DATA[start:end]])
        if turn.whole:
            future = desk.finish(turn)
            if future is not None:
                future.result(60)
        else:
            turn.settle()
    finally:
        desk.end_turn(turn)


def state(desk: Uploads, upload: Upload) -> tuple[UploadState, int]:
    found = desk.look(MINE, upload.id)
    return found.state, found.received


def hashes(here: Installation) -> list[bytes]:
    with here.database.read() as tx:
        return list(tx.scalars(sa.select(part.c.sha256)))


def test_one_process_after_another(here: Installation, desk: Uploads, other: Uploads) -> None:
    """Each has a writer of the same upload in memory; only who is where it ends goes on with its own."""
    upload = begin(desk)
    send(desk, upload, 0, 3_000_000)
    send(other, upload, 3_000_000, 3_100_000)
    assert state(desk, upload) == (UploadState.OPEN, 3_100_000)
    send(desk, upload, 3_100_000, 4_000_000)
    send(other, upload, 4_000_000, len(DATA))
    assert state(desk, upload) == (UploadState.DONE, len(DATA))
    assert hashes(here) == [hashlib.sha256(DATA).digest()]
    with here.database.read() as tx:
        assert tx.execute(sa.select(upload_segment)).first() is None
        kept = tx.execute(sa.select(part.c.claims)).scalar_one()
    assert kept["source"] == {"card": "A1"}
    assert not [path for path in desk.drafts.folder.iterdir() if len(path.name) >= 36]


def test_a_second_process_is_told_at_once(desk: Uploads, other: Uploads) -> None:
    upload = begin(desk)
    turn = desk.begin_turn(MINE, upload.id, 0)
    with pytest.raises(UploadBusy):
        other.begin_turn(MINE, upload.id, 0)
    with pytest.raises(UploadBusy):
        other.terminate(MINE, upload.id, "system:test")
    with pytest.raises(UploadBusy):
        desk.begin_turn(MINE, upload.id, 0)
    turn.write([b"abc"])
    turn.settle()
    desk.end_turn(turn)
    with pytest.raises(OffsetWrong):
        other.begin_turn(MINE, upload.id, 0)
    send(other, upload, 3, 10)


def test_who_was_taken_over_writes_nothing(
    here: Installation, desk: Uploads, other: Uploads, fixed_clock: FixedClock
) -> None:
    """A process that slept through its lease finds the upload gone on with: nothing of its own counts."""
    upload = begin(desk)
    turn = desk.begin_turn(MINE, upload.id, 0)
    turn.write([DATA])
    fixed_clock.advance(61)
    send(other, upload, 0, 1_000_000)
    with pytest.raises(UploadTakenOver):
        desk.finish(turn)
    desk.end_turn(turn)
    assert hashes(here) == [], "the intake was undone with it"
    send(other, upload, 1_000_000, len(DATA))
    assert hashes(here) == [hashlib.sha256(DATA).digest()]


def test_a_process_that_ended_holds_up_nobody(desk: Uploads, other: Uploads) -> None:
    upload = begin(desk)
    turn = desk.begin_turn(MINE, upload.id, 0)
    turn.write([DATA[:10]])
    turn.settle()
    desk.drafts.close()  # as the end of the process does
    send(other, upload, 10, 20)


def test_a_full_disk_in_the_middle(desk: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = begin(desk)
    send(desk, upload, 0, 2_500_000)

    def full(self: FolderSink, data: object) -> None:
        raise StoreFull(place="here", object_id=self._object_id)

    with monkeypatch.context() as patch:
        patch.setattr(FolderSink, "write", full)
        with pytest.raises(StoreFull):
            send(desk, upload, 2_500_000, len(DATA))
    assert state(desk, upload) == (UploadState.OPEN, 2_500_000)
    send(desk, upload, 2_500_000, len(DATA))
    assert state(desk, upload)[0] is UploadState.DONE


def test_a_database_that_goes_away_at_the_end(
    here: Installation, desk: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(desk)
    send(desk, upload, 0, 2_500_000)

    def gone(*args: object) -> None:
        raise DatabaseGone(reason="it was switched off")

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "seal", gone)
        with pytest.raises(DatabaseGone):
            send(desk, upload, 2_500_000, len(DATA))
    assert hashes(here) == []
    assert state(desk, upload) == (UploadState.OPEN, 2_500_000)
    send(desk, upload, 2_500_000, len(DATA))
    assert hashes(here) == [hashlib.sha256(DATA).digest()]


def test_no_room_to_put_it_together_is_tried_again(
    here: Installation, desk: Uploads, monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock
) -> None:
    monkeypatch.setattr(uploads_turn, "SHORT", 0)
    upload = begin(desk)
    send(desk, upload, 0, 2_500_000)
    desk.park_idle(0.0)

    def full(self: Intake, claim: Claim, **more: object) -> None:
        raise StoreFull(place="here", object_id="none")

    with monkeypatch.context() as patch:
        patch.setattr(Intake, "begin", full)
        with pytest.raises(StoreFull):
            send(desk, upload, 2_500_000, len(DATA))
    found = desk.look(MINE, upload.id)
    assert found.state is UploadState.ASSEMBLING
    assert found.problem
    assert "is full" in found.problem
    desk.keep_house()
    assert desk.look(MINE, upload.id).state is UploadState.ASSEMBLING, "not at once"
    fixed_clock.advance(61)
    desk.keep_house()
    desk.put_together(upload.id).result(60)
    assert desk.look(MINE, upload.id).state is UploadState.DONE
    assert hashes(here) == [hashlib.sha256(DATA).digest()]


def test_the_same_file_again(here: Installation, desk: Uploads) -> None:
    for _ in range(2):
        upload = begin(desk)
        send(desk, upload, 0, len(DATA))
    result = desk.look(MINE, upload.id).result
    assert result is not None
    assert result.new is False
    with here.database.read() as tx:
        assert len(tx.execute(sa.select(recording.c.id)).all()) == 1
        assert len(list(recent(tx, kinds=[Event.UPLOAD_SEALED]))) == 2
    objects = [path for path in here.settings.home.rglob("*") if path.is_file() and "objects" in path.parts]
    assert len(objects) == 1, "the second copy was not kept"


def test_keys_of_segments_are_destroyed(here: Installation, desk: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a draft that became the object is nowhere but with the object: destroying that one is final."""
    monkeypatch.setattr(uploads_turn, "SHORT", 0)
    upload, gone = begin(desk), begin(desk)
    send(desk, upload, 0, 1_000_000)
    desk.park_idle(0.0)
    send(desk, upload, 1_000_000, len(DATA))
    send(desk, gone, 0, 1_000_000)
    desk.terminate(MINE, gone.id, "system:test")
    with here.database.read() as tx:
        rows = tx.execute(sa.select(vault_secret.c.key_epoch, vault_secret.c.wrapped_secret)).all()
    assert len(rows) == 3
    assert {(row.key_epoch, row.wrapped_secret) for row in rows} == {(0, bytes(60))}


def test_swept_when_nobody_goes_on(here: Installation, desk: Uploads, fixed_clock: FixedClock) -> None:
    upload = begin(desk)
    send(desk, upload, 0, 1_000_000)
    fixed_clock.advance(13 * 86_400)
    send(desk, upload, 1_000_000, 1_000_001)
    fixed_clock.advance(13 * 86_400)
    desk.keep_house()
    assert state(desk, upload) == (UploadState.OPEN, 1_000_001), "counted from what arrived last"
    fixed_clock.advance(2 * 86_400)
    desk.keep_house()
    with pytest.raises(UploadGone):
        desk.look(MINE, upload.id)
    with here.database.read() as tx:
        (event,) = recent(tx, kinds=[Event.UPLOAD_ENDED])
    assert (event.actor, event.details["how"]) == ("system:uploads", "expired")
    assert not [path for path in desk.drafts.folder.iterdir() if len(path.name) >= 36]
    fixed_clock.advance(40 * 86_400)
    desk.keep_house()
    with here.database.read() as tx:
        assert tx.execute(sa.select(upload_table.c.id)).first() is None


def test_limits_that_count_for_good(desk: Uploads) -> None:
    link, limits = Owner("dock", "d9"), Limits(files_in_all=2, bytes_in_all=10)
    first = desk.begin(link, CLAIM, length=3, limits=limits)
    turn = desk.begin_turn(link, first.id, 0, limits=limits)
    turn.write([b"abc"])
    desk.finish(turn)
    desk.end_turn(turn)
    assert desk.begin(link, CLAIM, length=7, limits=limits).owner == link
    with pytest.raises(UploadsTooMany):
        desk.begin(link, CLAIM, length=0, limits=limits)


def test_drafts_on_another_machine(desk: Uploads, here: Installation) -> None:
    upload = begin(desk)
    with here.database.write() as tx:
        tx.execute(upload_table.update().values(place="0" * 36))
    with pytest.raises(UploadElsewhere):
        desk.begin_turn(MINE, upload.id, 0)
    with pytest.raises(UploadElsewhere):
        desk.terminate(MINE, upload.id, "system:test")
    desk.keep_house()
    with pytest.raises(UploadUnknown):
        desk.look(Owner("dock", "d2"), upload.id)


def test_writers_that_are_kept_are_few(desk: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_reception, "KEPT", 2)
    many = [begin(desk) for _ in range(4)]
    for upload in many:
        send(desk, upload, 0, 3_000_000)
    assert len(desk._live) == 2
    for upload in many:
        send(desk, upload, 3_000_000, len(DATA))
        assert state(desk, upload)[0] is UploadState.DONE
    assert timedelta(0) < uploads.LEASE
