"""Stretches of time from a moment until just before another, or without end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from candor.core.clock import iso
from candor.fleet.errors import AssignmentSpanWrong

__all__ = ["Span", "first_overlap", "gaps"]


@dataclass(frozen=True, order=True)
class Span:
    """Half-open: `from_at` belongs to it, `to_at` does not. `to_at` None: without end."""

    from_at: datetime
    to_at: datetime | None = None

    def __post_init__(self) -> None:
        """Raises AssignmentSpanWrong when it would end before it began or be empty."""
        if self.to_at is not None and self.to_at <= self.from_at:
            raise AssignmentSpanWrong(from_at=iso(self.from_at), to_at=iso(self.to_at))

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.from_at <= at and (self.to_at is None or at < self.to_at)

    def overlaps(self, other: Span) -> bool:
        """Whether some moment lies in both."""
        return (self.to_at is None or other.from_at < self.to_at) and (
            other.to_at is None or self.from_at < other.to_at
        )


def first_overlap(span: Span, others: Iterable[Span]) -> Span | None:
    """The earliest of the others that shares a moment with the span; None when none does."""
    return min((other for other in others if span.overlaps(other)), key=lambda found: found.from_at, default=None)


def gaps(span: Span, others: Iterable[Span]) -> list[Span]:
    """What of the span none of the others covers, in order. The others may overlap and come in any order."""
    left, at = [], span.from_at
    for other in sorted((one for one in others if span.overlaps(one)), key=lambda one: one.from_at):
        if other.from_at > at:
            left.append(Span(at, other.from_at))
        if other.to_at is None:
            return left
        at = max(at, other.to_at)
    if span.to_at is None or at < span.to_at:
        left.append(Span(at, span.to_at))
    return left
