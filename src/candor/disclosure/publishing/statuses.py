"""How a request stands, as it is published for whoever holds its code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.disclosure.publishing.draining import ACTOR
from candor.disclosure.publishing.tables import portal_published
from candor.disclosure.requests import clocks, codes, documents, messages
from candor.disclosure.requests.documents import Document
from candor.disclosure.requests.reading import RunningClock, clocks_of_request, records_request
from candor.disclosure.requests.rules import OPEN, OUTCOME_WORDS, DocumentKind, RequestState, Way
from candor.disclosure.requests.tables import records_request as request_table
from candor.law.books import book_now
from candor.law.model import Book
from candor.published.notices import ClockNotice, FileNotice, MessageNotice, StatusNotice
from candor.published.place import Published
from candor.store import Vault
from candor.store.stream import SealedStream

__all__ = ["publish_status", "status_notice"]

#: What is said of a state to whoever asked, and what happens next.
_WORDS: dict[RequestState, tuple[str, str]] = {
    RequestState.RECEIVED: ("received", "Somebody in the office will take it up."),
    RequestState.WORKING: ("being worked on", "The office looks for what you mean."),
    RequestState.CLARIFYING: ("waits for you", "The office asked you something; the answer goes below."),
    RequestState.DECIDED: ("decided", "The answer is being written, and what is released is being made."),
    RequestState.ANSWERED: ("answered", ""),
    RequestState.WITHDRAWN: ("taken back", ""),
}
_FROM_OFFICE = "A letter from the office"
_NOT_ADOPTED = "This is how the law is read here; counsel has not adopted the rule yet."
#: Messages that are shown, the newest ones.
_MOST_MESSAGES = 200


def status_notice(tx: Connection, request_id: str, *, clock: Clock) -> StatusNotice:
    """The state of one request, now."""
    found = records_request(tx, ACTOR, request_id)
    digest = tx.scalar(sa.select(request_table.c.tracking_digest).where(request_table.c.id == found.id))
    answer = clocks.answer_of(tx, found.id, clock=clock)
    words, following = _WORDS[found.state]
    if found.outcome is not None and found.state is RequestState.ANSWERED:
        words = f"{words}: {OUTCOME_WORDS[found.outcome]}"
    written = messages.messages_of(tx, ACTOR, found.id, notes=False)[-_MOST_MESSAGES:]
    fees = [answer.free] if answer.free else [f"{one.words}" for one in answer.fees if one.counts]
    return StatusNotice(
        tracking=bytes(digest or b"").hex(),
        number=found.number,
        state=found.state.value,
        state_words=words,
        received_at=found.received_at,
        as_of=clock.now(),
        next=following,
        clocks=tuple(_clocks(clocks_of_request(tx, found.id), book_now(tx))),
        messages=tuple(
            MessageNotice("out" if one.way is Way.OUT else "in", one.words, one.written_at) for one in written
        ),
        letters=tuple(_letter(one) for one in _letters(tx, found.id)),
        missing=tuple(one.words for one in answer.missing) if found.state in OPEN else (),
        fees=tuple(fees),
        appeal=tuple(one.words for one in answer.appeal) if found.state not in OPEN else (),
    )


def _clocks(found: list[RunningClock], book: Book) -> Iterator[ClockNotice]:
    """One line for each rule, in its own words: where several recordings have a clock by it, the one that is due
    first."""
    texts = {(pack.id, rule.id): rule.text for pack in book.packs for rule in pack.rules}
    first: dict[tuple[str, str], RunningClock] = {}
    for one in found:
        known = first.get((one.pack, one.rule))
        if known is None or (known.met_at is not None, known.due_at) > (one.met_at is not None, one.due_at):
            first[(one.pack, one.rule)] = one
    for one in sorted(first.values(), key=lambda one: (one.met_at is not None, one.due_at)):
        because = one.extension_reason if one.extended_at is not None else None
        words = texts.get((one.pack, one.rule), one.words)
        if not one.adopted:
            words = f"{words} {_NOT_ADOPTED}"
        yield ClockNotice(words, one.citation, one.due_at, one.answer_only, because, one.met_at)


def _letters(tx: Connection, request_id: str) -> list[Document]:
    """Letters that were put before whoever asked."""
    found = documents.documents_of(tx, ACTOR, request_id=request_id)
    unique = {one.sha256: one for one in found if one.kind is DocumentKind.LETTER and one.sent_at is not None}
    return list(unique.values())


def _letter(one: Document) -> FileNotice:
    return FileNotice(one.file_name, "letter", one.media_type, one.size, one.sha256.hex(), _FROM_OFFICE)


def publish_status(database: Database, vault: Vault, published: Published, request_id: str, *, clock: Clock) -> bool:
    """Publish how a request stands, if that differs from what stands there; whether it did."""
    with database.read() as tx:
        notice = status_notice(tx, request_id, clock=clock)
        known = _known(tx, f"request/{request_id}")
        ended = codes.replaced_of(tx, request_id)
    for code in ended:
        published.replace_code(code, bytes.fromhex(notice.tracking))
    digest = digest_of_notice(notice)
    if digest == known and published.status(bytes.fromhex(notice.tracking)) is not None:
        return False
    with database.read() as tx:
        letters = _letters(tx, request_id)
    for one in letters:
        if not published.files.has(one.sha256.hex()):
            with database.read() as tx:
                _, stream = documents.open_document(tx, vault, ACTOR, one.id)
            with stream:
                published.put_file(_pieces(stream), one.sha256.hex())
    published.write_status(notice)
    with database.write() as tx:
        remember(tx, f"request/{request_id}", digest, notice.as_of)
    return True


def _pieces(stream: SealedStream) -> Iterator[bytes]:
    while piece := stream.read(1 << 20):
        yield piece


def digest_of_notice(notice: StatusNotice) -> bytes:
    """What tells one state from another: all of it but the moment."""
    return hashlib.sha256(replace(notice, as_of=notice.received_at).to_json().encode()).digest()


def remember(tx: Connection, subject: str, digest: bytes, at: datetime) -> None:
    """Write down what stands in the published place."""
    tx.execute(portal_published.delete().where(portal_published.c.subject == subject))
    tx.execute(portal_published.insert(), {"subject": subject, "digest": digest, "published_at": at})


def _known(tx: Connection, subject: str) -> bytes | None:
    found: bytes | None = tx.scalar(sa.select(portal_published.c.digest).where(portal_published.c.subject == subject))
    return found
