"""Rights that were asked for and not held (CJIS AU-2): each refusal by a rule is an event, until there are many.

Of one account and rule the first ten a day are events each, then the 16th, 32nd, 64th… with how often by then: so
whoever tries a thousand addresses cannot bury the rest of the record, and nothing is left uncounted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people.rules import Actor
from candor.people.service_accounts import TokenActor
from candor.people.tables import access_refusal as refusal_table

_EACH_IS_AN_EVENT = 10
_DAYS_KEPT = 2
_LONGEST = 200


def note(
    tx: Connection,
    actor: Actor,
    rule: str,
    *,
    method: str,
    route: str,
    address: str | None = None,
    source: str | None = None,
    clock: Clock | None = None,
) -> str | None:
    """Record that `rule` refused something to an account; the event's id, or None where it was only counted.

    `method` and `route`: what was asked for, as `GET` and the template of the address, or `command` and its name.
    `source`: the browser's name of itself, or who sat at the machine.
    """
    clock = clock or SystemClock()
    times = _count(tx, actor.account_id, rule, clock.now())
    if times > _EACH_IS_AN_EVENT and times & (times - 1):
        return None
    details = {
        "account": actor.account_id,
        "token": actor.token_id if isinstance(actor, TokenActor) else None,
        "rule": rule,
        "method": method,
        "route": route[:_LONGEST],
        "address": address,
        "agent": source and source[:_LONGEST],
        "times_today": times,
    }
    return custody.append(tx, Event.ACCESS_REFUSED, actor=actor.account_id, details=details, clock=clock)


def _count(tx: Connection, account_id: str, rule: str, now: datetime) -> int:
    """One more of its sort today; returns how many there were by now."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    same = {"day": _day(now), "account_id": account_id, "rule": rule}
    tx.execute(insert(refusal_table).values(**same, times=0).on_conflict_do_nothing())
    counted = (
        refusal_table.update()
        .where(*(refusal_table.c[name] == value for name, value in same.items()))
        .values(times=refusal_table.c.times + 1)
        .returning(refusal_table.c.times)
    )
    times = int(tx.execute(counted).scalar_one())
    if times == 1:
        tx.execute(refusal_table.delete().where(refusal_table.c.day < _day(now - timedelta(days=_DAYS_KEPT))))
    return times


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
