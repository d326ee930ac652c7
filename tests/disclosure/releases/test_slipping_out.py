"""What tries to get out although it must not: between the hand-out and the publication, past a recall, by joining
recordings, by one person who acts as two, behind a mask that hides nothing, under an exception that is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from tests.disclosure.decisions.law import MINOR
from tests.disclosure.decisions.office import LOOKED_AT, Office, hold_back, release
from tests.disclosure.releases.place import Releasing, leave_copy
from tests.disclosure.releases.test_refusing import only_sqlite, place_hold

from candor.custody import Event
from candor.disclosure.decisions.copies import copy_facts
from candor.disclosure.decisions.deciding import Weighed, withdraw
from candor.disclosure.decisions.errors import ReleaseForbidden
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.standing import history_of
from candor.disclosure.releases import jobs as release_jobs
from candor.disclosure.releases.errors import ReleaseNotByPerson
from candor.disclosure.releases.papers import EXEMPTIONS_CSV, papers_of
from candor.disclosure.releases.rules import ReleaseState
from candor.disclosure.releases.tables import release as release_table
from candor.disclosure.requests.meant import mean, not_mean
from candor.footage import restrictions
from candor.footage.regrouping import regroup
from candor.law.reading import read_pack
from candor.law.tables import law_change, law_text
from candor.law.vocabulary import Label
from candor.people.rules import system_actor
from candor.published.place import Published


class _Died(BaseException):
    """The process is gone."""


class _Context:
    """A job that runs until it dies: steps that were done are not done again."""

    def __init__(self) -> None:
        self.done: dict[str, Any] = {}

    def step(self, name: str, act: Any) -> Any:
        if name not in self.done:
            self.done[name] = act()
        return self.done[name]

    def transaction(self, name: str, act: Any) -> Any:
        raise AssertionError("given by the test")

    def cancelled(self) -> bool:
        return False


def run(releasing: Releasing, release_id: str, context: _Context) -> None:
    """The job, in this thread."""
    archive = releasing.office.archive
    work = release_jobs._Publishing(
        archive.database, archive.vault, releasing.office.log, releasing.settings, archive.clock
    )

    def transaction(name: str, act: Any) -> Any:
        if name not in context.done:
            with archive.database.write() as tx:
                context.done[name] = act(tx)
        return context.done[name]

    context.transaction = transaction  # type: ignore[method-assign]
    work.publish(context, {"release": release_id})  # type: ignore[arg-type]


@only_sqlite
def test_a_hold_after_the_hand_out_stops_the_publication(releasing: Releasing, monkeypatch: Any) -> None:
    """The process that published was killed, and for days none ran; meanwhile somebody complained."""
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    releasing.approve(release_id)
    context = _Context()
    with monkeypatch.context() as patch:
        patch.setattr(release_jobs.disclosure, "build", _die)
        with pytest.raises(_Died):
            run(releasing, release_id, context)
    assert Event.RECORDING_RELEASED in releasing.events(release_id)
    hold_id = place_hold(office)
    run(releasing, release_id, context)
    found = releasing.release(release_id)
    assert (found.state, found.rule) == (ReleaseState.FAILED, f"hold/{hold_id}")
    with releasing.published() as published:
        assert published.release(release_id) is None


def _die(*_given: Any, **_more: Any) -> Any:
    raise _Died


@only_sqlite
def test_a_recall_wins_over_a_publication_that_dies_right_after_it(releasing: Releasing, monkeypatch: Any) -> None:
    """Recalled, and nothing found to take away, while the files were still being written; then killed."""
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    releasing.approve(release_id)
    context, write = _Context(), Published.write_release

    def written(self: Published, notice: Any) -> None:
        releasing.recall(release_id)
        assert not self.recall_release(release_id, notice.published_at, "A face"), "nothing is there yet"
        write(self, notice)
        raise _Died

    with monkeypatch.context() as patch:
        patch.setattr(Published, "write_release", written)
        with pytest.raises(_Died):
            run(releasing, release_id, context)
    run(releasing, release_id, context)
    with releasing.published() as published:
        notice = published.release(release_id)
        assert notice is None or notice.recalled_at is not None


@only_sqlite
def test_what_can_be_seen_is_said_to_be_published_also_where_the_job_is_stopped(
    releasing: Releasing, monkeypatch: Any
) -> None:
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    job_id, write = releasing.approve(release_id), Published.write_release

    def written(self: Published, notice: Any) -> None:
        write(self, notice)
        with office.archive.database.write() as tx:
            assert releasing.jobs.cancel(tx, job_id)

    monkeypatch.setattr(Published, "write_release", written)
    releasing.work()
    with releasing.published() as published:
        assert published.release(release_id) is not None
    assert releasing.release(release_id).state is ReleaseState.PUBLISHED


@only_sqlite
def test_nobody_is_the_second_person_at_the_command_line_or_as_a_program(releasing: Releasing) -> None:
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    program = replace(office.second, account_id="0192f0c8-0000-7000-8000-0000000000aa")
    for actor in (system_actor("cli-root"), program):
        with pytest.raises(ReleaseNotByPerson):
            releasing.approve(release_id, actor=actor)
    releasing.approve(release_id)


def joined(office: Office) -> str:
    """Another recording of that camera, minutes later, becomes part of the first."""
    archive = office.archive
    other = archive.worn(b"a second film", "second.mp4", title="The same stop").recording_id
    with archive.database.write() as tx:
        mean(tx, office.records, office.request, [other], why="the same stop", clock=archive.clock)
        assert regroup(tx, archive.technician, [office.recording, other], reason="one stop", clock=archive.clock)
    return other


@only_sqlite
def test_joined_with_another_recording_it_is_decided_on_anew(releasing: Releasing) -> None:
    """What was decided on one film says nothing of the other, which is part of it now."""
    office = releasing.office
    office.decide(release())
    copy_id = leave_copy(office, b"a copy")
    release_id = releasing.prepare(copy_id)
    joined(office)
    with pytest.raises(ReleaseForbidden, match="nobody has decided on it"):
        releasing.approve(release_id)
    with office.archive.database.read() as tx:
        (made,) = history_of(tx, office.records, office.subject)
    assert made.withdrawn_by == office.archive.technician.account_id
    assert "part" in (made.withdraw_reason or "")


@only_sqlite
def test_what_is_not_meant_any_more_stands_in_no_paper(releasing: Releasing) -> None:
    """Somebody took another film for one that was meant, and withheld it; it is none of the requester's business."""
    office, archive = releasing.office, releasing.office.archive
    other = archive.worn(b"quite another film", "other.mp4", title="Another stop").recording_id
    office.decide(release())
    with archive.database.write() as tx:
        mean(tx, office.records, office.request, [other], why="maybe", clock=archive.clock)
    replace(office, recording=other).decide(hold_back(Decision.WITHHOLD, MINOR), weighed=())
    with archive.database.write() as tx:
        not_mean(tx, office.records, office.request, [other], why="another day", clock=archive.clock)
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    with archive.database.read() as tx:
        row = tx.execute(sa.select(release_table).where(release_table.c.id == release_id)).one()
        papers = papers_of(tx, archive.vault, row, clock=archive.clock)
    assert papers.hidden == ()
    assert other not in papers.files[EXEMPTIONS_CSV].decode()


@only_sqlite
def test_an_exception_that_the_law_does_not_name_any_more_is_none(releasing: Releasing) -> None:
    office, archive = releasing.office, releasing.office.archive
    seen(office)
    charged = Weighed(MINOR, Weighing.EXCEPTION, "The driver", exception="a person is charged with a crime")
    office.decide(release(), weighed=(LOOKED_AT, charged))
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    with archive.database.write() as tx:
        (row,) = tx.execute(sa.select(law_text)).all()
        content = row.content.replace(b"      - a person is charged with a crime\n", b"").replace(b'"1"', b'"2"')
        pack = read_pack(content, row.pack_id)
        changed = {"sha256": pack.sha256, "content": content, "version": "2"}
        tx.execute(law_text.insert().values({**row._mapping, **changed}))
        tx.execute(law_change.update().values(text_sha256=pack.sha256))
    assert office.obstacles()[MINOR].exceptions == ("the minor and a parent or guardian consent",)
    with pytest.raises(ReleaseForbidden, match="Test Code § 13"):
        releasing.approve(release_id)


def seen(office: Office) -> None:
    """It shows a minor. What the label restricts is lifted, so that the law alone stands in the way."""
    office.label(Label.MINOR)
    with office.archive.database.write() as tx:
        for one in restrictions.restrictions_of(tx, office.recording):
            restrictions.take_away(tx, one.id, reason="it is over", actor="system:test")


@only_sqlite
@pytest.mark.parametrize("how", ["beside the picture", "after the film"])
def test_what_hides_nothing_answers_nothing(releasing: Releasing, how: str) -> None:
    office, archive = releasing.office, releasing.office.archive
    seen(office)
    hidden = Weighed(MINOR, Weighing.HIDDEN, "The child is covered")
    office.decide(hold_back(Decision.REDACT, MINOR), weighed=(LOOKED_AT, hidden))
    track: dict[str, Any] = {"id": "b1", "part": office.part, "kind": "face", "origin": "person", "shape": "box"}
    track |= {"style": "solid", "exemption": MINOR, "keys": [[30_000, 0, *BESIDE], [33_000, 0, *BESIDE]]}
    beside = {"act": "put-track", "part": office.part, "track": track}
    office.draw(beside if how == "beside the picture" else office.span(11_000, 12_000, exemption=MINOR))
    copy_id = leave_copy(office, b"a copy")
    with archive.database.read() as tx:
        facts = copy_facts(tx, archive.vault, copy_id)
    assert (facts.exemptions, facts.hides) == (frozenset(), False)
    with pytest.raises(ReleaseForbidden, match="nothing in the copy is hidden under it"):
        releasing.prepare(copy_id)
    track["keys"] = [[30_000, 0, *BESIDE], [33_000, 0, 10, 10, 50, 50]]
    office.draw(beside)
    releasing.prepare(leave_copy(office, b"another copy"))


#: To the right of every picture.
BESIDE = (90_000, 90_000, 90_010, 90_010)


def taken_back(office: Office, decision: str) -> None:
    with office.archive.database.write() as tx:
        withdraw(tx, office.records, office.subject, decision, reason="another look", clock=office.archive.clock)


@only_sqlite
def test_papers_tell_of_the_decisions_by_which_it_goes_out(releasing: Releasing) -> None:
    """It was handed out, could not be written, was decided anew, and is approved again: another package is made."""
    office = releasing.office
    (decision,) = office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    releasing.approve(release_id)
    archive = office.archive
    work = release_jobs._Publishing(archive.database, archive.vault, office.log, releasing.settings, archive.clock)
    context = _Context()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release_jobs.disclosure, "build", _die)
        with pytest.raises(_Died):
            run(releasing, release_id, context)
    first = releasing.release(release_id).package_id
    assert first is not None
    with archive.database.write() as tx:
        work._failed(tx, release_id, "the disk is full", None, False)
    archive.clock.advance(60)
    taken_back(office, decision)
    office.decide(release(reason="It shows nobody"))
    releasing.approve(release_id)
    assert releasing.release(release_id).package_id is None
