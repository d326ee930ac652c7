"""What taking in from camera systems needs, put together once."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from candor.core.clock import Clock
from candor.core.database import Database
from candor.footage.intake import Intake
from candor.jobs import Jobs
from candor.store import Vault

__all__ = ["AxisGate"]

_LOCKS = 64


@dataclass(frozen=True)
class AxisGate:
    """Database, vault and the gate of footage, for many that send at a time. Shared by the threads of a process."""

    database: Database
    vault: Vault
    jobs: Jobs
    clock: Clock
    intake: Intake = field(init=False)
    _locks: tuple[threading.Lock, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "intake", Intake(self.database, self.vault.for_many(), self.jobs, self.clock))
        object.__setattr__(self, "_locks", tuple(threading.Lock() for _ in range(_LOCKS)))

    def alone_with(self, container_id: str) -> AbstractContextManager[bool]:
        """Only one thread of this process at a time does what follows from a container's objects: a clip is decrypted
        once. (Two processes would do it twice, and the second would find the same bytes known.)"""
        return self._locks[hash(container_id) % _LOCKS]
