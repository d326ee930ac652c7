"""What somebody looks for: one value that a form, a link, a saved filter and the command line all share. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from candor.core.clock import iso
from candor.fleet.rules import DeviceKind
from candor.footage.errors import QueryWrong
from candor.footage.rules import Flag, RecordingState
from candor.law.vocabulary import Label

MOST_ROWS = 500
LONGEST_TEXT = 500
#: Values of `flag` besides the flags themselves.
ANY_FLAG, NO_FLAG = "any", "none"


class Sort(StrEnum):
    """What a list is ordered by; ties are in the order by start."""

    STARTED = "started"
    RECEIVED = "received"
    DURATION = "duration"
    TITLE = "title"


@dataclass(frozen=True)
class Query:
    """All fields together narrow the search; an empty one does not.

    `text`, and `person`, `unit`, `device` when they are no identifiers, are words of which each must fit the
    beginning of a word. `time_from` ≤ start < `time_to`. `after` is the cursor that the page before gave out.
    """

    text: str = ""
    person: str = ""
    unit: str = ""
    device: str = ""
    device_kind: DeviceKind | None = None
    time_from: datetime | None = None
    time_to: datetime | None = None
    category: str = ""
    place: str = ""
    state: RecordingState | None = None
    flag: str = ""
    incident: str = ""
    case: str = ""
    label: Label | None = None
    uncategorised: bool = False
    sort: Sort = Sort.STARTED
    descending: bool = True
    after: str = ""
    limit: int = 50

    def __post_init__(self) -> None:
        for field in ("text", "person", "unit", "device", "category", "place", "incident", "case"):
            if len(getattr(self, field)) > LONGEST_TEXT:
                raise QueryWrong(field=field, reason=f"has more than {LONGEST_TEXT} characters")
        if self.flag and self.flag not in (ANY_FLAG, NO_FLAG, *Flag):
            raise QueryWrong(field="flag", reason=f"must be one of {', '.join((ANY_FLAG, NO_FLAG, *Flag))}")
        if not 1 <= self.limit <= MOST_ROWS:
            raise QueryWrong(field="limit", reason=f"must be 1 to {MOST_ROWS}")
        for field in ("time_from", "time_to"):
            moment = getattr(self, field)
            if moment is not None and moment.tzinfo is None:
                raise QueryWrong(field=field, reason="needs a time zone")

    @property
    def narrowed(self) -> bool:
        """Whether any field narrows the search."""
        return self.first_page() != Query(sort=self.sort, descending=self.descending, limit=self.limit)

    def first_page(self) -> Query:
        """The same search from its beginning."""
        return replace(self, after="")

    def to_text(self) -> str:
        """The search as the query string of a link: only what is set, in a fixed order."""
        pairs = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            pairs.append((_NAMES.get(field.name, field.name), _written(field.name, value)))
        return urlencode(pairs)

    @classmethod
    def from_text(cls, text: str, zone: tzinfo = UTC) -> Query:
        """The search that a query string holds; raises QueryWrong. What it does not know it leaves aside.

        A day without a time is taken in `zone`: `from` its beginning, `to` its end.
        """
        return cls.from_pairs(parse_qsl(text), zone)

    @classmethod
    def from_pairs(cls, pairs: list[tuple[str, str]], zone: tzinfo = UTC) -> Query:
        """As `from_text`, from the pairs of a form; of a name that comes twice the last counts."""
        values: dict[str, Any] = {}
        for name, value in pairs:
            field = _FIELDS.get(name)
            if field is not None and value.strip():
                values[field] = _read(field, value.strip(), zone)
        return cls(**values)


#: Names in a link that differ from the field's.
_NAMES = {"device_kind": "kind", "time_from": "from", "time_to": "to", "descending": "order"}
_FIELDS = {_NAMES.get(field.name, field.name): field.name for field in fields(Query)}
_CHOICES: dict[str, type[StrEnum]] = {
    "device_kind": DeviceKind,
    "state": RecordingState,
    "sort": Sort,
    "label": Label,
}


def _written(field: str, value: Any) -> str:
    if isinstance(value, datetime):
        return iso(value)
    if field == "descending":
        return "descending" if value else "ascending"
    if field == "uncategorised":
        return "yes"
    return str(value)


def _read(field: str, value: str, zone: tzinfo) -> Any:
    if field in _CHOICES:
        known = _CHOICES[field]
        try:
            return known(value)
        except ValueError as error:
            raise QueryWrong(field=_NAMES.get(field, field), reason=f"must be one of {', '.join(known)}") from error
    if field in ("time_from", "time_to"):
        return _moment(field, value, zone)
    if field == "descending":
        if value not in ("ascending", "descending"):
            raise QueryWrong(field="order", reason="must be ascending or descending")
        return value == "descending"
    if field == "uncategorised":
        if value not in ("yes", "no"):
            raise QueryWrong(field=field, reason="must be yes or no")
        return value == "yes"
    if field == "limit":
        if not value.isascii() or not value.isdecimal() or len(value) > 6:
            raise QueryWrong(field="limit", reason=f"must be 1 to {MOST_ROWS}")
        return int(value)
    return value


def _moment(field: str, value: str, zone: tzinfo) -> datetime:
    try:
        if len(value) == len("2026-11-22"):
            day = date.fromisoformat(value) + timedelta(days=field == "time_to")
            return datetime.combine(day, time(), zone).astimezone(UTC)
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        name = _NAMES[field]
        reason = f"“{value}” is no date; write 2026-11-22 or 2026-11-22T10:11:12Z"
        raise QueryWrong(field=name, reason=reason) from error
