"""What can go wrong with restrictions. Each class is a message for people."""

from __future__ import annotations

from candor.footage.errors import FootageError
from candor.people.errors import Refused


class RestrictionUnknown(FootageError):
    """There is no restriction with the identifier {id} that holds, or it may not be seen with these rights. Nothing was
    changed. Load the page again."""

    exit_code = 4


class RestrictionWordsMissing(FootageError):
    """Say why, in 1 to {longest} characters: it goes on record. Nothing was changed."""


class RestrictedAlready(FootageError):
    """The recording is restricted for this already. Nothing was changed."""

    exit_code = 5


class RestrictionFollows(FootageError):
    """This restriction follows from {what} and is not {act} by itself. Change that instead. Nothing was changed."""

    exit_code = 5


class RestrictionPersonWrong(FootageError):
    """That cannot be said of this person: {reason}. Nothing was changed."""


class AccessPolicyWrong(FootageError):
    """The rule “{field}” of who sees footage cannot be that: {reason}. Nothing was changed."""


class RestrictionOwn(Refused):
    """This is not allowed: {reason} (rule {rule}). Nothing was changed. Ask another person who may restrict
    recordings."""
