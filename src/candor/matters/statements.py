"""Reviews before a statement: an officer asks, another person grants or refuses, what is seen and with whom present is
on record (Conn. Gen. Stat. § 29-6d(f) and its like elsewhere, as the law packs in force say).

Rules it keeps:

1. The officer never decides, nor does whoever asked for the officer, nor anybody who wore one of the cameras or whose
   acts are looked into in the same case.
2. What gives the right is looked up in the law in force here, and shown with its citation. Without such a rule the
   agency may grant all the same; where a rule forbids it, nobody may.
3. Granting opens nothing yet. Beginning does, after the officer has said who is present; completing closes it again.
   What is opened is watched by ordinary viewings, each on record before its first byte.
4. A wall is not opened by a review, and neither is what an order closed.
5. When it is completed, the clocks of the law that count from a review run (`footage.facts`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.errors import RecordingUnknown
from candor.footage.openings import end_openings, open_to
from candor.footage.register import Kept, register
from candor.footage.rules import visible_to
from candor.footage.tables import recording, viewing
from candor.footage.viewing import POSTER_PURPOSE
from candor.matters.rules import visible_cases
from candor.matters.statement_errors import ReviewNotNow, ReviewUnknown, ReviewWrong
from candor.matters.statement_tables import statement_recording, statement_review
from candor.matters.tables import matter
from candor.people.rules import Actor, Permission
from candor.people.tables import account

__all__ = [
    "LONGEST_WORDS",
    "OCCASION_WORDS",
    "STATE_WORDS",
    "Occasion",
    "Review",
    "ReviewState",
    "ask",
    "begin",
    "complete",
    "held_review",
    "review",
    "reviews",
    "reviews_of",
    "visible_reviews",
    "withdraw",
]

LONGEST_WORDS = 500
#: Recordings of one review.
MOST_RECORDINGS = 100
#: Reviews of a list.
MOST_LISTED = 200


class Occasion(StrEnum):
    """What the officer reviews footage for."""

    FORMAL_STATEMENT = "formal-statement"
    DISCIPLINARY = "disciplinary"


OCCASION_WORDS: dict[Occasion, str] = {
    Occasion.FORMAL_STATEMENT: "a formal statement on use of force",
    Occasion.DISCIPLINARY: "a disciplinary investigation of the officer",
}


class ReviewState(StrEnum):
    """How far a review is."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    BEGUN = "begun"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


STATE_WORDS: dict[ReviewState, str] = {
    ReviewState.ASKED: "waiting for a decision",
    ReviewState.GRANTED: "granted",
    ReviewState.REFUSED: "refused",
    ReviewState.BEGUN: "begun",
    ReviewState.COMPLETED: "completed",
    ReviewState.WITHDRAWN: "taken back",
}
OPEN_STATES = (ReviewState.ASKED, ReviewState.GRANTED, ReviewState.BEGUN)


@dataclass(frozen=True)
class Review:
    """A review as it stands. `recordings`: identifier, whether it was granted, and when it was opened in the review."""

    id: str
    officer_id: str
    officer_name: str
    occasion: Occasion
    about: str
    asked_by: str
    asked_at: datetime
    state: ReviewState
    matter_id: str | None
    rule: str
    with_whom: str
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    present: str | None
    begun_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    recordings: tuple[tuple[str, bool, datetime | None], ...]


def ask(
    tx: Connection,
    actor: Actor,
    *,
    occasion: Occasion,
    about: str,
    recording_ids: Sequence[str] = (),
    officer_id: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Ask to review footage, for oneself, or for an officer as whoever may grant reviews; the review's id.

    `about`: which footage, in words, since an officer may be kept out of what it is about. `recording_ids`: of what
    the asker sees. Raises Refused, ReviewWrong, RecordingUnknown.
    """
    clock, officer = clock or SystemClock(), officer_id or actor.account_id
    if officer != actor.account_id:
        actor.require(Permission.STATEMENTS_DECIDE)
    if tx.execute(sa.select(account.c.id).where(account.c.id == officer)).first() is None:
        raise ReviewWrong(reason="there is no such officer")
    chosen = visible_recordings(tx, actor, recording_ids)
    row = {
        "id": new_id(),
        "officer_id": officer,
        "occasion": Occasion(occasion).value,
        "about": words("what it is about", about),
        "asked_by": actor.account_id,
        "asked_at": clock.now(),
        "state": ReviewState.ASKED.value,
        "rule": "",
        "with_whom": "",
    }
    tx.execute(statement_review.insert(), row)
    for one in chosen:
        tx.execute(statement_recording.insert(), {"review_id": row["id"], "recording_id": one, "granted": False})
    details = {"review": row["id"], "officer": officer, "occasion": row["occasion"], "recordings": chosen}
    custody.append(tx, Event.STATEMENT_REVIEW_ASKED, actor=actor.account_id, details=details, clock=clock)
    return str(row["id"])


def begin(tx: Connection, actor: Actor, review_id: str, *, present: str, clock: Clock | None = None) -> None:
    """Begin a granted review as its officer: what was granted is open from now on. `present`: who is in the room.

    The event holds a digest of those words, since they may name people who are no accounts. Raises ReviewUnknown,
    ReviewNotNow, ReviewWrong.
    """
    clock, row = clock or SystemClock(), held_review(tx, actor, review_id)
    if row.officer_id != actor.account_id:
        raise ReviewWrong(reason="only its officer begins it")
    if row.state != ReviewState.GRANTED:
        raise ReviewNotNow(state=STATE_WORDS[ReviewState(row.state)], act="begun")
    said = words("who is present", present)
    values = {"state": ReviewState.BEGUN.value, "present": said, "begun_at": clock.now()}
    tx.execute(statement_review.update().where(statement_review.c.id == row.id).values(values))
    granted = granted_recordings(tx, row.id)
    for one in granted:
        open_to(
            tx, one, row.officer_id, ref=row.id, reason="review before a statement", actor=actor.account_id, clock=clock
        )
    seen = sa.select(recording.c.id).where(recording.c.id.in_(granted), visible_to(actor).expression)
    if set(tx.scalars(seen)) != set(granted):
        raise ReviewWrong(reason="a part of what was granted has been closed to its officer; ask whoever granted it")
    details = {"review": row.id, "recordings": granted, "present_sha256": hashlib.sha256(said.encode()).hexdigest()}
    custody.append(tx, Event.STATEMENT_REVIEW_BEGUN, actor=actor.account_id, details=details, clock=clock)


def complete(tx: Connection, actor: Actor, review_id: str, *, clock: Clock | None = None) -> None:
    """Complete a review that was begun, as its officer or whoever may grant reviews: it is closed again, and what was
    opened in it is on record. Raises ReviewUnknown, ReviewNotNow, ReviewWrong where nothing was opened."""
    clock, row = clock or SystemClock(), held_review(tx, actor, review_id)
    if row.state != ReviewState.BEGUN:
        raise ReviewNotNow(state=STATE_WORDS[ReviewState(row.state)], act="completed")
    granted = granted_recordings(tx, row.id)
    opened = _opened(tx, row, granted)
    if not opened:
        raise ReviewWrong(reason="nothing of it was opened yet; take it back instead")
    for one, at in opened.items():
        mine = statement_recording.c.review_id == row.id, statement_recording.c.recording_id == one
        tx.execute(statement_recording.update().where(*mine).values(opened_at=at))
    values = {"state": ReviewState.COMPLETED.value, "ended_by": actor.account_id, "ended_at": clock.now()}
    tx.execute(statement_review.update().where(statement_review.c.id == row.id).values(values))
    end_openings(tx, row.id, actor=actor.account_id, clock=clock)
    for one in sorted(opened):
        details = {"review": row.id, "officer": row.officer_id, "occasion": row.occasion}
        custody.append(
            tx,
            Event.STATEMENT_REVIEW_COMPLETED,
            actor=actor.account_id,
            recording=one,
            details={**details, "not_opened": len(granted) - len(opened)},
            clock=clock,
        )


def withdraw(tx: Connection, actor: Actor, review_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """Take a review back: its officer or whoever asked until it is begun, whoever may grant reviews until it is
    completed. What was watched is completed and not taken back: the clocks of the law run from it.

    Raises ReviewUnknown, ReviewNotNow, ReviewWrong.
    """
    clock, row = clock or SystemClock(), held_review(tx, actor, review_id)
    said, decides = words("reason", reason), bool(actor.may(Permission.STATEMENTS_DECIDE))
    if row.state not in OPEN_STATES or (row.state == ReviewState.BEGUN and not decides):
        raise ReviewNotNow(state=STATE_WORDS[ReviewState(row.state)], act="taken back")
    if row.state == ReviewState.BEGUN and _opened(tx, row, granted_recordings(tx, row.id)):
        raise ReviewWrong(reason="some of it was watched already; say that it is complete instead")
    values = {"state": ReviewState.WITHDRAWN.value, "ended_by": actor.account_id, "ended_at": clock.now()}
    tx.execute(statement_review.update().where(statement_review.c.id == row.id).values(**values, end_reason=said))
    end_openings(tx, row.id, actor=actor.account_id, clock=clock)
    details = {"review": row.id, "officer": row.officer_id, "reason": said}
    custody.append(tx, Event.STATEMENT_REVIEW_WITHDRAWN, actor=actor.account_id, details=details, clock=clock)


def visible_reviews(actor: Actor) -> sa.ColumnElement[bool]:
    """Which reviews the actor may see: their own, those they asked for, and, of whoever may grant them, those of
    everybody whose footage they may see, or of their unit, but for those of a case that is closed to them."""
    mine = sa.or_(statement_review.c.officer_id == actor.account_id, statement_review.c.asked_by == actor.account_id)
    if not actor.may(Permission.STATEMENTS_DECIDE):
        return mine
    cases = sa.select(matter.c.id).where(visible_cases(actor)).correlate(None)
    open_to_them = sa.or_(statement_review.c.matter_id.is_(None), statement_review.c.matter_id.in_(cases))
    if actor.may(Permission.RECORDINGS_VIEW_ALL):
        return sa.or_(mine, open_to_them)
    unit = sa.select(account.c.id).where(account.c.unit_id == actor.unit_id, account.c.unit_id.is_not(None))
    return sa.or_(mine, sa.and_(statement_review.c.officer_id.in_(unit), open_to_them))


def review(tx: Connection, actor: Actor, review_id: str) -> Review:
    """One review. Raises ReviewUnknown."""
    found = _reviews(tx, sa.and_(statement_review.c.id == review_id, visible_reviews(actor)))
    if not found:
        raise ReviewUnknown(id=review_id)
    return found[0]


def reviews(tx: Connection, actor: Actor, *, open_only: bool = False) -> list[Review]:
    """The reviews that the actor may see, the newest first; at most 200."""
    which = visible_reviews(actor)
    if open_only:
        which = sa.and_(which, statement_review.c.state.in_([state.value for state in OPEN_STATES]))
    return _reviews(tx, which)


def reviews_of(tx: Connection, actor: Actor, recording_id: str) -> list[Review]:
    """The reviews of a recording that the actor may see."""
    asked = sa.select(statement_recording.c.review_id).where(statement_recording.c.recording_id == recording_id)
    return _reviews(tx, sa.and_(statement_review.c.id.in_(asked), visible_reviews(actor)))


def held_review(tx: Connection, actor: Actor, review_id: str) -> sa.Row[Any]:
    """The row, held until the transaction ends. Raises ReviewUnknown."""
    query = sa.select(statement_review).where(statement_review.c.id == review_id, visible_reviews(actor))
    row = tx.execute(query.with_for_update()).first()
    if row is None:
        raise ReviewUnknown(id=review_id)
    return row


def visible_recordings(tx: Connection, actor: Actor, recording_ids: Sequence[str]) -> list[str]:
    """These recordings, each once and in order. Raises RecordingUnknown for the first that the actor may not see,
    ReviewWrong for too many."""
    chosen = sorted(set(recording_ids))
    if len(chosen) > MOST_RECORDINGS:
        raise ReviewWrong(reason=f"at most {MOST_RECORDINGS} recordings")
    query = sa.select(recording.c.id).where(recording.c.id.in_(chosen), visible_to(actor).expression)
    seen = set(tx.scalars(query))
    for one in chosen:
        if one not in seen:
            raise RecordingUnknown(id=one)
    return chosen


def granted_recordings(tx: Connection, review_id: str) -> list[str]:
    """The recordings that were granted in a review, in order."""
    mine = statement_recording.c.review_id == review_id, statement_recording.c.granted.is_(sa.true())
    return sorted(tx.scalars(sa.select(statement_recording.c.recording_id).where(*mine)))


def words(what: str, text: str) -> str:
    """Words that go on record. Raises ReviewWrong."""
    found = " ".join(text.split())
    if not 1 <= len(found) <= LONGEST_WORDS or not found.isprintable():
        raise ReviewWrong(reason=f"say {what}, in 1 to {LONGEST_WORDS} characters")
    return found


def _opened(tx: Connection, row: sa.Row[Any], granted: Sequence[str]) -> dict[str, datetime]:
    """What the officer opened since the review was begun, and when first."""
    first = sa.func.min(viewing.c.began_at, type_=viewing.c.began_at.type)
    query = sa.select(viewing.c.recording_id, first.label("first"))
    query = query.where(
        viewing.c.recording_id.in_(granted),
        viewing.c.account_id == row.officer_id,
        viewing.c.began_at >= row.begun_at,
        viewing.c.purpose != POSTER_PURPOSE,
    )
    return {row.recording_id: row.first for row in tx.execute(query.group_by(viewing.c.recording_id))}


_COLUMNS = [statement_review.c[name] for name in Review.__dataclass_fields__ if name in statement_review.c]


def _reviews(tx: Connection, which: sa.ColumnElement[bool]) -> list[Review]:
    query = sa.select(*_COLUMNS, account.c.display_name.label("officer_name"))
    query = query.join(account, account.c.id == statement_review.c.officer_id).where(which)
    rows = tx.execute(
        query.order_by(statement_review.c.asked_at.desc(), statement_review.c.id).limit(MOST_LISTED)
    ).all()
    wanted = statement_recording.c.review_id.in_([row.id for row in rows])
    asked: dict[str, list[tuple[str, bool, datetime | None]]] = {}
    for one in tx.execute(sa.select(statement_recording).where(wanted).order_by(statement_recording.c.recording_id)):
        asked.setdefault(one.review_id, []).append((one.recording_id, one.granted, one.opened_at))
    return [
        Review(
            **dict(row._mapping)
            | {
                "occasion": Occasion(row.occasion),
                "state": ReviewState(row.state),
                "recordings": tuple(asked.get(row.id, ())),
            }
        )
        for row in rows
    ]


def _refers(tx: Connection, recording_id: str) -> list[str]:
    """Reviews of it that go on: whoever decides about a purge should know."""
    going_on = statement_review.c.state.in_([state.value for state in OPEN_STATES])
    query = sa.select(account.c.display_name).select_from(
        statement_recording.join(statement_review, statement_review.c.id == statement_recording.c.review_id).join(
            account, account.c.id == statement_review.c.officer_id
        )
    )
    query = query.where(statement_recording.c.recording_id == recording_id, going_on)
    names = tx.scalars(query.order_by(statement_review.c.asked_at))
    return [f"a review before a statement of {name}, which goes on" for name in names]


register(
    Kept(
        name="reviews before a statement",
        words="who asked to review it before a statement, who granted it, and whether it was opened",
        goes="nothing",
        stays="all of it: it is told of the officer's right, and of when the clocks of the law ran",
        tables=frozenset({"statement_recording"}),
        refers=_refers,
    )
)
