"""What a release could hold: the redacted copies of a request or a critical incident that are ready, and for each
recording what forbids that it goes out now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.errors import CandorError
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import rows_of
from candor.disclosure.decisions.subjects import Subject, about
from candor.disclosure.going import CopyToGo
from candor.disclosure.releases.acting import checked
from candor.disclosure.releases.rules import ReleaseState
from candor.disclosure.releases.tables import release, release_copy
from candor.footage.rules import visible_to
from candor.footage.tables import part, recording
from candor.people.rules import Actor, Permission
from candor.redaction.rules import CopyState, Verdict
from candor.redaction.tables import redacted_copy, redaction
from candor.store import Vault

__all__ = ["MOST", "CopyOffered", "RecordingOffered", "offered", "stands_against"]

#: Recordings of one subject whose copies are looked at; more are counted.
MOST: Final = 100
#: Stands for the words that somebody still has to write for a copy whose proof is doubtful.
_STILL_TO_BE_SAID: Final = "still to be said"


@dataclass(frozen=True)
class CopyOffered:
    """A redacted copy that is ready. `newest`: of its part; `behind`: edits made in its redaction since; `size` in
    bytes."""

    id: str
    redaction_id: str
    part_number: int
    asked_at: datetime
    verdict: Verdict
    size: int
    behind: int
    newest: bool


@dataclass(frozen=True)
class RecordingOffered:
    """A recording that the subject is about and that the actor may see. `decision`: on the whole, None while nobody
    decided; `against`: what forbids that its newest copies go out now; `released`: numbers of releases of this subject
    that hold it and were not recalled."""

    recording_id: str
    decision: Decision | None
    copies: tuple[CopyOffered, ...]
    against: CandorError | None
    released: tuple[str, ...]

    @property
    def usual(self) -> tuple[str, ...]:
        """The copies that would go out: the newest of each part, where nothing forbids it."""
        if self.against is not None:
            return ()
        return tuple(one.id for one in self.copies if one.newest)


def offered(
    tx: Connection, vault: Vault, actor: Actor, subject: Subject, *, clock: Clock | None = None
) -> tuple[list[RecordingOffered], int]:
    """The recordings of a subject with their copies, and how many more there are that are not looked at, or that the
    actor may not see. Raises Refused, SubjectUnknown."""
    actor.require(Permission.RELEASES_PREPARE)
    clock = clock or SystemClock()
    asked, made = about(tx, subject), rows_of(tx, subject)
    order = sa.select(recording.c.id).where(recording.c.id.in_(asked.recordings), visible_to(actor).expression)
    seen = tx.scalars(order.order_by(recording.c.started_key)).all()[:MOST]
    copies, released = _copies(tx, seen), _released(tx, subject)
    found = []
    for one in seen:
        whole = made.whole(one)
        mine = copies.get(one, ())
        against = None
        if mine:
            against = stands_against(tx, vault, actor, subject, [each for each in mine if each.newest], clock=clock)
        decision = None if whole is None else whole.decision
        found.append(RecordingOffered(one, decision, mine, against, released.get(one, ())))
    return found, len(asked.recordings) - len(found)


def stands_against(
    tx: Connection, vault: Vault, actor: Actor, subject: Subject, copies: Iterable[CopyOffered], *, clock: Clock
) -> CandorError | None:
    """What forbids that these copies go out together now, whatever is said of a proof that is doubtful; None where
    nothing does."""
    wanted = [CopyToGo(one.id, _STILL_TO_BE_SAID if one.verdict is Verdict.DOUBTFUL else None) for one in copies]
    try:
        checked(tx, vault, actor, subject, wanted, clock=clock)
    except CandorError as error:
        return error
    return None


def _copies(tx: Connection, recording_ids: Sequence[str]) -> Mapping[str, tuple[CopyOffered, ...]]:
    """By recording: by part, the newest first."""
    columns = (
        redaction.c.recording_id,
        redaction.c.edit.label("newest_edit"),
        part.c.number,
        *(redacted_copy.c[name] for name in ("id", "redaction_id", "part_id", "asked_at", "verdict", "size", "edit")),
    )
    joined = redacted_copy.join(redaction, redaction.c.id == redacted_copy.c.redaction_id)
    joined = joined.join(part, part.c.id == redacted_copy.c.part_id)
    ready = redacted_copy.c.state == CopyState.READY.value, redacted_copy.c.verdict.is_not(None)
    query = sa.select(*columns).select_from(joined).where(redaction.c.recording_id.in_(recording_ids), *ready)
    order = (part.c.number, redacted_copy.c.asked_at.desc(), redacted_copy.c.edit.desc(), redacted_copy.c.id.desc())
    found: dict[str, tuple[CopyOffered, ...]] = {}
    parts: set[str] = set()
    for row in tx.execute(query.order_by(redaction.c.recording_id, *order)):
        newest = row.part_id not in parts
        parts.add(row.part_id)
        one = CopyOffered(
            row.id,
            row.redaction_id,
            row.number,
            row.asked_at,
            Verdict(row.verdict),
            row.size,
            row.newest_edit - row.edit,
            newest,
        )
        found[row.recording_id] = (*found.get(row.recording_id, ()), one)
    return found


def _released(tx: Connection, subject: Subject) -> Mapping[str, tuple[str, ...]]:
    joined = release_copy.join(release, release.c.id == release_copy.c.release_id)
    query = sa.select(release_copy.c.recording_id, release.c.number).distinct().select_from(joined)
    query = query.where(subject.owns(release), release.c.state != ReleaseState.RECALLED.value)
    found: dict[str, tuple[str, ...]] = {}
    for row in tx.execute(query.order_by(release.c.number)):
        found[row.recording_id] = (*found.get(row.recording_id, ()), row.number)
    return found
