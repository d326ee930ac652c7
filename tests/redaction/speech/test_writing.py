"""Writing out as a job: from the sealed original to the sealed text, killed in between, ended in between."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive
from tests.redaction.speech import writing_program
from tests.redaction.speech.sounds import film, silence, spoken, tone
from tests.redaction.speech.writing_program import Heard, Patient

from candor.core.settings import Settings
from candor.custody.record import history
from candor.footage import purging, transcribing, transcripts
from candor.footage.receipt import Received
from candor.footage.transcribing import JOB
from candor.footage.transcript_tables import transcript, transcript_stretch
from candor.footage.transcripts import Transcript, TranscriptState
from candor.jobs import Jobs
from candor.jobs.tables import job_step
from candor.redaction.speech import activity
from candor.redaction.speech import jobs as speech_jobs
from candor.redaction.speech.decoding import Samples
from candor.redaction.speech.for_editor import transcript_for
from candor.redaction.speech.writing import Writer
from candor.store.tables import vault_object

pytestmark = pytest.mark.skipif(activity.model_file() is None, reason="no detector of speech is installed")


def _film() -> bytes:
    """Five lines with long pauses in between: five passages."""
    first, second = spoken()
    pieces = [silence(0.5)]
    for line in (first, second, first, second, second):
        pieces += [line, silence(2.6)]
    return film(np.concatenate(pieces), pictures=False)


def _ask(archive: Archive, taken: Received, by: str = "rough") -> str:
    with archive.database.write() as tx:
        return transcribing.ask_for_transcript(
            tx, archive.jobs, archive.technician, taken.part_id, by=by, language="", clock=archive.clock
        )


def _work(archive: Archive, jobs: Jobs, machine: Any, asked: str) -> None:
    """Do the job in this process, with this machine, sealing after every passage."""
    writer = Writer(archive.database, archive.vault, Settings(), archive.clock, load=lambda *_: machine, stretch=1)
    jobs.register(JOB, writer.write, on_failure=writer.give_up)
    _run(archive, jobs, asked)


def _run(archive: Archive, jobs: Jobs, *asked: str) -> None:
    """Until nothing is being written out any more; the archive's other jobs wait for somebody who knows them."""
    jobs.launch()
    try:
        _until(lambda: not any(_under_way(archive, one) for one in asked), 60)
    finally:
        jobs.shutdown()


def _found(archive: Archive, transcript_id: str) -> Transcript | None:
    with archive.database.read() as tx:
        part_ids = tx.scalars(sa.select(transcript.c.part_id).where(transcript.c.id == transcript_id)).all()
        mine = [one for part_id in part_ids for one in transcripts.transcripts_of_part(tx, part_id)]
    return next((one for one in mine if one.id == transcript_id), None)


def _under_way(archive: Archive, transcript_id: str) -> bool:
    found = _found(archive, transcript_id)
    return found is not None and found.under_way


def _living(archive: Archive) -> int:
    """Sealed texts that can be read."""
    with archive.database.read() as tx:
        kind = vault_object.c.kind == "transcript"
        query = sa.select(sa.func.count()).select_from(vault_object)
        return tx.execute(query.where(kind, vault_object.c.key_destroyed_at.is_(None))).scalar_one()


def test_from_the_original_to_the_text(archive: Archive, tmp_path: Path) -> None:
    taken = archive.worn(_film(), "lines.mp4")
    asked = _ask(archive, taken)
    _work(archive, archive.jobs, Patient(tmp_path / "book"), asked)
    found = _found(archive, asked)
    assert found is not None
    assert (found.state, found.engine, found.version) == (TranscriptState.READY, "patient@1", 1), found.problem
    assert (found.engine_sha256, found.language) == (bytes(range(32)), "en")
    assert found.remark == "A machine for tests."
    with archive.database.read() as tx:
        text = transcripts.text_of(tx, archive.vault, found)
        steps = tx.scalars(sa.select(job_step.c.result)).all()
        events = [one for one in history(tx, taken.recording_id) if one.kind.value == "transcript:made"]
        assert not tx.execute(sa.select(transcript_stretch)).all()
    # Each passage's word is where the passage is, and that is where somebody speaks.
    assert len(text.cues) == 5
    assert text.speech is not None
    for word in text.words:
        assert any(begin <= word.begin and word.until <= until for begin, until in text.speech)
    assert all(a.until + 1_500 < b.begin for a, b in pairwise(text.words))
    assert "xyzzy" not in str(steps)
    assert "xyzzy" not in str([one.details for one in events])
    (event,) = events
    assert event.details["words"] == 5
    assert event.details["engine"] == "patient@1"
    assert event.details["parent_sha256"] == taken.sha256.hex()
    assert _living(archive) == 1  # the stretches are gone
    with archive.database.read() as tx:
        here = transcript_for(tx, archive.vault, taken.part_id)
    assert (here.transcript_id, here.version, here.engine) == (asked, 1, "patient@1")
    assert [word["text"] for word in here.words] == [word.text for word in text.words]
    assert here.words[0]["cover"] == [text.words[0].begin - 150, text.words[0].until + 150]
    assert here.speech == [list(one) for one in text.speech]


@pytest.mark.long
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_it_goes_on_where_it_was(archive: Archive, tmp_path: Path) -> None:
    """SIGKILL once two stretches are sealed: what was heard is not heard again, and nothing is missing or twice."""
    taken = archive.worn(_film(), "lines.mp4")
    asked = _ask(archive, taken)
    book = tmp_path / "book"
    url = archive.database.url.render_as_string(hide_password=False)
    arguments = [url, str(archive.folder / "footage"), str(archive.folder / "keys"), str(book)]
    with subprocess.Popen([sys.executable, str(writing_program.__file__), *arguments]) as process:
        try:
            _until(lambda: _stretches(archive, asked) >= 2, 40)
        finally:
            process.send_signal(signal.SIGKILL)
    sealed = _stretches(archive, asked)
    assert 2 <= sealed < 5
    before = len(book.read_text().splitlines())
    again = Jobs(archive.database, slots=1, silence=1.0, poll=0.05)
    _work(archive, again, Patient(book), asked)
    found = _found(archive, asked)
    assert found is not None
    assert found.state is TranscriptState.READY, found.problem
    with archive.database.read() as tx:
        text = transcripts.text_of(tx, archive.vault, found)
        events = [one.kind.value for one in history(tx, taken.recording_id)]
    lines = book.read_text().splitlines()
    assert len(lines) - before == 5 - sealed
    assert len(text.words) == 5
    assert all(a.until < b.begin for a, b in pairwise(text.words))
    assert events.count("transcript:made") == 1
    assert _living(archive) == 1


def _stretches(archive: Archive, asked: str) -> int:
    query = sa.select(sa.func.count()).select_from(transcript_stretch)
    with archive.database.read() as tx:
        return tx.execute(query.where(transcript_stretch.c.transcript_id == asked)).scalar_one()


def _until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


class Interrupted(Patient):
    """Does something at the second passage that ends what it works for."""

    def __init__(self, book: Path, act: Callable[[], None]) -> None:
        super().__init__(book)
        self._act, self.heard = act, 0

    def hear(self, sound: Samples, language: str) -> Heard:
        self.heard += 1
        if self.heard == 2:
            self._act()
        return super().hear(sound, language)


@pytest.mark.long
@pytest.mark.parametrize("how", ["removed", "destroyed"])
def test_nothing_outlives_what_it_is_for(archive: Archive, tmp_path: Path, how: str) -> None:
    """Removed, or its recording destroyed, while it is being written: nothing can be read of it afterwards."""
    taken = archive.worn(_film(), "lines.mp4")
    asked = _ask(archive, taken)

    def act() -> None:
        with archive.database.write() as tx:
            if how == "removed":
                transcribing.remove_transcript(
                    tx, archive.vault, archive.jobs, archive.technician, asked, reason="x", clock=archive.clock
                )
            else:
                purging.purge(
                    tx,
                    archive.vault,
                    archive.jobs,
                    archive.technician,
                    taken.recording_id,
                    authority="Order",
                    reason="so",
                    clock=archive.clock,
                )

    machine = Interrupted(tmp_path / "book", act)
    _work(archive, archive.jobs, machine, asked)
    assert machine.heard <= 3
    assert _found(archive, asked) is None
    assert _living(archive) == 0
    with archive.database.read() as tx:
        assert "transcript:made" not in [one.kind.value for one in history(tx, taken.recording_id)]
        living = sa.select(vault_object.c.object_id).where(vault_object.c.kind == "transcript")
        recorded = set(tx.scalars(living))
        other = set(tx.scalars(sa.select(vault_object.c.object_id)))
    assert archive.objects() <= other
    assert len(recorded) <= 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_done_says_so(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the installation registers it: without a model it fails with what to do; a tone has nobody speaking in it."""
    monkeypatch.delenv("CANDOR_WHISPER_MODEL", raising=False)
    taken = archive.worn(film(tone(3.0), pictures=False), "tone.mp4")
    whisper, speech = _ask(archive, taken, "whisper"), _ask(archive, taken, "speech")
    speech_jobs.register(archive.jobs, archive.database, archive.vault, Settings(), clock=archive.clock)
    _run(archive, archive.jobs, whisper, speech)
    failed, heard = _found(archive, whisper), _found(archive, speech)
    assert failed is not None
    assert heard is not None
    assert failed.state is TranscriptState.FAILED
    assert "CANDOR_WHISPER_MODEL" in (failed.problem or "")
    assert (heard.state, heard.engine) == (TranscriptState.READY, "silero-vad@6")
    with archive.database.read() as tx:
        text = transcripts.text_of(tx, archive.vault, heard)
        here = transcript_for(tx, archive.vault, taken.part_id)
    assert (text.cues, text.speech) == ((), ())
    assert (here.transcript_id, here.words, here.speech) == (None, [], [])
