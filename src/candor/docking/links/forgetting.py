"""What of a link goes with a recording that is destroyed: the name that its giver's file had. Hash and size stay, for
the receipt and for what comes again. An order of erasure takes the hash, and what the event of the receipt said."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.links.tables import upload_link_file
from candor.footage.register import Digest, Kept, register

__all__ = ["GONE", "erase", "forget"]

#: What stands in the place of a name.
GONE = "(destroyed)"


def forget(tx: Connection, recording_id: str) -> None:
    """Take the names out of what was given by links."""
    given = upload_link_file.c.recording_id == recording_id
    tx.execute(upload_link_file.update().where(given).values(name=GONE))


def erase(tx: Connection, recording_id: str, digest: Digest) -> None:
    """Take the hashes out too: the receipt names the file no longer."""
    given = upload_link_file.c.recording_id == recording_id
    columns = (upload_link_file.c.upload_id, upload_link_file.c.sha256)
    for row in tx.execute(sa.select(*columns).where(given)).all():
        mine = upload_link_file.c.upload_id == row.upload_id
        tx.execute(upload_link_file.update().where(mine).values(sha256=digest(row.sha256)))


def _events(tx: Connection, recording_id: str) -> list[str]:
    """`link:used` names file and hash, and no recording."""
    return list(
        tx.scalars(sa.select(upload_link_file.c.event_id).where(upload_link_file.c.recording_id == recording_id))
    )


def _refers(tx: Connection, recording_id: str) -> list[str]:
    count = len(_events(tx, recording_id))
    return [f"{count} files of it came by a link; their givers hold receipts of them."] if count else []


register(
    Kept(
        name="what was given by links",
        words="the file that somebody gave by a link, for the receipt",
        goes="its name",
        stays="hash, size and time: the giver holds a receipt of them",
        tables=frozenset({"upload_link_file"}),
        forget=forget,
        erase=erase,
        events=_events,
        refers=_refers,
    )
)
