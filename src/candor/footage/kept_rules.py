"""What this room keeps of a recording besides the footage: who may see it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.kept import ERASED
from candor.footage.register import Digest, Kept, keeps_nothing, register
from candor.footage.restriction_tables import recording_opening, restriction, restriction_person

__all__ = ["erase_restrictions"]


def erase_restrictions(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Take out why it was restricted; who could see it when stays."""
    mine = restriction.c.recording_id == recording_id
    by_label = mine, restriction.c.kind == "label"
    # A label is the content. One reference each, because two alike cannot hold at once.
    tx.execute(restriction.update().where(*by_label).values(ref=restriction.c.id))
    told = {"reason": ERASED, "lift_reason": sa.case((restriction.c.lift_reason.is_(None), None), else_=ERASED)}
    tx.execute(restriction.update().where(mine).values(told))
    for table in (restriction_person, recording_opening):
        tx.execute(table.update().where(table.c.recording_id == recording_id).values(reason=ERASED))
    ended = restriction_person.c.recording_id == recording_id, restriction_person.c.end_reason.is_not(None)
    tx.execute(restriction_person.update().where(*ended).values(end_reason=ERASED))


register(
    Kept(
        name="restrictions",
        words="who could see it and who could not, and why",
        goes="nothing",
        stays="all of it: who could see the footage is never forgotten",
        tables=frozenset({"restriction", "restriction_person", "recording_opening"}),
        erase=erase_restrictions,
    )
)
keeps_nothing("restricted_place", "which places of the list are restricted, made anew from the restrictions")
