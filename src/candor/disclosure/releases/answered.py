"""What releases say to the room of requests: that nothing is told to be released before it is, and that what is about
to go out is kept."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import rows_of
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.releases.rules import Audience, ReleaseState
from candor.disclosure.releases.tables import release, release_copy
from candor.disclosure.requests import answering, kept_on
from candor.disclosure.requests.letters import meant_by
from candor.disclosure.requests.rules import Outcome
from candor.disclosure.requests.tables import records_request

__all__ = ["is_going_out", "not_released_yet"]

_RELEASED = (Outcome.RELEASED, Outcome.RELEASED_IN_PART)
_GOING = (ReleaseState.PREPARED, ReleaseState.SENT_BACK, ReleaseState.APPROVED, ReleaseState.FAILED)


def not_released_yet(tx: Connection, request_id: str, outcome: Outcome) -> str | None:
    """Why a request cannot be answered as one for which something was released: a recording of which something is to be
    released is in no release that is published, for whoever asked or for everybody. Who came to look at it here gets
    none."""
    wants = tx.scalar(sa.select(records_request.c.wants).where(records_request.c.id == request_id))
    if outcome not in _RELEASED or wants != "copy":
        return None
    made = rows_of(tx, Subject.of_request(request_id))
    wanted = {one for one in meant_by(tx, request_id) if any(_goes(each.decision) for each in made.of(one))}
    for_them = sa.or_(release.c.request_id == request_id, release.c.audience == Audience.PUBLIC.value)
    query = sa.select(release_copy.c.recording_id).join(release, release.c.id == release_copy.c.release_id)
    query = query.where(release.c.state == ReleaseState.PUBLISHED.value, for_them)
    missing = len(wanted - set(tx.scalars(query.where(release_copy.c.recording_id.in_(wanted)))))
    if not missing:
        return None
    what = "what is released of it has" if missing == 1 else f"what is released of {missing} recordings has"
    return f"{what} not been published yet; prepare its release and have another person approve it first"


def is_going_out(tx: Connection, request_id: str) -> bool:
    """Whether a release of a request was prepared and is neither published nor recalled."""
    waiting = release.c.request_id == request_id, release.c.state.in_([one.value for one in _GOING])
    return tx.execute(sa.select(release.c.id).where(*waiting).limit(1)).first() is not None


def _goes(decision: Decision) -> bool:
    return decision is not Decision.WITHHOLD


answering.BEFORE_ANSWER.append(not_released_yet)
kept_on.GOING_OUT.append(is_going_out)
