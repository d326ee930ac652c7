"""Reviews before a statement: asked for, granted or refused by another person, begun in company, completed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage.errors import RecordingUnknown
from candor.footage.query import Query
from candor.footage.search import Row, find, row_of
from candor.footage.viewing import REVIEW_PURPOSE, begin_viewing
from candor.law.books import book_now
from candor.matters import service as cases
from candor.matters import statements
from candor.matters.statement_decisions import decide, right_to_review
from candor.matters.statement_errors import ReviewNotNow
from candor.matters.statements import LONGEST_WORDS, OCCASION_WORDS, STATE_WORDS, Occasion, Review, ReviewState
from candor.matters.tables import matter_recording
from candor.people.auditing import names_of
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.pages.accounts import Problem
from candor.web.render import render

SEE = (Permission.RECORDINGS_VIEW_OWN, Permission.STATEMENTS_DECIDE)
#: Recordings that are offered to whoever decides.
MOST_OFFERED = 50


def show_all(request: Request) -> Response:
    """One's own reviews, and those to decide."""
    return _list(request, None, 200)


def _list(request: Request, problem: Problem | None, status: int) -> Response:
    actor, given = visit_of(request).actor, form_of(request)
    ids = (given.getlist("ids") or request.query_params.getlist("ids"))[: statements.MOST_RECORDINGS]
    with installation_of(request).database.read() as tx:
        found = statements.reviews(tx, actor)
        asked = _rows(tx, actor, ids)
    return render(
        request,
        "statements.html",
        status=status,
        mine=[one for one in found if one.officer_id == actor.account_id],
        others=[one for one in found if one.officer_id != actor.account_id],
        asked=asked,
        may_ask=bool(actor.may(Permission.RECORDINGS_VIEW_OWN)),
        occasions=OCCASION_WORDS,
        state_words=STATE_WORDS,
        problem=problem,
        given=given,
        longest=LONGEST_WORDS,
    )


def ask(request: Request) -> Response:
    """Ask for a review."""
    here, actor, form = installation_of(request), visit_of(request).actor, form_of(request)
    try:
        occasion = (
            Occasion(form.get("occasion", "")) if form.get("occasion") in set(Occasion) else Occasion.FORMAL_STATEMENT
        )
        with here.database.write() as tx:
            made = statements.ask(
                tx,
                actor,
                occasion=occasion,
                about=form.get("about", ""),
                recording_ids=form.getlist("ids"),
                clock=here.clock,
            )
    except CandorError as error:
        return _list(request, Problem.of(error, "new"), status_of(error))
    return RedirectResponse(f"/statements/{made}?said=review-asked", 303)


def show(request: Request) -> Response:
    """One review."""
    return _one(request, None, 200)


def _one(request: Request, problem: Problem | None, status: int) -> Response:
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        review = statements.review(tx, actor, request.path_params["review_id"])
        decides = _decides(actor, review)
        rows = {row.id: row for row in _rows(tx, actor, [one for one, _, _ in review.recordings])}
        offered = _offered(tx, request, actor, review, rows) if decides else []
        right = right_to_review(
            book_now(tx),
            recorded_at=min((row.started_at for row in (*rows.values(), *offered)), default=None),
            decided_at=here.clock.now(),
        )
        names = names_of(tx, {one for one in (review.asked_by, review.decided_by) if one})
    return render(
        request,
        "statement.html",
        status=status,
        review=review,
        rows=rows,
        offered=offered,
        right=right,
        names=names,
        mine=review.officer_id == actor.account_id,
        decides=decides,
        may_end=bool(actor.may(Permission.STATEMENTS_DECIDE)),
        occasions=OCCASION_WORDS,
        state_words=STATE_WORDS,
        problem=problem,
        given=form_of(request),
        incident=request.query_params.get("incident", ""),
        case_number=request.query_params.get("case", ""),
        longest=LONGEST_WORDS,
    )


def _decides(actor: Actor, review: Review) -> bool:
    """Whether the actor is offered the decision; whether they may make it is the room's own rule."""
    another = actor.account_id not in (review.officer_id, review.asked_by)
    return review.state is ReviewState.ASKED and another and bool(actor.may(Permission.STATEMENTS_DECIDE))


def _rows(tx: Connection, actor: Actor, ids: list[str]) -> list[Row]:
    return [row for row in (row_of(tx, actor, one) for one in dict.fromkeys(ids)) if row is not None]


def _offered(tx: Connection, request: Request, actor: Actor, review: Review, rows: dict[str, Row]) -> list[Row]:
    """What whoever decides can choose from: what was asked for, and of an incident or a case what they may see."""
    found = dict(rows)
    incident, number = request.query_params.get("incident", "").strip(), request.query_params.get("case", "").strip()
    if incident:
        found |= {row.id: row for row in find(tx, actor, Query(incident=incident, limit=MOST_OFFERED)).rows}
    if number:
        case = cases.case(tx, actor, number)
        inside = matter_recording.c.matter_id == case.id, matter_recording.c.removed_at.is_(None)
        ids = tx.scalars(sa.select(matter_recording.c.recording_id).where(*inside).limit(MOST_OFFERED)).all()
        found |= {row.id: row for row in _rows(tx, actor, list(ids))}
    return sorted(found.values(), key=lambda row: row.started_at)


def act(request: Request) -> Response:
    """Decide, begin, complete or take back a review."""
    here, actor, form = installation_of(request), visit_of(request).actor, form_of(request)
    review_id, wanted = request.path_params["review_id"], form.get("act", "")
    try:
        with here.database.write() as tx:
            if wanted in ("grant", "refuse"):
                decide(tx, actor, review_id, clock=here.clock, **_decision(tx, actor, request, wanted))
            elif wanted == "begin":
                statements.begin(tx, actor, review_id, present=form.get("present", ""), clock=here.clock)
            elif wanted == "complete":
                statements.complete(tx, actor, review_id, clock=here.clock)
            else:
                statements.withdraw(tx, actor, review_id, reason=form.get("reason", ""), clock=here.clock)
    except CandorError as error:
        return _one(request, Problem.of(error, wanted), status_of(error))
    return RedirectResponse(f"/statements/{review_id}?said=review-changed", 303)


def _decision(tx: Connection, actor: Actor, request: Request, wanted: str) -> dict[str, Any]:
    form = form_of(request)
    number = form.get("case", "").strip()
    return {
        "grant": wanted == "grant",
        "reason": form.get("reason", ""),
        "recording_ids": form.getlist("ids"),
        "with_whom": form.get("with_whom", ""),
        "case_id": cases.case(tx, actor, number).id if number else None,
    }


def watch(request: Request) -> Response:
    """Open a recording of a review that was begun: an ordinary viewing, on record before its first byte."""
    here, actor = installation_of(request), visit_of(request).actor
    review_id, recording_id = request.path_params["review_id"], request.path_params["recording_id"]
    with here.database.write() as tx:
        review = statements.review(tx, actor, review_id)
        if review.state is not ReviewState.BEGUN or review.officer_id != actor.account_id:
            raise ReviewNotNow(state=STATE_WORDS[review.state], act="watched")
        if recording_id not in {one for one, granted, _ in review.recordings if granted}:
            raise RecordingUnknown(id=recording_id)
        begun = begin_viewing(tx, actor, recording_id, REVIEW_PURPOSE, clock=here.clock)
    return RedirectResponse(f"/recordings/{recording_id}?viewing={begun.id}", 303)


routes = [
    page("/statements", show_all, needs=SEE, name="statements"),
    page("/statements", ask, needs=SEE, methods=["POST"]),
    page("/statements/{review_id}", show, needs=SEE, name="statement"),
    page("/statements/{review_id}", act, needs=SEE, methods=["POST"]),
    page("/statements/{review_id}/recordings/{recording_id}", watch, needs=SEE, methods=["POST"]),
]
