"""The part of the documents' walk that is about the archive, orders that close, and what comes in again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner

from candor.cli.main import candor
from candor.cli.retention_owed import settle_here
from candor.core.settings import Settings
from candor.footage import erasing, purging
from candor.footage.tables import recording
from candor.installation import Installation
from candor.people.rules import system_actor

WHY = ("--reason", "a test")
ORDER = ("--authority", "Order 2", *WHY)
SAID = {"authority": "Order 2", "reason": "a test"}


class Walked(Protocol):
    """What the walk keeps the documents in."""

    home: Path

    def run(self, name: str, *arguments: str, code: int = 0) -> Any:
        """Run a command with --json and keep its document."""


def archived_and_destroyed(site: Walked) -> None:
    """A recording archived and brought back, one closed and opened by order, one that comes in again twice after it
    was destroyed. Follows `walk_retention`, whose approver approves here too."""
    path = site.home / "stays-a-while.txt"
    path.write_text("long unopened, then closed, then destroyed\n")
    found = _taken(site, path)
    _archive(site, found)
    _closed_by_order(site, found)
    with Installation.open(Settings.load()) as here:
        with here.database.write() as tx:
            purging.purge(tx, here.vault, here.jobs, system_actor("test"), found, **SAID, clock=here.clock)
        settle_here(here)
    site.run("candor returned destroy", _held(site, path), "--yes")
    taken_in = site.run("candor returned take-in", _held(site, path), *ORDER)
    assert taken_in["recording"] == found


def _archive(site: Walked, recording_id: str) -> None:
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        long_ago = {"received_at": here.clock.now() - timedelta(days=400)}
        tx.execute(recording.update().where(recording.c.id == recording_id).values(long_ago))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOR_ARCHIVE_URL", str(site.home / "archive"))
        assert site.run("candor archive run", "--days", "300") == {"archived": [recording_id]}
        site.run("candor archive return", recording_id)


def _closed_by_order(site: Walked, recording_id: str) -> None:
    for words in (
        ("propose", "CV-4", recording_id, "--kind", "sealing", *ORDER),
        ("approve", "CV-4", "--at-once", *WHY, "--as", "keeper"),
        ("run", "CV-4"),
    ):
        ended = CliRunner().invoke(candor, ["retention", *words], catch_exceptions=False)
        assert ended.exit_code == 0, ended.output
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        erasing.unseal(tx, system_actor("test"), recording_id, **SAID, clock=here.clock)


def _held(site: Walked, path: Path) -> str:
    """Let destroyed bytes come in again; what they are held under."""
    _taken(site, path)
    (held,) = site.run("candor returned list")
    return str(held["id"])


def _taken(site: Walked, path: Path) -> str:
    found: str = site.run("candor ingest", str(path))["recordings"][0]["id"]
    return found
