"""What can go wrong with duties."""

from __future__ import annotations

from candor.fleet.errors import FleetError


class NotYourCamera(FleetError):
    """The camera {serial} is not assigned to you now, so somebody else has to say whether it is in order. If you do
    have it, ask who keeps the cameras to enter that."""

    exit_code = 5


class NotYourUnit(FleetError):
    """Only a supervisor of the unit concerned, or whoever keeps the cameras, may do that. Nothing was changed."""

    exit_code = 5


class NotYourself(FleetError):
    """That you were trained is recorded by somebody else: a supervisor, or whoever keeps the cameras."""

    exit_code = 5


class WordsMissing(FleetError):
    """Say {what} in 1 to {longest} characters, all of them visible. Nothing was changed."""


class DutyUnknown(FleetError):
    """There is no such duty with the identifier {id} among those that you may change. Load the page again."""

    exit_code = 4


class MalfunctionUnknown(FleetError):
    """There is no report of a camera with the identifier {id} that waits for somebody. Load the page again."""

    exit_code = 4


class ActionUnknown(FleetError):
    """“{name}” is nothing that is done about a camera. Use one of: {known}."""

    exit_code = 2


class TrainingUnknown(FleetError):
    """There is no record of a training with the identifier {id}. Load the page again."""

    exit_code = 4


class TrainingDayWrong(FleetError):
    """“{day}” cannot be the day of a training: {reason}. Write a day that is past, such as 2026-11-22."""
