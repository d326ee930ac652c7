"""Who is visiting, and which routes are open to whom."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candor.core.errors import CandorError
from candor.people.rules import Actor, Permission
from candor.people.service import Agency
from candor.people.sessions import Session
from candor.web.i18n import Translations

if TYPE_CHECKING:
    from candor.installation import Installation

Endpoint = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


class SignInNeeded(CandorError):
    """You are not signed in, or the session has ended. Sign in and do it again."""

    exit_code = 5


class SetupNeeded(CandorError):
    """This installation has no agency yet. Set it up first."""

    exit_code = 9


@dataclass
class Visit:
    """What is known of the present request: filled in by the session middleware, read by every page."""

    agency: Agency | None
    session: Session | None
    #: The session's token for forms, or the one of the cookie that stands in before signing in.
    form_token: str
    language: str
    translations: Translations
    theme: str
    address: str
    #: Cookies to set with the answer, each a whole Set-Cookie line.
    cookies: list[str] = field(default_factory=list)

    @property
    def actor(self) -> Actor:
        """Who acts; raises SignInNeeded when nobody is signed in."""
        if self.session is None:
            raise SignInNeeded()
        return self.session.actor

    @property
    def zone(self) -> str:
        """The agency's time zone."""
        return self.agency.time_zone if self.agency else "UTC"


def visit_of(request: Request) -> Visit:
    """The visit of a request."""
    visit: Visit = request.state.visit
    return visit


def installation_of(request: Request) -> Installation:
    """The installation that the request came to."""
    installation: Installation = request.app.state.installation
    return installation


@dataclass(frozen=True)
class Access:
    """Who may use a route: everybody, whoever is signed in, or whoever holds one of some permissions."""

    public: bool
    any_of: tuple[Permission, ...] = ()


def page(
    path: str,
    endpoint: Endpoint,
    *,
    public: bool = False,
    needs: Permission | Sequence[Permission] = (),
    methods: Sequence[str] = ("GET",),
    name: str | None = None,
) -> Route:
    """A route. `needs`: a permission, or several of which one is enough; none: signed in is enough.

    A plain function runs in a thread, so it may wait for the database; a coroutine must not.
    """
    any_of = (needs,) if isinstance(needs, Permission) else tuple(needs)
    access = Access(public, any_of)
    if inspect.iscoroutinefunction(endpoint):
        wrapped: Any = _guard_async(endpoint, access)
    else:
        wrapped = _guard(endpoint, access)
    wrapped.access = access
    return Route(path, wrapped, methods=list(methods), name=name)


def _guard(endpoint: Any, access: Access) -> Any:
    @wraps(endpoint)
    def guarded(request: Request) -> Response:
        _check(request, access)
        answer: Response = endpoint(request)
        return answer

    return guarded


def _guard_async(endpoint: Any, access: Access) -> Any:
    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        _check(request, access)
        answer: Response = await endpoint(request)
        return answer

    return guarded


def _check(request: Request, access: Access) -> None:
    if access.public:
        return
    visit = visit_of(request)
    if visit.agency is None:
        raise SetupNeeded()
    actor = visit.actor
    if access.any_of and not any(actor.may(permission) for permission in access.any_of):
        actor.require(access.any_of[0])


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run blocking work of a coroutine in a thread."""
    return await run_in_threadpool(function, *args)
