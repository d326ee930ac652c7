"""The site: every route, and what stands around them."""

from __future__ import annotations

import base64
import importlib.util
import os
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount

from candor.core.errors import CandorError
from candor.core.settings import Settings
from candor.health.metrics import Metrics
from candor.health.place import Place
from candor.web import errors, observing
from candor.web.access import page, visit_of
from candor.web.bearer import Programs
from candor.web.csrf import Csrf
from candor.web.i18n import Catalogues
from candor.web.middleware import Faults, Hosts, SecurityHeaders
from candor.web.observing import Observe, Seen, readiness_of
from candor.web.render import SAID, SHARED, STATIC, home_of, query
from candor.web.session import Visits
from candor.web.static_files import LogFiles, SiteFiles

if TYPE_CHECKING:
    from candor.installation import Installation

#: Modules with a list `routes`, in the order of matching.
PAGES = (
    "setup",
    "sign_in",
    "confirm",
    "account_security",
    "recordings",
    "recording",
    "recording_archive",
    "redaction",
    "redaction_editor",
    "redaction_data",
    "redaction_copies",
    "redaction_hand_out",
    "requests",
    "requests_new",
    "requests_import",
    "requests_statistics",
    "requests_bulk",
    "request",
    "request_acts",
    "request_documents",
    "decide",
    "releases",
    "releases_new",
    "release",
    "release_acts",
    "release_copies",
    "critical",
    "critical_incident",
    "critical_acts",
    "critical_documents",
    "request_letters",
    "cases",
    "case",
    "discovery_guests",
    "discovery",
    "findings",
    "categories",
    "duties",
    "upload",
    "links",
    "give",
    "account_review",
    "accounts",
    "service_accounts",
    "audit",
    "api",
    "roles",
    "jobs",
    "statements",
    "access_rules",
    "cameras",
    "sites",
    "conflicts",
    "docks_axis",
    "docks",
    "reconciliation",
    "law",
    "retention",
    "retention_changes",
    "retention_dispositions",
    "retention_holds",
    "log",
    "recovery_sheet",
    "system",
    "inbox",
    "notices",
)


def create_app(installation: Installation, *, catalogues: Catalogues | None = None) -> Starlette:
    """The site of an installation, to be run by an ASGI server.

    `app.state.setup_code` is the code that the first run asks whoever may sit elsewhere for (`pages.setup`);
    whoever serves the site prints it. The installation's background work is started and ended by the caller.
    """
    settings = installation.settings
    looked_at = Place.of(installation)
    metrics = Metrics(looked_at) if settings.metrics else None
    app = Starlette(
        routes=routes(settings),
        middleware=[
            Middleware(Observe, settings=settings, metrics=metrics),
            Middleware(SecurityHeaders, settings=settings),
            Middleware(Faults, answer=errors.answer),
            Middleware(Hosts, settings=settings),
            Middleware(Programs, installation=installation),
            Middleware(Visits, installation=installation, catalogues=catalogues or Catalogues()),
            Middleware(Csrf, public_url=settings.public_url),
            Middleware(Seen),
        ],
    )
    # Both inside the visit, so that the page knows who is reading.
    app.add_exception_handler(CandorError, errors.answer)
    app.add_exception_handler(404, errors.answer)
    app.add_exception_handler(405, errors.answer)
    app.state.installation = installation
    app.state.metrics = metrics
    app.state.readiness = readiness_of(looked_at)
    app.state.setup_code = new_setup_code()
    return app


def routes(settings: Settings) -> list[BaseRoute]:
    """Every route of the site."""
    found: list[BaseRoute] = [
        page("/", front, public=True, name="front"),
        page("/healthz", observing.alive, public=True, name="health"),
        page("/readyz", observing.readyz, public=True, name="ready"),
        page("/metrics", observing.metrics, public=True, name="metrics"),
        Mount("/static", SiteFiles(STATIC, SHARED), name="static"),
        Mount("/log", LogFiles(settings.log_folder), name="log"),
    ]
    for name in PAGES:
        module = f"candor.web.pages.{name}"
        if importlib.util.find_spec(module) is not None:
            found += import_module(module).routes
    return found


def front(request: Request) -> Response:
    """`/`: to where this visitor begins."""
    visit = visit_of(request)
    if visit.agency is None:
        return RedirectResponse("/setup", 303)
    said = request.query_params.get("said", "")
    home = home_of(visit) if visit.session else "/sign-in"
    return RedirectResponse(query(home, {"said": said if said in SAID else ""}), 303)


def new_setup_code() -> str:
    """80 random bits in four groups, to be read from the server's output and typed."""
    text = base64.b32encode(os.urandom(10)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))
