"""What stands around every page of every face: security headers, the list of hosts, and answers to faults."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.pages.i18n import gettext as _

#: Nothing is allowed but what is named: no inline script or style, nothing from elsewhere, no frame around us.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

#: Powers of the browser that this site never uses.
PERMISSIONS_POLICY = ", ".join(
    f"{power}=()"
    for power in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": PERMISSIONS_POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class SecurityHeaders:
    """Outermost: every answer carries the headers, whoever made it; an answer that says nothing about caching is
    not kept by anybody."""

    def __init__(self, app: ASGIApp, *, secure: bool, headers: Mapping[str, str] = SECURITY_HEADERS) -> None:
        self._app = app
        self._headers = dict(headers)
        if secure:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Hosts:
    """Only names that this site goes by are answered, so that a foreign name made to point here (DNS rebinding)
    gets nothing. With `public_url`: that host; otherwise, listening on loopback (`host`): loopback's names; otherwise
    any. Loopback's own names are always allowed, for checks of health on the machine itself. `setting` is what holds
    the public address."""

    def __init__(self, app: ASGIApp, *, public_url: str | None, host: str, setting: str) -> None:
        self._app = app
        self._setting = setting
        self._public = urlsplit(public_url).netloc.lower() if public_url else None
        self._loopback_only = public_url is None and is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self.allows(Headers(scope=scope).get("host", "")):
            words = _(
                "This site is not reached under that name. Use the address that your administrator gave you; it is "
                "set as %(setting)s.",
                setting=self._setting,
            )
            await PlainTextResponse(words + "\n", 421)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def allows(self, host: str) -> bool:
        """Whether a Host header is one of ours."""
        host = host.lower()
        if host == self._public:
            return True
        if self._public is None and not self._loopback_only:
            return bool(host)
        return is_loopback(urlsplit(f"//{host}").hostname or "") if _well_formed(host) else False


def _well_formed(host: str) -> bool:
    return bool(host) and not set(host) & set("/\\@?# ")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Faults:
    """Inside the headers: whatever goes wrong further in, middleware included, becomes a page."""

    def __init__(self, app: ASGIApp, *, answer: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if started:  # half an answer is out: breaking the connection is all that is left
                raise
            await (await self._answer(Request(scope, receive), error))(scope, receive, send)
