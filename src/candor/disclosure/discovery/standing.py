"""How the recordings of a case stand before discovery is made: which would be given, which are withheld, and why.

Nothing that a rule closes is ever given by accident: what is restricted, what the maker may not see and what is not
there is withheld unless somebody says otherwise, and of some of it nobody can.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.canonical import canonical_json
from candor.footage.restriction_rules import KIND_WORDS, RestrictionKind
from candor.footage.restrictions import Restriction, restrictions_of
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import recording
from candor.matters.tables import matter_recording
from candor.people.rules import Actor

__all__ = ["BY_RULE", "Standing", "recordings_in", "standings", "upon"]

#: Who decided, where a rule did.
BY_RULE = "rule"
#: What no decision opens to the parties here: a wall, and what an order closed.
_NEVER = (RestrictionKind.COMPELLED, RestrictionKind.ERASED)
_INQUIRY = (RestrictionKind.OFFICER, RestrictionKind.STATEMENT)


@dataclass(frozen=True)
class Standing:
    """A recording of a case. `reason`: why it is withheld unless somebody decides otherwise, None where it would be
    given; `citation`: by which rule; `never`: no decision opens it. `title` is empty where the asker may not see it."""

    recording_id: str
    title: str
    reason: str | None
    citation: str
    never: bool

    @property
    def would_be_given(self) -> bool:
        """Whether it is given where nobody says otherwise."""
        return self.reason is None


def recordings_in(tx: Connection, case_id: str) -> list[str]:
    """The identifiers of every recording of a case, in order."""
    inside = matter_recording.c.matter_id == case_id, matter_recording.c.removed_at.is_(None)
    return sorted(tx.scalars(sa.select(matter_recording.c.recording_id).where(*inside)))


def standings(tx: Connection, actor: Actor, case_id: str) -> list[Standing]:
    """Every recording of a case at this moment, in the order in which they were made."""
    inside = matter_recording.c.matter_id == case_id, matter_recording.c.removed_at.is_(None)
    seen = sa.case((visible_to(actor).expression, True), else_=False).label("seen")
    columns = recording.c.id, recording.c.title, recording.c.state, recording.c.regrouped_into, seen
    query: sa.Select[Any] = (
        sa.select(*columns)
        .join(matter_recording, matter_recording.c.recording_id == recording.c.id)
        .where(*inside)
        .order_by(recording.c.started_key)
    )
    found = []
    for row in tx.execute(query).all():
        reason, citation, never = _why(row, restrictions_of(tx, row.id))
        found.append(Standing(row.id, row.title if row.seen else "", reason, citation, never))
    return found


def upon(found: list[Standing]) -> str:
    """A digest of how they stand: what somebody who decides has seen."""
    told = [[one.recording_id, one.reason or "", one.citation, one.never] for one in found]
    return hashlib.sha256(canonical_json({"standing": told})).hexdigest()


def _why(row: sa.Row[Any], held: list[Restriction]) -> tuple[str | None, str, bool]:
    """Reason, rule, and whether no decision opens it."""
    if row.state == RecordingState.DESTROYED.value:
        return "It was destroyed; its history remains.", "footage.state destroyed", True
    if row.state == RecordingState.REGROUPED.value:
        return f"It became part of the recording {row.regrouped_into}.", "footage.state regrouped", True
    if row.state == RecordingState.RECEIVING.value:
        return "It is still coming in.", "footage.state receiving", True
    for one in sorted(held, key=lambda one: one.kind not in _NEVER):
        # Of an inquiry into an officer the parties are not told by this: the rule stands beside it.
        words = "It is restricted within the agency" if one.kind in _INQUIRY else KIND_WORDS[one.kind]
        return f"{words}.", one.rule, one.kind in _NEVER
    if not row.seen:
        return "It is not open to whoever made this discovery.", "footage.visible", True
    return None, "", False
