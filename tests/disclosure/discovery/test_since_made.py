"""What becomes of a discovery when its recordings change afterwards: parts come, recordings are joined, closed, go to
the archive; and its marked copies when two people or two workers act in the same moment."""

from __future__ import annotations

import contextlib
import errno
import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from tests.disclosure.conftest import Site
from tests.disclosure.discovery.test_marks import Marked, purge, sqlite_alone, unrecorded
from tests.footage import clips

from candor.core.clock import SystemClock
from candor.disclosure.discovery import marking, marks, marks_ending, reading, viewing
from candor.disclosure.discovery.errors import NoLongerGiven, NotThere
from candor.disclosure.discovery.making import Keep
from candor.disclosure.discovery.rules import MarkState, PartySide
from candor.disclosure.discovery.sessions import ticket
from candor.footage import register
from candor.footage.archive_tables import archived_recording
from candor.footage.archiving import ArchiveState
from candor.footage.media import make_renditions
from candor.footage.regrouping import regroup
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place
from candor.jobs import Jobs
from candor.jobs.tables import job

P, D = PartySide.PROSECUTION, PartySide.DEFENCE
LATER = "it came to this recording after this discovery was made"


@pytest.fixture(scope="module")
def film() -> bytes:
    with make_renditions(io.BytesIO(clips.mp4(0.5)), ["proxy"])["proxy"].file as file:
        return file.read()


@pytest.fixture
def case(site: Site, film: bytes) -> Iterator[Marked]:
    made = Marked(site, film)
    yield made
    made.jobs.shutdown()


def join(case: Marked, *recordings: str) -> None:
    with case.site.database.write() as tx:
        regroup(tx, case.site.technician, recordings, reason="one stop, two files")


def parts(case: Marked, visit: Any, recording: str) -> tuple[viewing.Stretch, ...]:
    with case.site.database.write() as tx:
        text = viewing.begin_viewing(tx, visit, recording)
    with case.site.database.read() as tx:
        return viewing.shown(tx, visit, text).parts


def wall(case: Marked, recording: str) -> None:
    with case.site.database.write() as tx:
        by = {"reason": "a wall", "actor": case.site.technician.account_id}
        place(tx, recording, RestrictionKind.COMPELLED, ref="another", **by)


@sqlite_alone
@pytest.mark.parametrize("watermark", [False, True])
def test_what_came_later_is_not_shown_and_what_moved_is(case: Marked, watermark: bool) -> None:
    withheld = case.site.take(b"a later file" * 500, "later.mp4")
    for one in (case.first, case.second):
        case.shows(one)
    later = case.shows(withheld)
    case.made = case.court.make(watermark=watermark).id
    if watermark:
        case.work()
    visit = case.visit(D)
    join(case, case.first, case.second, withheld)
    ours, *others = parts(case, visit, case.first)
    assert (ours.number, ours.given, ours.problem) == (1, True, None)
    assert [(one.ticket, one.given, one.problem) for one in others] == [(None, False, LATER)] * 2
    assert case.streams(visit, str(ours.ticket))
    # What was given as a recording of its own is shown there still, although its part has another number now.
    (moved,) = parts(case, visit, case.second)
    assert (moved.number, moved.problem) == (1, None)
    assert case.streams(visit, str(moved.ticket))
    # The side has the key of its own tickets.
    with pytest.raises(NotThere):
        case.streams(visit, ticket(visit, {"recording": case.first, "copy": later}))


@sqlite_alone
@pytest.mark.parametrize("how", ["wall", "purge"])
def test_what_closes_the_whole_closes_what_was_joined_to_it(case: Marked, how: str) -> None:
    whole = case.first  # the earlier one; discovery is of the second alone
    case.shows(case.second)
    case.made = case.court.make(withheld={whole: Keep("An informer is seen", "Rule 16")}).id
    visit = case.visit(D)
    (one,) = parts(case, visit, case.second)
    join(case, case.first, case.second)
    assert case.streams(visit, str(one.ticket))
    wall(case, whole) if how == "wall" else purge(case, whole)
    with pytest.raises(NoLongerGiven):
        case.streams(visit, str(one.ticket))
    with case.site.database.read() as tx:
        found = reading.by_id(tx, case.made)
        assert reading.closed_since(tx, found) == {case.second}
        with pytest.raises(NoLongerGiven):
            reading.must_still_be_given(tx, found)


def lies(case: Marked, recording: str, state: ArchiveState | None) -> None:
    row = {"recording_id": recording, "archived_at": SystemClock().now()}
    with case.site.database.write() as tx:
        tx.execute(archived_recording.delete())
        if state is not None:
            tx.execute(archived_recording.insert(), {**row, "state": state.value})


@sqlite_alone
def test_what_lies_in_the_archive_is_said_and_its_copies_wait(case: Marked) -> None:
    case.shows(case.first)
    lies(case, case.first, ArchiveState.ARCHIVED)
    case.make()
    visit = case.visit(D)
    case.work()
    assert (case.counted(), case.stands().failed, case.stands().without) == ((0, 4), (), 4)
    lies(case, case.first, ArchiveState.NEAR)
    case.look()
    case.work()
    assert isinstance(case.sees(visit, case.first), bytes)
    lies(case, case.first, ArchiveState.ARCHIVED)
    assert "lies in the archive" in str(case.sees(visit, case.first))
    lies(case, case.first, ArchiveState.RETURNING)
    assert "brought back" in str(case.sees(visit, case.first))


@sqlite_alone
def test_one_that_failed_is_made_of_the_copy_that_took_its_parent_s_place(case: Marked) -> None:
    case.shows(case.first, b"this is no film")
    case.make()
    case.work()
    assert len(case.stands().failed) == 1
    assert case.look() == 0
    assert len(case.stands().failed) == 1  # nothing changed, nothing is tried again
    case.shows(case.first)
    case.look()
    case.work()
    assert (case.counted(), case.stands().failed) == ((2, 4), ())


@sqlite_alone
def test_a_wall_that_comes_while_it_is_made_keeps_it_from_being_kept(
    case: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.shows(case.first)
    case.make()
    whole = marking.mark_copies

    def and_then_closed(*given: Any, **more: Any) -> Any:
        made = whole(*given, **more)
        wall(case, case.second)
        return made

    monkeypatch.setattr(marking, "mark_copies", and_then_closed)
    case.work()
    assert case.living() == set()
    assert unrecorded(case) == set()


@sqlite_alone
def test_a_disk_that_fills_up_keeps_nothing_of_the_half(case: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    case.shows(case.first)
    case.make()
    vault, count = case.site.vault, 0
    whole = vault.seal

    def seal(kind: str, source: Any) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(kind, source)

    monkeypatch.setattr(vault, "seal", seal)
    work = marking._Marking(case.site.database, vault, SystemClock(), None)

    class Context:
        def cancelled(self) -> bool:
            return False

        def progress(self, fraction: float) -> None: ...

    with pytest.raises(OSError, match="No space"):
        work.make(Context(), {"discovery": case.made})  # type: ignore[arg-type]
    assert unrecorded(case) == set()
    monkeypatch.undo()
    case.work()
    assert case.counted() == (2, 4)


def test_access_that_is_given_while_the_old_one_is_cleared_away_has_its_copies(case: Marked) -> None:
    case.shows(case.first)
    case.make()
    case.work()
    case.visit(D)
    case.end(D)
    whole, visits = marks_ending._take_away, []

    def and_meanwhile(tx: Any, vault: Any, rows: Any, *more: Any) -> Any:
        if rows and not visits:
            visits.append(1)
            if not case.site.database.is_sqlite:  # there it waits for this to end
                one = threading.Thread(target=lambda: visits.append(case.visit(D)))
                one.start()
                one.join(10)
                assert not one.is_alive()
        return whole(tx, vault, rows, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks_ending, "_take_away", and_meanwhile)
        case.look()
    visit = case.visit(D) if case.site.database.is_sqlite else visits[1]
    case.look()
    case.work()
    assert isinstance(case.sees(visit, case.first), bytes)


def test_one_job_is_enough_whoever_asks_at_once(case: Marked) -> None:
    case.shows(case.first)
    case.make()
    with case.site.database.write() as tx:
        tx.execute(job.update().values(state="done"))
    both = threading.Barrier(2)

    class Slow(Jobs):
        def list(self, *given: Any, **more: Any) -> Any:
            found = super().list(*given, **more)
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(1)
            return found

    def ask() -> None:
        jobs = Slow(case.site.database)
        with case.site.database.write() as tx:
            marks.ask(tx, jobs, case.made)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    with case.site.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).where(job.c.name == marks.JOB, job.c.state == "waiting")) == 1


postgresql_alone = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@postgresql_alone  # on SQLite the one waits for the other as it begins
def test_a_purge_that_begins_before_a_copy_is_recorded_takes_it_too(case: Marked) -> None:
    case.shows(case.first)
    made = case.court.made(watermark=True)  # its package too
    case.made = made.id
    whole, threads = register.objects_of, list[threading.Thread]()

    def and_meanwhile(*given: Any, **more: Any) -> Any:
        found = whole(*given, **more)
        if not threads:
            threads.append(threading.Thread(target=case.work))
            threads[0].start()
            threads[0].join(5)  # it has recorded one, or waits for the purge to end
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(register, "objects_of", and_meanwhile)
        purge(case, case.first)
    threads[0].join(20)
    assert case.living() == set()
    assert {row.state for row in case.rows(case.first).values()} == {MarkState.ENDED.value}
    assert unrecorded(case) == set()
