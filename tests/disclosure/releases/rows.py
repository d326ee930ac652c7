"""What decisions, copies and releases leave behind, written for many recordings at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection
from tests.disclosure.decisions.office import Office
from tests.footage.entries import add_entry

from candor.core.ids import new_id
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.releases.tables import release, release_copy
from candor.disclosure.requests.tables import request_recording
from candor.footage.tables import part
from candor.redaction.tables import redacted_copy, redaction


class Rows:
    """Writes what decisions, copies and releases leave behind, for many recordings."""

    def __init__(self, tx: Connection, office: Office) -> None:
        self.tx, self.office, self.now = tx, office, office.archive.clock.now()

    def meant(self, number: int) -> str:
        """A recording that the request means, the higher its number the later."""
        found = add_entry(self.tx, self.now - timedelta(days=30) + timedelta(minutes=number))
        row = {"request_id": self.office.request, "recording_id": found, "meant": "meant", "why": "the place"}
        self.tx.execute(request_recording.insert(), {**row, "said_by": "system:test", "said_at": self.now})
        return found

    def decided(self, recording_id: str, decision: str, begin: int | None = None, **more: Any) -> None:
        """A decision on all of it, or on a stretch."""
        row = {"id": new_id(), "request_id": self.office.request, "recording_id": recording_id, "begin_ms": begin}
        row |= {"end_ms": begin and begin + 1, "decision": decision, "exemption": "", "citation": "", "reason": ""}
        row |= {"weighed": [], "decided_by": "system:test", "decided_at": self.now, "book": "b", **more}
        self.tx.execute(release_decision.insert(), row)

    def copied(self, recording_id: str, state: str = "ready") -> str:
        """A redacted copy of it."""
        part_id = self.tx.scalar(part.select().with_only_columns(part.c.id).where(part.c.recording_id == recording_id))
        made = {"id": new_id(), "recording_id": recording_id, "title": "", "wanted": {}, "edit": 0, "logged_edit": 0}
        self.tx.execute(redaction.insert(), {**made, "created_by": "system:test", "created_at": self.now})
        copy_id, size = new_id(), {"sha256": bytes(32), "size": 1}
        row = {"id": copy_id, "redaction_id": made["id"], "part_id": part_id, "edit": 0, "wanted": {}, **size}
        row |= {"asked_by": "system:test", "asked_at": self.now, "state": state, "verdict": "holds"}
        self.tx.execute(redacted_copy.insert(), row)
        return copy_id

    def released(self, recording_id: str, state: str) -> None:
        """A release of the request that holds it."""
        row = {"id": new_id(), "number": f"RL-{new_id()}", "request_id": self.office.request, "audience": "public"}
        row |= {"title": "A", "summary": "B", "prepared_by": "system:test", "prepared_at": self.now}
        self.tx.execute(release.insert(), {**row, "state": state, "basis": {}, "version": 1})
        copy = {"release_id": row["id"], "position": 0, "copy_id": new_id(), "although": ""}
        self.tx.execute(release_copy.insert(), {**copy, "recording_id": recording_id})
