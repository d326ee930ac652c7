"""Which events of a recording's history are shown without being opened in discovery, and why.

Rules it keeps:

1. An event is opened unless this table says otherwise. What it does not name is opened, so that a kind of event that is
   new is never kept back by accident.
2. Never kept back: what was sealed, a change of the key that links the events, the hand-out. Without these a verifier
   refuses the package, and could not do otherwise.
3. What is kept back is shown to exist: its number, its tag, its entry in the log, its reason. The hand-out commits to
   the numbers and reasons, so nobody can open less than the agency opened.
4. Reviews of an officer before a statement are opened unless whoever makes the discovery decides otherwise: that an
   officer saw the recording before speaking of it bears on what was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody import CustodyEvent, Event
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.viewing import REVIEW_PURPOSE
from candor.people.rules import GUESTS, Role
from candor.people.tables import account

__all__ = ["KEPT_BACK", "REASONS", "Reason", "Watchers", "kept_back", "reason_of", "watchers"]


@dataclass(frozen=True)
class Reason:
    """Why an event is not opened: a name that stands in the package, and the words that explain it there."""

    name: str
    words: str


INQUIRY = Reason(
    "internal-inquiry",
    "It belongs to who may see the recording within the agency, or to an inquiry into an officer. What came of it is "
    "not evidence of what the recording shows.",
)
OTHER_CASE = Reason("another-case", "It names another case than this one.")
COUNSEL = Reason("counsel", "It is work product of the agency's counsel, or says what counsel looked at.")
PARTY = Reason("a-side", "It says what one side of a case looked at.")
REQUESTER = Reason(
    "records-request", "It is of somebody's request for records, or of what was weighed before it was answered."
)
FAMILY = Reason("depicted-people", "It is of people who are seen in the recording, or of their families.")
STATEMENT_REVIEW = Reason(
    "review-before-statement", "It is of an officer's review of the recording before a statement."
)
ERASED = Reason("erased-by-order", "What it said was erased by order of a court.")

#: Every reason by its name.
REASONS: Mapping[str, Reason] = {
    one.name: one for one in (INQUIRY, OTHER_CASE, COUNSEL, PARTY, REQUESTER, FAMILY, STATEMENT_REVIEW, ERASED)
}

#: The table: kinds of events that are not opened, and why. Of some kinds only a part is kept back: see `reason_of`.
KEPT_BACK: Mapping[Event, Reason] = {
    Event.RECORDING_RESTRICTED: INQUIRY,
    Event.RECORDING_RESTRICTION_LIFTED: INQUIRY,
    Event.RECORDING_LET_IN: INQUIRY,
    Event.RECORDING_KEPT_OUT: INQUIRY,
    Event.RECORDING_PERSON_ENDED: INQUIRY,
    Event.CASE_RECORDING_ADDED: OTHER_CASE,
    Event.CASE_RECORDING_REMOVED: OTHER_CASE,
    Event.HOLD_PLACED: COUNSEL,
    Event.HOLD_CHANGED: COUNSEL,
    Event.HOLD_KEPT: COUNSEL,
    Event.HOLD_RELEASED: COUNSEL,
    Event.RECORDING_VIEWED: COUNSEL,
    Event.REQUEST_MEANT: REQUESTER,
    Event.REQUEST_NOT_MEANT: REQUESTER,
    Event.REQUEST_DECIDED: REQUESTER,
    Event.REQUEST_DECISION_WITHDRAWN: REQUESTER,
    Event.CRITICAL_VIEWING_OFFERED: FAMILY,
    Event.CRITICAL_VIEWING_HELD: FAMILY,
    Event.CRITICAL_VIEWING_DECLINED: FAMILY,
    Event.CRITICAL_CONSENT_RECORDED: FAMILY,
    Event.STATEMENT_REVIEW_ASKED: STATEMENT_REVIEW,
    Event.STATEMENT_REVIEW_GRANTED: STATEMENT_REVIEW,
    Event.STATEMENT_REVIEW_REFUSED: STATEMENT_REVIEW,
    Event.STATEMENT_REVIEW_WITHDRAWN: STATEMENT_REVIEW,
    Event.STATEMENT_REVIEW_BEGUN: STATEMENT_REVIEW,
    Event.STATEMENT_REVIEW_COMPLETED: STATEMENT_REVIEW,
    Event.RECORDING_OPENED_TO: STATEMENT_REVIEW,
    Event.RECORDING_OPENING_ENDED: STATEMENT_REVIEW,
    Event.FINDING_NOTED: COUNSEL,
    Event.FINDING_ANSWERED: COUNSEL,
}


@dataclass(frozen=True)
class Watchers:
    """Whose viewings are not the agency's own: accounts of its counsel, and of the sides of cases."""

    counsel: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()


def watchers(tx: Connection) -> Watchers:
    """Those of this installation."""
    counsel, sides = set(), set()
    for row in tx.execute(sa.select(account.c.id, account.c.roles)):
        roles = {Role(name) for name in row.roles if name in set(Role)}
        if roles & GUESTS:
            sides.add(row.id)
        elif roles == {Role.COUNSEL}:
            counsel.add(row.id)
    return Watchers(frozenset(counsel), frozenset(sides))


def reason_of(event: CustodyEvent, case_id: str, who: Watchers, *, reviews: bool) -> Reason | None:
    """Why an event is not opened in discovery of a case; None: it is opened. `reviews`: whether reviews before a
    statement are kept back."""
    if event.is_erased:
        return ERASED
    details = event.details
    if event.kind is Event.RECORDING_VIEWED:
        if details.get("purpose") == REVIEW_PURPOSE:
            return STATEMENT_REVIEW if reviews else None
        if event.actor in who.sides:
            return PARTY
        return COUNSEL if event.actor in who.counsel else None
    found = KEPT_BACK.get(event.kind)
    if found is OTHER_CASE and details.get("case") == case_id:
        return None
    if found is INQUIRY and details.get("kind") == RestrictionKind.LABEL.value:
        return None  # what a recording shows is no inquiry, and the label itself is opened
    if found is STATEMENT_REVIEW and not reviews:
        return None
    return found


def kept_back(events: Iterable[CustodyEvent], case_id: str, who: Watchers, *, reviews: bool) -> dict[str, list[int]]:
    """The numbers of the events that are not opened, by the name of the reason, as the hand-out says them."""
    found: dict[str, list[int]] = {}
    for event in events:
        if (reason := reason_of(event, case_id, who, reviews=reviews)) is not None:
            found.setdefault(reason.name, []).append(event.n)
    return found
