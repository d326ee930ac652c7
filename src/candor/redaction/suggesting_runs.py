"""Runs of letters and digits, as they are said one by one or written, for `suggesting`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from candor.redaction import suggesting_words as lists

__all__ = ["Run", "bare", "runs_in"]

#: Digits as numbers are written: 860-555-0142, (860), +1, 4.
_WRITTEN_DIGITS: Final = re.compile(r"\+?\(?\d[\d().-]*")
#: Letters said and written one by one: a, a-b-c, a.b.c.
_WRITTEN_LETTERS: Final = re.compile(r"[a-z]([-.][a-z])*")
_LONGEST: Final = 24  # characters of a run


@dataclass(frozen=True)
class Run:
    """Letters and digits one after the other: words `first` to `last`, `count` of them that say any. `plain`: they were
    plainly meant as such, not words that only sound or look like it."""

    first: int
    last: int
    characters: str
    count: int
    plain: bool


@dataclass(frozen=True)
class _Sign:
    """What one word says among letters and digits. `weak`: it may be an ordinary word as well."""

    characters: str
    weak: bool = False


def bare(text: str) -> str:
    """A word in small letters without the punctuation around it."""
    return text.lower().replace("’", "'").strip("\"'“”‘’.,;:!?…()[]{}¿¡*–—-") if text else ""


def runs_in(words: Sequence[str]) -> list[Run]:
    """The runs in these bare words, in order, none overlapping another."""
    found: list[Run] = []
    place = 0
    while place < len(words):
        run = _run_from(words, place)
        if run is not None:
            found.append(run)
        place = run.last + 1 if run is not None else place + 1
    return found


def _run_from(words: Sequence[str], first: int) -> Run | None:
    """The run that begins exactly here; None where none does."""
    begin = first + 1 if words[first] in lists.REPEATS and first + 1 < len(words) else first
    start = _sign(words, begin)
    if start is None or (start.weak and not _goes_on(words, begin)):
        return None
    signs: list[tuple[int, _Sign]] = []
    place, length = first, 0
    while place < len(words) and length < _LONGEST:
        sign = _sign(words, place)
        if sign is not None:
            signs.append((place, sign))
            length += len(sign.characters)
            place += 1 + _explained(words, place)
        elif words[place] in lists.REPEATS or (words[place] in lists.FILLERS and place > first):
            place += 1
        else:
            break
    while signs and signs[-1][1].weak and not _belongs(signs):
        signs.pop()
    if not signs:
        return None
    last = signs[-1][0] + _explained(words, signs[-1][0])
    strong = sum(not sign.weak for _, sign in signs)
    characters = "".join(_repeated(words, place, sign) for place, sign in signs)
    return Run(first, last, characters, len(signs), strong * 2 >= len(signs))


def _sign(words: Sequence[str], place: int) -> _Sign | None:
    word = words[place]
    if word in lists.DIGITS:
        return _Sign(lists.DIGITS[word])
    if word in lists.TEENS:
        return _Sign(lists.TEENS[word])
    if word in lists.TENS:
        following = words[place + 1] if place + 1 < len(words) else ""
        return _Sign(lists.TENS[word] + ("" if lists.DIGITS.get(following, "0") != "0" else "0"))
    if word in lists.HUNDREDS and place and _number(words[place - 1]):
        return _Sign(lists.HUNDREDS[word])
    if word in lists.WEAK_DIGITS:
        return _Sign(lists.WEAK_DIGITS[word], weak=True)
    if word in lists.SPELLED:
        return _Sign(lists.SPELLED[word], weak=word in lists.WEAK_SPELLED)
    if _WRITTEN_DIGITS.fullmatch(word):
        return _Sign(re.sub(r"\D", "", word))
    if _WRITTEN_LETTERS.fullmatch(word):
        return _Sign(re.sub(r"[-.]", "", word), weak=word in lists.WEAK_LETTERS)
    return None


def _number(word: str) -> bool:
    return word in lists.DIGITS or word in lists.TEENS or word in lists.TENS


def _goes_on(words: Sequence[str], place: int) -> bool:
    """Whether a plain letter or digit follows a word that could be either."""
    following = place + 1 + _explained(words, place)
    sign = _sign(words, following) if following < len(words) else None
    if sign is None:
        return False
    if not sign.weak:
        # "to five" is no number; "mike five" and "a b c" may be a plate.
        return words[place] not in lists.WEAK_DIGITS or words[place] in ("o", "oh")
    return words[place] in lists.WEAK_SPELLED and _goes_on(words, following)


def _belongs(signs: Sequence[tuple[int, _Sign]]) -> bool:
    """Whether a doubtful last word belongs to what is before it: a letter of an alphabet does after such letters, zero
    does after digits."""
    last, before = signs[-1][1], signs[-2][1] if len(signs) > 1 else None
    if before is None:
        return False
    return last.characters == "0" or (last.characters.isalpha() and len(signs) > 2)


def _explained(words: Sequence[str], place: int) -> int:
    """How many words behind a letter say which one it is: "b as in boy"."""
    is_letter = len(words[place]) == 1 and words[place].isalpha()
    if is_letter and tuple(words[place + 1 : place + 3]) == ("as", "in") and place + 3 < len(words):
        return 3
    if is_letter and words[place + 1 : place + 2] == ["like"] and place + 2 < len(words):
        return 2
    return 0


def _repeated(words: Sequence[str], place: int, sign: _Sign) -> str:
    times = lists.REPEATS.get(words[place - 1], 1) if place else 1
    return sign.characters * times if len(sign.characters) == 1 else sign.characters
