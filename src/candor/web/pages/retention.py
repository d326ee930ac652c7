"""Retention: the plan, and what waits for somebody: changes of law, dispositions, holds to be looked at."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.jobs import Jobs
from candor.law import changes
from candor.law.books import book_now
from candor.people.rules import Permission
from candor.people.tables import account
from candor.retention import dispositions as service
from candor.retention import holds, plans, running
from candor.retention.dispositions import DispositionState
from candor.retention.planning import BLOCK_WORDS
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import noted
from candor.web.render import render

#: Why recordings stay, as the page says it.
STAYS_WORDS: dict[str, str] = {
    "hold": noted("They are held."),
    "closed": noted("They are closed by order of a court."),
    "open-case": noted("They are in a case that is open."),
    "extended": noted("They are kept longer at somebody’s request."),
    "no-law": noted("No law is in force here."),
    "uncategorised": noted("They have no category that means something to the law."),
    "no-rule": noted("No rule says how long."),
    "not-adopted": noted("The rules that would let them go are neither checked nor adopted."),
    "start-unknown": noted("No end is known yet."),
    "not-over": noted("Their period is not over."),
}
assert STAYS_WORDS.keys() == BLOCK_WORDS.keys()

#: State of a disposition, for people, with the colour and sign of its badge.
STATE_BADGES: dict[DispositionState, tuple[str, str, str]] = {
    DispositionState.PROPOSED: (noted("Waits for approval"), "warn", "clock"),
    DispositionState.APPROVED: (noted("Approved"), "note", "check"),
    DispositionState.REFUSED: (noted("Refused"), "", "cross"),
    DispositionState.WITHDRAWN: (noted("Withdrawn"), "", "cross"),
    DispositionState.RUNNING: (noted("Under way"), "note", "activity"),
    DispositionState.DONE: (noted("Done"), "ok", "check"),
}


def show(request: Request) -> Response:
    """The overview."""
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        asked, plan = plans.newest(tx), plans.newest(tx, done=True)
        book = book_now(tx)
        values: dict[str, Any] = {
            "plan": plan,
            "asked": asked if asked is not None and (plan is None or asked.id != plan.id) else None,
            "fraction": fraction_of(tx, here.jobs, asked),
            "stale": plan is not None and plan.book != book.id,
            "in_force": [f"{pack.id} {pack.version}" for pack in book.packs],
            "rest_until": running.rest_until(tx, here.settings.retention_pause_days),
            "changes": changes.open_changes(tx),
            "dispositions": [
                one
                for one in service.all_dispositions(tx)
                if one.state in (DispositionState.PROPOSED, DispositionState.APPROVED, DispositionState.RUNNING)
            ],
            "due": holds.due(tx, here.clock.now().date()),
            "names": names_of(tx),
        }
    return render(
        request,
        "retention.html",
        stays_words=STAYS_WORDS,
        state_badges=STATE_BADGES,
        may_propose=bool(actor.may(Permission.RECORDINGS_PURGE)),
        **values,
    )


def ask(request: Request) -> Response:
    """Ask for a plan, or stop the one that is being worked out."""
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.write() as tx:
        if form_of(request).get("act") == "stop":
            found = plans.newest(tx)
            if found is not None:
                plans.stop(tx, actor, here.jobs, found.id, clock=here.clock)
            return RedirectResponse("/retention?said=plan-stopped", 303)
        plans.ask(tx, actor, jobs=here.jobs, clock=here.clock)
    return RedirectResponse("/retention?said=plan-asked", 303)


def names_of(tx: Connection) -> dict[str, str]:
    """Who is who: display names by account."""
    return {row.id: row.display_name for row in tx.execute(sa.select(account.c.id, account.c.display_name))}


def fraction_of(tx: Connection, jobs: Jobs, found: plans.Kept | None) -> float | None:
    """How far a plan is that is being worked out, 0 to 1."""
    if found is None or found.job_id is None or found.state not in (plans.PlanState.WAITING, plans.PlanState.RUNNING):
        return None
    job = jobs.get(tx, found.job_id)
    return None if job is None else job.fraction


routes = [
    page("/retention", show, needs=Permission.RETENTION_VIEW, name="retention"),
    page("/retention/plan", ask, needs=Permission.RETENTION_VIEW, methods=["POST"]),
]
