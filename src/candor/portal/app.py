"""The portal: every route, and what stands around them."""

from __future__ import annotations

import logging
from importlib import import_module

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import Scope

from candor.core.clock import Clock, SystemClock
from candor.core.errors import CandorError, DatabaseGone
from candor.core.ids import new_id
from candor.core.portal_settings import PortalSettings
from candor.pages import rendering
from candor.pages.i18n import Catalogues, words_of
from candor.pages.i18n import gettext as _
from candor.pages.middleware import Faults, Hosts, SecurityHeaders
from candor.pages.static_files import LogFiles, SiteFiles
from candor.portal import errors
from candor.portal.place import Portal
from candor.portal.render import STATIC, VERIFIER, Speaks, render
from candor.published import errors as published

__all__ = ["create_portal"]

PAGES = ("front", "ask", "status", "releases", "checking", "log")
_log = logging.getLogger("candor.portal")

_STATUS: dict[type[CandorError], int] = {
    errors.BodyTooLarge: 413,
    errors.BodyTooSlow: 408,
    errors.BodyWrong: 400,
    errors.CameFromElsewhere: 403,
    errors.CodeTriesOver: 429,
    errors.FileRefused: 422,
    errors.NotHere: 404,
    errors.NotReady: 503,
    errors.TooManyAtOnce: 503,
    published.EntryTooLarge: 413,
    published.InboxFull: 503,
    published.InboxTooOften: 429,
    published.NotReadyForRequests: 503,
}


class HeldUp(CandorError):
    """These pages cannot answer at this moment. Nothing that was sent before is lost, and nothing was taken now. Try
    again in a few minutes."""

    exit_code = 8


class Fault(CandorError):
    """Something went wrong on our side, and what you did was not carried out. Try again; if it happens again, tell the
    office this number: {number}."""


def create_portal(
    settings: PortalSettings, *, clock: Clock | None = None, catalogues: Catalogues | None = None
) -> Starlette:
    """The portal, to be run by an ASGI server. It opens what its settings name, and nothing else."""
    app = Starlette(
        routes=routes(settings),
        middleware=[
            Middleware(SecurityHeaders, secure=settings.secure),
            Middleware(Speaks, catalogues=catalogues or Catalogues()),
            Middleware(Faults, answer=_answer),
            Middleware(Hosts, public_url=settings.url, host=settings.host, setting="CANDOR_PORTAL_URL"),
        ],
        exception_handlers={CandorError: _answer, HTTPException: _answer},
    )
    app.state.portal = Portal(settings, clock or SystemClock())
    return app


def routes(settings: PortalSettings) -> list[BaseRoute]:
    """Every route of the portal."""
    found: list[BaseRoute] = [
        Mount("/verify/web", VerifierFiles(VERIFIER)),
        Mount("/static", SiteFiles(STATIC, rendering.STATIC)),
    ]
    for name in PAGES:
        found += import_module(f"candor.portal.pages.{name}").routes
    return [*found, Mount("/log", LogFiles(settings.log))]


class VerifierFiles(SiteFiles):
    """The verifier's modules as they stand; its own page is not served here."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not path.endswith(".js"):
            raise HTTPException(404)
        return await super().get_response(path, scope)


async def _answer(request: Request, error: Exception) -> Response:
    """A page in plain words for whatever went wrong; nothing of this machine is told."""
    if isinstance(error, HTTPException):
        if error.status_code not in (404, 405):
            return PlainTextResponse(f"{error.detail}\n", error.status_code)
        said: CandorError = errors.NotHere()
        status = error.status_code
    elif isinstance(error, (DatabaseGone, SQLAlchemyError)):
        _log.error("the portal cannot reach its database: %s", type(error).__name__)
        said, status = HeldUp(), 503
    elif isinstance(error, CandorError) and type(error) in _STATUS:
        said, status = error, _STATUS[type(error)]
    else:
        number = new_id()
        _log.error("request %s failed", number, exc_info=error)
        said, status = Fault(number=number), 500
    headers = {"retry-after": "60"} if status == 503 else {}
    if status == 429:
        headers["retry-after"] = str(60 * int(said.fields.get("minutes", 1)))
    try:
        return await run_in_threadpool(_page, request, said, status, headers)
    except Exception:  # who the agency is cannot be read either
        return PlainTextResponse(words_of(said) + "\n", status, headers)


def _page(request: Request, said: CandorError, status: int, headers: dict[str, str]) -> Response:
    back = request.url.path if request.url.path in ("/ask", "/status") and request.method == "POST" else None
    title = _("There is nothing here") if status == 404 else _("That did not work")
    return render(request, "error.html", status=status, headers=headers, words=words_of(said), back=back, title=title)
