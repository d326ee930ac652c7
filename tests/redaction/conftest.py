"""An archive with a recording that is being redacted. Nothing is looked through: jobs run where a test runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from tests.footage.conftest import Archive, archive, cheap_passwords, make_archive

from candor.people.rules import Actor, Role
from candor.redaction.beginning import begin
from candor.redaction.documents import document_at
from candor.redaction.media.plan import Plan
from candor.redaction.model import Document, FrameTimes, Picture
from candor.redaction.saving import save_edits
from candor.redaction.tables import redaction_part

__all__ = ["archive", "cheap_passwords", "make_archive"]


def plan_of(seconds: int = 10) -> Plan:
    """What a look at a part of so many seconds would have told."""
    frames = FrameTimes(Fraction(1, 90_000), ((0, 3_000, 30 * seconds),))
    return Plan(
        Picture(640, 360),
        frames,
        (0,),
        (0,),
        True,
        "h264",
        "yuv420p",
        "mov,mp4",
        (640, 360),
        Fraction(30),
        0,
        None,
        float(seconds),
    )


@dataclass
class Desk:
    """A redaction of a recording of one part, and two people who may work on it."""

    archive: Archive
    recording: str
    part: str
    id: str
    first: Actor
    second: Actor

    def box(self, name: str = "t1", *, x: float = 1.0, **changed: Any) -> dict[str, Any]:
        """The act that puts a box."""
        track = {"id": name, "part": self.part, "kind": "face", "origin": "person", "shape": "box"}
        keys = [[0, 0, x, 2, x + 30, 40], [9_000, 0, x + 5, 2, x + 35, 40]]
        return {"act": "put-track", "part": self.part, "track": {**track, "keys": keys, **changed}}

    def edit(self, *acts: dict[str, Any], words: str = "Drew a box", undoes: int | None = None) -> dict[str, Any]:
        """An edit as a page sends it."""
        return {"words": words, "acts": list(acts), "undoes": undoes}

    def save(self, base: int, *edits: dict[str, Any], page: str = "page-1", actor: Actor | None = None) -> int:
        """Save edits in a transaction of their own."""
        with self.archive.database.write() as tx:
            return save_edits(
                tx,
                self.archive.vault,
                actor or self.first,
                self.id,
                base=base,
                page=page,
                edits=list(edits),
                clock=self.archive.clock,
            )

    def document(self, edit: int | None = None) -> Document:
        """The document at an edit."""
        with self.archive.database.read() as tx:
            return document_at(tx, self.archive.vault, self.id, edit)[1]


@pytest.fixture
def make_desk() -> Callable[[Archive], Desk]:
    """Begins a redaction in an archive, as if its part had been looked at."""

    def make(archive: Archive) -> Desk:
        taken = archive.worn(b"a film of ten seconds", "film.mp4", title="A stop")
        second = archive.place.add("records", Role.RECORDS_OFFICER, password=None)
        with archive.database.write() as tx:
            given = (archive.jobs, archive.vault, archive.technician)
            redaction_id = begin(tx, *given, taken.recording_id, title="For the court", clock=archive.clock)
            told = plan_of()
            values = {"picture": told.picture.to_json(), "frames": told.frames.to_json(), "facts": told.facts()}
            mine = redaction_part.c.redaction_id == redaction_id
            tx.execute(redaction_part.update().where(mine).values(state="ready", **values))
        return Desk(archive, taken.recording_id, taken.part_id, redaction_id, archive.technician, second)

    return make


@pytest.fixture
def desk(archive: Archive, make_desk: Callable[[Archive], Desk]) -> Desk:
    """On each kind of database."""
    return make_desk(archive)
