"""Small files that come beside recordings, kept raw: sealed like any other, and nothing in them believed.

    begin → write … → finish:   sealed, then one transaction: row and custody event

It goes with the recording that has the parts: with the whole where recordings were made one. Beside one that was
destroyed it is kept sealed, nobody can open it, and what was read in it is not kept; purging it again destroys it too.

A sidecar may come before its recording is known (`attach_sidecar`), or belong to none. What a limited parser read in it
stands in its facts, as something that the file says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import names
from candor.footage.errors import IntakeEnded, SidecarUnknown
from candor.footage.holder import holder_of
from candor.footage.tables import sidecar
from candor.store import SealedObject, StoreError, Vault

__all__ = [
    "KINDS",
    "KeptSidecar",
    "Sidecar",
    "SidecarClaim",
    "SidecarWriter",
    "attach_sidecar",
    "begin_sidecar",
    "keep_sidecar",
    "set_facts",
    "sidecar_of",
    "sidecars_of",
]

#: What a sidecar can be taken for.
KINDS = (
    "sha256",
    "xml",
    "json",
    "gpx",
    "nmea",
    "srt",
    "text",
    "picture",
    "sound",
    "document",
    "axis-bookmark",
    "axis-encrypted",
    "axis-key",
    "axis-track",
    "unknown",
)
_PIECE = 1 << 20


class Readable(Protocol):
    """Anything bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class Gate(Protocol):
    """What taking in needs; `footage.intake.Intake` is one."""

    database: Database
    vault: Vault
    clock: Clock


@dataclass(frozen=True)
class SidecarClaim:
    """What the sender says of a sidecar. `kind`: one of `KINDS`; the rest as in `said.Claim`."""

    name: str
    source: str
    face: str
    actor: str
    kind: str = "unknown"
    recording_id: str | None = None
    device_id: str | None = None
    dock_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptSidecar:
    """A sidecar that is in. `new`: False when the same recording had the same bytes already."""

    id: str
    sha256: bytes
    size: int
    new: bool


@dataclass(frozen=True)
class Sidecar:
    """A sidecar as it is kept."""

    id: str
    recording_id: str | None
    device_id: str | None
    dock_id: str | None
    kind: str
    name: str
    source: str
    face: str
    actor: str
    object_id: str
    sha256: bytes
    size: int
    facts: dict[str, Any]
    received_at: datetime


def keep_sidecar(
    intake: Gate, stream: Readable, claim: SidecarClaim, *, facts: Mapping[str, Any] | None = None
) -> KeptSidecar:
    """Take in all that a stream gives. An error of the stream is raised, and nothing is kept then."""
    with begin_sidecar(intake, claim) as writer:
        while piece := stream.read(_PIECE):
            writer.write(piece)
        return writer.finish(facts)


def begin_sidecar(intake: Gate, claim: SidecarClaim) -> SidecarWriter:
    """Begin to take a sidecar in, piece by piece."""
    return SidecarWriter(intake, claim)


class SidecarWriter:
    """One sidecar coming in, by one thread at a time. As a context manager it gives up what was not finished."""

    def __init__(self, intake: Gate, claim: SidecarClaim) -> None:
        if claim.kind not in KINDS:
            raise ValueError(f"{claim.kind!r} is no kind of sidecar")
        self._intake, self._claim = intake, claim
        self._writer = intake.vault.writer("sidecar")
        self._ended = ""

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return self._writer.size

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take bytes in; returns their number. Any error ends it and leaves nothing."""
        if self._ended:
            raise IntakeEnded(how=self._ended)
        try:
            return self._writer.write(data)
        except BaseException:
            self.abort()
            raise

    def finish(self, facts: Mapping[str, Any] | None = None) -> KeptSidecar:
        """Seal and enter. When this returns the sidecar is there for good."""
        if self._ended:
            raise IntakeEnded(how=self._ended)
        try:
            sealed = self._writer.finish()
        except BaseException:
            self.abort()
            raise
        self._ended = "it was finished"
        with self._intake.database.write() as tx:
            kept = _enter(tx, self._intake, sealed, self._claim, {**self._claim.facts, **(facts or {})})
        if not kept.new:
            with contextlib.suppress(StoreError):  # what cannot be removed now is swept later
                self._intake.vault.discard(sealed)
        return kept

    def abort(self) -> None:
        """Give up; nothing stays."""
        if not self._ended:
            self._ended = "it was given up"
            self._writer.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()


def attach_sidecar(tx: Connection, sidecar_id: str, recording_id: str, *, actor: str, clock: Clock) -> None:
    """Put a sidecar beside the recording that it turned out to belong to. Raises SidecarUnknown."""
    holder = holder_of(tx, recording_id)
    found, recording_id = sidecar_of(tx, sidecar_id), holder.id
    if found.recording_id == recording_id:
        return
    values: dict[str, Any] = {"recording_id": recording_id, **({"facts": {}} if holder.destroyed else {})}
    tx.execute(sidecar.update().where(sidecar.c.id == sidecar_id).values(values))
    details = {"sidecar": sidecar_id, "sha256": found.sha256.hex(), "before": found.recording_id}
    custody.append(tx, Event.SIDECAR_ATTACHED, actor=actor, recording=recording_id, details=details, clock=clock)


def set_facts(tx: Connection, sidecar_id: str, facts: Mapping[str, Any]) -> None:
    """Keep what was read in a sidecar, beside what is known already."""
    before = sidecar_of(tx, sidecar_id)
    if before.recording_id is not None and holder_of(tx, before.recording_id).destroyed:
        return
    tx.execute(sidecar.update().where(sidecar.c.id == sidecar_id).values(facts={**before.facts, **facts}))


def sidecar_of(tx: Connection, sidecar_id: str) -> Sidecar:
    """One sidecar; whoever calls has checked, or checks, that the reader may see it. Raises SidecarUnknown."""
    row = tx.execute(sa.select(sidecar).where(sidecar.c.id == sidecar_id)).first()
    if row is None:
        raise SidecarUnknown(id=sidecar_id)
    return Sidecar(**row._mapping)


def sidecars_of(tx: Connection, recording_id: str) -> list[Sidecar]:
    """The sidecars of a recording, by name; whoever calls has checked that the reader may see it."""
    query = sa.select(sidecar).where(sidecar.c.recording_id == recording_id)
    return [Sidecar(**row._mapping) for row in tx.execute(query.order_by(sidecar.c.name, sidecar.c.id))]


def _enter(
    tx: Connection, intake: Gate, sealed: SealedObject, claim: SidecarClaim, facts: Mapping[str, Any]
) -> KeptSidecar:
    holder = None if claim.recording_id is None else holder_of(tx, claim.recording_id)
    recording_id = None if holder is None else holder.id
    again = _same(tx, sealed, recording_id)
    if again is not None and _readable(tx, intake.vault, again.object_id):
        return KeptSidecar(again.id, sealed.sha256, sealed.size, new=False)
    intake.vault.record(tx, sealed)
    sidecar_id = new_id()
    row = {
        "id": sidecar_id,
        "recording_id": recording_id,
        "device_id": claim.device_id,
        "dock_id": claim.dock_id,
        "kind": claim.kind,
        "name": names.kept(claim.name),
        "source": names.kept(claim.source),
        "face": claim.face,
        "actor": claim.actor,
        "object_id": sealed.object_id,
        "sha256": sealed.sha256,
        "size": sealed.size,
        "facts": {} if holder is not None and holder.destroyed else dict(facts),
        "received_at": intake.clock.now(),
    }
    tx.execute(sidecar.insert(), row)
    details = {name: row[name] for name in ("kind", "name", "source", "face", "size")}
    details |= {"sidecar": sidecar_id, "sha256": sealed.sha256.hex(), "chunk_root": sealed.chunk_root.hex()}
    details |= {"device": claim.device_id, "dock": claim.dock_id}
    custody.append(
        tx, Event.SIDECAR_KEPT, actor=claim.actor, recording=recording_id, details=details, clock=intake.clock
    )
    return KeptSidecar(sidecar_id, sealed.sha256, sealed.size, new=True)


def _same(tx: Connection, sealed: SealedObject, recording_id: str | None) -> sa.Row[Any] | None:
    if recording_id is None:
        return None
    query = sa.select(sidecar).where(sidecar.c.sha256 == sealed.sha256, sidecar.c.size == sealed.size)
    return tx.execute(query.where(sidecar.c.recording_id == recording_id)).first()


def _readable(tx: Connection, vault: Vault, object_id: str) -> bool:
    recorded = vault.look_up(tx, object_id)
    return recorded.key_destroyed_at is None and vault.there(object_id) is not None
