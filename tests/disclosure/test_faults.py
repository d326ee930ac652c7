"""What is refused, what goes wrong, and what is left behind then."""

from __future__ import annotations

import functools
import os
import shutil
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from candor import disclosure
from candor.core.errors import CandorError, NotFound
from candor.custody import Event, history
from candor.disclosure import documents, making
from candor.disclosure.errors import (
    NoFiles,
    NothingToHandOut,
    OriginalAltered,
    PackageNotReady,
    PlaceFull,
    PlaceTaken,
    PlaceUnfit,
    PlaceUnwritable,
    ProgramChanged,
    RecordingGone,
    TooMuch,
    WordsMissing,
)
from candor.disclosure.packages import PackageState
from candor.disclosure.tables import package as package_table
from candor.footage.tables import intake, part
from candor.people import rules
from candor.people.errors import Refused
from candor.people.rules import Permission, Role

from .conftest import Site, passed

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def exports(site: Site, recording: str) -> int:
    """How often the recording was handed out, by its history."""
    with site.database.read() as tx:
        return [event.kind for event in history(tx, recording)].count(Event.RECORDING_EXPORTED)


# ---- Who may ----------------------------------------------------------------------------------------------------


def test_who_may_not_hand_out_gets_nowhere(site: Site) -> None:
    recording = site.take(b"worn by the officer")
    found = site.hand_out(recording)
    for actor in (site.officer, site.supervisor):
        with pytest.raises(Refused):
            site.request(recording, actor=actor)
        with pytest.raises(Refused):
            site.package(found.id, actor)
        with site.database.read() as tx:
            assert disclosure.packages_of(tx, actor, recording) == []
    assert exports(site, recording) == 1


def test_a_package_is_seen_by_who_sees_every_recording_in_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    own, stray = site.take(b"worn by the officer"), site.take(b"worn by nobody known", worn=False)
    narrow, wide = site.hand_out(own), site.hand_out(own, stray)
    grants = rules.GRANTS[Role.OFFICER] | {Permission.RECORDINGS_EXPORT}
    monkeypatch.setitem(rules.GRANTS, Role.OFFICER, grants)
    assert site.package(narrow.id, site.officer).id == narrow.id
    with pytest.raises(NotFound):
        site.package(wide.id, site.officer)
    with site.database.read() as tx:
        assert [one.id for one in disclosure.packages_of(tx, site.officer, own)] == [narrow.id]
        assert [one.id for one in disclosure.packages_of(tx, site.records, own)] == [wide.id, narrow.id]
    with pytest.raises(NotFound):
        site.request(own, stray, actor=site.officer)


# ---- What is asked for ------------------------------------------------------------------------------------------


@on_sqlite
def test_what_cannot_be_handed_out_leaves_no_trace(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    recording, bare, gone = site.take(b"one"), site.take(b"two"), site.take(b"three")
    with site.database.write() as tx:
        found = tx.scalar(sa.select(part.c.id).where(part.c.recording_id == bare))
        tx.execute(intake.delete().where(intake.c.part_id == found))
        tx.execute(part.delete().where(part.c.id == found))
        site.vault.destroy_key(tx, tx.scalar(sa.select(part.c.object_id).where(part.c.recording_id == gone)))
    for expected, ids in (
        (NothingToHandOut, []),
        (NotFound, [recording, "01a2030d-b619-715e-82e5-8779bb305174"]),
        (NotFound, [recording, "x\0"]),
        (NoFiles, [recording, bare]),
        (RecordingGone, [recording, gone]),
    ):
        with pytest.raises(expected):
            site.request(*ids)
    for words in ("", "  \n", "x" * 501, "to\u202eyou", "a\x07b", "\ufeff"):
        with pytest.raises(WordsMissing):
            site.request(recording, recipient=words)
    monkeypatch.setattr("candor.disclosure.handing_out.MAX_FILES", 16)
    with pytest.raises(TooMuch, match="this would be 17"):
        site.request(recording)
    assert [exports(site, one) for one in (recording, bare, gone)] == [0, 0, 0]
    with site.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(package_table)) == 0
    monkeypatch.undo()
    assert len(site.hand_out(recording).files) == 17


@on_sqlite
def test_words_go_on_record_as_one_line(site: Site) -> None:
    package_id = site.request(site.take(b"one"), recipient=" Kanzlei Müller\r\nManifest: forged ")
    assert site.build(package_id)
    found = site.package(package_id)
    assert found.recipient == "Kanzlei Müller Manifest: forged"
    info = (site.write(found) / "bag-info.txt").read_text("utf-8")
    assert [line.partition(":")[0] for line in info.splitlines()] == [
        "Source-Organization",
        "External-Identifier",
        "External-Description",
        "Bagging-Date",
        "Payload-Oxum",
        "Bag-Software-Agent",
    ]


def test_hand_outs_of_the_same_recordings_do_not_wait_for_each_other_for_ever(site: Site) -> None:
    one, two = site.take(b"one"), site.take(b"two")
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(site.request, *ids) for _ in range(6) for ids in ((one, two), (two, one))]
        ids = {future.result(timeout=60) for future in asked}
    assert len(ids) == 12
    assert exports(site, one) == exports(site, two) == 12
    assert site.build(max(ids))
    assert passed(site.verify(site.write(site.package(max(ids)))))


# ---- Making -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
@on_sqlite
def test_an_original_that_is_not_as_sealed_stops_it(site: Site, how: str) -> None:
    good, recording = site.take(b"good"), site.take(os.urandom(200_000), "dash.mp4")
    package_id = site.request(good, recording)
    stored = site.stored_file(recording)
    data = bytearray(stored.read_bytes())
    data[len(data) // 2] ^= 1
    stored.chmod(0o600)
    if how == "gone":
        stored.unlink()
    else:
        stored.write_bytes(data if how == "flipped" else data[:-100])
    with pytest.raises(CandorError) as caught:
        site.build(package_id)
    assert caught.value.exit_code == 6
    if how != "gone":
        assert isinstance(caught.value, OriginalAltered)
        assert "dash.mp4" in str(caught.value)
        assert recording in str(caught.value)
    found = site.package(package_id)
    assert found.state is PackageState.WAITING
    with pytest.raises(PackageNotReady):
        site.write(found)
    assert exports(site, recording) == 1  # it was put on record before a byte was read


@on_sqlite
def test_an_original_altered_after_the_package_was_made_is_not_delivered(site: Site) -> None:
    recording = site.take(os.urandom(200_000), "dash.mp4")
    found = site.hand_out(recording)
    stored = site.stored_file(recording)
    data = bytearray(stored.read_bytes())
    data[-1] ^= 1
    stored.chmod(0o600)
    stored.write_bytes(data)
    for write in (disclosure.write_folder, disclosure.write_zip):
        with pytest.raises(OriginalAltered, match=r"dash\.mp4"):
            write(site.database, site.vault, found, site.folder / "out")
    assert list((site.folder / "out").iterdir()) == []


def test_killed_at_any_step_and_begun_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = site.take(os.urandom(100_000))
    package_id = site.request(recording)

    class Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    for step in ("_read_originals", "_checkpoint", "write_small_files", "_in_order"):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(making, step, dies)
            site.build(package_id)
        assert site.package(package_id).state is PackageState.WAITING
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(site.vault, "record", dies)
        site.build(package_id)
    assert site.package(package_id).state is PackageState.WAITING
    assert site.build(package_id)
    found = site.package(package_id)
    assert site.build(package_id)  # once more is harmless
    assert site.package(package_id) == found
    assert passed(site.verify(site.write(found)))
    assert exports(site, recording) == 1


@on_sqlite
def test_another_version_of_the_program_does_not_make_what_this_one_put_on_record(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = site.take(b"content")
    package_id = site.request(recording)
    # A job that fails is tried again: here without waiting for a minute in between.
    monkeypatch.setattr(site.jobs, "register", functools.partial(site.jobs.register, backoff=0.05))
    disclosure.register(site.jobs, site.database, site.vault, site.log)
    with monkeypatch.context() as upgraded:
        upgraded.setattr(documents, "build_verify_html", lambda: b"the page of another version")
        upgraded.setattr(documents, "__version__", "99")
        with pytest.raises(
            ProgramChanged, match=r"\(bag-info\.txt, verify\.html\).*Hand the recordings out again"
        ) as one:
            site.build(package_id)
        assert one.value.exit_code == 10
        with site.database.write() as tx:
            site.jobs.enqueue(tx, disclosure.JOB, {"package": package_id})
        site.jobs.launch()
        site.jobs.wait_idle(60)
        found = site.package(package_id)
        assert found.state is PackageState.FAILED
        assert "Hand the recordings out again" in (found.problem or "")
        assert passed(site.verify(site.write(site.hand_out(recording))))  # which is what one does
    assert site.build(package_id)  # the first version is back, and makes it


@on_sqlite
def test_a_hand_out_from_before_the_documents_were_named_can_still_be_made(site: Site) -> None:
    package_id = site.request(site.take(b"content"))
    with site.database.write() as tx:
        plan = dict(site.package(package_id).plan)
        del plan["documents"]
        tx.execute(package_table.update().where(package_table.c.id == package_id).values(plan=plan))
    assert site.build(package_id)


@on_sqlite
def test_stopped_while_reading(site: Site) -> None:
    package_id = site.request(site.take(os.urandom(9_000_000)))
    seen: list[int] = []
    made = disclosure.build(
        site.database, site.vault, site.log, package_id, told=seen.append, cancelled=lambda: bool(seen)
    )
    assert not made
    assert len(seen) == 1  # within the file, not after it
    assert site.build(package_id)


@on_sqlite
def test_by_job_also_when_the_job_is_cancelled(site: Site) -> None:
    disclosure.register(site.jobs, site.database, site.vault, site.log)
    ids = [site.request(site.take(b"one")), site.request(site.take(b"two"))]
    with site.database.write() as tx:
        for package_id in ids:
            job_id = site.jobs.enqueue(tx, disclosure.JOB, {"package": package_id})
            this = package_table.c.id == package_id
            tx.execute(package_table.update().where(this).values(job_id=job_id))
        assert site.jobs.cancel(tx, job_id)
    site.jobs.launch()
    site.jobs.wait_idle(60)
    assert site.package(ids[0]).state is PackageState.READY
    stopped = site.package(ids[1])
    assert stopped.state is PackageState.FAILED
    assert "stays on record" in (stopped.problem or "")
    assert site.build(ids[1])
    assert site.package(ids[1]).state is PackageState.READY


def test_a_destroyed_key_ends_old_packages_and_a_restored_file_mends_them(site: Site) -> None:
    recording = site.take(b"content")
    found = site.hand_out(recording)
    site.stored_file(recording).unlink()
    site.take(b"content")  # the same bytes, handed in again: they take the place of what is gone
    path = site.write(found, "restored")
    assert passed(site.verify(path))
    with site.database.write() as tx:
        # Both: the object that was lost, whose disk may come back, and the one that took its place.
        sha256 = tx.scalar(sa.select(part.c.sha256).where(part.c.recording_id == recording))
        both = site.vault.with_sha256(tx, sha256)
        assert len(both) == 2
        for one in both:
            site.vault.destroy_key(tx, one.object_id)
    with pytest.raises(RecordingGone, match=recording):
        site.write(found, "gone")
    with pytest.raises(RecordingGone), site.database.write() as tx:
        disclosure.open_zip(tx, site.vault, site.records, found)
    with site.database.read() as tx:
        kinds = [event.kind for event in history(tx, recording)]
    assert Event.RECORDING_PACKAGE_DOWNLOADED not in kinds


# ---- Writing ----------------------------------------------------------------------------------------------------


@on_sqlite
def test_places_that_cannot_be_written_to(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    found = site.hand_out(site.take(b"content"))
    path = site.write(found)
    with pytest.raises(PlaceTaken):
        site.write(found)
    assert passed(site.verify(path))
    (site.folder / "file").write_text("in the way")
    for write in (disclosure.write_folder, disclosure.write_zip):
        with pytest.raises(PlaceUnwritable, match=found.id):
            write(site.database, site.vault, found, site.folder / "file" / "below")
    with pytest.raises(PlaceUnfit, match="not a folder"):
        disclosure.check_place(site.folder / "file" / "below", found)
    disclosure.check_place(site.folder / "new" / "deeper", found)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 5, 5))
    with pytest.raises(PlaceFull, match=found.id):
        site.write(found, "full")
    with pytest.raises(PlaceUnfit, match="nothing was handed out"):
        disclosure.check_place(site.folder, found)


@on_sqlite
def test_a_disk_that_fills_up_leaves_nothing_half_done(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    found = site.hand_out(site.take(b"content"))
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PlaceUnwritable, match="No space left"):
        site.write(found, "out")
    assert list((site.folder / "out").iterdir()) == []
    monkeypatch.undo()
    half = site.folder / "out" / f".{found.name}.partial"  # as a power cut would leave it
    half.mkdir()
    (half / "bagit.txt").write_text("old")
    assert passed(site.verify(site.write(found)))
    assert not half.exists()


@on_sqlite
def test_thousands_of_originals_need_few_open_files(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from candor.disclosure.sources import Sources

    ids = [site.take(bytes([number])) for number in range(8)]
    found = site.hand_out(*ids)
    folder = Path("/proc/self/fd")
    with Sources(site.vault, site.database.read, found.plan["originals"]) as sources:
        before = len(list(folder.iterdir()))
        for one in found.plan["originals"] * 2:
            assert sources[one["object_id"]].read_at(0, 9) != b""
        assert len(list(folder.iterdir())) <= before + 4
