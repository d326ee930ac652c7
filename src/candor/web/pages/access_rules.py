"""The agency's own rules of who sees footage: labels that restrict, officers kept out, what a view is for."""

from __future__ import annotations

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage.access_policy import AskPurpose, change_policy, read_policy
from candor.law.vocabulary import LABEL_WORDS
from candor.matters.narrowing import close_circle, is_closed_circle, open_circle
from candor.matters.reading import Case
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import noted
from candor.web.pages import case as case_page
from candor.web.pages.accounts import Problem
from candor.web.render import render

MANAGE = Permission.RESTRICTIONS_MANAGE
ASK_WORDS: dict[str, str] = {
    AskPurpose.EVERYBODY: noted("Everybody"),
    AskPurpose.OTHERS: noted("Everybody but whoever wore the camera"),
    AskPurpose.NOBODY: noted("Nobody"),
}


def show(request: Request) -> Response:
    """The rules."""
    return _page(request, None, 200)


def _page(request: Request, problem: Problem | None, status: int) -> Response:
    with installation_of(request).database.read() as tx:
        policy = read_policy(tx)
    return render(
        request,
        "access_rules.html",
        status=status,
        policy=policy,
        label_words=LABEL_WORDS,
        ask_words=ASK_WORDS,
        problem=problem,
    )


def save(request: Request) -> Response:
    """Change them."""
    here, form = installation_of(request), form_of(request)
    changes = {
        "restricting_labels": form.getlist("label"),
        "subjects_kept_out": "subjects_kept_out" in form,
        "purpose": form.get("purpose", ""),
        "purposes": form.get("purposes", "").splitlines(),
        "other_purposes": "other_purposes" in form,
    }
    try:
        with here.database.write() as tx:
            change_policy(tx, visit_of(request).actor, changes, clock=here.clock)
    except CandorError as error:
        return _page(request, Problem.of(error, "rules"), status_of(error))
    return RedirectResponse("/access-rules?said=access-rules-changed", 303)


def circle(request: Request) -> Response:
    """Close a case to everybody but its own people, or open it again."""
    here, form, case_id = installation_of(request), form_of(request), request.path_params["case_id"]
    change = open_circle if form.get("act") == "open" else close_circle
    with here.database.write() as tx:
        change(tx, visit_of(request).actor, case_id, reason=form.get("reason", ""), clock=here.clock)
    return RedirectResponse(f"/cases/{case_id}?said=restricted", 303)


def _of_case(tx: Connection, actor: Actor, case: Case) -> dict[str, object]:
    may = actor.may(MANAGE) and actor.may(Permission.CASES_MANAGE)
    return {"closed_circle": is_closed_circle(tx, case.id), "may_close_circle": bool(may)}


case_page.MORE.append(_of_case)

routes = [
    page("/access-rules", show, needs=MANAGE, name="access-rules"),
    page("/access-rules", save, needs=MANAGE, methods=["POST"]),
    page("/cases/{case_id}/circle", circle, needs=MANAGE, methods=["POST"]),
]
