"""What is published of a release: the notice that the portal shows, and the list of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody import find
from candor.custody.tables import log_head
from candor.disclosure.decisions.copies import copy_facts
from candor.disclosure.packages import Package
from candor.disclosure.releases.acting import copies_of, subject_of
from candor.disclosure.releases.hidden import Hidden
from candor.disclosure.releases.rules import Audience
from candor.disclosure.requests.tables import records_request
from candor.published.notices import Fact, FileNotice, ReleaseNotice
from candor.published.notices import Hidden as HiddenNotice
from candor.redaction.rendering import MEDIA_TYPES
from candor.store import Vault
from candor.verify.note import VerifierKey

__all__ = ["MOST_HIDDEN", "copy_notices", "file_told", "notice_of"]

#: Lines of what was held back that a page shows; the table of exemptions has all of them.
MOST_HIDDEN = 2000


def copy_notices(tx: Connection, vault: Vault, row: Any, found: Package) -> list[FileNotice]:
    """The copies as published files, in their order. row: of the table `release`."""
    notices = []
    released = copies_of(tx, row.id)
    for number, (one, copy) in enumerate(zip(found.plan["originals"], released, strict=True), 1):
        facts = copy_facts(tx, vault, copy.copy_id)
        length = None if facts.begin is None or facts.end is None else facts.end - facts.begin
        proven = one.get("proven")
        notices.append(
            FileNotice(
                name=f"{row.number}-{number:02d}.mp4",
                kind="copy",
                media_type=MEDIA_TYPES["copy"],
                size=one["size"],
                sha256=one["sha256"],
                words=f"Video {number}",
                duration_ms=length,
                proven=None if proven is None else proven["sha256"],
            )
        )
    return notices


def notice_of(
    tx: Connection,
    row: Any,
    found: Package,
    files: Sequence[FileNotice],
    published_at: datetime,
) -> ReleaseNotice:
    """The notice. row: of the table `release`."""
    tracking = None
    if row.request_id is not None:
        tracking = tx.scalar(sa.select(records_request.c.tracking_digest).where(records_request.c.id == row.request_id))
    hidden = [Hidden(**one) for one in row.hidden or ()]
    return ReleaseNotice(
        id=row.id,
        number=row.number,
        audience=Audience(row.audience).value,
        title=row.title,
        summary=row.summary,
        published_at=published_at,
        files=tuple(files),
        hidden=tuple(
            HiddenNotice(
                what=f"{one.words[:1].upper()}{one.words[1:]}: {one.how}",
                exemption=one.exemption,
                citation=one.citation,
                reason=one.reason,
                copy=None if one.number is None else one.number - 1,
            )
            for one in hidden
        ),
        facts=tuple(_facts(tx, row, found, files)),
        tracking=None if tracking is None else tracking.hex(),
    )


def _facts(tx: Connection, row: Any, found: Package, files: Sequence[FileNotice]) -> list[Fact]:
    subject = subject_of(row)
    copies = [one for one in files if one.kind == "copy"]
    with_credentials = sum(one.proven is not None for one in copies)
    if not with_credentials:
        credentials = "No"
    elif with_credentials == len(copies):
        credentials = "Yes, in every video"
    else:
        credentials = f"Yes, in {with_credentials} of {len(copies)} videos"
    facts = [Fact("Content credentials (C2PA)", credentials)]
    if subject.kind == "critical":
        facts.insert(0, Fact("About", "a critical incident"))
    vkey = tx.scalar(sa.select(log_head.c.vkey))
    if vkey is not None:
        facts.append(Fact("Custody log", VerifierKey.parse(vkey).name))
    events = (find(tx, event_id) for event_id in found.plan["events"].values())
    places = sorted(one.position for one in events if one is not None and one.position is not None)
    if places:
        entries = ", ".join(f"{one:,}" for one in places[:20])
        more = f" and {len(places) - 20:,} more" if len(places) > 20 else ""
        facts.append(Fact("Its entries in the log", f"{entries}{more}"))
    return facts


def file_told(one: FileNotice) -> Mapping[str, Any]:
    """A published file as the table `release` keeps it."""
    return dict(vars(one))
