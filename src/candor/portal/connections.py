"""Connections: nobody keeps one without sending a request, without reading the answer, or many of them at a time.

A connection that is only held costs whoever holds it nothing, and there is a bound to how many there are. Behind a
proxy of ours the proxy sees to that; its own connections are not counted.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter

from uvicorn.protocols.http.h11_impl import H11Protocol

from candor.pages.middleware import is_loopback
from candor.portal.rates import source_of

__all__ = ["protocol"]

#: Seconds until the head of a request is whole, from its first byte or from the connection.
HEAD_PATIENCE = 10.0
#: Seconds in which nothing at all of an answer is read.
READ_PATIENCE = 120.0
#: Connections that one address may have open; a household or a library has fewer.
MOST_FROM_ONE = 64


def protocol(trusted_proxies: str) -> type[asyncio.Protocol]:
    """HTTP/1.1 as it is spoken with everybody. `trusted_proxies`: addresses and networks that are not counted, with
    commas between them, as uvicorn reads them; `*`: none is."""
    opened: Counter[str] = Counter()

    class Patient(H11Protocol):
        """One connection."""

        _source: str | None = None
        _waiting: asyncio.TimerHandle | None = None
        _stalled: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            address = self.client[0] if self.client else ""
            if not _is_trusted(address, trusted_proxies):
                self._source = source_of(address)
                opened[self._source] += 1
                if opened[self._source] > MOST_FROM_ONE:
                    transport.abort()
                    return
            self._wait_for_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._end_waiting()
            if self._stalled is not None:
                self._stalled.cancel()
            if self._source is not None:
                opened[self._source] -= 1
                if not opened[self._source]:
                    del opened[self._source]
                self._source = None
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._end_waiting()
            else:
                self._wait_for_head()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stalled = self.loop.call_later(READ_PATIENCE, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self._stalled is not None:
                self._stalled.cancel()

        def _wait_for_head(self) -> None:
            if self._waiting is None and not self.transport.is_closing():
                self._waiting = self.loop.call_later(HEAD_PATIENCE, self.transport.close)

        def _end_waiting(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

    return Patient


def _is_trusted(address: str, trusted: str) -> bool:
    """Whether an address is a proxy's, or this machine's own: whoever else is behind it cannot be told apart."""
    if trusted.strip() == "*" or is_loopback(address):
        return True
    for one in filter(None, (part.strip() for part in trusted.split(","))):
        try:
            if ipaddress.ip_address(address) in ipaddress.ip_network(one, strict=False):
                return True
        except ValueError:
            continue
    return False
