"""Identifiers: UUID version 7 (RFC 9562 §5.7), so that they sort by the time they were made."""

from __future__ import annotations

import os
import re
import threading
import time

_lock = threading.Lock()
_last = 0
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id() -> str:
    """A new UUIDv7 as 36 characters; within one process each is greater than the one before."""
    global _last
    with _lock:
        # 60 bits: milliseconds (48) and a 12-bit fraction of them (RFC 9562 §6.2 method 3), never going back.
        nanoseconds = time.time_ns()
        stamp = (nanoseconds // 1_000_000 << 12) | (nanoseconds % 1_000_000 * 4096 // 1_000_000)
        _last = max(stamp, _last + 1)
        stamp = _last
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | tail
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Whether the text has the form of an identifier."""
    return _UUID.fullmatch(text) is not None
