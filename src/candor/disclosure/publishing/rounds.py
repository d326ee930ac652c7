"""The rounds: take in what came, publish what changed. One process at a time does them (`jobs.recurring`)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.settings import Settings
from candor.custody import CustodyLog
from candor.disclosure.publishing import tables
from candor.disclosure.publishing.abouts import publish_about
from candor.disclosure.publishing.draining import Drained, Draining
from candor.disclosure.publishing.statuses import publish_status
from candor.disclosure.requests.rules import OPEN
from candor.disclosure.requests.tables import records_request, request_history
from candor.published.inbox import Inbox
from candor.published.place import Published
from candor.store import Vault

__all__ = ["EVERY", "Done", "Publishing", "is_wanted"]

#: How often a round is done, and how often every open request is looked at, whatever happened.
EVERY = timedelta(seconds=5)
ALL_EVERY = timedelta(minutes=10)
#: What was committed so long after its identifier was made is still seen.
_OVERLAP = timedelta(minutes=2)
#: States that one round publishes at most; the rest comes at the next.
_MOST = 200

_log = logging.getLogger("candor.publishing")


def is_wanted(settings: Settings) -> bool:
    """Whether there is a portal to publish to: one that is served here, or places that one elsewhere reads."""
    return any((settings.portal_port is not None, settings.published_url, settings.inbox_url))


@dataclass(frozen=True)
class Done:
    """What a round did: what was taken in, how many states were published, whether who the agency is was."""

    drained: Drained
    statuses: int
    about: bool


class Publishing:
    """Goes the rounds for an installation. The portal's places are opened when they are first needed."""

    def __init__(self, settings: Settings, database: Database, vault: Vault, log: CustodyLog, clock: Clock) -> None:
        self._settings, self._database, self._vault, self._log, self._clock = settings, database, vault, log, clock
        self._guard = threading.Lock()
        self._places: tuple[Published, Inbox] | None = None

    @property
    def aside(self) -> Path:
        """The folder of entries that could not be taken in."""
        return self._settings.home / "portal-aside"

    def places(self) -> tuple[Published, Inbox]:
        """The portal's places, made where they are missing. Raises DatabaseGone."""
        if self._places is None:
            published = Published.open(self._settings)
            try:
                self._places = published, Inbox.open(self._settings)
            except BaseException:
                published.close()
                raise
        return self._places

    def round(self) -> Done:
        """One round. Raises DatabaseGone; what was done stays done, the rest comes at the next."""
        with self._guard:
            published, inbox = self.places()
            about = self._about(published)
            drained = Draining(self._database, self._vault, inbox, self.aside, self._clock).once()
            now = self._clock.now()
            self._end_part("drain", now)
            if not drained.waiting:
                self._end_part("clear", now)
            return Done(drained, self._publish(published), about)

    def again(self, entry_id: str) -> str | None:
        """Try once more to take in an entry that was put aside; None where it was, else why not. Raises EntryNotAside,
        DatabaseGone."""
        with self._guard:
            draining = Draining(self._database, self._vault, self.places()[1], self.aside, self._clock)
            return draining.again(entry_id)

    def begin(self) -> None:
        """Make the portal's places, and publish who the agency is: with that the portal can be looked at. Raises
        DatabaseGone."""
        with self._guard:
            self._about(self.places()[0])

    def _about(self, published: Published) -> bool:
        ways = tuple(filter(None, (line.strip() for line in self._settings.office_contact.split("|"))))
        return publish_about(self._database, self._vault, self._log, published, ways=ways, clock=self._clock)

    def _publish(self, published: Published) -> int:
        began = self._clock.now()
        with self._database.read() as tx:
            last, last_all = _last(tx, "changes"), _last(tx, "all")
            every = last is None or last_all is None or began - last_all >= ALL_EVERY
            wanted = _all(tx) if every else _changed(tx, last - _OVERLAP if last else began)
        count = 0
        for request_id in wanted[:_MOST]:
            count += publish_status(self._database, self._vault, published, request_id, clock=self._clock)
        if len(wanted) <= _MOST:
            self._end_part("changes", began)
            if every:
                self._end_part("all", began)
                self.places()[1].forget(began)
        return count

    def _end_part(self, part: str, at: datetime) -> None:
        table = tables.portal_round
        with self._database.write() as tx:
            tx.execute(table.delete().where(table.c.part == part))
            tx.execute(table.insert(), {"part": part, "at": at})

    def close(self) -> None:
        """Close the connections to the portal's places."""
        with self._guard:
            if self._places is not None:
                for place in self._places:
                    place.close()
                self._places = None


def _last(tx: Connection, part: str) -> datetime | None:
    found: datetime | None = tx.scalar(sa.select(tables.portal_round.c.at).where(tables.portal_round.c.part == part))
    return found


def _changed(tx: Connection, since: datetime) -> list[str]:
    """Requests with a custody event since: its identifier begins with the time (UUIDv7)."""
    milliseconds = f"{int(since.timestamp() * 1000):012x}"
    first = f"{milliseconds[:8]}-{milliseconds[8:]}"
    query = sa.select(request_history.c.request_id).distinct().where(request_history.c.event_id >= first)
    return _strings(tx.scalars(query))


def _all(tx: Connection) -> list[str]:
    """Requests that are open, and those that never were published; the latter first."""
    told = sa.literal("request/") + records_request.c.id
    known = sa.exists().where(tables.portal_published.c.subject == told)
    table = records_request.c
    found = sa.select(table.id, known.label("known")).where(sa.or_(table.state.in_(OPEN), ~known))
    return _strings(row.id for row in sorted(tx.execute(found), key=lambda row: (bool(row.known), row.id)))


def _strings(found: Iterable[str]) -> list[str]:
    return [str(one) for one in found]
