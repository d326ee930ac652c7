"""A records office: a recording of ten seconds that is being redacted, a request that means it, and who decides."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from tests.disclosure.decisions.law import LOOKED
from tests.footage.conftest import Archive
from tests.redaction.conftest import plan_of

from candor.core.ids import new_id
from candor.custody import CustodyLog
from candor.disclosure.decisions.copies import CopyFacts, copy_facts
from candor.disclosure.decisions.deciding import Choice, Weighed, decide, decisions_of
from candor.disclosure.decisions.obstacles import Obstacle, obstacles
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.requests.intake import Intake, receive
from candor.disclosure.requests.meant import mean
from candor.footage import classification
from candor.footage.tables import part, recording
from candor.law.vocabulary import Label
from candor.people.rules import Actor, Role
from candor.redaction.beginning import begin
from candor.redaction.documents import document_at
from candor.redaction.edit_list import Sealed, list_of, signed
from candor.redaction.proving import Proof
from candor.redaction.rules import CopyState, Verdict
from candor.redaction.saving import save_edits
from candor.redaction.tables import redacted_copy, redaction_part

WHOLE = (None, None)
LOOKED_AT = Weighed(LOOKED, Weighing.WEIGHED, "I have watched it: a traffic stop")


@dataclass
class Office:
    """`records` decides; `second` is another records officer; `counsel` may weigh holds too."""

    archive: Archive
    log: CustodyLog
    records: Actor
    second: Actor
    counsel: Actor
    recording: str
    part: str
    redaction: str
    request: str
    number: str

    @property
    def subject(self) -> Subject:
        """The request."""
        return Subject.of_request(self.request)

    def label(self, label: Label) -> None:
        """Say that the recording shows something."""
        with self.archive.database.write() as tx:
            by = self.archive.technician
            classification.label(tx, by, self.recording, label, reason="seen", clock=self.archive.clock)

    def obstacles(self, *, actor: Actor | None = None) -> dict[str, Obstacle]:
        """What stands in the way now, by rule."""
        with self.archive.database.read() as tx:
            clock = self.archive.clock
            found = obstacles(tx, actor or self.records, self.recording, subject=self.subject, clock=clock)
        return {one.rule: one for one in found}

    def upon(self) -> str:
        """What a form names now."""
        with self.archive.database.read() as tx:
            return decisions_of(tx, self.records, self.subject).upon

    def decide(
        self, *choices: Choice, weighed: Sequence[Weighed] = (LOOKED_AT,), actor: Actor | None = None, upon: str = ""
    ) -> tuple[str, ...]:
        """Decide on the recording."""
        standing = upon or self.upon()
        with self.archive.database.write() as tx:
            return decide(
                tx,
                actor or self.records,
                self.subject,
                self.recording,
                choices,
                weighed,
                upon=standing,
                clock=self.archive.clock,
            )

    def draw(self, *acts: dict[str, Any]) -> int:
        """Put something into the redaction; the number of the newest edit."""
        with self.archive.database.write() as tx:
            base = document_at(tx, self.archive.vault, self.redaction)[0]
            edits = [{"words": "drawn", "acts": list(acts)}]
            return save_edits(
                tx,
                self.archive.vault,
                self.records,
                self.redaction,
                base=base,
                page="p",
                edits=edits,
                clock=self.archive.clock,
            )

    def copy(self, *, silent: bool = False) -> CopyFacts:
        """Leave a redacted copy of the newest edit as the job does, with its signed list, and look at it."""
        archive, copy_id = self.archive, new_id()
        with archive.database.write() as tx:
            edit, document = document_at(tx, archive.vault, self.redaction)
            original = tx.execute(sa.select(part).where(part.c.id == self.part)).one()
            content = f"copy {copy_id}".encode()
            listed = list_of(
                plan_of(),
                document.part(self.part),
                document.style,
                {"sound": {"method": "none" if silent else "encoded"}},
                Proof(Verdict.HOLDS, {"verdict": "holds", "reasons": {}}),
                recording=self.recording,
                number=1,
                redaction=self.redaction,
                copy_id=copy_id,
                edit=edit,
                made_at=archive.clock.now(),
                original=Sealed(original.sha256.hex(), original.size),
                copy=Sealed(hashlib.sha256(content).hexdigest(), len(content)),
            )
            sealed = archive.vault.seal("redaction-list", io.BytesIO(signed(self.log, listed)))
            archive.vault.record(tx, sealed)
            row = {"id": copy_id, "redaction_id": self.redaction, "part_id": self.part, "edit": edit}
            made = {"sha256": bytes.fromhex(listed.copy.sha256), "size": len(content), "verdict": "holds"}
            asked = {"asked_by": self.records.account_id, "asked_at": archive.clock.now(), "wanted": {}}
            state = {"state": CopyState.READY.value, "list_object_id": sealed.object_id}
            tx.execute(redacted_copy.insert().values(**row, **made, **asked, **state))
            return copy_facts(tx, archive.vault, copy_id)

    def whole_track(self, first: int, last: int, *, name: str = "w1", **changed: Any) -> dict[str, Any]:
        """The act that hides the whole picture from one picture to another, by number (30 a second)."""
        track = {"id": name, "part": self.part, "kind": "frame", "origin": "person", "shape": "whole"}
        keys = [[3_000 * first, 0], [3_000 * last, 0]]
        return {"act": "put-track", "part": self.part, "track": {**track, "keys": keys, "style": "solid", **changed}}

    def span(self, begin: int, until: int, *, name: str = "s1", **changed: Any) -> dict[str, Any]:
        """The act that takes sound out, milliseconds."""
        heard = {"id": name, "part": self.part, "begin": begin, "until": until, **changed}
        return {"act": "put-span", "part": self.part, "span": heard}


def release(*when: int | None, reason: str = "") -> Choice:
    """Release the whole, or a stretch."""
    begin, end = when or WHOLE
    return Choice(begin, end, Decision.RELEASE, "", reason)


def hold_back(decision: Decision, exemption: str, *when: int | None) -> Choice:
    """Redact or withhold the whole, or a stretch."""
    begin, end = when or WHOLE
    return Choice(begin, end, decision, exemption, "It shows somebody’s child")


def make_office(archive: Archive, log: CustodyLog) -> Office:
    """An office with a recording of ten seconds that a request means; its part was looked at, nothing is hidden."""
    place = archive.place
    records = place.add("reyes", Role.RECORDS_OFFICER, password=None)
    taken = archive.worn(b"a film of ten seconds", "film.mp4", title="A stop")
    with archive.database.write() as tx:
        mine = part.c.id == taken.part_id
        tx.execute(part.update().where(mine).values(claims={"media": {"duration": 10.0}}))
        tx.execute(recording.update().where(recording.c.id == taken.recording_id).values(duration_ms=10_000))
        given = (archive.jobs, archive.vault, records)
        redaction_id = begin(tx, *given, taken.recording_id, title="For release", clock=archive.clock)
        told = plan_of()
        values = {"picture": told.picture.to_json(), "frames": told.frames.to_json(), "facts": told.facts()}
        its = redaction_part.c.redaction_id == redaction_id
        tx.execute(redaction_part.update().where(its).values(state="ready", **values))
        asked = receive(tx, records, Intake("The stop on Main Street", name="Ana Ruiz"), clock=archive.clock)
        mean(tx, records, asked.id, [taken.recording_id], why="the place and the time", clock=archive.clock)
    return Office(
        archive,
        log,
        records,
        place.add("lopez", Role.RECORDS_OFFICER, password=None),
        place.add("abara", Role.COUNSEL, password=None),
        taken.recording_id,
        taken.part_id,
        redaction_id,
        asked.id,
        asked.number,
    )


__all__ = ["LOOKED_AT", "WHOLE", "Office", "hold_back", "make_office", "release", "replace"]
