"""What camera systems handed over and what waits since: tried again by itself, until it can be seen.

What was acknowledged is durable; what follows from it may have had to wait, for a store that was away or for a key, and
no call may come that would try it again. What no key opens within a day is taken in as it came.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from candor.docking.axis.connecting import Bearer, actor_of, connection
from candor.docking.axis.gate import AxisGate
from candor.docking.axis.rules import ObjectKind
from candor.docking.axis.settling import settle
from candor.docking.axis.tables import axis_container, axis_object

__all__ = ["settle_waiting"]

#: Not before its camera system is likely to have said everything; as it came; not any more.
QUIET, AS_IT_CAME, GIVEN_UP = timedelta(minutes=2), timedelta(days=1), timedelta(days=30)
#: Containers at a time.
_MOST = 1000
_logger = logging.getLogger("candor.docking")


def settle_waiting(gate: AxisGate, stopped: Callable[[], bool] = lambda: False) -> int:
    """Do for each container what could not be done at its calls, until `stopped`; how many there are."""
    now = gate.clock.now()
    latest = sa.func.max(axis_object.c.changed_at)
    query = (
        sa.select(axis_container.c.id, axis_container.c.connection_id, latest.label("latest"))
        .join(axis_object, axis_object.c.container_id == axis_container.c.id)
        .where(
            axis_object.c.settled_at.is_(None),
            axis_object.c.sidecar_id.is_not(None),
            axis_object.c.kind != ObjectKind.ENTRY.value,
            axis_object.c.changed_at > now - GIVEN_UP,
        )
        .group_by(axis_container.c.id, axis_container.c.connection_id)
        .having(latest < now - QUIET)
        .order_by(latest.desc())
        .limit(_MOST)
    )
    with gate.database.read() as tx:
        found = tx.execute(query).all()
        ways = {one: connection(tx, one) for one in {row.connection_id for row in found}}
    for row in found:
        if stopped():
            break
        way = ways[row.connection_id]
        try:
            settle(gate, Bearer(way, actor_of(way)), row.id, waited=row.latest < now - AS_IT_CAME)
        except Exception as error:  # the others are not to wait for it
            _logger.warning("what camera systems handed over has to wait: %s", error)
    return len(found)
