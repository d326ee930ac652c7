"""Categories and labels: what an officer chooses, and what the law cares about. Both are kept with who said so, when,
on what basis and why; what was wrong is put right without losing that it was said.

A category is the recording's own field and changes through `catalogue.change`. A label is put and taken here. Whoever
may describe a recording may label it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.catalogue import MOST_AT_ONCE, held_to_change
from candor.footage.classification_rows import (
    BASIS_WORDS,
    CATEGORY,
    LABEL,
    Basis,
    Said,
    begin_label,
    end_label,
    history_of,
    labels_for,
    labels_of,
)
from candor.footage.errors import LabelReasonMissing, LabelUnknown, TooManyAtOnce
from candor.footage.fields import LONGEST_REASON, clean_reason
from candor.footage.indexing import index_recording
from candor.law.vocabulary import Label
from candor.people.rules import Actor

__all__ = [
    "AFTER",
    "BASIS_WORDS",
    "CATEGORY",
    "LABEL",
    "LONGEST_REASON",
    "Basis",
    "Said",
    "bulk_label",
    "history_of",
    "label",
    "label_named",
    "labels_for",
    "labels_of",
    "unlabel",
]

#: What rooms above and beside want done in the same transaction when a label is put (True) or taken (False).
AFTER: list[Callable[[Connection, str, Label, bool, Actor, str, Clock], None]] = []


def label_named(name: str) -> Label:
    """The label with this name, such as `minor`; raises LabelUnknown."""
    try:
        return Label(name.strip().lower())
    except ValueError as error:
        raise LabelUnknown(label=name, known=", ".join(Label)) from error


def label(
    tx: Connection,
    actor: Actor,
    recording_id: str,
    which: Label,
    *,
    reason: str,
    basis: Basis = Basis.PERSON,
    clock: Clock | None = None,
) -> str | None:
    """Say that a label is true of a recording; the event's id, None when it was said already. Raises RecordingUnknown,
    Refused, LabelReasonMissing."""
    clock, why = clock or SystemClock(), _reason(reason)
    held = held_to_change(tx, recording_id, actor)
    by = actor.account_id
    if not begin_label(tx, held.id, which, said_by=by, basis=basis, reason=why, clock=clock):
        return None
    return _changed(tx, actor, held.id, which, True, why, basis, clock)


def unlabel(
    tx: Connection, actor: Actor, recording_id: str, which: Label, *, reason: str, clock: Clock | None = None
) -> str | None:
    """Say that a label is not true of a recording after all; the event's id, None when it was not said. That it was
    said stays on record. Raises as `label`."""
    clock, why = clock or SystemClock(), _reason(reason)
    held = held_to_change(tx, recording_id, actor)
    if not end_label(tx, held.id, which, ended_by=actor.account_id, reason=why, clock=clock):
        return None
    return _changed(tx, actor, held.id, which, False, why, Basis.PERSON, clock)


def bulk_label(
    tx: Connection,
    actor: Actor,
    recording_ids: Sequence[str],
    which: Label,
    *,
    put: bool,
    reason: str,
    clock: Clock | None = None,
) -> list[str]:
    """Put a label on up to 500 recordings, or take it; the ids of the events. All or none: raises for the first that
    cannot be labelled, and TooManyAtOnce."""
    chosen = sorted(set(recording_ids))  # one order for everybody: two at once cannot wait for each other
    if len(chosen) > MOST_AT_ONCE:
        raise TooManyAtOnce(most=MOST_AT_ONCE, count=len(chosen))
    act = label if put else unlabel
    events = (act(tx, actor, one, which, reason=reason, clock=clock) for one in chosen)
    return [event for event in events if event is not None]


def _changed(
    tx: Connection, actor: Actor, recording_id: str, which: Label, put: bool, reason: str, basis: Basis, clock: Clock
) -> str:
    index_recording(tx, recording_id)
    event = custody.append(
        tx,
        Event.LABEL_PUT if put else Event.LABEL_TAKEN,
        actor=actor.account_id,
        recording=recording_id,
        details={"label": which.value, "reason": reason, "basis": basis.value},
        clock=clock,
    )
    for act in AFTER:
        act(tx, recording_id, which, put, actor, reason, clock)
    return event


def _reason(text: str) -> str:
    reason = clean_reason(text)
    if reason is None:
        raise LabelReasonMissing(longest=LONGEST_REASON)
    return reason
