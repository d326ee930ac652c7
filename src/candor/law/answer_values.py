"""An answer as plain values for JSON: what was decided, why, and the lines in which it is said. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from candor.core.clock import iso
from candor.law.model import Answer, Basis, Block, Clock, Confidentiality, Facts, Line, Rule

__all__ = ["answer_values", "facts_values"]


def answer_values(found: Answer, lines: Iterable[Line] | None = None) -> dict[str, Any]:
    """The whole of an answer. Moments as RFC 3339 in UTC. A step names its rule; `rules` has each of these once, with
    words, citation and dates. `lines`: only these instead, with their rules."""
    if lines is not None:
        told = tuple(lines)
        return {**_head(found), "lines": _lines(told), "rules": _rules(step for one in told for step in one.steps)}
    kept, release = found.retention, found.release
    return {
        **_head(found),
        "lines": _lines(found.lines),
        "retention": {
            "until": _at(kept.until),
            "start": kept.start,
            "purgeable": kept.purgeable,
            "blocks": _blocks(kept.blocks),
            "steps": _steps(kept.steps),
        },
        "release": {
            "allowed": release.allowed,
            "redaction": release.redaction,
            "blocks": _blocks(release.blocks),
            "confidential": [_confidential(one) for one in release.confidential],
            "steps": _steps(release.steps),
            "redaction_steps": _steps(release.redaction_steps),
        },
        "clocks": [_clock(one) for one in found.clocks],
        "clocks_of_other_days": _steps(found.clock_steps),
        "access": {
            "restricting": [_confidential(one) for one in found.access.restricting],
            "review": _steps(found.access.review),
            "notes": _steps(found.access.notes),
        },
        "rules": _rules(_all_steps(found)),
    }


def facts_values(facts: Facts) -> dict[str, Any]:
    """What was known of the recording."""
    return {
        "recorded_at": iso(facts.recorded_at),
        "received_at": iso(facts.received_at),
        "category": facts.category,
        "labels": sorted(facts.labels),
        "events": {event: iso(at) for event, at in sorted(facts.events.items())},
        "open_cases": sorted(facts.open_cases),
        "holds": [
            {"id": hold.id, "kind": hold.kind, "reason": hold.reason, "since": iso(hold.since), "case": hold.case}
            for hold in facts.holds
        ],
        "extended_until": _at(facts.extended_until),
    }


def _head(found: Answer) -> dict[str, Any]:
    return {"moment": iso(found.moment), "book": found.book}


def _lines(lines: Iterable[Line]) -> list[dict[str, Any]]:
    return [
        {"subject": one.subject, "state": one.state, "words": one.words, "steps": _steps(one.steps)} for one in lines
    ]


def _all_steps(found: Answer) -> Iterable[Basis]:
    """Whatever names a rule: every step of a decision comes up in the line that says it."""
    for line in found.lines:
        yield from line.steps
    for block in (*found.retention.blocks, *found.release.blocks):
        yield from block.basis
    yield from found.retention.steps
    yield from found.release.steps


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _rule(rule: Rule | None) -> dict[str, str] | None:
    return None if rule is None else {"pack": rule.pack, "id": rule.id, "sha256": rule.sha256}


def _rules(steps: Iterable[Basis]) -> list[dict[str, Any]]:
    """The rules of steps, each once, by name."""
    found = {(one.rule.pack, one.rule.id, one.rule.sha256): one.rule for one in steps if one.rule is not None}
    return [_whole(found[key]) for key in sorted(found)]


def _whole(rule: Rule) -> dict[str, Any]:
    return {
        "pack": rule.pack,
        "id": rule.id,
        "kind": rule.kind,
        "citation": rule.citation,
        "text": rule.text,
        "in_force_from": rule.in_force_from.isoformat(),
        "in_force_to": None if rule.in_force_to is None else rule.in_force_to.isoformat(),
        "verification": rule.verification,
        "verified_on": rule.verified_on.isoformat(),
        "sha256": rule.sha256,
    }


def _steps(steps: Iterable[Basis]) -> list[dict[str, Any]]:
    return [
        {"words": one.words, "applied": one.applied, "adopted": one.adopted, "rule": _rule(one.rule)} for one in steps
    ]


def _blocks(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    return [{"code": one.code, "words": one.words, "steps": _steps(one.basis)} for one in blocks]


def _clock(one: Clock) -> dict[str, Any]:
    return {
        "rule": _rule(one.rule),
        "started_by": one.started_by,
        "started_at": _at(one.started_at),
        "due": _at(one.due),
        "adopted": one.adopted,
        "steps": [iso(step) for step in one.steps],
        "latest": _at(one.latest),
        "without_holidays": _at(one.without_holidays),
        "with_holidays": _at(one.with_holidays),
        "holidays": [{"day": day.isoformat(), "name": name} for day, name in one.left_out],
        "words": one.words,
    }


def _confidential(one: Confidentiality) -> dict[str, Any]:
    return {"rule": _rule(one.rule), "test": one.test, "labels": sorted(one.labels), "words": one.words}
