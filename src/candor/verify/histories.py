"""Steps 8 to 12 of a verification: the custody histories, and what they say of the originals and of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from candor.verify.bag import Bag, quoted
from candor.verify.checkpoint import Checkpoint
from candor.verify.contents import ORIGINALS, Contents, Epoch, History, Part, ShownEvent, read_part
from candor.verify.encoding import alike, hex_bytes
from candor.verify.errors import VerifyError, shown
from candor.verify.leaf import parse_leaf
from candor.verify.lost import check_lost, included_lost
from candor.verify.merkle import leaf_hash, verify_inclusion
from candor.verify.note import Note
from candor.verify.opening import EventPayload, check_tag
from candor.verify.report import KeyUsed, Step
from candor.verify.signatures import moment
from candor.verify.tlogproof import MAX_PROOF_SIZE, TlogProof
from candor.verify.withheld import check_said, check_withheld_events, included_withheld

__all__ = [
    "EXPORTED",
    "ROTATED",
    "Shown",
    "check_documents",
    "check_export",
    "check_inclusion",
    "check_openings",
    "check_originals",
    "check_whole",
    "parts_sealed",
]

ROTATED = "recording:tag-key-rotated"
EXPORTED = "recording:exported"
SEALING = ("recording:sealed", "recording:part-added")
"""Events whose details list `parts` with their digests."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the agency's clock and a witness's may differ before it is worth a word."""

CHECKED_OTHERWISE = ("bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt")
"""Files that need no digest in the hand-out: the same in every package, committed to, or a list of the others."""
UNVOUCHED = {
    "certificate-draft.pdf": "it is a draft",
    "custody/policy.txt": "it is a claim of keys, which are to come from elsewhere",
}
"""Files that nothing can vouch for, and why that is so."""
MAX_NAMED = 10
"""Files named in one sentence; the rest are counted."""


@dataclass(frozen=True)
class Shown:
    """An event of a history with the payload that was shown to be the one in the log."""

    event: ShownEvent
    payload: EventPayload


def _place(recording: str, n: int) -> str:
    return f"event {n} of recording {recording}"


# ---- Step 8: every event is in the log -------------------------------------------------------------------------


def check_inclusion(bag: Bag, histories: Mapping[str, History], note: Note, checkpoint: Checkpoint, step: Step) -> None:
    """Step 8: each leaf is the entry at its index of the tree that the package's one checkpoint is of."""
    places: dict[int, str] = {}
    count = 0
    for recording, history in histories.items():
        for place, index, proof in _claims(bag, recording, history, note, checkpoint):
            other = places.setdefault(index, place)
            if other is not place:
                step.fail(f"{place} and {other} claim the same entry {index:,} of the log")
            try:
                reason = proof()
            except VerifyError as error:
                reason = str(error)
            if reason:
                step.fail(f"{place}: {reason}")
            count += 1
    if not step.failed:
        step.words = f"{count:,} events in a log of {checkpoint.size:,} entries"


def _claims(
    bag: Bag, recording: str, history: History, note: Note, checkpoint: Checkpoint
) -> Iterator[tuple[str, int, Callable[[], str | None]]]:
    """Every entry of the log that a history names: what says so, which entry, and what tells why its proof does not
    hold, or None."""
    about = (note, checkpoint)
    for event in history.events:
        yield _place(recording, event.n), event.index, partial(_included, bag, recording, event, *about)
    for kept in history.withheld:
        place = f"{_place(recording, kept.n)}, which is not opened"
        yield place, kept.index, partial(included_withheld, bag, recording, kept, *about)
    for lost in history.lost:
        place = f"{_place(recording, lost.n)}, which is lost"
        yield place, lost.index, partial(included_lost, bag, recording, lost, *about)


def _included(bag: Bag, recording: str, event: ShownEvent, note: Note, checkpoint: Checkpoint) -> str | None:
    """Why the event's proof does not hold, or None. Raises VerifyError."""
    expected = f"custody/{recording}/{event.n:06d}.tlog-proof"
    if event.proof != expected:
        return f"its proof should be {quoted(expected)}, not {quoted(event.proof)}"
    proof = TlogProof.parse(bag.read(expected, MAX_PROOF_SIZE))
    if proof.index != event.index:
        return f"its proof is for entry {proof.index:,}, its history says {event.index:,}"
    if proof.checkpoint != note:
        return "its proof is for another checkpoint than the package's"
    if proof.extra != event.opening.encode():
        return "its proof carries another opening than its history"
    verify_inclusion(leaf_hash(event.opening.leaf), event.index, checkpoint.size, proof.hashes, checkpoint.root)
    return None


# ---- Step 9: every opening fits --------------------------------------------------------------------------------


def check_openings(histories: Mapping[str, History], step: Step) -> dict[str, list[Shown]]:
    """Step 9: payload and salt give the leaf's commitment, in its hour; and the payload is of this recording."""
    found: dict[str, list[Shown]] = {}
    seen: dict[str, str] = {}
    for recording, history in histories.items():
        found[recording] = []
        for event in history.events:
            place = _place(recording, event.n)
            try:
                payload = event.opening.check()
            except VerifyError as error:
                step.fail(f"{place}: {error}")
                continue
            if payload.recording != recording or payload.n != event.n:
                step.fail(f"{place}: what was logged is event {payload.n} of recording {payload.recording}")
            if seen.setdefault(payload.event, place) is not place:
                step.fail(f"{place} and {seen[payload.event]} are one event")
            found[recording].append(Shown(event, payload))
    if not step.failed:
        step.words = f"{sum(map(len, found.values())):,} events opened"
    return found


# ---- Step 10: the history is whole -----------------------------------------------------------------------------


def check_whole(
    histories: Mapping[str, History], shown_events: Mapping[str, list[Shown]], witnesses: list[KeyUsed], step: Step
) -> None:
    """Step 10: n runs 0, 1, 2 … without a gap, each tag follows from its epoch's key, each epoch from the last."""
    for recording, history in histories.items():
        events = shown_events[recording]
        numbers = [shown_event.event.n for shown_event in events]
        covered = {*numbers, *(lost.n for lost in history.lost), *(kept.n for kept in history.withheld)}
        if not numbers or numbers != sorted(set(numbers)) or not _runs(covered, numbers[-1]):
            step.fail(f"recording {recording}: its events are not numbered 0, 1, 2 … without a gap and in order")
            continue
        fault = _epochs_fault(history.epochs, history.length)
        if fault is not None:
            step.fail(f"recording {recording}: {fault}")
            continue
        for epoch, after in zip(history.epochs, (*history.epochs[1:], None)):  # noqa: B905 - Python 3.9
            _check_epoch(recording, epoch, after, events, step)
        _check_times(recording, events, witnesses, step)
        check_withheld_events(recording, history, step)
        check_lost(recording, history, step)
    if not step.failed:
        step.words = f"no gap and no event twice among {sum(map(len, shown_events.values())):,} events"
        withheld = sum(len(history.withheld) for history in histories.values())
        if withheld:
            step.words += f" and {withheld:,} that are not opened"


def _runs(numbers: set[int], last: int) -> bool:
    """Whether these are 0, 1, 2 … up to the last; whoever made a package may say that it is enormous."""
    return len(numbers) == last + 1 and min(numbers) == 0 and max(numbers) == last


def _epochs_fault(epochs: tuple[Epoch, ...], events: int) -> str | None:
    if not epochs or epochs[0].first_n != 0 or [e.epoch for e in epochs] != list(range(len(epochs))):
        return "its tag keys are not numbered 0, 1, 2 … from its first event on"
    starts = [epoch.first_n for epoch in epochs]
    if starts != sorted(set(starts)) or starts[-1] >= events:
        return "its tag keys do not follow one another"
    if len({epoch.tag_key for epoch in epochs}) != len(epochs):
        return "a tag key of it is used twice"
    return None


def _check_epoch(recording: str, epoch: Epoch, after: Epoch | None, events: list[Shown], step: Step) -> None:
    """One epoch: tags by its key; only its last event may rotate the key, and it names the next one's digest."""
    end = after.first_n if after is not None else events[-1].event.n + 1
    own = [shown_event for shown_event in events if epoch.first_n <= shown_event.event.n < end]
    for shown_event in own:
        n, place = shown_event.event.n, _place(recording, shown_event.event.n)
        if shown_event.payload.epoch != epoch.epoch:
            step.fail(f"{place} was logged under tag key {shown_event.payload.epoch}, not {epoch.epoch}")
        try:
            check_tag(epoch.tag_key, n, parse_leaf(shown_event.event.opening.leaf))
        except VerifyError as error:
            step.fail(f"{place}: {error}")
        if shown_event.payload.kind == ROTATED and (after is None or n != after.first_n - 1):
            step.fail(f"{place} ended its tag key, but the events after it are shown under the same one, or not at all")
    if after is None:
        return
    if not own:
        step.fail(f"recording {recording}: no event shown hands over to tag key {after.epoch}")
        return
    last = own[-1].payload
    if last.n != after.first_n - 1:
        step.fail(f"{_place(recording, after.first_n - 1)} must hand over to tag key {after.epoch}, and is not opened")
        return
    expected = {
        "epoch": epoch.epoch,
        "events": after.first_n,
        "next_key_sha256": hashlib.sha256(after.tag_key).hexdigest(),
    }
    if last.kind != ROTATED or any(not alike(last.details.get(key), value) for key, value in expected.items()):
        step.fail(f"{_place(recording, last.n)} should hand over to tag key {after.epoch}, and does not")


def _check_times(recording: str, events: list[Shown], witnesses: list[KeyUsed], step: Step) -> None:
    for before, later in zip(events, events[1:]):  # noqa: B905, RUF007 - Python 3.9
        if later.payload.time < before.payload.time:
            step.warn(f"{_place(recording, later.event.n)} is dated before the event it follows")
    first = min((w.time for w in witnesses if w.time is not None), default=None)
    if first is None:
        return
    for shown_event in events:
        if shown_event.payload.time.timestamp() > first + CLOCK_TOLERANCE.total_seconds():
            place = _place(recording, shown_event.event.n)
            step.warn(f"{place} is dated after a witness had already seen it in the log ({moment(first)})")


# ---- Step 11: the originals ------------------------------------------------------------------------------------


def parts_sealed(events: list[Shown]) -> dict[int, Part]:
    """The parts that the history commits to, by their number. Raises ValueError when it says two things of one."""
    parts: dict[int, Part] = {}
    for shown_event in events:
        if shown_event.payload.kind not in SEALING:
            continue
        listed = shown_event.payload.details.get("parts")
        if not isinstance(listed, list):
            raise ValueError(f"event {shown_event.event.n} does not list what was sealed")
        for part in map(read_part, listed):
            if parts.setdefault(part.part, part) != part:
                raise ValueError(f"part {part.part} was sealed twice, differently")
    return parts


def check_originals(
    bag: Bag,
    contents: Contents,
    shown_events: Mapping[str, list[Shown]],
    progress: Callable[[int], None],
    step: Step,
) -> None:
    """Step 11: size, SHA-256 and chunk root of every original are those of its sealing event."""
    used: dict[str, str] = {}
    size = 0
    for recording in contents.recordings:
        try:
            sealed = parts_sealed(shown_events[recording.id])
        except ValueError as error:
            step.fail(f"recording {recording.id}: {shown(error)}")
            continue
        packaged = [item.part.part for item in recording.parts]
        if sorted(packaged) != sorted(sealed):
            step.fail(f"recording {recording.id}: sealed were parts {sorted(sealed)}, in the package are {packaged}")
        for item in recording.parts:
            if used.setdefault(item.file, recording.id) != recording.id or packaged.count(item.part.part) > 1:
                step.fail(f"{quoted(item.file)} stands for more than one part")
            try:
                found = bag.digests(item.file, progress)
            except VerifyError as error:
                step.fail(error)
                continue
            size += found.size
            wanted = sealed.get(item.part.part)
            if wanted is None:
                continue
            if (found.size, found.sha256, found.chunk_root) != (wanted.size, wanted.sha256, wanted.chunk_root):
                step.fail(f"{quoted(item.file)} is not the file that was sealed as part {wanted.part}")
            elif item.part != wanted:
                step.fail(f"{quoted(item.file)} is described otherwise than when it was sealed")
    for name in sorted(bag.sizes):
        if name.startswith(ORIGINALS) and name not in used:
            step.fail(f"{quoted(name)} lies among the originals but is no part of a recording shown here")
    if not step.failed:
        step.words = f"{len(used):,} files, {size:,} bytes"


# ---- Step 12: the export ---------------------------------------------------------------------------------------


def check_export(
    manifest_sha256: str,
    contents: Contents,
    histories: Mapping[str, History],
    shown_events: Mapping[str, list[Shown]],
    step: Step,
    kind: str = EXPORTED,
) -> None:
    """Step 12: each history ends with the export of this package (an event of this kind), which commits to this
    manifest, to this length, and to which events are not opened."""
    for recording in contents.recordings:
        events = shown_events[recording.id]
        last = events[-1].payload if events else None
        if last is None or last.kind != kind:
            step.fail(f"recording {recording.id}: its history does not end with its hand-out")
            continue
        place = _place(recording.id, last.n)
        details = last.details
        if details.get("package") != contents.package:
            step.fail(f"{place} is the hand-out of another package")
        if _digest(details.get("manifest_sha256")) != manifest_sha256:
            step.fail(f"{place} is the hand-out of other files: the list of payload files is not the one it names")
        length = histories[recording.id].length
        if not alike(details.get("events"), length):
            step.fail(f"{place} says that there were {shown(details.get('events'))} events; shown are {length:,}")
        check_said(place, details, histories[recording.id], step)
        size = details.get("log_size")
        if not isinstance(size, int) or isinstance(size, bool) or size > events[-1].event.index:
            step.fail(
                f"{place} says that the log had {shown(size)} entries before it, yet it is entry "
                f"{events[-1].event.index:,}"
            )
        if not step.failed:
            when = last.at[:19].replace("T", " ")
            to, why = shown(details.get("recipient")), shown(details.get("purpose"))
            step.note(f"recording {recording.id}: handed out {when} UTC to {to}, for {why}")


def check_documents(
    bag: Bag,
    contents: Contents,
    shown_events: Mapping[str, list[Shown]],
    progress: Callable[[int], None],
    step: Step,
    kind: str = EXPORTED,
) -> None:
    """Step 12, of the files beside the payload: each is the one that the hand-out (an event of this kind) names, and
    there is no other."""
    named: dict[str, object] = {}
    told = False
    for recording in contents.recordings:
        events = shown_events[recording.id]
        last = events[-1].payload if events else None
        if last is None or last.kind != kind:
            continue  # step 12 has failed already
        place = _place(recording.id, last.n)
        if "documents" not in last.details:
            step.warn(f"{place} does not say which files were handed out beside the payload")
            continue
        documents = last.details["documents"]
        if not isinstance(documents, dict):
            step.fail(f"{place} does not list the files beside the payload as it should")
            continue
        told = True
        for name, digest in documents.items():
            if name not in named:
                named[name] = digest
                _check_document(bag, name, digest, progress, step)
            elif not alike(named[name], digest):
                step.fail(f"{place} names another {quoted(name)} than the hand-out of another recording")
    _say_what_is_unvouched(bag, named, told, step)


def _check_document(bag: Bag, name: str, digest: object, progress: Callable[[int], None], step: Step) -> None:
    if name not in bag.sizes:
        step.fail(f"{quoted(name)} was handed out with this package and is missing")
        return
    try:
        found = bag.digests(name, progress).sha256
    except VerifyError as error:
        step.fail(error)
        return
    if _digest(digest) != found:
        step.fail(f"{quoted(name)} is not the file that was handed out: its SHA-256 is {found}")


def _say_what_is_unvouched(bag: Bag, named: Mapping[str, object], told: bool, step: Step) -> None:
    """Files beside the payload that no hand-out names; histories and proofs are shown to be what they are by step 8."""
    stray = [
        name
        for name in sorted(bag.sizes)
        if name not in named
        and name not in CHECKED_OTHERWISE
        and name not in UNVOUCHED
        and not name.startswith(("data/", "custody/"))
    ]
    if stray and told:
        for name in stray:
            step.fail(f"{quoted(name)} is in the package, and the hand-out does not name it: it was added")
    elif stray:
        more = f" and {len(stray) - MAX_NAMED:,} more" if len(stray) > MAX_NAMED else ""
        step.warn(
            f"NOTHING VOUCHES FOR {', '.join(map(quoted, stray[:MAX_NAMED]))}{more}: whoever had this package in hand "
            "may have replaced them, and only a checking program that came from elsewhere can be believed"
        )
    for name, reason in UNVOUCHED.items():
        if name in bag.sizes and name not in named:
            step.note(f"nothing vouches for: {name}; {reason}")


def _digest(value: object) -> str | None:
    try:
        return hex_bytes(value, 32).hex()
    except ValueError:
        return None
