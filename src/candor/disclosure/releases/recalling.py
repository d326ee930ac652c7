"""Recalling a release: its files go from the published place, and its page says so, with the reason."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.outbox import resolve
from candor.custody import Event
from candor.disclosure.releases.acting import change, copies_of, held, must_be, note, plain_line, state_of
from candor.disclosure.releases.incidents import put_dues
from candor.disclosure.releases.rules import TO_RECALL, ReleaseState, may_be_recalled
from candor.jobs import Jobs
from candor.people.rules import Actor, Permission

__all__ = ["JOB", "LONGEST_REASON", "recall"]

#: {"release": id}
JOB = "release.recall@1"
LONGEST_REASON = 1000


def recall(
    tx: Connection, jobs: Jobs, actor: Actor, release_id: str, reason: str, *, clock: Clock | None = None
) -> str:
    """Recall a release that was approved or published, also one that failed before everything was done, or was
    prepared anew since; the id of the job that takes its files from the published place, if the caller's transaction
    commits. The reason is shown to everybody who could see the release.

    What somebody has downloaded stays with them, and stays what it is. Raises Refused, ReleaseUnknown,
    ReleaseWrongState, ReleaseWordsWrong.
    """
    actor.require(Permission.RELEASES_APPROVE)
    clock, said = clock or SystemClock(), plain_line("reason", reason, LONGEST_REASON)
    row = held(tx, release_id)
    if not may_be_recalled(state_of(tx, row), approved=row.approved_at is not None):
        must_be(tx, row, TO_RECALL, "recalled")
    values = {"recalled_by": actor.account_id, "recalled_at": clock.now(), "recall_reason": said}
    change(tx, row, state=ReleaseState.RECALLED.value, **values)
    job_id = jobs.enqueue(tx, JOB, {"release": row.id})
    details = {"reason": said, "package": row.package_id or ""}
    note(tx, Event.RELEASE_RECALLED, actor.account_id, row, details, clock=clock)
    for recording_id in sorted({one.recording_id for one in copies_of(tx, row.id)}):
        note(tx, Event.RELEASE_RECALLED, actor.account_id, row, details, recording=recording_id, clock=clock)
    put_dues(tx, row.id, clock=clock)
    for once in ("release-waits", "release-failed"):
        resolve(tx, f"{once}:{row.id}", clock=clock)
    return job_id
