"""What can go wrong with cases. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError
from candor.footage.errors import ChangedMeanwhile


class MatterError(CandorError):
    """Something about a case went wrong."""

    exit_code = 3


class CaseUnknown(MatterError):
    """There is no case with the number or identifier {id}, or it may not be seen with these rights. Look at the list of
    cases."""

    exit_code = 4


class CaseNumberTaken(MatterError):
    """There is already a case with the number {number}. Choose another number, or use that case. Nothing was
    changed."""


class CaseFieldWrong(MatterError):
    """The {field} of a case cannot be that: {reason}. Nothing was changed. Correct it and send it again."""


class CaseReasonMissing(MatterError):
    """Say why, in 1 to {longest} characters: it goes on record. Nothing was changed."""


class CaseChangedMeanwhile(MatterError, ChangedMeanwhile):
    """Somebody changed the case {number} in the meantime (it is at version {version}, you saw {expected}). Nothing of
    yours was kept. Look at the new state and make your change again."""

    exit_code = 5


class CaseClosed(MatterError):
    """The case {number} is closed. Nothing was changed. Open it again first, with a reason."""

    exit_code = 5


class CaseOpenAlready(MatterError):
    """The case {number} is open already. Nothing was changed."""

    exit_code = 5


class CaseEntryUnknown(MatterError):
    """The case {number} has no such entry, or it was ended before. Nothing was changed. Load the page again."""

    exit_code = 4


class PersonIsThere(MatterError):
    """That person has this part in the case {number} already. Nothing was changed. End the entry first, if it is to be
    another side."""


class RelationWrong(MatterError):
    """These cases cannot be put beside each other: {reason}. Nothing was changed."""


class TooManyForCase(MatterError):
    """At most {most} recordings are added to a case at a time, and {count} were given. Nothing was changed. Add them in
    several steps."""

    exit_code = 2


class NothingToAdd(MatterError):
    """There is no recording to add: none was chosen, or none that may be seen with these rights has the incident number
    {incident}. Nothing was changed."""

    exit_code = 4
