"""Requests to a site without a network: each is one run of the application, in an event loop that stays.

Starlette's own client starts a loop and threads anew for each request, and goes to and fro between them eight times:
four fifths of the processor time of a test that asks every route. What the application is told and what it answers are
the same; an answer is read to its end before it is given.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Any
from urllib.parse import unquote

import anyio
import httpx2 as httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp, Message

_open = contextlib.ExitStack()


@functools.cache
def _portal() -> BlockingPortal:
    return _open.enter_context(start_blocking_portal())


def end() -> None:
    """End the loop and its threads; the next request begins another."""
    _open.close()
    _portal.cache_clear()


class Direct(httpx.BaseTransport):
    """To an application, from an address. What the application raises is raised."""

    def __init__(self, app: ASGIApp, client: tuple[str, int]) -> None:
        self._app, self._client = app, client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        url = request.url
        headers = [(key.lower().encode(), value.encode()) for key, value in request.headers.multi_items()]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "path": unquote(url.path),
            "raw_path": url.raw_path.split(b"?", 1)[0],
            "root_path": "",
            "scheme": url.scheme,
            "query_string": url.query,
            "headers": headers,
            "client": self._client,
            "server": [url.raw_host.decode("ascii"), url.port or {"http": 80, "https": 443}[url.scheme]],
            "extensions": {},
            "state": {},
        }
        start, content = _portal().call(self._run, scope, body)
        return httpx.Response(
            status_code=start["status"],
            headers=[(key.decode(), value.decode()) for key, value in start.get("headers", [])],
            stream=httpx.ByteStream(b"" if request.method == "HEAD" else content),
            request=request,
        )

    async def _run(self, scope: dict[str, Any], body: bytes) -> tuple[Message, bytes]:
        """The application's first word, and its content to the end."""
        said: list[Message] = []
        pieces: list[bytes] = []
        asked, answered = False, anyio.Event()

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await answered.wait()
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            assert not answered.is_set(), f"{message['type']} after the end of the answer"
            if message["type"] == "http.response.start":
                assert not said, "a second beginning of the answer"
                said.append(message)
                return
            assert said, "content before the beginning of the answer"
            pieces.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                answered.set()

        await self._app(scope, receive, send)
        assert said, "no answer"
        return said[0], b"".join(pieces)
