"""Handing out a redacted copy: to people who may not see the original, nor what the agency did with it.

Such a package holds the copy, its signed edit list, the public form of its proof, and two events of the recording's
history with their proofs: that the copy was made, and this hand-out. It holds nothing that the catalogue says, no name
of the original, no tag key; how many events the recording has besides is said. Its form is in `candor.verify.redacted`.

What the hand-out commits to is known from seals and from the event of the copy's making, so nothing is read for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.canonical import canonical_json
from candor.core.clock import Clock, SystemClock
from candor.core.errors import NotFound
from candor.core.ids import new_id
from candor.custody import CustodyEvent, Event, append, find
from candor.custody.tables import custody_event, log_head
from candor.disclosure.documents import digests, documents
from candor.disclosure.errors import CopyAltered, CopyBroken, CopyDoubtful, CopyNotToBeHandedOut, RecordingGone
from candor.disclosure.handing_out import LONGEST_WORDS, held, payload_manifest, words_on_record
from candor.disclosure.packages import PackageState
from candor.disclosure.tables import package, package_recording
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import part, recording
from candor.people.rules import Actor, Permission
from candor.people.tables import agency
from candor.redaction.errors import CopyUnknown
from candor.redaction.proving import Proof
from candor.redaction.rules import CopyState, Verdict
from candor.redaction.tables import redacted_copy, redaction
from candor.store import Vault
from candor.store.tables import vault_object
from candor.verify.bag import CHUNK_SIZE
from candor.verify.note import VerifierKey
from candor.verify.redacted import COPIES, EDIT_LIST, PROOF, REDACTED

__all__ = ["HandableCopy", "copy_to_hand_out", "redacted_files", "request_redacted"]

_LARGEST = 256 << 20  # bytes of a sealed proof that is read whole


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


def request_redacted(
    tx: Connection,
    actor: Actor,
    copy_id: str,
    *,
    recipient: str,
    purpose: str,
    although: str | None = None,
    recording_id: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Hand out a redacted copy: the event, the row, and what the package will be made of; returns the package's id.

    although: why it is handed out with a doubtful proof. recording_id: which recording it is expected to be of.
    `disclosure.build` then makes the package. Raises Refused, CopyUnknown (also for what the actor may not see),
    CopyNotToBeHandedOut, CopyBroken, CopyDoubtful, RecordingGone, WordsMissing.
    """
    actor.require(Permission.RECORDINGS_EXPORT)
    clock = clock or SystemClock()
    row = _copy(tx, actor, copy_id)
    if recording_id is not None and row.recording_id != recording_id:
        raise CopyUnknown(id=copy_id)
    recipient, purpose = words_on_record("recipient", recipient), words_on_record("purpose", purpose)
    count = held(tx, [row.recording_id])[row.recording_id]
    rendered = _making(tx, row)
    reason = _reason(row, rendered, although)
    head = tx.execute(sa.select(log_head.c.size, log_head.c.vkey)).first()
    if head is None:
        raise NotFound(what="custody log", id="here")
    now, package_id = clock.now(), new_id()
    plan = _plan(tx, row, rendered, package_id)
    manifest = hashlib.sha256(payload_manifest(plan["originals"], plan["payload"])).digest()
    known = documents(plan, package=package_id, created_at=now, recipient=recipient, log=VerifierKey.parse(head.vkey))
    plan["documents"] = digests(known) | plan["redacted"]["files"]
    plan["events"][row.recording_id] = append(
        tx,
        Event.REDACTION_HANDED_OUT,
        actor=actor.account_id,
        recording=row.recording_id,
        details={
            "package": package_id,
            "redaction": row.redaction_id,
            "copy": row.id,
            "copy_sha256": row.sha256.hex(),
            "verdict": row.verdict,
            "although": reason or "",
            "manifest_sha256": manifest.hex(),
            "documents": plan["documents"],
            "events": count + 1,
            "log_size": head.size,
            "recipient": recipient,
            "purpose": purpose,
        },
        clock=clock,
    )
    values = {
        "id": package_id,
        "state": PackageState.WAITING.value,
        "created_at": now,
        "actor": actor.account_id,
        "recipient": recipient,
        "purpose": purpose,
        "name": f"candor-redacted-{now:%Y-%m-%d}-{package_id[-12:]}",
        "manifest_sha256": manifest,
        "plan": plan,
    }
    tx.execute(package.insert(), values)
    event_id = plan["events"][row.recording_id]
    tx.execute(
        package_recording.insert(),
        {"package_id": package_id, "recording_id": row.recording_id, "event_id": event_id},
    )
    return package_id


def redacted_files(tx: Connection, vault: Vault, plan: Mapping[str, Any]) -> dict[str, bytes]:
    """The edit list and the public form of the proof, by their names in the package. Raises CopyAltered when they are
    not the ones that the hand-out names, and what the vault raises."""
    told = plan["redacted"]
    made = {
        EDIT_LIST: _read(tx, vault, told["list_object_id"]),
        PROOF: Proof.decode(_read(tx, vault, told["proof_object_id"])).public(),
    }
    for name, data in made.items():
        if hashlib.sha256(data).hexdigest() != told["files"][name]:
            raise CopyAltered(id=told["copy"], what=f"{name} has another SHA-256")
    return made


def _read(tx: Connection, vault: Vault, object_id: str) -> bytes:
    with vault.open(tx, object_id) as stream:
        return stream.read_at(0, min(stream.size, _LARGEST))


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
        raise CopyDoubtful(id=row.id, reasons=reasons, longest=LONGEST_WORDS)
    return words_on_record("reason", although)


def _plan(tx: Connection, row: sa.Row[Any], rendered: CustodyEvent, package_id: str) -> dict[str, Any]:
    name = tx.scalar(sa.select(agency.c.name)) or "(no agency named)"
    file = f"{COPIES}redacted-{row.part_number:02d}.mp4"
    copy = {
        "copy": row.id,
        "recording": row.recording_id,
        "part": row.part_number,
        "file": file,
        "sha256": row.sha256.hex(),
        "chunk_root": row.chunk_root.hex(),
        "chunk_size": CHUNK_SIZE,
        "size": row.size,
    }
    return {
        "events": {},
        # Read back and compared with its seal as an original is, and opened by the same hand.
        "originals": [{**copy, "name": file.rsplit("/", 1)[-1], "object_id": row.copy_object_id}],
        "payload": {REDACTED: canonical_json({"agency": name, "package": package_id, "copy": copy, "v": 1}).decode()},
        "agency": name,
        "redacted": {
            "copy": row.id,
            "rendered": rendered.id,
            "list_object_id": row.list_object_id,
            "proof_object_id": row.proof_object_id,
            "files": {
                EDIT_LIST: rendered.details["list_sha256"],
                PROOF: rendered.details["public_proof_sha256"],
            },
        },
    }
