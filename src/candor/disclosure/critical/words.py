"""What people write of critical incidents, bounded and made safe to show."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from candor.disclosure.critical.errors import CriticalWrong
from candor.disclosure.requests.errors import RequestFieldWrong
from candor.disclosure.requests.words import checked_line, checked_text

__all__ = ["LONGEST_STATEMENT", "digest", "line", "moment", "one_of", "text"]

LONGEST_LINE = 200
LONGEST_TEXT = 2_000
LONGEST_STATEMENT = 10_000

_Choice = TypeVar("_Choice", bound=StrEnum)


def line(what: str, value: object, longest: int = LONGEST_LINE, *, needed: bool = True) -> str:
    """One line. Raises CriticalWrong."""
    try:
        return checked_line(what, value, longest, needed=needed)
    except RequestFieldWrong as error:
        raise CriticalWrong(what=what, reason=error.fields["reason"]) from error


def text(what: str, value: object, longest: int = LONGEST_TEXT, *, needed: bool = True) -> str:
    """Words of several lines. Raises CriticalWrong."""
    try:
        return checked_text(what, value, longest, needed=needed)
    except RequestFieldWrong as error:
        raise CriticalWrong(what=what, reason=error.fields["reason"]) from error


def moment(what: str, value: datetime, *, until: datetime | None = None) -> datetime:
    """A moment with its time zone; not after `until`. Raises CriticalWrong."""
    if value.tzinfo is None:
        raise CriticalWrong(what=what, reason="it needs a time zone")
    if until is not None and value > until:
        raise CriticalWrong(what=what, reason="it lies in the future")
    return value


def one_of(kind: type[_Choice], what: str, value: object, among: tuple[_Choice, ...] = ()) -> _Choice:
    """One of a closed list. Raises CriticalWrong."""
    known = among or tuple(kind)
    try:
        found = kind(str(value))
    except ValueError:
        found = None
    if found is None or found not in known:
        raise CriticalWrong(what=what, reason=f"it is one of {', '.join(known)}")
    return found


def digest(words: str) -> str:
    """What an event says of words that it does not hold: SHA-256 in hexadecimal."""
    return hashlib.sha256(words.encode()).hexdigest()
