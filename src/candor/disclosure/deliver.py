"""Delivering a package: into a folder, into a zip, or as a stream that starts anywhere."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy.engine import Connection, Engine

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.files import sync_folder
from candor.custody import Event, append
from candor.disclosure.errors import (
    OriginalAltered,
    PackageNotReady,
    PlaceFull,
    PlaceTaken,
    PlaceUnfit,
    PlaceUnwritable,
)
from candor.disclosure.layout import File, ZipLayout
from candor.disclosure.packages import Package, PackageState
from candor.disclosure.sources import Sources, must_be_readable
from candor.people.rules import Actor
from candor.store import ObjectAltered, SealedStream, Vault

Told = Callable[[int], None]
_PIECE = 4 << 20
#: Bytes that are to stay free where a package is written.
_SPARE = 16 << 20


class ZipStream:
    """The package as a zip, read from any position. Close it at the end."""

    def __init__(self, layout: ZipLayout, sources: Sources) -> None:
        self._layout, self._sources = layout, sources
        self.size = layout.size

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """Up to `length` bytes from `offset` on, in pieces."""
        return self._layout.read(offset, length, self._sources)

    def close(self) -> None:
        """Close what it reads from."""
        self._sources.close()


def open_zip(
    tx: Connection, vault: Vault, actor: Actor, found: Package, *, record: bool = True, clock: Clock | None = None
) -> ZipStream:
    """The package's zip, after the download is on record (once per download: `record` false for a further range).

    The transaction is needed for this call only: the stream opens what it reads in short ones of its own, on the same
    database. Raises PackageNotReady, RecordingGone.
    """
    _must_be_ready(found)
    must_be_readable(tx, vault, found.plan["originals"])
    if record:
        record_download(tx, actor, found, clock=clock)
    sources = Sources(vault, partial(_reading, tx.engine), found.plan["originals"])
    return ZipStream(ZipLayout(found.name, found.files), sources)


def record_download(tx: Connection, actor: Actor, found: Package, *, clock: Clock | None = None) -> None:
    """Put on record that a package which was handed out before is taken once more. Raises PackageNotReady."""
    _must_be_ready(found)
    for recording in sorted(found.recordings):  # in one order everywhere: see handing_out.py
        append(
            tx,
            Event.RECORDING_PACKAGE_DOWNLOADED,
            actor=actor.account_id,
            recording=recording,
            details={"package": found.id},
            clock=clock,
        )


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    """What Database.read gives, on the engine that a transaction of the caller's is on."""
    with engine.connect() as connection:
        reading = connection.execution_options(candor_write=False)
        transaction = reading.begin()
        try:
            yield reading
        finally:
            transaction.rollback()


def check_place(out: Path, found: Package) -> None:
    """Raise PlaceUnfit when the package could not be written below `out`, before its hand-out is committed."""
    needed = sum(one["size"] for one in found.plan["originals"]) + _SPARE
    place = out
    try:
        while not place.exists():
            place = place.parent
        if not place.is_dir():
            raise PlaceUnfit(path=out, reason=f"{place} is not a folder")
        if not os.access(place, os.W_OK | os.X_OK):
            raise PlaceUnfit(path=out, reason=f"this account may not write to {place}")
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise PlaceUnfit(path=out, reason=error.strerror or error) from error
    if free < needed:
        raise PlaceUnfit(path=out, reason=f"it needs {needed:,} bytes and {free:,} are left")


def write_folder(database: Database, vault: Vault, found: Package, out: Path, *, told: Told | None = None) -> Path:
    """Write the package as a folder below `out`; whole or not at all; only this account may read it.

    Raises PackageNotReady, PlaceTaken, PlaceFull, PlaceUnwritable, OriginalAltered, RecordingGone.
    """
    _must_be_ready(found)
    place = out / found.name
    needed = sum(file.size for file in found.files)
    with _sources(database, vault, found) as sources, _place(place, needed, found.id) as half:
        half.mkdir(mode=0o700)
        folders = {half}
        for file in found.files:
            path = half / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            folders.update(one for one in path.parents if half in one.parents)
            with path.open("xb") as target:
                _copy(sources[file.object_id], file, target.write, told)
                target.flush()
                os.fsync(target.fileno())
        for folder in folders:
            sync_folder(folder)
    return place


def write_zip(database: Database, vault: Vault, found: Package, out: Path, *, told: Told | None = None) -> Path:
    """Write the package as one zip below `out`; whole or not at all. Raises as `write_folder`."""
    _must_be_ready(found)
    layout = ZipLayout(found.name, found.files)
    place = out / f"{found.name}.zip"
    with (
        _sources(database, vault, found) as sources,
        _place(place, layout.size, found.id) as half,
        os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target,
    ):
        for piece in layout.read(0, layout.size, sources):
            target.write(piece)
            if told is not None:
                told(len(piece))
        target.flush()
        os.fsync(target.fileno())
    return place


@contextmanager
def _sources(database: Database, vault: Vault, found: Package) -> Iterator[Sources]:
    """What the package is read from; an altered original is named as people know it."""
    originals: Mapping[str, dict[str, str]] = {one["object_id"]: one for one in found.plan["originals"]}
    try:
        with Sources(vault, database.read, found.plan["originals"]) as sources:
            yield sources
    except ObjectAltered as error:
        one = originals.get(error.fields["object_id"])
        if one is None:
            raise
        raise OriginalAltered(name=one["name"], recording=one["recording"], what=error.fields["what"]) from error


def _must_be_ready(found: Package) -> None:
    if found.state is not PackageState.READY:
        raise PackageNotReady(id=found.id, state=found.problem or found.state.value)


@contextmanager
def _place(place: Path, needed: int, package_id: str) -> Iterator[Path]:
    """Where to write: beside the place under another name, moved there when all is on the disk, removed if not."""
    half = place.with_name(f".{place.name}.partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(place):
            raise PlaceTaken(path=place)
        _remove(half)
        free = shutil.disk_usage(place.parent).free
        if free < needed + _SPARE:
            raise PlaceFull(needed=needed, free=free, path=place.parent, id=package_id)
        yield half
        half.rename(place)
        sync_folder(place.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            _remove(half)
        if isinstance(error, OSError):
            raise PlaceUnwritable(path=place, reason=error.strerror or error, id=package_id) from error
        raise


def _remove(half: Path) -> None:
    if half.is_dir() and not half.is_symlink():
        shutil.rmtree(half)
    else:
        half.unlink(missing_ok=True)


def _copy(source: SealedStream, file: File, write: Callable[[bytes], object], told: Told | None) -> None:
    """Copy one file, and see once more that it is the one that was listed."""
    done, digest = 0, hashlib.sha256()
    while done < file.size and (piece := source.read_at(file.offset + done, min(_PIECE, file.size - done))):
        write(piece)
        digest.update(piece)
        done += len(piece)
        if told is not None:
            told(len(piece))
    if done != file.size or digest.hexdigest() != file.sha256:
        raise ObjectAltered(object_id=file.object_id, what="it is not the file that the package lists")
