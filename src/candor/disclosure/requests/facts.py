"""What requests mean to the law: of each recording that an open request means, when that request was received.

Of several open requests the earliest counts, and so it does against what a case says of a request that was noted there:
a clock that runs from the earlier moment ends first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.requests.rules import Meant
from candor.disclosure.requests.tables import records_request, request_recording
from candor.footage import facts
from candor.law.vocabulary import LawEvent
from candor.matters.lawful import events_for

__all__ = ["received_for"]

#: Recordings that are asked for one by one.
_FEW = 100


def received_for(tx: Connection, recording_ids: Sequence[str]) -> Mapping[str, Mapping[LawEvent, datetime]]:
    """Of recordings that open requests mean, when the first of these was received; others are left out."""
    if not recording_ids:
        return {}
    which = request_recording.c.recording_id
    among = (
        which.in_(recording_ids)
        if len(recording_ids) <= _FEW
        else which.between(min(recording_ids), max(recording_ids))
    )
    joined = request_recording.join(records_request, records_request.c.id == request_recording.c.request_id)
    query = sa.select(which, sa.func.min(records_request.c.received_at)).select_from(joined)
    query = query.where(among, request_recording.c.meant == Meant.MEANT.value, records_request.c.closed_at.is_(None))
    asked = set(recording_ids)
    found: dict[str, datetime] = {one: at for one, at in tx.execute(query.group_by(which)) if one in asked}
    if not found:
        return {}
    noted = events_for(tx, sorted(found))
    told = {}
    for one, at in found.items():
        in_case = noted.get(one, {}).get(LawEvent.REQUEST_RECEIVED)
        told[one] = {LawEvent.REQUEST_RECEIVED: at if in_case is None else min(at, in_case)}
    return told


facts.EVENTS.append(received_for)
