"""From the outbox to people: an entry in the inbox of each, and what is to be mailed. One transaction per notice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.core.outbox import KINDS, NoticeKind, outbox_notice
from candor.notices import routing
from candor.notices.choices import choices
from candor.notices.routing import Person
from candor.notices.rules import due
from candor.notices.tables import notice_entry, notice_mail_item
from candor.people import service

#: Notices passed on in one round, so that a flood does not hold back the mails.
BATCH = 200


def pass_on(database: Database, clock: Clock, *, mail: bool) -> int:
    """Pass on what waits in the outbox, oldest first; returns how many notices. `mail`: a mail server is set.

    Several processes may do it at once: a notice is taken by a conditional update, in the transaction of all that
    follows from it.
    """
    with database.read() as tx:
        waiting = tx.execute(
            sa.select(outbox_notice.c.id)
            .where(outbox_notice.c.pending.is_not(None))
            .order_by(outbox_notice.c.id)
            .limit(BATCH)
        )
        ids = [row.id for row in waiting]
    done = 0
    for notice_id in ids:
        with database.write() as tx:
            done += _pass_on_one(tx, notice_id, clock.now(), mail)
    return done


def _pass_on_one(tx: Connection, notice_id: str, now: datetime, mail: bool) -> bool:
    notice = tx.execute(sa.select(outbox_notice).where(outbox_notice.c.id == notice_id)).first()
    if notice is None or notice.pending is None or notice.kind not in set(NoticeKind):
        return False  # somebody else had it, or a newer program wrote it and will pass it on
    able = routing.people(tx)
    if not able:
        return False  # before the first run there is nobody to tell: it waits
    taken = (
        outbox_notice.update()
        .where(outbox_notice.c.id == notice_id, outbox_notice.c.pending == notice.pending)
        .values(pending=None)
    )
    if not tx.execute(taken).rowcount:
        return False
    kind = NoticeKind(notice.kind)
    if notice.pending == "told":
        people = routing.told(routing.routes(tx)[kind], notice.recipients, able)
        _tell(tx, notice_id, people, now)
    else:
        people = _tell_again(tx, notice_id, able, now)
    if mail and KINDS[kind].by_mail:
        _plan_mail(tx, notice_id, kind, notice.pending, people, now)
    return True


def _tell(tx: Connection, notice_id: str, people: Collection[Person], now: datetime) -> None:
    rows = [
        {"id": new_id(), "notice_id": notice_id, "account_id": person.account_id, "told_at": now, "read_at": None}
        for person in people
    ]
    tx.execute(notice_entry.insert(), rows)


def _tell_again(tx: Connection, notice_id: str, able: Collection[Person], now: datetime) -> list[Person]:
    """The entry stands as unread and on top again: it is over. Returns who has one."""
    had = set(tx.execute(sa.select(notice_entry.c.account_id).where(notice_entry.c.notice_id == notice_id)).scalars())
    tx.execute(notice_entry.update().where(notice_entry.c.notice_id == notice_id).values(told_at=now, read_at=None))
    return [person for person in able if person.account_id in had]


def _plan_mail(
    tx: Connection, notice_id: str, kind: NoticeKind, part: str, people: Collection[Person], now: datetime
) -> None:
    reached = [person.account_id for person in people if person.email is not None]
    if part == "over":
        # Who was not mailed of it yet hears of both in one mail: what it says is made when it is put together.
        sent = sa.select(notice_mail_item.c.account_id).where(
            notice_mail_item.c.notice_id == notice_id, notice_mail_item.c.mail_id.is_not(None)
        )
        mailed = set(tx.execute(sent).scalars())
        reached = [account_id for account_id in reached if account_id in mailed]
    agency = service.agency(tx)
    zone = ZoneInfo(agency.time_zone if agency else "UTC")
    breaks = routing.urgent_breaks_quiet(tx)
    rows: list[dict[str, Any]] = []
    for account_id, choice in choices(tx, reached).items():
        if not choice.mail:
            continue
        when = due(KINDS[kind], choice, now, zone, urgent_breaks_quiet=breaks)
        rows.append(
            {
                "id": new_id(),
                "notice_id": notice_id,
                "account_id": account_id,
                "part": part,
                "due_at": when.at,
                "bundled": when.bundled,
                "mail_id": None,
            }
        )
    if rows:
        tx.execute(notice_mail_item.insert(), rows)
