"""What can go wrong with the law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from candor.core.errors import CandorError
from candor.law.reading_tree import Fault


class LawError(CandorError):
    """Something about the law that is applied here went wrong."""

    exit_code = 3


class PeriodWrong(LawError):
    """“{text}” is no period. Write a whole number and its unit, such as “90 days”; units are: {units}."""


class YearlyDayWrong(LawError):
    """“{text}” is no day that returns each year. Write it as “January 1”, “third Monday of January”, “last Monday of
    May”, “Good Friday” or “day after fourth Thursday of November”."""


class ChangeUnknown(LawError):
    """There is no change of the law with the identifier {id}. Choose one of the list."""

    exit_code = 4


class ChangeDecided(LawError):
    """This change is decided already: it is {state}. Propose another one."""


class ChangeBySamePerson(LawError):
    """Whoever proposed a change may not decide it. Ask a second person."""

    exit_code = 5


class ChangeNotTried(LawError):
    """It was not tried out what this change would do to what is kept, or something was changed since. Try it out first,
    look at what it shows, and decide then."""


class NothingChanges(LawError):
    """That is how the law is applied here already: {what}. Nothing was proposed."""


class PackUnknown(LawError):
    """There is no law pack called “{id}”. Those that come with the program are: {known}."""

    exit_code = 4


class RuleUnknown(LawError):
    """No pack in effect here has a rule “{id}”. Look at the list of rules."""

    exit_code = 4


class NotAdoptable(LawError):
    """The rule “{id}” needs no adoption: {reason}."""


class PolicyOverNothing(LawError):
    """The policy stands over the pack “{over}”, which is not in effect here. Put that in force first."""


class LawReasonMissing(LawError):
    """A change of the law needs a reason: 1 to {longest} visible characters. It goes on record."""


class PackWrong(LawError):
    """{name} cannot be used as a law pack: {count} to mend. What is in effect stays. {listed}"""

    #: So many faults are listed; the rest are counted.
    MOST: ClassVar[int] = 50

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        lines = [f"{name}:{fault.line}: {fault.what}; {fault.mend}" for fault in self.faults[: self.MOST]]
        if len(self.faults) > self.MOST:
            lines.append(f"… and {len(self.faults) - self.MOST} more")
        super().__init__(name=name, count=len(self.faults), listed="\n" + "\n".join(lines))


class NotAPolicy(LawError):
    """This is a law pack ({id}), and no policy of the agency's. Law comes with the program; write `kind: policy` and
    `over:` with the pack that it stands over."""
