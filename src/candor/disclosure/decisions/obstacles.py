"""What stands in the way of releasing a recording, at this moment: asked of the law, of restrictions, of holds, of
reviews before a statement, and of what rooms above know.

An obstacle is answered by somebody in one of the ways that it allows (`Weighing`), or it goes when its cause goes. Each
names a rule, by which an answer is known to be one to it: a hold that is placed later is another obstacle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.disclosure.decisions.reviews import review_running
from candor.disclosure.decisions.rules import Weighing
from candor.disclosure.decisions.subjects import About, Subject, about
from candor.footage.errors import RecordingUnknown
from candor.footage.facts import facts_of
from candor.footage.restriction_rules import KIND_WORDS, RestrictionKind
from candor.footage.restrictions import restrictions_of
from candor.footage.rules import RecordingState, visible_to
from candor.footage.tables import recording
from candor.law.books import book_now
from candor.law.engine_release import ABSOLUTE, release_of
from candor.law.model import Block, Book, ConfidentialTerms, Facts, Rule
from candor.law.vocabulary import HOLD_WORDS, HoldKind, LawEvent
from candor.people.rules import Actor, Permission

__all__ = ["MORE", "Obstacle", "Seen", "book_of", "must_see", "obstacles"]

_ANY = frozenset(Weighing)
_NONE: frozenset[Weighing] = frozenset()
_WEIGHED = frozenset({Weighing.WEIGHED})
#: Holds that are there for the release itself stand in no release's way.
_FOR_RELEASE = (HoldKind.REQUEST, HoldKind.DISCOVERY)


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands in the way.

    `code`: for programs (confidential, weigh, hold, uncategorised, no-law, no-rule, not-asked, not-adopted,
    restriction, review, destroyed, regrouped, and what rooms above add). `words`: for people. `citation`: of the law,
    "" where none is named. `rule`: what an answer names: "pack/id" of a rule of law, or "hold/…", "restriction/…" and
    the like with an identifier. `forbids`: weighing alone is not enough, or not everybody may weigh it. `answers`: how
    it may be answered; none: only the end of its cause helps. `exceptions`: those that the rule itself names. `todo`:
    what somebody can do. `hides`: exemptions under which it counts as hidden; none: under its rule, or, of a
    restriction by label, whatever hides something.
    """

    code: str
    words: str
    citation: str
    rule: str
    forbids: bool
    answers: frozenset[Weighing]
    exceptions: tuple[str, ...] = ()
    todo: str = ""
    hides: tuple[str, ...] = ()

    @property
    def needs_holds(self) -> bool:
        """Whether only somebody who may end holds answers it."""
        return self.code == "hold"

    def is_answered_by(self, how: Weighing, exception: str) -> bool:
        """Whether that answers it now: rules change, and an exception that is gone is none."""
        return how in self.answers and (how is not Weighing.EXCEPTION or exception in self.exceptions)


@dataclass(frozen=True)
class Seen:
    """What rooms above are asked with."""

    recording_id: str
    about: About
    facts: Facts
    moment: datetime


#: Rooms above say what they know of that stands in the way.
MORE: list[Callable[[Connection, Seen], Sequence[Obstacle]]] = []

_WHAT_TO_DO: Final[Mapping[str, str]] = {
    "confidential": (
        "Hide what it protects (name this rule as the exemption), name an exception of the law, or withhold it all."
    ),
    "weigh": "Weigh it, in words, or hide what it protects.",
    "hold": "Ask whoever may end holds to weigh whether the release would do harm, or to end the hold.",
    "uncategorised": "Look at the recording and give it a category, or say in words why it can go out without one.",
    "no-law": "The agency’s counsel brings a law pack into force first.",
    "no-rule": "The agency’s counsel adopts a rule that has it released first.",
    "not-asked": "Say of the recording that the request means it, or wait until somebody asks for it.",
    "not-adopted": "The agency’s counsel compares the rule with the official text and adopts it first.",
}


def obstacles(
    tx: Connection, actor: Actor, recording_id: str, *, subject: Subject, clock: Clock | None = None
) -> tuple[Obstacle, ...]:
    """What stands in the way of releasing a recording for this subject now; what forbids comes first. Nothing stands in
    the way of withholding. Raises Refused, SubjectUnknown, RecordingUnknown (also for what the actor may not see)."""
    moment = (clock or SystemClock()).now()
    state = must_see(tx, actor, recording_id)
    asked = about(tx, subject)
    if state == RecordingState.DESTROYED:
        words = "It was destroyed, and nobody can read it any more."
        return (Obstacle("destroyed", words, "", "recording/destroyed", True, _NONE),)
    if state == RecordingState.REGROUPED:
        words = "Its files became part of another recording."
        todo = "Decide on that recording instead."
        return (Obstacle("regrouped", words, "", "recording/regrouped", True, _NONE, todo=todo),)
    book, facts = book_now(tx), _facts(tx, recording_id, asked)
    seen = Seen(recording_id, asked, facts, moment)
    found = [
        *_of_law(book, facts, moment, asked),
        *_of_holds(facts),
        *_of_restrictions(tx, recording_id),
        *_of_reviews(tx, book, seen),
        *(one for known in MORE for one in known(tx, seen)),
    ]
    return tuple(sorted(_each_once(found), key=lambda one: not one.forbids))


def must_see(tx: Connection, actor: Actor, recording_id: str) -> RecordingState:
    """The state of a recording that the actor may see, and whose decisions too. Raises Refused, RecordingUnknown."""
    actor.require(Permission.REQUESTS_VIEW)
    query = sa.select(recording.c.state).where(recording.c.id == recording_id, visible_to(actor).expression)
    state = tx.scalar(query)
    if state is None:
        raise RecordingUnknown(id=recording_id)
    return RecordingState(state)


def book_of(tx: Connection) -> str:
    """The identifier of the law's book by which is decided now."""
    return book_now(tx).id


def _facts(tx: Connection, recording_id: str, asked: About) -> Facts:
    """What the law hears of a recording; that the request in hand has come is known, whatever else is."""
    facts = facts_of(tx, recording_id)
    if asked.subject.request_id is None or recording_id not in asked.recordings:
        return facts
    return replace(facts, events={LawEvent.REQUEST_RECEIVED: asked.since, **facts.events})


#: Why no rule has a recording released.
_PROVIDING = ("no-law", "no-rule", "not-asked", "not-adopted")


def _of_law(book: Book, facts: Facts, moment: datetime, asked: About) -> list[Obstacle]:
    """What the law withholds by whichever way it hears of the recording; that nothing has it released, only where that
    is so by each of them."""
    ways = [(book, facts), *([asked.heard(book, facts)] if asked.heard else [])]
    answers = [release_of(*way, moment).blocks for way in ways]
    provided = any(all(block.code not in _PROVIDING for block in blocks) for blocks in answers)
    found: list[Block] = []
    for blocks in answers:
        for block in blocks:
            # Holds are asked of themselves, by name; that a category is missing is so for the recording's own alone.
            own = block.code in ("uncategorised", *_PROVIDING)
            if block.code == "hold" or (own and blocks is not answers[0]) or (block.code in _PROVIDING and provided):
                continue
            if block not in found:
                found.append(block)
    return [_of_block(block) for block in found]


def _of_block(block: Block) -> Obstacle:
    rules = [one.rule for one in block.basis if one.rule is not None]
    citation = "; ".join(dict.fromkeys(rule.citation for rule in rules))
    name = f"{rules[0].pack}/{rules[0].id}" if rules else f"law/{block.code}"
    answers, exceptions = _answers(block, rules)
    forbids = Weighing.WEIGHED not in answers
    return Obstacle(
        block.code, block.words, citation, name, forbids, answers, exceptions, _WHAT_TO_DO.get(block.code, "")
    )


def _answers(block: Block, rules: Sequence[Rule]) -> tuple[frozenset[Weighing], tuple[str, ...]]:
    if block.code == "uncategorised":
        return _WEIGHED, ()
    if block.code not in ("confidential", "weigh"):
        return _NONE, ()
    terms = rules[0].terms if rules else None
    if not isinstance(terms, ConfidentialTerms):
        return _WEIGHED, ()  # what a request has to name: it does or it does not
    answers = _ANY if terms.test != ABSOLUTE else frozenset({Weighing.HIDDEN, Weighing.EXCEPTION})
    return (answers if terms.exceptions else answers - {Weighing.EXCEPTION}), terms.exceptions


def _of_holds(facts: Facts) -> list[Obstacle]:
    return [
        Obstacle(
            "hold",
            f"It is held for {HOLD_WORDS[one.kind]}: whether its release would harm that has to be weighed.",
            "",
            f"hold/{one.id}",
            True,
            _WEIGHED,
            todo=_WHAT_TO_DO["hold"],
        )
        for one in facts.holds
        if one.kind not in _FOR_RELEASE
    ]


def _of_restrictions(tx: Connection, recording_id: str) -> list[Obstacle]:
    """What a label restricts may be released where what it stands for is answered; everything else is lifted first."""
    found = []
    for one in restrictions_of(tx, recording_id):
        by_label = one.kind is RestrictionKind.LABEL
        found.append(
            Obstacle(
                "restriction",
                f"It is restricted: {KIND_WORDS[one.kind][0].lower()}{KIND_WORDS[one.kind][1:]} ({one.reason}).",
                # A restriction that the law itself asks for names it; the program's own names are no citations.
                "" if one.rule.startswith("footage.") else one.rule,
                f"restriction/{one.kind.value}/{one.id}",
                not by_label,
                frozenset({Weighing.WEIGHED, Weighing.HIDDEN}) if by_label else _NONE,
                todo=_WHAT_TO_DO["weigh"]
                if by_label
                else "Whoever placed the restriction lifts it first, where that is right.",
            )
        )
    return found


def _of_reviews(tx: Connection, book: Book, seen: Seen) -> list[Obstacle]:
    running = review_running(tx, book, seen.recording_id, seen.facts, seen.moment)
    if running is None:
        return []
    return [
        Obstacle(
            "review",
            running.words,
            running.citation,
            f"review/{running.review_id}",
            True,
            _NONE,
            todo="Wait until the review is completed or taken back, or until the time that the law gives it is over.",
        )
    ]


def _each_once(found: Sequence[Obstacle]) -> list[Obstacle]:
    """One obstacle per rule: of two that name the same, the one that allows less, with the words of both."""
    kept: dict[str, Obstacle] = {}
    for one in found:
        there = kept.get(one.rule)
        if there is None:
            kept[one.rule] = one
            continue
        strict = there if there.forbids or not one.forbids else one
        words = there.words if one.words in there.words else f"{there.words} {one.words}"
        kept[one.rule] = replace(strict, words=words, answers=there.answers & one.answers)
    return list(kept.values())
