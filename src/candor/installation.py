"""One installation: settings, database, vault, custody log and jobs, put together.

The faces open it; nothing below knows it. What belongs together at start, in this order:

1. The database is brought to this version's tables (Alembic; old code keeps running on the new tables).
2. The first start makes the key-encryption key and the custody log's key, in CANDOR_KEYS. Later starts never make
   a key: one that is missing is named, and sealing stops rather than going on under a new key.
3. The vault's keys are checked against the database, so that a wrong key is noticed now, not at the first read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import sqlalchemy as sa

from candor import disclosure
from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.errors import NotSetUp
from candor.core.settings import Settings
from candor.custody import CustodyLog
from candor.custody.tables import log_head
from candor.footage import jobs as footage_jobs
from candor.jobs import Jobs, make_engine_tables
from candor.migrations import migrate
from candor.store import KeyRing, KeyringMissing, StoreEmpty, Vault, create_keyring
from candor.store.tables import vault_object


@dataclass(frozen=True)
class Installation:
    """Everything a face needs. Close it at the end; as a context manager it closes itself."""

    settings: Settings
    database: Database
    vault: Vault
    log: CustodyLog
    jobs: Jobs
    clock: Clock

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock | None = None, create: bool = False) -> Installation:
        """Open the installation that the settings describe.

        With `create`, a first start makes what is missing; without it NotSetUp is raised where there is none.
        """
        clock = clock or SystemClock()
        if settings.database_url is None and not create and not (settings.home / "candor.sqlite3").exists():
            raise NotSetUp(home=settings.home)
        _private_folder(settings.home)
        _private_folder(settings.spool_folder)
        database = Database(settings.database, pool_size=20)
        try:
            if migrate(database):
                make_engine_tables(database)
            vault = _open_vault(settings, database, clock, create)
            log = CustodyLog(
                database,
                settings.log_folder,
                settings.keys_folder,
                clock,
                interval=settings.log_interval,
                witnesses=settings.witnesses,
                quorum=settings.witness_quorum,
            )
            if log.verifier is None:
                if not create:  # an empty database, perhaps one with a mistyped name
                    raise NotSetUp(home=settings.home)
                with database.write() as tx:
                    if tx.execute(sa.select(log_head.c.id)).first() is None:
                        log.create(tx, _origin(settings), actor="system:setup")
            jobs = Jobs(database, slots=settings.jobs_slots, clock=clock)
            footage_jobs.register(jobs, database, vault, clock=clock, scratch=settings.spool_folder)
            disclosure.register(jobs, database, vault, log, clock=clock)
        except BaseException:
            database.dispose()
            raise
        return cls(settings, database, vault, log, jobs, clock)

    def start(self) -> None:
        """Begin the background work of a process that stays: sequencer and jobs."""
        self.log.start()
        self.jobs.launch()

    def close(self) -> None:
        """End the background work and the connections."""
        self.jobs.shutdown()
        self.log.stop()
        self.database.dispose()

    def __enter__(self) -> Installation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _open_vault(settings: Settings, database: Database, clock: Clock, create: bool) -> Vault:
    with database.read() as tx:
        empty = tx.execute(sa.select(vault_object.c.object_id).limit(1)).first() is None
    # Only an archive that holds nothing gets a new key: making one for sealed footage would hide that its key is lost.
    try:
        KeyRing.load(settings.keys_folder)
    except KeyringMissing:
        if not (create and empty):
            raise
        create_keyring(settings.keys_folder)
    vault = Vault.from_settings(settings, clock)
    if not empty and next(iter(vault.store.list()), None) is None:
        raise StoreEmpty(place=vault.store.place)
    with database.read() as tx:
        vault.check_keys(tx)
    return vault


def _origin(settings: Settings) -> str:
    """Name of a new log: as set, else under the public address, else one that nobody else has."""
    if settings.log_origin:
        return settings.log_origin
    host = urlsplit(settings.public_url or "").netloc
    return f"{host}/log" if host else f"candor-{os.urandom(6).hex()}.invalid/log"
