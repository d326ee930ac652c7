"""How the pages about requests say things: a clock with its shape, a state, whose turn it is, hours of work. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from candor.disclosure.requests.intake import LONGEST_POST
from candor.disclosure.requests.messages import LONGEST as LONGEST_MESSAGE
from candor.disclosure.requests.rules import (
    CHANNEL_WORDS,
    CLASS_WORDS,
    DOCUMENT_WORDS,
    STATE_WORDS,
    WANTS,
    ClockState,
    RequestState,
    clock_state,
)
from candor.disclosure.requests.words import LONGEST_LINE, LONGEST_REASON, LONGEST_WORDS
from candor.people.rules import Permission
from candor.web import formats
from candor.web.i18n import gettext as _
from candor.web.i18n import ngettext, noted

__all__ = ["CLOCK_CHOICES", "MANAGE", "STATE_BADGES", "VIEW", "Due", "due_of", "hours_words", "money", "shared"]

VIEW = Permission.REQUESTS_VIEW
MANAGE = Permission.REQUESTS_MANAGE
#: Colour and symbol of a state's badge.
STATE_BADGES: dict[RequestState, tuple[str, str]] = {
    RequestState.RECEIVED: ("note", "bell"),
    RequestState.WORKING: ("ok", "edit"),
    RequestState.CLARIFYING: ("", "clock"),
    RequestState.DECIDED: ("warn", "flag"),
    RequestState.ANSWERED: ("", "check"),
    RequestState.WITHDRAWN: ("", "cross"),
}
#: What the queue can be narrowed to by its clocks.
CLOCK_CHOICES: tuple[tuple[str, str], ...] = (
    (ClockState.OVER.value, noted("Late")),
    (ClockState.NEAR.value, noted("Due soon")),
)
_DAY = 24 * 3600


@dataclass(frozen=True)
class Due:
    """A clock as a page shows it. `kind`: late, today, soon, running, done or none, each with a shape of its own."""

    kind: str
    words: str
    at: datetime | None


def due_of(due_at: datetime | None, now: datetime, zone: str, *, met: bool = False, late: bool = False) -> Due:
    """A clock in words, read in the agency's zone."""
    state = clock_state(due_at, now, met=met)
    if state is ClockState.MET:
        return Due("done", _("answered late") if late else _("closed"), None)
    if state is ClockState.NONE or due_at is None:
        return Due("none", _("no clock"), None)
    if state is ClockState.OVER:
        return Due("late", _("late by %(time)s", time=_time((now - due_at).total_seconds())), due_at)
    left = _time((due_at - now).total_seconds())
    if formats.local(due_at, zone).date() == formats.local(now, zone).date():
        return Due("today", _("today, in %(time)s", time=left), due_at)
    return Due("soon" if state is ClockState.NEAR else "running", _("in %(time)s", time=left), due_at)


def _time(seconds: float) -> str:
    """Days where there are two or more, else hours, else minutes."""
    if seconds >= 2 * _DAY:
        return ngettext("%(num)s day", "%(num)s days", int(seconds // _DAY))
    if seconds >= 3600:
        return ngettext("%(num)s hour", "%(num)s hours", int(seconds // 3600))
    return ngettext("%(num)s minute", "%(num)s minutes", max(1, int(seconds // 60)))


def hours_words(work: timedelta | None) -> str:
    """Work in hours: `0.1 h` at least, `1.5 h`, `12 h`; a dash where nobody can say."""
    if work is None:
        return "–"
    value = max(work.total_seconds() / 3600, 0.1)
    return _("%(hours)s h", hours=f"{value:.1f}" if value < 9.95 else f"{value:.0f}")


def money(amount: Decimal, currency: str) -> str:
    """`12.50 USD`."""
    return f"{amount.quantize(Decimal('0.01'))} {currency}"


def shared() -> dict[str, Any]:
    """Names and bounds that every page about requests needs."""
    return {
        "state_words": STATE_WORDS,
        "state_badges": STATE_BADGES,
        "class_words": CLASS_WORDS,
        "channel_words": CHANNEL_WORDS,
        "document_words": DOCUMENT_WORDS,
        "wants_words": WANTS,
        "longest": {
            "line": LONGEST_LINE,
            "words": LONGEST_WORDS,
            "reason": LONGEST_REASON,
            "post": LONGEST_POST,
            "message": LONGEST_MESSAGE,
        },
    }
