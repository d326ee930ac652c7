"""Watching: the permission, then a custody event that is durable, then the first byte.

A player asks for hundreds of ranges. One opening of a page is one viewing: one row and one event `recording:viewed`,
which all its ranges refer to. A viewing belongs to one account, one recording and one purpose, and ends by itself. Its
identifier stands in the custody log, so it is no secret and no right: one that was begun for the picture in a list
opens that picture and nothing else, one for keeping an original opens originals and nothing else.

`open_part` and `open_rendition` make their own transactions: what they return may be read only once the event is
committed, so no caller can be left to forget that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.access_policy import AccessPolicy, read_policy
from candor.footage.errors import (
    PartUnknown,
    PurposeMissing,
    PurposeNotOffered,
    RecordingUnknown,
    RenditionNotReady,
    ViewingEnded,
)
from candor.footage.purging import must_not_be_destroyed
from candor.footage.rules import RenditionKind, RenditionState, visible_to
from candor.footage.tables import part, recording, rendition, sidecar, viewing
from candor.people.rules import Actor
from candor.store import SealedStream, Vault

__all__ = [
    "DOWNLOAD_PURPOSE",
    "POSTER_PURPOSE",
    "REVIEW_PURPOSE",
    "SIDECAR_PURPOSE",
    "Opened",
    "Viewing",
    "begin_viewing",
    "open_part",
    "open_rendition",
    "open_sidecar",
    "watched_within",
]

#: How long one opening of a page lasts at most; a sign-in lasts no longer.
LASTS = timedelta(hours=12)
LONGEST_PURPOSE = 500
#: What the custody history says of the pictures in a list. Nobody was asked for it, so it opens nothing but posters.
POSTER_PURPOSE = "picture in a list of recordings"
#: How a purpose begins that is to keep a copy of an original; the part's identifier follows.
DOWNLOAD_PURPOSE = "Download of the original file"
#: The same of a small file that came beside the recording; its identifier follows.
SIDECAR_PURPOSE = "Download of a file beside the recording"
_DOWNLOADS = (DOWNLOAD_PURPOSE, SIDECAR_PURPOSE)
#: What a review before a statement is for; it was granted as such.
REVIEW_PURPOSE = "Review before a statement"
_ORIGINAL = "original"


@dataclass(frozen=True)
class Viewing:
    """One opening of a recording by somebody for a purpose."""

    id: str
    recording_id: str
    account_id: str
    purpose: str
    event_id: str
    began_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Opened:
    """Something to read: a seekable stream, to be closed. `sha256` is that of the whole, `size` in bytes."""

    stream: SealedStream
    size: int
    sha256: bytes
    media_type: str | None
    name: str
    viewing: Viewing


def begin_viewing(
    tx: Connection, actor: Actor, recording_id: str, purpose: str, *, clock: Clock | None = None
) -> Viewing:
    """Put on record that the actor opens a recording; whoever calls commits before the first byte.

    `purpose`: in words; of a copy `DOWNLOAD_PURPOSE`, what it is a copy of, and after a colon what it is for. Where the
    agency's rules ask for a purpose of their list, it is one of it, or begins with one and a colon.

    Raises RecordingUnknown when the actor may not see it, RecordingDestroyed, PurposeMissing, PurposeNotOffered.
    """
    clock, purpose = clock or SystemClock(), " ".join(purpose.split())
    if not 1 <= len(purpose) <= LONGEST_PURPOSE:
        raise PurposeMissing(longest=LONGEST_PURPOSE)
    may = visible_to(actor)
    query = sa.select(recording.c.wearer_id).where(recording.c.id == recording_id, may.expression)
    row = tx.execute(query).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    _must_be_offered(read_policy(tx), purpose, own=row.wearer_id == actor.account_id)
    must_not_be_destroyed(tx, recording_id)
    viewing_id, now = new_id(), clock.now()
    details = {"viewing": viewing_id, "purpose": purpose, "by": may.reason}
    event_id = custody.append(
        tx, Event.RECORDING_VIEWED, actor=actor.account_id, recording=recording_id, details=details, clock=clock
    )
    begun = Viewing(viewing_id, recording_id, actor.account_id, purpose, event_id, now, now + LASTS)
    tx.execute(viewing.insert(), vars(begun))
    return begun


def _must_be_offered(policy: AccessPolicy, purpose: str, *, own: bool) -> None:
    """Nobody was asked for the picture in a list, and a granted review is its own purpose."""
    if policy.other_purposes or not policy.asks(own=own) or purpose in (POSTER_PURPOSE, REVIEW_PURPOSE):
        return
    said = purpose.partition(": ")[2] if purpose.startswith(_DOWNLOADS) else purpose
    if said.partition(":")[0] not in policy.purposes:
        raise PurposeNotOffered(offered=", ".join(policy.purposes))


def watched_within(
    tx: Connection, actor: Actor, recording_id: str, viewing_id: str, *, clock: Clock | None = None
) -> Viewing | None:
    """The viewing of that identifier, if it is the actor's, of this recording, for watching, and not over."""
    query = _going_on(actor, recording_id, clock or SystemClock()).where(viewing.c.id == viewing_id)
    row = tx.execute(query).first()
    return Viewing(**row._mapping) if row is not None and _serves(row.purpose, RenditionKind.PROXY) else None


def open_part(
    database: Database,
    vault: Vault,
    actor: Actor,
    part_id: str,
    purpose: str,
    *,
    viewing_id: str | None = None,
    clock: Clock | None = None,
) -> Opened:
    """Open an original. With `viewing_id` within that viewing; otherwise within the actor's present one of this
    recording and purpose, and if there is none a new one is begun.

    Raises PartUnknown, RecordingDestroyed, ViewingEnded, PurposeMissing, and what `Vault.open` raises.
    """
    kind = sa.literal(_ORIGINAL).label("kind")
    columns = (part.c.object_id, part.c.media_type, part.c.name, part.c.recording_id, kind)
    found = sa.select(*columns).where(part.c.id == part_id)
    return _Opening(database, vault, actor, purpose, clock or SystemClock()).open(found, part_id, viewing_id)


def open_rendition(
    database: Database,
    vault: Vault,
    actor: Actor,
    rendition_id: str,
    purpose: str,
    *,
    viewing_id: str | None = None,
    clock: Clock | None = None,
) -> Opened:
    """Open a viewing copy, poster, filmstrip or waveform; as `open_part`. Raises RenditionNotReady too."""
    kind = rendition.c.kind
    columns = (rendition.c.object_id, rendition.c.media_type, kind.label("name"), part.c.recording_id, kind)
    joined = rendition.join(part, part.c.id == rendition.c.part_id)
    found = sa.select(*columns, rendition.c.state, rendition.c.problem).select_from(joined)
    opening = _Opening(database, vault, actor, purpose, clock or SystemClock())
    return opening.open(found.where(rendition.c.id == rendition_id), rendition_id, viewing_id)


def open_sidecar(
    database: Database,
    vault: Vault,
    actor: Actor,
    sidecar_id: str,
    *,
    viewing_id: str | None = None,
    clock: Clock | None = None,
) -> Opened:
    """Open a file that came beside a recording, to be kept; as `open_part`, for that purpose alone."""
    kind, media_type = sa.literal(_ORIGINAL).label("kind"), sa.null().label("media_type")
    columns = (sidecar.c.object_id, media_type, sidecar.c.name, sidecar.c.recording_id, kind)
    found = sa.select(*columns).where(sidecar.c.id == sidecar_id)
    opening = _Opening(database, vault, actor, f"{SIDECAR_PURPOSE} {sidecar_id}", clock or SystemClock())
    return opening.open(found, sidecar_id, viewing_id, of=sidecar.c.recording_id)


class _Opening:
    def __init__(self, database: Database, vault: Vault, actor: Actor, purpose: str, clock: Clock) -> None:
        self._database, self._vault, self._clock = database, vault, clock
        self._actor, self._purpose = actor, " ".join(purpose.split())

    def open(
        self,
        query: sa.Select[Any],
        identifier: str,
        viewing_id: str | None,
        *,
        of: sa.Column[Any] = part.c.recording_id,
    ) -> Opened:
        within = visible_to(self._actor).expression
        query = query.join(recording, recording.c.id == of).where(within)
        with self._database.read() as tx:
            row = tx.execute(query).first()
            if row is None or not _serves(self._purpose, row.kind):
                raise PartUnknown(id=identifier)
            must_not_be_destroyed(tx, row.recording_id)
            if row.object_id is None:
                raise RenditionNotReady(reason=_why_not(row))
            begun = self._present(tx, row.recording_id, row.kind, viewing_id)
        if begun is None:
            with self._database.write() as tx:
                begun = begin_viewing(tx, self._actor, row.recording_id, self._purpose, clock=self._clock)
        with self._database.read() as tx:
            recorded = self._vault.look_up(tx, row.object_id)
            stream = self._vault.open(tx, row.object_id)
        return Opened(stream, recorded.size, recorded.sha256, row.media_type, row.name, begun)

    def _present(self, tx: Connection, recording_id: str, kind: str, viewing_id: str | None) -> Viewing | None:
        """The viewing to go on with. Raises ViewingEnded when the one that is named is not the actor's, not for
        this, or over."""
        query = _going_on(self._actor, recording_id, self._clock)
        if viewing_id is not None:
            query = query.where(viewing.c.id == viewing_id)
        else:
            query = query.where(viewing.c.purpose == self._purpose).order_by(viewing.c.began_at.desc()).limit(1)
        row = tx.execute(query).first()
        if viewing_id is not None and (row is None or not _serves(row.purpose, kind)):
            raise ViewingEnded()
        return None if row is None else Viewing(**row._mapping)


def _going_on(actor: Actor, recording_id: str, clock: Clock) -> sa.Select[Any]:
    """The actor's viewings of a recording that are not over."""
    table = viewing.c
    return sa.select(viewing).where(
        table.recording_id == recording_id, table.account_id == actor.account_id, table.ends_at > clock.now()
    )


def _serves(purpose: str, kind: str) -> bool:
    """Whether a viewing for that purpose opens something of that kind (a rendition's, or the original)."""
    if purpose == POSTER_PURPOSE:
        return kind == RenditionKind.POSTER
    return kind == _ORIGINAL or not purpose.startswith(_DOWNLOADS)


def _why_not(row: sa.Row[Any]) -> str:
    if row.state == RenditionState.FAILED.value:
        return row.problem or "it could not be made"
    return "it is being made" if row.state == RenditionState.MAKING.value else "it waits to be made"
