"""How often one address may do something in an hour. Kept in memory alone: nothing of where people come from is written
down, and nothing of it outlasts the process."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict, deque

__all__ = ["Rate", "source_of"]

HOUR = 3600.0
#: Addresses that are remembered; of more the one that was quiet longest is forgotten.
_MOST = 20_000


class Rate:
    """At most `most` times in an hour from one source."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, source: str, now: float) -> int:
        """Count it once more; 0 where that was within the measure, else nothing was counted and it is whole minutes to
        wait. `now` in seconds of a clock that does not go back."""
        with self._guard:
            times = self._times(source, now)
            if len(times) >= self._most:
                return max(1, -int(-(times[0] + HOUR - now) // 60))
            times.append(now)
            self._seen[source] = times
            self._seen.move_to_end(source)
            while len(self._seen) > _MOST:
                self._seen.popitem(last=False)
            return 0

    def give_back(self, source: str, now: float) -> None:
        """What was counted at that moment does not count: it was not done, or was rightly done."""
        with self._guard:
            times = self._seen.get(source)
            if times is not None and now in times:
                times.remove(now)

    def _times(self, source: str, now: float) -> deque[float]:
        times = self._seen.get(source, deque())
        while times and times[0] <= now - HOUR:
            times.popleft()
        return times


def source_of(address: str) -> str:
    """What counts as one source: an address; of IPv6 the network of a household (/64)."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
