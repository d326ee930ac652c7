"""Deciding what of a recording is released, and taking a decision back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.disclosure.decisions.errors import (
    ChangedMeanwhile,
    DecisionsClosed,
    DecisionUnknown,
    DecisionWrong,
    ReleaseForbidden,
)
from candor.disclosure.decisions.obstacles import Obstacle, book_of, must_see, obstacles
from candor.disclosure.decisions.places import length_of, places_of
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.standing import Answer, Decisions, decisions_of, rows_of
from candor.disclosure.decisions.stretches import LONGEST_REASON, Choice, must_fit
from candor.disclosure.decisions.subjects import AFTER, HISTORY, About, Subject, about, standing
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.requests.answering import put_decided
from candor.disclosure.requests.rules import DocumentKind
from candor.disclosure.requests.tables import records_request, request_document
from candor.people.rules import Actor, Permission
from candor.redaction.exemptions import Exemption, exemptions

__all__ = ["Choice", "Weighed", "decide", "decisions_of", "exemptions_for", "withdraw"]

#: By the word an exception has in it, it is known to be somebody's consent, and a consent is a document.
_CONSENT = "consent"


@dataclass(frozen=True)
class Weighed:
    """How somebody answers what stands in the way. `rule`: the obstacle's; `reason`: in words; `document_id`: of a
    document of the request or the critical incident, where an exception is a consent; `exception`: which of the rule's
    own exceptions, where it names several."""

    rule: str
    how: Weighing
    reason: str
    document_id: str | None = None
    exception: str = ""


def decide(
    tx: Connection,
    actor: Actor,
    subject: Subject,
    recording_id: str,
    choices: Sequence[Choice],
    weighed: Sequence[Weighed] = (),
    *,
    upon: str,
    clock: Clock | None = None,
) -> tuple[str, ...]:
    """Decide what is done with a recording, and with stretches of it; the decisions' identifiers, in the order of the
    choices. They stand beside those that stand already; one that is to be replaced is taken back first.

    upon: `Decisions.upon`, or `Decisions.upon_of(recording_id)`, of what the decider saw. Raises Refused,
    SubjectUnknown, DecisionsClosed, RecordingUnknown, ChangedMeanwhile, DecisionWrong, and ReleaseForbidden when
    something of it is to be released while a rule forbids it.
    """
    actor.require(Permission.REQUESTS_MANAGE)
    clock = clock or SystemClock()
    asked, before = _to_decide(tx, actor, subject, recording_id, upon)
    if not choices:
        raise DecisionWrong(reason="nothing was chosen")
    named = {one.key: one for one in exemptions_for(tx, actor, recording_id, clock=clock)}
    chosen = [_clean(one, named) for one in choices]
    standing_now = before.of(recording_id)
    must_fit([*standing_now, *chosen], length_ms=length_of(tx, recording_id))
    _must_be_placed(tx, recording_id, chosen)
    everything = [*(one.decision for one in standing_now), *(one.decision for one in chosen)]
    found = obstacles(tx, actor, recording_id, subject=subject, clock=clock)
    answers = _answers(tx, actor, subject, found, weighed)
    if any(one is not Decision.WITHHOLD for one in everything):
        _must_be_answered(recording_id, found, {**before.answers(recording_id), **answers}, everything)
    rows = _write(tx, actor, subject, recording_id, chosen, list(answers.values()), named, clock)
    _told(tx, actor, subject, recording_id, rows, clock)
    _after(tx, actor, asked, clock)
    return tuple(row["id"] for row in rows)


def withdraw(
    tx: Connection, actor: Actor, subject: Subject, decision_id: str, *, reason: str, clock: Clock | None = None
) -> None:
    """Take a decision back; it stays on record. With that on the whole recording go those on its stretches, which count
    only beside it. Raises Refused, SubjectUnknown, DecisionsClosed, DecisionUnknown, DecisionWrong,
    RecordingUnknown."""
    actor.require(Permission.REQUESTS_MANAGE)
    clock, said = clock or SystemClock(), reason_words(reason)
    asked = _open(tx, subject)
    query = sa.select(release_decision).where(release_decision.c.id == decision_id, standing(subject))
    row = tx.execute(query).first()
    if row is None:
        raise DecisionUnknown(id=decision_id)
    must_see(tx, actor, row.recording_id)
    taken = [decision_id]
    if row.begin_ms is None:
        taken = [one.id for one in rows_of(tx, subject).of(row.recording_id)]
    values = {"withdrawn_by": actor.account_id, "withdrawn_at": clock.now(), "withdraw_reason": said}
    tx.execute(release_decision.update().where(release_decision.c.id.in_(taken)).values(**values))
    details = {"decisions": taken, "reason_sha256": _sha256(said)}
    _on_record(tx, Event.REQUEST_DECISION_WITHDRAWN, actor, subject, row.recording_id, details, clock)
    _after(tx, actor, asked, clock)


def exemptions_for(tx: Connection, actor: Actor, recording_id: str, *, clock: Clock | None = None) -> list[Exemption]:
    """The exemptions that a decision on a recording can name, those that apply to it first. Raises Refused,
    RecordingUnknown."""
    must_see(tx, actor, recording_id)
    return exemptions(tx, recording_id, clock=clock)


def reason_words(text: str) -> str:
    """A reason as it is kept. Raises DecisionWrong."""
    said = " ".join(text.split())
    if not 1 <= len(said) <= LONGEST_REASON or not said.isprintable():
        raise DecisionWrong(reason=f"say why, in 1 to {LONGEST_REASON} characters")
    return said


def _open(tx: Connection, subject: Subject) -> About:
    asked = about(tx, subject, held=True)
    if not asked.open:
        raise DecisionsClosed(number=asked.number, state=asked.state)
    return asked


def _to_decide(tx: Connection, actor: Actor, subject: Subject, recording_id: str, upon: str) -> tuple[About, Decisions]:
    """The subject, held, and what stands in it, when that is what the decider saw."""
    asked = _open(tx, subject)
    must_see(tx, actor, recording_id)
    if recording_id not in asked.recordings:
        raise DecisionWrong(reason=f"the recording {recording_id} is none of those that {asked.number} is about")
    before = rows_of(tx, subject)
    if upon not in (before.upon, before.upon_of(recording_id)):
        raise ChangedMeanwhile(number=asked.number)
    return asked, before


def _clean(choice: Choice, named: Mapping[str, Exemption]) -> Choice:
    """The choice as it is kept. What holds something back names an exemption; withholding names its law where any law
    that names one is in force here."""
    decision, key = Decision(choice.decision), choice.exemption
    if decision is Decision.RELEASE:
        if key:
            raise DecisionWrong(reason="what is released as it is names no exemption")
        reason = " ".join(choice.reason.split())
        return Choice(choice.begin_ms, choice.end_ms, decision, "", reason_words(reason) if reason else "")
    if key not in named:
        raise DecisionWrong(reason="whatever is held back names an exemption that is in force here")
    if decision is Decision.WITHHOLD and not named[key].citation and any(one.citation for one in named.values()):
        raise DecisionWrong(reason="withholding needs an exemption that names its law; the agency’s own words are none")
    return Choice(choice.begin_ms, choice.end_ms, decision, key, reason_words(choice.reason))


def _must_be_placed(tx: Connection, recording_id: str, chosen: Sequence[Choice]) -> None:
    """A stretch is somewhere only where it is known how long the parts before it are."""
    if all(one.begin_ms is None for one in chosen):
        return
    if any(place.begin is None for place in places_of(tx, recording_id)):
        raise DecisionWrong(reason="nobody knows how long its parts are; decide on the recording as a whole")


def _answers(
    tx: Connection, actor: Actor, subject: Subject, found: Sequence[Obstacle], weighed: Sequence[Weighed]
) -> dict[str, Answer]:
    """The answers, by rule, each to an obstacle that is there and in a way that it allows."""
    there = {one.rule: one for one in found}
    answers: dict[str, Answer] = {}
    for one in weighed:
        obstacle = there.get(one.rule)
        if obstacle is None:
            raise DecisionWrong(reason=f"nothing named {one.rule[:80]} stands in the way any more; load the page again")
        if one.rule in answers:
            raise DecisionWrong(reason=f"{one.rule} is answered twice")
        answers[one.rule] = _answer(tx, actor, subject, obstacle, one)
    return answers


def _answer(tx: Connection, actor: Actor, subject: Subject, obstacle: Obstacle, one: Weighed) -> Answer:
    how = Weighing(one.how)
    if how not in obstacle.answers:
        ways = ", ".join(sorted(one.value for one in obstacle.answers)) or "nothing"
        raise DecisionWrong(reason=f"{obstacle.rule} is not answered by “{how.value}”; what answers it: {ways}")
    if obstacle.needs_holds:
        actor.require(Permission.HOLDS_MANAGE)
    exception = _exception(obstacle, one) if how is Weighing.EXCEPTION else ""
    if _CONSENT in exception.casefold() or one.document_id is not None:
        _must_be_document(tx, subject, one.document_id, consent=_CONSENT in exception.casefold())
    return Answer(
        obstacle.code,
        obstacle.rule,
        obstacle.citation,
        obstacle.words,
        how,
        reason_words(one.reason),
        exception,
        one.document_id,
    )


def _exception(obstacle: Obstacle, one: Weighed) -> str:
    if one.exception in obstacle.exceptions:
        return one.exception
    if not one.exception and len(obstacle.exceptions) == 1:
        return obstacle.exceptions[0]
    raise DecisionWrong(reason=f"say which exception of {obstacle.rule} it is: {'; '.join(obstacle.exceptions)}")


def _must_be_document(tx: Connection, subject: Subject, document_id: str | None, *, consent: bool) -> None:
    mine = request_document.c.id == (document_id or ""), subject.owns(request_document)
    kind = tx.scalar(sa.select(request_document.c.kind).where(*mine))
    if consent and kind != DocumentKind.CONSENT.value:
        raise DecisionWrong(reason="a consent is a document: put it with this request as a consent, and name it")
    if kind is None:
        raise DecisionWrong(reason="the document that is named is none of this request’s")


def _must_be_answered(
    recording_id: str, found: Sequence[Obstacle], answers: Mapping[str, Answer], everything: Sequence[Decision]
) -> None:
    """Raise ReleaseForbidden for the first obstacle that nobody answered in a way that it allows."""
    for one in found:
        answer = answers.get(one.rule)
        if answer is None or not one.is_answered_by(answer.how, answer.exception):
            raise forbidden(recording_id, one)
        if answer.how is Weighing.HIDDEN and all(decision is Decision.RELEASE for decision in everything):
            raise DecisionWrong(reason=f"{one.rule} is answered by hiding, but nothing of it is to be hidden")


def forbidden(recording_id: str, obstacle: Obstacle) -> ReleaseForbidden:
    """The refusal that names an obstacle."""
    return ReleaseForbidden(
        recording=recording_id,
        words=obstacle.words,
        rule=obstacle.rule,
        reason=obstacle.words,
        citation=obstacle.citation,
        cited=f" ({obstacle.citation})" if obstacle.citation else "",
        todo=obstacle.todo,
    )


def _write(
    tx: Connection,
    actor: Actor,
    subject: Subject,
    recording_id: str,
    chosen: Sequence[Choice],
    answers: Sequence[Answer],
    named: Mapping[str, Exemption],
    clock: Clock,
) -> list[dict[str, Any]]:
    now: datetime = clock.now()
    book = book_of(tx)
    rows = [
        {
            "id": new_id(),
            **subject.columns,
            "recording_id": recording_id,
            "begin_ms": one.begin_ms,
            "end_ms": one.end_ms,
            "decision": one.decision.value,
            "exemption": one.exemption,
            "citation": named[one.exemption].citation if one.exemption else "",
            "reason": one.reason,
            "weighed": [answer.to_json() for answer in answers],
            "decided_by": actor.account_id,
            "decided_at": now,
            "book": book,
        }
        for one in chosen
    ]
    tx.execute(release_decision.insert(), rows)
    return rows


def _told(
    tx: Connection, actor: Actor, subject: Subject, recording_id: str, rows: Sequence[dict[str, Any]], clock: Clock
) -> None:
    """Reasons stay out of the log: they may name people. Their digest is in it."""
    decisions = [
        {
            "id": row["id"],
            "begin_ms": row["begin_ms"],
            "end_ms": row["end_ms"],
            "decision": row["decision"],
            "exemption": row["exemption"],
            "citation": row["citation"],
            "reason_sha256": _sha256(row["reason"]),
        }
        for row in rows
    ]
    weighed = [
        {"rule": one["rule"], "how": one["how"], "exception": one["exception"], "document": one["document"]}
        for one in rows[0]["weighed"]
    ]
    details = {"decisions": decisions, "weighed": weighed, "book": rows[0]["book"]}
    _on_record(tx, Event.REQUEST_DECIDED, actor, subject, recording_id, details, clock)


def _on_record(
    tx: Connection,
    kind: Event,
    actor: Actor,
    subject: Subject,
    recording_id: str,
    details: Mapping[str, Any],
    clock: Clock,
) -> None:
    event_id = custody.append(
        tx,
        kind,
        actor=actor.account_id,
        recording=recording_id,
        details={subject.kind: subject.id, **details},
        clock=clock,
    )
    HISTORY[subject.kind](tx, subject.id, event_id)


def _after(tx: Connection, actor: Actor, asked: About, clock: Clock) -> None:
    for tell in AFTER:
        tell(tx, actor, asked, clock)


def _request_follows(tx: Connection, _actor: Actor, asked: About, _clock: Clock) -> None:
    """A request is decided once every recording that it means is; taken back, it is worked on again."""
    if asked.subject.request_id is None:
        return
    made = rows_of(tx, asked.subject)
    decided = bool(asked.recordings) and all(made.whole(one) is not None for one in asked.recordings)
    put_decided(tx, asked.subject.request_id, decided)
    mine = records_request.c.id == asked.subject.request_id
    tx.execute(records_request.update().where(mine).values(version=records_request.c.version + 1))


AFTER.append(_request_follows)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
