"""The visit of each request: session cookie, form cookie, theme, language; and signing in and out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.core.settings import Settings
from candor.people import service, sessions, sign_in
from candor.people.errors import SignInBlocked, SignInFailed
from candor.people.service import Agency
from candor.people.sessions import Lifetime, Session
from candor.web import csrf
from candor.web.access import Visit
from candor.web.i18n import Catalogues, speaking

if TYPE_CHECKING:
    from candor.installation import Installation

THEMES = ("system", "light", "dark")
THEME_COOKIE = "candor-theme"
#: Requests under these paths have no visit to make: files that anybody may read.
WITHOUT_VISIT = ("/static/", "/log/", "/healthz")
#: A request with this parameter comes from a page that keeps itself fresh: nobody is at work by it.
KEEPS_ITSELF_FRESH = b"live=1"


@dataclass(frozen=True)
class Cookies:
    """Names and attributes of the cookies. Under https they are `__Host-` cookies: bound to this very host, and
    no neighbour can plant one."""

    secure: bool

    @property
    def session(self) -> str:
        return "__Host-candor" if self.secure else "candor"

    @property
    def form(self) -> str:
        return "__Host-candor-form" if self.secure else "candor-form"

    def line(self, name: str, value: str, *, max_age: int | None = None) -> str:
        """A Set-Cookie line; without `max_age` the cookie goes with the browser, with 0 it goes now."""
        life = "" if max_age is None else f"; Max-Age={max_age}"
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if self.secure else ''}{life}"


def is_secure(settings: Settings) -> bool:
    """Whether people reach the site by https."""
    return (settings.public_url or "").startswith("https://")


def lifetime(settings: Settings) -> Lifetime:
    """How long sessions live here."""
    return Lifetime(
        idle=timedelta(minutes=settings.session_idle_minutes), total=timedelta(hours=settings.session_hours)
    )


@dataclass
class Visits:
    """The middleware that makes the visit, and the texts of its language, for everything inside it."""

    app: ASGIApp
    installation: Installation
    catalogues: Catalogues
    _agency: Agency | None = field(default=None, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(WITHOUT_VISIT):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        jar = read_cookies(headers.get("cookie", ""))
        cookies = Cookies(is_secure(self.installation.settings))
        passive = KEEPS_ITSELF_FRESH in scope["query_string"].split(b"&")
        session = await run_in_threadpool(self._load, jar.get(cookies.session), passive)
        language, translations = self.catalogues.pick(headers.get("accept-language", ""))
        set_cookies: list[str] = []
        form_cookie = jar.get(cookies.form)
        if session is None and not form_cookie:
            form_cookie = csrf.new_cookie()
            set_cookies.append(cookies.line(cookies.form, form_cookie))
        visit = Visit(
            agency=self._agency,
            session=session,
            form_token=session.csrf if session else csrf.token_of_cookie(form_cookie or ""),
            language=language,
            translations=translations,
            theme=jar[THEME_COOKIE] if jar.get(THEME_COOKIE) in THEMES else "system",
            address=scope["client"][0] if scope.get("client") else "unknown",
            cookies=set_cookies,
        )
        scope.setdefault("state", {})["visit"] = visit

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for line in visit.cookies:
                    answer.append("set-cookie", line)
            await send(message)

        with speaking(translations):
            await self.app(scope, receive, send_with_cookies)

    def _load(self, token: str | None, passive: bool) -> Session | None:
        here = self.installation
        if self._agency is None or token:
            with here.database.read() as tx:
                self._agency = self._agency or service.agency(tx)
                found = sessions.find(tx, token, lifetime=lifetime(here.settings), clock=here.clock) if token else None
        else:
            found = None
        if found is not None and not passive and sessions.is_seen_due(found, clock=here.clock):
            with here.database.write() as tx:
                sessions.seen(tx, found.token_hash, clock=here.clock)
        return found


def read_cookies(header: str) -> dict[str, str]:
    """The cookies of a request; a broken header holds none."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header[:8192]).items()}
    except CookieError:
        return {}


def enter(here: Installation, name: str, password: str, visit: Visit, *, agent: str, old_token: str | None) -> str:
    """Sign in; returns the new session's token. Raises SignInFailed or SignInBlocked, after recording it."""
    try:
        with here.database.read() as tx:
            candidate = sign_in.look_up(tx, name, visit.address, clock=here.clock)
    except SignInBlocked:
        with here.database.write() as tx:
            sign_in.turned_away(tx, name, visit.address)
        raise
    checked = sign_in.check(candidate, password)
    if not checked.right:
        with here.database.write() as tx:
            sign_in.fail(tx, candidate, clock=here.clock)
        raise SignInFailed()
    with here.database.write() as tx:
        account_id = sign_in.succeed(tx, candidate, checked, clock=here.clock)
        return begin(tx, here, account_id, visit, agent=agent, old_token=old_token)


def begin(
    tx: Connection, here: Installation, account_id: str, visit: Visit, *, agent: str, old_token: str | None
) -> str:
    """A session for an account whose right to it is established; returns its token."""
    return sessions.begin(
        tx,
        account_id,
        lifetime=lifetime(here.settings),
        address=visit.address,
        agent=agent,
        replaces=old_token,
        clock=here.clock,
    )
