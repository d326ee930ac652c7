"""Who is told of what, for administrators; and how each person wants to be told, for themselves."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor import notices
from candor.core.clock import Clock
from candor.core.errors import CandorError
from candor.core.outbox import KINDS, Severity
from candor.notices import Choice, Pace, delivery, routing
from candor.notices.choices import pace_named
from candor.notices.delivery import Post
from candor.notices.errors import AccountCannotBeTold, MailNotSetUp, MailNotTaken, NoAddress
from candor.notices.rules import minute_of, time_of
from candor.notices.smtp import Result
from candor.people import contact, service
from candor.people.rules import GUESTS, Permission, Role
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import noted, words_of
from candor.web.pages.inbox import SEVERITY_WORDS
from candor.web.render import render

PACE_WORDS: dict[Pace, str] = {
    Pace.AT_ONCE: noted("At once"),
    Pace.HOURLY: noted("Every hour, in one mail"),
    Pace.DAILY: noted("Every day, in one mail"),
}
#: Roles that can be told: everybody but guests.
TELLABLE = tuple(role for role in Role if role not in GUESTS)


@dataclass(frozen=True)
class Problem:
    """What was wrong with a form: the words, and which form."""

    words: str
    form: str


# -- for oneself


def show_own(request: Request) -> Response:
    """How one is told."""
    return _own(request, None, None, 200)


def _own(request: Request, given: Form | None, problem: Problem | None, status: int) -> Response:
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        choice = notices.choice_of(tx, visit.actor.account_id)
        email = contact.email_of(tx, visit.actor.account_id)
        breaks = notices.urgent_breaks_quiet(tx)
    return render(
        request,
        "account_notices.html",
        status=status,
        values=_values(choice) if given is None else {**_values(choice), **_typed(given)},
        email=given.get("email", "") if given is not None and problem and problem.form == "address" else email or "",
        breaks=breaks,
        problem=problem,
        severity_words=SEVERITY_WORDS,
        pace_words=PACE_WORDS,
        mail_set_up=here.notifier.post is not None,
    )


def _values(choice: Choice) -> dict[str, str]:
    """The fields of the form as the choice has them."""
    return {
        "mail": "yes" if choice.mail else "",
        "daily_at": time_of(choice.daily_at),
        "quiet_from": "" if choice.quiet_from is None else time_of(choice.quiet_from),
        "quiet_until": "" if choice.quiet_until is None else time_of(choice.quiet_until),
        **{f"pace_{severity.value}": choice.paces[severity].value for severity in Severity},
    }


def _typed(form: Form) -> dict[str, str]:
    """The fields as somebody filled them in; a box that is not ticked is not sent."""
    if "daily_at" not in form:
        return {}
    return {"mail": "", **{name: value for name, value in form.items() if name != "csrf"}}


def choose(request: Request) -> Response:
    """Save how one wants to be told."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    try:
        choice = _choice(form)
        with here.database.write() as tx:
            notices.set_choice(tx, visit.actor.account_id, choice)
    except CandorError as error:
        return _own(request, form, Problem(words_of(error), "choice"), status_of(error))
    return RedirectResponse("/account/notices?said=notices-choice", 303)


def _choice(form: Form) -> Choice:
    paces = {severity: pace_named(form.get(f"pace_{severity.value}", "")) for severity in Severity}
    quiet = [form.get(name, "").strip() for name in ("quiet_from", "quiet_until")]
    begins, ends = (minute_of(text) if text else None for text in quiet)
    return Choice(form.get("mail") == "yes", paces, minute_of(form.get("daily_at", "")), begins, ends)


def set_own_address(request: Request) -> Response:
    """Save where one's mails go."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    try:
        with here.database.write() as tx:
            contact.set_email(tx, visit.actor, visit.actor.account_id, form.get("email"), clock=here.clock)
    except CandorError as error:
        return _own(request, form, Problem(words_of(error), "address"), status_of(error))
    return RedirectResponse("/account/notices?said=notices-address", 303)


# -- for everybody


def show_routes(request: Request) -> Response:
    """Who is told of what, and how mail is doing."""
    return _routes(request, None, 200)


def _routes(request: Request, problem: Problem | None, status: int) -> Response:
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        found = notices.routes(tx)
        named = {account_id for route in found.values() for account_id in route.accounts}
        names = _names(tx, named)
        mail = notices.state(tx, now=here.clock.now())
        undelivered = delivery.given_up(tx, limit=5)
        breaks = notices.urgent_breaks_quiet(tx)
    return render(
        request,
        "notices.html",
        status=status,
        routes=found,
        kinds=KINDS,
        names=names,
        tellable=TELLABLE,
        severity_words=SEVERITY_WORDS,
        breaks=breaks,
        mail=mail,
        undelivered=undelivered,
        mail_set_up=here.notifier.post is not None,
        mail_server=here.notifier.post.server.place if here.notifier.post else None,
        may_set_addresses=bool(visit.actor.may(Permission.ACCOUNTS_MANAGE)),
        problem=problem,
        typed=form_of(request) if problem else {},
    )


def _names(tx: Connection, account_ids: set[str]) -> dict[str, str]:
    return {one.id: one.sign_in_name for one in service.accounts(tx) if one.id in account_ids} if account_ids else {}


def change_route(request: Request) -> Response:
    """Say who is told of a kind."""
    here, form = installation_of(request), form_of(request)
    kind = routing.kind_named(request.path_params["kind"])
    try:
        with here.database.write() as tx:
            accounts = routing.account_ids(tx, form.get("people", "").replace(",", " ").split())
            notices.change_route(
                tx, visit_of(request).actor, kind, roles=form.getlist("roles"), accounts=accounts, clock=here.clock
            )
    except CandorError as error:
        return _routes(request, Problem(words_of(error), kind.value), status_of(error))
    return RedirectResponse("/notices?said=notices-route", 303)


def change_rule(request: Request) -> Response:
    """Say whether urgent notices break quiet hours."""
    here = installation_of(request)
    value = form_of(request).get("urgent_breaks_quiet") == "yes"
    with here.database.write() as tx:
        notices.set_urgent_breaks_quiet(tx, visit_of(request).actor, value, clock=here.clock)
    return RedirectResponse("/notices?said=notices-rule", 303)


def send_test(request: Request) -> Response:
    """Send a test mail to oneself, now, and say what the mail server did."""
    here, visit = installation_of(request), visit_of(request)
    try:
        with here.database.read() as tx:
            email = contact.email_of(tx, visit.actor.account_id)
        test_mail(here.notifier.post, email, visit.actor.display_name, here.clock)
    except CandorError as error:
        return _routes(request, Problem(words_of(error), "test"), status_of(error))
    return RedirectResponse("/notices?said=notices-test", 303)


def test_mail(post: Post | None, email: str | None, name: str, clock: Clock) -> None:
    """Hand a test mail to the mail server; MailNotSetUp, NoAddress or MailNotTaken when that did not go."""
    if post is None:
        raise MailNotSetUp()
    if email is None:
        raise NoAddress(name=name)
    outcome = delivery.send_test(post, email, clock.now())
    if outcome.result is not Result.TAKEN:
        raise MailNotTaken(words=outcome.sentence)


def set_address(request: Request) -> Response:
    """Save where somebody's mails go."""
    here, form = installation_of(request), form_of(request)
    try:
        with here.database.write() as tx:
            account = service.account_named(tx, form.get("name", ""))
            if account is None:
                raise AccountCannotBeTold(name=form.get("name", ""))
            contact.set_email(tx, visit_of(request).actor, account.id, form.get("email"), clock=here.clock)
    except CandorError as error:
        return _routes(request, Problem(words_of(error), "address"), status_of(error))
    return RedirectResponse("/notices?said=notices-address", 303)


_MANAGE = Permission.NOTICES_MANAGE
routes = [
    page("/account/notices", show_own, name="account-notices"),
    page("/account/notices", choose, methods=["POST"]),
    page("/account/notices/address", set_own_address, methods=["POST"]),
    page("/notices", show_routes, needs=_MANAGE, name="notices"),
    # Who may keep somebody from being told must be who they say: a stolen session cannot silence an alarm.
    page("/notices/rule", change_rule, needs=_MANAGE, fresh=True, methods=["POST"]),
    page("/notices/test", send_test, needs=_MANAGE, methods=["POST"]),
    page("/notices/routes/{kind}", change_route, needs=_MANAGE, fresh=True, methods=["POST"]),
    page("/notices/address", set_address, needs=Permission.ACCOUNTS_MANAGE, fresh=True, methods=["POST"]),
]
