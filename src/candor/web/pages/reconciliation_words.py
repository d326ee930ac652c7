"""How the reconciliation is said and drawn: names of reasons, lengths of time, bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from candor.docking.reconciliation.explaining import Cause
from candor.docking.reconciliation.reconciling import Account, Totals, Why
from candor.docking.reconciliation.service import Whereabouts
from candor.docking.reconciliation.spans import Span
from candor.fleet.reports import LossReason
from candor.web import formats
from candor.web.i18n import gettext as _
from candor.web.i18n import noted

#: Why a stretch is missing, with a kind of badge and a symbol.
REASON_WORDS: dict[str, tuple[str, str, str]] = {
    LossReason.BATTERY: (noted("The battery ran out"), "warn", "warning"),
    LossReason.CARD_FULL: (noted("The card was full"), "warn", "warning"),
    LossReason.CORRUPT: (noted("The file is damaged or too short"), "warn", "warning"),
    LossReason.ENCRYPTED: (noted("Encrypted, and its key has not come"), "warn", "key"),
    LossReason.OVERWRITTEN: (noted("The camera wrote over it"), "warn", "warning"),
    LossReason.REFUSED: (noted("A call of the dock was malformed and refused"), "warn", "warning"),
    LossReason.REJECTED: (noted("The camera system rejected it as damaged"), "warn", "warning"),
    LossReason.UNREADABLE: (noted("The card could not be read there"), "warn", "warning"),
    Why.DOCKED: (noted("Still coming in"), "note", "activity"),
    Why.UNKNOWN: (noted("Nobody knows why"), "bad", "bad"),
}
CAUSE_WORDS: dict[str, str] = {
    Cause.BATTERY: noted("The battery ran out"),
    Cause.CARD_FULL: noted("The card was full"),
    Cause.CAMERA_FAULT: noted("The camera was at fault"),
    Cause.CAMERA_LOST: noted("The camera or its card is lost"),
    Cause.DOCK_FAULT: noted("The dock or the network was at fault"),
    Cause.TEST: noted("A test or a training, not footage of duty"),
    Cause.MISTAKE: noted("Somebody made a mistake"),
    Cause.OTHER: noted("Something else"),
}
WHERE_WORDS: dict[str, tuple[str, str, str]] = {
    Whereabouts.HERE: (noted("It is here"), "ok", "ok"),
    Whereabouts.MISSING: (noted("It is not here"), "bad", "bad"),
    Whereabouts.UNKNOWN: (noted("Cannot be compared"), "", "help"),
}


def reason_words(reason: str) -> tuple[str, str, str]:
    """(words, kind of badge, symbol) of a reason; what a camera says in its own words is said so."""
    words, kind, symbol = REASON_WORDS.get(reason, (reason, "warn", "warning"))
    return (_(words) if reason in REASON_WORDS else _("The camera says: %(words)s", words=reason)), kind, symbol


def length_words(length: timedelta) -> str:
    """`1:02:03`; what is short to tenths of a second, so that nothing looks like nothing."""
    seconds = length.total_seconds()
    if 0 < seconds < 9.95:
        return _("%(value)s s", value=f"{max(seconds, 0.1):.1f}")
    return formats.duration(round(seconds * 1000))


def share_words(part: timedelta, whole: timedelta) -> str:
    """How much of the whole it is: `0.4 %`; never `0 %` for something and never `100 %` for less than all."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return _("under 0.1 %")
    if 99.9 < percent < 100:
        return _("over 99.9 %")
    return f"{percent:.1f} %"


@dataclass(frozen=True)
class Block:
    """A piece of a bar. `sort` is its class; times lie between 0 and 1000 of the bar's width."""

    sort: str
    at: float
    width: float


#: What a bar shows, from the back to the front.
LEGEND: tuple[tuple[str, str], ...] = (
    ("arrived", noted("Arrived")),
    ("rounding", noted("Within clock rounding")),
    ("missing", noted("Missing, unexplained")),
    ("reasoned", noted("Missing, the camera says why")),
    ("explained", noted("Missing, explained by a person")),
    ("pending", noted("Missing so far, still coming in")),
    ("surplus", noted("Arrived, never reported")),
)
#: The narrowest piece that can still be seen, of 1000.
_NARROWEST = 3.0
#: Pieces that a bar is drawn of; more cannot be told apart.
_MOST = 600


def bar(account: Account, within: Span) -> list[Block]:
    """An account along its time, from left to right. Losses are drawn last, so that nothing hides them."""
    pieces = [("arrived", span) for span in account.arrived]
    pieces += [("rounding", span) for span in account.rounding]
    pieces += [("surplus", span) for span in account.surplus]
    pieces += sorted(((missing_sort(one.reason, one.explanation), one.span) for one in account.missing), reverse=True)
    return [_block(sort, span, within) for sort, span in pieces[-_MOST:]]


def missing_sort(reason: str, explanation: str | None) -> str:
    """The class of a stretch that is missing."""
    if explanation is not None:
        return "explained"
    return {Why.DOCKED.value: "pending", Why.UNKNOWN.value: "missing"}.get(reason, "reasoned")


def column(totals: Totals) -> list[Block]:
    """A day's figures one above the other, from the bottom: heights of 1000 of what was reported, or of what arrived
    where nothing was."""
    return _stacked(totals, totals.reported or totals.surplus)


def whole_bar(totals: Totals) -> list[Block]:
    """All figures side by side: widths of 1000 of what was reported."""
    return _stacked(totals, totals.reported)


def _stacked(totals: Totals, whole: timedelta) -> list[Block]:
    if not whole:
        return []
    sorts: Sequence[tuple[str, timedelta]] = (
        ("arrived", totals.arrived),
        ("rounding", totals.rounding),
        ("explained", totals.explained),
        ("pending", totals.pending),
        ("reasoned", totals.reasoned),
        ("missing", totals.unexplained),
    )
    if not totals.reported:
        sorts = (("surplus", totals.surplus),)
    # Everything that is there can be seen; what is wide gives what that takes.
    wanted = {sort: max(1000 * length / whole, 4 * _NARROWEST) for sort, length in sorts if length}
    scale = 1000 / sum(wanted.values())
    found, at = [], 0.0
    for sort, width in wanted.items():
        found.append(Block(sort, round(at, 1), round(width * scale, 1)))
        at += width * scale
    return found


def _block(sort: str, span: Span, within: Span) -> Block:
    at = 1000 * (span.from_at - within.from_at) / within.length
    # What is lost is never too narrow to be seen; what is rounding is drawn as small as it is.
    width = max(1000 * span.length / within.length, 0.3 if sort == "rounding" else _NARROWEST)
    return Block(sort, round(min(at, 1000 - width), 1), round(width, 1))
