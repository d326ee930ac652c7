"""One of every registered kind of thing that keeps something of a recording, with words that can be looked for.

GOES stands in what a purge destroys, KEEPS in what it leaves and an order of erasure takes.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from tests.footage.conftest import Archive

from candor.core.database import JsonText, UtcDateTime, metadata
from candor.core.ids import new_id
from candor.core.outbox import NoticeKind, tell
from candor.custody.events import Event
from candor.custody.record import append
from candor.disclosure.credentials.tables import credential_key, credentialed_copy
from candor.disclosure.critical.tables import critical_incident, critical_put_off, critical_recording
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.discovery.tables import discovery, discovery_mark, finding
from candor.disclosure.releases.tables import release, release_copy, release_history
from candor.disclosure.requests.tables import (
    records_request,
    request_clock,
    request_document,
    request_recording,
)
from candor.disclosure.tables import package, package_recording
from candor.docking.axis.tables import axis_connection, axis_container, axis_object
from candor.docking.cards.tables import card_file, card_reading
from candor.docking.links.tables import upload_link, upload_link_file
from candor.docking.uploads.tables import upload
from candor.fleet.places import create_dock
from candor.footage import gathering
from candor.footage.bookmarks import Bookmark, keep_bookmark
from candor.footage.classification_tables import classification
from candor.footage.destruction_tables import returned
from candor.footage.restriction_tables import recording_opening, restriction, restriction_person
from candor.footage.rules import RenditionKind
from candor.footage.said import PartOf, Said
from candor.footage.sidecars import SidecarClaim, keep_sidecar
from candor.footage.tables import discrepancy, part, part_signature, recording, rendition, viewing
from candor.footage.tracks import Point, Track, keep_track
from candor.footage.transcript_tables import transcript, transcript_stretch, transcript_version
from candor.matters.statement_tables import statement_recording, statement_review
from candor.matters.tables import matter, matter_recording
from candor.redaction.tables import (
    redacted_copy,
    redaction,
    redaction_edit,
    redaction_part,
    redaction_segment,
    redaction_watched,
)
from candor.retention.holds import reminder_key
from candor.retention.tables import disposition, disposition_item, hold
from candor.store.tables import vault_object

GOES, KEEPS = "goesxyzzy", "keepsxyzzy"
CONTENT = f"{GOES} the film itself".encode() * 30
NAME = f"officer_B8A44F_{KEEPS}"


class Planted:
    """A recording with everything that can be kept of it."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.now = archive, archive.clock.now()
        with archive.database.write() as tx:
            self.dock = create_dock(tx, archive.technician, "Axis", kind="axis", clock=archive.clock)
        self.connection = new_id()
        self.key = f"axis:{self.connection}/{NAME}"
        taken = archive.worn(
            CONTENT,
            f"{KEEPS}.mp4",
            part_of=PartOf(self.key, self.now - timedelta(hours=2)),
            also={"place": GOES},
            title=KEEPS,
        )
        self.id, self.part, self.sha256 = taken.recording_id, taken.part_id, taken.sha256

    def seal(self, kind: str, words: str) -> str:
        """A sealed object, recorded."""
        sealed = self.archive.vault.seal(kind, io.BytesIO(words.encode() * 20))
        with self.archive.database.write() as tx:
            self.archive.vault.record(tx, sealed)
        return sealed.object_id

    def add(self, table: sa.Table, **values: Any) -> None:
        """A row; what its table needs besides is filled in, and means nothing."""
        for column in table.columns:
            if column.name not in values and not column.nullable and column.server_default is None:
                values[column.name] = self._filling(column)
        with self.archive.database.write() as tx:
            tx.execute(table.insert().values(values))

    def _filling(self, column: sa.Column[Any]) -> Any:
        if column.foreign_keys:
            return self.archive.technician.account_id
        kinds: tuple[tuple[type, Any], ...] = (
            (UtcDateTime, self.now),
            (JsonText, {}),
            (sa.Boolean, False),
            (sa.Integer, 1),
            (sa.LargeBinary, os.urandom(32)),
        )
        return next((value for kind, value in kinds if isinstance(column.type, kind)), new_id())


def _entry(one: Planted) -> None:
    values = {"notes": KEEPS, "tags": [KEEPS], "custom": {"field": KEEPS}, "place": KEEPS, "latitude": 41.5}
    values |= {"longitude": -72.5, "incident_number": KEEPS, "category": KEEPS}
    with one.archive.database.write() as tx:
        tx.execute(recording.update().where(recording.c.id == one.id).values(values))
        details = {"changed": {"notes": {"old": "", "new": KEEPS}}, "version": 2}
        append(tx, Event.RECORDING_CHANGED, actor="system:test", recording=one.id, details=details)


def _files(one: Planted) -> None:
    with one.archive.database.write() as tx:
        claims = tx.scalar(sa.select(part.c.claims).where(part.c.id == one.part))
        media = {**(claims or {}).get("media", {}), "place": {"text": GOES}, "tags": [GOES], "codec": KEEPS}
        tx.execute(part.update().where(part.c.id == one.part).values(claims={**(claims or {}), "media": media}))


def _copies(one: Planted) -> None:
    for kind in (*RenditionKind, f"{RenditionKind.REPAIRED}/{new_id()}"):
        row = {"id": new_id(), "part_id": one.part, "kind": kind, "state": "ready", "created_at": one.now}
        one.add(rendition, **row, object_id=one.seal(kind[:40], GOES), details={"peaks": GOES})


def _beside(one: Planted) -> None:
    claim = SidecarClaim(f"{KEEPS}.gpx", f"/card/{KEEPS}.gpx", "card", "system:test", "gpx", one.id)
    keep_sidecar(one.archive.intake, io.BytesIO(GOES.encode()), claim, facts={"place": GOES})


def _told(one: Planted) -> None:
    with one.archive.database.write() as tx:
        track = Track("gpx beside it", (Point(0.0, 41.5, -72.5),))
        keep_track(tx, one.id, track, actor="system:test", clock=one.archive.clock)
        keep_bookmark(tx, one.id, Bookmark("1", text=GOES), actor="system:test", clock=one.archive.clock)


def _said(one: Planted) -> None:
    said = Said(title=KEEPS, incident_number=KEEPS, facts={"place": GOES})
    with one.archive.database.write() as tx:
        gathering.complete(tx, one.key, said, actor="system:test", clock=one.archive.clock)


def _signatures(one: Planted) -> None:
    row = {"id": new_id(), "part_id": one.part, "kind": "axis", "state": "checked", "found_at": one.now}
    one.add(part_signature, **row, details={"device": KEEPS}, problem=KEEPS)


def _conflicts(one: Planted) -> None:
    row = {"id": new_id(), "recording_id": one.id, "field": "wearer", "why": "said", "state": "settled"}
    one.add(discrepancy, **row, claims=[{"says": KEEPS}], opened_at=one.now, reason=KEEPS)


def _viewings(one: Planted) -> None:
    row = {"id": new_id(), "recording_id": one.id, "account_id": one.archive.technician.account_id}
    row |= {"purpose": KEEPS, "event_id": new_id()}
    one.add(viewing, **row, began_at=one.now, ends_at=one.now)


def _came_again(one: Planted) -> None:
    row = {"id": new_id(), "recording_id": one.id, "part_id": one.part, "state": "held", "times": 1, "name": KEEPS}
    row |= {"source": KEEPS, "face": "card", "actor": "system:test", "received_at": one.now, "last_at": one.now}
    one.add(returned, **row, object_id=one.seal("original", GOES))


def _containers(one: Planted) -> None:
    row = {"id": one.connection, "dock_id": one.dock, "container_type": "mkv", "capabilities": {}}
    one.add(axis_connection, **row, created_at=one.now, created_by="system:test")
    container, times = new_id(), {"created_at": one.now, "changed_at": one.now}
    row = {"id": container, "connection_id": one.connection, "name": NAME, "kind": "recording"}
    one.add(axis_container, **row, **times, metadata={"status": KEEPS, "triggerontimelocation": GOES})
    for name, kind in ((f"{KEEPS}.mkv", "clip"), (f"bookmark_{KEEPS}", "bookmark")):
        said = {"startlocation": GOES, "starttime": KEEPS} if kind == "clip" else {"tags": GOES}
        row = {"id": new_id(), "container_id": container, "name": name, "number": 1, "kind": kind}
        one.add(axis_object, **row, **times, metadata=said, sha256=one.sha256)


def _card(one: Planted) -> None:
    reading = new_id()
    row = {"id": reading, "place": "/card", "reader": "generic", "state": "done", "listing_sha256": bytes(32)}
    row |= dict.fromkeys(("files", "size", "files_done", "size_done", "failed"), 1) | {"remarks": []}
    one.add(card_reading, **row, actor="system:test", started_at=one.now, seen_at=one.now)
    row = {"id": new_id(), "reading_id": reading, "fingerprint": b"f" * 32, "path": f"DCIM/{KEEPS}.mp4", "size": 1}
    one.add(card_file, **row, sha256=one.sha256, recording_id=one.id, part_id=one.part, taken_at=one.now)


def _link(one: Planted) -> None:
    link = new_id()
    row = {"id": link, "number": "ABCD-EFGH", "secret_hash": bytes(32), "incident_number": "26-1", "note": ""}
    row |= {"created_at": one.now, "created_by": "system:test", "ends_at": one.now, "most_files": 1}
    one.add(upload_link, **row, most_bytes=1, begun=1)
    with one.archive.database.write() as tx:
        details = {"link": link, "name": KEEPS, "sha256": one.sha256.hex()}
        event = append(tx, Event.LINK_USED, actor="system:link", details=details)
    row = {"upload_id": "u" * 32, "link_id": link, "recording_id": one.id, "name": GOES, "size": 1}
    one.add(upload_link_file, **row, sha256=one.sha256, sealed_at=one.now, event_id=event)


def _upload(one: Planted) -> None:
    row = {"id": "v" * 32, "owner_kind": "account", "owner_id": "x", "actor": "system:test", "kind": "whole"}
    row |= {"state": "done", "received": 1, "claim": {"name": KEEPS, "title": KEEPS}, "metadata": KEEPS, "parts": []}
    row |= {"place": new_id(), "created_at": one.now, "changed_at": one.now, "expires_at": one.now, "assembled": 0}
    one.add(upload, **row, recording_id=one.id, part_id=one.part, sha256=one.sha256)


def _package(one: Planted) -> None:
    identifier, event = new_id(), new_id()
    plan = {"events": {one.id: event}, "originals": [{"name": KEEPS, "size": 1}], "payload": {"a.txt": KEEPS}}
    row = {"id": identifier, "state": "ready", "created_at": one.now, "actor": "system:test", "recipient": "DA"}
    row |= {"purpose": KEEPS, "name": "candor-package-1", "manifest_sha256": bytes(32)}
    files = [{"name": KEEPS, "size": 1, "sha256": "", "crc32": 0, "object_id": "", "at": 0}]
    one.add(package, **row, plan={**plan, "documents": {}}, files=files, small_object_id=one.seal("package", KEEPS))
    one.add(package_recording, package_id=identifier, recording_id=one.id, event_id=event)


def _release(one: Planted) -> None:
    identifier, now = new_id(), one.now
    row = {"id": identifier, "number": "RL-2026-0001", "audience": "public", "state": "recalled", "title": KEEPS}
    row |= {"summary": KEEPS, "prepared_by": "system:test", "prepared_at": now, "sent_back_reason": KEEPS}
    row |= {"recall_reason": KEEPS, "problem": KEEPS, "basis": {}, "hidden": [{"reason": KEEPS}], "version": 1}
    one.add(release, **row, files=[{"name": KEEPS}], zip_sha256=one.sha256)
    copy = {"release_id": identifier, "position": 0, "copy_id": new_id(), "recording_id": one.id, "although": KEEPS}
    one.add(release_copy, **copy, signed_sha256=one.sha256)
    with one.archive.database.write() as tx:
        event = append(tx, Event.RELEASE_RECALLED, actor="system:test", details={"reason": KEEPS})
        tx.execute(release_history.insert().values(event_id=event, release_id=identifier))


def _classification(one: Planted) -> None:
    row = {"id": new_id(), "recording_id": one.id, "kind": "category", "value": KEEPS, "said_by": "system:test"}
    one.add(classification, **row, said_at=one.now, basis="person", reason=GOES, ended_at=one.now)


def _restrictions(one: Planted) -> None:
    identifier, who = new_id(), one.archive.officer.account_id
    row = {"id": identifier, "recording_id": one.id, "kind": "label", "ref": KEEPS, "reason": KEEPS, "rule": "29-6d"}
    one.add(restriction, **row, placed_by="system:test", placed_at=one.now)
    row = {"id": new_id(), "restriction_id": identifier, "recording_id": one.id, "account_id": who, "may": True}
    one.add(restriction_person, **row, reason=KEEPS, said_by="system:test", said_at=one.now)
    row = {"id": new_id(), "recording_id": one.id, "account_id": who, "ref": "", "reason": KEEPS}
    one.add(recording_opening, **row, opened_by="system:test", opened_at=one.now)


def _case(one: Planted) -> None:
    case = new_id()
    row = {"id": case, "number": "26-1", "kind": "criminal", "title": "A case", "state": "open", "note": ""}
    row |= {"owner_id": one.archive.technician.account_id, "opened_by": "system:test", "opened_at": one.now}
    one.add(matter, **row)
    row = {"id": new_id(), "matter_id": case, "recording_id": one.id, "reason": KEEPS, "added_by": "system:test"}
    one.add(matter_recording, **row, added_at=one.now)


def _hold(one: Planted) -> None:
    row = {"id": new_id(), "kind": "request", "recording_id": one.id, "reason": KEEPS, "placed_at": one.now}
    row |= {"owner_id": one.archive.technician.account_id, "placed_by": "system:test"}
    one.add(hold, **row, released_by="system:test", released_at=one.now, release_reason=KEEPS)
    with one.archive.database.write() as tx:
        details = {"hold": row["id"], "kind": "request", "words": KEEPS}
        tell(tx, NoticeKind.HOLD_REVIEW, details=details, once=reminder_key(row["id"]))


def _disposition(one: Planted) -> None:
    row = {"id": new_id(), "number": "D-1", "kind": "schedule", "authority": "S-1", "reason": "over", "state": "done"}
    row |= {"proposed_by": "system:test", "proposed_at": one.now, "book": "", "recordings": 1, "size": 1}
    identifier = row["id"]
    one.add(disposition, **row, chosen={}, duration_ms=0)
    one.add(disposition_item, disposition_id=identifier, recording_id=one.id, state="kept", why=f"A hold: {KEEPS}")


def _review(one: Planted) -> None:
    identifier = new_id()
    row = {"id": identifier, "officer_id": one.archive.officer.account_id, "occasion": "statement", "about": "a stop"}
    one.add(statement_review, **row, state="asked", asked_by=one.archive.officer.account_id)
    one.add(statement_recording, review_id=identifier, recording_id=one.id, granted=True)


def _transcripts(one: Planted) -> None:
    identifier = new_id()
    row = {"id": identifier, "part_id": one.part, "state": "making", "origin": "file", "language": "en", "version": 1}
    row |= {"engine": GOES, "made_by": one.archive.technician.account_id, "made_at": one.now}
    one.add(transcript, **row, problem=GOES, remark=GOES)
    row = {"transcript_id": identifier, "number": 1, "words": 2, "corrected": 0, "author": "system:test"}
    one.add(transcript_version, **row, made_at=one.now, object_id=one.seal("transcript", GOES))
    row = {"transcript_id": identifier, "number": 0, "until_ms": 1}
    one.add(transcript_stretch, **row, object_id=one.seal("transcript", GOES))


def _redaction(one: Planted) -> str:
    """A redaction with a part, what was found in it, an edit, and what somebody watched; its id."""
    identifier, who = new_id(), one.archive.technician.account_id
    row = {"id": identifier, "recording_id": one.id, "title": KEEPS, "wanted": {"kinds": ["face"]}, "edit": 2}
    one.add(redaction, **row, logged_edit=0, created_by=who, created_at=one.now)
    tracks = one.seal("redaction-tracks", GOES)
    row = {"redaction_id": identifier, "part_id": one.part, "state": "ready", "picture": {"is": GOES}}
    one.add(redaction_part, **row, facts={"is": GOES}, found={"is": GOES}, tracks_object_id=tracks)
    row = {"redaction_id": identifier, "part_id": one.part, "number": 0, "run": new_id(), "state": "ready"}
    one.add(redaction_segment, **row, segment_object_id=one.seal("redaction-segment", GOES))
    row = {"redaction_id": identifier, "author": who, "made_at": one.now}
    one.add(redaction_edit, **row, number=1, words=GOES, acts=[], tracks_object_id=one.seal("redaction-tracks", GOES))
    one.add(redaction_edit, **row, number=2, words=GOES, acts=[{"act": "put-track", "track": {"label": GOES}}])
    row = {"redaction_id": identifier, "part_id": one.part, "account_id": who, "runs": [[1, 2]], "edit": 2}
    one.add(redaction_watched, **row, updated_at=one.now)
    return identifier


def _redactions(one: Planted) -> None:
    _redaction(one)


def _redacted(one: Planted) -> None:
    kinds = {"copy": "redacted", "proof": "redaction-proof", "list": "redaction-list", "poster": "redacted-poster"}
    kinds |= {"filmstrip": "redacted-filmstrip", "waveform": "redacted-waveform"}
    objects = {f"{name}_object_id": one.seal(kind, GOES) for name, kind in kinds.items()}
    row = {"id": new_id(), "redaction_id": _redaction(one), "part_id": one.part, "edit": 2, "state": "ready"}
    row |= {"wanted": {"is": GOES}, "details": {"is": GOES}, "problem": GOES, "sha256": one.sha256}
    one.add(redacted_copy, **row, asked_by="system:test", asked_at=one.now, **objects)


def _credentialed(one: Planted) -> None:
    key_id = new_id()
    one.add(credential_key, id=key_id)
    row = {"copy_id": new_id(), "title": KEEPS, "recording_id": one.id, "key_id": key_id, "sha256": one.sha256}
    one.add(credentialed_copy, **row, object_id=one.seal("credentialed-copy", GOES))


def _decisions(one: Planted) -> None:
    """Twice: one that stands, and one that was taken back."""
    request = new_id()
    answer = {"code": "weigh", "rule": "xx/y", "citation": "", "words": KEEPS, "how": "weighed", "reason": KEEPS}
    row = {"request_id": request, "recording_id": one.id, "decision": "withhold", "exemption": "xx/y", "reason": KEEPS}
    weighed = {"weighed": [{**answer, "exception": "", "document": None}]}
    one.add(release_decision, id=new_id(), **row, **weighed)
    gone = {"withdrawn_by": "system:test", "withdrawn_at": one.now, "withdraw_reason": KEEPS}
    one.add(release_decision, id=new_id(), **row, **weighed, **gone)


def _critical(one: Planted) -> None:
    identifier = new_id()
    one.add(critical_incident, id=identifier, number=f"C-{new_id()}", state="open", kind="shooting", place="a road")
    one.add(critical_recording, critical_id=identifier, recording_id=one.id)
    row = {"id": new_id(), "critical_id": identifier, "recording_id": one.id, "reason": KEEPS, "step": 1}
    one.add(critical_put_off, **row)


def _discovery(one: Planted) -> None:
    case, handed_out, made = new_id(), new_id(), new_id()
    row = {"id": case, "number": "26-2", "kind": "criminal", "title": "A case", "state": "open", "note": ""}
    row |= {"owner_id": one.archive.technician.account_id, "opened_by": "system:test", "opened_at": one.now}
    one.add(matter, **row)
    row = {"id": handed_out, "state": "ready", "created_at": one.now, "actor": "system:test", "recipient": "both"}
    row |= {"purpose": "a case", "name": "candor-discovery-1", "manifest_sha256": bytes(32)}
    one.add(package, **row, plan={"events": {one.id: new_id()}, "originals": [], "payload": {}, "documents": {}})
    one.add(package_recording, package_id=handed_out, recording_id=one.id, event_id=new_id())
    told = {"recording": one.id, "statement": KEEPS, "words": KEEPS}
    absent = {"recording": one.id, "events": 1, "reason": KEEPS, "citation": "a rule", "decided_by": "rule"}
    said = {"given": [], "withheld": [absent], "findings": [told]}
    row = {"id": made, "number": "D-1", "matter_id": case, "package_id": handed_out, "event_id": new_id()}
    one.add(discovery, **row, made_by="system:test", made_at=one.now, watermark=False, said=said)
    row = {"id": new_id(), "matter_id": case, "recording_id": one.id, "statement": KEEPS, "words": KEEPS}
    one.add(finding, **row, noted_by="system:test", noted_at=one.now, answer="disclosed", answer_reason=KEEPS)


def _marked(one: Planted) -> None:
    with one.archive.database.read() as tx:
        made = tx.scalar(sa.select(discovery.c.id))
    row = {"discovery_id": made, "part_id": one.part, "side": "defence", "state": "ready", "problem": GOES}
    row |= {"details": {"a fault": GOES}, "parent_sha256": one.sha256}
    one.add(discovery_mark, **row, object_id=one.seal("discovery-mark", GOES))


def _request(one: Planted) -> None:
    identifier = new_id()
    row = {"id": identifier, "number": "R-2026-0001", "channel": "clerk", "state": "received", "received_at": one.now}
    row |= {"requester_class": "public", "requester_name": "", "organisation": "", "words": "a stop", "wants": "copy"}
    one.add(records_request, **row, named={}, contact={}, search_key="")
    row = {"request_id": identifier, "recording_id": one.id, "meant": "meant", "why": KEEPS, "said_by": "system:test"}
    one.add(request_recording, **row, said_at=one.now)
    row = {"id": new_id(), "request_id": identifier, "recording_id": one.id, "pack": "us-ct", "rule": "r"}
    row |= {"extended_by": "system:test", "extension_reason": KEEPS, "words": "an answer"}
    one.add(request_clock, **row, answer_only=True, adopted=False, started_by="request-received")
    row = {"id": new_id(), "request_id": identifier, "kind": "consent", "name": "consent", "media_type": "text/plain"}
    one.add(request_document, **row, object_id=new_id())  # a document is of no recording, and stays


def _models(one: Planted) -> None:
    """They are of no recording, and have no place in one."""


#: What plants each kind of the register, by its name.
PLANTS: dict[str, Callable[[Planted], None]] = {
    "what its source said": _said,
    "catalogue entry": _entry,
    "files": _files,
    "copies": _copies,
    "files beside it": _beside,
    "places and marks": _told,
    "signatures": _signatures,
    "conflicts": _conflicts,
    "viewings": _viewings,
    "what came in again": _came_again,
    "a camera system's containers": _containers,
    "files of cards": _card,
    "what was given by links": _link,
    "uploads": _upload,
    "packages": _package,
    "releases": _release,
    "copies with content credentials": _credentialed,
    "classification": _classification,
    "restrictions": _restrictions,
    "cases": _case,
    "holds": _hold,
    "dispositions": _disposition,
    "reviews before a statement": _review,
    "redactions": _redactions,
    "redacted copies": _redacted,
    "decisions on releases": _decisions,
    "critical incidents": _critical,
    "discovery": _discovery,
    "marked copies of discovery": _marked,
    "detection models": _models,
    "requests": _request,
    "transcripts": _transcripts,
}


def found_in_rows(archive: Archive, words: str) -> list[str]:
    """Tables and columns in which the words stand, letters of any size, also in hexadecimal digits."""
    found = set()
    with archive.database.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(sa.select(table)):
                for column, value in row._mapping.items():
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    if words in text.lower() or words.encode().hex() in text.lower():
                        found.add(f"{table.name}.{column}")
    return sorted(found)


def found_in_objects(archive: Archive, words: str) -> list[str]:
    """Kinds of sealed objects that can be read and hold the words."""
    with archive.database.read() as tx:
        columns = (vault_object.c.object_id, vault_object.c.kind)
        living = tx.execute(sa.select(*columns).where(vault_object.c.key_destroyed_at.is_(None))).all()
    return sorted(row.kind for row in living if words.encode() in archive.content(row.object_id))
