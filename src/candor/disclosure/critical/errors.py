"""What can go wrong with critical incidents. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError
from candor.people.errors import Refused

__all__ = [
    "ConsentUnproven",
    "CriticalChanged",
    "CriticalClosed",
    "CriticalError",
    "CriticalHolds",
    "CriticalOwes",
    "CriticalUnknown",
    "CriticalWrong",
    "PutOffRefused",
    "ViewingNotNow",
    "ViewingUnknown",
]


class CriticalError(CandorError):
    """Something about a critical incident went wrong."""


class CriticalUnknown(CriticalError):
    """There is no critical incident with the number or identifier {id}, or it may not be seen with these rights. Look
    at the list."""

    exit_code = 4


class CriticalWrong(CriticalError):
    """The {what} of a critical incident cannot be that: {reason}. Nothing was changed."""

    exit_code = 2


class CriticalClosed(CriticalError):
    """The critical incident {number} is closed. Nothing was changed."""

    exit_code = 5


class CriticalOwes(CriticalError):
    """The critical incident {number} cannot be closed yet: {owed}. Do that first, or say why it is closed all the
    same."""

    exit_code = 5


class CriticalHolds(CriticalError):
    """The critical incident {number} holds {several}, so it was not closed. Nothing was changed. Say why that stays
    held when it is closed, or that it is freed."""

    exit_code = 5


class CriticalChanged(CriticalError):
    """Somebody else changed the critical incident {number} after you had opened it. Nothing of yours was kept. Look at
    it as it is now, and decide again."""

    exit_code = 5


class ViewingUnknown(CriticalError):
    """There is no viewing with the identifier {id} in this critical incident. Load the page again."""

    exit_code = 4


class ViewingNotNow(CriticalError):
    """That viewing was {state} already. Nothing was changed. Offer another one if it is needed."""

    exit_code = 5


class ConsentUnproven(CriticalError):
    """A consent is a document: put it with the critical incident as a consent, and name it. Nothing was changed."""

    exit_code = 2


class PutOffRefused(Refused):
    """The release cannot be put off: {reason} (rule {rule}). Nothing was changed. What is due stays due."""

    exit_code = 5
