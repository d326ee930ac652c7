"""The inbox: the portal appends to it, the staff side takes out of it. What is in it is sealed.

Rules it keeps:

1. An entry is durable when `append` returns, or was not taken at all and the error says so.
2. It is bounded, in number and in bytes: what comes beyond is refused, and nothing that is in it goes for it.
3. The portal needs no more than to append and to count: on PostgreSQL its role may INSERT, and SELECT the columns id,
   size and taken_at; on SQLite the inbox is a file of its own.
4. What was taken stays, sealed, for KEPT: where the main database is restored from an older backup, nothing that came
   in since is lost. It never makes the inbox full, and goes first where there is no room.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

import sqlalchemy as sa

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.core.portal_settings import PortalLimits, PortalSettings
from candor.core.settings import Settings
from candor.published import schema
from candor.published.errors import EntryTooLarge, InboxFull

__all__ = ["KEPT", "KINDS", "Entry", "Inbox", "Waiting"]

#: What can come in.
KINDS = ("request", "message")
#: How long an entry stays after it was taken.
KEPT = timedelta(days=14)
#: Bytes beside the files that one entry may have: document, age's own.
_BESIDE = 1 << 20


@dataclass(frozen=True)
class Entry:
    """What came in: `at` is when the portal took it."""

    id: str
    kind: str
    at: datetime
    sealed: bytes


@dataclass(frozen=True)
class Waiting:
    """An entry without what is in it."""

    id: str
    kind: str
    at: datetime
    size: int


class Inbox:
    """The inbox of a portal."""

    def __init__(self, url: str, limits: PortalLimits) -> None:
        self.database = Database(url, pool_size=5)
        self.limits = limits

    @classmethod
    def open(cls, settings: Settings) -> Inbox:
        """For the staff side: made where it is missing."""
        made = cls(settings.inbox_database, PortalLimits.parse(settings.portal_limits))
        schema.make(made.database, "inbox")
        return made

    @classmethod
    def to_append(cls, settings: PortalSettings) -> Inbox:
        """For the portal; nothing is made."""
        return cls(settings.inbox_url, settings.limits)

    def is_made(self) -> bool:
        """Whether it can be appended to."""
        return schema.is_made(self.database, "inbox")

    def close(self) -> None:
        """Close every connection."""
        self.database.dispose()

    def __enter__(self) -> Inbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def largest(self) -> int:
        """Bytes of the largest entry."""
        return self.limits.files * self.limits.file_megabytes * 1_000_000 + _BESIDE

    def append(self, kind: str, sealed: bytes, *, clock: Clock) -> str:
        """Add an entry; its identifier. Raises InboxFull, EntryTooLarge: then nothing was added."""
        assert kind in KINDS
        if len(sealed) > self.largest:
            raise EntryTooLarge(most=self.largest)
        entry_id = new_id()
        table = schema.entry
        with self.database.write() as tx:
            count, size = self._held(tx)
            if count >= self.limits.waiting or size + len(sealed) > self.limits.megabytes * 1_000_000:
                raise InboxFull()
            tx.execute(table.insert().values(id=entry_id, kind=kind, at=clock.now(), size=len(sealed), sealed=sealed))
        return entry_id

    def held(self) -> tuple[int, int]:
        """How many entries wait, and how many bytes they take together."""
        with self.database.read() as tx:
            return self._held(tx)

    def oldest(self) -> datetime | None:
        """When the oldest entry came that waits."""
        table = schema.entry.c
        with self.database.read() as tx:
            found: datetime | None = tx.scalar(sa.select(sa.func.min(table.at)).where(table.taken_at.is_(None)))
        return found

    def waiting(self, most: int = 200, *, after: str = "", kind: str | None = None) -> list[Waiting]:
        """The oldest entries that wait, without what is in them; with `after`, those behind that identifier."""
        return self._listed(most, schema.entry.c.taken_at.is_(None), schema.entry.c.id > after, kind=kind)

    def kept(self, most: int = 200, *, after: str = "") -> list[Waiting]:
        """Entries that were taken and are still here, the oldest first."""
        return self._listed(most, schema.entry.c.taken_at.is_not(None), schema.entry.c.id > after)

    def newest_kept(self) -> str | None:
        """The newest entry that was taken and is still here."""
        table = schema.entry.c
        with self.database.read() as tx:
            query = sa.select(table.id).where(table.taken_at.is_not(None)).order_by(table.id.desc()).limit(1)
            found: str | None = tx.scalar(query)
        return found

    def entry(self, entry_id: str) -> Entry | None:
        """One entry with what is in it; None where it is not here."""
        table = schema.entry.c
        with self.database.read() as tx:
            query = sa.select(table.id, table.kind, table.at, table.sealed).where(table.id == entry_id)
            found = tx.execute(query).first()
        return None if found is None else Entry(*found)

    def entries(self, most: int = 50, *, after: str = "") -> list[Entry]:
        """The oldest entries that wait, with what is in them; with `after`, those behind that identifier."""
        found = (self.entry(one.id) for one in self.waiting(most, after=after))
        return [one for one in found if one is not None]

    def taken(self, ids: Iterable[str], at: datetime) -> None:
        """These are with the staff side now, durably: they wait no longer."""
        wanted = list(ids)
        if wanted:
            table = schema.entry
            with self.database.write() as tx:
                tx.execute(table.update().where(table.c.id.in_(wanted)).values(taken_at=at))

    def forget(self, now: datetime) -> int:
        """Take away what was taken longer ago than KEPT, and the oldest of it beyond the measure of the inbox; how many
        entries that were."""
        table, gone = schema.entry, 0
        kept = table.c.taken_at.is_not(None)
        with self.database.write() as tx:
            gone += tx.execute(table.delete().where(kept, table.c.taken_at < now - KEPT)).rowcount
            room, ids = self.limits.megabytes * 1_000_000, []
            query = sa.select(table.c.id, table.c.size).where(kept).order_by(table.c.id.desc())
            for entry_id, size in tx.execute(query):
                room -= size
                if room < 0:
                    ids.append(entry_id)
            for at in range(0, len(ids), 500):
                gone += tx.execute(table.delete().where(table.c.id.in_(ids[at : at + 500]))).rowcount
        return gone

    def _listed(self, most: int, *wanted: sa.ColumnElement[bool], kind: str | None = None) -> list[Waiting]:
        table = schema.entry.c
        query = sa.select(table.id, table.kind, table.at, table.size).where(*wanted)
        if kind is not None:
            query = query.where(table.kind == kind)
        with self.database.read() as tx:
            return [Waiting(*row) for row in tx.execute(query.order_by(table.id).limit(most))]

    @staticmethod
    def _held(tx: sa.Connection) -> tuple[int, int]:
        table = schema.entry.c
        query = sa.select(sa.func.count(table.id), sa.func.coalesce(sa.func.sum(table.size), 0))
        count, size = tx.execute(query.where(table.taken_at.is_(None))).one()
        return int(count), int(size)
