"""Saying why something is missing. It stays in the count of what is missing and moves to what is explained there; what
was said is never removed, and what is said later goes before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.reconciliation.errors import ExplanationWrong, NothingMissing
from candor.docking.reconciliation.reconciling import LONGEST_STRETCH
from candor.docking.reconciliation.service import Camera, Whereabouts, reconcile
from candor.docking.reconciliation.spans import Span, length
from candor.docking.reconciliation.tables import reconciliation_explanation
from candor.people.rules import Actor, Permission

__all__ = ["LONGEST_WORDS", "Cause", "Finding", "explain_numbers", "explain_report", "explain_stretch"]

LONGEST_WORDS = 500
#: Stretches that one explanation can cover.
MOST_PIECES = 200


class Finding(StrEnum):
    """What is explained."""

    STRETCH = "stretch"
    NUMBERS = "numbers"
    REPORT = "report"


class Cause(StrEnum):
    """Why it is missing, as a person says."""

    BATTERY = "battery"
    CARD_FULL = "card-full"
    CAMERA_FAULT = "camera-fault"
    CAMERA_LOST = "camera-lost"
    DOCK_FAULT = "dock-fault"
    TEST = "test"
    MISTAKE = "mistake"
    OTHER = "other"


def explain_stretch(
    tx: Connection,
    actor: Actor,
    device_id: str,
    span: Span,
    *,
    cause: Cause | str,
    words: str,
    clock: Clock | None = None,
) -> list[str]:
    """Say why what is missing of a camera within a stretch is so; the ids, one for each stretch that is missing now.
    What goes missing there later is not explained by it. Raises Refused, NothingMissing, ExplanationWrong."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    said = _said(cause, words)
    if span.length > LONGEST_STRETCH:
        raise ExplanationWrong(reason="one explanation covers two days at most")
    found = _camera(tx, device_id, span, clock)
    pieces = [one.span for one in found.account.missing] if found else []
    if not pieces:
        raise NothingMissing(what=f"{iso(span.from_at)} to {iso(span.to_at)}")
    if len(pieces) > MOST_PIECES:
        raise ExplanationWrong(reason=f"there are {len(pieces)} stretches; explain at most {MOST_PIECES} at a time")
    rows = [{"from_at": one.from_at, "to_at": one.to_at} for one in pieces]
    about = {
        "stretches": [[iso(one.from_at), iso(one.to_at)] for one in pieces],
        "milliseconds": round(length(pieces).total_seconds() * 1000),
    }
    return _keep(tx, actor, device_id, Finding.STRETCH, rows, said, about, clock)


def explain_numbers(
    tx: Connection,
    actor: Actor,
    device_id: str,
    source: str,
    first: int,
    last: int,
    *,
    near: datetime,
    cause: Cause | str,
    words: str,
    clock: Clock | None = None,
) -> str:
    """Say why a camera's counting leaves numbers out; `near`: a time by the camera's clock at which they are missing.
    Raises as `explain_stretch`."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    said = _said(cause, words)
    around = Span(near - LONGEST_STRETCH, near + LONGEST_STRETCH)
    found = _camera(tx, device_id, around, clock)
    for one in found.left_out if found else ():
        gap = one.numbers
        if one.source == source and (gap.first, gap.last) == (first, last):
            row = {"source": source, "first_number": first, "last_number": last, "to_at": gap.before or gap.after}
            about = {"source": source, "first": first, "last": last}
            return _keep(tx, actor, device_id, Finding.NUMBERS, [row], said, about, clock)[0]
    raise NothingMissing(what=f"numbers {first} to {last}")


def explain_report(
    tx: Connection,
    actor: Actor,
    device_id: str,
    report_id: str,
    *,
    near: datetime,
    cause: Cause | str,
    words: str,
    clock: Clock | None = None,
) -> str:
    """Say why what a report without usable times speaks of is not here; `near`: when it was said. Raises as
    `explain_stretch`."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    said = _said(cause, words)
    found = _camera(tx, device_id, Span(near - LONGEST_STRETCH, near + LONGEST_STRETCH), clock)
    for one in found.unplaced if found else ():
        if one.report.id == report_id and one.whereabouts is not Whereabouts.HERE:
            about = {"report": report_id, "ref": one.report.ref}
            return _keep(tx, actor, device_id, Finding.REPORT, [{"report_id": report_id}], said, about, clock)[0]
    raise NothingMissing(what=f"report {report_id}")


def _camera(tx: Connection, device_id: str, span: Span, clock: Clock) -> Camera | None:
    found = reconcile(tx, span, now=clock.now(), devices=[device_id])
    return found.cameras[0] if found.cameras else None


def _said(cause: Cause | str, words: str) -> tuple[Cause, str]:
    text = " ".join(words.split())
    if cause not in set(Cause):
        raise ExplanationWrong(reason=f"a cause is one of {', '.join(Cause)}")
    if not text:
        raise ExplanationWrong(reason="say in a few words how you know")
    if len(text) > LONGEST_WORDS:
        raise ExplanationWrong(reason=f"say it in at most {LONGEST_WORDS} characters")
    return Cause(cause), text


def _keep(
    tx: Connection,
    actor: Actor,
    device_id: str,
    finding: Finding,
    rows: Sequence[dict[str, Any]],
    said: tuple[Cause, str],
    about: dict[str, Any],
    clock: Clock,
) -> list[str]:
    cause, words = said
    common = {
        "device_id": device_id,
        "kind": finding.value,
        "cause": cause.value,
        "words": words,
        "actor": actor.account_id,
        "at": clock.now(),
    }
    blank = dict.fromkeys(("from_at", "to_at", "source", "first_number", "last_number", "report_id"))
    made = [{**blank, **common, **row, "id": new_id()} for row in rows]
    tx.execute(reconciliation_explanation.insert(), made)
    details = {
        "explanations": [row["id"] for row in made],
        "device": device_id,
        "finding": finding.value,
        "cause": cause.value,
        "words": words,
        **about,
    }
    custody.append(tx, Event.RECONCILIATION_EXPLAINED, actor=actor.account_id, details=details, clock=clock)
    return [str(row["id"]) for row in made]
