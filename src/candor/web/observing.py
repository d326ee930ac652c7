"""What is seen of every request from outside of it: its number, one line of the log, the figures, the trace.

The number comes from a proxy that is believed (X-Request-ID, where it is sane), else it is made here. It goes back in
the answer's header, stands on pages that say that something went wrong, and in every line of the log that the request
caused. Paths and query strings are not logged: they hold what people search for; the route's template is enough.
"""

from __future__ import annotations

import hmac
import logging
import re
import threading
import time
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.core import logs, tracing
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.health.examination import ready
from candor.health.findings import Finding, Level
from candor.health.metrics import CONTENT_TYPE, Metrics
from candor.health.place import Place
from candor.people.rules import Permission
from candor.web.bearer import program_of
from candor.web.middleware import is_loopback
from candor.web.visit import installation_of

HEADER = "x-request-id"
#: What a number from outside may look like: it goes into headers, pages and lines of the log.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
#: What a proxy adds to a request; whoever asks us directly sends none of them.
_OF_A_PROXY = frozenset({"forwarded", "via", "x-real-ip"})
#: Nobody waits for the rest of an answer: the status by which others log that.
_GONE = 499
#: Seconds for which an answer to "are you ready?" is reused, however often it is asked.
_READY_KEPT = 2.0

_SEEN = "seen"

_access = logging.getLogger(logs.ACCESS)


class Observe:
    """Outermost: gives each request its number, and says afterwards what came of it."""

    def __init__(self, app: ASGIApp, *, settings: Settings, metrics: Metrics | None) -> None:
        self._app = app
        self._behind_proxy = settings.public_url is not None
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = self._number(scope)
        seen: dict[str, Scope] = {"scope": scope}
        scope.setdefault("state", {}).update({"request_id": number, _SEEN: seen})
        began, status, sent = time.monotonic(), _GONE, 0

        async def watched(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = number
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        with (
            logs.bound(request=number, actor=lambda: _actor(seen["scope"])),
            tracing.span("request", {"candor.request.id": number}) as span,
        ):
            try:
                await self._app(scope, receive, watched)
            finally:
                self._tell(seen["scope"], span, status, sent, time.monotonic() - began)

    def _number(self, scope: Scope) -> str:
        """The web server gives a client that a believed proxy named port 0 (uvicorn's ProxyHeadersMiddleware), which
        no connection has; so only a proxy's number is taken, never a visitor's own."""
        client = scope.get("client")
        given = Headers(scope=scope).get(HEADER, "")
        if self._behind_proxy and client is not None and client[1] == 0 and _SANE.fullmatch(given):
            return given
        return new_id()

    def _tell(self, scope: Scope, span: tracing.Span, status: int, sent: int, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        if self._metrics is not None:
            self._metrics.request(method, route, status, seconds)
        span.rename(f"{method} {route}")
        span.note("http.request.method", method)
        span.note("http.route", route)
        span.note("http.response.status_code", status)
        if status >= 500:
            span.fail(str(status))
        if _access.isEnabledFor(logging.INFO):
            client = scope.get("client")
            fields = {
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "bytes": sent,
                "address": client[0] if client else "unknown",
            }
            _access.info("%s %s %d", method, route, status, extra={"fields": fields})


class Seen:
    """Innermost: leaves the scope that the pages really get where `Observe` finds it, whoever copied it on the way."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = scope.get("state", {}).get(_SEEN)
        if seen is not None:
            seen["scope"] = scope
        await self._app(scope, receive, send)


def _actor(scope: Scope) -> str | None:
    visit = scope.get("state", {}).get("visit")
    session = getattr(visit, "session", None)
    return None if session is None else str(session.actor.account_id)


def route_of(scope: Scope) -> str:
    """The template of the route that took the request: `/recordings/{recording_id}`; of files, their folder."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return "(none)"
    return path if "endpoint" in scope and hasattr(scope["route"], "methods") else f"{path}/…"


def number_of(request: Request) -> str:
    """The request's number; a new one where none was given."""
    return str(getattr(request.state, "request_id", None) or new_id())


def came_through_a_proxy(request: Request) -> bool:
    """Whether the request shows signs of a proxy: then this machine's own address and name, which the proxy gives,
    say nothing about who asks. HTTP/1.0 is what some proxies speak to us, and no browser."""
    names = {name.lower() for name in request.headers}
    added = not names.isdisjoint(_OF_A_PROXY) or any(name.startswith("x-forwarded-") for name in names)
    return added or request.scope.get("http_version") == "1.0"


def is_from_this_machine(request: Request) -> bool:
    """Whether somebody on this very machine asks, by its own address and under its own name, and no proxy for
    somebody else."""
    client = request.client
    if client is None or not is_loopback(client.host) or came_through_a_proxy(request):
        return False
    return is_loopback(request.url.hostname or "")


class Readiness:
    """Whether requests should be sent here, asked at most every two seconds."""

    def __init__(self, look: Callable[[], list[Finding]]) -> None:
        self._look = look
        self._guard = threading.Lock()
        self._found: list[Finding] = []
        self._at = float("-inf")

    def findings(self) -> list[Finding]:
        """What readiness goes by."""
        with self._guard:
            if time.monotonic() - self._at > _READY_KEPT:
                self._found = self._look()
                self._at = time.monotonic()
            return self._found


def readiness_of(place: Place) -> Readiness:
    """Readiness of an installation."""
    return Readiness(lambda: ready(place))


def alive(request: Request) -> Response:
    """`/healthz`: 200 while this process answers at all. Whether it can work is `/readyz`."""
    return JSONResponse({"status": "ok"})


def readyz(request: Request) -> Response:
    """`/readyz`: 200 when requests may be sent here, 503 and the names of what fails when not. On this machine itself,
    and for programs whose token allows it, the findings too."""
    here: Readiness = request.app.state.readiness
    found = here.findings()
    failing = [one.name for one in found if one.level is Level.BAD]
    told: dict[str, object] = {"status": "not ready" if failing else "ready", "failing": failing}
    if _may_see(request):
        told["findings"] = [as_json(one) for one in found]
    return JSONResponse(told, 503 if failing else 200)


def as_json(found: Finding) -> dict[str, str]:
    """A finding for programs."""
    return {"name": found.name, "level": found.level.value, "words": found.words, "mend": found.mend}


def metrics(request: Request) -> Response:
    """`/metrics`: for whoever asks from this machine itself, for a program whose token may see the system, or with the
    token of CANDOR_METRICS_TOKEN. To everybody else, and while metrics are off, there is nothing here."""
    kept: Metrics | None = request.app.state.metrics
    program = program_of(request)
    if kept is not None and program is not None:
        program.require(Permission.SYSTEM_VIEW)  # an account that may not is told so, and it is on record
    if kept is None or not (_may_see(request) or _has_token(request)):
        return Response("Not found\n", 404, media_type="text/plain")
    return Response(kept.text(), headers={"content-type": CONTENT_TYPE})


def _may_see(request: Request) -> bool:
    program = program_of(request)
    if program is not None:
        return bool(program.may(Permission.SYSTEM_VIEW))
    return is_from_this_machine(request)


def _has_token(request: Request) -> bool:
    token = installation_of(request).settings.metrics_token
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token is None or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), token.encode())
