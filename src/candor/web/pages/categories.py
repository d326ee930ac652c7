"""The list of categories: what is offered, in which order, and what each means to the law."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage import categories, fields
from candor.law import changes
from candor.law.vocabulary import CLASS_WORDS, LawClass
from candor.people.rules import Permission
from candor.retention import plans
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.pages.accounts import Problem
from candor.web.render import render

_MANAGE = Permission.CATEGORIES_MANAGE


def show(request: Request) -> Response:
    """The list."""
    return _page(request, None, 200)


def _page(request: Request, problem: Problem | None, status: int, typed: str | None = None) -> Response:
    with installation_of(request).database.read() as tx:
        offered, means = categories.categories(tx), categories.law_classes(tx)
        changed_at = categories.meanings_changed_at(tx)
        waiting = {
            name: (one.id, LawClass(meaning))
            for one in changes.open_changes(tx)
            if one.kind is changes.ChangeKind.MEANING
            for name, meaning in one.rules
        }
    return render(
        request,
        "categories.html",
        status=status,
        offered=offered,
        means=means,
        changed_at=changed_at,
        waiting=waiting,
        typed="\n".join(offered) if typed is None else typed,
        classes=[(one.value, CLASS_WORDS[one]) for one in LawClass],
        class_words=CLASS_WORDS,
        longest_reason=fields.LONGEST_REASON,
        problem=problem,
        may_change=bool(visit_of(request).actor.may(_MANAGE)),
    )


def save(request: Request) -> Response:
    """Offer these, in this order. Form: names, one to a line."""
    here, form = installation_of(request), form_of(request)
    typed = form.get("names", "")
    try:
        with here.database.write() as tx:
            names = [line for line in typed.splitlines() if line.strip()]
            categories.set_categories(tx, visit_of(request).actor, names, clock=here.clock)
    except CandorError as error:
        return _page(request, Problem.of(error, "list"), status_of(error), typed)
    return RedirectResponse("/categories?said=categories-changed", 303)


def save_meaning(request: Request) -> Response:
    """Say what a category means to the law, or propose it. Form: category, law_class (empty: nothing), reason."""
    here, form = installation_of(request), form_of(request)
    name = form.get("category", "")
    try:
        with here.database.write() as tx:
            given = form.get("law_class", "").strip()
            law_class = categories.class_named(given) if given else None
            actor = visit_of(request).actor
            meant = categories.set_meaning(tx, actor, name, law_class, reason=form.get("reason", ""), clock=here.clock)
            if meant is not None and meant.change is not None:
                plans.ask(tx, actor, change_id=meant.change, jobs=here.jobs, clock=here.clock)
    except CandorError as error:
        return _page(request, Problem.of(error, name), status_of(error))
    if meant is not None and meant.change is not None:
        return RedirectResponse(f"/retention/changes/{meant.change}?said=change-proposed", 303)
    return RedirectResponse("/categories?said=meaning-changed", 303)


routes = [
    page("/categories", show, needs=(_MANAGE, Permission.LAW_CHANGE, Permission.LAW_ADOPT), name="categories"),
    page("/categories", save, needs=_MANAGE, methods=["POST"]),
    page("/categories/meaning", save_meaning, needs=_MANAGE, methods=["POST"]),
]
