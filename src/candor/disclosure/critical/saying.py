"""What people say: consents of those whom the law asks, and statements that stand beside the footage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody.events import Event
from candor.disclosure.critical.holding import held, must_have_document, note, put
from candor.disclosure.critical.rules import CONSENTERS
from candor.disclosure.critical.tables import critical_consent, critical_statement
from candor.disclosure.critical.words import LONGEST_STATEMENT, digest, line, moment, one_of, text
from candor.law.vocabulary import Requester
from candor.people.rules import Actor, Permission

__all__ = ["Consent", "Statement", "add_statement", "consents_of", "record_consent", "statements_of"]


@dataclass(frozen=True)
class Consent:
    """A consent, or (`given` False) its refusal."""

    id: str
    who: Requester
    name: str
    given: bool
    document_id: str | None
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class Statement:
    """What somebody says of the incident. `public`: it goes beside footage that is released."""

    id: str
    said_by: str
    words: str
    said_at: datetime
    document_id: str | None
    public: bool
    added_by: str
    added_at: datetime


def record_consent(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    *,
    who: Requester | str,
    name: str,
    given: bool,
    document_id: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Put a consent to the release on record, which is a document, or its refusal; its id. What somebody said last
    counts. Raises Refused, CriticalUnknown, CriticalClosed, CriticalWrong, ConsentUnproven."""
    clock = clock or SystemClock()
    before = held(tx, actor, critical_id)
    if given or document_id is not None:
        must_have_document(tx, before.id, document_id or "", consent=given)
    row: dict[str, Any] = {
        "id": new_id(),
        "critical_id": before.id,
        "who": one_of(Requester, "person", who, CONSENTERS).value,
        "name": line("name", name),
        "given": given,
        "document_id": document_id,
        "recorded_by": actor.account_id,
        "recorded_at": clock.now(),
    }
    tx.execute(critical_consent.insert(), row)
    put(tx, before)
    details = {"consent": row["id"], "who": row["who"], "given": given, "document": document_id}
    details |= {"name_sha256": digest(row["name"])}
    note(tx, Event.CRITICAL_CONSENT_RECORDED, actor, before.id, details, clock=clock)
    return str(row["id"])


def add_statement(
    tx: Connection,
    actor: Actor,
    critical_id: str,
    *,
    said_by: str,
    words: str,
    said_at: datetime | None = None,
    document_id: str | None = None,
    public: bool = False,
    clock: Clock | None = None,
) -> str:
    """Put a statement beside the footage, under the name of who made it; its id. Raises Refused, CriticalUnknown,
    CriticalClosed, CriticalWrong."""
    clock = clock or SystemClock()
    before = held(tx, actor, critical_id)
    if document_id is not None:
        must_have_document(tx, before.id, document_id)
    row: dict[str, Any] = {
        "id": new_id(),
        "critical_id": before.id,
        "said_by": line("name of who says it", said_by),
        "words": text("statement", words, LONGEST_STATEMENT),
        "said_at": moment("time", said_at or clock.now(), until=clock.now()),
        "document_id": document_id,
        "public": public,
        "added_by": actor.account_id,
        "added_at": clock.now(),
    }
    tx.execute(critical_statement.insert(), row)
    put(tx, before)
    details = {"statement": row["id"], "public": public, "document": document_id, "said_at": iso(row["said_at"])}
    details |= {"words_sha256": digest(row["words"]), "said_by_sha256": digest(row["said_by"])}
    note(tx, Event.CRITICAL_STATEMENT_ADDED, actor, before.id, details, clock=clock)
    return str(row["id"])


def consents_of(tx: Connection, actor: Actor, critical_id: str) -> list[Consent]:
    """The consents and refusals on record, the oldest first. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    table = critical_consent.c
    columns = [table[name] for name in Consent.__dataclass_fields__]
    query = sa.select(*columns).where(table.critical_id == critical_id).order_by(table.recorded_at, table.id)
    return [Consent(**{**row._mapping, "who": Requester(row.who)}) for row in tx.execute(query)]


def statements_of(tx: Connection, actor: Actor, critical_id: str, *, public_only: bool = False) -> list[Statement]:
    """The statements, in the order in which they were made; `public_only`: those that go beside footage that is
    released. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    table = critical_statement.c
    columns = [table[name] for name in Statement.__dataclass_fields__]
    query = sa.select(*columns).where(table.critical_id == critical_id).order_by(table.said_at, table.id)
    query = query.where(table.public.is_(sa.true())) if public_only else query
    return [Statement(**row._mapping) for row in tx.execute(query)]
