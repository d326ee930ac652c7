"""How far a detection is, over all its stretches, and what time is left; giving it up."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from tests.redaction.conftest import Desk

from candor.jobs import JobState
from candor.jobs.tables import job
from candor.redaction.detecting import SEGMENT_JOB, Progress, ask_for_detection, progress_of
from candor.redaction.errors import DetectionRefused
from candor.redaction.model import Kind
from candor.redaction.rules import PartState
from candor.redaction.stopping import stop
from candor.redaction.tables import redaction_part, redaction_segment
from candor.store.tables import vault_object

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def look_again(desk: Desk) -> str:
    """The run that was begun."""
    with desk.archive.database.write() as tx:
        given = (desk.archive.jobs, desk.archive.vault, desk.first, desk.id)
        ask_for_detection(tx, *given, kinds=[Kind.FACE, Kind.PLATE], clock=desk.archive.clock)
        found: str = tx.scalar(sa.select(redaction_part.c.run).where(redaction_part.c.redaction_id == desk.id)) or ""
    return found


def stretch(desk: Desk, run: str, number: int, length: int, *, done: float, ready: bool = False) -> str:
    """A stretch of so many ticks, of which so much is done; the object it left."""
    archive = desk.archive
    sealed = archive.vault.seal("redaction-segment", io.BytesIO(b"{}"))
    with archive.database.write() as tx:
        archive.vault.record(tx, sealed)
        job_id = archive.jobs.enqueue(tx, SEGMENT_JOB, {"number": number})
        tx.execute(job.update().where(job.c.id == job_id).values(fraction=done))
        state = PartState.READY if ready else PartState.WAITING
        row = {"redaction_id": desk.id, "part_id": desk.part, "number": number, "run": run, "state": state.value}
        times = {"begin": number * length, "until": (number + 1) * length}
        tx.execute(redaction_segment.insert().values(**row, **times, job_id=job_id, segment_object_id=sealed.object_id))
    return sealed.object_id


def progress(desk: Desk) -> Progress:
    with desk.archive.database.read() as tx:
        return progress_of(tx, desk.id, clock=desk.archive.clock)


def test_the_fraction_is_of_everything_and_time_is_told_by_what_it_took(desk: Desk) -> None:
    assert progress(desk) == Progress(1.0, None, False, {desk.part: (PartState.READY, 1.0)})
    run = look_again(desk)
    assert progress(desk) == Progress(0.0, None, True, {desk.part: (PartState.WAITING, 0.0)})
    stretch(desk, run, 0, 100, done=1.0, ready=True)
    stretch(desk, run, 1, 100, done=0.5)
    stretch(desk, run, 2, 100, done=0.0)
    stretch(desk, run, 3, 100, done=0.0)
    desk.archive.clock.advance(40)
    found = progress(desk)
    assert found.fraction == pytest.approx(0.02 + 0.95 * 1.5 / 4)
    assert found.seconds_left == round(40 * (1 - found.fraction) / found.fraction)
    assert found.under_way


def test_a_new_run_gives_up_the_one_before(desk: Desk) -> None:
    first = look_again(desk)
    left = stretch(desk, first, 0, 100, done=1.0, ready=True)
    stretch(desk, first, 1, 100, done=0.2)
    second = look_again(desk)
    assert second != first
    assert progress(desk).fraction == 0.0
    with desk.archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(redaction_segment)) == 0
        gone = tx.scalar(sa.select(vault_object.c.key_destroyed_at).where(vault_object.c.object_id == left))
        states = [one.state for one in desk.archive.jobs.list(tx, names=[SEGMENT_JOB])]
    assert gone is not None
    assert sorted(states) == [JobState.CANCELLED, JobState.WAITING]  # that of the stretch that was done is over


def test_giving_up_and_what_nobody_can_find(desk: Desk) -> None:
    look_again(desk)
    with desk.archive.database.write() as tx:
        given = (desk.archive.jobs, desk.archive.vault, desk.first, desk.id)
        assert stop(tx, *given, clock=desk.archive.clock) == 1
        assert stop(tx, *given, clock=desk.archive.clock) == 0
    found = progress(desk)
    assert (found.under_way, found.parts[desk.part][0]) == (False, PartState.FAILED)
    for kinds in ([], [Kind.REGION]):
        with pytest.raises(DetectionRefused), desk.archive.database.write() as tx:
            ask_for_detection(tx, *given, kinds=kinds, clock=desk.archive.clock)
