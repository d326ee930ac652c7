"""What may stand in a recording's catalogue entry. Pure: values in, cleaned values out, or FieldWrong."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from candor.core.clock import from_iso
from candor.footage.errors import CategoryWrong, FieldWrong
from candor.law.vocabulary import LawClass

__all__ = [
    "DEFAULT_CATEGORIES",
    "DEFAULT_CLASSES",
    "FIELD_WORDS",
    "check_categories",
    "check_coordinate",
    "check_custom",
    "check_start",
    "check_tags",
    "check_text",
    "clean_reason",
    "degrees_text",
]

#: What can be changed, and its name for people. `tags_add` and `tags_remove` are for several recordings at once.
FIELD_WORDS: dict[str, str] = {
    "wearer": "wearer",
    "device": "device",
    "unit": "unit",
    "start": "start",
    "incident_number": "incident number",
    "category": "category",
    "category_reason": "reason of the category",
    "title": "title",
    "tags": "tags",
    "tags_add": "tags to add",
    "tags_remove": "tags to remove",
    "custom": "further fields",
    "notes": "notes",
    "place": "place",
    "latitude": "latitude",
    "longitude": "longitude",
}

#: Most characters of each text.
LONGEST = {"incident_number": 64, "category": 64, "title": 200, "notes": 10_000, "place": 200}
LONGEST_TAG = 64
MOST_TAGS = 50
LONGEST_CUSTOM = 500
MOST_CUSTOM = 50
MOST_CATEGORIES = 200
LONGEST_REASON = 500

#: What an agency's list of categories begins with.
DEFAULT_CATEGORIES = (
    "Arrest",
    "Citizen contact",
    "Crash",
    "Domestic",
    "Interview",
    "Non-evidence",
    "Pursuit",
    "Search",
    "Test",
    "Traffic stop",
    "Training",
    "Use of force",
)
#: What these mean to the law.
DEFAULT_CLASSES: dict[str, LawClass] = {
    "Arrest": LawClass.ARREST,
    "Citizen contact": LawClass.CONTACT,
    "Crash": LawClass.ACCIDENT,
    "Domestic": LawClass.CRIME,
    "Interview": LawClass.INTERVIEW,
    "Non-evidence": LawClass.OTHER,
    "Pursuit": LawClass.PURSUIT,
    "Search": LawClass.SEARCH,
    "Test": LawClass.TEST,
    "Traffic stop": LawClass.TRAFFIC_STOP,
    "Training": LawClass.TRAINING,
    "Use of force": LawClass.FORCE,
}


def check_text(field: str, value: Any) -> str:
    """A text without spaces around it; only notes may have several lines. Raises FieldWrong."""
    if not isinstance(value, str):
        raise FieldWrong(field=FIELD_WORDS[field], reason="it is no text")
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > LONGEST[field]:
        raise FieldWrong(field=FIELD_WORDS[field], reason=f"it has more than {LONGEST[field]} characters")
    _must_be_visible(field, text, lines=field == "notes")
    return text


def check_tags(field: str, value: Any) -> list[str]:
    """Tags without repeats, in the order given. Raises FieldWrong."""
    if isinstance(value, str) or not isinstance(value, Collection) or not all(isinstance(tag, str) for tag in value):
        raise FieldWrong(field=FIELD_WORDS[field], reason="it is no list of texts")
    tags: dict[str, str] = {}
    for given in value:
        tag = " ".join(unicodedata.normalize("NFC", given).split())
        if len(tag) > LONGEST_TAG:
            raise FieldWrong(field=FIELD_WORDS[field], reason=f"a tag has more than {LONGEST_TAG} characters")
        _must_be_visible(field, tag)
        if tag:
            tags.setdefault(tag.casefold(), tag)
    if len(tags) > MOST_TAGS:
        raise FieldWrong(field=FIELD_WORDS[field], reason=f"there are more than {MOST_TAGS} tags")
    return list(tags.values())


def check_custom(value: Any, before: Mapping[str, str]) -> dict[str, str]:
    """The further fields after a change: what is given is set, an empty text removes. Raises FieldWrong."""
    field = "custom"
    if not isinstance(value, Mapping):
        raise FieldWrong(field=FIELD_WORDS[field], reason="it is no list of names and texts")
    result = dict(before)
    for name, text in value.items():
        if not isinstance(name, str) or not isinstance(text, str) or not 1 <= len(name.strip()) <= LONGEST_TAG:
            reason = f"a name needs 1 to {LONGEST_TAG} characters, and a value is a text"
            raise FieldWrong(field=FIELD_WORDS[field], reason=reason)
        if len(text) > LONGEST_CUSTOM:
            raise FieldWrong(field=FIELD_WORDS[field], reason=f"a value has more than {LONGEST_CUSTOM} characters")
        _must_be_visible(field, name + text)
        result[name.strip()] = text.strip()
    result = {name: text for name, text in sorted(result.items()) if text}
    if len(result) > MOST_CUSTOM:
        raise FieldWrong(field=FIELD_WORDS[field], reason=f"there are more than {MOST_CUSTOM} of them")
    return result


def check_start(value: Any, received_at: datetime) -> datetime:
    """A start set by hand: a moment with a zone, from 1970 on, not after receipt but for a day. Raises FieldWrong."""
    try:
        moment = from_iso(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise ValueError("write it with its zone, such as 2026-11-22T10:11:12Z")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FieldWrong(field=FIELD_WORDS["start"], reason=str(error)) from error
    if not datetime(1970, 1, 1, tzinfo=UTC) <= moment <= received_at + timedelta(days=1):
        raise FieldWrong(field=FIELD_WORDS["start"], reason="it lies before 1970 or after the time of receipt")
    return moment


def check_coordinate(field: str, value: Any) -> float | None:
    """Degrees as a number or a text, north and east positive; None when empty. Raises FieldWrong."""
    if value is None or value == "":
        return None
    most = 90 if field == "latitude" else 180
    try:
        degrees = float(value)
    except (TypeError, ValueError) as error:
        raise FieldWrong(field=FIELD_WORDS[field], reason="it is no number of degrees") from error
    if not math.isfinite(degrees) or abs(degrees) > most:
        raise FieldWrong(field=FIELD_WORDS[field], reason=f"it lies beyond {most} degrees")
    return round(degrees, 7)


def degrees_text(degrees: float | None) -> str | None:
    """Degrees as they stand in an event: a decimal text of up to seven digits, about a centimetre."""
    return None if degrees is None else f"{degrees:.7f}".rstrip("0").rstrip(".")


def check_categories(names: Collection[str]) -> list[str]:
    """A list of categories, each once, in the order given. Raises CategoryWrong."""
    result: dict[str, str] = {}
    for given in names:
        name = " ".join(unicodedata.normalize("NFC", given).split())
        if not 1 <= len(name) <= LONGEST["category"] or not name.isprintable():
            raise CategoryWrong(reason=f"“{given}” is no name of 1 to {LONGEST['category']} visible characters")
        if name.casefold() in result:
            raise CategoryWrong(reason=f"“{name}” stands in it twice")
        result[name.casefold()] = name
    if not 1 <= len(result) <= MOST_CATEGORIES:
        raise CategoryWrong(reason=f"it must have 1 to {MOST_CATEGORIES} names")
    return list(result.values())


def clean_reason(value: Any) -> str | None:
    """Why something was said: one line without spaces around it; None where there is none, or too much of it, or
    characters that nobody would see."""
    text = " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else ""
    return text if 1 <= len(text) <= LONGEST_REASON and text.isprintable() else None


def _must_be_visible(field: str, text: str, *, lines: bool = False) -> None:
    shown = text.replace("\n", "").replace("\t", "") if lines else text
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in shown):
        raise FieldWrong(field=FIELD_WORDS[field], reason="it holds control characters")
