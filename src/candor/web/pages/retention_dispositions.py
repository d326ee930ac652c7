"""Dispositions: the list, proposing one, what it would destroy and what refers to that, deciding, carrying out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage import register, search
from candor.footage.catalogue import categories
from candor.matters.reading import nothing_walled
from candor.people.rules import Actor, Permission
from candor.retention import deciding, proposing, running
from candor.retention import dispositions as service
from candor.retention.dispositions import Disposition, DispositionKind, DispositionState, ItemState
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import noted
from candor.web.pages.accounts import Problem
from candor.web.pages.retention import STATE_BADGES, names_of
from candor.web.pages.retention_holds import DayNotUnderstood
from candor.web.render import render

#: Items of a page.
SHOWN = 50
KIND_LABELS: dict[DispositionKind, str] = {
    DispositionKind.SCHEDULE: noted("Destroy: the period is over"),
    DispositionKind.ERASURE: noted("Erase, by order of a court"),
    DispositionKind.SEALING: noted("Seal away, by order of a court"),
    DispositionKind.OPENING: noted("Open again what was sealed away, by order of a court"),
}
ITEM_BADGES: dict[ItemState, tuple[str, str, str]] = {
    ItemState.WAITING: (noted("Waits"), "", "clock"),
    ItemState.KEPT: (noted("Kept"), "note", "lock"),
    ItemState.DESTROYED: (noted("Destroyed"), "bad", "cross"),
    ItemState.SEALED: (noted("Sealed away"), "", "lock"),
    ItemState.OPENED: (noted("Opened again"), "ok", "ok"),
}
_MAY_KEEP = (Permission.RECORDINGS_PURGE, Permission.RETENTION_APPROVE, Permission.HOLDS_MANAGE)


def show_all(request: Request) -> Response:
    """The list, and the form for a new one."""
    return _list(request, None, 200, {})


def _list(request: Request, problem: Problem | None, status: int, given: dict[str, str]) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        values: dict[str, Any] = {
            "dispositions": service.all_dispositions(tx),
            "names": names_of(tx),
            "categories": categories(tx),
        }
    given.setdefault("recordings", request.query_params.get("recording", ""))
    return render(
        request,
        "retention_dispositions.html",
        status=status,
        problem=problem,
        given=given,
        kinds=KIND_LABELS,
        state_badges=STATE_BADGES,
        recycle_days=here.settings.retention_recycle_days,
        may_propose=bool(actor.may(Permission.RECORDINGS_PURGE)),
        **values,
    )


def propose(request: Request) -> Response:
    """Propose a disposition."""
    here, form, visit = installation_of(request), form_of(request), visit_of(request)
    try:
        choice = _choice(form, visit.zone)
        kind = form.get("kind", "")
        with here.database.write() as tx:
            made = proposing.propose(
                tx,
                visit.actor,
                number=form.get("number", ""),
                kind=DispositionKind(kind) if kind in set(DispositionKind) else DispositionKind.SCHEDULE,
                authority=form.get("authority", ""),
                reason=form.get("reason", ""),
                choice=choice,
                clock=here.clock,
            )
    except CandorError as error:
        return _list(request, Problem.of(error, "new"), status_of(error), dict(form))
    return RedirectResponse(f"/retention/dispositions/{made}?said=disposition-proposed", 303)


def show(request: Request) -> Response:
    """One disposition."""
    return _show(request, None, 200)


def _show(request: Request, problem: Problem | None, status: int) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    after = request.query_params.get("after", "")
    with here.database.read() as tx:
        found = service.disposition_of(tx, request.path_params["disposition_id"])
        page_of = service.items(tx, found.id, after=after, limit=SHOWN + 1)
        job = None if found.job_id is None else here.jobs.get(tx, found.job_id)
        values: dict[str, Any] = {
            "one": found,
            "counted": service.tally(tx, found.id),
            "items": [_told(tx, actor, item) for item in page_of[:SHOWN]],
            "after": page_of[SHOWN - 1].recording_id if len(page_of) > SHOWN else None,
            "names": names_of(tx),
            "fraction": job.fraction if job is not None and job.ended_at is None else None,
            "rest_until": running.rest_until(tx, here.settings.retention_pause_days),
        }
    now = here.clock.now()
    return render(
        request,
        "retention_disposition.html",
        status=status,
        problem=problem,
        now_at=now,
        kinds=KIND_LABELS,
        state_badges=STATE_BADGES,
        item_badges=ITEM_BADGES,
        recycle_days=here.settings.retention_recycle_days,
        **_may(actor, found),
        **values,
    )


def _may(actor: Actor, found: Disposition) -> dict[str, Any]:
    """What the reader may do with it as it stands."""
    state, by_two = found.state, actor.account_id != found.proposed_by
    going = state in (DispositionState.PROPOSED, DispositionState.APPROVED, DispositionState.RUNNING)
    approves = bool(actor.may(Permission.RETENTION_APPROVE))
    runs = bool(actor.may(Permission.RECORDINGS_PURGE))
    return {
        "may_decide": approves and by_two and state is DispositionState.PROPOSED,
        "may_withdraw": going and (approves or not by_two),
        "may_run": runs and state in (DispositionState.APPROVED, DispositionState.RUNNING),
        "may_keep": going and any(actor.may(one) for one in _MAY_KEEP),
    }


def decide(request: Request) -> Response:
    """Approve or refuse it."""
    here, form, actor = installation_of(request), form_of(request), visit_of(request).actor
    disposition_id, said = request.path_params["disposition_id"], form.get("reason", "")
    try:
        with here.database.write() as tx:
            if form.get("act") == "approve":
                deciding.approve(
                    tx,
                    actor,
                    disposition_id,
                    reason=said,
                    recycle_days=here.settings.retention_recycle_days,
                    at_once=form.get("at_once") == "1",
                    clock=here.clock,
                )
                word = "disposition-approved"
            else:
                deciding.refuse(tx, actor, disposition_id, reason=said, clock=here.clock)
                word = "disposition-refused"
    except CandorError as error:
        return _show(request, Problem.of(error, "decide"), status_of(error))
    return RedirectResponse(f"/retention/dispositions/{disposition_id}?said={word}", 303)


def run(request: Request) -> Response:
    """Have it carried out in the background, or stop that."""
    here, form, actor = installation_of(request), form_of(request), visit_of(request).actor
    disposition_id, word = request.path_params["disposition_id"], "disposition-run"
    try:
        with here.database.write() as tx:
            if form.get("act") == "stop":
                actor.require(Permission.RECORDINGS_PURGE)
                found = service.disposition_of(tx, disposition_id)
                if found.job_id is not None:
                    here.jobs.cancel(tx, found.job_id)
                word = "disposition-stopped"
            else:
                days = here.settings.retention_pause_days
                running.begin(tx, actor, disposition_id, pause_days=days, jobs=here.jobs, clock=here.clock)
    except CandorError as error:
        return _show(request, Problem.of(error, "run"), status_of(error))
    return RedirectResponse(f"/retention/dispositions/{disposition_id}?said={word}", 303)


def keep(request: Request) -> Response:
    """Keep a recording of it back, or take all of it back."""
    here, form, actor = installation_of(request), form_of(request), visit_of(request).actor
    disposition_id, said = request.path_params["disposition_id"], form.get("reason", "")
    try:
        with here.database.write() as tx:
            if form.get("act") == "withdraw":
                deciding.withdraw(tx, actor, disposition_id, reason=said, clock=here.clock)
                word = "disposition-withdrawn"
            else:
                recording_id = form.get("recording", "").strip()
                deciding.keep_item(tx, actor, disposition_id, recording_id, reason=said, clock=here.clock)
                word = "recording-kept"
    except CandorError as error:
        return _show(request, Problem.of(error, "keep"), status_of(error))
    return RedirectResponse(f"/retention/dispositions/{disposition_id}?said={word}", 303)


def _told(tx: Connection, actor: Actor, item: service.Item) -> dict[str, Any]:
    """An item as the page shows it: what it is of, and what refers to it, only to whoever may see the recording; and
    nothing of what a wall closes to the reader."""
    row = search.row_of(tx, actor, item.recording_id)
    if not nothing_walled(tx, actor, item.recording_id):
        return {"item": replace(item, why=None), "row": row, "refers": []}
    refers = [] if row is None else register.references_to(tx, item.recording_id)
    return {"item": item, "row": row, "refers": refers}


def _choice(form: Form, zone: str) -> proposing.Choice:
    named = tuple(form.get("recordings", "").split())
    if form.get("which") != "plan":
        return proposing.Choice(recording_ids=named)
    before = form.get("before", "").strip()
    try:
        moment = datetime.fromisoformat(before).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if before else None
    except ValueError as error:
        raise DayNotUnderstood(text=before) from error
    return proposing.Choice(everything=True, category=form.get("category") or None, before=moment)


_ONE = "/retention/dispositions/{disposition_id}"
routes = [
    page("/retention/dispositions", show_all, needs=Permission.RETENTION_VIEW, name="dispositions"),
    page("/retention/dispositions", propose, needs=Permission.RECORDINGS_PURGE, methods=["POST"]),
    page(_ONE, show, needs=Permission.RETENTION_VIEW, name="disposition"),
    page(f"{_ONE}/decide", decide, needs=Permission.RETENTION_APPROVE, methods=["POST"], fresh=True),
    page(f"{_ONE}/run", run, needs=Permission.RECORDINGS_PURGE, methods=["POST"], fresh=True),
    page(f"{_ONE}/keep", keep, needs=_MAY_KEEP, methods=["POST"]),
]
