"""Redaction's work in the background."""

from __future__ import annotations

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.settings import Settings
from candor.custody import CustodyLog
from candor.jobs import Jobs
from candor.redaction import (
    detection_jobs,
    kept,  # noqa: F401 - whoever makes something of footage has it in the register
    rendering_jobs,
)
from candor.store import Vault

__all__ = ["register"]


def register(
    jobs: Jobs, database: Database, vault: Vault, log: CustodyLog, settings: Settings, *, clock: Clock
) -> None:
    """Have this process know how to look through parts and how to make copies."""
    detection_jobs.register(jobs, database, vault, settings, clock=clock)
    rendering_jobs.register(jobs, database, vault, log, settings, clock=clock, scratch=settings.spool_folder)
