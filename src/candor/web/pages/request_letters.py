"""Letters to whoever asked: written from what is on record, read here as PDF, sent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.disclosure.requests import letters
from candor.disclosure.requests.errors import RequestUnknown
from candor.disclosure.requests.letter_words import LetterKind
from candor.disclosure.requests.words import chosen
from candor.installation import Installation
from candor.people.rules import Actor
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.pages.accounts import Problem
from candor.web.pages.request import page_of
from candor.web.pages.requests_words import MANAGE

__all__ = ["routes", "write_letter"]


def write_letter(
    here: Installation, actor: Actor, request_id: str, kind: LetterKind | str, *, words: str = "", send: bool = False
) -> str:
    """Write a letter and keep it with the request; the document's id. `send`: it is put before whoever asked as well.
    Raises what `letters.compose` and `letters.keep` raise."""
    wanted = chosen(LetterKind, "kind of letter", kind)
    with here.database.read() as tx:
        letter = letters.compose(tx, actor, request_id, wanted, settings=here.settings, words=words, clock=here.clock)
    taken = letter.take(here.vault)
    try:
        with here.database.write() as tx:
            document_id = letters.keep(tx, here.vault, actor, letter, taken, clock=here.clock)
            if send:
                letters.send(tx, actor, letter.request_id, document_id, clock=here.clock)
    except CandorError:
        here.vault.discard(taken.sealed)
        raise
    return document_id


def write(request: Request) -> Response:
    """Write one. Form: kind, words."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    request_id = request.path_params["request_id"]
    try:
        write_letter(here, visit.actor, request_id, form.get("kind", ""), words=form.get("words", ""))
    except RequestUnknown:
        raise
    except CandorError as error:
        return page_of(request, Problem.of(error, "letter"), status_of(error), dict(form))
    return RedirectResponse(f"/requests/{request_id}?said=request-letter-made#documents", 303)


def send(request: Request) -> Response:
    """Put one before whoever asked."""
    here, actor = installation_of(request), visit_of(request).actor
    request_id, document_id = request.path_params["request_id"], request.path_params["document_id"]
    with here.database.write() as tx:
        letters.send(tx, actor, request_id, document_id, clock=here.clock)
    return RedirectResponse(f"/requests/{request_id}?said=request-letter-sent#documents", 303)


routes = [
    page("/requests/{request_id}/letters", write, needs=MANAGE, methods=["POST"]),
    page("/requests/{request_id}/letters/{document_id}/send", send, needs=MANAGE, methods=["POST"]),
]
