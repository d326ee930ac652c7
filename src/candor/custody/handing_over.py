"""Handing over: a new log follows one that cannot go on, and says so for everybody to see.

Rules it keeps:

1. The new log has an origin and a key of its own. Its first entry, `log:handed-over`, names the old log, the newest
   checkpoint known to have been signed, and what was carried; the same stands in a signed note, published beside the
   new log's checkpoint.
2. Every entry of the old log that is still here is carried into the new one, in the old order, behind that first
   entry. So a package made afterwards is proven by the new log alone, and one handed out before by the old alone.
3. The old log never signs again: its key is put aside under another name and signs nothing but the note.
4. One transaction; what follows on disk (keys, files) may be repeated after a crash and is done before anything is
   sequenced.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.core.database import Database
from candor.core.files import make_folder, sync_folder, write_durably
from candor.custody.errors import HandoverNotNeeded, HandoverWrong, LogDisturbed, LogKeyMissing, LogKeyWrong
from candor.custody.events import Event
from candor.custody.evidence import TAKE_IN, Plan
from candor.custody.keys import LogKey, adopt_next
from candor.custody.leaves import leaves
from candor.custody.old_logs import OLD_FOLDER, OldLeaves
from candor.custody.record import append
from candor.custody.sequencer import read_head
from candor.custody.tables import (
    custody_event,
    custody_lost_entry,
    log_checkpoint,
    log_head,
    log_node,
    log_old,
    log_old_checkpoint,
    log_old_place,
    log_witness,
)
from candor.custody.tile_files import LogFiles
from candor.verify.errors import VerifyError
from candor.verify.handover import Handover, VerifiedHandover
from candor.verify.merkle import Frontier, leaf_hash
from candor.verify.note import Note, VerifierKey
from candor.verify.tiles import TileReader

#: Name of the newest handover's statement in the log's folder.
HANDOVER_FILE = "handover"


def hand_over(
    database: Database, keys: Path, clock: Clock, plan: Plan, *, actor: str, reason: str, origin: str | None
) -> VerifiedHandover:
    """Open the new log in the database; `settle_handover` puts keys and files in their places. The caller has the
    turn. Raises HandoverNotNeeded while the old log can be recovered, HandoverWrong for a reason or origin that
    cannot be used."""
    if plan.way == TAKE_IN:
        raise HandoverNotNeeded(place=plan.place)
    old = VerifierKey.parse(plan.vkey)
    at = clock.now()
    try:
        key = LogKey.create_next(keys, origin or next_origin(plan.origin))
        handover = _handover(plan, old, key.verifier, at, reason)
    except ValueError as error:
        raise HandoverWrong(reason=str(error)) from error
    note = key.sign_statement(handover.format())
    try:
        note = Note(note.text, note.signatures + LogKey.load(keys, plan.vkey).sign_statement(note.text).signatures)
        by_old = True
    except (LogKeyMissing, LogKeyWrong):
        by_old = False
    with database.write() as tx:
        head = read_head(tx, held=True)
        if head is None or (head.size, head.vkey) != (plan.size, plan.vkey):
            raise LogDisturbed()
        number = (tx.execute(sa.select(sa.func.max(log_old.c.number))).scalar() or 0) + 1
        _keep_old(tx, number, plan, handover, note, at)
        _move_behind_first(tx)
        _append_first(tx, plan, handover, note, actor=actor, by_old=by_old, clock=clock)
        _begin_head(tx, key.verifier, plan.size + 1)
    return VerifiedHandover(handover, by_old)


def next_origin(origin: str) -> str:
    """The name of the log after `origin`: `…/2` after the first, then `…/3`."""
    found = re.fullmatch(r"(.+)/([1-9][0-9]*)", origin)
    return f"{origin}/2" if found is None else f"{found[1]}/{int(found[2]) + 1}"


def _handover(plan: Plan, old: VerifierKey, new: VerifierKey, at: datetime, reason: str) -> Handover:
    last = plan.newest.checkpoint if plan.newest is not None else None
    return Handover(
        old=old,
        new=new,
        last_size=0 if last is None else last.size,
        last_root=Frontier().root() if last is None else last.root,
        carried_size=plan.size,
        carried_root=plan.root,
        at=iso(at),
        reason=" ".join(reason.split()),
    )


# -- in the database ------------------------------------------------------------------------------------------------
def _keep_old(tx: Connection, number: int, plan: Plan, handover: Handover, note: Note, at: datetime) -> None:
    """The old log's head, checkpoints and places, in tables of their own."""
    tx.execute(
        log_old.insert(),
        {
            "number": number,
            "origin": plan.origin,
            "vkey": plan.vkey,
            "size": plan.size,
            "root": plan.root,
            "last_size": handover.last_size,
            "last_root": handover.last_root,
            "last_note": None if plan.newest is None else plan.newest.note.format(),
            "statement": note.format(),
            "reason": handover.reason,
            "ended_at": at,
            "settled": False,
        },
    )
    kept = ("size", "root", "note", "cosignatures", "signed_at", "witnessed_at")
    tx.execute(
        log_old_checkpoint.insert().from_select(
            ["log", *kept],
            sa.select(sa.literal(number), *(log_checkpoint.c[name] for name in kept)).where(
                log_checkpoint.c.note.is_not(None)
            ),
        )
    )
    placed = custody_event.c.position.is_not(None)
    tx.execute(
        log_old_place.insert().from_select(
            ["log", "position", "seq"],
            sa.select(sa.literal(number), custody_event.c.position, custody_event.c.seq).where(placed),
        )
    )
    tx.execute(
        log_old_place.insert().from_select(
            ["log", "position", "leaf"],
            sa.select(sa.literal(number), custody_lost_entry.c.position, custody_lost_entry.c.leaf),
        )
    )
    tx.execute(log_checkpoint.delete())
    tx.execute(log_node.delete())
    tx.execute(log_witness.update().values(size=0, cosigned_at=None))


def _move_behind_first(tx: Connection) -> None:
    """Every place by one further; in two steps, so that no two entries have the same place in between."""
    for table in (custody_event, custody_lost_entry):
        position = table.c.position
        tx.execute(table.update().where(position >= 0).values(position=-position - 2))
        tx.execute(table.update().where(position < 0).values(position=-position - 1))


def _append_first(
    tx: Connection, plan: Plan, handover: Handover, note: Note, *, actor: str, by_old: bool, clock: Clock
) -> None:
    event_id = append(
        tx,
        Event.LOG_HANDED_OVER,
        actor=actor,
        details={
            "old_origin": handover.old.name,
            "old_vkey": handover.old.format(),
            "new_vkey": handover.new.format(),
            "last_size": handover.last_size,
            "last_root": handover.last_root.hex(),
            "last_checkpoint": None if plan.newest is None else plan.newest.note.format(),
            "last_known_from": None if plan.newest is None else plan.newest.where,
            "carried_size": handover.carried_size,
            "carried_root": handover.carried_root.hex(),
            "reason": handover.reason,
            "statement": note.format(),
            "signed_by_old_key": by_old,
        },
        clock=clock,
    )
    tx.execute(custody_event.update().where(custody_event.c.id == event_id).values(position=0))


def _begin_head(tx: Connection, key: VerifierKey, size: int) -> None:
    frontier = Frontier()
    for leaf in leaves(tx, 0, size):
        frontier.append(leaf_hash(leaf.encode()))
    if frontier.size != size:
        raise HandoverWrong(reason=f"the database holds {frontier.size - 1:,} entries of the old log, not {size - 1:,}")
    tx.execute(
        log_head.update()
        .where(log_head.c.id == 1)
        .values(
            origin=key.name,
            vkey=key.format(),
            size=size,
            frontier=b"".join(frontier.hashes),
            tiles_size=0,
            refusal=None,
        )
    )


# -- on disk --------------------------------------------------------------------------------------------------------
def has_unsettled(tx: Connection) -> bool:
    """Whether a handover was committed whose keys and files are not in their places yet."""
    return tx.execute(sa.select(log_old.c.number).where(log_old.c.settled.is_(False)).limit(1)).first() is not None


def settle_handover(database: Database, files: LogFiles, keys: Path) -> None:
    """Put the old log's key and files aside and the new key in its place; the caller has the turn."""
    with database.read() as tx:
        waiting = tx.execute(sa.select(log_old).where(log_old.c.settled.is_(False)).order_by(log_old.c.number)).all()
        head = read_head(tx)
    for row in waiting:
        assert head is not None, "a log that was handed over has a head"
        adopt_next(keys, head.vkey, row.number)
        folder = files.folder / OLD_FOLDER / str(row.number)
        make_folder(folder)
        for name in ("tile", "checkpoint", HANDOVER_FILE):
            if (files.folder / name).exists() and not (folder / name).exists():
                os.rename(files.folder / name, folder / name)
        sync_folder(folder)
        _complete(database, folder, row)
        write_durably(files.folder / HANDOVER_FILE, row.statement.encode())
        with database.write() as tx:
            tx.execute(log_old.update().where(log_old.c.number == row.number).values(settled=True))


def _complete(database: Database, folder: Path, row: sa.Row[tuple[int, str]]) -> None:
    """What of the old log's files did not survive, written from the database; its last statement beside them."""
    old = LogFiles(folder, OldLeaves(row.number))
    with database.read() as tx:
        newest = tx.execute(
            sa.select(log_old_checkpoint)
            .where(log_old_checkpoint.c.log == row.number)
            .order_by(log_old_checkpoint.c.size.desc())
            .limit(1)
        ).first()
        try:
            TileReader(row.size, row.root, old.fetch)
        except (VerifyError, OSError):
            old.write_tiles(tx, 0, row.size)
    if newest is not None and old.checkpoint() is None:
        old.publish(newest.note + newest.cosignatures)
    # Of two statements the folder keeps the one by which this log ended; the one by which it began is its first entry.
    write_durably(folder / "handed-over", row.statement.encode())
