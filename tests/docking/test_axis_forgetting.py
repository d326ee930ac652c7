"""What camera systems said of a recording and must not outlive it."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from tests.footage.conftest import Archive, archive, cheap_passwords, make_archive

from candor import installation
from candor.core.ids import new_id
from candor.docking.axis.forgetting import forget
from candor.docking.axis.tables import axis_connection, axis_container, axis_object
from candor.fleet.places import create_dock
from candor.footage import gathering, purging, register
from candor.footage.said import PartOf

__all__ = ["archive", "cheap_passwords", "make_archive"]

NAME = "officer_B8A44F_20261120T180030Z"


def test_places_and_words_of_marks_go_and_the_rest_stays(archive: Archive) -> None:
    assert installation.Installation
    assert forget in {kept.forget for kept in register.all_kept()}
    now = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    connection_id, container_id = new_id(), new_id()
    with archive.database.write() as tx:
        dock_id = create_dock(tx, archive.technician, "Axis", kind="axis", clock=archive.clock)
        row = {"id": connection_id, "dock_id": dock_id, "container_type": "mkv", "capabilities": {}}
        tx.execute(axis_connection.insert(), row | {"created_at": now, "created_by": "system:test"})
        times = {"created_at": now, "changed_at": now}
        said = {"status": "Complete", "triggerontimelocation": "41.76,-72.67"}
        container = {"id": container_id, "connection_id": connection_id, "name": NAME, "kind": "recording"}
        tx.execute(axis_container.insert(), container | times | {"metadata": said})
        for name, kind, metadata in (
            ("a.mkv", "clip", {"starttime": "1", "startlocation": "41.76,-72.67"}),
            ("bookmark_1_2", "bookmark", {"starttime": "1", "tags": "suspect:Doe", "categoryname": "Arrest"}),
        ):
            values = {"id": new_id(), "container_id": container_id, "name": name, "number": 1, "kind": kind}
            tx.execute(axis_object.insert(), values | times | {"metadata": metadata})
    key = f"axis:{connection_id}/{NAME}"
    taken = archive.take(b"film", part_of=PartOf(key, now))
    with archive.database.write() as tx:
        gathering.complete(tx, key, actor="system:axis", clock=archive.clock)
        words = {"authority": "Order 26-CV-7", "reason": "expunged"}
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, clock=archive.clock, **words
        )
    with archive.database.read() as tx:
        (told,) = tx.scalars(sa.select(axis_container.c.metadata))
        of_objects = list(tx.scalars(sa.select(axis_object.c.metadata).order_by(axis_object.c.name)))
    assert told == {"status": "Complete"}
    assert of_objects == [{"starttime": "1"}, {"starttime": "1"}]
