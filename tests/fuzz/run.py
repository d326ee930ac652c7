"""`./run fuzz [N]`: N mutants (10,000), with progress. One that does what none may do is kept, and the run goes on.

A run has a name and its mutants have numbers, so it can be gone on with (`--from`) and one mutant can be tried again
(`--only`). `--run`: another name gives other mutants. Exit code 6 when something was found.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.trial import Fault, Tally, mutant, tried


def main() -> int:
    """Run, and say what it came to."""
    asked = argparse.ArgumentParser(prog="./run fuzz", description=__doc__)
    asked.add_argument("mutants", nargs="?", type=int, default=10_000)
    asked.add_argument("--run", default="1", help="name of the run")
    asked.add_argument("--from", dest="begin", type=int, default=0, help="number of the first mutant")
    asked.add_argument("--only", type=int, help="this mutant alone")
    asked.add_argument("--keep", type=Path, default=Path(".fuzz"), help="folder for what is found")
    options = asked.parse_args()
    numbers = range(options.begin, options.mutants) if options.only is None else range(options.only, options.only + 1)
    tally, found, began = Tally(), 0, time.monotonic()
    try:
        for number in numbers:
            seed, data = mutant(number, options.run)
            try:
                tried(seed, data, tally)
            except Fault as fault:
                found += 1
                options.keep.mkdir(parents=True, exist_ok=True)
                kept = options.keep / f"{options.run}-{number}-{seed.name}"
                kept.write_bytes(data)
                print(f"\nFOUND  mutant {number}, kept as {kept}: {fault}", file=sys.stderr)
            if sys.stderr.isatty() or number % 250 == 249:
                each = (time.monotonic() - began) / tally.mutants
                left = each * (numbers.stop - number - 1)
                line = f"{number + 1:,} of {numbers.stop:,}, {found} found, {tally.tasks:,} tasks, {left:.0f} s to go"
                print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(
            f"\nStopped. Go on with: ./run fuzz {options.mutants} --run {options.run} --from {number}", file=sys.stderr
        )
        return 130
    _tell(tally, found, time.monotonic() - began)
    return 6 if found else 0


def _tell(tally: Tally, found: int, seconds: float) -> None:
    print(f"{tally.mutants:,} mutants, {tally.tasks:,} tasks in {seconds:.0f} s; {found} did what none may do")
    print(
        f"slowest task {tally.slowest:.2f} s ({tally.slowest_of}); most memory {tally.peak >> 20} MiB ({tally.peak_of})"
    )
    for outcome, count in sorted(tally.outcomes.items()):
        print(f"  {count:>7,}  {outcome}")


if __name__ == "__main__":
    sys.exit(main())
