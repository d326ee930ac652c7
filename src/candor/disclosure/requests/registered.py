"""What requests keep of recordings, in the register: which are meant, with the reason, and documents of their own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.requests.rules import STATE_WORDS, Meant, RequestState
from candor.disclosure.requests.tables import records_request, request_clock, request_recording
from candor.footage.kept import ERASED
from candor.footage.register import Digest, Kept, register

__all__: list[str] = []


def _erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Words that somebody wrote of the recording go; that the request meant it stays."""
    mine = request_recording.c.recording_id == recording_id
    tx.execute(request_recording.update().where(mine).values(why=ERASED))
    its = request_clock.c.recording_id == recording_id, request_clock.c.extension_reason.is_not(None)
    tx.execute(request_clock.update().where(*its).values(extension_reason=ERASED))


def _refers(tx: Connection, recording_id: str) -> list[str]:
    joined = request_recording.join(records_request, records_request.c.id == request_recording.c.request_id)
    query = sa.select(records_request.c.number, records_request.c.state).select_from(joined)
    query = query.where(
        request_recording.c.recording_id == recording_id, request_recording.c.meant == Meant.MEANT.value
    )
    rows = tx.execute(query.order_by(records_request.c.number))
    return [f"The request {row.number}, which is {STATE_WORDS[RequestState(row.state)]}, means it" for row in rows]


register(
    Kept(
        name="requests",
        words="which requests for records mean it, with the reason, and until when each had to be answered",
        goes="nothing; an order of erasure takes the reasons",
        stays="that the request meant it: it explains what was answered. Documents of requests are not of recordings",
        tables=frozenset({"request_recording", "request_clock", "request_document"}),
        kinds=frozenset({"request-document"}),
        erase=_erase,
        refers=_refers,
    )
)
