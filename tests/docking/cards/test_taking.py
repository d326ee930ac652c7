"""Cards of real recordings, taken in: joined where that is sure, once, and nothing lost."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest
import sqlalchemy as sa
from tests.docking.cards.conftest import Desk
from tests.footage.clips import mp4

from candor.core.clock import iso
from candor.custody.events import Event
from candor.custody.record import history, recent
from candor.docking.cards import beside
from candor.docking.cards.grouping import Measured
from candor.docking.cards.listing import Card
from candor.docking.cards.measuring import Measuring
from candor.docking.cards.outcomes import ClipTaken
from candor.docking.cards.records import ReadingState, readings
from candor.docking.cards.tables import card_file, card_reading
from candor.docking.cards.taking import CardPass, Memory
from candor.docking.cards.wiping import compare
from candor.fleet.reports import reports_of
from candor.fleet.service import find_by_serial
from candor.footage import gathering, returning
from candor.footage.discrepancies import Field, discrepancies_of
from candor.footage.intake import IntakeWriter
from candor.footage.purging import purge
from candor.footage.rules import Flag, RecordingState
from candor.footage.sidecars import sidecars_of
from candor.footage.tables import part, recording, sidecar
from candor.footage.times import TimeSource
from candor.footage.tracks import tracks_of

LOOP = ["Movie/2026_1120_180000_001A.MP4", "Movie/RO/2026_1120_180003_002A.MP4", "Movie/2026_1120_180006_003A.MP4"]


def film(begins: int, seconds: float = 3.0, seed: int = 1) -> bytes:
    return mp4(seconds, made=f"2026-11-20T18:{begins // 60:02d}:{begins % 60:02d}Z", seed=seed, sound=False)


def put_loop(desk: Desk) -> None:
    """Three files that one recording was split into, the second of them locked; and another one a while later."""
    for number, path in enumerate(LOOP):
        desk.put(path, film(3 * number, seed=number + 1))
    desk.put("Movie/2026_1120_190000_004A.MP4", mp4(2.0, made="2026-11-20T19:00:00Z", seed=9, sound=False))


def tree(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Everything in a folder: content, and when it was changed, and read."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns)) if path.is_file() else None
        found[str(path)] = (content, status.st_mtime_ns, status.st_mode)
    return found


def test_a_recording_split_into_files_is_one(desk: Desk) -> None:
    put_loop(desk)
    before = tree(desk.place)
    told = desk.read()
    assert tree(desk.place) == before, "a card is only read"
    assert told.reader == "novatek"
    assert not told.failed
    assert not told.remarks
    assert len({told.clips[path] for path in LOOP}) == 1
    assert len(set(told.clips.values())) == 2
    with desk.archive.database.read() as tx:
        whole = tx.execute(sa.select(recording).where(recording.c.id == told.clips[LOOP[0]])).one()
        parts = tx.execute(sa.select(part).where(part.c.recording_id == whole.id).order_by(part.c.number)).all()
        events = [event.kind for event in history(tx, whole.id)]
        camera = find_by_serial(tx, "CAM1")
    assert whole.state == RecordingState.SEALED.value
    assert [row.name for row in parts] == [path.rpartition("/")[2] for path in LOOP]
    assert parts[1].claims["source"]["marks"] == ["locked"]
    assert parts[1].claims["source"]["path"] == LOOP[1]
    assert whole.duration_ms == pytest.approx(9000, abs=300)
    assert whole.started_at == datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    assert events[0] is Event.RECORDING_RECEIVED
    assert events[-1] is Event.RECORDING_SEALED
    assert camera is not None
    assert whole.device_id == camera.id


def test_names_are_times_with_a_zone_only(make_desk: Callable[..., Desk]) -> None:
    path = "Movie/2026_1120_180000_001A.MP4"
    desk = make_desk(serial="CAM1")
    desk.put(path, mp4(1.0, made=None, sound=False))
    os.utime(desk.place / path, (1_790_000_000, 1_790_000_000))
    told = desk.read()
    berlin = replace(desk, orders=replace(desk.orders, zone="Europe/Berlin", serial="CAM2"))
    desk.put(path, mp4(1.0, made=None, sound=False, seed=5))
    again = berlin.read()
    with desk.archive.database.read() as tx:
        rows = {row.id: row for row in tx.execute(sa.select(recording))}
        claims = tx.scalar(sa.select(part.c.claims).where(part.c.recording_id == told.clips[path]))
    assert rows[told.clips[path]].started_source == TimeSource.FILE_DATE.value
    assert {
        "source": "name",
        "at": None,
        "where": "the file's name",
        "value": "2026-11-20 18:00:00, zone not known",
    } in (claims["times"])
    named = rows[again.clips[path]]
    assert (named.started_at, named.started_source) == (
        datetime(2026, 11, 20, 17, 0, tzinfo=UTC),
        TimeSource.NAME.value,
    )


def test_nothing_is_read_twice(desk: Desk) -> None:
    put_loop(desk)
    first = desk.read()
    again = desk.read()
    assert again.outcomes == []
    desk.put("Movie/2026_1120_200000_005A.MP4", mp4(1.0, made="2026-11-20T20:00:00Z", seed=12, sound=False))
    third = desk.read()
    assert set(third.clips) == {"Movie/2026_1120_200000_005A.MP4"}
    with desk.archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(card_file)) == 5
        assert tx.scalar(sa.select(sa.func.count()).select_from(part)) == 5
        assert [one.state for one in readings(tx)] == [ReadingState.ENDED] * 2
        assert [one.files_done for one in readings(tx)] == [1, 4]
        assert sum(1 for _ in recent(tx, kinds=[Event.CARD_READ])) == 2
        assert not list(readings(tx, under_way=True))
    assert len(set(first.clips.values())) == 2


def test_a_part_that_comes_later(desk: Desk) -> None:
    """A folder that exports are copied into: the last file is still being written when the others are in."""
    put_loop(desk)
    first = desk.read(but={LOOP[2]}, anew=False)
    with desk.archive.database.read() as tx:
        state = tx.scalar(sa.select(recording.c.state).where(recording.c.id == first.clips[LOOP[0]]))
        assert state == RecordingState.RECEIVING.value, "more may come"
    second = desk.read(anew=False)
    assert set(second.clips) == {LOOP[2], "Movie/2026_1120_190000_004A.MP4"}
    assert second.clips[LOOP[2]] == first.clips[LOOP[0]]
    with desk.archive.database.read() as tx:
        row = tx.execute(sa.select(recording).where(recording.c.id == first.clips[LOOP[0]])).one()
    assert row.state == RecordingState.SEALED.value
    assert Flag.LATE_PART.value not in row.flags


def test_the_first_file_comes_last(desk: Desk) -> None:
    """What was sealed as a recording of its own becomes one with what comes before it, and both histories stay."""
    put_loop(desk)
    held = (desk.place / LOOP[0]).read_bytes()
    (desk.place / LOOP[0]).unlink()
    first = desk.read()
    desk.put(LOOP[0], held)
    desk.read()
    with desk.archive.database.read() as tx:
        homes = set(tx.scalars(sa.select(part.c.recording_id).where(part.c.name.like("2026_1120_1800%"))))
        old = tx.scalar(sa.select(recording.c.state).where(recording.c.id == first.clips[LOOP[1]]))
    assert len(homes) == 1
    assert old in (RecordingState.REGROUPED.value, RecordingState.SEALED.value)


def test_killed_between_parts_and_gone_on(desk: Desk) -> None:
    put_loop(desk)
    whole = film(6, seed=3)

    class Pulled(Exception):
        """The plug."""

    def pull(self: object, tx: object, file: object) -> None:
        raise Pulled

    from candor.docking.cards.taking import CardPass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CardPass, "_count", pull)
        with pytest.raises(Pulled):
            desk.read()
    with desk.archive.database.read() as tx:
        (stopped,) = readings(tx)
        assert stopped.state is ReadingState.STOPPED
    told = desk.read()
    assert set(told.clips) == {*LOOP, "Movie/2026_1120_190000_004A.MP4"}
    with desk.archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(part)) == 4
        rows = tx.execute(
            sa.select(part).where(part.c.recording_id == told.clips[LOOP[0]]).order_by(part.c.number)
        ).all()
    assert [row.sha256 for row in rows][2] == hashlib.sha256(whole).digest()


def test_overlaps_and_gaps_are_named_and_not_joined(desk: Desk) -> None:
    desk.put("Movie/2026_1120_180000_001A.MP4", film(0, 5.0))
    desk.put("Movie/2026_1120_180001_002A.MP4", film(1, 3.0, seed=2))
    desk.put("Movie/2026_1120_180030_003A.MP4", film(30, seed=3))
    told = desk.read()
    assert told.remarks == ["overlap", "gap"]
    assert len(set(told.clips.values())) == 3
    with desk.archive.database.read() as tx:
        (reading,) = readings(tx)
    assert [(one["kind"], one["seconds"]) for one in reading.remarks] == [("overlap", 4), ("gap", 26)]


def test_files_no_reader_knows_are_taken_in_by_themselves(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.put("a.mp4", film(0))
    desk.put("b.mp4", film(3, seed=2))
    desk.put("strange.dat", b"\x00\x01" * 50)
    desk.put("empty.mp4", b"")
    told = desk.read()
    assert told.reader == "none"
    assert len(set(told.clips.values())) == 4
    with desk.archive.database.read() as tx:
        rows = {row.title: row for row in tx.execute(sa.select(recording))}
    assert Flag.NOT_MEDIA.value in rows["strange.dat"].flags
    assert Flag.EMPTY.value in rows["empty.mp4"].flags
    assert rows["a.mp4"].device_id is None


def test_sidecars_are_kept_and_compared(desk: Desk) -> None:
    content = film(0)
    desk.put("Movie/2026_1120_180000_001A.MP4", content)
    desk.put("Movie/2026_1120_190000_009A.MP4", film(30, seed=4))
    good = hashlib.sha256(content).hexdigest()
    desk.put("Movie/2026_1120_180000_001A.sha256", f"{good}  2026_1120_180000_001A.MP4\n".encode())
    desk.put("Movie/2026_1120_190000_009A.MP4.sha256", b"0" * 64)
    desk.put("Movie/2026_1120_180000_001A.xml", b"<clip><officer>Ng</officer></clip>")
    desk.put("notes.json", b'{"a": 1}')
    told = desk.read()
    ours = told.clips["Movie/2026_1120_180000_001A.MP4"]
    theirs = told.clips["Movie/2026_1120_190000_009A.MP4"]
    with desk.archive.database.read() as tx:
        kept = {one.name: one for one in sidecars_of(tx, ours)}
        settled, disputed = discrepancies_of(tx, ours), discrepancies_of(tx, theirs)
        alone = tx.execute(sa.select(sidecar).where(sidecar.c.name == "notes.json")).one()
        compared = [event.details for event in history(tx, theirs) if event.kind is Event.SIDECAR_COMPARED]
    assert set(kept) == {"2026_1120_180000_001A.sha256", "2026_1120_180000_001A.xml"}
    assert kept["2026_1120_180000_001A.sha256"].facts["compared"][0]["agrees"] is True
    assert kept["2026_1120_180000_001A.xml"].kind == "xml"
    assert kept["2026_1120_180000_001A.xml"].facts["fields"] == {"clip/officer": "Ng"}
    assert settled == []
    assert [one.field for one in disputed] == [Field.HASH]
    assert [one["agrees"] for one in compared] == [False]
    assert (alone.recording_id, alone.kind) == (None, "json")
    assert told.besides["Movie/2026_1120_180000_001A.sha256"].digests[0].agrees
    assert desk.read().outcomes == [], "small files are read once too"


def test_the_list_of_a_whole_export_is_kept_once(
    make_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy beside each would be as many copies as it has lines. What it says of each stands in each one's history."""
    monkeypatch.setattr(beside, "_MOST_BESIDE", 2)
    desk = make_desk()
    films = {f"clip {number}.mp4": mp4(1.0, made=None, sound=False, seed=number) for number in range(4)}
    lines = []
    for name, content in films.items():
        desk.put(name, content)
        lines.append(f"{hashlib.sha256(content).hexdigest()} *{name}")
    lines[3] = "0" * 64 + " *clip 3.mp4"
    desk.put("manifest.sha256", "\n".join(lines).encode())
    told = desk.read()
    assert [one.agrees for one in told.besides["manifest.sha256"].digests] == [True, True, True, False]
    with desk.archive.database.read() as tx:
        (kept,) = tx.execute(sa.select(sidecar)).all()
        found = {name: history(tx, told.clips[name]) for name in films}
        disputed = [name for name in films if discrepancies_of(tx, told.clips[name])]
    assert kept.recording_id is None
    assert len(kept.facts["hashes"]) == 4
    compared = {
        name: [event.details["agrees"] for event in events if event.kind is Event.SIDECAR_COMPARED]
        for name, events in found.items()
    }
    assert compared == {"clip 0.mp4": [True], "clip 1.mp4": [True], "clip 2.mp4": [True], "clip 3.mp4": [False]}
    assert disputed == ["clip 3.mp4"]


def test_a_sidecar_of_what_is_read_later_is_put_beside_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what a damaged card gave at the second try the digest is compared too."""
    path = "DCIM/100MEDIA/ABCD0001.MP4"
    desk.put(path, film(0))
    desk.put(f"{path}.sha256", b"0" * 64)

    def receive(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(CardPass, "_receive", receive)
    first = desk.read()
    assert set(first.failed) == {path}
    assert first.besides[f"{path}.sha256"].of == ()
    monkeypatch.undo()
    told = desk.read()
    assert told.besides[f"{path}.sha256"].sidecar_id == first.besides[f"{path}.sha256"].sidecar_id
    with desk.archive.database.read() as tx:
        (kept,) = sidecars_of(tx, told.clips[path])
        assert [one.field for one in discrepancies_of(tx, told.clips[path])] == [Field.HASH]
        assert Event.SIDECAR_COMPARED in [event.kind for event in history(tx, told.clips[path])]
    assert kept.facts["compared"][0]["agrees"] is False
    assert desk.read().outcomes == []


def test_a_sidecar_waits_for_its_recording(desk: Desk) -> None:
    path = "Movie/2026_1120_180000_001A.MP4"
    desk.put(path, film(0))
    desk.put(f"{path}.sha256", b"0" * 64)
    assert desk.read(but={path}).outcomes[1:] == []
    told = desk.read()
    with desk.archive.database.read() as tx:
        assert len(sidecars_of(tx, told.clips[path])) == 1


def test_what_cannot_be_read_is_said_and_the_rest_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    put_loop(desk)
    from candor.docking.cards.listing import Card

    opened = Card.open

    def broken(self: Card, file: object) -> int:
        if getattr(file, "path", "") == LOOP[1]:
            raise OSError(5, "Input/output error")
        return opened(self, file)  # type: ignore[arg-type]

    monkeypatch.setattr(Card, "open", broken)
    told = desk.read(anew=False)
    assert told.failed == {LOOP[1]: "Input/output error"}
    assert set(told.clips) == {LOOP[0], LOOP[2], "Movie/2026_1120_190000_004A.MP4"}
    assert told.clips[LOOP[0]] != told.clips[LOOP[2]], "what lies between is missing: not one recording"
    again = desk.read(anew=False)
    assert not again.failed, "it is not tried again and again"
    assert not again.clips
    with desk.archive.database.read() as tx:
        camera = find_by_serial(tx, "CAM1")
        assert camera is not None
        lost = [one for one in reports_of(tx, camera.id) if one.kind == "lost"]
        assert sum(1 for _ in recent(tx, kinds=[Event.INTAKE_FAILED])) == 1
    assert [(one.reason, one.from_at and iso(one.from_at)) for one in lost] == [
        ("unreadable", "2026-11-20T18:00:03.000000Z")
    ]
    monkeypatch.undo()
    assert set(desk.read().clips) == {LOOP[1]}, "the next time it is"


NO_TEXT = {
    "officer": ["M\udcfcller_202611201800_ABC123456-1.mp4"],
    "title": ["AXON_Body_3\udcff_Video_2026-11-20_1800.mp4", "AXON_Body_3_Video_2026-11-20_1801.mp4"],
    "remark": ["Mo\udcffvie/2026_1120_180000_001A.MP4", "Mo\udcffvie/2026_1120_180002_005A.MP4"],
    "digest": ["DCIM/100MEDIA/caf\udce9.MP4", "DCIM/100MEDIA/caf\udce9.sha256"],
}


@pytest.mark.parametrize("serial", ["CAM1", None])
@pytest.mark.parametrize("names", NO_TEXT.values(), ids=NO_TEXT)
def test_names_that_are_no_text(make_desk: Callable[..., Desk], names: list[str], serial: str | None) -> None:
    """As cards have them that were filled under another code page: nothing on the card stays behind for it."""
    desk = make_desk(serial=serial, zone="UTC")
    for number, name in enumerate(names):
        wrong = b"0" * 64 if name.endswith("sha256") else mp4(2.0, made=None, sound=False, seed=number)
        desk.put(name, wrong)
    told = desk.read()
    assert {*told.clips, *told.besides} == set(names)
    assert not told.failed


def test_what_is_not_read_is_said(desk: Desk, tmp_path: Path) -> None:
    """A link, or a folder that cannot be read: there may be recordings behind it."""
    put_loop(desk)
    (tmp_path / "elsewhere").mkdir()
    (desk.place / "DCIM").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(desk.place / "pipe")
    told = desk.read(anew=False)
    assert told.failed == {
        "DCIM": "it is a link; name what it points to if that is meant",
        "pipe": "it is neither a file nor a folder",
    }
    assert len(told.clips) == 4
    assert not desk.read(anew=False).failed, "once"
    with desk.archive.database.read() as tx:
        assert sum(1 for _ in recent(tx, kinds=[Event.INTAKE_FAILED])) == 2


@pytest.mark.parametrize("way", ["with an error", "without a word"])
def test_what_is_read_in_part_counts_as_lost(way: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "DCIM/100MEDIA/ABCD0001.MP4"
    desk.put(path, mp4(4.0, made="2026-11-20T18:00:00Z", sound=False))
    size = (desk.place / path).stat().st_size

    def breaks(self: IntakeWriter, stream: BinaryIO, progress: object = None) -> None:
        self.write(stream.read(size - 1000))
        if way == "with an error":
            self.note(Flag.READ_INCOMPLETE)

    monkeypatch.setattr(IntakeWriter, "write_all", breaks)
    told = desk.read()
    assert set(told.failed) == {path}
    assert f"only {size - 1000:,} of {size:,} bytes" in told.failed[path]
    (taken,) = [one for one in told.outcomes if isinstance(one, ClipTaken)]
    assert not taken.whole
    assert Flag.READ_INCOMPLETE in taken.received.flags

    def lost() -> list[bool]:
        with desk.archive.database.read() as tx:
            camera = find_by_serial(tx, "CAM1")
            assert camera is not None
            return [one.sha256 is None for one in reports_of(tx, camera.id) if one.kind == "lost"]

    assert lost() == [True]
    monkeypatch.undo()
    again = desk.read()
    assert not again.failed
    assert set(again.clips) == {path}
    assert lost() == [False], "what could not be read has arrived: its bytes are named"


def test_many_files_that_cannot_be_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that is pulled out while a long recording is taken in."""
    count = 400
    film_bytes = film(0)
    for number in range(count):
        at = 3 * number
        desk.put(f"M/2026_1120_18{at // 60:02d}{at % 60:02d}_{number:04d}A.MP4", film_bytes)
    monkeypatch.setattr(CardPass, "_receive", lambda *_: (_ for _ in ()).throw(OSError(19, "No such device")))
    monkeypatch.setattr(Measuring, "of", lambda _, card, clip, media: Measured(clip, 3.0, None, ("video",)))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        told = desk.read()
    finally:
        sys.setrecursionlimit(limit)
    assert len(told.failed) == count


def test_points_of_small_files_are_not_all_held(desk: Desk) -> None:
    desk.put("DCIM/100MEDIA/ABCD0001.MP4", mp4(1.0, made="2026-11-20T18:00:00Z", sound=False))
    points = "".join(f'<trkpt lat="1" lon="2"><time>2026-11-20T18:{n:02d}:00Z</time></trkpt>' for n in range(50))
    desk.put("DCIM/100MEDIA/ABCD0001.gpx", f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode())
    told = desk.read(anew=False)
    held = [facts for facts, _ in desk.memory.facts._found.values()]
    assert [one["points"] for one in held] == [[]]
    with desk.archive.database.read() as tx:
        (track,) = tracks_of(tx, told.clips["DCIM/100MEDIA/ABCD0001.MP4"])
    assert len(track.points) == 50


def test_what_the_card_holds_is_reported(desk: Desk) -> None:
    put_loop(desk)
    desk.read()
    with desk.archive.database.read() as tx:
        camera = find_by_serial(tx, "CAM1")
        assert camera is not None
        found = sorted(reports_of(tx, camera.id), key=lambda one: one.ref)
    assert [one.counter for one in sorted(found, key=lambda one: one.from_at or datetime.min)] == [1, 2, 3, 4]
    assert {one.source for one in found} == {"card:novatek"}
    first = min(found, key=lambda one: one.from_at or datetime.max)
    assert first.from_at == datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    assert first.to_at is not None
    assert (first.to_at - first.from_at).total_seconds() == pytest.approx(3, abs=0.2)
    assert first.sha256 == hashlib.sha256((desk.place / LOOP[0]).read_bytes()).digest()


def test_two_cameras_in_one_export_are_never_one(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    first, second = "Ng_202611201800_BWL7137497-0.mp4", "Ng_202611201800_BWL7137498-1.mp4"
    desk.put(first, film(0, 63.0))
    desk.put(second, film(63, 2.0, seed=2))
    desk.put("Ng_202611201800_BWL7137497-1.mp4", film(63, 2.0, seed=3))
    told = desk.read()
    assert told.clips[first] == told.clips["Ng_202611201800_BWL7137497-1.mp4"]
    assert told.clips[second] != told.clips[first]
    with desk.archive.database.read() as tx:
        serials = {find_by_serial(tx, serial) is not None for serial in ("BWL7137497", "BWL7137498")}
        devices = set(tx.scalars(sa.select(recording.c.device_id).where(recording.c.state == "sealed")))
    assert serials == {True}
    assert len(devices) == 2


def test_the_wearer_in_a_name_is_an_account_only_if_there_is_one(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.put("okafor_202611201800_BWL7137497-0.mp4", film(0))
    desk.put("Stranger_202611201900_BWL7137497-0.mp4", film(0, seed=2))
    told = desk.read()
    with desk.archive.database.read() as tx:
        rows = {row.id: row for row in tx.execute(sa.select(recording))}
        claims = tx.scalar(
            sa.select(part.c.claims).where(part.c.recording_id == told.clips["Stranger_202611201900_BWL7137497-0.mp4"])
        )
    assert rows[told.clips["okafor_202611201800_BWL7137497-0.mp4"]].wearer_id == desk.archive.officer.account_id
    assert rows[told.clips["Stranger_202611201900_BWL7137497-0.mp4"]].wearer_id is None
    assert claims["source"]["officer"] == "Stranger"


def test_what_was_purged_does_not_come_back_by_itself(desk: Desk) -> None:
    path = "Movie/2026_1120_180000_001A.MP4"
    desk.put(path, film(0))
    recording_id = desk.read().clips[path]
    archive = desk.archive
    with archive.database.write() as tx:
        purge(
            tx, archive.vault, archive.jobs, archive.technician, recording_id,
            authority="Order 7", reason="test", clock=archive.clock,
        )  # fmt: skip
    (again,) = desk.read().clips.values()  # recognised and held, once
    assert again == recording_id
    with archive.database.read() as tx:
        (held,) = returning.waiting(tx, archive.technician)
        assert tx.scalar(sa.select(recording.c.state)) == "destroyed"
    assert (held.recording_id, held.face) == (recording_id, "card")
    assert desk.read().outcomes == []
    with Card(desk.place) as card:
        assert len(compare(archive.intake, card).files) == 1  # and the card can be wiped


def test_what_the_store_lost_is_taken_in_again(desk: Desk) -> None:
    path = "Movie/2026_1120_180000_001A.MP4"
    desk.put(path, film(0))
    first = desk.read().clips[path]
    (only,) = desk.archive.objects()
    desk.archive.vault.store.delete(only)
    assert desk.read().clips == {path: first}
    with desk.archive.database.read() as tx:
        assert desk.archive.content(tx.scalar(sa.select(part.c.object_id))) == film(0)


def test_another_card_that_looks_the_same(desk: Desk) -> None:
    """Two cameras whose clocks were never set: same names, sizes, dates. What was remembered of the first says
    nothing of the second."""
    path = "DCIM/100MEDIA/ABCD0001.MP4"
    first = film(0)
    second = bytes(reversed(first))
    file = desk.put(path, first)
    os.utime(file, ns=(946_684_800_000_000_000, 946_684_800_000_000_000))
    desk.memory = Memory()
    assert len(desk.read(anew=False).clips) == 1
    known = next(iter(desk.memory.fingerprints))
    file.write_bytes(second)
    os.utime(file, ns=(946_684_800_000_000_000, 946_684_800_000_000_000))
    with pytest.MonkeyPatch.context() as patch:  # a card's file system has no such times, and counts files anew
        from candor.docking.cards.listing import CardFile

        patch.setattr(CardFile, "as_it_was", property(lambda self: known if self.path == path else (self.path,)))
        told = desk.read(anew=False)
    assert list(told.clips) == [path]
    with desk.archive.database.read() as tx:
        assert set(tx.scalars(sa.select(part.c.sha256))) == {hashlib.sha256(one).digest() for one in (first, second)}


def test_reading_rows_show_how_far_it_is(desk: Desk) -> None:
    put_loop(desk)
    seen: list[tuple[int, int]] = []
    from candor.docking.cards.listing import Card
    from candor.docking.cards.taking import CardPass

    with Card(desk.place) as card:
        listing = card.listing()
        passing = CardPass(desk.archive.intake, card, desk.orders, Memory())
        passing.progress = lambda how: seen.append((how.files_done, how.bytes_done))
        for _ in passing.run(listing, {file.path for file in listing.files}):
            with desk.archive.database.read() as tx:
                rows = tx.execute(sa.select(card_reading)).all()
            assert all(row.files == 4 for row in rows)
    assert seen[-1] == (4, listing.size)
    assert seen == sorted(seen)


def test_gatherings_are_all_complete_in_the_end(desk: Desk) -> None:
    put_loop(desk)
    desk.read()
    with desk.archive.database.read() as tx:
        assert gathering.open_gatherings(tx) == []
