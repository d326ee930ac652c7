"""Comparing a copy with its original: three limited passes, the detectors beside them, and what follows from both.

The limited processes' side is `proof_work.py`. Models run here, on pictures of the copy that the process sends.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Final, cast

from candor.core.limited import Limits, run_limited
from candor.redaction.masks import Masks
from candor.redaction.media.plan import Plan, limits_for
from candor.redaction.media.residual import CELLS
from candor.redaction.media.seen import Seen, Sink
from candor.redaction.media.two_files import Joined
from candor.redaction.model import Kind, PartDocument, SoundStyle, Style
from candor.redaction.models.detector import Detector
from candor.redaction.proving import MAKER, Proof
from candor.redaction.rules import KIND_WORDS, Verdict

__all__ = ["proven"]

EVERY: Final = 5
"""Of the copy's pictures, every how-manieth goes to the detectors; all key pictures and those beside the ends of masks
go there too."""
_LONGEST_SIDE: Final = 1280
_MOST_WANTED: Final = 200_000
_MOST_OUTPUT: Final = 1 << 50  # bytes that the pictures may take, which are looked at and dropped
_SHARES: Final = {"container": (0.0, 0.08), "pictures": (0.08, 0.92), "sound": (0.92, 1.0)}

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]


def proven(
    original: BinaryIO,
    copy: BinaryIO,
    plan: Plan,
    part: PartDocument,
    style: Style,
    details: Mapping[str, Any],
    detectors: Sequence[Detector],
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Proof:
    """See `candor.redaction.proving.prove`."""
    masks = Masks(plan.picture, part, style, times=plan.frames)
    spans = [one for one in part.spans.values() if one.hidden]
    told = {
        "masks": masks.to_json(),
        "frames": plan.frames.to_json(),
        "duration": plan.duration,
        "interlaced": plan.interlaced,
        "copied": [[int(first), int(last)] for first, last in details.get("copied", [])],
        "shift": details.get("shift", 0),
        "times_kept": bool(details.get("kept")),
        "spans": [
            {"id": one.id, "begin": one.begin, "until": one.until, "style": one.style.value}
            for one in sorted(spans, key=lambda one: (one.begin, one.until, one.id))
        ],
        "every": EVERY,
        "sizes": [list(_size(plan, one)) for one in detectors],
        "wanted": _wanted(plan, part),
    }
    passes = _Passes(original, copy, plan, told, progress, cancelled)
    container = passes.run("container")
    seen = Seen(plan, part, masks, detectors, [_size(plan, one) for one in detectors])
    pictures = passes.run("pictures", {"pictures": cast(BinaryIO, Sink(seen.take))})
    sound = passes.run("sound")
    _check_tracks(sound, plan, part)
    if progress is not None:
        progress(1.0)
    report = {
        "v": 1,
        "maker": MAKER,
        "container": container["file"],
        "packets": container["packets"],
        "pictures": pictures["counts"],
        "outside": pictures["outside"],
        "inside": pictures["inside"],
        "sound": sound,
        "detectors": seen.result(EVERY, pictures["counts"]["sent"]),
    }
    return _judged(report, pictures["findings"], plan, part, style, details)


class _Passes:
    """Runs the passes, one after the other, over both files."""

    def __init__(
        self,
        original: BinaryIO,
        copy: BinaryIO,
        plan: Plan,
        told: Mapping[str, Any],
        progress: Progress | None,
        cancelled: Cancelled | None,
    ) -> None:
        self._stream, self._sizes = Joined.of(original, copy, told)
        self._progress, self._cancelled = progress, cancelled
        pixels = len(plan.frames) * plan.picture.width * plan.picture.height
        known = limits_for(self._stream.seek(0, os.SEEK_END), result=8 << 20, output=_MOST_OUTPUT)
        seconds = known.cpu_seconds + pixels / 4_000_000
        self._limits = Limits(**{**vars(known), "cpu_seconds": seconds, "wall_seconds": 4 * seconds})

    def run(self, name: str, outputs: Mapping[str, BinaryIO] | None = None) -> dict[str, Any]:
        """One pass, by its name."""
        begin, end = _SHARES[name]

        def told(fraction: float) -> None:
            if self._progress is not None:
                self._progress(begin + (end - begin) * fraction)

        return run_limited(
            f"candor.redaction.media.work:prove_{name}",
            self._stream,
            {"sizes": self._sizes},
            self._limits,
            progress=told,
            cancelled=self._cancelled,
            outputs=outputs,
        )


def _size(plan: Plan, detector: Detector) -> tuple[int, int]:
    """The size of picture that a detector gets: its own, of the picture's shape, exchanged where the picture stands."""
    width, height = detector.size
    if plan.picture.height > plan.picture.width:
        width, height = height, width
    scale = min(1.0, _LONGEST_SIDE / max(width, height))
    return max(32, round(width * scale / 2) * 2), max(32, round(height * scale / 2) * 2)


def _wanted(plan: Plan, part: PartDocument) -> list[int]:
    """Times of pictures to be looked at in any case: key pictures, and the two on either side of where a mask begins or
    ends."""
    frames, count = plan.frames, len(plan.frames)
    found = set(plan.keys)
    for track in part.tracks.values():
        if not track.keys:
            continue
        first, last = frames.number_at(track.first), frames.number_at(track.last)
        beside = (first - 2, first - 1, last + 1, last + 2)
        found |= {frames.at(number) for number in beside if 0 <= number < count}
    return sorted(found)[:_MOST_WANTED]


def _check_tracks(sound: dict[str, Any], plan: Plan, part: PartDocument) -> None:
    """Sound is there where it should be, and nowhere else."""
    here, there = sound["tracks"]
    if part.mute_all and there:
        sound["findings"].insert(
            0, {"what": "sound-left", "ms": 0, "words": "the copy has a sound track; it should have none"}
        )
    elif not part.mute_all and here and not there:
        sound["findings"].insert(
            0, {"what": "sound-missing", "ms": 0, "words": "the sound of the original is not in the copy"}
        )
    elif there and not here:
        sound["findings"].insert(
            0, {"what": "sound-extra", "ms": 0, "words": "the copy has sound that the original has not"}
        )


# ---- what follows ------------------------------------------------------------------------------------------------


def _judged(
    report: dict[str, Any],
    beside: Sequence[dict[str, Any]],
    plan: Plan,
    part: PartDocument,
    style: Style,
    details: Mapping[str, Any],
) -> Proof:
    """The verdict with its reasons. Findings of the passes break the proof; findings of detectors are doubts, and so is
    whatever a weaker style lets through."""
    groups = [
        beside,
        *(report[name].pop("findings") for name in ("container", "packets", "outside", "inside", "sound")),
    ]
    broken = [_placed(plan, {"verdict": Verdict.BROKEN.value, **one}) for group in groups for one in group]
    more = sum(report[name].pop("more") for name in ("container", "packets", "outside", "inside", "sound"))
    doubts = [
        _placed(plan, {"verdict": Verdict.DOUBTFUL.value, **one}) for one in _doubts(report, part, style, details)
    ]
    seen = [_placed(plan, one) for one in report["detectors"].pop("findings")]
    doubts += [one for one in seen if one["verdict"] == Verdict.DOUBTFUL.value]
    noted = [one for one in seen if one["verdict"] == Verdict.HOLDS.value]
    verdict = Verdict.BROKEN if broken else Verdict.DOUBTFUL if doubts else Verdict.HOLDS
    for name in ("outside", "inside"):
        if report[name].get("worst"):
            report[name]["worst"] = _placed(plan, report[name]["worst"])
    reasons: dict[str, int] = {}
    for one in broken if broken else doubts:
        reasons[one["what"]] = reasons.get(one["what"], 0) + 1
    report |= {
        "verdict": verdict.value,
        "reasons": reasons,
        "findings": broken + doubts + noted,
        "more": more,
        "geometry": {
            "plan": plan.to_json(),
            "document": part.to_json(),
            "style": style.value,
            "details": _kept(details),
        },
    }
    return Proof(verdict, report)


def _doubts(
    report: Mapping[str, Any], part: PartDocument, style: Style, details: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in report["inside"]["weaker"]:
        reached = max(one["once"], one["together"])
        if one["style"] == Style.BLUR.value:
            what, words = "weaker", f"a blur is weaker: {reached} x {reached} places came back"
        elif reached > CELLS:
            what = "mosaic-recovered"
            words = f"of a mosaic {reached} x {reached} places came back, more than {CELLS} x {CELLS}"
        else:
            continue
        found.append({"what": what, "at": one["at"], "track": one["track"], "words": words})
    named = {one["track"] for one in found}
    for track in part.tracks.values():
        if track.hidden and (track.style or style) is Style.BLUR and track.id not in named and track.keys:
            words = "a blur is weaker than a solid mask or a mosaic"
            found.append({"what": "weaker", "at": track.first, "track": track.id, "words": words})
    for span in part.spans.values():
        if span.hidden and span.style is SoundStyle.DISTORT:
            words = "distorted sound is weaker: some understand words in it"
            found.append({"what": "weaker", "ms": span.begin, "span": span.id, "words": words})
    covered, claimed = report["pictures"]["covered"], int(details.get("covered", 0))
    if covered > claimed:
        words = f"{covered - claimed} picture(s) of the copy are black, and nothing says why"
        found.append({"what": "black", "words": words})
    if not report["detectors"]["models"]:
        found.append({"what": "not-looked", "words": "no model looked at the copy for what may have been missed"})
    if not details.get("searched", True):
        words = "the original was not looked through to its end by a model before the copy was made"
        found.append({"what": "not-searched", "words": words})
    for kind in details.get("unlooked", ()) if report["detectors"]["models"] else ():
        words = f"no model here looks for a {KIND_WORDS[Kind(kind)]}, so nobody looked for one that was missed"
        found.append({"what": "not-looked", "kind": kind, "words": words})
    return found[:1000]


def _placed(plan: Plan, one: Mapping[str, Any]) -> dict[str, Any]:
    """A finding with its time in milliseconds of the viewing copy, and its place in the upright picture."""
    found = dict(one)
    if "at" in found and "ms" not in found:
        found["ms"] = math.floor((found["at"] - plan.frames.zero) * plan.frames.clock * 1000)
    if "x" in found and "y" in found and "box" not in found:
        found["box"] = _upright(plan, found["x"], found["y"])
    return found


def _upright(plan: Plan, x: int, y: int) -> list[int]:
    """The box, upright, of a block of 16 pixels of the coded picture."""
    picture = plan.picture
    width, height = plan.coded
    corners = []
    for across, down in ((x, y), (x + 16, y + 16)):
        across = width - across if picture.mirrored else across
        match picture.degrees:
            case 90:
                corners.append((height - down, across))
            case 180:
                corners.append((width - across, height - down))
            case 270:
                corners.append((down, width - across))
            case _:
                corners.append((across, down))
    (a, b), (c, d) = corners
    return [min(a, c), min(b, d), max(a, c), max(b, d)]


def _kept(details: Mapping[str, Any]) -> dict[str, Any]:
    """What of the rendering's own words the checks need again."""
    names = ("maker", "method", "copied", "shift", "kept", "covered", "encoder", "notes", "pictures", "masked")
    return {name: details[name] for name in names if name in details}
