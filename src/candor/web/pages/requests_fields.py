"""The fields of a request in a form: from what was typed to what a request names, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from candor.disclosure.requests.errors import RequestFieldWrong
from candor.disclosure.requests.naming import FIELD_WORDS, Named, between
from candor.disclosure.requests.reading import RecordsRequest
from candor.disclosure.requests.rules import RequesterClass

__all__ = ["BLANK", "FIELDS", "fields_of", "last_day", "named_of", "typed"]

FIELDS = (
    *("words", "person", "officer", "place", "incident", "case_number"),
    *("from_date", "from_time", "to_date", "to_time", "wants"),
    *("class", "name", "organisation", "mail", "phone", "post"),
)
BLANK: dict[str, str] = dict.fromkeys(FIELDS, "") | {"class": RequesterClass.PUBLIC.value, "wants": "copy"}


def typed(form: Mapping[str, Any], *more: str) -> dict[str, str]:
    """What was typed into the fields of a request, and into some more."""
    return {name: str(form.get(name, BLANK.get(name, ""))) for name in (*FIELDS, *more)}


def named_of(given: Mapping[str, str], zone: ZoneInfo) -> Named:
    """What the fields name. A day without a time is the whole of it. Raises RequestFieldWrong."""
    from_date, to_date = given["from_date"].strip(), given["to_date"].strip()
    from_time, to_time = given["from_time"].strip(), given["to_time"].strip()
    if (from_time or to_date or to_time) and not from_date:
        raise RequestFieldWrong(field=FIELD_WORDS["began"], reason="name the day, or the first day, as well")
    last = f"{to_date or from_date} {to_time}"
    began, ended, whole_days = between(f"{from_date} {from_time}".strip(), last.strip(), zone)
    names = ("person", "officer", "place", "incident", "case_number")
    lines = {name: given[name] for name in names}
    return Named(**lines, began=began, ended=ended, whole_days=whole_days).checked()


def last_day(named: Named, zone: ZoneInfo) -> date | None:
    """The day on which what is named ends: a whole day ends at the midnight after it."""
    if named.ended is None:
        return None
    ended = named.ended.astimezone(zone)
    return (ended - timedelta(microseconds=1)).date() if ended.time() == time() else ended.date()


def fields_of(one: RecordsRequest, zone: ZoneInfo) -> dict[str, str]:
    """The fields as they stand in a request."""
    named, last = one.named, last_day(one.named, zone)
    began = None if named.began is None else named.began.astimezone(zone)
    ended = None if named.ended is None else named.ended.astimezone(zone)
    to_the_end = ended is None or ended.time() == time()
    found = {
        "words": one.words,
        "wants": one.wants,
        "class": one.requester_class.value,
        "name": one.requester_name,
        "organisation": one.organisation,
        **{name: one.contact.get(name, "") for name in ("mail", "phone", "post")},
        **{name: getattr(named, name) for name in ("person", "officer", "place", "incident", "case_number")},
        "from_date": began.date().isoformat() if began else "",
        "from_time": "" if named.whole_days or began is None else f"{began:%H:%M}",
        "to_date": last.isoformat() if last and (not began or last != began.date()) else "",
        "to_time": "" if ended is None or to_the_end else f"{ended:%H:%M}",
        "received": f"{one.received_at.astimezone(zone):%Y-%m-%dT%H:%M}",
    }
    return BLANK | found
