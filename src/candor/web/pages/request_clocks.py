"""The clocks of a request as its page tells of them: one that is the same for several recordings is told once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from candor.disclosure.requests.reading import RunningClock
from candor.footage.search import Row, row_of
from candor.people.rules import Actor
from candor.web.i18n import gettext as _
from candor.web.pages.requests_words import Due, due_of

__all__ = ["Told", "clocks_told"]

#: Where a sentence ends, and the fewest characters of a first one: abbreviations are short, and stand in citations.
_END, _LEAST = re.compile(r"\. (?=[A-Z])"), 60
#: Recordings that are named with one clock.
_NAMED = 5


@dataclass(frozen=True)
class Told:
    """A clock. `ids`: of those that are told as one; `first`: the engine's words in one sentence; `rest`: what it says
    further, with the recordings of which it says that where it differs; `rows`: some of the recordings that it is of
    and that the reader may see; `more`: how many others."""

    clock: RunningClock
    due: Due
    first: str
    rest: tuple[tuple[str, str], ...]
    ids: tuple[str, ...]
    rows: tuple[Row, ...]
    more: int


def clocks_told(tx: Connection, actor: Actor, clocks: Sequence[RunningClock], now: datetime, zone: str) -> list[Told]:
    """Each clock in the order in which they are due."""
    groups: dict[tuple[object, ...], list[RunningClock]] = {}
    for clock in clocks:
        groups.setdefault(_sameness(clock), []).append(clock)
    return [_told(tx, actor, group, now, zone) for group in groups.values()]


def _sameness(clock: RunningClock) -> tuple[object, ...]:
    """What two clocks have in common that are told as one."""
    end = (clock.due_at, clock.met_at is None, clock.extensions, clock.extension_reason, clock.extendable_to)
    return (clock.recording_id is None, clock.pack, clock.rule, _sentence(clock.words)[0], *end)


def _told(tx: Connection, actor: Actor, group: Sequence[RunningClock], now: datetime, zone: str) -> Told:
    clock = group[0]
    due = due_of(clock.due_at, now, zone, met=clock.met_at is not None)
    named = [one.recording_id for one in group if one.recording_id is not None]
    rows = {one: row for one in named[:_NAMED] if (row := row_of(tx, actor, one)) is not None}
    rest: dict[str, list[str]] = {}
    for one in group:
        row = rows.get(one.recording_id or "")
        rest.setdefault(_sentence(one.words)[1], []).append("" if row is None else row.title or _("Untitled"))
    rest.pop("", None)
    of_all = len(rest) == 1
    further = tuple((words, "" if of_all else ", ".join(filter(None, titles))) for words, titles in rest.items())
    ids = tuple(one.id for one in group)
    return Told(clock, due, _sentence(clock.words)[0], further, ids, tuple(rows.values()), len(named) - len(rows))


def _sentence(words: str) -> tuple[str, str]:
    """The first sentence of some words, and the rest."""
    found = _END.search(words, _LEAST)
    return (words, "") if found is None else (words[: found.start() + 1], words[found.end() :])
