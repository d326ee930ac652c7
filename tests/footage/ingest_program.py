"""Takes files in and says so, one line of JSON per file that is acknowledged: run as a process of its own, to be
killed. Arguments: database URL, folder of the store, folder of the keys, folder of the files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from candor.core.clock import SystemClock
from candor.core.database import Database
from candor.footage.ingest import Taken, ingest
from candor.footage.intake import Claim, Intake
from candor.jobs import Jobs
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore


def main(url: str, store: Path, keys: Path, files: Path) -> None:
    """Take in everything in the folder of files."""
    database = Database(url)
    vault = Vault(FolderStore(store), KeyRing.load(keys))
    intake = Intake(database, vault, Jobs(database), SystemClock())
    print(json.dumps({"ready": True}), flush=True)
    for outcome in ingest(intake, [files], Claim("", "", "cli", "system:test")):
        assert isinstance(outcome, Taken)
        received = outcome.received
        line = {"path": str(outcome.path), "recording": received.recording_id, "sha256": received.sha256.hex()}
        print(json.dumps({**line, "new": received.new}), flush=True)
    print(json.dumps({"done": True}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *(Path(argument) for argument in sys.argv[2:]))
