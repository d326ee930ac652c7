"""What people write in requests, bounded and made safe to show. Pure.

Whoever asks may be anybody, and may send anything. Nothing is refused for its characters: what a reader would not see,
or what turns the direction of writing, is written out as `footage.names` does it with names of files, and both
databases can hold what is left.
"""

from __future__ import annotations

import hashlib
import unicodedata
from enum import StrEnum
from typing import TypeVar

from candor.disclosure.requests.errors import RequestFieldWrong, RequestReasonMissing
from candor.footage import names

__all__ = [
    "LONGEST_LINE",
    "LONGEST_REASON",
    "LONGEST_WORDS",
    "checked_line",
    "checked_reason",
    "checked_text",
    "chosen",
    "digest",
    "folded",
    "search_key",
]

LONGEST_LINE = 200
LONGEST_WORDS = 10_000
LONGEST_REASON = 500
#: A search looks into so many characters of each request: number and name first, then what is asked for.
_LONGEST_KEY = 400
#: What is longer by this factor is not even looked through.
_ABSURD = 4


def checked_line(field: str, value: object, longest: int = LONGEST_LINE, *, needed: bool = False) -> str:
    """One line without spaces around it, hidden characters written out. Raises RequestFieldWrong."""
    text = _text(field, value, longest)
    line = _written(" ".join(unicodedata.normalize("NFC", text).split()))
    return _fitting(field, line, longest, needed)


def checked_text(field: str, value: object, longest: int = LONGEST_WORDS, *, needed: bool = False) -> str:
    """Words of several lines, hidden characters but line ends and tabs written out. Raises RequestFieldWrong."""
    text = unicodedata.normalize("NFC", _text(field, value, longest)).replace("\r\n", "\n").replace("\r", "\n")
    lines = ("\t".join(_written(cell) for cell in line.split("\t")).rstrip() for line in text.split("\n"))
    return _fitting(field, "\n".join(lines).strip(), longest, needed)


def checked_reason(value: object) -> str:
    """Why something is done, in one line. Raises RequestReasonMissing."""
    if not isinstance(value, str) or len(value) > LONGEST_REASON * _ABSURD:
        raise RequestReasonMissing(longest=LONGEST_REASON)
    text = _written(" ".join(unicodedata.normalize("NFC", value).split()))
    if not 1 <= len(text) <= LONGEST_REASON:
        raise RequestReasonMissing(longest=LONGEST_REASON)
    return text


_Choice = TypeVar("_Choice", bound=StrEnum)


def chosen(choices: type[_Choice], field: str, value: object) -> _Choice:
    """One of a closed list. Raises RequestFieldWrong."""
    try:
        return choices(str(value))
    except ValueError as error:
        given = names.shown(str(value)[:LONGEST_LINE])
        raise RequestFieldWrong(field=field, reason=f"“{given}” is not one of {', '.join(choices)}") from error


def folded(text: str) -> str:
    """A text as a search compares it: neither capitals, width nor spaces count."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def search_key(number: str, *texts: str) -> str:
    """What a search among requests looks in."""
    return folded(" ".join((number, *texts)))[:_LONGEST_KEY]


def digest(words: str) -> str:
    """What an event says of words that it does not hold: SHA-256 in hexadecimal."""
    return hashlib.sha256(words.encode()).hexdigest()


def _text(field: str, value: object, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RequestFieldWrong(field=field, reason="it is not text")
    if len(value) > longest * _ABSURD:
        raise RequestFieldWrong(field=field, reason=f"it has more than {longest} characters")
    return names.kept(value)


def _fitting(field: str, text: str, longest: int, needed: bool) -> str:
    if len(text) > longest:
        raise RequestFieldWrong(field=field, reason=f"it has more than {longest} characters")
    if needed and not text:
        raise RequestFieldWrong(field=field, reason="it is empty")
    return text


def _written(line: str) -> str:
    """Every character that a reader would not see, written out; every kind of space is a plain one."""
    if line.isprintable():
        return line
    return "".join(" " if unicodedata.category(one) == "Zs" else names.shown(one) for one in line)
