"""What the law says of a critical incident: its clocks with what was put off, and what is owed before a release."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.disclosure.critical import telling
from candor.disclosure.critical.holding import in_history
from candor.disclosure.critical.rules import STATE_WORDS, CriticalState, Due
from candor.disclosure.critical.tables import (
    critical_consent,
    critical_incident,
    critical_put_off,
    critical_recording,
    critical_viewing,
)
from candor.disclosure.decisions import obstacles, subjects
from candor.disclosure.decisions.obstacles import Obstacle, Seen
from candor.disclosure.decisions.rules import Weighing
from candor.disclosure.decisions.subjects import About, Subject
from candor.disclosure.requests.tables import records_request
from candor.disclosure.requests.words import folded
from candor.footage.facts import facts_of
from candor.footage.rules import RecordingState
from candor.footage.tables import recording
from candor.law.books import book_now
from candor.law.critical import Consent, CriticalAnswer, CriticalFacts, Offer, critical_answer
from candor.law.model import Book, Facts
from candor.law.requests import RequestClock
from candor.law.vocabulary import REQUESTER_WORDS, Critical, Label, LawClass, Requester

__all__ = ["RELEASED", "Owed", "Running", "answer_of", "dues_of", "ever_in", "owed_before", "put_due", "running_clocks"]

#: Who knows which of these recordings were released to everybody, so that no clock asks for it any more: rooms above.
RELEASED: list[Callable[[Connection, Collection[str]], set[str]]] = []
#: Stands for the category of a recording of a critical incident; no agency can have one of this name.
_CATEGORY = "\0critical"


@dataclass(frozen=True)
class Running:
    """A clock of a critical incident. `steps_taken`: how often it was put off; `next_step`: until when it may be put
    off once more, None where nothing that counts allows it."""

    clock: RequestClock
    steps_taken: int
    due: datetime
    next_step: datetime | None

    @property
    def key(self) -> tuple[str | None, str, str]:
        """By which it is known again: its recording, pack and rule."""
        return self.clock.recording_id, self.clock.clock.rule.pack, self.clock.clock.rule.id


@dataclass(frozen=True)
class Owed:
    """Something that has to come before a release of these recordings. `lifts`: exemptions that a consent takes
    away."""

    kind: str  # viewing or consent
    who: tuple[Requester, ...]
    words: str
    citation: str
    rule: str
    recordings: tuple[str, ...]
    lifts: tuple[str, ...] = ()
    refused: bool = False


def answer_of(tx: Connection, critical_id: str, *, clock: Clock | None = None) -> CriticalAnswer:
    """What the law says of a critical incident now. Whoever calls has checked that it may be seen."""
    row = tx.execute(sa.select(critical_incident).where(critical_incident.c.id == critical_id)).one()
    recordings = tuple((one, facts_of(tx, one)) for one in recordings_of(tx, critical_id))
    asked = records_request.c.critical_id == critical_id
    first = sa.func.min(records_request.c.received_at, type_=records_request.c.received_at.type)
    received_at = tx.scalar(sa.select(first).where(asked))
    facts = CriticalFacts(row.kind, row.occurred_at, recordings, received_at)
    return critical_answer(book_now(tx), facts, (clock or SystemClock()).now())


def recordings_of(tx: Connection, critical_id: str) -> tuple[str, ...]:
    """The identifiers of its recordings, in order."""
    return tuple(tx.scalars(_recordings(critical_id).order_by(critical_recording.c.recording_id)))


def ever_in(critical_id: str) -> sa.Select[Any]:
    """The identifiers of its recordings, and of those that became part of another one since."""
    return sa.select(critical_recording.c.recording_id).where(critical_recording.c.critical_id == critical_id)


def _recordings(critical_id: str) -> sa.Select[Any]:
    """What became part of another recording is of the incident as that one: nothing of it is decided or released by
    itself."""
    joined = critical_recording.join(recording, recording.c.id == critical_recording.c.recording_id)
    by_itself = recording.c.state != RecordingState.REGROUPED.value
    return ever_in(critical_id).select_from(joined).where(by_itself)


def running_clocks(tx: Connection, critical_id: str, answer: CriticalAnswer) -> list[Running]:
    """Its clocks that run, with what was put off, the first to end first. Of what was released to everybody none runs
    any more."""
    asked = {one.recording_id for one in answer.clocks if one.recording_id is not None}
    released = {found for knows in RELEASED for found in knows(tx, asked)}
    table = critical_put_off.c
    steps = sa.func.max(table.step)
    query = sa.select(table.recording_id, table.pack, table.rule, steps).where(table.critical_id == critical_id)
    taken = {tuple(row[:3]): row[3] for row in tx.execute(query.group_by(table.recording_id, table.pack, table.rule))}
    found = []
    for one in answer.clocks:
        if one.recording_id in released:
            continue
        times = taken.get((one.recording_id, one.clock.rule.pack, one.clock.rule.id), 0)
        due = one.due_after(times)
        if due is not None:
            following = one.steps[times] if times < len(one.steps) else None
            found.append(Running(one, times, due, following))
    return sorted(found, key=lambda one: (one.due, one.key[1:], one.key[0] or ""))


def dues_of(tx: Connection, critical_id: str, answer: CriticalAnswer) -> list[Due]:
    """What the law wants done of it by a time and is not done, the first to be due first: each rule's release once,
    however many recordings it is of, and each viewing that was not offered to anybody yet."""
    found: dict[str, Due] = {}
    for one in running_clocks(tx, critical_id, answer):
        name = "/".join(one.key[1:])
        found.setdefault(name, Due(name, one.due, "The release of its footage", one.clock.clock.rule.citation))
    table = critical_viewing.c
    offered = set(tx.scalars(sa.select(table.who).where(table.critical_id == critical_id)))
    for each in answer.offers:
        if each.due is not None and each.who.value not in offered:
            name = f"{each.rule.pack}/{each.rule.id}/{each.who.value}"
            asks = f"The offer of a viewing to {REQUESTER_WORDS[each.who]}"
            found.setdefault(name, Due(name, each.due, asks, each.rule.citation))
    return sorted(found.values(), key=lambda one: (one.at, one.what))


def put_due(tx: Connection, critical_id: str, *, clock: Clock | None = None) -> list[Due]:
    """Keep beside an open incident what is due first, so that a list can be read at once, and close what was told of
    clocks that are met or put off; what is due."""
    clock = clock or SystemClock()
    dues = dues_of(tx, critical_id, answer_of(tx, critical_id, clock=clock))
    first = dues[0] if dues else None
    values = {
        "due_at": None if first is None else first.at,
        "due_rule": None if first is None else first.citation,
    }
    is_open = critical_incident.c.id == critical_id, critical_incident.c.state == CriticalState.OPEN.value
    tx.execute(critical_incident.update().where(*is_open).values(values))
    telling.settle(tx, critical_id, dues, clock=clock)
    return dues


def owed_before(tx: Connection, critical_id: str, answer: CriticalAnswer, moment: datetime) -> list[Owed]:
    """What the law asks for before a release and is not on record: viewings that were neither held nor declined, nor
    offered for a time that is over; consents."""
    seen = _viewed(tx, critical_id, moment)
    found = [_viewing(one) for one in answer.offers if one.before_release and one.who not in seen]
    given = _consents(tx, critical_id)
    for one in answer.consents:
        refused = any(given.get(who) is False for who in one.of)
        lacking = any(given.get(who) is not True for who in one.of)
        # What a consent lifts stands in the way itself, and is answered there; a refusal is no exception.
        if refused or (lacking and not one.lifts):
            found.append(_consent(one, refused))
    return found


def _viewed(tx: Connection, critical_id: str, moment: datetime) -> set[Requester]:
    table = critical_viewing.c
    # An offer for a time that was over when it was put on record gave nobody the time to come.
    over = sa.and_(table.offered_for < moment, table.offered_for > table.offered_at)
    over = sa.or_(table.held_at.is_not(None), table.declined_at.is_not(None), over)
    return {Requester(who) for who in tx.scalars(sa.select(table.who).where(table.critical_id == critical_id, over))}


def _consents(tx: Connection, critical_id: str) -> dict[Requester, bool]:
    """What each said last. Of several parents, or several who were recorded, one who refused is not outvoted."""
    table = critical_consent.c
    query = sa.select(table.who, table.name, table.given).where(table.critical_id == critical_id)
    last: dict[tuple[str, str], bool] = {}
    for row in tx.execute(query.order_by(table.recorded_at, table.id)):
        last[row.who, folded(row.name)] = row.given
    found: dict[Requester, bool] = {}
    for (who, _), given in last.items():
        found[Requester(who)] = found.get(Requester(who), True) and given
    return found


def _viewing(one: Offer) -> Owed:
    name = f"{one.rule.pack}/{one.rule.id}/{one.who.value}"
    return Owed("viewing", (one.who,), one.words, one.rule.citation, name, one.recordings)


def _consent(one: Consent, refused: bool) -> Owed:
    words = one.words
    if refused:
        words = f"{' and '.join(REQUESTER_WORDS[who] for who in one.of)} did not consent. {words}"
        words = f"{words[0].upper()}{words[1:]}"
    lifts = tuple(f"{one.rule.pack}/{name}" for name in one.lifts)
    name = f"{one.rule.pack}/{one.rule.id}"
    return Owed("consent", one.of, words, one.rule.citation, name, one.recordings, lifts, refused)


def _obstacles(tx: Connection, seen: Seen) -> Sequence[Obstacle]:
    """What a critical incident owes before a recording of it is released, whatever that is released for. That it was
    closed ends nothing of it; but where a viewing can be offered to nobody any more, that is weighed."""
    table = critical_recording.c
    joined = critical_recording.join(critical_incident, critical_incident.c.id == table.critical_id)
    query = sa.select(table.critical_id, critical_incident.c.state).select_from(joined)
    found = []
    for row in tx.execute(query.where(table.recording_id == seen.recording_id)).all():
        answer = answer_of(tx, row.critical_id, clock=_At(seen.moment))
        for one in owed_before(tx, row.critical_id, answer, seen.moment):
            if seen.recording_id in one.recordings:
                found.append(_obstacle(one, row.critical_id, closed=row.state == CriticalState.CLOSED.value))
    return found


def _obstacle(one: Owed, critical_id: str, *, closed: bool) -> Obstacle:
    name = f"{one.rule} ({critical_id})"
    if one.kind == "viewing" and closed:
        words = f"{one.words} Its critical incident was closed without that."
        todo = "Weigh it, in words: why it is released although nobody was offered that."
        return Obstacle("viewing", words, one.citation, name, False, frozenset({Weighing.WEIGHED}), todo=todo)
    if one.kind == "viewing":
        todo = "Offer the viewing and put on record that it was held or declined, or wait until its time is over."
        return Obstacle("viewing", one.words, one.citation, name, True, frozenset(), todo=todo)
    todo = "Put the consent on record, with its document, or hide what it protects."
    answers = frozenset({Weighing.HIDDEN})
    return Obstacle("consent", one.words, one.citation, name, True, answers, todo=todo, hides=one.lifts or (one.rule,))


class _At:
    """The moment that is asked of."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


obstacles.MORE.append(_obstacles)


# -- what decisions have to know of a critical incident


def _known(tx: Connection, critical_id: str, held: bool) -> About | None:
    query = sa.select(critical_incident).where(critical_incident.c.id == critical_id)
    row = tx.execute(query.with_for_update() if held else query).first()
    if row is None:
        return None
    state = CriticalState(row.state)
    return About(
        Subject.of_critical(critical_id),
        row.number,
        STATE_WORDS[state],
        state is CriticalState.OPEN,
        row.opened_at,
        recordings_of(tx, critical_id),
        _heard(row),
    )


def _heard(row: Any) -> Any:
    """Each of its recordings counts as one of deadly force, death or great bodily harm, whatever its category says
    besides; those of a shooting as ones where a firearm was discharged."""
    more = {Label.FIREARM_DISCHARGED} if row.kind == Critical.SHOOTING.value else set()

    def heard(book: Book, facts: Facts) -> tuple[Book, Facts]:
        classes: Mapping[str, LawClass] = {**book.classes, _CATEGORY: LawClass.DEADLY_FORCE}
        return replace(book, classes=classes), replace(facts, category=_CATEGORY, labels=facts.labels | more)

    return heard


subjects.KINDS["critical"] = _known
subjects.RECORDINGS["critical"] = _recordings
subjects.HISTORY["critical"] = in_history
