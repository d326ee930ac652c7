"""What a sender says: of a file, and of a recording that several files make up. Only bytes are believed; this is kept
beside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from candor.core.clock import from_iso, iso, possible
from candor.footage.times import TimeClaim

__all__ = ["Claim", "PartOf", "Said"]

_TIMES = ("started_at", "ended_at", "activated_at", "deactivated_at")


def _only_possible(one: object, *names: str) -> None:
    """Take a time that cannot be for none: it stands among the claims as it was said."""
    for name in names:
        object.__setattr__(one, name, possible(getattr(one, name)))


@dataclass(frozen=True)
class PartOf:
    """That a file is a part of a recording. `key` names that recording for good, as its source does; the times are of
    this part alone."""

    key: str
    started_at: datetime | None = None
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        _only_possible(self, "started_at", "ended_at")


@dataclass(frozen=True)
class Claim:
    """What the sender says of a file.

    `name`: of the file; `source`: path or name as given; `face`: cli, web …; `actor`: who hands it in (account id or
    `system:…`). Whoever calls has checked that ids exist and that the actor may. `times`: further claims of the start;
    `also`: small facts of the source, JSON without floats, kept with the part.
    """

    name: str
    source: str
    face: str
    actor: str
    modified_at: datetime | None = None
    wearer_id: str | None = None
    unit_id: str | None = None
    device_id: str | None = None
    device_kind: str | None = None
    incident_number: str | None = None
    category: str | None = None
    title: str | None = None
    part_of: PartOf | None = None
    times: tuple[TimeClaim, ...] = ()
    dock_id: str | None = None
    also: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """What a camera, a dock or a card says of a whole recording. None: nothing is said.

    `started_at` and `ended_at` are those of the content, the pre-event buffer included; `activated_at` is when it was
    switched on. `time_zone`: IANA. `facts`: everything else, as said, JSON without floats.
    """

    started_at: datetime | None = None
    ended_at: datetime | None = None
    activated_at: datetime | None = None
    deactivated_at: datetime | None = None
    time_zone: str | None = None
    title: str | None = None
    wearer_id: str | None = None
    unit_id: str | None = None
    device_id: str | None = None
    incident_number: str | None = None
    category: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _only_possible(self, *_TIMES)

    def merged(self, later: Said) -> Said:
        """This, with what was said later in the place of what was said before; facts one by one."""
        values = {one.name: getattr(later, one.name) for one in fields(Said)}
        before = {one.name: getattr(self, one.name) for one in fields(Said)}
        chosen = {name: before[name] if value is None else value for name, value in values.items()}
        return Said(**{**chosen, "facts": {**self.facts, **later.facts}})

    def to_json(self) -> dict[str, Any]:
        """For keeping; times as ISO 8601 in UTC."""
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None and value != {}:
                found[one.name] = iso(value) if isinstance(value, datetime) else value
        return found

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Said:
        """What `to_json` gave."""
        values: dict[str, Any] = dict(kept)
        for name in _TIMES:
            if name in values:
                values[name] = from_iso(values[name])
        return cls(**values)
