"""The visit of each request: session cookie, form cookie, theme, language; and giving a browser its session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.core.settings import Settings
from candor.people import policy as policies
from candor.people import service, sessions
from candor.people.policy import Policy
from candor.people.service import Agency
from candor.people.sessions import FULL, Lifetime, Session
from candor.web import csrf
from candor.web.bearer import program_in
from candor.web.i18n import Catalogues, speaking
from candor.web.visit import Visit, installation_of, visit_of

if TYPE_CHECKING:
    from candor.installation import Installation

THEMES = ("system", "light", "dark")
THEME_COOKIE = "candor-theme"
#: Holds the mark of the use-notification that was acknowledged; goes with the browser.
NOTICE_COOKIE = "candor-notice"
#: Requests under these paths have no visit to make: files that anybody may read.
WITHOUT_VISIT = ("/static/", "/log/", "/healthz", "/readyz", "/metrics")
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


def lifetime(settings: Settings, policy: Policy | None = None) -> Lifetime:
    """How long sessions live here: by the policy, and never longer than the settings say."""
    found = policy or Policy(absolute_hours=settings.session_hours)
    return Lifetime(
        idle=timedelta(minutes=settings.session_idle_minutes),
        total=timedelta(hours=min(settings.session_hours, found.absolute_hours)),
        lock=None if policy is None else policy.lock_after,
    )


@dataclass(frozen=True)
class _Loaded:
    """What the session cookie led to."""

    policy: Policy
    session: Session | None = None
    waiting: Session | None = None
    refused: bool = False


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
        agent = headers.get("user-agent", "")
        address = scope["client"][0] if scope.get("client") else "unknown"
        found = await run_in_threadpool(self._load, jar.get(cookies.session), passive, address, agent)
        present = found.session or found.waiting
        language, translations = self.catalogues.pick(headers.get("accept-language", ""))
        set_cookies: list[str] = []
        form_cookie = jar.get(cookies.form)
        if present is None and not form_cookie and program_in(scope) is None:
            form_cookie = csrf.new_cookie()
            set_cookies.append(cookies.line(cookies.form, form_cookie))
        visit = Visit(
            agency=self._agency,
            session=found.session,
            form_token=present.csrf if present else csrf.token_of_cookie(form_cookie or ""),
            language=language,
            translations=translations,
            theme=jar[THEME_COOKIE] if jar.get(THEME_COOKIE) in THEMES else "system",
            address=address,
            cookies=set_cookies,
            waiting=found.waiting,
            policy=found.policy,
            refused=found.refused,
            acknowledged=jar.get(NOTICE_COOKIE, ""),
            program=program_in(scope),
        )
        if found.refused:
            set_cookies.append(cookies.line(cookies.session, "", max_age=0))
        scope.setdefault("state", {})["visit"] = visit

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for line in visit.cookies:
                    answer.append("set-cookie", line)
            await send(message)

        with speaking(translations):
            await self.app(scope, receive, send_with_cookies)

    def _load(self, token: str | None, passive: bool, address: str, agent: str) -> _Loaded:
        here = self.installation
        with here.database.read() as tx:
            self._agency = self._agency or service.agency(tx)
            policy = policies.read(tx)
            lives = lifetime(here.settings, policy)
            if not token:
                return _Loaded(policy)
            found = sessions.look_up(tx, token, lifetime=lives, agent=agent, clock=here.clock)
        if found.refused:
            with here.database.write() as tx:
                sessions.refuse(tx, token, reason=found.refused, address=address, agent=agent, clock=here.clock)
            return _Loaded(policy, refused=True)
        session = found.session
        if session is None:
            return _Loaded(policy)
        if session.locked:
            if not session.lock_noted:
                with here.database.write() as tx:
                    session = sessions.lock(tx, session, by="idle", clock=here.clock)
            return _Loaded(policy, waiting=session)
        if not passive and sessions.is_seen_due(session, lock=lives.lock, clock=here.clock):
            with here.database.write() as tx:
                sessions.seen(tx, session.token_hash, clock=here.clock)
        return _Loaded(policy, session) if session.stage == FULL else _Loaded(policy, waiting=session)


def read_cookies(header: str) -> dict[str, str]:
    """The cookies of a request; a broken header holds none."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header[:8192]).items()}
    except CookieError:
        return {}


# -- what the door's pages need of a request


def now(request: Request) -> datetime:
    """The installation's time."""
    return installation_of(request).clock.now()


def agent_of(request: Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("user-agent", "")


def cookies_of(request: Request) -> Cookies:
    """How this site's cookies are made."""
    return Cookies(is_secure(installation_of(request).settings))


def token_of(request: Request) -> str | None:
    """The session token that the browser sent."""
    return read_cookies(request.headers.get("cookie", "")).get(cookies_of(request).session)


def give_token(request: Request, token: str) -> None:
    """Let the answer carry a session's new token; the cookie that stood in before goes."""
    visit, cookies = visit_of(request), cookies_of(request)
    visit.cookies = [line for line in visit.cookies if not line.startswith(f"{cookies.session}=")]
    visit.cookies.append(cookies.line(cookies.session, token))
    visit.cookies.append(cookies.line(cookies.form, "", max_age=0))


def begin(tx: Connection, request: Request, account_id: str, *, stage: str = FULL) -> str:
    """A session for an account whose right to it is established; returns its token."""
    here, visit = installation_of(request), visit_of(request)
    return sessions.begin(
        tx,
        account_id,
        lifetime=lifetime(here.settings, visit.policy),
        address=visit.address,
        agent=agent_of(request),
        replaces=token_of(request),
        stage=stage,
        clock=here.clock,
    )


def notice_of(request: Request) -> str | None:
    """The mark of the use-notification that this browser acknowledged, where one is shown."""
    visit = visit_of(request)
    return visit.acknowledged if visit.policy.notice_shown else None


def owes_notice(request: Request) -> bool:
    """Whether the use-notification must be acknowledged first."""
    policy = visit_of(request).policy
    return policy.notice_shown and visit_of(request).acknowledged != policy.notice_mark
