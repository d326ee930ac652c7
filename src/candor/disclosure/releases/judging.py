"""What a second person needs to judge a release: its copies to watch, what they hide and why, its papers, and what
forbids it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.errors import CandorError
from candor.disclosure.decisions.copies import copy_facts
from candor.disclosure.decisions.standing import rows_of
from candor.disclosure.decisions.subjects import about
from candor.disclosure.going import CopyToGo
from candor.disclosure.releases.acting import checked, copies_of
from candor.disclosure.releases.errors import ReleaseUnknown
from candor.disclosure.releases.hidden import Hidden, hidden_in
from candor.disclosure.releases.papers import EXEMPTIONS_CSV, EXEMPTIONS_PDF, LETTER, SUMMARY, papers_of
from candor.disclosure.releases.reading import Release
from candor.disclosure.releases.rules import Audience
from candor.disclosure.releases.tables import release as table
from candor.disclosure.releases.tables import release_copy
from candor.footage.purging import must_not_be_destroyed
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.people.rules import Actor, Permission
from candor.redaction.errors import CopyNotReady, CopyUnknown
from candor.redaction.rendering import MEDIA_TYPES
from candor.redaction.tables import redacted_copy
from candor.store import SealedStream, Vault

__all__ = ["PAPERS", "ReleasedFootage", "forbids_now", "held_back", "open_released", "paper_of", "recording_of"]

#: The papers of a release by name, with their media types.
PAPERS: Final[dict[str, str]] = {
    SUMMARY: "text/plain; charset=utf-8",
    EXEMPTIONS_PDF: "application/pdf",
    EXEMPTIONS_CSV: "text/csv; charset=utf-8",
    LETTER: "application/pdf",
}


@dataclass(frozen=True)
class ReleasedFootage:
    """A copy of a release, opened: a seekable stream, to be closed. `size` in bytes."""

    stream: SealedStream
    recording_id: str
    size: int
    sha256: bytes
    media_type: str


def recording_of(tx: Connection, actor: Actor, release_id: str, position: int) -> str:
    """The recording of the copy at a place of a release, for somebody who may see it. Raises Refused, CopyUnknown."""
    actor.require(Permission.REQUESTS_VIEW)
    joined = release_copy.join(recording, recording.c.id == release_copy.c.recording_id)
    mine = release_copy.c.release_id == release_id, release_copy.c.position == position
    query = sa.select(release_copy.c.recording_id).select_from(joined).where(*mine, visible_to(actor).expression)
    found = tx.scalar(query)
    if found is None:
        raise CopyUnknown(id=f"{release_id}/{position + 1}")
    return str(found)


def open_released(tx: Connection, vault: Vault, actor: Actor, release_id: str, position: int) -> ReleasedFootage:
    """The copy at a place of a release as it goes out, or would: with its content credentials once it has them. It is
    footage: whoever calls has begun a viewing of its recording, and it is on record.

    Raises Refused, CopyUnknown, RecordingDestroyed, CopyNotReady, and what `Vault.open` raises.
    """
    recording_id = recording_of(tx, actor, release_id, position)
    must_not_be_destroyed(tx, recording_id)
    joined = release_copy.join(redacted_copy, redacted_copy.c.id == release_copy.c.copy_id)
    query = sa.select(release_copy.c.signed_object_id, redacted_copy.c.copy_object_id).select_from(joined)
    row = tx.execute(query.where(release_copy.c.release_id == release_id, release_copy.c.position == position)).one()
    object_id = row.signed_object_id or row.copy_object_id
    if object_id is None:
        raise CopyNotReady(reason="it is not there any more")
    recorded = vault.look_up(tx, object_id)
    return ReleasedFootage(vault.open(tx, object_id), recording_id, recorded.size, recorded.sha256, MEDIA_TYPES["copy"])


def held_back(
    tx: Connection, vault: Vault, actor: Actor, release: Release, *, clock: Clock | None = None
) -> tuple[list[Hidden], int]:
    """What the release hides and withholds, and why, as its log of exemptions says it; and how many lines more are of
    recordings that the actor may not see. Of one that was handed out, as it was then. Raises Refused, and what keeps
    the signed list of a copy from being read."""
    actor.require(Permission.REQUESTS_VIEW)
    query = sa.select(table.c.hidden).where(table.c.id == release.id, table.c.package_id.is_not(None))
    handed_out = tx.scalar(query)
    if handed_out is not None:
        found = [Hidden(**one) for one in handed_out]
    else:
        copies = [copy_facts(tx, vault, one.copy_id) for one in copies_of(tx, release.id)]
        for_requester = release.audience is Audience.REQUESTER
        decided = rows_of(tx, release.subject)
        its = about(tx, release.subject).recordings
        found = hidden_in(tx, copies, decided, about=its, reasons=for_requester, clock=clock or SystemClock())
    among = recording.c.id.in_({one.recording_id for one in found}), visible_to(actor).expression
    seen = set(tx.scalars(sa.select(recording.c.id).where(*among)))
    mine = [one for one in found if one.recording_id in seen]
    return mine, len(found) - len(mine)


def paper_of(
    tx: Connection, vault: Vault, actor: Actor, release_id: str, name: str, *, clock: Clock | None = None
) -> bytes:
    """A paper of a release as it would lie in its package now, by its name in PAPERS, for somebody who may see every
    recording in it. Raises Refused, ReleaseUnknown, CopyUnknown, and what keeps the signed list of a copy from being
    read."""
    actor.require(Permission.REQUESTS_VIEW)
    for one in copies_of(tx, release_id):
        recording_of(tx, actor, release_id, one.position)
    row = tx.execute(sa.select(table).where(table.c.id == release_id)).first()
    if row is None or name not in PAPERS:
        raise ReleaseUnknown(id=release_id)
    found = papers_of(tx, vault, row, clock=clock or SystemClock()).files.get(name)
    if found is None:
        raise ReleaseUnknown(id=f"{release_id}/{name}")
    return found


def forbids_now(
    tx: Connection, vault: Vault, actor: Actor, release: Release, *, clock: Clock | None = None
) -> CandorError | None:
    """What forbids at this moment that the release goes out; None where nothing does."""
    wanted = [CopyToGo(one.copy_id, one.although or None) for one in copies_of(tx, release.id)]
    try:
        checked(tx, vault, actor, release.subject, wanted, clock=clock or SystemClock())
    except CandorError as error:
        return error
    return None
