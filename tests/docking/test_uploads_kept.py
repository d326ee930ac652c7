"""What was acknowledged stays, whatever happens around it: disks that are away, keys that are not at hand, senders that
come late, file systems that can do less, names that are no text."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.people.place import make_place
from tests.web.visitor import make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.custody import Event, recent
from candor.docking.uploads import places
from candor.docking.uploads import service as uploads
from candor.docking.uploads import turn as uploads_turn
from candor.docking.uploads.claim import DeviceNotKnown, claim_of_account
from candor.docking.uploads.errors import PartsNotWhole, UploadSealed, UploadsWait
from candor.docking.uploads.limits import bytes_left
from candor.docking.uploads.reception import Uploads
from candor.docking.uploads.rules import Limits, Owner, Upload, UploadKind, UploadState, as_claim, as_json
from candor.docking.uploads.tables import upload as upload_table
from candor.footage.intake import Claim, Intake
from candor.footage.tables import part
from candor.installation import Installation
from candor.people import passwords
from candor.people.rules import Role
from candor.store import KeyMissing, KeyRing, StoreFull, StoreUnreachable
from candor.store.drafts import Drafts

MINE = Owner("dock", "d1")
CLAIM = Claim("a.mp4", "/card/a.mp4", "tus", "system:dock-d1")
DATA = hashlib.shake_256(b"kept").digest(5_000_000)


@pytest.fixture
def here(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Installation:
    return make_installation(database, fixed_clock, tmp_path)


@pytest.fixture
def desk(here: Installation) -> Uploads:
    return here.uploads


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


def is_sealed(here: Installation, upload: Upload) -> None:
    assert here.uploads.look(MINE, upload.id).state is UploadState.DONE
    with here.database.read() as tx:
        assert list(tx.scalars(sa.select(part.c.sha256))) == [hashlib.sha256(DATA).digest()]


def full(*args: object, **more: object) -> None:
    raise StoreFull(place="here", object_id="none")


def parts_of(desk: Uploads) -> list[Upload]:
    made = []
    for start, end in ((0, 2_000_000), (2_000_000, len(DATA))):
        one = desk.begin(MINE, CLAIM, length=end - start, kind=UploadKind.PART)
        turn = desk.begin_turn(MINE, one.id, 0)
        turn.write([DATA[start:end]])
        desk.finish(turn)
        desk.end_turn(turn)
        made.append(one)
    return made


def test_parts_are_the_joined_ones_from_then_on(
    here: Installation, desk: Uploads, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not be put together for a month: nobody took its parts away meanwhile."""
    parts = parts_of(desk)
    joined = desk.join(MINE, CLAIM, [one.id for one in parts])
    with monkeypatch.context() as patch:
        patch.setattr(Intake, "begin", full)
        with pytest.raises(StoreFull):
            desk.put_together(joined.id).result(60)
        with pytest.raises(UploadSealed):
            desk.terminate(MINE, parts[1].id, "system:test")
        with pytest.raises(PartsNotWhole):
            desk.join(MINE, CLAIM, [one.id for one in parts])
        fixed_clock.advance(30 * 86_400)
        desk.keep_house()
        with pytest.raises(StoreFull):
            desk.put_together(joined.id).result(60)
    desk.put_together(joined.id).result(60)
    is_sealed(here, joined)


def test_parts_of_what_could_not_be_joined_are_there_again(desk: Uploads) -> None:
    parts = parts_of(desk)
    joined = desk.join(MINE, CLAIM, [one.id for one in parts])
    desk.fail(joined, "a test")
    assert [desk.look(MINE, one.id).state for one in parts] == [UploadState.OPEN] * 2
    desk.put_together(desk.join(MINE, CLAIM, [one.id for one in parts]).id).result(60)


def test_what_is_being_joined_counts_as_unfinished(desk: Uploads) -> None:
    joined = desk.join(MINE, CLAIM, [one.id for one in parts_of(desk)])
    with desk.database.read() as tx:
        limits = Limits(open_bytes=len(DATA) + 7)
        assert bytes_left(tx, MINE, limits) == 7
    desk.put_together(joined.id).result(60)


def test_a_disk_that_is_away_is_no_loss(here: Installation, desk: Uploads) -> None:
    """A mount point without its disk is an empty folder: what is acknowledged is not given up for that."""
    upload, short = desk.begin(MINE, CLAIM, length=len(DATA)), desk.begin(MINE, CLAIM, length=10)
    send(desk, upload, 0, 3_000_000)
    send(desk, short, 0, 5)
    desk.park_idle(0.0)
    folder = desk.drafts.folder
    away = folder.rename(folder.with_name("away"))
    for made in (False, True):
        if made:
            folder.mkdir()
        with pytest.raises(StoreUnreachable):
            send(desk, upload, 3_000_000, len(DATA))
        with pytest.raises(StoreUnreachable):
            send(desk, short, 5, 10)
    with here.database.read() as tx:
        assert not list(recent(tx, kinds=[Event.UPLOAD_ENDED]))
    folder.rmdir()
    away.rename(folder)
    send(desk, upload, 3_000_000, len(DATA))
    is_sealed(here, upload)


def test_a_disk_that_goes_away_while_it_is_put_together(
    here: Installation, desk: Uploads, monkeypatch: pytest.MonkeyPatch, fixed_clock: FixedClock
) -> None:
    monkeypatch.setattr(uploads_turn, "SHORT", 0)
    upload = desk.begin(MINE, CLAIM, length=len(DATA))
    send(desk, upload, 0, 3_000_000)
    desk.park_idle(0.0)
    with monkeypatch.context() as patch:
        patch.setattr(Intake, "begin", full)
        with pytest.raises(StoreFull):
            send(desk, upload, 3_000_000, len(DATA))
    folder = desk.drafts.folder
    away = folder.rename(folder.with_name("away"))
    with pytest.raises(StoreUnreachable):
        desk.put_together(upload.id).result(60)
    away.rename(folder)
    desk.put_together(upload.id).result(60)
    is_sealed(here, upload)


def test_a_key_that_is_not_at_hand_is_no_loss(
    here: Installation, desk: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotation that has not come to this machine, a keyring that is away: tried again, nothing destroyed."""
    monkeypatch.setattr(uploads_turn, "SHORT", 0)
    upload = desk.begin(MINE, CLAIM, length=len(DATA))
    send(desk, upload, 0, 3_000_000)
    desk.park_idle(0.0)
    unwrap = KeyRing.unwrap

    def missing(ring: KeyRing, object_id: str, epoch: int, wrapped: bytes) -> bytes:
        if object_id.startswith("secret/") and threading.current_thread().name.startswith("assembling"):
            raise KeyMissing(object_id=object_id, reason="the key-encryption key of epoch 2 is not at hand")
        return unwrap(ring, object_id, epoch, wrapped)

    with monkeypatch.context() as patch:
        patch.setattr(KeyRing, "unwrap", missing)
        with pytest.raises(KeyMissing):
            send(desk, upload, 3_000_000, len(DATA))
    found = desk.look(MINE, upload.id)
    assert (found.state, "epoch 2" in (found.problem or "")) == (UploadState.ASSEMBLING, True)
    desk.put_together(upload.id).result(60)
    is_sealed(here, upload)


def test_a_file_system_without_hard_links(here: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There a draft cannot become the object and stay: it is read back, so that a commit that fails takes nothing."""

    def refused(*args: object, **more: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    desk = here.uploads
    upload = desk.begin(MINE, CLAIM, length=len(DATA))
    assert not desk.drafts.direct
    send(desk, upload, 0, 3_000_000)

    def gone(*args: object) -> None:
        raise DatabaseGone(reason="it was switched off")

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "seal", gone)
        with pytest.raises(DatabaseGone):
            send(desk, upload, 3_000_000, len(DATA))
    assert desk.look(MINE, upload.id).received == len(DATA)
    desk.put_together(upload.id).result(60)
    is_sealed(here, upload)


def test_two_processes_name_the_folder_once(here: Installation, tmp_path: Path) -> None:
    several = [Drafts(here.vault, tmp_path / "spool") for _ in range(4)]
    found: list[str] = []
    threads = [threading.Thread(target=lambda one=one: found.append(one.place)) for one in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert {path.name for path in several[0].folder.iterdir()} == {"place", "holders"}
    for one in several:
        one.close()


def test_what_is_whole_never_expires(here: Installation, desk: Uploads, fixed_clock: FixedClock) -> None:
    """The server went away just before sealing, and for a month."""
    upload = desk.begin(MINE, CLAIM, length=len(DATA))
    turn = desk.begin_turn(MINE, upload.id, 0)
    turn.write([DATA])
    turn.settle()
    desk.end_turn(turn)
    fixed_clock.advance(40 * 86_400)
    assert desk.look(MINE, upload.id).whole
    desk.keep_house()
    desk.put_together(upload.id).result(60)
    is_sealed(here, upload)


def test_what_another_place_left_unfinished_ends_too(
    here: Installation, desk: Uploads, fixed_clock: FixedClock
) -> None:
    """A machine that is gone, or a database that was restored elsewhere: what it had begun does not stand for ever."""
    upload, whole = desk.begin(MINE, CLAIM, length=10), desk.begin(MINE, CLAIM, length=len(DATA))
    with here.database.write() as tx:
        tx.execute(upload_table.update().values(place="0" * 36))
        tx.execute(upload_table.update().where(upload_table.c.id == whole.id).values(received=len(DATA)))
    fixed_clock.advance(timedelta(days=20).total_seconds())
    desk.keep_house()
    with here.database.read() as tx:
        assert uploads.find(tx, upload.id).state is UploadState.OPEN  # type: ignore[union-attr]
    fixed_clock.advance(timedelta(days=2).total_seconds())
    desk.keep_house()
    with here.database.read() as tx:
        assert uploads.find(tx, upload.id).state is UploadState.EXPIRED  # type: ignore[union-attr]
        assert uploads.find(tx, whole.id).state is UploadState.OPEN  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["a\0b.mp4", "a\udcff.mp4", "plain.mp4", "\ud800"])
def test_names_that_are_no_text(desk: Uploads, here: Installation, name: str) -> None:
    claim = Claim(name, f"/card/{name}", "tus", "system:dock-d1")
    assert as_claim(as_json(claim)) == claim
    upload = desk.begin(MINE, claim, length=len(DATA))
    assert desk.look(MINE, upload.id).claim.name == name
    send(desk, upload, 0, len(DATA))
    is_sealed(here, upload)


@pytest.mark.parametrize("text", ["a\0b", "a\udcffb"])
@pytest.mark.parametrize("field", ["device", "serial"])
def test_a_device_that_is_no_text(
    here: Installation, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch, field: str, text: str
) -> None:
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    actor = make_place(here.database, fixed_clock).add("okafor", Role.EVIDENCE_TECHNICIAN, password=None)
    with here.database.read() as tx, pytest.raises(DeviceNotKnown):
        claim_of_account(tx, actor, {"name": "a", field: text}, face="web")


def test_links_take_no_places_from_the_agency(desk: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "BY_LINKS", 4)
    take: Callable[..., None] = desk.take_place
    for number in range(places.BY_ONE_LINK):
        take(f"one{number}", Owner("link", "one"))
    with pytest.raises(UploadsWait):
        take("one more", Owner("link", "one"))
    take("two", Owner("link", "two"))
    with pytest.raises(UploadsWait):
        take("three", Owner("link", "three"))
    take("ours", MINE)
    desk.leave_place("one0")
    take("three", Owner("link", "three"))
