"""A request that came at the counter, by post or by telephone: the form, what the law wants named, the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from candor.core.errors import CandorError
from candor.disclosure.requests import assigning, intake
from candor.disclosure.requests.errors import RequestFieldWrong
from candor.disclosure.requests.intake import Intake, Received
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.reading import records_request
from candor.disclosure.requests.rules import RequesterClass
from candor.fleet.errors import MomentWrong
from candor.fleet.moments import moment
from candor.law.books import book_now
from candor.law.requests import RequestFacts, request_answer
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.pages.accounts import Problem
from candor.web.pages.requests_fields import BLANK, named_of, typed
from candor.web.pages.requests_words import MANAGE, shared
from candor.web.render import render


def show(request: Request) -> Response:
    """The form."""
    return _form(request, {**BLANK, "received": "", "account": "", "checked": ""}, None, (), 200)


def _form(
    request: Request, given: Mapping[str, str], problem: Problem | None, lacking: tuple[str, ...], status: int
) -> Response:
    here = installation_of(request)
    with here.database.read() as tx:
        people = assigning.assignable(tx, visit_of(request).actor)
    return render(
        request,
        "request_new.html",
        status=status,
        given=given,
        problem=problem,
        lacking=lacking,
        people=people,
        **shared(),
    )


def create(request: Request) -> Response:
    """Take it in. What the law wants named and is not is said once; sent again with `anyway`, it is taken in."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    given = typed(form, "received", "account", "checked")
    zone = ZoneInfo(visit.zone)
    try:
        named = named_of(given, zone)
        wanted = _intake(given, named, zone)
        if form.get("anyway") != "yes":
            with here.database.read() as tx:
                lacking = lacking_of(tx, wanted.checked(here.clock.now()), named, here.clock.now())
            if lacking:
                return _form(request, given, None, lacking, 422)
        with here.database.write() as tx:
            received = intake.receive(tx, visit.actor, wanted, clock=here.clock)
            if given["account"]:
                assigning.assign(tx, visit.actor, received.id, given["account"], clock=here.clock)
    except CandorError as error:
        return _form(request, given, Problem.of(error, "new"), (), status_of(error))
    return _receipt(request, received)


def _intake(given: Mapping[str, str], named: Named, zone: ZoneInfo) -> Intake:
    return Intake(
        words=given["words"],
        name=given["name"],
        organisation=given["organisation"],
        requester_class=given["class"],
        class_confirmed=given["checked"] == "yes",
        mail=given["mail"],
        phone=given["phone"],
        post=given["post"],
        named=named,
        wants=given["wants"],
        received_at=received_of(given["received"], zone),
    )


def received_of(text: str, zone: ZoneInfo) -> datetime | None:
    """When it was received, as it was typed; None: now. Raises RequestFieldWrong."""
    if not text.strip():
        return None
    try:
        return moment(text, zone)
    except MomentWrong as error:
        raise RequestFieldWrong(field="day of receipt", reason=str(error.fields["reason"])) from error


def lacking_of(tx: Connection, wanted: Intake, named: Named, now: datetime) -> tuple[str, ...]:
    """What the law applied here wants a request to name and this one does not, in words."""
    facts = RequestFacts(wanted.received_at or now, RequesterClass(wanted.requester_class).value, named.nameable)
    return tuple(one.words for one in request_answer(book_now(tx), facts, now).missing)


def _receipt(request: Request, received: Received) -> Response:
    return receipt(request, received.id, received.code)


def receipt(request: Request, request_id: str, code: str | None, *, replaced: bool = False) -> Response:
    """What whoever asked takes home. The code is in this answer alone, so it is not a page that can be opened again.
    `replaced`: the code came in the place of another."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        one = records_request(tx, visit.actor, request_id)
    return render(
        request,
        "request_receipt.html",
        headers={"cache-control": "no-store"},
        number=one.number,
        request_id=one.id,
        code=code,
        replaced=replaced,
        received_at=one.received_at,
        due_at=one.due_at,
        due_rule=one.due_rule,
        words=one.words,
        status_address=status_address(request),
    )


def status_address(request: Request) -> str | None:
    """Where whoever asked looks at their request; None where the agency has no public site."""
    address = installation_of(request).settings.portal_url
    return f"{address.rstrip('/')}/status" if address else None


routes = [
    page("/requests/new", show, needs=MANAGE),
    page("/requests", create, needs=MANAGE, methods=["POST"]),
]
