"""When cameras were used, as recordings show it: what duties ask for, which know nothing of recordings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.fleet.duties.missed import USES
from candor.fleet.duties.rules import Use
from candor.fleet.rules import DeviceKind
from candor.footage.rules import Flag, RecordingState
from candor.footage.tables import recording
from candor.footage.words import lowest_key

__all__ = ["uses_between"]

#: Of what is not known when it was made, or by whom, nobody can be said to have missed anything.
_DOUBTFUL = frozenset({Flag.TIME_UNLIKELY.value, Flag.WEARER_DISPUTED.value, Flag.NOT_MEDIA.value, Flag.EMPTY.value})


def uses_between(tx: Connection, begin: datetime, end: datetime) -> Iterable[Use]:
    """Uses of body-worn cameras by somebody known, begun from one moment until just before another."""
    column = recording.c
    query = sa.select(column.id, column.device_id, column.wearer_id, column.started_at, column.flags).where(
        column.started_key >= lowest_key(begin),
        column.started_key < lowest_key(end),
        column.device_kind == DeviceKind.BODY.value,
        column.device_id.is_not(None),
        column.wearer_id.is_not(None),
        column.state.in_([RecordingState.SEALED.value, RecordingState.RECEIVING.value]),
    )
    for row in tx.execute(query.order_by(column.started_key)):
        if not _DOUBTFUL & set(row.flags):
            yield Use(row.device_id, row.wearer_id, row.started_at, row.id)


USES.append(uses_between)
