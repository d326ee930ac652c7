"""What can go wrong with devices."""

from __future__ import annotations

from candor.core.errors import CandorError


class FleetError(CandorError):
    """Something about a device went wrong."""

    exit_code = 3


class SerialWrong(FleetError):
    """“{serial}” cannot be a serial number. Use 1 to 64 visible characters, as they stand on the device."""


class SerialTaken(FleetError):
    """There is already a device with the serial number {serial}. Use that one, or check the number on the device."""


class KindUnknown(FleetError):
    """There is no kind of device called “{kind}”. Use one of: {known}."""


class DeviceTextTooLong(FleetError):
    """The {field} of a device may have at most {longest} characters. Shorten it."""


class DeviceUnknown(FleetError):
    """There is no device with the identifier {id}. Choose one of the list, or register it first."""

    exit_code = 4


class StateUnknown(FleetError):
    """A device cannot be set to “{state}”. Use one of: {known}. Issued follows from who has it: assign it."""


class DeviceNotUsable(FleetError):
    """The device {serial} is marked as {state}, so nobody can be given it from now on. Set it to in stock first, or
    give an end that is past to enter who had it before."""


class AccountUnknown(FleetError):
    """There is no account with the identifier {id}. Choose one of the list."""

    exit_code = 4


class PlaceNameWrong(FleetError):
    """“{name}” cannot be the name of a site or a dock. Use 1 to {longest} visible characters."""


class PlaceNameTaken(FleetError):
    """There is already one called “{name}”. Choose another name, or use that one."""


class DockKindUnknown(FleetError):
    """There is no kind of dock called “{kind}”. Use one of: {known}."""


class SiteUnknown(FleetError):
    """There is no site with the identifier {id}. Choose one of the list, or add it first."""

    exit_code = 4


class DockUnknown(FleetError):
    """There is no dock with the identifier {id}. Choose one of the list, or add it first."""

    exit_code = 4


class SiteInUse(FleetError):
    """The site “{name}” still has {count} that are open: docks, or cameras that are not retired. Move or close them
    first."""


class AssignmentUnknown(FleetError):
    """There is no assignment with the identifier {id}, or it was withdrawn. Load the page again."""

    exit_code = 4


class AssignmentSpanWrong(FleetError):
    """The assignment would end at {to_at}, which is not after its beginning at {from_at}. Give a later end."""


class AssignmentOverlaps(FleetError):
    """The device {serial} is assigned to somebody else in that time: from {from_at} to {to_at}. Nothing was changed.
    End or correct that assignment first, or choose another time."""


class AssignmentNeedsEnd(FleetError):
    """The device {serial} is shared from a pool, so it must be said until when somebody has it. Give an end."""


class AssignmentEnded(FleetError):
    """That assignment ended at {to_at} already. Correct it instead, if that is not right."""


class ReasonMissing(FleetError):
    """Say why: a correction is kept with its reason. Up to {longest} characters."""


class ReadingWrong(FleetError):
    """That comparison of a clock cannot be kept: {reason}."""


class ImportWrong(FleetError):
    """The file cannot be imported: {reason}. Nothing was changed."""


class MomentWrong(FleetError):
    """“{text}” cannot be used as a time: {reason}. Write 2026-11-22 08:30 in the agency's zone, or with an offset:
    2026-11-22T08:30:00Z."""


class LineWrong(FleetError):
    """This line cannot be used: {reason}."""


class WhoMissing(FleetError):
    """It is not said who has the camera. Choose somebody, or that it lies in the pool."""
