"""Does the jobs of redaction in a process of its own, which dies by SIGKILL at a given moment."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from tests.redaction.detectors import Bright

from candor.core.database import Database
from candor.core.settings import Settings
from candor.custody import CustodyLog
from candor.jobs import Jobs
from candor.redaction import detection_jobs, rendering_jobs
from candor.redaction import jobs as redaction_jobs
from candor.store import KeyRing, SealedObject, Vault
from candor.store.folder import FolderStore


def work(url: str, folder: str, dies_after: str, times: int) -> None:
    """Work until nothing is left, or until so many objects of the kind `dies_after` are sealed and not yet recorded."""
    place = Path(folder)
    settings = Settings.load(home=place / "home", keys=place / "keys")
    database = Database(url)
    vault = _Dying(FolderStore(place / "footage"), KeyRing.load(place / "keys"))
    vault.kind, vault.left = dies_after, times
    log = CustodyLog(database, place / "log", place / "keys", vault.clock)
    jobs = Jobs(database, slots=2)
    given: Any = lambda *_a, **_k: [Bright()]  # noqa: E731
    detection_jobs.detectors_for = rendering_jobs.detectors_for = given
    whole = detection_jobs.segments
    detection_jobs.segments = lambda plan, seconds=1.0: whole(plan, seconds)
    redaction_jobs.register(jobs, database, vault, log, settings, clock=vault.clock)
    jobs.launch()
    jobs.wait_idle(60)
    jobs.shutdown()
    os._exit(0)


class _Dying(Vault):
    """Takes its process along right after a certain object is sealed."""

    kind, left = "", 0

    def seal(self, kind: str, source: Any) -> SealedObject:
        sealed = super().seal(kind, source)
        if kind == self.kind:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return sealed
