"""What comes by the portal, when clocks differ, entries are put in again, a backup was restored, a code was lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.disclosure.publishing.test_publishing import CLERK, PDF, PublicSide, side

from candor.core.clock import iso
from candor.custody import Event, recent
from candor.disclosure.publishing import lag
from candor.disclosure.publishing.errors import EntryNotAside
from candor.disclosure.publishing.tables import portal_entry
from candor.disclosure.requests import codes, documents, messages
from candor.disclosure.requests.errors import RequestReasonMissing
from candor.disclosure.requests.reading import records_request
from candor.disclosure.requests.tables import records_request as request_table
from candor.published.entries import EntryFile
from candor.published.notices import FileNotice, ReleaseNotice
from candor.published.tracking import digest_of, new_code

__all__ = ["side"]
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def notes_of(side: PublicSide, code: str) -> list[str]:
    request_id = side.request(code)
    assert request_id is not None
    with side.here.database.read() as tx:
        return [one.words for one in messages.messages_of(tx, CLERK, request_id) if one.way == "note"]


@SQLITE
def test_it_was_received_when_the_portal_took_it(side: PublicSide) -> None:
    code, sent = new_code(), side.clock.now()
    side.ask(code, answer="code")
    side.clock.advance(3 * 86_400)
    side.publishing.round()
    request_id = side.request(code)
    assert request_id is not None
    with side.here.database.read() as tx:
        assert records_request(tx, CLERK, request_id).received_at == sent
    # It was sent after the last round that found nothing, so nobody doubts it; a message keeps its moment as well.
    assert notes_of(side, code) == []
    written = side.clock.now()
    side.put("message", {"code": code, "words": "And?", "received_at": iso(written)})
    side.clock.advance(7200)
    side.publishing.round()
    with side.here.database.read() as tx:
        assert [one.written_at for one in messages.messages_of(tx, CLERK, request_id)] == [written]


@SQLITE
@pytest.mark.parametrize(
    ("days", "counts", "said"),
    [(-30, True, "this was not in it"), (-9000, False, "cannot be"), (2, False, "cannot be")],
)
def test_a_moment_that_cannot_be_is_told(side: PublicSide, days: int, counts: bool, said: str) -> None:
    """A portal's clock that is wrong, or somebody who writes into its inbox, moves the clock of the law for nobody
    without a word; and no request is lost by it."""
    code, claimed = new_code(), side.clock.now() + timedelta(days=days)
    side.ask(code, answer="code", received_at=iso(claimed))
    side.publishing.round()
    (note,) = notes_of(side, code)
    assert said in note
    request_id = side.request(code)
    assert request_id is not None
    with side.here.database.read() as tx:
        assert records_request(tx, CLERK, request_id).received_at == (claimed if counts else side.clock.now())


@SQLITE
def test_its_number_is_of_the_year_in_which_it_was_received_there(side: PublicSide) -> None:
    """Sent on the evening of the last day of the year, read in the next year, which in UTC it was already."""
    code = new_code()
    side.clock.advance((datetime(2027, 1, 1, 2, 0, tzinfo=UTC) - side.clock.now()).total_seconds())
    side.ask(code)
    side.clock.advance(86_400)
    side.publishing.round()
    request_id = side.request(code)
    assert request_id is not None
    with side.here.database.read() as tx:
        assert records_request(tx, CLERK, request_id).number == "R-2026-0001"


def test_what_is_put_in_again_as_it_was_is_taken_in_once(side: PublicSide) -> None:
    code = new_code()
    side.ask(code, files=(EntryFile("a.pdf", "application/pdf", PDF),))
    side.publishing.round()
    side.put("message", {"code": code, "words": "Only once.", "received_at": iso(side.clock.now())})
    side.publishing.round()
    _, inbox = side.publishing.places()
    for one in inbox.kept():
        entry = inbox.entry(one.id)
        assert entry is not None
        inbox.append(entry.kind, entry.sealed, clock=side.clock)
    side.publishing.round()
    request_id = side.request(code)
    assert request_id is not None
    with side.here.database.read() as tx:
        words = [one.words for one in messages.messages_of(tx, CLERK, request_id, notes=False)]
        count = tx.scalar(sa.select(sa.func.count()).select_from(request_table))
        papers = documents.documents_of(tx, CLERK, request_id=request_id)
    assert (words, count, len(papers)) == (["Only once."], 1, 1)


def test_what_came_since_a_backup_is_taken_in_again_after_it_was_restored(side: PublicSide) -> None:
    before, after = new_code(), new_code()
    side.ask(before)
    side.publishing.round()
    side.clock.advance(3600)
    sent = side.clock.now()
    side.ask(after)
    side.put("message", {"code": after, "words": "It was at noon.", "received_at": iso(sent)})
    side.clock.advance(60)
    side.publishing.round()  # the message came before its request is known
    with side.here.database.read() as tx:
        gone = side.request(after)
    with side.here.database.write() as tx:  # what a database of the time before knows
        for table in ("request_message", "request_clock", "request_history"):
            tx.execute(sa.text(f"DELETE FROM {table} WHERE request_id = :gone"), {"gone": gone})
        tx.execute(sa.text("DELETE FROM records_request WHERE id = :gone"), {"gone": gone})
        tx.execute(portal_entry.delete().where(portal_entry.c.sent_at >= sent))
    assert side.request(after) is None
    done = side.publishing.round()
    assert done.drained.taken == 2
    request_id = side.request(after)
    assert request_id is not None
    with side.here.database.read() as tx:
        assert records_request(tx, CLERK, request_id).received_at == sent
        words = [one.words for one in messages.messages_of(tx, CLERK, request_id, notes=False)]
    assert words == ["It was at noon."]
    assert side.publishing.round().drained.taken == 0


@SQLITE
def test_however_many_requests_wait_a_message_is_taken_in(side: PublicSide, monkeypatch: pytest.MonkeyPatch) -> None:
    _, inbox = side.publishing.places()
    code = new_code()
    side.ask(code)
    side.publishing.round()
    inbox.limits = replace(inbox.limits, hourly=1)
    monkeypatch.setattr("candor.disclosure.publishing.draining.MOST", 5)
    for _ in range(12):
        side.ask(new_code())
    side.put("message", {"code": code, "words": "Is it there?", "received_at": iso(side.clock.now())})
    opened: list[str] = []
    reading = inbox.entry
    monkeypatch.setattr(inbox, "entry", lambda entry_id: (opened.append(entry_id), reading(entry_id))[1])
    done = side.publishing.round()
    assert (done.drained.taken, done.drained.waiting) == (1, 12)
    assert len(opened) == 1  # what waits is not even read


@SQLITE
def test_what_was_put_aside_can_be_tried_again(side: PublicSide, monkeypatch: pytest.MonkeyPatch) -> None:
    code, sent = new_code(), side.clock.now()
    monkeypatch.setattr("candor.disclosure.requests.documents.MOST", 0)
    entry = side.ask(code, files=(EntryFile("a.pdf", "application/pdf", PDF),))
    side.clock.advance(600)
    side.publishing.round()
    assert side.request(code) is None
    problem = side.publishing.again(entry)
    assert problem is not None
    assert "documents already" in problem
    monkeypatch.undo()
    assert side.publishing.again(entry) is None
    request_id = side.request(code)
    assert request_id is not None
    with side.here.database.read() as tx:
        assert records_request(tx, CLERK, request_id).received_at == sent
        assert lag.put_aside(tx) == []
    assert list(side.publishing.aside.iterdir()) == []
    with pytest.raises(EntryNotAside):
        side.publishing.again(entry)


@SQLITE
@pytest.mark.parametrize("name", ["\ufb2c" * 120, "\u202e" * 120 + ".pdf", "\x1b[2J", "a" * 400, "\u200d" * 120])
def test_a_name_of_a_file_never_costs_the_request(side: PublicSide, name: str) -> None:
    code = new_code()
    side.ask(code, files=(EntryFile(name[-120:], "application/pdf", PDF),))
    assert side.publishing.round().drained.aside == 0
    request_id = side.request(code)
    with side.here.database.read() as tx:
        (paper,) = documents.documents_of(tx, CLERK, request_id=request_id)
    assert len(paper.name) <= 200
    assert "\x1b" not in paper.name
    assert "\u202e" not in paper.name


def test_a_lost_code_is_replaced_and_the_old_one_ends(side: PublicSide) -> None:
    old = new_code()
    side.ask(old)
    side.publishing.round()
    request_id = side.request(old)
    assert request_id is not None
    published, _ = side.publishing.places()
    film, size = published.put_file([b"film"])
    files = (FileNotice("film.mp4", "copy", "video/mp4", size, film),)
    release = ReleaseNotice(
        "0192e0a0-0000-7000-8000-000000000001",
        "RL-2026-0001",
        "requester",
        "Stop",
        "",
        side.clock.now(),
        files,
        tracking=digest_of(old).hex(),
    )
    published.write_release(release)
    # Written with the old code while it was good, read afterwards: it is not lost.
    side.put("message", {"code": old, "words": "Before.", "received_at": iso(side.clock.now())})
    side.clock.advance(5)
    with side.here.database.write() as tx:
        with pytest.raises(RequestReasonMissing):
            codes.replace_code(tx, CLERK, request_id, shown=" ", clock=side.clock)
        code = codes.replace_code(tx, CLERK, request_id, shown="Passport, at the counter", clock=side.clock)
    side.clock.advance(5)
    side.put("message", {"code": old, "words": "After.", "received_at": iso(side.clock.now())})
    side.put("message", {"code": code, "words": "New.", "received_at": iso(side.clock.now())})
    done = side.publishing.round()
    assert (done.drained.taken, done.drained.aside) == (2, 1)
    assert (side.request(code), side.request(old)) == (request_id, None)
    assert published.status(digest_of(old)) is None
    notice = published.status(digest_of(code))
    assert notice is not None
    assert [one.words for one in notice.messages] == ["Before.", "New."]
    assert published.releases_for(digest_of(old)) == []
    assert [one.id for one in published.releases_for(digest_of(code))] == [release.id]
    (known,) = published.files_of(film)
    assert known.tracking == digest_of(code)
    assert notes_of(side, code)[-1].endswith("Passport, at the counter")
    with side.here.database.read() as tx:
        (event,) = [one for one in recent(tx, limit=40) if one.kind is Event.REQUEST_CODE_REPLACED]
    assert "Passport" not in repr(event.details)
    # The entry of the request, put in again under its old code, is no new request.
    side.ask(old)
    side.publishing.round()
    with side.here.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(request_table)) == 1
    assert published.status(digest_of(old)) is None
