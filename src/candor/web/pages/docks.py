"""Docks: what cameras hand over to, what is under way, the keys and connection files of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection as Transaction
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.docking import credentials, transfers
from candor.docking.axis import connecting as axis_connections
from candor.docking.axis import entries as axis_entries
from candor.docking.axis.connecting import Connection
from candor.docking.axis.entries import CameraUser
from candor.docking.errors import CredentialUnknown
from candor.docking.reconciliation.periods import days_named
from candor.docking.reconciliation.service import reconcile
from candor.docking.transfers import TransferState, UnderWay, unseen_for
from candor.fleet import places
from candor.fleet.places import Dock
from candor.fleet.rules import DockKind
from candor.people import service
from candor.people.auditing import names_of
from candor.people.rules import Permission
from candor.people.service import AccountKind
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import noted, words_of
from candor.web.pages.reconciliation_words import length_words
from candor.web.render import render

DOCK_WORDS: dict[str, str] = {
    DockKind.AXIS: noted("Axis camera system"),
    DockKind.TUS: noted("Program that uploads"),
    DockKind.CARD: noted("Card reader"),
}
#: How a file is on its way, by `Transfer.kind`.
WAY_WORDS: dict[str, str] = {
    "axis": noted("Axis camera system"),
    "tus": noted("Upload"),
    "card": noted("Card"),
    "link": noted("Link for outsiders"),
}
STATE_WORDS: dict[TransferState, tuple[str, str, str]] = {
    TransferState.RECEIVING: (noted("Coming in"), "note", "activity"),
    TransferState.WAITING: (noted("Waiting to go on"), "", "clock"),
    TransferState.ASSEMBLING: (noted("Being sealed"), "note", "seal"),
}
#: Docks of these kinds are made by name alone; an Axis camera system needs a connection.
PLAIN_KINDS = (DockKind.TUS, DockKind.CARD)


@dataclass(frozen=True)
class DockCard:
    """A dock in the list. `problem`: what is not well with it, if anything."""

    dock: Dock
    site: str | None
    files: int
    rate: float
    problem: str | None


# -- all docks


def show(request: Request) -> Response:
    """Every dock, what is under way, and what is missing of the last days."""
    return _list(request, None, 200)


def _list(request: Request, problem: str | None, status: int, given: dict[str, str] | None = None) -> Response:
    here, visit = installation_of(request), visit_of(request)
    now = here.clock.now()
    days = days_named(None, None, visit.zone, now)
    with here.database.read() as tx:
        docks = places.docks(tx, closed=True)
        sites = {one.id: one.name for one in places.sites(tx, closed=True)}
        unmatched = axis_entries.camera_users(tx, unmatched=True)
        under_way = transfers.look(tx, clock=here.clock)
        # Over all cameras of a large agency the comparison takes seconds: the page asks for it once it is shown.
        loss = reconcile(tx, days.span, now=now).summary if request.query_params.get("loss") == "1" else None
        owners = _owners(tx, under_way)
    ways = {one.id: under_way.of_dock(one.id) for one in docks}
    cards = [
        DockCard(one, sites.get(one.site_id or ""), len(ways[one.id].transfers), ways[one.id].rate, _problem(one, now))
        for one in docks
    ]
    return render(
        request,
        "docks.html",
        status=status,
        open_docks=[one for one in cards if one.dock.closed_at is None],
        closed_docks=[one for one in cards if one.dock.closed_at is not None],
        sites=list(sites.items()),
        kinds=PLAIN_KINDS,
        unmatched=len(unmatched),
        loss=loss,
        days=days,
        length=length_words,
        problem=problem,
        given=given or {"name": "", "kind": "", "site_id": ""},
        door=here.settings.dock_port is not None,
        **_shared(request, under_way, owners, docks),
    )


def show_transfers(request: Request) -> Response:
    """Everything that is under way, per file."""
    here = installation_of(request)
    with here.database.read() as tx:
        under_way = transfers.look(tx, clock=here.clock)
        docks = places.docks(tx, closed=True)
        owners = _owners(tx, under_way)
    return render(request, "transfers.html", **_shared(request, under_way, owners, docks))


def create(request: Request) -> Response:
    """Make a dock for programs that upload, or a reader of cards."""
    here, form = installation_of(request), form_of(request)
    try:
        with here.database.write() as tx:
            dock_id = places.create_dock(
                tx,
                visit_of(request).actor,
                form.get("name", ""),
                kind=form.get("kind", ""),
                site_id=form.get("site_id") or None,
                clock=here.clock,
            )
    except CandorError as error:
        given = {name: form.get(name, "") for name in ("name", "kind", "site_id")}
        return _list(request, words_of(error), status_of(error), given)
    return RedirectResponse(f"/docks/{dock_id}?said=dock-created", 303)


# -- one dock


def show_dock(request: Request) -> Response:
    """One dock: its state, keys, users of its camera system."""
    return _dock(request, None, 200)


def _dock(request: Request, problem: str | None, status: int, made: tuple[str, str] | None = None) -> Response:
    here, visit = installation_of(request), visit_of(request)
    may_manage = bool(visit.actor.may(Permission.DOCKS_MANAGE))
    with here.database.read() as tx:
        dock = places.dock(tx, request.path_params["dock_id"])
        connection = _connection(tx, dock.id)
        users: Sequence[CameraUser] = ()
        if connection is not None:
            users = axis_entries.camera_users(tx, connection_id=connection.id)
        keys = credentials.credentials_of(tx, dock.id)
        under_way = transfers.look(tx, clock=here.clock).of_dock(dock.id)
        owners = _owners(tx, under_way)
        people = service.accounts(tx, kind=AccountKind.PERSON, active=True) if may_manage and users else []
        site = places.site(tx, dock.site_id) if dock.site_id else None
    return render(
        request,
        "dock.html",
        status=status,
        dock=dock,
        site=site,
        connection=connection,
        users=sorted(users, key=lambda one: one.account_id is not None),
        unmatched=sum(1 for one in users if one.account_id is None),
        people=people,
        keys=keys,
        live_keys=sum(1 for one in keys if one.revoked_at is None),
        problem=problem,
        made=made,
        not_well=_problem(dock, here.clock.now()),
        address=_address(request),
        **_shared(request, under_way, owners, [dock]),
    )


def new_key(request: Request) -> Response:
    """Make a key for a program and show it, this once: it is kept nowhere, so the page is the answer itself."""
    here = installation_of(request)
    try:
        with here.database.write() as tx:
            dock = places.dock(tx, request.path_params["dock_id"])
            made = credentials.new_credential(tx, visit_of(request).actor, dock.id, clock=here.clock)
    except CandorError as error:
        return _dock(request, words_of(error), status_of(error))
    return _dock(request, None, 200, made)


def revoke_key(request: Request) -> Response:
    """End one key of this dock now."""
    here, dock_id = installation_of(request), request.path_params["dock_id"]
    with here.database.write() as tx:
        found = credentials.credential(tx, request.path_params["key_id"])
        if found.dock_id != dock_id:
            raise CredentialUnknown(id=found.id)
        credentials.revoke_credential(tx, visit_of(request).actor, found.id, clock=here.clock)
    return RedirectResponse(f"/docks/{dock_id}?said=keys-revoked", 303)


def close(request: Request) -> Response:
    """End a dock: its keys open nothing any more. A connection of a camera system ends for good."""
    here, actor, dock_id = installation_of(request), visit_of(request).actor, request.path_params["dock_id"]
    with here.database.write() as tx:
        connection = _connection(tx, dock_id)
        if connection is not None:
            axis_connections.revoke_connection(tx, actor, connection.id, clock=here.clock)
        else:
            for one in credentials.credentials_of(tx, dock_id):
                credentials.revoke_credential(tx, actor, one.id, clock=here.clock)
            places.close_dock(tx, actor, dock_id, clock=here.clock)
    return RedirectResponse(f"/docks/{dock_id}?said=dock-closed", 303)


# -- what several share


def _connection(tx: Transaction, dock_id: str) -> Connection | None:
    return next((one for one in axis_connections.connections(tx) if one.dock_id == dock_id), None)


def _shared(request: Request, under_way: UnderWay, owners: dict[str, str], docks: Sequence[Dock]) -> dict[str, Any]:
    actor = visit_of(request).actor
    return {
        "under_way": under_way,
        "owners": owners,
        "dock_names": {one.id: one.name for one in docks},
        "dock_words": DOCK_WORDS,
        "way_words": WAY_WORDS,
        "state_words": STATE_WORDS,
        # A file's name may tell what footage shows; recordings are for whoever may see them.
        "may_manage": bool(actor.may(Permission.DOCKS_MANAGE)),
        "now_at": installation_of(request).clock.now(),
    }


def _owners(tx: Transaction, under_way: UnderWay) -> dict[str, str]:
    return names_of(tx, [one.owner_id for one in under_way.transfers if one.owner_id])


def _problem(dock: Dock, now: datetime) -> str | None:
    """What is not well with a dock."""
    if unseen_for(dock, now) is None:
        return None
    return "never-seen" if dock.seen_at is None else "unseen"


def _address(request: Request) -> str | None:
    try:
        return axis_connections.address_of(installation_of(request).settings)
    except CandorError:
        return None


_VIEW, _MANAGE = Permission.DOCKS_VIEW, Permission.DOCKS_MANAGE
routes = [
    page("/docks", show, needs=_VIEW, name="docks"),
    page("/docks", create, needs=_MANAGE, methods=["POST"]),
    page("/docks/transfers", show_transfers, needs=_VIEW),
    page("/docks/{dock_id}", show_dock, needs=_VIEW),
    page("/docks/{dock_id}/keys", new_key, needs=_MANAGE, methods=["POST"], fresh=True),
    page("/docks/{dock_id}/keys/{key_id}/revoke", revoke_key, needs=_MANAGE, methods=["POST"]),
    page("/docks/{dock_id}/close", close, needs=_MANAGE, methods=["POST"], fresh=True),
]
