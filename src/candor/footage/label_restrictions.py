"""Labels that restrict: putting one restricts its recording, taking it away lifts that, in the same transaction; and
so does a change of which labels restrict, for everything that carries them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.footage import access_policy, classification
from candor.footage.classification_tables import classification as classification_table
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restriction_tables import restriction
from candor.footage.restrictions import place, take_away
from candor.law.vocabulary import LABEL_WORDS, Label
from candor.people.rules import Actor

__all__ = ["follow_label", "follow_policy"]


def follow_label(
    tx: Connection, recording_id: str, label: Label, put: bool, actor: Actor, reason: str, clock: Clock
) -> None:
    """A label was put on a recording, or taken away."""
    by = actor.account_id
    if put and label in access_policy.read_policy(tx).restricting_labels:
        _restrict(tx, recording_id, label, by, clock)
    elif not put:
        held = _held(label).where(restriction.c.recording_id == recording_id)
        for restriction_id in tx.scalars(held).all():
            take_away(tx, restriction_id, reason=reason, actor=by, clock=clock)


def follow_policy(
    tx: Connection, actor: str, more: frozenset[Label], fewer: frozenset[Label], clock: Clock | None
) -> None:
    """Other labels restrict than before."""
    carried = classification_table.c
    for label in sorted(more):
        query = sa.select(carried.recording_id).where(
            carried.kind == "label", carried.value == label.value, carried.ended_at.is_(None)
        )
        for recording_id in sorted(set(tx.scalars(query))):
            _restrict(tx, recording_id, label, actor, clock)
    for label in sorted(fewer):
        for restriction_id in tx.scalars(_held(label).order_by(restriction.c.recording_id)).all():
            reason = f"the label “{label.value}” no longer restricts"
            take_away(tx, restriction_id, reason=reason, actor=actor, clock=clock)


def _restrict(tx: Connection, recording_id: str, label: Label, actor: str, clock: Clock | None) -> None:
    place(
        tx,
        recording_id,
        RestrictionKind.LABEL,
        ref=label.value,
        reason=f"it shows {LABEL_WORDS[label]}",
        actor=actor,
        clock=clock,
    )


def _held(label: Label) -> sa.Select[str]:
    kind = restriction.c.kind == RestrictionKind.LABEL.value
    return sa.select(restriction.c.id).where(kind, restriction.c.ref == label.value, restriction.c.lifted_at.is_(None))


classification.AFTER.append(follow_label)
access_policy.LABELS_CHANGED.append(follow_policy)
