"""What the door says: a status code for each thing that can happen, and one line of the program's log per call.

To a camera a status is an order: 201 and 202 let it wipe its copy, 400 has it give up for good, 503 has it come again
soon, 507 has it wait for an administrator. So nothing is answered with 400 but what can never be understood, and
whatever is our own trouble is 503 or 507.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.core import logs
from candor.core.errors import CandorError, DatabaseGone
from candor.core.ids import new_id
from candor.dock.hands import Busy
from candor.dock.pouring import ClientGone, Stalled
from candor.docking.axis.errors import (
    AxisBodyAltered,
    AxisForbidden,
    AxisMalformed,
    AxisNotThere,
    AxisTokenWrong,
)
from candor.docking.errors import CredentialWrong
from candor.store import StoreError, StoreFull
from candor.store.room import NoRoom

__all__ = ["Answers", "answer_to"]

_access = logging.getLogger(logs.ACCESS)
_logger = logging.getLogger("candor.dock")

#: By kind of error; whatever is not named is 500. The first that fits counts.
STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (AxisMalformed, 400),
    (AxisTokenWrong, 401),
    (CredentialWrong, 401),
    (AxisForbidden, 403),
    (AxisNotThere, 404),
    (Stalled, 408),
    (AxisBodyAltered, 422),
    (NoRoom, 507),
    (StoreFull, 507),
    (StoreError, 503),
    (DatabaseGone, 503),
    (OperationalError, 503),
    (PoolTimeout, 503),
    (Busy, 503),
)
#: Seconds after which to come again.
_SOON, _LATER = 5, 30
#: The status by which a log says that nobody waited for the answer.
_GONE = 499


def answer_to(error: Exception) -> Response:
    """What is said of an error: a status, and words for whoever reads the camera system's log."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    if status == 503 and "full" in str(getattr(error, "fields", {}).get("reason", "")):
        status = 507  # SQLite says so of the disk that the database is on
    if status >= 500:
        _logger.error("a call of a dock was answered with %d: %s", status, error, exc_info=status == 500)
    words = _words(error)
    headers: dict[str, str] = {}
    if status == 503:
        headers["retry-after"] = str(_SOON if isinstance(error, Busy) else _LATER)
    if isinstance(error, CredentialWrong):
        headers["www-authenticate"] = 'Basic realm="Candor dock", charset="UTF-8"'
    return PlainTextResponse(words + "\n", status, headers)


def _words(error: Exception) -> str:
    """What whoever calls is told. Where the store and the database lie is nothing for the other side of the door: that
    stands in this program's log."""
    if isinstance(error, DatabaseGone | OperationalError | PoolTimeout):
        return "The database does not answer; nothing of this call was kept. Try again soon."
    if isinstance(error, StoreFull):
        return "There is no room left where footage lies; nothing of this call was kept."
    if isinstance(error, StoreError):
        return "The store does not answer; nothing of this call was kept. Try again soon."
    return str(error) if isinstance(error, CandorError) else "An unexpected fault; nothing of this call was kept."


class Answers:
    """Outermost: whatever goes wrong further in becomes an answer, and every call a line of the log, without its path:
    names of recordings hold users and cameras."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), _GONE

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with logs.bound(request=new_id()):
            try:
                await self._app(scope, receive, watched)
            except ClientGone:
                pass  # nobody is left to be told; what came of its body is gone, and is sent again
            except Exception as error:
                if status != _GONE:
                    raise
                await answer_to(error)(scope, receive, watched)
            finally:
                _tell(scope, status, time.monotonic() - began)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    if not _access.isEnabledFor(logging.INFO):
        return
    client, route = scope.get("client"), "/" + scope["path"].lstrip("/").partition("/")[0]
    fields = {
        "method": scope["method"],
        "route": f"dock {route}",
        "status": status,
        "ms": round(seconds * 1000, 1),
        "address": client[0] if client else "unknown",
    }
    _access.info("%s dock %s %d", scope["method"], route, status, extra={"fields": fields})
