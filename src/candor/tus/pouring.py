"""The body of one request into one turn of an upload."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import ClientDisconnect, Request

from candor.docking.uploads.errors import BeyondLength, ChecksumWrong, UploadStalled
from candor.docking.uploads.reception import Uploads
from candor.docking.uploads.turn import Turn
from candor.store.scratch import Scratch
from candor.tus.headers import Checksum

__all__ = ["Pouring"]

PIECE = 1 << 20
"""Bytes gathered before a thread seals them."""
NOTED_EVERY = 64 << 20
"""Bytes after which what arrived is made durable and noted while the rest goes on coming."""
NOTED_SECONDS = 10.0
"""The same by time, for slow lines."""
LONGEST_STALL = 60.0
"""Seconds without a byte, after which a sender is taken to be gone."""
SHORT_STALL = 5.0
"""The same where somebody else wants to go on with the upload, most often the same sender over another connection."""
IN_MEMORY = 4 << 20
"""Bytes that wait in memory for their checksum; more wait encrypted in a file."""
AT_WORK_EVERY = 60.0

InThread = Callable[..., Awaitable[Any]]


class Pouring:
    """Takes a request's body. `in_thread` runs what waits; `at_work` is called now and then."""

    def __init__(
        self, request: Request, uploads: Uploads, turn: Turn, in_thread: InThread, at_work: Callable[[], None]
    ) -> None:
        self._request, self._uploads, self._turn = request, uploads, turn
        self._in_thread, self._at_work = in_thread, at_work
        self._stall = LONGEST_STALL
        self._clock: asyncio.Timeout | None = None
        self._writing: asyncio.Task[None] | None = None
        self._noting: asyncio.Task[None] | None = None
        self._noted_at = self._worked_at = time.monotonic()
        self._began_at = turn.received
        self._came = 0
        self._ended = False
        loop = asyncio.get_running_loop()

        def challenged() -> None:
            loop.call_soon_threadsafe(self._hurry)

        turn.challenged = challenged

    async def pour(self, checksum: Checksum | None) -> None:
        """Take the whole body. When this raises, what arrived before is durable and noted as far as that could be
        done, and nothing of it where there was a checksum."""
        try:
            if checksum is None:
                await self._straight()
            else:
                await self._checked(checksum)
        finally:
            await self._come_to_rest()

    async def _straight(self) -> None:
        gathered: list[bytes] = []
        size = 0
        try:
            while (chunk := await self._next()) is not None:
                gathered.append(chunk)
                size += len(chunk)
                if size >= PIECE:
                    await self._hand_over(gathered)
                    gathered, size = [], 0
                    await self._now_and_then()
        except (ClientDisconnect, UploadStalled, asyncio.CancelledError):
            await self._hand_over(gathered)
            raise
        await self._hand_over(gathered)

    async def _checked(self, checksum: Checksum) -> None:
        """Nothing is taken before all of it was seen and is what was sent."""
        digest = hashlib.new(checksum.algorithm, usedforsecurity=False)
        held: list[bytes] = []
        scratch: Scratch | None = None
        size = waiting = 0
        try:
            while (chunk := await self._next()) is not None:
                held.append(chunk)
                size, waiting = size + len(chunk), waiting + len(chunk)
                self._must_fit(size)
                if size > IN_MEMORY and waiting >= PIECE:
                    scratch = scratch or await self._in_thread(self._uploads.scratch)
                    await self._in_thread(self._uploads.must_have_room_for_scratch, waiting)
                    await self._in_thread(_put_aside, scratch, digest, held)
                    held, waiting = [], 0
                    await self._now_and_then(noting=False)
            await self._in_thread(_add_all, digest, held)
            if digest.digest() != checksum.digest:
                raise ChecksumWrong(algorithm=checksum.algorithm)
            if scratch is not None:
                await self._in_thread(_put_aside, scratch, None, held)
                await self._in_thread(self._take_back, scratch)
            else:
                await self._in_thread(self._turn.write, held)
        finally:
            if scratch is not None:
                scratch.close()

    def _must_fit(self, size: int) -> None:
        length = self._turn.upload.length
        if length is not None and self._began_at + size > length:
            raise BeyondLength(length=length)

    def _take_back(self, scratch: Scratch) -> None:
        since = 0
        for piece in scratch.pieces():
            self._turn.write([piece])
            since += len(piece)
            if since >= NOTED_EVERY:
                since = 0
                self._turn.note_in_passing()

    async def _hand_over(self, gathered: list[bytes]) -> None:
        """Have a thread seal what was gathered, while more is gathered."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing
        if gathered:
            self._writing = asyncio.ensure_future(self._in_thread(self._turn.write, gathered))

    async def _now_and_then(self, *, noting: bool = True) -> None:
        now = time.monotonic()
        if now - self._worked_at >= AT_WORK_EVERY:
            self._worked_at = now
            await self._in_thread(self._at_work)
        late = now - self._noted_at >= NOTED_SECONDS
        if not noting or not (late or self._turn.received - self._turn.noted >= NOTED_EVERY):
            return
        if self._noting is not None:
            if not self._noting.done():
                return
            noted, self._noting = self._noting, None
            await noted
        self._noted_at = now
        self._noting = asyncio.ensure_future(self._in_thread(self._turn.note_in_passing))

    async def _come_to_rest(self) -> None:
        """Wait for what threads still do with the turn. The first thing that went wrong is what is raised."""
        failed: BaseException | None = None
        for task in (self._writing, self._noting):
            if task is not None:
                try:
                    await task
                except BaseException as error:
                    failed = failed or error
        self._writing = self._noting = None
        if failed is not None:
            raise failed

    async def _next(self) -> bytes | None:
        """The next bytes of the body; None at its end. Raises ClientDisconnect, UploadStalled."""
        while not self._ended:
            try:
                async with asyncio.timeout(self._stall) as self._clock:
                    message = await self._request.receive()
            except TimeoutError as error:
                raise UploadStalled(seconds=round(self._stall), received=self._began_at + self._came) from error
            if message["type"] == "http.disconnect":
                raise ClientDisconnect()
            body: bytes = message.get("body", b"")
            self._came += len(body)
            self._ended = not message.get("more_body", False)
            if body:
                return body
        return None

    def _hurry(self) -> None:
        """Somebody else wants to go on: whoever says nothing any more is waited for a short time only."""
        self._stall = SHORT_STALL
        clock = self._clock
        if clock is not None and not clock.expired():
            soon = asyncio.get_running_loop().time() + SHORT_STALL
            with suppress(RuntimeError):  # it has just ended
                if (clock.when() or soon) > soon:
                    clock.reschedule(soon)


def _put_aside(scratch: Scratch, digest: Any, pieces: list[bytes]) -> None:
    for piece in pieces:
        if digest is not None:
            digest.update(piece)
        scratch.write(piece)


def _add_all(digest: Any, pieces: list[bytes]) -> None:
    for piece in pieces:
        digest.update(piece)
