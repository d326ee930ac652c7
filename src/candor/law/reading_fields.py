"""Taking what keys hold: text, day, period, word of a closed list. What is wrong is said, and never raised."""

from __future__ import annotations

import re
from collections.abc import Collection, Set
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from candor.law.errors import PeriodWrong, YearlyDayWrong
from candor.law.holidays import read_yearly
from candor.law.periods import UNITS, Period
from candor.law.reading_tree import Entries, Fault, Items, Node, Stop, Text, shown

__all__ = ["RULE_ID", "Fields", "Say"]

Word = TypeVar("Word", bound=StrEnum)
#: Characters of one text.
LONGEST = 3_000
#: Entries of one list within a rule.
MOST = 1_000
#: Faults of one file.
MOST_FAULTS = 1_000
RULE_ID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES, _NO = ("yes", "true"), ("no", "false")


class Say:
    """Where faults are put, each with its line. After MOST_FAULTS the file is left."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults

    def __call__(self, line: int, what: str, mend: str) -> None:
        self.faults.append(Fault(line, what, mend))
        if len(self.faults) >= MOST_FAULTS:
            raise Stop(Fault(line, f"{MOST_FAULTS:,} faults up to here; the rest was not read", "mend these first"))


class Fields:
    """The keys of one rule, header or part, taken one by one. `about` names it in faults: “rule x”.

    What is wrong or missing is said, and None or nothing is given: whoever takes looks at `sound` before building.
    """

    def __init__(self, node: Node, keys: dict[str, bool], about: str, say: Say, *, elsewhere: Collection[str] = ()):
        self.about, self._say, self._before = about, say, len(say.faults)
        self.line = node.line
        self._entries: dict[str, Node] = {}
        if not isinstance(node, Entries):
            say(node.line, f"{about} has no keys", f"write its keys, each with a colon: {', '.join(keys)}")
            return
        self._lines = node.lines
        for key, value in node.entries.items():
            if key in keys:
                self._entries[key] = value
            else:
                say(node.lines[key], f"unknown key `{shown(key)}` in {about}", self._mend_key(key, keys, elsewhere))
        for key, must in keys.items():
            if must and key not in node.entries:
                say(node.line, f"{about} has no `{key}`", f"write `{key}:` and what it is; it may not be left out")

    @staticmethod
    def _mend_key(key: str, keys: Collection[str], elsewhere: Collection[str]) -> str:
        if key in elsewhere:
            return "it belongs to rules of another kind: take it out, or change `kind`"
        close = get_close_matches(key, keys, 1)
        return f"did you mean `{close[0]}`?" if close else f"take it out; known here: {', '.join(keys)}"

    @property
    def sound(self) -> bool:
        """Whether nothing was wrong so far with what was taken here."""
        return len(self._say.faults) == self._before

    def has(self, key: str) -> bool:
        return key in self._entries

    def node(self, key: str) -> Node | None:
        return self._entries.get(key)

    def at(self, key: str) -> int:
        """The line of a key; of the whole, where it is not there."""
        return self._entries[key].line if key in self._entries else self.line

    def wrong(self, key: str, what: str, mend: str) -> None:
        self._say(self.at(key), f"`{key}` of {self.about} {what}", mend)

    def text(self, key: str, longest: int = LONGEST) -> str:
        """A text of visible characters on one line, or nothing."""
        node = self._entries.get(key)
        return "" if node is None else self._text(key, node, longest)

    def _text(self, key: str, node: Node, longest: int) -> str:
        if not isinstance(node, Text):
            self._say(node.line, f"`{key}` of {self.about} is no text", "write one text, in quotation marks if need be")
            return ""
        value = " ".join(node.value.split())
        if not value:
            self._say(node.line, f"`{key}` of {self.about} is empty", "write what it is, or take the key out")
        elif len(value) > longest:
            mend = f"keep it under {longest:,} characters"
            self._say(node.line, f"`{key}` of {self.about} has {len(value):,} characters", mend)
        elif not value.isprintable():
            self._say(node.line, f"`{key}` of {self.about} has characters that cannot be seen", "take them out")
        else:
            return value
        return ""

    def texts(self, key: str, longest: int = LONGEST) -> tuple[str, ...]:
        """A list of texts, or one text alone."""
        return tuple(self._text(key, node, longest) for node in self._list(key))

    def _list(self, key: str) -> tuple[Node, ...]:
        node = self._entries.get(key)
        if node is None:
            return ()
        if isinstance(node, Text):
            return (node,)
        if not isinstance(node, Items) or not node.items:
            self.wrong(key, "is no list", "write each on a line of its own after a hyphen, or [a, b]; or take it out")
            return ()
        if len(node.items) > MOST:
            self.wrong(key, f"has {len(node.items):,} entries", f"no list has more than {MOST:,}")
            return ()
        return node.items

    def matching(self, key: str, form: re.Pattern[str], mend: str, longest: int = 80) -> str:
        """A text of a form."""
        value = self.text(key, longest)
        if value and form.fullmatch(value) is None:
            self.wrong(key, f"is “{shown(value)}”", mend)
            return ""
        return value

    def choice(self, key: str, known: Collection[str], default: str = "") -> str:
        """One word of a closed list."""
        node = self._entries.get(key)
        return default if node is None else self._choice(key, node, known)

    def _choice(self, key: str, node: Node, known: Collection[str]) -> str:
        value = self._text(key, node, 200)
        if not value or value in known:
            return value
        close = get_close_matches(value, known, 1)
        hint = f"did you mean “{close[0]}”? " if close else ""
        mend = f"{hint}known: {', '.join(sorted(known) if isinstance(known, Set) else known)}"
        self._say(node.line, f"`{key}` of {self.about} is “{shown(value)}”, which nobody knows", mend)
        return ""

    def word(self, key: str, words: type[Word]) -> Word | None:
        """A word of an enumeration."""
        value = self.choice(key, [word.value for word in words])
        return words(value) if value else None

    def words(self, key: str, words: type[Word]) -> frozenset[Word]:
        """A list of words of an enumeration, each once."""
        return frozenset(words(value) for value in self.choices(key, [word.value for word in words]))

    def choices(self, key: str, known: Collection[str]) -> tuple[str, ...]:
        """A list of words of a closed list, each once."""
        values = [value for node in self._list(key) if (value := self._choice(key, node, known))]
        for value in sorted({value for value in values if values.count(value) > 1}):
            self.wrong(key, f"says “{value}” twice", "say it once")
        return tuple(values)

    def names(self, key: str, known: Collection[str] | None) -> frozenset[str]:
        """A list of names, of those that somebody defined where that is known."""
        values = self.texts(key, 200) if known is None else self.choices(key, known)
        return frozenset(value for value in values if value)

    def flag(self, key: str, default: bool = False) -> bool:
        """yes or no."""
        value = self.choice(key, (*_YES, *_NO))
        return value in _YES if value else default

    def day(self, key: str) -> date | None:
        """A day, year-month-day."""
        node = self._entries.get(key)
        return None if node is None else self._day(key, node)

    def _day(self, key: str, node: Node) -> date | None:
        value = self._text(key, node, 200)
        if not value:
            return None
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self._say(node.line, f"`{key}` of {self.about} is “{shown(value)}”, which is no day", "write 2016-07-01")
        return None

    def days(self, key: str) -> frozenset[date]:
        """A list of days."""
        return frozenset(day for node in self._list(key) if (day := self._day(key, node)) is not None)

    def yearly(self, key: str) -> dict[str, str]:
        """Names, each with a day that returns each year."""
        node = self._entries.get(key)
        if node is None:
            return {}
        if not isinstance(node, Entries) or not node.entries or len(node.entries) > MOST:
            self.wrong(key, "is no list of days by name", "write each as “Labor Day: first Monday of September”")
            return {}
        found = {}
        for name, value in node.entries.items():
            said = self._text(key, Text(name, node.lines[name]), 80)
            text = self._text(key, value, 80)
            if said and text and self._is_yearly(key, value, text):
                found[said] = text
        return found

    def _is_yearly(self, key: str, node: Node, text: str) -> bool:
        try:
            read_yearly(text)
        except YearlyDayWrong:
            mend = "write “January 1”, “third Monday of January”, “last Monday of May” or “Good Friday”"
            self._say(node.line, f"`{key}` of {self.about} has “{shown(text)}”, which is no day of a year", mend)
            return False
        return True

    def names_of_rules(self, key: str) -> tuple[str, ...]:
        """A list of names of rules, each once."""
        names = self.texts(key, 80)
        for name in names:
            if name and (RULE_ID.fullmatch(name) is None or names.count(name) > 1):
                self.wrong(key, f"has “{shown(name)}”", "write the `id` of another rule of this file, once")
                return ()
        return names

    def period(self, key: str) -> Period | None:
        """An amount with its unit."""
        node = self._entries.get(key)
        return None if node is None else self._period(key, node)

    def _period(self, key: str, node: Node) -> Period | None:
        value = self._text(key, node, 200)
        if not value:
            return None
        try:
            return Period.parse(value)
        except PeriodWrong:
            what = "has no unit" if value.isdecimal() else "is no period"
            mend = f"write a whole number and its unit, such as “90 days”; units: {', '.join(UNITS)}"
            self._say(node.line, f"`{key}` of {self.about} is “{shown(value)}”, which {what}", mend)
            return None

    def periods(self, key: str, words: type[Word]) -> dict[Word, Period]:
        """Words of an enumeration, each with its period."""
        node = self._entries.get(key)
        if node is None:
            return {}
        inner = Fields(
            node, dict.fromkeys([word.value for word in words], False), f"`{key}` of {self.about}", self._say
        )
        taken = {word: inner.period(word.value) for word in words if inner.has(word.value)}
        return {word: period for word, period in taken.items() if period is not None}

    def sets(self, key: str, known: Collection[str]) -> tuple[tuple[str, ...], ...]:
        """A list of lists of words of a closed list; a word alone is a list of one."""
        found = []
        for node in self._list(key):
            items = node.items if isinstance(node, Items) else (node,)
            found.append(tuple(value for one in items if (value := self._choice(key, one, known))))
        if any(not one for one in found):
            self.wrong(key, "has a set without a word", "say what is enough, such as [date, place]")
        return tuple(found)

    def zone(self, key: str) -> str:
        """A time zone that this machine knows."""
        value = self.text(key, 60)
        if not value:
            return ""
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.wrong(key, f"is “{shown(value)}”, which is no time zone", "write one such as America/New_York or UTC")
            return ""
