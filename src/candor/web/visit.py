"""The visit of a request: who is there, in which language, by which form token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request

from candor.core.errors import CandorError
from candor.people.policy import Policy
from candor.people.rules import Actor
from candor.people.service import Agency
from candor.people.sessions import Session
from candor.web.i18n import Translations

if TYPE_CHECKING:
    from candor.installation import Installation


class SignInNeeded(CandorError):
    """You are not signed in, or the session has ended. Sign in and do it again."""

    exit_code = 5


class SessionRefused(SignInNeeded):
    """Your session was ended because it was used in a way that looks stolen: from another kind of browser, or with a
    mark that had been replaced. Sign in again; if that was not you, tell your administrator."""


class SecondFactorAwaited(SignInNeeded):
    """The password was right; a second factor is still awaited. Give it, or sign out."""


class EnrolmentNeeded(SignInNeeded):
    """Your role needs a second factor, and you have none yet. Set one up to go on."""


class ScreenLocked(SignInNeeded):
    """The screen was locked because nothing was done for a while. Nothing was changed by this request. Unlock it with
    your password or passkey and do it again."""


class SetupNeeded(CandorError):
    """This installation has no agency yet. Set it up first."""

    exit_code = 9


@dataclass
class Visit:
    """What is known of the present request: filled in by the session middleware, read by every page.

    `session` is there only for whoever is wholly signed in and whose screen is not locked. Somebody who still owes a
    second factor, or whose screen is locked, is `waiting`, and no page but those of the door looks at that.
    """

    agency: Agency | None
    session: Session | None
    #: The session's token for forms, or the one of the cookie that stands in before signing in.
    form_token: str
    language: str
    translations: Translations
    theme: str
    address: str
    #: Cookies to set with the answer, each a whole Set-Cookie line.
    cookies: list[str] = field(default_factory=list)
    waiting: Session | None = None
    policy: Policy = field(default_factory=Policy)
    #: The session that the browser showed was ended, because somebody else may have it.
    refused: bool = False
    #: Mark of the notice that this browser acknowledged.
    acknowledged: str = ""
    #: The program that came with a token instead (`bearer`); there is no session then.
    program: Actor | None = None

    @property
    def actor(self) -> Actor:
        """Who acts; raises SignInNeeded when nobody is signed in."""
        if self.program is not None:
            return self.program
        if self.session is None:
            raise self._missing()
        return self.session.actor

    def _missing(self) -> SignInNeeded:
        if self.refused:
            return SessionRefused()
        if self.waiting is None:
            return SignInNeeded()
        if self.waiting.stage == "second":
            return SecondFactorAwaited()
        return ScreenLocked() if self.waiting.locked else EnrolmentNeeded()

    @property
    def proven(self) -> Session:
        """The session of whoever is signed in, at least far enough to set up a second factor."""
        if self.session is not None:
            return self.session
        if self.waiting is None or self.waiting.stage != "enrol" or self.waiting.locked:
            raise self._missing()
        return self.waiting

    @property
    def zone(self) -> str:
        """The agency's time zone."""
        return self.agency.time_zone if self.agency else "UTC"


def visit_of(request: Request) -> Visit:
    """The visit of a request."""
    visit: Visit = request.state.visit
    return visit


def installation_of(request: Request) -> Installation:
    """The installation that the request came to."""
    installation: Installation = request.app.state.installation
    return installation
