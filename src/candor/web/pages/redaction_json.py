"""JSON to and from the redaction editor: reading what was sent, within bounds, and saying what is wrong with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.core.errors import CandorError
from candor.redaction.errors import EditsBehind, EditWrong, HeldByAnother, NotHeld, RedactionClosed
from candor.web.access import in_thread
from candor.web.csrf import FormTooSlow
from candor.web.i18n import words_of

__all__ = ["BodyTooLarge", "BodyWrong", "answered", "read_body"]

#: A quarter of a million keys is the most that one track may have.
LARGEST: Final = 16 << 20
LONGEST_WAIT: Final = 60.0


class BodyWrong(CandorError):
    """What was sent is no JSON object with what is needed ({reason}). Nothing was changed. Load the page again."""

    exit_code = 2


class BodyTooLarge(CandorError):
    """What was sent is larger than {most} bytes. Nothing was changed. Save more often."""

    exit_code = 2


async def read_body(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises BodyWrong, BodyTooLarge, FormTooSlow."""
    body = bytearray()
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            async for piece in request.stream():
                body += piece
                if len(body) > LARGEST:
                    raise BodyTooLarge(most=LARGEST)
    except TimeoutError as error:
        raise FormTooSlow(seconds=round(LONGEST_WAIT)) from error
    found: dict[str, Any] = await in_thread(_parsed, bytes(body))
    return found


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BodyWrong(reason="it cannot be read") from error
    if not isinstance(found, dict):
        raise BodyWrong(reason="it is no object")
    return found


def text_in(body: dict[str, Any], name: str) -> str:
    """A text of the body. Raises BodyWrong."""
    if not isinstance(found := body.get(name), str):
        raise BodyWrong(reason=f"“{name}” is no text")
    return found


def number_in(body: dict[str, Any], name: str) -> int:
    """A whole number of the body that JavaScript counts exactly. Raises BodyWrong."""
    found = body.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or abs(found) >= 2**53:
        raise BodyWrong(reason=f"“{name}” is no whole number")
    return found


def answered(
    act: Callable[[Request, dict[str, Any]], Any],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that reads JSON, does `act` in a thread and answers with JSON. What another's work is in the way of
    is 409, with who and when; what is wrong in itself is 400."""

    @wraps(act)
    async def endpoint(request: Request) -> Response:
        try:
            body = await read_body(request)
            return JSONResponse(await in_thread(act, request, body))
        except (EditsBehind, HeldByAnother, NotHeld, RedactionClosed) as error:
            return JSONResponse(_conflict(error), 409)
        except (EditWrong, BodyWrong, BodyTooLarge) as error:
            return JSONResponse({"error": words_of(error)}, 400)

    return endpoint


def _conflict(error: CandorError) -> dict[str, Any]:
    told: dict[str, Any] = {"error": words_of(error)}
    if isinstance(error, EditsBehind):
        told |= {"edit": error.fields["newest"], "by": error.fields["by"], "at": error.fields["at"]}
    if isinstance(error, HeldByAnother):
        told |= {name: error.fields[name] for name in ("holder", "since", "own", "edit") if name in error.fields}
    return told
