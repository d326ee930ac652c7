"""Accounts and units for administrators; everybody's own account: password and open sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.people import passwords, reviews, service, sessions, sign_in
from candor.people.rules import GUESTS, Permission, Role
from candor.people.service import Account, AccountKind, NewAccount
from candor.web import door
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import noted, words_of
from candor.web.pages.setup import PasswordsDiffer, wrong_field
from candor.web.render import render
from candor.web.session import cookies_of, lifetime

#: Roles as a form shows them: who works here, who looks on, who is of neither. A guest's role excludes all others.
ROLE_GROUPS: tuple[tuple[str, tuple[Role, ...]], ...] = (
    (
        noted("Staff of the agency"),
        (
            Role.OFFICER,
            Role.SUPERVISOR,
            Role.COUNSEL,
            Role.EVIDENCE_TECHNICIAN,
            Role.RECORDS_OFFICER,
            Role.ADMINISTRATOR,
        ),
    ),
    (noted("Oversight and study, without footage"), (Role.OVERSIGHT, Role.PROGRAMME_MANAGER, Role.RESEARCHER)),
    (noted("Guests of one side of a case: this role alone"), tuple(sorted(GUESTS))),
)


class PasswordNotRight(CandorError):
    """The present password is not right. Type the password that you sign in with now."""

    exit_code = 5


@dataclass(frozen=True)
class Problem:
    """What was wrong with a form: the words, the field, the form's name."""

    words: str
    field: str | None
    form: str

    @classmethod
    def of(cls, error: CandorError, form: str) -> Problem:
        """The problem that an error is."""
        return cls(words_of(error), wrong_field(error), form)


# -- the list


def show_all(request: Request) -> Response:
    """All accounts, and the units."""
    return _list(request, None, 200)


def _list(request: Request, problem: Problem | None, status: int) -> Response:
    text = request.query_params.get("text", "")
    shown = request.query_params.get("shown", "active")
    active = {"active": True, "inactive": False}.get(shown)
    here = installation_of(request)
    with here.database.read() as tx:
        units = service.units(tx)
        accounts = service.accounts(tx, text=text, active=active)
        review = reviews.review(tx, clock=here.clock)
    return render(
        request,
        "accounts.html",
        status=status,
        accounts=accounts,
        units=units,
        unit_names={unit.id: unit.name for unit in units},
        text=text,
        shown=shown,
        problem=problem,
        review=review,
        may_policy=bool(visit_of(request).actor.may(Permission.POLICY_MANAGE)),
        now_at=here.clock.now(),
    )


def add_unit(request: Request) -> Response:
    """Make a unit."""
    here = installation_of(request)
    try:
        with here.database.write() as tx:
            service.create_unit(tx, visit_of(request).actor, form_of(request).get("unit", ""), clock=here.clock)
    except CandorError as error:
        return _list(request, Problem.of(error, "unit"), status_of(error))
    return RedirectResponse("/accounts?said=unit-created#units", 303)


# -- one account


def show_new(request: Request) -> Response:
    """The form of a new account."""
    return _edit(request, None, {"roles": [Role.OFFICER.value]}, None, 200)


def create(request: Request) -> Response:
    """Make an account."""
    here, form = installation_of(request), form_of(request)
    given = _given(form)
    try:
        new = NewAccount(
            sign_in_name=form.get("sign_in_name", ""),
            display_name=given["display_name"],
            roles=given["roles"],
            password_hash=_new_hash(request, form.get("sign_in_name", "")) if form.get("password") else None,
            badge=given["badge"],
            unit_id=given["unit_id"],
        )
        with here.database.write() as tx:
            service.create_account(tx, visit_of(request).actor, new, clock=here.clock)
    except CandorError as error:
        given["sign_in_name"] = form.get("sign_in_name", "")
        return _edit(request, None, given, Problem.of(error, "details"), status_of(error))
    return RedirectResponse("/accounts?said=account-created", 303)


def show_one(request: Request) -> Response:
    """The form of an account."""
    found = _account(request)
    return _edit(request, found, _values(found), None, 200)


def change(request: Request) -> Response:
    """Change name, badge, unit, roles or whether it is active."""
    here, form, found = installation_of(request), form_of(request), _account(request)
    given = _given(form) | {"active": form.get("active") == "yes"}
    try:
        with here.database.write() as tx:
            service.change_account(tx, visit_of(request).actor, found.id, given, clock=here.clock)
    except CandorError as error:
        values = given | {"sign_in_name": found.sign_in_name}
        return _edit(request, found, values, Problem.of(error, "details"), status_of(error))
    return RedirectResponse("/accounts?said=account-changed", 303)


def reset_password(request: Request) -> Response:
    """A new password for somebody, set by an administrator."""
    here, visit, found = installation_of(request), visit_of(request), _account(request)
    try:
        hashed = _new_hash(request, found.sign_in_name)
        keep = visit.session.token_hash if visit.session and visit.session.actor.account_id == found.id else None
        with here.database.write() as tx:
            service.set_password(tx, visit.actor, found.id, hashed, keep_session=keep, clock=here.clock)
    except CandorError as error:
        return _edit(request, found, _values(found), Problem.of(error, "password"), status_of(error))
    return RedirectResponse(f"/accounts/{found.id}?said=password-replaced", 303)


def _account(request: Request) -> Account:
    with installation_of(request).database.read() as tx:
        return service.account(tx, request.path_params["account_id"])


def _edit(
    request: Request, found: Account | None, given: dict[str, Any], problem: Problem | None, status: int
) -> Response:
    with installation_of(request).database.read() as tx:
        units = service.units(tx)
        locked = found is not None and sign_in.is_locked(tx, found.sign_in_name)
    blank = {"sign_in_name": "", "display_name": "", "badge": "", "unit_id": "", "roles": [], "active": True}
    return render(
        request,
        "account_edit.html",
        status=status,
        account=found,
        given=blank | given,
        units=units,
        problem=problem,
        shortest=passwords.SHORTEST,
        role_groups=ROLE_GROUPS,
        locked=locked,
        is_service=found is not None and found.kind is AccountKind.SERVICE,
    )


def _values(found: Account) -> dict[str, Any]:
    return {
        "sign_in_name": found.sign_in_name,
        "display_name": found.display_name,
        "badge": found.badge or "",
        "unit_id": found.unit_id or "",
        "roles": sorted(found.roles),
        "active": found.active,
    }


def _given(form: Form) -> dict[str, Any]:
    return {
        "display_name": form.get("display_name", ""),
        "badge": form.get("badge") or None,
        "unit_id": form.get("unit_id") or None,
        "roles": form.getlist("roles"),
    }


def _new_hash(request: Request, sign_in_name: str) -> str:
    """The hash of a new password that was typed twice, is fit for use and on no list of known ones."""
    form, listed = form_of(request), installation_of(request).password_list
    password = form.get("password", "")
    if password != form.get("password_again", ""):
        raise PasswordsDiffer()
    passwords.check_new_password(password, service.fold_name(sign_in_name), listed)
    return passwords.hash_password(password)


# -- one's own account


def show_own(request: Request) -> Response:
    """One's own account: who one is here, the password, the open sessions."""
    return _own(request, None, 200)


def _own(request: Request, problem: Problem | None, status: int) -> Response:
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        found = service.account(tx, visit.actor.account_id)
        names = {unit.id: unit.name for unit in service.units(tx)}
        open_now = sessions.open_sessions(tx, found.id, lifetime=lifetime(here.settings), clock=here.clock)
    return render(
        request,
        "account.html",
        status=status,
        account=found,
        unit_name=names.get(found.unit_id or ""),
        sessions=open_now,
        this_session=visit.session.token_hash if visit.session else b"",
        problem=problem,
        shortest=passwords.SHORTEST,
        may=[permission for permission in Permission if visit.actor.may(permission)],
    )


def change_own_password(request: Request) -> Response:
    """A new password for oneself, with the old one as proof; ends the other sessions."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    session = visit.session
    assert session is not None, "the route needs a session"
    try:
        _prove(request, form.get("present", ""))
        hashed = _new_hash(request, session.sign_in_name)
        with here.database.write() as tx:
            service.set_password(
                tx, visit.actor, visit.actor.account_id, hashed, keep_session=session.token_hash, clock=here.clock
            )
    except CandorError as error:
        return _own(request, Problem.of(error, "password"), status_of(error))
    return RedirectResponse("/account?said=password-replaced", 303)


def _prove(request: Request, password: str) -> None:
    """Raise PasswordNotRight unless the password is the present one. Guesses count like failed sign-ins."""
    session = visit_of(request).session
    assert session is not None, "the route needs a session"
    candidate = door.candidate_of(request, session.sign_in_name)
    if not sign_in.check(candidate, password).right:
        door.failed(request, candidate, at="confirm", reason="password")
        raise PasswordNotRight()


def sign_out_everywhere(request: Request) -> Response:
    """End all of one's sessions, this one too."""
    here, visit, cookies = installation_of(request), visit_of(request), cookies_of(request)
    account_id = visit.actor.account_id
    with here.database.write() as tx:
        sessions.end_all(tx, account_id, actor=account_id, clock=here.clock)
    visit.cookies.append(cookies.line(cookies.session, "", max_age=0))
    return RedirectResponse("/sign-in", 303)


_MANAGE = Permission.ACCOUNTS_MANAGE
routes = [
    page("/accounts", show_all, needs=_MANAGE, name="accounts"),
    page("/accounts/new", show_new, needs=_MANAGE, fresh=True),
    page("/accounts", create, needs=_MANAGE, methods=["POST"], fresh=True),
    page("/accounts/{account_id}", show_one, needs=_MANAGE, fresh=True),
    page("/accounts/{account_id}", change, needs=_MANAGE, methods=["POST"], fresh=True),
    page("/accounts/{account_id}/password", reset_password, needs=_MANAGE, methods=["POST"], fresh=True),
    page("/units", add_unit, needs=Permission.UNITS_MANAGE, methods=["POST"]),
    page("/account", show_own, name="account"),
    page("/account/password", change_own_password, methods=["POST"]),
    page("/account/sign-out-everywhere", sign_out_everywhere, methods=["POST"]),
]
