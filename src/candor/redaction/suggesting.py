"""What in a transcript is suggested for muting: names, and numbers that lead to somebody.

Suggestions only: a person decides, and what is not suggested may still have to be muted. Pure, over words as they were
written; it takes any words and never fails. How sure a suggestion is, is a judgement of the rule that made it, not a
probability.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from candor.redaction import suggesting_words as lists
from candor.redaction.suggesting_runs import Run, bare, runs_in

__all__ = ["KIND_WORDS", "Suggested", "Suggestion", "suggestions_in"]


class Suggested(StrEnum):
    """What a suggestion is about. A value, once used, is never renamed."""

    PLATE = "plate"
    PHONE = "phone"
    BIRTH = "birth"
    ADDRESS = "address"
    NAME = "name"
    NUMBER = "number"


KIND_WORDS: Final[dict[Suggested, str]] = {
    Suggested.PLATE: "licence plate",
    Suggested.PHONE: "phone number",
    Suggested.BIRTH: "date of birth",
    Suggested.ADDRESS: "address",
    Suggested.NAME: "name",
    Suggested.NUMBER: "number",
}


@dataclass(frozen=True)
class Suggestion:
    """Words `first` to `last` (numbers from 0, both included), what they may be, why, and how sure that is (0 to 1)."""

    kind: Suggested
    first: int
    last: int
    why: str
    confidence: float


#: How many words before a number say what it is.
_CLOSE: Final = 7
_BIRTH_REACH: Final = 12
_DATE: Final = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})|(19|20)\d{2}-\d{2}-\d{2}")
_ORDINAL: Final = re.compile(r"\d{1,2}(st|nd|rd|th)")
_WRITTEN_PLATE: Final = re.compile(r"(?=.*\d.*\d)(?=.*[a-z])[a-z0-9]{1,4}(-?[a-z0-9]{1,4}){0,2}")
#: Letters with digits that are something else: times, ordinals, measures, decades, roads.
_NO_PLATE: Final = re.compile(
    r"\d+(st|nd|rd|th|am|pm|s|mm|cm|m|km|kg|g|mg|ml|lb|lbs|oz|ft|in|mph|kph|k|x|hr|hrs|min|mins|gb|mb|v|w)"
    r"|(i|us|rt|route|ct|exit)-?\d{1,3}|covid-?19|[a-z]{2,}-?\d{1,2}"
)


def suggestions_in(texts: Sequence[str], *, names: Iterable[str] = ()) -> list[Suggestion]:
    """What is suggested of these words, in their order. `names`: of people who are known to be about, such as whoever
    wore the camera."""
    words = [bare(text) for text in texts]
    runs = runs_in(words)
    found = [
        *_births(words),
        *_addresses(words, runs),
        *_numbers(words, runs),
        *_written_plates(words),
        *_known_names(words, names),
        *_said_names(texts, words),
        *_capitals(texts, words),
    ]
    return _apart(found)


def _near(words: Sequence[str], first: int, about: frozenset[str], reach: int = _CLOSE) -> bool:
    return not about.isdisjoint(words[max(0, first - reach) : first])


# numbers


def _numbers(words: Sequence[str], runs: Sequence[Run]) -> list[Suggestion]:
    found = (_of_run(words, run) for run in runs)
    return [one for one in found if one is not None]


def _of_run(words: Sequence[str], run: Run) -> Suggestion | None:
    digits = sum(one.isdigit() for one in run.characters)
    letters = len(run.characters) - digits
    if letters and digits:
        return _plate(words, run, letters, digits)
    if letters:
        if letters < 3 or not run.plain:
            return None
        spelt = _near(words, run.first, frozenset({"spell", "spelled", "spelt", "spelling", "name"}))
        return _said(run, Suggested.NAME, "letters said one by one", 0.85 if spelt else 0.6)
    about_phone = _near(words, run.first, lists.ABOUT_PHONE)
    about_number = _near(words, run.first, lists.ABOUT_NUMBER)
    if digits == 10 or (digits == 11 and run.characters.startswith("1")):
        return _said(run, Suggested.PHONE, "ten digits", 0.95 if about_phone else 0.85)
    if digits == 7 and run.count > 1:
        return _said(run, Suggested.PHONE, "seven digits", 0.85 if about_phone else 0.6)
    if digits == 7 and about_phone:
        return _said(run, Suggested.PHONE, "seven digits behind a word for a phone", 0.85)
    if about_number and digits >= 3:
        return _said(run, Suggested.NUMBER, "digits behind a word for a number of a person", 0.85)
    if digits == 9:
        return _said(run, Suggested.NUMBER, "nine digits, as a social security number has", 0.8)
    if digits >= 5 and run.count > 1:
        return _said(run, Suggested.NUMBER, "digits said one by one", 0.5)
    return None


def _plate(words: Sequence[str], run: Run, letters: int, digits: int) -> Suggestion | None:
    """Letters and digits in one run: four to eight, of which enough are plainly meant as such."""
    if not 4 <= letters + digits <= 8:
        return None
    about = _near(words, run.first, lists.ABOUT_PLATE)
    if not (run.plain or about):
        return None
    return _said(run, Suggested.PLATE, "letters and digits said one by one", 0.95 if about else 0.75)


def _said(run: Run, kind: Suggested, why: str, sure: float) -> Suggestion:
    return Suggestion(kind, run.first, run.last, why, sure)


def _written_plates(words: Sequence[str]) -> list[Suggestion]:
    found: list[Suggestion] = []
    for place, word in enumerate(words):
        size = len(word.replace("-", ""))
        if 4 <= size <= 8 and _WRITTEN_PLATE.fullmatch(word) and not _NO_PLATE.fullmatch(word):
            about = _near(words, place, lists.ABOUT_PLATE)
            found.append(Suggestion(Suggested.PLATE, place, place, "letters and digits", 0.95 if about else 0.6))
    return found


# dates of birth


def _births(words: Sequence[str]) -> list[Suggestion]:
    found: list[Suggestion] = []
    done = 0
    for place, word in enumerate(words):
        if place < done:
            continue
        about = _near(words, place, lists.ABOUT_BIRTH, _BIRTH_REACH)
        if _DATE.fullmatch(word):
            found.append(Suggestion(Suggested.BIRTH, place, place, "a date", 0.95 if about else 0.6))
            continue
        last = _date_from(words, place)
        if last is None:
            continue
        parts = {_part_of_date(words[one]) for one in range(place, last + 1)}
        whole = "month" in parts and last > place
        year = any(_is_year(words, one) for one in range(place, last + 1))
        if about and (whole or last > place or year):
            found.append(Suggestion(Suggested.BIRTH, place, last, "a date behind a word for birth", 0.95))
            done = last + 1
        elif whole and year:
            found.append(Suggestion(Suggested.BIRTH, place, last, "day, month and year", 0.6))
            done = last + 1
    return found


def _date_from(words: Sequence[str], first: int) -> int | None:
    """The last word of what may be a date that begins here; None where none does."""
    last: int | None = None
    for place in range(first, min(len(words), first + 10)):
        if _part_of_date(words[place]):
            last = place
        elif place == first or words[place] not in ("of", "the", "and", "uh", "um", "oh", "o", "in"):
            break
    return last


def _part_of_date(word: str) -> str:
    if word in lists.MONTHS:
        return "month"
    if word in lists.ORDINALS or _ORDINAL.fullmatch(word):
        return "day"
    if word in lists.DIGITS or word in lists.TEENS or word in lists.TENS or word in lists.HUNDREDS:
        return "number"
    return "number" if word.isdecimal() and len(word) in (1, 2, 4) else ""


def _is_year(words: Sequence[str], place: int) -> bool:
    word = words[place]
    if word.isdecimal() and len(word) == 4 and word[:2] in ("19", "20"):
        return True
    following = words[place + 1] if place + 1 < len(words) else ""
    return word in ("nineteen", "twenty", "two") and (
        following in lists.TENS or following in lists.TEENS or following in ("thousand", "oh", "hundred")
    )


# addresses


def _addresses(words: Sequence[str], runs: Sequence[Run]) -> list[Suggestion]:
    begins = {run.last + 1: run.first for run in runs if run.characters.isdigit() and len(run.characters) <= 6}
    begins |= {place + 1: place for place, word in enumerate(words) if re.fullmatch(r"\d{1,6}[a-z]?", word)}
    found: list[Suggestion] = []
    for after, first in sorted(begins.items()):
        for place in range(after + 1, min(len(words), after + 5)):
            if words[place - 1] in lists.NOT_OF_STREETS:
                break
            if words[place] in lists.STREETS:
                last = _with_dwelling(words, place)
                found.append(Suggestion(Suggested.ADDRESS, first, last, "a number and a street", 0.85))
                break
    boxes = zip(words, words[1:], words[2:], strict=False)
    for place, (one, two, three) in enumerate(boxes):
        if (one, two) in (("po", "box"), ("p.o", "box")) and three:
            found.append(Suggestion(Suggested.ADDRESS, place, place + 2, "a post box", 0.8))
    return found


def _with_dwelling(words: Sequence[str], last: int) -> int:
    """Up to the number of the flat, where one follows."""
    if last + 2 < len(words) and words[last + 1] in lists.DWELLINGS:
        following = words[last + 2]
        if following in lists.DIGITS or len(following) <= 4:
            return last + 2
    return last


# names


def _known_names(words: Sequence[str], names: Iterable[str]) -> list[Suggestion]:
    """Names of people who are known to be about: whole, or the family name alone."""
    whole: dict[str, list[list[str]]] = {}
    families: set[str] = set()
    for name in names:
        parts = [part for part in (bare(one) for one in name.split()) if len(part) > 1]
        if len(parts) > 1:
            whole.setdefault(parts[0], []).append(parts)
        families |= {part for part in parts[-1:] if len(part) > 2}
    found: list[Suggestion] = []
    for place, word in enumerate(words):
        for parts in whole.get(word, ()):
            last = place + len(parts) - 1
            if list(words[place : last + 1]) == parts:
                found.append(Suggestion(Suggested.NAME, place, last, "a name known here", 0.95))
        if _owned(word) in families:
            found.append(Suggestion(Suggested.NAME, place, place, "a family name known here", 0.75))
    return found


def _said_names(texts: Sequence[str], words: Sequence[str]) -> list[Suggestion]:
    found: list[Suggestion] = []
    tell = _capitals_tell(texts)
    for place, word in enumerate(words):
        if word in lists.TITLES and (last := _name_from(texts, words, place + 1, tell, 2 if tell else 1)) is not None:
            found.append(Suggestion(Suggested.NAME, place + 1, last, "behind a title", 0.9))
        for said, sure in lists.SAYS_A_NAME:
            if tuple(words[place : place + len(said)]) != said:
                continue
            first = place + len(said)
            if first < len(words) and words[first] in lists.TITLES:
                break  # the title finds it
            last = _name_from(texts, words, first, tell, 3 if tell else 2, likely=sure > 0.6)
            if last is not None:
                found.append(Suggestion(Suggested.NAME, first, last, f"behind “{' '.join(said)}”", sure))
            break
        if _owned(word) in lists.GIVEN:
            found.append(_given(texts, words, place, tell))
    return found


def _given(texts: Sequence[str], words: Sequence[str], place: int, tell: bool) -> Suggestion:
    """A given name, with the word behind it where capitals say that it belongs to it."""
    last = place
    if tell and place + 1 < len(words) and _is_capital(texts[place + 1]) and words[place + 1] not in lists.NO_NAMES:
        last = place + 1
    return Suggestion(Suggested.NAME, place, last, "a given name", 0.7)


def _name_from(
    texts: Sequence[str], words: Sequence[str], first: int, tell: bool, most: int, *, likely: bool = True
) -> int | None:
    """The last word of a name that begins here, None where none does. Where capitals tell, they say it; otherwise words
    that are nothing else, if a name is `likely`, or given names. `most` words."""
    last: int | None = None
    for place in range(first, min(len(words), first + most)):
        word = words[place]
        if not _can_be_name(word):
            break
        named = _is_capital(texts[place]) if tell else (likely or _owned(word) in lists.GIVEN)
        if not named:
            break
        last = place
        if _ends_sentence(texts[place]) or _owned(word) != word:
            break
    return last


def _capitals(texts: Sequence[str], words: Sequence[str]) -> list[Suggestion]:
    """Capitals within a sentence, where capitals tell anything."""
    if not _capitals_tell(texts):
        return []
    found: list[Suggestion] = []
    place = 1
    while place < len(texts):
        first = place
        while (
            place < len(texts)
            and _is_capital(texts[place])
            and _can_be_name(words[place])
            and not _ends_sentence(texts[place - 1])
        ):
            place += 1
        if place > first:
            found.append(Suggestion(Suggested.NAME, first, place - 1, "capitals within a sentence", 0.45))
        place = max(place, first + 1)
    return found


def _capitals_tell(texts: Sequence[str]) -> bool:
    """Whether capitals say anything: there are some, and most words have none."""
    lettered = [text for text in texts if text[:1].isalpha()]
    capital = sum(_is_capital(text) for text in lettered)
    return 0 < capital <= (0.5 * len(lettered) if len(lettered) > 6 else len(lettered) - 1)


def _is_capital(text: str) -> bool:
    core = text.lstrip("\"'“‘([¿¡")
    return core[:1].isupper() and (len(core.rstrip(".,;:!?\"'”’)]")) > 1)


def _can_be_name(word: str) -> bool:
    known = (lists.NO_NAMES, lists.MONTHS, lists.DAYS, lists.TITLES, lists.STREETS, lists.FILLERS)
    return word.replace("-", "").replace("'", "").isalpha() and not any(word in one for one in known)


def _ends_sentence(text: str) -> bool:
    core = text.rstrip("\"'”’)]")
    return core.endswith((".", "?", "!", ":")) and bare(text) not in lists.TITLES


def _owned(word: str) -> str:
    """A word without the ending that says whose."""
    return word.removesuffix("'s").removesuffix("’s")


def _apart(found: Iterable[Suggestion]) -> list[Suggestion]:
    """Without what lies within another one that is as sure or surer; in the order of the words."""
    kept: list[Suggestion] = []
    for one in sorted(found, key=lambda one: (-one.confidence, one.first - one.last, one.first)):
        if not any(other.first <= one.first and one.last <= other.last for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: (one.first, one.last))
