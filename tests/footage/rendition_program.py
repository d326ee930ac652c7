"""Makes renditions until nothing is left to do, or until it is killed. Arguments: database URL, folder of the store,
folder of the keys."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from candor.core.database import Database
from candor.footage import jobs as footage_jobs
from candor.jobs import Jobs
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore


def main(url: str, store: Path, keys: Path, *, finish: bool) -> None:
    """Work; with `finish` until nothing is left, otherwise until killed."""
    database = Database(url)
    jobs = Jobs(database, slots=1, silence=2.0, poll=0.05)
    footage_jobs.register(jobs, database, Vault(FolderStore(store), KeyRing.load(keys)))
    jobs.launch()
    print("working", flush=True)
    if finish:
        jobs.wait_idle(100)
        jobs.shutdown()
        print("idle", flush=True)
    else:
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), finish=sys.argv[4:] == ["finish"])
