"""What is done with a critical incident on its page: each act in one transaction; what was wrong is said where it was
typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.clock import Clock
from candor.core.errors import CandorError
from candor.disclosure.critical import asking, closing, incidents, putting_off, saying, viewings
from candor.disclosure.critical.errors import CriticalUnknown
from candor.fleet.moments import moment
from candor.people.rules import Actor
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.critical_incident import page_of
from candor.web.pages.request_acts import version_of
from candor.web.pages.requests_words import MANAGE

__all__ = ["routes"]

Act = Callable[[Connection, Actor, str, Form, Clock], str | None]


def _act(request: Request, form_name: str, said: str, act: Act, anchor: str = "") -> Response:
    """Do it and show the incident again. What the act gives back is said instead of `said`."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    critical_id = request.path_params["critical_id"]
    try:
        with here.database.write() as tx:
            found = incidents.critical_incident_of(tx, visit.actor, critical_id)
            word = act(tx, visit.actor, found.id, form, here.clock) or said
    except CriticalUnknown:
        raise  # of an incident that is not there, there is no page to say it on
    except CandorError as error:
        status = 409 if status_of(error) == 403 else status_of(error)
        return page_of(request, Problem(words_of(error), None, form_name), status, dict(form))
    return RedirectResponse(f"/critical/{found.id}?said={word}{anchor}", 303)


def _moment(request: Request, name: str) -> datetime | None:
    """A moment as it was typed, in the agency's zone; None where nothing was. Raises MomentWrong."""
    text = form_of(request).get(name, "")
    return moment(text, ZoneInfo(visit_of(request).zone)) if text.strip() else None


def change(request: Request) -> Response:
    """Correct place, summary, case. Form: place, summary, case."""

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> None:
        words = {name: form[name] for name in ("place", "summary") if name in form}
        case_id = form.get("case", "").strip() or None
        incidents.change(tx, actor, critical_id, **words, case_id=case_id, clock=clock)

    return _act(request, "facts", "critical-changed", act)


def add_recordings(request: Request) -> Response:
    """Say which recordings belong to it. Form: ids, identifiers or addresses with spaces between."""

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> None:
        ids = [one.split("?")[0].rstrip("/").rpartition("/")[2] for one in form.get("ids", "").split()]
        incidents.add_recordings(tx, actor, critical_id, ids, clock=clock)

    return _act(request, "recordings", "critical-recordings-added", act, "#recordings")


def asked(request: Request) -> Response:
    """Say that a request for records is about it. Form: request, its number."""

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> None:
        asking.asked_by(tx, actor, critical_id, form.get("request", "").strip(), clock=clock)

    return _act(request, "asked", "critical-asked", act)


def offer(request: Request) -> Response:
    """Offer a viewing. Form: who, name, offered_for, words."""

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> None:
        at = _moment(request, "offered_for") or moment("", ZoneInfo("UTC"))
        given = {"who": form.get("who", ""), "name": form.get("name", ""), "words": form.get("words", "")}
        viewings.offer(tx, actor, critical_id, **given, offered_for=at, clock=clock)

    return _act(request, "offer", "critical-offered", act, "#viewings")


def viewing(request: Request) -> Response:
    """What became of an offer. Form: act (held, declined), present, held_at, words."""
    viewing_id = request.path_params["viewing_id"]

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> str | None:
        if form.get("act") == "declined":
            viewings.declined(tx, actor, critical_id, viewing_id, words=form.get("words", ""), clock=clock)
            return "critical-declined"
        at, present = _moment(request, "held_at"), form.get("present", "")
        viewings.viewed(tx, actor, critical_id, viewing_id, present=present, held_at=at, clock=clock)
        return None

    return _act(request, f"viewing-{viewing_id}", "critical-viewed", act, "#viewings")


def consent(request: Request) -> Response:
    """A consent, or its refusal. Form: who, name, given (yes, no), document."""

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> None:
        saying.record_consent(
            tx,
            actor,
            critical_id,
            who=form.get("who", ""),
            name=form.get("name", ""),
            given=form.get("given") == "yes",
            document_id=form.get("document") or None,
            clock=clock,
        )

    return _act(request, "consent", "critical-consent", act, "#consents")


def put_off(request: Request) -> Response:
    """Put clocks of a rule off. Form: rule, reason, document."""

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> None:
        given = {name: form.get(name, "") for name in ("rule", "reason")}
        putting_off.put_off(tx, actor, critical_id, **given, document_id=form.get("document", ""), clock=clock)

    return _act(request, f"put-off-{form_of(request).get('rule', '')}", "critical-put-off", act, "#clocks")


def state(request: Request) -> Response:
    """A statement beside the footage. Form: said_by, words, said_at, document, public."""

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> None:
        saying.add_statement(
            tx,
            actor,
            critical_id,
            said_by=form.get("said_by", ""),
            words=form.get("words", ""),
            said_at=_moment(request, "said_at"),
            document_id=form.get("document") or None,
            public=form.get("public") == "yes",
            clock=clock,
        )

    return _act(request, "statement", "critical-statement", act, "#statements")


def close(request: Request) -> Response:
    """Close it. Form: reason, although, holds (keep, free), keep_because, version."""

    def act(tx: Connection, actor: Actor, critical_id: str, form: Form, clock: Clock) -> str | None:
        free = form.get("holds") == "free"
        found = closing.close(
            tx,
            actor,
            critical_id,
            reason=form.get("reason", ""),
            although=form.get("although") == "yes",
            keep_because="" if free else form.get("keep_because", ""),
            free_holds=free,
            upon=version_of(form),
            clock=clock,
        )
        if found.freed:
            return "critical-closed-freed"
        return "critical-closed-kept" if found.kept else None

    return _act(request, "close", "critical-closed", act)


_ONE = "/critical/{critical_id}"
routes = [
    page(_ONE, change, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/recordings", add_recordings, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/requests", asked, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/viewings", offer, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/viewings/{{viewing_id}}", viewing, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/consents", consent, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/put-off", put_off, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/statements", state, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/close", close, needs=MANAGE, methods=["POST"]),
]
