"""Programs at the door: `Authorization: Bearer cnd_…` (RFC 6750) instead of a browser's session.

Rules it keeps:

1. A request with a token is that token's alone: cookies that came with it are not read, and none is set. So no page
   of another site can use a browser's session this way, and such a request needs no form token.
2. A token opens only what is listed here, whatever its scopes say. Everything that asks again who is there, and
   whatever changes accounts, policy or keys, is for people.
3. Each refusal is an event and says its rule: of the token itself here (`service_accounts.turned_away`), of a right
   that scopes or roles do not give where the page asks for it (`errors`, `observing`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.core.errors import CandorError
from candor.people import service_accounts
from candor.people.service_accounts import PREFIX, Bearer, TokenActor
from candor.web.i18n import words_of

if TYPE_CHECKING:
    from candor.installation import Installation

#: What programs may ask for: method and path.
OPEN_TO_PROGRAMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("GET", re.compile(r"/api/v1/.+")),
    ("GET", re.compile(r"/custody/policy")),
    ("GET", re.compile(r"/metrics")),
    ("GET", re.compile(r"/readyz")),
    ("OPTIONS", re.compile(r"/upload/tus")),
    ("POST", re.compile(r"/upload/tus")),
    ("GET", re.compile(r"/upload/tus/[^/]+")),
    ("PATCH", re.compile(r"/upload/tus/[^/]+")),
    ("DELETE", re.compile(r"/upload/tus/[^/]+")),
    ("POST", re.compile(r"/upload/tus/[^/]+")),
)
#: Whoever watches the machine may have a token of another kind, set by the operator; these look at it themselves.
_OTHER_TOKENS = ("/metrics", "/readyz")
_SCHEME = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_STATE = "program"


class NotForPrograms(CandorError):
    """Programs cannot ask for {what}: that is for people who sign in. The reference of routes lists what a token
    opens."""

    exit_code = 5


def program_of(request: Request) -> TokenActor | None:
    """The program that made the request; None when it is a browser, or nobody."""
    found: TokenActor | None = request.scope.get("state", {}).get(_STATE)
    return found


def program_in(scope: Scope) -> TokenActor | None:
    """As `program_of`, for a middleware."""
    found: TokenActor | None = scope.get("state", {}).get(_STATE)
    return found


def is_open(method: str, path: str) -> bool:
    """Whether programs may ask for it at all."""
    method = "GET" if method == "HEAD" else method
    return any(method == known and pattern.fullmatch(path) for known, pattern in OPEN_TO_PROGRAMS)


@dataclass
class Programs:
    """The middleware. It stands outside the visit, so that a request with a token has no cookies by then."""

    app: ASGIApp
    installation: Installation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("authorization") if scope["type"] == "http" else None
        form = _SCHEME.fullmatch(given) if given else None
        if form is None or (scope["path"] in _OTHER_TOKENS and not form[1].startswith(PREFIX)):
            await self.app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else "unknown"
        found = await run_in_threadpool(self._enter, form[1], scope, address)
        if isinstance(found, _Refusal):
            await found.answer()(scope, receive, send)
            return
        kept = [(name, value) for name, value in scope["headers"] if name not in (b"cookie", b"accept")]
        inner = {**scope, "headers": [*kept, (b"accept", b"application/json")]}
        inner["state"] = {**scope.get("state", {}), _STATE: found.actor}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                del MutableHeaders(scope=message)["set-cookie"]
            await send(message)

        await self.app(inner, receive, watched)

    def _enter(self, text: str, scope: Scope, address: str) -> Bearer | _Refusal:
        here, asked = self.installation, f"{scope['method']} {scope['path']}"
        with here.database.read() as tx:
            found = service_accounts.look_up(tx, text, clock=here.clock)
            due = found.refused is None and service_accounts.is_use_due(tx, found, address, clock=here.clock)
        if found.refused is not None:
            self._turned_away(found, found.refused, asked, address)
            return _Refusal(401, words_of(service_accounts.refusal(found)), f"people.token {found.refused}")
        if not is_open(scope["method"], scope["path"]):
            self._turned_away(found, "not-for-programs", asked, address)
            words = words_of(NotForPrograms(what=asked[:200]))
            return _Refusal(403, words, "people.token not-for-programs")
        if due:
            with here.database.write() as tx:
                service_accounts.used(tx, found, address, clock=here.clock)
        return found

    def _turned_away(self, bearer: Bearer, reason: str, asked: str, address: str) -> None:
        with self.installation.database.write() as tx:
            service_accounts.turned_away(tx, bearer, reason, address, what=asked, clock=self.installation.clock)


@dataclass(frozen=True)
class _Refusal:
    status: int
    words: str
    rule: str

    def answer(self) -> JSONResponse:
        """JSON, with the challenge that RFC 6750 asks for."""
        headers = {"www-authenticate": 'Bearer realm="candor", error="invalid_token"'} if self.status == 401 else {}
        # A wrong secret is not told apart from a token that nobody has.
        rule = self.rule.replace("wrong-secret", "unknown")
        return JSONResponse({"error": self.words, "rule": rule}, self.status, headers)
