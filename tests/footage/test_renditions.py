"""Renditions: made from the sealed original by a job, sealed themselves, and on record."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import pytest
import sqlalchemy as sa
from PIL import Image
from tests.footage.clips import mp4
from tests.footage.conftest import Archive

from candor.core.limited import Limits
from candor.custody.record import history
from candor.footage import jobs as footage_jobs
from candor.footage.media import MAKERS
from candor.footage.receipt import Received
from candor.footage.renditions import Rendition, renditions_of
from candor.footage.rules import RenditionKind, RenditionState
from candor.footage.search import row_of
from candor.footage.tables import part, rendition
from candor.jobs import JobState
from candor.store.tables import vault_object

PROGRAM = Path(__file__).with_name("rendition_program.py")


def _work(archive: Archive, timeout: float = 120) -> None:
    footage_jobs.register(archive.jobs, archive.database, archive.vault, clock=archive.clock)
    archive.jobs.launch()
    archive.jobs.wait_idle(timeout)


def _made(archive: Archive, received: Received) -> dict[RenditionKind, Rendition]:
    with archive.database.read() as tx:
        return {found.kind: found for found in renditions_of(tx, received.part_id)}


def _events(archive: Archive, received: Received) -> list[tuple[str, dict[str, Any]]]:
    with archive.database.read() as tx:
        return [(event.kind.value, event.details) for event in history(tx, received.recording_id)][2:]


def _content(archive: Archive, found: Rendition) -> bytes:
    assert found.object_id is not None
    return archive.content(found.object_id)


def test_all_are_made(archive: Archive) -> None:
    received = archive.worn(mp4(2.0))
    _work(archive)
    made = _made(archive, received)
    assert list(made) == [kind for kind in RenditionKind if kind is not RenditionKind.REPAIRED]
    assert {found.state for found in made.values()} == {RenditionState.READY}
    with av.open(io.BytesIO(_content(archive, made[RenditionKind.PROXY]))) as film:
        assert {stream.codec_context.name for stream in film.streams} == {"h264", "aac"}
    with Image.open(io.BytesIO(_content(archive, made[RenditionKind.POSTER]))) as picture:
        assert picture.format == "JPEG"
    assert json.loads(_content(archive, made[RenditionKind.WAVEFORM]))
    assert made[RenditionKind.PROXY].media_type == "video/mp4"
    with archive.database.read() as tx:
        row = row_of(tx, archive.officer, received.recording_id)
    assert row is not None
    assert row.poster_id == made[RenditionKind.POSTER].id


def test_each_names_its_parent_and_its_maker(archive: Archive) -> None:
    received = archive.worn(mp4(1.0))
    _work(archive)
    made, events = _made(archive, received), _events(archive, received)
    assert [kind for kind, _ in events] == ["rendition:made"] * 4
    for _, details in events:
        found = made[RenditionKind(details["kind"])]
        assert details["rendition"] == found.id
        assert details["parent_sha256"] == received.sha256.hex()
        assert details["maker"] == found.made_by == MAKERS[details["kind"]]
        content = _content(archive, found)
        assert (details["sha256"], details["size"]) == (hashlib.sha256(content).hexdigest(), len(content))


def test_what_cannot_be_made_fails_with_a_reason(archive: Archive) -> None:
    """A film whose pictures are gone after intake was told of them: the bytes it is made of are noise."""
    received = archive.worn(mp4(1.0, sound=False))
    with archive.database.write() as tx:
        sealed = archive.vault.seal("original", io.BytesIO(b"no film at all" * 100))
        archive.vault.record(tx, sealed)
        tx.execute(part.update().values(object_id=sealed.object_id))
    _work(archive)
    made, events = _made(archive, received), _events(archive, received)
    assert {found.state for found in made.values()} == {RenditionState.FAILED}
    assert {found.problem for found in made.values()} == {events[0][1]["problem"]}
    assert "Traceback" not in events[0][1]["problem"]
    assert [kind for kind, _ in events] == ["rendition:failed"] * 3
    with archive.database.read() as tx:
        (done,) = archive.jobs.list(tx, [JobState.DONE])
    assert done.params == {"part": received.part_id}


def test_a_job_that_is_given_up_is_on_record(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The original is not in the store any more: after the last attempt the renditions have failed."""
    from candor.jobs import handlers

    received = archive.worn(mp4(1.0))
    with archive.database.read() as tx:
        archive.vault.store.delete(tx.scalar(sa.select(part.c.object_id)) or "")
    maker = footage_jobs._Maker(archive.database, archive.vault, archive.clock, None)
    archive.jobs.register(footage_jobs.JOB, maker.make, on_failure=maker.give_up, attempts=2, backoff=0.05)
    archive.jobs.launch()
    archive.jobs.wait_idle(60)
    assert handlers.ATTEMPTS > 1
    made, events = _made(archive, received), _events(archive, received)
    assert {found.state for found in made.values()} == {RenditionState.FAILED}
    assert [kind for kind, _ in events] == ["rendition:failed"] * 4
    assert "not in the store" in events[0][1]["problem"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_busy_machine_is_no_reason_to_have_none(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first attempt takes too long by the clock, which says nothing about the film: the second makes them."""
    received = archive.worn(mp4(0.5, sound=False))
    makes, limits = footage_jobs.make_renditions, [Limits(wall_seconds=0.0), None]
    monkeypatch.setattr(
        footage_jobs, "make_renditions", lambda *given, **named: makes(*given, limits=limits.pop(0), **named)
    )
    maker = footage_jobs._Maker(archive.database, archive.vault, archive.clock, None)
    archive.jobs.register(footage_jobs.JOB, maker.make, on_failure=maker.give_up, attempts=2, backoff=0.05)
    archive.jobs.launch()
    archive.jobs.wait_idle(60)
    assert limits == []
    assert {found.state for found in _made(archive, received).values()} == {RenditionState.READY}


@pytest.mark.long
def test_killed_while_making(archive: Archive, tmp_path: Path) -> None:
    """Real workers are killed at several moments; in the end each rendition is there once, on record once, and what
    they left in the store is named by no row."""
    received = archive.worn(mp4(3.0))
    url = archive.database.url.render_as_string(hide_password=False)
    command = [sys.executable, str(PROGRAM), url, str(tmp_path / "footage"), str(tmp_path / "keys")]
    for delay in (0.3, 0.9):
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "working\n"
            time.sleep(delay)
            worker.send_signal(signal.SIGKILL)
        finally:
            worker.kill()
            worker.wait(30)
            worker.stdout.close()  # type: ignore[union-attr]
    finished = subprocess.run([*command, "finish"], stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    assert finished.stdout.endswith("idle\n")
    made, events = _made(archive, received), _events(archive, received)
    assert {found.state for found in made.values()} == {RenditionState.READY}
    assert sorted(details["kind"] for kind, details in events) == sorted(set(RenditionKind) - {RenditionKind.REPAIRED})
    assert {kind for kind, _ in events} == {"rendition:made"}
    with archive.database.read() as tx:
        rows = tx.scalar(sa.select(sa.func.count()).select_from(rendition))
        objects = set(tx.scalars(sa.select(vault_object.c.object_id)))
    assert rows == 4
    assert {found.object_id for found in made.values()} <= objects
    assert len(objects) == 5
    assert objects <= archive.objects()


def test_the_key_of_a_rendition_is_in_no_job(archive: Archive) -> None:
    """Destroying a key must leave no copy of it, also not in the record of the job that sealed the object."""
    from candor.jobs.tables import job_step
    from candor.store.tables import vault_key

    archive.worn(mp4(1.0))
    _work(archive)
    with archive.database.read() as tx:
        keys = [row.wrapped_key for row in tx.execute(sa.select(vault_key))]
        steps = json.dumps([row.result for row in tx.execute(sa.select(job_step))])
    assert len(keys) == 5
    assert steps
    written = [text for key in keys for text in (key.hex(), base64.b64encode(key).decode(), str(list(key)))]
    assert not [text for text in written if text in steps]
