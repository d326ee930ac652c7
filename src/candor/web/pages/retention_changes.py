"""Changes of the law that is applied here: proposing, what each would do to what is kept, deciding."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage import search
from candor.law import changes
from candor.law.books import book_now
from candor.law.changes import ChangeKind, ChangeState, LawChange
from candor.law.model import Book, Verification
from candor.law.reading import shipped
from candor.law.vocabulary import CLASS_WORDS
from candor.people.rules import Actor, Permission
from candor.retention import law_changes, plans
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import noted
from candor.web.pages.accounts import Problem
from candor.web.pages.retention import fraction_of, names_of
from candor.web.render import render

SHOWN = 100
KIND_LABELS: dict[ChangeKind, str] = {
    ChangeKind.PACK: noted("Law pack"),
    ChangeKind.POLICY: noted("Agency’s policy"),
    ChangeKind.ADOPTION: noted("Rules adopted"),
    ChangeKind.WITHDRAWAL: noted("Rules no longer adopted"),
    ChangeKind.MEANING: noted("Meaning of a category"),
}
STATE_BADGES: dict[ChangeState, tuple[str, str, str]] = {
    ChangeState.PROPOSED: (noted("Waits for a second person"), "warn", "clock"),
    ChangeState.IN_FORCE: (noted("In force"), "ok", "check"),
    ChangeState.REFUSED: (noted("Refused"), "", "cross"),
    ChangeState.WITHDRAWN: (noted("Withdrawn"), "", "cross"),
}
_CHANGE = (Permission.LAW_CHANGE, Permission.LAW_ADOPT)


def show_all(request: Request) -> Response:
    """What is in force, what waits, what was; and the forms for a new one."""
    return _list(request, None, 200, {})


def _list(request: Request, problem: Problem | None, status: int, given: dict[str, str]) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        book = book_now(tx)
        values: dict[str, Any] = {
            "changes": changes.all_changes(tx),
            "names": names_of(tx),
            "book": book,
            "adoptable": _adoptable(book),
            "adopted": sorted({rule for rule, _ in book.adopted}),
        }
    return render(
        request,
        "retention_changes.html",
        status=status,
        problem=problem,
        given=given,
        packs=shipped(),
        kinds=KIND_LABELS,
        state_badges=STATE_BADGES,
        may_change=bool(actor.may(Permission.LAW_CHANGE)),
        may_adopt=bool(actor.may(Permission.LAW_ADOPT)),
        **values,
    )


def propose(request: Request) -> Response:
    """Propose a change, and have it tried out."""
    here, form, actor = installation_of(request), form_of(request), visit_of(request).actor
    try:
        with here.database.write() as tx:
            made = _propose(tx, actor, form, here.clock)
            plans.ask(tx, actor, change_id=made, jobs=here.jobs, clock=here.clock)
    except CandorError as error:
        return _list(request, Problem.of(error, form.get("what", "")), status_of(error), dict(form))
    return RedirectResponse(f"/retention/changes/{made}?said=change-proposed", 303)


def _propose(tx: Connection, actor: Actor, form: Form, clock: Any) -> str:
    what, reason = form.get("what", ""), form.get("reason", "")
    if what == "policy":
        return changes.propose_policy(tx, actor, form.get("policy", "").encode(), reason=reason, clock=clock)
    if what == "adoption":
        return changes.propose_adoption(tx, actor, form.getlist("rule"), reason=reason, clock=clock)
    if what == "withdrawal":
        return changes.propose_withdrawal(tx, actor, form.getlist("rule"), reason=reason, clock=clock)
    if what == "removal":
        return changes.propose_removal(tx, actor, form.get("pack", ""), reason=reason, clock=clock)
    return changes.propose_pack(tx, actor, form.get("pack", ""), reason=reason, clock=clock)


def show(request: Request) -> Response:
    """One change, and what it would do."""
    return _show(request, None, 200)


def _show(request: Request, problem: Problem | None, status: int) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        found = changes.change(tx, request.path_params["change_id"])
        tried = plans.dry_run_of(tx, found.id)
        differing = [] if tried is None else list(plans.differing(tx, tried.id, limit=SHOWN))
        values: dict[str, Any] = {
            "one": found,
            "tried": tried,
            "fraction": fraction_of(tx, here.jobs, tried),
            "differing": [_told(tx, actor, *pair) for pair in differing],
            "drifted": law_changes.staleness(tx, found),
            "other_law": found.dry_run_book is not None and found.dry_run_book != book_now(tx).id,
            "names": names_of(tx),
            "text": changes.text_of(tx, found.text_sha256).decode() if found.text_sha256 else "",
            "words_of": _words_of(book_now(tx), found),
        }
    proposed = found.state is ChangeState.PROPOSED
    may_change = any(actor.may(one) for one in _CHANGE)
    return render(
        request,
        "retention_change.html",
        status=status,
        problem=problem,
        kinds=KIND_LABELS,
        state_badges=STATE_BADGES,
        pause_days=here.settings.retention_pause_days,
        class_words=CLASS_WORDS,
        may_try=proposed and may_change,
        may_decide=proposed and may_change and actor.account_id != found.proposed_by,
        may_withdraw=proposed and actor.account_id == found.proposed_by,
        **values,
    )


def act(request: Request) -> Response:
    """Try it out again, approve, refuse, or take it back."""
    here, form, actor = installation_of(request), form_of(request), visit_of(request).actor
    change_id, reason, what = request.path_params["change_id"], form.get("reason", ""), form.get("act", "")
    try:
        with here.database.write() as tx:
            if what in ("approve", "refuse"):
                approve = what == "approve"
                law_changes.decide(tx, actor, change_id, approve=approve, reason=reason, clock=here.clock)
            elif what == "withdraw":
                law_changes.withdraw(tx, actor, change_id, reason=reason, clock=here.clock)
            else:
                what = "tried"
                plans.ask(tx, actor, change_id=change_id, jobs=here.jobs, clock=here.clock)
    except CandorError as error:
        return _show(request, Problem.of(error, "act"), status_of(error))
    said = {
        "approve": "change-in-force",
        "refuse": "change-refused",
        "withdraw": "change-withdrawn",
        "tried": "change-tried",
    }[what]
    return RedirectResponse(f"/retention/changes/{change_id}?said={said}", 303)


def whole_list(request: Request) -> Response:
    """Exactly which recordings it makes a difference for: `recordings.csv` or `recordings.json`. Identifiers alone."""
    form = request.path_params["form"]
    with installation_of(request).database.read() as tx:
        found = changes.change(tx, request.path_params["change_id"])
        tried = plans.dry_run_of(tx, found.id)
        rows = [] if tried is None else list(plans.differing(tx, tried.id))
    name = f"change-{found.id}.{form}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    if form == "json":
        told = [{"recording": one, "becomes": what} for one, what in rows]
        document = {"change": found.id, "dry_run": found.dry_run, "recordings": told}
        return Response(json.dumps(document, indent=2), media_type="application/json", headers=headers)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["recording", "becomes"])
    writer.writerows(rows)
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _adoptable(book: Book) -> list[tuple[str, str, str]]:
    """Rules in effect that only restrict until counsel adopts them: identifier, words, how well they were checked."""
    found = {
        rule.id: (rule.id, rule.text, rule.verification.value)
        for pack in book.packs
        for rule in pack.rules
        if rule.verification is not Verification.OFFICIAL_TEXT and (rule.id, rule.sha256) not in book.adopted
    }
    return [found[name] for name in sorted(found)]


def _words_of(book: Book, found: LawChange) -> list[tuple[str, str, str]]:
    """Of an adoption or its end, the rules in the words that it is about: identifier, citation, text."""
    wanted = set(found.rules)
    rules = (rule for pack in book.packs for rule in pack.rules if (rule.id, rule.sha256) in wanted)
    return [(rule.id, rule.citation, rule.text) for rule in rules]


def _told(tx: Connection, actor: Actor, recording_id: str, becomes: str) -> dict[str, Any]:
    return {"id": recording_id, "becomes": becomes, "row": search.row_of(tx, actor, recording_id)}


def of_change(found: LawChange) -> str:
    """What a change is of, in short."""
    return found.pack_id or ", ".join(rule for rule, _ in found.rules)


_ONE = "/retention/changes/{change_id}"
routes = [
    page("/retention/changes", show_all, needs=Permission.RETENTION_VIEW, name="changes"),
    page("/retention/changes", propose, needs=_CHANGE, methods=["POST"]),
    page(_ONE, show, needs=Permission.RETENTION_VIEW, name="change"),
    page(_ONE, act, needs=_CHANGE, methods=["POST"], fresh=True),
    page(f"{_ONE}/recordings.{{form}}", whole_list, needs=Permission.RETENTION_VIEW),
]
