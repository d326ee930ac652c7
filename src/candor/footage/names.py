"""Names as senders give them: kept exactly, shown safely. Pure.

A name may hold anything: newlines, marks that turn the writing direction, bytes that are no text. It is kept as it
came, and shown with every character that could mislead written out.
"""

from __future__ import annotations

import os
import re
import unicodedata

#: Categories of characters that a shown name writes out: controls, marks without a picture, private use, surrogates,
#: unassigned, line and paragraph separators.
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
#: Joiners inside words of Persian, Indic scripts and emoji: they belong to the spelling.
_ALLOWED = {"\u200c", "\u200d"}
_SURROGATE = re.compile("[\ud800-\udfff]")
LONGEST_SHOWN = 200


def kept(name: str) -> str:
    """The name as both databases can hold it: bytes that are no UTF-8 and the NUL are written \\xNN; all else stays."""
    try:
        raw = os.fsencode(name) if _SURROGATE.search(name) else name.encode()
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "surrogatepass")
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def raw_bytes(name: str) -> bytes | None:
    """The exact bytes of a name that `kept` cannot show as it was; None when it can."""
    if kept(name) == name:
        return None
    try:
        return os.fsencode(name)
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")


def unusual(name: str) -> bool:
    """Whether the name holds something that a reader would not see, or no text at all."""
    return not name.strip() or any(_is_hidden(c) for c in name) or raw_bytes(name) is not None


def whole(text: str) -> str:
    """A line that people read to its end: what could mislead is written out, nothing is shortened."""
    return "".join(_written(c) if _is_hidden(c) else c for c in text)


def shown(name: str) -> str:
    """The name for people: what could mislead is written out (\\n, \\u202e), a long one is shortened in the middle."""
    written = whole(name) or "(no name)"
    if len(written) <= LONGEST_SHOWN:
        return written
    return f"{written[: LONGEST_SHOWN - 31]}…{written[-30:]}"


def _is_hidden(character: str) -> bool:
    return character not in _ALLOWED and unicodedata.category(character) in _HIDDEN


def _written(character: str) -> str:
    code = ord(character)
    named = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    if named:
        return named
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
