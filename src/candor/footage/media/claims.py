"""What tags say: times, device, place. Pure rules over a list of tags; nothing is corrected or chosen.

A tag is {"where": "container" or "stream N", "tag": its name, "value": its text}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

MAX_TAGS: Final = 200
MAX_VALUE: Final = 300  # characters

_TIMES: Final = (
    "creation_time",
    "com.apple.quicktime.creationdate",
    "date",
    "date_recorded",
    "date_encoded",
    "date_tagged",
    "date_released",
    "creationdate",
    "recorded_date",
    "modification_time",
)
_DEVICE: Final = {
    "make": ("com.apple.quicktime.make", "com.android.manufacturer", "make", "manufacturer"),
    "model": ("com.apple.quicktime.model", "com.android.model", "model"),
    "firmware": ("firmware", "com.apple.quicktime.software", "software"),
    "serial": ("com.apple.quicktime.serial", "serial", "serial_number", "serialnumber", "camera_serial_number"),
}
_PLACES: Final = ("com.apple.quicktime.location.iso6709", "location", "location-eng", "xyz", "gps_coordinates")
_DATE: Final = re.compile(
    r"(\d{4})[-:/](\d\d)[-:/](\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?)? ?(Z|[+-]\d\d:?\d\d)?"
)


def tags_of(where: str, metadata: Mapping[str, str]) -> list[dict[str, str]]:
    """The tags of one place, bounded in number and length, without control characters."""
    return [
        {"where": where, "tag": clean(name, 100), "value": clean(value, MAX_VALUE)}
        for name, value in list(metadata.items())[:MAX_TAGS]
    ]


def clean(text: str, length: int) -> str:
    """`text` as it can be shown and stored: no control or surrogate characters, no more than `length` long."""
    kept = "".join(c if c.isprintable() else " " for c in text[: 2 * length])
    return kept.strip()[:length]


def times(tags: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The times that are claimed: {"where", "tag", "value", "utc"}.

    utc is the value as ISO 8601 in UTC where it names its zone, otherwise None. Cameras are known to write local time
    with a Z: this is a claim like any other.
    """
    return [{**tag, "utc": utc_of(tag["value"])} for tag in tags if tag["tag"].lower() in _TIMES]


def utc_of(value: str) -> str | None:
    """'2026-11-22T10:11:12.000000Z' for a text with date, time and zone; None for anything less."""
    found = _DATE.fullmatch(value.strip())
    if not found or found[4] is None or found[8] is None:
        return None
    zone = "+00:00" if found[8] == "Z" else f"{found[8][:3]}:{found[8][-2:]}"
    digits = f"{found[1]}-{found[2]}-{found[3]}T{found[4]}:{found[5]}:{found[6]}.{(found[7] or '0').ljust(6, '0')}"
    try:
        moment = datetime.fromisoformat(digits + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def device(tags: Iterable[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """make, model, firmware, serial as far as claimed, each with the tag it came from."""
    by_name = _first_by_name(tags)
    found: dict[str, dict[str, str]] = {}
    for part, names in _DEVICE.items():
        name = next((n for n in names if by_name.get(n, {}).get("value")), None)
        if name is not None:
            found[part] = dict(by_name[name])
    return found


def place(tags: Iterable[Mapping[str, str]]) -> dict[str, str] | None:
    """The claimed place, as written (usually ISO 6709), with the tag it came from; None when there is none."""
    by_name = _first_by_name(tags)
    return next((dict(by_name[n]) for n in _PLACES if by_name.get(n, {}).get("value")), None)


def _first_by_name(tags: Iterable[Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    by_name: dict[str, Mapping[str, str]] = {}
    for tag in tags:
        by_name.setdefault(tag["tag"].lower(), tag)
    return by_name
