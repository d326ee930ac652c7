"""A docking station's record beside the files: JSON with the fields of Dahua's record of a docked file (szFileName,
szOriginalDeviceID, stuStartTime, stuEndTime, …RealUTC, szIntegrityCheckID).

stuStartTimeRealUTC is UTC; stuStartTime is the camera's local time, without a zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from candor.docking.cards.found import Beside, Clip, Contents, Facts, Look, NamedTime, plausible
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.readers.shares import contents

_WHERE = "the dock's record"
_PARTS = ("dwYear", "dwMonth", "dwDay", "dwHour", "dwMinute", "dwSecond")
_KEPT = ("szUniqueID", "szOriginalDeviceID", "szExtraInfos", "szIntegrityCheckID")


class DockRecord:
    """Files that a dock's own records name."""

    name = "dock-record"

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        named = _named(listing, facts)
        return Look(95, f"a dock's records name {len(named)} of the files") if named else None

    def read(self, listing: Listing, facts: Facts) -> Contents:
        look = self.look(listing, facts) or Look(0, "chosen by hand")
        named = _named(listing, facts)
        found = contents(self.name, look, listing, facts, [_clip(file, record) for file, record, _ in named])
        of: dict[str, list[str]] = {}
        for file, _, source in named:
            of.setdefault(source, []).append(file.path)
        besides = [Beside(one.file, tuple(of.get(one.file.path, one.of)), one.kind) for one in found.besides]
        return Contents(found.reader, found.look, found.clips, tuple(besides))


def _named(listing: Listing, facts: Facts) -> list[tuple[CardFile, Mapping[str, str], str]]:
    """(file, record, path of the file that has the record) for every file that exactly one record names."""
    records: dict[tuple[str, str], list[tuple[Mapping[str, str], str]]] = {}
    folders = {file.path: file.folder for file in listing.files}
    for path, known in facts.items():
        for record in known.get("records", ()):
            name = str(record.get("szFileName", "")).replace("\\", "/").rpartition("/")[2].lower()
            if name and path in folders:
                records.setdefault((folders[path], name), []).append((record, path))
    found = []
    for file in listing.files:
        held = records.get((file.folder, file.name.lower()), [])
        if len(held) == 1:
            found.append((file, *held[0]))
    return found


def _clip(file: CardFile, record: Mapping[str, Any]) -> Clip:
    serial = str(record.get("szOriginalDeviceID") or "") or None
    return Clip(
        file,
        start=_time(record, "stuStartTime"),
        until=_time(record, "stuEndTime"),
        serial=serial,
        said={"dock": {name: str(record[name])[:300] for name in _KEPT if record.get(name)}},
    )


def _time(record: Mapping[str, Any], name: str) -> NamedTime | None:
    """UTC where the record has it, otherwise local time; None where its numbers are no time."""
    for field, zone in ((f"{name}RealUTC", "UTC"), (name, None)):
        numbers = [str(record.get(f"{field}.{part}", "")) for part in _PARTS]
        if all(number.isascii() and number.isdigit() and len(number) <= 4 for number in numbers):
            at = plausible(*(int(number) for number in numbers))
            if at is not None and at.year >= 1990:
                return NamedTime(at, zone=zone, where=_WHERE)
    return None
