"""The fleet: the devices that record.

Rules it keeps:

1. A device is known by its maker's serial number, which is compared without regard to case and spaces.
2. A device that was registered is never removed: recordings name it.
3. Registering one appends `device:created` to the custody log in the same transaction.
"""

from __future__ import annotations
