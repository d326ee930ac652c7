"""Rows of classification: written wherever a category or a label comes from, read wherever one counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.footage import register
from candor.footage.classification_tables import classification
from candor.footage.said import Claim
from candor.footage.tables import recording
from candor.law.vocabulary import Label

__all__ = [
    "BASIS_WORDS",
    "CATEGORY",
    "LABEL",
    "Basis",
    "Said",
    "basis_of",
    "begin_label",
    "carry_labels",
    "end_label",
    "history_of",
    "labels_for",
    "labels_of",
    "note_category",
]

CATEGORY, LABEL = "category", "label"
#: Recordings asked about in one statement.
_AT_ONCE = 500


class Basis(StrEnum):
    """On what a category or a label rests."""

    PERSON = "person"
    CAMERA = "camera"
    DOCK = "dock"
    RULE = "rule"
    IMPORT = "import"


BASIS_WORDS: dict[Basis, str] = {
    Basis.PERSON: "said by a person",
    Basis.CAMERA: "chosen on the camera",
    Basis.DOCK: "said by the dock",
    Basis.RULE: "put by a rule",
    Basis.IMPORT: "known from before",
}


@dataclass(frozen=True)
class Said:
    """That somebody said a category or a label, and whether it still holds."""

    id: str
    kind: str
    value: str
    said_by: str
    said_at: datetime
    basis: Basis
    reason: str | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None


#: Which faces tell what was chosen on the camera itself.
_OF_CAMERAS = frozenset({"axis", "card"})


def basis_of(face: str, claim: Claim | None = None) -> Basis:
    """On what a category rests that came with a file through a face. With `claim`: the file's own claim named it."""
    if face in _OF_CAMERAS:
        return Basis.CAMERA
    return Basis.DOCK if claim is None or claim.dock_id is not None else Basis.PERSON


def note_category(
    tx: Connection,
    recording_id: str,
    old: str | None,
    new: str | None,
    *,
    said_by: str,
    basis: Basis,
    reason: str | None,
    clock: Clock,
) -> None:
    """Keep that the category of a recording is said otherwise than before; whoever calls holds its row and changes it.

    A category that was said before these rows were kept is entered as known from before, so that it is not lost.
    """
    if old == new:
        return
    now = clock.now()
    known = _open(recording_id, CATEGORY)
    if old is not None and tx.execute(sa.select(classification.c.id).where(known)).first() is None:
        received = tx.scalar(sa.select(recording.c.received_at).where(recording.c.id == recording_id)) or now
        _insert(tx, recording_id, CATEGORY, old, "system:before", received, Basis.IMPORT, None)
    if old is not None:
        ended = {"ended_at": now, "ended_by": said_by, "end_reason": reason}
        tx.execute(classification.update().where(known).values(**ended))
    if new is not None:
        _insert(tx, recording_id, CATEGORY, new, said_by, now, basis, reason)


def begin_label(
    tx: Connection, recording_id: str, label: Label, *, said_by: str, basis: Basis, reason: str, clock: Clock
) -> bool:
    """Keep that a label holds from now on; False when it held already. Whoever calls holds the recording's row."""
    if label in labels_of(tx, recording_id):
        return False
    _insert(tx, recording_id, LABEL, label.value, said_by, clock.now(), basis, reason)
    return True


def end_label(tx: Connection, recording_id: str, label: Label, *, ended_by: str, reason: str, clock: Clock) -> bool:
    """Keep that a label holds no longer; False when it did not hold."""
    which = sa.and_(_open(recording_id, LABEL), classification.c.value == label.value)
    ended = {"ended_at": clock.now(), "ended_by": ended_by, "end_reason": reason}
    return bool(tx.execute(classification.update().where(which).values(**ended)).rowcount)


def carry_labels(tx: Connection, old_id: str, new_id: str, *, said_by: str, reason: str, clock: Clock) -> list[Label]:
    """Labels of a recording that becomes part of another hold of the other too: which came anew."""
    before = sorted(labels_of(tx, old_id))
    return [
        one
        for one in before
        if begin_label(tx, new_id, one, said_by=said_by, basis=Basis.IMPORT, reason=reason, clock=clock)
    ]


def labels_of(tx: Connection, recording_id: str) -> frozenset[Label]:
    """The labels that hold."""
    return labels_for(tx, [recording_id])[recording_id]


_NO_LABELS: frozenset[Label] = frozenset()
#: Up to so many are asked for by name.
_FEW = 100


def labels_for(tx: Connection, recording_ids: Sequence[str]) -> dict[str, frozenset[Label]]:
    """The labels that hold, for each of these recordings; one without any has an empty set."""
    found: dict[str, frozenset[Label]] = dict.fromkeys(recording_ids, _NO_LABELS)
    for chunk in _chunks(recording_ids):
        # Many are asked for in the order of their identifiers: a stretch of the index is read faster than a list is.
        mine = classification.c.recording_id
        these = mine.between(min(chunk), max(chunk)) if len(chunk) > _FEW else mine.in_(chunk)
        query = sa.select(mine, classification.c.value).where(
            these, classification.c.kind == LABEL, classification.c.ended_at.is_(None)
        )
        for row in tx.execute(query):
            if row.recording_id in found:
                found[row.recording_id] |= {Label(row.value)}
    return found


def history_of(tx: Connection, recording_id: str) -> list[Said]:
    """Everything that was said of a recording's category and labels, the latest first; what holds before what held."""
    names = (classification.c[name] for name in Said.__dataclass_fields__)
    query = sa.select(*names).where(classification.c.recording_id == recording_id)
    query = query.order_by(classification.c.said_at.desc(), classification.c.id.desc())
    rows = [Said(**{**row._mapping, "basis": Basis(row.basis)}) for row in tx.execute(query)]
    return sorted(rows, key=lambda one: one.ended_at is not None)


def _open(recording_id: str, kind: str) -> sa.ColumnElement[bool]:
    column = classification.c
    return sa.and_(column.recording_id == recording_id, column.kind == kind, column.ended_at.is_(None))


def _insert(
    tx: Connection, recording_id: str, kind: str, value: str, by: str, at: datetime, basis: Basis, reason: str | None
) -> None:
    row: dict[str, Any] = {"id": new_id(), "recording_id": recording_id, "kind": kind, "value": value, "said_by": by}
    tx.execute(classification.insert(), {**row, "said_at": at, "basis": basis.value, "reason": reason})


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(ids), _AT_ONCE):
        yield ids[begin : begin + _AT_ONCE]


def _forget(tx: Connection, recording_id: str) -> None:
    """A reason may tell what is seen in the footage; that something was said, by whom and when, tells nothing of it."""
    which = classification.c.recording_id == recording_id
    tx.execute(classification.update().where(which).values(reason=None, end_reason=None))


def _erase(tx: Connection, recording_id: str, _digest: register.Digest) -> None:
    tx.execute(classification.delete().where(classification.c.recording_id == recording_id))


register.register(
    register.Kept(
        name="classification",
        words="which category and labels were said of it, by whom, when and why",
        goes="why each was said and put right",
        stays="which were said, by whom and when: by them it is seen by which rules it was kept",
        tables=frozenset({"classification"}),
        forget=_forget,
        erase=_erase,
    )
)
