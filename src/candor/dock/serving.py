"""The door's web server: in a thread of its own beside the site's, so that neither waits for the other."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from candor.core.errors import CandorError
from candor.core.settings import Settings
from candor.dock.app import create_dock

if TYPE_CHECKING:
    from candor.installation import Installation

__all__ = ["DockServer", "DoorPortTaken", "DoorTlsWrong"]

#: Connections at a time; whoever comes beyond that is told to try again.
MOST_CONNECTIONS = 1024
#: Of one address: whoever has no credential is not to keep the cameras out by holding every connection there is.
MOST_OF_ONE_ADDRESS = 384
#: Seconds that a connection may be idle between two calls.
KEEP_ALIVE = 60
#: Bytes and seconds that a request may take until its headers are there.
LARGEST_HEAD, LONGEST_HEAD = 64 << 10, 30.0
#: Seconds that what is being received gets to end when the server is stopped.
GRACE = 5


class DoorPortTaken(CandorError):
    """The door for cameras cannot listen on {host} port {port}: {reason}. Another program has it, or this account may
    not use it. Set CANDOR_DOCK_PORT to another one."""

    exit_code = 2


class DoorTlsWrong(CandorError):
    """The door for cameras cannot use its certificate: {reason}. Check CANDOR_DOCK_TLS_CERTIFICATE and
    CANDOR_DOCK_TLS_KEY."""

    exit_code = 2


class DockServer:
    """The door of an installation, listening. Raises DoorPortTaken, DoorTlsWrong; `stop` ends it."""

    def __init__(self, installation: Installation) -> None:
        settings = installation.settings
        config = _config(installation, settings)
        self._listener = _listen(settings)
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="dock-door", daemon=True)
        scheme = "https" if config.is_ssl else "http"
        host = f"[{settings.dock_host}]" if ":" in settings.dock_host else settings.dock_host
        self.address = settings.dock_url or f"{scheme}://{host}:{self.port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Begin to serve; returns once it listens."""
        self._thread.start()
        self._server.ready.wait()

    def stop(self) -> None:
        """End it: what is being received gets some seconds, then it is broken off, and the client sends it again."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(GRACE + 10)
        self._listener.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._listener]))
        finally:
            self._server.ready.set()


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class BoundedHttp(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with a bound on how much and how long a request may say before its headers end:
    whoever comes here has shown no credential yet."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_bytes = 0
        self._in_head = True
        self._head_timer: asyncio.TimerHandle | None = None
        self._address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        if sum(getattr(one, "_address", None) == self._address for one in self.connections) > MOST_OF_ONE_ADDRESS:
            transport.close()
            return
        self._head_timer = self.loop.call_later(LONGEST_HEAD, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._end_timer()
        self._head_timer = self.loop.call_later(LONGEST_HEAD, self._too_slow)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._end_timer()
        super().on_headers_complete()

    def _too_slow(self) -> None:
        if self._in_head and not self.transport.is_closing():
            self.transport.close()

    def _end_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _config(installation: Installation, settings: Settings) -> uvicorn.Config:
    certificate, key = settings.dock_tls_certificate, settings.dock_tls_key
    config = uvicorn.Config(
        create_dock(installation),
        http=BoundedHttp,
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=certificate if certificate and key else None,
        ssl_keyfile=key if certificate and key else None,
    )
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise DoorTlsWrong(reason=str(error) or type(error).__name__) from error
    return config


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.dock_host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.dock_host, settings.dock_port or 0))
        listener.listen(256)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise DoorPortTaken(host=settings.dock_host, port=settings.dock_port, reason=reason) from error
    return listener
