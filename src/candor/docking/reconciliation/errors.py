"""What can go wrong with the reconciliation."""

from __future__ import annotations

from candor.docking.errors import DockingError


class PeriodWrong(DockingError):
    """{reason} Give two days, the first before the second, at most {longest} days apart."""


class NothingMissing(DockingError):
    """Nothing is missing there that could be explained: {what}. Nothing was changed. Look at the page again; it may
    have arrived meanwhile."""

    exit_code = 4


class ExplanationWrong(DockingError):
    """The explanation cannot be kept: {reason}. Nothing was changed."""
