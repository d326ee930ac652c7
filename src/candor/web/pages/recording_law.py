"""What the law says of a recording now: a line for each thing that is asked, with the rules that it stands on.

What bears on a recording may be something that not everybody who sees it may know of: that somebody is investigated,
what is held and why. Who sees every case that it is in is told all; reasons of holds are for those who see holds.
Anybody else is told what follows from the recording itself, and always the same words about the rest, so that these say
nothing of whether there is any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import Connection

from candor.footage.facts import facts_of
from candor.footage.rules import RecordingState
from candor.footage.search import Row
from candor.law import changes
from candor.law.books import book_now
from candor.law.changes import ChangeKind, ChangeState
from candor.law.engine import answer
from candor.law.model import Answer, Basis, Book, Facts, Line, Rule, Verification
from candor.law.words import dates_of, standing_words
from candor.matters import service as matters
from candor.people.auditing import names_of
from candor.people.rules import Actor, Permission
from candor.web.i18n import noted

__all__ = ["SUBJECTS", "Explained", "Heard", "StepTold", "explained", "heard", "law_told"]

#: What a line is about, in the order of the page.
SUBJECTS: dict[str, str] = {
    "kept": noted("How long it is kept"),
    "destroyed": noted("May it be destroyed"),
    "release": noted("May it be released"),
    "clock": noted("Which clock runs"),
    "redaction": noted("Redaction"),
    "access": noted("Who may see it"),
}
#: Lines that stand on the recording alone, whatever was asked, begun or held.
_OF_ITSELF = ("kept", "redaction", "access")


@dataclass(frozen=True)
class Heard:
    """What is known of a recording, as far as somebody may know it. `all_of_it`: nothing was left out but reasons."""

    facts: Facts
    all_of_it: bool


@dataclass(frozen=True)
class Explained:
    """An answer for somebody: the lines that they are told."""

    answer: Answer
    lines: tuple[Line, ...]
    all_of_it: bool


@dataclass(frozen=True)
class StepTold:
    """One step: what follows, and the rule with its citation, dates and standing. `adopted_by`: names and day."""

    words: str
    applied: bool
    rule: Rule | None
    dates: str
    standing: str
    address: str
    adopted_by: tuple[str, str, datetime] | None


def heard(tx: Connection, actor: Actor, recording_id: str) -> Heard:
    """The facts that somebody may know; whoever calls has checked that they may see the recording."""
    facts = facts_of(tx, recording_id)
    its_cases = {one.id for one in matters.cases_of(tx, recording_id)}
    seen = {one.id for one in matters.cases_of(tx, recording_id, seen_by=actor)}
    if not actor.may(Permission.CASES_VIEW) or its_cases != seen:
        return Heard(replace(facts, events={}, open_cases=(), holds=()), all_of_it=False)
    if actor.may(Permission.RETENTION_VIEW) or actor.may(Permission.HOLDS_MANAGE):
        return Heard(facts, all_of_it=True)
    return Heard(replace(facts, holds=tuple(replace(one, reason="") for one in facts.holds)), all_of_it=True)


def explained(book: Book, known: Heard, moment: datetime) -> Explained:
    """What follows at a moment from what somebody may know."""
    found = answer(book, known.facts, moment)
    lines = found.lines if known.all_of_it else tuple(one for one in found.lines if one.subject in _OF_ITSELF)
    return Explained(found, lines, known.all_of_it)


def law_told(tx: Connection, actor: Actor, row: Row, moment: datetime) -> dict[str, Any]:
    """The values of the page's part about the law; nothing for what is destroyed, or a part of another recording."""
    if row.state not in (RecordingState.SEALED, RecordingState.RECEIVING):
        return {"law_lines": [], "law_in_force": True}
    book = book_now(tx)
    told = explained(book, heard(tx, actor, row.id), moment)
    adoptions = _adoptions(tx, told.lines)
    return {
        "law_in_force": bool(book.packs),
        "law_lines": [(one, [_step(step, adoptions) for step in one.steps]) for one in told.lines],
        "law_all_of_it": told.all_of_it,
        "law_subjects": SUBJECTS,
        "may_read_law": bool(actor.may(Permission.LAW_VIEW)),
    }


def _step(step: Basis, adoptions: dict[str, tuple[str, str, datetime]]) -> StepTold:
    rule = step.rule
    if rule is None:
        return StepTold(step.words, step.applied, None, "", "", "", None)
    return StepTold(
        step.words,
        step.applied,
        rule,
        dates_of(rule),
        standing_words(rule, adopted=step.adopted),
        f"/law/{quote(rule.pack, safe='')}/{quote(rule.id, safe='')}#from-{rule.in_force_from.isoformat()}",
        adoptions.get(rule.sha256) if step.adopted else None,
    )


def _adoptions(tx: Connection, lines: tuple[Line, ...]) -> dict[str, tuple[str, str, datetime]]:
    """By a rule's hash: who had it adopted, who approved that, and when; the last time counts."""
    wanted = {
        step.rule.sha256
        for line in lines
        for step in line.steps
        if step.rule and step.adopted and step.rule.verification is not Verification.OFFICIAL_TEXT
    }
    if not wanted:
        return {}
    past = [
        one
        for one in changes.all_changes(tx, limit=10_000)
        if one.kind is ChangeKind.ADOPTION and one.state is ChangeState.IN_FORCE
    ]
    past.sort(key=lambda one: one.decided_at or one.proposed_at)
    found = {sha256: one for one in past for _, sha256 in one.rules if sha256 in wanted}
    names = names_of(tx, {who for one in found.values() for who in (one.proposed_by, one.decided_by) if who})
    return {
        sha256: (
            names.get(one.proposed_by, one.proposed_by),
            names.get(one.decided_by or "", one.decided_by or ""),
            one.decided_at or one.proposed_at,
        )
        for sha256, one in found.items()
    }
