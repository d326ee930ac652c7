"""Cameras: the list, and one with what is known of it, who had it, what its clock said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.fleet import assignments, clocks, places, service
from candor.fleet.clock_rules import CLOCK_WORDS, READING_WORDS, ClockState, ReadingSource
from candor.fleet.errors import WhoMissing
from candor.fleet.moments import moment
from candor.fleet.rules import KIND_WORDS, STATE_WORDS, DeviceKind, DeviceState, shown_state
from candor.footage import search
from candor.footage.discrepancies import Discrepancy, counts_by_device, open_discrepancies
from candor.footage.query import Query
from candor.footage.rules import unrestricted_for
from candor.footage.tables import recording
from candor.people.rules import Permission
from candor.people.tables import account
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.cameras_chart import chart_of
from candor.web.render import render

#: Rows of a list on one page; whoever has more narrows it.
MOST_ROWS = 500
#: The latest of each that a camera's page shows.
_LATEST = 30
#: What a form sends for “nobody: it lies in the pool”.
POOL = "pool"

_SETTABLE = tuple(state for state in DeviceState if state is not DeviceState.ISSUED)


# -- the list


def show_all(request: Request) -> Response:
    """All cameras: which they are, who has each now, what needs a look."""
    given = request.query_params
    text, found = given.get("text", ""), given.get("found") == "yes"
    kind, state, clock_bad = given.get("kind", ""), given.get("state", ""), given.get("clock") == "bad"
    here = installation_of(request)
    with here.database.read() as tx:
        chosen = service.devices(
            tx,
            text=text,
            kind=DeviceKind(kind) if kind in list(DeviceKind) else None,
            found=True if found else None,
            limit=10_000,
        )
        held = assignments.holders_now(tx, here.clock.now())
        finding = clocks.findings(tx, [one.id for one in chosen])
        rows = [
            one
            for one in chosen
            if (not state or shown_state(one.state, one.id in held) == state)
            and (not clock_bad or finding[one.id].state.bad)
        ]
        conflicts = counts_by_device(tx)
        unconfirmed = len(service.devices(tx, found=True))
        waiting = _unrestricted(tx, request, open_discrepancies(tx, limit=20))
        values: dict[str, Any] = {
            "names": _people(tx),
            "sites": {one.id: one.name for one in places.sites(tx, closed=True)},
            "begun": _begun(tx, [one.recording_id for one in waiting]),
        }
    return render(
        request,
        "cameras.html",
        cameras=rows[:MOST_ROWS],
        more=max(0, len(rows) - MOST_ROWS),
        held=held,
        finding=finding,
        conflicts=conflicts,
        unconfirmed=unconfirmed,
        waiting=waiting,
        given={"text": text, "kind": kind, "state": state, "found": found, "clock": clock_bad},
        **values,
        **_words(request),
    )


def show_new(request: Request) -> Response:
    """The form of a new camera."""
    return _new(request, {"kind": DeviceKind.BODY.value}, None, 200)


def _new(request: Request, given: Mapping[str, Any], problem: Problem | None, status: int) -> Response:
    with installation_of(request).database.read() as tx:
        sites = places.sites(tx)
    blank = {"serial": "", "kind": "", "make": "", "model": "", "firmware": "", "site_id": "", "pooled": False}
    values: dict[str, Any] = {"given": blank | dict(given), "sites": sites, "problem": problem}
    return render(request, "camera_new.html", status=status, **values, **_words(request))


def create(request: Request) -> Response:
    """Register a camera."""
    here, form = installation_of(request), form_of(request)
    given = {name: form.get(name, "") for name in ("serial", "kind", "make", "model", "firmware", "site_id")}
    more: dict[str, Any] = {name: given[name] or None for name in ("make", "model", "firmware", "site_id")}
    pooled = form.get("pooled") == "yes"
    try:
        with here.database.write() as tx:
            device_id = service.register_device(
                tx,
                visit_of(request).actor,
                given["serial"],
                given["kind"],
                **more,
                pooled=pooled,
                clock=here.clock,
            )
    except CandorError as error:
        return _new(request, {**given, "pooled": pooled}, Problem.of(error, "new"), status_of(error))
    return RedirectResponse(f"/cameras/{device_id}?said=camera-registered", 303)


# -- one camera


def show_one(request: Request) -> Response:
    """One camera."""
    return _one(request, None, 200)


def _one(request: Request, problem: Problem | None, status: int, form: Mapping[str, str] | None = None) -> Response:
    here, visit = installation_of(request), visit_of(request)
    device_id = request.path_params["device_id"]
    with here.database.read() as tx:
        found = service.device(tx, device_id)
        held = assignments.holders_now(tx, here.clock.now()).get(device_id)
        readings = clocks.readings_of(tx, device_id)
        values: dict[str, Any] = {
            "entries": assignments.assignments_of(tx, device_id, withdrawn=True, limit=_LATEST * 2),
            "firmware": service.firmware_of(tx, device_id),
            "sites": places.sites(tx),
            "site_name": {one.id: one.name for one in places.sites(tx, closed=True)}.get(found.site_id or ""),
            "names": _people(tx),
            "people": _assignable(tx),
            "recordings": search.find(tx, visit.actor, Query(device=device_id, limit=10)),
            "recorded": _recorded(tx, device_id),
            "conflicts": open_discrepancies(tx, device_id=device_id),
        }
        has = None if held is None else held.account_id
        values["lacks"] = assignments.lacking(tx, has, device_id, here.clock.now()) if has else ()
    return render(
        request,
        "camera.html",
        status=status,
        camera=found,
        held=held,
        state=shown_state(found.state, held is not None),
        finding=clocks.finding_from(readings),
        readings=list(reversed(readings[-_LATEST:])),
        chart=chart_of(readings[-_LATEST * 4 :], visit.zone),
        problem=problem,
        given=dict(form or {}),
        now_at=here.clock.now(),
        **values,
        **_words(request),
    )


def change(request: Request) -> Response:
    """Change what is known of a camera, or confirm one that was found."""
    form = form_of(request)
    names = ("kind", "make", "model", "firmware", "state", "site_id", "note")
    given: dict[str, Any] = {name: form[name] for name in names if name in form}
    given["pooled"] = form.get("pooled") == "yes"

    def act(tx: Connection, device_id: str) -> None:
        actor, clock = visit_of(request).actor, installation_of(request).clock
        service.confirm_device(tx, actor, device_id, clock=clock)
        service.change_device(tx, actor, device_id, given, clock=clock)

    return _act(request, act, "facts", "camera-changed")


def enter(request: Request) -> Response:
    """Enter who has, had or will have a camera."""
    form = form_of(request)

    def act(tx: Connection, device_id: str) -> None:
        here = installation_of(request)
        zone = ZoneInfo(visit_of(request).zone)
        assignments.assign(
            tx,
            visit_of(request).actor,
            device_id,
            _who(form),
            moment(form["from"], zone) if form.get("from") else here.clock.now(),
            moment(form["to"], zone) if form.get("to") else None,
            note=form.get("note"),
            clock=here.clock,
        )

    return _act(request, act, "assign", "assignment-entered")


def mend(request: Request) -> Response:
    """End, correct or withdraw an entry of who had a camera."""
    form, entry_id = form_of(request), request.path_params["assignment_id"]

    def act(tx: Connection, device_id: str) -> None:
        here, actor = installation_of(request), visit_of(request).actor
        zone, reason = ZoneInfo(visit_of(request).zone), form.get("reason", "")
        assignments.must_be_of(tx, entry_id, device_id)
        if form.get("act") == "end":
            at = moment(form["to"], zone) if form.get("to") else None
            assignments.end_assignment(tx, actor, entry_id, at, clock=here.clock)
        elif form.get("act") == "withdraw":
            assignments.withdraw_assignment(tx, actor, entry_id, reason=reason, clock=here.clock)
        else:
            first, last = moment(form.get("from", ""), zone), form.get("to")
            assignments.correct_assignment(
                tx,
                actor,
                entry_id,
                _who(form),
                first,
                moment(last, zone) if last else None,
                reason=reason,
                clock=here.clock,
            )

    return _act(request, act, f"entry-{entry_id}", "assignment-corrected")


def read_clock(request: Request) -> Response:
    """Enter what a camera's clock shows, read by a person."""
    form = form_of(request)

    def act(tx: Connection, device_id: str) -> None:
        here, visit = installation_of(request), visit_of(request)
        zone = ZoneInfo(visit.zone)
        clocks.note_reading(
            tx,
            device_id,
            moment(form.get("camera_at", ""), zone),
            moment(form["reference_at"], zone) if form.get("reference_at") else here.clock.now(),
            source=ReadingSource.HAND,
            uncertainty_ms=_milliseconds(form),
            clock_set=form.get("clock_set") == "yes",
            actor=visit.actor.account_id,
            clock=here.clock,
        )

    return _act(request, act, "clock", "clock-read")


def _act(request: Request, act: Any, form: str, said: str) -> Response:
    """Do something with a camera in one transaction, and show it again."""
    device_id = request.path_params["device_id"]
    try:
        with installation_of(request).database.write() as tx:
            service.device(tx, device_id)
            act(tx, device_id)
    except CandorError as error:
        with installation_of(request).database.read() as tx:
            service.device(tx, device_id)  # of a camera that is not there, there is no page to say it on
        return _one(request, Problem(words_of(error), None, form), status_of(error), form_of(request))
    return RedirectResponse(f"/cameras/{device_id}?said={said}", 303)


def _who(form: Form) -> str | None:
    """Who is to have it; None for nobody. Raises WhoMissing when nothing was chosen."""
    chosen = form.get("account_id", "")
    if not chosen:
        raise WhoMissing()
    return None if chosen == POOL else chosen


def _milliseconds(form: Form) -> int:
    try:
        return round(float(form.get("uncertainty") or "2") * 1000)
    except (ValueError, OverflowError):
        return -1  # which the ledger says no to


def _people(tx: Connection) -> dict[str, str]:
    return {row.id: row.display_name for row in tx.execute(sa.select(account.c.id, account.c.display_name))}


def _assignable(tx: Connection) -> list[tuple[str, str]]:
    """Who can be given a camera: people whose accounts are active, by name."""
    query = sa.select(account.c.id, account.c.display_name, account.c.badge)
    query = query.where(account.c.active, account.c.kind == "person").order_by(account.c.display_name)
    return [
        (row.id, f"{row.display_name} · {row.badge}" if row.badge else row.display_name) for row in tx.execute(query)
    ]


def _recorded(tx: Connection, device_id: str) -> tuple[int, Any]:
    """How many recordings there are of a camera, whoever may see them, and the start of the latest."""
    query = sa.select(sa.func.count(), sa.func.max(recording.c.started_at)).where(recording.c.device_id == device_id)
    row = tx.execute(query).one()
    return row[0], row[1]


def _unrestricted(tx: Connection, request: Request, found: list[Discrepancy]) -> list[Discrepancy]:
    """Without those of recordings that a restriction hides from the reader."""
    within = recording.c.id.in_([one.recording_id for one in found]), unrestricted_for(visit_of(request).actor)
    seen = set(tx.scalars(sa.select(recording.c.id).where(*within)))
    return [one for one in found if one.recording_id in seen]


def _begun(tx: Connection, recording_ids: list[str]) -> dict[str, Any]:
    """Start and camera of recordings, by their id."""
    query = sa.select(recording.c.id, recording.c.started_at, recording.c.device_id)
    return {row.id: row for row in tx.execute(query.where(recording.c.id.in_(recording_ids)))}


def _words(request: Request) -> dict[str, Any]:
    actor = visit_of(request).actor
    return {
        "kind_words": KIND_WORDS,
        "state_words": STATE_WORDS,
        "settable": _SETTABLE,
        "clock_words": CLOCK_WORDS,
        "reading_words": READING_WORDS,
        "never_compared": ClockState.UNREAD,
        "may_register": bool(actor.may(Permission.DEVICES_MANAGE)),
        "may_assign": bool(actor.may(Permission.DOCKS_MANAGE)),
    }


_VIEW, _REGISTER, _ASSIGN = Permission.DOCKS_VIEW, Permission.DEVICES_MANAGE, Permission.DOCKS_MANAGE
routes = [
    page("/cameras", show_all, needs=_VIEW, name="cameras"),
    page("/cameras/new", show_new, needs=_REGISTER),
    page("/cameras", create, needs=_REGISTER, methods=["POST"]),
    page("/cameras/{device_id}", show_one, needs=_VIEW),
    page("/cameras/{device_id}", change, needs=_REGISTER, methods=["POST"]),
    page("/cameras/{device_id}/assignments", enter, needs=_ASSIGN, methods=["POST"]),
    page("/cameras/{device_id}/assignments/{assignment_id}", mend, needs=_ASSIGN, methods=["POST"]),
    page("/cameras/{device_id}/readings", read_clock, needs=_ASSIGN, methods=["POST"]),
]
