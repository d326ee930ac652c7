"""Verification of the redacted copies themselves (step 11): files, signed edit lists, proofs, and the events of making.

Where content credentials were put into a copy, they are taken out again in memory, and what is left must be, byte for
byte, the copy that was proven.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from candor.verify import ed25519
from candor.verify.bag import Bag, UnreadableBag, quoted
from candor.verify.credentials import without_credentials
from candor.verify.edit_list import EditList, Sealed, verify_edit_list
from candor.verify.encoding import alike
from candor.verify.errors import VerifyError, shown
from candor.verify.histories import Shown
from candor.verify.note import MAX_NOTE_SIZE, SignatureCheck, VerifierKey
from candor.verify.redacted import COPIES, PAPERS, REDACTED, RENDERED, RedactedContents, RedactedCopy
from candor.verify.report import Step

__all__ = ["check_copies", "proven_of"]

BROKEN = (
    "by the maker's own proof the copy is broken: it is not the original outside the masks, or something is left inside"
)


def check_copies(
    bag: Bag,
    found: RedactedContents,
    events: Mapping[str, Sequence[Shown]],
    keys: Sequence[VerifierKey],
    progress: Callable[[int], None],
    step: Step,
    check: SignatureCheck = ed25519.verify,
) -> None:
    """Step 11: of each copy, the edit list is signed by the log's key, and list, copy, proof and the event of the
    making agree; and no further file lies beside the copies."""
    signers: set[str] = set()
    size = 0
    for copy in found.copies:
        making = [
            one
            for one in events[copy.recording]
            if one.payload.kind == RENDERED and one.payload.details.get("copy") == copy.id
        ]
        try:
            signers.add(_check_copy(bag, copy, making, keys, progress, step, check))
            size += bag.sizes[copy.part.file]
        except VerifyError as error:
            step.fail(error if len(found.copies) == 1 else f"copy {copy.id}: {error}")
    _check_nothing_beside(bag, found, step)
    if not step.failed:
        lists = "the edit list" if len(found.copies) == 1 else f"{len(found.copies):,} edit lists"
        step.words = f"{', '.join(map(shown, sorted(signers)))} signed {lists}; {size:,} bytes"


def _check_copy(
    bag: Bag,
    copy: RedactedCopy,
    making: Sequence[Shown],
    keys: Sequence[VerifierKey],
    progress: Callable[[int], None],
    step: Step,
    check: SignatureCheck,
) -> str:
    """Name of the log whose key signed the list."""
    signer, edits = verify_edit_list(bag.read(copy.edit_list, MAX_NOTE_SIZE), keys, check)
    file = bag.digests(copy.part.file, progress)
    part = copy.part.part
    proven = Sealed(file.sha256, file.size)
    if copy.proven is not None:
        proven = proven_of(bag, copy.part.file)
        if proven != copy.proven:
            step.fail(f"{quoted(copy.part.file)} without its content credentials is not the copy that was proven")
    if proven != edits.copy:
        step.fail(f"{quoted(copy.part.file)} is not the copy that the edit list is of")
    if (file.sha256, file.chunk_root, file.size) != (part.sha256, part.chunk_root, part.size):
        step.fail(f"{quoted(copy.part.file)} is not the file that data/redacted.json describes")
    if (edits.recording, edits.copy_id, edits.part) != (copy.recording, copy.id, part.part):
        step.fail(f"{quoted(copy.edit_list)}: the edit list is of another copy")
    if copy.proof not in bag:
        step.fail(f"{quoted(copy.proof)} is missing")
    elif bag.digests(copy.proof, progress).sha256 != edits.public_proof_sha256:
        step.fail(f"{quoted(copy.proof)} is not the proof that the edit list names")
    if not making:
        step.fail(f"no event shown is the making of {quoted(copy.part.file)}")
    for one in making:
        _check_making(one, edits, bag.digests(copy.edit_list).sha256, step)
    if edits.verdict == "broken":
        step.fail(BROKEN)
    if not step.failed:
        _say_what_it_says(copy, edits, step)
    return signer.name


def _check_making(rendered: Shown, edits: EditList, list_sha256: str, step: Step) -> None:
    wanted = {
        "redaction": edits.redaction,
        "copy": edits.copy_id,
        "part": edits.part,
        "edit": edits.edit,
        "original_sha256": edits.original.sha256,
        "copy_sha256": edits.copy.sha256,
        "copy_size": edits.copy.size,
        "list_sha256": list_sha256,
        "proof_sha256": edits.proof_sha256,
        "public_proof_sha256": edits.public_proof_sha256,
        "verdict": edits.verdict,
    }
    details = rendered.payload.details
    other = [name for name, value in wanted.items() if not alike(details.get(name), value)]
    if other:
        step.fail(f"the event of its making says something else than the edit list: {', '.join(other)}")


def _check_nothing_beside(bag: Bag, found: RedactedContents, step: Step) -> None:
    """What lies under data/ is described: the copies, and the papers of a release."""
    described = {REDACTED, *(one.part.file for one in found.copies)}
    for name in sorted(bag.sizes):
        if not name.startswith("data/") or name in described:
            continue
        if name.startswith(COPIES):
            step.fail(f"{quoted(name)} lies beside the copies but is not described")
        elif found.version > 1 and not (found.release is not None and name.startswith(PAPERS)):
            step.fail(f"{quoted(name)} is no copy and no paper of a release")


def _say_what_it_says(copy: RedactedCopy, edits: EditList, step: Step) -> None:
    masks = sum(one.count for one in edits.masks)
    hidden = "everything but what is shown" if edits.mode == "show-only" else f"{masks:,} mask(s)"
    name = copy.part.file.rsplit("/", 1)[-1]
    step.note(f"{name}, edit {edits.edit}: {hidden} in the picture, {len(edits.sound):,} stretch(es) of sound hidden")
    exemptions = sorted({one.exemption for one in edits.masks} | {one.exemption for one in edits.sound})
    exemptions = [one for one in exemptions if one]
    if exemptions:
        step.note(f"reasons given: {', '.join(map(shown, exemptions[:20]))}")
    step.note(f"made of an original with SHA-256 {edits.original.sha256}, which is not in this package")
    if copy.proven is not None:
        step.note(
            f"{name} carries content credentials; without them it is, byte for byte, the copy that was proven "
            f"(SHA-256 {copy.proven.sha256}). Who signed the credentials is for programs that read them to say"
        )
    if edits.verdict == "holds":
        step.note("its proof, made by the agency's own program, holds; whoever has the original can repeat it")
    else:
        step.warn(f"its proof is {edits.verdict}: it names what a person had to look at")


# ---- Content credentials ----------------------------------------------------------------------------------------


def proven_of(bag: Bag, name: str) -> Sealed:
    """What a file of the bag is without its content credentials. Raises VerifyError where there are none in it."""
    digest, size = hashlib.sha256(), 0
    with bag.open(name) as stream:

        def read_at(_offset: int, length: int) -> bytes:
            # Asked in order and without a gap: what is packed in a zip can only be read forward.
            try:
                return stream.read(length)
            except OSError as error:
                raise UnreadableBag(reason=f"{quoted(name)} cannot be read: {error.strerror or error}") from error

        for piece in without_credentials(read_at, bag.sizes[name]):
            digest.update(piece)
            size += len(piece)
    return Sealed(digest.hexdigest(), size)
