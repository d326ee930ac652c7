"""The fleet: the devices that record, where they are handed over, who had them when, and what their clocks said.

Rules it keeps:

1. A device is known by its maker's serial number, which is compared without regard to case and spaces.
2. A device that was registered is never removed: recordings name it. One that a dock or a card showed and nobody
   registered is kept as found until somebody confirms it.
3. Every change appends its event to the custody log in the same transaction; firmware that a device reports is kept
   with when it was first and last seen.
4. Assignments are half-open: from a moment until just before another. Those of one device that count never overlap,
   also when two people enter them at once. A correction withdraws one and puts another in its place: nothing is
   overwritten.
5. What a device's clock said is kept beside a clock that is trusted more, and never changed. An estimate of the true
   time is made from these readings, with an uncertainty; it is shown beside what was claimed.
6. Who had a device says nothing of footage here: rooms above ask, and are told of changes (`assignments.AFTER`).
"""

from __future__ import annotations
