"""One mutant through everything that reads such a file, and what is asked of it."""

from __future__ import annotations

import io
import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tests.fuzz.corpus import Seed, corpus, references
from tests.fuzz.mutation import mutate

from candor.core.errors import CandorError
from candor.core.limited import LimitedError, LimitedFailed, LimitedSlow, Limits, run_limited
from candor.docking.axis import rules as axis_rules
from candor.docking.cards.choosing import choose
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.mapping_file import read_mapping
from candor.footage.media.findings import PROBLEMS
from candor.footage.media.repairs import limits_for

HERE = Path(__file__).parent
SECONDS = 10.0
MEMORY = 1 << 30
_LIMITS = Limits(memory=768 << 20, cpu_seconds=SECONDS, wall_seconds=SECONDS, result_bytes=24 << 20)


class Fault(AssertionError):
    """A mutant did what none may do."""


@dataclass
class Tally:
    """What a run came to. Times in seconds, memory in bytes."""

    mutants: int = 0
    tasks: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_of: str = ""
    peak: int = 0
    peak_of: str = ""

    def note(self, what: str, outcome: str, seconds: float, peak: int = 0) -> None:
        self.tasks += 1
        self.outcomes[f"{what.split(' ')[0]}: {outcome}"] += 1
        if seconds > self.slowest:
            self.slowest, self.slowest_of = seconds, what
        if peak > self.peak:
            self.peak, self.peak_of = peak, what


def mutant(number: int, run: str) -> tuple[Seed, bytes]:
    """The mutant of that number in a run of that name."""
    seeds = corpus()
    seed = seeds[number % len(seeds)]
    return seed, mutate(seed.data, tuple(one.data for one in seeds if one.data), f"{run}/{number}")


def tried(seed: Seed, data: bytes, tally: Tally) -> None:
    """Put one mutant through everything. Raises Fault."""
    tally.mutants += 1
    if seed.kind in ("film", "small"):
        for work, params in _works(seed):
            _limited(work, params, seed, data, tally)
    else:
        _in_the_parent(seed, data, tally)


def _works(seed: Seed) -> list[tuple[str, dict[str, Any]]]:
    if seed.kind == "small":
        works: list[tuple[str, dict[str, Any]]] = [("sidecar", {"name": seed.name})]
        return [*works, ("track", {})] if seed.name.endswith("json") else works
    known = references()["hevc" if "265" in seed.name else "h264"]
    works = [("probe", {}), ("repair", {"reference": known}), ("places", {"seconds": 1.0})]
    if seed.name in ("plain.mp4", "first.mp4"):
        works.append(("profile", {}))
    if seed.name in ("signed.mp4", "manifest.mp4"):
        works.append(("signatures", {"roots": []}))
    if seed.name.startswith("bare"):
        works.append(("repair", {"reference": None}))
    return works


def _limited(work: str, params: dict[str, Any], seed: Seed, data: bytes, tally: Tally) -> None:
    outputs: dict[str, BinaryIO] = {"copied": io.BytesIO(), "rebuilt": io.BytesIO()} if work == "repair" else {}
    limits = _LIMITS
    if outputs:
        limits = Limits(**{**vars(_LIMITS), "output_bytes": limits_for(len(data)).output_bytes})
    what, began = f"{work} {seed.name}", time.monotonic()
    try:
        answer = run_limited(
            "measured:measured",
            io.BytesIO(data),
            {"work": work, "params": params},
            limits,
            outputs=outputs,
            import_from=[HERE, HERE.parent.parent, *_SOURCE],
        )
    except LimitedFailed as error:
        raise Fault(f"{what}: the work met something that it does not expect: {error}") from error
    except LimitedSlow as error:
        raise Fault(f"{what}: {error}") from error
    except LimitedError as error:
        # A clean end: it was refused more memory or output, or broke off (a fault in a library, which is what the
        # process is for).
        tally.note(what, type(error).__name__, time.monotonic() - began)
        return
    seconds = time.monotonic() - began
    tally.note(what, "refused" if "refused" in answer else "read", seconds, answer["peak"])
    if seconds > SECONDS:
        raise Fault(f"{what} took {seconds:.1f} s")
    if answer["peak"] >= MEMORY:
        raise Fault(f"{what} took {answer['peak'] >> 20} MiB")
    _well_formed(what, answer)
    if work == "probe":
        problems = answer["result"]["problems"]
        if not set(problems) <= set(PROBLEMS):
            raise Fault(f"{what} names problems that nobody knows: {problems}")
    if work == "repair" and "result" in answer:
        _film(what, answer["result"], outputs, tally)


def _film(what: str, report: dict[str, Any], outputs: dict[str, BinaryIO], tally: Tally) -> None:
    """A repaired film shows something: the probe of it says so."""
    again = run_limited(
        "measured:measured",
        outputs[report["output"]],
        {"work": "probe", "params": {}},
        _LIMITS,
        import_from=[HERE, HERE.parent.parent, *_SOURCE],
    )
    tally.tasks += 1
    if not again["result"]["playable"]:
        raise Fault(f"{what}: what was repaired shows nothing: {again['result']['problems']}")
    bad = {name for name, value in report.items() if isinstance(value, float) or (isinstance(value, int) and value < 0)}
    if bad:
        raise Fault(f"{what}: the report holds what no event takes: {sorted(bad)}")


def _well_formed(what: str, answer: dict[str, Any]) -> None:
    """JSON that any database and any page takes: no numbers that are none, no lone surrogates, no zeros in texts."""
    try:
        text = json.dumps(answer, allow_nan=False, ensure_ascii=False)
        text.encode("utf-8")
    except (ValueError, UnicodeEncodeError) as error:
        raise Fault(f"{what}: the answer is not well-formed: {error}") from error
    for value in _values(answer):
        if isinstance(value, str) and "\x00" in value:
            raise Fault(f"{what}: the answer holds a zero character")
        if isinstance(value, float) and not math.isfinite(value):
            raise Fault(f"{what}: the answer holds {value}")


def _values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for name, part in value.items() for one in (name, *_values(part))]
    if isinstance(value, list):
        return [one for part in value for one in _values(part)]
    return [value]


# -- what the service reads itself: names and headers, never a file's content


def _in_the_parent(seed: Seed, data: bytes, tally: Tally) -> None:
    began = time.monotonic()
    outcome = "read"
    try:
        _READERS[seed.kind](data)
    except CandorError as error:
        outcome = type(error).__name__
    except Exception as error:
        raise Fault(f"{seed.name}: {type(error).__name__}: {error}") from error
    seconds = time.monotonic() - began
    if seconds > SECONDS:
        raise Fault(f"{seed.name} took {seconds:.1f} s")
    tally.note(seed.name, outcome, seconds)


def _names(data: bytes) -> None:
    lines = [line.decode("utf-8", "surrogateescape") for line in data.split(b"\n") if line and b"\x00" not in line]
    files = tuple(CardFile(name, 1000 * number) for number, name in enumerate(sorted(set(lines))[:5000]))
    listing = Listing("card", files)
    contents = choose(listing, {}).contents
    placed = sorted(one.file.path for one in (*contents.clips, *contents.besides))
    if placed != sorted(file.path for file in files):
        raise Fault("a file of the card is in no place, or in two")


def _request(data: bytes) -> None:
    first, *rest = data.split(b"\n")
    headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(b":") for line in rest)]
    lenient = axis_rules.metadata_of(headers, lenient=True)
    for key in ("starttime", "starttimeiso", "triggerontime"):
        axis_rules.moment(lenient, key)
    axis_rules.zone_of(lenient)
    axis_rules.tags_of(lenient.get("tags", ""))
    name = lenient.get("containername", "x")
    axis_rules.container_kind(name)
    axis_rules.container_name(name)
    axis_rules.object_kind(name, lenient)
    axis_rules.path_of(first)
    axis_rules.metadata_of(headers)


def _mapping(data: bytes) -> None:
    read_mapping(data.decode("utf-8", "replace"), "mapping.toml")


_READERS: dict[str, Callable[[bytes], None]] = {"names": _names, "request": _request, "mapping": _mapping}
_SOURCE = [Path(axis_rules.__file__).parent.parent.parent]
