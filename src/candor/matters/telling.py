"""Telling people of cases that are theirs, when somebody else did it. What is told names the case by its address alone:
whoever may not see it learns nothing there."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.outbox import NoticeKind, tell
from candor.matters.rules import WORKERS, Part
from candor.people.rules import GUESTS, Actor
from candor.people.tables import account

__all__ = ["of_closing", "of_entry", "of_owning"]


def of_owning(tx: Connection, actor: Actor, case_id: str, owner_id: str, *, clock: Clock) -> None:
    """Tell somebody that a case is theirs."""
    _tell(tx, NoticeKind.CASE_YOURS, actor, case_id, owner_id, {}, clock)


def of_entry(tx: Connection, actor: Actor, case_id: str, account_id: str, part: Part, *, clock: Clock) -> None:
    """Tell somebody that they are to work on a case. Officers who are in it because of what they did, and witnesses,
    are told by people."""
    if part in WORKERS:
        _tell(tx, NoticeKind.CASE_ENTERED, actor, case_id, account_id, {}, clock)


def of_closing(tx: Connection, actor: Actor, case_id: str, owner_id: str, hanging: int, *, clock: Clock) -> None:
    """Tell the owner of a case that was closed that things still hang on it; nothing where none do."""
    if hanging:
        _tell(tx, NoticeKind.CASE_CLOSED_HANGING, actor, case_id, owner_id, {"hanging": hanging}, clock)


def _tell(
    tx: Connection,
    kind: NoticeKind,
    actor: Actor,
    case_id: str,
    account_id: str,
    details: dict[str, str | int | bool],
    clock: Clock,
) -> None:
    # What people do themselves is no news to them; guests see no case.
    row = tx.execute(sa.select(account.c.active, account.c.roles).where(account.c.id == account_id)).one()
    if account_id != actor.account_id and row.active and not GUESTS & set(row.roles):
        tell(tx, kind, details=details, about=f"/cases/{case_id}", to=[account_id], clock=clock)
