"""What is true of critical incidents. No database is asked here, no clock: values and decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from candor.law.vocabulary import Requester

__all__ = ["CONSENTERS", "STATE_WORDS", "VIEWERS", "VIEWING_WORDS", "CriticalState", "Due", "ViewingState"]


class CriticalState(StrEnum):
    """Whether something is still to be done."""

    OPEN = "open"
    CLOSED = "closed"


STATE_WORDS: dict[CriticalState, str] = {CriticalState.OPEN: "open", CriticalState.CLOSED: "closed"}


class ViewingState(StrEnum):
    """How far a viewing is."""

    OFFERED = "offered"
    HELD = "held"
    DECLINED = "declined"


VIEWING_WORDS: dict[ViewingState, str] = {
    ViewingState.OFFERED: "offered",
    ViewingState.HELD: "held",
    ViewingState.DECLINED: "declined",
}

#: Who is offered to see footage before its release.
VIEWERS = (Requester.NEXT_OF_KIN, Requester.DEPICTED, Requester.PARENT, Requester.ATTORNEY, Requester.OFFICER)
#: Whose consent is put on record.
CONSENTERS = (Requester.PARENT, Requester.DEPICTED, Requester.NEXT_OF_KIN)


@dataclass(frozen=True)
class Due:
    """Something that the law wants done by a moment (UTC), put off as it was. `what`: by which it is known again;
    `asks`: what is due, as the beginning of a sentence."""

    what: str
    at: datetime
    asks: str
    citation: str
