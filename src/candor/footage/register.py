"""The register of derivatives and references: everything that keeps something of a recording, and what becomes of it.

Rules it keeps:

1. Whatever keeps something of a recording, in rows or in sealed objects, stands here as a `Kept`, or as a table that
   keeps nothing of it, with the reason. A purge walks the register; so does an order of erasure.
2. A room registers its own kinds where its module is loaded, and the installation loads them all. `unregistered` finds
   tables and kinds of objects that nobody registered; a test fails on the first.
3. What is destroyed goes in the purge's own transaction. What stays is said in words, with the reason.

A room that makes something new of footage registers it:

    register(Kept(
        name="transcripts",
        words="what was said in it, written out",
        goes="the text and its words in the search",
        stays="nothing",
        tables=frozenset({"transcript"}),
        objects=lambda tx, recording_id: {…object id: kind…},
        forget=lambda tx, recording_id: …,
    ))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.store.tables import vault_object

__all__ = [
    "NAMING",
    "Digest",
    "Kept",
    "all_kept",
    "empty",
    "events_of",
    "forget",
    "keeps_nothing",
    "kinds_in",
    "names_footage",
    "objects_of",
    "of_no_footage",
    "references_to",
    "register",
    "registered_tables",
    "unregistered_kinds",
    "unregistered_tables",
]

#: Turns what could be recognised (a hash, a name) into what only this site can recognise: a keyed digest of 32 bytes.
Digest = Callable[[bytes], bytes]
#: A column of this name says that its row is about footage.
NAMING = frozenset(
    {
        *("recording_id", "part_id", "object_id", "object_ids", "sidecar_id", "rendition_id", "small_object_id"),
        *("recording_ids", "regrouped_into", "restriction_id", "into_recording"),
    }
)
_FOOTAGE = frozenset({"recording", "part", "sidecar", "rendition", "vault_object"})


def _no_objects(_tx: Connection, _recording_id: str) -> dict[str, str]:
    return {}


def _nothing(_tx: Connection, _recording_id: str) -> None:
    return None


def _nothing_more(_tx: Connection, _recording_id: str, _digest: Digest) -> None:
    return None


def _none(_tx: Connection, _recording_id: str) -> list[str]:
    return []


@dataclass(frozen=True)
class Kept:
    """One kind of thing that keeps something of a recording.

    `words`: what it keeps; `goes`: what a purge destroys of it; `stays`: what stays after one, and why. `tables` and
    `kinds` (of sealed objects): what it answers for. `objects`: its sealed objects that show the recording, with their
    kinds; their keys are destroyed. `by_order`: sealed objects that tell of it, whose keys an order of erasure destroys
    too. `forget`: what a purge takes out of the rows. `erase`: what an order of erasure
    takes besides. `events`: custody events that tell of this recording without being its own. `refers`: in words, what
    would be left pointing at it, for whoever decides about a purge.
    """

    name: str
    words: str
    goes: str
    stays: str
    tables: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    objects: Callable[[Connection, str], Mapping[str, str]] = _no_objects
    by_order: Callable[[Connection, str], Mapping[str, str]] = _no_objects
    forget: Callable[[Connection, str], None] = _nothing
    erase: Callable[[Connection, str, Digest], None] = _nothing_more
    events: Callable[[Connection, str], list[str]] = _none
    refers: Callable[[Connection, str], list[str]] = _none


_KEPT: dict[str, Kept] = {}
_OF_NO_FOOTAGE: dict[str, str] = {}


def register(kept: Kept) -> Kept:
    """Enter a kind. The same name again takes the place of what was entered before: a module was loaded twice."""
    _KEPT[kept.name] = kept
    return kept


def keeps_nothing(table: str, why: str) -> None:
    """Say of a table that names footage that it keeps nothing of it, and why a purge may leave it alone."""
    _OF_NO_FOOTAGE[table] = why


def all_kept() -> tuple[Kept, ...]:
    """Every kind, the rooms above first: what they keep is found by what the rooms below keep."""
    return tuple(reversed(_KEPT.values()))


def of_no_footage() -> Mapping[str, str]:
    """Tables that name footage and keep nothing of it, with the reason."""
    return dict(_OF_NO_FOOTAGE)


def objects_of(tx: Connection, recording_id: str, *, by_order: bool = False) -> dict[str, str]:
    """Every sealed object that shows the recording, with its kind, by identifier; `by_order`: and those that tell of
    it."""
    found: dict[str, str] = {}
    for kept in all_kept():
        found |= kept.objects(tx, recording_id)
        if by_order:
            found |= kept.by_order(tx, recording_id)
    return dict(sorted(found.items()))


def forget(tx: Connection, recording_id: str) -> None:
    """Take out of the rows what must not outlive the recording."""
    for kept in all_kept():
        kept.forget(tx, recording_id)


def empty(tx: Connection, recording_id: str, digest: Digest) -> None:
    """Take out of the rows what an order of erasure takes besides."""
    for kept in all_kept():
        kept.erase(tx, recording_id, digest)


def events_of(tx: Connection, recording_id: str) -> list[str]:
    """Custody events that tell of the recording without being its own."""
    return sorted({event for kept in all_kept() for event in kept.events(tx, recording_id)})


def references_to(tx: Connection, recording_id: str) -> list[str]:
    """In words, what refers to the recording; shown before a purge."""
    return [words for kept in all_kept() for words in kept.refers(tx, recording_id)]


def registered_tables() -> frozenset[str]:
    """Every table that a kind answers for, or that keeps nothing."""
    return frozenset().union(*(kept.tables for kept in _KEPT.values()), _OF_NO_FOOTAGE)


def names_footage(table: sa.Table) -> bool:
    """Whether the rows of a table are about footage: by the name of a column, or by what one points at."""
    if table.name in _FOOTAGE or NAMING & {column.name for column in table.columns}:
        return True
    return any(key.column.table.name in _FOOTAGE for key in table.foreign_keys)


def unregistered_tables(tables: Iterable[sa.Table]) -> list[str]:
    """Tables about footage that nobody registered."""
    known = registered_tables()
    return sorted(one.name for one in tables if names_footage(one) and one.name not in known)


def unregistered_kinds(kinds: Iterable[str]) -> list[str]:
    """Kinds of sealed objects that nobody registered. What stands after a slash is of one object: `repaired/…`."""
    known = frozenset[str]().union(*(kept.kinds for kept in _KEPT.values()))
    return sorted({kind for kind in kinds if kind.partition("/")[0] not in known})


def kinds_in(tx: Connection) -> list[str]:
    """The kinds of sealed objects that there are here."""
    return sorted(tx.scalars(sa.select(vault_object.c.kind).distinct()))
