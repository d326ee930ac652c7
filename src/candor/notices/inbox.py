"""The inbox: what somebody was told, read or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.outbox import KINDS, KindFacts, NoticeKind, Severity, outbox_notice
from candor.notices.tables import notice_entry

#: The count in the page's head goes so far, and then says "99+".
MOST_COUNTED = 100


@dataclass(frozen=True)
class Entry:
    """One notice as one person has it."""

    id: str
    kind: NoticeKind
    facts: KindFacts
    details: Mapping[str, str | int | bool]
    about: str | None
    times: int
    created_at: datetime
    last_at: datetime
    resolved_at: datetime | None
    told_at: datetime
    read_at: datetime | None

    @property
    def words(self) -> str | None:
        """The sentence of its own, where the notice has one."""
        found = self.details.get("words")
        return found if isinstance(found, str) else None

    @property
    def facts_told(self) -> list[tuple[str, str | int | bool]]:
        """The other details, in their order."""
        return [(name.replace("_", " "), value) for name, value in self.details.items() if name != "words"]


def unread(tx: Connection, account_id: str) -> int:
    """How many entries somebody has not read, at most MOST_COUNTED."""
    some = (
        sa.select(notice_entry.c.id)
        .where(notice_entry.c.account_id == account_id, notice_entry.c.read_at.is_(None))
        .limit(MOST_COUNTED)
    )
    return int(tx.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one())


def entries(
    tx: Connection,
    account_id: str,
    *,
    only_unread: bool = False,
    severities: Collection[Severity] = (),
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Entry]:
    """What somebody was told, newest first; `before`: told_at and id of the last entry seen, for the next page."""
    query = (
        sa.select(
            notice_entry.c.id,
            notice_entry.c.told_at,
            notice_entry.c.read_at,
            *(outbox_notice.c[name] for name in _OF_THE_NOTICE),
        )
        .join(outbox_notice, outbox_notice.c.id == notice_entry.c.notice_id)
        .where(notice_entry.c.account_id == account_id, outbox_notice.c.kind.in_([kind.value for kind in NoticeKind]))
        .order_by(notice_entry.c.told_at.desc(), notice_entry.c.id.desc())
        .limit(limit)
    )
    if only_unread:
        query = query.where(notice_entry.c.read_at.is_(None))
    if severities:
        kinds = [kind.value for kind, facts in KINDS.items() if facts.severity in severities]
        query = query.where(outbox_notice.c.kind.in_(kinds))
    if before is not None:
        told_at, entry_id = before
        query = query.where(
            sa.or_(
                notice_entry.c.told_at < told_at,
                sa.and_(notice_entry.c.told_at == told_at, notice_entry.c.id < entry_id),
            )
        )
    found = []
    for row in tx.execute(query):
        values = dict(row._mapping)
        kind = NoticeKind(values.pop("kind"))
        found.append(Entry(kind=kind, facts=KINDS[kind], **values))
    return found


_OF_THE_NOTICE = ("kind", "details", "about", "times", "created_at", "last_at", "resolved_at")


def mark_read(tx: Connection, account_id: str, entry_id: str, *, clock: Clock | None = None) -> bool:
    """Somebody has read an entry of theirs. False when there is none of that id, or it was read already."""
    return _mark(tx, account_id, notice_entry.c.id == entry_id, clock) > 0


def mark_all_read(tx: Connection, account_id: str, *, until: datetime, clock: Clock | None = None) -> int:
    """Somebody has read all that they were told up to a moment (when the list was shown, so that what came since stays
    unread); returns how many those were."""
    return _mark(tx, account_id, notice_entry.c.told_at <= until, clock)


def _mark(tx: Connection, account_id: str, which: sa.ColumnElement[bool], clock: Clock | None) -> int:
    now = (clock or SystemClock()).now()
    changed = tx.execute(
        notice_entry.update()
        .where(notice_entry.c.account_id == account_id, notice_entry.c.read_at.is_(None), which)
        .values(read_at=now)
    )
    return int(changed.rowcount)
