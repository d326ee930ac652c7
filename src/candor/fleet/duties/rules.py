"""What is true of duties. Pure: no database, no clock."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from candor.fleet.duties.errors import ActionUnknown, WordsMissing
from candor.law.model import Book, DutyTerms, Pack, Rule, RuleKind
from candor.people.rules import GRANTS, Actor, Permission, Role

LONGEST_WORDS = 500
#: A training is reminded of from so long before it is due.
TRAINING_LEAD = timedelta(days=60)
#: Supervisors are told of what is overdue for so long.
SUPERVISORS_AFTER = timedelta(hours=24)


class DutyKind(StrEnum):
    """What has to be done; the values are those of law packs (`DutyTerms.duty`)."""

    INSPECT_AND_TEST = "inspect-and-test"
    REPORT_MALFUNCTION = "report-malfunction"
    SUPERVISOR_ACTION = "supervisor-action"
    INITIAL_TRAINING = "initial-training"
    ANNUAL_TRAINING = "annual-training"


DUTY_WORDS: dict[DutyKind, str] = {
    DutyKind.INSPECT_AND_TEST: "Inspect and test the camera before the shift",
    DutyKind.REPORT_MALFUNCTION: "Say what is wrong with the camera",
    DutyKind.SUPERVISOR_ACTION: "See to it that the camera is inspected, repaired or replaced",
    DutyKind.INITIAL_TRAINING: "Be trained before using a camera",
    DutyKind.ANNUAL_TRAINING: "Be trained again, as every year",
}


class Result(StrEnum):
    """What became of a duty."""

    OPEN = "open"
    DONE = "done"
    MISSED = "missed"
    EXPLAINED = "explained"


RESULT_WORDS: dict[Result, str] = {
    Result.OPEN: "To do",
    Result.DONE: "Done",
    Result.MISSED: "Missed",
    Result.EXPLAINED: "Missed, and explained",
}


class Action(StrEnum):
    """What was done about a camera that was reported."""

    INSPECTED = "inspected"
    REPAIRED = "repaired"
    REPLACED = "replaced"


ACTION_WORDS: dict[Action, str] = {
    Action.INSPECTED: "Inspected, and found in order",
    Action.REPAIRED: "Repaired",
    Action.REPLACED: "Replaced",
}


@dataclass(frozen=True)
class Term:
    """A duty as the law in force states it."""

    kind: DutyKind
    rule: Rule
    terms: DutyTerms
    time_zone: str
    holidays: Collection[date]

    def due(self, start: datetime, otherwise: timedelta) -> datetime:
        """By when what begins at `start` has to be done. `otherwise`: how long “as soon as practicable” is here, where
        the rule states no period."""
        period = self.terms.within or self.terms.every
        return start + otherwise if period is None else period.after(start, self.time_zone, self.holidays)


def terms_of(book: Book, day: date) -> dict[DutyKind, Term]:
    """The duties that are in force on a day. Where several rules state one, the one that gives least time counts."""
    found: dict[DutyKind, Term] = {}
    noon = datetime.fromisoformat(f"{day.isoformat()}T12:00:00+00:00")
    never = timedelta(days=3650)
    for term in _terms(book, day):
        known = found.get(term.kind)
        if known is None or term.due(noon, never) < known.due(noon, never):
            found[term.kind] = term
    return found


def _terms(book: Book, day: date) -> Iterator[Term]:
    packs: tuple[Pack, ...] = (*book.packs, *(() if book.policy is None else (book.policy,)))
    for pack in packs:
        for rule in pack.rules:
            known = isinstance(rule.terms, DutyTerms) and rule.terms.duty in list(DutyKind)
            if rule.kind is RuleKind.DUTY and known and rule.in_force(day):
                assert isinstance(rule.terms, DutyTerms)
                yield Term(DutyKind(rule.terms.duty), rule, rule.terms, pack.time_zone, pack.holidays)


@dataclass(frozen=True)
class Use:
    """That somebody used a camera."""

    device_id: str
    account_id: str
    at: datetime
    ref: str
    """Names it for good: the recording."""


def shifts_begun(uses: Collection[Use], shift: timedelta) -> list[Use]:
    """The uses that begin a shift: those before which the same person did not use the same camera for that long."""
    latest: dict[tuple[str, str], datetime] = {}
    found = []
    for use in sorted(uses, key=lambda one: (one.at, one.ref)):
        before = latest.get((use.device_id, use.account_id))
        if before is None or use.at - before > shift:
            found.append(use)
        latest[use.device_id, use.account_id] = use.at
    return found


@dataclass(frozen=True)
class Reach:
    """Whose duties somebody may see beside their own."""

    everybody: bool
    unit_id: str | None

    @property
    def nobody(self) -> bool:
        """Whether only one's own."""
        return not self.everybody and self.unit_id is None


def reach(actor: Actor) -> Reach:
    """A supervisor sees the unit; every other role with the permission sees all."""
    wide = any(role is not Role.SUPERVISOR and Permission.DUTIES_VIEW in GRANTS[role] for role in actor.roles)
    return Reach(wide, actor.unit_id if Role.SUPERVISOR in actor.roles else None)


def may_act_for(actor: Actor, unit_id: str | None) -> bool:
    """Whether somebody may act on what is wrong in a unit, and record who was trained: whoever keeps the cameras, and
    the unit's supervisors."""
    if actor.may(Permission.DEVICES_MANAGE):
        return True
    return Role.SUPERVISOR in actor.roles and unit_id is not None and unit_id == actor.unit_id


def action_named(name: str) -> Action:
    """The action with this name; raises ActionUnknown."""
    try:
        return Action(name.strip().lower())
    except ValueError as error:
        raise ActionUnknown(name=name, known=", ".join(Action)) from error


def clean_words(what: str, text: str | None) -> str:
    """A few words on one line; raises WordsMissing, which names `what` they should say."""
    cleaned = " ".join(unicodedata.normalize("NFC", text or "").split())
    if not 1 <= len(cleaned) <= LONGEST_WORDS or not cleaned.isprintable():
        raise WordsMissing(what=what, longest=LONGEST_WORDS)
    return cleaned
