"""Names that people type, found as identifiers: wearers by name and badge, devices by serial number, make and model.

They are looked up when somebody searches, not copied into every recording: a new name finds old footage at once. The
list is kept in memory and read anew when the custody log has another account or device event; every change of either
appends one.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.fleet.tables import device
from candor.footage.words import Fact, cut, fact
from candor.people.tables import account, unit

_CHANGES = (
    Event.ACCOUNT_CREATED,
    Event.ACCOUNT_CHANGED,
    Event.UNIT_CREATED,
    Event.DEVICE_CREATED,
    Event.DEVICE_FOUND,
    Event.DEVICE_CHANGED,
)


class Directory:
    """Which facts have a word that begins so."""

    def __init__(self, entries: Iterable[tuple[Fact, str, Iterable[str]]]) -> None:
        pairs = {(word, kind, fact(kind, identifier)) for kind, identifier, words in entries for word in words}
        self._pairs = sorted(pairs)

    def find(self, word: str, *kinds: Fact) -> set[str]:
        """The facts' words of everybody and everything of these kinds that has a word beginning so.

        A single letter begins too many names to mean one: it has to be the whole word.
        """
        found = set()
        for begun, kind, identifier in self._pairs[bisect_left(self._pairs, (word,)) :]:
            if not begun.startswith(word):
                break
            if kind in kinds and (len(word) > 1 or begun == word):
                found.add(identifier)
        return found

    def find_all(self, text: str, kind: Fact) -> set[str]:
        """The facts' words of those that every word of the text fits; of nobody when the text has no word."""
        found = [self.find(word, kind) for word in cut(text)]
        return set.intersection(*found) if found else set()


_guard = threading.Lock()
_kept: WeakKeyDictionary[Engine, tuple[tuple[object, ...], Directory]] = WeakKeyDictionary()


def directory(tx: Connection) -> Directory:
    """The directory as this transaction sees it."""
    stamp = _stamp(tx)
    with _guard:
        kept = _kept.get(tx.engine)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    read = Directory(_entries(tx))
    with _guard:
        _kept[tx.engine] = (stamp, read)
    return read


def _stamp(tx: Connection) -> tuple[object, ...]:
    """Changes with every account, unit and device event."""
    counts = [
        sa.select(sa.func.count()).where(custody_event.c.kind == kind.value).scalar_subquery() for kind in _CHANGES
    ]
    newest = [
        sa.select(custody_event.c.id)
        .where(custody_event.c.kind == kind.value)
        .order_by(custody_event.c.at.desc(), custody_event.c.seq.desc())
        .limit(1)
        .scalar_subquery()
        for kind in _CHANGES
    ]
    return tuple(tx.execute(sa.select(*counts, *newest)).one())


def _entries(tx: Connection) -> Iterable[tuple[Fact, str, list[str]]]:
    for person in tx.execute(sa.select(account.c.id, account.c.display_name, account.c.badge)):
        yield Fact.WEARER, person.id, cut(f"{person.display_name} {person.badge or ''}")
    for camera in tx.execute(sa.select(device.c.id, device.c.serial, device.c.make, device.c.model)):
        yield Fact.DEVICE, camera.id, cut(f"{camera.serial} {camera.make or ''} {camera.model or ''}")
    for troop in tx.execute(sa.select(unit.c.id, unit.c.name)):
        yield Fact.UNIT, troop.id, cut(troop.name)
