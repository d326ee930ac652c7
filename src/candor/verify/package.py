"""Verification of a package in twelve numbered steps (a thirteenth compares with the public log, if one is given).

Rules kept here:
1. Every step that can be run is run and reported; the first that fails names the exit code.
2. Nothing of the package is believed because the package says so: the originals are tied to the sealing event, the
   event to the log, the log to a key that came from outside, or the report says loudly that it did not.
3. The manifests show that nothing was damaged on the way. They show nothing about an attacker, who can recompute
   them; steps 5 to 12 are for those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from candor.verify import ed25519
from candor.verify.bag import (
    BAGIT_TXT,
    Bag,
    UnreadableBag,
    UnsafeBag,
    open_bag,
    parse_manifest,
    quoted,
)
from candor.verify.checkpoint import Checkpoint
from candor.verify.completeness import LogFiles, check_against_log
from candor.verify.contents import Contents, History, read_contents, read_history
from candor.verify.discovery import (
    DISCLOSED,
    DISCOVERY,
    MADE_PROOF,
    Discovery,
    Made,
    check_everything_named,
    check_made,
    read_discovery,
    read_made,
)
from candor.verify.errors import VerifyError
from candor.verify.histories import (
    EXPORTED,
    Shown,
    check_documents,
    check_export,
    check_inclusion,
    check_openings,
    check_originals,
    check_whole,
)
from candor.verify.note import MAX_NOTE_SIZE, Note, SignatureCheck
from candor.verify.policy import Policy
from candor.verify.redacted import (
    REDACTED,
    TITLES,
    RedactedContents,
    check_hand_out,
    check_withheld,
    read_events,
    read_redacted,
)
from candor.verify.redacted_copies import check_copies
from candor.verify.report import Report, Step
from candor.verify.signatures import check_log_signature, check_trust, check_witnesses
from candor.verify.trust import NO_TRUST, Trust

__all__ = ["Progress", "verify_package"]

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
PAYLOAD = "data/"
RECORDINGS = "data/recordings.json"
CHECKPOINT = "custody/checkpoint"
POLICY = "custody/policy.txt"

Progress = Callable[[int, int], None]
"""progress(bytes read so far, bytes in all)."""


@dataclass
class _Case:
    """What the steps hand on to each other."""

    bag: Bag
    trust: Trust
    report: Report
    check: SignatureCheck
    progress: Callable[[int], None]
    payload: Mapping[str, str] = field(default_factory=dict)
    note: Note | None = None
    checkpoint: Checkpoint | None = None
    contents: Contents | None = None
    histories: dict[str, History] = field(default_factory=dict)
    shown: dict[str, list[Shown]] = field(default_factory=dict)
    whole: bool = False
    policy: Policy | None = None
    redacted: RedactedContents | None = None
    discovery: Discovery | None = None
    made: Made | None = None


def verify_package(
    path: Path,
    trust: Trust = NO_TRUST,
    *,
    public_log: LogFiles | None = None,
    progress: Progress | None = None,
    check: SignatureCheck = ed25519.verify,
) -> Report:
    """Verify the package in a folder or a zip. Never raises for what the package holds: the report says it.

    `trust` holds the keys from outside; `public_log` reads the log's files for the thirteenth step; `check`
    verifies one Ed25519 signature.
    """
    report = Report(str(path))
    with report.step(1) as step:
        try:
            bag = open_bag(path)
        except VerifyError as error:
            report.unreadable = isinstance(error, UnreadableBag)
            step.fail(error)
            return _nothing_more(report, public_log is not None)
        report.unreadable = "bagit.txt" not in bag and MANIFEST not in bag
        _check_declaration(bag, step)
    with bag:
        read = _counter(bag, progress)
        case = _Case(bag, trust, report, check, read)
        _check_files(case)
        _check_log(case)
        if REDACTED in bag:
            _check_redacted(case)
        else:
            _check_custody(case)
        if public_log is not None:
            _compare_with_log(case, public_log)
    return report


def _counter(bag: Bag, progress: Progress | None) -> Callable[[int], None]:
    total, done = sum(bag.sizes.values()), 0

    def count(piece: int) -> None:
        nonlocal done
        done += piece
        if progress is not None:
            progress(done, total)

    return count


def _nothing_more(report: Report, with_log: bool) -> Report:
    for number in range(2, 14 if with_log else 13):
        with report.step(number) as step:
            step.not_run("not run: there is no package to look into")
    return report


# ---- Step 1: the bag is readable and declared ------------------------------------------------------------------


def _check_declaration(bag: Bag, step: Step) -> None:
    """Step 1. Names were checked when the bag was opened; here, what it says it is (RFC 8493 section 2.1.1)."""
    if bag.read("bagit.txt", 1000) != BAGIT_TXT:
        raise UnsafeBag(reason="bagit.txt does not declare BagIt 1.0 in UTF-8, and nothing else")
    for name in sorted(bag.sizes):
        if name == "fetch.txt" or (
            "/" not in name and name.startswith(("manifest-", "tagmanifest-")) and name not in (MANIFEST, TAG_MANIFEST)
        ):
            step.fail(f"{quoted(name)} is a second list of files, which no package has")
    for name in bag.left_behind:
        step.warn(f"{quoted(name)} was left by the computer's file browser; it is no part of the package")


# ---- Steps 2 to 4: files ---------------------------------------------------------------------------------------


def _check_files(case: _Case) -> None:
    # 2. The payload manifest lists every file under data/, and nothing else.
    with case.report.step(2) as step:
        case.payload = parse_manifest(case.bag.text(MANIFEST), MANIFEST)
        present = {name for name in case.bag.sizes if name.startswith(PAYLOAD)}
        _compare(step, set(case.payload), present, "the list of payload files")
        _check_oxum(case.bag, present, step)
    # 3. Every payload file has the digest the manifest lists.
    with case.report.step(3) as step:
        if not case.payload:
            step.not_run("not run: there is no list to compare with")
        else:
            _check_digests(case, case.payload, step)
    # 4. The tag manifest lists every other file but itself, with its digest.
    with case.report.step(4) as step:
        tags = parse_manifest(case.bag.text(TAG_MANIFEST), TAG_MANIFEST)
        present = {n for n in case.bag.sizes if not n.startswith(PAYLOAD) and n != TAG_MANIFEST}
        _compare(step, set(tags), present, "the list of other files")
        _check_digests(case, tags, step)


def _compare(step: Step, listed: set[str], present: set[str], what: str) -> None:
    for name in sorted(listed - present):
        step.fail(f"{quoted(name)} is in {what} but not in the package: it is missing")
    for name in sorted(present - listed):
        step.fail(f"{quoted(name)} is in the package but not in {what}: it was added")


def _check_digests(case: _Case, listed: Mapping[str, str], step: Step) -> None:
    checked = 0
    for name in sorted(set(listed) & set(case.bag.sizes)):
        try:
            found = case.bag.digests(name, case.progress)
        except VerifyError as error:
            step.fail(error)
            continue
        checked += 1
        if found.sha256 != listed[name]:
            step.fail(f"{quoted(name)} was changed: its SHA-256 is {found.sha256}")
    if not step.failed:
        step.words = f"{checked:,} files"


def _check_oxum(bag: Bag, present: set[str], step: Step) -> None:
    """Payload-Oxum of bag-info.txt, `<bytes>.<files>` (RFC 8493 section 2.2.2)."""
    lines = [line for line in bag.text("bag-info.txt", 1_000_000).split("\n") if line.startswith("Payload-Oxum:")]
    found = f"{sum(bag.sizes[name] for name in present)}.{len(present)}"
    for line in lines:
        if line.partition(":")[2].strip() != found:
            step.fail(f"bag-info.txt says Payload-Oxum {quoted(line.partition(':')[2].strip())}; it is {found}")
    if not step.failed:
        step.words = f"{len(present):,} files, {sum(bag.sizes[name] for name in present):,} bytes"


# ---- Steps 5 to 7: keys, log, witnesses ------------------------------------------------------------------------


def _check_log(case: _Case) -> None:
    report, unread = case.report, ""
    policy: Policy | None = None
    try:
        case.note = Note.parse(case.bag.read(CHECKPOINT, MAX_NOTE_SIZE))
        case.checkpoint = Checkpoint.parse(case.note.text)
        report.origin, report.tree_size = case.checkpoint.origin, case.checkpoint.size
    except VerifyError as error:
        unread = str(error)
    # 5. The keys come from outside the package, and know the log of the checkpoint.
    with report.step(5) as step:
        policy = check_trust(report, step, case.trust, case.checkpoint, lambda: case.bag.read(POLICY, MAX_NOTE_SIZE))
        case.policy = policy
    # 6. The checkpoint is signed by the log's key.
    with report.step(6) as step:
        if case.note is None or case.checkpoint is None:
            step.fail(unread)
        elif policy is None:
            step.not_run("not run: there is no key of this log to check with")
        else:
            check_log_signature(report, step, policy, case.note, case.check)
    # 7. The checkpoint is cosigned by the quorum of witnesses that the policy asks for.
    with report.step(7) as step:
        if case.note is None or case.checkpoint is None or policy is None:
            step.not_run("not run: there is no checkpoint, or no policy to check it by")
        else:
            check_witnesses(report, step, policy, case.note, case.check)


# ---- Steps 8 to 12: custody ------------------------------------------------------------------------------------


def _check_custody(case: _Case) -> None:
    report = case.report
    # 8. Every event's leaf is in the checkpoint's tree at its index.
    with report.step(8) as step:
        case.contents = read_contents(case.bag.read(RECORDINGS))
        report.package, report.agency = case.contents.package, case.contents.agency
        _read_discovery(case)
        _read_histories(case, case.contents, step)
        if case.note is None or case.checkpoint is None:
            step.fail("there is no checkpoint to compare with")
        else:
            check_inclusion(case.bag, case.histories, case.note, case.checkpoint, step)
            if case.discovery is not None:
                case.made = read_made(case.bag, case.note, case.checkpoint)
    # 9. Every opening matches its leaf's commitment and hour.
    with report.step(9) as step:
        if not case.histories:
            step.not_run("not run: there is no custody history")
        else:
            case.shown = check_openings(case.histories, step)
            if case.made is not None:
                case.made.opening.check()
    # The rest rests on what the events say, so it is done only when every event of every recording was opened.
    contents = case.contents
    if contents is None or step.failed or len(case.shown) != len(contents.recordings):
        for number in (10, 11, 12):
            with report.step(number) as step:
                step.not_run("not run: the events could not all be read")
        return
    # 10. Each history runs from 0 without a gap under its chained tag keys.
    with report.step(10) as step:
        check_whole(case.histories, case.shown, report.witnesses, step)
        if case.discovery is not None:
            check_everything_named(case.discovery, contents, case.histories, step)
        case.whole = not step.failed
    # 11. Each original is what its sealing event committed to.
    with report.step(11) as step:
        check_originals(case.bag, contents, case.shown, case.progress, step)
    # 12. The last event of each history is the export of this very package, and of the files beside its payload.
    with report.step(12) as step:
        kind = EXPORTED if case.discovery is None else DISCLOSED
        manifest = case.bag.digests(MANIFEST).sha256
        check_export(manifest, contents, case.histories, case.shown, step, kind)
        check_documents(case.bag, contents, case.shown, case.progress, step, kind)
        if case.discovery is not None:
            _check_made(case, case.discovery, manifest, step)


def _check_redacted(case: _Case) -> None:
    """The same steps of a package that hands out redacted copies; see `redacted`."""
    report = case.report
    report.kind = "redacted"
    # 8. The leaves of the events shown are in the checkpoint's tree at their indexes.
    with report.step(8) as step:
        step.title = TITLES[8]
        found = case.redacted = read_redacted(case.bag.read(REDACTED))
        report.package, report.agency = found.package, found.agency
        belongs = {CHECKPOINT, POLICY}
        case.histories = read_events(case.bag, report, found, step, belongs)
        for name in sorted(case.bag.sizes):
            if name.startswith("custody/") and name not in belongs:
                step.fail(f"{quoted(name)} belongs to no event shown here")
        if case.note is None or case.checkpoint is None:
            step.fail("there is no checkpoint to compare with")
        else:
            check_inclusion(case.bag, case.histories, case.note, case.checkpoint, step)
    # 9. Every opening matches its leaf's commitment and hour.
    with report.step(9) as step:
        if not case.histories:
            step.not_run("not run: no custody event can be read")
        else:
            case.shown = check_openings(case.histories, step)
    found = case.redacted
    if found is None or step.failed or len(case.shown) != len(found.contents.recordings):
        for number in (10, 11, 12):
            with report.step(number) as step:
                step.title = TITLES.get(number, step.title)
                step.not_run("not run: the events could not be read")
        return
    # 10. Shown are the making of each copy and the hand-out; how much is withheld is said.
    with report.step(10) as step:
        step.title = TITLES[10]
        check_withheld(found, case.shown, step)
    # 11. Each copy is that of its signed edit list, and its proof the one named there.
    with report.step(11) as step:
        step.title = TITLES[11]
        if case.policy is None:
            step.not_run("not run: there is no key to check the edit lists with")
        else:
            check_copies(case.bag, found, case.shown, case.policy.log_keys, case.progress, step, case.check)
    # 12. The last event of each recording is the hand-out of its copies in this package, and of the files beside it.
    with report.step(12) as step:
        check_hand_out(case.bag.digests(MANIFEST).sha256, found, case.shown, step)
        check_documents(case.bag, found.contents, case.shown, case.progress, step, found.hand_out)


def _read_discovery(case: _Case) -> None:
    """What a package of discovery says of the whole case; nothing for any other package."""
    if DISCOVERY in case.bag:
        case.report.kind = "discovery"
        case.discovery = read_discovery(case.bag.read(DISCOVERY))
        case.report.discovery = case.discovery.to_json()


def _check_made(case: _Case, found: Discovery, manifest: str, step: Step) -> None:
    if case.made is None:
        step.fail("the event of the discovery is not shown")
        return
    if case.contents is not None and found.package != case.contents.package:
        step.fail("data/discovery.json is of another package")
    hand_outs = [events[-1].payload for events in case.shown.values() if events]
    check_made(case.made.opening.check(), case.made.index, manifest, found, hand_outs, step)


def _read_histories(case: _Case, contents: Contents, step: Step) -> None:
    """The history of every recording, and nothing else, lies under custody/."""
    belongs = {CHECKPOINT, POLICY}
    if case.discovery is not None:
        belongs.add(MADE_PROOF)
    for recording in contents.recordings:
        name = f"custody/{recording.id}/history.json"
        belongs.add(name)
        events = 0
        try:
            history = read_history(case.bag.read(name))
            if history.recording != recording.id:
                step.fail(f"{quoted(name)} is the history of another recording")
                continue
            case.histories[recording.id] = history
            events = len(history.events)
            numbers = [event.n for event in history.events] + [event.n for event in history.withheld]
            belongs |= {f"custody/{recording.id}/{n:06d}.tlog-proof" for n in numbers}
            belongs |= {f"custody/{recording.id}/lost-{lost.index:012d}.tlog-proof" for lost in history.lost}
        except VerifyError as error:
            step.fail(f"the custody history of recording {recording.id}: {error}")
        told: dict[str, Any] = {"id": recording.id, "parts": len(recording.parts), "events": events}
        if case.discovery is not None:
            kept = case.histories.get(recording.id)
            told["withheld"] = len(kept.withheld) if kept is not None else 0
        case.report.recordings.append(told)
    for name in sorted(case.bag.sizes):
        if name.startswith("custody/") and name not in belongs:
            step.fail(f"{quoted(name)} belongs to no event of a history shown here")


# ---- Step 13: the public log -----------------------------------------------------------------------------------


def _compare_with_log(case: _Case, public_log: LogFiles) -> None:
    # 13. The public log, up to the checkpoint, holds no further event of these tag keys before the hand-out.
    with case.report.step(13) as step:
        if case.redacted is not None:
            step.not_run("not run: a redacted package shows no tag keys to search for")
        elif case.checkpoint is None or not case.whole:
            step.not_run("not run: the histories to compare it with are not whole")
        else:
            check_against_log(public_log, case.checkpoint, case.histories, step)
