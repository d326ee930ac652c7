"""Proving a copy: outside the masks it is the original, inside them nothing usable is left, and nothing else is in it.

Rules it keeps:

1. Both files are read anew, as a stranger would: nothing is taken from the pass that made the copy but the stretches
   that it claims to have passed through, and that claim is tested.
2. Every picture is compared, at its presentation time; a picture that only one file has breaks the proof.
3. What cannot be told for sure is a doubt, said with its time and place, for a person to look at. A doubt is never
   rounded to "holds".
4. The report is bounded: of many findings of a kind the worst are named and the rest are counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from candor.redaction.media.plan import Plan
from candor.redaction.model import PartDocument, Style
from candor.redaction.models.detector import Detector
from candor.redaction.rules import Verdict

__all__ = ["Proof", "prove"]

MAKER: Final = "proof@1"
#: What is told to everybody of a mosaic or a blur that was worked on.
_PUBLIC_OF_WEAKER: Final = ("style", "attempts", "once", "together")


@dataclass(frozen=True)
class Proof:
    """What was found. `report`: JSON data; what stands in it is told in docs/reference/package.md."""

    verdict: Verdict
    report: dict[str, Any]

    def encode(self) -> bytes:
        """The whole report as it is sealed: JSON, UTF-8, sorted."""
        return _json(self.report)

    def public(self) -> bytes:
        """The report without where something may be left to be seen, and without where the masks are: what goes to
        people who may not see the original."""
        return _json(public_form(self.report))

    @classmethod
    def decode(cls, data: bytes) -> Proof:
        """Read `encode`. Raises ValueError or KeyError for what is none."""
        report = json.loads(data)
        return cls(Verdict(report["verdict"]), report)


def public_form(report: Mapping[str, Any]) -> dict[str, Any]:
    """The public part of a report: everything but `geometry`, the places of findings, which are counted, and of
    which mask most is left."""
    found = {name: value for name, value in report.items() if name not in ("geometry", "findings")}
    counts: dict[str, int] = {}
    for one in report.get("findings", []):
        counts[one["what"]] = counts.get(one["what"], 0) + 1
    if isinstance(inside := found.get("inside"), Mapping):
        found["inside"] = _public_inside(inside)
    return found | {"form": "public", "findings": counts}


def _public_inside(inside: Mapping[str, Any]) -> dict[str, Any]:
    """What was tried on the masks and what came of it, of no mask by name, time or place: that would tell where the
    masks are, and which of them is worth working on."""
    weaker = [{name: one[name] for name in _PUBLIC_OF_WEAKER if name in one} for one in inside.get("weaker", [])]
    worst = inside.get("worst")
    return {
        **inside,
        "weaker": sorted(weaker, key=lambda one: [str(one.get(name)) for name in _PUBLIC_OF_WEAKER]),
        "worst": None if worst is None else {name: worst[name] for name in ("spread",) if name in worst},
    }


def prove(
    original: BinaryIO,
    copy: BinaryIO,
    plan: Plan,
    part: PartDocument,
    style: Style,
    details: Mapping[str, Any],
    detectors: Sequence[Detector],
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Proof:
    """Compare a redacted copy with its original.

    original, copy: seekable. details: what the rendering said of itself (`copied`: stretches of times that were passed
    through). detectors: run over pictures of the copy, at low thresholds; none: that check is said not to have been
    made. Raises what limited processes raise, LimitedCancelled among them.
    """
    from candor.redaction.media.proof import proven  # what it needs of pictures takes a while to load

    return proven(original, copy, plan, part, style, details, detectors, progress=progress, cancelled=cancelled)


def _json(value: Mapping[str, Any]) -> bytes:
    return (
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"
    ).encode()
