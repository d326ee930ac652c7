"""Packages as people see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.errors import NotFound
from candor.disclosure.layout import File
from candor.disclosure.tables import package as package_table
from candor.disclosure.tables import package_recording
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.jobs import JobState
from candor.jobs.records import get as job_of
from candor.people.rules import Actor, Permission


class PackageState(StrEnum):
    """How far a package is."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Package:
    """A package; sizes in bytes. `plan` and `files` say what it is made of."""

    id: str
    state: PackageState
    created_at: datetime
    ready_at: datetime | None
    actor: str
    recipient: str
    purpose: str
    name: str
    manifest_sha256: bytes
    plan: dict[str, Any]
    files: tuple[File, ...]
    small_object_id: str | None
    zip_size: int | None
    checkpoint_size: int | None
    witnessed: bool | None
    job_id: str | None
    problem: str | None

    @property
    def recordings(self) -> tuple[str, ...]:
        """Identifiers of what it hands out."""
        return tuple(self.plan["events"])


def package(tx: Connection, actor: Actor, package_id: str) -> Package:
    """One package that the actor may see: who may hand out, and sees every recording in it. Raises NotFound."""
    actor.require(Permission.RECORDINGS_EXPORT)
    row = tx.execute(sa.select(package_table).where(package_table.c.id == package_id, _seen_by(actor))).first()
    if row is None:
        raise NotFound(what="package", id=package_id)
    return _package(tx, row)


def package_as_it_is(tx: Connection, package_id: str) -> Package:
    """One package, for a caller that has asked already whether it may be shown. Raises NotFound."""
    row = tx.execute(sa.select(package_table).where(package_table.c.id == package_id)).first()
    if row is None:
        raise NotFound(what="package", id=package_id)
    return _package(tx, row)


def packages_of(tx: Connection, actor: Actor, recording_id: str) -> list[Package]:
    """The packages that hold a recording, newest first; none for who may not hand out."""
    if not actor.may(Permission.RECORDINGS_EXPORT):
        return []
    rows = tx.execute(
        sa.select(package_table)
        .join(package_recording, package_recording.c.package_id == package_table.c.id)
        .where(package_recording.c.recording_id == recording_id, _seen_by(actor))
        .order_by(package_table.c.created_at.desc())
    )
    return [_package(tx, row) for row in rows.all()]


def _seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Every recording of the package is in the actor's sight.

    Asked as "none is there that is not among the seen ones": a rule that is neither true nor false of a recording (it
    names nobody who wore the camera) shows nothing.
    """
    seen = sa.select(recording.c.id).where(
        recording.c.id == package_recording.c.recording_id, visible_to(actor).expression
    )
    hidden = sa.select(package_recording.c.recording_id).where(
        package_recording.c.package_id == package_table.c.id, ~seen.correlate(package_recording).exists()
    )
    return ~hidden.correlate(package_table).exists()


#: What a package says whose job was stopped before it was done.
_STOPPED = "it was stopped before it was made; the hand-out stays on record"


def _package(tx: Connection, row: sa.Row[Any]) -> Package:
    values = dict(row._mapping)
    values["state"] = PackageState(values["state"])
    if values["state"] is PackageState.WAITING and values["job_id"] is not None:
        job = job_of(tx, values["job_id"])
        if job is not None and job.state is JobState.CANCELLED:
            values |= {"state": PackageState.FAILED, "problem": _STOPPED}
    values["files"] = tuple(File(**file) for file in values["files"] or ())
    return Package(**values)
