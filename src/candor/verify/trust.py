"""Whom a verifier trusts: keys that reached the person outside the package, or, loudly, none such.

A package that was forged whole carries its own keys, its own policy and its own verifier, and all of them agree.
So a verdict rests on where the keys came from, and every report says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from candor.verify.encoding import reading
from candor.verify.note import VerifierKey
from candor.verify.policy import Policy, PolicyGroup, PolicyLog, PolicyWitness

__all__ = ["NO_TRUST", "Trust"]


@dataclass(frozen=True)
class Trust:
    """A policy from outside the package and where it came from, in words; `policy` is None when there is none."""

    policy: Policy | None
    source: str

    @classmethod
    def from_policy(cls, data: bytes | str, source: str) -> Trust:
        """Trust in what a C2SP tlog-policy file says. Raises Malformed."""
        return cls(Policy.parse(data), source)

    @classmethod
    def from_keys(cls, log_keys: Sequence[str], witness_keys: Sequence[str], source: str) -> Trust:
        """Trust in logs and witnesses by their vkeys; every witness named must have cosigned. Raises Malformed."""
        logs = tuple(PolicyLog(VerifierKey.parse(vkey)) for vkey in log_keys)
        witnesses = tuple(PolicyWitness(f"w{n}", VerifierKey.parse(vkey)) for n, vkey in enumerate(witness_keys, 1))
        names = tuple(witness.name for witness in witnesses)
        groups = (PolicyGroup("every-one", len(names), names),) if names else ()
        with reading("set of keys"):
            return cls(Policy(logs, witnesses, groups, "every-one" if names else None), source)


NO_TRUST = Trust(None, "nowhere outside the package")
