"""Redacted copies that may be handed out: each that is ready, whose proof allows it, of a recording that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody import CustodyEvent, Event, find
from candor.custody.tables import custody_event
from candor.disclosure.errors import CopyBroken, CopyDoubtful, CopyNotToBeHandedOut, RecordingGone
from candor.disclosure.handing_out import LONGEST_WORDS, words_on_record
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import part, recording
from candor.people.rules import Actor, Permission
from candor.redaction.errors import CopyUnknown
from candor.redaction.rules import CopyState, Verdict
from candor.redaction.tables import redacted_copy, redaction
from candor.store.tables import vault_object
from candor.verify.redacted import edit_list_file, proof_file

__all__ = ["CopyToGo", "Going", "HandableCopy", "copy_to_hand_out", "going"]


@dataclass(frozen=True)
class HandableCopy:
    """A redacted copy that is ready, as the form that hands it out tells of it. `sha256` in hex, `size` in bytes."""

    id: str
    redaction_id: str
    recording_id: str
    part_number: int
    edit: int
    sha256: str
    size: int
    verdict: str


def copy_to_hand_out(tx: Connection, actor: Actor, copy_id: str) -> HandableCopy:
    """One copy that may be handed out, as far as the actor and its recording go; its verdict may still forbid it.

    Raises Refused, CopyUnknown, CopyNotToBeHandedOut, RecordingGone.
    """
    actor.require(Permission.RECORDINGS_EXPORT)
    row = _copy(tx, actor, copy_id)
    return HandableCopy(
        row.id, row.redaction_id, row.recording_id, row.part_number, row.edit, row.sha256.hex(), row.size, row.verdict
    )


@dataclass(frozen=True)
class CopyToGo:
    """A copy that is to be handed out. `although`: why, where its proof is doubtful. `signed_object_id`: the sealed
    object that holds it with its content credentials, where it goes out with them."""

    copy_id: str
    although: str | None = None
    signed_object_id: str | None = None


@dataclass(frozen=True)
class Going:
    """A copy that may go, as far as it, its proof and its recording go. Digests in hex, sizes in bytes.

    `proven_sha256` is of the copy that was proven, `sha256` of the file that goes out; they differ where that carries
    content credentials. `although` is None where its proof holds.
    """

    copy_id: str
    redaction_id: str
    recording_id: str
    part_number: int
    edit: int
    verdict: str
    although: str | None
    object_id: str
    sha256: str
    size: int
    chunk_root: str
    proven_sha256: str
    proven_size: int
    list_object_id: str
    proof_object_id: str
    rendered: CustodyEvent

    def files(self, number: int) -> dict[str, str]:
        """SHA-256 of its edit list and of the public form of its proof, by their names in a package."""
        return {
            edit_list_file(number): self.rendered.details["list_sha256"],
            proof_file(number): self.rendered.details["public_proof_sha256"],
        }


def going(tx: Connection, actor: Actor, copy: CopyToGo) -> Going:
    """A copy as it would go out now. Raises as `hand_out_copies` does of each."""
    row = _copy(tx, actor, copy.copy_id)
    rendered = _making(tx, row)
    object_id, sha256, size, chunk_root = row.copy_object_id, row.sha256, row.size, row.chunk_root
    if copy.signed_object_id is not None:
        columns = (vault_object.c.sha256, vault_object.c.size, vault_object.c.chunk_root)
        signed = tx.execute(sa.select(*columns).where(vault_object.c.object_id == copy.signed_object_id)).first()
        if signed is None:
            raise CopyNotToBeHandedOut(id=row.id, reason="the file with its content credentials is not there")
        object_id, (sha256, size, chunk_root) = copy.signed_object_id, signed
    return Going(
        copy_id=row.id,
        redaction_id=row.redaction_id,
        recording_id=row.recording_id,
        part_number=row.part_number,
        edit=row.edit,
        verdict=row.verdict,
        although=_reason(row, rendered, copy.although),
        object_id=object_id,
        sha256=sha256.hex(),
        size=size,
        chunk_root=chunk_root.hex(),
        proven_sha256=row.sha256.hex(),
        proven_size=row.size,
        list_object_id=row.list_object_id,
        proof_object_id=row.proof_object_id,
        rendered=rendered,
    )


def _copy(tx: Connection, actor: Actor, copy_id: str) -> sa.Row[Any]:
    """A copy that is ready, of a recording that the actor may see and that is there."""
    query = (
        sa.select(
            redacted_copy,
            redaction.c.recording_id,
            recording.c.state.label("recording_state"),
            part.c.number.label("part_number"),
            vault_object.c.key_destroyed_at,
            vault_object.c.chunk_root,
        )
        .select_from(redacted_copy)
        .join(redaction, redaction.c.id == redacted_copy.c.redaction_id)
        .join(recording, recording.c.id == redaction.c.recording_id)
        .join(part, part.c.id == redacted_copy.c.part_id)
        .outerjoin(vault_object, vault_object.c.object_id == redacted_copy.c.copy_object_id)
        .where(redacted_copy.c.id == copy_id, visible_to(actor).expression)
    )
    row = tx.execute(query).first()
    if row is None:
        raise CopyUnknown(id=copy_id)
    if row.recording_state == RecordingState.DESTROYED.value or row.key_destroyed_at is not None:
        raise RecordingGone(id=row.recording_id, name=f"of the redacted copy {copy_id}")
    if row.state != CopyState.READY.value or row.proof_object_id is None or row.list_object_id is None:
        raise CopyNotToBeHandedOut(id=copy_id, reason=row.problem or "it is not ready yet")
    return row


def _making(tx: Connection, row: sa.Row[Any]) -> CustodyEvent:
    """The event by which the copy was made."""
    query = (
        sa.select(custody_event.c.id)
        .where(
            custody_event.c.recording_id == row.recording_id,
            custody_event.c.kind == Event.REDACTION_RENDERED.value,
        )
        .order_by(custody_event.c.n.desc())
    )
    for event_id in tx.scalars(query):
        event = find(tx, event_id)
        if event is not None and event.details.get("copy") == row.id:
            return event
    raise CopyNotToBeHandedOut(
        id=row.id, reason="the history of its recording does not say that it was made; make a new copy"
    )


def _reason(row: sa.Row[Any], rendered: CustodyEvent, although: str | None) -> str | None:
    """Why it goes out although its proof is doubtful; None where it holds."""
    reasons = ", ".join(rendered.details.get("reasons", ())) or "see its proof"
    if row.verdict == Verdict.HOLDS.value:
        return None
    if row.verdict != Verdict.DOUBTFUL.value:
        raise CopyBroken(id=row.id, reasons=reasons)
    if although is None or not although.strip():
        raise CopyDoubtful(id=row.id, reasons=reasons, longest=LONGEST_WORDS, how="--although REASON")
    return words_on_record("reason", although)
