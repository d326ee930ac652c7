"""Who may see a recording: what its page says of it, and the page where whoever may restrict recordings does so.

That page says nothing of the footage: whoever deals with a restriction need not see what it closes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage import restricting
from candor.footage.restriction_errors import RestrictionUnknown
from candor.footage.restriction_rules import KIND_EXPLAINED, KIND_WORDS, RestrictionKind
from candor.footage.restrictions import LONGEST_REASON, Restriction, restrictions_of
from candor.footage.search import row_of
from candor.law.vocabulary import LABEL_WORDS, Label
from candor.matters import service as cases
from candor.matters.statements import STATE_WORDS, reviews_of
from candor.matters.walls import mark_compelled
from candor.people.auditing import names_of
from candor.people.rules import Actor, Permission
from candor.people.service import AccountKind
from candor.people.tables import account
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.pages.accounts import Problem
from candor.web.render import render

MANAGE = Permission.RESTRICTIONS_MANAGE


def restrictions_told(tx: Connection, actor: Actor, recording_id: str) -> dict[str, Any]:
    """What the recording's page says; whoever calls has checked that the reader may see the recording."""
    return {
        "restrictions": [(one, words_of_kind(one)) for one in restrictions_of(tx, recording_id)],
        "restriction_words": KIND_WORDS,
        "restriction_explained": KIND_EXPLAINED,
        "statement_reviews": reviews_of(tx, actor, recording_id),
        "review_state_words": STATE_WORDS,
        "may_restrict": bool(actor.may(MANAGE)),
        "may_ask_review": bool(actor.may(Permission.RECORDINGS_VIEW_OWN)),
    }


def words_of_kind(one: Restriction) -> str:
    """What it follows from, in words; empty where its kind says it all."""
    if one.kind is RestrictionKind.LABEL and one.ref in set(Label):
        return _(LABEL_WORDS[Label(one.ref)])
    return ""


def show(request: Request) -> Response:
    """Who may see a recording, and what can be done about it."""
    return _page(request, None, 200)


def _page(request: Request, problem: Problem | None, status: int) -> Response:
    actor, recording_id = visit_of(request).actor, request.path_params["recording_id"]
    with installation_of(request).database.read() as tx:
        hidden_by = restricting.why_not(tx, actor, recording_id)
        found = restrictions_of(tx, recording_id)
        seen = row_of(tx, actor, recording_id)
        ids = {one.placed_by for one in found} | {person.account_id for one in found for person in one.people}
        names = names_of(tx, ids)
        people = _people(tx)
    return render(
        request,
        "restrictions.html",
        status=status,
        recording_id=recording_id,
        seen=seen,
        hidden_by=hidden_by,
        restrictions=[(one, words_of_kind(one)) for one in found],
        kinds=RestrictionKind,
        restriction_words=KIND_WORDS,
        restriction_explained=KIND_EXPLAINED,
        names=names,
        people=people,
        problem=problem,
        longest_reason=LONGEST_REASON,
    )


def _people(tx: Connection) -> list[sa.Row[Any]]:
    columns = (account.c.id, account.c.display_name, account.c.badge)
    query = sa.select(*columns).where(account.c.active, account.c.kind == AccountKind.PERSON.value)
    return list(tx.execute(query.order_by(account.c.display_name, account.c.id)))


def put(request: Request) -> Response:
    """Restrict a recording: to named people, an officer out of it, or as compelled."""
    here, actor, form = installation_of(request), visit_of(request).actor, form_of(request)
    recording_id, kind = request.path_params["recording_id"], form.get("kind", "")
    reason, chosen = form.get("reason", ""), form.getlist("account")
    try:
        with here.database.write() as tx:
            if kind == RestrictionKind.COMPELLED:
                restricting.may_manage(tx, actor, recording_id)
                case = cases.case(tx, actor, form.get("case", ""))
                mark_compelled(tx, actor, case.id, recording_id, chosen, reason=reason, clock=here.clock)
            else:
                officer = next(iter(chosen), None) if kind == RestrictionKind.OFFICER else None
                which = RestrictionKind.OFFICER if kind == RestrictionKind.OFFICER else RestrictionKind.CASE
                rule = " ".join(form.get("rule", "").split())[:LONGEST_REASON]
                restricting.restrict(
                    tx, actor, recording_id, which, account_id=officer, reason=reason, rule=rule, clock=here.clock
                )
    except CandorError as error:
        return _failed(request, error, "new")
    return RedirectResponse(f"/recordings/{recording_id}/restrictions?said=restricted", 303)


def change(request: Request) -> Response:
    """Lift a restriction, let somebody in, keep somebody out, or end what is said of somebody."""
    here, actor, form = installation_of(request), visit_of(request).actor, form_of(request)
    recording_id, restriction_id = request.path_params["recording_id"], request.path_params["restriction_id"]
    act, reason, person = form.get("act", ""), form.get("reason", ""), form.get("account", "")
    try:
        with here.database.write() as tx:
            restricting.may_manage(tx, actor, recording_id)
            if restriction_id not in {one.id for one in restrictions_of(tx, recording_id)}:
                raise RestrictionUnknown(id=restriction_id)
            if act == "lift":
                restricting.lift(tx, actor, restriction_id, reason=reason, clock=here.clock)
            elif act == "let-in":
                restricting.let_in(tx, actor, restriction_id, person, reason=reason, clock=here.clock)
            elif act == "keep-out":
                restricting.keep_out(tx, actor, restriction_id, person, reason=reason, clock=here.clock)
            else:
                restricting.end_person(tx, actor, restriction_id, person, reason=reason, clock=here.clock)
    except CandorError as error:
        return _failed(request, error, restriction_id)
    return RedirectResponse(f"/recordings/{recording_id}/restrictions?said=restricted", 303)


def _failed(request: Request, error: CandorError, form: str) -> Response:
    """The page again with what was wrong; where even that may not be seen, the error itself."""
    problem = Problem.of(error, form)
    return _page(request, problem, status_of(error))


routes = [
    page("/recordings/{recording_id}/restrictions", show, needs=MANAGE, name="restrictions"),
    page("/recordings/{recording_id}/restrictions", put, needs=MANAGE, methods=["POST"]),
    page("/recordings/{recording_id}/restrictions/{restriction_id}", change, needs=MANAGE, methods=["POST"]),
]
