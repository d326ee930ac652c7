"""The job that writes out what is said in a part; `writing` does it.

That module is loaded by the first such job: it brings numpy and onnxruntime along, which no other command should wait
for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.settings import Settings
from candor.footage.transcribing import JOB
from candor.jobs import Failure, JobContext, Jobs
from candor.store import Vault

if TYPE_CHECKING:
    from candor.redaction.speech.writing import Writer

__all__ = ["register"]


def register(
    jobs: Jobs,
    database: Database,
    vault: Vault,
    settings: Settings,
    *,
    clock: Clock | None = None,
    scratch: Path | None = None,
) -> None:
    """Have this process know how to write out what is said. `scratch`: a folder for encrypted temporary files."""

    def writer() -> Writer:
        from candor.redaction.speech.writing import Writer

        return Writer(database, vault, settings, clock or SystemClock(), scratch)

    def write(context: JobContext, params: dict[str, Any]) -> None:
        writer().write(context, params)

    def give_up(tx: Connection, failure: Failure) -> None:
        writer().give_up(tx, failure)

    jobs.register(JOB, write, on_failure=give_up)
