"""What stands between another site and the portal's forms: where a request comes from, and a token of the page.

There is one cookie, and only for whoever gave a tracking code: it holds that code, is sent by no other site
(SameSite=Strict) and read by no script. A form on a page that it opened carries a token made from it, which no other
site can know. Pages without it send nothing in anybody's name, so that where they come from is enough.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from candor.core.portal_settings import PortalSettings
from candor.portal.errors import CameFromElsewhere
from candor.portal.forms import Form
from candor.portal.place import portal_of
from candor.published.errors import TrackingCodeWrong
from candor.published.tracking import normalized

__all__ = ["FIELD", "code_in", "keep_code", "leave", "must_come_from_here", "must_have_token", "token_of"]

FIELD = "token"
#: Seconds after which the code has to be given again.
LIFE = 3600


def must_come_from_here(request: Request) -> None:
    """Raises CameFromElsewhere for what another site sends, as far as the browser says."""
    headers = request.headers
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CameFromElsewhere()
    origin = headers.get("origin")
    if origin is None:
        return
    came, ours = urlsplit(origin), portal_of(request).settings.url
    if ours is not None and (came.scheme, came.netloc) == urlsplit(ours)[:2]:
        return
    # Behind a proxy that ends TLS the scheme is not ours to know; the host is.
    if not came.netloc or came.netloc != headers.get("host", ""):
        raise CameFromElsewhere()


def code_in(request: Request) -> str | None:
    """The tracking code that this browser gave here, if it did; a cookie that somebody made up is none."""
    portal = portal_of(request)
    given, _, mark = request.cookies.get(_name(portal.settings), "").partition(".")
    try:
        code = normalized(given) if given else ""
    except TrackingCodeWrong:
        return None
    return code if code and hmac.compare_digest(mark.encode(), portal.mark_of(code).encode()) else None


def token_of(code: str) -> str:
    """The token of forms on pages that a code opened; it does not tell the code."""
    return hmac.digest(code.encode(), b"candor portal form v1", hashlib.sha256).hex()


def must_have_token(form: Form, code: str) -> None:
    """Raises CameFromElsewhere where the form is not of a page that this code opened."""
    if not hmac.compare_digest(form.get(FIELD).encode(), token_of(code).encode()):
        raise CameFromElsewhere()


def keep_code(request: Request, answer: Response, code: str) -> None:
    """Let this browser see what the code opens, for an hour."""
    portal = portal_of(request)
    _set(portal.settings, answer, f"{code}.{portal.mark_of(code)}", LIFE)


def leave(request: Request, answer: Response) -> None:
    """The code is not known to this browser any more."""
    _set(portal_of(request).settings, answer, "", 0)


def _name(settings: PortalSettings) -> str:
    return "__Host-candor-code" if settings.secure else "candor-code"


def _set(settings: PortalSettings, answer: Response, value: str, life: int) -> None:
    line = f"{_name(settings)}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={life}"
    answer.headers.append("set-cookie", line + ("; Secure" if settings.secure else ""))
