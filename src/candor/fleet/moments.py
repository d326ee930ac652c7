"""Moments as people write them. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from candor.fleet.errors import MomentWrong

__all__ = ["moment"]


def moment(text: str, zone: tzinfo) -> datetime:
    """`2026-11-22`, `2026-11-22 08:30` or with seconds, in the zone given; or with an offset of its own
    (`2026-11-22T08:30:00Z`). Raises MomentWrong, also for a time of day that the zone leaves out or has twice."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise MomentWrong(text=text, reason="it is no date with a time of day") from error
    if found.tzinfo is not None:
        return found
    local = found.replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise MomentWrong(
            text=text, reason="clocks were changed in that hour; write it with its offset, such as -05:00"
        )
    return local
