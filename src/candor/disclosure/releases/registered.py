"""What releases keep of recordings, in the register: which copies went out, under which words.

A purge takes nothing here: what was released is on record, and its files are with whoever took them. An order of
erasure takes the words, the names of files and the digests; what lies in the published place is taken away by a recall,
which whoever decides about the order is told to have made first.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody.tables import custody_event
from candor.disclosure.releases.rules import STATE_WORDS, ReleaseState
from candor.disclosure.releases.tables import release, release_copy, release_history
from candor.footage.kept import ERASED
from candor.footage.register import Digest, Kept, register

__all__: list[str] = []


def _mine(recording_id: str) -> sa.Select[tuple[str]]:
    return sa.select(release_copy.c.release_id).where(release_copy.c.recording_id == recording_id)


def _erase(tx: Connection, recording_id: str, digest: Digest) -> None:
    """The words of each release that showed it; who released it, when and to whom, and how often, stays."""
    words = {
        name: sa.case((release.c[name].is_(None), None), else_=ERASED)
        for name in ("sent_back_reason", "recall_reason", "discard_reason", "problem")
    }
    gone: dict[str, Any] = {"title": ERASED, "summary": ERASED, "files": None, "zip_sha256": None, "hidden": None}
    tx.execute(release.update().where(release.c.id.in_(_mine(recording_id))).values(**gone, **words))
    rows = tx.execute(sa.select(release_copy).where(release_copy.c.recording_id == recording_id)).all()
    for row in rows:
        values: dict[str, Any] = {"although": ERASED if row.although else ""}
        if row.signed_sha256 is not None and row.although != ERASED:
            values["signed_sha256"] = digest(row.signed_sha256)
            values["although"] = ERASED  # once: a digest of a digest would know nothing again
        this = release_copy.c.release_id == row.release_id, release_copy.c.position == row.position
        tx.execute(release_copy.update().where(*this).values(**values))


def _events(tx: Connection, recording_id: str) -> list[str]:
    """Events of the releases as wholes: they name the copies, and digests of the words."""
    query = (
        sa.select(release_history.c.event_id)
        .join(custody_event, custody_event.c.id == release_history.c.event_id)
        .where(release_history.c.release_id.in_(_mine(recording_id)), custody_event.c.recording_id.is_(None))
        .order_by(release_history.c.event_id)
    )
    return list(tx.scalars(query))


def _refers(tx: Connection, recording_id: str) -> list[str]:
    query = sa.select(release.c.number, release.c.state).where(release.c.id.in_(_mine(recording_id)))
    found = []
    for number, state in tx.execute(query.order_by(release.c.prepared_at)):
        words = f"The release {number} shows a copy of it; it {STATE_WORDS[ReleaseState(state)]}."
        if state == ReleaseState.PUBLISHED.value:
            words += " What is published stays so until the release is recalled; recall it first."
        found.append(words)
    return found


register(
    Kept(
        name="releases",
        words="which redacted copies of it were released, when and to whom, and the words that went with them",
        goes="nothing; what was released is with whoever took it, and is on record here",
        stays="who prepared and approved it, what was released, and whether it was recalled and why",
        tables=frozenset({"release", "release_copy", "release_history"}),
        erase=_erase,
        events=_events,
        refers=_refers,
    )
)
