"""How a request stands, for whoever has its tracking code; and writing to the office."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from candor.core.clock import iso
from candor.pages.i18n import gettext as _
from candor.portal import guard
from candor.portal.asking import read_words
from candor.portal.forms import Form, read_form
from candor.portal.place import portal_of
from candor.portal.render import render
from candor.published.entries import seal
from candor.published.errors import TrackingCodeWrong
from candor.published.tracking import digest_of, normalized

#: Characters of a message.
LONGEST_MESSAGE = 4000


def show(request: Request) -> Response:
    """What the code of this browser opens; else the place to give one."""
    return _show(request)


async def give(request: Request) -> Response:
    """Take a code. One that is mistyped, forged or unknown gets one and the same answer."""
    guard.must_come_from_here(request)
    form = await read_form(request, portal_of(request).settings.limits)
    return await run_in_threadpool(_give, request, form)


def _give(request: Request, form: Form) -> Response:
    try:
        code = normalized(form.get("code"))
    except TrackingCodeWrong:
        code = None
    if portal_of(request).find(code, request) is None or code is None:
        return render(request, "status_code.html", status=404, wrong=True)
    answer = RedirectResponse("/status", 303)
    guard.keep_code(request, answer, code)
    return answer


async def write(request: Request) -> Response:
    """Send a message to the office, in the name of whoever holds the code."""
    guard.must_come_from_here(request)
    form = await read_form(request, portal_of(request).settings.limits)
    return await run_in_threadpool(_write, request, form)


def _write(request: Request, form: Form) -> Response:
    portal, code = portal_of(request), guard.code_in(request)
    if code is None:
        return RedirectResponse("/status", 303)
    guard.must_have_token(form, code)
    words = read_words(form, "words")
    if not words or len(words) > LONGEST_MESSAGE:
        fault = (
            _("This may have at most %(count)s characters.", count=LONGEST_MESSAGE)
            if words
            else _("Write something first.")
        )
        return _show(request, status=422, words=words[: LONGEST_MESSAGE * 2], fault=fault)
    document = {"code": code, "words": words, "received_at": iso(portal.clock.now())}
    portal.append("message", seal(document, (), portal.about().recipient), request)
    return RedirectResponse("/status?sent=1#messages", 303)


async def leave(request: Request) -> Response:
    """This browser forgets the code."""
    guard.must_come_from_here(request)
    answer = RedirectResponse("/status", 303)
    guard.leave(request, answer)
    return answer


def _show(request: Request, *, status: int = 200, words: str = "", fault: str = "") -> Response:
    portal, code = portal_of(request), guard.code_in(request)
    portal.about()
    notice = portal.published.status(digest_of(code)) if code else None
    if code is None or notice is None:
        answer: Response = render(request, "status_code.html", wrong=False)
        if request.cookies:
            guard.leave(request, answer)
        return answer
    releases = {one.id: one for one in portal.published.releases_for(digest_of(code))}
    for one in notice.releases:
        if one not in releases and (found := portal.published.release(one)) and found.audience == "public":
            releases[one] = found
    return render(
        request,
        "status.html",
        status=status,
        notice=notice,
        releases=list(releases.values()),
        now_at=portal.clock.now(),
        token=guard.token_of(code),
        sent=request.query_params.get("sent") == "1",
        words=words,
        fault=fault,
        longest=LONGEST_MESSAGE,
    )


routes = [
    Route("/status", show),
    Route("/status", give, methods=["POST"]),
    Route("/status/message", write, methods=["POST"]),
    Route("/status/leave", leave, methods=["POST"]),
]
