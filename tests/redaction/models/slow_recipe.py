"""A program that prepares a model and hangs in the middle, to be killed there: FOLDER."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.redaction.models.exports import small_net

from candor.redaction.models.preparing import Blob, Recipe, prepare


def _never() -> Iterator[Blob]:
    print("calibrating", flush=True)
    time.sleep(300)
    yield from ()


if __name__ == "__main__":
    prepare(small_net(), Path(sys.argv[1]), Recipe("net", {"version": 1}, _never, lambda _, __: ("", {})))
