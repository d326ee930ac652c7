"""What can go wrong with releases. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError

__all__ = [
    "ReleaseChanged",
    "ReleaseClosed",
    "ReleaseError",
    "ReleaseNotByPerson",
    "ReleaseNotYours",
    "ReleaseOfOwn",
    "ReleaseUnknown",
    "ReleaseWordsWrong",
    "ReleaseWrong",
    "ReleaseWrongState",
]


class ReleaseError(CandorError):
    """The release could not be dealt with. Nothing was changed."""

    exit_code = 3


class ReleaseUnknown(ReleaseError):
    """There is no release with the identifier or number {id}, or it may not be seen with these rights. Look at the
    list of releases."""

    exit_code = 4


class ReleaseWrong(ReleaseError):
    """It cannot be released like that: {reason}. Nothing was released."""

    exit_code = 2


class ReleaseWordsWrong(ReleaseError):
    """The {what} is missing, is longer than {longest} characters, or holds characters that nobody sees. Write it again.
    Nothing was released."""

    exit_code = 2


class ReleaseClosed(ReleaseError):
    """{number} is {state}, so nothing is released for it any more. Nothing was changed. Take it up again first."""

    exit_code = 5


class ReleaseWrongState(ReleaseError):
    """The release {number} {state}, so it cannot be {wanted} now. Nothing was changed. Load it again and look at what
    became of it."""

    exit_code = 5


class ReleaseChanged(ReleaseError):
    """Somebody else changed the release {number} after you had opened it. Nothing of yours was kept. Look at it as it
    is now, and decide again."""

    exit_code = 5


class ReleaseNotYours(ReleaseError):
    """You prepared the release {number}, so another person has to approve it or send it back. Nothing was changed."""

    exit_code = 5


class ReleaseOfOwn(ReleaseError):
    """You are on record as the wearer of the recording {id}, which the release {number} shows, so another person has to
    approve it. Nothing was changed."""

    exit_code = 5


class ReleaseNotByPerson(ReleaseError):
    """The release {number} is approved by a second person, under an account of their own, so it was not approved.
    Nothing was changed. At the command line, say whose act it is: --as NAME."""

    exit_code = 5
