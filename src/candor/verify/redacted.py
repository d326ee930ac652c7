"""Verification of a package that hands out redacted copies instead of originals: what differs in steps 8 to 12.

Such a package is for people who may not see the originals, nor what the agency did with them. It holds 1 to n copies,
for each its signed edit list and the public form of its proof, and of the custody history of each recording the making
of its copies and the hand-out. The rest of each history is withheld, and how much that is, is said. There is no tag key
in it, so it tells nothing about other entries of the log.

    data/redacted.json            what is handed out, and of which release, if any
    data/redacted/redacted-NN.mp4 the copies, numbered from 01
    data/release/…                papers of a release
    redaction/NN/edit-list.txt    see `edit_list`
    redaction/NN/proof.json       the public form of the proof, whose hash the list has
    custody/<recording>/shown.json, custody/<recording>/<n>.tlog-proof

Version 1, which is read as well, held one copy; its list and proof lay in redaction/ itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from candor.verify.edit_list import Sealed
from candor.verify.encoding import alike, hex_bytes, reading
from candor.verify.errors import VerifyError, shown
from candor.verify.histories import Shown
from candor.verify.report import Report, Step

__all__ = [
    "COPIES",
    "HANDED_OUT",
    "MAX_COPIES",
    "PAPERS",
    "REDACTED",
    "RELEASED",
    "RENDERED",
    "TITLES",
    "RedactedContents",
    "RedactedCopy",
    "check_hand_out",
    "check_withheld",
    "copy_file",
    "edit_list_file",
    "proof_file",
    "read_events",
    "read_redacted",
    "read_shown",
]

REDACTED = "data/redacted.json"
"""A package that holds this file hands out redacted copies."""
COPIES = "data/redacted/"
PAPERS = "data/release/"
RENDERED = "redaction:rendered"
HANDED_OUT = "redaction:handed-out"
RELEASED = "recording:released"
MAX_COPIES = 1_000
_V1_FILES = ("redaction/edit-list.txt", "redaction/proof.json")

TITLES = {
    8: "Every custody event shown is in the log at its place",
    10: "It is said how much of the custody history is withheld",
    11: "Each copy is the one that was made and proved, as its signed edit list says",
}
"""Titles of the steps that are others than for a package of originals."""


def copy_file(number: int) -> str:
    """Where the copy with this number (from 1) lies."""
    return f"{COPIES}redacted-{number:02d}.mp4"


def edit_list_file(number: int) -> str:
    """Where its signed edit list lies."""
    return f"redaction/{number:02d}/edit-list.txt"


def proof_file(number: int) -> str:
    """Where the public form of its proof lies."""
    return f"redaction/{number:02d}/proof.json"


@dataclass(frozen=True)
class RedactedCopy:
    """One copy. `part`: which part of the recording it is of, and the file with its digests. `proven`: the copy that
    was proven, where content credentials were put into the file afterwards."""

    id: str
    recording: str
    part: PackagedPart
    edit_list: str
    proof: str
    proven: Sealed | None = None


@dataclass(frozen=True)
class RedactedContents:
    """data/redacted.json. `release`: identifier and number of the release that it is the package of, if it is one's."""

    package: str
    agency: str
    copies: tuple[RedactedCopy, ...]
    release: tuple[str, str] | None = None
    version: int = 2

    @property
    def contents(self) -> Contents:
        """The same in the form that packages of originals have."""
        found: dict[str, list[PackagedPart]] = {}
        for one in self.copies:
            found.setdefault(one.recording, []).append(one.part)
        return Contents(
            self.package, self.agency, tuple(PackagedRecording(one, tuple(parts)) for one, parts in found.items())
        )

    @property
    def hand_out(self) -> str:
        """The kind of event by which it was handed out."""
        return HANDED_OUT if self.release is None else RELEASED

    def of(self, recording: str) -> list[RedactedCopy]:
        """The copies of one recording."""
        return [one for one in self.copies if one.recording == recording]


def read_redacted(data: bytes) -> RedactedContents:
    """Read data/redacted.json. Raises Malformed."""
    with reading("description of redacted copies (data/redacted.json)"):
        found = object_of(strict_json(data))
        package, agency = uuid_of(found.get("package")), agency_of(found.get("agency"))
        version = count_of(found.get("v"))
        if version == 1:
            return RedactedContents(package, agency, (_copy_of_v1(object_of(found.get("copy"))),), None, 1)
        if version != 2:
            raise ValueError("it is of another version than 1 and 2")
        listed = list_of(found.get("copies"))
        if not 0 < len(listed) <= MAX_COPIES:
            raise ValueError(f"a package holds 1 to {MAX_COPIES:,} redacted copies")
        copies = tuple(_copy(object_of(one), number) for number, one in enumerate(listed, 1))
        if len({one.id for one in copies}) != len(copies):
            raise ValueError("a copy stands in it twice")
        release = found.get("release")
        if release is not None:
            release = object_of(release)
            return RedactedContents(
                package, agency, copies, (uuid_of(release.get("id")), text_of(release.get("number")))
            )
        return RedactedContents(package, agency, copies)


def _copy(found: Mapping[str, Any], number: int) -> RedactedCopy:
    if text_of(found.get("file")) != copy_file(number):
        raise ValueError(f"copy {number} should lie at {copy_file(number)}")
    proven = found.get("proven")
    if proven is not None:
        proven = object_of(proven)
        proven = Sealed(hex_bytes(proven.get("sha256"), 32).hex(), count_of(proven.get("size")))
    return RedactedCopy(
        uuid_of(found.get("copy")),
        uuid_of(found.get("recording")),
        _part(found),
        edit_list_file(number),
        proof_file(number),
        proven,
    )


def _copy_of_v1(found: Mapping[str, Any]) -> RedactedCopy:
    file = text_of(found.get("file"))
    if not file.startswith(COPIES):
        raise ValueError(f"{file[:80]!r} does not lie in {COPIES}")
    return RedactedCopy(uuid_of(found.get("copy")), uuid_of(found.get("recording")), _part(found), *_V1_FILES)


def _part(found: Mapping[str, Any]) -> PackagedPart:
    file = text_of(found.get("file"))
    if count_of(found.get("chunk_size")) != CHUNK_SIZE:
        raise ValueError(f"the chunk root is not over pieces of {CHUNK_SIZE} bytes")
    part = Part(
        count_of(found.get("part")),
        hex_bytes(found.get("sha256"), 32).hex(),
        hex_bytes(found.get("chunk_root"), 32).hex(),
        CHUNK_SIZE,
        count_of(found.get("size")),
        file.rsplit("/", 1)[-1],
    )
    return PackagedPart(file, part)


def read_shown(data: bytes) -> History:
    """Read custody/<recording>/shown.json: events of a history, without the keys that link them. Raises Malformed."""
    with reading("custody events"):
        found = object_of(strict_json(data))
        events = tuple(shown_event(item) for item in list_of(found.get("events")))
        return History(uuid_of(found.get("recording")), (), events)


def read_events(bag: Bag, report: Report, found: RedactedContents, step: Step, belongs: set[str]) -> dict[str, History]:
    """The histories of such a package; names of files under custody/ that they explain are added to `belongs`."""
    histories: dict[str, History] = {}
    for one in found.contents.recordings:
        name = f"custody/{one.id}/shown.json"
        belongs.add(name)
        events = 0
        try:
            history = read_shown(bag.read(name, MAX_TEXT))
            if history.recording != one.id:
                step.fail(f"{quoted(name)} is of another recording")
            else:
                histories[one.id] = history
                events = len(history.events)
                belongs |= {f"custody/{one.id}/{event.n:06d}.tlog-proof" for event in history.events}
        except VerifyError as error:
            step.fail(f"the custody events of recording {one.id}: {error}")
        report.recordings.append({"id": one.id, "parts": len(one.parts), "events": events})
    return histories


# ---- Step 10: what is shown and what is withheld ---------------------------------------------------------------


def check_withheld(found: RedactedContents, events: Mapping[str, Sequence[Shown]], step: Step) -> None:
    """Step 10: of each recording the making of its copies, each once, and then the hand-out; nothing else."""
    shown_in_all, total_in_all = 0, 0
    for one in found.contents.recordings:
        total = _check_withheld_of(found, one.id, events[one.id], step)
        if total is None:
            continue
        shown_in_all, total_in_all = shown_in_all + len(events[one.id]), total_in_all + total
        step.note(f"recording {one.id} had {total:,} events up to this hand-out; nothing here tells what they are")
    if not step.failed:
        step.words = (
            f"{shown_in_all} of {total_in_all:,} events are shown; {total_in_all - shown_in_all:,} are withheld"
        )


def _check_withheld_of(found: RedactedContents, recording: str, events: Sequence[Shown], step: Step) -> int | None:
    """How many events one recording had; None when what is shown of it is not what should be."""
    copies = found.of(recording)
    kinds = [one.payload.kind for one in events]
    if kinds != [RENDERED] * len(copies) + [found.hand_out]:
        step.fail(
            f"recording {recording}: shown should be the making of each copy and the hand-out; shown are "
            f"{', '.join(map(shown, kinds))}"
        )
        return None
    told = [one.payload.details.get("copy") for one in events[:-1]]
    made = [one for one in told if isinstance(one, str)]
    if len(made) != len(told) or sorted(made) != sorted(one.id for one in copies):
        step.fail(f"recording {recording}: the events shown are not of the making of the copies in this package")
        return None
    for before, after in zip(events, events[1:]):  # noqa: B905, RUF007 - Python 3.9
        if before.event.n >= after.event.n or before.event.index >= after.event.index:
            step.fail(f"recording {recording}: the events shown are not in the order in which they were logged")
    last = events[-1]
    total = last.payload.details.get("events")
    if not alike(total, last.event.n + 1):
        step.fail(f"the hand-out says that there were {shown(total)} events; by its number there were more or fewer")
        return None
    return last.event.n + 1


# ---- Step 12: the hand-out --------------------------------------------------------------------------------------


def check_hand_out(
    manifest_sha256: str, found: RedactedContents, events: Mapping[str, Sequence[Shown]], step: Step
) -> None:
    """Step 12: the last event of each recording is the hand-out of these copies of it, in this very package."""
    for one in found.contents.recordings:
        last = events[one.id][-1] if events[one.id] else None
        if last is None or last.payload.kind != found.hand_out:
            step.fail(f"recording {one.id}: what is shown does not end with the hand-out")
            continue
        _check_hand_out_of(manifest_sha256, found, found.of(one.id), last, step)


def _check_hand_out_of(
    manifest_sha256: str, found: RedactedContents, copies: Sequence[RedactedCopy], last: Shown, step: Step
) -> None:
    details = last.payload.details
    if details.get("package") != found.package:
        step.fail("the hand-out shown is of another package")
    if details.get("manifest_sha256") != manifest_sha256:
        step.fail("the hand-out shown is of other files: the list of payload files is not the one it names")
    told = _copies_told(found.version, details)
    if [one[:3] for one in told] != [_as_told(one) for one in copies]:
        step.fail("the hand-out shown is of another copy")
    if found.release is not None and (details.get("release"), details.get("number")) != found.release:
        step.fail("the hand-out shown is of another release")
    if found.version > 1 and "documents" not in details:
        step.fail("the hand-out shown does not name the files beside the payload")
    size = details.get("log_size")
    if not isinstance(size, int) or isinstance(size, bool) or size > last.event.index:
        step.fail(
            f"the hand-out says that the log had {shown(size)} entries before it, yet it is entry {last.event.index:,}"
        )
    if step.failed:
        return
    when = last.payload.at[:19].replace("T", " ")
    to, why = shown(details.get("recipient")), shown(details.get("purpose"))
    for copy, _, _, although in told:
        step.note(f"copy {copy}: handed out {when} UTC to {to}, for {why}")
        if although:
            step.note(f"although its proof was not without doubt: {shown(although)}")


def _as_told(copy: RedactedCopy) -> tuple[Any, Any, Any]:
    """Identifier, SHA-256 of the copy that was proven, SHA-256 of the file handed out."""
    handed_out = copy.part.part.sha256
    return copy.id, handed_out if copy.proven is None else copy.proven.sha256, handed_out


def _copies_told(version: int, details: Mapping[str, Any]) -> list[tuple[Any, Any, Any, Any]]:
    """What a hand-out says of its copies, as `_as_told`, and why each went out although its proof was doubtful."""
    if version == 1:
        sha256 = details.get("copy_sha256")
        return [(details.get("copy"), sha256, sha256, details.get("although"))]
    listed = details.get("copies")
    if not isinstance(listed, list):
        return []
    told = [one if isinstance(one, dict) else {} for one in listed]
    return [(one.get("copy"), one.get("copy_sha256"), one.get("file_sha256"), one.get("although")) for one in told]
