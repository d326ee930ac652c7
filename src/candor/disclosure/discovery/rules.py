"""What is true of discovery: its sides, its numbers, how a marked copy stands. No database is asked here, no clock."""

from __future__ import annotations

from enum import StrEnum

from candor.people.rules import ROLE_WORDS, Actor, Permission

__all__ = ["SIDE_WORDS", "MarkState", "PartySide", "numbered", "role_of"]


class PartySide(StrEnum):
    """A side of a case before a court."""

    PROSECUTION = "prosecution"
    DEFENCE = "defence"


SIDE_WORDS: dict[PartySide, str] = {
    PartySide.PROSECUTION: "the prosecution",
    PartySide.DEFENCE: "the defence",
}


class MarkState(StrEnum):
    """How a side's marked copy of a part stands. `ENDED`: it was taken away when the side's access ended."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    ENDED = "ended"


def numbered(year: int, number: int) -> str:
    """The number of the n-th discovery of a year."""
    return f"D-{year}-{number:04d}"


def role_of(actor: Actor) -> str:
    """In which role somebody decides on discovery, in words; the program, or the machine's operator, by that."""
    if actor.account_id.startswith("system:"):
        return "the operator of the machine"
    for role, words in ROLE_WORDS.items():
        if role in actor.roles and Actor("", frozenset({role}), None, "").may(Permission.DISCOVERY_MANAGE):
            return words
    return "–"
