"""What a side looks at: on record before the first byte, in words that only that side can open.

Rules it keeps:

1. Each opening of a recording is one viewing: a custody event that holds nothing but the discovery, the side and a
   commitment, and a row with the words, encrypted to the side's recipient (age). Neither names the recording. The words
   are padded, so that their length says nothing; the salt of the commitment is inside them.
2. The recording's own history says nothing of it: it would link the recording with the side.
3. What may be seen is what was given, as the discovery's package holds it, and no more of it once a wall or an order
   closed it. What is seen is the viewing copy; the original is in the package. Where a mark was chosen, it is this
   side's own marked copy and no other, and nothing while that is not ready.
4. That a side took the package, or says that it has it, is told to everybody in the clear.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from pyrage import encrypt, x25519
from sqlalchemy.engine import Connection

from candor.core.canonical import canonical_json
from candor.core.clock import Clock, SystemClock, iso
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import Event, append
from candor.disclosure.discovery import marks
from candor.disclosure.discovery.errors import NotThere, TooOften, ViewingOver
from candor.disclosure.discovery.ledger import ledger
from candor.disclosure.discovery.reading import Discovery, by_id, must_still_be_given
from candor.disclosure.discovery.rules import MarkState
from candor.disclosure.discovery.sessions import Visit, ticket, ticket_of
from candor.disclosure.discovery.tables import discovery_mark, discovery_view
from candor.disclosure.packages import Package
from candor.footage.archive_tables import archived_recording
from candor.footage.archiving import ArchiveState
from candor.footage.purging import must_not_be_destroyed
from candor.footage.rules import RenditionKind, RenditionState
from candor.footage.tables import part, recording, rendition
from candor.matters.holding import in_history
from candor.store import SealedStream, Vault

__all__ = ["Shown", "Stretch", "begin_viewing", "commitment", "open_stretch", "record_download", "shown"]

_DOMAIN = b"candor-discovery-view-v1\0"
#: Bytes that the words are padded to.
PADDED = 1024
#: Viewings of a side, and downloads or receipts, within an hour: whoever has a code cannot fill the log.
MOST_AN_HOUR, MOST_TOLD_AN_HOUR = 500, 60
_AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Stretch:
    """A part of a recording to watch: its number, and what stands in the address of its stream. `problem`: why there is
    none. `given`: whether the package holds its original."""

    number: int
    name: str
    ticket: str | None
    problem: str | None
    given: bool = True


@dataclass(frozen=True)
class Shown:
    """A recording that is being watched."""

    recording_id: str
    title: str
    parts: tuple[Stretch, ...]


@dataclass(frozen=True)
class Opened:
    """A stream to read; to be closed. `sha256` is that of the whole."""

    stream: SealedStream
    sha256: bytes
    media_type: str | None


def commitment(salt: bytes, words: str) -> str:
    """What the custody log holds of a viewing: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(_DOMAIN + salt + words.encode()).hexdigest()


def begin_viewing(tx: Connection, visit: Visit, recording_id: str, *, clock: Clock | None = None) -> str:
    """Put on record that the side opens a recording, and return the ticket of the viewing. Whoever calls commits before
    anything is shown. Raises TooOften, NotThere, NoLongerGiven, RecordingDestroyed."""
    clock = clock or SystemClock()
    found = by_id(tx, visit.side.discovery_id)
    if recording_id not in found.given:
        raise NotThere(id=recording_id, reason="it is not part of this discovery. Open one from the list")
    must_still_be_given(tx, found)
    must_not_be_destroyed(tx, recording_id)
    mine = discovery_view.c.discovery_id == found.id, discovery_view.c.side == visit.side.side.value
    since = discovery_view.c.at > clock.now() - _AN_HOUR
    if (tx.scalar(sa.select(sa.func.count()).where(*mine, since)) or 0) >= MOST_AN_HOUR:
        raise TooOften()
    _put_on_record(tx, visit, {"act": "watched", "recording": recording_id}, clock)
    return ticket(visit, {"recording": recording_id})


def shown(tx: Connection, visit: Visit, text: str) -> Shown:
    """The recording of a viewing, with a ticket for the stream of each part that the package holds of it, wherever that
    is now, and word of those that came to it since. Raises ViewingOver, NoLongerGiven."""
    recording_id = _recording_of(visit, text)
    title = tx.scalar(sa.select(recording.c.title).where(recording.c.id == recording_id)) or ""
    found = by_id(tx, visit.side.discovery_id)
    numbers = _given_parts(must_still_be_given(tx, found), recording_id)
    mine = discovery_mark.c.discovery_id == found.id, discovery_mark.c.side == visit.side.side.value
    away = archived_recording.c.recording_id == part.c.recording_id
    query = (
        sa.select(
            *(part.c.number, part.c.name, part.c.sha256),
            *(rendition.c.id, rendition.c.state),
            *(discovery_mark.c.id.label("marked_id"), discovery_mark.c.state.label("marked_state")),
            archived_recording.c.state.label("lies"),
        )
        .outerjoin(rendition, (rendition.c.part_id == part.c.id) & (rendition.c.kind == RenditionKind.PROXY.value))
        .outerjoin(discovery_mark, sa.and_(discovery_mark.c.part_id == part.c.id, *mine))
        .outerjoin(archived_recording, away)
        .where(sa.or_(part.c.recording_id == recording_id, part.c.sha256.in_(sorted(numbers))))
        .order_by(part.c.number)
    )
    parts = []
    for row in tx.execute(query):
        copy_id = row.marked_id if found.watermark else row.id
        if (number := numbers.get(row.sha256)) is None:
            parts.append(Stretch(row.number, row.name, None, _LATER, given=False))
            continue
        why = _why_no_mark(row.marked_state, row.state) if found.watermark else _why_not(row.state)
        problem = why or _why_away(row.lies)
        stream = None if problem else ticket(visit, {"recording": recording_id, "copy": copy_id})
        parts.append(Stretch(number, row.name, stream, problem))
    return Shown(recording_id, title, tuple(sorted(parts, key=lambda one: (not one.given, one.number))))


def open_stretch(database: Database, vault: Vault, visit: Visit, text: str) -> Opened:
    """The stream of a ticket. Raises ViewingOver, NoLongerGiven, NotThere and what the vault raises."""
    holds = ticket_of(visit, text)
    with database.read() as tx:
        found = by_id(tx, visit.side.discovery_id)
        recording_id = _recording_of(visit, text)
        numbers = _given_parts(must_still_be_given(tx, found), recording_id)
        row = _copy(tx, found, visit, holds.get("copy", ""))
        if row is None or row.object_id is None or row.sha256 not in numbers:
            raise NotThere(id=recording_id, reason="its viewing copy is not there. The package holds the original")
        recorded = vault.look_up(tx, row.object_id)
        return Opened(vault.open(tx, row.object_id), recorded.sha256, row.media_type)


def record_download(tx: Connection, visit: Visit, found: Discovery, taken: Package, *, clock: Clock) -> str:
    """Put on record, for everybody, that a side takes the package; the event's id. Raises TooOften."""
    must_not_be_too_often(tx, visit, found, Event.DISCOVERY_DOWNLOADED, clock)
    details = {
        "discovery": found.id,
        "side": visit.side.side.value,
        "package": taken.id,
        "manifest_sha256": taken.manifest_sha256.hex(),
    }
    event = append(tx, Event.DISCOVERY_DOWNLOADED, actor="system:discovery", details=details, clock=clock)
    in_history(tx, found.matter_id, event)
    return event


def must_not_be_too_often(tx: Connection, visit: Visit, found: Discovery, kind: Event, clock: Clock) -> None:
    """Raise TooOften where this side did that too often within the last hour."""
    since = clock.now() - _AN_HOUR
    done = [one for one in ledger(tx, found) if one.kind is kind and one.side is visit.side.side and one.at > since]
    if len(done) >= MOST_TOLD_AN_HOUR:
        raise TooOften()


def _put_on_record(tx: Connection, visit: Visit, said: dict[str, Any], clock: Clock) -> None:
    """The event, and the words sealed to the side."""
    side, now, view_id = visit.side, clock.now(), new_id()
    told = {"v": 1, "view": view_id, "discovery": side.discovery_id, "side": side.side.value, "at": iso(now), **said}
    words, salt = canonical_json(told).decode(), os.urandom(32)
    promise = commitment(salt, words)
    details = {"discovery": side.discovery_id, "side": side.side.value, "commitment": promise}
    event = append(tx, Event.DISCOVERY_VIEWED, actor="system:discovery", details=details, clock=clock)
    plain = json.dumps({"salt": salt.hex(), "words": words}).encode()
    padded = plain + b" " * (PADDED - len(plain))
    row = {
        "id": view_id,
        "discovery_id": side.discovery_id,
        "side": side.side.value,
        "at": now,
        "event_id": event,
        "commitment": promise,
        "sealed": encrypt(padded, [x25519.Recipient.from_str(side.recipient)]),
    }
    tx.execute(discovery_view.insert(), row)


def _recording_of(visit: Visit, text: str) -> str:
    found = ticket_of(visit, text).get("recording")
    if not isinstance(found, str):
        raise ViewingOver()
    return found


def _given_parts(taken: Package, recording_id: str) -> dict[bytes, int]:
    """The parts of a recording that the package holds: their numbers there, by the SHA-256 of the original. What came
    to the recording since is not among them; what was made part of another recording since is."""
    originals = taken.plan.get("originals", ())
    return {bytes.fromhex(one["sha256"]): one["part"] for one in originals if one["recording"] == recording_id}


def _copy(tx: Connection, found: Discovery, visit: Visit, copy_id: str) -> Any:
    """The object, its kind and the SHA-256 of the original of what this side may watch: where there is a mark, its own
    marked copy alone."""
    if found.watermark:
        return marks.copy_of(tx, found, visit.side.side, copy_id)
    query = sa.select(rendition.c.object_id, rendition.c.media_type, part.c.sha256)
    return tx.execute(query.join(part, part.c.id == rendition.c.part_id).where(rendition.c.id == copy_id)).first()


def _why_no_mark(state: str | None, parent: str | None) -> str | None:
    """Why there is no marked copy to watch; None: there is one. `parent`: how the viewing copy stands."""
    if state == MarkState.READY.value:
        return None
    if state == MarkState.FAILED.value:
        return "the copy with your side’s mark could not be made"
    return _why_not(parent) or "the copy with your side’s mark is being made"


_LATER = "it came to this recording after this discovery was made"


def _why_away(lies: str | None) -> str | None:
    """Why a copy that was made cannot be opened now; `lies`: where the recording is."""
    if lies is None or lies == ArchiveState.NEAR.value:
        return None
    if lies == ArchiveState.RETURNING.value:
        return "it is being brought back from the archive"
    return "it lies in the archive; whoever sent you the letter can have it brought back"


def _why_not(state: str | None) -> str | None:
    if state == RenditionState.READY.value:
        return None
    if state == RenditionState.FAILED.value:
        return "a viewing copy could not be made"
    return "there is no viewing copy" if state is None else "the viewing copy is being made"
