"""Errors as pages: what happened, to what, and what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from candor.core.errors import CandorError, DatabaseGone, NotFound
from candor.core.ids import new_id
from candor.custody.errors import NotYetInLog
from candor.footage.errors import ChangedMeanwhile
from candor.people.errors import AccountUnknown, Refused, SignInBlocked
from candor.store import StoreFull
from candor.web.access import SetupNeeded, SignInNeeded
from candor.web.csrf import FormTooLarge, FormTooSlow, RequestForged
from candor.web.i18n import gettext as _
from candor.web.i18n import speaking, words_of
from candor.web.render import render, with_visit
from candor.web.room import NoRoom

_logger = logging.getLogger("candor.web")

#: By kind of error; whatever is not named goes by its exit code.
STATUS: dict[type[CandorError], int] = {
    SignInNeeded: 401,
    Refused: 403,
    RequestForged: 403,
    NotFound: 404,
    AccountUnknown: 404,
    FormTooSlow: 408,
    ChangedMeanwhile: 409,
    NotYetInLog: 409,
    FormTooLarge: 413,
    SignInBlocked: 429,
    DatabaseGone: 503,
    NoRoom: 507,
    StoreFull: 507,
}
STATUS_OF_EXIT_CODE = {2: 400, 3: 422, 4: 404, 5: 403, 7: 503, 8: 503, 9: 503}


def status_of(error: CandorError) -> int:
    """The HTTP status that says the same."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return STATUS_OF_EXIT_CODE.get(error.exit_code, 500)


async def answer(request: Request, error: Exception) -> Response:
    """The answer to whatever went wrong while a request was served."""
    visit = with_visit(request)
    with speaking(visit.translations):
        if isinstance(error, (SetupNeeded, SignInNeeded)):
            return _elsewhere(request, error)
        return await run_in_threadpool(_page, request, error)


def _page(request: Request, error: Exception) -> Response:
    headers: dict[str, str] = {}
    trace = None
    if isinstance(error, CandorError):
        status, words = status_of(error), words_of(error)
        if isinstance(error, SignInBlocked):
            headers["retry-after"] = str(error.fields.get("seconds", 60))
        if isinstance(error, FormTooSlow):
            headers["connection"] = "close"  # the rest of it, should it ever come, is nobody's request
    elif isinstance(error, HTTPException):
        status, words = error.status_code, _words_of_status(error.status_code)
        headers.update(error.headers or {})
    elif isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # nobody is there to read it
    else:
        status, trace = 500, new_id()
        words = _(
            "Something unexpected went wrong, and it was written to the program's log. Try again; if it happens "
            "again, tell your administrator the number below."
        )
    if status >= 500:
        _logger.error("%s %s: %s", request.method, request.url.path, trace or error, exc_info=error)
    rule = error.fields.get("rule") if isinstance(error, CandorError) else None
    return _as_wanted(request, status, words, headers, trace=trace, rule=rule)


def _as_wanted(request: Request, status: int, words: str, headers: dict[str, str], **more: Any) -> Response:
    """JSON for scripts that ask for it, a notice for a part of a page, else a page."""
    if "application/json" in request.headers.get("accept", ""):
        told = {name: value for name, value in more.items() if value is not None}
        return JSONResponse({"error": words, **told}, status, headers)
    if "hx-request" in request.headers:
        headers |= {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML", "HX-Reselect": ".notice"}
        return render(request, "_notice.html", status=status, headers=headers, kind="bad", words=words, **more)
    return render(
        request, "error.html", status=status, headers=headers, title=_title(status), words=words, code=status, **more
    )


def _elsewhere(request: Request, error: SetupNeeded | SignInNeeded) -> Response:
    if isinstance(error, SetupNeeded):
        target = "/setup"
    else:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target = "/sign-in" if path == "/" else f"/sign-in?next={quote(path, safe='')}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": words_of(error), "sign_in": "/sign-in"}, 401)
    if request.method not in ("GET", "HEAD"):
        target = target.split("?")[0]  # what was sent cannot be sent again by following a link
    return RedirectResponse(target, 303)


def _title(status: int) -> str:
    match status:
        case 401 | 403:
            return _("Not allowed")
        case 404:
            return _("Not found")
        case 429:
            return _("Too many attempts")
        case 503 | 507:
            return _("Not available now")
    return _("That did not work")


def _words_of_status(status: int) -> str:
    match status:
        case 404:
            return _("There is nothing at this address. It may have been moved, or the link is not complete.")
        case 405:
            return _("This address cannot be used that way. Go back and use the page's own buttons.")
    return _("The request could not be answered (%(reason)s).", reason=HTTPStatus(status).phrase)
