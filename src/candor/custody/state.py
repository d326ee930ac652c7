"""How the log is doing, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from candor.custody.errors import LogKeyMissing, LogKeyWrong
from candor.custody.keys import LogKey, check_signature
from candor.custody.leaves import lost_entries
from candor.custody.sequencer import read_head
from candor.custody.surroundings import CLOCK, FILES, problems
from candor.custody.tables import custody_event, log_checkpoint, log_old
from candor.custody.witnessing import WitnessState
from candor.verify.handover import verify_handover
from candor.verify.note import Note, VerifierKey


@dataclass(frozen=True)
class HandoverState:
    """A log of this installation that ended: its number, who it was, why it ended, and the statement that says so.

    `last_size` is the newest size it is known to have signed, `carried_size` how many entries the next log took over.
    """

    number: int
    origin: str
    vkey: str
    fingerprint: str
    last_size: int
    carried_size: int
    ended_at: datetime
    reason: str
    statement: str
    signed_by_old: bool


@dataclass(frozen=True)
class LogStatus:
    """How the log is doing. `lag` is the seconds from the oldest event of the newest checkpoint to its signature;
    `waiting_since` is the oldest event that no signed checkpoint covers yet; `lost` counts entries whose event the
    database lost. `problems` holds in words everything that is wrong here; the fields before it, each by itself."""

    origin: str
    vkey: str
    fingerprint: str
    size: int
    signed_size: int
    signed_at: datetime | None
    lag: float | None
    waiting: int
    waiting_since: datetime | None
    witnessed_size: int
    witnesses: tuple[WitnessState, ...]
    quorum: int
    refusal: str | None
    lost: int = 0
    handovers: tuple[HandoverState, ...] = ()
    key_problem: str | None = None
    files_problem: str | None = None
    clock_set_back: str | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong at this installation, in words. Witnesses that are away are not among it."""
        found = (
            None if self.refusal is None else f"the log refuses to sign: {self.refusal}",
            self.key_problem,
            None if self.files_problem is None else f"the log's files cannot be written: {self.files_problem}",
            self.clock_set_back,
        )
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True)
class SignedCheckpoint:
    """A signed checkpoint: its size, root, and the note with every cosignature it has."""

    size: int
    root: bytes
    note: str
    witnessed: bool


def read_status(tx: sa.Connection, keys: Path, witnesses: tuple[WitnessState, ...], quorum: int) -> LogStatus | None:
    """The state as the database and the keys folder say it; None before the log exists."""
    head = read_head(tx)
    if head is None:
        return None
    newest = tx.execute(
        sa.select(log_checkpoint)
        .where(log_checkpoint.c.note.is_not(None))
        .order_by(log_checkpoint.c.size.desc())
        .limit(1)
    ).first()
    witnessed = tx.execute(
        sa.select(sa.func.max(log_checkpoint.c.size)).where(log_checkpoint.c.witnessed_at.is_not(None))
    ).scalar()
    waiting = tx.execute(
        sa.select(sa.func.count(), sa.func.min(custody_event.c.at)).where(custody_event.c.position.is_(None))
    ).one()
    lag = None
    if newest is not None and newest.signed_at is not None and newest.first_waiting_at is not None:
        lag = (newest.signed_at - newest.first_waiting_at).total_seconds()
    wrong = {one.kind: one.words for one in problems(tx)}
    return LogStatus(
        origin=head.origin,
        vkey=head.vkey,
        fingerprint=VerifierKey.parse(head.vkey).fingerprint,
        size=head.size,
        signed_size=0 if newest is None else newest.size,
        signed_at=None if newest is None else newest.signed_at,
        lag=lag,
        waiting=waiting[0],
        waiting_since=waiting[1],
        witnessed_size=witnessed or 0,
        witnesses=witnesses,
        quorum=quorum,
        refusal=head.refusal,
        lost=lost_entries(tx),
        handovers=handovers(tx),
        key_problem=key_problem(keys, head.vkey),
        files_problem=wrong.get(FILES),
        clock_set_back=wrong.get(CLOCK),
    )


def key_problem(keys: Path, vkey: str) -> str | None:
    """Why the log's key cannot be used, in words; None when it can."""
    try:
        LogKey.load(keys, vkey)
    except (LogKeyMissing, LogKeyWrong) as error:
        return str(error)
    return None


def handovers(tx: sa.Connection) -> tuple[HandoverState, ...]:
    """The logs that ended, oldest first."""
    found = []
    for row in tx.execute(sa.select(log_old).order_by(log_old.c.number)):
        old = VerifierKey.parse(row.vkey)
        signed = verify_handover(Note.parse(row.statement), old, check_signature).signed_by_old
        found.append(
            HandoverState(
                number=row.number,
                origin=row.origin,
                vkey=row.vkey,
                fingerprint=old.fingerprint,
                last_size=row.last_size,
                carried_size=row.size,
                ended_at=row.ended_at,
                reason=row.reason,
                statement=row.statement,
                signed_by_old=signed,
            )
        )
    return tuple(found)
