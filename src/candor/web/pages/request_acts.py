"""What is done with a request on its page: each act in one transaction; what was wrong is said where it was typed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.clock import Clock
from candor.core.errors import CandorError
from candor.disclosure.requests import answering, assigning, changing, clocks, codes, fees, meant, messages
from candor.disclosure.requests.errors import RequestChangedMeanwhile, RequestFieldWrong, RequestUnknown
from candor.disclosure.requests.reading import records_request
from candor.people.rules import Actor
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.request import page_of
from candor.web.pages.requests_fields import named_of, typed
from candor.web.pages.requests_new import receipt, received_of
from candor.web.pages.requests_words import MANAGE

Act = Callable[[Connection, Actor, str, Form, Clock], str | None]


def _act(request: Request, form_name: str, said: str, act: Act, anchor: str = "") -> Response:
    """Do it and show the request again. What the act gives back is said instead of `said`."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    request_id = request.path_params["request_id"]
    try:
        with here.database.write() as tx:
            found = records_request(tx, visit.actor, request_id)
            word = act(tx, visit.actor, found.id, form, here.clock) or said
    except RequestUnknown:
        raise  # of a request that is not there, there is no page to say it on
    except RequestChangedMeanwhile:
        words = _(
            "Somebody else changed this request while you were at it. What stands below is how it is now; what you "
            "typed is still in its form. Look at it, and send it again if it still fits."
        )
        return page_of(request, Problem(words, None, form_name), 409, dict(form))
    except CandorError as error:
        return page_of(request, Problem(words_of(error), None, form_name), status_of(error), dict(form))
    return RedirectResponse(f"/requests/{found.id}?said={word}{anchor}", 303)


def version_of(form: Form) -> int | None:
    """The version that a form was made for; None where it names none that can be one."""
    version = form.get("version", "")
    return int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None


def assign(request: Request) -> Response:
    """Give it to somebody, to nobody, or take it oneself. Form: account, me."""

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> None:
        account_id = actor.account_id if form.get("me") == "yes" else form.get("account") or None
        assigning.assign(tx, actor, request_id, account_id, clock=clock)

    return _act(request, "assign", "request-assigned", act)


def mean(request: Request) -> Response:
    """Say that recordings are meant, or are not. Form: meant (yes, no), why; recording, or ids as typed."""

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> str | None:
        named = form.get("recording") or form.get("ids", "")
        ids = [one.split("?")[0].rstrip("/").rpartition("/")[2] for one in named.split()]
        if form.get("meant") == "no":
            meant.not_mean(tx, actor, request_id, ids, why=form.get("why", ""), clock=clock)
            return "request-not-meant"
        meant.mean(tx, actor, request_id, ids, why=form.get("why", ""), clock=clock)
        return None

    return _act(request, "name" if form_of(request).get("form") == "name" else "meant", "request-meant", act, "#meant")


def extend(request: Request) -> Response:
    """Extend clocks as their rule allows. Form: clock (several that are the same), reason, version."""
    ids = list(dict.fromkeys(form_of(request).getlist("clock")))

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> None:
        seen, why = version_of(form), form.get("reason", "")
        for clock_id in ids:
            clocks.extend(tx, actor, request_id, clock_id, reason=why, expected_version=seen, clock=clock)
            seen = None  # the first of them changed it

    return _act(request, f"extend-{ids[0] if ids else ''}", "request-extended", act, "#clocks")


def write(request: Request) -> Response:
    """A message to whoever asked, or a note that stays here. Form: words, way (out, note), clarify."""

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> str | None:
        if form.get("way") == "note":
            messages.write_note(tx, actor, request_id, form.get("words", ""), clock=clock)
            return "request-noted"
        asks = form.get("clarify") == "yes"
        messages.send(tx, actor, request_id, form.get("words", ""), asks=asks, clock=clock)
        return None

    return _act(request, "message", "request-written", act, "#messages")


def answer(request: Request) -> Response:
    """It is answered. Form: outcome, version."""

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> str | None:
        version = version_of(form)
        late = answering.answer(tx, actor, request_id, form.get("outcome", ""), expected_version=version, clock=clock)
        return "request-answered-late" if late else None

    return _act(request, "answer", "request-answered", act)


def withdraw(request: Request) -> Response:
    """Whoever asked took it back. Form: reason."""

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> None:
        answering.withdraw(tx, actor, request_id, reason=form.get("reason", ""), clock=clock)

    return _act(request, "withdraw", "request-withdrawn", act)


def reopen(request: Request) -> Response:
    """Take it up again. Form: reason."""

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> None:
        answering.reopen(tx, actor, request_id, reason=form.get("reason", ""), clock=clock)

    return _act(request, "reopen", "request-reopened", act)


def change(request: Request) -> Response:
    """Set right what is known of it. Form: the fields of a request but its words, received, version."""
    zone = ZoneInfo(visit_of(request).zone)

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> None:
        given = typed(form, "received")
        wanted: dict[str, Any] = {name: given[name] for name in _CHANGED}
        wanted |= {"requester_class": given["class"], "named": named_of(given, zone)}
        received = received_of(given["received"], zone)
        before = records_request(tx, actor, request_id).received_at
        if received is not None and received != before.replace(second=0, microsecond=0):
            wanted["received_at"] = received  # a form shows minutes; what was not changed keeps its seconds
        changing.change(tx, actor, request_id, wanted, expected_version=version_of(form), clock=clock)

    return _act(request, "facts", "request-changed", act)


_CHANGED = ("name", "organisation", "mail", "phone", "post", "wants")


def confirm_class(request: Request) -> Response:
    """Somebody saw that they are what they say. Form: class, version."""

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> None:
        wanted = {"requester_class": form.get("class", ""), "class_confirmed": True}
        changing.change(tx, actor, request_id, wanted, expected_version=version_of(form), clock=clock)

    return _act(request, "class", "request-class", act)


def new_code(request: Request) -> Response:
    """Give whoever asked a new tracking code, shown in this answer alone. Form: shown, version."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    try:
        with here.database.write() as tx:
            found = records_request(tx, visit.actor, request.path_params["request_id"])
            shown, version = form.get("shown", ""), version_of(form)
            code = codes.replace_code(
                tx, visit.actor, found.id, shown=shown, expected_version=version, clock=here.clock
            )
    except RequestUnknown:
        raise
    except RequestChangedMeanwhile:
        words = _("Somebody else changed this request while you were at it. Look at it, and send it again if it fits.")
        return page_of(request, Problem(words, None, "code"), 409, dict(form))
    except CandorError as error:
        return page_of(request, Problem(words_of(error), None, "code"), status_of(error), dict(form))
    return receipt(request, found.id, code, replaced=True)


def estimate(request: Request) -> Response:
    """Put on record what it would cost. Form: pages, hours."""

    def act(tx: Connection, actor: Actor, request_id: str, form: Form, clock: Clock) -> None:
        pages, hours = _number(form, "pages", _("number of pages")), _number(form, "hours", _("hours of work"))
        fees.record_estimate(tx, actor, request_id, pages=int(pages), work_hours=hours, clock=clock)

    return _act(request, "estimate", "request-estimated", act, "#work")


def _number(form: Form, name: str, words: str) -> Decimal:
    try:
        number = Decimal(form.get(name, "").strip().replace(",", ".") or "0")
    except InvalidOperation as error:
        raise RequestFieldWrong(field=words, reason=_("it is no number")) from error
    if not number.is_finite():
        raise RequestFieldWrong(field=words, reason=_("it is no number"))
    return number


_ONE = "/requests/{request_id}"
routes = [
    page(_ONE, change, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/class", confirm_class, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/code", new_code, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/estimate", estimate, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/assign", assign, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/meant", mean, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/extend", extend, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/message", write, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/answer", answer, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/withdraw", withdraw, needs=MANAGE, methods=["POST"]),
    page(f"{_ONE}/reopen", reopen, needs=MANAGE, methods=["POST"]),
]
