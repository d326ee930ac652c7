"""The published place: the database and the files that the portal reads and acts of publication write."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection

from candor.core.database import Database
from candor.core.ids import is_id
from candor.core.portal_settings import PortalSettings
from candor.core.settings import Settings
from candor.published import schema
from candor.published.errors import NoticeWrong
from candor.published.files import PublishedFiles
from candor.published.notices import AboutNotice, FileNotice, ReleaseNotice, StatusNotice

__all__ = ["KnownFile", "Published"]

#: Releases on one page.
PAGE = 20


@dataclass(frozen=True)
class KnownFile:
    """A file that was published, and to whom: `stored` is false where only its digest is known, because it went with a
    recall, or because it is `bare`: a published file without its content credentials."""

    sha256: str
    name: str
    kind: str
    media_type: str
    size: int
    stored: bool
    bare: bool
    audience: str
    tracking: bytes | None
    release_id: str | None
    published_at: datetime
    recalled_at: datetime | None


class Published:
    """What is published. Reading needs nothing but to read; only acts of publication write."""

    def __init__(self, url: str, folder: Path, *, read_only: bool = False) -> None:
        self.database = Database(url, pool_size=5)
        self.files = PublishedFiles(folder)
        if read_only:
            _only_read(self.database)

    @classmethod
    def open(cls, settings: Settings) -> Published:
        """To be written: tables and folder are made where they are missing."""
        made = cls(settings.published_database, settings.published_folder)
        schema.make(made.database, "published")
        return made

    @classmethod
    def to_read(cls, settings: PortalSettings) -> Published:
        """To be read alone; nothing is made."""
        return cls(settings.published_url, settings.published_files, read_only=True)

    def is_made(self) -> bool:
        """Whether there is something to read."""
        return schema.is_made(self.database, "published")

    def close(self) -> None:
        """Close every connection."""
        self.database.dispose()

    def __enter__(self) -> Published:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- files

    def put_file(self, pieces: Iterable[bytes], sha256: str | None = None) -> tuple[str, int]:
        """Write a file, durably; its digest and size. Raises FileOther where it is not what `sha256` says. Until a
        notice names it, nobody is given it."""
        return self.files.put(pieces, sha256)

    def open_file(self, sha256: str) -> BufferedReader:
        """Raises FileGone."""
        return self.files.open(sha256)

    def remove_file(self, sha256: str) -> bool:
        """Take a file away that no notice names any more; whether it went."""
        with self.database.read() as tx:
            table = schema.file.c
            named = tx.scalar(
                sa.select(sa.func.count()).where(table.sha256 == bytes.fromhex(sha256), table.stored.is_(True))
            )
        if named:
            return False
        self.files.remove(sha256)
        return True

    # -- releases

    def write_release(self, notice: ReleaseNotice) -> None:
        """Publish a release, or write it anew. Its files must have been put before: raises FileGone where one is not
        there. A recall that stands is not undone by it."""
        for one in notice.files:
            if notice.recalled_at is None:
                self.files.open(one.sha256).close()
        with self.database.write() as tx:
            known = _release(tx, notice.id)
            if known is not None and known.recalled_at is not None and notice.recalled_at is None:
                notice = replace(notice, recalled_at=known.recalled_at, recall_reason=known.recall_reason)
            _put_release(tx, notice)

    def recall_release(self, release_id: str, at: datetime, reason: str) -> bool:
        """Its page says so from now on, its files go; who has kept one still finds it recognised. False where there is
        no such release."""
        with self.database.write() as tx:
            known = _release(tx, release_id)
            if known is None:
                return False
            if known.recalled_at is None:
                known = replace(known, recalled_at=at, recall_reason=reason)
            _put_release(tx, known)
        for one in known.files:
            self.remove_file(one.sha256)
        return True

    def release(self, release_id: str) -> ReleaseNotice | None:
        """One release; whoever shows it looks at its audience."""
        if not is_id(release_id):
            return None
        with self.database.read() as tx:
            return _release(tx, release_id)

    def releases(self, text: str = "", *, page: int = 1) -> tuple[list[ReleaseNotice], int]:
        """Releases for everybody, the newest first, PAGE to a page; and how many there are that hold every word."""
        table = schema.release.c
        found = [table.audience == "public"]
        found += [table.search_key.contains(word, autoescape=True) for word in folded(text[:200]).split()[:8]]
        with self.database.read() as tx:
            count = int(tx.scalar(sa.select(sa.func.count()).where(*found)) or 0)
            rows = tx.scalars(
                sa.select(table.notice)
                .where(*found)
                .order_by(table.published_at.desc(), table.id.desc())
                .limit(PAGE)
                .offset((max(page, 1) - 1) * PAGE)
            ).all()
        return [ReleaseNotice.from_json(row) for row in rows], count

    def releases_for(self, tracking: bytes) -> list[ReleaseNotice]:
        """Releases that the holder of a code may see because of it, the newest first."""
        table = schema.release.c
        query = sa.select(table.notice).where(table.tracking == tracking).order_by(table.published_at.desc())
        with self.database.read() as tx:
            return [ReleaseNotice.from_json(row) for row in tx.scalars(query)]

    # -- the states of requests

    def write_status(self, notice: StatusNotice) -> None:
        """Publish how a request stands. Its letters must have been put before."""
        for one in notice.letters:
            self.files.open(one.sha256).close()
        digest = bytes.fromhex(notice.tracking)
        with self.database.write() as tx:
            table = schema.status
            tx.execute(table.delete().where(table.c.tracking == digest))
            tx.execute(table.insert().values(tracking=digest, as_of=notice.as_of, notice=notice.to_json()))
            owner = f"status/{notice.tracking}"
            values = {"audience": "requester", "tracking": digest, "release_id": None, "recalled_at": None}
            _put_files(tx, owner, notice.letters, notice.as_of, values)

    def replace_code(self, old: bytes, new: bytes) -> None:
        """A code was replaced by another one: what could be found by it is not any more; the releases that it opened
        are opened by the new one. Done once more, it changes nothing."""
        table = schema.release.c
        with self.database.read() as tx:
            known = tx.scalar(sa.select(schema.status.c.as_of).where(schema.status.c.tracking == old))
            ids = list(tx.scalars(sa.select(table.id).where(table.tracking == old)))
        if known is not None:
            self.forget_status(old)
        if ids:
            with self.database.write() as tx:
                for release_id in ids:
                    notice = _release(tx, release_id)
                    if notice is not None:
                        _put_release(tx, replace(notice, tracking=new.hex()))

    def forget_status(self, tracking: bytes) -> None:
        """What could be found by a code is not any more."""
        with self.database.write() as tx:
            tx.execute(schema.status.delete().where(schema.status.c.tracking == tracking))
            tx.execute(schema.file.delete().where(schema.file.c.owner == f"status/{tracking.hex()}"))

    def status(self, tracking: bytes) -> StatusNotice | None:
        """How the request of a code stands; None where there is none."""
        query = sa.select(schema.status.c.notice).where(schema.status.c.tracking == tracking)
        with self.database.read() as tx:
            found = tx.scalar(query)
        return None if found is None else StatusNotice.from_json(found)

    # -- who the agency is

    def write_about(self, notice: AboutNotice) -> None:
        """Publish who the agency is."""
        with self.database.write() as tx:
            tx.execute(schema.about.delete())
            tx.execute(schema.about.insert().values(id=1, as_of=notice.as_of, notice=notice.to_json()))

    def about(self) -> AboutNotice | None:
        """Who the agency is; None before it was published."""
        with self.database.read() as tx:
            found = tx.scalar(sa.select(schema.about.c.notice))
        return None if found is None else AboutNotice.from_json(found)

    # -- which files there are

    def files_of(self, sha256: str) -> list[KnownFile]:
        """Everything that a file was published as."""
        try:
            digest = bytes.fromhex(sha256)
        except ValueError:
            return []
        with self.database.read() as tx:
            rows = tx.execute(sa.select(schema.file).where(schema.file.c.sha256 == digest)).all()
        return [_known(row) for row in rows]

    def files_under(self, prefix: int) -> list[KnownFile]:
        """Files of releases whose digest begins with this byte (0 to 255). Of what went to one person alone, only films
        and packages: a letter or a table could be made up word by word until its digest fits, and would tell who had
        asked."""
        table = schema.file.c
        told = sa.or_(table.audience == "public", table.kind.in_(("copy", "package")))
        found = sa.select(schema.file).where(table.prefix == prefix, table.release_id.is_not(None), told)
        with self.database.read() as tx:
            return [_known(row) for row in tx.execute(found.order_by(table.sha256))]


def folded(text: str) -> str:
    """Letters as they are compared: without case and accents."""
    parts = unicodedata.normalize("NFKD", text.replace("\0", " ").casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def _release(tx: Connection, release_id: str) -> ReleaseNotice | None:
    found = tx.scalar(sa.select(schema.release.c.notice).where(schema.release.c.id == release_id))
    return None if found is None else ReleaseNotice.from_json(found)


def _put_release(tx: Connection, notice: ReleaseNotice) -> None:
    if len({one.sha256 for one in notice.files}) != len(notice.files):
        raise NoticeWrong(what="ReleaseNotice", reason="it names a file twice")
    tracking = None if notice.tracking is None else bytes.fromhex(notice.tracking)
    table = schema.release
    said = [notice.number, notice.title, notice.summary, *(one.words for one in notice.facts)]
    tx.execute(table.delete().where(table.c.id == notice.id))
    tx.execute(
        table.insert().values(
            id=notice.id,
            audience=notice.audience,
            tracking=tracking,
            published_at=notice.published_at,
            recalled_at=notice.recalled_at,
            search_key=folded(" ".join(said)),
            notice=notice.to_json(),
        )
    )
    values = {
        "audience": notice.audience,
        "tracking": tracking,
        "release_id": notice.id,
        "recalled_at": notice.recalled_at,
    }
    _put_files(tx, f"release/{notice.id}", notice.files, notice.published_at, values)


def _put_files(
    tx: Connection, owner: str, files: Iterable[FileNotice], at: datetime, values: Mapping[str, object]
) -> None:
    table = schema.file
    tx.execute(table.delete().where(table.c.owner == owner))
    rows: dict[str, dict[str, object]] = {}
    for one in files:
        for digest in filter(None, (one.proven, one.sha256)):
            whole = digest == one.sha256
            rows[digest] = {
                "sha256": bytes.fromhex(digest),
                "owner": owner,
                "prefix": int(digest[:2], 16),
                "stored": whole and values["recalled_at"] is None,
                "bare": not whole,
                "name": one.name,
                "kind": one.kind,
                "media_type": one.media_type,
                "size": one.size,
                "published_at": at,
                **values,
            }
    if rows:
        tx.execute(table.insert(), list(rows.values()))


def _known(row: sa.Row[tuple[object, ...]]) -> KnownFile:
    found = row._mapping
    return KnownFile(
        found["sha256"].hex(),
        found["name"],
        found["kind"],
        found["media_type"],
        found["size"],
        found["stored"],
        found["bare"],
        found["audience"],
        found["tracking"],
        found["release_id"],
        found["published_at"],
        found["recalled_at"],
    )


def _only_read(database: Database) -> None:
    """Whatever this process tries, these connections change nothing."""
    statement = "PRAGMA query_only=ON" if database.is_sqlite else "SET default_transaction_read_only = on"

    @event.listens_for(database.engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        if not database.is_sqlite:
            connection.commit()
