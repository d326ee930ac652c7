"""Letters to whoever asked: what stands in them, and that they tell of what is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.disclosure.decisions.law import HOME, MINOR
from tests.disclosure.decisions.office import Office, hold_back, release

from candor.core.settings import Settings
from candor.custody.events import Event
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.requests import answering, clocks, documents, letters
from candor.disclosure.requests.errors import (
    DocumentUnknown,
    LetterChanged,
    LetterNotYet,
    RequestFieldWrong,
    RequestNotAnswerable,
)
from candor.disclosure.requests.letters import Letter, LetterKind
from candor.disclosure.requests.meant import not_mean
from candor.disclosure.requests.reading import clocks_of_request, history_of_request
from candor.disclosure.requests.rules import DocumentKind, Outcome
from candor.disclosure.requests.statistics import WITHHELD
from candor.disclosure.requests.tables import request_document

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def settings(tmp_path: Path, **more: str) -> Settings:
    return Settings(home=tmp_path, office_contact="1 Main Street | 555 0100", **more)


def compose(office: Office, tmp_path: Path, kind: LetterKind, words: str = "", **more: str) -> Letter:
    with office.archive.database.read() as tx:
        given = (tx, office.records, office.request, kind)
        return letters.compose(*given, settings=settings(tmp_path, **more), words=words, clock=office.archive.clock)


def keep(office: Office, letter: Letter) -> str:
    taken = letter.take(office.archive.vault)
    with office.archive.database.write() as tx:
        given = (tx, office.archive.vault, office.records, letter, taken)
        return letters.keep(*given, clock=office.archive.clock)


def test_what_is_received_is_acknowledged_with_its_clock(office: Office, tmp_path: Path) -> None:
    letter = compose(office, tmp_path, LetterKind.ACKNOWLEDGEMENT, portal_url="https://records.example.gov/")
    for words in (
        "Ana Ruiz",
        office.number,
        "We have received your request",
        "The stop on Main Street",
        "Test Code § 10",
        "Nothing is charged.",
        "https://records.example.gov/status",
        "How to reach us: 1 Main Street, 555 0100.",
    ):
        assert words in letter.text
    assert letter.pdf.startswith(b"%PDF-")
    assert compose(office, tmp_path, LetterKind.ACKNOWLEDGEMENT, portal_url="https://records.example.gov/") == letter


def test_a_question_is_in_somebody_s_own_words(office: Office, tmp_path: Path) -> None:
    with pytest.raises(RequestFieldWrong, match="letter"):
        compose(office, tmp_path, LetterKind.CLARIFICATION)
    letter = compose(office, tmp_path, LetterKind.CLARIFICATION, "Which of the <two> stops & when?\nThat of 9 a.m.?")
    assert "Which of the <two> stops & when?\nThat of 9 a.m.?" in letter.text


def test_a_decision_tells_of_each_stretch_with_law_and_reason(office: Office, tmp_path: Path) -> None:
    with pytest.raises(LetterNotYet, match="not every recording"):
        compose(office, tmp_path, LetterKind.DECISION)
    office.decide(hold_back(Decision.REDACT, HOME), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_000))
    letter = compose(office, tmp_path, LetterKind.DECISION)
    for words in (
        "Your request: released in part",
        "from 0:00:02.000 to 0:00:03.000; What is done: withheld",
        "Exemption: What shows a minor is confidential.; Law: Test Code § 13",
        "Law: Test Code § 14",
        "Reason: It shows somebody’s child",
        "If you do not agree",
        "the Commission of Testland within 30 days of the denial (Test Code § 15)",
        "0 min 10 s",
    ):
        assert words in letter.text
    assert "A stop" not in letter.text, "a title may name somebody"


@pytest.mark.parametrize(
    ("choice", "outcome", "words"),
    [
        (release(), Outcome.RELEASED, "We release what you asked for as it is."),
        (hold_back(Decision.WITHHOLD, MINOR), Outcome.WITHHELD, "We do not release what you asked for."),
        (None, Outcome.NOTHING_FOUND, "found no recording of it"),
    ],
)
def test_the_letter_and_the_answer_follow_from_the_decisions(
    office: Office, tmp_path: Path, choice: object, outcome: Outcome, words: str
) -> None:
    if choice is None:
        with office.archive.database.write() as tx:
            given = (tx, office.records, office.request, [office.recording])
            not_mean(*given, why="another stop", clock=office.archive.clock)
    else:
        office.decide(choice)  # type: ignore[arg-type]
    letter = compose(office, tmp_path, LetterKind.DECISION)
    assert words in letter.text
    assert ("If you do not agree" in letter.text) == (outcome is not Outcome.RELEASED)
    if outcome is Outcome.WITHHELD:
        with pytest.raises(RequestNotAnswerable, match="write the letter of decision first"):
            answer(office, outcome)
        keep(office, letter)
    wrong = Outcome.RELEASED_IN_PART if outcome is not Outcome.NOTHING_FOUND else Outcome.WITHHELD
    with pytest.raises(RequestNotAnswerable):
        answer(office, wrong)
    if outcome is Outcome.RELEASED:
        with pytest.raises(RequestNotAnswerable, match="has not been published yet"):
            answer(office, outcome)
    else:
        assert answer(office, outcome) is False


def answer(office: Office, outcome: Outcome) -> bool:
    with office.archive.database.write() as tx:
        return answering.answer(tx, office.records, office.request, outcome, clock=office.archive.clock)


def test_a_request_is_not_answered_before_it_is_decided(office: Office) -> None:
    with pytest.raises(RequestNotAnswerable, match="not every recording"):
        answer(office, Outcome.RELEASED)


def test_a_letter_is_sealed_and_sent_once(office: Office, tmp_path: Path) -> None:
    letter = compose(office, tmp_path, LetterKind.ACKNOWLEDGEMENT)
    document_id = keep(office, letter)
    with office.archive.database.write() as tx:
        for _ in range(2):
            letters.send(tx, office.records, office.request, document_id, clock=office.archive.clock)
        with pytest.raises(DocumentUnknown):
            letters.send(tx, office.records, office.request, office.request, clock=office.archive.clock)
    with office.archive.database.read() as tx:
        (found,) = documents.documents_of(tx, office.records, request_id=office.request)
        told, _ = history_of_request(tx, office.records, office.request)
        assert tx.scalar(sa.select(request_document.c.letter)) == "acknowledgement"
        with office.archive.vault.open(tx, found.object_id) as stream:
            assert stream.read() == letter.pdf
    assert (found.kind, found.name) == (DocumentKind.LETTER, f"{office.number} acknowledgement of receipt.pdf")
    assert found.sent_at == office.archive.clock.now()
    kinds = [one.kind for one in told]
    assert kinds.count(Event.REQUEST_LETTER_MADE) == 1
    assert kinds.count(Event.REQUEST_LETTER_SENT) == 1


def test_a_letter_that_something_overtook_is_not_kept(office: Office, tmp_path: Path) -> None:
    letter = compose(office, tmp_path, LetterKind.ACKNOWLEDGEMENT)
    office.decide(release())
    with pytest.raises(LetterChanged):
        keep(office, letter)


def test_what_is_not_so_yet_is_not_told(make_office_of: Callable[..., Office], tmp_path: Path) -> None:
    office = make_office_of(more=EXTENDABLE)
    with office.archive.database.read() as tx:
        told = {kind: why for kind, _, why in letters.choices(tx, office.records, office.request)}
    assert told[LetterKind.ACKNOWLEDGEMENT] is None
    assert told[LetterKind.EXTENSION] == "no clock of it was extended"
    assert told[LetterKind.RELEASE_NOTICE] == "nothing is published for it"
    with office.archive.database.write() as tx:
        (clock,) = [one for one in clocks_of_request(tx, office.request) if one.rule == "t-answer"]
        given = (tx, office.records, office.request, clock.id)
        clocks.extend(*given, reason="Many cameras were there", clock=office.archive.clock)
    letter = compose(office, tmp_path, LetterKind.EXTENSION)
    assert "(Test Code § 30), because many cameras were there" in letter.text
    fee = compose(office, tmp_path, LetterKind.FEE_ESTIMATE).text
    assert "USD 5.00 per recording" in fee
    assert "Together: USD 5.00." in fee


EXTENDABLE = """  - id: t-answer
    kind: clock
    text: A request is answered within 10 days.
    citation: Test Code § 30
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    answer-only: yes
    starts:
      request-received: 10 days
    extension: 5 days
    extension-reason: much has to be looked through
  - id: t-fee
    kind: fee
    text: A copy costs USD 5.00.
    citation: Test Code § 31
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    amount: USD 5.00
    per: recording
    unit: recording
"""


def test_what_was_withheld_is_counted_by_exemption(office: Office) -> None:
    office.decide(hold_back(Decision.REDACT, HOME), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_000))
    now = office.archive.clock.now()
    with office.archive.database.read() as tx:
        found = [count(tx, now, now + timedelta(seconds=1)) for count in WITHHELD]
        before = [count(tx, now - timedelta(days=1), now) for count in WITHHELD]
    assert {HOME: 1, MINOR: 1} in found
    assert {} in before
