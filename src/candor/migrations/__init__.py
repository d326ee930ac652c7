"""The tables' history (Alembic). `migrate` brings a database to this version.

Rules it keeps: the newest revision equals the models on both databases; each revision goes up and down with data;
code of the version before still runs on the new tables (columns are added nullable or with a default, and removed
one version later).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.database import Database
from candor.core.errors import CandorError

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent

#: The newest revision; a test compares it with the files.
HEAD = "0006"


class DatabaseTooNew(CandorError):
    """The database was made by a newer Candor (its tables are at {found}, this version knows {known}). Install the
    newer version again; this one changed nothing."""

    exit_code = 8


def migrate(database: Database, to: str = "head") -> bool:
    """Bring the tables up (or, to an older revision, down); whether there was anything to do."""
    with database.read() as tx:
        found = _current(tx)
    if to == "head" and found == HEAD:
        return False
    # Loaded only now: nearly every start finds the tables as they should be.
    from alembic import command
    from alembic.script import ScriptDirectory

    config = config_for(database)
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseTooNew(found=found, known=HEAD)
    with database.write() as tx:
        config.attributes["connection"] = tx
        if to == "head" or found is None:
            command.upgrade(config, to)
        else:
            command.downgrade(config, to)
    return True


def revisions() -> frozenset[str]:
    """Every revision that this version knows."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return frozenset(one.revision for one in ScriptDirectory.from_config(config).walk_revisions())


def _current(tx: Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def config_for(database: Database) -> Config:
    """Alembic's configuration, without a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["database"] = database
    return config
