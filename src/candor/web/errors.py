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
from candor.custody.errors import NotYetInLog
from candor.docking.links.errors import LinkEnded, LinkFull, LinkGuessed
from candor.footage.errors import ChangedMeanwhile
from candor.people import refusals
from candor.people.errors import (
    AccountUnknown,
    CodeWrong,
    PasskeyWrong,
    PasswordChangeNeeded,
    PasswordNotRight,
    Refused,
    SignInBlocked,
)
from candor.store import StoreFull
from candor.store.room import NoRoom
from candor.web import listed_password
from candor.web.access import SetupNeeded, SignInNeeded
from candor.web.bearer import program_of
from candor.web.confirming import ConfirmationNeeded, carried
from candor.web.csrf import FormTooLarge, FormTooSlow, RequestForged, form_of
from candor.web.i18n import gettext as _
from candor.web.i18n import speaking, words_of
from candor.web.observing import number_of, route_of
from candor.web.render import render, with_visit
from candor.web.visit import (
    EnrolmentNeeded,
    ScreenLocked,
    SecondFactorAwaited,
    SessionRefused,
    Visit,
    installation_of,
)

_logger = logging.getLogger("candor.web")

#: By kind of error; whatever is not named goes by its exit code.
STATUS: dict[type[CandorError], int] = {
    SignInNeeded: 401,
    CodeWrong: 401,
    PasskeyWrong: 401,
    PasswordNotRight: 401,
    ConfirmationNeeded: 403,
    Refused: 403,
    RequestForged: 403,
    NotFound: 404,
    AccountUnknown: 404,
    FormTooSlow: 408,
    ChangedMeanwhile: 409,
    NotYetInLog: 409,
    LinkEnded: 410,
    FormTooLarge: 413,
    LinkFull: 413,
    ScreenLocked: 423,
    LinkGuessed: 429,
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
        if isinstance(error, ConfirmationNeeded):
            return await run_in_threadpool(_confirm, request, error)
        if isinstance(error, Refused):
            await run_in_threadpool(_note_refusal, request, visit, error)
        if isinstance(error, PasswordChangeNeeded) and _is_for_people(request):
            return RedirectResponse(listed_password.WHERE, 303)
        return await run_in_threadpool(_page, request, error)


def _note_refusal(request: Request, visit: Visit, error: Refused) -> None:
    """Put on record that a right was asked for that is not held. What cannot be recorded is an error of its own."""
    who = program_of(request) or (visit.session.actor if visit.session else None)
    if who is None:
        return
    here = installation_of(request)
    with here.database.write() as tx:
        refusals.note(
            tx,
            who,
            str(error.fields["rule"]),
            method=request.method,
            route=route_of(request.scope),
            address=request.client.host if request.client else None,
            source=request.headers.get("user-agent"),
            clock=here.clock,
        )


def _is_for_people(request: Request) -> bool:
    """Whether a browser asked for a whole page."""
    asked_by_a_script = "hx-request" in request.headers or "application/json" in request.headers.get("accept", "")
    return request.method in ("GET", "HEAD") and not asked_by_a_script


def _page(request: Request, error: Exception) -> Response:
    headers: dict[str, str] = {}
    number = number_of(request)
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
        status = 500
        words = _(
            "Something unexpected went wrong, and it was written to the program's log. Try again; if it happens "
            "again, tell your administrator the number below."
        )
    if status >= 500:
        # By the route, as everywhere: an address may have a secret in it.
        _logger.error("%s %s: %s", request.method, route_of(request.scope), number, exc_info=error)
    trace = number if status >= 500 else None
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
    door = _DOORS.get(type(error), "/sign-in")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = door if path == "/" or "?" in door else f"{door}?next={quote(path, safe='')}"
    if type(error) in (SetupNeeded, EnrolmentNeeded):
        target = door
    locked = isinstance(error, ScreenLocked)
    if "hx-request" in request.headers:
        return Response(status_code=423 if locked else 401, headers={"HX-Redirect": door})
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": words_of(error), "sign_in": door}, 423 if locked else 401)
    if locked and request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        return Response(words_of(error) + "\n", 423, media_type="text/plain")  # part of a page, a film
    if request.method not in ("GET", "HEAD"):
        target = target.split("?next=")[0]  # what was sent cannot be sent again by following a link
    return RedirectResponse(target, 303)


#: Where whoever is not wholly signed in is led.
_DOORS: dict[type[CandorError], str] = {
    SetupNeeded: "/setup",
    SessionRefused: "/sign-in?said=session-refused",
    SecondFactorAwaited: "/sign-in/second",
    EnrolmentNeeded: "/account/security",
    ScreenLocked: "/unlock",
}


def _confirm(request: Request, error: ConfirmationNeeded) -> Response:
    """Ask who is there, and keep what was sent."""
    from candor.web.pages.confirm import came_from, confirm_page  # pages are made of this module

    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    problem = error.fields.get("problem")
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": words_of(problem or error), "confirm": "/confirm"}, 403)
    if "hx-request" in request.headers:
        return Response(status_code=403, headers={"HX-Redirect": "/confirm"})
    if request.method in ("GET", "HEAD"):
        return RedirectResponse(f"/confirm?next={quote(path, safe='')}", 303)
    fields = carried(form_of(request))
    if fields is None:
        return confirm_page(request, came_from(request) or "/", problem, refill=True)
    return confirm_page(request, "", problem, action=path, fields=fields)


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
