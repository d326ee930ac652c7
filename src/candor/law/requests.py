"""What the law says of a request for records as a whole: its clocks, what it must name, fees, appeal, rights. Pure.

The clocks of a request are two sorts. Of the request as a whole: what is due as an answer, and, while nobody has said
which recordings are meant, every clock that a request starts. Of each recording that is meant: its own clocks, by the
same engine as on its page, with this request as the one that was received. What a recording's clock asks for is due at
its own time, so a request is due when the first of them is.

A clock that had run out before the request came is no deadline of it (nobody could have met it): it is told apart, in
`passed`. What would start a clock and has not happened stands in `waiting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from candor.law.engine_clocks import clock_of, happened
from candor.law.engine_rules import Standing, in_book, steps_of
from candor.law.fees import FeeLine, fee_lines, free_words
from candor.law.model import (
    AppealTerms,
    Basis,
    Book,
    Clock,
    ClockTerms,
    Facts,
    Line,
    RequestTerms,
    RightTerms,
    Rule,
    RuleKind,
)
from candor.law.periods import Period
from candor.law.vocabulary import LawEvent, Requester
from candor.law.words import appeal_words, joined, moment_words, named_words, zone_of

__all__ = [
    "Appeal",
    "Missing",
    "RequestAnswer",
    "RequestClock",
    "RequestFacts",
    "recording_clocks",
    "request_answer",
]


@dataclass(frozen=True)
class RequestFacts:
    """What is known of a request, as far as law asks for it. `requester_class`: a word of law.vocabulary.Requester;
    `named`: words of NAMEABLE; `recordings`: identifier and facts of each that is meant, as somebody said."""

    received_at: datetime
    requester_class: str = Requester.PUBLIC.value
    named: frozenset[str] = frozenset()
    recordings: tuple[tuple[str, Facts], ...] = ()


@dataclass(frozen=True)
class RequestClock:
    """A clock that runs for a request: of one recording, or (None) of the request as a whole.

    `extension`: by how much its rule lets it be put off at a time, and for what reason; None where the rule names no
    step. `steps`: until when, put off once, twice and so on; empty where nothing that counts allows it. `latest`: what
    no delay exceeds. `without_holidays`, `with_holidays`: see law.model.Clock."""

    recording_id: str | None
    clock: Clock
    answer_only: bool
    extension: Period | None = None
    extension_reason: str = ""
    latest: datetime | None = None
    without_holidays: datetime | None = None
    with_holidays: datetime | None = None
    steps: tuple[datetime, ...] = ()

    def due_after(self, extensions: int = 0) -> datetime | None:
        """When it is due, put off so many times; no later than the last of its steps."""
        if extensions < 1 or not self.steps:
            return self.clock.due
        return self.steps[min(extensions, len(self.steps)) - 1]


@dataclass(frozen=True)
class Missing:
    """What a rule wants a request to name and it does not. `sets`: each alone would be enough."""

    words: str
    rule: Rule
    sets: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True)
class Appeal:
    """To whom a refusal can be taken, and until when. `words`: for a letter."""

    to: str
    within: Period | None
    words: str
    rule: Rule


@dataclass(frozen=True)
class RequestAnswer:
    """Everything that follows for a request at a moment. `free`: why whoever asks pays nothing, or None."""

    moment: datetime
    book: str
    clocks: tuple[RequestClock, ...]
    waiting: tuple[RequestClock, ...]
    passed: tuple[RequestClock, ...]
    missing: tuple[Missing, ...]
    fees: tuple[FeeLine, ...]
    free: str | None
    appeal: tuple[Appeal, ...]
    rights: tuple[Basis, ...]
    lines: tuple[Line, ...]

    @property
    def due(self) -> datetime | None:
        """When the first of its clocks is due; None while none runs."""
        return min((one.clock.due for one in self.clocks if one.clock.due is not None), default=None)


def request_answer(book: Book, facts: RequestFacts, moment: datetime) -> RequestAnswer:
    """What the law says of a request. The same book, facts and moment give the same answer."""
    requester = Requester(facts.requester_class)
    found = [*_whole(book, facts, moment), *recording_clocks(book, facts.recordings, moment, facts.received_at)]
    running = [one for one in found if one.clock.due is not None]
    passed = [one for one in running if one.clock.due is not None and one.clock.due < facts.received_at]
    rules = _about(book, facts, moment)
    asked = rules(RuleKind.REQUEST)
    answer = RequestAnswer(
        moment=moment,
        book=book.id,
        clocks=tuple(sorted((one for one in running if one not in passed), key=_order)),
        waiting=tuple(one for one in found if one.clock.due is None),
        passed=tuple(sorted(passed, key=_order)),
        missing=tuple(_missing(asked, facts.named)),
        fees=fee_lines(rules(RuleKind.FEE), asked, requester),
        free=free_words(asked, requester),
        appeal=tuple(_appeal(one) for one in rules(RuleKind.APPEAL)),
        rights=tuple(_rights(rules(RuleKind.RIGHT), requester)),
        lines=(),
    )
    return replace(answer, lines=tuple(_lines(answer, asked, zone_of(book))))


def recording_clocks(
    book: Book, recordings: Iterable[tuple[str, Facts]], moment: datetime, received_at: datetime | None = None
) -> list[RequestClock]:
    """The clocks of release of recordings, started or not. `received_at`: of the request that means them."""
    rules, zone, found = in_book(book, [RuleKind.CLOCK]), zone_of(book), []
    for recording_id, of in recordings:
        events = dict(of.events) | ({} if received_at is None else {LawEvent.REQUEST_RECEIVED: received_at})
        facts = replace(of, events=events)
        applied = steps_of(rules, facts, book, moment)
        for one in applied:
            if not (_clock_terms(one).answer_only or _clock_terms(one).no_clock or not _clock_terms(one).starts):
                clock = clock_of(one, facts, moment, zone, delays=applied)
                found.append(_request_clock(recording_id, one, clock))
    return found


# -- the request as a whole


def _unknown(facts: RequestFacts) -> Facts:
    """A recording of which nothing is known but that a request means it: it may be anything."""
    return Facts(
        facts.received_at, facts.received_at, events={LawEvent.REQUEST_RECEIVED: facts.received_at}, category=None
    )


def _about(book: Book, facts: RequestFacts, moment: datetime) -> Callable[[RuleKind], list[Standing]]:
    """The rules of a kind that are about any recording that is meant; while none is known, about one that may be
    anything."""
    subjects = [of for _, of in facts.recordings] or [_unknown(facts)]

    def rules(kind: RuleKind) -> list[Standing]:
        of_kind = in_book(book, [kind])
        applied = [one for subject in subjects for one in steps_of(of_kind, subject, book, moment)]
        return [one for one in of_kind if one in applied]

    return rules


def _whole(book: Book, facts: RequestFacts, moment: datetime) -> list[RequestClock]:
    """The clocks that a request starts before any recording is known; those of an answer also after."""
    unknown, zone = _unknown(facts), zone_of(book)
    applied = _about(book, facts, moment)(RuleKind.CLOCK)
    found = []
    for one in applied:
        terms = _clock_terms(one)
        if LawEvent.REQUEST_RECEIVED not in terms.starts or (facts.recordings and not terms.answer_only):
            continue
        asked = happened(unknown, moment).get(LawEvent.REQUEST_RECEIVED)
        if asked is None or asked < one.since:
            continue
        # Of a recording that nobody knows no other start is known, and no delay that is counted from it.
        alone = replace(one, rule=replace(one.rule, terms=replace(terms, latest=None)))
        clock = clock_of(alone, unknown, moment, zone, started={LawEvent.REQUEST_RECEIVED: asked})
        found.append(_request_clock(None, one, replace(clock, rule=one.rule)))
    return found


def _request_clock(recording_id: str | None, one: Standing, clock: Clock) -> RequestClock:
    terms = _clock_terms(one)
    return RequestClock(
        recording_id,
        clock,
        terms.answer_only,
        terms.extension,
        terms.extension_reason,
        clock.latest,
        clock.without_holidays,
        clock.with_holidays,
        clock.steps,
    )


def _clock_terms(one: Standing) -> ClockTerms:
    assert isinstance(one.rule.terms, ClockTerms)
    return one.rule.terms


def _order(one: RequestClock) -> tuple[datetime | None, str, str, str]:
    return (one.clock.due, one.recording_id or "", one.clock.rule.pack, one.clock.rule.id)


# -- what it must name, appeal, rights


def _missing(asked: Sequence[Standing], named: frozenset[str]) -> Iterable[Missing]:
    for one in asked:
        terms = one.rule.terms
        assert isinstance(terms, RequestTerms)
        sets = tuple(frozenset(names) for names in terms.must_name)
        if sets and not any(names <= named for names in sets):
            lacking = [joined(named_words(name) for name in names if name not in named) for names in terms.must_name]
            words = f"{one.rule.citation} wants it to name {joined(lacking, 'or')}."
            yield Missing(words, one.rule, sets)


def _appeal(one: Standing) -> Appeal:
    terms = one.rule.terms
    assert isinstance(terms, AppealTerms)
    return Appeal(terms.to, terms.within, appeal_words(one.rule), one.rule)


def _rights(rights: Sequence[Standing], requester: Requester) -> Iterable[Basis]:
    for one in rights:
        assert isinstance(one.rule.terms, RightTerms)
        if requester in one.rule.terms.of:
            yield one.basis(one.rule.text)


# -- in words


def _lines(answer: RequestAnswer, asked: Sequence[Standing], zone: str) -> Iterable[Line]:
    yield _clock_line(answer, zone)
    if answer.missing:
        steps = tuple(Basis(one.words, one.rule) for one in answer.missing)
        yield Line("request", " ".join(one.words for one in answer.missing), steps, "wait")
    single = [one for one in asked if isinstance(one.rule.terms, RequestTerms) and one.rule.terms.per_incident]
    if single:
        words = "One request is for one incident."
        yield Line("request", words, tuple(one.basis(words) for one in single), "note")
    yield _fee_line(answer)
    if answer.appeal:
        steps = tuple(Basis(one.words, one.rule) for one in answer.appeal)
        yield Line("appeal", " ".join(one.words for one in answer.appeal), steps, "note")
    if answer.rights:
        yield Line("rights", " ".join(one.words for one in answer.rights), answer.rights, "note")


def _clock_line(answer: RequestAnswer, zone: str) -> Line:
    steps = tuple(
        Basis(one.clock.words, one.clock.rule, one.clock.adopted, applied=one not in answer.passed)
        for one in (*answer.clocks, *answer.waiting, *answer.passed)
    )
    due = answer.due
    if due is None:
        waits = " What would start one has not happened." if answer.waiting else ""
        return Line("clock", f"No clock runs.{waits}", steps, "note")
    late = due <= answer.moment
    words = f"{'Was' if late else 'Is'} due {moment_words(due, zone)}. {answer.clocks[0].clock.words}"
    return Line("clock", words, steps, "stop" if late else "wait")


def _fee_line(answer: RequestAnswer) -> Line:
    steps = tuple(Basis(one.words, one.rule, applied=one.counts) for one in answer.fees)
    if answer.free is not None:
        return Line("fee", answer.free, steps, "note")
    if not answer.fees:
        return Line("fee", "No rule in effect here names a fee, so nothing is charged.", steps, "note")
    return Line("fee", " ".join(one.words for one in answer.fees), steps, "note")
