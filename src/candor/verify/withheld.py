"""Events of a history that are shown to exist and are not opened: their entry, tag and proof stand, the opening does
not, and why is said.

Discovery keeps some events unopened: what an inquiry into an officer did, what counsel weighed. Nobody has to believe
that there are no others: each has its number, its tag follows from the recording's key, and its entry is in the log.
Which numbers they are, and for which reason, is committed to by the hand-out itself (step 12), so that nobody who has
the package in hand can close an event that was given opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from candor.verify.bag import Bag, quoted
from candor.verify.checkpoint import Checkpoint
from candor.verify.contents import Epoch, History, WithheldEvent
from candor.verify.encoding import alike
from candor.verify.errors import VerifyError, shown
from candor.verify.leaf import parse_leaf
from candor.verify.merkle import leaf_hash, verify_inclusion
from candor.verify.note import Note
from candor.verify.opening import check_tag
from candor.verify.report import Step
from candor.verify.tlogproof import MAX_PROOF_SIZE, TlogProof

__all__ = ["by_reason", "check_said", "check_withheld_events", "included_withheld"]


def included_withheld(bag: Bag, recording: str, event: WithheldEvent, note: Note, checkpoint: Checkpoint) -> str | None:
    """Step 8 of an event that is not opened: why its proof does not hold, or None. Raises VerifyError."""
    expected = f"custody/{recording}/{event.n:06d}.tlog-proof"
    if event.proof != expected:
        return f"its proof should be {quoted(expected)}, not {quoted(event.proof)}"
    proof = TlogProof.parse(bag.read(expected, MAX_PROOF_SIZE))
    if proof.index != event.index:
        return f"its proof is for entry {proof.index:,}, its history says {event.index:,}"
    if proof.checkpoint != note:
        return "its proof is for another checkpoint than the package's"
    if proof.extra is not None:
        return "its proof carries an opening, and it is shown as one that is not opened"
    verify_inclusion(leaf_hash(event.leaf), event.index, checkpoint.size, proof.hashes, checkpoint.root)
    return None


def check_withheld_events(recording: str, history: History, step: Step) -> None:
    """Step 10 of the events that are not opened: each carries the recording's tag for its number, so that none stands
    in for another's, and none is opened beside it. Says how many there are, by reason."""
    opened = {event.n for event in history.events}
    numbers = [event.n for event in history.withheld]
    if numbers != sorted(set(numbers)):
        step.fail(f"recording {recording}: an event that is not opened is shown twice, or out of order")
        return
    for event in history.withheld:
        place = f"event {event.n} of recording {recording}"
        if event.n in opened:
            step.fail(f"{place} is shown both opened and not opened")
        try:
            check_tag(_key_of(history.epochs, event.n), event.n, parse_leaf(event.leaf))
        except VerifyError as error:
            step.fail(f"{place}, which is not opened: {error}")
    if history.withheld and not step.failed:
        step.note(
            f"recording {recording}: {len(history.events):,} events are opened, {len(history.withheld):,} are shown "
            f"to exist and not opened ({_told(by_reason(history.withheld))})"
        )


def check_said(place: str, details: Mapping[str, Any], history: History, step: Step) -> None:
    """Step 12: the events that are not opened are those that the hand-out (with these details) says, and no others."""
    said = details.get("withheld", {})
    if not isinstance(said, dict) or not alike(said, by_reason(history.withheld)):
        step.fail(f"{place} says that other events are not opened than are shown so")


def by_reason(events: Sequence[WithheldEvent]) -> dict[str, list[int]]:
    """Their numbers, by the reason given."""
    found: dict[str, list[int]] = {}
    for event in events:
        found.setdefault(event.reason, []).append(event.n)
    return found


def _key_of(epochs: Sequence[Epoch], n: int) -> bytes:
    return [epoch.tag_key for epoch in epochs if epoch.first_n <= n][-1]


def _told(reasons: Mapping[str, Sequence[int]]) -> str:
    return ", ".join(f"{shown(reason)}: {len(numbers):,}" for reason, numbers in sorted(reasons.items()))
