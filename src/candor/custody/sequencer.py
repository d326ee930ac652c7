"""The sequencer: gives waiting events their places, writes the tiles, signs the checkpoint, publishes it.

Rules it keeps (each step may be repeated after a crash and then gives identical bytes):

1. One at a time over all threads and processes: whoever holds the turn (`turn`) runs every step.
2. Database commit of positions and head first; then tiles and bundles, each fsynced; then the checkpoint that is
   to be signed goes into the database; then it is signed, the marker beside the key written, the note stored;
   last of all the file `checkpoint` is replaced. A reader never sees a checkpoint whose tiles are missing.
3. Nothing is signed that does not extend what was signed before (`guard`). When behind, nothing is sequenced
   either, so that published tiles are never overwritten; events stay recorded and waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.custody.errors import LogBehind, LogDisturbed
from candor.custody.events import Event
from candor.custody.keys import LogKey
from candor.custody.leaves import leaves
from candor.custody.record import append
from candor.custody.surroundings import FILES, ClockWatch, end
from candor.custody.tables import custody_event, log_checkpoint, log_head, log_node, log_problem
from candor.custody.tile_files import LogFiles
from candor.custody.turn import hold_turn
from candor.verify.checkpoint import Checkpoint
from candor.verify.errors import VerifyError
from candor.verify.merkle import Frontier, leaf_hash, root_of, tree_root
from candor.verify.note import VerifierKey
from candor.verify.tiles import TileReader

#: Events taken in by one transaction: large enough for a backlog, small enough to hold the write lock briefly.
BATCH = 2048

_MARKER = "the marker beside the log's key"

#: Entries whose tiles are laid in one step; a backlog, or a whole log laid anew, takes several.
LAID_AT_ONCE = 65_536

_logger = logging.getLogger("candor.custody")


@dataclass(frozen=True)
class Head:
    """The log as the database has it."""

    origin: str
    vkey: str
    frontier: Frontier
    tiles_size: int
    refusal: str | None

    @property
    def size(self) -> int:
        """Entries that have a place."""
        return self.frontier.size


@dataclass(frozen=True)
class Pass:
    """What one pass did: how many events it placed, the newest signed size, and whether events still wait."""

    placed: int
    signed_size: int
    more: bool


def read_head(tx: Connection, *, held: bool = False) -> Head | None:
    """The log's head, held against other writers until the transaction ends if asked; None before the log exists."""
    query = sa.select(log_head).where(log_head.c.id == 1)
    row = tx.execute(query.with_for_update() if held else query).first()
    if row is None:
        return None
    hashes = [row.frontier[at : at + 32] for at in range(0, len(row.frontier), 32)]
    return Head(row.origin, row.vkey, Frontier(row.size, hashes), row.tiles_size, row.refusal)


class Sequencer:
    """The steps, over one database, one folder of static files and one key."""

    def __init__(self, database: Database, files: LogFiles, key: LogKey, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._key = key
        self._clock = clock
        self._clock_watch = ClockWatch(clock)
        self._checked = False

    @property
    def verifier(self) -> VerifierKey:
        """Public key of the log that is sequenced."""
        return self._key.verifier

    @contextmanager
    def turn(self, *, wait: bool = True) -> Iterator[bool]:
        """Hold the turn over all processes; with `wait` false it yields False when somebody else has it."""
        with hold_turn(self._database, self._files.folder, wait=wait) as mine:
            yield mine

    def run_pass(self) -> Pass:
        """One pass through all steps; the caller holds the turn. Raises LogBehind when it must not sign, OSError when
        the files cannot be written."""
        with self._database.read() as tx:
            if _head(tx).vkey != self._key.verifier.format():  # handed over since this key was read
                raise LogDisturbed()
        # The database may be set back under a running process (failover, restore), so the marker is looked at in every
        # pass, and everything else once more after any refusal.
        try:
            if self._checked:
                self._extend_marker()
            else:
                self.guard()
        except LogBehind:
            self._checked = False
            raise
        self._checked = True
        placed, first_waiting = self._place()
        self._lay_tiles(first_waiting)
        signed = self._sign()
        with self._database.read() as tx:
            more = tx.execute(sa.select(custody_event.c.seq).where(custody_event.c.position.is_(None)).limit(1)).first()
            mended = tx.execute(sa.select(log_problem.c.kind).where(log_problem.c.kind == FILES)).first()
        if mended is not None:
            with self._database.write() as tx:
                end(tx, FILES)
            _logger.warning("custody log: its files can be written again; everything recorded meanwhile is published")
        return Pass(placed, signed, more is not None)

    # -- step 1: places -------------------------------------------------------------------------------------
    def _place(self) -> tuple[int, datetime | None]:
        with self._database.read() as tx:  # do not take the write lock when nothing waits
            if tx.execute(_WAITING.limit(1)).first() is None:
                return 0, None
        with self._database.write() as tx:
            head = _head(tx, held=True)  # a pass that lost its turn (connection gone) must not write over a newer one
            frontier = head.frontier
            rows = tx.execute(_WAITING).all()
            if not rows:
                return 0, None
            self._clock_watch.look(tx, [(row.seq, row.at) for row in rows])
            placed = []
            for row in rows:
                placed.append({"the_seq": row.seq, "the_position": frontier.size})
                frontier.append(leaf_hash(row.leaf.encode()))
            if tx.execute(_SET_POSITION, placed).rowcount not in (len(placed), -1):
                raise LogDisturbed()
            tx.execute(
                log_head.update()
                .where(log_head.c.id == 1)
                .values(size=frontier.size, frontier=b"".join(frontier.hashes))
            )
            return len(rows), min(row.at for row in rows)

    # -- step 2: tiles, then the checkpoint to be signed ------------------------------------------------------
    def _lay_tiles(self, first_waiting: datetime | None) -> None:
        while True:
            with self._database.read() as tx:
                head = _head(tx)
                known = tx.execute(sa.select(log_checkpoint.c.size).where(log_checkpoint.c.size == head.size)).first()
            if not self._files.has_edge(head.tiles_size):
                self._lay_anew(head.tiles_size)
            if known is not None and head.tiles_size == head.size:
                return
            size = min(head.size, head.tiles_size - head.tiles_size % LAID_AT_ONCE + LAID_AT_ONCE)
            with self._database.read() as tx:
                fresh = self._files.write_tiles(tx, head.tiles_size, size)
            self._laid(head, size, fresh, first_waiting if known is None else None, known=known is not None)
            self._files.drop_partials(head.tiles_size, size)
            if size == head.size:
                return

    def _laid(
        self, head: Head, size: int, fresh: list[dict[str, object]], first_waiting: datetime | None, *, known: bool
    ) -> None:
        """Tiles are on disk up to `size`; when that is all of them, the checkpoint is what is to be signed next."""
        with self._database.write() as tx:
            now = _head(tx, held=True)
            if (now.size, now.tiles_size) != (head.size, head.tiles_size):
                raise LogDisturbed()
            if fresh:
                tx.execute(log_node.insert(), fresh)
            tx.execute(log_head.update().where(log_head.c.id == 1).values(tiles_size=size))
            if size < head.size or known:
                return
            root = head.frontier.root()
            tx.execute(
                log_checkpoint.insert(),
                {
                    "size": size,
                    "root": root,
                    "text": Checkpoint(head.origin, size, root).format(),
                    "first_waiting_at": first_waiting,
                    "cosignatures": "",
                },
            )

    def _lay_anew(self, size: int) -> None:
        """The files are gone (an emptied folder, another disk): all of them once more from the database."""
        if self._files.checkpoint() is not None:
            _logger.warning("custody log: files are missing in %s; they are written anew", self._files.folder)
        else:
            _logger.warning("custody log: %s is empty; the log is written anew into it", self._files.folder)
        self.rewrite(size)

    def rewrite(self, size: int) -> None:
        """Write every tile and bundle of the first `size` entries anew from the database; the caller has the turn."""
        for old in range(0, size, LAID_AT_ONCE):
            with self._database.read() as tx:
                self._files.write_tiles(tx, old, min(old + LAID_AT_ONCE, size))

    # -- step 3: sign, store, publish ---------------------------------------------------------------------------
    def _sign(self) -> int:
        with self._database.read() as tx:
            unsigned = tx.execute(_NEWEST).first()
        if unsigned is None:
            return 0
        if unsigned.note is None:
            checkpoint = Checkpoint.parse(unsigned.text)
            self._extend_marker(before=checkpoint)
            note = self._key.sign(checkpoint).format()
            with self._database.write() as tx:
                tx.execute(
                    log_checkpoint.update()
                    .where(log_checkpoint.c.size == unsigned.size, log_checkpoint.c.note.is_(None))
                    .values(note=note, signed_at=self._clock.now())
                )
            self._files.publish(note)
        else:
            whole = unsigned.note + unsigned.cosignatures
            if self._files.checkpoint() != whole.encode():  # a stop or a full disk came between
                self._files.publish(whole)
        return int(unsigned.size)

    def _extend_marker(self, before: Checkpoint | None = None) -> None:
        """See that the database extends what the marker says was signed last, also just before signing."""
        last = self._key.last_signed()
        if last is None or last == before:
            return
        if before is not None and last.size >= before.size:
            self.refuse("something at least as large was signed before by the same key")
        with self._database.read() as tx:
            head = _head(tx)
        self._guard_one(head, _MARKER, last)

    # -- the guard ----------------------------------------------------------------------------------------------
    def guard(self, others: list[tuple[str, Checkpoint]] | None = None) -> None:
        """See that the database extends everything that is known to have been signed.

        Known are the marker beside the key, the published file, and `others` (what witnesses hold, each with the
        name of where it comes from). Raises LogBehind, and stores the refusal, when it does not.
        """
        known = list(others or [])
        last = self._key.last_signed()
        if last is not None:
            known.append((_MARKER, last))
        published = self._files.published()  # a damaged one says nothing, and is published anew
        if published is not None:
            known.append(("the published checkpoint", published))
        with self._database.read() as tx:
            head = _head(tx)
        for where, checkpoint in known:
            self._guard_one(head, where, checkpoint)
        if head.refusal is not None:
            with self._database.write() as tx:
                tx.execute(log_head.update().where(log_head.c.id == 1).values(refusal=None))

    def _guard_one(self, head: Head, where: str, known: Checkpoint) -> None:
        if known.origin != head.origin:
            self.refuse(f"{where} belongs to another log, {known.origin}")
        if known.size > head.size:
            self.refuse(f"{where} has {known.size} entries, the database only {head.size}: it was set back")
        with self._database.read() as tx:
            row = tx.execute(sa.select(log_checkpoint.c.root).where(log_checkpoint.c.size == known.size)).first()
        root = row.root if row is not None else self._root_at(head, known.size)
        if root != known.root:
            self.refuse(f"{where} has another root at size {known.size}: the history here is not the one it signed")

    def _root_at(self, head: Head, size: int) -> bytes:
        if size == head.size:
            return head.frontier.root()
        with self._database.read() as tx:
            newest = tx.execute(_NEWEST).first()
        if newest is not None and newest.size >= size:
            try:
                reader = TileReader(newest.size, newest.root, self._files.fetch)
                return tree_root(reader.read, size)
            except (VerifyError, OSError):  # files that are gone or wrong say nothing about the history
                pass
        with self._database.read() as tx:
            return root_of(leaf_hash(leaf.encode()) for leaf in leaves(tx, 0, size))

    def refuse(self, reason: str) -> NoReturn:
        """Store why nothing is signed, record it as an event once, and raise LogBehind."""
        with self._database.write() as tx:
            before = _head(tx).refusal
            if before != reason:
                tx.execute(log_head.update().where(log_head.c.id == 1).values(refusal=reason))
                append(tx, Event.LOG_REFUSED_TO_SIGN, actor="system:log", details={"reason": reason}, clock=self._clock)
        raise LogBehind(reason=reason)


_WAITING = (
    sa.select(custody_event.c.seq, custody_event.c.leaf, custody_event.c.at)
    .where(custody_event.c.position.is_(None))
    .order_by(custody_event.c.seq)
    .limit(BATCH)
)
_SET_POSITION = (
    custody_event.update()
    .where(custody_event.c.seq == sa.bindparam("the_seq"), custody_event.c.position.is_(None))
    .values(position=sa.bindparam("the_position"))
)
_NEWEST = sa.select(log_checkpoint).order_by(log_checkpoint.c.size.desc()).limit(1)


def _head(tx: Connection, *, held: bool = False) -> Head:
    head = read_head(tx, held=held)
    assert head is not None, "the log exists"
    return head
