"""What the commands of discovery and findings say: documents for programs, words for people."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from candor.core.clock import iso
from candor.disclosure.discovery import ledger, marks, reading, receipts
from candor.disclosure.discovery.access import Side, sides_of
from candor.disclosure.discovery.findings import Finding
from candor.disclosure.discovery.marks import Marks
from candor.disclosure.discovery.opening import OpenedView
from candor.disclosure.discovery.reading import Discovery
from candor.jobs import Jobs

__all__ = ["discovery_document", "finding_document", "row_of", "view_document"]


def row_of(tx: Connection, found: Discovery) -> dict[str, Any]:
    """A discovery as a list tells it."""
    package = reading.package_of(tx, found)
    return {
        "discovery": found.id,
        "number": found.number,
        "case": found.matter_number,
        "package": found.package_id,
        "state": package.state.value,
        "made_at": iso(found.made_at),
        "made_by": found.made_by,
        "watermark": found.watermark,
        "given": len(found.given),
        "withheld": len(found.withheld),
    }


def discovery_document(tx: Connection, jobs: Jobs, found: Discovery) -> dict[str, Any]:
    """One with everything that everybody may know of it."""
    return {
        **row_of(tx, found),
        "manifest_sha256": reading.package_of(tx, found).manifest_sha256.hex(),
        "recordings": list(found.given),
        "withheld_recordings": list(found.withheld),
        "marks": _marks(marks.marks(tx, jobs, found)),
        "findings": len(found.said.get("findings", ())),
        "access": [_access(one) for one in sides_of(tx, found.id)],
        "receipts": [
            {"side": one.side.value, "name": one.name, "at": iso(one.at)} for one in receipts.receipts_of(tx, found.id)
        ],
        "ledger": [
            {"at": iso(line.at), "side": line.side.value, "event": line.kind.value} for line in ledger.ledger(tx, found)
        ],
    }


def _marks(found: Marks | None) -> dict[str, Any] | None:
    """How the marked copies stand; None where no mark was chosen."""
    if found is None:
        return None
    failed = [{"recording": one.recording_id, "part": one.part, "problem": one.problem} for one in found.failed]
    return {"made": found.made, "of": found.of, "failed": failed, "without_viewing_copy": found.without}


def _access(one: Side) -> dict[str, Any]:
    return {
        "side": one.side.value,
        "holder": one.holder,
        "code_number": one.code_number,
        "recipient": one.recipient,
        "given_at": iso(one.given_at),
        "ends_at": iso(one.ends_at),
        "ended_at": None if one.ended_at is None else iso(one.ended_at),
        "end_reason": one.end_reason,
    }


def finding_document(one: Finding) -> dict[str, Any]:
    """A finding."""
    return {
        "finding": one.id,
        "case": one.matter_number,
        "recording": one.recording_id,
        "from_ms": one.from_ms,
        "to_ms": one.to_ms,
        "statement": one.statement,
        "words": one.words,
        "noted_at": iso(one.noted_at),
        "noted_by": one.noted_by,
        "answer": None if one.answer is None else one.answer.value,
        "answer_reason": one.answer_reason,
        "answered_at": None if one.answered_at is None else iso(one.answered_at),
        "discovery": one.discovery,
    }


def view_document(one: OpenedView) -> dict[str, Any]:
    """A viewing of a record that was opened."""
    words = one.words or {}
    return {
        "view": one.view,
        "at": one.at,
        "act": words.get("act"),
        "recording": words.get("recording"),
        "proved": one.proved,
        "problems": list(one.problems),
    }
