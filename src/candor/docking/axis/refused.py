"""Calls that can never be understood: the camera system marks what they belong to as not transferred, so they are kept,
shown, and reported to the fleet as something that was recorded and is not here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction

from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.axis.connecting import Bearer
from candor.docking.axis.containers import FACE
from candor.docking.axis.rules import container_name, moment
from candor.docking.axis.tables import axis_connection, axis_refused_call
from candor.fleet.reports import LossReason, Report, note_report
from candor.fleet.service import find_by_serial
from candor.fleet.tables import dock as dock_table

__all__ = ["RefusedCall", "refuse_call", "refused_calls"]

#: Characters that are kept of each text of a refused call, and how many of its headers.
_LONGEST_REFUSED, _MOST_REFUSED_KEYS = 300, 40
#: Bytes of each of the three texts by which the same call is known again: PostgreSQL's index takes 2704 for all.
_LARGEST_NAME = 600


@dataclass(frozen=True)
class RefusedCall:
    """A malformed call, as far as it could be read. `times`: how often the same came. `from_at`, `to_at`: the stretch
    that it was about, by the camera's clock, where that was said."""

    id: str
    connection_id: str
    dock_id: str
    dock_name: str
    method: str
    container: str
    object: str
    reason: str
    said: dict[str, str]
    device_id: str | None
    from_at: datetime | None
    to_at: datetime | None
    times: int
    first_at: datetime
    last_at: datetime


def refused_calls(tx: Transaction, *, device_id: str | None = None, limit: int = 200) -> list[RefusedCall]:
    """Malformed calls, the latest first: all, or those about one camera."""
    columns = [axis_refused_call.c[name] for name in RefusedCall.__dataclass_fields__ if name in axis_refused_call.c]
    query = (
        sa.select(*columns, axis_connection.c.dock_id, dock_table.c.name.label("dock_name"))
        .join(axis_connection, axis_connection.c.id == axis_refused_call.c.connection_id)
        .join(dock_table, dock_table.c.id == axis_connection.c.dock_id)
        .order_by(axis_refused_call.c.last_at.desc(), axis_refused_call.c.id)
        .limit(limit)
    )
    if device_id is not None:
        query = query.where(axis_refused_call.c.device_id == device_id)
    return [RefusedCall(**row._mapping) for row in tx.execute(query)]


def refuse_call(
    tx: Transaction,
    bearer: Bearer,
    method: str,
    container: str,
    name: str,
    reason: str,
    said: Mapping[str, str],
    *,
    clock: Clock,
) -> None:
    """Keep a call that can never be understood, so that what it was about is known to be missing. The first of its kind
    is an event; the same call again is counted."""
    now = clock.now()
    key = {
        "connection_id": bearer.connection.id,
        "method": method[:16],
        "container": _cut(_readable(container), _LARGEST_NAME),
        "object": _cut(_readable(name), _LARGEST_NAME),
        "reason": _cut(_readable(reason), _LARGEST_NAME),
    }
    same = [axis_refused_call.c[column] == value for column, value in key.items()]
    again = axis_refused_call.update().where(*same).values(times=axis_refused_call.c.times + 1, last_at=now)
    if tx.execute(again).rowcount:
        return
    cut = {_readable(one)[:64]: _readable(value) for one, value in list(said.items())[:_MOST_REFUSED_KEYS]}
    about: dict[str, Any] = {
        "device_id": None,
        "from_at": moment(said, "starttime"),
        "to_at": moment(said, "stoptime"),
    }
    serial = cut.get("bwcserialnumber") or container_name(key["container"]).serial
    known = find_by_serial(tx, serial) if serial and serial.isprintable() and len(serial) <= 64 else None
    if known is not None:
        about["device_id"] = known.id
    row = {**key, **about, "id": new_id(), "said": cut, "times": 1, "first_at": now, "last_at": now}
    tx.execute(axis_refused_call.insert(), row)
    if known is not None:
        ref = f"refused/{key['container']}/{key['object']}"
        refused = Report(FACE, ref, about["from_at"], about["to_at"], reason=LossReason.REFUSED.value)
        note_report(tx, known.id, refused, dock_id=bearer.connection.dock_id, clock=clock)
    details = {"refused": row["id"], "dock": bearer.connection.dock_id, **key}
    custody.append(tx, Event.AXIS_CALL_REFUSED, actor=bearer.actor, details=details, clock=clock)


def _cut(text: str, longest: int) -> str:
    return text.encode()[:longest].decode("utf-8", "ignore")


def _readable(text: str) -> str:
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text[:_LONGEST_REFUSED])
