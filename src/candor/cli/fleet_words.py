"""What the commands about cameras share: naming a camera, a person, a site; times; a trial that leaves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta, tzinfo
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.database import Database
from candor.core.errors import NotFound
from candor.fleet import service
from candor.fleet.clock_rules import CLOCK_WORDS, ClockFinding
from candor.fleet.places import sites
from candor.fleet.rules import name_key
from candor.people import service as people
from candor.people.tables import account

#: Exit code for input that cannot be used (docs/reference/exit-codes.md).
DOES_NOT_FIT = 3


def camera_named(tx: Connection, serial: str) -> service.Device:
    """The camera with this serial number; raises NotFound."""
    found = service.find_by_serial(tx, serial)
    if found is None:
        raise NotFound(what="camera with the serial number", id=serial)
    return found


def site_named(tx: Connection, name: str) -> str:
    """The identifier of the open site with this name; raises NotFound."""
    for one in sites(tx):
        if name_key(one.name) == name_key(name):
            return one.id
    raise NotFound(what="open site called", id=name)


def person_id(tx: Connection, name: str) -> str:
    """The account with this sign-in name; raises NotFound."""
    found = people.account_named(tx, name)
    if found is None:
        raise NotFound(what="account", id=name)
    return found.id


def person_names(tx: Connection) -> dict[str, str]:
    """What every account is called, by its id."""
    return {row.id: row.display_name for row in tx.execute(sa.select(account.c.id, account.c.display_name))}


def zone_of(tx: Connection) -> tzinfo:
    """The agency's zone; UTC where there is no agency yet."""
    agency = people.agency(tx)
    return ZoneInfo(agency.time_zone) if agency else UTC


def signed_seconds(span: timedelta | None) -> str:
    """`+2.5 s`; a dash for none."""
    return "–" if span is None else f"{span.total_seconds():+.1f} s"


def clock_words(found: ClockFinding) -> str:
    """What a clock was found to be, and by how much it was off."""
    words = CLOCK_WORDS[found.state]
    return words if found.latest is None else f"{words} ({signed_seconds(found.latest.offset)})"


class _Undo(Exception):
    """Leaves a transaction without a trace."""


@contextmanager
def keep_or_undo(database: Database) -> Iterator[tuple[Connection, Callable[[bool], None]]]:
    """A writing transaction that stays only if the block says so, by calling what it is given with True."""
    kept = False

    def keep(whether: bool) -> None:
        nonlocal kept
        kept = whether

    try:
        with database.write() as tx:
            yield tx, keep
            if not kept:
                raise _Undo
    except _Undo:
        return
