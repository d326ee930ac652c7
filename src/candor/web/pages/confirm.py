"""Showing again who is there: unlocking the screen, confirming before a dangerous act; and what passkeys ask for."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from candor.core.errors import CandorError
from candor.people import passkeys, second_factor, service, sessions
from candor.people.errors import CodeWrong, PasskeyWrong, PasswordNotRight, SessionGone, SignInBlocked
from candor.people.sessions import Session
from candor.web import door
from candor.web.access import SignInNeeded, installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.pages.sign_in import local_path
from candor.web.render import query, render
from candor.web.session import lifetime, owes_notice

WRONG = (PasswordNotRight, CodeWrong, PasskeyWrong, SignInBlocked)


# -- the locked screen


def show_lock(request: Request) -> Response:
    """The page that stands in for everything while the screen is locked."""
    return _lock(request, local_path(request.query_params.get("next", "")), None)


def _lock(request: Request, target: str, error: CandorError | None) -> Response:
    visit = visit_of(request)
    if visit.waiting is None or not visit.waiting.locked:
        return RedirectResponse(target or "/", 303)
    return render(
        request,
        "unlock.html",
        status=200 if error is None else status_of(error),
        next=target,
        who=visit.waiting.actor.display_name,
        sign_in_name=visit.waiting.sign_in_name,
        passkeys=_has_passkeys(request, visit.waiting),
        problem=None if error is None else words_of(error),
    )


def unlock(request: Request) -> Response:
    """Unlock by password or passkey; back to where one was."""
    visit, form = visit_of(request), form_of(request)
    target = local_path(form.get("next", ""))
    as_json = "application/json" in request.headers.get("accept", "")
    try:
        if visit.waiting is not None and visit.waiting.locked:
            door.confirm(request, visit.waiting, form)
        elif visit.session is None:
            raise SignInNeeded()
    except SessionGone:
        return RedirectResponse(query("/sign-in", {"next": target}), 303)
    except WRONG as error:
        if as_json:
            raise
        return _lock(request, target, error)
    return JSONResponse({"unlocked": True}) if as_json else RedirectResponse(target or "/", 303)


def lock(request: Request) -> Response:
    """Lock the screen by hand."""
    here, session = installation_of(request), visit_of(request).session
    assert session is not None, "the route needs a session"
    with here.database.write() as tx:
        sessions.lock(tx, session, by="hand", clock=here.clock)
    return RedirectResponse(query("/unlock", {"next": came_from(request)}), 303)


def came_from(request: Request) -> str:
    """The path of the page that a form was on, if the browser tells."""
    before = urlsplit(request.headers.get("referer", ""))
    if before.netloc != request.headers.get("host", ""):
        return ""
    return local_path(before.path + (f"?{before.query}" if before.query else ""))


def how_long(request: Request) -> Response:
    """How long until the screen locks and the session ends, in seconds; asked by a page with `live=1`, that is no
    activity, and sent by a page at which somebody is active, it is."""
    here, visit = installation_of(request), visit_of(request)
    session = visit.session
    assert session is not None, "the route needs a session"
    lives, now = lifetime(here.settings, visit.policy), here.clock.now()
    seen_at = now if request.method == "POST" else session.seen_at
    assert lives.lock is not None, "a policy has one"
    locks_in = int((seen_at + lives.lock - now).total_seconds())
    return JSONResponse({"locks_in": locks_in, "ends_in": int((session.ends_at - now).total_seconds())})


# -- confirming


def show_confirm(request: Request) -> Response:
    """Asks who is there, before a page that dangerous acts are done on."""
    return confirm_page(request, local_path(request.query_params.get("next", "")), None)


def confirm(request: Request) -> Response:
    """Confirm by password, passkey or code; on to the page."""
    form, visit = form_of(request), visit_of(request)
    target = local_path(form.get("next", ""))
    try:
        door.confirm(request, visit.proven, form)
    except WRONG as error:
        return confirm_page(request, target, error)
    return RedirectResponse(target or "/", 303)


def confirm_page(
    request: Request,
    target: str,
    error: CandorError | None,
    *,
    action: str = "/confirm",
    fields: list[tuple[str, str]] | None = None,
    refill: bool = False,
) -> Response:
    """The question. `action` and `fields`: where an interrupted form goes, and what it held. `refill`: the form held a
    password or code, so it is to be filled in again."""
    session = visit_of(request).proven
    with installation_of(request).database.read() as tx:
        factors = second_factor.of(tx, session.actor.account_id)
    return render(
        request,
        "confirm.html",
        status=status_of(error) if error is not None else 403 if fields is not None or refill else 200,
        action=action,
        fields=[("next", target)] if fields is None else fields,
        interrupted=fields is not None,
        refill=refill,
        app=factors.app_since is not None,
        passkeys=bool(factors.passkeys) and door.party_of(request) is not None,
        sign_in_name=session.sign_in_name,
        problem=None if error is None else words_of(error),
    )


# -- what a browser needs for a passkey


def passkey_options(request: Request) -> Response:
    """What the browser needs to have a passkey sign (`purpose`: sign-in, second or proof), as JSON."""
    purpose = form_of(request).get("purpose", "")
    if purpose not in (passkeys.SIGN_IN, passkeys.SECOND, passkeys.PROOF) or owes_notice(request):
        raise PasskeyWrong()
    return Response(door.options_for(request, purpose), media_type="application/json")


def options_to_register(request: Request) -> Response:
    """What the browser needs to make a passkey, as JSON."""
    here, visit, party = installation_of(request), visit_of(request), door.party_of(request)
    if party is None:
        raise door.PasskeysUnavailable()
    with here.database.write() as tx:
        found = service.account(tx, visit.proven.actor.account_id)
        text = passkeys.options_to_register(tx, party, found, bound_to=visit.form_token, clock=here.clock)
    return Response(text, media_type="application/json")


def _has_passkeys(request: Request, session: Session) -> bool:
    if door.party_of(request) is None:
        return False
    with installation_of(request).database.read() as tx:
        return bool(passkeys.of(tx, session.actor.account_id))


routes = [
    page("/unlock", show_lock, public=True),
    page("/unlock", unlock, public=True, methods=["POST"]),
    page("/session", how_long),
    page("/session", how_long, methods=["POST"]),
    page("/session/lock", lock, methods=["POST"]),
    page("/confirm", show_confirm, enrolling=True),
    page("/confirm", confirm, enrolling=True, methods=["POST"]),
    page("/passkeys/options", passkey_options, public=True, methods=["POST"]),
    page("/passkeys/options-to-register", options_to_register, fresh=True, enrolling=True, methods=["POST"]),
]
