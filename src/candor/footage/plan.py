"""From what somebody looks for, and may see, to a question for the index: words that must all be there, between two
places in the order by start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from candor.core.ids import is_id
from candor.footage.directory import Directory
from candor.footage.errors import QueryWrong
from candor.footage.query import Query
from candor.footage.restriction_rules import Hidden
from candor.footage.rules import Reach
from candor.footage.words import MOST_WORDS, UNCATEGORISED, Fact, cut, fact, lowest_key, named, place_word

#: A word that begins the names of more people and devices than this is looked for in the texts only: one question
#: to the index would otherwise have as many alternatives.
MOST_NAMES = 300


class Term(NamedTuple):
    """A word that is there, or the beginning of one."""

    word: str
    prefix: bool = False


@dataclass(frozen=True)
class Plan:
    """Of each group at least one term must be there. Places: `low` ≤ place < `high`. An empty group: nothing fits."""

    groups: tuple[tuple[Term, ...], ...]
    low: int | None
    high: int | None
    too_general: tuple[str, ...]
    """Words that were looked for in the texts only, because they begin too many names."""
    hidden: Hidden | None = None
    """What restrictions leave out of it, of hits and of their count alike."""

    @property
    def nothing(self) -> bool:
        """Whether nothing can fit."""
        empty = self.low is not None and self.high is not None and self.low >= self.high
        return empty or any(not group for group in self.groups)


def make_plan(query: Query, reach: Reach, names: Directory, case_id: str | None = None) -> Plan:
    """The question for the index. `case_id`: of the case that the query names; None, and nothing fits. Raises
    QueryWrong when a person or device is named too vaguely."""
    groups: list[tuple[Term, ...]] = []
    if not reach.everything:
        within = {Fact.WEARER: reach.wearer_id, Fact.UNIT: reach.unit_id, Fact.OPENED: reach.opened_for}
        groups.append(tuple(Term(fact(kind, value)) for kind, value in within.items() if value is not None))
    chosen = {Fact.DEVICE_KIND: query.device_kind, Fact.STATE: query.state, Fact.FLAG: query.flag or None}
    chosen |= {Fact.LABEL: query.label}
    groups += [(Term(fact(kind, value)),) for kind, value in chosen.items() if value is not None]
    if query.case:
        groups.append(() if case_id is None else (Term(fact(Fact.MATTER, case_id)),))
    if query.uncategorised:
        groups.append((Term(UNCATEGORISED),))
    texts = {Fact.CATEGORY: query.category, Fact.INCIDENT: query.incident}
    groups += [(Term(named(kind, value)),) for kind, value in texts.items() if value]
    referred = {Fact.WEARER: query.person, Fact.UNIT: query.unit, Fact.DEVICE: query.device}
    groups += [_referred(kind, value, names) for kind, value in referred.items() if value]
    groups += [(Term(place_word(word), prefix=True),) for word in cut(query.place)[:MOST_WORDS]]
    too_general = []
    for word in cut(query.text)[:MOST_WORDS]:
        meant = names.find(word, Fact.WEARER, Fact.DEVICE)
        if len(meant) > MOST_NAMES:
            too_general.append(word)
            meant = set()
        groups.append((Term(word, prefix=True), *(Term(one) for one in sorted(meant))))
    return Plan(
        tuple(groups),
        None if query.time_from is None else lowest_key(query.time_from),
        None if query.time_to is None else lowest_key(query.time_to),
        tuple(too_general),
        reach.hidden,
    )


_FIELD = {Fact.WEARER: "person", Fact.UNIT: "unit", Fact.DEVICE: "device"}


def _referred(kind: Fact, value: str, names: Directory) -> tuple[Term, ...]:
    if is_id(value):
        return (Term(fact(kind, value)),)
    meant = names.find_all(value, kind)
    if len(meant) > MOST_NAMES:
        raise QueryWrong(field=_FIELD[kind], reason=f"“{value}” fits more than {MOST_NAMES} of them")
    return tuple(Term(one) for one in sorted(meant))
