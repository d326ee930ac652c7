"""The turn: one process or thread at a time works on the log, over all processes and machines."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from candor.core.database import Database
from candor.core.files import make_folder

#: Any number: names our lock among the database's advisory locks.
_ADVISORY = 0x43414E444F52


@contextmanager
def hold_turn(database: Database, folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the turn; with `wait` false it yields False when somebody else has it.

    `folder` is that of the log's files. Raises OSError when it cannot be written.
    """
    lock = _locked(folder, wait)
    if lock is None:
        yield False
        return
    # Several machines may share the database, so the folder's lock is not enough there.
    with lock, database.only_one(_ADVISORY, wait=wait) as mine:
        yield mine


def _locked(folder: Path, wait: bool) -> TextIO | None:
    """The lock file, locked; None when somebody else holds it. A lock on a file that was deleted meanwhile (another
    disk in the folder's place) is a lock on nothing: it is taken anew on the file that is there."""
    while True:
        make_folder(folder)
        path = folder / ".turn"
        lock = path.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            held, there = os.fstat(lock.fileno()), os.stat(path)
            if (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino):
                return lock
        except BlockingIOError:
            lock.close()
            return None
        except FileNotFoundError:
            pass
        except BaseException:
            lock.close()
            raise
        lock.close()
