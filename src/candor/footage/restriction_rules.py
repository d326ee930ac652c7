"""What narrows who may see a recording, as conditions: no database is asked here, no clock.

`footage.rules` joins them to what roles reach, so that every question for a recording is asked with both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache

import sqlalchemy as sa

from candor.footage.restriction_tables import (
    recording_opening,
    restricted_place,
    restriction,
    restriction_person,
)
from candor.footage.tables import recording
from candor.people.rules import Actor, Permission

__all__ = [
    "KIND_EXPLAINED",
    "KIND_WORDS",
    "NAMED_ONLY",
    "RULES",
    "Hidden",
    "Level",
    "RestrictionKind",
    "opened_for",
]


class RestrictionKind(StrEnum):
    """Why a recording is restricted, and with it who may see it all the same."""

    LABEL = "label"
    CASE = "case"
    OFFICER = "officer"
    STATEMENT = "statement"
    COMPELLED = "compelled"
    ERASED = "erased"


#: Of these only the people who are named may see anything, whatever their roles.
NAMED_ONLY = (RestrictionKind.CASE, RestrictionKind.COMPELLED, RestrictionKind.ERASED)

KIND_WORDS: dict[RestrictionKind, str] = {
    RestrictionKind.LABEL: "What it shows is confidential",
    RestrictionKind.CASE: "Restricted to people who are named",
    RestrictionKind.OFFICER: "An officer under investigation is kept out",
    RestrictionKind.STATEMENT: "An officer is kept out until a review is granted",
    RestrictionKind.COMPELLED: "A compelled statement, or what came of one",
    RestrictionKind.ERASED: "Erased or sealed by order",
}

#: Who may see it all the same, in one sentence.
KIND_EXPLAINED: dict[RestrictionKind, str] = {
    RestrictionKind.LABEL: "Whoever wore the camera, roles that may see confidential footage, and people let in.",
    RestrictionKind.CASE: "People of the case, and people let in. No role opens it.",
    RestrictionKind.OFFICER: "Everybody whose role reaches it but the officers named here.",
    RestrictionKind.STATEMENT: "Everybody whose role reaches it but the officers named here.",
    RestrictionKind.COMPELLED: "Only people of the administrative side who are named here. No role opens it.",
    RestrictionKind.ERASED: "Only people named here. No role opens it.",
}

#: By what a restriction of each kind holds, where whoever places it names nothing closer.
RULES: dict[RestrictionKind, str] = {
    RestrictionKind.LABEL: "footage.restriction label",
    RestrictionKind.CASE: "footage.restriction case",
    RestrictionKind.OFFICER: "footage.restriction officer",
    RestrictionKind.STATEMENT: "footage.restriction statement",
    RestrictionKind.COMPELLED: (
        "Garrity v. New Jersey, 385 U.S. 493 (1967); Kastigar v. United States, 406 U.S. 441 (1972)"
    ),
    RestrictionKind.ERASED: "footage.restriction erased",
}


class Level(IntEnum):
    """How much has to be looked at before somebody may see a restricted recording."""

    LABEL = 1  # nothing for whoever may see confidential footage
    PEOPLE = 2  # people are named, as let in or as kept out


def opened_for(account_id: str) -> sa.ColumnElement[bool]:
    """Whether a recording was opened to an account for a granted purpose: a condition on `recording`."""
    found = sa.select(recording_opening.c.id).where(
        recording_opening.c.recording_id == recording.c.id,
        recording_opening.c.account_id == account_id,
        recording_opening.c.ended_at.is_(None),
    )
    return found.exists()


@dataclass(frozen=True)
class Hidden:
    """What restrictions hide from somebody. `of` is asked of `recording`, `at` of a place in the order by start; both
    are the same rule."""

    account_id: str
    sees_confidential: bool

    @classmethod
    def from_actor(cls, actor: Actor) -> Hidden | None:
        """What is hidden from the actor. None: nothing, because the program acts for itself, or somebody at the
        machine acts by it, who holds the keys of everything."""
        if actor.account_id.startswith("system:"):
            return None
        return cls(actor.account_id, bool(actor.may(Permission.RECORDINGS_VIEW_RESTRICTED)))

    def of_recording(self) -> sa.ColumnElement[bool]:
        """Whether the recording is hidden: a condition on `recording`."""
        return _hiding_recording(self)

    def at(self, place: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """Whether the recording at that place is hidden."""
        return _hiding_at(self, place)

    def hiding(self, this: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """Whether something hides the restricted place that `this` picks."""
        least = Level.PEOPLE if self.sees_confidential else Level.LABEL
        found = sa.select(restricted_place.c.recording_id).where(
            this, restricted_place.c.level >= int(least), sa.or_(self._kept_out(), self._not_let_in())
        )
        return found.exists()

    def _kept_out(self) -> sa.ColumnElement[bool]:
        """By name; a review that was granted opens what an investigation closes, and nothing else does."""
        person, closed_by = restriction_person.alias("kept_out"), restriction.alias("closed_by")
        granted = self._granted(person.c.recording_id)
        until_granted = (RestrictionKind.OFFICER.value, RestrictionKind.STATEMENT.value)
        found = sa.select(person.c.id).join(closed_by, closed_by.c.id == person.c.restriction_id)
        return found.where(
            person.c.recording_id == restricted_place.c.recording_id,
            person.c.account_id == self.account_id,
            person.c.may.is_(sa.false()),
            person.c.ended_at.is_(None),
            sa.not_(sa.and_(closed_by.c.kind.in_(until_granted), granted)),
        ).exists()

    def _granted(self, recording_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        opening = recording_opening.alias("granted")
        found = sa.select(opening.c.id).where(
            opening.c.recording_id == recording_id,
            opening.c.account_id == self.account_id,
            opening.c.ended_at.is_(None),
        )
        return found.exists()

    def _not_let_in(self) -> sa.ColumnElement[bool]:
        """By a restriction that names who may, and does not name them."""
        holding, person = restriction.alias("holding"), restriction_person.alias("let_in")
        let_in = sa.select(person.c.id).where(
            person.c.restriction_id == holding.c.id,
            person.c.account_id == self.account_id,
            person.c.may.is_(sa.true()),
            person.c.ended_at.is_(None),
        )
        # A granted review passes what a case or a label closes; a wall or an order closes it all the same.
        by_case = holding.c.kind == RestrictionKind.CASE.value
        granted = self._granted(holding.c.recording_id)
        kinds: list[sa.ColumnElement[bool]] = [
            holding.c.kind.in_((RestrictionKind.COMPELLED.value, RestrictionKind.ERASED.value)),
            sa.and_(by_case, sa.not_(granted)),
        ]
        if not self.sees_confidential:
            worn = recording.alias("worn")
            own = sa.select(worn.c.id).where(worn.c.id == holding.c.recording_id, worn.c.wearer_id == self.account_id)
            by_label = holding.c.kind == RestrictionKind.LABEL.value
            kinds.append(sa.and_(by_label, sa.not_(own.exists()), sa.not_(granted)))
        found = sa.select(holding.c.id).where(
            holding.c.recording_id == restricted_place.c.recording_id,
            holding.c.lifted_at.is_(None),
            sa.or_(*kinds),
            sa.not_(let_in.exists()),
        )
        return found.exists()


# Making such an expression takes longer than the database takes to answer it: those of the latest people are kept.
_KEPT = 256


@lru_cache(maxsize=_KEPT)
def _hiding_recording(hidden: Hidden) -> sa.ColumnElement[bool]:
    return hidden.hiding(restricted_place.c.recording_id == recording.c.id)


@lru_cache(maxsize=_KEPT)
def _hiding_at(hidden: Hidden, place: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    return hidden.hiding(restricted_place.c.key == place)
