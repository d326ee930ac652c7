"""Taking in a request: from the public form, by somebody at the counter, from a table. One function for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.core.mail_server import is_address
from candor.custody.events import Event
from candor.disclosure.requests import clocks
from candor.disclosure.requests.errors import RequestFieldWrong
from candor.disclosure.requests.holding import note
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.rules import WANTS, Channel, RequesterClass, RequestState
from candor.disclosure.requests.tables import records_request, request_code, request_counter
from candor.disclosure.requests.words import (
    LONGEST_LINE,
    LONGEST_WORDS,
    checked_line,
    checked_text,
    chosen,
    digest,
    search_key,
)
from candor.people.rules import Actor, Permission
from candor.people.service import agency
from candor.published.tracking import digest_of, new_code

__all__ = ["LONGEST_POST", "Intake", "Received", "acknowledgement", "key_of", "receive", "zone_name"]

LONGEST_POST = 500
#: A clock that runs ahead a little does not make a request come from the future.
_AHEAD = timedelta(minutes=5)
#: Nothing that is older is taken in as a request that runs.
_OLDEST = timedelta(days=366 * 5)


@dataclass(frozen=True)
class Intake:
    """What somebody asks for, as it came.

    `received_at`: when it reached the agency, in the past or now (None: now); `class_confirmed`: whoever takes it in
    has seen that they are what they say. `tracking_digest`: of the code that the face gave to whoever asked
    (`published.tracking.digest_of`); None: a code is made, and given back once.
    """

    words: str
    name: str = ""
    organisation: str = ""
    requester_class: RequesterClass | str = RequesterClass.PUBLIC
    class_confirmed: bool = False
    mail: str = ""
    phone: str = ""
    post: str = ""
    named: Named = field(default_factory=Named)
    wants: str = "copy"
    channel: Channel = Channel.CLERK
    received_at: datetime | None = None
    tracking_digest: bytes | None = None
    critical_id: str | None = None

    def checked(self, now: datetime) -> Intake:
        """The same, bounded and made safe; `received_at` is set. Raises RequestFieldWrong."""
        mail = checked_line("mail address", self.mail, 254)
        if mail and not is_address(mail):
            raise RequestFieldWrong(field="mail address", reason="it is none; write it like name@example.org")
        if self.wants not in WANTS:
            raise RequestFieldWrong(field="kind of access", reason=f"it is one of {', '.join(WANTS)}")
        return Intake(
            words=checked_text("description", self.words, LONGEST_WORDS, needed=True),
            name=checked_line("name", self.name, LONGEST_LINE),
            organisation=checked_line("organisation", self.organisation, LONGEST_LINE),
            requester_class=chosen(RequesterClass, "class of requester", self.requester_class),
            class_confirmed=self.class_confirmed is True,
            mail=mail,
            phone=checked_line("telephone number", self.phone, 50),
            post=checked_text("postal address", self.post, LONGEST_POST),
            named=self.named.checked(),
            wants=self.wants,
            channel=chosen(Channel, "way in", self.channel),
            received_at=_received(self.received_at, now),
            tracking_digest=self.tracking_digest,
            critical_id=self.critical_id,
        )

    @property
    def contact(self) -> dict[str, str]:
        """How whoever asked can be reached: only what was given."""
        given = {"mail": self.mail, "phone": self.phone, "post": self.post}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Received:
    """A request that was taken in. `code`: the tracking code, where it was made here; it is kept nowhere. `missing`:
    what the law wants named and is not, in words. `acknowledgement`: what whoever asked is told."""

    id: str
    number: str
    code: str | None
    due_at: datetime | None
    missing: tuple[str, ...]
    acknowledgement: str


def receive(tx: Connection, actor: Actor, intake: Intake, *, clock: Clock | None = None) -> Received:
    """Take in a request: it gets the next number of the year in which it was received, its clocks, and an
    acknowledgement. Raises Refused, RequestFieldWrong."""
    actor.require(Permission.REQUESTS_MANAGE)
    clock = clock or SystemClock()
    now = clock.now()
    given = intake.checked(now)
    assert given.received_at is not None
    code = None if given.tracking_digest is not None else new_code()
    row: dict[str, Any] = {
        "id": new_id(),
        "number": _next_number(tx, given.received_at.astimezone(ZoneInfo(zone_name(tx))).year),
        "tracking_digest": digest_of(code) if code is not None else given.tracking_digest,
        "channel": Channel(given.channel).value,
        "state": RequestState.RECEIVED.value,
        "received_at": given.received_at,
        "entered_at": now,
        "entered_by": actor.account_id,
        "requester_class": RequesterClass(given.requester_class).value,
        "class_confirmed_by": actor.account_id if given.class_confirmed else None,
        "requester_name": given.name,
        "organisation": given.organisation,
        "contact": given.contact,
        "words": given.words,
        "named": given.named.to_json(),
        "wants": given.wants,
        "late": False,
        "critical_id": given.critical_id,
        "version": 1,
    }
    row["search_key"] = key_of(row["number"], given.name, given.organisation, given.named, given.words)
    if len(row["tracking_digest"]) != 32:
        raise RequestFieldWrong(field="tracking code", reason="its digest has 32 bytes")
    taken = records_request.c.tracking_digest == row["tracking_digest"]
    once = request_code.c.tracking_digest == row["tracking_digest"]
    found = sa.select(records_request.c.id).where(taken).union_all(sa.select(request_code.c.request_id).where(once))
    if tx.execute(found).first() is not None:
        raise RequestFieldWrong(field="tracking code", reason="another request has it")
    tx.execute(records_request.insert(), row)
    details = {
        "number": row["number"],
        "channel": row["channel"],
        "class": row["requester_class"],
        "received_at": iso(given.received_at),
        "words_sha256": digest(given.words),
    }
    note(tx, Event.REQUEST_RECEIVED, actor, row["id"], details, clock=clock)
    answer = clocks.make_clocks(tx, row["id"], fresh=True, clock=clock)
    due = tx.scalar(sa.select(records_request.c.due_at).where(records_request.c.id == row["id"]))
    missing, zone = tuple(one.words for one in answer.missing), zone_name(tx)
    said = acknowledgement(row["number"], given.received_at, zone, clocks.due_words(answer, zone), missing)
    return Received(row["id"], row["number"], code, due, missing, said)


def acknowledgement(number: str, received_at: datetime, zone: str, due_words: str, missing: tuple[str, ...]) -> str:
    """What whoever asked is told at once, in plain words. It says nothing of whether there is a recording."""
    lines = [
        f"Your request has the number {number}. It was received on {received_at.astimezone(ZoneInfo(zone)):%Y-%m-%d}.",
        due_words,
        "With your tracking code you can look at any time how far it is, and write to us. Keep the code: it is kept "
        "nowhere else, and nobody can look it up for you.",
    ]
    if missing:
        lines.append("So that we can find what you mean, the law asks for a little more:")
        lines += [f"– {one}" for one in missing]
    return "\n".join(line for line in lines if line)


def key_of(number: str, name: str, organisation: str, named: Named, words: str) -> str:
    """What the text search of the queue looks in."""
    given = (named.person, named.officer, named.place, named.incident, named.case_number)
    return search_key(number, name, organisation, *given, words)


def zone_name(tx: Connection) -> str:
    """The agency's time zone; UTC before there is an agency."""
    found = agency(tx)
    return found.time_zone if found else "UTC"


def _received(moment: datetime | None, now: datetime) -> datetime:
    if moment is None:
        return now
    if moment.tzinfo is None:
        raise RequestFieldWrong(field="day of receipt", reason="it needs a time zone")
    if moment > now + _AHEAD:
        raise RequestFieldWrong(field="day of receipt", reason="it lies in the future")
    if moment < now - _OLDEST:
        raise RequestFieldWrong(field="day of receipt", reason="it is more than five years ago")
    return min(moment, now)


def _next_number(tx: Connection, year: int) -> str:
    """The next number of a year; nobody else gets it."""
    insert: Any = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    counted = (
        insert(request_counter)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": request_counter.c.last + 1})
        .returning(request_counter.c.last)
    )
    return f"R-{year}-{tx.execute(counted).scalar_one():04d}"
