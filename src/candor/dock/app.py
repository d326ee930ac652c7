"""The door for cameras: every route of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from candor import tus
from candor.dock.answers import Answers
from candor.dock.axis import AxisStorage
from candor.dock.axis_auth import AxisAuth
from candor.dock.hands import Hands
from candor.dock.tus_door import DockDoor
from candor.docking.axis.gate import AxisGate
from candor.docking.axis.waiting import settle_waiting

if TYPE_CHECKING:
    from candor.installation import Installation

__all__ = ["create_dock"]

#: Seconds between two looks at what could not be done at once.
TRIED_EVERY = 60.0
_logger = logging.getLogger("candor.dock")


def create_dock(installation: Installation) -> Starlette:
    """The door of an installation, to be run by an ASGI server. The installation's background work is the caller's."""
    here = installation
    gate = AxisGate(here.database, here.vault, here.jobs, here.clock)
    hands = Hands()
    auth = AxisAuth(gate, hands, here.settings)
    storage = AxisStorage(gate, auth, hands)

    @asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        waiting = asyncio.ensure_future(_try_again(gate, hands))
        try:
            yield
        finally:
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
            hands.close()

    routes: list[BaseRoute] = [
        Route("/healthz", _alive, name="alive"),
        Route("/auth/v1.0", auth.give, methods=["GET", "HEAD", "POST", "PUT", "DELETE"], name="axis-auth"),
        Mount("/v1", storage, name="axis"),
        Mount("/v1.0", storage, name="axis-1.0"),
        *tus.mount(DockDoor(here), "/tus"),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Answers)], lifespan=living)


async def _try_again(gate: AxisGate, hands: Hands) -> None:
    """Every now and then, what had to wait."""
    while True:
        await asyncio.sleep(TRIED_EVERY)
        try:
            await hands.settle(settle_waiting, gate, hands.ended.is_set)
        except Exception as error:
            _logger.warning("what camera systems handed over has to wait: %s", error)


def _alive(_: Request) -> Response:
    """Whether the door answers at all, for whoever watches over it."""
    return PlainTextResponse("ok\n")
