"""Whether one recording may go, asked of everything that could keep it: the one place, for proposals and runs."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.court_seals import is_closed
from candor.footage.facts import facts_of
from candor.footage.rules import RecordingState
from candor.footage.tables import recording
from candor.law.engine import retention_of
from candor.law.model import Book
from candor.law.vocabulary import HOLD_WORDS
from candor.retention.dispositions import DispositionKind

__all__ = ["must_stay"]

_NOT_SEALED: dict[str, str] = {
    RecordingState.DESTROYED.value: "It was destroyed already.",
    RecordingState.RECEIVING.value: "It is still being received.",
    RecordingState.REGROUPED.value: "It became part of another recording.",
}


def must_stay(tx: Connection, kind: DispositionKind, book: Book, recording_id: str, moment: datetime) -> str | None:
    """Why a recording must stay, for people; None when it may go.

    By schedule the law is asked: it must have a rule that lets it go, every period must be over, and nothing may block.
    The order of a court stands in the place of the periods, but not of a hold: where footage is held for one court and
    ordered away by another, people have to settle that before.
    """
    state = tx.scalar(sa.select(recording.c.state).where(recording.c.id == recording_id))
    if state is None:
        return "There is no such recording."
    if kind is DispositionKind.SEALING:  # nothing is destroyed, so nothing keeps it from being closed
        return "It is closed by order already." if is_closed(tx, recording_id) else _NOT_SEALED.get(state)
    if kind is DispositionKind.OPENING:
        return None if is_closed(tx, recording_id) else "It is not closed by order."
    destroyed = state == RecordingState.DESTROYED.value
    if state != RecordingState.SEALED.value and not (destroyed and kind is DispositionKind.ERASURE):
        return _NOT_SEALED.get(state, f"It is {state}.")
    facts = facts_of(tx, recording_id)
    for hold in facts.holds:
        of = f" of the case {hold.case}" if hold.case else ""
        return f"A hold{of} because of {HOLD_WORDS[hold.kind]}: {hold.reason}"
    if kind is not DispositionKind.SCHEDULE:
        return None
    if is_closed(tx, recording_id):
        return "It is closed by order of a court, and stays until a court says otherwise."
    blocks = retention_of(book, facts, moment).blocks
    return blocks[0].words if blocks else None
