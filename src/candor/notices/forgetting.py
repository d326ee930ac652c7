"""What nobody needs any more: entries read long ago, mails sent long ago, and the notices behind them."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.outbox import outbox_notice
from candor.notices.delivery import MailState
from candor.notices.tables import notice_entry, notice_mail, notice_mail_item

KEPT = timedelta(days=90)
#: Rows of one table that one round takes, so that the database is held briefly.
BATCH = 500


def forget(database: Database, clock: Clock) -> int:
    """Forget one batch of each; returns how many rows went. What is unread, waits or is still open stays."""
    with database.write() as tx:
        return _forget(tx, clock.now() - KEPT)


def _forget(tx: Connection, before: datetime) -> int:
    gone = _drop(tx, notice_entry, notice_entry.c.read_at < before)
    ended = sa.and_(notice_mail.c.state != MailState.WAITING, notice_mail.c.ended_at < before)
    gone += _drop(tx, notice_mail, ended)  # its items go with it
    held = sa.or_(
        sa.exists().where(notice_entry.c.notice_id == outbox_notice.c.id),
        sa.exists().where(notice_mail_item.c.notice_id == outbox_notice.c.id),
    )
    over = sa.and_(
        outbox_notice.c.pending.is_(None),
        outbox_notice.c.open_key.is_(None),
        outbox_notice.c.last_at < before,
        sa.not_(held),
    )
    return gone + _drop(tx, outbox_notice, over)


def _drop(tx: Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    some = sa.select(table.c.id).where(which).limit(BATCH)
    return int(tx.execute(table.delete().where(table.c.id.in_(some))).rowcount)
