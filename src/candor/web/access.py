"""Who is visiting, and which routes are open to whom."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candor.people.rules import Permission
from candor.web.confirming import require_fresh
from candor.web.listed_password import require_unlisted_password
from candor.web.visit import SetupNeeded, SignInNeeded, Visit, installation_of, visit_of

__all__ = [
    "Access",
    "SetupNeeded",
    "SignInNeeded",
    "Visit",
    "in_thread",
    "installation_of",
    "page",
    "visit_of",
]

Endpoint = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Access:
    """Who may use a route: everybody, whoever is signed in, or whoever holds one of some permissions."""

    public: bool
    any_of: tuple[Permission, ...] = ()
    #: Only within the policy's minutes after showing who is there.
    fresh: bool = False
    #: Also for whoever must set up a second factor before anything else.
    enrolling: bool = False


def page(
    path: str,
    endpoint: Endpoint,
    *,
    public: bool = False,
    needs: Permission | Sequence[Permission] = (),
    methods: Sequence[str] = ("GET",),
    name: str | None = None,
    fresh: bool = False,
    enrolling: bool = False,
) -> Route:
    """A route. `needs`: a permission, or several of which one is enough; none: signed in is enough.

    `fresh`: for dangerous acts; whoever has not shown who is there within the policy's minutes is asked first, and
    what was sent is not lost (`confirming`). Say it for the page with the form and for where the form goes.
    `enrolling`: also for whoever's role needs a second factor and who has none yet; by `visit.proven`.

    A plain function runs in a thread, so it may wait for the database; a coroutine must not.
    """
    any_of = (needs,) if isinstance(needs, Permission) else tuple(needs)
    access = Access(public, any_of, fresh, enrolling)
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
        if access.fresh:
            require_fresh(request)
        answer: Response = endpoint(request)
        return answer

    return guarded


def _guard_async(endpoint: Any, access: Access) -> Any:
    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        _check(request, access)
        if access.fresh:
            await run_in_threadpool(require_fresh, request)
        answer: Response = await endpoint(request)
        return answer

    return guarded


def _check(request: Request, access: Access) -> None:
    # Nothing here has such a name, and a database may refuse to look for it.
    if any("\0" in str(value) for value in (*request.path_params.values(), *request.query_params.values())):
        raise HTTPException(404)
    if access.public:
        return
    visit = visit_of(request)
    if visit.agency is None:
        raise SetupNeeded()
    actor = visit.proven.actor if access.enrolling else visit.actor
    actor.require_any(*access.any_of)
    require_unlisted_password(request)


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run blocking work of a coroutine in a thread."""
    return await run_in_threadpool(function, *args)
