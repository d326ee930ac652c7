"""The public leaf: what the log shows the world of a custody event. Nothing personal, no kind, no exact time.

    leaf    = canonical JSON {"commit":…,"hour":"2026-11-22T10Z","tag":…,"v":1}
    commit  = hex(SHA256("bwc-commit-v1\\0" || salt || payload))       salt: 32 random bytes per event
    tag     = hex(HMAC-SHA256(tag_key, "bwc-tag-v1\\0" || u64be n)[:16])   n: the recording's events from 0 on

Whoever has the salt and payload of an event can show what it was; whoever has a recording's tag keys can find
all of its events and see that none is left out. To everybody else the leaves are unlinkable. See `opening`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from candor.verify.encoding import MAX_COUNT, canonical_json, canonical_json_object, hex_bytes, reading

__all__ = [
    "SALT_SIZE",
    "TAG_KEY_SIZE",
    "TAG_SIZE",
    "Leaf",
    "commit",
    "hour_of",
    "parse_leaf",
    "parse_time",
    "public_leaf",
    "tag",
    "time_text",
]

SALT_SIZE = 32
TAG_KEY_SIZE = 32
TAG_SIZE = 16

_COMMIT_DOMAIN = b"bwc-commit-v1\0"
_TAG_DOMAIN = b"bwc-tag-v1\0"
_MAX_LEAF_SIZE = 512
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_HOUR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}Z")


@dataclass(frozen=True)
class Leaf:
    """A public leaf: commitment (64 hex digits), hour in UTC, tag (32 hex digits)."""

    commit: str
    hour: str
    tag: str

    def __post_init__(self) -> None:
        hex_bytes(self.commit, 32)
        hex_bytes(self.tag, TAG_SIZE)
        if not isinstance(self.hour, str) or _HOUR.fullmatch(self.hour) is None:
            raise ValueError(f"not an hour: {str(self.hour)[:40]!r}")
        datetime.fromisoformat(f"{self.hour[:-1]}:00")  # raises ValueError for a day or hour that no calendar has

    def encode(self) -> bytes:
        """The entry of the log."""
        return canonical_json({"commit": self.commit, "hour": self.hour, "tag": self.tag, "v": 1})


def commit(salt: bytes, payload: bytes) -> str:
    """Commitment to an event's payload under its salt (32 bytes), hex."""
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt has {SALT_SIZE} bytes, not {len(salt)}")
    return hashlib.sha256(_COMMIT_DOMAIN + salt + payload).hexdigest()


def tag(tag_key: bytes, n: int) -> str:
    """Tag of a recording's event number `n` under the tag key (32 bytes) of its epoch, hex."""
    if len(tag_key) != TAG_KEY_SIZE or not 0 <= n <= MAX_COUNT:
        raise ValueError(f"a tag is of a key of {TAG_KEY_SIZE} bytes and a count")
    return hmac.new(tag_key, _TAG_DOMAIN + n.to_bytes(8, "big"), hashlib.sha256).digest()[:TAG_SIZE].hex()


def public_leaf(commit: str, hour: str, tag: str) -> bytes:
    """The log's entry for an event. Raises ValueError for parts that are not of the form."""
    return Leaf(commit, hour, tag).encode()


def parse_leaf(data: bytes) -> Leaf:
    """Read a public leaf: exactly its four keys, in the one canonical spelling. Raises Malformed."""
    with reading("public leaf"):
        if len(data) > _MAX_LEAF_SIZE:
            raise ValueError(f"longer than {_MAX_LEAF_SIZE} bytes")
        found = canonical_json_object(data)
        if found.keys() != {"commit", "hour", "tag", "v"} or found["v"] != 1:
            raise ValueError("it must hold commit, hour, tag and v = 1")
        leaf = Leaf(found["commit"], found["hour"], found["tag"])
        if leaf.encode() != data:
            raise ValueError("not canonical")
    return leaf


def time_text(at: datetime) -> str:
    """A time (with time zone) as payloads hold it: UTC, microseconds, "2026-11-22T10:11:12.123456Z"."""
    if at.tzinfo is None:
        raise ValueError("a time without a time zone")
    return at.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> datetime:
    """The UTC time that `time_text` wrote. Raises ValueError for any other spelling."""
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"not a time in UTC with microseconds: {text[:40]!r}")
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=timezone.utc)


def hour_of(at: datetime | str) -> str:
    """The hour in UTC that the public leaf shows of a time: "2026-11-22T10Z"."""
    text = time_text(at) if isinstance(at, datetime) else time_text(parse_time(at))
    return text[:13] + "Z"
