"""What the page that decides on a recording tells: what stands in the way, what was decided, where on the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.errors import CandorError
from candor.disclosure.decisions.errors import ReleaseForbidden
from candor.disclosure.decisions.obstacles import Obstacle, obstacles
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.standing import Answer, Decisions, Made
from candor.disclosure.decisions.stretches import counted
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.requests.documents import documents_of
from candor.people.rules import Actor, Permission
from candor.redaction import redactions
from candor.redaction.exemptions import Exemption
from candor.redaction.rules import CopyState
from candor.web.i18n import noted, words_of
from candor.web.pages.decide_form import Answered, Typed, place_words

__all__ = [
    "DECISION_BADGES",
    "WAYS",
    "Against",
    "InTheWay",
    "Span",
    "against_of",
    "exemption_groups",
    "in_the_way",
    "papers_told",
    "redactions_told",
    "shown_decisions",
    "spans_of",
]

#: Words, colour and symbol of a decision.
DECISION_BADGES: dict[Decision, tuple[str, str, str]] = {
    Decision.RELEASE: (noted("Released as it is"), "ok", "check"),
    Decision.REDACT: (noted("Released in part"), "warn", "eye-off"),
    Decision.WITHHOLD: (noted("Withheld"), "bad", "lock"),
}
#: How something that stands in the way is answered: words, and what it takes.
WAYS: dict[Weighing, tuple[str, str]] = {
    Weighing.WEIGHED: (noted("It was weighed"), noted("Say what speaks for the release and what against.")),
    Weighing.EXCEPTION: (noted("The law makes an exception"), noted("Say why it applies here.")),
    Weighing.HIDDEN: (
        noted("What it protects will be hidden"),
        noted("Name this rule as the exemption where it is hidden."),
    ),
}
#: Width of the timeline in its own units.
WIDTH: Final = 1000.0
#: Characters of an exemption's words in a list to choose from.
_SHORT: Final = 90


@dataclass(frozen=True)
class InTheWay:
    """Something that stands in the way. `answer`: how it was answered by the decisions that stand, in a way that it
    still allows; `typed`: what stands in its form; `mine`: whether the reader may answer it."""

    obstacle: Obstacle
    answer: Answer | None
    typed: Answered
    ways: tuple[tuple[str, str, str], ...]
    mine: bool

    @property
    def answerable(self) -> bool:
        """Whether there is anything that somebody can say to it."""
        return bool(self.ways)


@dataclass(frozen=True)
class Span:
    """A stretch of the timeline, in its own units."""

    x: float
    width: float
    kind: str
    begin: str
    end: str
    words: str


@dataclass(frozen=True)
class Against:
    """What forbids that something goes out: in words, by which rule, and what to do."""

    words: str
    rule: str
    todo: str


@dataclass(frozen=True)
class RedactionTold:
    """A redaction of the recording. `copies`: that are ready, the newest verdict among them."""

    id: str
    title: str
    closed: bool
    copies: int
    verdict: str | None


def against_of(error: CandorError | None) -> Against | None:
    """What an error says of why something does not go out, in parts where it has them."""
    if error is None:
        return None
    if not isinstance(error, ReleaseForbidden):
        return Against(words_of(error), "", "")
    said = {name: str(error.fields[name]) for name in ("words", "rule", "cited", "todo")}
    return Against(said["words"][:1].upper() + said["words"][1:], said["rule"] + said["cited"], said["todo"])


def in_the_way(
    tx: Connection, actor: Actor, recording_id: str, subject: Subject, made: Decisions, typed: Typed, clock: Clock
) -> list[InTheWay]:
    """What stands in the way of releasing a recording now, what forbids first."""
    found = []
    answers = made.answers(recording_id)
    for one in obstacles(tx, actor, recording_id, subject=subject, clock=clock):
        said = answers.get(one.rule)
        ways = tuple((way.value, *WAYS[way]) for way in Weighing if way in one.answers)
        mine = not one.needs_holds or bool(actor.may(Permission.HOLDS_MANAGE))
        holds = said if said is not None and said.how in one.answers else None
        found.append(InTheWay(one, holds, typed.answers.get(one.rule, Answered()), ways, mine))
    return found


def spans_of(made: Sequence[Made], length_ms: int | None, words: Mapping[Decision, str]) -> list[Span]:
    """What counts where, along the timeline; nothing where nobody decided, or nobody knows how long it is."""
    if not length_ms or not any(one.begin_ms is None for one in made):
        return []
    found = []
    for one in counted(made, 0, length_ms):
        x, end = WIDTH * one.begin / length_ms, WIDTH * one.end / length_ms
        places = place_words(one.begin), place_words(one.end)
        found.append(Span(round(x, 2), round(end - x, 2), one.decision.value, *places, words[one.decision]))
    return found


def shown_decisions(made: Sequence[Made], exemptions: Sequence[Exemption]) -> list[dict[str, Any]]:
    """The decisions that stand, as the page lists them."""
    named = {one.key: one.words for one in exemptions}
    return [
        {
            "made": one,
            "where": None
            if one.begin_ms is None or one.end_ms is None
            else f"{place_words(one.begin_ms)} – {place_words(one.end_ms)}",
            "badge": DECISION_BADGES[one.decision],
            "exemption": named.get(one.exemption, one.exemption),
        }
        for one in made
    ]


def exemption_groups(exemptions: Sequence[Exemption]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The exemptions to choose from: those that apply to the recording, other law, the agency's own words."""
    groups: dict[str, list[tuple[str, str]]] = {"applies": [], "law": [], "own": []}
    for one in exemptions:
        words = one.words if len(one.words) <= _SHORT else f"{one.words[:_SHORT].rsplit(' ', 1)[0]} …"
        group = "own" if not one.citation else "applies" if one.applies else "law"
        groups[group].append((one.key, f"{one.citation}: {words}" if one.citation else words))
    return [(name, choices) for name, choices in groups.items() if choices]


def redactions_told(tx: Connection, actor: Actor, recording_id: str) -> list[RedactionTold]:
    """The redactions of the recording, the newest first; none for somebody who may not redact."""
    if not actor.may(Permission.RECORDINGS_REDACT):
        return []
    found = []
    for one in redactions.list_of(tx, actor, recording_id=recording_id, closed=True, limit=5):
        ready = [copy for copy in redactions.copies_of(tx, one.id) if copy.state is CopyState.READY]
        verdict = next((copy.verdict for copy in ready), None)
        found.append(RedactionTold(one.id, one.title, one.closed_at is not None, len(ready), verdict))
    return found


def papers_told(tx: Connection, actor: Actor, subject: Subject) -> list[tuple[str, str]]:
    """The documents of the subject that an answer can name, consents first: identifier and name."""
    found = documents_of(tx, actor, request_id=subject.request_id, critical_id=subject.critical_id)
    ordered = sorted((one for one in found if one.kind != "letter"), key=lambda one: one.kind != "consent")
    return [(one.id, one.name) for one in ordered]
