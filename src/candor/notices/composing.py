"""Putting mails together from what is due: one each, or one for all that may wait.

Written down before anything is sent, with its Message-ID, so that every try of a mail tells the same things under the
same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.core.outbox import KINDS, NoticeKind, Severity, outbox_notice
from candor.notices.delivery import MailState, Post
from candor.notices.tables import notice_mail, notice_mail_item

#: So many single mails to one person at one moment; more of them go into one, or a flood of notices would be a flood
#: of mails.
MOST_SINGLE = 5
#: Items of one round, and so the most that one mail counts.
BATCH = 1000


def compose(database: Database, clock: Clock, post: Post) -> int:
    """Put together what is due; returns how many mails that made."""
    with database.read() as tx:
        if tx.execute(_due(clock.now()).limit(1)).first() is None:
            return 0
    with database.write() as tx:
        now = clock.now()
        items = tx.execute(_due(now).limit(BATCH).with_for_update(of=notice_mail_item)).all()
        items = sorted(items, key=lambda item: (item.account_id, item.id))
        return sum(
            _compose_for(tx, list(theirs), now, post) for _, theirs in groupby(items, lambda one: one.account_id)
        )


def _due(now: datetime) -> sa.Select[Any]:
    return (
        sa.select(
            notice_mail_item.c.id,
            notice_mail_item.c.account_id,
            notice_mail_item.c.part,
            notice_mail_item.c.bundled,
            outbox_notice.c.kind,
            outbox_notice.c.once_key,
        )
        .join(outbox_notice, outbox_notice.c.id == notice_mail_item.c.notice_id)
        .where(notice_mail_item.c.mail_id.is_(None), notice_mail_item.c.due_at <= now)
        .order_by(notice_mail_item.c.due_at, notice_mail_item.c.id)
    )


def _compose_for(tx: Connection, items: Sequence[Any], now: datetime, post: Post) -> int:
    """The mails of one person."""
    alone = [item for item in items if not item.bundled]
    if len(alone) > MOST_SINGLE:
        alone = []
    together = [item for item in items if item not in alone]
    for item in alone:
        _make(tx, [item], "single", now, post)
    if together:
        _make(tx, together, "digest", now, post)
    return len(alone) + bool(together)


def _make(tx: Connection, items: Sequence[Any], form: str, now: datetime, post: Post) -> None:
    mail_id = new_id()
    tx.execute(
        notice_mail.insert(),
        {
            "id": mail_id,
            "account_id": items[0].account_id,
            "message_id": post.message_id(mail_id),
            "in_reply_to": _follows(tx, items[0]) if form == "single" else None,
            "form": form,
            "urgent": any(_is_urgent(item) for item in items),
            "state": MailState.WAITING.value,
            "tries": 0,
            "next_at": now,
            "lease_by": None,
            "lease_until": None,
            "problem": None,
            "created_at": now,
            "ended_at": None,
        },
    )
    ids = [item.id for item in items]
    tx.execute(notice_mail_item.update().where(notice_mail_item.c.id.in_(ids)).values(mail_id=mail_id))


def _is_urgent(item: Any) -> bool:
    return item.kind in set(NoticeKind) and KINDS[NoticeKind(item.kind)].severity is Severity.URGENT


def _follows(tx: Connection, item: Any) -> str | None:
    """The mail that this one follows up: the last to the same person about the same trouble."""
    if item.once_key is None:
        return None
    earlier = (
        sa.select(notice_mail.c.message_id)
        .join(notice_mail_item, notice_mail_item.c.mail_id == notice_mail.c.id)
        .join(outbox_notice, outbox_notice.c.id == notice_mail_item.c.notice_id)
        .where(
            notice_mail.c.account_id == item.account_id,
            notice_mail.c.form == "single",
            outbox_notice.c.once_key == item.once_key,
        )
        .order_by(notice_mail.c.id.desc())
        .limit(1)
    )
    found: str | None = tx.execute(earlier).scalar()
    return found
