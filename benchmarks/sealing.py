"""Sealing against the plain tools, in one run.

    python benchmarks/sealing.py [--size 2GiB] [--folder DIR] [--rounds 3]

Prints how long it takes to seal a file (durably, encrypted, both hashes) and how long `sha256sum` of it plus `cp` of it
and `sync -f` take, with the file in memory (warm) and not (cold), the peak memory of the sealing process, and the time
to the first byte of a range in the middle of the sealed object. Goal: sealing takes no more than 1.25 times the sum.

The two ways take turns, and the median of the rounds counts: a shared machine is not equally fast all the time. For a
cold start the source leaves the page cache before `sha256sum` and before the sealing; `cp` then finds it warm, which
favours the plain tools.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

GOAL = 1.25
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def main() -> int:
    """Run, print, and say by the exit code whether the goal was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=_bytes, default=2 << 30, help="size of the file, such as 512MiB (default 2GiB)")
    parser.add_argument("--folder", type=Path, help="where to work; its file system is what is measured")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median counts (default 3)")
    parser.add_argument("--seal", nargs=2, metavar=("HOME", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.seal:
        return _seal(Path(given.seal[0]), Path(given.seal[1]))
    with tempfile.TemporaryDirectory(prefix="candor-sealing-", dir=given.folder) as folder:
        return _compare(Path(folder), given.size, given.rounds)


def _compare(folder: Path, size: int, rounds: int) -> int:
    source = folder / "source"
    _make_source(source, size)
    print(f"{size >> 20:,} MiB of random bytes, {os.cpu_count()} cores, median of {rounds} rounds, in {folder}\n")
    heads = ("start", "sha256sum", "cp + sync -f", "sum", "sealing", "ratio", "goal", "peak memory", "of it sealing")
    print("".join(f"{head:>14}" for head in heads))
    met, first_bytes = True, [0.0]
    for start in ("cold", "warm"):
        prepare = _forget if start == "cold" else _remember
        plain, sealed = [], []
        for _ in range(rounds):
            prepare(source)
            plain.append(_plain(source, folder / "copy"))
            prepare(source)
            sealed.append(_sealed(folder / "home", source))
        hashing, copying = (statistics.median(pair[side] for pair in plain) for side in (0, 1))
        total = statistics.median(sum(pair) for pair in plain)
        seconds = statistics.median(one["seconds"] for one in sealed)
        peak, before = (max(one[name] for one in sealed) for name in ("peak_mib", "before_mib"))
        first_bytes = sealed[-1]["first_byte_ms"]
        ratio = seconds / total
        met = met and ratio <= GOAL
        cells = (f"{hashing:.2f} s", f"{copying:.2f} s", f"{total:.2f} s", f"{seconds:.2f} s")
        cells += (f"{ratio:.2f}", f"<= {GOAL}", f"{peak:.0f} MiB", f"{peak - before:.0f} MiB")
        print(f"{start:>14}" + "".join(f"{cell:>14}" for cell in cells))
    ranked = sorted(first_bytes)
    print("\nFirst 64 KiB of a range in the middle (open, unwrap, check, seek, decrypt), 200 places:")
    print(f"  median {statistics.median(ranked):.2f} ms, 95 of 100 within {ranked[int(len(ranked) * 0.95)]:.2f} ms")
    print(f"\n{'Goal met.' if met else 'GOAL MISSED.'}")
    return 0 if met else 1


def _plain(source: Path, copy: Path) -> tuple[float, float]:
    """Seconds of `sha256sum`, and of `cp` with `sync -f`."""
    hashing = _timed(lambda: subprocess.run(["sha256sum", source], check=True, stdout=subprocess.DEVNULL))

    def copying() -> None:
        subprocess.run(["cp", source, copy], check=True)
        subprocess.run(["sync", "-f", copy], check=True)

    seconds = hashing, _timed(copying)
    copy.unlink()
    subprocess.run(["sync", "-f", source], check=True)
    return seconds


def _sealed(home: Path, source: Path) -> dict:
    """Seal in a process of its own, so that its peak memory is its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--seal", home, source], check=True, stdout=subprocess.PIPE, text=True
    )
    shutil.rmtree(home)
    shutil.rmtree(home.with_name(home.name + "-keys"))
    subprocess.run(["sync", "-f", source], check=True)
    return json.loads(done.stdout)


def _seal(home: Path, file: Path) -> int:
    from candor.core.database import Database, metadata
    from candor.core.settings import Settings
    from candor.store import Vault, create_keyring

    settings = Settings.load(home=home, keys=home.with_name(home.name + "-keys"))
    create_keyring(settings.keys_folder)
    database = Database(settings.database)
    with database.write() as tx:
        metadata.create_all(tx)
    vault = Vault.from_settings(settings)
    before = _peak()
    began = time.perf_counter()
    with file.open("rb", buffering=0) as source:
        sealed = vault.seal("original", source)
    with database.write() as tx:
        vault.record(tx, sealed)
    seconds = time.perf_counter() - began
    peak = _peak()
    first_bytes = []
    for _ in range(200):
        place = random.randrange(max(1, sealed.size - (1 << 16)))
        began = time.perf_counter()
        with database.read() as tx:
            stream = vault.open(tx, sealed.object_id)
        with stream:
            stream.seek(place)
            stream.read(1 << 16)
        first_bytes.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "before_mib": before, "first_byte_ms": first_bytes}))
    return 0


def _peak() -> float:
    """Most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _make_source(path: Path, size: int) -> None:
    with path.open("wb") as file:
        while size > 0:
            size -= file.write(os.urandom(min(size, 8 << 20)))
        file.flush()
        os.fsync(file.fileno())


def _forget(path: Path) -> None:
    """Have the file leave the page cache."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _remember(path: Path) -> None:
    """Have the file in the page cache."""
    with path.open("rb", buffering=0) as file:
        room = bytearray(8 << 20)
        while file.readinto(room):
            pass


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+) ?([kmg]?)(?:i?b)?", text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 512MiB or 2GiB")
    return int(match[1]) * UNITS[match[2]]


if __name__ == "__main__":
    sys.exit(main())
