"""Wiping a card: never in doubt, only what was compared, and put on record."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.docking.cards.conftest import Desk
from tests.footage.clips import mp4

from candor.custody.events import Event
from candor.custody.record import recent
from candor.docking.cards import wiping
from candor.docking.cards.errors import CardNotWiped, CardWipedInPart
from candor.docking.cards.listing import Card, CardFile, Listing
from candor.docking.cards.wiping import Compared, Wiped, compare, wipe
from candor.fleet.service import find_by_serial
from candor.footage.tables import part
from candor.people.errors import Refused
from candor.store.folder import FolderStore

FILES = ["DCIM/100MEDIA/ABCD0001.MP4", "DCIM/100MEDIA/ABCD0002.MP4", "DCIM/100MEDIA/ABCD0001.xml", "unknown.bin"]


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A card that is in, with two recordings, a small file, an unknown one, and what an operating system left."""
    for number, path in enumerate(FILES[:2]):
        desk.put(path, mp4(1.0, seed=number, sound=False))
    desk.put(FILES[2], b"<clip/>")
    desk.put(FILES[3], b"\x00\x01\x02")
    desk.put("System Volume Information/IndexerVolumeGuid", b"system")
    desk.orders = replace(desk.orders, who=desk.archive.administrator)
    desk.read()
    return desk


def wiped(desk: Desk, between: Callable[[], object] = lambda: None) -> Wiped:
    with desk.archive.database.read() as tx:
        camera = find_by_serial(tx, "CAM1")
    assert camera is not None
    with Card(desk.place) as card:
        compared = compare(desk.archive.intake, card)
        between()
        return wipe(desk.archive.intake, card, compared, desk.orders, camera.id)


def left(desk: Desk) -> list[str]:
    files = sorted(path for path in desk.place.rglob("*") if path.is_file())
    return [path.relative_to(desk.place).as_posix() for path in files]


def events(desk: Desk, kind: Event) -> list[dict[str, object]]:
    with desk.archive.database.read() as tx:
        return [event.details for event in recent(tx, kinds=[kind])]


def nothing_wiped(desk: Desk) -> bool:
    return set(FILES) <= set(left(desk)) and not events(desk, Event.CARD_WIPED)


def test_everything_is_sealed_and_wiped(full: Desk) -> None:
    size = sum((full.place / path).stat().st_size for path in FILES)
    done = wiped(full)
    assert left(full) == ["System Volume Information/IndexerVolumeGuid"]
    assert (full.place / "DCIM/100MEDIA").is_dir(), "a camera finds its folders again"
    assert (done.files, done.size) == (4, size)
    (began,), (ended,) = events(full, Event.CARD_WIPE_STARTED), events(full, Event.CARD_WIPED)
    assert began["files"] == ended["deleted"] == 4
    assert ended["whole"] is True
    assert len(str(ended["list"])) == 64
    assert began["list"] == ended["list"]
    with full.archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(part)) == 3


def test_a_file_that_is_not_sealed(full: Desk) -> None:
    full.put("DCIM/100MEDIA/ABCD0003.MP4", mp4(1.0, seed=7, sound=False))
    with pytest.raises(CardNotWiped, match=r"ABCD0003\.MP4 is not sealed"):
        wiped(full)
    assert nothing_wiped(full)


def test_a_small_file_that_is_not_sealed(full: Desk) -> None:
    full.put("extra.txt", b"note")
    with pytest.raises(CardNotWiped, match=r"extra\.txt is not sealed"):
        wiped(full)
    assert nothing_wiped(full)


def test_bytes_that_differ_from_what_is_sealed(full: Desk) -> None:
    """Same place, size and date: the ledger knows it, the bytes do not agree."""
    file = full.place / FILES[0]
    status, content = file.stat(), bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(CardNotWiped, match="is not sealed"):
        wiped(full)
    assert nothing_wiped(full)


def test_the_vault_lost_it(full: Desk) -> None:
    with full.archive.database.read() as tx:
        object_id = tx.scalar(sa.select(part.c.object_id).where(part.c.name == "ABCD0002.MP4"))
    full.archive.vault.store.delete(str(object_id))
    with pytest.raises(CardNotWiped, match=r"ABCD0002\.MP4 could not be read back"):
        wiped(full)
    assert nothing_wiped(full)


def test_the_vault_was_altered(full: Desk) -> None:
    with full.archive.database.read() as tx:
        object_id = tx.scalar(sa.select(part.c.object_id).where(part.c.name == "ABCD0002.MP4"))
    store = full.archive.vault.store
    assert isinstance(store, FolderStore)
    (path,) = [path for path in (full.archive.folder / "footage").rglob("*") if path.name == object_id]
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    with pytest.raises(CardNotWiped, match=r"ABCD0002\.MP4 could not be read back"):
        wiped(full)
    assert nothing_wiped(full)


def test_a_file_that_cannot_be_read(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Card.sha256

    def broken(self: Card, file: CardFile) -> tuple[bytes, int]:
        if file.path == FILES[1]:
            raise OSError(5, "Input/output error")
        return read(self, file)

    monkeypatch.setattr(Card, "sha256", broken)
    with pytest.raises(CardNotWiped, match=r"ABCD0002\.MP4 cannot be read whole: Input/output error"):
        wiped(full)
    assert nothing_wiped(full)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda desk: desk.put("DCIM/new.mp4", b"x"), "is new since it was compared"),
        (lambda desk: desk.put(FILES[0], b"other"), "changed since it was compared"),
        (lambda desk: os.utime(desk.place / FILES[1]), "changed since it was compared"),
        (lambda desk: (desk.place / FILES[3]).rename(desk.place / "elsewhere.bin"), "is new since it was compared"),
        (lambda desk: os.unlink(desk.place / FILES[3]), "is gone since it was compared"),
        (lambda desk: os.symlink("/etc/passwd", desk.place / "link.mp4"), "it is a link"),
    ],
)
def test_anything_that_happens_in_between(full: Desk, what: Callable[[Desk], object], words: str) -> None:
    with pytest.raises(CardNotWiped, match=words):
        wiped(full, between=lambda: what(full))
    assert not events(full, Event.CARD_WIPE_STARTED)
    assert len(left(full)) >= 4


def test_what_is_no_file_stops_it(full: Desk) -> None:
    os.mkfifo(full.place / "pipe.mp4")
    with pytest.raises(CardNotWiped, match=r"pipe\.mp4: it is neither a file nor a folder"):
        wiped(full)


def test_a_folder_swapped_for_a_link_is_not_followed(full: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"

    def swap() -> None:
        (full.place / "DCIM/100MEDIA").rename(outside)
        (full.place / "DCIM/100MEDIA").symlink_to(outside)

    with pytest.raises(CardNotWiped):
        wiped(full, between=swap)
    assert len(list(outside.iterdir())) == 3


def test_a_file_that_changes_in_the_last_moment(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the last look at everything and its own turn."""
    checked = wiping._must_be_unchanged

    def then_change(card: Card, compared: Compared) -> None:
        checked(card, compared)
        full.put(FILES[1], b"something new")

    monkeypatch.setattr(wiping, "_must_be_unchanged", then_change)
    with pytest.raises(CardWipedInPart, match=r"1|2 of 4 files were wiped"):
        wiped(full)
    assert FILES[1] in left(full)
    assert (full.place / FILES[1]).read_bytes() == b"something new"
    (ended,) = events(full, Event.CARD_WIPED)
    assert ended["whole"] is False


def test_what_fails_half_way_is_said_and_can_be_repeated(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = os.unlink

    def broken(name: str, **given: int) -> None:
        if name == "ABCD0002.MP4":
            raise OSError(30, "Read-only file system")
        unlink(name, **given)

    monkeypatch.setattr(wiping.os, "unlink", broken)
    with pytest.raises(CardWipedInPart, match=r"2 of 4 files were wiped .*/ABCD0002\.MP4: Read-only file system"):
        wiped(full)
    assert [path for path in left(full) if path in FILES] == [FILES[1], FILES[3]]
    monkeypatch.undo()
    assert wiped(full).files == 2
    assert left(full) == ["System Volume Information/IndexerVolumeGuid"]
    assert [one["whole"] for one in events(full, Event.CARD_WIPED)] == [True, False]


def test_broken_off_while_deleting(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was deleted until then is on record."""
    deleted, before = [], wiping._delete

    def delete(card: Card, file: CardFile) -> None:
        if deleted:
            raise KeyboardInterrupt
        deleted.append(file.path)
        before(card, file)

    monkeypatch.setattr(wiping, "_delete", delete)
    with pytest.raises(KeyboardInterrupt):
        wiped(full)
    (ended,) = events(full, Event.CARD_WIPED)
    assert (ended["deleted"], ended["whole"]) == (1, False)


def test_another_file_system_within_it(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Card.listing

    def mounted(self: Card) -> Listing:
        found = listing(self)
        files = [replace(file, device=99) if file.path.startswith("DCIM") else file for file in found.files]
        return replace(found, files=tuple(files))

    monkeypatch.setattr(Card, "listing", mounted)
    with pytest.raises(CardNotWiped, match="another file system"):
        wiped(full)
    assert nothing_wiped(full)


def test_only_who_may(full: Desk) -> None:
    full.orders = replace(full.orders, who=full.archive.officer)
    with pytest.raises(Refused):
        wiped(full)
    assert nothing_wiped(full)


def test_a_recording_still_coming_in_is_not_wiped(desk: Desk) -> None:
    first, second = "Movie/2026_1120_180000_001A.MP4", "Movie/2026_1120_180003_002A.MP4"
    for number, path in enumerate((first, second)):
        desk.put(path, mp4(3.0, made=f"2026-11-20T18:00:0{3 * number}Z", seed=number, sound=False))
    desk.orders = replace(desk.orders, who=desk.archive.administrator)
    desk.read(but={second})
    with pytest.raises(CardNotWiped, match="is not sealed"):
        wiped(desk)
    desk.read()
    assert wiped(desk).files == 2
