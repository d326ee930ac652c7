"""The portal's process: `python -m candor.portal`, started by `candor portal serve` or `candor serve`.

It takes its settings from its environment alone, and reads no file of settings. With `--parent PID` it ends with that
process, however that ends.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import signal
import socket
import sys

import uvicorn

from candor.core.errors import CandorError
from candor.core.portal_settings import PortalSettings
from candor.portal.app import create_portal
from candor.portal.connections import protocol

_PR_SET_PDEATHSIG = 1
#: Connections at a time; whoever comes beyond that is told to try again.
_MOST_AT_ONCE = 600
#: Bytes of a request's line and headers.
_LARGEST_HEAD = 16 * 1024


class PortalPortTaken(CandorError):
    """The portal cannot listen on {host} port {port}: {reason}. Another program has it. Choose another with
    CANDOR_PORTAL_PORT or `candor portal serve --port`."""

    exit_code = 2


def main() -> None:
    """Serve until told to end."""
    given = argparse.ArgumentParser(prog="python -m candor.portal")
    given.add_argument("--parent", type=int, default=0, help="end when this process ends")
    parent = given.parse_args().parent
    logging.basicConfig(level=logging.WARNING, format="portal %(levelname)s: %(message)s", stream=sys.stderr)
    try:
        if parent:
            _end_with(parent)
        settings = PortalSettings.from_environment()
        serve(settings)
    except CandorError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def serve(settings: PortalSettings) -> None:
    """Serve the portal; its address is the first line of standard output once it listens."""
    listener = _listen(settings)
    app = create_portal(settings)
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=5,
            h11_max_incomplete_event_size=_LARGEST_HEAD,
            http=protocol(settings.trusted_proxies),
            proxy_headers=settings.url is not None,
            forwarded_allow_ips=settings.trusted_proxies,
            limit_concurrency=_MOST_AT_ONCE,
        )
    )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    server.address = settings.url or f"http://{host}:{listener.getsockname()[1]}/"
    try:
        server.run(sockets=[listener])
    finally:
        app.state.portal.close()


class _Server(uvicorn.Server):
    """Says where it listens, once it does."""

    address = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"{self.address}\n")
        sys.stdout.flush()


def _listen(settings: PortalSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortalPortTaken(host=settings.host, port=settings.port, reason=error.strerror) from error
    return listener


def _end_with(parent: int) -> None:
    """Be ended by the kernel when the parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux":
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        sys.exit(0)


if __name__ == "__main__":
    main()
