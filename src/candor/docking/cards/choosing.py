"""Which reader reads a card: the surest, unless a person names one. What fits besides is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from candor.docking.cards.errors import ReaderDoesNotFit, ReaderUnknown
from candor.docking.cards.found import Clip, Contents, Facts, Look, Reader, by_themselves
from candor.docking.cards.listing import Listing
from candor.docking.cards.readers import READERS

__all__ = ["NONE", "Choice", "choose", "reader_names"]

#: The name of reading every file by itself.
NONE = "none"


@dataclass(frozen=True)
class Choice:
    """What was chosen, and what fits besides: (name, look), surest first."""

    contents: Contents
    others: tuple[tuple[str, Look], ...] = ()


def reader_names() -> list[str]:
    """What can be chosen by hand."""
    return [*(reader.name for reader in READERS), NONE]


def choose(
    listing: Listing,
    facts: Facts,
    *,
    named: str | None = None,
    mapped: Reader | None = None,
    readers: Sequence[Reader] = READERS,
) -> Choice:
    """The card as the surest reader reads it; as `mapped` does, or the one that is `named`, when given.

    Raises ReaderUnknown and, when the one that is asked for finds nothing of its own, ReaderDoesNotFit.
    """
    looks = [(reader, look) for reader in readers if (look := reader.look(listing, facts)) is not None]
    looks.sort(key=lambda pair: -pair[1].sureness)
    asked = mapped or _named(named, readers)
    if asked is not None:
        if not (listing.files and (asked.look(listing, facts) is not None)):
            if listing.files:
                raise ReaderDoesNotFit(name=asked.name, place=listing.name)
            return Choice(Contents(asked.name, Look(100, "chosen by hand")))
        chosen = replace(asked.read(listing, facts), look=Look(100, "chosen by hand"))
        return Choice(chosen, tuple((reader.name, look) for reader, look in looks if reader.name != asked.name))
    if named == NONE or not looks:
        why = "chosen by hand" if named == NONE else "no reader knows this card: every file is taken in by itself"
        return Choice(_by_itself(listing, facts, why), tuple((reader.name, look) for reader, look in looks))
    surest = looks[0][0]
    return Choice(surest.read(listing, facts), tuple((reader.name, look) for reader, look in looks[1:]))


def _named(name: str | None, readers: Sequence[Reader]) -> Reader | None:
    if name is None or name == NONE:
        return None
    found = next((reader for reader in readers if reader.name == name), None)
    if found is None:
        raise ReaderUnknown(name=name, known=", ".join(reader_names()))
    return found


def _by_itself(listing: Listing, facts: Facts, why: str) -> Contents:
    alone: tuple[Clip, ...]
    found, besides = by_themselves(listing.files, (), facts)
    alone = tuple(found)
    return Contents(NONE, Look(0, why), alone, tuple(besides))
