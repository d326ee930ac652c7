"""What a request would cost whoever asks: the fees of the law, reckoned by what is meant. An estimate is no bill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.disclosure.requests import clocks, hours
from candor.disclosure.requests.errors import RequestFieldWrong
from candor.disclosure.requests.holding import held, note
from candor.disclosure.requests.reading import records_request
from candor.disclosure.requests.rules import Meant
from candor.disclosure.requests.tables import request_history, request_recording
from candor.footage.tables import recording
from candor.law import fees as law_fees
from candor.law.fees import FeeEstimate, FeeLine
from candor.law.vocabulary import Charge
from candor.people.rules import Actor

__all__ = ["Estimate", "LastEstimate", "estimate", "last_estimate", "record_estimate"]

MOST_PAGES = 100_000
MOST_HOURS = 10_000


@dataclass(frozen=True)
class Estimate:
    """What it comes to. `lines`: every fee that a rule names, each with why it is charged or not; `free`: why whoever
    asks pays nothing, or None; `counts`: what it was reckoned by; `redactions`: on how many finished redactions its
    hours rest, 0 where they are not known."""

    fees: FeeEstimate
    lines: tuple[FeeLine, ...]
    free: str | None
    counts: Mapping[Charge, Decimal]
    redactions: int

    @property
    def totals(self) -> Mapping[str, Decimal]:
        """The whole, by currency; nothing where nothing is charged."""
        return self.fees.totals


@dataclass(frozen=True)
class LastEstimate:
    """An estimate that was put on record. `totals`: amounts as text, by currency."""

    at: datetime
    actor: str
    totals: Mapping[str, str]
    event_id: str


def estimate(
    tx: Connection,
    actor: Actor,
    request_id: str,
    *,
    pages: int = 0,
    work_hours: Decimal | int = 0,
    clock: Clock | None = None,
) -> Estimate:
    """What a request would cost now. Recordings and footage are those that are meant, hours of redaction what this
    installation expects; pages and hours of other work somebody says. Raises Refused, RequestUnknown,
    RequestFieldWrong."""
    found = records_request(tx, actor, request_id)
    answer = clocks.answer_of(tx, found.id, clock=clock)
    counts, redactions = _counts(tx, found.id)
    counts |= {Charge.PAGE: _number("pages", pages, MOST_PAGES)}
    counts |= {Charge.WORK_HOUR: _number("hours of work", work_hours, MOST_HOURS)}
    return Estimate(law_fees.estimate(answer.fees, counts), answer.fees, answer.free, counts, redactions)


def record_estimate(
    tx: Connection,
    actor: Actor,
    request_id: str,
    *,
    pages: int = 0,
    work_hours: Decimal | int = 0,
    clock: Clock | None = None,
) -> Estimate:
    """The same, put on record as an event, with each sum and its rule. Raises Refused, RequestUnknown, RequestClosed,
    RequestFieldWrong."""
    clock = clock or SystemClock()
    before = held(tx, actor, request_id)
    found = estimate(tx, actor, before.id, pages=pages, work_hours=work_hours, clock=clock)
    sums = [
        {
            "rule": f"{one.line.rule.pack}/{one.line.rule.id}",
            "unit": None if one.line.unit is None else one.line.unit.value,
            "number": str(one.number),
            "amount": str(one.amount),
            "currency": one.line.currency,
        }
        for one in found.fees.sums
    ]
    totals = {currency: str(amount) for currency, amount in sorted(found.totals.items())}
    details: dict[str, Any] = {"sums": sums, "totals": totals, "redactions": found.redactions}
    note(tx, Event.REQUEST_FEE_ESTIMATED, actor, before.id, details, clock=clock)
    return found


def last_estimate(tx: Connection, request_id: str) -> LastEstimate | None:
    """The newest estimate on record; None where there is none. Whoever calls has checked that the request may be
    seen."""
    joined = request_history.join(custody_event, custody_event.c.id == request_history.c.event_id)
    query = sa.select(custody_event.c.id, custody_event.c.at, custody_event.c.actor, custody_event.c.payload)
    query = query.select_from(joined).where(
        request_history.c.request_id == request_id, custody_event.c.kind == Event.REQUEST_FEE_ESTIMATED.value
    )
    row = tx.execute(query.order_by(request_history.c.event_id.desc()).limit(1)).first()
    if row is None or not row.payload:
        return None
    return LastEstimate(row.at, row.actor, json.loads(row.payload)["details"]["totals"], row.id)


def _counts(tx: Connection, request_id: str) -> tuple[dict[Charge, Decimal], int]:
    joined = request_recording.join(recording, recording.c.id == request_recording.c.recording_id)
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(recording.c.duration_ms), 0)).select_from(joined)
    meant = request_recording.c.request_id == request_id, request_recording.c.meant == Meant.MEANT.value
    count, length = tx.execute(query.where(*meant)).one()
    work = hours.expected(tx, [request_id]).get(request_id)
    seconds = Decimal(0) if work is None else Decimal(int(work.work.total_seconds()))
    counts = {
        Charge.RECORDING: Decimal(count),
        Charge.FOOTAGE_HOUR: _hundredths(Decimal(int(length)) / 3_600_000),
        Charge.REDACTION_HOUR: _hundredths(seconds / 3600),
    }
    return counts, 0 if work is None else work.redactions


def _hundredths(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding="ROUND_DOWN")


def _number(field: str, value: Decimal | int, most: int) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or not 0 <= number <= most:
        raise RequestFieldWrong(field=f"number of {field}", reason=f"it is 0 to {most}")
    return _hundredths(number)
