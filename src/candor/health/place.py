"""Where checks look: an installation that is open, or the settings of one that perhaps cannot be opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.errors import CandorError, DatabaseGone, SettingsWrong
from candor.core.settings import Settings
from candor.custody import CustodyLog
from candor.installation import Installation
from candor.store import ObjectStore, open_store


class NotHereYet(CandorError):
    """There is no installation yet."""

    exit_code = 9


@dataclass(frozen=True, eq=False)
class Place:
    """What checks look at. Nothing is made by looking: no folder, no file, no table."""

    settings: Settings
    clock: Clock
    #: The whole installation where it is open.
    installation: Installation | None = None
    #: Whether a check may write to the store to see that it takes something.
    write: bool = False

    @classmethod
    def of(cls, installation: Installation) -> Place:
        """An installation that is open."""
        return cls(installation.settings, installation.clock, installation)

    @classmethod
    @contextmanager
    def by_settings(cls, settings: Settings, *, write: bool = False, clock: Clock | None = None) -> Iterator[Place]:
        """An installation that may or may not be fit to be opened; nothing of it is migrated, made or started."""
        place = cls(settings, clock or SystemClock(), write=write)
        try:
            yield place
        finally:
            if "database" in vars(place):
                place.database.dispose()

    @property
    def begun(self) -> bool:
        """Whether there is an installation at all, or anything of one."""
        if self.installation is not None or self.settings.database_url is not None:
            return True
        return self.database_file is not None and self.database_file.exists()

    @property
    def database_file(self) -> Path | None:
        """The file of an SQLite database; None for a server, or for one in memory."""
        if self.settings.database_url is None and self.installation is None:
            return self.settings.home / "candor.sqlite3"
        try:
            url = self.installation.database.url if self.installation else sa.make_url(self.settings.database)
        except ArgumentError:
            return None
        named = url.database if url.get_backend_name() == "sqlite" else None
        return Path(named) if named and named != ":memory:" else None

    @cached_property
    def database(self) -> Database:
        """The database. Raises NotHereYet where there is none, SettingsWrong for an address that means nothing."""
        if self.installation is not None:
            return self.installation.database
        if not self.begun:
            raise NotHereYet()
        file = self.database_file
        if file is not None and not file.exists():
            raise DatabaseGone(reason=f"there is no file {file}")
        try:
            return Database(self.settings.database, pool_size=2)
        except (ArgumentError, ImportError) as error:
            raise SettingsWrong(reason=f"CANDOR_DATABASE_URL: {error}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction; a database without Candor's tables counts as no installation yet."""
        with self.database.read() as tx:
            if not _has_tables(tx):
                raise NotHereYet()
            yield tx

    @cached_property
    def store(self) -> ObjectStore:
        """Where footage lies, opened without a key. Raises what `open_store` raises."""
        if self.installation is not None:
            return self.installation.vault.store
        return open_store(self.settings)

    @cached_property
    def log(self) -> CustodyLog:
        """The custody log, to be asked for its state; it is neither started nor signed."""
        if self.installation is not None:
            return self.installation.log
        return CustodyLog(
            self.database,
            self.settings.log_folder,
            self.settings.keys_folder,
            self.clock,
            witnesses=self.settings.witnesses,
            quorum=self.settings.witness_quorum,
        )

    def with_write(self) -> Place:
        """The same, allowed to write to the store."""
        return replace(self, write=True)


def _has_tables(tx: Connection) -> bool:
    try:
        return sa.inspect(tx).has_table("alembic_version")
    except DBAPIError as error:
        raise DatabaseGone(reason=" ".join(str(error.orig or error).split())) from error
