"""Real processes that do redaction's jobs die by SIGKILL between sealing and recording. What comes of it is what would
have come without: every stretch once, one edit, one copy with one event, and nothing that no row names but what a sweep
takes away."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
import sqlalchemy as sa
from tests import forked
from tests.footage.conftest import Archive
from tests.redaction.detectors import film
from tests.redaction.test_jobs import Bench
from tests.redaction.work_program import work

from candor.custody.events import Event
from candor.jobs.tables import job
from candor.redaction.model import Kind
from candor.redaction.rendering import ask_for_copies
from candor.redaction.rules import CopyState, PartState
from candor.store.tables import vault_object

pytestmark = pytest.mark.long

assert forked  # what it imports beforehand makes a process begin at once
_context = multiprocessing.get_context("forkserver")


def run(archive: Archive, dies_after: str = "", times: int = 1) -> int:
    """One process; its exit code, negative where a signal ended it."""
    url = archive.database.url.render_as_string(hide_password=False)
    process: Any = _context.Process(target=work, args=(url, str(archive.folder), dies_after, times))
    process.start()
    try:
        process.join(90)
    finally:
        process.kill()
        process.join(10)
    return int(process.exitcode)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_anywhere_it_ends_as_it_would_have(archive: Archive) -> None:
    bench = Bench(archive, film(3.0))
    bench.begin(Kind.FACE)
    assert run(archive, "redaction-segment", 2) == -9
    assert run(archive, "redaction-tracks") == -9
    assert run(archive) == 0
    part = bench.its_part()
    assert (part.state, part.problem) == (PartState.READY, None)
    edit, document = bench.document()
    assert edit == 1
    assert document.part(bench.part).tracks
    assert len(bench.events(Event.REDACTION_DETECTED)) == 1
    assert len(bench.living("redaction-tracks")) == 1
    assert bench.living("redaction-segment") == []
    with archive.database.write() as tx:
        ask_for_copies(tx, *bench.given, bench.id, clock=archive.clock)
    assert run(archive, "redacted") == -9
    assert run(archive, "redaction-proof") == -9
    made = bench.copies()[0]
    assert made.state is CopyState.PROVING, "it was not made a second time"
    assert run(archive) == 0
    copy = bench.copies()[0]
    assert (copy.state, copy.problem, copy.copy_object_id) == (CopyState.READY, None, made.copy_object_id)
    assert len(bench.events(Event.REDACTION_RENDERED)) == 1
    with archive.database.read() as tx:
        known = set(tx.scalars(sa.select(vault_object.c.object_id)))
        assert tx.scalar(sa.select(sa.func.count()).where(job.c.state == "failed")) == 0
    assert archive.objects() - known, "what was sealed and never recorded lies there"
