"""What a release could hold: the redacted copies of a request or a critical incident that are ready, and for each
recording what forbids that it goes out now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.errors import CandorError
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import Decisions, rows_of
from candor.disclosure.decisions.subjects import About, Subject, about
from candor.disclosure.going import CopyToGo
from candor.disclosure.releases.acting import checked
from candor.disclosure.releases.rules import Needs
from candor.disclosure.releases.sorting import PAGE, counts_of, page_of, released_in
from candor.footage.tables import part
from candor.people.rules import Actor, Permission
from candor.redaction.rules import CopyState, Verdict
from candor.redaction.tables import redacted_copy, redaction
from candor.store import Vault

__all__ = ["CopyOffered", "Offered", "RecordingOffered", "offered", "stands_against"]

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
    that hold it and were not recalled or discarded."""

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


@dataclass(frozen=True)
class Offered:
    """A page, from 1 to `pages`, of those recordings of a subject that need the same. `counts`: how many need what;
    `hidden`: how many more there are that the actor may not see."""

    rows: tuple[RecordingOffered, ...]
    needs: Needs
    counts: Mapping[Needs, int]
    hidden: int
    page: int
    pages: int


def offered(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    subject: Subject,
    needs: Needs | None = None,
    page: int = 1,
    *,
    clock: Clock | None = None,
) -> Offered:
    """A page, from 1, of the recordings of a subject that need this, with their copies. None: the first kind of which
    there is any. A page behind the last one is the last. Raises Refused, SubjectUnknown."""
    actor.require(Permission.RELEASES_PREPARE)
    clock, asked = clock or SystemClock(), about(tx, subject)
    counts, hidden = counts_of(tx, actor, subject)
    needs = needs or next((one for one in Needs if counts[one]), Needs.RELEASE)
    pages = max(1, -(-counts[needs] // PAGE))
    page = min(max(page, 1), pages)
    seen = page_of(tx, actor, subject, needs, page)
    made, copies, released = rows_of(tx, subject, seen), _copies(tx, seen), released_in(tx, subject, seen)
    known = replace(asked, recordings=tuple(seen)), made
    found = []
    for one in seen:
        whole, mine, against = made.whole(one), copies.get(one, ()), None
        if mine:
            newest = [each for each in mine if each.newest]
            against = stands_against(tx, vault, actor, subject, newest, known=known, clock=clock)
        decision = None if whole is None else whole.decision
        found.append(RecordingOffered(one, decision, mine, against, released.get(one, ())))
    return Offered(tuple(found), needs, counts, hidden, page, pages)


def stands_against(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    subject: Subject,
    copies: Iterable[CopyOffered],
    *,
    known: tuple[About, Decisions] | None = None,
    clock: Clock,
) -> CandorError | None:
    """What forbids that these copies go out together now, whatever is said of a proof that is doubtful; None where
    nothing does. `known`: the subject and its decisions, read in this transaction."""
    wanted = [CopyToGo(one.id, _STILL_TO_BE_SAID if one.verdict is Verdict.DOUBTFUL else None) for one in copies]
    try:
        checked(tx, vault, actor, subject, wanted, known=known, clock=clock)
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
