"""How values are shown: what every face shows alike (`candor.pages.formats`)."""

from __future__ import annotations

from candor.pages.formats import (
    ago,
    date_and_time,
    duration,
    grouped,
    groups,
    local,
    precise,
    seconds,
    size,
    with_zone,
)

__all__ = [
    "ago",
    "date_and_time",
    "duration",
    "grouped",
    "groups",
    "local",
    "precise",
    "seconds",
    "size",
    "with_zone",
]
