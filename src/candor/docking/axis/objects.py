"""One object of a camera system coming in: sealed while it is received, and there for good when `finish` returns.

    AxisObject → begin(first bytes) → write … → finish     the thread of whoever sends, or of a few that many share

A clip goes through footage's intake and becomes a part. A clip that is encrypted, a key, a mark, a track and whatever
nobody knows become sidecars. The same bytes again under the same name change nothing; other bytes are kept as well, and
that is an event. What follows from an object (a clip opened by its key, a track read) is `settling`'s.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction
from sqlalchemy.exc import IntegrityError

from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.axis.connecting import Bearer
from candor.docking.axis.containers import FACE, gathering_key, put_container, report_span, said_of
from candor.docking.axis.entries import put_entry
from candor.docking.axis.errors import AxisNotThere
from candor.docking.axis.gate import AxisGate
from candor.docking.axis.rules import (
    ContainerKind,
    ObjectKind,
    is_encrypted,
    moment,
    name_moment,
    object_kind,
)
from candor.docking.axis.tables import axis_object
from candor.footage import tables
from candor.footage.gathering import PartOf, Said, gathered, place_part
from candor.footage.intake import Claim, IntakeWriter, Received
from candor.footage.receipt import unrecorded
from candor.footage.sidecars import KeptSidecar, SidecarClaim, SidecarWriter, begin_sidecar, keep_sidecar
from candor.footage.times import TimeClaim, TimeSource
from candor.store import ObjectWriter, SealedObject, StoreError

__all__ = ["AxisObject", "change_object", "clip_claim", "metadata_of_object", "recording_of"]

#: What waits for its key, as people are told.
WAITING = "it is encrypted, and its key has not come"
_SIDECARS = {
    ObjectKind.KEY: "axis-key",
    ObjectKind.BOOKMARK: "axis-bookmark",
    ObjectKind.TRACK: "axis-track",
    ObjectKind.OTHER: "unknown",
}
_ENTRIES = (ContainerKind.SYSTEM, ContainerKind.USERS, ContainerKind.DEVICES)


class _Writer(Protocol):
    """What bytes are written to."""

    @property
    def size(self) -> int:
        """Bytes taken so far."""

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take bytes in."""

    def abort(self) -> None:
        """Give up; nothing stays."""


class AxisObject:
    """An object on its way in. Its container is made when it is not there: what could be evidence is not turned away
    for the sake of an order of calls."""

    def __init__(
        self, gate: AxisGate, bearer: Bearer, container: str, name: str, said: Mapping[str, str], announced: int | None
    ) -> None:
        self.name = name
        self._gate, self._bearer, self._said = gate, bearer, dict(said)
        self._key = gathering_key(bearer, container)
        self._writer: _Writer | None = None
        with gate.database.write() as tx:
            self._container, _ = put_container(tx, bearer, container, {}, clock=gate.clock)
            self._entry = ContainerKind(self._container.kind) in _ENTRIES
            self._kind = ObjectKind.ENTRY if self._entry else object_kind(name, said)
            if self._entry:
                put_entry(tx, bearer, self._container, name, said, clock=gate.clock)
                return
            self._whole = said_of(tx, bearer, self._container, gate.clock)
            found = gathered(tx, self._key)
            self._recording = None if found is None else recording_of(found.recording_id, found.elsewhere)
            self._known = _rows(tx, self._container.id, name)
            self._report(tx, announced)

    @property
    def container_id(self) -> str:
        """The container's row."""
        return str(self._container.id)

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return 0 if self._writer is None else self._writer.size

    @property
    def is_entry(self) -> bool:
        """Whether it is a system, a user or a device, of which only what is said is kept."""
        return self._entry

    def begin(self, head: bytes | bytearray) -> None:
        """Decide by its first bytes (up to 1 MiB, or all) what becomes of it."""
        if self._entry:
            return
        if self._known:
            self._writer = self._gate.intake.vault.writer("original" if self._kind is ObjectKind.CLIP else "sidecar")
        elif self._is_plain_clip(head):
            self._writer = self._gate.intake.begin(self._claim())
        else:
            self._writer = begin_sidecar(self._gate.intake, self._sidecar(encrypted=self._kind is ObjectKind.CLIP))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes in. Any error ends it and leaves nothing."""
        if self._writer is not None:
            self._writer.write(data)

    def abort(self) -> None:
        """Give up; nothing stays."""
        if self._writer is not None:
            self._writer.abort()

    def finish(self) -> bool:
        """Seal and enter; False when it was here already. When this returns it is there for good."""
        writer = self._writer
        if isinstance(writer, IntakeWriter):
            return self._note(part=writer.finish())
        if isinstance(writer, SidecarWriter):
            return self._note(sidecar=writer.finish(self._facts()))
        if isinstance(writer, ObjectWriter):
            return self._finish_again(writer)
        return True

    def _finish_again(self, writer: ObjectWriter) -> bool:
        """Bytes under a name that is taken: of the same ones only what is said of them may be new, others are taken in
        as well. So are the same ones where those that came before cannot be read any more: whoever sends them is going
        to wipe its own."""
        sealed = writer.finish()
        vault = self._gate.intake.vault
        try:
            same = next((row for row in self._known if (row.sha256, row.size) == (sealed.sha256, sealed.size)), None)
            if same is not None and _is_there(self._gate, same):
                self._say_again(same)
                return False
            with unrecorded(vault, sealed) as stream:
                if self._is_plain_clip(stream.read_at(0, 16)):
                    received = self._gate.intake.take_in(stream, self._claim(conflict=same is None))
                    return self._note(part=received, instead=same is not None)
                claim = self._sidecar(encrypted=self._kind is ObjectKind.CLIP)
                kept = keep_sidecar(self._gate.intake, stream, claim, facts=self._facts())
                return self._note(sidecar=kept, instead=same is not None)
        finally:
            _discard(self._gate, sealed)

    def _say_again(self, row: sa.Row[Any]) -> None:
        if self._said == row.metadata:
            return
        with self._gate.database.write() as tx:
            _say(tx, self._gate, self._bearer, self._container, row, self._said)

    def _is_plain_clip(self, head: bytes | bytearray) -> bool:
        encrypted = self._bearer.connection.encrypted and is_encrypted(bytes(head[:16]))
        return self._kind is ObjectKind.CLIP and not encrypted

    def _note(self, *, part: Received | None = None, sidecar: KeptSidecar | None = None, instead: bool = False) -> bool:
        """Keep the object's row; `instead`: in the place of the one whose bytes are gone."""
        values: dict[str, Any] = {
            "kind": self._kind.value,
            "metadata": self._said,
            "changed_at": self._gate.clock.now(),
        }
        if part is not None:
            values |= {"part_id": part.part_id, "sha256": part.sha256, "size": part.size}
            values["settled_at"] = values["changed_at"]
        if sidecar is not None:
            waiting = WAITING if self._kind is ObjectKind.CLIP else None
            values |= {"sidecar_id": sidecar.id, "sha256": sidecar.sha256, "size": sidecar.size, "problem": waiting}
        while True:
            with contextlib.suppress(IntegrityError):  # the same object came twice in the same moment
                return self._insert(values, instead)

    def _insert(self, values: dict[str, Any], instead: bool) -> bool:
        with self._gate.database.write() as tx:
            known = _rows(tx, self._container.id, self.name)
            same = next((row for row in known if (row.sha256, row.size) == (values["sha256"], values["size"])), None)
            if same is not None:
                if instead:
                    again = {"settled_at": None, "problem": None, **values}
                    tx.execute(axis_object.update().where(axis_object.c.id == same.id).values(**again))
                return False
            row = {"id": new_id(), "container_id": self._container.id, "name": self.name, "number": len(known) + 1}
            tx.execute(axis_object.insert(), {**row, **values, "created_at": values["changed_at"]})
            if known:
                details = {
                    "object": row["id"],
                    "container": self._container.name,
                    "name": self.name,
                    "sha256": values["sha256"].hex(),
                    "others": [one.sha256.hex() for one in known if one.sha256],
                }
                custody.append(
                    tx,
                    Event.AXIS_OBJECT_CONFLICT,
                    actor=self._bearer.actor,
                    recording=self._recording,
                    details=details,
                    clock=self._gate.clock,
                )
        return True

    def _claim(self, *, conflict: bool = False) -> Claim:
        claim = clip_claim(self._bearer, self._container.name, self.name, self._said, self._whole, self._key)
        if not conflict:
            return claim
        return Claim(**{**vars(claim), "also": {**claim.also, "other_bytes_under_this_name": True}})

    def _sidecar(self, *, encrypted: bool) -> SidecarClaim:
        return SidecarClaim(
            name=self.name,
            source=f"{self._container.name}/{self.name}",
            face=FACE,
            actor=self._bearer.actor,
            kind="axis-encrypted" if encrypted else _SIDECARS[self._kind],
            recording_id=self._recording,
            device_id=self._whole.device_id,
            dock_id=self._bearer.connection.dock_id,
        )

    def _facts(self) -> dict[str, Any]:
        return {"axis": dict(self._said)} if self._said else {}

    def _report(self, tx: Transaction, announced: int | None) -> None:
        """A clip that was begun was recorded, whatever becomes of its transfer."""
        if self._kind is not ObjectKind.CLIP:
            return
        begins, ends = clip_span(self.name, self._said)
        rejected = "" if self._container.kind == ContainerKind.REJECTED.value else None
        ref = f"{self._container.name}/{self.name}"
        report_span(
            tx,
            self._bearer,
            self._whole.device_id,
            ref,
            begins,
            ends,
            size=announced,
            rejected=rejected,
            clock=self._gate.clock,
        )


def clip_claim(bearer: Bearer, container: str, name: str, said: Mapping[str, str], whole: Said, key: str) -> Claim:
    """What a camera system says of a clip."""
    begins, ends = clip_span(name, said)
    raw = said.get("starttimeiso") or said.get("starttime") or name
    times = () if begins is None else (TimeClaim(TimeSource.DOCK, begins, "camera system: StartTime", raw),)
    return Claim(
        name=name,
        source=f"{container}/{name}",
        face=FACE,
        actor=bearer.actor,
        wearer_id=whole.wearer_id,
        unit_id=whole.unit_id,
        device_id=whole.device_id,
        device_kind="body" if whole.device_id else None,
        part_of=PartOf(key, begins, ends),
        times=times,
        dock_id=bearer.connection.dock_id,
        also={"axis": dict(said)},
    )


def clip_span(name: str, said: Mapping[str, str]) -> tuple[Any, Any]:
    """From when to when a clip goes, as far as that is said."""
    return moment(said, "starttime") or name_moment(name), moment(said, "stoptime")


def change_object(
    tx: Transaction, gate: AxisGate, bearer: Bearer, container: sa.Row[Any], name: str, said: Mapping[str, str]
) -> None:
    """Replace what is said of an object, as Swift does: what is not said again is said no longer. Raises
    AxisNotThere."""
    if ContainerKind(container.kind) in _ENTRIES:
        put_entry(tx, bearer, container, name, said, clock=gate.clock, new=False)
        return
    rows = _rows(tx, container.id, name)
    if not rows:
        raise AxisNotThere(what="object")
    for row in rows:
        _say(tx, gate, bearer, container, row, said)


def _say(
    tx: Transaction,
    gate: AxisGate,
    bearer: Bearer,
    container: sa.Row[Any],
    row: sa.Row[Any],
    said: Mapping[str, str],
) -> None:
    """Replace what is said of one object, and have follow from it what follows."""
    values: dict[str, Any] = {"metadata": dict(said), "changed_at": gate.clock.now()}
    if row.kind == ObjectKind.BOOKMARK.value:
        values["settled_at"] = None
    tx.execute(axis_object.update().where(axis_object.c.id == row.id).values(**values))
    if row.kind != ObjectKind.CLIP.value:
        return
    begins, ends = clip_span(row.name, said)
    if row.part_id is not None:
        place_part(tx, row.part_id, begins, ends)
    found = gathered(tx, gathering_key(bearer, container.name))
    if found is not None:
        ref = f"{container.name}/{row.name}"
        report_span(tx, bearer, found.said.device_id, ref, begins, ends, clock=gate.clock)


def metadata_of_object(tx: Transaction, container: sa.Row[Any], name: str) -> sa.Row[Any]:
    """An object's row, the newest of its name. Raises AxisNotThere."""
    found = _rows(tx, container.id, name)
    if not found:
        raise AxisNotThere(what="object")
    return found[-1]


def recording_of(recording_id: str | None, elsewhere: tuple[str, ...]) -> str | None:
    """The recording that a container's files belong to: its own, or the one that had its bytes before."""
    return recording_id or (elsewhere[0] if elsewhere else None)


def read_small(gate: AxisGate, tx: Transaction, object_id: str, longest: int) -> bytes | None:
    """The bytes of a sealed object, None when there are more than `longest`."""
    with gate.vault.open(tx, object_id) as stream:
        return None if stream.size > longest else stream.read()


def in_memory(content: bytes) -> io.BytesIO:
    """Bytes as a stream."""
    return io.BytesIO(content)


def _is_there(gate: AxisGate, row: sa.Row[Any]) -> bool:
    """Whether the bytes of an object that came can still be read: its sidecar's as they came, else its part's."""
    with gate.database.read() as tx:
        if row.sidecar_id is not None:
            query = sa.select(tables.sidecar.c.object_id).where(tables.sidecar.c.id == row.sidecar_id)
        else:
            query = sa.select(tables.part.c.object_id).where(tables.part.c.id == row.part_id)
        object_id = tx.scalar(query)
        if object_id is None or gate.vault.look_up(tx, object_id).key_destroyed_at is not None:
            return False
    return gate.vault.there(object_id) is not None


def _rows(tx: Transaction, container_id: str, name: str) -> list[sa.Row[Any]]:
    query = sa.select(axis_object).where(axis_object.c.container_id == container_id, axis_object.c.name == name)
    return list(tx.execute(query.order_by(axis_object.c.number)).all())


def _discard(gate: AxisGate, sealed: SealedObject) -> None:
    with contextlib.suppress(StoreError):  # what cannot be removed now is swept later
        gate.vault.discard(sealed)
