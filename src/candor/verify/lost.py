"""Entries of a history whose event the agency lost: shown by tag and proof, and said loudly, for nobody can open them.

An agency whose database was restored from an older backup still has the public entries of what it lost. Leaving them
out would hide that something happened; so a package shows where they stand, and a verification warns of each.
"""

from __future__ import annotations

from candor.verify.bag import Bag, quoted
from candor.verify.checkpoint import Checkpoint
from candor.verify.contents import History, LostEvent
from candor.verify.errors import VerifyError
from candor.verify.leaf import parse_leaf
from candor.verify.merkle import leaf_hash, verify_inclusion
from candor.verify.note import Note
from candor.verify.opening import check_tag
from candor.verify.report import Step
from candor.verify.tlogproof import MAX_PROOF_SIZE, TlogProof

__all__ = ["check_lost", "included_lost"]


def included_lost(bag: Bag, recording: str, lost: LostEvent, note: Note, checkpoint: Checkpoint) -> str | None:
    """Step 8 of a lost event: why its proof does not hold, or None. Raises VerifyError."""
    expected = f"custody/{recording}/lost-{lost.index:012d}.tlog-proof"
    if lost.proof != expected:
        return f"its proof should be {quoted(expected)}, not {quoted(lost.proof)}"
    proof = TlogProof.parse(bag.read(expected, MAX_PROOF_SIZE))
    if proof.index != lost.index:
        return f"its proof is for entry {proof.index:,}, its history says {lost.index:,}"
    if proof.checkpoint != note:
        return "its proof is for another checkpoint than the package's"
    if proof.extra is not None:
        return "its proof carries an opening, and it is shown as one that nobody can open"
    verify_inclusion(leaf_hash(lost.leaf), lost.index, checkpoint.size, proof.hashes, checkpoint.root)
    return None


def check_lost(recording: str, history: History, step: Step) -> None:
    """Step 10 of the lost events: each carries a tag of the recording, so that none stands in for another's."""
    for lost in history.lost:
        place = f"event {lost.n} of recording {recording}"
        if lost.epoch >= len(history.epochs):
            step.fail(f"{place} is shown as lost under tag key {lost.epoch}, which is not shown")
            continue
        try:
            check_tag(history.epochs[lost.epoch].tag_key, lost.n, parse_leaf(lost.leaf))
        except VerifyError as error:
            step.fail(f"{place}, shown as lost: {error}")
            continue
        step.warn(f"LOST: {place} is entry {lost.index:,} of the log, and nobody can show any more what it says")
