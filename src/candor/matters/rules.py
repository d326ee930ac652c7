"""What is true of cases, and who may see them. No database is asked here, no clock: values, expressions, decisions."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import sqlalchemy as sa

from candor.law.vocabulary import CaseKind, LawEvent
from candor.matters.errors import CaseFieldWrong, CaseReasonMissing
from candor.matters.tables import matter, matter_person
from candor.people.rules import GUESTS, Actor, Permission

__all__ = [
    "EVENTS_NOTED",
    "LONGEST_NOTE",
    "LONGEST_NUMBER",
    "LONGEST_REASON",
    "LONGEST_TITLE",
    "MAY_LOOK",
    "PART_WORDS",
    "SIDE_WORDS",
    "STATE_WORDS",
    "WALLS",
    "WORKERS",
    "CaseState",
    "Part",
    "Side",
    "check_line",
    "check_note",
    "check_reason",
    "chosen",
    "is_guest",
    "moment_of",
    "kind_named",
    "number_key",
    "search_key",
    "visible_cases",
    "walled_cases",
]

LONGEST_NUMBER = 64
LONGEST_TITLE = 200
LONGEST_NOTE = 10_000
LONGEST_REASON = 500
LONGEST_NAME = 200


#: Who may look at the list of cases: whoever sees cases, and officers, who may be in some. Which ones is another rule.
MAY_LOOK = (Permission.CASES_VIEW, Permission.RECORDINGS_VIEW_OWN)


class CaseState(StrEnum):
    """Whether a case goes on."""

    OPEN = "open"
    CLOSED = "closed"


STATE_WORDS: dict[CaseState, str] = {CaseState.OPEN: "open", CaseState.CLOSED: "closed"}


class Part(StrEnum):
    """What somebody is in a case."""

    INVESTIGATOR = "investigator"
    INVOLVED_OFFICER = "involved-officer"
    SUBJECT_OFFICER = "subject-officer"
    PROSECUTOR = "prosecutor"
    COUNSEL = "counsel"
    COMPLAINANT = "complainant"
    WITNESS = "witness"
    OTHER = "other"


PART_WORDS: dict[Part, str] = {
    Part.INVESTIGATOR: "investigator",
    Part.INVOLVED_OFFICER: "officer who was involved",
    Part.SUBJECT_OFFICER: "officer whose acts are looked into",
    Part.PROSECUTOR: "prosecutor",
    Part.COUNSEL: "counsel",
    Part.COMPLAINANT: "complainant",
    Part.WITNESS: "witness",
    Part.OTHER: "other",
}


#: Who works on a case, rather than being what it is about.
WORKERS = (Part.INVESTIGATOR, Part.PROSECUTOR, Part.COUNSEL)


class Side(StrEnum):
    """On which side somebody works. What is compelled in an administrative matter is kept from the criminal side."""

    CRIMINAL = "criminal"
    ADMINISTRATIVE = "administrative"
    NONE = "none"


SIDE_WORDS: dict[Side, str] = {
    Side.CRIMINAL: "criminal side",
    Side.ADMINISTRATIVE: "administrative side",
    Side.NONE: "no side",
}

#: What is noted in a case by hand. The others follow from the recording and from the case itself.
EVENTS_NOTED: tuple[LawEvent, ...] = (
    LawEvent.COMPLAINT_MADE,
    LawEvent.INVESTIGATION_BEGUN,
    LawEvent.REQUEST_RECEIVED,
    LawEvent.REVIEW_COMPLETED,
)

#: Of these the latest moment counts, as what runs from them is how long something is kept; of the others, from which
#: somebody is obliged to do something, the earliest of what is not done.
_KEEPS = frozenset({LawEvent.CASE_CLOSED, LawEvent.COMPLAINT_MADE})

#: What hides cases whatever else opens them: for an actor a condition on `matter` that holds for those hidden. Rooms
#: and modules that know of walls append to it.
WALLS: list[Callable[[Actor], sa.ColumnElement[bool]]] = []


def is_guest(actor: Actor) -> bool:
    """Whether somebody is of a party and not of the agency. The program itself, which has every role, is not."""
    return not actor.account_id.startswith("system:") and bool(GUESTS & actor.roles)


def visible_cases(actor: Actor) -> sa.ColumnElement[bool]:
    """Which cases the actor may see, as a condition on `matter`: the one rule, for the list and the single case."""
    if is_guest(actor):
        return sa.false()
    if actor.may(Permission.CASES_VIEW):
        seen: sa.ColumnElement[bool] = sa.true()
    else:
        inside = sa.exists().where(
            matter_person.c.matter_id == matter.c.id,
            matter_person.c.account_id == actor.account_id,
            matter_person.c.ended_at.is_(None),
        )
        seen = sa.or_(matter.c.owner_id == actor.account_id, inside.correlate(matter))
    return sa.and_(seen, *(sa.not_(wall(actor)) for wall in WALLS))


def walled_cases(actor: Actor) -> sa.ColumnElement[bool]:
    """Which cases a wall or a closed circle hides from the actor, as a condition on `matter`: for what is told of cases
    to those who oversee, and whose roles alone show them none."""
    return sa.or_(sa.false(), *(wall(actor) for wall in WALLS))


def moment_of(event: LawEvent, open_ones: Iterable[datetime], closed_ones: Iterable[datetime]) -> datetime | None:
    """Which of several moments of one kind counts for a recording; None when there is none.

    `open_ones`: of cases that are open; `closed_ones`: of closed ones. From which something is kept: the latest of
    all, so that nothing goes earlier for a second case. From which a clock runs: the earliest of open cases, because
    that clock ends first; where all are closed, the latest, because the others were answered before.
    """
    running, ended = list(open_ones), list(closed_ones)
    if event in _KEEPS:
        return max([*running, *ended], default=None)
    return min(running) if running else max(ended, default=None)


def number_key(number: str) -> str:
    """What numbers of cases are compared by: neither capitals nor spaces count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number).casefold())
    return unicodedata.normalize("NFKC", "".join(folded.split()))  # what a space kept apart may be one now


def search_key(number: str, title: str) -> str:
    """What a search among cases looks in, and what is looked for, in the same form."""
    return " ".join(unicodedata.normalize("NFKC", f"{number} {title}").casefold().split())


def check_line(field: str, value: str | None, longest: int, *, needed: bool = True) -> str:
    """One line of visible characters, without spaces around it. Raises CaseFieldWrong."""
    text = " ".join(unicodedata.normalize("NFC", value or "").split())
    if len(text) > longest:
        raise CaseFieldWrong(field=field, reason=f"it has more than {longest} characters")
    if not text.isprintable():
        raise CaseFieldWrong(field=field, reason="it holds characters that cannot be seen")
    if needed and not text:
        raise CaseFieldWrong(field=field, reason="it is empty")
    return text


def check_note(value: str | None) -> str:
    """Words of several lines. Raises CaseFieldWrong."""
    text = unicodedata.normalize("NFC", (value or "").replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > LONGEST_NOTE:
        raise CaseFieldWrong(field="note", reason=f"it has more than {LONGEST_NOTE} characters")
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise CaseFieldWrong(field="note", reason="it holds characters that cannot be seen")
    return text


def check_reason(value: str | None) -> str:
    """Why something is done. Raises CaseReasonMissing."""
    text = " ".join(unicodedata.normalize("NFC", value or "").split())
    if not 1 <= len(text) <= LONGEST_REASON or not text.isprintable():
        raise CaseReasonMissing(longest=LONGEST_REASON)
    return text


_Choice = TypeVar("_Choice", bound=StrEnum)


def chosen(choices: type[_Choice], field: str, value: str | _Choice) -> _Choice:
    """One of a closed list. Raises CaseFieldWrong."""
    try:
        return choices(value)
    except ValueError as error:
        reason = f"“{value}” is not one of {', '.join(choices)}"
        raise CaseFieldWrong(field=field, reason=reason) from error


def kind_named(value: str | CaseKind) -> CaseKind:
    """A kind of case. Raises CaseFieldWrong."""
    return chosen(CaseKind, "kind", value)
