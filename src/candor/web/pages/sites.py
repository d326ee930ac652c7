"""Sites: where cameras are handed out and handed over."""

from __future__ import annotations

from collections import Counter

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.fleet import places, service
from candor.fleet.rules import DOCK_WORDS, DeviceState
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.pages.accounts import Problem
from candor.web.render import render


def show_all(request: Request) -> Response:
    """All sites, with what is at each."""
    return _list(request, None, 200)


def _list(request: Request, problem: Problem | None, status: int) -> Response:
    with installation_of(request).database.read() as tx:
        sites = places.sites(tx, closed=True)
        docks = places.docks(tx)
        cameras = service.devices(tx, limit=100_000)
    return render(
        request,
        "sites.html",
        status=status,
        sites=[*(one for one in sites if not one.closed_at), *(one for one in sites if one.closed_at)],
        docks=docks,
        cameras=Counter(one.site_id for one in cameras if one.state is not DeviceState.RETIRED),
        dock_words=DOCK_WORDS,
        problem=problem,
        may_change=bool(visit_of(request).actor.may(Permission.DOCKS_MANAGE)),
    )


def create(request: Request) -> Response:
    """Add a site."""
    here, form = installation_of(request), form_of(request)
    try:
        with here.database.write() as tx:
            places.create_site(
                tx, visit_of(request).actor, form.get("name", ""), note=form.get("note"), clock=here.clock
            )
    except CandorError as error:
        return _list(request, Problem.of(error, "new"), status_of(error))
    return RedirectResponse("/sites?said=site-created", 303)


def change(request: Request) -> Response:
    """Rename, close or open a site."""
    here, form, actor = installation_of(request), form_of(request), visit_of(request).actor
    site_id = request.path_params["site_id"]
    try:
        with here.database.write() as tx:
            if form.get("act") == "close":
                places.close_site(tx, actor, site_id, clock=here.clock)
            elif form.get("act") == "open":
                places.open_site(tx, actor, site_id, clock=here.clock)
            else:
                changes = {"name": form.get("name", ""), "note": form.get("note", "")}
                places.change_site(tx, actor, site_id, changes, clock=here.clock)
    except CandorError as error:
        return _list(request, Problem.of(error, site_id), status_of(error))
    return RedirectResponse("/sites?said=site-changed", 303)


routes = [
    page("/sites", show_all, needs=Permission.DOCKS_VIEW, name="sites"),
    page("/sites", create, needs=Permission.DOCKS_MANAGE, methods=["POST"]),
    page("/sites/{site_id}", change, needs=Permission.DOCKS_MANAGE, methods=["POST"]),
]
