"""What a request would cost whoever asks, by the law applied here and by what is expected of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.disclosure.requests import fees
from candor.disclosure.requests.reading import RecordsRequest
from candor.law.fees import FeeSum
from candor.law.vocabulary import CHARGE_WORDS
from candor.people.rules import Actor
from candor.web.i18n import gettext as _
from candor.web.pages.requests_words import money

__all__ = ["Bill", "Line", "bill_of"]


@dataclass(frozen=True)
class Line:
    """A line of the estimate: what for, how much, by which rule."""

    words: str
    amount: str
    rule: str


@dataclass(frozen=True)
class Bill:
    """The estimate. `free`: why whoever asks pays nothing; `said`: fees that are not charged, each with the reason;
    `recorded_at`: when an estimate was last put on record, with its `recorded` total."""

    lines: tuple[Line, ...]
    total: str
    free: str | None
    said: tuple[str, ...]
    recorded_at: datetime | None
    recorded: str


def bill_of(tx: Connection, actor: Actor, one: RecordsRequest, *, clock: Clock) -> Bill:
    """What it would cost now."""
    found = fees.estimate(tx, actor, one.id, clock=clock)
    last = fees.last_estimate(tx, one.id)
    totals = sorted(found.totals.items())
    return Bill(
        lines=tuple(_line(part) for part in found.fees.sums),
        total=" + ".join(money(amount, currency) for currency, amount in totals),
        free=found.free,
        said=tuple(f"{line.words} ({line.rule.citation})" for line in found.lines if not line.counts),
        recorded_at=None if last is None else last.at,
        recorded="" if last is None else _recorded(dict(last.totals)),
    )


def _recorded(totals: dict[str, str]) -> str:
    return " + ".join(f"{amount} {currency}" for currency, amount in sorted(totals.items())) or _("nothing")


def _line(one: FeeSum) -> Line:
    unit = "" if one.line.unit is None else f" ({_(CHARGE_WORDS[one.line.unit])})"
    words = f"{one.number.normalize():f} × {money(one.line.amount, one.line.currency)}{unit}"
    return Line(words, money(one.amount, one.line.currency), one.line.rule.citation)
