"""Examining a file by a fresh interpreter against one forked from a warm process, in one run.

    python benchmarks/limited.py [--rounds 15]

Prints, for each of the two ways: how long a look at nothing, at a small recording, and at bytes that are none takes;
how long it takes to take a small recording in whole (sealed, examined, entered, on SQLite); and what the first one
costs, which has to start the warm process. Then the memory of the warm process while it waits. Goal: a look is at least
ten times sooner.

The two ways take turns, and the median counts: a shared machine is not equally fast all the time. "Alone" is memory
that nobody else shares; the libraries' code is shared with every other process that has them.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.footage.clips import mp4

from candor.core import limited
from candor.core.limited import Limits, run_limited
from candor.core.settings import Settings
from candor.footage.intake import Claim, Intake
from candor.footage.media import examine
from candor.installation import Installation

GOAL = 10.0
WAYS = {"fresh": 0, "warm": 2}  # how many are kept warm


def main() -> int:
    """Run, print, and say by the exit code whether the goal was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="rounds, of which the median counts (default 15)")
    rounds = parser.parse_args().rounds
    film = mp4(1.0)
    with tempfile.TemporaryDirectory(prefix="candor-limited-") as folder:
        settings = Settings.load(home=Path(folder) / "home", keys=Path(folder) / "keys")
        with Installation.open(settings, create=True) as here:
            return _compare(here, film, rounds)


def _compare(here: Installation, film: bytes, rounds: int) -> int:
    taken = 0

    def take_in() -> None:
        nonlocal taken
        taken += 1
        claim = Claim(name=f"{taken}.mp4", source=f"{taken}.mp4", face="cli", actor="system:benchmark")
        # A trailing free box makes every file another one and leaves the recording as it is.
        data = film + b"\0\0\0\x10free" + taken.to_bytes(8, "big")
        Intake(here.database, here.vault, here.jobs, here.clock).take_in(io.BytesIO(data), claim)

    works: dict[str, Callable[[], object]] = {
        "nothing to look at": lambda: run_limited("candor.footage.media.work:probe", io.BytesIO(b""), limits=Limits()),
        "no recording": lambda: examine(io.BytesIO(os.urandom(100_000))),
        f"a recording ({len(film) >> 10} KiB)": lambda: examine(io.BytesIO(film)),
        "taking it in whole": take_in,
    }
    print(f"{os.cpu_count()} cores, median of {rounds} rounds, milliseconds\n")
    print(f"{'':26}{'fresh':>10}{'warm':>10}{'ratio':>10}{'goal':>8}")
    met = True
    for name, work in works.items():
        fresh, warm = _take_turns(work, rounds)
        ratio = fresh / warm
        is_look = work is not take_in
        met = met and (ratio >= GOAL or not is_look)
        print(f"{name:26}{fresh:10.1f}{warm:10.1f}{ratio:9.1f}x{f'{GOAL:.0f}x' if is_look else '':>8}")
    limited.end_waiting_processes()
    limited.arrange(warm=WAYS["warm"])
    print(f"{'the first one, at rest':26}{'':10}{_seconds(works['nothing to look at']) * 1000:10.1f}")
    print("\nthe warm process, waiting: " + ", ".join(_memory(number) for number in limited.waiting_processes()))
    return 0 if met else 1


def _take_turns(work: Callable[[], object], rounds: int) -> list[float]:
    """Medians in milliseconds, fresh and warm."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(rounds + 1):
        for way, warm in WAYS.items():
            limited.arrange(warm=warm)
            seconds = _seconds(work)
            if turn:  # the first starts the warm process, and fills caches
                found[way].append(seconds)
    return [statistics.median(times) * 1000 for times in found.values()]


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _memory(number: int) -> str:
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()[1:]
    except PermissionError:
        return "only root may see how much memory it takes"
    kib = {name: int(size.split()[0]) for name, _, size in (line.partition(":") for line in lines)}
    alone = kib["Private_Clean"] + kib["Private_Dirty"]
    return (
        f"{kib['Rss'] >> 10} MiB in memory, of which {alone >> 10} MiB alone ({kib['Private_Dirty'] >> 10} MiB written)"
    )


if __name__ == "__main__":
    raise SystemExit(main())
