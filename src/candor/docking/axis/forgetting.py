"""What of a camera system's containers goes with a recording that is destroyed: where the camera was, and what was
written into its marks. Names, times and hashes stay, so that what comes again is known again. An order of erasure takes
those too: the system's own name for a recording says whose camera it was, and when."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.axis.containers import FACE
from candor.docking.axis.rules import ObjectKind
from candor.docking.axis.tables import axis_container, axis_object
from candor.footage.kept import ERASED, gatherings_of
from candor.footage.register import Digest, Kept, keeps_nothing, register

__all__ = ["erase", "forget"]

_PLACES = "location"
_OF_MARKS = frozenset({"categoryid", "categoryname", "tags"})


def forget(tx: Connection, recording_id: str) -> None:
    """Take it out of the containers that the recording was gathered from."""
    for row in _containers(tx, recording_id):
        told = {one: value for one, value in row.metadata.items() if not one.endswith(_PLACES)}
        tx.execute(axis_container.update().where(axis_container.c.id == row.id).values(metadata=told))
        for one in tx.execute(sa.select(axis_object).where(axis_object.c.container_id == row.id)).all():
            gone = _OF_MARKS if one.kind == ObjectKind.BOOKMARK.value else frozenset[str]()
            kept = {word: value for word, value in one.metadata.items() if not (word.endswith(_PLACES) or word in gone)}
            if kept != one.metadata:
                tx.execute(axis_object.update().where(axis_object.c.id == one.id).values(metadata=kept))


def erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Empty the containers: names, metadata and hashes. Which parts they became stays."""
    for row in _containers(tx, recording_id):
        values: dict[str, Any] = {"name": f"{ERASED} {row.id}", "metadata": {}}
        tx.execute(axis_container.update().where(axis_container.c.id == row.id).values(values))
        objects = sa.select(axis_object.c.id, axis_object.c.problem).where(axis_object.c.container_id == row.id)
        for one in tx.execute(objects).all():
            gone: dict[str, Any] = {"name": f"{ERASED} {one.id}", "metadata": {}, "sha256": None}
            gone["problem"] = one.problem and ERASED
            tx.execute(axis_object.update().where(axis_object.c.id == one.id).values(gone))


def _containers(tx: Connection, recording_id: str) -> list[sa.Row[Any]]:
    found: list[sa.Row[Any]] = []
    for key in gatherings_of(tx, recording_id):
        if key.startswith(f"{FACE}:"):
            connection_id, _, name = key.removeprefix(f"{FACE}:").partition("/")
            same = (axis_container.c.connection_id == connection_id, axis_container.c.name == name)
            found += tx.execute(sa.select(axis_container).where(*same)).all()
    return found


register(
    Kept(
        name="a camera system's containers",
        words="what a camera system said of the recording, of each clip and of each mark",
        goes="places, and the words of marks",
        stays="names, times and hashes, so that the system can ask what is here",
        tables=frozenset({"axis_container", "axis_object"}),
        forget=forget,
        erase=erase,
    )
)
keeps_nothing("axis_refused_call", "calls that could not be understood; they became no recording")
