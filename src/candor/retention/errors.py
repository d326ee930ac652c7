"""What can go wrong with what is kept and what is destroyed. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class RetentionError(CandorError):
    """Something about what is kept went wrong."""

    exit_code = 3


class RetentionWordsMissing(RetentionError):
    """The {what} is missing, is longer than {longest} characters, or holds characters that nobody sees. It goes on
    record. Write it again."""


class HoldUnknown(RetentionError):
    """There is no hold with the identifier {id}, or it may not be seen with these rights. Choose one of the list."""

    exit_code = 4


class HoldNeedsOne(RetentionError):
    """A hold is placed on a case or on a single recording: name one of the two. Nothing was held."""


class HoldReleased(RetentionError):
    """This hold was released already, on {when}. Place another one if the footage must stay."""


class HoldOwnerUnknown(RetentionError):
    """There is no active account “{id}” that could answer for the hold. Choose somebody who is there."""

    exit_code = 4


class PlanUnknown(RetentionError):
    """There is no plan with the identifier {id}. Ask for a new one."""

    exit_code = 4


class PlanStopped(RetentionError):
    """The plan was stopped before it was finished. Nothing follows from it. Ask for a new one."""


class LawChangedMeanwhile(RetentionError):
    """The law that is applied here was changed while this was worked out, so the result is of no use. Ask for it
    again."""


class DispositionUnknown(RetentionError):
    """There is no disposition “{id}”. Choose one of the list."""

    exit_code = 4


class DispositionNumberTaken(RetentionError):
    """There is a disposition with the number “{number}” already. Give each authorisation a number of its own."""


class DispositionEmpty(RetentionError):
    """No recording would be in this disposition: {why}. Nothing was proposed."""


class RecordingsMustStay(RetentionError):
    """{count} of the chosen recordings must stay, so nothing was proposed. The first is {id}: {why} Take them out of
    the choice."""

    exit_code = 5


class DispositionState(RetentionError):
    """The disposition {number} is {state}; this can only be done while it is {wanted}."""


class DispositionBySamePerson(RetentionError):
    """Whoever proposed a disposition may not approve it. Ask a second person."""

    exit_code = 5


class DispositionOfOwn(RetentionError):
    """You are on record as the wearer of a recording in the disposition {number} ({id}), so another person has to
    decide it."""

    exit_code = 5


class RecycleNotOver(RetentionError):
    """The disposition {number} waits until {until}, so that a mistake can still be noticed. Nothing was destroyed.
    Recordings can be kept back until then."""

    exit_code = 5


class LawTooYoung(RetentionError):
    """The law or policy that is applied here was changed on {changed}, and nothing is destroyed by schedule within
    {days} days of such a change. Nothing was destroyed. Run it again after {until}."""

    exit_code = 5


class ItemUnknown(RetentionError):
    """The recording {id} is not in the disposition {number}, or is no longer waiting in it."""

    exit_code = 4


class DryRunOld(RetentionError):
    """It was tried out on {when} what this change would do, more than {days} days ago. Try it out again, look at what
    it shows, and decide then."""
