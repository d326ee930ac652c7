"""What can go wrong with decisions on a release. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError
from candor.footage.errors import ChangedMeanwhile as EntryChanged
from candor.people.errors import Refused

__all__ = [
    "ChangedMeanwhile",
    "DecisionError",
    "DecisionUnknown",
    "DecisionWrong",
    "DecisionsClosed",
    "ReleaseForbidden",
    "SubjectUnknown",
]


class DecisionError(CandorError):
    """The decision could not be made. Nothing was changed."""


class SubjectUnknown(DecisionError):
    """There is no {what} with the identifier {id}, or it may not be seen with these rights. Look at the list."""

    exit_code = 4


class DecisionUnknown(DecisionError):
    """There is no decision with the identifier {id} that still stands here. Load the page again."""

    exit_code = 4


class DecisionWrong(DecisionError):
    """It cannot be decided like that: {reason}. Nothing was changed."""

    exit_code = 2


class DecisionsClosed(DecisionError):
    """{number} is {state}, so nothing is decided in it any more. Nothing was changed. Take it up again first."""

    exit_code = 5


class ChangedMeanwhile(DecisionError, EntryChanged):
    """Somebody else decided on {number} after this page was opened. Nothing of yours was kept, so that nobody’s
    decision is overwritten. Look at what stands now, and decide again where it is still needed."""

    exit_code = 5


class ReleaseForbidden(Refused):
    """The recording {recording} is not released: {words} Rule: {rule}{cited}. {todo} Nothing was released."""

    exit_code = 5
