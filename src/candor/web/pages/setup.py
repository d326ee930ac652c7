"""The first run: the agency and its administrator. Works only while there is no agency.

Whoever may sit elsewhere than at the server has to type the code that `candor serve` prints there.
"""

from __future__ import annotations

import hmac
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.core.settings import Settings
from candor.people import passwords
from candor.people.errors import AgencyExists
from candor.people.password_list import PasswordList
from candor.people.rules import Role
from candor.people.service import NewAccount, create_agency
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.middleware import is_loopback
from candor.web.observing import came_through_a_proxy
from candor.web.render import render
from candor.web.session import begin, give_token


class SetupCodeWrong(CandorError):
    """The set-up code is not right. It stands in the output of `candor serve` on the server; type it as it is
    there."""

    exit_code = 5


class PasswordsDiffer(CandorError):
    """The two passwords are not the same. Type the same password twice."""

    exit_code = 3


_FIELDS = ("name", "short_name", "time_zone", "display_name", "sign_in_name")


def show(request: Request) -> Response:
    """The form, while there is no agency."""
    if visit_of(request).agency is not None:
        return RedirectResponse("/", 303)
    blank = dict.fromkeys(_FIELDS, "") | {"time_zone": "America/New_York", "keeps_evidence": "yes"}
    return _form(request, blank, None, 200)


def set_up(request: Request) -> Response:
    """Make the agency, its administrator and the administrator's session."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    if visit.agency is not None:
        return RedirectResponse("/sign-in", 303)
    try:
        _check_code(request, form)
        administrator = _administrator(form, here.password_list)
        with here.database.write() as tx:
            account_id = create_agency(
                tx,
                name=form.get("name", ""),
                short_name=form.get("short_name", "") or form.get("name", ""),
                time_zone=form.get("time_zone", ""),
                administrator=administrator,
                clock=here.clock,
            )
            token = begin(tx, request, account_id)
    except AgencyExists:
        return RedirectResponse("/sign-in", 303)
    except CandorError as error:
        given = {field: form.get(field, "") for field in (*_FIELDS, "keeps_evidence")}
        return _form(request, given, error, status_of(error))
    give_token(request, token)
    return RedirectResponse("/recovery-sheet?said=set-up", 303)


def _check_code(request: Request, form: Form) -> None:
    if not needs_code(request):
        return
    expected: str = request.app.state.setup_code
    given = form.get("code", "").strip().lower().replace(" ", "-")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise SetupCodeWrong()


def needs_code(request: Request) -> bool:
    """Whether the first run must prove that it sits at the server."""
    return is_reached_from_elsewhere(installation_of(request).settings) or came_through_a_proxy(request)


def is_reached_from_elsewhere(settings: Settings) -> bool:
    """Whether the settings say that others than this machine reach the site."""
    return settings.public_url is not None or not is_loopback(settings.host)


def _administrator(form: Form, listed: PasswordList) -> NewAccount:
    password, sign_in_name = form.get("password", ""), form.get("sign_in_name", "")
    if password != form.get("password_again", ""):
        raise PasswordsDiffer()
    passwords.check_new_password(password, sign_in_name, listed)
    roles = [Role.ADMINISTRATOR] + [Role.EVIDENCE_TECHNICIAN] * (form.get("keeps_evidence") == "yes")
    return NewAccount(sign_in_name, form.get("display_name", ""), roles, passwords.hash_password(password))


def _form(request: Request, given: dict[str, str], error: CandorError | None, status: int) -> Response:
    return render(
        request,
        "setup.html",
        status=status,
        given=given,
        problem=None if error is None else words_of(error),
        wrong=wrong_field(error),
        needs_code=needs_code(request),
        zones=sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
        shortest=passwords.SHORTEST,
    )


#: Which field of a form an error speaks of, by the error's class.
_FIELD_OF = {
    "NameTaken": "sign_in_name",
    "PasswordHoldsName": "password",
    "PasswordListed": "password",
    "PasswordListUnusable": "password",
    "PasswordRepeats": "password",
    "PasswordTooLong": "password",
    "PasswordTooShort": "password",
    "PasswordsDiffer": "password_again",
    "RoleMissing": "roles",
    "SetupCodeWrong": "code",
    "SignInNameWrong": "sign_in_name",
    "TimeZoneUnknown": "time_zone",
    "UnitUnknown": "unit_id",
}


def wrong_field(error: CandorError | None) -> str | None:
    """The field that the error speaks of, if it is one."""
    return None if error is None else _FIELD_OF.get(type(error).__name__)


routes = [
    page("/setup", show, public=True, name="setup"),
    page("/setup", set_up, public=True, methods=["POST"]),
]
