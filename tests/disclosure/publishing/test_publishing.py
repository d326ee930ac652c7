"""From the portal's inbox into requests, and from requests to the published place: on both databases, killed in
between, with entries that are broken or forged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from tests.disclosure.requests.place import RequestPlace
from tests.people.place import make_place
from tests.web.visitor import make_installation

from candor.core.clock import FixedClock, iso
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.custody import Event, recent
from candor.disclosure.publishing import draining, lag
from candor.disclosure.publishing.rounds import Publishing, is_wanted
from candor.disclosure.publishing.tables import portal_entry, portal_published
from candor.disclosure.requests import documents, messages
from candor.disclosure.requests.answering import answer, withdraw
from candor.disclosure.requests.reading import records_request, request_by_tracking
from candor.disclosure.requests.rules import Channel, DocumentKind, Outcome, RequesterClass
from candor.disclosure.requests.tables import records_request as request_table
from candor.installation import Installation
from candor.people.rules import system_actor
from candor.published.entries import EntryFile, seal
from candor.published.tracking import digest_of, new_code

CLERK = system_actor("test")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + bytes(200)


@dataclass
class PublicSide:
    """An installation and what it does for its portal."""

    here: Installation
    publishing: Publishing
    clock: FixedClock

    def ask(self, code: str, *, files: tuple[EntryFile, ...] = (), **changed: Any) -> str:
        """Put a request into the inbox, as the portal does."""
        document = {
            "words": "The stop on Route 9.",
            "class": "press",
            "wants": "copy",
            "answer": "phone",
            "name": "Mara Feld",
            "organisation": "The Ledger",
            "contact": {"phone": "555"},
            "named": {"place": "Route 9", "began": "2026-05-03T10:00:00.000000Z", "whole_days": False},
            "tracking": digest_of(code).hex(),
            "received_at": iso(self.clock.now()),
            **changed,
        }
        return self.put("request", document, files)

    def put(self, kind: str, document: dict[str, Any], files: tuple[EntryFile, ...] = ()) -> str:
        published, inbox = self.publishing.places()
        about = published.about()
        assert about is not None
        return inbox.append(kind, seal(document, files, about.recipient), clock=self.clock)

    def request(self, code: str) -> str | None:
        with self.here.database.read() as tx:
            return request_by_tracking(tx, digest_of(code))


@pytest.fixture
def side(database: Database, database_url: str, fixed_clock: FixedClock, tmp_path: Path) -> Iterator[PublicSide]:
    """With an agency; its portal's places are in the same database, which has room for their tables."""
    here = make_installation(database, fixed_clock, tmp_path, office_contact="1 Main Street | 555-0100")
    make_place(database, fixed_clock)
    settings = here.settings.model_copy(
        update={"published_url": database_url, "inbox_url": database_url, "published_files": tmp_path / "files"}
    )
    publishing = Publishing(settings, database, here.vault, here.log, fixed_clock)
    publishing.round()
    yield PublicSide(here, publishing, fixed_clock)
    publishing.close()
    here.jobs.shutdown()


def test_a_request_comes_in_with_its_files_and_can_be_seen(side: PublicSide) -> None:
    code = new_code()
    side.ask(code, files=(EntryFile("consent.pdf", "application/pdf", PDF),))
    done = side.publishing.round()
    assert (done.drained.taken, done.drained.aside, done.statuses) == (1, 0, 1)
    request_id = side.request(code)
    assert request_id is not None
    with side.here.database.read() as tx:
        found = records_request(tx, CLERK, request_id)
        (document,) = documents.documents_of(tx, CLERK, request_id=request_id)
        notes = [one.words for one in messages.messages_of(tx, CLERK, request_id)]
        events = [one.kind for one in recent(tx, limit=20)]
    assert (found.channel, found.requester_class, found.requester_name) == (
        Channel.FORM,
        RequesterClass.PRESS,
        "Mara Feld",
    )
    assert found.named.place == "Route 9"
    assert found.received_at == side.clock.now()
    assert (document.kind, document.name, document.size) == (DocumentKind.ATTACHMENT, "consent.pdf", len(PDF))
    assert notes == ["Wants to be answered by telephone."]
    assert Event.REQUEST_RECEIVED in events
    published, inbox = side.publishing.places()
    assert inbox.held() == (0, 0)
    notice = published.status(digest_of(code))
    assert notice is not None
    assert (notice.number, notice.state, notice.messages) == (found.number, "received", ())
    # Nothing of what somebody wrote, or of who they are, is published.
    with published.database.read() as tx:
        kept = " ".join(tx.scalars(sa.text("SELECT notice FROM published_status")).all())
    for words in ("Mara", "Ledger", "Route 9", "555", "telephone", code):
        assert words not in kept


def test_an_entry_is_taken_in_once_however_often_it_is_seen(side: PublicSide, monkeypatch: pytest.MonkeyPatch) -> None:
    code = new_code()
    side.ask(code)
    _, inbox = side.publishing.places()
    # Killed after the request was entered, before the entry left the inbox.
    monkeypatch.setattr(inbox, "taken", lambda ids, at: (_ for _ in ()).throw(DatabaseGone(reason="killed")))
    with pytest.raises(DatabaseGone):
        side.publishing.round()
    monkeypatch.undo()
    assert inbox.held()[0] == 1
    side.ask(code)  # and the button was pressed twice
    side.publishing.round()
    assert inbox.held()[0] == 0
    with side.here.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(request_table)) == 1
        assert tx.scalar(sa.select(sa.func.count()).select_from(portal_entry)) == 2


def test_killed_while_taking_in_nothing_is_half(side: PublicSide, monkeypatch: pytest.MonkeyPatch) -> None:
    code = new_code()
    side.ask(code, files=(EntryFile("a.pdf", "application/pdf", PDF),))

    def fail(*_: object, **__: object) -> None:
        raise DatabaseGone(reason="killed")

    monkeypatch.setattr(draining.documents, "add", fail)
    with pytest.raises(DatabaseGone):
        side.publishing.round()
    assert side.request(code) is None
    monkeypatch.undo()
    side.publishing.round()
    assert side.request(code) is not None


def test_messages_go_both_ways(side: PublicSide) -> None:
    code = new_code()
    side.ask(code)
    side.publishing.round()
    request_id = side.request(code)
    assert request_id is not None
    with side.here.database.write() as tx:
        messages.send(tx, CLERK, request_id, "Which of the two?", asks=True, clock=side.clock)
    side.clock.advance(1)
    side.put("message", {"code": code.lower(), "words": "The second one.", "received_at": iso(side.clock.now())})
    side.publishing.round()
    published, _ = side.publishing.places()
    notice = published.status(digest_of(code))
    assert notice is not None
    assert [(one.way, one.words) for one in notice.messages] == [
        ("out", "Which of the two?"),
        ("in", "The second one."),
    ]
    assert notice.state == "working"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "document", "problem"),
    [
        ("request", {"class": "king"}, "king"),
        ("request", {"words": ""}, "description"),
        ("request", {"words": 7}, "form that it should be in"),
        ("request", {"tracking": "zz"}, "form that it should be in"),
        ("request", {"tracking": "ab"}, "32 bytes"),
        ("request", {"named": []}, None),
        ("request", {"named": {"began": "soon"}}, "earliest time"),
        ("request", {"contact": "x"}, "form that it should be in"),
        ("request", {"received_at": "2001-01-01T00:00:00Z"}, None),  # a clock that was never set
        ("request", {"received_at": "0001-01-01T00:00:00+14:00"}, "form that it should be in"),
        ("request", {"received_at": "9999-12-31T23:59:59-12:00"}, "form that it should be in"),
        ("request", {"received_at": "soon"}, "form that it should be in"),
        ("request", {"received_at": "2999-01-01T00:00:00Z"}, None),
        ("request", {"words": "x" * 100_000}, "characters"),
        ("message", {"code": "CR-0000-0000-0000-0000-1", "words": "x"}, "not a tracking code"),
        ("message", {"code": None, "words": "x"}, "form that it should be in"),
    ],
)
def test_what_cannot_be_taken_in_is_put_aside_and_told(
    side: PublicSide, kind: str, document: dict[str, Any], problem: str | None
) -> None:
    good, other = new_code(), new_code()
    side.ask(good)
    if kind == "request":
        side.ask(other, **document)
    else:
        side.put(kind, document)
    last = new_code()
    side.ask(last)
    done = side.publishing.round()
    assert side.request(good) is not None
    assert side.request(last) is not None  # it held up nobody
    with side.here.database.read() as tx:
        aside = lag.put_aside(tx)
    if problem is None:
        assert (done.drained.taken, aside) == (3, [])
        return
    assert (done.drained.taken, done.drained.aside) == (2, 1)
    assert problem in aside[0].problem
    (kept,) = side.publishing.aside.iterdir()
    assert kept.stat().st_mode & 0o77 == 0
    assert side.publishing.round().drained.aside == 0  # and never comes again
    with side.here.database.write() as tx:
        assert lag.dismiss(tx, clock=side.clock) == 1
    with side.here.database.read() as tx:
        assert lag.put_aside(tx) == []


def test_what_is_not_sealed_to_us_is_put_aside(side: PublicSide) -> None:
    _, inbox = side.publishing.places()
    for sealed in (b"", b"rubbish", bytes(1000), b"age-encryption.org/v1\n"):
        inbox.append("request", sealed, clock=side.clock)
    code = new_code()
    side.put("message", {"code": code, "words": "of no request"})
    done = side.publishing.round()
    assert (done.drained.taken, done.drained.aside) == (0, 5)
    assert inbox.held() == (0, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_many_in_an_hour_wait_in_the_inbox_and_hold_up_no_message(side: PublicSide) -> None:
    _, inbox = side.publishing.places()
    inbox.limits = replace(inbox.limits, hourly=3)
    codes = [new_code() for _ in range(5)]
    for code in codes:
        side.ask(code)
    side.publishing.round()
    side.put("message", {"code": codes[0], "words": "Is it there?"})
    done = side.publishing.round()
    assert (done.drained.taken, done.drained.waiting) == (1, 2)
    assert [side.request(code) is not None for code in codes] == [True, True, True, False, False]
    side.clock.advance(3700)
    assert side.publishing.round().drained.taken == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_letter_is_published_when_it_was_sent_and_only_then(side: PublicSide) -> None:
    code = new_code()
    side.ask(code)
    side.publishing.round()
    request_id = side.request(code)
    assert request_id is not None
    taken = documents.take(side.here.vault, "Answer.pdf", PDF)
    with side.here.database.write() as tx:
        document = documents.add(
            tx, side.here.vault, CLERK, taken, DocumentKind.LETTER, request_id=request_id, clock=side.clock
        )
    side.publishing.round()
    published, _ = side.publishing.places()
    notice = published.status(digest_of(code))
    assert notice is not None
    assert notice.letters == ()
    with side.here.database.write() as tx:
        documents.mark_sent(tx, document, clock=side.clock)
        answer(tx, CLERK, request_id, Outcome.NOTHING_FOUND, clock=side.clock)
    side.publishing.round()
    notice = published.status(digest_of(code))
    assert notice is not None
    assert notice.state_words == "answered: nothing was found that was meant"
    (letter,) = notice.letters
    with published.open_file(letter.sha256) as file:
        assert file.read() == PDF


def test_only_what_changed_is_published_again(side: PublicSide) -> None:
    first, second = new_code(), new_code()
    side.ask(first)
    side.ask(second)
    assert side.publishing.round().statuses == 2
    assert side.publishing.round().statuses == 0
    side.clock.advance(60)
    request_id = side.request(first)
    assert request_id is not None
    with side.here.database.write() as tx:
        withdraw(tx, CLERK, request_id, reason="It was found elsewhere.", clock=side.clock)
    assert side.publishing.round().statuses == 1
    published, _ = side.publishing.places()
    # What was lost there is published again, from what is known here.
    published.forget_status(digest_of(second))
    side.clock.advance(700)
    side.publishing.round()
    assert published.status(digest_of(second)) is not None


def test_how_far_it_lies_behind_is_measured(side: PublicSide) -> None:
    _, inbox = side.publishing.places()
    side.ask(new_code())
    side.clock.advance(90)
    with side.here.database.read() as tx:
        state = lag.portal_state(tx, inbox)
    assert (state.waiting, state.behind(side.clock.now()), state.taken) == (1, 90, 0)
    assert state.oldest == side.clock.now() - timedelta(seconds=90)
    side.publishing.round()
    with side.here.database.read() as tx:
        state = lag.portal_state(tx, inbox)
    assert (state.waiting, state.behind(side.clock.now()), state.taken, state.aside) == (0, 0, 1, 0)


def test_who_the_agency_is_follows_what_is_true_here(side: PublicSide) -> None:
    published, _ = side.publishing.places()
    about = published.about()
    assert about is not None
    assert about.recipient.startswith("age1")
    assert about.ways == ("1 Main Street", "555-0100")
    assert {one.value for one in about.classes} == {one.value for one in RequesterClass}
    assert about.log_vkey.startswith(about.log_origin)
    assert not side.publishing.round().about
    with side.here.database.read() as tx:
        assert "AGE-SECRET-KEY" not in _everything(tx)


def _everything(tx: Connection) -> str:
    rows = [*tx.execute(sa.text("SELECT * FROM portal_key")), *tx.execute(sa.select(portal_published))]
    return repr(rows)


def test_rounds_are_gone_only_where_there_is_a_portal(side: PublicSide) -> None:
    assert not is_wanted(side.here.settings)
    assert side.here.public_rounds.look() == []
    for given in ({"portal_port": 0}, {"inbox_url": "sqlite:///x"}, {"published_url": "sqlite:///x"}):
        assert is_wanted(side.here.settings.model_copy(update=given))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_law_is_said_in_its_own_words_with_the_day(side: PublicSide) -> None:
    place = RequestPlace(
        side.here.database,
        side.clock,
        *([None] * 6),  # type: ignore[list-item]
    )
    place.counsel, place.other_counsel = system_actor("one"), system_actor("other")
    place.law("us-ct")
    code = new_code()
    side.ask(code)
    side.publishing.round()
    published, _ = side.publishing.places()
    notice, about = published.status(digest_of(code)), published.about()
    assert notice is not None
    assert about is not None
    first = notice.clocks[0]
    assert first.due_at == side.clock.now() + timedelta(hours=96)
    assert "within 96 hours" in first.words
    assert "counsel has not adopted" in first.words
    assert "29-6d" in first.citation
    assert any("four business days" in words for words in about.law.due)
    assert any("Freedom of Information Commission" in words for words in about.law.appeal)
