"""Logs that ended with a handover: their entries, and proofs that still hold under their last checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.database import Database
from candor.core.errors import NotFound
from candor.custody.errors import NotYetInLog
from candor.custody.record import CustodyEvent
from candor.custody.tables import custody_event, log_old_checkpoint, log_old_place
from candor.custody.tile_files import LogFiles
from candor.verify.merkle import inclusion_proof
from candor.verify.note import Note
from candor.verify.tiles import TileReader
from candor.verify.tlogproof import TlogProof

#: Folder, in the log's, of the logs that ended: old/1, old/2, …
OLD_FOLDER = "old"


class OldLeaves:
    """The entries that a log which ended had, as far as they were carried."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, tx: Connection, start: int, end: int) -> Iterator[str]:
        place = log_old_place.c
        rows = tx.execute(
            sa.select(sa.func.coalesce(place.leaf, custody_event.c.leaf).label("leaf"))
            .select_from(log_old_place.outerjoin(custody_event, custody_event.c.seq == place.seq))
            .where(place.log == self._number, place.position >= start, place.position < end)
            .order_by(place.position)
        )
        for row in rows.yield_per(2000):
            yield row.leaf


def old_proofs(database: Database, files: LogFiles, number: int, events: Sequence[CustodyEvent]) -> list[TlogProof]:
    """Proofs of events under the newest checkpoint that is left of log `number` (1 is the first), a witnessed one if
    there is one; checked with that log's key. `files` are those of the present log.

    Raises NotFound when there was no such log, NotYetInLog for an event that had no place in it.
    """
    with database.read() as tx:
        kept = log_old_checkpoint.c
        newest = tx.execute(
            sa.select(log_old_checkpoint)
            .where(kept.log == number)
            .order_by(kept.witnessed_at.is_(None), kept.size.desc())
            .limit(1)
        ).first()
        places: dict[str, int] = {
            row.id: row.position
            for row in tx.execute(
                sa.select(custody_event.c.id, log_old_place.c.position)
                .join(log_old_place, log_old_place.c.seq == custody_event.c.seq)
                .where(log_old_place.c.log == number, custody_event.c.id.in_([event.id for event in events]))
            )
        }
    if newest is None:
        raise NotFound(what="log that ended", id=number)
    folder = files.folder / OLD_FOLDER / str(number)
    reader = TileReader(newest.size, newest.root, LogFiles(folder, OldLeaves(number)).fetch)
    note = Note.parse(newest.note + newest.cosignatures)
    proofs = []
    for event in events:
        position = places.get(event.id)
        if position is None or position >= newest.size:
            raise NotYetInLog(id=event.id)
        hashes = tuple(inclusion_proof(reader.read, position, newest.size))
        proofs.append(TlogProof(position, hashes, note, event.opening.encode()))
    return proofs
