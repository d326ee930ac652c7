"""Texts beside recordings: lists of hashes, plain lines. Runs in a limited process; pure."""

from __future__ import annotations

import codecs
import re
from typing import Any, Final

__all__ = ["decode", "lines_of", "read_hashes"]

# Codecs are imported when they are first used. In a limited process no file can be opened by then.
for _name in ("utf-16-le", "utf-16-be", "cp1252"):
    codecs.lookup(_name)

LONGEST_LINE: Final = 300
MOST_LINES: Final = 1000
MOST_HASHES: Final = 5000
_SHOWN: Final = 64 << 10  # bytes of what is no text
_ALGORITHMS: Final = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_HEX = r"(?P<hex>[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})"
#: As sha256sum writes it (with or without a name), and as BSD's tools do.
_COREUTILS: Final = re.compile(rf"\\?{_HEX}(?:[ \t]+\*?(?P<name>\S.*))?")
_BSD: Final = re.compile(rf"(?P<algorithm>[A-Z]{{2,6}}[0-9-]{{0,4}}) ?\((?P<name>.+)\) ?= ?{_HEX}")


def decode(data: bytes) -> tuple[str, str]:
    """(text, encoding). Bytes that are no text in UTF-8 or UTF-16 are written \\xNN, and the encoding is "unknown"."""
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(name), "utf-16"
            except UnicodeDecodeError:
                break
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode(), "utf-8"
    except UnicodeDecodeError:
        return data[:_SHOWN].decode("utf-8", "backslashreplace"), "unknown"


def lines_of(text: str) -> list[str]:
    """The first lines, each shortened, as they can be shown and stored."""
    found = []
    for line in text.splitlines()[: 2 * MOST_LINES]:
        cleaned = "".join(c if c.isprintable() else " " for c in line[:LONGEST_LINE]).strip()
        if cleaned:
            found.append(cleaned)
    return found[:MOST_LINES]


def read_hashes(text: str) -> list[dict[str, Any]] | None:
    """[{"algorithm", "hex", "name" or None}] when every line that is not blank is a hash; None when one is not."""
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", ";")):
            continue
        match = _COREUTILS.fullmatch(stripped[:2000]) or _BSD.fullmatch(stripped[:2000])
        if match is None or len(found) >= MOST_HASHES:
            return None
        name = match["name"]
        shown = None if name is None else "".join(c for c in name if c.isprintable())[:LONGEST_LINE]
        found.append({"algorithm": _ALGORITHMS[len(match["hex"])], "hex": match["hex"].lower(), "name": shown})
    return found or None
