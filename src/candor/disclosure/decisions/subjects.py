"""What a decision is made in: a request for records, or a critical incident.

Rooms above enter what they know (`KINDS`), so that decisions are the same acts whatever they are made for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.disclosure.decisions.errors import DecisionWrong, SubjectUnknown
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.requests.holding import in_history
from candor.disclosure.requests.rules import OPEN, STATE_WORDS, Meant, RequestState
from candor.disclosure.requests.tables import records_request, request_recording
from candor.law.model import Book, Facts
from candor.people.rules import Actor

__all__ = [
    "AFTER",
    "HISTORY",
    "KINDS",
    "RECORDINGS",
    "About",
    "Subject",
    "about",
    "of_release",
    "recordings_of",
    "standing",
]


@dataclass(frozen=True)
class Subject:
    """A request or a critical incident, by identifier; exactly one of the two."""

    request_id: str | None = None
    critical_id: str | None = None

    def __post_init__(self) -> None:
        if (self.request_id is None) == (self.critical_id is None):
            raise DecisionWrong(reason="a decision belongs to one request or to one critical incident")

    @classmethod
    def of_request(cls, request_id: str) -> Subject:
        """A request."""
        return cls(request_id=request_id)

    @classmethod
    def of_critical(cls, critical_id: str) -> Subject:
        """A critical incident."""
        return cls(critical_id=critical_id)

    @property
    def kind(self) -> str:
        """ "request" or "critical"."""
        return "request" if self.request_id is not None else "critical"

    @property
    def id(self) -> str:
        """The identifier, whichever it is."""
        return self.request_id or self.critical_id or ""

    @property
    def columns(self) -> dict[str, str | None]:
        """As the columns of a row that belongs to it."""
        return {"request_id": self.request_id, "critical_id": self.critical_id}

    def owns(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Which rows of a table with those two columns belong to it."""
        column = table.c.request_id if self.request_id is not None else table.c.critical_id
        return column == self.id


@dataclass(frozen=True)
class About:
    """What decisions have to know of their subject. `recordings`: identifiers of those it is about; `since`: when it
    was received, or opened; `open`: whether something may still be decided; `state`: in words. `heard`: as what the law
    hears of its recordings besides what they are by themselves (a critical incident's are ones of deadly force)."""

    subject: Subject
    number: str
    state: str
    open: bool
    since: datetime
    recordings: tuple[str, ...]
    heard: Callable[[Book, Facts], tuple[Book, Facts]] | None = None


def _request(tx: Connection, request_id: str, held: bool) -> About | None:
    query = sa.select(records_request).where(records_request.c.id == request_id)
    row = tx.execute(query.with_for_update() if held else query).first()
    if row is None:
        return None
    state = RequestState(row.state)
    meant = tx.scalars(_meant(request_id).order_by("recording_id"))
    subject = Subject.of_request(request_id)
    return About(subject, row.number, STATE_WORDS[state], state in OPEN, row.received_at, tuple(meant))


def _meant(request_id: str) -> sa.Select[Any]:
    mine = request_recording.c.request_id == request_id, request_recording.c.meant == Meant.MEANT.value
    return sa.select(request_recording.c.recording_id).where(*mine)


#: By kind of subject: the identifiers of the recordings that it is about, as a query.
RECORDINGS: Final[dict[str, Callable[[str], sa.Select[Any]]]] = {"request": _meant}
#: By kind of subject: (tx, identifier, whether its row is to be held until the transaction ends) -> what is known.
KINDS: Final[dict[str, Callable[[Connection, str, bool], About | None]]] = {"request": _request}
#: By kind of subject: puts a custody event into the history that its page shows: (tx, identifier, event's id).
HISTORY: Final[dict[str, Callable[[Connection, str, str], None]]] = {"request": in_history}
#: Told, in the same transaction, that decisions of a subject were made or taken back.
AFTER: list[Callable[[Connection, Actor, About, Clock], None]] = []

_WHAT = {"request": "request", "critical": "critical incident"}


def about(tx: Connection, subject: Subject, *, held: bool = False) -> About:
    """What is known of a subject; `held`: its row is held until the transaction ends, so that acts on it follow each
    other. Whoever calls has asked for the permission. Raises SubjectUnknown."""
    known = KINDS.get(subject.kind)
    found = None if known is None else known(tx, subject.id, held)
    if found is None:
        raise SubjectUnknown(what=_WHAT[subject.kind], id=subject.id)
    return found


def recordings_of(subject: Subject) -> sa.Select[Any]:
    """The identifiers of the recordings that a subject is about, for the database to go through however many there
    are."""
    return RECORDINGS[subject.kind](subject.id)


def of_release(row: Any) -> Subject:
    """The subject of a row that has both columns, such as a release or a decision."""
    return Subject(row.request_id, row.critical_id)


def standing(subject: Subject) -> sa.ColumnElement[bool]:
    """Which decisions stand in a subject."""
    return sa.and_(subject.owns(release_decision), release_decision.c.withdrawn_at.is_(None))
