"""Makes marked copies in a process of its own, which dies by SIGKILL at a given moment."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from candor import disclosure
from candor.core.database import Database
from candor.custody import CustodyLog
from candor.disclosure.discovery import marking
from candor.jobs import Jobs
from candor.store import KeyRing, SealedObject, Vault
from candor.store.folder import FolderStore


def work(url: str, folder: str, dies_after: int) -> None:
    """Work until nothing is left, or until so many copies are sealed, the last of them not recorded (0: never)."""
    place, database = Path(folder), Database(url)
    vault = _Dying(FolderStore(place / "footage"), KeyRing.load(place / "keys"))
    vault.left = dies_after
    jobs = Jobs(database, slots=1, silence=2.0, poll=0.05)
    disclosure.register(jobs, database, vault, CustodyLog(database, place / "log", place / "keys", vault.clock))
    marking.register(jobs, database, vault)
    jobs.launch()
    jobs.wait_idle(60)
    jobs.shutdown()
    os._exit(0)


class _Dying(Vault):
    """Takes its process along right after a certain object is sealed."""

    left = 0

    def seal(self, kind: str, source: Any) -> SealedObject:
        sealed = super().seal(kind, source)
        self.left -= kind == marking.KIND
        if kind == marking.KIND and self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return sealed
