"""What a release is refused for, when it is prepared, when it is approved, and when it is handed out."""

from __future__ import annotations

import csv
import io
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.disclosure.decisions.law import LOOKED, MINOR
from tests.disclosure.decisions.office import Office, hold_back, release
from tests.disclosure.releases.place import Releasing, leave_copy

from candor.core.database import Database
from candor.core.errors import CandorError
from candor.core.outbox import outbox_notice
from candor.custody import Event
from candor.disclosure.decisions.deciding import withdraw
from candor.disclosure.decisions.errors import ReleaseForbidden
from candor.disclosure.decisions.into_redaction import put_into_redaction
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.errors import CopyBroken, CopyDoubtful
from candor.disclosure.going import CopyToGo
from candor.disclosure.releases import approving, preparing, reading
from candor.disclosure.releases import jobs as release_jobs
from candor.disclosure.releases.errors import (
    ReleaseChanged,
    ReleaseNotYours,
    ReleaseOfOwn,
    ReleaseUnknown,
    ReleaseWordsWrong,
    ReleaseWrong,
    ReleaseWrongState,
)
from candor.disclosure.releases.papers import EXEMPTIONS_CSV, EXEMPTIONS_PDF, SUMMARY, papers_of
from candor.disclosure.releases.rules import Audience, ReleaseState
from candor.disclosure.releases.summary import draft
from candor.disclosure.releases.tables import release as release_table
from candor.footage import restrictions
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.tables import recording
from candor.jobs import Failure
from candor.law.vocabulary import HoldKind
from candor.matters import statements
from candor.matters.statements import Occasion
from candor.people.errors import Refused
from candor.redaction.errors import CopyUnknown
from candor.redaction.rules import Verdict
from candor.retention import holds

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def place_hold(office: Office) -> str:
    """A hold because of a complaint, which forbids the release until somebody weighs it."""
    with office.archive.database.write() as tx:
        held = {"recording_id": office.recording, "reason": "a claim"}
        return str(holds.place(tx, office.counsel, HoldKind.COMPLAINT, **held, clock=office.archive.clock))


def lift_hold(office: Office, hold_id: str) -> None:
    with office.archive.database.write() as tx:
        holds.release(tx, office.counsel, hold_id, reason="it is over", clock=office.archive.clock)


@only_sqlite
def test_what_cannot_be_prepared(releasing: Releasing) -> None:
    office = releasing.office
    copy_id = leave_copy(office, b"a copy")
    with pytest.raises(ReleaseForbidden, match="nobody has decided on it"):
        releasing.prepare(copy_id)
    office.decide(release())
    other = leave_copy(office, b"another copy")
    wrong: list[tuple[type[CandorError], tuple[str, ...], dict[str, Any]]] = [
        (ReleaseWrong, (), {}),
        (ReleaseWrong, (copy_id, copy_id), {}),
        (ReleaseWrong, (copy_id, other), {}),
        (ReleaseWrong, (copy_id,), {"audience": "the-press"}),
        (ReleaseWordsWrong, (copy_id,), {"title": " "}),
        (ReleaseWordsWrong, (copy_id,), {"title": "x" * 201}),
        (ReleaseWordsWrong, (copy_id,), {"title": "a\u202eb"}),
        (ReleaseWordsWrong, (copy_id,), {"summary": "\n \n"}),
        (ReleaseWordsWrong, (copy_id,), {"summary": "x" * 20_001}),
        (CopyUnknown, ("0192f0c8-0000-7000-8000-0000000000ff",), {}),
        (Refused, (copy_id,), {"actor": office.archive.officer}),
        (CopyDoubtful, (leave_copy(office, b"doubtful", verdict=Verdict.DOUBTFUL),), {}),
        (CopyBroken, (leave_copy(office, b"broken", verdict=Verdict.BROKEN),), {}),
    ]
    for error, copies, changed in wrong:
        with pytest.raises(error):
            releasing.prepare(*copies, **changed)
    hold_id = place_hold(office)
    with pytest.raises(ReleaseForbidden, match=f"hold/{hold_id}"):
        releasing.prepare(copy_id)
    with office.archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(release_table)) == 0


@only_sqlite
def test_who_may_approve_and_upon_what(releasing: Releasing) -> None:
    office = releasing.office
    office.decide(release())
    doubtful = leave_copy(office, b"a copy", verdict=Verdict.DOUBTFUL)
    release_id = releasing.prepare(doubtful, although={doubtful: "a poster on the wall"})
    with pytest.raises(Refused):
        releasing.approve(release_id, actor=office.archive.officer)
    with pytest.raises(ReleaseNotYours):
        releasing.approve(release_id, actor=office.records)
    with pytest.raises(ReleaseNotYours):
        send_back(releasing, release_id, actor=office.records)
    with office.archive.database.write() as tx:
        mine = recording.c.id == office.recording
        wearer = tx.scalar(sa.select(recording.c.wearer_id).where(mine))
        tx.execute(recording.update().where(mine).values(wearer_id=office.second.account_id))
    with pytest.raises(ReleaseOfOwn):
        releasing.approve(release_id)
    with office.archive.database.write() as tx:
        tx.execute(recording.update().where(mine).values(wearer_id=wearer))
    send_back(releasing, release_id)
    found = releasing.release(release_id)
    assert (found.state, found.sent_back_reason, found.version) == (ReleaseState.SENT_BACK, "say more", 2)
    with pytest.raises(ReleaseChanged):
        releasing.approve(release_id, upon=1)
    with pytest.raises(ReleaseWrongState, match="was sent back"):
        releasing.approve(release_id)
    with pytest.raises(ReleaseChanged):
        revise(releasing, release_id, upon=1)
    assert revise(releasing, release_id, upon=2) == 3
    with pytest.raises(ReleaseNotYours):
        releasing.approve(release_id, actor=office.second)  # who wrote it anew has prepared it
    releasing.approve(release_id, actor=office.records)
    assert releasing.events(release_id) == [
        *(Event.RELEASE_PREPARED, Event.RELEASE_SENT_BACK, Event.RELEASE_PREPARED, Event.RELEASE_APPROVED)
    ]
    with pytest.raises(ReleaseUnknown):
        releasing.release("RL-1999-0001")


def send_back(releasing: Releasing, release_id: str, **changed: Any) -> None:
    archive = releasing.office.archive
    actor = changed.get("actor", releasing.office.second)
    with archive.database.write() as tx:
        approving.send_back(tx, actor, release_id, "say more", upon=1, clock=archive.clock)


def revise(releasing: Releasing, release_id: str, *, upon: int) -> int:
    archive, words = releasing.office.archive, {"title": "The stop", "summary": "More words."}
    with archive.database.write() as tx:
        given = (tx, archive.vault, releasing.office.second, release_id)
        return preparing.revise(*given, **words, upon=upon, clock=archive.clock)


def test_two_approve_at_once_and_one_of_them_is_told(releasing: Releasing) -> None:
    """On both databases, each in a thread and a transaction of its own."""
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    version, ended, ready = releasing.release(release_id).version, [], threading.Barrier(2)

    def approve(actor: Any) -> None:
        ready.wait(20)
        try:
            ended.append(releasing.approve(release_id, actor=actor, upon=version))
        except ReleaseChanged as error:
            ended.append(error)

    threads = [threading.Thread(target=approve, args=(one,)) for one in (office.second, office.counsel)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(type(one).__name__ for one in ended) == ["ReleaseChanged", "str"]
    assert releasing.events(release_id).count(Event.RELEASE_APPROVED) == 1


@only_sqlite
def test_what_comes_up_after_the_approval_stops_it_and_is_told(releasing: Releasing) -> None:
    office = releasing.office
    database: Database = office.archive.database
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    releasing.approve(release_id)
    hold_id = place_hold(office)
    releasing.work()
    found = releasing.release(release_id)
    assert (found.state, found.rule, found.package_id) == (ReleaseState.FAILED, f"hold/{hold_id}", None)
    assert "a claim" not in (found.problem or "")
    events = releasing.events(release_id)
    assert Event.RECORDING_RELEASED not in events
    assert events[-1] is Event.RELEASE_FAILED
    with database.read() as tx:
        told = tx.execute(sa.select(outbox_notice).where(outbox_notice.c.kind == "release:failed")).one()
    assert told.recipients == sorted([office.records.account_id, office.second.account_id])
    with releasing.published() as published:
        assert published.release(release_id) is None
    with pytest.raises(ReleaseForbidden):
        releasing.approve(release_id)
    lift_hold(office, hold_id)
    releasing.approve(release_id)
    releasing.work()
    assert releasing.release(release_id).state is ReleaseState.PUBLISHED
    with database.read() as tx:
        assert tx.scalar(sa.select(outbox_notice.c.open_key).where(outbox_notice.c.id == told.id)) is None


@only_sqlite
def test_a_review_or_a_restriction_that_comes_after_the_decision_forbids_it(releasing: Releasing) -> None:
    """Also where it is asked for between the preparing and the approval; when the law's clock has run out, it goes."""
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    asked = {"occasion": Occasion.FORMAL_STATEMENT, "about": "the stop", "recording_ids": [office.recording]}
    with office.archive.database.write() as tx:
        review_id = statements.ask(tx, office.archive.officer, **asked, clock=office.archive.clock)
    for act in (lambda: releasing.approve(release_id), lambda: releasing.prepare(leave_copy(office, b"more"))):
        with pytest.raises(ReleaseForbidden, match=rf"Rule: review/{review_id} \(.*Test Code § 12"):
            act()
    assert releasing.release(release_id).state is ReleaseState.PREPARED
    office.archive.clock.advance(timedelta(hours=96).total_seconds())
    with office.archive.database.write() as tx:
        placed = {"reason": "an inquiry", "actor": "system:test"}
        restriction_id = str(restrictions.place(tx, office.recording, RestrictionKind.OFFICER, **placed))
    with pytest.raises(ReleaseForbidden, match="restriction/officer/"):
        releasing.approve(release_id)
    with office.archive.database.write() as tx:
        restrictions.take_away(tx, restriction_id, reason="it is over", actor="system:test")
    releasing.approve(release_id)


@only_sqlite
def test_a_decision_that_is_taken_back_and_a_recall_before_it_is_made(releasing: Releasing) -> None:
    office = releasing.office
    (decision,) = office.decide(release())
    first, second = (leave_copy(office, name) for name in (b"a copy", b"another"))
    stopped, recalled = releasing.prepare(first), releasing.prepare(second, audience=Audience.REQUESTER)
    releasing.approve(stopped)
    releasing.approve(recalled)
    releasing.recall(recalled, "it was the wrong one")
    with office.archive.database.write() as tx:
        withdraw(tx, office.records, office.subject, decision, reason="another look", clock=office.archive.clock)
    releasing.work()
    found = releasing.release(stopped)
    assert (found.state, found.rule) == (ReleaseState.FAILED, "disclosure.decisions decision")
    assert releasing.release(recalled).state is ReleaseState.RECALLED
    assert Event.RECORDING_RELEASED not in releasing.events(recalled)
    with releasing.published() as published:
        assert published.releases() == ([], 0)
        assert published.release(recalled) is None


@only_sqlite
def test_a_job_that_was_stopped_and_one_that_cannot_write(releasing: Releasing) -> None:
    office = releasing.office
    database: Database = office.archive.database
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    job_id = releasing.approve(release_id)
    with database.write() as tx:
        assert releasing.jobs.cancel(tx, job_id)
    found = releasing.release(release_id)
    assert found.state is ReleaseState.FAILED
    assert "stopped" in (found.problem or "")
    job_id = releasing.approve(release_id)
    work = release_jobs._Publishing(
        database, office.archive.vault, office.log, releasing.settings, office.archive.clock
    )
    with database.write() as tx:
        job = releasing.jobs.get(tx, job_id)
        assert job is not None
        work.give_up(tx, Failure(job, OSError("the disk is full"), "the disk is full"))
    found = releasing.release(release_id)
    assert (found.state, found.problem, found.rule) == (ReleaseState.FAILED, "the disk is full", None)
    assert releasing.events(release_id)[-1] is Event.RELEASE_FAILED
    releasing.recall(release_id)
    with pytest.raises(ReleaseWrongState, match="was recalled"):
        releasing.approve(release_id)


@only_sqlite
def test_the_list_goes_page_by_page(releasing: Releasing) -> None:
    office = releasing.office
    office.decide(release())
    copy_id = leave_copy(office, b"a copy")
    made = [releasing.prepare(copy_id, title=f"Release {number}") for number in range(5)]
    with office.archive.database.read() as tx:
        first = reading.releases(tx, office.counsel, limit=2)
        second = reading.releases(tx, office.counsel, limit=2, after=first.after)
        third = reading.releases(tx, office.counsel, limit=2, after=second.after)
        of_it = reading.releases_of(tx, office.counsel, office.subject)
        shown = reading.releases_of_recording(tx, office.counsel, office.recording)
        none = reading.releases(tx, office.counsel, states=[ReleaseState.RECALLED])
        assert reading.release(tx, office.counsel, first.rows[0].number.lower()) == first.rows[0]
        with pytest.raises(Refused):
            reading.releases(tx, office.archive.officer)
        assert reading.releases_of_recording(tx, office.archive.officer, office.recording) == []
    found = [*first.rows, *second.rows, *third.rows]
    assert [one.id for one in found] == made[::-1] == [one.id for one in of_it] == [one.id for one in shown]
    assert third.after is None
    assert none.rows == ()


@only_sqlite
def test_summary_and_papers_say_what_is_hidden_and_no_formula_runs(releasing: Releasing) -> None:
    office = releasing.office
    archive = office.archive
    office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_017))
    with archive.database.write() as tx:
        given = (office.records, office.subject, office.recording, office.redaction)
        put_into_redaction(tx, archive.vault, *given, clock=archive.clock)
        mine = recording.c.id == office.recording
        tx.execute(recording.update().where(mine).values(title="Jane Doe, arrested", category="Traffic stop"))
    office.draw(office.whole_track(61, 63, name="w2", exemption="=cmd|' /C calc'!A0"))
    copy_id = leave_copy(office, b"a copy")
    with archive.database.read() as tx:
        words = draft(tx, archive.vault, office.records, office.subject, [CopyToGo(copy_id)], clock=archive.clock)
    assert "Jane Doe" not in words
    assert f"belongs to the request {office.number}. It holds one video from one recording." in words
    assert "Video 1 (Traffic stop) was recorded on" in words
    assert "It is 0:10 long" in words
    assert "- The whole picture: covered, from 0:02 to 0:03. Why: What shows a minor is confidential, Test" in words
    release_id = releasing.prepare(copy_id, summary=words)
    with archive.database.read() as tx:
        row = tx.execute(sa.select(release_table).where(release_table.c.id == release_id)).one()
        papers = papers_of(tx, archive.vault, row, clock=archive.clock)
    assert set(papers.files) == {SUMMARY, EXEMPTIONS_CSV, EXEMPTIONS_PDF}
    rows = list(csv.reader(io.StringIO(papers.files[EXEMPTIONS_CSV].decode("utf-8-sig"))))
    assert [one[2] for one in rows[1:]] == ["frame", "frame", "sound"]
    cells = {cell for one in rows for cell in one}
    assert "'=cmd|' /C calc'!A0" in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert "It shows somebody’s child" not in cells, "reasons are for whoever asked alone"
    assert papers.files[EXEMPTIONS_PDF].startswith(b"%PDF-")
    assert LOOKED not in cells


@only_sqlite
def test_nobody_asked_for_a_critical_incident(releasing: Releasing) -> None:
    with pytest.raises(CandorError), releasing.office.archive.database.write() as tx:
        preparing.prepare(
            tx,
            releasing.office.archive.vault,
            releasing.office.records,
            Subject.of_critical("0192f0c8-0000-7000-8000-0000000000ff"),
            ["x"],
            audience=Audience.REQUESTER,
            title="a",
            summary="b",
        )
