"""Carries out a disposition in a process of its own, to be killed: URL, folder, disposition, moment (ISO 8601)."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.footage import purging
from candor.jobs import Jobs
from candor.retention import running
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore
from candor.store.tombstones import KeysLedger


def main(url: str, folder: Path, disposition: str, moment: str) -> None:
    database, clock = Database(url), FixedClock(datetime.fromisoformat(moment))
    vault = Vault(FolderStore(folder / "footage"), KeyRing.load(folder / "keys"), clock)
    jobs = Jobs(database, slots=1)
    print("begins", flush=True)
    running.run(
        database,
        vault,
        jobs,
        disposition,
        pause_days=14,
        settle=lambda: purging.settle(database, vault, KeysLedger(folder / "keys"), clock=clock),
        clock=clock,
    )
    jobs.shutdown()
    database.dispose()
    print("ends", flush=True)


main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4])
