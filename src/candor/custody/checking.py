"""Checking the whole log: static files against the database, the database against what was signed, and mending files.

Nothing that was signed is written over before it was looked at: a published checkpoint of the log's own key that is
ahead of the database is the proof that the database was set back, and what `candor log recover` goes on from.
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.database import Database
from candor.custody.errors import LogDamaged
from candor.custody.forgetting import erased_without_order
from candor.custody.keys import check_signature
from candor.custody.leaves import leaves
from candor.custody.sequencer import Head, Sequencer, read_head
from candor.custody.state import SignedCheckpoint
from candor.custody.tables import log_checkpoint
from candor.custody.tile_files import LogFiles
from candor.custody.witnessing import Witnessing
from candor.verify.checkpoint import verify_checkpoint
from candor.verify.errors import VerifyError
from candor.verify.merkle import Frontier, leaf_hash
from candor.verify.note import Note, VerifierKey

__all__ = ["LogCheck", "newest_signed"]


def newest_signed(tx: Connection, *, covering: int = 0) -> SignedCheckpoint | None:
    """The newest witnessed checkpoint that covers the position, else the newest signed one."""
    query = (
        sa.select(log_checkpoint)
        .where(log_checkpoint.c.note.is_not(None), log_checkpoint.c.size > covering)
        .order_by(log_checkpoint.c.size.desc())
        .limit(1)
    )
    row = tx.execute(query.where(log_checkpoint.c.witnessed_at.is_not(None))).first() if covering else None
    row = row or tx.execute(query).first()
    if row is None:
        return None
    return SignedCheckpoint(row.size, row.root, row.note + row.cosignatures, bool(row.witnessed_at))


class LogCheck:
    """One check. `interval`: how often a sequencer that may be running publishes, in seconds."""

    def __init__(
        self, database: Database, files: LogFiles, sequencer: Sequencer, witnessing: Witnessing, interval: float
    ) -> None:
        self._database = database
        self._files = files
        self._sequencer = sequencer
        self._witnessing = witnessing
        self._interval = interval

    def run(self, *, repair: bool) -> list[str]:
        """Gives the paths that differed (mended when `repair`); raises LogDamaged or LogBehind for what cannot be
        mended, LogBehind before a file is touched."""
        self._witnessing.hear_all_again()
        if repair:
            with self._sequencer.turn():
                if self._published_by(self._sequencer.verifier):
                    self._sequencer.guard(self._witnessing.latest(self._sequencer.verifier))
                head, newest, wrong = self._compare()
                if wrong:
                    self._sequencer.rewrite(head.tiles_size)
                wrong += self._published_is_wrong(mend=True)
        else:
            head, newest, wrong = self._compare()
            wrong += self._published_is_wrong(mend=False)
        self._sequencer.guard(self._witnessing.latest(self._sequencer.verifier))
        if newest is not None:
            verify_checkpoint(Note.parse(newest.note), [VerifierKey.parse(head.vkey)], check_signature)
            self._recompute(newest)
        with self._database.read() as tx:
            if empty := erased_without_order(tx):
                raise LogDamaged(reason=f"what the event {empty[0]} said is gone, and no order that erased it is known")
        return wrong

    def _compare(self) -> tuple[Head, SignedCheckpoint | None, list[str]]:
        with self._database.read() as tx:
            head = read_head(tx)
            assert head is not None, "who is sequenced exists"
            return head, newest_signed(tx), list(self._files.compare(tx, head.tiles_size))

    def _published_by(self, key: VerifierKey) -> bool:
        """Whether the published checkpoint is one that this key signed; anything else may be written over."""
        try:
            data = self._files.checkpoint()
            if data is not None:
                verify_checkpoint(Note.parse(data), [key], check_signature)
        except VerifyError:
            return False
        return data is not None

    def _published_is_wrong(self, *, mend: bool) -> list[str]:
        """["checkpoint"] when the published file is not one that was signed, or is behind while nothing runs."""
        with self._database.read() as tx:
            newest = newest_signed(tx)
        if newest is None or self._files.checkpoint() == newest.note.encode():
            return []
        time.sleep(2 * self._interval)  # a running sequencer may be between storing and publishing
        with self._database.read() as tx:
            newest = newest_signed(tx)
        if newest is None or self._files.checkpoint() == newest.note.encode():
            return []
        if mend:
            self._files.publish(newest.note)
        return ["checkpoint"]

    def _recompute(self, checkpoint: SignedCheckpoint) -> None:
        """The root from the entries themselves: the database's leaves against what was signed."""
        frontier = Frontier()
        with self._database.read() as tx:
            for leaf in leaves(tx, 0, checkpoint.size):
                frontier.append(leaf_hash(leaf.encode()))
        if frontier.size != checkpoint.size or frontier.root() != checkpoint.root:
            raise LogDamaged(reason=f"the entries in the database do not give the root signed at size {frontier.size}")
