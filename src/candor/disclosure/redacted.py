"""Handing out redacted copies: to people who may not see the originals, nor what the agency did with them.

Such a package holds 1 to n copies, for each its signed edit list and the public form of its proof, and of each
recording's history the making of its copies and this hand-out, with their proofs. It holds nothing that the catalogue
says, no name of an original, no tag key; how many events a recording has besides is said. Its form is in
`candor.verify.redacted`.

What the hand-out commits to is known from seals and from the events of the copies' making, so nothing is read for it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.canonical import canonical_json
from candor.core.clock import Clock, SystemClock
from candor.core.errors import NotFound
from candor.core.ids import new_id
from candor.custody import Event, append
from candor.custody.tables import log_head
from candor.disclosure.documents import digests, documents
from candor.disclosure.errors import CopyAltered, CopyTwice, NothingToHandOut, TooMuch
from candor.disclosure.going import CopyToGo, Going, HandableCopy, copy_to_hand_out, going
from candor.disclosure.handing_out import held, payload_manifest, words_on_record
from candor.disclosure.packages import PackageState
from candor.disclosure.payload import papers_kept, payload_of
from candor.disclosure.tables import package, package_recording
from candor.people.rules import Actor, Permission
from candor.people.tables import agency
from candor.redaction.errors import CopyUnknown
from candor.redaction.proving import Proof
from candor.store import Vault
from candor.verify.bag import CHUNK_SIZE
from candor.verify.note import VerifierKey
from candor.verify.redacted import MAX_COPIES, PAPERS, REDACTED, copy_file, edit_list_file, proof_file

__all__ = [
    "CopyToGo",
    "Going",
    "HandableCopy",
    "copy_to_hand_out",
    "going",
    "hand_out_copies",
    "redacted_files",
    "request_redacted",
]

_LARGEST = 256 << 20  # bytes of a sealed proof that is read whole


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
    """Hand out one redacted copy; returns the package's id.

    although: why it is handed out with a doubtful proof. recording_id: which recording it is expected to be of.
    Otherwise as `hand_out_copies`.
    """
    actor.require(Permission.RECORDINGS_EXPORT)
    if recording_id is not None and copy_to_hand_out(tx, actor, copy_id).recording_id != recording_id:
        raise CopyUnknown(id=copy_id)
    return hand_out_copies(tx, actor, [CopyToGo(copy_id, although)], recipient=recipient, purpose=purpose, clock=clock)


def hand_out_copies(
    tx: Connection,
    actor: Actor,
    copies: Sequence[CopyToGo],
    *,
    recipient: str,
    purpose: str,
    release: tuple[str, str] | None = None,
    papers: Mapping[str, bytes] | None = None,
    by: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Hand out redacted copies in one package: an event for each recording, the row, and what the package will be made
    of; returns the package's id.

    release: identifier and number of the release that it is the package of; papers: files that lie beside the copies
    then, by their names (`summary.txt`). by: the account that it is put on record for, where the program acts.
    `disclosure.build` then makes the package. Raises Refused, NothingToHandOut, CopyTwice, TooMuch, CopyUnknown (also
    for what the actor may not see), CopyNotToBeHandedOut, CopyBroken, CopyDoubtful, RecordingGone, WordsMissing.
    """
    actor.require(Permission.RECORDINGS_EXPORT if release is None else Permission.RELEASES_APPROVE)
    clock = clock or SystemClock()
    _must_be_some_once(copies)
    recipient, purpose = words_on_record("recipient", recipient), words_on_record("purpose", purpose)
    gone = [going(tx, actor, one) for one in copies]
    counts = held(tx, sorted({one.recording_id for one in gone}))
    head = tx.execute(sa.select(log_head.c.size, log_head.c.vkey)).first()
    if head is None:
        raise NotFound(what="custody log", id="here")
    now, package_id = clock.now(), new_id()
    plan = _plan(tx, gone, package_id, release, papers or {})
    manifest = hashlib.sha256(payload_manifest(plan["originals"], payload_of(plan))).digest()
    known = digests(
        documents(plan, package=package_id, created_at=now, recipient=recipient, log=VerifierKey.parse(head.vkey))
    )
    plan["documents"] = dict(known)
    told = {"package": package_id, "manifest_sha256": manifest.hex(), "log_size": head.size}
    told |= {"recipient": recipient, "purpose": purpose}
    if release is not None:
        told |= {"release": release[0], "number": release[1]}
    by = by or actor.account_id
    for recording_id in sorted(counts):
        of_it = [(number, one) for number, one in enumerate(gone, 1) if one.recording_id == recording_id]
        own = {name: digest for number, one in of_it for name, digest in one.files(number).items()}
        plan["documents"] |= own
        details = {
            **told,
            "copies": [_told(one) for _, one in of_it],
            "documents": known | own,
            "events": counts[recording_id] + 1,
        }
        kind = Event.REDACTION_HANDED_OUT if release is None else Event.RECORDING_RELEASED
        event_id = append(tx, kind, actor=by, recording=recording_id, details=details, clock=clock)
        plan["events"][recording_id] = event_id
    values = {
        "id": package_id,
        "state": PackageState.WAITING.value,
        "created_at": now,
        "actor": by,
        "recipient": recipient,
        "purpose": purpose,
        "name": _name(package_id, f"{now:%Y-%m-%d}", release),
        "manifest_sha256": manifest,
        "plan": plan,
    }
    tx.execute(package.insert(), values)
    tx.execute(
        package_recording.insert(),
        [{"package_id": package_id, "recording_id": one, "event_id": event} for one, event in plan["events"].items()],
    )
    return package_id


def redacted_files(tx: Connection, vault: Vault, plan: Mapping[str, Any]) -> dict[str, bytes]:
    """The edit lists and the public forms of the proofs, by their names in the package. Raises CopyAltered when they
    are not the ones that the hand-out names, and what the vault raises."""
    made: dict[str, bytes] = {}
    for number, told in enumerate(plan["redacted"].get("copies", ()), 1):  # none: planned by an older program
        files = {
            edit_list_file(number): _read(tx, vault, told["list_object_id"]),
            proof_file(number): Proof.decode(_read(tx, vault, told["proof_object_id"])).public(),
        }
        for name, data in files.items():
            if hashlib.sha256(data).hexdigest() != plan["documents"][name]:
                raise CopyAltered(id=told["copy"], what=f"{name} has another SHA-256")
        made |= files
    return made


def _must_be_some_once(copies: Sequence[CopyToGo]) -> None:
    if not copies:
        raise NothingToHandOut()
    if len(copies) > MAX_COPIES:
        raise TooMuch(most=MAX_COPIES, what="redacted copies", count=len(copies))
    for copy_id, count in Counter(one.copy_id for one in copies).items():
        if count > 1:
            raise CopyTwice(id=copy_id)


def _name(package_id: str, day: str, release: tuple[str, str] | None) -> str:
    return f"candor-redacted-{day}-{package_id[-12:]}" if release is None else f"candor-release-{release[1]}"


def _told(one: Going) -> dict[str, str]:
    """What the hand-out says of a copy."""
    return {
        "copy": one.copy_id,
        "redaction": one.redaction_id,
        "copy_sha256": one.proven_sha256,
        "file_sha256": one.sha256,
        "verdict": one.verdict,
        "although": one.although or "",
    }


def _read(tx: Connection, vault: Vault, object_id: str) -> bytes:
    with vault.open(tx, object_id) as stream:
        return stream.read_at(0, min(stream.size, _LARGEST))


def _plan(
    tx: Connection,
    gone: Sequence[Going],
    package_id: str,
    release: tuple[str, str] | None,
    papers: Mapping[str, bytes],
) -> dict[str, Any]:
    """What the package is made of. The files are read back and compared with their seals as originals are."""
    name = tx.scalar(sa.select(agency.c.name)) or "(no agency named)"
    described = [_described(number, one) for number, one in enumerate(gone, 1)]
    contents: dict[str, Any] = {"agency": name, "package": package_id, "copies": described, "v": 2}
    if release is not None:
        contents["release"] = {"id": release[0], "number": release[1]}
    rendered: dict[str, list[str]] = {}
    for one in sorted(gone, key=lambda each: each.rendered.n):
        rendered.setdefault(one.recording_id, []).append(one.rendered.id)
    return {
        "events": {},
        "originals": [
            {**told, "name": told["file"].rsplit("/", 1)[-1], "object_id": one.object_id}
            for told, one in zip(described, gone, strict=True)
        ],
        "payload": {REDACTED: canonical_json(contents).decode()},
        "papers": papers_kept({f"{PAPERS}{one}": data for one, data in papers.items()}),
        "agency": name,
        "redacted": {
            "rendered": rendered,
            "copies": [
                {"copy": one.copy_id, "list_object_id": one.list_object_id, "proof_object_id": one.proof_object_id}
                for one in gone
            ],
        },
    }


def _described(number: int, one: Going) -> dict[str, Any]:
    """A copy as data/redacted.json has it."""
    found: dict[str, Any] = {
        "copy": one.copy_id,
        "recording": one.recording_id,
        "part": one.part_number,
        "file": copy_file(number),
        "sha256": one.sha256,
        "chunk_root": one.chunk_root,
        "chunk_size": CHUNK_SIZE,
        "size": one.size,
    }
    if one.sha256 != one.proven_sha256:
        found["proven"] = {"sha256": one.proven_sha256, "size": one.proven_size}
    return found
