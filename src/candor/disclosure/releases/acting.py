"""What the acts on releases share: a row that is held, its version, its custody events, what is asked each time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.ids import is_id
from candor.custody import Event, append
from candor.disclosure.decisions.checking import must_be_releasable
from candor.disclosure.decisions.copies import copy_facts
from candor.disclosure.decisions.standing import Decisions
from candor.disclosure.decisions.subjects import HISTORY, About, Subject, about
from candor.disclosure.going import CopyToGo, Going, going
from candor.disclosure.releases.errors import (
    ReleaseChanged,
    ReleaseClosed,
    ReleaseUnknown,
    ReleaseWordsWrong,
    ReleaseWrongState,
)
from candor.disclosure.releases.rules import STATE_WORDS, ReleaseState
from candor.disclosure.releases.tables import release, release_copy, release_counter, release_history
from candor.disclosure.requests.rules import RequestState
from candor.disclosure.requests.tables import records_request
from candor.footage import names
from candor.jobs import JobState
from candor.jobs.records import get as job_of
from candor.people.rules import Actor
from candor.store import Vault

__all__ = [
    "RELEASES",
    "by_name",
    "change",
    "checked",
    "copies_of",
    "held",
    "must_be",
    "must_not_be_withdrawn",
    "next_number",
    "note",
    "plain_line",
    "plain_text",
    "remember",
    "state_of",
    "subject_of",
]

#: The program, where it acts on a release.
RELEASES: Final = "releases"


def by_name(name: str) -> sa.ColumnElement[bool]:
    """The release with an identifier or a number."""
    return release.c.id == name if is_id(name) else release.c.number == name.strip().upper()


def held(tx: Connection, name: str, upon: int | None = None) -> sa.Row[Any]:
    """A release's row, held until the transaction ends, so that two acts follow each other. `upon`: the version that
    whoever acts had seen. Raises ReleaseUnknown, ReleaseChanged."""
    row = tx.execute(sa.select(release).where(by_name(name)).with_for_update()).first()
    if row is None:
        raise ReleaseUnknown(id=names.shown(names.kept(name)))
    if upon is not None and row.version != upon:
        raise ReleaseChanged(number=row.number)
    return row


def state_of(tx: Connection, row: Any) -> ReleaseState:
    """How far a release is. One whose job somebody stopped is not being made any more."""
    state = ReleaseState(row.state)
    if state is ReleaseState.APPROVED and row.job_id is not None:
        found = job_of(tx, row.job_id)
        if found is not None and found.state is JobState.CANCELLED:
            return ReleaseState.FAILED
    return state


def must_be(tx: Connection, row: sa.Row[Any], states: Collection[ReleaseState], wanted: str) -> None:
    """Raise ReleaseWrongState unless it is in one of these states."""
    state = state_of(tx, row)
    if state not in states:
        raise ReleaseWrongState(number=row.number, state=STATE_WORDS[state], wanted=wanted)


def must_not_be_withdrawn(tx: Connection, subject: Subject) -> None:
    """Raise ReleaseClosed when whoever asked took the request back. The request is held until the transaction ends, so
    that no decision is made meanwhile."""
    asked = about(tx, subject, held=True)
    query = sa.select(records_request.c.state).where(records_request.c.id == subject.request_id)
    if subject.request_id is not None and tx.scalar(query) == RequestState.WITHDRAWN.value:
        raise ReleaseClosed(number=asked.number, state=asked.state)


def change(tx: Connection, row: sa.Row[Any], **values: Any) -> int:
    """Write these values into a release that is held, and count its version up; the new version."""
    version = int(row.version) + 1
    tx.execute(release.update().where(release.c.id == row.id).values(**values, version=version))
    return version


def subject_of(row: Any) -> Subject:
    """What a release is of: a request, or a critical incident."""
    return Subject(row.request_id, row.critical_id)


def copies_of(tx: Connection, release_id: str) -> list[sa.Row[Any]]:
    """The copies of a release in their order."""
    query = sa.select(release_copy).where(release_copy.c.release_id == release_id).order_by(release_copy.c.position)
    return list(tx.execute(query))


def checked(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    subject: Subject,
    copies: Sequence[CopyToGo],
    *,
    known: tuple[About, Decisions] | None = None,
    clock: Clock,
) -> list[Going]:
    """The copies as they would go out now, when nothing forbids it: no proof, no decision, no rule of the law, no
    restriction, no hold and no review before a statement. `known`: the subject and its decisions, read in this
    transaction. Raises what `going` does, and ReleaseForbidden."""
    found = [going(tx, actor, one) for one in copies]
    facts = [copy_facts(tx, vault, one.copy_id) for one in found]
    must_be_releasable(tx, actor, subject, facts, known=known, clock=clock)
    return found


def note(
    tx: Connection,
    kind: Event,
    by: str,
    row: Any,
    details: Mapping[str, Any],
    *,
    recording: str | None = None,
    clock: Clock,
) -> str:
    """Append the custody event of an act on a release, and put it into its history and that of its request. Details
    hold identifiers and digests, no words that may name people. Returns the event's id."""
    told = {"release": row.id, "number": row.number, **details}
    event_id = append(tx, kind, actor=by, recording=recording, details=told, clock=clock)
    remember(tx, row, event_id)
    return event_id


def remember(tx: Connection, row: Any, event_id: str) -> None:
    """Put an event that was appended into the history of a release and that of its request."""
    tx.execute(release_history.insert(), {"release_id": row.id, "event_id": event_id})
    subject = subject_of(row)
    HISTORY[subject.kind](tx, subject.id, event_id)


def next_number(tx: Connection, year: int) -> str:
    """The next number of a year; nobody else gets it."""
    insert: Any = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    counted = (
        insert(release_counter)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": release_counter.c.last + 1})
        .returning(release_counter.c.last)
    )
    return f"RL-{year}-{tx.execute(counted).scalar_one():04d}"


def plain_line(what: str, given: str, longest: int) -> str:
    """Words on one line, nothing in them that a reader would not see. Raises ReleaseWordsWrong."""
    text = " ".join(names.kept(given).split())
    if not text or len(text) > longest or names.unusual(text):
        raise ReleaseWordsWrong(what=what, longest=longest)
    return text


def plain_text(what: str, given: str, longest: int) -> str:
    """Words on several lines. Raises ReleaseWordsWrong."""
    lines = [" ".join(names.kept(line).split()) for line in given.replace("\r\n", "\n").split("\n")]
    text = "\n".join(lines).strip()
    if not text or len(text) > longest or any(line and names.unusual(line) for line in lines):
        raise ReleaseWordsWrong(what=what, longest=longest)
    return text
