"""The book: the law as it is applied here, made from the changes that came into force."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.law.errors import ChangeUnknown
from candor.law.model import Book, Pack, PackKind
from candor.law.reading import read_pack
from candor.law.tables import law_change, law_text
from candor.law.vocabulary import LawClass
from candor.verify.encoding import canonical_json

__all__ = ["CLASSES", "book_at", "book_now", "book_with", "make_book"]

#: Who knows what the agency's categories mean to the law: rooms above. What the last says of a category holds.
CLASSES: list[Callable[[Connection], Mapping[str, LawClass]]] = []

_IN_FORCE = "in-force"


def book_now(tx: Connection) -> Book:
    """The law as it is applied now. Without any change in force: a book without rules, by which nothing may be done."""
    return _book(tx, _changes(tx))


def book_at(tx: Connection, moment: datetime) -> Book:
    """The law as it was applied here at a moment. Before the first change: as the first left it.

    What categories mean to the law is taken as it is now; its changes stand in the custody log.
    """
    changes = _changes(tx)
    then = [change for change in changes if change.decided_at <= moment]
    return _book(tx, then or changes[:1])


def book_with(tx: Connection, change_id: str) -> Book:
    """The law as it would be applied were this change in force. Raises ChangeUnknown."""
    row = tx.execute(sa.select(law_change).where(law_change.c.id == change_id)).first()
    if row is None:
        raise ChangeUnknown(id=change_id)
    others = [change for change in _changes(tx) if change.id != change_id]
    return _book(tx, [*others, row])


def make_book(
    packs: Sequence[Pack],
    policy: Pack | None = None,
    adopted: frozenset[tuple[str, str]] = frozenset(),
    classes: Mapping[str, LawClass] | None = None,
) -> Book:
    """A book of these, with its identity. Packs are ordered by name; what is adopted counts only where a rule of just
    those words is in them."""
    ordered = tuple(sorted(packs, key=lambda pack: pack.id))
    present = {(rule.id, rule.sha256) for pack in ordered for rule in pack.rules}
    counted = frozenset(adopted & present)
    meanings = {name: LawClass(meaning) for name, meaning in sorted((classes or {}).items())}
    content: dict[str, Any] = {
        "adopted": sorted([list(one) for one in counted]),
        "classes": {name: meaning.value for name, meaning in meanings.items()},
        "packs": [[pack.id, pack.sha256] for pack in ordered],
        "policy": None if policy is None else policy.sha256,
    }
    book_id = hashlib.sha256(canonical_json(content)).hexdigest()
    return Book(ordered, policy, counted, meanings, book_id)


def _changes(tx: Connection) -> list[sa.Row[Any]]:
    """Those in force, in the order in which they came into force."""
    query = sa.select(law_change).where(law_change.c.state == _IN_FORCE).order_by(law_change.c.number)
    return list(tx.execute(query))


def _book(tx: Connection, changes: Sequence[sa.Row[Any]]) -> Book:
    packs: dict[str, str] = {}
    policy: str | None = None
    adopted: set[tuple[str, str]] = set()
    for change in changes:
        if change.kind == "policy":
            policy = change.text_sha256
        elif change.kind == "pack" and change.text_sha256 is None:
            packs.pop(change.pack_id, None)
        elif change.kind == "pack":
            packs[change.pack_id] = change.text_sha256
        elif change.kind == "adoption":
            adopted |= {(rule, sha256) for rule, sha256 in change.rules}
        elif change.kind == "withdrawal":
            adopted -= {(rule, sha256) for rule, sha256 in change.rules}
    classes: dict[str, LawClass] = {}
    for known in CLASSES:
        classes |= known(tx)
    # A meaning that came into force is told by the room above that keeps it; one that waits is only tried out.
    waiting = [change for change in changes if change.kind == "meaning" and change.state != _IN_FORCE]
    classes |= {name: LawClass(meaning) for change in waiting for name, meaning in change.rules}
    return make_book(
        [_text(tx, sha256) for sha256 in packs.values()],
        None if policy is None else _text(tx, policy),
        frozenset(adopted),
        classes,
    )


def _text(tx: Connection, sha256: str) -> Pack:
    row = tx.execute(sa.select(law_text).where(law_text.c.sha256 == sha256)).one()
    return _read(sha256, bytes(row.content), row.pack_id)


@lru_cache(maxsize=64)
def _read(sha256: str, content: bytes, name: str) -> Pack:
    """Reading costs tens of milliseconds, and a text of this hash is always the same."""
    del sha256
    pack = read_pack(content, name, earlier=True)
    assert pack.kind in PackKind
    return pack
