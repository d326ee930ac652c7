"""What names, headers and times of the Axis body-worn integration mean. Pure.

Source: Axis body worn integration API 1.6 (a subset of the OpenStack Object Store API v1). Where the maker's document
leaves room, what is sent is read as far as it can be, and kept as it was said: a camera's odd value is no reason to
turn its footage away. Only what cannot be read at all is malformed.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from urllib.parse import quote, unquote_to_bytes

from candor.core.clock import possible
from candor.docking.axis.errors import AxisMalformed

__all__ = [
    "CAPABILITIES",
    "ContainerKind",
    "ContainerName",
    "ObjectKind",
    "container_kind",
    "container_name",
    "header_of",
    "is_encrypted",
    "is_json",
    "metadata_of",
    "moment",
    "object_kind",
    "path_of",
    "stem_of",
    "tags_of",
    "zone_of",
]

#: What this destination can do, by the groups of `System/Capabilities.json`. What is declared once stays declared.
CAPABILITIES: dict[str, dict[str, bool]] = {
    "Read": {"ReadCategories": True},
    "Store": {
        "StoreBookmarks": True,
        "StoreGNSSTrackRecording": True,
        "StoreRejectedContent": True,
        "StoreSignedVideo": True,
        "StoreUserIDKey": True,
    },
    "StoreAndRead": {"StoreReadSystemID": True},
}

#: Bounds of what is understood, in bytes as decoded; Swift's own are 256, 1024 and 90, the maker's are below them.
LONGEST_CONTAINER = 256
LONGEST_OBJECT = 1024
LONGEST_KEY, LONGEST_VALUE, MOST_KEYS = 128, 1024, 90

_META = re.compile(r"x-(?:container|object)-meta-(.+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # what JSON never holds as it is
_STAMP = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[T_ -]?(\d\d):?(\d\d):?(\d\d)Z?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REJECTED = "RejectedContent_"


class ContainerKind(StrEnum):
    """What a container is for."""

    SYSTEM = "system"
    USERS = "users"
    DEVICES = "devices"
    RECORDING = "recording"
    REJECTED = "rejected"


class ObjectKind(StrEnum):
    """What an object is."""

    ENTRY = "entry"  # of System, Users or Devices
    CLIP = "clip"
    KEY = "key"
    BOOKMARK = "bookmark"
    TRACK = "track"
    OTHER = "other"


@dataclass(frozen=True)
class ContainerName:
    """What a recording's container says by its name: `<user>_<serial>_<trigger time>`, as far as it does."""

    user: str | None = None
    serial: str | None = None
    triggered_at: datetime | None = None


def path_of(raw: bytes) -> list[str]:
    """The parts of a path below the account, from the request line: [container] or [container, object], each decoded.
    An object's name may hold slashes. Raises AxisMalformed."""
    container, _, name = raw.partition(b"/")
    found = [_text(container, "the container's name", LONGEST_CONTAINER)]
    if not found[0] or "/" in found[0]:
        raise AxisMalformed(reason="the container's name is empty or holds a slash")
    if name:
        found.append(_text(name, "the object's name", LONGEST_OBJECT))
    return found


def metadata_of(headers: Iterable[tuple[bytes, bytes]], *, lenient: bool = False) -> dict[str, str]:
    """What a request says in `X-Container-Meta-…` and `X-Object-Meta-…`, keys in lower case, values decoded.

    Raises AxisMalformed for what cannot be read: no UTF-8, control characters, more or longer than is understood.
    With `lenient` (rejected content is never refused) such values are made readable and cut instead.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        key = _META.fullmatch(name.decode("latin-1").lower())
        if key is None:
            continue
        if len(found) >= MOST_KEYS:
            if lenient:
                break
            raise AxisMalformed(reason=f"it has more than {MOST_KEYS} metadata headers")
        found[key[1][:LONGEST_KEY]] = _value(key[1], value, lenient)
    return found


def header_of(key: str, value: str, *, container: bool) -> tuple[str, str]:
    """A metadata header as it is sent back."""
    words = "-".join(word.capitalize() for word in key.split("-"))
    return f"X-{'Container' if container else 'Object'}-Meta-{words}", quote(value, safe="")


def container_kind(name: str) -> ContainerKind:
    """What a container of this name is for. Whatever is not known is taken for a recording."""
    known = {
        kind.value.capitalize(): kind for kind in (ContainerKind.SYSTEM, ContainerKind.USERS, ContainerKind.DEVICES)
    }
    if name.startswith(_REJECTED):
        return ContainerKind.REJECTED
    return known.get(name, ContainerKind.RECORDING)


def container_name(name: str) -> ContainerName:
    """What a recording's container says by its name."""
    parts = name.split("_", 2)
    if name.startswith(_REJECTED) or len(parts) != 3 or not all(parts):
        return ContainerName()
    return ContainerName(parts[0], parts[1], possible(_stamp(parts[2])))


def object_kind(name: str, said: Mapping[str, str]) -> ObjectKind:
    """What an object of this name is, in the container of a recording or of rejected content."""
    lower = name.lower()
    if lower.endswith(".key") or said.get("filetype", "").lower() == "key":
        return ObjectKind.KEY
    if lower.endswith((".mkv", ".mp4")) or said.get("containertype", "").lower() in ("mkv", "mp4"):
        return ObjectKind.CLIP
    if lower.startswith("bookmark_"):
        return ObjectKind.BOOKMARK
    if lower.endswith("_gpstrail.json"):
        return ObjectKind.TRACK
    return ObjectKind.OTHER


def stem_of(name: str) -> str:
    """What an object's name and the name of its key have in common."""
    stem = name[:-4] if name.lower().endswith(".key") else name
    for ending in (".mkv", ".mp4", ".json"):
        stem = stem.removesuffix(ending)
    return stem


def is_encrypted(head: bytes) -> bool:
    """Whether these first bytes of a clip are those of no recording: neither Matroska nor ISO base media."""
    boxes = (b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide")
    return bool(head) and not head.startswith(b"\x1a\x45\xdf\xa3") and head[4:8] not in boxes


def is_json(content: bytes) -> bool:
    """Whether these bytes, or first bytes, can be JSON (RFC 8259): they begin as an array or an object, and are text
    throughout. The beginning alone does not tell: one of 120 encrypted files begins like that by chance."""
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) or _NO_TEXT.search(content):
        return False
    try:
        getincrementaldecoder("utf-8")().decode(content)  # cut anywhere, it may end within a character
    except UnicodeDecodeError:
        return False
    return True


def moment(said: Mapping[str, str], key: str) -> datetime | None:
    """A time that is said in two ways, `<key>iso` (RFC 3339) and `<key>` (seconds since 1970, or RFC 3339 too); the
    first that can be read. None when neither is a time at all, or one at which nothing can have been recorded."""
    for text in (said.get(f"{key}iso", ""), said.get(key, "")):
        found = possible(_rfc3339(text) or _seconds(text) or _stamp(text))
        if found is not None:
            return found
    return None


def name_moment(name: str) -> datetime | None:
    """The time at the beginning of an object's name."""
    return possible(_stamp(name))


def zone_of(said: Mapping[str, str]) -> str | None:
    """The time zone that is said, if there is such a one."""
    from zoneinfo import ZoneInfo  # the zone files are looked at only when a zone is said

    name = said.get("timezone", "")
    try:
        return str(ZoneInfo(name)) if name else None
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


def tags_of(text: str) -> tuple[str, ...]:
    """The tags of a bookmark: `key:value` separated by semicolons; unknown ones are kept as they are."""
    return tuple(tag for tag in (one.strip() for one in text.split(";")) if tag)


def _text(raw: bytes, what: str, longest: int) -> str:
    try:
        found = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise AxisMalformed(reason=f"{what} is not UTF-8") from error
    if _CONTROL.search(found):
        raise AxisMalformed(reason=f"{what} holds control characters")
    if len(found.encode()) > longest:
        raise AxisMalformed(reason=f"{what} is longer than {longest} bytes")
    return found


def _value(key: str, raw: bytes, lenient: bool) -> str:
    if not lenient:
        if len(key) > LONGEST_KEY:
            raise AxisMalformed(reason=f"a metadata key is longer than {LONGEST_KEY} bytes")
        return _text(raw, f"the value of {key}", LONGEST_VALUE)
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", unquote_to_bytes(raw).decode("utf-8", "replace"))
    return text.encode()[:LONGEST_VALUE].decode("utf-8", "ignore")


def _rfc3339(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _seconds(text: str) -> datetime | None:
    if not re.fullmatch(r"\s*-?\d{1,12}(\.\d{1,9})?\s*", text):
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(Decimal(text.strip()) * 1_000_000))
    except (InvalidOperation, OverflowError):
        return None


def _stamp(text: str) -> datetime | None:
    found = _STAMP.match(text)
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
