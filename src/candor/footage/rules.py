"""What is true of recordings, and who may see them. No database is asked here, no clock: expressions and decisions.

The start is chosen in `times`, names are judged in `names`, fields in `fields`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from candor.footage.restriction_rules import Hidden, opened_for
from candor.footage.tables import recording
from candor.footage.times import TimeClaim, TimeSource, choose_start
from candor.people.rules import Actor, Permission

__all__ = [
    "FLAG_WORDS",
    "RENDITION_WORDS",
    "Flag",
    "Reach",
    "RecordingState",
    "RenditionKind",
    "RenditionState",
    "TimeClaim",
    "TimeSource",
    "Visibility",
    "changeable_by",
    "closed_to",
    "choose_start",
    "flags_of",
    "reach",
    "unrestricted_for",
    "visible_to",
    "wanted_renditions",
]


class RecordingState(StrEnum):
    """What has become of a recording. A half-done file has no row, so there is no state for it; a recording that
    several files make up is being received until its source says that nothing more comes."""

    RECEIVING = "receiving"
    SEALED = "sealed"
    REGROUPED = "regrouped"
    DESTROYED = "destroyed"


class Flag(StrEnum):
    """What is wrong with a recording that was sealed all the same."""

    CHANGED_WHILE_READ = "changed-while-read"
    DAMAGED = "damaged"
    EMPTY = "empty"
    INCOMPLETE = "incomplete"
    LATE_PART = "late-part"
    NAME_UNUSUAL = "name-unusual"
    NOBODY_KNOWN = "nobody-known"
    NOT_EXAMINED = "not-examined"
    NOT_MEDIA = "not-media"
    READ_INCOMPLETE = "read-incomplete"
    TIME_UNLIKELY = "time-unlikely"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"
    WEARER_DISPUTED = "wearer-disputed"


#: One sentence per flag for people.
FLAG_WORDS: dict[Flag, str] = {
    Flag.CHANGED_WHILE_READ: "The file was being written while it was read; what was sealed may be a part of it.",
    Flag.DAMAGED: "Some of the recorded data is damaged and has to be skipped when it is shown.",
    Flag.EMPTY: "The file is empty: it has no bytes at all.",
    Flag.INCOMPLETE: "Not everything that its source says it recorded has come; what is missing is named.",
    Flag.LATE_PART: "A part came after the recording was said to be complete.",
    Flag.NAME_UNUSUAL: "The file's name holds characters that a reader would not see; they are shown written out.",
    Flag.NOBODY_KNOWN: "It is not known who wore the camera.",
    Flag.NOT_EXAMINED: "What the file claims could not be examined; the bytes are sealed as they came.",
    Flag.NOT_MEDIA: "The file is not a recording in any format known here, whatever its name says.",
    Flag.READ_INCOMPLETE: "Reading the file failed half-way; what could be read is sealed.",
    Flag.TIME_UNLIKELY: "The file claims a time that cannot well be true; its clock may never have been set.",
    Flag.TRUNCATED: "The file ends too early: a part of the recording or its index is missing.",
    Flag.UNDECODABLE: "Pictures or sound in the file could not be decoded.",
    Flag.WEARER_DISPUTED: "Who wore the camera is said in two ways; somebody has to settle it.",
}


class RenditionKind(StrEnum):
    """What is made from a part, in the order of making: first what makes a damaged one whole again, as far as that can
    be; then what is made for looking."""

    REPAIRED = "repaired"
    POSTER = "poster"
    FILMSTRIP = "filmstrip"
    WAVEFORM = "waveform"
    PROXY = "proxy"


#: Names of renditions for people.
RENDITION_WORDS: dict[RenditionKind, str] = {
    RenditionKind.REPAIRED: "repaired copy",
    RenditionKind.POSTER: "poster",
    RenditionKind.FILMSTRIP: "filmstrip",
    RenditionKind.WAVEFORM: "waveform",
    RenditionKind.PROXY: "viewing copy",
}


class RenditionState(StrEnum):
    """How far a rendition is."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


#: What `footage.media` finds wrong with a file, as a flag.
_FLAG_OF_PROBLEM: dict[str, Flag] = {
    "empty": Flag.EMPTY,
    "not-media": Flag.NOT_MEDIA,
    "nothing-to-show": Flag.NOT_MEDIA,
    "index-missing": Flag.TRUNCATED,
    "index-broken": Flag.DAMAGED,
    "ends-early": Flag.TRUNCATED,
    "length-unknown": Flag.TRUNCATED,
    "picture-undecodable": Flag.UNDECODABLE,
    "sound-undecodable": Flag.UNDECODABLE,
    "damaged": Flag.DAMAGED,
    "examination-stopped": Flag.NOT_EXAMINED,
}


def flags_of(problems: Iterable[str]) -> set[Flag]:
    """The flags for what was found wrong with a file; a problem not known here counts as not examined."""
    return {_FLAG_OF_PROBLEM.get(problem, Flag.NOT_EXAMINED) for problem in problems}


def wanted_renditions(pictures: bool, sound: bool) -> tuple[RenditionKind, ...]:
    """What to make of a part that has tracks of these kinds."""
    kinds: tuple[RenditionKind, ...] = ()
    if pictures:
        kinds += (RenditionKind.POSTER, RenditionKind.FILMSTRIP)
    if sound:
        kinds += (RenditionKind.WAVEFORM,)
    return (*kinds, RenditionKind.PROXY) if kinds else ()


@dataclass(frozen=True)
class Reach:
    """How far somebody's rights reach: everything, or what one person wore, one unit recorded, or was opened to them
    for a purpose that was granted; less what restrictions hide from them, whatever their roles."""

    everything: bool
    wearer_id: str | None
    unit_id: str | None
    reason: str
    opened_for: str | None = None
    """The account that something may have been opened to."""
    hidden: Hidden | None = None

    def expression(self) -> sa.ColumnElement[bool]:
        """The same as a condition on `recording`."""
        if self.hidden is None:
            return self.by_role()
        return sa.and_(self.by_role(), sa.not_(self.hidden.of_recording()))

    def by_role(self) -> sa.ColumnElement[bool]:
        """What is within reach before any restriction: to be asked by whoever deals with restrictions, not by whoever
        shows footage."""
        if self.everything:
            return sa.true()
        within: list[sa.ColumnElement[bool]] = []
        if self.opened_for is not None:
            within.append(opened_for(self.opened_for))
        if self.wearer_id is not None:
            within.append(recording.c.wearer_id == self.wearer_id)
        if self.unit_id is not None:
            within.append(recording.c.unit_id == self.unit_id)
        return sa.or_(*within) if within else sa.false()


class Visibility(NamedTuple):
    """A condition on `recording`, and why it is this one."""

    expression: sa.ColumnElement[bool]
    reason: str


def reach(actor: Actor) -> Reach:
    """What the actor may see, as the search index is asked for it. `visible_to` is the same as an expression."""
    found = _reach(
        actor, Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_UNIT, Permission.RECORDINGS_VIEW_OWN
    )
    return found if found.everything else replace(found, opened_for=actor.account_id)


def visible_to(actor: Actor) -> Visibility:
    """Which recordings the actor may see: the one rule, for the list and for the single row alike."""
    found = reach(actor)
    return Visibility(found.expression(), found.reason)


def unrestricted_for(actor: Actor) -> sa.ColumnElement[bool]:
    """Which recordings no restriction hides from the actor: for what is shown of recordings to people who may not
    watch them, such as that one has come in and whose it is."""
    hidden = Hidden.from_actor(actor)
    return sa.true() if hidden is None else sa.not_(hidden.of_recording())


def closed_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Which recordings a wall, a case, an order or a name closes to the actor: for what is told of recordings to those
    who oversee. What a label restricts is told, or nobody could oversee who watches it."""
    if Hidden.from_actor(actor) is None:
        return sa.false()
    return Hidden(actor.account_id, sees_confidential=True).of_recording()


def changeable_by(actor: Actor) -> Visibility:
    """Which recordings the actor may describe."""
    found = _reach(
        actor, Permission.RECORDINGS_CHANGE_ALL, Permission.RECORDINGS_CHANGE_UNIT, Permission.RECORDINGS_CHANGE_OWN
    )
    return Visibility(found.expression(), found.reason)


def _reach(actor: Actor, everything: Permission, unit: Permission, own: Permission) -> Reach:
    decision, hidden = actor.may(everything), Hidden.from_actor(actor)
    if decision:
        return Reach(True, None, None, decision.rule, hidden=hidden)
    within_unit, worn = actor.may(unit), actor.may(own)
    rules = [granted.rule for granted in (within_unit, worn) if granted]
    return Reach(
        False,
        wearer_id=actor.account_id if worn else None,
        unit_id=actor.unit_id if within_unit else None,
        reason=", ".join(rules) or decision.rule,
        hidden=hidden,
    )
