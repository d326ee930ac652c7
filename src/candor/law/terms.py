"""The terms of rules: what a rule of each kind says beside its words. Values without behaviour of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from candor.law.periods import Period
from candor.law.vocabulary import LawEvent, May, Requester

__all__ = [
    "AppealTerms",
    "ClockTerms",
    "ConfidentialTerms",
    "ConsentTerms",
    "DutyTerms",
    "FeeTerms",
    "HolidayTerms",
    "PlainTerms",
    "RedactionTerms",
    "RequestTerms",
    "RetentionTerms",
    "ReviewTerms",
    "RightTerms",
    "Terms",
    "ViewingTerms",
]


@dataclass(frozen=True)
class RetentionTerms:
    """At least `minimum`, from `start`. With `until_closed` also until every open matter is closed. `maximum`: what the
    law says may not be exceeded; it never makes anything purgeable by itself."""

    minimum: Period | None
    start: LawEvent = LawEvent.RECORDED
    until_closed: bool = False
    maximum: Period | None = None
    extendable_by: str = ""


@dataclass(frozen=True)
class ClockTerms:
    """`within` counted from each of `starts` that has happened; the earliest end counts. `latest`: what a delay may
    never exceed, from the recording. `no_clock`: the law sets none, which is said rather than left out. `answer_only`:
    what is due is an answer to a request, so nothing is released by it.

    It may be put off by `extension`, once; again and again where there is an `extension_most`, which all of that
    together may not exceed, from what started it. `extension_most` alone: once, by as much as that leaves. `puts_off`:
    other clocks of the pack, by name, that may be put off to `latest` of this one."""

    starts: Mapping[LawEvent, Period]
    extension: Period | None = None
    extension_reason: str = ""
    latest: Period | None = None
    no_clock: bool = False
    answer_only: bool = False
    extension_most: Period | None = None
    puts_off: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConfidentialTerms:
    """`test`: absolute; balance (only where disclosure would be an unwarranted invasion of privacy); presumed
    (rebuttable). `exceptions` in words, for whoever decides."""

    test: str
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class RedactionTerms:
    """`duty`: required, permitted or none; `of`: what has to be made unrecognisable, in words."""

    duty: str
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class RequestTerms:
    """What a request must name (law.vocabulary.Nameable): each inner tuple is a set of things that together are enough.
    `without_fee`: who asks without one (law.vocabulary.Requester); `without_fee_of`: for what (Charge), or for all."""

    must_name: tuple[tuple[str, ...], ...] = ()
    without_fee: tuple[str, ...] = ()
    per_incident: bool = False
    without_fee_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeeTerms:
    """Money as text with its currency, such as "USD 10.00"; `per` what it is charged for, in words; `unit` the same as
    a word of law.vocabulary.Charge, so that it can be reckoned. "": it cannot."""

    amount: str
    per: str
    unit: str = ""


@dataclass(frozen=True)
class AppealTerms:
    """A refusal is taken to `to`, `within` a period of `after`, in the way that `how` says."""

    to: str
    within: Period | None = None
    after: str = ""
    how: str = ""


@dataclass(frozen=True)
class RightTerms:
    """Who may do what, and what not, by a right of their own."""

    of: frozenset[Requester]
    may: frozenset[May] = frozenset()
    may_not: frozenset[May] = frozenset()


@dataclass(frozen=True)
class ViewingTerms:
    """Who is offered a viewing; `before_release`: no release before that. `within` is counted from `start`."""

    of: frozenset[Requester]
    before_release: bool = False
    within: Period | None = None
    start: LawEvent = LawEvent.RECORDED


@dataclass(frozen=True)
class ConsentTerms:
    """All of these together consent, and what the rules named in `lifts` withhold is withheld no more."""

    of: frozenset[Requester]
    lifts: tuple[str, ...] = ()


@dataclass(frozen=True)
class HolidayTerms:
    """Days that are no business days: single ones, and name -> day of each year, as law.holidays reads it. With
    `saturday_to_friday` and `sunday_to_monday` a yearly one on that day is kept on the weekday beside it instead."""

    days: frozenset[date] = frozenset()
    each_year: Mapping[str, str] = field(default_factory=dict)
    saturday_to_friday: bool = False
    sunday_to_monday: bool = False


@dataclass(frozen=True)
class ReviewTerms:
    """Before a formal statement or in a disciplinary investigation."""

    allowed: bool
    with_whom: tuple[str, ...] = ()
    others_recordings: bool = False


@dataclass(frozen=True)
class DutyTerms:
    """`who` must do `what` by when: `every` so often, or `within` a period of `after`."""

    duty: str  # law.vocabulary of duties: see fleet.duties
    who: str
    every: Period | None = None
    within: Period | None = None
    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class PlainTerms:
    """Said in words alone."""


Terms = (
    RetentionTerms
    | ClockTerms
    | ConfidentialTerms
    | RedactionTerms
    | RequestTerms
    | FeeTerms
    | AppealTerms
    | RightTerms
    | ViewingTerms
    | ConsentTerms
    | HolidayTerms
    | ReviewTerms
    | DutyTerms
    | PlainTerms
)
