"""Connections of Axis camera systems: make one, download its file, end older keys, say who its users are."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy.engine import Connection as Transaction
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError, NotFound
from candor.docking.axis import connecting as axis_connections
from candor.docking.axis import entries as axis_entries
from candor.docking.axis.connecting import Connection
from candor.fleet import places
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.render import render

CONTAINERS = ("mkv", "mp4")


def show_new(request: Request) -> Response:
    """The form of a new connection."""
    return _form(request, None, 200)


def _form(request: Request, problem: str | None, status: int, given: dict[str, str] | None = None) -> Response:
    here = installation_of(request)
    address, unusable = None, None
    try:
        address = axis_connections.address_of(here.settings)
    except CandorError as error:
        unusable = words_of(error)
    with here.database.read() as tx:
        sites = places.sites(tx)
    return render(
        request,
        "dock_axis_new.html",
        status=status,
        sites=sites,
        containers=CONTAINERS,
        address=address,
        unusable=unusable,
        plain=bool(address and address.startswith("http:")),
        problem=problem,
        given=given or {"name": "", "site_id": "", "container": CONTAINERS[0], "encrypted": ""},
    )


def create(request: Request) -> Response:
    """Make a connection; its file is made on its dock's page."""
    here, form = installation_of(request), form_of(request)
    try:
        with here.database.write() as tx:
            made = axis_connections.new_connection(
                tx,
                here.vault,
                visit_of(request).actor,
                form.get("name", ""),
                site_id=form.get("site_id") or None,
                encrypted=form.get("encrypted") == "yes",
                container_type=form.get("container", CONTAINERS[0]),
                clock=here.clock,
            )
            dock_id = axis_connections.connection(tx, made).dock_id
    except CandorError as error:
        given = {name: form.get(name, "") for name in ("name", "site_id", "container", "encrypted")}
        return _form(request, words_of(error), status_of(error), given)
    return RedirectResponse(f"/docks/{dock_id}?said=axis-created#file", 303)


def download(request: Request) -> Response:
    """A connection file with a new key, this once: the key is kept nowhere, so the file is the answer itself. Raises
    ConnectionFileUnusable and others."""
    here = installation_of(request)
    with here.database.write() as tx:
        found = _of_dock(request, tx)
        content = axis_connections.connection_file(
            tx, visit_of(request).actor, found.id, settings=here.settings, clock=here.clock
        )
    name = f"connection-{_file_name(found.name)}-{here.clock.now():%Y%m%dT%H%M%SZ}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type="application/json", headers=headers)


def revoke_older(request: Request) -> Response:
    """End every key of a connection but the newest."""
    here = installation_of(request)
    with here.database.write() as tx:
        found = _of_dock(request, tx)
        axis_connections.revoke_older_keys(tx, visit_of(request).actor, found.id, clock=here.clock)
    return RedirectResponse(f"/docks/{found.dock_id}?said=keys-revoked", 303)


def match(request: Request) -> Response:
    """Say who a user of the camera system is."""
    here, form = installation_of(request), form_of(request)
    with here.database.write() as tx:
        found = _of_dock(request, tx)
        user = form.get("user", "")
        if user not in {one.id for one in axis_entries.camera_users(tx, connection_id=found.id)}:
            raise NotFound(what="user of this camera system", id=user[:60])
        account_id = form.get("account") or None
        axis_entries.match_user(tx, visit_of(request).actor, user, account_id, clock=here.clock)
    return RedirectResponse(f"/docks/{found.dock_id}?said=camera-user-matched#users", 303)


def _of_dock(request: Request, tx: Transaction) -> Connection:
    dock_id = request.path_params["dock_id"]
    for one in axis_connections.connections(tx):
        if one.dock_id == dock_id:
            return one
    raise NotFound(what="connection of a camera system", id=dock_id)


def _file_name(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-").lower()[:40] or "dock"


_MANAGE = Permission.DOCKS_MANAGE
routes = [
    page("/docks/axis/new", show_new, needs=_MANAGE, name="dock_axis_new"),
    page("/docks/axis", create, needs=_MANAGE, methods=["POST"], fresh=True),
    page("/docks/{dock_id}/connection-file", download, needs=_MANAGE, methods=["POST"], fresh=True),
    page("/docks/{dock_id}/older-keys", revoke_older, needs=_MANAGE, methods=["POST"]),
    page("/docks/{dock_id}/users", match, needs=_MANAGE, methods=["POST"]),
]
