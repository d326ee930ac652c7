"""Deciding on a review before a statement: by another person, under the rule of law that is in force here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import facts
from candor.footage.restriction_rules import KIND_WORDS, RestrictionKind
from candor.footage.restriction_tables import restriction
from candor.footage.tables import recording
from candor.law.books import book_now
from candor.law.model import Book, Measured, ReviewTerms, Rule, RuleKind
from candor.law.vocabulary import LawEvent
from candor.matters.errors import CaseUnknown
from candor.matters.rules import Part, visible_cases
from candor.matters.statement_errors import ReviewForbidden, ReviewNotNow, ReviewOwn, ReviewWrong
from candor.matters.statement_tables import statement_recording, statement_review
from candor.matters.statements import (
    STATE_WORDS,
    ReviewState,
    held_review,
    visible_recordings,
    words,
)
from candor.matters.tables import matter, matter_person, matter_recording
from candor.people.rules import Actor, Permission

__all__ = ["ReviewRight", "decide", "right_to_review"]

OWN_RULE = "matters.statement another-person"


@dataclass(frozen=True)
class ReviewRight:
    """What the law in force here says of a review. `allowed` None: it says nothing, so the agency decides."""

    allowed: bool | None
    rules: tuple[Rule, ...]

    @property
    def with_whom(self) -> tuple[str, ...]:
        """Who may or must be present."""
        told = (rule.terms.with_whom for rule in self.rules if isinstance(rule.terms, ReviewTerms))
        return tuple(dict.fromkeys(one for each in told for one in each))

    @property
    def citation(self) -> str:
        """Where it stands; empty when nothing does."""
        return "; ".join(dict.fromkeys(rule.citation for rule in self.rules))


def right_to_review(book: Book, *, recorded_at: datetime | None, decided_at: datetime) -> ReviewRight:
    """What the rules of review say that are in force on the day they are measured by. One that forbids it wins, checked
    or not: a rule may always restrict."""
    packs = (*book.packs, *((book.policy,) if book.policy else ()))
    found: list[Rule] = []
    for pack in packs:
        zone = ZoneInfo(pack.time_zone)
        for rule in pack.rules:
            if rule.kind is not RuleKind.REVIEW or not isinstance(rule.terms, ReviewTerms):
                continue
            moment = recorded_at if rule.measured is Measured.RECORDED else decided_at
            if rule.in_force((moment or decided_at).astimezone(zone).date()):
                found.append(rule)
    found.sort(key=lambda rule: rule.id)
    forbidding = [rule for rule in found if isinstance(rule.terms, ReviewTerms) and not rule.terms.allowed]
    if forbidding:
        return ReviewRight(False, tuple(forbidding))
    return ReviewRight(True, tuple(found)) if found else ReviewRight(None, ())


def decide(
    tx: Connection,
    actor: Actor,
    review_id: str,
    *,
    grant: bool,
    reason: str,
    recording_ids: Sequence[str] = (),
    with_whom: str = "",
    case_id: str | None = None,
    clock: Clock | None = None,
) -> None:
    """Grant a review of these recordings, or refuse it, as another person than its officer. `with_whom`: who has to be
    present. `case_id`: the case that it belongs to, by id.

    Raises Refused, ReviewUnknown, ReviewNotNow, ReviewOwn, ReviewForbidden, ReviewWrong, RecordingUnknown, CaseUnknown.
    """
    actor.require(Permission.STATEMENTS_DECIDE)
    clock, row, said = clock or SystemClock(), held_review(tx, actor, review_id), words("why", reason)
    if row.state != ReviewState.ASKED:
        raise ReviewNotNow(state=STATE_WORDS[ReviewState(row.state)], act="decided")
    if (
        case_id
        and tx.execute(sa.select(matter.c.id).where(matter.c.id == case_id, visible_cases(actor))).first() is None
    ):
        raise CaseUnknown(id=case_id)
    _another_person(tx, actor, row, case_id, recording_ids)
    values: dict[str, Any] = {
        "state": (ReviewState.GRANTED if grant else ReviewState.REFUSED).value,
        "decided_by": actor.account_id,
        "decided_at": clock.now(),
        "decision_reason": said,
        "matter_id": case_id or None,
    }
    chosen: list[str] = []
    if grant:
        chosen = visible_recordings(tx, actor, recording_ids)
        right = _granted_by(tx, chosen, clock.now())
        values |= {"rule": right.citation, "with_whom": words("who is present", with_whom or _present(right))}
        _grant(tx, row.id, chosen)
    tx.execute(statement_review.update().where(statement_review.c.id == row.id).values(values))
    details = {"review": row.id, "officer": row.officer_id, "reason": said, "case": case_id or None}
    if grant:
        details |= {"recordings": chosen, "rule": values["rule"], "with_whom": values["with_whom"]}
    event = Event.STATEMENT_REVIEW_GRANTED if grant else Event.STATEMENT_REVIEW_REFUSED
    custody.append(tx, event, actor=actor.account_id, details=details, clock=clock)


def _another_person(
    tx: Connection, actor: Actor, row: sa.Row[Any], case_id: str | None, recording_ids: Sequence[str]
) -> None:
    """Who is a part of what is reviewed does not decide on it (CJIS Security Policy AC-5)."""
    if actor.account_id in (row.officer_id, row.asked_by):
        raise ReviewOwn(rule=OWN_RULE, reason="whoever asked for it, or for whom it was asked, does not grant it")
    asked = sa.select(statement_recording.c.recording_id).where(statement_recording.c.review_id == row.id)
    chosen = sa.or_(recording.c.id.in_(recording_ids), recording.c.id.in_(asked))
    worn = sa.select(recording.c.id).where(chosen, recording.c.wearer_id == actor.account_id)
    if tx.execute(worn).first() is not None:
        raise ReviewOwn(rule=OWN_RULE, reason="you wore one of the cameras")
    # Whoever decides does not choose which case is looked at: each that the footage belongs to is.
    person, of_review = matter_person.c, statement_recording.c.review_id == row.id
    about = sa.or_(
        matter_recording.c.recording_id.in_(recording_ids),
        matter_recording.c.recording_id.in_(sa.select(statement_recording.c.recording_id).where(of_review)),
    )
    cases = sa.select(matter_recording.c.matter_id).where(about, matter_recording.c.removed_at.is_(None))
    involved = sa.select(person.id).where(
        sa.or_(person.matter_id == case_id, person.matter_id.in_(cases)),
        person.account_id == actor.account_id,
        person.part.in_((Part.SUBJECT_OFFICER.value, Part.INVOLVED_OFFICER.value)),
    )
    if tx.execute(involved).first() is not None:
        raise ReviewOwn(rule=OWN_RULE, reason="you are involved in a case that it is about")


def _granted_by(tx: Connection, chosen: Sequence[str], now: datetime) -> ReviewRight:
    if not chosen:
        raise ReviewWrong(reason="choose at least one recording")
    closed = (RestrictionKind.COMPELLED.value, RestrictionKind.ERASED.value)
    walled = sa.select(restriction.c.kind).where(
        restriction.c.recording_id.in_(chosen), restriction.c.kind.in_(closed), restriction.c.lifted_at.is_(None)
    )
    kind = tx.scalar(walled)
    if kind is not None:
        raise ReviewWrong(reason=f"a review does not open one of them: {KIND_WORDS[RestrictionKind(kind)].lower()}")
    first = sa.func.min(recording.c.started_at, type_=recording.c.started_at.type)
    recorded_at = tx.scalar(sa.select(first).where(recording.c.id.in_(chosen)))
    right = right_to_review(book_now(tx), recorded_at=recorded_at, decided_at=now)
    if right.allowed is False:
        raise ReviewForbidden(rule=right.rules[0].id, reason=f"{right.rules[0].text} ({right.citation})")
    return right


def _present(right: ReviewRight) -> str:
    return " or ".join(right.with_whom) or "nobody besides the officer"


def _grant(tx: Connection, review_id: str, chosen: Sequence[str]) -> None:
    mine = statement_recording.c.review_id == review_id
    asked = set(tx.scalars(sa.select(statement_recording.c.recording_id).where(mine)))
    tx.execute(
        statement_recording.update().where(mine, statement_recording.c.recording_id.in_(chosen)).values(granted=True)
    )
    for one in chosen:
        if one not in asked:
            tx.execute(statement_recording.insert(), {"review_id": review_id, "recording_id": one, "granted": True})


def _completed(tx: Connection, recording_ids: Collection[str]) -> Mapping[str, Mapping[LawEvent, datetime]]:
    """When a review of each was completed; the earliest, since it obliges earlier."""
    query = sa.select(
        statement_recording.c.recording_id,
        sa.func.min(statement_review.c.ended_at, type_=statement_review.c.ended_at.type).label("first"),
    ).join(statement_review, statement_review.c.id == statement_recording.c.review_id)
    query = query.where(
        statement_recording.c.recording_id.in_(recording_ids),
        statement_recording.c.opened_at.is_not(None),
        statement_review.c.state == ReviewState.COMPLETED.value,
    ).group_by(statement_recording.c.recording_id)
    return {row.recording_id: {LawEvent.REVIEW_COMPLETED: row.first} for row in tx.execute(query)}


facts.EVENTS.append(_completed)
