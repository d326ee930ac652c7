"""Footage that is made here, with faces and plates whose places are known: for calibrating, testing and measuring.

Rules it keeps:

1. The same seed makes the same pictures and the same truth, on every machine.
2. Who is used to calibrate is never used to measure: `heads("calibrate")` and `heads("measure")` have nobody in common.
3. A head that is drawn because no photograph is there says so, in every box of it.
4. Every picture carries its number in blocks that a program reads (`read_number`), so that being off by one shows.
5. Nothing of it comes from anybody's recordings. Photographs are those that packages of requirements-demo.lock ship.
"""

from __future__ import annotations

from candor.redaction.known.clips import KnownBox, KnownClip, make_clip
from candor.redaction.known.numbers import NumberUnreadable, read_number

__all__ = ["KnownBox", "KnownClip", "NumberUnreadable", "make_clip", "read_number"]
