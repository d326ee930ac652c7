"""candor serve: the site."""

from __future__ import annotations

import socket
from collections.abc import Callable

import click
import uvicorn
from starlette.applications import Starlette

from candor.cli.common import end_on_sigterm, opened, say
from candor.core.errors import CandorError
from candor.core.settings import Settings
from candor.installation import Installation
from candor.people import service
from candor.web.app import create_app

#: Connections at a time; whoever comes beyond that is told to try again (503) and holds up nobody.
_MOST_AT_ONCE = 512


class PortTaken(CandorError):
    """Nothing can listen on {host} port {port}: {reason}. Another program, or another Candor, has it. Choose another
    with --port, or set CANDOR_PORT."""

    exit_code = 2


@click.command()
@click.option("--host", help="Address to listen on. Default: CANDOR_HOST, else 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port. Default: CANDOR_PORT, else 8642; 0 takes a free one."
)
def command(host: str | None, port: int | None) -> None:
    """Serve the site, with its jobs and the custody log's sequencer, in one process.

    The first time, the site asks for the agency and its administrator. From anywhere but a browser on this machine
    it also asks for a code that is printed here.
    """
    end_on_sigterm()
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    with opened(create=True, **given) as installation:
        serve(installation)


def serve(installation: Installation, *, ready: Callable[[str], None] | None = None, started: bool = False) -> None:
    """Serve until stopped. `ready` is called with the site's address once it listens; `started`: the installation's
    background work runs already."""
    settings = installation.settings
    listener = _listen(settings)
    address = settings.public_url or f"http://{settings.host}:{listener.getsockname()[1]}/"
    app = create_app(installation)
    if not started:
        installation.start()
    server = _Server(config(app, settings))
    server.on_ready = lambda: (ready or _greet(installation))(address)
    if _is_new(installation):
        say(f"Set-up code for the first run: {app.state.setup_code}")
        say("A browser on this machine itself is not asked for it, unless it comes through a proxy.")
    server.run(sockets=[listener])


def config(app: Starlette, settings: Settings) -> uvicorn.Config:
    """How the web server runs the site. Only with a public address is there a proxy to be believed."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        proxy_headers=settings.public_url is not None,
        forwarded_allow_ips=settings.trusted_proxies,
        limit_concurrency=_MOST_AT_ONCE,
    )


def _is_new(installation: Installation) -> bool:
    with installation.database.read() as tx:
        return service.agency(tx) is None


def _greet(installation: Installation) -> Callable[[str], None]:
    def greet(address: str) -> None:
        say(f"Candor is at {address}")
        if _is_new(installation):
            say("Open it in a browser to make the agency and its administrator.")
        say("Stop it with Ctrl-C.")

    return greet


class _Server(uvicorn.Server):
    """Says when it listens."""

    on_ready: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortTaken(host=settings.host, port=settings.port, reason=error.strerror) from error
    return listener
