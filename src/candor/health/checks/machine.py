"""The machine: folders and who may read them, room on disks, writing, limits, libraries."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from candor.core.errors import CandorError
from candor.core.settings import Settings
from candor.health.findings import Finding, bad, ok, size_words, together, warn
from candor.health.place import NotHereYet, Place
from candor.people.tables import agency

#: Below this footage is no longer taken in through the browser (store.room); below the other somebody should act.
RESERVE, SCARCE = 1 << 30, 10 << 30
#: Share of the disk below which it is scarce whatever its size.
SCARCE_SHARE = 0.05
#: Open files that a busy site needs: 512 connections, the database's, a stream for each.
FILES_WANTED = 1024
#: Libraries that decide what can be read, sealed and proved.
LIBRARIES = ("av", "cryptography", "obstore", "SQLAlchemy", "dbos", "starlette", "uvicorn", "reportlab")


def folders(place: Place) -> Finding | None:
    """CANDOR_HOME and CANDOR_KEYS: there, ours, closed to others, and not on one disk."""
    if not place.begun:
        return None
    home, keys = place.settings.home, place.settings.keys_folder
    found = [_folder("CANDOR_HOME", home), _folder("CANDOR_KEYS", keys)]
    if home.is_dir() and keys.is_dir() and home.stat().st_dev == keys.stat().st_dev:
        found.append(
            warn(
                "folders",
                "The keys lie on the same disk as the footage's database: who takes the disk has both.",
                "Set CANDOR_KEYS to a folder on another disk (move the files there first), or encrypt the disk.",
            )
        )
    return together("folders", f"{home} and {keys} are there, and closed to others.", found)


def _folder(name: str, path: Path) -> Finding | None:
    try:
        found = path.stat()
    except OSError as error:
        return bad("folders", f"{name} ({path}) cannot be used: {error.strerror}.", f"Correct {name}, or mount it.")
    if not stat.S_ISDIR(found.st_mode):
        return bad("folders", f"{name} ({path}) is no folder.", f"Correct {name}.")
    if found.st_mode & 0o077:
        words = f"Others on this machine may look into {name} ({path}, mode {stat.S_IMODE(found.st_mode):04o})."
        return warn("folders", words, f"chmod 700 {path}")
    if found.st_uid != os.geteuid():
        words = f"{name} ({path}) belongs to another user (number {found.st_uid}, this is {os.geteuid()})."
        return warn("folders", words, "Run Candor as the user who owns it, or give it to this one (chown -R).")
    return None


def places(settings: Settings, database_file: Path | None) -> Iterator[tuple[str, Path]]:
    """The folders whose disks must have room, with what they hold."""
    yield "the home", settings.home
    if database_file is not None:
        yield "the database", database_file.parent
    parts = urlsplit(settings.store)
    if parts.scheme in ("", "file"):
        yield "the footage", Path(unquote(parts.path) if parts.scheme else settings.store).expanduser().absolute()
    yield "the log", settings.log_folder
    yield "the spool", settings.spool_folder
    yield "the keys", settings.keys_folder


def free(path: Path) -> tuple[int, int] | None:
    """Free bytes and size of the disk under a path, or under its nearest folder that exists; None: not told."""
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


def disk(place: Place) -> Finding:
    """Room on every disk that something is written to."""
    named: dict[int, tuple[list[str], tuple[int, int]]] = {}
    for what, path in places(place.settings, place.database_file):
        room = free(path)
        there = path
        while not there.exists() and there != there.parent:
            there = there.parent
        if room is not None:
            named.setdefault(there.stat().st_dev, ([], room))[0].append(what)
    found = [_room(" and ".join(names), *room) for names, room in named.values()]
    least = min((room[0] for _, room in named.values()), default=0)
    return together("disk", f"{size_words(least)} are free where Candor writes.", found)


def _room(names: str, left: int, total: int) -> Finding | None:
    mend = "Free space there, or move the store or the home to a larger disk. Nothing that is sealed is lost meanwhile."
    if left < RESERVE:
        return bad("disk", f"Only {size_words(left)} are left for {names}: intake in the browser has stopped.", mend)
    if left < SCARCE or (total and left / total < SCARCE_SHARE):
        return warn("disk", f"{size_words(left)} of {size_words(total)} are left for {names}.", mend)
    return None


def writing(place: Place) -> Finding | None:
    """Whether home, keys, log and spool take a file, to the disk (fsync), and how long that takes."""
    if not place.begun:
        return None
    slowest, found = 0.0, []
    for name, path in (
        ("home", place.settings.home),
        ("keys", place.settings.keys_folder),
        ("log", place.settings.log_folder),
        ("spool", place.settings.spool_folder),
    ):
        if not path.exists():  # made when it is first needed; a missing home is the folders' finding
            continue
        started = time.monotonic()
        try:
            write_and_remove(path)
        except OSError as error:
            words = f"Nothing can be written to the {name} folder ({path}): {error.strerror}."
            found.append(bad("writing", words, "Free space, mount it for writing, or correct its owner."))
        slowest = max(slowest, time.monotonic() - started)
    if slowest > 1.0:
        words = f"A small file takes {slowest:.1f} s to reach the disk; every act waits for that."
        found.append(warn("writing", words, "Look at the disk's health and load; a network folder may be the cause."))
    return together("writing", f"Files reach the disk ({slowest * 1000:.0f} ms at most).", found)


def write_and_remove(folder: Path) -> float:
    """Put a small file to the disk and take it away; gives its time by the file system's clock. Raises OSError."""
    path = folder / f".candor-probe.{os.getpid()}.{os.urandom(4).hex()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, b"candor\n")
        os.fsync(descriptor)
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def zones(place: Place) -> Finding:
    """Whether the time zones that pages need are known here."""
    wanted = {"UTC", "America/New_York"}
    if place.begun:
        try:
            with place.read() as tx:
                wanted |= set(tx.scalars(sa.select(agency.c.time_zone)))
        except (CandorError, NotHereYet):
            pass  # the database's own finding; the zones are looked at all the same
    for zone in sorted(wanted):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            return bad("time-zones", f"The time zone {zone} is not known here.", "Install the package tzdata.")
    try:
        source = f"tzdata {metadata.version('tzdata')}"
    except metadata.PackageNotFoundError:
        source = next((path for path in TZPATH if Path(path).is_dir()), "the system")
    return ok("time-zones", f"{', '.join(sorted(wanted))} are known ({source}).")


def versions() -> dict[str, str]:
    """What this process runs on, for the page and for the report of a fault."""
    from candor import __version__

    found = {"Candor": __version__, "Python": sys.version.split()[0], "SQLite": sqlite3.sqlite_version}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def software(place: Place) -> Finding:
    """Python and the libraries."""
    found = versions()
    shown = ", ".join(f"{name} {version}" for name, version in found.items())
    missing = [name for name, version in found.items() if version == "missing"]
    if missing:
        return bad("software", f"Missing: {', '.join(missing)}.", "Install Candor anew from its lock file.")
    return ok("software", f"{shown}.")


def open_files(place: Place) -> Finding:
    """How many files this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES_WANTED:
        words = f"This process may have {soft} files open; a busy site needs {FILES_WANTED}."
        return warn("open-files", words, "Raise it: `ulimit -n 4096`, or LimitNOFILE=4096 in the systemd unit.")
    return ok("open-files", f"{'Any number of' if soft == resource.RLIM_INFINITY else soft} files may be open.")
