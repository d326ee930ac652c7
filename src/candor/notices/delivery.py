"""Mails on their way: put together, leased to one process at a time, tried again, given up in the end.

A lease is a conditional update, so that of several processes one sends. A process that dies while sending leaves the
lease to run out; the mail is then sent again under the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.core.mail_server import MailServer
from candor.core.outbox import NoticeKind, outbox_notice
from candor.core.settings import Settings
from candor.notices import mails, smtp
from candor.notices.mails import Envelope, Told
from candor.notices.smtp import Outcome, Result
from candor.notices.tables import notice_choice, notice_mail, notice_mail_item
from candor.people.tables import account as account_table

#: Longer than any dialogue (`smtp.DIALOGUE`), connecting included.
LEASE = timedelta(minutes=10)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
#: Mails of one round, so that a notice that comes in meanwhile is not kept waiting.
BATCH = 50

_log = logging.getLogger("candor.notices")


class MailState(StrEnum):
    """Where a mail stands."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"  # refused for good, or tried for too long
    DROPPED = "dropped"  # nobody to send it to any more: no address, no wish for mail, no active account


@dataclass(frozen=True)
class Post:
    """The mail server and the addresses around it, as the settings have them."""

    server: MailServer
    settings: Settings

    @classmethod
    def of(cls, settings: Settings) -> Post | None:
        """None when no mail server is set."""
        if settings.smtp_url is None or settings.mail_from is None:
            return None
        return cls(MailServer.parse(settings.smtp_url), settings)

    @property
    def sender(self) -> str:
        """The address that mails come from."""
        assert self.settings.mail_from is not None, "Post.of() looked"
        return self.settings.mail_from

    @property
    def site(self) -> str | None:
        """The public address, without a slash at its end."""
        return self.settings.public_url.rstrip("/") if self.settings.public_url else None

    def message_id(self, mail_id: str) -> str:
        """The Message-ID of a mail."""
        return f"<{mail_id}@{mails.domain_of(self.sender)}>"

    def envelope(self, recipient: str, message_id: str, in_reply_to: str | None, date: datetime) -> Envelope:
        """What stands around a mail of ours."""
        return Envelope(self.sender, recipient, message_id, in_reply_to, date, self.site)

    def send(self, mail: EmailMessage, recipient: str) -> Outcome:
        """Hand one mail to the server."""
        return smtp.send(self.server, mail, sender=self.sender, recipient=recipient, authority=self.settings.smtp_ca)


@dataclass(frozen=True)
class State:
    """How mail is doing, for people and for the checks of the system."""

    waiting: int
    given_up: int
    oldest_waiting_at: datetime | None  # of those that should have gone out by now
    last_sent_at: datetime | None
    problem: str | None  # why the one that waits longest was not taken
    pending: int  # notices not passed on yet
    oldest_pending_at: datetime | None


def state(tx: Connection, *, now: datetime) -> State:
    """How mail is doing."""
    by_state = sa.select(notice_mail.c.state, sa.func.count()).group_by(notice_mail.c.state)
    counts: dict[str, int] = {row[0]: row[1] for row in tx.execute(by_state)}
    late = tx.execute(
        sa.select(notice_mail.c.created_at, notice_mail.c.problem)
        .where(notice_mail.c.state == MailState.WAITING, notice_mail.c.created_at <= now)
        .order_by(notice_mail.c.created_at)
        .limit(1)
    ).first()
    sent = sa.select(sa.func.max(notice_mail.c.ended_at)).where(notice_mail.c.state == MailState.SENT)
    pending = tx.execute(
        sa.select(sa.func.count(), sa.func.min(outbox_notice.c.created_at)).where(outbox_notice.c.pending.is_not(None))
    ).one()
    return State(
        waiting=counts.get(MailState.WAITING, 0),
        given_up=counts.get(MailState.GIVEN_UP, 0),
        oldest_waiting_at=late.created_at if late else None,
        last_sent_at=tx.execute(sent).scalar(),
        problem=late.problem if late else None,
        pending=pending[0],
        oldest_pending_at=pending[1],
    )


def deliver(database: Database, clock: Clock, post: Post, worker: str) -> int:
    """Send what may go out now, the urgent first; returns how many the server took.

    The round ends when the server is away: the next mail would meet the same.
    """
    with database.read() as tx:
        ids: list[str] = list(tx.execute(_due(clock.now())).scalars())
    taken = 0
    for mail_id in ids:
        with database.write() as tx:
            if not _lease(tx, mail_id, worker, clock.now()):
                continue
            ready = _ready(tx, mail_id, post)
            if ready is None:
                _end(tx, mail_id, worker, MailState.DROPPED, None, clock.now())
                continue
        recipient, mail = ready
        outcome = post.send(mail, recipient)
        with database.write() as tx:
            _note(tx, mail_id, worker, outcome, clock)
        taken += outcome.result is Result.TAKEN
        if outcome.result is Result.AWAY:
            _log.warning("the mail server did not take a mail: %s", outcome.sentence)
            break
    return taken


def _due(now: datetime) -> sa.Select[Any]:
    return (
        sa.select(notice_mail.c.id)
        .where(
            notice_mail.c.state == MailState.WAITING,
            notice_mail.c.next_at <= now,
            sa.or_(notice_mail.c.lease_until.is_(None), notice_mail.c.lease_until <= now),
        )
        .order_by(notice_mail.c.urgent.desc(), notice_mail.c.next_at, notice_mail.c.id)
        .limit(BATCH)
    )


def _lease(tx: Connection, mail_id: str, worker: str, now: datetime) -> bool:
    """Take a mail for this process. A try counts when it begins, so that one that kills its process counts too."""
    taken = (
        notice_mail.update()
        .where(
            notice_mail.c.id == mail_id,
            notice_mail.c.state == MailState.WAITING,
            notice_mail.c.next_at <= now,
            sa.or_(notice_mail.c.lease_until.is_(None), notice_mail.c.lease_until <= now),
        )
        .values(lease_by=worker, lease_until=now + LEASE, tries=notice_mail.c.tries + 1)
    )
    return bool(tx.execute(taken).rowcount)


def _ready(tx: Connection, mail_id: str, post: Post) -> tuple[str, EmailMessage] | None:
    """The address and the mail; None when there is nobody to send it to any more."""
    row = tx.execute(
        sa.select(notice_mail, account_table.c.email, account_table.c.active, notice_choice.c.mail)
        .join(account_table, account_table.c.id == notice_mail.c.account_id)
        .outerjoin(notice_choice, notice_choice.c.account_id == notice_mail.c.account_id)
        .where(notice_mail.c.id == mail_id)
    ).one()
    told = _told(tx, mail_id)
    if row.email is None or not row.active or row.mail is False or not told:
        return None
    envelope = post.envelope(row.email, row.message_id, row.in_reply_to, row.created_at)
    return row.email, mails.single(envelope, told[0]) if row.form == "single" else mails.digest(envelope, told)


def _told(tx: Connection, mail_id: str) -> list[Told]:
    # Only these columns: what happened to whom is not even read.
    found = tx.execute(
        sa.select(outbox_notice.c.kind, outbox_notice.c.times, outbox_notice.c.resolved_at, notice_mail_item.c.part)
        .join(outbox_notice, outbox_notice.c.id == notice_mail_item.c.notice_id)
        .where(notice_mail_item.c.mail_id == mail_id)
        .order_by(notice_mail_item.c.id)
    )
    return [
        Told(NoticeKind(row.kind), row.times, row.resolved_at is not None, was_told=row.part == "over")
        for row in found
        if row.kind in set(NoticeKind)
    ]


def _note(tx: Connection, mail_id: str, worker: str, outcome: Outcome, clock: Clock) -> None:
    now = clock.now()
    row = tx.execute(
        sa.select(notice_mail.c.account_id, notice_mail.c.tries, notice_mail.c.created_at).where(
            notice_mail.c.id == mail_id
        )
    ).one()
    key = f"mail:{row.account_id}"
    if outcome.result is Result.TAKEN:
        if _end(tx, mail_id, worker, MailState.SENT, None, now):
            outbox.resolve(tx, key, clock=clock)
        return
    if outcome.result is Result.REFUSED or now - row.created_at >= GIVEN_UP_AFTER:
        if _end(tx, mail_id, worker, MailState.GIVEN_UP, outcome.sentence, now):
            words: dict[str, str | int | bool] = {"account": row.account_id, "tries": row.tries}
            words["words"] = outcome.sentence
            outbox.tell(tx, NoticeKind.MAIL_UNDELIVERED, details=words, about="/notices", once=key, clock=clock)
        return
    _update(tx, mail_id, worker, next_at=now + wait_after(row.tries), problem=outcome.sentence)


def wait_after(tries: int) -> timedelta:
    """How long a mail waits after so many tries: a minute, doubled each time, at most an hour."""
    doublings: int = min(max(tries - 1, 0), 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _end(tx: Connection, mail_id: str, worker: str, ended: MailState, problem: str | None, now: datetime) -> bool:
    return _update(tx, mail_id, worker, state=ended.value, problem=problem, ended_at=now)


def _update(tx: Connection, mail_id: str, worker: str, **values: Any) -> bool:
    """Note how it went and end the lease; nothing when the lease ran out and somebody else has the mail."""
    mine = notice_mail.update().where(
        notice_mail.c.id == mail_id, notice_mail.c.lease_by == worker, notice_mail.c.state == MailState.WAITING
    )
    return bool(tx.execute(mine.values(lease_by=None, lease_until=None, **values)).rowcount)


def send_test(post: Post, address: str, now: datetime) -> Outcome:
    """Send a test mail to an address, now; call it outside of any transaction."""
    envelope = post.envelope(address, post.message_id(new_id()), None, now)
    return post.send(mails.test_mail(envelope), address)


def given_up(tx: Connection, limit: int = 20) -> Sequence[Any]:
    """The mails given up last: account_id, problem, tries, ended_at."""
    return tx.execute(
        sa.select(notice_mail.c.account_id, notice_mail.c.problem, notice_mail.c.tries, notice_mail.c.ended_at)
        .where(notice_mail.c.state == MailState.GIVEN_UP)
        .order_by(notice_mail.c.ended_at.desc())
        .limit(limit)
    ).all()
