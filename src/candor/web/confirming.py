"""Showing once more who is there, before a dangerous act (CJIS IA-11).

A route that says `fresh=True` is reached only within the policy's minutes after signing in, unlocking or confirming.
Otherwise a page is opened after a detour by `/confirm`; and a form that was sent is answered by a page that asks for
the proof and sends the same fields once more, to the same address, with the proof among them, so that nothing typed is
lost. Passwords and codes that were in the form are not given back: they are asked for again.
"""

from __future__ import annotations

from starlette.requests import Request

from candor.core.errors import CandorError
from candor.people.errors import CodeWrong, PasskeyWrong, PasswordNotRight, SignInBlocked
from candor.web.csrf import FIELD, Form, form_of
from candor.web.visit import installation_of, visit_of

#: Fields of the proof; no form of the site has fields of these names for anything else.
PROOF_FIELDS = ("proof_password", "proof_code", "proof_passkey")
#: Parts of names of fields that must not come back in a page.
_SECRET = ("password", "present", "code", "secret", "token", "passphrase")


class ConfirmationNeeded(CandorError):
    """Show once more who you are before this. Nothing was changed yet."""

    exit_code = 5


def require_fresh(request: Request) -> None:
    """Pass if the session showed who is there within the policy's minutes, or if the form holds the proof; otherwise
    raise ConfirmationNeeded, with what was wrong with the proof as its field `problem`. A right proof gives the browser
    a new token."""
    from candor.web import door  # which knows of accesses by what it imports, so not before this is asked

    visit = visit_of(request)
    session = visit.session or visit.waiting
    if session is None:
        raise ConfirmationNeeded()
    form = form_of(request)
    if any(form.get(field) for field in PROOF_FIELDS):
        try:
            door.confirm(request, session, form)
        except (PasswordNotRight, CodeWrong, PasskeyWrong, SignInBlocked) as error:
            raise ConfirmationNeeded(problem=error) from error
        return
    if not session.is_fresh(visit.policy.fresh_for, installation_of(request).clock.now()):
        raise ConfirmationNeeded()


def carried(form: Form) -> list[tuple[str, str]] | None:
    """The fields to send once more; None when some of them may not come back, so the form must be filled in again."""
    fields = [(name, value) for name, value in form.multi_items() if name != FIELD and name not in PROOF_FIELDS]
    if any(value and part in name.lower() for name, value in fields for part in _SECRET):
        return None
    return fields
