"""What of a link goes with a recording that is destroyed: the name that its giver's file had. Hash and size stay, for
the receipt and for what comes again."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from candor.docking.links.tables import upload_link_file
from candor.footage import purging

__all__ = ["GONE", "forget"]

#: What stands in the place of a name.
GONE = "(destroyed)"


def forget(tx: Connection, recording_id: str) -> None:
    """Take the names out of what was given by links."""
    given = upload_link_file.c.recording_id == recording_id
    tx.execute(upload_link_file.update().where(given).values(name=GONE))


purging.FORGET.append(forget)
