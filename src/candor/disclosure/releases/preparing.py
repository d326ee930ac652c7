"""Preparing a release: which copies go out, to whom, under which words; and changing that before it is approved."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.core.outbox import NoticeKind, tell
from candor.custody import Event
from candor.disclosure.decisions.standing import rows_of
from candor.disclosure.decisions.subjects import About, Subject, about
from candor.disclosure.going import CopyToGo, Going
from candor.disclosure.releases.acting import (
    change,
    checked,
    copies_of,
    held,
    must_be,
    next_number,
    note,
    plain_line,
    plain_text,
    subject_of,
)
from candor.disclosure.releases.errors import ReleaseClosed, ReleaseWrong
from candor.disclosure.releases.rules import (
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    MOST_COPIES,
    TO_REVISE,
    Audience,
    ReleaseState,
)
from candor.disclosure.releases.tables import release, release_copy
from candor.law.books import book_now
from candor.people.rules import Actor, Permission
from candor.store import Vault

__all__ = ["about_path", "prepare", "revise"]


def prepare(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    subject: Subject,
    copy_ids: Sequence[str],
    *,
    audience: Audience | str,
    title: str,
    summary: str,
    although: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> str:
    """Prepare a release of redacted copies, in this order; its identifier. Another person approves it.

    although: by copy, why it goes out with a doubtful proof. Raises Refused, SubjectUnknown, ReleaseClosed,
    ReleaseWrong, ReleaseWordsWrong, ReleaseForbidden, CopyUnknown, CopyNotToBeHandedOut, CopyBroken, CopyDoubtful,
    RecordingGone, WordsMissing.
    """
    actor.require(Permission.RELEASES_PREPARE)
    clock, although = clock or SystemClock(), although or {}
    asked = about(tx, subject, held=True)
    if not asked.open:
        raise ReleaseClosed(number=asked.number, state=asked.state)
    audience = _audience(audience, subject)
    words = _words(title, summary)
    _must_be_some(copy_ids)
    wanted = [CopyToGo(one, although.get(one)) for one in copy_ids]
    gone = checked(tx, vault, actor, subject, wanted, clock=clock)
    _must_belong(gone, asked)
    now, release_id = clock.now(), new_id()
    row = {
        "id": release_id,
        "number": next_number(tx, now.year),
        **subject.columns,
        "audience": audience.value,
        "state": ReleaseState.PREPARED.value,
        **words,
        "prepared_by": actor.account_id,
        "prepared_at": now,
        "basis": _basis(tx, subject),
        "version": 1,
    }
    tx.execute(release.insert(), row)
    tx.execute(
        release_copy.insert(),
        [
            {
                "release_id": release_id,
                "position": position,
                "copy_id": one.copy_id,
                "recording_id": one.recording_id,
                "although": one.although or "",
            }
            for position, one in enumerate(gone)
        ],
    )
    _told(tx, held(tx, release_id), actor, [one.copy_id for one in gone], clock)
    return release_id


def revise(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    release_id: str,
    *,
    title: str,
    summary: str,
    upon: int,
    clock: Clock | None = None,
) -> int:
    """Write title and summary anew, and prepare it once more after it was sent back or could not be made; its new
    version. Whoever does so has prepared it from then on.

    upon: the version that was seen. Raises as `prepare`, and ReleaseUnknown, ReleaseChanged, ReleaseWrongState.
    """
    actor.require(Permission.RELEASES_PREPARE)
    clock = clock or SystemClock()
    row = held(tx, release_id, upon)
    must_be(tx, row, TO_REVISE, "changed")
    subject = subject_of(row)
    words = _words(title, summary)
    copies = copies_of(tx, row.id)
    checked(tx, vault, actor, subject, [CopyToGo(one.copy_id, one.although or None) for one in copies], clock=clock)
    version = change(
        tx,
        row,
        **words,
        state=ReleaseState.PREPARED.value,
        prepared_by=actor.account_id,
        prepared_at=clock.now(),
        basis=_basis(tx, subject),
        # What was handed out before had other words; it stays on record, and another package is made.
        package_id=None,
        problem=None,
        rule=None,
    )
    _told(tx, held(tx, row.id), actor, [one.copy_id for one in copies], clock)
    return version


def about_path(release_id: str) -> str:
    """Where a release stands on the site."""
    return f"/releases/{release_id}"


def _audience(audience: Audience | str, subject: Subject) -> Audience:
    try:
        found = Audience(audience)
    except ValueError as error:
        raise ReleaseWrong(reason=f"it is for {', or '.join(Audience)}, not for {audience!r}") from error
    if found is Audience.REQUESTER and subject.request_id is None:
        raise ReleaseWrong(reason="nobody asked: a release of a critical incident is for everybody")
    return found


def _words(title: str, summary: str) -> dict[str, str]:
    return {
        "title": plain_line("title", title, LONGEST_TITLE),
        "summary": plain_text("summary", summary, LONGEST_SUMMARY),
    }


def _must_be_some(copy_ids: Sequence[str]) -> None:
    if not 0 < len(copy_ids) <= MOST_COPIES:
        raise ReleaseWrong(reason=f"it holds 1 to {MOST_COPIES} redacted copies")
    if len(set(copy_ids)) != len(copy_ids):
        raise ReleaseWrong(reason="a copy was named twice")


def _must_belong(gone: Sequence[Going], asked: About) -> None:
    for one in gone:
        if one.recording_id not in asked.recordings:
            raise ReleaseWrong(reason=f"the recording {one.recording_id} is none of those that {asked.number} is about")
    for (recording_id, part), count in Counter((one.recording_id, one.part_number) for one in gone).items():
        if count > 1:
            raise ReleaseWrong(
                reason=f"there are {count} copies of part {part} of the recording {recording_id}; name one"
            )


def _basis(tx: Connection, subject: Subject) -> dict[str, Any]:
    """By which decisions and which law's book it was prepared."""
    return {"decisions": rows_of(tx, subject).upon, "book": book_now(tx).id}


def _told(tx: Connection, row: Any, actor: Actor, copies: Sequence[str], clock: Clock) -> None:
    subject = subject_of(row)
    details = {
        subject.kind: subject.id,
        "audience": row.audience,
        "copies": list(copies),
        "title_sha256": _digest(row.title),
        "summary_sha256": _digest(row.summary),
        "decisions": row.basis["decisions"],
        "book": row.basis["book"],
        "version": row.version,
    }
    note(tx, Event.RELEASE_PREPARED, actor.account_id, row, details, clock=clock)
    tell(tx, NoticeKind.RELEASE_WAITS, about=about_path(row.id), once=f"release-waits:{row.id}", clock=clock)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
