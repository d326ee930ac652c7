"""What is under way, from every way in."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from tests.footage.conftest import Archive, archive, cheap_passwords, make_archive

from candor.core.ids import new_id
from candor.docking.cards.tables import card_reading
from candor.docking.links import service as links
from candor.docking.progress import receiving
from candor.docking.transfers import FORGOTTEN, READER_GONE, TransferState, UnderWay, look
from candor.docking.uploads import service as uploads
from candor.docking.uploads.rules import Limits, Owner
from candor.docking.uploads.tables import upload
from candor.fleet import places
from candor.footage.said import PartOf

__all__ = ["archive", "cheap_passwords", "make_archive"]


def seen(here: Archive) -> UnderWay:
    with here.database.read() as tx:
        return look(tx, clock=here.clock)


def begin(here: Archive, owner: Owner, name: str, length: int | None = 1000) -> str:
    with here.database.write() as tx:
        made = uploads.begin(
            tx, owner, here.claim(name), length=length, limits=Limits(), place=new_id(), days=14, clock=here.clock
        )
    return made.id


def test_uploads_of_people_docks_and_links(archive: Archive) -> None:
    mine = begin(archive, Owner("account", archive.technician.account_id), "mine.mp4")
    dock = begin(archive, Owner("dock", "d1"), "dock.mp4", None)
    with archive.database.write() as tx:
        link, _ = links.new_link(tx, archive.technician, "2026-1", clock=archive.clock)
    begin(archive, links.owner_of(link), "link.mp4")
    now = archive.clock.now()
    with archive.database.write() as tx:
        tx.execute(upload.update().where(upload.c.id == mine).values(received=250))
        lease = {"lease": new_id(), "lease_until": now + timedelta(seconds=60)}
        tx.execute(upload.update().where(upload.c.id == dock).values(received=10, **lease))
    found = {one.name: one for one in seen(archive).transfers}
    assert (found["mine.mp4"].state, found["mine.mp4"].fraction) == (TransferState.WAITING, 0.25)
    assert found["mine.mp4"].owner_id == archive.technician.account_id
    assert found["mine.mp4"].ends_at == now + timedelta(days=14)
    assert (found["dock.mp4"].state, found["dock.mp4"].fraction) == (TransferState.RECEIVING, None)
    assert found["dock.mp4"].dock_id == "d1"
    assert found["link.mp4"].kind == "link"
    assert seen(archive).transfers[0].name == "dock.mp4", "what moves stands first"
    with archive.database.write() as tx:
        tx.execute(upload.update().where(upload.c.id == mine).values(state="assembling", assembled=600))
        tx.execute(upload.update().where(upload.c.id == dock).values(state="done"))
    found = {one.name: one for one in seen(archive).transfers}
    assert (found["mine.mp4"].state, found["mine.mp4"].size) == (TransferState.ASSEMBLING, 600)
    assert "dock.mp4" not in found


def test_cards_by_their_last_sign_of_life(archive: Archive) -> None:
    now = archive.clock.now()
    row = {
        "id": new_id(),
        "dock_id": "d1",
        "place": "/media/card",
        "reader": "dcim",
        "state": "reading",
        "listing_sha256": bytes(32),
        "files": 4,
        "size": 4000,
        "files_done": 1,
        "size_done": 1000,
        "failed": 0,
        "remarks": [],
        "actor": "system:x",
        "started_at": now - timedelta(seconds=10),
        "seen_at": now,
    }
    with archive.database.write() as tx:
        tx.execute(card_reading.insert(), row)
    (card,) = seen(archive).transfers
    assert (card.kind, card.state, card.fraction, card.rate) == ("card", TransferState.RECEIVING, 0.25, 100.0)
    assert seen(archive).rate == 100.0
    archive.clock.advance(READER_GONE.total_seconds())
    (card,) = seen(archive).transfers
    assert card.state is TransferState.WAITING
    assert seen(archive).rate == 0
    archive.clock.advance(FORGOTTEN.total_seconds())
    assert seen(archive).transfers == ()


def test_recordings_that_wait_say_their_camera_and_dock(archive: Archive) -> None:
    with archive.database.write() as tx:
        dock_id = places.create_dock(tx, archive.administrator, "Desk", kind="axis", clock=archive.clock)
    part_of = PartOf("k", archive.clock.now(), archive.clock.now() + timedelta(seconds=5))
    archive.take(b"bytes", "k.mkv", device_id=archive.camera, part_of=part_of, dock_id=dock_id)
    with receiving("axis", dock_id, "k2.mkv", 10) as told, receiving("axis", "other", "x.mkv", 10):
        told(5)
        whole, mine = seen(archive), seen(archive).of_dock(dock_id)
    assert len(whole.transfers) == 2
    assert [one.name for one in mine.transfers] == ["k2.mkv"]
    (one,) = mine.recordings
    assert (one.serial, one.parts, one.dock_id, one.silent) == ("X60A12345", 1, dock_id, False)
    archive.clock.advance(7 * 3600)
    assert seen(archive).recordings[0].silent
    with archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(upload)) == 0
