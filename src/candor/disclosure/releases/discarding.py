"""Discarding a release that was prepared and never approved: nothing of it went out, and nothing will.

It stays to be seen, with who discarded it, when and why. Its redacted copies are the redaction's and stay there; files
of its own it has none before it is approved. What it would have held can be prepared anew.
"""

from __future__ import annotations

import hashlib

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.outbox import NoticeKind, resolve, tell
from candor.custody import Event
from candor.disclosure.releases.acting import change, held, must_be, note, plain_line
from candor.disclosure.releases.errors import ReleaseWrongState
from candor.disclosure.releases.preparing import about_path
from candor.disclosure.releases.rules import TO_DISCARD, ReleaseState
from candor.people.rules import Actor, Permission

__all__ = ["LONGEST_REASON", "discard"]

LONGEST_REASON = 1000


def discard(
    tx: Connection, actor: Actor, release_id: str, reason: str, *, upon: int | None = None, clock: Clock | None = None
) -> int:
    """Discard a release that waits to be approved or was sent back; its new version. Whoever prepared it is told, where
    somebody else does so.

    upon: the version that was seen. One that was approved before, and could not be made, is recalled instead: something
    of it may have been seen. Raises Refused, ReleaseUnknown, ReleaseChanged, ReleaseWrongState, ReleaseWordsWrong.
    """
    actor.require(Permission.RELEASES_PREPARE)
    clock, said = clock or SystemClock(), plain_line("reason", reason, LONGEST_REASON)
    row = held(tx, release_id, upon)
    must_be(tx, row, TO_DISCARD, "discarded")
    if row.approved_at is not None:
        raise ReleaseWrongState(number=row.number, state="was approved before", wanted="discarded, only recalled,")
    values = {"discarded_by": actor.account_id, "discarded_at": clock.now(), "discard_reason": said}
    version = change(tx, row, state=ReleaseState.DISCARDED.value, **values)
    details = {"reason_sha256": hashlib.sha256(said.encode()).hexdigest(), "version": version}
    note(tx, Event.RELEASE_DISCARDED, actor.account_id, row, details, clock=clock)
    resolve(tx, f"release-waits:{row.id}", clock=clock)
    if row.prepared_by != actor.account_id:
        tell(tx, NoticeKind.RELEASE_DISCARDED, about=about_path(row.id), to=[row.prepared_by], clock=clock)
    return version
