"""Verification of a package that hands out a redacted copy instead of an original: what differs in steps 8 to 12.

Such a package is for people who may not see the original, nor what the agency did with it. It holds the copy, the
signed edit list, the public form of the proof, and two events of the recording's custody history: that the copy was
made, and that it was handed out. The rest of the history is withheld, and how much that is, is said. There is no tag
key in it, so it tells nothing about other entries of the log.

    data/redacted.json            what is handed out
    data/redacted/…               the copy
    redaction/edit-list.txt       see `edit_list`
    redaction/proof.json          the public form of the proof, whose hash the list has
    custody/<recording>/shown.json, custody/<recording>/<n>.tlog-proof
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from candor.verify.bag import CHUNK_SIZE, MAX_TEXT, Bag, quoted
from candor.verify.contents import (
    Contents,
    History,
    PackagedPart,
    PackagedRecording,
    Part,
    agency_of,
    count_of,
    list_of,
    object_of,
    shown_event,
    strict_json,
    text_of,
    uuid_of,
)
from candor.verify.edit_list import EditList, verify_edit_list
from candor.verify.encoding import hex_bytes, reading
from candor.verify.errors import VerifyError, shown
from candor.verify.histories import Shown
from candor.verify.note import MAX_NOTE_SIZE, SignatureCheck, VerifierKey
from candor.verify.report import Report, Step

__all__ = [
    "EDIT_LIST",
    "HANDED_OUT",
    "PROOF",
    "REDACTED",
    "TITLES",
    "RedactedContents",
    "check_copy",
    "check_hand_out",
    "check_withheld",
    "read_events",
    "read_redacted",
    "read_shown",
]

REDACTED = "data/redacted.json"
"""A package that holds this file hands out a redacted copy."""
COPIES = "data/redacted/"
EDIT_LIST = "redaction/edit-list.txt"
PROOF = "redaction/proof.json"
RENDERED = "redaction:rendered"
HANDED_OUT = "redaction:handed-out"
BROKEN = (
    "by the maker's own proof the copy is broken: it is not the original outside the masks, or something is left inside"
)

TITLES = {
    8: "Both custody events shown are in the log at their places",
    10: "It is said how much of the custody history is withheld",
    11: "The copy is the one that was made and proved, as its signed edit list says",
}
"""Titles of the steps that are others than for a package of originals."""


@dataclass(frozen=True)
class RedactedContents:
    """data/redacted.json. `copy`: the identifier of the redacted copy; `part`: which part of the recording it is of,
    and the file with its digests."""

    package: str
    agency: str
    recording: str
    copy: str
    part: PackagedPart

    @property
    def contents(self) -> Contents:
        """The same in the form that packages of originals have."""
        return Contents(self.package, self.agency, (PackagedRecording(self.recording, (self.part,)),))


def read_redacted(data: bytes) -> RedactedContents:
    """Read data/redacted.json. Raises Malformed."""
    with reading("description of a redacted copy (data/redacted.json)"):
        found = object_of(strict_json(data))
        if count_of(found.get("v")) != 1:
            raise ValueError("it is of another version than 1")
        copy = object_of(found.get("copy"))
        file = text_of(copy.get("file"))
        if not file.startswith(COPIES):
            raise ValueError(f"{file[:80]!r} does not lie in {COPIES}")
        if count_of(copy.get("chunk_size")) != CHUNK_SIZE:
            raise ValueError(f"the chunk root is not over pieces of {CHUNK_SIZE} bytes")
        part = Part(
            count_of(copy.get("part")),
            hex_bytes(copy.get("sha256"), 32).hex(),
            hex_bytes(copy.get("chunk_root"), 32).hex(),
            CHUNK_SIZE,
            count_of(copy.get("size")),
            file.rsplit("/", 1)[-1],
        )
        return RedactedContents(
            uuid_of(found.get("package")),
            agency_of(found.get("agency")),
            uuid_of(copy.get("recording")),
            uuid_of(copy.get("copy")),
            PackagedPart(file, part),
        )


def read_shown(data: bytes) -> History:
    """Read custody/<recording>/shown.json: events of a history, without the keys that link them. Raises Malformed."""
    with reading("custody events"):
        found = object_of(strict_json(data))
        events = tuple(shown_event(item) for item in list_of(found.get("events")))
        return History(uuid_of(found.get("recording")), (), events)


def check_withheld(found: RedactedContents, events: Sequence[Shown], step: Step) -> None:
    """Step 10: the making and the hand-out of one copy, in this order, and nothing else of the history."""
    kinds = [one.payload.kind for one in events]
    if kinds != [RENDERED, HANDED_OUT]:
        step.fail(f"shown should be the making of the copy and its hand-out; shown are {', '.join(map(shown, kinds))}")
        return
    rendered, handed_out = events
    if rendered.event.n >= handed_out.event.n or rendered.event.index >= handed_out.event.index:
        step.fail("the copy was handed out before it was made")
    total = handed_out.payload.details.get("events")
    if total != handed_out.event.n + 1:
        step.fail(f"the hand-out says that there were {shown(total)} events; by its number there were more or fewer")
        return
    step.words = f"2 of {total:,} events are shown; {total - 2:,} are withheld"
    step.note(f"recording {found.recording} had {total:,} events up to this hand-out; nothing here tells what they are")


def check_copy(
    bag: Bag,
    found: RedactedContents,
    events: Sequence[Shown],
    keys: Sequence[VerifierKey],
    progress: Callable[[int], None],
    step: Step,
    check: SignatureCheck,
) -> None:
    """Step 11: the edit list is signed by the log's key, and list, copy, proof and the event of the making agree."""
    signer, edits = verify_edit_list(bag.read(EDIT_LIST, MAX_NOTE_SIZE), keys, check)
    file = bag.digests(found.part.file, progress)
    part = found.part.part
    if (file.sha256, file.size) != (edits.copy.sha256, edits.copy.size):
        step.fail(f"{quoted(found.part.file)} is not the copy that the edit list is of")
    if (file.sha256, file.chunk_root, file.size) != (part.sha256, part.chunk_root, part.size):
        step.fail(f"{quoted(found.part.file)} is not the file that data/redacted.json describes")
    if (edits.recording, edits.copy_id, edits.part) != (found.recording, found.copy, part.part):
        step.fail("the edit list is of another copy")
    if PROOF not in bag:
        step.fail(f"{quoted(PROOF)} is missing")
    elif bag.digests(PROOF, progress).sha256 != edits.public_proof_sha256:
        step.fail(f"{quoted(PROOF)} is not the proof that the edit list names")
    for name in sorted(bag.sizes):
        if name.startswith(COPIES) and name != found.part.file:
            step.fail(f"{quoted(name)} lies beside the copy but is not described")
    for one in events:
        if one.payload.kind == RENDERED:
            _check_making(one, edits, bag.digests(EDIT_LIST).sha256, step)
    if edits.verdict == "broken":
        step.fail(BROKEN)
    if not step.failed:
        step.words = f"{shown(signer.name)} signed the edit list; {file.size:,} bytes"
        _say_what_it_says(edits, step)


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
    other = [name for name, value in wanted.items() if details.get(name) != value]
    if other:
        step.fail(f"the event of its making says something else than the edit list: {', '.join(other)}")


def _say_what_it_says(edits: EditList, step: Step) -> None:
    masks = sum(one.count for one in edits.masks)
    hidden = "everything but what is shown" if edits.mode == "show-only" else f"{masks:,} mask(s)"
    step.note(f"edit {edits.edit}: {hidden} in the picture, {len(edits.sound):,} stretch(es) of sound hidden")
    exemptions = sorted({one.exemption for one in edits.masks} | {one.exemption for one in edits.sound})
    exemptions = [one for one in exemptions if one]
    if exemptions:
        step.note(f"reasons given: {', '.join(map(shown, exemptions[:20]))}")
    step.note(f"made of an original with SHA-256 {edits.original.sha256}, which is not in this package")
    if edits.verdict == "holds":
        step.note("its proof, made by the agency's own program, holds; whoever has the original can repeat it")
    else:
        step.warn(f"its proof is {edits.verdict}: it names what a person had to look at")


def check_hand_out(manifest_sha256: str, found: RedactedContents, events: Sequence[Shown], step: Step) -> None:
    """Step 12: the last event is the hand-out of this copy in this very package."""
    last = events[-1] if events else None
    if last is None or last.payload.kind != HANDED_OUT:
        step.fail("what is shown does not end with the hand-out")
        return
    details = last.payload.details
    if details.get("package") != found.package:
        step.fail("the hand-out shown is of another package")
    if details.get("manifest_sha256") != manifest_sha256:
        step.fail("the hand-out shown is of other files: the list of payload files is not the one it names")
    if details.get("copy") != found.copy or details.get("copy_sha256") != found.part.part.sha256:
        step.fail("the hand-out shown is of another copy")
    size = details.get("log_size")
    if not isinstance(size, int) or size > last.event.index:
        step.fail(
            f"the hand-out says that the log had {shown(size)} entries before it, yet it is entry {last.event.index:,}"
        )
    if not step.failed:
        when = last.payload.at[:19].replace("T", " ")
        to, why = shown(details.get("recipient")), shown(details.get("purpose"))
        step.note(f"copy {found.copy}: handed out {when} UTC to {to}, for {why}")
        if details.get("although"):
            step.note(f"although its proof was not without doubt: {shown(details['although'])}")


def read_events(bag: Bag, report: Report, found: RedactedContents, step: Step, belongs: set[str]) -> dict[str, History]:
    """The one history of such a package; names of files under custody/ that it explains are added to `belongs`."""
    name = f"custody/{found.recording}/shown.json"
    belongs.add(name)
    histories: dict[str, History] = {}
    events = 0
    try:
        history = read_shown(bag.read(name, MAX_TEXT))
        if history.recording != found.recording:
            step.fail(f"{quoted(name)} is of another recording")
        else:
            histories[found.recording] = history
            events = len(history.events)
            belongs |= {f"custody/{found.recording}/{event.n:06d}.tlog-proof" for event in history.events}
    except VerifyError as error:
        step.fail(f"the custody events of recording {found.recording}: {error}")
    report.recordings.append({"id": found.recording, "parts": 1, "events": events})
    return histories
