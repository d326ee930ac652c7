"""Between the answer to a request and what goes out: nothing is told to be released before it is, what is about to go
out and what can be appealed is kept, and a letter tells of the decisions that stand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.disclosure.decisions.law import MINOR
from tests.disclosure.decisions.office import Office, hold_back, release
from tests.disclosure.decisions.test_letters import EXTENDABLE, answer, compose, keep
from tests.disclosure.releases.place import Releasing, leave_copy
from tests.disclosure.releases.test_refusing import only_sqlite
from tests.disclosure.releases.test_slipping_out import taken_back

from candor.disclosure.decisions.rules import Decision
from candor.disclosure.releases.papers import LETTER, papers_of
from candor.disclosure.releases.rules import Audience
from candor.disclosure.releases.tables import release as release_table
from candor.disclosure.requests import answering, kept_on, letters, statistics
from candor.disclosure.requests.errors import RequestNotAnswerable
from candor.disclosure.requests.letter_words import LetterKind
from candor.disclosure.requests.reading import clocks_of_request, records_request
from candor.disclosure.requests.rules import Outcome
from candor.law.vocabulary import HoldKind
from candor.retention import holds


def held(office: Office) -> int:
    """How many holds of requests lie on the recording."""
    with office.archive.database.read() as tx:
        found = holds.holds_of_recording(tx, office.recording)
    return sum(one.open and one.kind is HoldKind.REQUEST for one in found)


@only_sqlite
def test_nothing_is_told_to_be_released_before_it_is(releasing: Releasing) -> None:
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    for _ in range(2):
        with pytest.raises(RequestNotAnswerable, match="has not been published yet"):
            answer(office, Outcome.RELEASED)
        releasing.approve(release_id) if releasing.release(release_id).version == 1 else None
    releasing.work()
    assert answer(office, Outcome.RELEASED) is False
    assert held(office) == 0, "everything went out, and nothing was refused"
    with office.archive.database.read() as tx:
        day = office.archive.clock.now().date()
        found = statistics.by_month(tx, office.records, day, day, clock=office.archive.clock).total
    assert (found.answered, found.in_time, found.no_clock) == (1, 1, 0), "its clock ran until it was released"


@only_sqlite
def test_what_is_refused_is_kept_while_it_can_be_appealed(releasing: Releasing, tmp_path: Path) -> None:
    office = releasing.office
    clock, database = office.archive.clock, office.archive.database
    office.decide(hold_back(Decision.WITHHOLD, MINOR))
    keep(office, compose(office, tmp_path, LetterKind.DECISION))
    answer(office, Outcome.WITHHELD)
    clock.advance(timedelta(days=29).total_seconds())
    assert kept_on.go_round(database, clock) == 0
    assert held(office) == 1
    with database.write() as tx:
        answering.reopen(tx, office.records, office.request, reason="They appealed", clock=clock)
    assert held(office) == 1, "never two of one request"
    with database.write() as tx:
        answering.answer(tx, office.records, office.request, Outcome.WITHHELD, clock=clock)
    clock.advance(timedelta(days=31).total_seconds())
    assert kept_on.go_round(database, clock) == 1
    assert held(office) == 0


@only_sqlite
def test_what_is_about_to_go_out_is_kept(releasing: Releasing) -> None:
    """Published for whoever asked, and once more for everybody: that still waits."""
    office = releasing.office
    office.decide(release())
    copy_id = leave_copy(office, b"a copy")
    first = releasing.prepare(copy_id, audience=Audience.REQUESTER)
    releasing.approve(first)
    releasing.work()
    second = releasing.prepare(copy_id)
    answer(office, Outcome.RELEASED)
    assert held(office) == 1
    releasing.approve(second)
    releasing.work()
    assert kept_on.go_round(office.archive.database, office.archive.clock) == 1
    assert held(office) == 0


@only_sqlite
def test_a_letter_of_other_decisions_is_no_answer(releasing: Releasing, tmp_path: Path) -> None:
    office = releasing.office
    clock = office.archive.clock
    (decision,) = office.decide(hold_back(Decision.WITHHOLD, MINOR))
    keep(office, compose(office, tmp_path, LetterKind.DECISION))
    clock.advance(60)
    taken_back(office, decision)
    office.decide(hold_back(Decision.WITHHOLD, MINOR))
    with pytest.raises(RequestNotAnswerable, match="write it again"):
        answer(office, Outcome.WITHHELD)
    clock.advance(60)
    keep(office, compose(office, tmp_path, LetterKind.DECISION))
    answer(office, Outcome.WITHHELD)


@only_sqlite
def test_an_old_letter_does_not_go_out_with_other_decisions(releasing: Releasing, tmp_path: Path) -> None:
    office, archive = releasing.office, releasing.office.archive
    (decision,) = office.decide(hold_back(Decision.WITHHOLD, MINOR))
    keep(office, compose(office, tmp_path, LetterKind.DECISION))
    archive.clock.advance(60)
    taken_back(office, decision)
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"), audience=Audience.REQUESTER)
    for letter in (False, True):
        with archive.database.read() as tx:
            row = tx.execute(sa.select(release_table).where(release_table.c.id == release_id)).one()
            assert (LETTER in papers_of(tx, archive.vault, row, clock=archive.clock).files) is letter
        keep(office, compose(office, tmp_path, LetterKind.DECISION))


@only_sqlite
def test_the_letter_of_decision_is_the_answer_that_a_clock_asks_for(make_office_of: object, tmp_path: Path) -> None:
    """What is to be released is due at its own time."""
    office: Office = make_office_of(more=EXTENDABLE)  # type: ignore[operator]
    office.decide(release())
    document_id = keep(office, compose(office, tmp_path, LetterKind.DECISION))
    with office.archive.database.write() as tx:
        letters.send(tx, office.records, office.request, document_id, clock=office.archive.clock)
        found = {one.rule: one.met_at for one in clocks_of_request(tx, office.request)}
        due = records_request(tx, office.records, office.request).due_at
    assert found == {"t-answer": office.archive.clock.now(), "t-request": None}
    assert due is not None
