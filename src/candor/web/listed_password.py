"""Whoever's password turned out to be on the operator's list must choose another one before anything else."""

from __future__ import annotations

from starlette.requests import Request

from candor.people.errors import PasswordChangeNeeded
from candor.web.visit import visit_of

#: Where the password is changed, and the way out.
_OPEN = frozenset({"/account", "/account/password", "/account/sign-out-everywhere"})
#: Where it is changed.
WHERE = "/account#password-form"


def require_unlisted_password(request: Request) -> None:
    """Raise PasswordChangeNeeded where whoever is signed in must change the password first."""
    session = visit_of(request).session
    if session is not None and session.password_listed and request.url.path not in _OPEN:
        raise PasswordChangeNeeded()
