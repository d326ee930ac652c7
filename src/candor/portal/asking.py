"""The request form: from the fields that were sent to what goes into the inbox. Pure, but for the time that is given.

Every fault of every field is found at once, so that nobody corrects a form again and again.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from candor.core.clock import POSSIBLE_YEARS, iso
from candor.core.mail_server import is_address
from candor.pages.i18n import gettext as _
from candor.pages.i18n import noted
from candor.portal.forms import Form

__all__ = ["ANSWERS", "LONGEST", "WANTS", "Asked", "read_request", "read_words"]

#: Characters of each field.
LONGEST = {
    "words": 8000,
    "person": 200,
    "officer": 200,
    "place": 200,
    "incident": 200,
    "case_number": 200,
    "name": 200,
    "organisation": 200,
    "mail": 254,
    "phone": 50,
    "post": 500,
}
_LINES = tuple(name for name in LONGEST if name not in ("words", "post"))
_DATES = ("day_from", "day_to", "time_from", "time_to")
_CHOICES = ("class", "wants", "answer", "once")
#: How somebody wants to be answered, and which field that needs.
ANSWERS = {
    "code": (noted("On this site, with my tracking code"), None),
    "mail": (noted("By e-mail"), "mail"),
    "phone": (noted("By telephone"), "phone"),
    "post": (noted("By post"), "post"),
}
WANTS = {"copy": noted("A copy"), "inspect": noted("To look at it in the office")}
_ONCE = re.compile(r"[0-9a-f]{32}")


@dataclass
class Asked:
    """What somebody sent: `values` as they stand in the form, `faults` in words by field, `document` for the inbox
    where there is no fault. `named`: which of the things that a law may ask for are named."""

    values: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def once(self) -> str:
        """A number of this form, so that the same thing sent twice is one request."""
        return self.values["once"]


def read_request(form: Form, classes: tuple[str, ...], zone: str, now: datetime) -> Asked:
    """Check what was sent. `classes`: who may be asking; `zone`: of the agency, in which days and times are meant."""
    values = {name: _line(form.get(name)) for name in (*_LINES, *_DATES, *_CHOICES)}
    values |= {name: _text(form.get(name)) for name in ("words", "post")}
    asked = Asked(values)
    faults = asked.faults
    for name, longest in LONGEST.items():
        if len(values[name]) > longest:
            faults[name] = _("This may have at most %(count)s characters.", count=longest)
    if not values["words"]:
        faults["words"] = _("Say in your own words what you ask for.")
    if values["class"] not in classes:
        faults["class"] = _("Choose who asks.")
    if values["wants"] not in WANTS:
        faults["wants"] = _("Choose one of them.")
    if values["mail"] and "mail" not in faults and not is_address(values["mail"]):
        faults["mail"] = _("This is not an e-mail address. Write it like name@example.org.")
    if values["answer"] not in ANSWERS:
        faults["answer"] = _("Choose one of them.")
    else:
        needed = ANSWERS[values["answer"]][1]
        if needed and not values[needed]:
            faults[needed] = _("To be answered this way, fill this in.")
    if not _ONCE.fullmatch(values["once"]):
        faults["once"] = _("Load the page again.")
    span = _span(values, ZoneInfo(zone), now, faults)
    if not faults:
        asked.document = _document(values, span)
    return asked


def _document(values: dict[str, str], span: dict[str, Any]) -> dict[str, Any]:
    named = {name: values[name] for name in ("person", "officer", "place", "incident", "case_number") if values[name]}
    return {
        "words": values["words"],
        "class": values["class"],
        "wants": values["wants"],
        "answer": values["answer"],
        "name": values["name"],
        "organisation": values["organisation"],
        "contact": {name: values[name] for name in ("mail", "phone", "post") if values[name]},
        "named": {**named, **span},
    }


def _span(values: dict[str, str], zone: ZoneInfo, now: datetime, faults: dict[str, str]) -> dict[str, Any]:
    """`began` and `ended` in UTC, and whether only days were named."""
    begin, end = _day(values, "day_from", faults), _day(values, "day_to", faults)
    at, until = _time(values, "time_from", faults), _time(values, "time_to", faults)
    if begin is None and (end is not None or at is not None or until is not None):
        faults.setdefault("day_from", _("Say on which day, too."))
    if begin is None or any(name in faults for name in _DATES):
        return {}
    end = end or begin
    whole = at is None and until is None
    start = _in_utc(datetime.combine(begin, at or time.min), zone, 0)
    if until is None:
        stop = _in_utc(datetime.combine(end + timedelta(days=1), time.min), zone, 1)
    else:
        stop = _in_utc(datetime.combine(end, until), zone, 1)
        if stop <= start and not values["day_to"]:  # from 23:30 to 00:30
            stop = _in_utc(datetime.combine(end + timedelta(days=1), until), zone, 1)
    if stop <= start:
        faults["day_to"] = _("This is before the beginning.")
    elif start > now:
        faults["day_from"] = _("This lies in the future.")
    elif stop - start > timedelta(days=366 * 5):
        faults["day_to"] = _("This is more than five years after the beginning.")
    return {"began": iso(start), "ended": iso(stop), "whole_days": whole}


def _in_utc(local: datetime, zone: ZoneInfo, fold: int) -> datetime:
    """An hour that comes twice is the earlier one for a beginning (0), the later one for an end (1)."""
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _day(values: dict[str, str], name: str, faults: dict[str, str]) -> date | None:
    text = values[name]
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) != 10 or found.year not in POSSIBLE_YEARS:
        faults[name] = _("Write the day like 2026-05-03.")
        return None
    return found


def _time(values: dict[str, str], name: str, faults: dict[str, str]) -> time | None:
    text = values[name]
    if not text:
        return None
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", text):
        faults[name] = _("Write the time like 14:30.")
        return None
    return time.fromisoformat(text)


def _line(text: str) -> str:
    """One line, as it can be shown and kept."""
    return " ".join(_shown(text.replace("\n", " ")).split())


def _text(text: str) -> str:
    return "\n".join(
        _shown(line).rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ).strip()


def _shown(text: str) -> str:
    """Characters that nobody sees, or that turn the direction of writing, become visible or go. The rest is composed
    (NFC) as the office keeps it, which makes some texts longer: what is counted here is what is counted there."""
    text = unicodedata.normalize("NFC", text)
    return "".join(one if one.isprintable() else " " if one.isspace() else "\ufffd" for one in text)


def read_words(form: Form, name: str) -> str:
    """A text of several lines, as it can be shown and kept."""
    return _text(form.get(name))
