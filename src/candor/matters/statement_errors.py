"""What can go wrong with reviews before a statement. Each class is a message for people."""

from __future__ import annotations

from candor.matters.errors import MatterError
from candor.people.errors import Refused


class ReviewUnknown(MatterError):
    """There is no review with the identifier {id}, or it may not be seen with these rights. Look at the list of
    reviews."""

    exit_code = 4


class ReviewWrong(MatterError):
    """The review cannot be asked for or decided like that: {reason}. Nothing was changed."""


class ReviewNotNow(MatterError):
    """The review is {state}, so it cannot be {act} now. Nothing was changed. Load the page again."""

    exit_code = 5


class ReviewForbidden(Refused):
    """The law in force here does not allow this review before a statement: {reason} (rule {rule}). Nothing was
    opened."""


class ReviewOwn(Refused):
    """Nobody decides on a review of their own: {reason} (rule {rule}). Nothing was changed. Ask another person who may
    grant reviews."""
