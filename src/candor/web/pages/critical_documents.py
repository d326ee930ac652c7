"""The documents of a critical incident: consents, reasons in writing, statements; added and fetched."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.disclosure.critical.incidents import critical_incident_of
from candor.disclosure.requests import documents
from candor.disclosure.requests.errors import DocumentUnknown
from candor.web.access import in_thread, installation_of, page, visit_of
from candor.web.pages.request_documents import body_of, keep_sent, sent
from candor.web.pages.requests_words import MANAGE, VIEW

__all__ = ["routes"]


async def add(request: Request) -> Response:
    """Keep a document: the body of the request. Query: name, kind."""
    answer: Response = await in_thread(_add, request, await body_of(request))
    return answer


def _add(request: Request, data: bytes) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:  # nothing is sealed for an incident that is not there
        one = critical_incident_of(tx, actor, request.path_params["critical_id"])
    keep_sent(request, data, critical_id=one.id)
    return RedirectResponse(f"/critical/{one.id}?said=request-document-added#documents", 303)


def fetch(request: Request) -> Response:
    """A document, to be saved."""
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        one = critical_incident_of(tx, actor, request.path_params["critical_id"])
        found = documents.document_of(tx, actor, request.path_params["document_id"])
        if found.critical_id != one.id:
            raise DocumentUnknown(id=found.id)
        found, stream = documents.open_document(tx, here.vault, actor, found.id)
    return sent(stream, found)


routes = [
    page("/critical/{critical_id}/documents", add, needs=MANAGE, methods=["POST"]),
    page("/critical/{critical_id}/documents/{document_id}", fetch, needs=VIEW),
]
