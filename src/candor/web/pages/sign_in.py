"""Signing in and out, and the theme, which everybody may choose."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.people import sessions
from candor.people.errors import SignInBlocked, SignInFailed
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.render import home_of, render
from candor.web.session import THEME_COOKIE, THEMES, Cookies, enter, is_secure, read_cookies

_YEAR = 366 * 24 * 3600


def show(request: Request) -> Response:
    """The form."""
    visit = visit_of(request)
    target = local_path(request.query_params.get("next", ""))
    if visit.agency is None:
        return RedirectResponse("/setup", 303)
    if visit.session is not None:
        return RedirectResponse(target or home_of(visit), 303)
    return render(request, "sign_in.html", name="", next=target, problem=None)


def sign_in(request: Request) -> Response:
    """Try a name and a password."""
    visit, here, form = visit_of(request), installation_of(request), form_of(request)
    cookies = cookies_of(request)
    name, target = form.get("name", ""), local_path(form.get("next", ""))
    old_token = token_of(request)
    try:
        agent = request.headers.get("user-agent", "")
        token = enter(here, name, form.get("password", ""), visit, agent=agent, old_token=old_token)
    except (SignInFailed, SignInBlocked) as error:
        headers = {"retry-after": str(error.fields["seconds"])} if isinstance(error, SignInBlocked) else {}
        status = 401 if isinstance(error, SignInFailed) else status_of(error)
        return render(
            request,
            "sign_in.html",
            status=status,
            headers=headers,
            name=name[:64],
            next=target,
            problem=words_of(error),
        )
    visit.cookies.append(cookies.line(cookies.session, token))
    visit.cookies.append(cookies.line(cookies.form, "", max_age=0))
    return RedirectResponse(target or "/", 303)


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


def cookies_of(request: Request) -> Cookies:
    """How this site's cookies are made."""
    return Cookies(is_secure(installation_of(request).settings))


def token_of(request: Request) -> str | None:
    """The session token that the browser sent."""
    return read_cookies(request.headers.get("cookie", "")).get(cookies_of(request).session)


routes = [
    page("/sign-in", show, public=True, name="sign_in"),
    page("/sign-in", sign_in, public=True, methods=["POST"]),
    page("/sign-out", sign_out, public=True, methods=["POST"]),
    page("/theme", choose_theme, public=True, methods=["POST"]),
]
