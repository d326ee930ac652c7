"""What a run of the bench says, as tables for people (Markdown) and as JSON; and into a document, between two marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from candor.core.errors import CandorError
from candor.core.files import write_durably
from candor.redaction.measure.bench import SIZES, ClipResult, Result
from candor.redaction.measure.clips import Truth
from candor.redaction.measure.coverage import Coverage
from candor.redaction.measure.spent import SpeedOf

__all__ = ["BEGIN", "END", "GOALS", "MarksMissing", "as_json", "as_markdown", "marked", "write_into"]

BEGIN: Final = "<!-- bench: begin -->"
END: Final = "<!-- bench: end -->"
#: What is aimed at for faces, before review, on two cores at 1080p.
GOALS: Final = {"recall": 0.998, "leak": 3, "over_masking": 0.03, "rate": 30.0, "memory": 1_500_000_000}
_TRAITS: Final = ("plain", "dark", "blurred", "profile", "occluded", "drawn")


class MarksMissing(CandorError):
    """{path} has no place for the tables: the lines "<!-- bench: begin -->" and, below it, "<!-- bench: end -->" are
    missing. Nothing was changed."""

    exit_code = 3


def marked(path: Path) -> tuple[str, str]:
    """What stands before and behind the marks. Raises MarksMissing."""
    try:
        old = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise MarksMissing(path=path) from error
    before, found, rest = old.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        raise MarksMissing(path=path)
    return before, after


def write_into(path: Path, text: str) -> None:
    """Replace what stands between the marks, whole or not at all. Raises MarksMissing."""
    before, after = marked(path)
    write_durably(path, f"{before}{BEGIN}\n{text.strip()}\n{END}{after}".encode())


def joined(results: Iterable[Coverage]) -> Coverage:
    """Several clips together."""
    whole = Coverage()
    over: list[float] = []
    for one in results:
        whole.instances += one.instances
        whole.covered += one.covered
        whole.open += one.open
        whole.leaks += one.leaks
        whole.worst += one.worst
        if one.over_masking is not None:
            over.append(one.over_masking)
    whole.over_masking = sum(over) / len(over) if over else None
    return whole


def together(speeds: Iterable[SpeedOf | None]) -> SpeedOf | None:
    """Several clips together; None where one was not measured."""
    found = list(speeds)
    if not found or any(one is None for one in found):
        return None
    kept = [one for one in found if one is not None]
    wall, processor = sum(one.wall for one in kept), sum(one.processor for one in kept)
    return SpeedOf(wall, processor, sum(one.pictures for one in kept))


def whole_job(clip: ClipResult) -> SpeedOf:
    """From the file to the redacted file: finding and rendering."""
    found, made = clip.speeds["detect"], clip.speeds["render"]
    return SpeedOf(found.wall + made.wall, found.processor + made.processor, found.pictures)


def as_markdown(result: Result, day: date, command: str) -> str:
    """The tables, with the goals held against them."""
    machine = result.machine
    lines = [
        f"Measured on {day.isoformat()} by `{command}`: {machine['cores']} cores of {machine['processor']}, load "
        f"{machine['load']} at the start, {machine['load at the end']} at the end. Models: {', '.join(result.models)}. "
        + (f"Peer: deface {result.peer}." if result.peer else "No peer was there."),
        "",
        *_groups(result),
    ]
    if result.unmeasured:
        lines += ["**Not measured:** " + "; ".join(result.unmeasured) + ".", ""]
    memory = _goal("", result.memory / 1e6, GOALS["memory"] / 1e6, lambda got, aim: got < aim, ",.0f").strip()
    lines.append(f"Most memory held at a moment by this program and all that it started, in MB: {memory}.")
    return "\n".join(lines)


def _groups(result: Result) -> list[str]:
    lines: list[str] = []
    for name, clips in _by_set(result.clips).items():
        agreement = clips[0].clip.truth is Truth.OWN
        title = "covered (agreement with its own boxes)" if agreement else "covered to 0.9"
        kind = sorted({one.kind for clip in clips for one in clip.clip.instances})
        sizes = dict.fromkeys("×".join(map(str, clip.clip.size)) for clip in clips)
        size, names = " and ".join(sizes), {clip.clip.name for clip in clips}
        lines += [
            f"### {name}: {len(names)} clips, {size}, {', '.join(kind) or 'nothing known'}",
            "",
            f"| by | instances over 24 px | {title} | open | leaks | longest leak, frames | over-masking | find, /s "
            "| render, /s | whole job, /s | prove, /s | processor, ms a picture |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        for profile in dict.fromkeys(clip.profile for clip in clips):
            mine = [clip for clip in clips if clip.profile is profile]
            lines.append(_row(f"Candor, {profile.value}", joined(one.ours["all"] for one in mine), mine))
        peers = [clip for clip in clips if clip.profile is clips[0].profile and clip.peer]
        if peers:
            lines.append(_peer_row(joined(one.peer["all"] for one in peers), peers))
        lines += ["", *_details(clips), ""]
        lines += _against_goals(name, clips)
    return lines


def _by_set(clips: Sequence[ClipResult]) -> dict[str, list[ClipResult]]:
    found: dict[str, list[ClipResult]] = {}
    for one in clips:
        found.setdefault(one.set_name, []).append(one)
    return found


def _row(words: str, seen: Coverage, clips: Sequence[ClipResult]) -> str:
    steps = [together(clip.speeds.get(step) for clip in clips) for step in ("detect", "render")]
    whole, proof = together(map(whole_job, clips)), together(clip.speeds.get("prove") for clip in clips)
    rates = [_rate(steps[0]), _rate(steps[1]), _rate(whole), _rate(proof)]
    return f"| {words} | {_seen(seen)} | {' | '.join(rates)} | {whole.cost:.0f} |" if whole else f"| {words} |"


def _peer_row(seen: Coverage, clips: Sequence[ClipResult]) -> str:
    speed = together(clip.peer_speed for clip in clips)
    cost = f"{speed.cost:.0f}" if speed else "–"
    return f"| deface, defaults | {_seen(seen)} | – | – | {_rate(speed)} | – | {cost} |"


def _seen(seen: Coverage) -> str:
    over = "–" if seen.over_masking is None else f"{100 * seen.over_masking:.2f} %"
    recall = "–" if seen.recall is None else f"{seen.recall:.4f}"
    return f"{seen.instances} | {recall} | {seen.open} | {len(seen.leaks)} | {seen.longest_leak} | {over}"


def _rate(speed: SpeedOf | None) -> str:
    return "–" if speed is None else f"{speed.rate:.1f}"


def _details(clips: Sequence[ClipResult]) -> list[str]:
    """By size and by what makes it hard."""
    names = [*SIZES, *_TRAITS]
    first = clips[0].profile
    chosen = [clip for clip in clips if clip.profile is first]
    present = [name for name in names if any(name in one.ours and one.ours[name].instances for one in chosen)]
    with_peer = any(clip.peer for clip in chosen)
    lines = [
        f"| {first.value} | instances | covered to 0.9 | longest leak |"
        + (" deface covered | deface longest leak |" * with_peer),
        "|---|---|---|---|" + "---|---|" * with_peer,
    ]
    for name in present:
        mine = joined(one.ours[name] for one in chosen if name in one.ours)
        row = f"| {name} | {mine.instances} | {mine.recall or 0:.4f} | {mine.longest_leak} |"
        if with_peer:
            theirs = joined(one.peer[name] for one in chosen if name in one.peer)
            row += f" {theirs.recall or 0:.4f} | {theirs.longest_leak} |"
        lines.append(row)
    return lines


def _against_goals(name: str, clips: Sequence[ClipResult]) -> list[str]:
    if not any(one.kind == "face" for clip in clips for one in clip.clip.instances):
        return []
    if clips[0].clip.truth is Truth.OWN:
        return []
    lines = []
    for profile in dict.fromkeys(clip.profile for clip in clips):
        mine = [clip for clip in clips if clip.profile is profile]
        seen, whole = joined(one.ours["all"] for one in mine), together(map(whole_job, mine))
        said = [
            _goal("covered", seen.recall or 0, GOALS["recall"], lambda got, aim: got >= aim, ".4f"),
            _goal("longest leak", seen.longest_leak, GOALS["leak"], lambda got, aim: got < aim, ".0f"),
            _goal("over-masking", seen.over_masking or 0, GOALS["over_masking"], lambda got, aim: got < aim, ".2%"),
        ]
        if whole is not None and mine[0].clip.size[1] == 1080:
            said.append(
                _goal("whole job, pictures a second", whole.rate, GOALS["rate"], lambda got, aim: got >= aim, ".1f")
            )
        lines += [f"Goals, {name}, {profile.value}: " + "; ".join(said) + ".", ""]
    return lines


def _goal(words: str, got: float, aim: float, holds: Callable[[float, float], bool], form: str) -> str:
    verdict = "reached" if holds(got, aim) else "**not reached**"
    return f"{words} {got:{form}} (goal {aim:{form}}): {verdict}"


def as_json(result: Result) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "machine": result.machine,
        "models": result.models,
        "peer": result.peer,
        "memory": result.memory,
        "unmeasured": result.unmeasured,
        "clips": [
            {
                "name": one.clip.name,
                "set": one.set_name,
                "size": list(one.clip.size),
                "pictures": one.clip.frames,
                "truth": one.clip.truth.value,
                "profile": one.profile.value,
                "tracks": one.tracks,
                "verdict": one.verdict,
                "method": one.method,
                "speeds": {step: _speed(speed) for step, speed in one.speeds.items()},
                "ours": {name: _coverage(seen) for name, seen in one.ours.items()},
                "peer": {name: _coverage(seen) for name, seen in one.peer.items()},
                "peer_speed": None if one.peer_speed is None else _speed(one.peer_speed),
            }
            for one in result.clips
        ],
    }


def _speed(speed: SpeedOf) -> dict[str, float]:
    return {"wall": round(speed.wall, 3), "processor": round(speed.processor, 3), "rate": round(speed.rate, 2)}


def _coverage(seen: Coverage) -> dict[str, Any]:
    return {
        "instances": seen.instances,
        "covered": seen.covered,
        "open": seen.open,
        "recall": None if seen.recall is None else round(seen.recall, 5),
        "leaks": [list(leak) for leak in seen.leaks],
        "longest_leak": seen.longest_leak,
        "over_masking": None if seen.over_masking is None else round(seen.over_masking, 5),
        "worst": [list(one) for one in seen.worst],
    }
