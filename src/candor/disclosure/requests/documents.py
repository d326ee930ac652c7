"""Documents of a request: what came with it, who somebody is, a consent, a letter. Sealed as they came, never opened.

Nothing here reads a document: its first bytes say what it is, and nobody else is asked. It goes out under a name of its
own kind and is offered for saving, so that a browser does not take it for a page.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.disclosure.requests.errors import DocumentRefused, DocumentUnknown
from candor.disclosure.requests.holding import held, in_history
from candor.disclosure.requests.rules import DocumentKind
from candor.disclosure.requests.tables import request_document
from candor.disclosure.requests.words import checked_line, chosen
from candor.footage import names
from candor.people.rules import Actor, Permission
from candor.store import SealedObject, SealedStream, Vault

__all__ = [
    "ENTERED",
    "KIND",
    "LARGEST",
    "MOST",
    "Document",
    "TakenDocument",
    "add",
    "document_of",
    "documents_of",
    "mark_sent",
    "open_document",
    "take",
    "type_of",
]

#: The vault's kind.
KIND = "request-document"
LARGEST = 20 << 20
#: Documents of one request.
MOST = 200
#: Told that a document was entered with a critical incident (tx, its identifier, the custody event's): rooms above.
ENTERED: Final[list[Callable[[Connection, str, str], None]]] = []
_PIECE = 1 << 20
_ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "text/plain": ".txt"}
_MAGIC = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
#: What a plain text does not hold: controls but tab, line ends and form feed.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


@dataclass(frozen=True)
class TakenDocument:
    """A document that is sealed, and not yet entered with a request."""

    sealed: SealedObject
    name: str
    media_type: str
    size: int
    sha256: bytes


@dataclass(frozen=True)
class Document:
    """A document. `added_by`: an actor, or "requester"; `sent_at`: of a letter, when it was put before whoever
    asked."""

    id: str
    request_id: str | None
    critical_id: str | None
    kind: DocumentKind
    name: str
    media_type: str
    size: int
    sha256: bytes
    object_id: str
    added_by: str
    added_at: datetime
    sent_at: datetime | None

    @property
    def file_name(self) -> str:
        """A name to save it under, with the ending of what it is."""
        ending = _ENDINGS[self.media_type]
        stem = self.name.removesuffix(ending) if self.name.lower().endswith(ending) else self.name
        safe = re.sub(r"[^\w .()+-]", "_", stem).strip(". ")[:100]
        return f"{safe or 'document'}{ending}"


def type_of(content: bytes) -> str | None:
    """What a document is, by its bytes: one of PDF, PNG, JPEG and plain text in UTF-8. None: anything else."""
    for magic, media_type in _MAGIC:
        if content.startswith(magic):
            return media_type
    if not content.strip() or _CONTROLS.search(content):
        return None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/plain"


def take(vault: Vault, name: str, source: _Readable | bytes) -> TakenDocument:
    """Read a document, at most LARGEST bytes, and seal it; before the transaction in which `add` enters it. Whoever
    does not come to `add` calls `vault.discard`. Raises DocumentRefused, and what the vault raises."""
    shown = names.shown(unicodedata.normalize("NFC", names.kept(name or "")))  # composed first: that can lengthen it
    content = source if isinstance(source, bytes) else _read(source, shown)
    if len(content) > LARGEST:
        raise DocumentRefused(name=shown, reason="it is too large", most=LARGEST >> 20)
    if not content:
        raise DocumentRefused(name=shown, reason="it is empty", most=LARGEST >> 20)
    media_type = type_of(content)
    if media_type is None:
        reason = "it is something else than its kinds, whatever its name says"
        raise DocumentRefused(name=shown, reason=reason, most=LARGEST >> 20)
    sealed = vault.for_many().seal(KIND, io.BytesIO(content))
    title = checked_line("name of the document", shown[:200])
    return TakenDocument(sealed, title, media_type, len(content), hashlib.sha256(content).digest())


def add(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    taken: TakenDocument,
    kind: DocumentKind | str,
    *,
    request_id: str | None = None,
    critical_id: str | None = None,
    added_by: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Enter a sealed document with a request, also one that is closed, or with a critical incident; its id. `added_by`:
    who it is from, where that is not the actor. Raises Refused, RequestUnknown, DocumentRefused."""
    clock = clock or SystemClock()
    actor.require(Permission.REQUESTS_MANAGE)
    if request_id is not None:
        request_id = held(tx, actor, request_id, must_be_open=False).id
    of = request_document.c.request_id == request_id if request_id else request_document.c.critical_id == critical_id
    if (tx.scalar(sa.select(sa.func.count()).select_from(request_document).where(of)) or 0) >= MOST:
        raise DocumentRefused(name=taken.name, reason=f"there are {MOST} documents already", most=LARGEST >> 20)
    vault.record(tx, taken.sealed)
    row: dict[str, Any] = {
        "id": new_id(),
        "request_id": request_id,
        "critical_id": critical_id,
        "kind": chosen(DocumentKind, "kind of document", kind).value,
        "name": taken.name,
        "media_type": taken.media_type,
        "size": taken.size,
        "sha256": taken.sha256,
        "object_id": taken.sealed.object_id,
        "added_by": added_by or actor.account_id,
        "added_at": clock.now(),
    }
    tx.execute(request_document.insert(), row)
    details = {"request": request_id, "critical": critical_id, "document": row["id"], "kind": row["kind"]}
    details |= {"sha256": taken.sha256.hex(), "size": taken.size}
    event = custody.append(tx, Event.REQUEST_DOCUMENT_ADDED, actor=actor.account_id, details=details, clock=clock)
    if request_id is not None:
        in_history(tx, request_id, event)
    if critical_id is not None:
        for put_down in ENTERED:
            put_down(tx, critical_id, event)
    return str(row["id"])


def documents_of(
    tx: Connection, actor: Actor, *, request_id: str | None = None, critical_id: str | None = None
) -> list[Document]:
    """The documents of a request, or of a critical incident, the oldest first. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    of = request_document.c.request_id == request_id if request_id else request_document.c.critical_id == critical_id
    query = sa.select(request_document).where(of)
    return [_document(row) for row in tx.execute(query.order_by(request_document.c.added_at, request_document.c.id))]


def document_of(tx: Connection, actor: Actor, document_id: str) -> Document:
    """One document. Raises Refused, DocumentUnknown."""
    actor.require(Permission.REQUESTS_VIEW)
    row = tx.execute(sa.select(request_document).where(request_document.c.id == document_id)).first()
    if row is None:
        raise DocumentUnknown(id=document_id)
    return _document(row)


def open_document(tx: Connection, vault: Vault, actor: Actor, document_id: str) -> tuple[Document, SealedStream]:
    """A document and its bytes, as a stream that whoever calls closes. Raises Refused, DocumentUnknown, and what the
    vault raises."""
    found = document_of(tx, actor, document_id)
    return found, vault.open(tx, found.object_id)


def mark_sent(tx: Connection, document_id: str, *, clock: Clock) -> None:
    """Say that a letter was put before whoever asked."""
    mine = request_document.c.id == document_id, request_document.c.sent_at.is_(None)
    tx.execute(request_document.update().where(*mine).values(sent_at=clock.now()))


def _read(source: _Readable, shown: str) -> bytes:
    found = io.BytesIO()
    while piece := source.read(_PIECE):
        found.write(piece)
        if found.tell() > LARGEST:
            raise DocumentRefused(name=shown, reason="it is too large", most=LARGEST >> 20)
    return found.getvalue()


def _document(row: sa.Row[Any]) -> Document:
    values = {name: getattr(row, name) for name in Document.__dataclass_fields__}
    return Document(**{**values, "kind": DocumentKind(row.kind), "sha256": bytes(row.sha256)})
