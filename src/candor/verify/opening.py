"""The opening of a leaf: the payload and salt that its commitment was made of, and what the payload must hold.

    payload = canonical JSON {"actor","at","details","epoch","event","kind","n","recording","v":1}

`n` counts a recording's events from 0 over all epochs; each epoch has its own tag key, so that showing one says
nothing of later events. An event without a recording has n = 0, epoch = 0 and a random tag.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from candor.verify.encoding import MAX_EXACT, canonical_json, canonical_json_object, hex_bytes, must_be_exact, reading
from candor.verify.errors import BadCommitment, BadTag
from candor.verify.leaf import SALT_SIZE, Leaf, commit, hour_of, parse_leaf, parse_time, tag

__all__ = ["EventPayload", "Opening", "check_tag", "parse_payload"]

MAX_PAYLOAD_SIZE = 16 * 2**20

_KEYS = {"actor", "at", "details", "epoch", "event", "kind", "n", "recording", "v"}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KIND = re.compile(r"[a-z][a-z0-9-]*:[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class EventPayload:
    """What a custody event says. `at` is UTC text with microseconds; `kind` is `subject:act`."""

    event: str
    kind: str
    actor: str
    at: str
    recording: str | None
    n: int
    epoch: int
    details: Mapping[str, Any]

    def __post_init__(self) -> None:
        if _UUID.fullmatch(self.event) is None:
            raise ValueError(f"not an event's identifier: {self.event[:40]!r}")
        if self.recording is not None and _UUID.fullmatch(self.recording) is None:
            raise ValueError(f"not a recording's identifier: {self.recording[:40]!r}")
        if _KIND.fullmatch(self.kind) is None:
            raise ValueError(f"not a kind of event: {self.kind[:40]!r}")
        if not (0 <= self.n <= MAX_EXACT and 0 <= self.epoch <= MAX_EXACT):
            raise ValueError("n and epoch are counts")
        must_be_exact(self.details)
        parse_time(self.at)

    @property
    def time(self) -> datetime:
        """`at` as an aware UTC datetime."""
        return parse_time(self.at)

    def encode(self) -> bytes:
        """The bytes that are committed to."""
        return canonical_json(
            {
                "actor": self.actor,
                "at": self.at,
                "details": dict(self.details),
                "epoch": self.epoch,
                "event": self.event,
                "kind": self.kind,
                "n": self.n,
                "recording": self.recording,
                "v": 1,
            }
        )


def parse_payload(data: bytes) -> EventPayload:
    """Read an event's payload: exactly its keys, in the one canonical spelling. Raises Malformed."""
    with reading("custody event"):
        if len(data) > MAX_PAYLOAD_SIZE:
            raise ValueError(f"longer than {MAX_PAYLOAD_SIZE} bytes")
        found = canonical_json_object(data)
        if found.keys() != _KEYS or not _is_count(found["v"]) or found["v"] != 1:
            raise ValueError(f"it must hold {', '.join(sorted(_KEYS))}, with v = 1")
        for name in ("event", "kind", "actor", "at"):
            if not isinstance(found[name], str):
                raise ValueError(f"{name} must be text")
        if not (found["recording"] is None or isinstance(found["recording"], str)):
            raise ValueError("recording must be text or null")
        if not isinstance(found["details"], dict):
            raise ValueError("details must be an object")
        if not (_is_count(found["n"]) and _is_count(found["epoch"])):
            raise ValueError("n and epoch must be whole numbers")
        del found["v"]
        return EventPayload(**found)


@dataclass(frozen=True)
class Opening:
    """A leaf with the payload and salt (32 bytes) behind it: the `extra` of a `.tlog-proof` of Candor's."""

    leaf: bytes
    payload: bytes
    salt: bytes

    @classmethod
    def parse(cls, data: bytes) -> Opening:
        """Read canonical JSON {"leaf","payload","salt"}. Raises Malformed. Nothing is checked yet."""
        with reading("opening of an event"):
            if len(data) > 2 * MAX_PAYLOAD_SIZE:
                raise ValueError(f"longer than {2 * MAX_PAYLOAD_SIZE} bytes")
            found = canonical_json_object(data)
            if found.keys() != {"leaf", "payload", "salt"}:
                raise ValueError("it must hold leaf, payload and salt")
            if not (isinstance(found["leaf"], str) and isinstance(found["payload"], str)):
                raise ValueError("leaf and payload must be text")
            salt = hex_bytes(found["salt"], SALT_SIZE)
            return cls(found["leaf"].encode("utf-8"), found["payload"].encode("utf-8"), salt)

    def encode(self) -> bytes:
        """The canonical JSON. Raises ValueError if leaf or payload is not UTF-8."""
        texts = {"leaf": self.leaf.decode("utf-8"), "payload": self.payload.decode("utf-8")}
        return canonical_json({**texts, "salt": self.salt.hex()})

    def check(self) -> EventPayload:
        """The event, shown to be the one the leaf commits to, in the hour the leaf shows.

        Raises Malformed, or BadCommitment. That the leaf is in the log is shown by its inclusion proof.
        """
        leaf = parse_leaf(self.leaf)
        if len(self.salt) != SALT_SIZE or not hmac.compare_digest(commit(self.salt, self.payload), leaf.commit):
            raise BadCommitment(reason="salt and payload do not give the commitment in the log")
        event = parse_payload(self.payload)
        if hour_of(event.at) != leaf.hour:
            raise BadCommitment(reason=f"the event says {event.at}, the log says the hour {leaf.hour}")
        return event


def check_tag(tag_key: bytes, n: int, leaf: Leaf) -> None:
    """Show that the leaf is event number `n` of the recording with this tag key. Raises BadTag."""
    if not hmac.compare_digest(tag(tag_key, n), leaf.tag):
        raise BadTag(n=n)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
