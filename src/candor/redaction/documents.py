"""The document of a redaction at any of its edits, and what was detected, as it lies sealed.

A document is what the edits make of nothing, one after the other; what a detection found is brought in by an edit of
its own, so that a document at a number stays what it was, whatever is looked for later. The newest document of a few
redactions is kept in memory, so that the next one is made by the next few edits alone.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.purging import must_not_be_destroyed
from candor.redaction.acts import Act, Detected
from candor.redaction.edits import fold, inverse, read_acts, write_acts
from candor.redaction.errors import EditWrong, RedactionUnknown
from candor.redaction.model import Document, Track
from candor.redaction.tables import redaction, redaction_edit
from candor.store import Vault

__all__ = ["acts_of", "digest", "document_at", "encode_tracks", "read_tracks", "undo_of"]

#: Documents kept in memory, and keys of tracks in all of them together: a key takes about half a kilobyte.
_MOST: Final = 4
_MOST_KEYS: Final = 400_000


@dataclass(frozen=True)
class _Kept:
    """A document at an edit; `mark`: what stands in that edit's row, so that one of a row that was rolled back, or
    emptied by a purge, is noticed."""

    edit: int
    mark: tuple[datetime, str] | None
    document: Document
    keys: int


class _Memory:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def get(self, redaction_id: str) -> _Kept | None:
        with self._guard:
            if redaction_id in self._kept:
                self._kept.move_to_end(redaction_id)
            return self._kept.get(redaction_id)

    def put(self, redaction_id: str, one: _Kept) -> None:
        with self._guard:
            self._kept[redaction_id] = one
            self._kept.move_to_end(redaction_id)
            while len(self._kept) > _MOST or sum(kept.keys for kept in self._kept.values()) > _MOST_KEYS:
                self._kept.popitem(last=False)

    def drop(self, redaction_id: str) -> None:
        with self._guard:
            self._kept.pop(redaction_id, None)


_memory = _Memory()


def document_at(tx: Connection, vault: Vault, redaction_id: str, edit: int | None = None) -> tuple[int, Document]:
    """(edit, document) at an edit, or at the newest. Whoever calls has checked that it may be seen.

    Raises RedactionUnknown, RecordingDestroyed, EditWrong when there is no such edit.
    """
    columns = (redaction.c.edit, redaction.c.recording_id)
    row = tx.execute(sa.select(*columns).where(redaction.c.id == redaction_id)).first()
    if row is None:
        raise RedactionUnknown(id=redaction_id)
    must_not_be_destroyed(tx, row.recording_id)
    wanted = row.edit if edit is None else edit
    if not 0 <= wanted <= row.edit:
        raise EditWrong(edit=wanted, reason="there is no edit of this number")
    begin, document = 0, Document()
    kept = _memory.get(redaction_id)
    if kept is not None and kept.edit <= wanted and kept.mark == _mark(tx, redaction_id, kept.edit):
        begin, document = kept.edit, kept.document
    if begin < wanted:
        document = fold(document, acts_between(tx, vault, redaction_id, begin, wanted))
    if wanted == row.edit and (kept is None or kept.document is not document):
        keys = sum(len(track.keys) for part in document.parts.values() for track in part.tracks.values())
        _memory.put(redaction_id, _Kept(wanted, _mark(tx, redaction_id, wanted), document, keys))
    return wanted, document


def _mark(tx: Connection, redaction_id: str, number: int) -> tuple[datetime, str] | None:
    table = redaction_edit.c
    query = sa.select(table.made_at, table.words).where(table.redaction_id == redaction_id, table.number == number)
    row = tx.execute(query).first()
    return None if row is None else (row.made_at, row.words)


def acts_between(tx: Connection, vault: Vault, redaction_id: str, after: int, last: int) -> Iterator[tuple[Act, ...]]:
    """The acts of the edits `after` + 1 to `last`."""
    table = redaction_edit.c
    query = sa.select(table.acts, table.tracks_object_id).where(
        table.redaction_id == redaction_id, table.number > after, table.number <= last
    )
    for row in tx.execute(query.order_by(table.number)).all():
        yield acts_of(tx, vault, row)


def acts_of(tx: Connection, vault: Vault, row: Any) -> tuple[Act, ...]:
    """The acts in a row of redaction_edit (`acts`, `tracks_object_id`)."""
    if not row.acts:  # emptied by a purge; the recording has come in again since
        return ()
    if row.tracks_object_id is None:
        return read_acts(row.acts)
    one = row.acts[0]
    return (Detected(one["part"], read_tracks(tx, vault, row.tracks_object_id), tuple(one["drop"])),)


def undo_of(tx: Connection, vault: Vault, redaction_id: str, number: int) -> list[dict[str, Any]]:
    """The acts, as JSON, that take an edit back where nothing touched the same since; whoever calls has checked that
    it may be seen. Raises EditWrong when there is no such edit, or it cannot be taken back."""
    if number < 1:
        raise EditWrong(edit=number, reason="there is no edit of this number")
    _, before = document_at(tx, vault, redaction_id, number - 1)
    found = list(acts_between(tx, vault, redaction_id, number - 1, number))
    if not found:
        raise EditWrong(edit=number, reason="there is no edit of this number")
    return write_acts(inverse(before, found[0]))


def digest(document: Document) -> str:
    """The SHA-256 of a document as JSON with sorted keys and no spaces, in hexadecimal digits."""
    text = json.dumps(document.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def encode_tracks(tracks: Sequence[Track]) -> bytes:
    """Tracks as they are sealed: a JSON list in UTF-8."""
    return json.dumps([one.to_json() for one in tracks], separators=(",", ":"), ensure_ascii=False).encode()


def read_tracks(tx: Connection, vault: Vault, object_id: str) -> tuple[Track, ...]:
    """The tracks of a sealed object. Raises what `Vault.open` raises."""
    with vault.open(tx, object_id) as stream:
        return tuple(Track.from_json(one) for one in json.loads(stream.read()))
