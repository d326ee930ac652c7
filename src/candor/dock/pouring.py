"""A body on its way from the connection into a writer, piece by piece.

While one piece is sealed the next one is gathered, so a single sender keeps network and sealing busy at once. A sender
has at most one piece in the sealers' queue: with many, each waits for the others once per piece, whatever its speed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from starlette.types import Receive

from candor.core.errors import CandorError
from candor.dock.hands import Hands
from candor.docking.axis.errors import AxisBodyBroken

__all__ = ["ClientGone", "Stalled", "pieces", "pour", "small_body"]

#: Bytes gathered before they are sealed. A sender has at most two such pieces in memory.
PIECE = 512 << 10
#: Seconds without a byte, after which a sender is taken to be gone.
LONGEST_STALL = 60.0


class ClientGone(Exception):
    """The connection broke off: there is nobody to be told."""


class Stalled(CandorError):
    """Nothing more arrived for {seconds} seconds, after {size} bytes. Nothing of it was kept; send it again."""

    exit_code = 3


class Pourable(Protocol):
    """What bytes are poured into. Everything but `size` is called in a thread, by one at a time."""

    @property
    def size(self) -> int:
        """Bytes taken so far."""

    def begin(self, head: bytes | bytearray) -> None:
        """Look at the first piece, or all there is."""

    def write(self, data: bytes | bytearray) -> None:
        """Take bytes in."""

    def abort(self) -> None:
        """Give up; nothing stays."""


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """What arrives of a body. Raises ClientGone, Stalled."""
    size = 0
    while True:
        try:
            async with asyncio.timeout(LONGEST_STALL):
                message = await receive()
        except TimeoutError as error:
            raise Stalled(seconds=round(LONGEST_STALL), size=size) from error
        if message["type"] == "http.disconnect":
            raise ClientGone
        body = message.get("body", b"")
        size += len(body)
        yield body
        if not message.get("more_body", False):
            return


async def pour(
    receive: Receive,
    into: Pourable,
    hands: Hands,
    *,
    announced: int | None,
    before: Callable[[int], None],
    told: Callable[[int], None],
) -> None:
    """Pour a whole body. `before` is asked in a thread before each piece (room); `told` hears the size by now.

    On any error the writer is given up, and nothing of the body stays. Raises AxisBodyBroken when less came than was
    announced, ClientGone, Stalled, and whatever the writer raises.
    """
    gathered, begun = bytearray(), False
    sealing: asyncio.Future[None] | None = None

    def seal(piece: bytearray) -> None:
        before(len(piece))
        into.write(piece)

    try:
        async for chunk in pieces(receive):
            gathered += chunk
            if len(gathered) < PIECE:
                continue
            if not begun:
                await hands.ask(into.begin, gathered)
                begun = True
            if sealing is not None:
                await sealing
            told(into.size + len(gathered))
            sealing, gathered = hands.seal(seal, gathered), bytearray()
        if not begun:
            await hands.ask(into.begin, gathered)
        if sealing is not None:
            await sealing
        if gathered:
            sealing = hands.seal(seal, gathered)
            await sealing
        told(into.size)
        if announced is not None and into.size != announced:
            raise AxisBodyBroken(size=into.size, announced=announced)
    except BaseException:
        if sealing is not None and not sealing.done():
            with contextlib.suppress(Exception):  # the first error counts
                await asyncio.wait({sealing})
        await asyncio.shield(asyncio.ensure_future(hands.finish(into.abort)))
        raise


async def small_body(receive: Receive, most: int) -> bytes | None:
    """A whole small body; None when it is larger than `most`, and then it was not kept."""
    gathered, size = bytearray(), 0
    async for chunk in pieces(receive):
        size += len(chunk)
        if size <= most:
            gathered += chunk
    return bytes(gathered) if size <= most else None
