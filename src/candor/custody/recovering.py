"""Rebuilding the log's head from a surviving copy, after an older database was restored.

Rules it keeps:

1. Nothing is signed here. What is taken in was signed before; the sequencer goes on from there, and its guard looks
   at it as at everything else.
2. A copy counts as far as its files fold into a checkpoint that the log's own key signed. The newest such checkpoint
   that is known from anywhere (marker, published file, copies, witnesses) must be reached: less would be a fork.
3. Entries that the database has must stand in the copy at the same places. Events without a place that the copy knows
   get it; entries that no event here belongs to are kept as lost ones; the rest goes behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import NotFound
from candor.custody.errors import LogNotRecoverable, NothingToRecover, WitnessSilent
from candor.custody.events import Event
from candor.custody.evidence import (
    HAND_OVER,
    TAKE_IN,
    WHOLE,
    CopyFound,
    Known,
    Plan,
    examine,
    first_difference,
    not_in_tree,
    two_histories,
)
from candor.custody.keys import check_signature, read_marker, write_marker
from candor.custody.leaves import leaves
from candor.custody.lost import keep_lost
from candor.custody.record import append
from candor.custody.sequencer import Head, read_head
from candor.custody.state import key_problem
from candor.custody.surviving import Copy, Together
from candor.custody.tables import custody_event, custody_lost_entry, log_checkpoint, log_head, log_node
from candor.custody.tile_files import LogFiles
from candor.custody.witnessing import Witnessing
from candor.verify.checkpoint import Checkpoint, verify_checkpoint
from candor.verify.errors import VerifyError
from candor.verify.merkle import Frontier, leaf_hash
from candor.verify.note import Note, VerifierKey
from candor.verify.tiles import TileReader


class Recovery:
    """Looks at everything that is left of a log, and takes a copy in."""

    def __init__(self, database: Database, files: LogFiles, keys: Path, clock: Clock, witnessing: Witnessing) -> None:
        self._database = database
        self._files = files
        self._keys = keys
        self._clock = clock
        self._witnessing = witnessing

    # -- looking ------------------------------------------------------------------------------------------------
    def plan(self, places: Sequence[str] = ()) -> Plan:
        """What there is and what can be done. Changes nothing of the log. Raises NotFound before the log exists."""
        return self._look(places)[0]

    def _look(self, places: Sequence[str]) -> tuple[Plan, TileReader | None]:
        with self._database.read() as tx:
            head = read_head(tx)
            if head is None:
                raise NotFound(what="custody log", id="here")
            signed = _newest_signed(tx)
        own = str(self._files.folder)
        copies = [Copy(place) for place in dict.fromkeys([own, *places])]
        known, refused = self._known(VerifierKey.parse(head.vkey), signed, copies)
        newest = max(known, key=lambda one: one.checkpoint.size, default=None)
        found: list[CopyFound] = []
        best: tuple[str, TileReader] | None = None
        if newest is not None:
            together: list[Copy | Together] = [Together(copies)] if len(copies) > 1 else []
            for copy in [*copies, *together]:
                state, reader = examine(copy, newest.checkpoint, known, refused.get(copy.place))
                if not isinstance(copy, Together) or (reader is not None and best is None):
                    found.append(state)
                best = best or (None if reader is None else (copy.place, reader))
        signed_size = 0 if signed is None else signed.size
        verdict = self._verdict(head, signed_size, newest, known, best)
        return (
            Plan(
                origin=head.origin,
                vkey=head.vkey,
                size=head.size,
                root=head.frontier.root(),
                signed=signed_size,
                newest=newest,
                known=tuple(known),
                copies=tuple(
                    found or [CopyFound(c.place, None, refused.get(c.place, "it has no checkpoint")) for c in copies]
                ),
                silent=self._witnessing.silent(),
                key_problem=key_problem(self._keys, head.vkey),
                way=verdict.way,
                why=verdict.why,
                place=None if best is None or verdict.way != TAKE_IN else best[0],
                first=verdict.first,
                missing=verdict.missing,
            ),
            None if best is None else best[1],
        )

    def _known(
        self, key: VerifierKey, signed: sa.Row[tuple[int, bytes, str]] | None, copies: Sequence[Copy]
    ) -> tuple[list[Known], dict[str, str]]:
        """Every checkpoint of the log's key that is to be had, and what is wrong with those of copies."""
        notes: list[tuple[str, Note]] = []
        refused: dict[str, str] = {}
        if signed is not None:
            notes.append(("the database", Note.parse(signed.note + signed.cosignatures)))
        marker = read_marker(self._keys)
        if marker is not None:
            notes.append(("the marker beside the log's key", marker))
        for copy in copies:
            try:
                note = copy.checkpoint()
            except VerifyError as error:
                refused[copy.place] = str(error)
                continue
            if note is None:
                refused[copy.place] = "it has no checkpoint"
            else:
                notes.append((copy.place, note))
        self._witnessing.hear_all_again()
        notes += self._witnessing.latest_notes(key)
        known = []
        for where, note in notes:
            try:
                known.append(Known(where, note, verify_checkpoint(note, [key], check_signature)))
            except VerifyError as error:
                refused[where] = f"its checkpoint is not one that this log signed: {error}"
        return known, refused

    def _verdict(
        self,
        head: Head,
        signed: int,
        newest: Known | None,
        known: Sequence[Known],
        best: tuple[str, TileReader] | None,
    ) -> _Verdict:
        if newest is None:
            return _Verdict(WHOLE, "nothing of this log was ever signed, as far as is known")
        forked = two_histories(known)
        if forked is not None:
            return _Verdict(HAND_OVER, forked)
        size = newest.checkpoint.size
        with self._database.read() as tx:
            if best is None:
                if size <= head.size and _roots(tx, size) == newest.checkpoint.root:
                    return _Verdict(
                        WHOLE, f"the database has every entry up to the newest checkpoint known, of {size:,}"
                    )
                if size <= head.size:
                    return _Verdict(
                        HAND_OVER, f"the database has another history than the one signed at {size:,} entries"
                    )
                return _Verdict(
                    HAND_OVER,
                    f"{newest.where} shows that {size:,} entries were signed; the database has {head.size:,} of them, "
                    "and no copy that was given holds the rest",
                )
            place, reader = best
            forked = not_in_tree(known, reader, place)
            if forked is not None:
                return _Verdict(HAND_OVER, forked)
            upto = min(head.size, size)
            first = first_difference(leaves(tx, 0, upto), reader.entries(0, upto), upto)
        if first is None and size <= head.size:
            return _Verdict(WHOLE, f"the database has every entry up to the newest checkpoint known, of {size:,}")
        if first is not None and first < signed:
            return _Verdict(
                HAND_OVER,
                f"entry {first:,} is another one in the database than in {place}, and the database signed {signed:,} "
                "entries: the key signed two histories, and no log can hold both",
            )
        first = head.size if first is None else first
        why = f"{place} holds all {size:,} entries that were signed; the database has the first {first:,} of them"
        return _Verdict(TAKE_IN, why, first, size - first)

    # -- acting ------------------------------------------------------------------------------------------------
    def take_in(self, places: Sequence[str] = (), *, actor: str, despite_silence: bool = False) -> Plan:
        """Rebuild the head from the copy that the plan names; the caller has the turn.

        A witness that does not answer may know a newer checkpoint than any here, and going on from an older one would
        be a fork: without `despite_silence` every witness must have answered. One transaction; the static files are
        laid anew by the next pass. Raises NothingToRecover, LogNotRecoverable, WitnessSilent.
        """
        plan, reader = self._look(places)
        if plan.way == WHOLE:
            raise NothingToRecover(reason=plan.why)
        if plan.way != TAKE_IN or reader is None or plan.newest is None or plan.place is None:
            unfit = "; ".join(f"{one.place}: {one.words}" for one in plan.copies)
            raise LogNotRecoverable(reason=plan.why + (f" ({unfit})" if unfit else ""))
        if plan.silent and not despite_silence:
            raise WitnessSilent(names=", ".join(plan.silent))
        tail = [entry.decode() for entry in reader.entries(plan.first)]
        with self._database.write() as tx:
            head = read_head(tx, held=True)
            if head is None or (head.size, head.vkey) != (plan.size, plan.vkey):
                raise LogNotRecoverable(reason="another process changed the log in the same moment; try again")
            self._write(tx, plan, plan.newest, tail, actor)
        marker = read_marker(self._keys)
        if marker is None or Checkpoint.parse(marker.text).size < plan.newest.checkpoint.size:
            write_marker(self._keys, Note(plan.newest.note.text, plan.newest.note.signatures))
        return plan

    def _write(self, tx: Connection, plan: Plan, newest: Known, tail: list[str], actor: str) -> None:
        checkpoint = newest.checkpoint
        # Places beyond what the copy shares were given and never signed: their events go behind.
        tx.execute(custody_event.update().where(custody_event.c.position >= plan.first).values(position=None))
        tx.execute(custody_lost_entry.delete().where(custody_lost_entry.c.position >= plan.first))
        waiting = {
            row.leaf: row.seq
            for row in tx.execute(
                sa.select(custody_event.c.seq, custody_event.c.leaf).where(custody_event.c.position.is_(None))
            )
        }
        lost: list[tuple[int, str]] = []
        for position, leaf in enumerate(tail, plan.first):
            seq = waiting.pop(leaf, None)
            if seq is None:
                lost.append((position, leaf))
            else:
                tx.execute(custody_event.update().where(custody_event.c.seq == seq).values(position=position))
        linked, recordings = keep_lost(tx, lost, actor=actor, clock=self._clock)
        self._set_head(tx, plan, newest)
        append(
            tx,
            Event.LOG_RECOVERED,
            actor=actor,
            details={
                "from": plan.place,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "checkpoint": newest.where,
                "database_size": plan.size,
                "found": len(tail) - len(lost),
                "lost": len(lost),
                "linked": linked,
                "recordings": recordings,
            },
            clock=self._clock,
        )

    def _set_head(self, tx: Connection, plan: Plan, newest: Known) -> None:
        frontier = Frontier()
        for leaf in leaves(tx, 0, newest.checkpoint.size):
            frontier.append(leaf_hash(leaf.encode()))
        if (frontier.size, frontier.root()) != (newest.checkpoint.size, newest.checkpoint.root):
            raise LogNotRecoverable(reason="the entries of the database and the copy together do not give the root")
        # Tiles and the hashes above them are laid anew, all of them: which of them the files have is not known.
        tx.execute(log_node.delete())
        tx.execute(
            log_head.update()
            .where(log_head.c.id == 1)
            .values(size=frontier.size, frontier=b"".join(frontier.hashes), tiles_size=0, refusal=None)
        )
        tx.execute(log_checkpoint.delete().where(log_checkpoint.c.size > plan.first, log_checkpoint.c.note.is_(None)))
        for known in {one.checkpoint.size: one for one in plan.known}.values():
            notes = [one.note for one in plan.known if one.checkpoint == known.checkpoint]
            _keep_checkpoint(tx, VerifierKey.parse(plan.vkey), known, notes)


@dataclass(frozen=True)
class _Verdict:
    way: str
    why: str
    first: int = 0
    missing: int = 0


def _newest_signed(tx: Connection) -> sa.Row[tuple[int, bytes, str]] | None:
    return tx.execute(
        sa.select(log_checkpoint)
        .where(log_checkpoint.c.note.is_not(None))
        .order_by(log_checkpoint.c.size.desc())
        .limit(1)
    ).first()


def _roots(tx: Connection, size: int) -> bytes:
    frontier = Frontier()
    for leaf in leaves(tx, 0, size):
        frontier.append(leaf_hash(leaf.encode()))
    return frontier.root()


def _keep_checkpoint(tx: Connection, key: VerifierKey, known: Known, notes: Sequence[Note]) -> None:
    """A checkpoint that was signed before, with every cosignature found; when it was signed is not known any more."""
    row = tx.execute(sa.select(log_checkpoint.c.note).where(log_checkpoint.c.size == known.checkpoint.size)).first()
    if row is not None and row.note is not None:
        return
    tx.execute(log_checkpoint.delete().where(log_checkpoint.c.size == known.checkpoint.size))
    signatures = dict.fromkeys(signature for note in notes for signature in note.signatures)
    own = [signature for signature in signatures if signature.is_by(key)]
    tx.execute(
        log_checkpoint.insert(),
        {
            "size": known.checkpoint.size,
            "root": known.checkpoint.root,
            "text": known.note.text,
            "note": Note(known.note.text, tuple(own[:1])).format(),
            "cosignatures": "".join(one.format() + "\n" for one in signatures if one not in own),
        },
    )
