"""Cross-site request forgery: an unsafe request must come from the site itself and carry the visit's token.

Two independent checks, both before any page runs, so that no page can forget them: where the browser says the
request comes from (Sec-Fetch-Site, Origin), and a token that only a page of this site can read, in the header
`X-CSRF-Token` or in the form field `csrf`. Before signing in, the token is derived from a cookie of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, ImmutableMultiDict
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.core.errors import CandorError
from candor.web.bearer import program_in
from candor.web.visit import Visit

HEADER = "x-csrf-token"
FIELD = "csrf"
FORM_TYPE = "application/x-www-form-urlencoded"
#: Methods that change nothing.
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: Forms are small; files come as raw bodies with the header.
LARGEST_FORM = 1 << 20
MOST_FIELDS = 5000
#: Seconds in which a whole form must have arrived.
LONGEST_WAIT = 30.0


class RequestForged(CandorError):
    """The request did not come from a page of this site, or that page is from before you signed in. Nothing was
    changed. Reload the page and do it again."""

    exit_code = 5


class FormTooLarge(CandorError):
    """The form holds more than can be taken at once. Nothing was changed. Send less of it."""

    exit_code = 3


class FormTooSlow(CandorError):
    """The form did not arrive whole within {seconds} seconds. Nothing was changed. Check the connection and send it
    again."""

    exit_code = 7


def new_cookie() -> str:
    """A fresh value for the cookie that stands in for a session before signing in."""
    return secrets.token_urlsafe(24)


def token_of_cookie(cookie: str) -> str:
    """The form token that belongs to that cookie; it does not tell the cookie."""
    return hashlib.sha256(b"candor form\0" + cookie.encode("utf-8", "surrogatepass")).hexdigest()


Form = ImmutableMultiDict[str, str]


def form_of(request: Request) -> Form:
    """The fields of the form that was sent; empty when none was."""
    form: Form = getattr(request.state, "form", None) or ImmutableMultiDict()
    return form


class Csrf:
    """The middleware. It stands inside the session middleware, which makes the visit."""

    def __init__(self, app: ASGIApp, *, public_url: str | None) -> None:
        self._app = app
        self._site = urlsplit(public_url) if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self._app(scope, receive, send)
            return
        if program_in(scope) is not None:  # no cookie was read, so no other site can have lent one
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        self._check_source(headers)
        state = scope.setdefault("state", {})
        given = headers.get(HEADER)
        if headers.get("content-type", "").split(";")[0].strip() == FORM_TYPE:
            body = await _read_in_time(receive)
            state["form"] = form = _parse(body)
            given = given or str(form.get(FIELD, ""))
            receive = _again(body, receive)
        visit: Visit | None = state.get("visit")
        if visit is None or not given or not hmac.compare_digest(given.encode(), visit.form_token.encode()):
            raise RequestForged()
        await self._app(scope, receive, send)

    def _check_source(self, headers: Headers) -> None:
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise RequestForged()
        origin = headers.get("origin")
        if origin is None:
            return
        came_from = urlsplit(origin)
        if self._site is not None and (came_from.scheme, came_from.netloc) == (self._site.scheme, self._site.netloc):
            return
        # Behind a proxy that ends TLS the scheme is not ours to know; the host is.
        if not came_from.netloc or came_from.netloc != headers.get("host", ""):
            raise RequestForged()


def _parse(body: bytes) -> Form:
    try:
        fields = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        # Nobody types NUL, and a database may refuse a text that holds it.
        return ImmutableMultiDict((name, value.replace("\0", "")) for name, value in fields)
    except ValueError as error:
        raise FormTooLarge() from error


async def _read_in_time(receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            return await _read(receive)
    except TimeoutError as error:
        raise FormTooSlow(seconds=round(LONGEST_WAIT)) from error


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > LARGEST_FORM:
            raise FormTooLarge()
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """A receiver that gives the body once more, then goes on with the old one."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
