"""What of a camera system's containers goes with a recording that is destroyed: where the camera was, and what was
written into its marks. Names, times and hashes stay, so that what comes again is known again."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.axis.containers import FACE
from candor.docking.axis.rules import ObjectKind
from candor.docking.axis.tables import axis_container, axis_object
from candor.footage import purging
from candor.footage.tables import gathering

__all__ = ["forget"]

_PLACES = "location"
_OF_MARKS = frozenset({"categoryid", "categoryname", "tags"})


def forget(tx: Connection, recording_id: str) -> None:
    """Take it out of the containers that the recording was gathered from."""
    keys = sa.select(gathering.c.key).where(
        gathering.c.recording_id == recording_id, gathering.c.key.startswith(f"{FACE}:", autoescape=True)
    )
    for key in tx.scalars(keys).all():
        connection_id, _, name = key.removeprefix(f"{FACE}:").partition("/")
        same = (axis_container.c.connection_id == connection_id, axis_container.c.name == name)
        row = tx.execute(sa.select(axis_container).where(*same)).first()
        if row is None:
            continue
        told = {one: value for one, value in row.metadata.items() if not one.endswith(_PLACES)}
        tx.execute(axis_container.update().where(axis_container.c.id == row.id).values(metadata=told))
        for one in tx.execute(sa.select(axis_object).where(axis_object.c.container_id == row.id)).all():
            gone = _OF_MARKS if one.kind == ObjectKind.BOOKMARK.value else frozenset[str]()
            kept = {word: value for word, value in one.metadata.items() if not (word.endswith(_PLACES) or word in gone)}
            if kept != one.metadata:
                tx.execute(axis_object.update().where(axis_object.c.id == one.id).values(metadata=kept))


purging.FORGET.append(forget)
