"""Sentences of NMEA 0183: those with place, time and date (RMC). Runs in a limited process; pure.

A sentence counts only when its checksum is there and right, and the receiver says that it has a fix (A). RMC has UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from candor.footage.media.track_points import KNOT, MOST_POINTS, Row, moment, row

__all__ = ["LONGEST", "has_sentences", "points_of_lines", "rmc"]

#: Characters of one sentence. The standard has 82; some receivers write more.
LONGEST: Final = 200
_SENTENCE: Final = re.compile(r"\$([A-Z]{2}[A-Z]{3},[^*$\r\n]{0,190})\*([0-9A-Fa-f]{2})")
_PLACE: Final = re.compile(r"(\d{2,3})(\d{2}(?:\.\d{1,10})?)")


def has_sentences(text: str) -> bool:
    """Whether a text begins with sentences of this kind."""
    return any(True for line in text[:4000].splitlines()[:40] for _ in _valid(line[:LONGEST]))


def points_of_lines(lines: Iterable[str]) -> list[Row]:
    """The points of all sentences, without seconds: by their own time only."""
    found: list[Row] = []
    for line in lines:
        point = rmc(line, None)
        if point is not None:
            found.append(point)
            if len(found) >= MOST_POINTS:
                break
    return found


def rmc(text: str, seconds: float | None, *, longest: int = LONGEST) -> Row | None:
    """The point of the first valid RMC sentence in so much of a text; None when there is none with a fix."""
    for body in _valid(text[:longest]):
        fields = body.split(",")
        if fields[0][2:] != "RMC" or len(fields) < 10 or fields[2] != "A":
            continue
        latitude, longitude = _degrees(fields[3], fields[4], "NS"), _degrees(fields[5], fields[6], "EW")
        at = _at(fields[1], fields[9])
        if latitude is None or longitude is None or at is None:
            continue
        return row(seconds, latitude, longitude, at, _speed(fields[7]))
    return None


def _valid(text: str) -> Iterator[str]:
    """The sentences in a text whose checksum is right."""
    for match in _SENTENCE.finditer(text):
        total = 0
        for character in match[1]:
            total ^= ord(character) & 0xFF
        if total == int(match[2], 16) and match[1].isascii():
            yield match[1]


def _degrees(text: str, side: str, sides: str) -> float | None:
    match = _PLACE.fullmatch(text)
    if match is None or side not in (sides[0], sides[1]) or float(match[2]) >= 60:
        return None
    degrees = int(match[1]) + float(match[2]) / 60
    return -degrees if side == sides[1] else degrees


def _at(clock: str, date: str) -> datetime | None:
    match = re.fullmatch(r"(\d\d)(\d\d)(\d\d(?:\.\d{1,6})?)", clock)
    day = re.fullmatch(r"(\d\d)(\d\d)(\d\d)", date)
    if match is None or day is None:
        return None
    year = int(day[3])
    return moment(
        year + (1900 if year >= 80 else 2000), int(day[2]), int(day[1]), int(match[1]), int(match[2]), float(match[3])
    )


def _speed(text: str) -> float | None:
    return float(text) * KNOT if re.fullmatch(r"\d{1,4}(\.\d{1,6})?", text) else None
