"""Saves one edit on top of a given one, when told to, in a process of its own; prints what came of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from candor.core.database import Database
from candor.people.rules import Actor, Role
from candor.redaction.errors import RedactionError
from candor.redaction.saving import save_edits
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore


def main() -> None:
    given = json.loads(sys.argv[1])
    database = Database(given["url"])
    vault = Vault(FolderStore(Path(given["store"])), KeyRing.load(Path(given["keys"])))
    actor = Actor(given["account"], frozenset({Role.RECORDS_OFFICER}), None, "x")
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        with database.write() as tx:
            page, edits = given["page"], given["edits"]
            newest = save_edits(tx, vault, actor, given["redaction"], base=given["base"], page=page, edits=edits)
        print(json.dumps({"edit": newest}), flush=True)
    except RedactionError as error:
        print(json.dumps({"refused": type(error).__name__}), flush=True)


if __name__ == "__main__":
    main()
