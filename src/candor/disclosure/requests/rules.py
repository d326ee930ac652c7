"""What is true of requests for records. No database is asked here, no clock: values and decisions."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "CHANNEL_WORDS",
    "CLASS_WORDS",
    "CLOCK_WORDS",
    "DOCUMENT_WORDS",
    "NEAR",
    "OPEN",
    "OUTCOME_WORDS",
    "STATE_WORDS",
    "TURN_WORDS",
    "WANTS",
    "Channel",
    "ClockState",
    "DocumentKind",
    "Meant",
    "Outcome",
    "RequestState",
    "RequesterClass",
    "Turn",
    "Way",
    "clock_state",
    "closed_state",
]


class RequestState(StrEnum):
    """How far a request is."""

    RECEIVED = "received"  # nobody works on it yet
    WORKING = "working"
    CLARIFYING = "clarifying"  # whoever asked was asked something; the clock runs on
    DECIDED = "decided"  # every recording that is meant has a decision; letter and release are due
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


#: Requests that somebody still has to do something about.
OPEN = (RequestState.RECEIVED, RequestState.WORKING, RequestState.CLARIFYING, RequestState.DECIDED)

STATE_WORDS: dict[RequestState, str] = {
    RequestState.RECEIVED: "received",
    RequestState.WORKING: "being worked on",
    RequestState.CLARIFYING: "waiting for whoever asked",
    RequestState.DECIDED: "decided, not yet answered",
    RequestState.ANSWERED: "answered",
    RequestState.WITHDRAWN: "withdrawn",
}


class Channel(StrEnum):
    """How a request came in."""

    FORM = "form"  # the public form
    CLERK = "clerk"  # entered by somebody here: at the counter, by post, by telephone
    TABLE = "table"  # from a CSV table


CHANNEL_WORDS: dict[Channel, str] = {
    Channel.FORM: "by the public form",
    Channel.CLERK: "entered by the office",
    Channel.TABLE: "from a table",
}


class RequesterClass(StrEnum):
    """What whoever asks is to what was recorded. Rights and fees may differ by it; it is what they say, until somebody
    here has confirmed it."""

    PUBLIC = "public"
    PRESS = "press"
    DEPICTED = "depicted"
    PARENT = "parent"
    NEXT_OF_KIN = "next-of-kin"
    ATTORNEY = "attorney"
    OFFICER = "officer"
    AGENCY = "agency"
    COMMISSION = "commission"


CLASS_WORDS: dict[RequesterClass, str] = {
    RequesterClass.PUBLIC: "a member of the public",
    RequesterClass.PRESS: "somebody of the press",
    RequesterClass.DEPICTED: "somebody who was recorded",
    RequesterClass.PARENT: "a parent or guardian of a minor who was recorded",
    RequesterClass.NEXT_OF_KIN: "next of kin of somebody who died",
    RequesterClass.ATTORNEY: "an attorney of somebody who was recorded",
    RequesterClass.OFFICER: "an officer who was recorded, or their union",
    RequesterClass.AGENCY: "another public agency",
    RequesterClass.COMMISSION: "a commission that oversees the police or civil rights",
}


class Meant(StrEnum):
    """Whether a recording is one that a request means."""

    MEANT = "meant"
    NOT_MEANT = "not-meant"


class DocumentKind(StrEnum):
    """What a document of a request is."""

    ATTACHMENT = "attachment"  # what came with the request
    IDENTITY = "identity"  # that somebody is who they say
    CONSENT = "consent"  # of a minor's parent or guardian, or of whoever was recorded
    LETTER = "letter"  # made here
    OTHER = "other"


DOCUMENT_WORDS: dict[DocumentKind, str] = {
    DocumentKind.ATTACHMENT: "came with the request",
    DocumentKind.IDENTITY: "proof of who somebody is",
    DocumentKind.CONSENT: "consent",
    DocumentKind.LETTER: "letter",
    DocumentKind.OTHER: "other",
}


class Outcome(StrEnum):
    """With what a request was answered."""

    RELEASED = "released"
    RELEASED_IN_PART = "released-in-part"
    WITHHELD = "withheld"
    NOTHING_FOUND = "nothing-found"
    WITHDRAWN = "withdrawn"  # by whoever asked; nothing was answered


OUTCOME_WORDS: dict[Outcome, str] = {
    Outcome.RELEASED: "everything that was meant was released",
    Outcome.RELEASED_IN_PART: "a part of what was meant was released",
    Outcome.WITHHELD: "what was meant was withheld",
    Outcome.NOTHING_FOUND: "nothing was found that was meant",
    Outcome.WITHDRAWN: "whoever asked took it back",
}


class Turn(StrEnum):
    """Whose turn it is."""

    OFFICE = "office"  # somebody has to take it
    ASSIGNED = "assigned"  # whoever it was given to
    REQUESTER = "requester"  # whoever asked was asked something
    SECOND = "second-person"  # somebody else than who prepared has to approve
    NOBODY = "nobody"  # it is closed


TURN_WORDS: dict[Turn, str] = {
    Turn.OFFICE: "the office: nobody has taken it yet",
    Turn.ASSIGNED: "whoever it was given to",
    Turn.REQUESTER: "whoever asked",
    Turn.SECOND: "a second person, to approve what is released",
    Turn.NOBODY: "nobody",
}


class Way(StrEnum):
    """Where a message goes."""

    IN = "in"
    OUT = "out"
    NOTE = "note"  # it stays here


#: What somebody wants: a copy, or to look at it here.
WANTS: dict[str, str] = {"copy": "a copy", "inspect": "to look at it here"}

#: So long before its end a clock is near it.
NEAR = timedelta(hours=48)


class ClockState(StrEnum):
    """How a clock stands, in one word; a face gives each a sign of its own besides a colour."""

    NONE = "none"
    RUNNING = "running"
    NEAR = "near"
    OVER = "over"
    MET = "met"


CLOCK_WORDS: dict[ClockState, str] = {
    ClockState.NONE: "no clock runs",
    ClockState.RUNNING: "there is time",
    ClockState.NEAR: "due soon",
    ClockState.OVER: "overdue",
    ClockState.MET: "answered",
}


def clock_state(due_at: datetime | None, now: datetime, *, met: bool = False) -> ClockState:
    """How a clock stands that is due at `due_at`."""
    if met:
        return ClockState.MET
    if due_at is None:
        return ClockState.NONE
    if due_at < now:
        return ClockState.OVER
    return ClockState.NEAR if due_at - now <= NEAR else ClockState.RUNNING


def closed_state(outcome: Outcome) -> RequestState:
    """In which state an outcome leaves a request."""
    return RequestState.WITHDRAWN if outcome is Outcome.WITHDRAWN else RequestState.ANSWERED
