"""What walls refuse. Each class is a message for people."""

from __future__ import annotations

from candor.matters.errors import MatterError
from candor.people.errors import Refused


class WallRefused(Refused):
    """A wall stands between the administrative and the criminal side: {reason} (rule {rule}). Nothing was changed, and
    nobody may overrule it here; put another person in that place."""


class CompelledWrong(MatterError):
    """The recording cannot be marked as compelled: {reason}. Nothing was changed."""


class CircleWrong(MatterError):
    """The case {number} {reason}. Nothing was changed."""

    exit_code = 5
