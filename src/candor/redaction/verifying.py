"""Checking a redacted copy against its original, as somebody does who has both files and nothing else.

No installation is needed, no network and no model. The steps are numbered as those of a package (`candor.verify`), as
far as they are the same: 5 the keys, 6 the signature, 11 the files; 14 to 17 repeat the proof. Where in the picture the
masks are stands in the whole proof, which somebody who holds the original is given with it; without it, differences are
held against the times of the edit list alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final

from candor.core.limited import LimitedCancelled, LimitedError
from candor.redaction.media.plan import Plan, look
from candor.redaction.model import PartDocument, Shape, SoundStyle, Span, Style, Track
from candor.redaction.proving import Proof, prove
from candor.verify.edit_list import EditList, verify_edit_list
from candor.verify.encoding import reading
from candor.verify.errors import Malformed, VerifyError, shown
from candor.verify.note import MAX_NOTE_SIZE, Note
from candor.verify.report import Outcome, Report, Step
from candor.verify.trust import Trust

__all__ = ["FAILURES", "TITLES", "CopyReport", "verify_copy"]

TITLES: Final = {
    5: "The keys to trust come from outside",
    6: "The log signed the edit list",
    11: "Original, copy and proof are those that the edit list names",
    14: "Outside the masks the copy is the original",
    15: "Inside the masks nothing usable was found",
    16: "The sound is hidden where it is said to be, and the original's elsewhere",
    17: "The copy's file holds nothing else",
}
FAILURES: Final = {
    5: "the keys given are not for the log that signed the edit list",
    6: "the edit list is not signed by the log",
    11: "a file is not the one that the edit list names",
    14: "outside the masks the copy is not the original",
    15: "something is left inside the masks",
    16: "the sound is not as the edit list says",
    17: "the copy's file holds something that it should not",
}
LONGEST_PROOF: Final = 256 << 20
_MOST_PICTURES: Final = 20_000_000  # a day at 230 a second
_SLACK: Final = 100  # milliseconds around the times of a mask that a list gives to the millisecond
_PIECE: Final = 4 << 20
#: What is wrong outside the masks, the plainest first: only so many are named.
_OUTSIDE = ("block", "size", "not-identical", "missing", "extra", "turn", "packet", "black")
_INSIDE = ("mask-open", "passed-through-masked", "mosaic-recovered", "weaker")
_FILE = ("track", "metadata", "box", "hidden-bytes", "container", "sei")

Progress = Callable[[float], None]


@dataclass
class CopyReport(Report):
    """The result; as that of a package, for steps of its own."""

    differs: list[list[int]] = field(default_factory=list)
    """Where pictures differ, when there is nothing to hold that against: [first, last] in milliseconds."""

    @property
    def result_line(self) -> str:
        """The one sentence that says how it ended."""
        failure = self.first_failure
        if failure is not None:
            return f"FAILED at step {failure.number}: {FAILURES[failure.number]}"
        if self.keys != "outside":
            return "COMPARED, BUT NOT PROVEN: no key from outside vouches for an edit list"
        count = len(self.warnings)
        return f"VERIFIED{f', with {count} warning(s) to weigh' if count else ''}"


@dataclass(frozen=True)
class _Given:
    """What the checks go by."""

    plan: Plan
    part: PartDocument
    style: Style
    details: dict[str, Any]
    placed: bool
    """Whether it is known where in the picture the masks are."""


def verify_copy(
    original: Path,
    copy: Path,
    trust: Trust,
    *,
    edit_list: bytes | None = None,
    proof: bytes | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> CopyReport:
    """Check a copy. edit_list: the signed one; proof: the whole proof, as it is sealed. Never raises for what the files
    hold: the report says it. Raises OSError where a file cannot be read, LimitedCancelled."""
    report = CopyReport(str(copy), kind="copy")
    edits = None if edit_list is None else _signature(report, trust, edit_list)
    known = None if proof is None else _files(report, edits, original, copy, proof)
    if proof is None and edits is not None:
        known = _files(report, edits, original, copy, None)
    with original.open("rb") as first, copy.open("rb") as second:
        try:
            given = _given(first, edits, known, cancelled)
            found = prove(
                first,
                second,
                given.plan,
                given.part,
                given.style,
                given.details,
                (),
                progress=progress,
                cancelled=cancelled,
            )
        except LimitedCancelled:
            raise
        except (LimitedError, Malformed) as error:
            with _step(report, 14) as step:
                step.fail(error)
            return report
    _repeat(report, found, given, edits)
    return report


# ---- 5, 6: keys and signature ------------------------------------------------------------------------------------


def _signature(report: CopyReport, trust: Trust, data: bytes) -> EditList | None:
    edits: EditList | None = None
    origin = ""
    with _step(report, 5) as step:
        if trust.policy is None:
            step.warn("NOT PROVEN: no key was given, so anybody may have written this edit list")
        else:
            report.keys, report.key_source = "outside", trust.source
            step.words = f"from {shown(trust.source)}"
    with _step(report, 6) as step:
        note = Note.parse(data[: MAX_NOTE_SIZE + 1])
        origin, edits = EditList.parse(note.text)
        report.origin = origin
        if trust.policy is None:
            step.not_run("not run: there is no key to check with")
        else:
            signer, edits = verify_edit_list(data, trust.policy.log_keys)
            step.words = f"{shown(signer.name)} signed edit {edits.edit} of {edits.made_at}"
    if step.failed and report.keys == "outside":
        report.keys = "none"
    return edits


# ---- 11: the files -----------------------------------------------------------------------------------------------


def _files(report: CopyReport, edits: EditList | None, original: Path, copy: Path, proof: bytes | None) -> Proof | None:
    known: Proof | None = None
    with _step(report, 11) as step:
        if proof is not None:
            known = _read_proof(proof)
        if edits is None:
            step.warn("there is no edit list to hold the files against: nobody vouches for this proof")
            return known
        for name, path, sealed in (("original", original, edits.original), ("copy", copy, edits.copy)):
            digest, size = _digest(path)
            if (digest, size) != (sealed.sha256, sealed.size):
                step.fail(f"the {name} is not the one that the edit list names: its SHA-256 is {digest}")
        if proof is not None and hashlib.sha256(proof).hexdigest() != edits.proof_sha256:
            step.fail("the proof is not the one that the edit list names")
            known = None  # what it says of the masks is nobody's word
        if not step.failed:
            step.words = f"original {edits.original.size:,} bytes, copy {edits.copy.size:,} bytes"
            step.note(f"the agency's own verdict was: {edits.verdict}")
    return known


def _read_proof(data: bytes) -> Proof:
    with reading("proof of a redacted copy"):
        if len(data) > LONGEST_PROOF:
            raise ValueError(f"longer than {LONGEST_PROOF:,} bytes")
        try:
            return Proof.decode(data)
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("a part of it is missing") from error


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _given(
    original: BinaryIO, edits: EditList | None, known: Proof | None, cancelled: Callable[[], bool] | None
) -> _Given:
    """What is hidden where, as far as what was given tells it. Raises Malformed, and what looking raises."""
    geometry = None if known is None else known.report.get("geometry")
    if geometry is not None:
        with reading("proof of a redacted copy"):
            try:
                plan, part = Plan.from_json(geometry["plan"]), PartDocument.from_json(geometry["document"])
                if len(plan.frames) > _MOST_PICTURES or not all(_has_places(one) for one in part.tracks.values()):
                    raise ValueError("what it says of the masks cannot be so")
                return _Given(plan, part, Style(geometry["style"]), dict(geometry["details"]), True)
            except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
                raise ValueError("what it says of the masks cannot be read") from error
    plan = look(original, cancelled=cancelled)
    if edits is None:
        return _Given(plan, PartDocument(), Style.SOLID, {"shift": None}, False)
    spans = {
        str(place): Span(str(place), "", one.begin, one.until, SoundStyle(one.style))
        for place, one in enumerate(edits.sound)
        if one.style in list(SoundStyle)
    }
    part = PartDocument(spans=spans, mute_all=edits.muted)
    return _Given(plan, part, Style.SOLID, {"shift": edits.facts.get("shift")}, False)


def _has_places(track: Track) -> bool:
    """Whether each of its keys, in order of time, has as many numbers as its shape takes."""
    counts = {len(key.numbers) for key in track.keys}
    in_order = all(one.at < two.at for one, two in pairwise(track.keys))
    if track.shape is Shape.POLYGON:
        return in_order and all(count >= 6 and count % 2 == 0 for count in counts)
    return in_order and counts <= {0 if track.shape is Shape.WHOLE else 4}


# ---- 14 to 17: the proof, once more ------------------------------------------------------------------------------


def _repeat(report: CopyReport, found: Proof, given: _Given, edits: EditList | None) -> None:
    findings = [one for one in found.report["findings"] if one["what"] != "not-looked"]
    with _step(report, 14) as step:
        _outside(report, step, findings, found, given, edits)
    with _step(report, 15) as step:
        _inside(step, findings, found, given)
    with _step(report, 16) as step:
        _say(step, [one for one in findings if one["what"].startswith("sound-") or "span" in one])
        sound = found.report["sound"]
        if edits is None and not given.placed and step.failed:
            step.outcome = Outcome.WARNING
        if not any(sound["tracks"]):
            step.words = "there is none in either file"
        elif step.outcome is Outcome.PASSED:
            step.words = f"{sound.get('seconds', 0)} s compared, {len(sound.get('spans', ()))} span(s) hidden"
    with _step(report, 17) as step:
        _say(step, [one for one in findings if one["what"] in _FILE])
        if not step.failed:
            step.words = f"{', '.join(found.report['container']['tracks'])}; nothing else"


def _outside(
    report: CopyReport,
    step: Step,
    findings: Sequence[dict[str, Any]],
    found: Proof,
    given: _Given,
    edits: EditList | None,
) -> None:
    outside, counts = found.report["outside"], found.report["pictures"]
    own = sorted((one for one in findings if one["what"] in _OUTSIDE), key=lambda one: _OUTSIDE.index(one["what"]))
    if given.placed:
        _say(step, own)
    else:
        _say(step, [one for one in own if one["what"] != "block"])
        _differences(report, step, outside["differing"], given, edits)
    if not step.failed:
        worst = outside["worst"]
        step.words = f"{counts['pictures']:,} pictures, {outside['identical']:,} of them bit for bit"
        if worst is not None and given.placed:
            place = f"at {worst['ms'] / 1000:.3f} s, x {worst['box'][0]}, y {worst['box'][1]}"
            step.note(f"the worst block {place}: PSNR {worst['psnr']} dB, SSIM {worst['ssim']}")


def _differences(
    report: CopyReport, step: Step, runs: Sequence[Sequence[int]], given: _Given, edits: EditList | None
) -> None:
    """Where pictures differ, held against the times that the list gives for its masks."""
    frames = given.plan.frames
    stretches = [[round(1000 * frames.seconds(first)), round(1000 * frames.seconds(last))] for first, last in runs]
    if edits is None:
        report.differs = stretches
        for first, last in stretches:
            step.warn(f"the pictures differ from {first / 1000:.3f} s to {last / 1000:.3f} s")
        return
    masks = [(one.first - _SLACK, one.last + _SLACK) for one in edits.masks]
    if edits.overlay:
        masks.append((-(1 << 60), 1 << 60))
    for first, last in stretches:
        if not _within(first, last, masks):
            step.fail(
                f"the pictures differ from {first / 1000:.3f} s to {last / 1000:.3f} s; no mask is said to be there"
            )
    step.note("where in the picture the masks are was not checked: that takes the whole proof (--proof)")


def _within(first: int, last: int, masks: Sequence[tuple[int, int]]) -> bool:
    """Whether masks cover a stretch, one or several together."""
    at = first
    for begin, end in sorted(masks):
        if begin <= at <= end:
            at = max(at, end)
    return at >= last


def _inside(step: Step, findings: Sequence[dict[str, Any]], found: Proof, given: _Given) -> None:
    if not given.placed:
        step.not_run("not run: it is not known where in the picture the masks are (--proof FILE)")
        return
    _say(step, [one for one in findings if one["what"] in _INSIDE and "span" not in one])
    inside = found.report["inside"]
    if not step.failed:
        step.words = f"{inside['solid']:,} solid masks looked into, {inside['weaker_tracks']:,} weaker ones"
    step.note("no model was run over the copy here; the agency's proof says which ones it ran")


def _say(step: Step, findings: Sequence[dict[str, Any]]) -> None:
    for one in findings:
        where = [f"at {one['ms'] / 1000:.3f} s"] if "ms" in one else []
        where += [f"x {one['box'][0]}, y {one['box'][1]}"] if one.get("box") else []
        words = f"{one['what']}: {one['words']}" + (f" ({', '.join(where)})" if where else "")
        if one["verdict"] == "broken":
            step.fail(words)
        else:
            step.warn(words)


@contextmanager
def _step(report: CopyReport, number: int) -> Iterator[Step]:
    """A step being done. A VerifyError that leaves the block is what it failed on."""
    step = Step(number, TITLES[number])
    report.steps.append(step)
    try:
        yield step
    except VerifyError as error:
        step.fail(error)
