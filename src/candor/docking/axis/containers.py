"""Containers of camera systems: what is said of a recording, kept as it is said, and told to footage and the fleet.

A recording's container is a gathering of footage, known for good as `axis:<connection>/<container>`. Its metadata is
merged as Swift does it: what is said again replaces what was said, an empty value takes it away. What cannot be read
(an impossible time, a user nobody knows) is kept among the facts as it was said, and nothing is made up for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.docking.axis.connecting import Bearer
from candor.docking.axis.entries import device_of, user_account
from candor.docking.axis.errors import AxisNotThere
from candor.docking.axis.rules import ContainerKind, container_kind, container_name, moment, zone_of
from candor.docking.axis.tables import axis_container
from candor.fleet import places
from candor.fleet.reports import LossReason, Report, ReportKind, note_report
from candor.footage import gathering
from candor.footage.gathering import Said

__all__ = [
    "change_container",
    "container_of",
    "gathering_key",
    "is_complete",
    "put_container",
    "said_of",
]

FACE = "axis"
_REPORTED = (ContainerKind.RECORDING, ContainerKind.REJECTED)


def gathering_key(bearer: Bearer, name: str) -> str:
    """The name for good of the recording that a container is."""
    return f"{FACE}:{bearer.connection.id}/{name}"


def put_container(
    tx: Transaction, bearer: Bearer, name: str, said: Mapping[str, str], *, clock: Clock
) -> tuple[sa.Row[Any], bool]:
    """Make a container, or say more of one that is there: (container, whether it is new)."""
    held = (axis_container.c.connection_id == bearer.connection.id, axis_container.c.name == name)
    before = tx.execute(sa.select(axis_container.c.id).where(*held)).first()
    if before is None:
        row: dict[str, Any] = {
            "id": new_id(),
            "connection_id": bearer.connection.id,
            "name": name,
            "kind": container_kind(name).value,
            "metadata": {},
            "created_at": clock.now(),
            "changed_at": clock.now(),
        }
        try:
            with tx.begin_nested():
                tx.execute(axis_container.insert(), row)
        except IntegrityError:  # another call was quicker
            before = tx.execute(sa.select(axis_container.c.id).where(*held)).one()
    return change_container(tx, bearer, name, said, clock=clock, told=before is None), before is None


def change_container(
    tx: Transaction, bearer: Bearer, name: str, said: Mapping[str, str], *, clock: Clock, told: bool = False
) -> sa.Row[Any]:
    """Say more of a container; `told`: tell footage of it even where nothing changed. Raises AxisNotThere."""
    held = (axis_container.c.connection_id == bearer.connection.id, axis_container.c.name == name)
    row = tx.execute(sa.select(axis_container).where(*held).with_for_update()).first()
    if row is None:
        raise AxisNotThere(what="container")
    merged = {key: value for key, value in {**row.metadata, **said}.items() if value}
    places.seen(tx, bearer.connection.dock_id, clock=clock)
    if merged != row.metadata:
        values = {"metadata": merged, "changed_at": clock.now()}
        tx.execute(axis_container.update().where(axis_container.c.id == row.id).values(**values))
        row = tx.execute(sa.select(axis_container).where(axis_container.c.id == row.id)).one()
        told = True
    if told and ContainerKind(row.kind) in _REPORTED:
        _tell(tx, bearer, row, clock)
    return row


def container_of(tx: Transaction, bearer: Bearer, name: str) -> sa.Row[Any]:
    """A container of the bearer's; raises AxisNotThere."""
    held = (axis_container.c.connection_id == bearer.connection.id, axis_container.c.name == name)
    row = tx.execute(sa.select(axis_container).where(*held)).first()
    if row is None:
        raise AxisNotThere(what="container")
    return row


def is_complete(row: sa.Row[Any]) -> bool:
    """Whether its camera system says that nothing more comes."""
    return bool(row.metadata.get("status", "").lower() == "complete")


def said_of(tx: Transaction, bearer: Bearer, row: sa.Row[Any], clock: Clock) -> Said:
    """What a container says of its recording, by its metadata first and its name where that says nothing."""
    said, named = row.metadata, container_name(row.name)
    serial, user = said.get("bwcserialnumber") or named.serial, said.get("userid") or named.user
    wearer, unit = user_account(tx, bearer.connection.id, user) if user else (None, None)
    starts, ends = moment(said, "starttime"), moment(said, "stoptime")
    return Said(
        started_at=starts,
        ended_at=ends,
        activated_at=moment(said, "triggerontime") or named.triggered_at,
        deactivated_at=moment(said, "triggerofftime"),
        time_zone=zone_of(said),
        wearer_id=wearer,
        unit_id=unit,
        device_id=device_of(tx, serial, said, bearer.actor, clock) if serial else None,
        facts={"axis": {"container": row.name, "kind": row.kind, **said}},
    )


def report_span(
    tx: Transaction,
    bearer: Bearer,
    device_id: str | None,
    ref: str,
    from_at: datetime | None,
    to_at: datetime | None,
    *,
    size: int | None = None,
    rejected: str | None = None,
    clock: Clock,
) -> None:
    """Tell the fleet of a stretch that a camera says it recorded."""
    if device_id is None:
        return
    kind = ReportKind.RECORDED
    reason = None if rejected is None else LossReason.REJECTED.value
    report = Report(FACE, ref, from_at, to_at, kind, size=size, reason=reason)
    note_report(tx, device_id, report, dock_id=bearer.connection.dock_id, clock=clock)


def _tell(tx: Transaction, bearer: Bearer, row: sa.Row[Any], clock: Clock) -> None:
    said = said_of(tx, bearer, row, clock)
    gathering.describe(tx, gathering_key(bearer, row.name), said, actor=bearer.actor, clock=clock)
    rejected = row.metadata.get("rejectedcontentreason", "") if row.kind == ContainerKind.REJECTED.value else None
    begins, ends = said.started_at or said.activated_at, said.ended_at or said.deactivated_at
    report_span(tx, bearer, said.device_id, row.name, begins, ends, rejected=rejected, clock=clock)
