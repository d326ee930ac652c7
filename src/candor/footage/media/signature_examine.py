"""Checking a file's signatures: the parent's side of `signature_check`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from candor.core.limited import Limits, run_limited

_LARGEST_ROOT: Final = 64 << 10
_MOST_ROOTS: Final = 200


def limits_for(size: int) -> Limits:
    """What checking a file of `size` bytes may use: it is read and hashed once."""
    seconds = 120 + size / 2_000_000
    return Limits(memory=1 << 30, cpu_seconds=seconds, wall_seconds=4 * seconds, stall_seconds=120)


def check_signatures(
    stream: BinaryIO,
    roots: list[str],
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """What the signatures in the file `stream` (seekable) say: see `signature_check.check` for the shape.

    `roots`: PEM texts of the certificates the agency trusts. Raises LimitedRefused of a file that no track can be read
    from, another LimitedError when it was stopped, LimitedCancelled, and whatever `stream` raises.
    """
    size = stream.seek(0, os.SEEK_END)
    return run_limited(
        "candor.footage.media.work:check",
        stream,
        {"roots": roots},
        limits or limits_for(size),
        progress=progress,
        cancelled=cancelled,
    )


def trusted_roots(folder: Path | None) -> list[str]:
    """The PEM files of the folder that setting device_trust names, by name; none when it is not set or not there.

    A file that is no text, or larger than a certificate has reason to be, is passed over.
    """
    if folder is None or not folder.is_dir():
        return []
    found: list[str] = []
    for path in sorted(folder.glob("*.pem"))[:_MOST_ROOTS]:
        try:
            if path.stat().st_size <= _LARGEST_ROOT:
                found.append(path.read_text("ascii"))
        except (OSError, UnicodeDecodeError):
            continue
    return found
