"""Groups of packets between two closed key pictures, the smallest stretch that can be passed through or encoded anew.

Runs in a limited process.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import Any, Final

from candor.redaction.media.h264 import IDR, Configuration, begins_closed, passed_on, prefixed

__all__ = ["Group", "Passed"]

MOST_PACKETS: Final = 3_000
MOST_BYTES: Final = 192 << 20
"""What is kept of a group until it is known whether it is touched; a longer one is encoded anew, which is always
safe."""


@dataclass(frozen=True)
class Passed:
    """A packet that may go into the copy: times in ticks, `data` its units with lengths."""

    time: int
    decoded: int
    duration: int
    key: bool
    data: bytes


@dataclass
class Group:
    """One group while it is read. `closed`: it begins with an IDR picture. `copyable`: nothing was met that forbids to
    pass it through. `times`: growing, of its pictures, `decoding`: as they come, when they are decoded. `held`: its
    packets, until it is known what becomes of it."""

    closed: bool = False
    copyable: bool = True
    times: list[int] = field(default_factory=list)
    decoding: list[int] = field(default_factory=list)
    durations: dict[int, int] = field(default_factory=dict)
    held: list[Any] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    size: int = 0

    def begin(self, packet: Any, length_size: int) -> bool:
        """Whether this packet begins another group than this one."""
        return bool(packet.is_keyframe and self.times and begins_closed(bytes(packet), length_size))

    def take(self, packet: Any, found: Configuration) -> None:
        """Add a packet."""
        data = bytes(packet)
        if not self.times:
            self.closed = packet.is_keyframe and begins_closed(data, found.length_size)
        bisect.insort(self.times, packet.pts)
        self.decoding.append(packet.dts)
        self.durations[packet.pts] = packet.duration or 0
        self.size += len(data)
        units = passed_on(data, found) if self.copyable else None
        if units is None or packet.is_corrupt or packet.is_discard or packet.has_sidedata("new_extradata"):
            self.copyable = False
            self.passed.clear()
        else:
            key = any(unit[0] & 31 == IDR for unit in units)
            self.passed.append(Passed(packet.pts, packet.dts, packet.duration or 0, key, prefixed(units)))
        self.held.append(packet)

    @property
    def too_long(self) -> bool:
        """Whether it may not be kept any longer."""
        return len(self.held) > MOST_PACKETS or self.size > MOST_BYTES

    def decoded_at(self, time: int) -> int | None:
        """When a picture of this group that is shown at `time` is decoded, where it is encoded without pictures that
        look ahead: the pictures in the order in which they are shown take the decoding times in the order in which they
        come. The packet before which as many are shown is never decoded later than it, so nothing is shown before it
        is decoded. None where it has no such picture."""
        rank = bisect.bisect_left(self.times, time)
        if rank == len(self.times) or self.times[rank] != time:
            return None
        return self.decoding[rank]
