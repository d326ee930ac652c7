"""A custody log on a fresh database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from candor.core.clock import SystemClock
from candor.core.database import Database
from candor.custody import CustodyLog

ORIGIN = "evidence.example.gov/log"


@pytest.fixture
def make_log(database: Database, tmp_path: Path) -> Iterator[Callable[..., CustodyLog]]:
    """Open the log of this test once more, as another process would."""
    opened: list[CustodyLog] = []

    def make(folder: Path | None = None, keys: Path | None = None, **options: object) -> CustodyLog:
        log = CustodyLog(database, folder or tmp_path / "log", keys or tmp_path / "keys", SystemClock(), **options)  # type: ignore[arg-type]
        opened.append(log)
        return log

    yield make
    for log in opened:
        log.stop()


@pytest.fixture
def log(database: Database, make_log: Callable[..., CustodyLog]) -> CustodyLog:
    """A log that exists and has signed its first checkpoint."""
    log = make_log()
    with database.write() as tx:
        log.create(tx, ORIGIN, actor="system:test")
    log.settle()
    return log
