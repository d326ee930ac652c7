"""The letters and documents of a request: listed, added, fetched; letters written and sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from candor.core.errors import CandorError
from candor.disclosure.requests import documents
from candor.disclosure.requests.documents import LARGEST, Document
from candor.disclosure.requests.errors import DocumentRefused, DocumentUnknown
from candor.disclosure.requests.letter_words import LetterKind
from candor.disclosure.requests.letters import choices as letter_choices
from candor.disclosure.requests.reading import RecordsRequest, records_request
from candor.disclosure.requests.rules import DOCUMENT_WORDS, DocumentKind
from candor.disclosure.requests.tables import request_document
from candor.people.rules import Actor
from candor.store import SealedStream
from candor.web.access import in_thread, installation_of, page, visit_of
from candor.web.csrf import FormTooSlow
from candor.web.pages.recording_media import disposition
from candor.web.pages.requests_words import MANAGE, VIEW

__all__ = ["Papers", "body_of", "documents_told", "pieces_of", "routes"]

#: Seconds in which a whole document must have arrived.
_LONGEST_WAIT: Final = 300.0
_PIECE: Final = 256 << 10


@dataclass(frozen=True)
class Papers:
    """The papers of a request as its page shows them. `answers`: of each letter that answers it, whether it was sent;
    `actors`: who added any."""

    values: dict[str, Any]
    answers: tuple[bool, ...]
    actors: list[str]


def documents_told(tx: Connection, actor: Actor, one: RecordsRequest) -> Papers:
    """Letters and other documents, the newest letter first."""
    found = documents.documents_of(tx, actor, request_id=one.id)
    letters = [document for document in found if document.kind is DocumentKind.LETTER]
    choices = letter_choices(tx, actor, one.id) if actor.may(MANAGE) else []
    values = {
        "letters": letters[::-1],
        "documents": [document for document in found if document.kind is not DocumentKind.LETTER],
        "document_choices": [
            (kind, words) for kind, words in DOCUMENT_WORDS.items() if kind is not DocumentKind.LETTER
        ],
        "most_document_mib": LARGEST >> 20,
        "letter_choices": [(kind.value, words) for kind, words, why_not in choices if why_not is None],
        "letters_not_yet": [(words, why_not) for _kind, words, why_not in choices if why_not is not None],
    }
    answering = _answering(tx, one.id)
    sent = tuple(letter.sent_at is not None for letter in letters if letter.id in answering)
    return Papers(values, sent, [document.added_by for document in found])


def _answering(tx: Connection, request_id: str) -> set[str]:
    """The letters of a request that tell what was decided."""
    table = request_document.c
    query = sa.select(table.id).where(table.request_id == request_id, table.letter == LetterKind.DECISION.value)
    return set(tx.scalars(query))


async def add(request: Request) -> Response:
    """Keep a document: the body of the request. Query: name, kind."""
    answer: Response = await in_thread(_add, request, await body_of(request))
    return answer


async def body_of(request: Request) -> bytes:
    """The body of a request that sends a document. Raises DocumentRefused, FormTooSlow."""
    data, name = bytearray(), request.query_params.get("name", "")
    try:
        async with asyncio.timeout(_LONGEST_WAIT):
            async for piece in request.stream():
                data += piece
                if len(data) > LARGEST:
                    raise DocumentRefused(name=name[:200], reason="it is too large", most=LARGEST >> 20)
    except TimeoutError as error:
        raise FormTooSlow(seconds=round(_LONGEST_WAIT)) from error
    return bytes(data)


def _add(request: Request, data: bytes) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:  # nothing is sealed for a request that is not there
        one = records_request(tx, actor, request.path_params["request_id"])
    keep_sent(request, data, request_id=one.id)
    return RedirectResponse(f"/requests/{one.id}?said=request-document-added#documents", 303)


def fetch(request: Request) -> Response:
    """A document, to be saved; a letter, which was made here, is shown."""
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        one = records_request(tx, actor, request.path_params["request_id"])
        found = documents.document_of(tx, actor, request.path_params["document_id"])
        if found.request_id != one.id:
            raise DocumentUnknown(id=found.id)
        found, stream = documents.open_document(tx, here.vault, actor, found.id)
    return sent(stream, found)


def keep_sent(request: Request, data: bytes, **of: str) -> None:
    """Keep a document that was sent, `of` a request or a critical incident. Query: name, kind."""
    here, actor = installation_of(request), visit_of(request).actor
    kind = request.query_params.get("kind", DocumentKind.OTHER.value)
    if kind == DocumentKind.LETTER.value:
        kind = DocumentKind.OTHER.value  # letters are made here, and only those can be sent
    taken = documents.take(here.vault, request.query_params.get("name", ""), data)
    try:
        with here.database.write() as tx:
            documents.add(tx, here.vault, actor, taken, kind, **of, clock=here.clock)
    except CandorError:
        here.vault.discard(taken.sealed)
        raise


def sent(stream: SealedStream, found: Document) -> Response:
    """A document, to be saved; a letter, which was made here, is shown."""
    shown = disposition(found.file_name)
    if found.kind is DocumentKind.LETTER:
        shown = shown.replace("attachment", "inline", 1)
    headers = {
        "cache-control": "private, no-store",
        "content-disposition": shown,
        "content-length": str(found.size),
        "x-content-type-options": "nosniff",
    }
    return StreamingResponse(pieces_of(stream, found), media_type=found.media_type, headers=headers)


def pieces_of(stream: SealedStream, found: Document) -> Iterator[bytes]:
    """A document's bytes, to their end."""
    with stream:
        while piece := stream.read(_PIECE):
            yield piece


routes = [
    page("/requests/{request_id}/documents", add, needs=MANAGE, methods=["POST"]),
    page("/requests/{request_id}/documents/{document_id}", fetch, needs=VIEW),
]
