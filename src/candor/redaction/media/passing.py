"""Pictures on their way into the copy, in order, with an account of which were passed through and which encoded anew.

Runs in a limited process.
"""

from __future__ import annotations

from fractions import Fraction

from candor.core.limited_task import Refused
from candor.redaction.media.container import CopyFile

__all__ = ["Passing"]


class Passing:
    """Takes coded pictures; times in ticks of the original."""

    def __init__(self, copy: CopyFile, clock: Fraction, shift: int) -> None:
        """shift: the time that is 0 in the copy."""
        self._copy = copy
        self._shift = shift
        self._decoded: int | None = None
        self.clock = clock
        self.pictures = 0
        self.repeated = 0
        self.first: int | None = None
        self.copied: list[list[int]] = []
        self.encoded: list[list[int]] = []
        self._last_kind: list[list[int]] | None = None

    def write(self, data: bytes, time: int, decoded: int, duration: int, *, key: bool) -> None:
        """One coded picture. decoded: when it is to be decoded; never goes back, never later than `time`."""
        if decoded > time or (self._decoded is not None and decoded <= self._decoded):
            raise Refused("not-smart", "its decoding times do not grow or lie after the times of its pictures")
        self._decoded = decoded
        self.pictures += 1
        self._copy.picture(data, time - self._shift, decoded - self._shift, duration, key=key)

    def account(self, first: int, last: int, *, copied: bool) -> None:
        """A stretch of pictures, shown from `first` to `last`, that follows on what was accounted for before."""
        self.first = first if self.first is None else min(self.first, first)
        kind = self.copied if copied else self.encoded
        if kind is self._last_kind and kind:
            kind[-1] = [min(kind[-1][0], first), max(kind[-1][1], last)]
        else:
            kind.append([first, last])
        self._last_kind = kind
