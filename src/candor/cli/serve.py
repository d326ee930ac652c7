"""candor serve: the site."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import click
import uvicorn
from starlette.applications import Starlette

from candor.cli.common import end_on_sigterm, opened, say
from candor.cli.key_state import say_of_log_key, say_of_sheet
from candor.core import tracing
from candor.core.errors import CandorError
from candor.core.portal_settings import PortalSettings
from candor.core.settings import Settings
from candor.dock.serving import DockServer
from candor.health.watch import Watch
from candor.installation import Installation
from candor.people import service
from candor.people.errors import PasswordListUnusable
from candor.portal.process import KeptPortal
from candor.web.app import create_app

_logger = logging.getLogger("candor")

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
    tracing.set_up(settings)
    app = create_app(installation)
    if not started:
        installation.start()
    door = _open_door(installation)
    portal = _open_portal(installation)
    watch = Watch(installation)
    watch.start()
    server = _Server(config(app, settings))
    server.on_ready = lambda: (ready or _greet(installation))(address)
    if _is_new(installation):
        say(f"Set-up code for the first run: {app.state.setup_code}")
        say("A browser on this machine itself is not asked for it, unless it comes through a proxy.")
    try:
        server.run(sockets=[listener])
    finally:
        if portal is not None:
            portal.stop()
        if door is not None:
            door.stop()
        watch.stop()
        tracing.shut_down()


def _open_door(installation: Installation) -> DockServer | None:
    """The door for cameras, listening, where there is to be one."""
    if installation.settings.dock_port is None:
        return None
    door = DockServer(installation)
    door.start()
    say(f"The door for cameras is at {door.address}")
    return door


def _open_portal(installation: Installation) -> KeptPortal | None:
    """The pages for everybody, in a process of their own, where there are to be some. Without them the site is served
    all the same."""
    if installation.settings.portal_port is None:
        return None
    try:
        installation.publishing.begin()
        portal = KeptPortal(PortalSettings.of(installation.settings))
    except CandorError as error:
        _logger.error("%s", error)
        say(str(error))
        return None
    say(f"The portal is at {portal.address}")
    return portal


def config(app: Starlette, settings: Settings) -> uvicorn.Config:
    """How the web server runs the site. Only with a public address is there a proxy to be believed."""
    return uvicorn.Config(
        app,
        # What it says goes where everything else does, in the same form (core.logs); requests are logged by ourselves.
        log_config=None,
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
        say_of_password_list(installation)
        say_of_sheet(installation, address)
        say_of_log_key(installation)
        say("Stop it with Ctrl-C.")

    return greet


def say_of_password_list(installation: Installation) -> None:
    """Say so when the operator's list of passwords cannot be used. The site is served all the same: footage comes in,
    people sign in, and only new passwords wait."""
    try:
        installation.password_list.look()
    except PasswordListUnusable as error:
        _logger.error("%s", error)
        say(str(error))


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
