"""Redacted copies as the job that makes them leaves them: row, copy, proof, signed list, event."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime

import sqlalchemy as sa

from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import CustodyLog, Event, append
from candor.footage.tables import part
from candor.redaction.edit_list import EditList, Sealed, event_details, signed
from candor.redaction.proving import Proof
from candor.redaction.rules import CopyState, Verdict
from candor.redaction.tables import redacted_copy, redaction
from candor.store import Vault
from candor.verify.edit_list import Mask

__all__ = ["leave_copy"]


def leave_copy(
    database: Database,
    vault: Vault,
    log: CustodyLog,
    recording_id: str,
    content: bytes,
    *,
    by: str,
    verdict: Verdict = Verdict.HOLDS,
) -> tuple[str, str]:
    """Identifiers of the redaction and of its copy."""
    copy_id, redaction_id = new_id(), new_id()
    report = {
        "verdict": verdict.value,
        "reasons": {} if verdict is Verdict.HOLDS else {"seen-outside": 1},
        "findings": [] if verdict is Verdict.HOLDS else [{"what": "seen-outside", "box": [10, 20, 30, 40], "ms": 1234}],
        "geometry": {"document": {"tracks": ["where the masks are"]}},
    }
    proof = Proof(verdict, report)
    with database.read() as tx:
        original = tx.execute(sa.select(part).where(part.c.recording_id == recording_id)).one()
    edits = EditList(
        recording=recording_id,
        part=1,
        redaction=redaction_id,
        copy_id=copy_id,
        edit=4,
        made_at="2026-11-22T10:00:00.000000Z",
        maker="redacted@1",
        original=Sealed(original.sha256.hex(), original.size),
        copy=Sealed(hashlib.sha256(content).hexdigest(), len(content)),
        mode="hide",
        style="solid",
        overlay=False,
        muted=False,
        masks=[Mask("face", "C.G.S. § 1-210(b)(3)", "solid", 0, 1000, "t1")],
        sound=[],
        copied=[],
        verdict=verdict.value,
        proof_sha256=hashlib.sha256(proof.encode()).hexdigest(),
        public_proof_sha256=hashlib.sha256(proof.public()).hexdigest(),
        facts={"reasons": sorted(report["reasons"])},
    )
    note = signed(log, edits)
    objects = {
        "copy": vault.seal("redacted", io.BytesIO(content)),
        "proof": vault.seal("redaction-proof", io.BytesIO(proof.encode())),
        "list": vault.seal("redaction-list", io.BytesIO(note)),
    }
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    asked = {"asked_by": by, "asked_at": now}
    with database.write() as tx:
        for sealed in objects.values():
            vault.record(tx, sealed)
        tx.execute(
            redaction.insert().values(
                id=redaction_id,
                recording_id=recording_id,
                title="For the press",
                wanted={},
                edit=4,
                logged_edit=4,
                created_by=by,
                created_at=now,
            )
        )
        tx.execute(
            redacted_copy.insert().values(
                id=copy_id,
                redaction_id=redaction_id,
                part_id=original.id,
                edit=4,
                state=CopyState.READY.value,
                wanted={},
                sha256=bytes.fromhex(edits.copy.sha256),
                size=len(content),
                verdict=verdict.value,
                **{f"{name}_object_id": one.object_id for name, one in objects.items()},
                **asked,
            )
        )
        details = event_details(edits, note)
        append(tx, Event.REDACTION_RENDERED, actor="system:redaction", recording=recording_id, details=details)
    return redaction_id, copy_id
