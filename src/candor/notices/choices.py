"""How each person wants to be told: mail or not, how soon, quiet hours. The inbox has everything in any case."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.outbox import Severity
from candor.notices.errors import PaceUnknown
from candor.notices.rules import DEFAULT_PACES, Choice, Pace
from candor.notices.tables import notice_choice


def choice_of(tx: Connection, account_id: str) -> Choice:
    """The choice of one account."""
    return choices(tx, [account_id])[account_id]


def choices(tx: Connection, account_ids: Collection[str]) -> dict[str, Choice]:
    """The choices of some accounts; who never chose has the default."""
    rows = tx.execute(sa.select(notice_choice).where(notice_choice.c.account_id.in_(list(account_ids))))
    made = {row.account_id: _choice(row) for row in rows}
    return {account_id: made.get(account_id, Choice()) for account_id in account_ids}


def _choice(row: Any) -> Choice:
    kept = {name: pace for name, pace in row.paces.items() if name in set(Severity) and pace in set(Pace)}
    paces = {**DEFAULT_PACES, **{Severity(name): Pace(pace) for name, pace in kept.items()}}
    return Choice(row.mail, paces, row.daily_at, row.quiet_from, row.quiet_until)


def set_choice(tx: Connection, account_id: str, choice: Choice) -> None:
    """Keep what somebody chose for themselves."""
    row = {
        "mail": choice.mail,
        "paces": {severity.value: pace.value for severity, pace in choice.paces.items()},
        "daily_at": choice.daily_at,
        "quiet_from": choice.quiet_from,
        "quiet_until": choice.quiet_until,
    }
    if not tx.execute(notice_choice.update().where(notice_choice.c.account_id == account_id).values(row)).rowcount:
        tx.execute(notice_choice.insert(), {"account_id": account_id, **row})


def pace_named(name: str) -> Pace:
    """The pace of that name; PaceUnknown when there is none."""
    if name not in set(Pace):
        raise PaceUnknown(pace=name)
    return Pace(name)
