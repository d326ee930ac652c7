"""Destroying a recording as people type it: one proposes, another approves, then it is carried out."""

from __future__ import annotations

from tests.cli.conftest import Candor, Outcome


def destroyed(candor: Candor, recording: str, number: str, *, authority: str = "Order 26-CV-7") -> Outcome:
    """How `candor retention run` of an order of erasure ended, which left no time."""
    if candor("user", "add", "counsel", "--role", "counsel").code not in (0, 3, 5):
        raise AssertionError("there is nobody to approve")
    said = ("--authority", authority, "--reason", "expunged")
    proposed = candor("retention", "propose", number, recording, "--kind", "erasure", *said, "--json")
    if proposed.code:
        return proposed
    decided = ("--reason", "seen", "--at-once", "--as", "counsel")
    approved = candor("retention", "approve", number, *decided)
    assert approved.code == 0, approved.err
    return candor("retention", "run", number, "--json")
