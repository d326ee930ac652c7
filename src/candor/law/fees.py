"""What may be charged for a request: the fees that a law and a policy name, and what they come to. Pure.

Money is a Decimal with its currency. Nothing is charged but by a rule that counts: one that was checked against the
official text, or that counsel adopted, or the agency's own where the law says nothing of what it is charged for. That
something is free counts from any rule. Of several that count, the lowest is charged, so that a policy never charges
more than the law.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from candor.law.engine_rules import Standing
from candor.law.model import FeeTerms, RequestTerms, Rule
from candor.law.vocabulary import CHARGE_WORDS, REQUESTER_WORDS, Charge, Requester
from candor.law.words import joined

__all__ = ["FeeEstimate", "FeeLine", "FeeSum", "estimate", "fee_lines", "free_words"]


@dataclass(frozen=True)
class FeeLine:
    """One fee that a rule names: `amount` for each of what `per` says. `unit`: what is counted for it; None: it is
    said in words alone and reckoned by nobody. `counts`: it is charged; otherwise `words` say why not."""

    words: str
    amount: Decimal
    currency: str
    per: str
    rule: Rule
    unit: Charge | None = None
    counts: bool = False


@dataclass(frozen=True)
class FeeSum:
    """What one fee comes to: so many of its unit, so much money."""

    line: FeeLine
    number: Decimal
    amount: Decimal


@dataclass(frozen=True)
class FeeEstimate:
    """Every fee that is charged, and the whole by currency; nothing is charged where there are no sums."""

    sums: tuple[FeeSum, ...]
    totals: Mapping[str, Decimal]


def estimate(fees: Sequence[FeeLine], counts: Mapping[Charge, Decimal | int]) -> FeeEstimate:
    """What a request comes to. `counts`: how many recordings, pages, hours there are (hours as Decimal); what is not
    in it is none. Each sum is rounded down to hundredths, never up."""
    sums = []
    for line in fees:
        number = Decimal(counts.get(line.unit, 0)) if line.unit else Decimal(0)
        if line.counts and number > 0:
            sums.append(FeeSum(line, number, _down(line.amount * number)))
    totals: dict[str, Decimal] = {}
    for one in sums:
        totals[one.line.currency] = totals.get(one.line.currency, Decimal("0.00")) + one.amount
    return FeeEstimate(tuple(sums), totals)


def _down(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding="ROUND_DOWN")


def fee_lines(fees: Sequence[Standing], requests: Sequence[Standing], requester: Requester) -> tuple[FeeLine, ...]:
    """The fees of these rules for somebody of this class, each said to be charged or not. `requests`: rules that say
    who asks without one."""
    free, free_of = _free(requests, requester)
    lines = [(one, _line(one)) for one in fees]
    found = []
    for one, line in lines:
        why = _not_charged(one, line, [other for other in lines if other[1].unit is line.unit])
        if free and (not free_of or line.unit in free_of):
            why = why or "not charged to " + REQUESTER_WORDS[requester]
        found.append(replace(line, counts=not why, words=f"{line.words}: {why}." if why else f"{line.words}."))
    return tuple(found)


def free_words(requests: Sequence[Standing], requester: Requester) -> str | None:
    """Why somebody of this class pays nothing, or None."""
    free, free_of = _free(requests, requester)
    if not free:
        return None
    of = f" for {joined(_charge_words(one) for one in sorted(free_of))}" if free_of else ""
    cited = joined(dict.fromkeys(one.rule.citation for one in free))
    return f"{REQUESTER_WORDS[requester].capitalize()} pays no fee{of} ({cited})."


def _charge_words(unit: Charge) -> str:
    return "redaction" if unit is Charge.REDACTION_HOUR else f"each {CHARGE_WORDS[unit]}"


def _free(requests: Sequence[Standing], requester: Requester) -> tuple[list[Standing], frozenset[Charge]]:
    """The rules by which this class pays nothing, and for what; for everything where that is empty."""
    found = [one for one in requests if requester.value in _asked(one).without_fee]
    if any(not _asked(one).without_fee_of for one in found):
        return found, frozenset()
    return found, frozenset(Charge(word) for one in found for word in _asked(one).without_fee_of)


def _asked(one: Standing) -> RequestTerms:
    assert isinstance(one.rule.terms, RequestTerms)
    return one.rule.terms


def _line(one: Standing) -> FeeLine:
    terms = one.rule.terms
    assert isinstance(terms, FeeTerms)
    currency, _, amount = terms.amount.partition(" ")
    unit = Charge(terms.unit) if terms.unit else None
    return FeeLine(f"{terms.amount} per {terms.per}", Decimal(amount), currency, terms.per, one.rule, unit)


def _not_charged(one: Standing, line: FeeLine, same: Sequence[tuple[Standing, FeeLine]]) -> str:
    """Why a fee is not charged; "" where it is. `same`: all fees for the same, itself among them."""
    if line.amount == 0:
        return "no charge"
    if line.unit is None:
        return "what it is counted by is not said in a way that can be reckoned"
    zero = next((other for _, other in same if other.amount == 0), None)
    if zero is not None:
        return f"not charged, as {zero.rule.citation} says that there is no charge"
    if not one.loosens:
        return "not charged until the agency’s counsel adopts the rule"
    counted = [(other, its) for other, its in same if other.loosens]
    if one.own and any(not other.own for other, _ in same) and not any(not other.own for other, _ in counted):
        return "not charged, as the law’s own fee for it is neither checked nor adopted"
    if any(its.currency != line.currency for _, its in counted):
        return "not charged, as another rule names another currency"
    lowest, its = min(counted, key=lambda pair: (pair[1].amount, pair[0].order))
    return "" if lowest is one else f"not charged, as {its.rule.citation} asks for {its.currency} {its.amount}"
