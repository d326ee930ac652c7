"""Duties: what everybody has to do with their cameras, and for supervisors what their unit has to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.clock import Clock
from candor.core.errors import CandorError
from candor.fleet.assignments import holders_now
from candor.fleet.duties import rows, rules, service, training
from candor.fleet.duties.errors import TrainingDayWrong
from candor.fleet.duties.tables import duty as duty_table
from candor.fleet.service import devices
from candor.footage import uncategorised
from candor.people import service as people
from candor.people.rules import Actor, Permission, Role
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.pages.accounts import Problem
from candor.web.render import render

#: What was done stays in sight for so long.
_SETTLED = timedelta(days=14)
#: Who may have a camera, or see who has something to do.
_OWN = (Permission.RECORDINGS_VIEW_OWN, Permission.DUTIES_VIEW)
#: Who may come to the acts of supervisors; whether they may act for a unit is asked there.
_ACT = (Permission.DUTIES_VIEW, Permission.DEVICES_MANAGE)


def show(request: Request) -> Response:
    """The page."""
    return _page(request, None, 200)


def _page(request: Request, problem: Problem | None, status: int) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    now = here.clock.now()
    with here.database.read() as tx:
        values = {**mine(tx, actor, now), **_unit(tx, actor, now)}
    return render(
        request,
        "duties.html",
        status=status,
        problem=problem,
        moment=now,
        duty_words=rules.DUTY_WORDS,
        result_words=rules.RESULT_WORDS,
        action_words=rules.ACTION_WORDS,
        longest_words=rules.LONGEST_WORDS,
        **values,
    )


def mine(tx: Connection, actor: Actor, now: datetime) -> dict[str, Any]:
    """The cameras that somebody has, their latest tests, and what they have to do."""
    held = [one for one in holders_now(tx, now).values() if one.account_id == actor.account_id]
    ids = {one.device_id for one in held}
    tested = service.last_tests(tx, sorted(ids))
    own = duty_table.c.account_id == actor.account_id
    return {
        "my_cameras": [(one, tested.get(one.id)) for one in devices(tx, limit=100_000) if one.id in ids] if ids else [],
        "my_duties": rows.duties(tx, own, settled_since=now - _SETTLED, limit=50),
        "my_trainings": training.trainings_of(tx, actor.account_id),
    }


def waiting_for(tx: Connection, actor: Actor) -> int:
    """How much somebody has to do, for the page where their work begins."""
    return len(rows.duties(tx, duty_table.c.account_id == actor.account_id, limit=100))


def _unit(tx: Connection, actor: Actor, now: datetime) -> dict[str, Any]:
    """What a unit, or everybody, has to do, for whoever may see it."""
    reach = rules.reach(actor)
    if not actor.may(Permission.DUTIES_VIEW) or reach.nobody:
        return {"sees_unit": False}
    unit_id = None if reach.everybody else reach.unit_id
    within = sa.true() if unit_id is None else duty_table.c.unit_id == unit_id
    others = sa.or_(duty_table.c.account_id.is_(None), duty_table.c.account_id != actor.account_id)
    names = {one.id: one.display_name for one in people.accounts(tx, limit=100_000)}
    wearers = [
        one
        for one in people.accounts(tx, active=True, limit=100_000)
        if (unit_id is None or one.unit_id == unit_id) and {Role.OFFICER, Role.SUPERVISOR} & one.roles
    ]
    return {
        "sees_unit": True,
        "everybody": reach.everybody,
        "unit_duties": rows.duties(tx, within, others, limit=300),
        "malfunctions": service.open_malfunctions(tx, unit_id=unit_id),
        "acts_for_all": bool(actor.may(Permission.DEVICES_MANAGE)),
        "acts_for": actor.unit_id if Role.SUPERVISOR in actor.roles else None,
        "wearers": [one for one in wearers if one.id != actor.account_id and rules.may_act_for(actor, one.unit_id)],
        "recent_trainings": training.recent(tx, unit_id=unit_id),
        "names": names,
        "shares": uncategorised.shares(tx, now, unit_id=unit_id),
    }


# -- acts


def mark_tested(request: Request) -> Response:
    """Mark a camera as tested. Form: device, result (in-order or not), what."""

    def act(tx: Connection, actor: Actor, form: Form, clock: Clock) -> str:
        prompt = timedelta(hours=installation_of(request).settings.duty_prompt_hours)
        device, in_order = form.get("device", ""), form.get("result") == "in-order"
        what = "" if in_order else form.get("what", "")
        service.mark_tested(tx, actor, device, in_order, what=what, prompt=prompt, clock=clock)
        return "camera-tested" if in_order else "camera-not-in-order"

    return _act(request, f"test-{form_of(request).get('device', '')}", act)


def report(request: Request) -> Response:
    """Say what is wrong with a camera. Form: device, what."""

    def act(tx: Connection, actor: Actor, form: Form, clock: Clock) -> str:
        prompt = timedelta(hours=installation_of(request).settings.duty_prompt_hours)
        service.report(tx, actor, form.get("device", ""), form.get("what", ""), prompt=prompt, clock=clock)
        return "malfunction-reported"

    return _act(request, f"test-{form_of(request).get('device', '')}", act)


def explain(request: Request) -> Response:
    """Explain a test that was missed. Form: words."""
    duty_id = request.path_params["duty_id"]

    def act(tx: Connection, actor: Actor, form: Form, clock: Clock) -> str:
        service.explain(tx, actor, duty_id, form.get("words", ""), clock=clock)
        return "duty-explained"

    return _act(request, duty_id, act)


def act_on(request: Request) -> Response:
    """Say what was done about a camera. Form: action, note."""
    malfunction_id = request.path_params["malfunction_id"]

    def act(tx: Connection, actor: Actor, form: Form, clock: Clock) -> str:
        action = rules.action_named(form.get("action", ""))
        service.act_on(tx, actor, malfunction_id, action, note=form.get("note", ""), clock=clock)
        return "malfunction-acted"

    return _act(request, malfunction_id, act)


def record_training(request: Request) -> Response:
    """Record that somebody was trained. Form: account, course, day."""

    def act(tx: Connection, actor: Actor, form: Form, clock: Clock) -> str:
        day = day_of(form.get("day", ""))
        training.record_training(tx, actor, form.get("account", ""), form.get("course", ""), day, clock=clock)
        return "training-recorded"

    return _act(request, "training", act)


def withdraw_training(request: Request) -> Response:
    """Say that a record of a training is wrong. Form: reason."""
    training_id = request.path_params["training_id"]

    def act(tx: Connection, actor: Actor, form: Form, clock: Clock) -> str:
        training.withdraw_training(tx, actor, training_id, reason=form.get("reason", ""), clock=clock)
        return "training-withdrawn"

    return _act(request, training_id, act)


def day_of(text: str) -> date:
    """A day as a form writes it; raises TrainingDayWrong."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise TrainingDayWrong(day=text, reason="it is no day of the calendar") from error


def _act(request: Request, name: str, act: Callable[[Connection, Actor, Form, Clock], str]) -> Response:
    here, actor, form = installation_of(request), visit_of(request).actor, form_of(request)
    try:
        with here.database.write() as tx:
            said = act(tx, actor, form, here.clock)
    except CandorError as error:
        return _page(request, Problem.of(error, name), status_of(error))
    return RedirectResponse(f"/duties?said={said}", 303)


routes = [
    page("/duties", show, needs=_OWN, name="duties"),
    page("/duties/tests", mark_tested, needs=_OWN, methods=["POST"]),
    page("/duties/reports", report, needs=_OWN, methods=["POST"]),
    page("/duties/{duty_id}/explanation", explain, needs=_OWN, methods=["POST"]),
    page("/duties/malfunctions/{malfunction_id}", act_on, needs=_ACT, methods=["POST"]),
    page("/duties/trainings", record_training, needs=_ACT, methods=["POST"]),
    page("/duties/trainings/{training_id}/withdrawal", withdraw_training, needs=_ACT, methods=["POST"]),
]
