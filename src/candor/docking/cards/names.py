"""Grammars of file names that cameras and exports are known to use. Pure; what they give are claims.

Where each was read: docs/explanation of readers in docs/how-to/dock-card.md. A grammar that nobody has seen on a real
file or in a maker's manual is not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from candor.docking.cards.found import NamedTime, plausible

__all__ = ["Motorola", "Novatek", "Numbered", "axon", "motorola", "novatek", "numbered"]

#: Names longer than this are read by no grammar.
LONGEST: Final = 255

_NOVATEK = re.compile(
    r"(\d{4})_(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})_(?:(?P<number>\d{3,6})(?P<lens>[A-Z])|(?P<only>[A-Z]))", re.I
)
_MOTOROLA = re.compile(
    r"(?P<officer>[^_/]{1,80})_(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})_(?P<device>[A-Za-z0-9]{1,32})-(?P<segment>\d{1,4})"
)
_AXON = re.compile(
    r"AXON[ _](?P<model>Body[ _]\d+[^_]*)[ _]Video[ _](\d{4})-(\d{2})-(\d{2})[ _](\d{2})(\d{2})(?![0-9])", re.I
)
_NUMBERED = re.compile(r"(?P<letters>[A-Z0-9_]{4})(?P<number>\d{4})", re.I)
#: What can be the serial number of a device, and not the number of a place in a car.
_SERIAL = re.compile(r"[A-Z]{2,4}\d{5,12}")


@dataclass(frozen=True)
class Novatek:
    """YYYY_MMDD_HHMMSS_NNNA: when it began, the camera's count of files, which lens. Some write no count."""

    start: NamedTime
    number: int | None
    digits: int
    lens: str


def novatek(stem: str) -> Novatek | None:
    """The name of a Novatek-class camera's file, without its suffix."""
    found = _NOVATEK.fullmatch(stem) if len(stem) <= LONGEST else None
    at = plausible(*(int(found[place]) for place in range(1, 7))) if found else None
    if found is None or at is None:
        return None
    number = found["number"]
    return Novatek(
        NamedTime(at), None if number is None else int(number), len(number or ""), found["lens"] or found["only"]
    )


@dataclass(frozen=True)
class Motorola:
    """Officer_YYYYMMDDHHMM_Device-Segment. The minute is all there is; two recordings can share it."""

    start: NamedTime
    officer: str
    device: str
    segment: int

    @property
    def serial(self) -> str | None:
        """The device as a serial number, where it can be one. In-car systems write a short number of a place."""
        return self.device.upper() if _SERIAL.fullmatch(self.device.upper()) else None


def motorola(stem: str) -> Motorola | None:
    """The name of a file that Motorola or WatchGuard exported, without its suffix."""
    found = _MOTOROLA.fullmatch(stem) if len(stem) <= LONGEST else None
    at = plausible(*(int(found[place]) for place in range(2, 7))) if found else None
    if found is None or at is None:
        return None
    return Motorola(NamedTime(at, resolution=60), found["officer"], found["device"], int(found["segment"]))


def axon(stem: str) -> tuple[NamedTime, str] | None:
    """(time, model) in the name of an Axon export. The name is the evidence's title, which anyone can edit: a claim,
    and no more."""
    found = _AXON.match(stem) if len(stem) <= LONGEST else None
    at = plausible(*(int(found[place]) for place in range(2, 7))) if found else None
    if found is None or at is None:
        return None
    return NamedTime(at, resolution=60, where="the title of the export"), found["model"].replace("_", " ")


@dataclass(frozen=True)
class Numbered:
    """Four signs and a number from 0001 to 9999, as the design rule for camera file systems (DCF) has it."""

    letters: str
    number: int


def numbered(stem: str) -> Numbered | None:
    """A file's name by DCF (JEITA CP-3461), without its suffix."""
    found = _NUMBERED.fullmatch(stem)
    return None if found is None else Numbered(found["letters"].upper(), int(found["number"]))
