"""Publishes releases in a process of its own, which dies by SIGKILL at a given moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.disclosure.releases.place import settings_in

import candor.installation  # noqa: F401 - every room is loaded, as in the program
from candor.core.clock import FixedClock, from_iso
from candor.core.database import Database
from candor.custody import CustodyLog
from candor.disclosure.releases import jobs as release_jobs
from candor.jobs import Jobs
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore

#: Where the process dies: right after what is named here was done, before anything is told of it.
PLACES = {
    "handed out": (release_jobs._Publishing, "_handed_out"),
    "written": (release_jobs.Published, "write_release"),
    "marked": (release_jobs._Publishing, "_mark"),
    "taken away": (release_jobs.Published, "recall_release"),
}


def work(url: str, folder: str, now: str, dies_after: str) -> None:
    """Work until nothing is left, or until the moment `dies_after`."""
    place = Path(folder)
    database, clock = Database(url), FixedClock(from_iso(now))
    vault = Vault(FolderStore(place / "footage"), KeyRing.load(place / "keys"), clock)
    log = CustodyLog(database, place / "log", place / "keys", clock)
    if dies_after:
        where, name = PLACES[dies_after]
        setattr(where, name, _dying(getattr(where, name)))
    jobs = Jobs(database, slots=1, clock=clock)
    release_jobs.register(jobs, database, vault, log, settings_in(place), clock=clock)
    jobs.launch()
    jobs.wait_idle(60)
    jobs.shutdown()
    os._exit(0)


def _dying(act: Callable[..., Any]) -> Callable[..., Any]:
    def done(*given: Any, **more: Any) -> Any:
        act(*given, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    return done
