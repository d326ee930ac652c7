"""Words: how text is cut for search, and how facts become words. Pure, and the same for both databases.

A word is what is left between characters that are neither letters, digits nor marks, in one case and without
accents, so that “José” is found by “jose”. What is typed is cut the same way and is therefore never syntax.

A fact that is filtered by is a word too, with a sign before it that no typed text can yield: `§w` and the wearer's
id, for instance. So text, filters and what somebody may see are one question to one index, answered in the order by
start without reading a row.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

LONGEST_WORD = 64
#: Words of one search that are looked at; further ones are left aside.
MOST_WORDS = 16
#: Bits of a place in the order that tell recordings of the same millisecond apart.
SLOT_BITS = 16

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ASCII = re.compile("[a-z0-9]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


class Fact(StrEnum):
    """What a recording is filtered by, and the letter it has in a fact's word."""

    WEARER = "w"
    UNIT = "u"
    DEVICE = "d"
    DEVICE_KIND = "k"
    CATEGORY = "c"
    STATE = "s"
    FLAG = "f"
    INCIDENT = "i"
    OPENED = "o"
    PLACE = "p"
    LABEL = "l"
    MATTER = "m"


def cut(text: str) -> list[str]:
    """The words of a text in order, without repeats; each at most 64 characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if folded.isascii():
        found: Iterable[str] = _ASCII.findall(folded)
    else:
        bare = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
        bare = unicodedata.normalize("NFC", bare)
        found = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in bare).split()
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in found))


def fact(kind: Fact, value: str) -> str:
    """The word of a fact whose value is an identifier or a name from a fixed list (ASCII letters, digits, hyphens)."""
    return f"§{kind.value}{value.replace('-', '')}"


#: The word of recordings that nobody put into a category. No category yields it: theirs are hexadecimal (`named`).
UNCATEGORISED = fact(Fact.CATEGORY, "none")


def named(kind: Fact, text: str) -> str:
    """The word of a fact whose value is free text, compared as `same_text` leaves it."""
    return f"§{kind.value}{hashlib.blake2b(same_text(text).encode(), digest_size=8).hexdigest()}"


def place_word(word: str) -> str:
    """A word of the place, which is searched by prefix in that field alone."""
    return f"§{Fact.PLACE.value}{word}"


def same_text(text: str) -> str:
    """Two texts that differ in case, width or spaces only are the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def sort_text(text: str) -> str:
    """What a title is sorted by: without case and accents, at most 100 characters."""
    return _ACCENTS.sub("", unicodedata.normalize("NFD", same_text(text)))[:100]


def key_of(started_at: datetime, recording_id: str) -> int:
    """The place in the order by start: milliseconds since 1970, then 16 bits of the id that differ by chance.

    Fits 64 bits until the year 2248 and before 1970 too. When a place is taken the next one is free to use.
    """
    return lowest_key(started_at) + int(recording_id[-SLOT_BITS // 4 :], 16)


def lowest_key(moment: datetime) -> int:
    """The first place of the moment's millisecond."""
    return ((moment - _EPOCH) // _MILLISECOND) << SLOT_BITS
