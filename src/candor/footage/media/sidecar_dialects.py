"""What a small file beside recordings is, by its content, and what it says. Runs in a limited process.

The name is a hint only. What is of no dialect known here is "unknown": nothing is read from it, and it is kept raw.
"""

from __future__ import annotations

import os
from typing import Any, Final

from candor.footage.media.sidecar_json import read_json
from candor.footage.media.sidecar_text import decode, lines_of, read_hashes
from candor.footage.media.sidecar_xml import read_xml
from candor.footage.media.track_nmea import has_sentences, points_of_lines
from candor.footage.media.track_srt import is_srt, points_of_cues

__all__ = ["LARGEST", "VERSION", "read_small"]

VERSION: Final = "sidecar@1"
LARGEST: Final = 16 << 20
_TEXT_SUFFIXES: Final = (".txt", ".log", ".csv", ".ini")


def read_small(stream: Any, name: str) -> dict[str, Any]:
    """{"v", "kind": sha256, xml, json, gpx, nmea, srt, text, picture, sound, document or unknown, "encoding",
    "dialect", "problems": [codes], "fields": {path: text}, "hashes": [{"algorithm", "hex", "name"}],
    "records": [{path: text}], "lines": [text], "points": rows of `track_points`}.

    Problems: "too-large", "not-text" and those of the single dialects.
    """
    found: dict[str, Any] = {
        "v": VERSION, "kind": "unknown", "encoding": None, "dialect": None, "problems": [], "fields": {},
        "hashes": [], "records": [], "lines": [], "points": [],
    }  # fmt: skip
    size = stream.seek(0, os.SEEK_END)
    if size > LARGEST:
        found["problems"].append("too-large")
        return found
    stream.seek(0)
    data = stream.read(size)
    found["kind"] = _binary_kind(data)
    if found["kind"] == "unknown":
        found |= _read_text(data, name)
    return found


def _binary_kind(data: bytes) -> str:
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return "picture"
    if data.startswith(b"%PDF-"):
        return "document"
    if data[4:11] in (b"ftypM4A", b"ftypM4B"):
        return "sound"
    return "unknown"


def _read_text(data: bytes, name: str) -> dict[str, Any]:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or data.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<")):
        return read_xml(data)
    text, encoding = decode(data)
    if encoding == "unknown" or "\0" in text:
        return {"problems": ["not-text"]}
    found: dict[str, Any] = {"encoding": encoding}
    begins = text.lstrip()[:1]
    if begins in ("{", "["):
        read = read_json(text)
        return found | ({"problems": ["malformed"]} if read is None else {"kind": "json", **read})
    if (hashes := read_hashes(text)) is not None:
        return found | {"kind": "sha256", "hashes": hashes}
    if is_srt(text):
        points, dialect = points_of_cues(text)
        return found | {"kind": "srt", "points": points, "dialect": dialect}
    if has_sentences(text):
        return found | {"kind": "nmea", "dialect": "NMEA 0183", "points": points_of_lines(text.splitlines())}
    if name.lower().endswith(_TEXT_SUFFIXES):
        return found | {"kind": "text", "lines": lines_of(text)}
    return found
