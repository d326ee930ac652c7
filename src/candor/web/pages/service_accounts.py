"""Accounts of programs and their tokens: make one, see when it was used, end it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.people import service, service_accounts
from candor.people.errors import ScopeWrong
from candor.people.rules import PERMISSION_WORDS, Permission
from candor.people.service import AccountKind
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.pages.accounts import ROLE_GROUPS, Problem
from candor.web.render import render

#: Days offered for a token's life.
LIVES = (30, 90, 180, 366)


def show(request: Request) -> Response:
    """All accounts of programs, with their tokens."""
    return _page(request, None, 200)


def _page(request: Request, problem: Problem | None, status: int, **more: Any) -> Response:
    here = installation_of(request)
    with here.database.read() as tx:
        accounts = service.accounts(tx, kind=AccountKind.SERVICE)
        tokens = service_accounts.tokens(tx)
        units = {unit.id: unit.name for unit in service.units(tx)}
    blank: dict[str, Any] = {"sign_in_name": "", "display_name": "", "unit_id": "", "roles": []}
    values = {"given": blank, "made": None, "given_token": {"account": "", "name": "", "scopes": []}} | more
    return render(
        request,
        "service_accounts.html",
        status=status,
        accounts=accounts,
        tokens_of={one.id: [token for token in tokens if token.account_id == one.id] for one in accounts},
        scopes_of={one.id: service_accounts.scopes_for(one) for one in accounts},
        permission_words=PERMISSION_WORDS,
        role_groups=ROLE_GROUPS[:2],
        units=units,
        lives=LIVES,
        problem=problem,
        now_at=here.clock.now(),
        **values,
    )


def create(request: Request) -> Response:
    """Make the account of a program."""
    here, form = installation_of(request), form_of(request)
    try:
        with here.database.write() as tx:
            account_id = service_accounts.create(
                tx,
                visit_of(request).actor,
                sign_in_name=form.get("sign_in_name", ""),
                display_name=form.get("display_name", ""),
                roles=form.getlist("roles"),
                unit_id=form.get("unit_id") or None,
                clock=here.clock,
            )
    except CandorError as error:
        given = {name: form.get(name, "") for name in ("sign_in_name", "display_name", "unit_id")}
        problem = Problem.of(error, "account")
        return _page(request, problem, status_of(error), given=given | {"roles": form.getlist("roles")})
    return RedirectResponse(f"/service-accounts?said=service-created#account-{account_id}", 303)


def create_token(request: Request) -> Response:
    """Make a token and show it, this once: it is kept nowhere, so the page is the answer itself."""
    here, form = installation_of(request), form_of(request)
    account_id = request.path_params["account_id"]
    try:
        with here.database.write() as tx:
            token_id, text = service_accounts.create_token(
                tx,
                visit_of(request).actor,
                account_id,
                name=form.get("name", ""),
                scopes=_scopes(form),
                days=_days(form),
                clock=here.clock,
            )
    except CandorError as error:
        given = {"account": account_id, "name": form.get("name", ""), "scopes": form.getlist("scopes")}
        return _page(request, Problem.of(error, account_id), status_of(error), given_token=given)
    return _page(request, None, 200, made={"id": token_id, "account": account_id, "text": text})


def _scopes(form: Form) -> list[Permission]:
    known = set(Permission)
    for name in form.getlist("scopes"):
        if name not in known:
            raise ScopeWrong(scope=f"“{name[:60]}”", reason="there is no such permission")
    return [Permission(name) for name in form.getlist("scopes")]


def _days(form: Form) -> int:
    text = form.get("days", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def revoke(request: Request) -> Response:
    """End a token now."""
    here = installation_of(request)
    with here.database.write() as tx:
        service_accounts.revoke_token(tx, visit_of(request).actor, request.path_params["token_id"], clock=here.clock)
    return RedirectResponse("/service-accounts?said=token-revoked", 303)


_POLICY = Permission.POLICY_MANAGE
routes = [
    page("/service-accounts", show, needs=_POLICY, name="service_accounts"),
    page("/service-accounts", create, needs=_POLICY, methods=["POST"], fresh=True),
    page("/service-accounts/{account_id}/tokens", create_token, needs=_POLICY, methods=["POST"], fresh=True),
    page("/service-accounts/tokens/{token_id}/revoke", revoke, needs=_POLICY, methods=["POST"]),
]
