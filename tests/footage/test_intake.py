"""Intake: what is sealed, what is written, and that it is written all at once."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4, without_index
from tests.footage.conftest import Archive

from candor.custody.record import history
from candor.footage import names
from candor.footage.errors import IntakeEnded
from candor.footage.receipt import Received
from candor.footage.renditions import renditions_of
from candor.footage.rules import FLAG_WORDS, Flag, RenditionKind
from candor.footage.tables import intake, part, recording, recording_words, rendition
from candor.jobs.tables import job
from candor.store.tables import vault_object


def _row(archive: Archive, received: Received) -> sa.Row[tuple[object, ...]]:
    with archive.database.read() as tx:
        return tx.execute(sa.select(recording).where(recording.c.id == received.recording_id)).one()


def _part(archive: Archive, received: Received) -> sa.Row[tuple[object, ...]]:
    with archive.database.read() as tx:
        return tx.execute(sa.select(part).where(part.c.id == received.part_id)).one()


def _count(archive: Archive, *tables: sa.Table) -> list[int]:
    with archive.database.read() as tx:
        return [tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]


def _events(archive: Archive, received: Received) -> list[tuple[str, dict[str, object]]]:
    with archive.database.read() as tx:
        return [(event.kind.value, event.details) for event in history(tx, received.recording_id)]


def test_good_recording(archive: Archive) -> None:
    film = mp4()
    received = archive.worn(film, "patrol.mp4", device_id=archive.camera, device_kind="body")
    assert received.new
    assert received.flags == ()
    assert received.sha256 == hashlib.sha256(film).digest()
    row, held = _row(archive, received), _part(archive, received)
    assert (row.state, row.flags, row.title, row.size, row.version) == ("sealed", [], "patrol.mp4", len(film), 1)
    assert (row.wearer_id, row.unit_id, row.device_kind) == (archive.officer.account_id, archive.north, "body")
    assert row.duration_ms == pytest.approx(1000, abs=100)
    assert row.started_at == datetime(2026, 11, 20, 18, 4, 5, tzinfo=UTC)
    assert row.started_source == "claim"
    assert (held.number, held.name, held.media_type, held.size) == (1, "patrol.mp4", "video/mp4", len(film))
    assert held.claims["media"]["streams"][0]["codec"] == "h264"
    assert [time["source"] for time in held.claims["times"]][-1] == "file-date"
    assert archive.content(held.object_id) == film


def test_custody_comes_with_it(archive: Archive) -> None:
    film = mp4()
    received = archive.worn(film)
    held = _part(archive, received)
    (first, receipt), (second, seal) = _events(archive, received)
    assert (first, second) == ("recording:received", "recording:sealed")
    assert receipt["source"] == "/card/clip.mp4"
    assert receipt["face"] == "cli"
    assert receipt["file_modified_at"] == "2026-11-22T11:00:00.000000Z"
    assert seal == {
        "flags": [],
        "parts": [
            {
                "part": 1,
                "sha256": hashlib.sha256(film).hexdigest(),
                "chunk_root": held.chunk_root.hex(),
                "chunk_size": 1 << 20,
                "size": len(film),
                "name": "clip.mp4",
            }
        ],
    }


def test_renditions_are_wanted_in_the_same_transaction(archive: Archive) -> None:
    received = archive.worn(mp4())
    with archive.database.read() as tx:
        found = renditions_of(tx, received.part_id)
        (waiting,) = tx.execute(sa.select(job.c.id, job.c.name, job.c.params)).all()
    assert [one.kind for one in found] == [kind for kind in RenditionKind if kind is not RenditionKind.REPAIRED]
    assert {one.state.value for one in found} == {"waiting"}
    assert {one.job_id for one in found} == {waiting.id}
    assert (waiting.name, waiting.params) == ("footage.renditions@1", {"part": received.part_id})


def test_no_waveform_is_wanted_of_a_silent_film(archive: Archive) -> None:
    received = archive.worn(mp4(sound=False))
    with archive.database.read() as tx:
        kinds = {one.kind for one in renditions_of(tx, received.part_id)}
    assert kinds == {RenditionKind.POSTER, RenditionKind.FILMSTRIP, RenditionKind.PROXY}


def test_same_bytes_again_are_one_recording(archive: Archive) -> None:
    first = archive.worn(mp4(), "a.mp4")
    again = archive.take(mp4(), "b.mp4", face="web")
    assert not again.new
    assert (again.recording_id, again.part_id, again.flags) == (first.recording_id, first.part_id, ())
    assert _count(archive, recording, part, intake, vault_object, job) == [1, 1, 2, 1, 1]
    assert archive.objects() == {_part(archive, first).object_id}, "the new ciphertext is gone"
    kind, details = _events(archive, first)[-1]
    assert kind == "recording:received-again"
    assert (details["name"], details["face"], details["restored"]) == ("b.mp4", "web", False)


def test_same_bytes_restore_what_was_lost(archive: Archive) -> None:
    first = archive.worn(mp4())
    lost = _part(archive, first).object_id
    archive.vault.store.delete(lost)
    again = archive.take(mp4())
    assert (again.recording_id, again.new, again.kept) == (first.recording_id, False, True)
    held = _part(archive, first)
    assert held.object_id != lost
    assert archive.content(held.object_id) == mp4()
    assert _events(archive, first)[-1][1]["restored"] is True
    third = archive.take(mp4())
    assert (third.new, third.kept) == (False, False)
    assert archive.content(_part(archive, first).object_id) == mp4()


def test_two_at_once_settle_on_one(archive: Archive) -> None:
    writers = [archive.intake.begin(archive.claim(f"{number}.mp4")) for number in range(4)]
    for writer in writers:
        writer.write(mp4())
    start, done, failures = threading.Barrier(len(writers)), [], []

    def finish(number: int) -> None:
        start.wait()
        try:
            done.append(writers[number].finish())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=finish, args=(number,)) for number in range(len(writers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sorted(received.new for received in done) == [False, False, False, True]
    assert len({received.recording_id for received in done}) == 1
    assert _count(archive, recording, part, intake) == [1, 1, 4]
    assert len(archive.objects()) == 1


def test_empty_files_of_two_cameras_are_two_recordings(archive: Archive) -> None:
    one = archive.take(b"", "A/VIDEO001.MP4", wearer_id=archive.officer.account_id)
    two = archive.take(b"", "B/VIDEO001.MP4", wearer_id=archive.other_officer.account_id)
    assert one.new
    assert two.new
    assert one.recording_id != two.recording_id
    assert one.sha256 == two.sha256
    assert one.flags == two.flags == (Flag.EMPTY,)
    assert _count(archive, recording, part, vault_object, rendition) == [2, 2, 2, 0]
    assert archive.content(_part(archive, one).object_id) == b""
    seal = _events(archive, one)[1][1]
    assert seal["flags"] == ["empty"]
    assert seal["parts"][0]["chunk_root"] == hashlib.sha256(b"").hexdigest()  # type: ignore[index]


def test_film_without_index(archive: Archive) -> None:
    broken = without_index(mp4())
    received = archive.worn(broken)
    assert received.flags == (Flag.TRUNCATED,)
    assert archive.content(_part(archive, received).object_id) == broken
    assert _count(archive, rendition, job) == [1, 1]
    with archive.database.read() as tx:
        assert tx.scalars(sa.select(rendition.c.kind)).all() == ["repaired"]  # nothing to look at, but worth an attempt


def test_film_cut_short_after_its_index(archive: Archive) -> None:
    received = archive.worn(mp4(3.0)[:-2000])
    assert Flag.TRUNCATED in received.flags


def test_text_called_mp4(archive: Archive) -> None:
    received = archive.worn(b"Dear diary, today nothing was recorded.\n" * 40, "evidence.mp4")
    assert received.flags == (Flag.NOT_MEDIA,)
    assert _part(archive, received).media_type is None
    assert _count(archive, rendition) == [0]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines.mp4", "two\\nlines.mp4"),
        ("clip\u202e4pm.exe", "clip\\u202e4pm.exe"),
        ("\u2066left\u2069.mp4", "\\u2066left\\u2069.mp4"),
        ("bell\x07.mp4", "bell\\x07.mp4"),
    ],
)
def test_unusual_name_is_kept_exactly_and_shown_safely(archive: Archive, name: str, shown: str) -> None:
    received = archive.worn(mp4(), name)
    assert received.flags == (Flag.NAME_UNUSUAL,)
    assert _part(archive, received).name == name
    assert _row(archive, received).title == shown
    assert _events(archive, received)[1][1]["parts"][0]["name"] == name  # type: ignore[index]


def test_name_that_is_no_text(archive: Archive) -> None:
    name = b"caf\xe9\xff.mp4".decode("utf-8", "surrogateescape")
    received = archive.worn(mp4(), name)
    held = _part(archive, received)
    assert received.flags == (Flag.NAME_UNUSUAL,)
    assert held.name == "caf\\xe9\\xff.mp4"
    assert bytes.fromhex(held.claims["name_bytes"]) == b"caf\xe9\xff.mp4"
    assert names.shown(held.name) == held.name


def test_nobody_known(archive: Archive) -> None:
    assert archive.take(mp4()).flags == (Flag.NOBODY_KNOWN,)


@pytest.mark.parametrize("made", ["2000-01-01T00:00:00Z", "2031-05-05T00:00:00Z"])
def test_unlikely_claim_falls_back_to_the_files_date(archive: Archive, made: str) -> None:
    received = archive.worn(mp4(made=made))
    row = _row(archive, received)
    assert received.flags == (Flag.TIME_UNLIKELY,)
    assert (row.started_at, row.started_source) == (archive.clock.now() - timedelta(hours=1), "file-date")
    claimed = [time for time in _part(archive, received).claims["times"] if time["source"] == "claim"]
    assert claimed[0]["value"].startswith(made[:10]), "the claim stays"


def test_without_any_time_the_receipt_counts(archive: Archive) -> None:
    received = archive.worn(mp4(made=None), modified_at=None)
    row = _row(archive, received)
    assert (row.started_at, row.started_source) == (archive.clock.now(), "receipt")


def test_every_flag_has_its_sentence() -> None:
    assert set(FLAG_WORDS) == set(Flag)
    assert all(words.endswith(".") for words in FLAG_WORDS.values())


def test_given_up_leaves_nothing(archive: Archive) -> None:
    writer = archive.intake.begin(archive.claim())
    writer.write(mp4())
    writer.abort()
    with pytest.raises(IntakeEnded):
        writer.write(b"more")
    with pytest.raises(IntakeEnded):
        writer.finish()
    assert archive.objects() == set()
    assert _count(archive, recording, part, intake, recording_words) == [0, 0, 0, 0]


def test_a_face_that_fails_leaves_nothing(archive: Archive) -> None:
    def upload() -> None:
        with archive.intake.begin(archive.claim()) as writer:
            writer.write(mp4())
            raise RuntimeError("connection lost")

    with pytest.raises(RuntimeError, match="connection lost"):
        upload()
    assert archive.objects() == set()


def test_half_a_transaction_is_none(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the last act of the transaction: nothing of it stays, and the same file goes in afterwards."""
    from candor.footage import receipt

    def broken(*_: object) -> None:
        raise RuntimeError("no more")

    with monkeypatch.context() as patch:
        patch.setattr(receipt, "index_recording", broken)
        with pytest.raises(RuntimeError, match="no more"):
            archive.worn(mp4())
    assert _count(archive, recording, part, intake, rendition, vault_object, job) == [0] * 6
    (orphan,) = archive.objects()
    received = archive.worn(mp4())
    assert received.new
    assert archive.objects() == {orphan, _part(archive, received).object_id}


def test_many_of_one_moment_have_places_of_their_own(archive: Archive) -> None:
    """A card of a camera whose clock was never set."""
    same = datetime(2026, 1, 1, tzinfo=UTC)
    received = [archive.worn(bytes([number]), f"{number}", modified_at=same) for number in range(5)]
    keys = {_row(archive, one).started_key for one in received}
    assert len(keys) == 5
    assert {key >> 16 for key in keys} == {int(same.timestamp() * 1000)}
