"""Steps 5 to 7 of a verification: whose keys, did the log sign, did witnesses cosign.

Used alike for a package and for a proof that stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from candor.verify.checkpoint import Checkpoint, verify_checkpoint
from candor.verify.cosignature import Cosignature, verify_cosignatures
from candor.verify.errors import QuorumNotMet, VerifyError, shown
from candor.verify.note import Note, SignatureCheck, VerifierKey
from candor.verify.policy import Policy
from candor.verify.report import KeyUsed, Report, Step
from candor.verify.trust import Trust

__all__ = ["check_log_signature", "check_trust", "check_witnesses", "moment"]

LOUD = (
    "NOT PROVEN: no key was given from outside, so the keys inside the package are used. They show only that the "
    "package agrees with itself; a forger would have put in keys of their own"
)
MAX_TIME = 253_402_300_799
"""The last second that a date can be written of (the end of the year 9999)."""


def moment(seconds: int) -> str:
    """A time in seconds since 1970 for people, in UTC."""
    if not 0 <= seconds <= MAX_TIME:
        return f"{seconds} seconds after 1970"
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def check_trust(
    report: Report,
    step: Step,
    trust: Trust,
    checkpoint: Checkpoint | None,
    claimed: Callable[[], bytes] | None,
) -> Policy | None:
    """Step 5: the policy to go by, or None when no key of it is for this log.

    `claimed` reads the policy inside the package; None where there is none (a proof that stands alone).
    """
    if trust.policy is not None:
        report.keys, report.key_source = "outside", trust.source
        policy = trust.policy
    elif claimed is None:
        step.fail("no key was given, and a proof alone carries none: give --policy FILE or --log-key KEY")
        return None
    else:
        report.keys, report.key_source = "package", "custody/policy.txt inside the package"
        policy = Policy.parse(claimed())
        step.warn(LOUD)
    own = [key for key in policy.log_keys if checkpoint is not None and key.name == checkpoint.origin]
    if checkpoint is not None and not own:
        names = ", ".join(shown(key.name) for key in policy.log_keys) or "no log at all"
        step.fail(f"the checkpoint is of the log {shown(checkpoint.origin)}; the keys from {trust.source} know {names}")
        return None
    if own:
        report.log_key = _used(own[0])
    if report.keys == "outside":
        step.words = f"from {shown(trust.source)}"
        if claimed is not None:
            _compare_claimed(step, policy, claimed)
    return policy


def _compare_claimed(step: Step, policy: Policy, claimed: Callable[[], bytes]) -> None:
    """Say it when the package names other keys than the ones from outside; those from outside count."""
    try:
        inside = Policy.parse(claimed())
    except VerifyError as error:
        step.note(f"the policy inside the package cannot be read ({error})")
        return
    if not set(policy.log_keys) & set(inside.log_keys):
        step.warn("the package names another log key than the one from outside; the one from outside counts")
    elif set(policy.witness_keys) != set(inside.witness_keys) and policy.witnesses:
        step.note("the package names other witnesses than the policy from outside; the one from outside counts")


def check_log_signature(report: Report, step: Step, policy: Policy, note: Note, check: SignatureCheck) -> None:
    """Step 6: the log's key signed the checkpoint. Raises VerifyError."""
    checkpoint = verify_checkpoint(note, policy.log_keys, check)
    signers = [key for key in policy.log_keys if key.name == checkpoint.origin]
    signed = next(key for key in signers if any(signature.is_by(key) for signature in note.signatures))
    report.log_key = _used(signed)
    step.words = f"{shown(signed.name)} signed a log of {checkpoint.size:,} entries"


def check_witnesses(report: Report, step: Step, policy: Policy, note: Note, check: SignatureCheck) -> None:
    """Step 7: valid cosignatures make up the policy's quorum. Raises VerifyError."""
    found = _one_each(verify_cosignatures(note, policy.witness_keys, check))
    report.witnesses += [_used(c.key, c.timestamp) for c in found]
    for cosignature in found:
        step.note(f"{shown(cosignature.key.name)} at {moment(cosignature.timestamp)}")
    if not policy.is_met_by(c.key for c in found):
        raise QuorumNotMet(quorum=policy.quorum, found=", ".join(c.key.name for c in found) or "nobody")
    if found:
        step.words = f"{len(found)} of {len(policy.witnesses)} known witnesses"
        if policy.quorum is None:
            step.note("the policy asks for none")
    else:
        who = "the policy names" if policy.witnesses or report.keys == "package" else "there was given"
        step.warn(
            f"UNWITNESSED: {who} no witness that must have cosigned, so nobody outside the agency vouches "
            "that the log shows everyone the same history"
        )


def _one_each(found: Sequence[Cosignature]) -> list[Cosignature]:
    """A witness may have cosigned twice; the earliest time is what it vouches for first."""
    first: dict[VerifierKey, Cosignature] = {}
    for cosignature in sorted(found, key=lambda c: c.timestamp):
        first.setdefault(cosignature.key, cosignature)
    return list(first.values())


def _used(key: VerifierKey, time: int | None = None) -> KeyUsed:
    return KeyUsed(key.name, key.format(), key.fingerprint, time)
