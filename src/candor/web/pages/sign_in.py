"""Signing in and out, with a second factor or by passkey; and the theme, which everybody may choose."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.people import second_factor, sessions
from candor.people.errors import CodeWrong, PasskeyWrong, SignInBlocked, SignInFailed
from candor.people.sessions import ENROL, SECOND, Session
from candor.web import door
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.render import home_of, query, render
from candor.web.session import NOTICE_COOKIE, THEME_COOKIE, THEMES, cookies_of, owes_notice, token_of

__all__ = ["cookies_of", "local_path", "routes", "token_of"]

_YEAR = 366 * 24 * 3600


def show(request: Request) -> Response:
    """The form; before it, where the agency wants that, the notice to be acknowledged."""
    visit = visit_of(request)
    target = local_path(request.query_params.get("next", ""))
    if visit.agency is None:
        return RedirectResponse("/setup", 303)
    if visit.session is not None:
        return RedirectResponse(target or home_of(visit), 303)
    if visit.waiting is not None and visit.waiting.locked:
        return RedirectResponse(query("/unlock", {"next": target}), 303)
    if owes_notice(request):
        return render(request, "sign_in_notice.html", next=target)
    return _form(request, target=target)


def _form(request: Request, *, target: str, name: str = "", error: CandorError | None = None) -> Response:
    status, headers = _told(error)
    return render(
        request,
        "sign_in.html",
        status=status,
        headers=headers,
        name=name[:64],
        next=target,
        problem=None if error is None else words_of(error),
        passkeys=door.party_of(request) is not None,
    )


def _told(error: CandorError | None) -> tuple[int, dict[str, str]]:
    if error is None:
        return 200, {}
    if isinstance(error, SignInBlocked):
        return status_of(error), {"retry-after": str(error.fields.get("seconds", 3600))}
    return 401, {}


def acknowledge(request: Request) -> Response:
    """The notice was read and understood; remembered until the browser is closed."""
    visit = visit_of(request)
    visit.cookies.append(cookies_of(request).line(NOTICE_COOKIE, visit.policy.notice_mark))
    return RedirectResponse(query("/sign-in", {"next": local_path(form_of(request).get("next", ""))}), 303)


def sign_in(request: Request) -> Response:
    """Try a name and a password, or a passkey."""
    form = form_of(request)
    name, target = form.get("name", ""), local_path(form.get("next", ""))
    if owes_notice(request):
        return RedirectResponse(query("/sign-in", {"next": target}), 303)
    try:
        if form.get("credential"):
            door.enter_by_passkey(request, form.get("credential", ""))
            return RedirectResponse(target or "/", 303)
        owed = door.enter(request, name, form.get("password", ""))
    except (SignInFailed, SignInBlocked, PasskeyWrong) as error:
        return _form(request, target=target, name=name, error=error)
    if owed == SECOND:
        return RedirectResponse(query("/sign-in/second", {"next": target}), 303)
    return RedirectResponse("/account/security" if owed == ENROL else target or "/", 303)


def show_second(request: Request) -> Response:
    """The form for the second factor of whoever gave the right password."""
    return _second(request, local_path(request.query_params.get("next", "")), None)


def give_second(request: Request) -> Response:
    """Try a code of the app, a recovery code or a passkey as the second factor."""
    form, waiting = form_of(request), _awaited(request)
    target = local_path(form.get("next", ""))
    if waiting is None:
        return RedirectResponse(query("/sign-in", {"next": target}), 303)
    try:
        if form.get("credential"):
            door.give_second_by_passkey(request, waiting, form.get("credential", ""))
        else:
            code, recovery_code = form.get("code", ""), form.get("recovery_code", "")
            door.give_second(request, waiting, code=code, recovery_code=recovery_code)
    except (SignInFailed, SignInBlocked, CodeWrong, PasskeyWrong) as error:
        return _second(request, target, error)
    return RedirectResponse(target or "/", 303)


def _second(request: Request, target: str, error: CandorError | None) -> Response:
    waiting = _awaited(request)
    if waiting is None:
        return RedirectResponse(query("/sign-in", {"next": target}), 303)
    with installation_of(request).database.read() as tx:
        factors = second_factor.of(tx, waiting.actor.account_id)
    status, headers = _told(error)
    return render(
        request,
        "sign_in_second.html",
        status=status,
        headers=headers,
        next=target,
        factors=factors,
        passkeys=bool(factors.passkeys) and door.party_of(request) is not None,
        problem=None if error is None else words_of(error),
    )


def _awaited(request: Request) -> Session | None:
    waiting = visit_of(request).waiting
    return waiting if waiting is not None and waiting.stage == SECOND else None


def sign_out(request: Request) -> Response:
    """End this session."""
    here, cookies, token = installation_of(request), cookies_of(request), token_of(request)
    if token:
        with here.database.write() as tx:
            sessions.end(tx, token, clock=here.clock)
    visit_of(request).cookies.append(cookies.line(cookies.session, "", max_age=0))
    # Pictures that this browser kept go too. Its storage stays: it remembers the log's key, and would warn of another.
    return RedirectResponse("/sign-in", 303, {"clear-site-data": '"cache"'})


def choose_theme(request: Request) -> Response:
    """Remember light, dark or the system's choice in a cookie."""
    form = form_of(request)
    theme = form.get("theme", "")
    if theme in THEMES:
        visit_of(request).cookies.append(cookies_of(request).line(THEME_COOKIE, theme, max_age=_YEAR))
    if "hx-request" in request.headers:
        return Response(status_code=204)
    return RedirectResponse(local_path(form.get("next", "")) or "/", 303)


def local_path(target: str) -> str:
    """The target if it is a path of this site, else nothing: a link must not send people elsewhere."""
    fit = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if fit and "\\" not in target and len(target) < 2000 else ""


routes = [
    page("/sign-in", show, public=True, name="sign_in"),
    page("/sign-in", sign_in, public=True, methods=["POST"]),
    page("/sign-in/notice", acknowledge, public=True, methods=["POST"]),
    page("/sign-in/second", show_second, public=True),
    page("/sign-in/second", give_second, public=True, methods=["POST"]),
    page("/sign-out", sign_out, public=True, methods=["POST"]),
    page("/theme", choose_theme, public=True, methods=["POST"]),
]
