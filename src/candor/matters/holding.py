"""What every act on a case shares: taking hold of the case, and putting the act on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.matters.errors import CaseChangedMeanwhile, CaseClosed, CaseFieldWrong, CaseUnknown
from candor.matters.rules import CaseState, number_key, visible_cases
from candor.matters.tables import matter, matter_history
from candor.people.rules import Actor, Permission
from candor.people.service import AccountKind
from candor.people.tables import account, unit

__all__ = ["account_in", "as_told", "held", "in_history", "note", "past", "unit_in"]


def held(
    tx: Connection, actor: Actor, case_id: str, *, version: int | None = None, must_be_open: bool = True
) -> sa.Row[Any]:
    """The case by its id or number, held until the transaction ends, for somebody who may change cases.

    Raises Refused, CaseUnknown, CaseClosed, CaseChangedMeanwhile when it is not at `version`.
    """
    actor.require(Permission.CASES_MANAGE)
    which = sa.or_(matter.c.id == case_id, matter.c.number_key == number_key(case_id))
    query = sa.select(matter).where(which, visible_cases(actor)).order_by((matter.c.id == case_id).desc()).limit(1)
    row = tx.execute(query.with_for_update(of=matter)).first()
    if row is None:
        raise CaseUnknown(id=case_id)
    if version is not None and row.version != version:
        raise CaseChangedMeanwhile(number=row.number, version=row.version, expected=version)
    if must_be_open and row.state != CaseState.OPEN:
        raise CaseClosed(number=row.number)
    return row


def note(
    tx: Connection,
    kind: Event,
    actor: Actor,
    case_id: str,
    details: Mapping[str, Any],
    *,
    recording: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Append the custody event of an act on a case, and put it into the case's history; the event's id."""
    event_id = custody.append(
        tx, kind, actor=actor.account_id, recording=recording, details={"case": case_id, **details}, clock=clock
    )
    in_history(tx, case_id, event_id)
    return event_id


def in_history(tx: Connection, case_id: str, event_id: str) -> None:
    """Put a custody event into the history that the case's page shows, in the transaction that appends it. For rooms
    above, whose acts hang on a case."""
    tx.execute(matter_history.insert(), {"matter_id": case_id, "event_id": event_id})


def account_in(tx: Connection, account_id: str, field: str, *, active: bool = True) -> str:
    """The id of a person's account. Raises CaseFieldWrong when there is none, or it is not active."""
    query = sa.select(account.c.active).where(account.c.id == account_id, account.c.kind == AccountKind.PERSON.value)
    found = tx.scalar(query)
    if found is None:
        raise CaseFieldWrong(field=field, reason=f"there is no account of a person with the identifier {account_id}")
    if active and not found:
        raise CaseFieldWrong(field=field, reason="that account is not active")
    return account_id


def unit_in(tx: Connection, unit_id: str | None) -> str | None:
    """The id of a unit, None for none. Raises CaseFieldWrong."""
    if not unit_id:
        return None
    if tx.scalar(sa.select(unit.c.id).where(unit.c.id == unit_id)) is None:
        raise CaseFieldWrong(field="unit", reason=f"there is no unit with the identifier {unit_id}")
    return unit_id


def past(moment: datetime, now: datetime, field: str) -> datetime:
    """A moment that has come. Raises CaseFieldWrong for one in the future, or without a zone."""
    if moment.tzinfo is None:
        raise CaseFieldWrong(field=field, reason="it needs a time zone")
    if moment > now:
        raise CaseFieldWrong(field=field, reason="it lies in the future")
    return moment


def as_told(changed: Mapping[str, tuple[Any, Any]], *, quiet: frozenset[str]) -> dict[str, Any]:
    """What a change was, as an event tells it: of fields in `quiet`, whose words may name people, only that they were
    changed."""
    return {
        field: {"changed": True} if field in quiet else {"old": old, "new": new}
        for field, (old, new) in changed.items()
    }
