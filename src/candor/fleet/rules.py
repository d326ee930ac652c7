"""What is true of devices. Pure: no database, no clock."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from candor.fleet.errors import (
    DeviceTextTooLong,
    DockKindUnknown,
    KindUnknown,
    PlaceNameWrong,
    SerialWrong,
    StateUnknown,
)

LONGEST_SERIAL = 64
LONGEST_TEXT = 100
LONGEST_NOTE = 500


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


class DeviceState(StrEnum):
    """Where a device stands in its life. `issued` is never set by hand: it follows from an assignment that runs."""

    IN_STOCK = "in-stock"
    ISSUED = "issued"
    REPAIR = "repair"
    LOST = "lost"
    RETIRED = "retired"


#: Names of states for people.
STATE_WORDS: dict[DeviceState, str] = {
    DeviceState.IN_STOCK: "In stock",
    DeviceState.ISSUED: "Issued",
    DeviceState.REPAIR: "In repair",
    DeviceState.LOST: "Lost",
    DeviceState.RETIRED: "Retired",
}


class DockKind(StrEnum):
    """How cameras hand over there."""

    AXIS = "axis"
    TUS = "tus"
    CARD = "card"


#: Names of kinds of docks for people.
DOCK_WORDS: dict[DockKind, str] = {
    DockKind.AXIS: "Axis camera system",
    DockKind.TUS: "Program that uploads",
    DockKind.CARD: "Card reader",
}


def shown_state(kept: DeviceState, has_it: bool) -> DeviceState:
    """The state as people see it: what is kept, but issued where it is in stock and somebody has it now."""
    return DeviceState.ISSUED if kept is DeviceState.IN_STOCK and has_it else kept


def state_named(name: str) -> DeviceState:
    """A state that can be set by hand; raises StateUnknown."""
    settable = [state.value for state in DeviceState if state is not DeviceState.ISSUED]
    if name.strip() not in settable:
        raise StateUnknown(state=name, known=", ".join(settable))
    return DeviceState(name.strip())


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


def dock_kind_named(name: str) -> DockKind:
    """The kind of dock with this name; raises DockKindUnknown."""
    try:
        return DockKind(name.strip())
    except ValueError as error:
        raise DockKindUnknown(kind=name, known=", ".join(DockKind)) from error


def clean_text(field: str, text: str | None, longest: int = LONGEST_TEXT) -> str | None:
    """A make, a model, a note: without spaces around it, None when empty. Raises DeviceTextTooLong."""
    cleaned = (text or "").strip()
    if len(cleaned) > longest:
        raise DeviceTextTooLong(field=field, longest=longest)
    return cleaned or None


def clean_name(name: str) -> str:
    """The name of a site or a dock: NFC, single spaces. Raises PlaceNameWrong."""
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not 1 <= len(cleaned) <= LONGEST_TEXT or not cleaned.isprintable():
        raise PlaceNameWrong(name=name, longest=LONGEST_TEXT)
    return cleaned


def name_key(name: str) -> str:
    """What names of sites or docks are compared by: case does not count."""
    return clean_name(name).casefold()
