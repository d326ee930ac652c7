"""Links by which the public gives footage: one for one giver and one case, without an account.

Rules it keeps, beside those of the room:

1. The secret of a link is shown once, to whoever made it; here is its hash. Its number, which is on the receipt, opens
   nothing.
2. What is taken is bounded here, whatever the browser says: files, bytes, the end, and how often files are begun.
3. Whoever asks for links that lead nowhere has to wait, and learns nothing.
4. What comes by a link is sealed as everything is, and marked: face `link`, a citizen's device, the case, and what the
   giver said, as said by the giver.
5. Giving is free: nothing that the giver may say is asked as a condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.links.errors import (
    LinkEnded,
    LinkError,
    LinkFull,
    LinkGuessed,
    LinkNumberUnknown,
    LinkUnknown,
    LinkWrong,
)
from candor.docking.links.rules import (
    GB,
    LARGEST,
    LONGEST_DAYS,
    MOST_FILES,
    Link,
    LinkState,
    LinkUse,
    checked_note,
    hash_of,
    new_number,
    new_secret,
    shown_address,
    statement,
)
from candor.docking.links.tables import upload_link, upload_link_file, upload_link_miss
from candor.docking.uploads.rules import UNFINISHED, Limits, Owner, Upload
from candor.docking.uploads.tables import upload as upload_table
from candor.fleet.rules import DeviceKind
from candor.footage import fields, names
from candor.footage.intake import Claim, Received
from candor.people.rules import Actor, Permission

__all__ = [
    "ACTOR",
    "FACE",
    "Given",
    "admit",
    "claim_of",
    "files_of",
    "find",
    "limits_of",
    "links",
    "missed",
    "must_go_on",
    "must_still_take",
    "must_wait",
    "new_link",
    "note_sealed",
    "opened",
    "owner_of",
    "revoke_link",
    "unfinished_of",
]

#: Who acts where the public gives.
ACTOR = "system:link"
FACE = "link"
_OPENED_AGAIN = timedelta(days=1)
#: So many links that lead nowhere in so much time, from one address.
MOST_MISSES, MISSES_WITHIN = 20, timedelta(minutes=15)
#: Files that may be begun by one link, given up or not, for each that it takes.
_BEGUN = 8

_COLUMNS = [upload_link.c[name] for name in Link.__dataclass_fields__ if name != "use"]


@dataclass(frozen=True)
class Given:
    """A file that came by a link and is sealed. `leaf` is its public entry in the custody log, at `position` (None:
    on its way); `payload` and `salt` open it."""

    upload_id: str
    recording_id: str
    name: str
    size: int
    sha256: bytes
    sealed_at: datetime
    leaf: str
    payload: str
    salt: bytes
    position: int | None


# -- the agency's side


def new_link(
    tx: Connection,
    actor: Actor,
    incident_number: str,
    *,
    note: str = "",
    days: int = 14,
    files: int = MOST_FILES,
    gigabytes: int = LARGEST // GB,
    clock: Clock,
) -> tuple[Link, str]:
    """Make a link for a case; returns it and its secret, which is kept nowhere. Raises LinkWrong, FieldWrong."""
    actor.require(Permission.RECORDINGS_TAKE_IN)
    incident = fields.check_text("incident_number", incident_number)
    if not incident:
        raise LinkWrong(reason="it needs the number of its case")
    for value, most, what in (
        (days, LONGEST_DAYS, "days"),
        (files, MOST_FILES, "files"),
        (gigabytes, LARGEST // GB, "GB"),
    ):
        if not 1 <= value <= most:
            raise LinkWrong(reason=f"it can be for 1 to {most} {what}, and {value} was asked for")
    now, secret = clock.now(), new_secret()
    row: dict[str, Any] = {
        "id": new_id(),
        "number": new_number(),
        "incident_number": incident,
        "note": checked_note(note),
        "created_at": now,
        "created_by": actor.account_id,
        "ends_at": now + timedelta(days=days),
        "most_files": files,
        "most_bytes": gigabytes * GB,
        "opened_at": None,
        "revoked_at": None,
        "revoked_by": None,
    }
    tx.execute(upload_link.insert(), {**row, "secret_hash": hash_of(secret), "begun": 0})
    details = {
        "link": row["id"],
        "number": row["number"],
        "incident_number": incident,
        "ends_at": iso(row["ends_at"]),
        "files": files,
        "gigabytes": gigabytes,
    }
    custody.append(tx, Event.LINK_CREATED, actor=actor.account_id, details=details, clock=clock)
    return Link(**row), secret


def links(tx: Connection, actor: Actor, *, limit: int = 500) -> list[Link]:
    """The links that the actor may see, the newest first: their own, and with `docks:manage` everybody's."""
    actor.require(Permission.RECORDINGS_TAKE_IN)
    query = sa.select(*_COLUMNS).order_by(upload_link.c.created_at.desc(), upload_link.c.id).limit(limit)
    if not actor.may(Permission.DOCKS_MANAGE):
        query = query.where(upload_link.c.created_by == actor.account_id)
    return [_with_use(tx, Link(**row._mapping)) for row in tx.execute(query)]


def revoke_link(tx: Connection, actor: Actor, number: str, *, clock: Clock) -> bool:
    """End a link now, also for what was begun by it; False when it was ended so before. Raises LinkNumberUnknown."""
    actor.require(Permission.RECORDINGS_TAKE_IN)
    wanted = upload_link.c.number == number.strip().upper()
    row = tx.execute(sa.select(*_COLUMNS).where(wanted).with_for_update()).first()
    mine = row is not None and (row.created_by == actor.account_id or bool(actor.may(Permission.DOCKS_MANAGE)))
    if row is None or not mine:
        raise LinkNumberUnknown(number=number[:40])
    if row.revoked_at is not None:
        return False
    values = {"revoked_at": clock.now(), "revoked_by": actor.account_id}
    tx.execute(upload_link.update().where(upload_link.c.id == row.id).values(values))
    details = {"link": row.id, "number": row.number}
    custody.append(tx, Event.LINK_REVOKED, actor=actor.account_id, details=details, clock=clock)
    return True


# -- the giver's side


def find(tx: Connection, secret: str) -> Link | None:
    """The link of a secret, in whatever state it is. Whoever asked for one that is not there is `missed`."""
    row = tx.execute(sa.select(*_COLUMNS).where(upload_link.c.secret_hash == hash_of(secret))).first()
    return None if row is None else _with_use(tx, Link(**row._mapping))


def missed(tx: Connection, address: str, *, clock: Clock) -> LinkError:
    """Count a link that led nowhere, in a transaction of its own; returns what to raise when that is committed."""
    if must_wait(tx, address, clock=clock):
        return LinkGuessed()
    now = clock.now()
    tx.execute(upload_link_miss.delete().where(upload_link_miss.c.at <= now - MISSES_WITHIN))
    tx.execute(upload_link_miss.insert(), {"address": shown_address(address), "at": now})
    return LinkUnknown()


def must_wait(tx: Connection, address: str, *, clock: Clock) -> bool:
    """Whether too many links that lead nowhere were asked for from there. Only read: guessing writes nothing more."""
    kept, since = upload_link_miss.c, clock.now() - MISSES_WITHIN
    count = sa.select(sa.func.count()).where(kept.address == shown_address(address), kept.at > since)
    return (tx.scalar(count) or 0) >= MOST_MISSES


def opened(tx: Connection, link: Link, *, clock: Clock) -> None:
    """Put on record that a link was opened: the first time, and once a day after that."""
    now = clock.now()
    due = sa.or_(upload_link.c.opened_at.is_(None), upload_link.c.opened_at <= now - _OPENED_AGAIN)
    marked = tx.execute(upload_link.update().where(upload_link.c.id == link.id, due).values(opened_at=now))
    if marked.rowcount:
        details = {"link": link.id, "number": link.number, "first": link.opened_at is None}
        custody.append(tx, Event.LINK_OPENED, actor=ACTOR, details=details, clock=clock)


def owner_of(link: Link) -> Owner:
    """Whose its uploads are."""
    return Owner("link", link.id)


def limits_of(link: Link) -> Limits:
    """What may come by it, finished files too."""
    return Limits(files_in_all=link.most_files, bytes_in_all=link.most_bytes)


def admit(tx: Connection, link_id: str, length: int | None, *, clock: Clock) -> None:
    """Count that one more file of so many bytes is begun, in the transaction that begins it: so many at once are not
    more than one after the other, and what is refused is not counted. Raises LinkEnded, LinkFull."""
    row = tx.execute(sa.select(*_COLUMNS).where(upload_link.c.id == link_id).with_for_update()).one()
    present = _with_use(tx, Link(**row._mapping))
    state = present.state(clock.now())
    if state in (LinkState.ENDED, LinkState.REVOKED):
        raise LinkEnded(how=how_ended(present, state))
    full = LinkFull(files=present.most_files, size=present.most_bytes // GB)
    if state is LinkState.FULL or length is None or present.use.bytes + length > present.most_bytes:
        raise full
    once_more = upload_link.c.begun < present.most_files * _BEGUN
    counted = upload_link.update().where(upload_link.c.id == link_id, once_more)
    if tx.execute(counted.values(begun=upload_link.c.begun + 1)).rowcount == 0:
        raise full


def must_still_take(tx: Connection, link_id: str, now: datetime) -> None:
    """Raise LinkEnded where what came by a link is not to be sealed any more: it may have ended while it came."""
    row = tx.execute(sa.select(*_COLUMNS).where(upload_link.c.id == link_id)).one()
    must_go_on(Link(**row._mapping), now)


def must_go_on(link: Link, now: datetime) -> None:
    """Raise LinkEnded where not even what was begun can be gone on with."""
    if not link.goes_on(now):
        raise LinkEnded(how=how_ended(link, link.state(now)))


def how_ended(link: Link, state: LinkState) -> str:
    """Why a link takes no more, for people."""
    if state is LinkState.REVOKED:
        return "it was withdrawn"
    if state is LinkState.FULL:
        return "it has all that it can take"
    return f"its time ended on {link.ends_at:%Y-%m-%d}"


def claim_of(link: Link, name: str, modified_at: datetime | None, said: Mapping[str, str]) -> Claim:
    """What is claimed of a file that comes by a link. `said`: by the giver; see `link_rules.STATEMENT`."""
    return Claim(
        name=name,
        source=f"link {link.number}: {name}",
        face=FACE,
        actor=ACTOR,
        modified_at=modified_at,
        device_kind=DeviceKind.CITIZEN.value,
        incident_number=link.incident_number,
        title=f"From the public: {names.shown(names.kept(name))}"[:200],
        also={
            "link": link.number,
            **{f"the giver says: {field}": text for field, text in statement(said).items()},
        },
    )


def note_sealed(tx: Connection, upload: Upload, received: Received, *, clock: Clock) -> None:
    """In the transaction in which a link's upload is sealed: it is on the receipt from now on. Other uploads are none
    of its business."""
    if upload.owner.kind != "link":
        return
    number = tx.scalar(sa.select(upload_link.c.number).where(upload_link.c.id == upload.owner.id))
    name = names.kept(upload.claim.name)
    # Without the recording: the giver gets what opens this event, and whether the bytes were known before, by whomever
    # else, is nothing that a giver may learn. `upload:sealed` names it.
    details = {
        "link": upload.owner.id,
        "number": number,
        "upload": upload.id,
        "name": name,
        "size": received.size,
        "sha256": received.sha256.hex(),
    }
    event_id = custody.append(tx, Event.LINK_USED, actor=ACTOR, details=details, clock=clock)
    row = {
        "upload_id": upload.id,
        "link_id": upload.owner.id,
        "recording_id": received.recording_id,
        "name": name,
        "size": received.size,
        "sha256": received.sha256,
        "sealed_at": clock.now(),
        "event_id": event_id,
    }
    tx.execute(upload_link_file.insert(), row)


def files_of(tx: Connection, link: Link) -> list[Given]:
    """What came by a link and is sealed, in the order of sealing."""
    kept = upload_link_file.c
    query = sa.select(upload_link_file).where(kept.link_id == link.id).order_by(kept.sealed_at, kept.upload_id)
    found = []
    for row in tx.execute(query).all():
        event = custody.find(tx, row.event_id)
        assert event is not None, "the event was written with the row"
        same = (row.upload_id, row.recording_id, row.name, row.size, row.sha256, row.sealed_at)
        found.append(Given(*same, event.leaf, event.payload, event.salt, event.position))
    return found


def unfinished_of(tx: Connection, link: Link) -> list[tuple[str, int | None, int]]:
    """What was begun by a link and is not sealed yet: name, length and received bytes, the newest first."""
    kept = upload_table.c
    query = sa.select(kept.claim, kept.length, kept.received).where(*_under_way(link.id))
    return [(row.claim["name"], row.length, row.received) for row in tx.execute(query.order_by(kept.created_at.desc()))]


def _under_way(link_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    kept = upload_table.c
    states = kept.state.in_([state.value for state in UNFINISHED])
    return (kept.owner_kind == "link", kept.owner_id == link_id, states)


def _with_use(tx: Connection, link: Link) -> Link:
    kept, under_way = upload_link_file.c, upload_table.c
    sealed = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(kept.size), 0)).where(kept.link_id == link.id)
    files, size = tx.execute(sealed).one()
    length = sa.func.coalesce(sa.func.sum(sa.func.coalesce(under_way.length, under_way.received)), 0)
    more = sa.select(sa.func.count(), length).where(*_under_way(link.id))
    open_files, open_size = tx.execute(more).one()
    return replace(link, use=LinkUse(int(files), int(files) + int(open_files), int(size) + int(open_size)))
