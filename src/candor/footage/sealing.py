"""What a seal says: the digests of each part, and the flags. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from candor.core.clock import iso
from candor.footage.rules import Flag
from candor.footage.signatures import claimed
from candor.footage.times import TimeClaim, TimeSource
from candor.footage.wearing import Wearing
from candor.store.sealing import LEAF

__all__ = ["flags_with", "said_start", "seal_entry"]


def seal_entry(
    number: int, sha256: bytes, chunk_root: bytes, size: int, name: str, *, media: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A part as `recording:sealed` and `recording:part-added` list it. `media`: what the file says of itself; whose
    signatures it carries is told with it."""
    signatures = claimed(media or {})
    return {
        "part": number,
        "sha256": sha256.hex(),
        "chunk_root": chunk_root.hex(),
        "chunk_size": LEAF,
        "size": size,
        "name": name,
        **({"signatures": signatures} if signatures else {}),
    }


def flags_with(
    flags: Iterable[Flag], wearing: Wearing, *, late: bool = False, incomplete: bool = False
) -> tuple[Flag, ...]:
    """A recording's flags, sorted: those of its files, and what is known of its wearer and its completeness."""
    found = set(flags) - {Flag.NOBODY_KNOWN, Flag.WEARER_DISPUTED}
    if wearing.wearer_id is None:
        found.add(Flag.NOBODY_KNOWN)
    if wearing.conflicts:
        found.add(Flag.WEARER_DISPUTED)
    if late:
        found.add(Flag.LATE_PART)
    if incomplete:
        found.add(Flag.INCOMPLETE)
    return tuple(sorted(found))


def said_start(at: datetime) -> TimeClaim:
    """The start that a camera system says, as a claim beside the others."""
    return TimeClaim(TimeSource.DOCK, at, "the camera system", iso(at))
