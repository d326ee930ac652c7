"""What one owner may have: counted in the transaction that adds to it, so that many at once are not more than one after
the other."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.uploads.errors import UploadsTooLarge, UploadsTooMany
from candor.docking.uploads.rules import UNFINISHED, Limits, Owner, UploadKind, UploadState
from candor.docking.uploads.tables import upload as upload_table

__all__ = ["bytes_left", "check_limits", "one_at_a_time"]

_UNFINISHED = [one.value for one in UNFINISHED]
#: What counts as unfinished: of a joined upload, the whole, for its parts are its own by then.
_OPEN = upload_table.c.state.in_(_UNFINISHED)
#: What counts for good: each byte once, so of a joined upload its parts.
_KEPT = sa.and_(
    upload_table.c.state.in_([*_UNFINISHED, UploadState.DONE.value, UploadState.JOINED.value]),
    upload_table.c.kind != UploadKind.JOINED.value,
)


def one_at_a_time(tx: Connection, owner: Owner) -> None:
    """Whoever else counts what the owner has waits until this transaction has ended: SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        digest = hashlib.sha256(f"candor upload {owner.kind}:{owner.id}".encode()).digest()
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(int.from_bytes(digest[:8], "big", signed=True))))


def check_limits(tx: Connection, owner: Owner, limits: Limits, more: int, *, files: int = 1) -> None:
    """Raise UploadsTooMany or UploadsTooLarge where `more` bytes in so many more files would be beyond the limits."""
    mine = sa.and_(upload_table.c.owner_kind == owner.kind, upload_table.c.owner_id == owner.id)
    size = sa.func.coalesce(sa.func.sum(sa.func.coalesce(upload_table.c.length, upload_table.c.received)), 0)
    query = sa.select(sa.func.count(), size).where(mine)
    for chosen, most_files, most_bytes in (
        (_OPEN, limits.open_files, limits.open_bytes),
        (_KEPT, limits.files_in_all, limits.bytes_in_all),
    ):
        if most_files is None and most_bytes is None:
            continue
        count, total = tx.execute(query.where(chosen)).one()
        if most_files is not None and files and count + files > most_files:
            raise UploadsTooMany(count=count)
        if most_bytes is not None and int(total) + more > most_bytes:
            raise UploadsTooLarge(limit=round(most_bytes / (1 << 30), 2))


def bytes_left(tx: Connection, owner: Owner, limits: Limits) -> int | None:
    """How many more bytes the owner may send; None: no bound."""
    mine = (upload_table.c.owner_kind == owner.kind, upload_table.c.owner_id == owner.id)
    size = sa.func.coalesce(sa.func.sum(sa.func.coalesce(upload_table.c.length, upload_table.c.received)), 0)
    query = sa.select(size).where(*mine)
    left = [
        most - int(tx.scalar(query.where(chosen)) or 0)
        for chosen, most in ((_OPEN, limits.open_bytes), (_KEPT, limits.bytes_in_all))
        if most is not None
    ]
    return max(0, min(left)) if left else None
