"""Verification of one `.tlog-proof` that stands alone: one event, or one entry, and if wanted the file it sealed.

The steps are those of a package that apply, under the same numbers: 5 keys, 6 log signature, 7 witnesses,
8 inclusion, 9 opening, 11 the file. Steps 1 to 4, 10 and 12 are about packages and are left out.
"""

from __future__ import annotations

from pathlib import Path

from candor.verify import ed25519
from candor.verify.bag import CHUNK_SIZE, Digests, UnreadableBag, digest_stream, quoted
from candor.verify.checkpoint import Checkpoint
from candor.verify.contents import ShownEvent
from candor.verify.errors import VerifyError, shown
from candor.verify.histories import Shown, parts_sealed
from candor.verify.merkle import leaf_hash, verify_inclusion
from candor.verify.note import SignatureCheck
from candor.verify.opening import EventPayload, Opening
from candor.verify.report import Report, Step
from candor.verify.signatures import check_log_signature, check_trust, check_witnesses
from candor.verify.tlogproof import MAX_PROOF_SIZE, TlogProof
from candor.verify.trust import Trust

__all__ = ["verify_proof"]


def verify_proof(
    path: Path,
    trust: Trust,
    *,
    leaf: Path | None = None,
    file: Path | None = None,
    check: SignatureCheck = ed25519.verify,
) -> Report:
    """Verify a proof file. `leaf` holds the entry when the proof does not carry its opening; `file` is footage that
    the event should have sealed. Never raises for what the files hold: the report says it."""
    report = Report(str(path), kind="proof")
    try:
        proof = TlogProof.parse(_read(path, MAX_PROOF_SIZE))
        checkpoint = Checkpoint.parse(proof.checkpoint.text)
        opening = None if proof.extra is None or leaf is not None else Opening.parse(proof.extra)
        entry = opening.leaf if opening is not None else None
        if leaf is not None:
            entry = _read(leaf, CHUNK_SIZE)
    except VerifyError as error:
        with report.step(8) as step:
            step.fail(error)
        report.unreadable = True
        return report
    report.origin, report.tree_size = checkpoint.origin, checkpoint.size
    _check_signatures(report, trust, proof, checkpoint, check)
    # 8. The entry is in the checkpoint's tree at the proof's index.
    with report.step(8) as step:
        if entry is None:
            step.fail("the proof does not carry the entry it is for: give it with --leaf FILE")
        else:
            verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
            step.words = f"entry {proof.index:,} of {checkpoint.size:,}"
    # 9. The opening matches the entry's commitment and hour.
    payload: EventPayload | None = None
    with report.step(9) as step:
        if opening is None:
            step.not_run("not run: the proof does not carry what the event says")
        else:
            payload = opening.check()
            step.words = f"{payload.kind} of recording {payload.recording}, event {payload.n}, {payload.at}"
    # 11. The file is one that the event sealed.
    if file is not None:
        with report.step(11) as step:
            if opening is None or payload is None:
                step.not_run("not run: it is not known what the event says")
            else:
                _check_file(file, Shown(ShownEvent(payload.n, proof.index, opening, ""), payload), step)
    return report


def _check_signatures(
    report: Report, trust: Trust, proof: TlogProof, checkpoint: Checkpoint, check: SignatureCheck
) -> None:
    # 5. The keys come from outside the proof, and know the log of its checkpoint.
    with report.step(5) as step:
        policy = check_trust(report, step, trust, checkpoint, None)
    # 6. The checkpoint is signed by the log's key.
    with report.step(6) as step:
        if policy is None:
            step.not_run("not run: there is no key of this log to check with")
        else:
            check_log_signature(report, step, policy, proof.checkpoint, check)
    # 7. The checkpoint is cosigned by the quorum of witnesses that the policy asks for.
    with report.step(7) as step:
        if policy is None:
            step.not_run("not run: there is no policy to check it by")
        else:
            check_witnesses(report, step, policy, proof.checkpoint, check)


def _check_file(file: Path, event: Shown, step: Step) -> None:
    try:
        sealed = parts_sealed([event])
    except ValueError as error:
        step.fail(shown(error))
        return
    if not sealed:
        step.fail(f"the event is {event.payload.kind}, which seals no file")
        return
    found = _digest(file)
    for part in sealed.values():
        if (part.size, part.sha256, part.chunk_root) == (found.size, found.sha256, found.chunk_root):
            step.words = f"part {part.part}, {part.size:,} bytes"
            return
    step.fail(f"{quoted(file.name)} is none of the {len(sealed)} file(s) that this event sealed")


def _digest(file: Path) -> Digests:
    try:
        with file.open("rb") as stream:
            return digest_stream(stream, file.stat().st_size, file.name)
    except OSError as error:
        raise UnreadableBag(reason=f"{quoted(str(file))} cannot be read: {error.strerror or error}") from error


def _read(path: Path, ceiling: int) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(ceiling + 1)
    except OSError as error:
        raise UnreadableBag(reason=f"{quoted(str(path))} cannot be read: {error.strerror or error}") from error
    if len(data) > ceiling:
        raise UnreadableBag(reason=f"{quoted(str(path))} is larger than {ceiling:,} bytes")
    return data
