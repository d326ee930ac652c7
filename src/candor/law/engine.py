"""What follows for a recording: pure functions of a book, the recording's facts and a moment.

The same book, facts and moment give the same answer, whatever the order of rules or packs. An answer for a past moment
does not change when packs grow by rules that come into force later. Everything that is decided names the rule it
follows from; where there is none, that is what is said, and nothing is destroyed or released.

`answer` is for one recording, with its explanation. `Schedules` is for many: what does not depend on exact moments is
worked out once for each category, labels and law of the day, and `answer` goes by the same way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from candor.law.engine_clocks import clocks_of
from candor.law.engine_conflicts import Conflict, conflicts
from candor.law.engine_release import access_of, release_of
from candor.law.engine_retention import Profile, Schedules, retention_of
from candor.law.model import Answer, Book, Facts
from candor.law.words import lines

__all__ = ["Conflict", "Profile", "Schedules", "answer", "conflicts", "retention_of"]


def answer(book: Book, facts: Facts, moment: datetime) -> Answer:
    """Everything that follows for one recording at a moment, and the lines in which it is said."""
    clocks, others = clocks_of(book, facts, moment)
    found = Answer(
        moment,
        book.id,
        retention_of(book, facts, moment),
        release_of(book, facts, moment),
        clocks,
        access_of(book, facts, moment),
        (),
        others,
    )
    return replace(found, lines=lines(found, book))
