"""Stretches of time and their arithmetic. Pure; half-open, exact to the microsecond, nothing is ever negative."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["NOTHING", "Span", "clipped", "length", "merged", "shared", "touching", "twice", "without"]

NOTHING = timedelta(0)


@dataclass(frozen=True, order=True)
class Span:
    """From `from_at` until just before `to_at`, both aware. Raises ValueError where the end is not after the start."""

    from_at: datetime
    to_at: datetime

    def __post_init__(self) -> None:
        if self.to_at <= self.from_at:
            raise ValueError("a stretch of time ends after it begins")

    @property
    def length(self) -> timedelta:
        """How long it is; never nothing."""
        return self.to_at - self.from_at

    def within(self, other: Span) -> Span | None:
        """What both have in common."""
        begin, end = max(self.from_at, other.from_at), min(self.to_at, other.to_at)
        return Span(begin, end) if begin < end else None


def length(spans: Iterable[Span]) -> timedelta:
    """How long they are together; of spans that overlap, what they have in common counts as often as it is there."""
    return sum((span.length for span in spans), NOTHING)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time as ordered stretches that neither overlap nor touch."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.from_at <= found[-1].to_at:
            if span.to_at > found[-1].to_at:
                found[-1] = Span(found[-1].from_at, span.to_at)
        else:
            found.append(span)
    return found


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is in `spans` and not in `taken`."""
    found: list[Span] = []
    away = merged(taken)
    at = 0
    for span in merged(spans):
        while at < len(away) and away[at].to_at <= span.from_at:
            at += 1
        begin = span.from_at
        for hole in away[at:]:
            if hole.from_at >= span.to_at:
                break
            if hole.from_at > begin:
                found.append(Span(begin, hole.from_at))
            begin = max(begin, hole.to_at)
        if begin < span.to_at:
            found.append(Span(begin, span.to_at))
    return found


def shared(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What is in both."""
    found: list[Span] = []
    one, two = merged(spans), merged(others)
    first = second = 0
    while first < len(one) and second < len(two):
        common = one[first].within(two[second])
        if common is not None:
            found.append(common)
        if one[first].to_at <= two[second].to_at:
            first += 1
        else:
            second += 1
    return found


def twice(spans: Iterable[Span]) -> list[Span]:
    """The time that is in more than one of them."""
    found: list[Span] = []
    reached: datetime | None = None
    for span in sorted(spans):
        if reached is not None and span.from_at < reached:
            found.append(Span(span.from_at, min(span.to_at, reached)))
        reached = span.to_at if reached is None else max(reached, span.to_at)
    return merged(found)


def clipped(spans: Iterable[Span], within: Span) -> list[Span]:
    """Each of them as far as it lies within a stretch, in the same order; not merged."""
    return [part for part in (span.within(within) for span in spans) if part is not None]


def touching(span: Span, others: Sequence[Span]) -> bool:
    """Whether one of them begins where the span ends, or ends where it begins, or overlaps it."""
    return any(one.from_at <= span.to_at and span.from_at <= one.to_at for one in others)
