"""Handing out: the act itself, in one transaction, before a byte of footage is read for it.

The list of payload files follows from the seals and the catalogue, and the files beside the payload from the
program, so the event can commit to both now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.canonical import canonical_json
from candor.core.clock import Clock, SystemClock, iso
from candor.core.errors import NotFound
from candor.core.ids import is_id, new_id
from candor.custody import Event, append, rotate_tag_key
from candor.custody.tables import custody_subject, log_head
from candor.disclosure.case import case_uco
from candor.disclosure.describe import described
from candor.disclosure.documents import digests, documents
from candor.disclosure.errors import NothingToHandOut, TooMuch, WordsMissing
from candor.disclosure.packages import PackageState
from candor.disclosure.tables import package, package_recording
from candor.footage import names
from candor.people.rules import Actor, Permission
from candor.people.tables import agency
from candor.verify.bag import MAX_FILES, MAX_TEXT
from candor.verify.contents import MAX_EPOCHS, MAX_RECORDINGS
from candor.verify.note import VerifierKey

RECORDINGS, CASE = "data/recordings.json", "data/case-uco.jsonld"
#: Characters of a recipient or a purpose.
LONGEST_WORDS = 500
#: Files of a package besides originals, histories and proofs.
_OTHER_FILES = 12


def request(
    tx: Connection,
    actor: Actor,
    recording_ids: Sequence[str],
    *,
    recipient: str,
    purpose: str,
    clock: Clock | None = None,
) -> str:
    """Hand out recordings: the events, the row, and what the package will be made of; returns the package's id.

    `recipient` and `purpose` go on record; a face that was told neither says so in words of its own. Raises Refused,
    NotFound (also for what the actor may not see), NothingToHandOut, WordsMissing, NoFiles, RecordingGone, TooMuch.
    `disclosure.build` then makes the package.
    """
    actor.require(Permission.RECORDINGS_EXPORT)
    ids = list(dict.fromkeys(recording_ids))
    if not ids:
        raise NothingToHandOut()
    clock = clock or SystemClock()
    now, package_id = clock.now(), new_id()
    recipient, purpose = words_on_record("recipient", recipient), words_on_record("purpose", purpose)
    counts = held(tx, ids)
    plan, manifest = plan_of(tx, actor, ids, package_id, recipient, now)
    must_be_verifiable(counts, plan)
    head = tx.execute(sa.select(log_head.c.size, log_head.c.vkey)).first()
    if head is None:
        raise NotFound(what="custody log", id="here")
    key = VerifierKey.parse(head.vkey)
    plan["documents"] = digests(documents(plan, package=package_id, created_at=now, recipient=recipient, log=key))
    for recording_id, count in counts.items():
        plan["events"][recording_id] = append(
            tx,
            Event.RECORDING_EXPORTED,
            actor=actor.account_id,
            recording=recording_id,
            details={
                "package": package_id,
                "manifest_sha256": manifest.hex(),
                "documents": plan["documents"],
                "events": count + 1,
                "log_size": head.size,
                "recipient": recipient,
                "purpose": purpose,
            },
            clock=clock,
        )
        rotate_tag_key(tx, recording_id, actor=actor.account_id, clock=clock)
    row = {
        "id": package_id,
        "state": PackageState.WAITING.value,
        "created_at": now,
        "actor": actor.account_id,
        "recipient": recipient,
        "purpose": purpose,
        "name": f"candor-package-{now:%Y-%m-%d}-{package_id[-12:]}",
        "manifest_sha256": manifest,
        "plan": plan,
    }
    tx.execute(package.insert(), row)
    tx.execute(
        package_recording.insert(),
        [{"package_id": package_id, "recording_id": one, "event_id": event} for one, event in plan["events"].items()],
    )
    return package_id


def payload_manifest(originals: Sequence[Mapping[str, Any]], payload: Mapping[str, str | bytes]) -> bytes:
    """manifest-sha256.txt: every file under data/ with its SHA-256, by name."""
    digests = {one["file"]: one["sha256"] for one in originals}
    files = {name: data if isinstance(data, bytes) else data.encode() for name, data in payload.items()}
    digests |= {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()


def words_on_record(what: str, given: str) -> str:
    """A recipient or a purpose as it goes on record: one line, and nothing in it that a reader would not see."""
    text = " ".join(names.kept(given).split())
    problem = "it is empty" if not text else "it is longer" if len(text) > LONGEST_WORDS else ""
    if not problem and names.unusual(text):
        problem = f"it holds others: {names.shown(text)}"
    if problem:
        raise WordsMissing(what=what, longest=LONGEST_WORDS, problem=problem)
    return text


def held(tx: Connection, ids: Sequence[str]) -> dict[str, int]:
    """How many events each recording has, and its history held until the transaction ends.

    Held before anything of it is read, so that what the package says is what the history says; and in the order of
    the identifiers, so that two hand-outs of the same recordings do not wait for each other for ever.
    """
    if len(ids) > MAX_RECORDINGS:
        raise TooMuch(most=MAX_RECORDINGS, what="recordings", count=len(ids))
    for one in ids:
        if not is_id(one):
            raise NotFound(what="recording", id=names.shown(names.kept(one)))
    rows = tx.execute(
        sa.select(custody_subject.c.recording_id, custody_subject.c.next_n, custody_subject.c.epoch)
        .where(custody_subject.c.recording_id.in_(ids))
        .order_by(custody_subject.c.recording_id)
        .with_for_update()
    ).all()
    found = {row.recording_id: row.next_n for row in rows}
    for one in ids:
        if one not in found:
            raise NotFound(what="recording", id=one)
    if rows and (most := max(row.epoch for row in rows) + 1) > MAX_EPOCHS:
        raise TooMuch(most=MAX_EPOCHS, what="hand-outs of one recording", count=most)
    return found


def plan_of(
    tx: Connection,
    actor: Actor,
    ids: Sequence[str],
    package_id: str,
    recipient: str,
    now: datetime,
    more: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], bytes]:
    """What the package is made of, and the SHA-256 of the list of its payload files. `more`: further texts under data/
    by their names."""
    entries, originals = [], []
    for number, recording_id in enumerate(ids, 1):
        entry, objects = described(tx, actor, recording_id, number)
        entries.append(entry)
        originals += [
            {**one, "recording": recording_id, "object_id": object_id}
            for one, object_id in zip(entry["parts"], objects, strict=True)
        ]
    row = tx.execute(sa.select(agency.c.id, agency.c.name)).first()
    whose = {"id": row.id, "name": row.name} if row else {"id": "", "name": "(no agency named)"}
    recordings = {"agency": whose["name"], "package": package_id, "recordings": entries, "v": 1}
    payload = {
        RECORDINGS: canonical_json(recordings).decode(),
        CASE: case_uco(package_id, whose, entries, actor=actor.account_id, at=iso(now), recipient=recipient),
        **(more or {}),
    }
    digest = hashlib.sha256(payload_manifest(originals, payload)).digest()
    return {"events": {}, "originals": originals, "payload": payload, "agency": whose["name"]}, digest


def must_be_verifiable(counts: Mapping[str, int], plan: Mapping[str, Any]) -> None:
    """Refuse what the verifiers would: they bound what they read of a stranger's package."""
    files = sum(count + 1 for count in counts.values()) + len(counts) + len(plan["originals"]) + _OTHER_FILES
    if files > MAX_FILES:
        raise TooMuch(most=MAX_FILES, what="files, with a proof for each event", count=files)
    for text in plan["payload"].values():
        if (size := len(text.encode())) > MAX_TEXT:
            raise TooMuch(most=MAX_TEXT, what="bytes of description", count=size)
