"""The files of a package but its originals: what it says, proves and explains. All go into one sealed object."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from candor.core.canonical import canonical_json
from candor.core.database import Database
from candor.custody import CustodyEvent, CustodyLog, Epoch, SignedCheckpoint, epochs, find, history
from candor.custody.errors import NotYetInLog
from candor.custody.lost import LostEntry, lost_of
from candor.disclosure.handing_out import payload_manifest
from candor.disclosure.layout import File
from candor.disclosure.payload import payload_of
from candor.store import ObjectWriter
from candor.verify.bag import BAGIT_TXT
from candor.verify.discovery import MADE_PROOF
from candor.verify.policy import Policy

TAG_MANIFEST = "tagmanifest-sha256.txt"


class SmallFiles:
    """Files written one after the other into one sealed object; `files` says where each lies."""

    def __init__(self, writer: ObjectWriter) -> None:
        self._writer, self._at = writer, 0
        self.files: list[File] = []

    def add(self, name: str, data: bytes) -> None:
        """Write one file."""
        digest = hashlib.sha256(data).hexdigest()
        self.files.append(File(name, len(data), digest, zlib.crc32(data), self._writer.object_id, self._at))
        self._writer.write(data)
        self._at += len(data)


def write_small_files(
    into: SmallFiles,
    database: Database,
    log: CustodyLog,
    row: sa.Row[Any],
    documents: Mapping[str, bytes],
    checkpoint: SignedCheckpoint,
    compared_at: datetime,
) -> None:
    """Write every file but the originals; the list of them all last. `row` is the package's.

    `documents` are those of `documents.documents`: the files that the hand-out names.
    """
    policy = log.policy()
    payload = payload_of(row.plan)
    for name, data in payload.items():
        into.add(name, data)
    into.add("bagit.txt", BAGIT_TXT)
    into.add("manifest-sha256.txt", payload_manifest(row.plan["originals"], payload))
    into.add("custody/checkpoint", checkpoint.note.encode())
    into.add("custody/policy.txt", policy.format())
    redacted = row.plan.get("redacted")
    for recording, event in row.plan["events"].items():
        if redacted is None:
            kept_back = row.plan.get("discovery", {}).get("withheld", {}).get(recording, {})
            _add_history(into, database, log, recording, event, checkpoint, kept_back)
        else:
            _add_shown(into, database, log, recording, [*redacted["rendered"][recording], event], checkpoint)
    if "discovery" in row.plan:
        into.add(MADE_PROOF, log.proof(row.plan["discovery"]["event"], checkpoint).format().encode())
    for name, data in documents.items():
        into.add(name, data)
    if redacted is None:
        into.add("certificate-draft.pdf", _certificate(row, policy, checkpoint, compared_at))
    tags = sorted((file.name, file.sha256) for file in into.files if not file.name.startswith("data/"))
    into.add(TAG_MANIFEST, "".join(f"{digest}  {name}\n" for name, digest in tags).encode())


def _add_history(
    into: SmallFiles,
    database: Database,
    log: CustodyLog,
    recording: str,
    event_id: str,
    checkpoint: SignedCheckpoint,
    kept_back: Mapping[str, Sequence[int]],
) -> None:
    """The events of a recording up to its hand-out, with their openings, their proofs and the keys of their tags.

    `kept_back`: the numbers of those that are shown without being opened, by reason.
    """
    with database.read() as tx:
        whole = history(tx, recording)
        keys = epochs(tx, recording)
        lost = [one for one in lost_of(tx, recording) if one.position < checkpoint.size]
    last = next(event.n for event in whole if event.id == event_id)
    shown = [event for event in whole if event.n <= last]
    reasons = {n: reason for reason, numbers in kept_back.items() for n in numbers}
    entries = _add_events(into, log, recording, [one for one in shown if one.n not in reasons], checkpoint)
    # Keys of later epochs stay here: they would link events that nobody has handed out.
    shown_keys = [_epoch(key) for key in keys if key.first_n <= last]
    found: dict[str, Any] = {"recording": recording, "epochs": shown_keys, "events": entries}
    without = [one for one in lost if one.n <= last and one.epoch < len(shown_keys)]
    if without:
        found["lost"] = [_add_lost(into, log, one, checkpoint) for one in without]
    unopened = [_add_unopened(into, log, one, reasons[one.n], checkpoint) for one in shown if one.n in reasons]
    if unopened:
        found["withheld"] = unopened
    text = canonical_json(found)
    into.add(f"custody/{recording}/history.json", text)


def _add_events(
    into: SmallFiles, log: CustodyLog, recording: str, shown: Sequence[CustodyEvent], checkpoint: SignedCheckpoint
) -> list[dict[str, Any]]:
    """The proofs of these events; what stands of them in the history."""
    entries = []
    for event, proof in zip(shown, log.proofs(list(shown), checkpoint), strict=True):
        name = f"custody/{recording}/{event.n:06d}.tlog-proof"
        into.add(name, proof.format().encode())
        entries.append(
            {
                "n": event.n,
                "index": event.position,
                "leaf": event.leaf,
                "payload": event.payload,
                "salt": event.salt.hex(),
                "proof": name,
            }
        )
    return entries


def _add_shown(
    into: SmallFiles,
    database: Database,
    log: CustodyLog,
    recording: str,
    event_ids: Sequence[str],
    checkpoint: SignedCheckpoint,
) -> None:
    """These events alone, with their openings and proofs: no key of a tag, and nothing of the others."""
    with database.read() as tx:
        found = [find(tx, one) for one in event_ids]
    entries = _add_events(into, log, recording, [one for one in found if one is not None], checkpoint)
    into.add(f"custody/{recording}/shown.json", canonical_json({"recording": recording, "events": entries}))


def _add_unopened(
    into: SmallFiles, log: CustodyLog, event: CustodyEvent, reason: str, checkpoint: SignedCheckpoint
) -> dict[str, Any]:
    """An event that is shown to exist: its entry and its proof, without what stands behind it."""
    name = f"custody/{event.recording_id}/{event.n:06d}.tlog-proof"
    if event.position is None:
        raise NotYetInLog(id=event.id)
    into.add(name, log.proof_at(event.position, checkpoint).format().encode())
    return {"n": event.n, "index": event.position, "leaf": event.leaf, "proof": name, "reason": reason}


def _add_lost(into: SmallFiles, log: CustodyLog, one: LostEntry, checkpoint: SignedCheckpoint) -> dict[str, Any]:
    """An entry of the recording whose event is lost: its proof, without what stands behind it."""
    name = f"custody/{one.recording_id}/lost-{one.position:012d}.tlog-proof"
    into.add(name, log.proof_at(one.position, checkpoint).format().encode())
    return {"n": one.n, "epoch": one.epoch, "index": one.position, "leaf": one.leaf, "proof": name}


def _epoch(key: Epoch) -> dict[str, Any]:
    return {"epoch": key.epoch, "first_n": key.first_n, "tag_key": key.tag_key.hex()}


def _certificate(row: sa.Row[Any], policy: Policy, checkpoint: SignedCheckpoint, compared_at: datetime) -> bytes:
    """The draft for counsel. The hand-out cannot name it: it says when the originals were compared, and the log."""
    from candor.disclosure.certificate import Facts, certificate  # what makes PDFs takes a third of a second to load

    key = policy.logs[0].key
    facts = Facts.of(
        row.plan,
        package=row.id,
        created_at=row.created_at,
        compared_at=compared_at,
        recipient=row.recipient,
        manifest_sha256=row.manifest_sha256.hex(),
        origin=key.name,
        fingerprint=key.fingerprint,
        checkpoint_size=checkpoint.size,
        witnessed=checkpoint.witnessed,
    )
    return certificate(facts)
