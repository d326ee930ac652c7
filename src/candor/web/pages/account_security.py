"""Second factors: one's own, and those of others whose owners lost them; the rules of signing in."""

from __future__ import annotations

from typing import Any

import segno
from markupsafe import Markup
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.people import passkeys, policy, recovery_codes, second_factor, service, sessions, sign_in, totp
from candor.people.errors import CodeWrong, PasskeyWrong, PeopleError
from candor.people.policy import BOUNDS, LONGEST_NOTICE
from candor.people.rules import Permission, Role
from candor.people.sessions import ENROL, FULL
from candor.web import door
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.render import home_of, render
from candor.web.session import give_token

# -- one's own


def show(request: Request) -> Response:
    """One's own second factors."""
    return _show(request, None)


def _show(request: Request, error: CandorError | None) -> Response:
    visit = visit_of(request)
    session = visit.proven
    with installation_of(request).database.read() as tx:
        factors = second_factor.of(tx, session.actor.account_id)
        required = second_factor.is_required(tx, session.actor.account_id, visit.policy)
    return render(
        request,
        "account_security.html",
        status=200 if error is None else status_of(error),
        factors=factors,
        required=required,
        enrolling=session.stage == ENROL,
        passkeys_work=door.party_of(request) is not None,
        address=request.headers.get("host", ""),
        longest=passkeys.LONGEST_NAME,
        codes=recovery_codes.COUNT,
        problem=None if error is None else words_of(error),
    )


def start_app(request: Request) -> Response:
    """Make a secret for an authenticator app, to be shown."""
    here, session = installation_of(request), visit_of(request).proven
    with here.database.write() as tx:
        totp.start(tx, here.vault, session.actor.account_id, clock=here.clock)
    return RedirectResponse("/account/security/app", 303)


def show_app(request: Request) -> Response:
    """The secret as a picture and as text, and the field for the first code."""
    return _app(request, None)


def _app(request: Request, error: CandorError | None) -> Response:
    here, visit = installation_of(request), visit_of(request)
    session = visit.proven
    with here.database.read() as tx:
        secret = totp.awaiting(tx, here.vault, session.actor.account_id)
    if secret is None:
        return RedirectResponse("/account/security", 303)
    site = visit.agency.short_name if visit.agency else "Candor"
    link = totp.uri(secret, account=session.sign_in_name, site=site)
    return render(
        request,
        "account_app.html",
        status=200 if error is None else status_of(error),
        qr=qr_of(link),
        link=link,
        secret=totp.typed(secret),
        problem=None if error is None else words_of(error),
    )


def qr_of(text: str) -> Markup:
    """A QR code as SVG to stand in a page: attributes only, no style."""
    drawn: str = segno.make(text, error="m").svg_inline(omitsize=True, border=2, dark="#000", light="#fff")
    return Markup(drawn)  # squares drawn by the library; the text is not in it


def confirm_app(request: Request) -> Response:
    """The first code: from now on the app counts."""
    here, session = installation_of(request), visit_of(request).proven
    account_id, keep = session.actor.account_id, session.token_hash
    try:
        with here.database.write() as tx:
            totp.confirm(tx, here.vault, account_id, form_of(request).get("code", ""), clock=here.clock)
            codes = second_factor.added(tx, account_id, "app", keep_session=keep, clock=here.clock)
            _let_in(tx, request)
    except CodeWrong as error:
        return _app(request, error)
    return _added(request, codes)


def add_passkey(request: Request) -> Response:
    """Keep the passkey that the browser made."""
    here, form = installation_of(request), form_of(request)
    session = visit_of(request).proven
    account_id, keep = session.actor.account_id, session.token_hash
    try:
        party, answer = door.answer_of(request, form.get("credential", ""), passkeys.REGISTER)
        if answer.account_id != account_id:
            raise PasskeyWrong()
        with here.database.write() as tx:
            made = passkeys.register(tx, party, answer, name=form.get("name", ""), clock=here.clock)
            codes = second_factor.added(tx, account_id, "passkey", passkey=made, keep_session=keep, clock=here.clock)
            _let_in(tx, request)
    except PeopleError as error:
        return _show(request, error)
    return _added(request, codes)


def _let_in(tx: Connection, request: Request) -> None:
    """Whoever had to set up a second factor first is wholly signed in now."""
    here, visit = installation_of(request), visit_of(request)
    session = visit.proven
    if session.stage == ENROL:
        give_token(request, sessions.rotate(tx, session.token_hash, stage=FULL, clock=here.clock))
        visit.session, visit.waiting = session, None


def _added(request: Request, codes: list[str]) -> Response:
    return _codes(request, codes) if codes else RedirectResponse("/account/security?said=second-factor-added", 303)


def _codes(request: Request, codes: list[str]) -> Response:
    visit = visit_of(request)
    name = visit.proven.sign_in_name
    return render(request, "recovery_codes.html", codes=codes, sign_in_name=name, home=home_of(visit))


def new_codes(request: Request) -> Response:
    """A new set of recovery codes, shown once; the old ones are worth nothing from now on."""
    here, account_id = installation_of(request), visit_of(request).actor.account_id
    with here.database.write() as tx:
        if not second_factor.of(tx, account_id).any:
            return RedirectResponse("/account/security", 303)
        codes = recovery_codes.make(tx, account_id, actor=account_id, clock=here.clock)
    return _codes(request, codes)


def remove_app(request: Request) -> Response:
    """Remove one's app."""
    here, account_id = installation_of(request), visit_of(request).actor.account_id
    try:
        with here.database.write() as tx:
            second_factor.remove_app(tx, account_id, clock=here.clock)
    except PeopleError as error:
        return _show(request, error)
    return RedirectResponse("/account/security?said=second-factor-removed", 303)


def remove_passkey(request: Request) -> Response:
    """Remove one of one's passkeys."""
    here, account_id = installation_of(request), visit_of(request).actor.account_id
    try:
        with here.database.write() as tx:
            second_factor.remove_passkey(tx, account_id, request.path_params["passkey_id"], clock=here.clock)
    except PeopleError as error:
        return _show(request, error)
    return RedirectResponse("/account/security?said=second-factor-removed", 303)


# -- somebody else's


def show_other(request: Request) -> Response:
    """Second factors and lock of an account, for whoever keeps accounts."""
    with installation_of(request).database.read() as tx:
        found = service.account(tx, request.path_params["account_id"])
        factors = second_factor.of(tx, found.id)
        locked = sign_in.is_locked(tx, found.sign_in_name)
        required = second_factor.is_required(tx, found.id, visit_of(request).policy)
    return render(
        request, "account_other_security.html", account=found, factors=factors, locked=locked, required=required
    )


def remove_all(request: Request) -> Response:
    """Take every second factor from an account whose owner lost them."""
    here, account_id = installation_of(request), request.path_params["account_id"]
    with here.database.write() as tx:
        second_factor.remove_all(tx, visit_of(request).actor, account_id, clock=here.clock)
    return RedirectResponse(f"/accounts/{account_id}/security?said=second-factor-removed", 303)


def release(request: Request) -> Response:
    """Let a locked name sign in again."""
    here, account_id = installation_of(request), request.path_params["account_id"]
    with here.database.write() as tx:
        sign_in.release_lock(tx, visit_of(request).actor, account_id, clock=here.clock)
    return RedirectResponse(f"/accounts/{account_id}/security?said=released", 303)


# -- the rules


def show_rules(request: Request) -> Response:
    """The rules of signing in."""
    return _rules(request, visit_of(request).policy.plain(), None)


def change_rules(request: Request) -> Response:
    """Change the rules of signing in."""
    here = installation_of(request)
    given = _given(form_of(request))
    try:
        with here.database.write() as tx:
            policy.change(tx, visit_of(request).actor, given, clock=here.clock)
    except PeopleError as error:
        return _rules(request, given, error)
    return RedirectResponse("/security?said=policy-changed", 303)


def _given(form: Form) -> dict[str, Any]:
    return {
        "second_factor_roles": form.getlist("second_factor_roles"),
        "notice_shown": form.get("notice_shown") == "yes",
        "notice": form.get("notice", ""),
        "lock_until_released": form.get("lock_until_released") == "yes",
        **{field: form.get(field, "") for field in BOUNDS},
    }


def _rules(request: Request, given: dict[str, Any], error: CandorError | None) -> Response:
    here = installation_of(request)
    with here.database.read() as tx:
        having = second_factor.who_has_one(tx)
        active = [one for one in service.accounts(tx, active=True, limit=100_000) if one.has_password]
    lacking = {role: sum(role in one.roles and one.id not in having for one in active) for role in Role}
    return render(
        request,
        "sign_in_rules.html",
        status=200 if error is None else status_of(error),
        given=given,
        bounds=BOUNDS,
        longest=LONGEST_NOTICE,
        lacking=lacking,
        settings_hours=here.settings.session_hours,
        settings_idle=here.settings.session_idle_minutes,
        problem=None if error is None else words_of(error),
        wrong=None if error is None else error.fields.get("field"),
    )


_ACCOUNTS, _POLICY = Permission.ACCOUNTS_MANAGE, Permission.POLICY_MANAGE
_OWN = "/account/security"
routes = [
    page(_OWN, show, fresh=True, enrolling=True, name="account_security"),
    page(f"{_OWN}/app/start", start_app, fresh=True, enrolling=True, methods=["POST"]),
    page(f"{_OWN}/app", show_app, fresh=True, enrolling=True),
    page(f"{_OWN}/app", confirm_app, fresh=True, enrolling=True, methods=["POST"]),
    page(f"{_OWN}/app/remove", remove_app, fresh=True, methods=["POST"]),
    page(f"{_OWN}/passkeys", add_passkey, fresh=True, enrolling=True, methods=["POST"]),
    page(f"{_OWN}/passkeys/{{passkey_id}}/remove", remove_passkey, fresh=True, methods=["POST"]),
    page(f"{_OWN}/recovery-codes", new_codes, fresh=True, methods=["POST"]),
    page("/accounts/{account_id}/security", show_other, needs=_ACCOUNTS, fresh=True),
    page("/accounts/{account_id}/second-factors/remove", remove_all, needs=_ACCOUNTS, fresh=True, methods=["POST"]),
    page("/accounts/{account_id}/release", release, needs=_ACCOUNTS, fresh=True, methods=["POST"]),
    page("/security", show_rules, needs=_POLICY, fresh=True),
    page("/security", change_rules, needs=_POLICY, fresh=True, methods=["POST"]),
]
