"""Messages between the office and whoever asked, and notes that stay here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.disclosure.requests import telling
from candor.disclosure.requests.errors import MessageWrong, RequestFieldWrong, RequestUnknown
from candor.disclosure.requests.holding import held, note
from candor.disclosure.requests.reading import by_name
from candor.disclosure.requests.rules import OPEN, RequestState, Way
from candor.disclosure.requests.tables import records_request, request_message
from candor.disclosure.requests.words import checked_text, digest
from candor.people.rules import Actor, Permission

__all__ = [
    "LONGEST",
    "MOST_UNREAD",
    "REQUESTER",
    "Message",
    "mark_seen",
    "messages_of",
    "receive_message",
    "send",
    "write_note",
]

LONGEST = 5_000
#: Whoever asked, as the writer of a message.
REQUESTER = "requester"
#: So many messages of whoever asked wait to be read at most: nobody can fill the place by writing.
MOST_UNREAD = 50


@dataclass(frozen=True)
class Message:
    """A message or a note. `written_by`: an actor, or REQUESTER; `seen_at`: of one that came in, when somebody here
    first saw it."""

    id: str
    way: Way
    words: str
    written_by: str
    written_at: datetime
    seen_at: datetime | None


def send(
    tx: Connection, actor: Actor, request_id: str, words: str, *, asks: bool = False, clock: Clock | None = None
) -> str:
    """Write to whoever asked; the message's id. They read it where they look how far their request is. `asks`: it asks
    them something, so it is their turn; the clocks run on. What they wrote meanwhile stays unread. Raises Refused,
    RequestUnknown, MessageWrong, RequestClosed when it asks something of a request that is closed."""
    clock = clock or SystemClock()
    before, text = held(tx, actor, request_id, must_be_open=asks), _checked(words)
    message_id = _keep(tx, before.id, Way.OUT, text, actor.account_id, clock)
    if before.state in OPEN:
        state = RequestState.CLARIFYING if asks else _begun(RequestState(before.state))
        _move(tx, before.id, state)
    details = {"message": message_id, "words_sha256": digest(text), "asks": asks}
    note(tx, Event.REQUEST_MESSAGE_SENT, actor, before.id, details, clock=clock)
    return message_id


def receive_message(
    tx: Connection,
    actor: Actor,
    request_id: str,
    words: str,
    *,
    at: datetime | None = None,
    clock: Clock | None = None,
) -> str:
    """Take in what whoever asked wrote; the message's id. Whoever works on the request is told, and it is their turn.
    `at`: when it reached the agency, where that was earlier than now.
    A message about a closed request is taken in, too: somebody decides whether it is taken up again. Raises Refused,
    RequestUnknown, MessageWrong."""
    clock = clock or SystemClock()
    before, text = held(tx, actor, request_id, must_be_open=False), _checked(words)
    waiting = request_message.c.request_id == before.id, request_message.c.way == Way.IN.value
    query = sa.select(sa.func.count()).where(*waiting, request_message.c.seen_at.is_(None))
    if (tx.scalar(query) or 0) >= MOST_UNREAD:
        raise MessageWrong(reason=f"{MOST_UNREAD} messages wait to be read already")
    message_id = _keep(tx, before.id, Way.IN, text, REQUESTER, clock, at)
    if before.state == RequestState.CLARIFYING:
        _move(tx, before.id, RequestState.WORKING)
    details = {"message": message_id, "words_sha256": digest(text)}
    note(tx, Event.REQUEST_MESSAGE_RECEIVED, actor, before.id, details, clock=clock)
    telling.of_message(tx, before.id, clock=clock)
    return message_id


def write_note(tx: Connection, actor: Actor, request_id: str, words: str, *, clock: Clock | None = None) -> str:
    """Write a note that stays here, also in a request that is closed; its id. Raises Refused, RequestUnknown,
    MessageWrong."""
    clock = clock or SystemClock()
    before, text = held(tx, actor, request_id, must_be_open=False), _checked(words)
    message_id = _keep(tx, before.id, Way.NOTE, text, actor.account_id, clock)
    details = {"message": message_id, "words_sha256": digest(text)}
    note(tx, Event.REQUEST_NOTE_WRITTEN, actor, before.id, details, clock=clock)
    return message_id


def messages_of(tx: Connection, actor: Actor, request_id: str, *, notes: bool = True) -> list[Message]:
    """Messages and, unless left out, notes of a request, the oldest first. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    names = [request_message.c[name] for name in Message.__dataclass_fields__]
    query = sa.select(*names).where(request_message.c.request_id == request_id)
    if not notes:
        query = query.where(request_message.c.way != Way.NOTE.value)
    rows = tx.execute(query.order_by(request_message.c.written_at, request_message.c.id))
    return [Message(**{**row._mapping, "way": Way(row.way)}) for row in rows]


def mark_seen(tx: Connection, actor: Actor, request_id: str, *, clock: Clock | None = None) -> int:
    """Say that somebody who works on requests has read what whoever asked wrote; how many messages that were. Reading a
    message is no custody event: no footage is in it. Raises Refused, RequestUnknown."""
    actor.require(Permission.REQUESTS_MANAGE)
    clock = clock or SystemClock()
    found = tx.scalar(sa.select(records_request.c.id).where(by_name(request_id)))
    if found is None:
        raise RequestUnknown(id=request_id)
    waiting = request_message.c.request_id == found, request_message.c.way == Way.IN.value
    unseen = request_message.update().where(*waiting, request_message.c.seen_at.is_(None))
    count = tx.execute(unseen.values(seen_at=clock.now())).rowcount
    if count:
        telling.settle_message(tx, found, clock=clock)
    return count


def _checked(words: object) -> str:
    try:
        return checked_text("message", words, LONGEST, needed=True)
    except RequestFieldWrong as error:
        raise MessageWrong(reason=error.fields["reason"]) from error


def _begun(state: RequestState) -> RequestState:
    return RequestState.WORKING if state is RequestState.RECEIVED else state


def _move(tx: Connection, request_id: str, state: RequestState) -> None:
    """A message changes whose turn it is, and nothing that somebody else may be changing: the version stays."""
    tx.execute(records_request.update().where(records_request.c.id == request_id).values(state=state.value))


def _keep(
    tx: Connection, request_id: str, way: Way, text: str, written_by: str, clock: Clock, at: datetime | None = None
) -> str:
    row = {"id": new_id(), "request_id": request_id, "way": way.value, "words": text}
    now = clock.now()
    tx.execute(request_message.insert(), {**row, "written_by": written_by, "written_at": min(at or now, now)})
    return str(row["id"])
