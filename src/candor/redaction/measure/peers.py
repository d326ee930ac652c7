"""deface, the free tool for the same work, measured in the same run where it is installed.

It is never imported: it runs as the program it is, in the environment it was installed into, as its user would run it
with its defaults. Which boxes it masks is asked of its own detector there, with its own threshold and widening, since
its output blurs and cannot be measured to the pixel. Taken as whole boxes, although its default draws ellipses in them:
that favours it.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Deface", "PeerFailed", "PeerRun", "find_deface"]

_LONGEST: Final = 3600  # seconds for one clip
#: deface 1.5.0: threshold 0.2 and mask scale 1.3 are the defaults of its command; scale_bb is its own.
_BOXES: Final = """
import json, sys
import imageio
from deface.centerface import CenterFace
from deface.deface import scale_bb
find, found = CenterFace(), []
for picture in imageio.get_reader(sys.argv[1]):
    boxes, _ = find(picture, threshold=0.2)
    found.append([[float(side) for side in scale_bb(*box[:4], 1.3)] for box in boxes])
json.dump(found, sys.stdout)
"""


class PeerFailed(Exception):
    """It did not do a clip. For the tables, which say so: one clip without it is no reason to throw away the run."""


@dataclass(frozen=True)
class PeerRun:
    """One clip through the peer: wall and processor seconds of the command, its boxes by frame."""

    wall: float
    processor: float
    boxes: list[list[tuple[float, float, float, float]]]


@dataclass(frozen=True)
class Deface:
    """An installed deface: its command, the interpreter beside it, its version."""

    command: Path
    python: Path
    version: str

    def run(self, clip: Path, output: Path, *, pictures: int) -> PeerRun:
        """Redact one clip of so many pictures with its defaults.

        Raises PeerFailed when it says nothing that can be held against the clip, OSError or
        subprocess.SubprocessError when it cannot be run.
        """
        before, begun = _spent(), time.perf_counter()
        self._call([str(self.command), str(clip), "--output", str(output)])
        wall, processor = time.perf_counter() - begun, _spent() - before
        if not output.is_file() or not output.stat().st_size:
            raise PeerFailed("it made no file")
        said = self._call([str(self.python), "-c", _BOXES, str(clip)])
        try:
            boxes = [[(float(a), float(b), float(c), float(d)) for a, b, c, d in frame] for frame in json.loads(said)]
        except (ValueError, TypeError) as error:
            raise PeerFailed("its detector did not say where its boxes are") from error
        if len(boxes) != pictures:  # which boxes are of which picture would be a guess
            raise PeerFailed(f"it saw {len(boxes)} pictures where the clip has {pictures}")
        return PeerRun(wall, processor, boxes)

    def _call(self, command: list[str]) -> str:
        """The last line that a command says."""
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LONGEST, check=False
        )
        if done.returncode:
            raise PeerFailed(f"it ended with code {done.returncode}")
        return done.stdout.splitlines()[-1] if done.stdout.strip() else ""


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def find_deface(command: str | None = None) -> Deface | None:
    """The deface that is installed: the given command, or the one on the path; None where there is none that runs."""
    found = shutil.which(command or "deface")
    if found is None:
        return None
    path = Path(os.path.abspath(found))
    python = path.parent / "python"
    try:
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=120, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    if not python.exists():
        return None
    lines = said.stdout.strip().splitlines()
    return Deface(path, python, lines[-1]) if lines else None
