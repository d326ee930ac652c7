"""What comes in: docks that are seen, recordings that become whole, cameras that report, footage that is missing."""

from __future__ import annotations

from datetime import timedelta

from candor.docking.reconciliation.service import Whereabouts, reconcile
from candor.docking.reconciliation.spans import Span
from candor.docking.transfers import unseen_for
from candor.fleet import places
from candor.footage.gathering import open_gatherings
from candor.health.findings import Finding, minutes, together, warn
from candor.health.place import Place

#: A recording of which no part came for so long is not being sent any more.
OPEN_LONGEST = timedelta(days=1)
#: What is compared; the newest hours are left to cameras that have not docked yet.
LOOKED_BACK, NOT_DOCKED_YET = timedelta(days=7), timedelta(days=1)
#: Recordings that are looked at, and names that are said.
_MOST, _SAID = 10_000, 5


def docks(place: Place) -> Finding | None:
    """Docks that nothing came through for long, and recordings that wait for their other parts."""
    if not place.begun:
        return None
    now = place.clock.now()
    with place.read() as tx:
        found = places.docks(tx)
        waiting = open_gatherings(tx, limit=_MOST)
    if not found and not waiting:
        return None
    away = [(one, length) for one in found if (length := unseen_for(one, now)) is not None]
    late = [one for one in waiting if now - (one.last_part_at or one.begun_at) > OPEN_LONGEST]
    wrong: list[Finding | None] = []
    if away:
        named = [f"{one.name} ({minutes(length.total_seconds())})" for one, length in away]
        words = f"Nothing has come through {_some(named)}."
        mend = "See at /docks whether it is switched on and reaches the door; close a dock that is not used any more."
        wrong.append(warn("docks", words, mend))
    if late:
        oldest = min(one.last_part_at or one.begun_at for one in late)
        count = f"{len(late)} {'recording waits' if len(late) == 1 else 'recordings wait'}"
        words = f"{count} for the other parts, the longest for {minutes((now - oldest).total_seconds())}."
        mend = "See at /docks/transfers which; dock the cameras again, or send the files again from the camera system."
        wrong.append(warn("docks", words, mend))
    return together("docks", f"{len(found)} {'dock' if len(found) == 1 else 'docks'}, each seen lately.", wrong)


def missing_footage(place: Place) -> Finding | None:
    """Cameras that were to report something and did not, and what is missing without an explanation."""
    if not place.begun:
        return None
    now = place.clock.now()
    with place.read() as tx:
        found = reconcile(tx, Span(now - LOOKED_BACK, now - NOT_DOCKED_YET), now=now)
    summary, wrong = found.summary, list[Finding | None]()
    if not found.cameras and not found.silent:
        return None
    if found.silent:
        words = f"Nothing was reported by {_some([one.serial for one in found.silent])} in the last week."
        mend = "Ask for these cameras and dock them; end the assignment of one that is not worn."
        wrong.append(warn("missing-footage", words, mend))
    if summary.totals.unexplained:
        unexplained = minutes(summary.totals.unexplained.total_seconds())
        words = f"{unexplained} that cameras say they recorded in the last week are missing, and nobody knows why."
        wrong.append(warn("missing-footage", words, "See /reconciliation, or `candor dock report`."))
    files = sum(one.numbers.count for camera in found.cameras for one in camera.left_out if not one.numbers.explanation)
    gone = [one for camera in found.cameras for one in camera.unplaced if one.whereabouts is Whereabouts.MISSING]
    files += sum(1 for one in gone if not one.explanation)
    if files:
        words = f"Missing and not explained, without a known time: {files} {'file' if files == 1 else 'files'}."
        wrong.append(warn("missing-footage", words, "See /reconciliation, or `candor dock report`."))
    cameras = f"{summary.cameras} {'camera' if summary.cameras == 1 else 'cameras'}"
    said = f"{cameras} reported; nothing is missing unexplained."
    return together("missing-footage", said, wrong)


def _some(names: list[str]) -> str:
    rest = len(names) - _SAID
    return ", ".join(names[:_SAID]) + (f" and {rest} more" if rest > 0 else "")
