"""Approving a release, and sending it back: by another person than who prepared it."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.outbox import NoticeKind, resolve, tell
from candor.custody import Event
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.going import CopyToGo
from candor.disclosure.releases.acting import (
    change,
    checked,
    copies_of,
    held,
    must_be,
    must_not_be_withdrawn,
    note,
    plain_line,
    subject_of,
)
from candor.disclosure.releases.errors import ReleaseNotByPerson, ReleaseNotYours, ReleaseOfOwn
from candor.disclosure.releases.preparing import about_path
from candor.disclosure.releases.rules import TO_APPROVE, ReleaseState
from candor.disclosure.releases.tables import release_copy
from candor.footage.tables import recording
from candor.jobs import Jobs
from candor.people.rules import Actor, Permission
from candor.people.service import AccountKind
from candor.people.tables import account
from candor.store import Vault

__all__ = ["JOB", "LONGEST_REASON", "approve", "send_back"]

#: {"release": id}
JOB = "release.publish@1"
LONGEST_REASON = 1000


def approve(
    tx: Connection,
    vault: Vault,
    jobs: Jobs,
    actor: Actor,
    release_id: str,
    *,
    upon: int,
    clock: Clock | None = None,
) -> str:
    """Approve a release that another person prepared, or have one tried again that could not be made; the id of the
    job that makes and publishes it, if the caller's transaction commits.

    upon: the version that was seen. Raises Refused, ReleaseUnknown, ReleaseChanged, ReleaseWrongState, ReleaseNotYours,
    ReleaseOfOwn, ReleaseNotByPerson, ReleaseForbidden, and what keeps a copy from being handed out.
    """
    actor.require(Permission.RELEASES_APPROVE)
    clock = clock or SystemClock()
    row = held(tx, release_id, upon)
    must_be(tx, row, TO_APPROVE, "approved")
    _must_be_another(tx, row, actor)
    subject = subject_of(row)
    must_not_be_withdrawn(tx, subject)
    copies = copies_of(tx, row.id)
    checked(tx, vault, actor, subject, [CopyToGo(one.copy_id, one.although or None) for one in copies], clock=clock)
    job_id = jobs.enqueue(tx, JOB, {"release": row.id})
    version = change(
        tx,
        row,
        state=ReleaseState.APPROVED.value,
        approved_by=actor.account_id,
        approved_at=clock.now(),
        job_id=job_id,
        problem=None,
        rule=None,
        **({"package_id": None} if _decided_since(tx, row) else {}),
    )
    details = {"prepared_by": row.prepared_by, "copies": [one.copy_id for one in copies], "version": version}
    note(tx, Event.RELEASE_APPROVED, actor.account_id, row, details, clock=clock)
    resolve(tx, f"release-waits:{row.id}", clock=clock)
    return job_id


def send_back(
    tx: Connection, actor: Actor, release_id: str, reason: str, *, upon: int, clock: Clock | None = None
) -> int:
    """Send a release back to who prepared it, saying why; its new version. Raises Refused, ReleaseUnknown,
    ReleaseChanged, ReleaseWrongState, ReleaseNotYours, ReleaseWordsWrong."""
    actor.require(Permission.RELEASES_APPROVE)
    clock, said = clock or SystemClock(), plain_line("reason", reason, LONGEST_REASON)
    row = held(tx, release_id, upon)
    must_be(tx, row, (ReleaseState.PREPARED,), "sent back")
    if row.prepared_by == actor.account_id:
        raise ReleaseNotYours(number=row.number)
    values = {"sent_back_by": actor.account_id, "sent_back_at": clock.now(), "sent_back_reason": said}
    version = change(tx, row, state=ReleaseState.SENT_BACK.value, **values)
    details = {"reason_sha256": hashlib.sha256(said.encode()).hexdigest(), "version": version}
    note(tx, Event.RELEASE_SENT_BACK, actor.account_id, row, details, clock=clock)
    resolve(tx, f"release-waits:{row.id}", clock=clock)
    tell(tx, NoticeKind.RELEASE_SENT_BACK, about=about_path(row.id), to=[row.prepared_by], clock=clock)
    return version


def _decided_since(tx: Connection, row: Any) -> bool:
    """Whether something was decided since it was approved before: the papers of what was handed out then tell of other
    decisions, so another package is made."""
    if row.package_id is None or row.approved_at is None:
        return False
    table = release_decision.c
    later = sa.or_(table.decided_at >= row.approved_at, table.withdrawn_at >= row.approved_at)
    query = sa.select(table.id).where(subject_of(row).owns(release_decision), later)
    return tx.execute(query.limit(1)).first() is not None


def _must_be_another(tx: Connection, row: sa.Row[tuple[object, ...]], actor: Actor) -> None:
    """Another person than who prepared it, and than who wore the camera: nobody decides alone how they are seen."""
    if row.prepared_by == actor.account_id:
        raise ReleaseNotYours(number=row.number)
    # At the command line without an account, and with a program's, nobody is known to be another person.
    kind = tx.scalar(sa.select(account.c.kind).where(account.c.id == actor.account_id))
    if kind != AccountKind.PERSON.value:
        raise ReleaseNotByPerson(number=row.number)
    query = (
        sa.select(recording.c.id)
        .join(release_copy, release_copy.c.recording_id == recording.c.id)
        .where(release_copy.c.release_id == row.id, recording.c.wearer_id == actor.account_id)
    )
    own = tx.scalar(query.limit(1))
    if own is not None:
        raise ReleaseOfOwn(number=row.number, id=own)
