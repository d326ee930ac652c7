"""Saving edits so that nobody overwrites anybody: a number that has to fit, and a lease on the redaction.

One page of one person holds a redaction; it renews the lease while it is open. Edits are taken from whoever holds it,
or from anybody while nobody does, and only on top of the newest edit. Of two that come at once exactly one is taken,
whatever processes they come to, because the redaction's row is held until the transaction ends.

Two things do not count as somebody else's edit: what a detection brings in, which touches nothing that a person
touched; and the very same edits, sent again because the answer to the first sending was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people.auditing import names_of
from candor.people.rules import Actor
from candor.redaction.acts import Act
from candor.redaction.documents import digest, document_at
from candor.redaction.edits import fold, read_acts, write_acts
from candor.redaction.errors import EditsBehind, EditWrong, HeldByAnother, NotHeld
from candor.redaction.redactions import SYSTEM, Redaction, to_change
from candor.redaction.tables import redaction, redaction_edit, redaction_part
from candor.store import Vault

__all__ = ["LEASE", "LOG_EVERY", "hold", "put_on_record", "release", "save_edits"]

#: How long a page holds a redaction without asking again.
LEASE: Final = timedelta(seconds=60)
#: After so many edits the custody log hears of them, whether the work is over or not.
LOG_EVERY: Final = 200
MOST_EDITS: Final = 500
LONGEST_WORDS: Final = 200
LONGEST_KEY: Final = 64


@dataclass(frozen=True)
class _Sent:
    words: str
    acts: tuple[Act, ...]
    written: list[dict[str, Any]]
    undoes: int | None


def save_edits(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    redaction_id: str,
    *,
    base: int,
    page: str,
    edits: Any,
    clock: Clock | None = None,
) -> int:
    """Take edits on top of the edit `base`; the number of the newest. `page`: the key of one open page; `edits`: JSON
    that somebody sent: [{"words": …, "acts": […], "undoes": number or null}, …].

    Raises RedactionUnknown, RedactionClosed, RecordingDestroyed, HeldByAnother, EditsBehind, EditWrong.
    """
    clock = clock or SystemClock()
    sent = [_read(number, one) for number, one in enumerate(_some(edits), 1)]
    found = to_change(tx, actor, redaction_id)
    _may_hold(tx, found, actor, _page_key(page), clock.now())
    since = _since(tx, found, base)
    theirs = [row for row in since if row.author != SYSTEM]
    if theirs and _same(theirs, sent, actor):
        return found.edit
    if theirs or base > found.edit or base < 0:
        raise _behind(tx, found, base, theirs)
    _, document = document_at(tx, vault, redaction_id)
    parts = set(tx.scalars(_parts_of(redaction_id)))
    try:
        fold(document, [one.acts for one in sent], parts=parts)
    except EditWrong:
        if since:  # it was right until a detection brought something else in
            raise _behind(tx, found, base, since) from None
        raise
    _undoable(sent, found.edit)
    newest, now = found.edit + len(sent), clock.now()
    rows = [
        {
            "redaction_id": redaction_id,
            "number": number,
            "author": actor.account_id,
            "made_at": now,
            "words": one.words,
            "acts": one.written,
            "undoes": one.undoes,
        }
        for number, one in enumerate(sent, found.edit + 1)
    ]
    tx.execute(redaction_edit.insert(), rows)
    values = {"edit": newest, **_lease(actor, page, now)}
    tx.execute(redaction.update().where(redaction.c.id == redaction_id).values(**values))
    if newest - found.logged_edit >= LOG_EVERY:
        put_on_record(tx, vault, redaction_id, actor=actor.account_id, clock=clock)
    return newest


def hold(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    redaction_id: str,
    *,
    page: str,
    take_over: bool = False,
    clock: Clock | None = None,
) -> datetime:
    """Hold a redaction for a page, or hold on to it; until when. `take_over`: also from somebody who is at work on it.

    Raises RedactionUnknown, RedactionClosed, RecordingDestroyed, HeldByAnother.
    """
    clock = clock or SystemClock()
    now, key = clock.now(), _page_key(page)
    found = to_change(tx, actor, redaction_id)
    other = found.held_by(now)
    if not take_over:
        _may_hold(tx, found, actor, key, now)
    elif other is not None and other != actor.account_id:
        put_on_record(tx, vault, redaction_id, actor=other, clock=clock)
        custody.append(
            tx,
            Event.REDACTION_TAKEN_OVER,
            actor=actor.account_id,
            recording=found.recording_id,
            details={"redaction": redaction_id, "from": other, "edit": found.edit},
            clock=clock,
        )
    lease = _lease(actor, key, now)
    tx.execute(redaction.update().where(redaction.c.id == redaction_id).values(**lease))
    return now + LEASE


def release(
    tx: Connection, vault: Vault, actor: Actor, redaction_id: str, *, page: str, clock: Clock | None = None
) -> None:
    """Let a redaction go that this page holds; what was edited goes on record. A page that does not hold it lets
    nothing go. Raises RedactionUnknown, RedactionClosed, RecordingDestroyed."""
    clock = clock or SystemClock()
    found = to_change(tx, actor, redaction_id)
    if found.holder_id != actor.account_id or found.holder_key != page:
        return
    put_on_record(tx, vault, redaction_id, actor=actor.account_id, clock=clock)
    nobody = dict.fromkeys(("holder_id", "holder_key", "holder_until"))
    tx.execute(redaction.update().where(redaction.c.id == redaction_id).values(**nobody))


def put_on_record(tx: Connection, vault: Vault, redaction_id: str, *, actor: str, clock: Clock) -> None:
    """Have the custody log hear of the edits that it does not have yet: their numbers, who made them, and the hash of
    the document as they left it. Whoever calls holds the redaction's row."""
    query = sa.select(redaction.c.recording_id, redaction.c.edit, redaction.c.logged_edit)
    row = tx.execute(query.where(redaction.c.id == redaction_id)).one()
    if row.edit == row.logged_edit:
        return
    table = redaction_edit.c
    mine = table.redaction_id == redaction_id, table.number > row.logged_edit
    authors = sorted(set(tx.scalars(sa.select(table.author).where(*mine).distinct())))
    if authors != [SYSTEM]:  # what a detection brings in has an event of its own
        edit, document = document_at(tx, vault, redaction_id)
        details = {"redaction": redaction_id, "from": row.logged_edit + 1, "to": edit, "authors": authors}
        details["document_sha256"] = digest(document)
        custody.append(
            tx, Event.REDACTION_EDITED, actor=actor, recording=row.recording_id, details=details, clock=clock
        )
    tx.execute(redaction.update().where(redaction.c.id == redaction_id).values(logged_edit=row.edit))


def _some(edits: Any) -> list[Any]:
    if not isinstance(edits, list) or not 1 <= len(edits) <= MOST_EDITS:
        raise EditWrong(reason=f"edits come as a list of 1 to {MOST_EDITS}")
    return edits


def _read(number: int, value: Any) -> _Sent:
    if not isinstance(value, dict) or not {"words", "acts"} <= value.keys() <= {"words", "acts", "undoes"}:
        raise EditWrong(edit=number, reason="an edit has words, acts, and what it undoes")
    words, undoes = value["words"], value.get("undoes")
    if not isinstance(words, str) or not 1 <= len(words) <= LONGEST_WORDS or not words.isprintable():
        raise EditWrong(edit=number, reason=f"its words are no line of 1 to {LONGEST_WORDS} characters")
    if undoes is not None and (isinstance(undoes, bool) or not isinstance(undoes, int)):
        raise EditWrong(edit=number, reason="what it undoes is no number of an edit")
    try:
        acts = read_acts(value["acts"])
    except EditWrong as error:
        raise EditWrong(**{**error.fields, "edit": number}) from error
    return _Sent(words, acts, write_acts(acts), undoes)


def _undoable(sent: Sequence[_Sent], newest: int) -> None:
    for number, one in enumerate(sent, 1):
        if one.undoes is not None and not 1 <= one.undoes < newest + number:
            raise EditWrong(edit=number, reason="what it undoes is no number of an earlier edit")


def _page_key(page: Any) -> str:
    if not isinstance(page, str) or not 1 <= len(page) <= LONGEST_KEY or not page.isprintable():
        raise NotHeld()
    return page


def _lease(actor: Actor, page: str, now: datetime) -> dict[str, Any]:
    return {"holder_id": actor.account_id, "holder_key": page, "holder_until": now + LEASE}


def _may_hold(tx: Connection, found: Redaction, actor: Actor, page: str, now: datetime) -> None:
    """Raise HeldByAnother while another page holds it, be it of the same person."""
    other = found.held_by(now)
    if other is None or (other == actor.account_id and found.holder_key == page):
        return
    assert found.holder_until is not None
    name = names_of(tx, [other]).get(other, other)
    raise HeldByAnother(holder=name, since=iso(found.holder_until - LEASE), own=other == actor.account_id)


def _since(tx: Connection, found: Redaction, base: int) -> list[Any]:
    table = redaction_edit.c
    query = sa.select(table.number, table.author, table.made_at, table.words, table.acts)
    query = query.where(table.redaction_id == found.id, table.number > base).order_by(table.number)
    return list(tx.execute(query.limit(MOST_EDITS * 2)).all()) if 0 <= base < found.edit else []


def _same(theirs: Sequence[sa.Row[Any]], sent: Sequence[_Sent], actor: Actor) -> bool:
    """Whether what was taken since is exactly what is sent now."""
    return [(row.author, row.words, row.acts) for row in theirs] == [
        (actor.account_id, one.words, one.written) for one in sent
    ]


def _behind(tx: Connection, found: Redaction, base: int, since: Sequence[sa.Row[Any]]) -> EditsBehind:
    if not since:
        return EditsBehind(newest=found.edit, base=base, by="nobody", at=iso(found.created_at))
    last = since[-1]
    name = names_of(tx, [last.author]).get(last.author, last.author)
    return EditsBehind(newest=found.edit, base=base, by=name, at=iso(last.made_at))


def _parts_of(redaction_id: str) -> sa.Select[Any]:
    return sa.select(redaction_part.c.part_id).where(redaction_part.c.redaction_id == redaction_id)
