"""Entries whose event is lost: to which recordings they belong, as far as the tag keys that are left can tell.

An entry's tag follows from the recording's tag key and the event's number. With the keys that the database still has,
the lost entries of a recording are found among all of them; what they say is gone with their salts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody.record import rotate_tag_key
from candor.custody.tables import custody_lost_entry, custody_subject, custody_tag_key
from candor.verify.errors import VerifyError
from candor.verify.leaf import parse_leaf, tag

#: Numbers looked for beyond the last one that was found under a tag key.
_MISSES = 3


@dataclass(frozen=True)
class LostEntry:
    """An entry whose event is lost. `n` and `epoch` are the event's number and tag key in the recording's history."""

    position: int
    leaf: str
    recording_id: str
    n: int
    epoch: int


def keep_lost(tx: Connection, lost: Sequence[tuple[int, str]], *, actor: str, clock: Clock) -> tuple[int, int]:
    """Store lost entries (position, leaf), each with the recording it belongs to where a tag key tells.

    A recording that has some gets its next number behind theirs, and a new tag key: the old one may have been handed
    out in an act that is lost. Gives how many entries were linked, and to how many recordings.
    """
    by_tag: dict[str, list[int]] = {}
    for number, (_, leaf) in enumerate(lost):
        try:
            by_tag.setdefault(parse_leaf(leaf.encode()).tag, []).append(number)
        except VerifyError:
            continue
    links: dict[int, tuple[str, int, int]] = {}
    for recording, epoch, n, found in _linked(tx, by_tag):
        links.update((number, (recording, n, epoch)) for number in found)
    if lost:
        tx.execute(
            custody_lost_entry.insert(),
            [
                dict(zip(_COLUMNS, (position, leaf, *links.get(number, (None, None, None))), strict=True))
                for number, (position, leaf) in enumerate(lost)
            ],
        )
    highest: dict[str, int] = {}
    for recording, n, _ in links.values():
        highest[recording] = max(n, highest.get(recording, n))
    for recording, n in sorted(highest.items()):
        tx.execute(
            custody_subject.update()
            .where(custody_subject.c.recording_id == recording, custody_subject.c.next_n <= n)
            .values(next_n=n + 1)
        )
        rotate_tag_key(tx, recording, actor=actor, clock=clock)
    return len(links), len(highest)


_COLUMNS = ("position", "leaf", "recording_id", "n", "epoch")


def _linked(tx: Connection, by_tag: Mapping[str, list[int]]) -> Iterator[tuple[str, int, int, list[int]]]:
    """(recording, epoch, n, places in `lost`) of every tag that a key here gives and a lost entry carries."""
    rows = tx.execute(
        sa.select(custody_tag_key, custody_subject.c.next_n)
        .join(custody_subject, custody_subject.c.recording_id == custody_tag_key.c.recording_id)
        .order_by(custody_tag_key.c.recording_id, custody_tag_key.c.epoch)
    )
    for row in rows:
        n, misses = row.first_n, 0
        while n < row.next_n or misses < _MISSES:
            found = by_tag.get(tag(row.tag_key, n))
            if found:
                yield row.recording_id, row.epoch, n, found
            misses = 0 if found or n < row.next_n else misses + 1
            n += 1


def lost_of(tx: Connection, recording: str) -> list[LostEntry]:
    """The lost entries of a recording that are known, by number and place."""
    rows = tx.execute(
        sa.select(custody_lost_entry)
        .where(custody_lost_entry.c.recording_id == recording)
        .order_by(custody_lost_entry.c.n, custody_lost_entry.c.position)
    )
    return [LostEntry(row.position, row.leaf, row.recording_id, row.n, row.epoch) for row in rows]
