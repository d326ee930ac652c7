"""What critical incidents keep of a recording, in the register: that it is one of theirs, and when a release was put
off. Nothing of what it shows: summaries and statements are of the incident."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.critical.tables import critical_incident, critical_put_off, critical_recording
from candor.footage import register
from candor.footage.kept import ERASED
from candor.footage.register import Digest

__all__: list[str] = []


def _erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Why the release of just this recording was put off."""
    mine = critical_put_off.c.recording_id == recording_id
    tx.execute(critical_put_off.update().where(mine).values(reason=ERASED))


def _refers(tx: Connection, recording_id: str) -> list[str]:
    query = (
        sa.select(critical_incident.c.number)
        .join(critical_recording, critical_recording.c.critical_id == critical_incident.c.id)
        .where(critical_recording.c.recording_id == recording_id)
        .order_by(critical_incident.c.number)
    )
    return [f"The critical incident {number}" for number in tx.scalars(query)]


register.register(
    register.Kept(
        name="critical incidents",
        words="that it is of a shooting, a death or a serious injury, and when its release was put off",
        goes="nothing; an order of erasure takes the reasons for putting its release off",
        stays="that it was of the incident, and what was done about it when",
        tables=frozenset({"critical_recording", "critical_put_off"}),
        erase=_erase,
        refers=_refers,
    )
)
