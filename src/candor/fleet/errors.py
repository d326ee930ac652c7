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
