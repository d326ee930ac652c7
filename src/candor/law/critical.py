"""What the law says of a critical incident: until when footage is released, and what has to come before. Pure.

A critical incident is a shooting, a death or a serious injury. Each of its recordings counts as one of deadly force,
death or great bodily harm, whatever its category says besides, and those of a shooting as ones where a firearm was
discharged: of rules that oblige and restrict, none is missed because a camera was put into another category.

Who is offered a viewing before a release, and whose consent takes away that something is confidential, restricts, so it
counts from every rule, checked or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from candor.law.engine_clocks import happened
from candor.law.engine_release import confidential_of
from candor.law.engine_rules import Standing, in_book, steps_of
from candor.law.model import Basis, Book, Confidentiality, ConsentTerms, Facts, Line, Rule, RuleKind, ViewingTerms
from candor.law.periods import Period
from candor.law.requests import RequestClock, recording_clocks
from candor.law.vocabulary import CRITICAL_WORDS, EVENT_WORDS, REQUESTER_WORDS, Critical, Label, LawClass, Requester
from candor.law.words import joined, moment_words, zone_of

__all__ = ["Consent", "CriticalAnswer", "CriticalFacts", "Offer", "critical_answer"]

#: Stands for the category of a recording of a critical incident; no agency can have one of this name.
_CATEGORY = "\0critical"


@dataclass(frozen=True)
class CriticalFacts:
    """What is known of a critical incident. `kind`: a word of law.vocabulary.Critical. `recordings`: identifier and
    facts of each. `received_at`: when footage of it was first asked for, where it was."""

    kind: str
    happened_at: datetime
    recordings: tuple[tuple[str, Facts], ...] = ()
    received_at: datetime | None = None


@dataclass(frozen=True)
class Offer:
    """Who has to be offered a viewing, of which recordings, and until when; `before_release`: before anything of them
    is released. `due` None: no time is set, or what starts it has not happened."""

    who: Requester
    words: str
    rule: Rule
    recordings: tuple[str, ...]
    before_release: bool
    within: Period | None = None
    due: datetime | None = None
    adopted: bool = False


@dataclass(frozen=True)
class Consent:
    """Who, all together, has to consent before what `lifts` (names of rules) withholds of these recordings is
    released."""

    of: tuple[Requester, ...]
    words: str
    rule: Rule
    recordings: tuple[str, ...]
    lifts: tuple[str, ...]
    adopted: bool = False


@dataclass(frozen=True)
class CriticalAnswer:
    """Everything that follows for a critical incident at a moment. `clocks`: of its recordings, the first to end
    first, each with the steps by which it may be put off; `waiting`: those that nothing has started."""

    moment: datetime
    book: str
    clocks: tuple[RequestClock, ...]
    waiting: tuple[RequestClock, ...]
    offers: tuple[Offer, ...]
    consents: tuple[Consent, ...]
    rights: tuple[Basis, ...]
    lines: tuple[Line, ...]

    @property
    def due(self) -> datetime | None:
        """When the first of its clocks is due; None while none runs."""
        return min((one.clock.due for one in self.clocks if one.clock.due is not None), default=None)


def critical_answer(book: Book, facts: CriticalFacts, moment: datetime) -> CriticalAnswer:
    """What the law says of a critical incident. The same book, facts and moment give the same answer."""
    kind = Critical(facts.kind)
    wide = replace(book, classes={**book.classes, _CATEGORY: LawClass.DEADLY_FORCE})
    subjects = [(name, of, _critical(of, kind)) for name, of in facts.recordings or (_unknown(facts),)]
    found = _clocks(wide, subjects, moment, facts.received_at)
    answer = CriticalAnswer(
        moment,
        book.id,
        tuple(sorted((one for one in found if one.clock.due is not None), key=_order)),
        tuple(one for one in found if one.clock.due is None),
        tuple(_offers(wide, subjects, moment)),
        tuple(_consents(wide, subjects, moment)),
        tuple(one.basis(one.rule.text) for one, _ in _applied(wide, subjects, moment, RuleKind.RIGHT)),
        (),
    )
    return replace(answer, lines=tuple(_lines(answer, kind, zone_of(book))))


#: Identifier of a recording ("" for one that nobody knows yet), its own facts, and those of a critical incident.
_Subject = tuple[str, Facts, Facts]


def _unknown(facts: CriticalFacts) -> tuple[str, Facts]:
    """A recording of the incident that nobody has found yet: its clocks run too."""
    return "", Facts(facts.happened_at, facts.happened_at)


def _critical(of: Facts, kind: Critical) -> Facts:
    """A recording's facts as those of a critical incident."""
    more = {Label.FIREARM_DISCHARGED} if kind is Critical.SHOOTING else set()
    return replace(of, category=_CATEGORY, labels=of.labels | more)


def _clocks(
    book: Book, subjects: Sequence[_Subject], moment: datetime, received_at: datetime | None
) -> list[RequestClock]:
    """Each clock of a recording once, whether it is its own or that of a critical incident."""
    found: dict[tuple[str, str, str, str], RequestClock] = {}
    for name, own, critical in subjects:
        for one in recording_clocks(book, [(name, own), (name, critical)], moment, received_at):
            rule = one.clock.rule
            found.setdefault((name, rule.pack, rule.id, rule.sha256), replace(one, recording_id=name or None))
    return list(found.values())


def _order(one: RequestClock) -> tuple[datetime | None, str, str, str]:
    return (one.clock.due, one.recording_id or "", one.clock.rule.pack, one.clock.rule.id)


def _applied(
    book: Book, subjects: Sequence[_Subject], moment: datetime, kind: RuleKind
) -> list[tuple[Standing, list[tuple[str, Facts]]]]:
    """The rules of a kind, each with the recordings that it is about."""
    rules = in_book(book, [kind])
    about = [
        (name, own, [*steps_of(rules, own, book, moment), *steps_of(rules, critical, book, moment)])
        for name, own, critical in subjects
    ]
    found = [(one, [(name, own) for name, own, applied in about if one in applied]) for one in rules]
    return [(one, names) for one, names in found if names]


def _names(about: Sequence[tuple[str, Facts]]) -> tuple[str, ...]:
    return tuple(name for name, _ in about if name)


# -- what has to come before a release


def _offers(book: Book, subjects: Sequence[_Subject], moment: datetime) -> Iterable[Offer]:
    zone = zone_of(book)
    for one, about in _applied(book, subjects, moment, RuleKind.VIEWING):
        terms = one.rule.terms
        assert isinstance(terms, ViewingTerms)
        started = [at for _, own in about if (at := happened(own, moment).get(terms.start)) is not None]
        due = None
        if terms.within and started:
            due = terms.within.after(min(started), one.zone, one.calendar.counted(moment))
        for who in sorted(terms.of):
            words = f"A viewing is offered to {REQUESTER_WORDS[who]}"
            words += " before anything of it is released" if terms.before_release else ""
            if terms.within:
                words += f", within {terms.within} from when {EVENT_WORDS[terms.start]}"
                words += f" (by {moment_words(due, zone)})" if due else ""
            words = f"{words} ({one.rule.citation})."
            yield Offer(
                who, words, one.rule, _names(about), terms.before_release, terms.within, due, adopted=one.adopted
            )


def _consents(book: Book, subjects: Sequence[_Subject], moment: datetime) -> Iterable[Consent]:
    withheld = [
        (name, found)
        for name, own, critical in subjects
        for found in (*confidential_of(book, own, moment), *confidential_of(book, critical, moment))
    ]
    for one, about in _applied(book, subjects, moment, RuleKind.CONSENT):
        terms = one.rule.terms
        assert isinstance(terms, ConsentTerms)
        lifted = _lifted(terms, one.rule.pack, withheld)
        who = tuple(sorted(terms.of))
        asked = f"the consent of {joined(REQUESTER_WORDS[each] for each in who)}"
        words = f"Released only with {asked} ({one.rule.citation})."
        if terms.lifts:
            by = f"by {joined(lifted)} " if lifted else ""
            words = f"What is withheld {by}may be released with {asked} ({one.rule.citation})."
        yield Consent(who, words, one.rule, _names(about), terms.lifts, adopted=one.adopted)


def _lifted(terms: ConsentTerms, pack: str, withheld: Sequence[tuple[str, Confidentiality]]) -> list[str]:
    """Citations of what withholds and would no more, each once."""
    found = (one.rule.citation for _, one in withheld if one.rule.pack == pack and one.rule.id in terms.lifts)
    return list(dict.fromkeys(found))


# -- in words


def _lines(answer: CriticalAnswer, kind: Critical, zone: str) -> Iterable[Line]:
    steps = tuple(
        Basis(one.clock.words, one.clock.rule, one.clock.adopted) for one in (*answer.clocks, *answer.waiting)
    )
    due = answer.due
    if due is None:
        waits = " What would start one has not happened." if answer.waiting else ""
        yield Line("clock", f"No clock runs for {CRITICAL_WORDS[kind]} here.{waits}", steps, "note")
    else:
        late = due <= answer.moment
        words = f"{'Was' if late else 'Is'} due {moment_words(due, zone)}. {answer.clocks[0].clock.words}"
        yield Line("clock", words, steps, "stop" if late else "wait")
    if answer.offers:
        told = tuple(Basis(one.words, one.rule, one.adopted) for one in answer.offers)
        yield Line("viewing", " ".join(one.words for one in answer.offers), told, "wait")
    if answer.consents:
        told = tuple(Basis(one.words, one.rule, one.adopted) for one in answer.consents)
        yield Line("consent", " ".join(one.words for one in answer.consents), told, "wait")
    if answer.rights:
        yield Line("rights", " ".join(one.words for one in answer.rights), answer.rights, "note")
