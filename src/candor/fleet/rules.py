"""What is true of devices. Pure: no database, no clock."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from candor.fleet.errors import DeviceTextTooLong, KindUnknown, SerialWrong

LONGEST_SERIAL = 64
LONGEST_TEXT = 100


class DeviceKind(StrEnum):
    """What sort of camera it is."""

    BODY = "body"
    IN_CAR = "in-car"
    INTERVIEW_ROOM = "interview-room"
    DRONE = "drone"
    CITIZEN = "citizen"


#: Names of kinds for people.
KIND_WORDS: dict[DeviceKind, str] = {
    DeviceKind.BODY: "Body-worn camera",
    DeviceKind.IN_CAR: "In-car camera",
    DeviceKind.INTERVIEW_ROOM: "Interview room",
    DeviceKind.DRONE: "Drone",
    DeviceKind.CITIZEN: "A citizen's device",
}


def clean_serial(serial: str) -> str:
    """The one form under which a serial number is kept and found: NFKC, upper case, no spaces.

    Raises SerialWrong when nothing is left, or more than 64 characters, or any that cannot be seen.
    """
    cleaned = "".join(unicodedata.normalize("NFKC", serial).upper().split())
    if not 1 <= len(cleaned) <= LONGEST_SERIAL or not cleaned.isprintable():
        raise SerialWrong(serial=serial)
    return cleaned


def kind_named(name: str) -> DeviceKind:
    """The kind with this name; raises KindUnknown."""
    try:
        return DeviceKind(name.strip())
    except ValueError as error:
        raise KindUnknown(kind=name, known=", ".join(DeviceKind)) from error


def clean_text(field: str, text: str | None) -> str | None:
    """A make or a model: without spaces around it, None when empty. Raises DeviceTextTooLong."""
    cleaned = (text or "").strip()
    if len(cleaned) > LONGEST_TEXT:
        raise DeviceTextTooLong(field=field, longest=LONGEST_TEXT)
    return cleaned or None
