"""What is said in a part, written out: words with their times, origin and confidence, gathered in cues.

Pure. Times are whole milliseconds of the viewing copy (0 is its beginning); an end is excluded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final

__all__ = [
    "LONGEST_CUE_TEXT",
    "Cue",
    "TextWrong",
    "TranscriptText",
    "Word",
    "WordOrigin",
    "corrected",
    "gathered",
    "spread",
]

#: Characters that a corrected cue may have.
LONGEST_CUE_TEXT: Final = 2_000
#: A pause of so many milliseconds begins a new cue, and no cue is longer than this, in milliseconds and characters.
_PAUSE, _LONGEST_MS, _LONGEST_CHARACTERS = 900, 7_000, 84
_SENTENCE_ENDS: Final = (".", "?", "!")
_FORM: Final = "candor-transcript@1"


class TextWrong(ValueError):
    """What should be a transcript is none; the text says why."""


class WordOrigin(StrEnum):
    """Who wrote a word. A value, once used, is never renamed."""

    MACHINE = "machine"
    FILE = "file"
    PERSON = "person"


@dataclass(frozen=True)
class Word:
    """One word as it is written. `confidence`: what the machine gave it, 0 to 1; None: nothing gave it one. `timed`:
    whether its times were said; otherwise they are spread over its cue by length, and it may be said anywhere in it."""

    begin: int
    until: int
    text: str
    confidence: float | None = None
    origin: WordOrigin = WordOrigin.MACHINE
    timed: bool = True

    def to_json(self) -> list[Any]:
        """[begin, until, text, confidence, origin, 1 when timed else 0]"""
        sure = None if self.confidence is None else round(self.confidence, 3)
        return [self.begin, self.until, self.text, sure, self.origin.value, int(self.timed)]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> Word:
        """Read `to_json`."""
        begin, until, text, sure, origin, timed = value
        return cls(int(begin), int(until), str(text), _share(sure), WordOrigin(origin), bool(timed))


@dataclass(frozen=True)
class Cue:
    """Words that are shown together. `voice`: who speaks, as an imported file says."""

    begin: int
    until: int
    words: tuple[Word, ...]
    voice: str = ""

    @property
    def text(self) -> str:
        """Its words with a blank between."""
        return " ".join(word.text for word in self.words)

    def to_json(self) -> list[Any]:
        """[begin, until, voice, [word, …]]"""
        return [self.begin, self.until, self.voice, [word.to_json() for word in self.words]]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> Cue:
        """Read `to_json`."""
        begin, until, voice, words = value
        return cls(int(begin), int(until), tuple(Word.from_json(one) for one in words), str(voice))


@dataclass(frozen=True)
class TranscriptText:
    """A whole text, cues in the order of their beginnings. `language`: a BCP 47 tag, or "" when nobody said. `speech`:
    stretches in which a machine heard somebody speak, written out or not; None: nobody listened for that."""

    cues: tuple[Cue, ...] = ()
    language: str = ""
    speech: tuple[tuple[int, int], ...] | None = field(default=None)

    @property
    def words(self) -> list[Word]:
        """Every word, cue by cue."""
        return [word for cue in self.cues for word in cue.words]

    def to_bytes(self) -> bytes:
        """As it is sealed: JSON."""
        value = {
            "form": _FORM,
            "language": self.language,
            "cues": [cue.to_json() for cue in self.cues],
            "speech": None if self.speech is None else [list(one) for one in self.speech],
        }
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> TranscriptText:
        """Read `to_bytes`. Raises TextWrong."""
        try:
            return cls.from_json(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise TextWrong(f"it is no transcript as they are kept here ({error})") from error

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TranscriptText:
        """Read what `to_bytes` writes, as JSON. Raises ValueError, KeyError or TypeError for what is none."""
        if value["form"] != _FORM:
            raise ValueError(f"its form is {value['form']!r}")
        speech = value["speech"]
        return cls(
            tuple(Cue.from_json(one) for one in value["cues"]),
            str(value["language"]),
            None if speech is None else tuple((int(begin), int(until)) for begin, until in speech),
        )


def _share(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not 0 <= number <= 1:
        raise ValueError(f"{value!r} is no confidence")
    return number


def spread(
    texts: Sequence[str],
    begin: int,
    until: int,
    origin: WordOrigin,
    *,
    timed: bool = False,
) -> list[Word]:
    """Words one after the other over a stretch, each as long as it has letters. One word alone has the stretch itself,
    so it is as well timed as that (`timed`); of several nobody said where they are."""
    total = sum(len(text) for text in texts)
    found: list[Word] = []
    passed = 0
    for text in texts:
        first = begin + (until - begin) * passed // max(1, total)
        passed += len(text)
        last = begin + (until - begin) * passed // max(1, total)
        found.append(Word(first, last, text, None, origin, timed and len(texts) == 1))
    return found


def gathered(words: Iterable[Word]) -> tuple[Cue, ...]:
    """Cues made of words in order: one ends at a pause, behind a sentence, and before it is too long to be read."""
    cues: list[Cue] = []
    waiting: list[Word] = []

    def close() -> None:
        if waiting:
            cues.append(Cue(waiting[0].begin, max(word.until for word in waiting), tuple(waiting)))
            waiting.clear()

    for word in words:
        if waiting and (
            word.begin - waiting[-1].until >= _PAUSE
            or word.until - waiting[0].begin > _LONGEST_MS
            or sum(len(one.text) + 1 for one in waiting) + len(word.text) > _LONGEST_CHARACTERS
            or waiting[-1].text.endswith(_SENTENCE_ENDS)
        ):
            close()
        waiting.append(word)
    close()
    return tuple(cues)


def corrected(text: TranscriptText, number: int, line: str) -> TranscriptText:
    """The text with what cue `number` (from 0) says put right by a person. Words that stay keep times, origin and
    confidence; new ones take the time of those they stand for. A line without words takes the cue away.

    Raises TextWrong when there is no such cue or the line is too long.
    """
    if not 0 <= number < len(text.cues):
        raise TextWrong("there is no such line in it")
    if len(line) > LONGEST_CUE_TEXT:
        raise TextWrong(f"a line has at most {LONGEST_CUE_TEXT} characters")
    cue, said = text.cues[number], _plain(line).split()
    words: list[Word] = []
    before = [word.text for word in cue.words]
    for act, i1, i2, j1, j2 in SequenceMatcher(None, before, said, autojunk=False).get_opcodes():
        if act == "equal":
            words += cue.words[i1:i2]
        elif j2 > j1:
            begin, until = _place(cue, i1, i2)
            sure = all(word.timed for word in cue.words[i1:i2]) and i2 > i1
            words += spread(said[j1:j2], begin, until, WordOrigin.PERSON, timed=sure and i2 - i1 == 1)
    cues = [*text.cues[:number], *([replace(cue, words=tuple(words))] if words else []), *text.cues[number + 1 :]]
    return replace(text, cues=tuple(cues))


def _place(cue: Cue, first: int, last: int) -> tuple[int, int]:
    """The stretch of the words first to last (excluded); between two words where there is none."""
    if last > first:
        return cue.words[first].begin, max(cue.words[first].begin, cue.words[last - 1].until)
    begin = cue.words[first - 1].until if first > 0 else cue.begin
    until = cue.words[first].begin if first < len(cue.words) else cue.until
    return begin, max(begin, until)


def _plain(line: str) -> str:
    """Without characters that a reader does not see."""
    return "".join(one if one.isprintable() else " " for one in line)
