"""What differs between two packs: rules that came, went or changed, word by word. Pure.

A rule over time is several stretches under one identifier; they are paired by the day on which they begin, so that a
further stretch shows as added and a changed day of ending as a change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from difflib import SequenceMatcher
from enum import Enum
from typing import Any

from candor.law.model import Pack, Rule, Uncovered
from candor.law.periods import Period

__all__ = ["Change", "Difference", "Piece", "RuleChange", "changes_of", "diff", "parts_of", "words"]

#: What is compared of a rule, in the order in which it is shown; `terms` and `when` are opened up.
_COMPARED = (
    "kind",
    "text",
    "citation",
    "in_force_from",
    "in_force_to",
    "verification",
    "verified_on",
    "measured",
    "source",
    "note",
)
_HEADER = ("name", "jurisdiction", "version", "compiled_on", "time_zone", "over")
#: Characters that stay between two changes and count as changed.
_SHORT = 4
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A stretch of words: "same", "out" (only before) or "in" (only after)."""

    kind: str
    words: str


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was. `what`: the key as it stands in a file. None: it was, or is, not there."""

    what: str
    before: str | None
    after: str | None

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Both in one, word by word."""
        return words(self.before or "", self.after or "")


@dataclass(frozen=True)
class RuleChange:
    """A rule that is in both, and what of it differs."""

    before: Rule
    after: Rule
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """Everything that differs between two packs."""

    header: tuple[Change, ...]
    added: tuple[Rule, ...]
    removed: tuple[Rule, ...]
    changed: tuple[RuleChange, ...]
    covered: tuple[Uncovered, ...]
    """What was not covered before and is not named so any more."""
    uncovered: tuple[Uncovered, ...]
    """What is newly named as not covered."""
    holidays: tuple[Change, ...] = ()

    @property
    def empty(self) -> bool:
        return not any(getattr(self, one.name) for one in fields(self))


def diff(old: Pack, new: Pack) -> Difference:
    """What differs between two packs, in the order of the new one; what went, in that of the old one."""
    before = {(rule.id, rule.in_force_from): rule for rule in old.rules}
    after = {(rule.id, rule.in_force_from): rule for rule in new.rules}
    _pair_moved(before, after)
    kept = [(before[key], rule) for key, rule in after.items() if key in before]
    changed = (RuleChange(one, other, changes_of(one, other)) for one, other in kept)
    was, now = frozenset(old.uncovered), frozenset(new.uncovered)
    return Difference(
        header=_changes({name: getattr(old, name) for name in _HEADER}, {name: getattr(new, name) for name in _HEADER}),
        added=tuple(rule for key, rule in after.items() if key not in before),
        removed=tuple(rule for key, rule in before.items() if key not in after),
        changed=tuple(one for one in changed if one.changes),
        covered=tuple(one for one in old.uncovered if one not in now),
        uncovered=tuple(one for one in new.uncovered if one not in was),
        holidays=_changes({"holidays": sorted(old.holidays)}, {"holidays": sorted(new.holidays)}),
    )


def _pair_moved(before: dict[tuple[str, date], Rule], after: dict[tuple[str, date], Rule]) -> None:
    """A rule of one stretch in both that begins on another day is the same rule, moved."""
    was, now = Counter(rule_id for rule_id, _ in before), Counter(rule_id for rule_id, _ in after)
    began = dict(before.keys())
    for key in after:
        if key not in before and was[key[0]] == now[key[0]] == 1:
            before[key] = before.pop((key[0], began[key[0]]))


def changes_of(before: Rule, after: Rule) -> tuple[Change, ...]:
    """What differs between two stretches of a rule, as a file has it."""
    return _changes(parts_of(before), parts_of(after))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    keys = [*before, *(key for key in after if key not in before)]
    found = ((key, _said(before.get(key)), _said(after.get(key))) for key in keys)
    return tuple(Change(key.replace("_", "-"), one, other) for key, one, other in found if one != other)


def parts_of(rule: Rule) -> dict[str, Any]:
    """What a rule says, by the keys of a file; terms and conditions are opened up, what says nothing is left out."""
    parts = {name: getattr(rule, name) for name in _COMPARED}
    parts |= {f"when {one.name}": getattr(rule.when, one.name) for one in fields(rule.when)}
    parts |= {one.name: getattr(rule.terms, one.name) for one in fields(rule.terms)}
    return {name.replace("_", "-"): value for name, value in parts.items() if _said(value) is not None}


def _said(value: Any) -> str | None:
    """A value of the model in words of a file; None where nothing is said."""
    if value is None or value is False or (not isinstance(value, bool) and value in ("", (), frozenset(), [], {})):
        return None
    if value is True:
        return "yes"
    if isinstance(value, Mapping):
        return "; ".join(f"{_said(key)}: {_said(item)}" for key, item in value.items())
    if isinstance(value, frozenset):
        return ", ".join(sorted(str(_said(item)) for item in value))
    if isinstance(value, list | tuple):
        return ", ".join(" + ".join(item) if isinstance(item, tuple) else str(_said(item)) for item in value)
    if isinstance(value, Enum):
        return str(value.value)
    return str(value) if isinstance(value, Period) else f"{value}"


def words(before: str, after: str) -> tuple[Piece, ...]:
    """Two texts in one: what stayed, what went, what came, by whole words.

    A short word that happens to stay between two changes counts as changed, so that what changed can be read.
    """
    one, other = _WORD.findall(before), _WORD.findall(after)
    pieces: list[Piece] = []
    out, came = "", ""
    opcodes = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    for number, (tag, a, b, c, d) in enumerate(opcodes):
        stayed = "".join(one[a:b]) if tag == "equal" else ""
        within = 0 < number < len(opcodes) - 1
        if stayed and not (within and len(stayed.strip()) <= _SHORT):
            pieces += [Piece(kind, text) for kind, text in (("out", out), ("in", came)) if text]
            pieces.append(Piece("same", stayed))
            out, came = "", ""
        else:
            out += "".join(one[a:b])
            came += "".join(other[c:d])
    pieces += [Piece(kind, text) for kind, text in (("out", out), ("in", came)) if text]
    return tuple(pieces)
