"""A records office that releases: copies as the job leaves them, the published place, and who does the jobs."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.disclosure.decisions.office import Office
from tests.redaction.conftest import plan_of

from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.custody import Event, append
from candor.disclosure.releases import approving, discarding, preparing, reading, recalling
from candor.disclosure.releases import jobs as release_jobs
from candor.disclosure.releases.reading import Release
from candor.disclosure.releases.rules import Audience
from candor.footage.tables import part
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.published.place import Published
from candor.redaction.documents import document_at
from candor.redaction.edit_list import Sealed, event_details, list_of, signed
from candor.redaction.proving import Proof
from candor.redaction.rules import CopyState, Verdict
from candor.redaction.tables import redacted_copy


def leave_copy(office: Office, content: bytes, *, verdict: Verdict = Verdict.HOLDS) -> str:
    """A redacted copy of the newest edit as the job leaves it: sealed, proved, listed, on record; its identifier."""
    archive, copy_id = office.archive, new_id()
    proof = Proof(verdict, {"verdict": verdict.value, "reasons": {} if verdict is Verdict.HOLDS else {"block": 1}})
    with archive.database.read() as tx:
        edit, document = document_at(tx, archive.vault, office.redaction)
        original = tx.execute(sa.select(part).where(part.c.id == office.part)).one()
    listed = list_of(
        plan_of(),
        document.part(office.part),
        document.style,
        {"sound": {"method": "encoded"}},
        proof,
        recording=office.recording,
        number=1,
        redaction=office.redaction,
        copy_id=copy_id,
        edit=edit,
        made_at=archive.clock.now(),
        original=Sealed(original.sha256.hex(), original.size),
        copy=Sealed(hashlib.sha256(content).hexdigest(), len(content)),
    )
    note = signed(office.log, listed)
    objects = {
        "copy": archive.vault.seal("redacted", io.BytesIO(content)),
        "proof": archive.vault.seal("redaction-proof", io.BytesIO(proof.encode())),
        "list": archive.vault.seal("redaction-list", io.BytesIO(note)),
    }
    row = {"id": copy_id, "redaction_id": office.redaction, "part_id": office.part, "edit": edit}
    made = {"sha256": bytes.fromhex(listed.copy.sha256), "size": len(content), "verdict": verdict.value}
    asked = {"asked_by": office.records.account_id, "asked_at": archive.clock.now(), "wanted": {}}
    with archive.database.write() as tx:
        for sealed in objects.values():
            archive.vault.record(tx, sealed)
        ids = {f"{name}_object_id": one.object_id for name, one in objects.items()}
        tx.execute(redacted_copy.insert().values(**row, **made, **asked, **ids, state=CopyState.READY.value))
        details = event_details(listed, note)
        append(tx, Event.REDACTION_RENDERED, actor="system:redaction", recording=office.recording, details=details)
    return copy_id


@dataclass
class Releasing:
    """An office, and what of it releases are made with."""

    office: Office
    settings: Settings
    jobs: Jobs

    def prepare(self, *copies: str, actor: Actor | None = None, **changed: Any) -> str:
        """Prepare a release of these copies; its identifier."""
        words = {"audience": Audience.PUBLIC, "title": "The stop on Main Street", "summary": "A traffic stop."}
        archive = self.office.archive
        with archive.database.write() as tx:
            return preparing.prepare(
                tx,
                archive.vault,
                actor or self.office.records,
                self.office.subject,
                copies,
                clock=archive.clock,
                **{**words, **changed},
            )

    def approve(self, release_id: str, *, actor: Actor | None = None, upon: int = 0) -> str:
        """Approve it as it is now; the job's identifier."""
        archive, standing = self.office.archive, upon or self.release(release_id).version
        with archive.database.write() as tx:
            given = (tx, archive.vault, self.jobs, actor or self.office.second, release_id)
            return approving.approve(*given, upon=standing, clock=archive.clock)

    def recall(self, release_id: str, reason: str = "A face can be seen") -> str:
        """Recall it."""
        archive = self.office.archive
        with archive.database.write() as tx:
            return recalling.recall(tx, self.jobs, self.office.second, release_id, reason, clock=archive.clock)

    def discard(self, release_id: str, reason: str = "The wrong copy", *, actor: Actor | None = None) -> int:
        """Discard it; its new version."""
        archive = self.office.archive
        with archive.database.write() as tx:
            return discarding.discard(tx, actor or self.office.records, release_id, reason, clock=archive.clock)

    def release(self, release_id: str) -> Release:
        """It as it is now."""
        with self.office.archive.database.read() as tx:
            return reading.release(tx, self.office.counsel, release_id)

    def events(self, release_id: str) -> Sequence[Event]:
        """What happened with it."""
        with self.office.archive.database.read() as tx:
            return [one.kind for one in reading.history_of_release(tx, self.office.counsel, release_id)]

    def work(self) -> None:
        """Do the jobs until none is left."""
        archive = self.office.archive
        self.jobs = Jobs(archive.database, slots=1)
        release_jobs.register(
            self.jobs, archive.database, archive.vault, self.office.log, self.settings, clock=archive.clock
        )
        self.jobs.launch()
        try:
            self.jobs.wait_idle(60)
        finally:
            self.jobs.shutdown()

    def published(self) -> Published:
        """The published place."""
        return Published.open(self.settings)


def settings_in(folder: Path) -> Settings:
    """Settings of a site in this folder."""
    return Settings.load(home=folder / "home", keys=folder / "keys")
