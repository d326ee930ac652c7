"""Findings: that a recording and what an officer stated do not agree, and whether the prosecutor is told.

Rules it keeps:

1. Whoever may note findings notes one, of a recording of a case that they may see, with the stretch, the statement and
   the words. It cannot be taken back; it is answered.
2. It raises the question whether it is disclosed to the prosecutor (Brady v. Maryland, 373 U.S. 83 (1963); Giglio v.
   United States, 405 U.S. 150 (1972)). The question stays open until another person, entitled to it, answers with a
   reason. Who may answer is told at once.
3. Answered "disclosed", it stands in the discovery that is named, or in the next one that is made of the case.
4. Events name the finding, the case and the recording by their identifiers, and the words by their SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.core.outbox import NoticeKind
from candor.custody import Event
from candor.disclosure.discovery.errors import (
    DiscoveryUnknown,
    FindingAnswered,
    FindingUnknown,
    FindingWrong,
    OwnFinding,
)
from candor.disclosure.discovery.tables import discovery, finding
from candor.disclosure.discovery.words import clean
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.matters.holding import note as note_in_case
from candor.matters.reading import case
from candor.matters.rules import visible_cases
from candor.matters.tables import matter, matter_recording
from candor.people.rules import Actor, Permission

__all__ = [
    "ANSWER_WORDS",
    "Answer",
    "Finding",
    "answer",
    "disclosed",
    "findings_of",
    "note",
    "open_findings",
    "to_disclose",
]


class Answer(StrEnum):
    """What was answered."""

    DISCLOSED = "disclosed"
    NOT_DISCLOSED = "not-disclosed"


ANSWER_WORDS: dict[Answer, str] = {
    Answer.DISCLOSED: "disclosed to the prosecutor",
    Answer.NOT_DISCLOSED: "not disclosed",
}


@dataclass(frozen=True)
class Finding:
    """A finding. `from_ms`, `to_ms`: the stretch of the recording, None for the whole. `discovery`: the number of the
    discovery that it stands in. Where its recording may not be seen, `words`, `statement` and the reason of the answer
    are empty, and there is no stretch."""

    id: str
    matter_id: str
    matter_number: str
    recording_id: str
    from_ms: int | None
    to_ms: int | None
    statement: str
    words: str
    noted_by: str
    noted_at: datetime
    answer: Answer | None
    answer_reason: str | None
    answered_by: str | None
    answered_at: datetime | None
    discovery: str | None

    @property
    def open(self) -> bool:
        """Whether the question still stands."""
        return self.answer is None


def note(
    tx: Connection,
    actor: Actor,
    matter_id: str,
    recording_id: str,
    *,
    statement: str,
    words: str,
    from_ms: int | None = None,
    to_ms: int | None = None,
    clock: Clock | None = None,
) -> str:
    """Note a finding; its id. Raises Refused, CaseUnknown, FindingWrong, DiscoveryWordsMissing."""
    actor.require(Permission.FINDINGS_NOTE)
    clock = clock or SystemClock()
    found = case(tx, actor, matter_id)
    inside = sa.exists().where(
        matter_recording.c.matter_id == found.id,
        matter_recording.c.recording_id == recording.c.id,
        matter_recording.c.removed_at.is_(None),
    )
    row = tx.execute(
        sa.select(recording.c.duration_ms).where(recording.c.id == recording_id, visible_to(actor).expression, inside)
    ).first()
    if row is None:
        raise FindingWrong(reason="the recording is not in that case, or it may not be seen with these rights")
    _must_be_stretch(from_ms, to_ms, row.duration_ms)
    values: dict[str, Any] = {
        "id": new_id(),
        "matter_id": found.id,
        "recording_id": recording_id,
        "from_ms": from_ms,
        "to_ms": to_ms,
        "statement": clean("which statement, and whose", statement),
        "words": clean("what does not agree", words),
        "noted_by": actor.account_id,
        "noted_at": clock.now(),
    }
    tx.execute(finding.insert(), values)
    details: dict[str, Any] = {"finding": values["id"], "recording": recording_id}
    details["words_sha256"] = _digest(values["statement"], values["words"])
    if from_ms is not None:
        details |= {"from_ms": from_ms, "to_ms": to_ms}
    note_in_case(tx, Event.FINDING_NOTED, actor, found.id, details, clock=clock)
    told: dict[str, str | int | bool] = {"finding": values["id"], "case": found.id}
    outbox.tell(tx, NoticeKind.FINDING_ASKED, details=told, about=f"/cases/{found.id}", once=_key(values["id"]))
    return str(values["id"])


def answer(
    tx: Connection,
    actor: Actor,
    finding_id: str,
    given: Answer | str,
    *,
    reason: str,
    discovery_number: str | None = None,
    clock: Clock | None = None,
) -> None:
    """Answer whether a finding is disclosed. `discovery_number`: a discovery of its case in which it was disclosed;
    without one it stands in the next that is made.

    Raises Refused, FindingUnknown, OwnFinding, FindingAnswered, DiscoveryUnknown, DiscoveryWordsMissing.
    """
    actor.require(Permission.FINDINGS_DECIDE)
    clock, chosen, why = clock or SystemClock(), Answer(given), clean("why", reason)
    query = sa.select(finding).join(matter, matter.c.id == finding.c.matter_id)
    row = tx.execute(query.where(finding.c.id == finding_id, visible_cases(actor)).with_for_update(of=finding)).first()
    if row is None:
        raise FindingUnknown(id=finding_id)
    if row.noted_by == actor.account_id:
        raise OwnFinding()
    if row.answer is not None:
        raise FindingAnswered()
    values = {
        "answer": chosen.value,
        "answer_reason": why,
        "answered_by": actor.account_id,
        "answered_at": clock.now(),
        "discovery_id": _in_which(tx, row.matter_id, chosen, discovery_number),
    }
    taken = tx.execute(finding.update().where(finding.c.id == finding_id, finding.c.answer.is_(None)).values(**values))
    if taken.rowcount != 1:
        raise FindingAnswered()
    details: dict[str, Any] = {"finding": finding_id, "answer": chosen.value, "reason_sha256": _digest(why)}
    if values["discovery_id"]:
        details["discovery"] = values["discovery_id"]
    note_in_case(tx, Event.FINDING_ANSWERED, actor, row.matter_id, details, clock=clock)
    outbox.resolve(tx, _key(finding_id), clock=clock)


def findings_of(tx: Connection, actor: Actor, matter_id: str) -> list[Finding]:
    """The findings of a case that the actor may see, the oldest first. Raises CaseUnknown."""
    return _read(tx, actor, finding.c.matter_id == case(tx, actor, matter_id).id)


def open_findings(tx: Connection, actor: Actor) -> list[Finding]:
    """Every finding whose question is open, of cases that the actor may see, the oldest first."""
    return _read(tx, actor, finding.c.answer.is_(None), visible_cases(actor))


def to_disclose(tx: Connection, matter_id: str, given: Collection[str]) -> list[dict[str, Any]]:
    """The findings that are to stand in a discovery that is being made, as data/discovery.json holds them. One of a
    recording that is not given waits for a discovery that gives it."""
    mine = (
        finding.c.matter_id == matter_id,
        finding.c.answer == Answer.DISCLOSED.value,
        finding.c.discovery_id.is_(None),
    )
    rows = tx.execute(sa.select(finding).where(*mine).order_by(finding.c.noted_at, finding.c.id)).all()
    return [
        {
            "finding": row.id,
            "recording": row.recording_id,
            "from_ms": row.from_ms,
            "to_ms": row.to_ms,
            "statement": row.statement,
            "words": row.words,
            "noted": iso(row.noted_at),
        }
        for row in rows
        if row.recording_id in given
    ]


def disclosed(tx: Connection, finding_ids: Collection[str], discovery_id: str) -> None:
    """Say of findings in which discovery they stand, in the transaction that makes it."""
    tx.execute(finding.update().where(finding.c.id.in_(finding_ids)).values(discovery_id=discovery_id))


def _read(tx: Connection, actor: Actor, *which: sa.ColumnElement[bool]) -> list[Finding]:
    seen = sa.case((visible_to(actor).expression, True), else_=False).label("seen")
    query = (
        sa.select(finding, matter.c.number.label("matter_number"), discovery.c.number.label("in_discovery"), seen)
        .select_from(
            finding.join(matter, matter.c.id == finding.c.matter_id)
            .join(recording, recording.c.id == finding.c.recording_id)
            .outerjoin(discovery, discovery.c.id == finding.c.discovery_id)
        )
        .where(*which)
        .order_by(finding.c.noted_at, finding.c.id)
    )
    return [
        Finding(
            row.id,
            row.matter_id,
            row.matter_number,
            row.recording_id,
            row.from_ms if row.seen else None,
            row.to_ms if row.seen else None,
            row.statement if row.seen else "",
            row.words if row.seen else "",
            row.noted_by,
            row.noted_at,
            None if row.answer is None else Answer(row.answer),
            ("" if not row.seen and row.answer_reason else row.answer_reason),
            row.answered_by,
            row.answered_at,
            row.in_discovery,
        )
        for row in tx.execute(query)
    ]


def _in_which(tx: Connection, matter_id: str, chosen: Answer, number: str | None) -> str | None:
    if chosen is not Answer.DISCLOSED or not (number or "").strip():
        return None
    which = discovery.c.matter_id == matter_id, discovery.c.number == (number or "").strip().upper()
    found = tx.scalar(sa.select(discovery.c.id).where(*which))
    if found is None:
        raise DiscoveryUnknown(id=number)
    return str(found)


def _must_be_stretch(from_ms: int | None, to_ms: int | None, duration_ms: int | None) -> None:
    if from_ms is None and to_ms is None:
        return
    if from_ms is None or to_ms is None or not 0 <= from_ms < to_ms:
        raise FindingWrong(reason="a stretch has a beginning and, after it, an end")
    if duration_ms is not None and from_ms >= duration_ms:
        raise FindingWrong(reason="the stretch begins after the end of the recording")


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def _key(finding_id: str) -> str:
    return f"finding:{finding_id}"
