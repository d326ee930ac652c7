"""What can go wrong with notices. The docstring of a class is its message for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class NoticesError(CandorError):
    """Something is wrong with a notice."""

    exit_code = 3


class QuietHoursWrong(NoticesError):
    """The times of day cannot be used. Write them as 22:00, both ends of the quiet hours or neither."""


class PaceUnknown(NoticesError):
    """There is no pace “{pace}”. Choose at-once, hourly or daily."""


class NoticeKindUnknown(NoticesError):
    """There is no kind of notice “{kind}”. `candor notices routes` lists them."""

    exit_code = 4


class RouteToGuest(NoticesError):
    """The role {role} is a guest's: guests are not told how the agency's system is doing. Choose other roles."""

    exit_code = 5


class RouteToNobody(NoticesError):
    """Nobody would be told. Name a role or an account."""


class AccountCannotBeTold(NoticesError):
    """“{name}” cannot be told: there is no active account of a person with that name who is not a guest."""

    exit_code = 4


class MailNotSetUp(NoticesError):
    """No mail server is set. Set CANDOR_SMTP_URL and CANDOR_MAIL_FROM, then try again; until then notices go to the
    inbox only."""

    exit_code = 9


class NoAddress(NoticesError):
    """“{name}” has no e-mail address. Set one with `candor notices address`, or on the page of one's own notices."""

    exit_code = 4


class MailNotTaken(NoticesError):
    """The mail was not sent. {words}"""

    exit_code = 7
