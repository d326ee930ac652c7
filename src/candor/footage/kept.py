"""What this room keeps of a recording, entered in the register: files, copies, what was said of it, its words.

The catalogue entry, its custody history and the seals stay after a purge: that something was there, whose it was, and
on whose word it was destroyed. An order of erasure takes from them everything that is of the footage. Wearer, unit,
camera, times and sizes stay then too: they are the agency's own record of who carried what and when, without which a
camera's count would show a gap that nobody could explain.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.register import Digest, Kept, keeps_nothing, register
from candor.footage.rules import RenditionKind, RenditionState
from candor.footage.tables import (
    bookmark,
    discrepancy,
    gathering,
    intake,
    location_track,
    part,
    part_signature,
    recording,
    rendition,
    sidecar,
    viewing,
)
from candor.footage.words import sort_text
from candor.store.tables import vault_object

__all__ = ["ERASED", "GONE_WITH_IT", "gatherings_of"]

#: What stands where an order of erasure took out a name or a text.
ERASED = "(erased by order)"
GONE_WITH_IT = "It was destroyed with its recording."
#: What stays of what the source of a part said: whether its seconds ever arrived readable depends on it.
_KEPT_OF_SOURCE = ("encrypted", "decrypted_from")
#: What a file says of itself that is as much the recording as its pictures: where it was, and every tag as it stands.
_SHOWN_BY_MEDIA = ("data_tracks", "place", "tags")
#: What is said of a whole recording besides times and who it was.
_SAID_OF_CONTENT = ("category", "facts", "incident_number", "title")


def _parts_of(recording_id: str) -> sa.Select[Any]:
    return sa.select(part.c.id).where(part.c.recording_id == recording_id)


def _files(tx: Connection, recording_id: str) -> dict[str, str]:
    """The originals, and the same bytes of other intakes."""
    columns = (part.c.object_id, part.c.sha256, part.c.size)
    found: dict[str, str] = {}
    for one in tx.execute(sa.select(*columns).where(part.c.recording_id == recording_id)).all():
        same: list[sa.ColumnElement[bool]] = [vault_object.c.object_id == one.object_id]
        if one.size:  # all empty files have the same bytes, and nothing else in common
            same.append(sa.and_(vault_object.c.sha256 == one.sha256, vault_object.c.kind == "original"))
        rows = tx.execute(sa.select(vault_object.c.object_id, vault_object.c.kind).where(sa.or_(*same)))
        found |= {row.object_id: row.kind for row in rows}
    return found


def _forget_claims(tx: Connection, recording_id: str) -> None:
    """What its source said besides times and names, and where the file says it was: a camera says where it was."""
    for row in tx.execute(sa.select(part.c.id, part.c.claims).where(part.c.recording_id == recording_id)).all():
        claims = {name: value for name, value in row.claims.items() if name != "source"}
        source = {name: row.claims["source"][name] for name in _KEPT_OF_SOURCE if name in row.claims.get("source", {})}
        claims |= {"source": source} if source else {}
        if "media" in claims:
            claims["media"] = {name: one for name, one in claims["media"].items() if name not in _SHOWN_BY_MEDIA}
        if claims != row.claims:
            tx.execute(part.update().where(part.c.id == row.id).values(claims=claims))


def _erase_parts(tx: Connection, recording_id: str, digest: Digest) -> None:
    mine = intake.c.part_id.in_(_parts_of(recording_id))
    tx.execute(intake.update().where(mine).values(source=ERASED, file_modified_at=None))
    # Once: a digest of a digest would know nothing again, when what came back is erased by the same order.
    fresh = part.c.recording_id == recording_id, part.c.chunk_root != bytes(32)
    for row in tx.execute(sa.select(part.c.id, part.c.sha256).where(*fresh)).all():
        values: dict[str, Any] = {
            "sha256": digest(row.sha256),  # known again here, and by nobody else
            "chunk_root": bytes(32),
            "name": ERASED,
            "media_type": None,
            "claims": {},
        }
        tx.execute(part.update().where(part.c.id == row.id).values(values))


def _copies(tx: Connection, recording_id: str) -> dict[str, str]:
    mine = rendition.c.part_id.in_(_parts_of(recording_id)), rendition.c.object_id.is_not(None)
    query = sa.select(vault_object.c.object_id, vault_object.c.kind).join(
        rendition, rendition.c.object_id == vault_object.c.object_id
    )
    return {row.object_id: row.kind for row in tx.execute(query.where(*mine))}


def _forget_copies(tx: Connection, recording_id: str) -> None:
    """Those without a key, and those of parts without one: in a recording that was regrouped others may live."""
    keyless = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_not(None))
    gone = _parts_of(recording_id).where(part.c.object_id.in_(keyless))
    tx.execute(
        rendition.update()
        .where(rendition.c.part_id.in_(_parts_of(recording_id)))
        .where(sa.or_(rendition.c.object_id.in_(keyless), rendition.c.part_id.in_(gone)))
        .values(state=RenditionState.FAILED.value, object_id=None, details=None, problem=GONE_WITH_IT)
    )


def _besides(tx: Connection, recording_id: str) -> dict[str, str]:
    mine = sa.select(sidecar.c.object_id).where(sidecar.c.recording_id == recording_id)
    return dict.fromkeys(tx.scalars(mine), "sidecar")


def _forget_sidecars(tx: Connection, recording_id: str) -> None:
    tx.execute(sidecar.update().where(sidecar.c.recording_id == recording_id).values(facts={}))


def _erase_sidecars(tx: Connection, recording_id: str, digest: Digest) -> None:
    fresh = sidecar.c.recording_id == recording_id, sa.or_(sidecar.c.name != ERASED, sidecar.c.source != ERASED)
    for row in tx.execute(sa.select(sidecar.c.id, sidecar.c.sha256).where(*fresh)).all():
        values = {"name": ERASED, "source": ERASED, "facts": {}, "sha256": digest(row.sha256)}
        tx.execute(sidecar.update().where(sidecar.c.id == row.id).values(values))


def _forget_told(tx: Connection, recording_id: str) -> None:
    for told in (location_track, bookmark):
        tx.execute(told.delete().where(told.c.recording_id == recording_id))


def _forget_said(tx: Connection, recording_id: str) -> None:
    for row in tx.execute(sa.select(gathering.c.key, gathering.c.said).where(_gathered(recording_id))).all():
        if "facts" in row.said:
            said = {name: value for name, value in row.said.items() if name != "facts"}
            tx.execute(gathering.update().where(gathering.c.key == row.key).values(said=said))


def _erase_said(tx: Connection, recording_id: str, digest: Digest) -> None:
    """The key too: sources put names of people and places into the names of their recordings."""
    mine = gathering.c.key.in_(gatherings_of(tx, recording_id))
    tx.execute(gathering.delete().where(mine, gathering.c.recording_id.is_(None)))
    for row in tx.execute(sa.select(gathering.c.key, gathering.c.said).where(mine)).all():
        face = row.key.partition(":")[0]
        said = {name: value for name, value in row.said.items() if name not in _SAID_OF_CONTENT}
        values: dict[str, Any] = {"said": said}
        if not row.key.startswith(f"{face}:erased/"):
            values["key"] = f"{face}:erased/{digest(row.key.encode()).hex()}"
        tx.execute(gathering.update().where(gathering.c.key == row.key).values(values))


def _gathered(recording_id: str) -> sa.ColumnElement[bool]:
    return gathering.c.recording_id == recording_id


def gatherings_of(tx: Connection, recording_id: str) -> list[str]:
    """The keys of what a recording was gathered from, and of what was gathered since and has its bytes alone."""
    again = sa.and_(gathering.c.recording_id.is_(None), sa.cast(gathering.c.elsewhere, sa.Text).contains(recording_id))
    return list(tx.scalars(sa.select(gathering.c.key).where(sa.or_(_gathered(recording_id), again))))


def _erase_signatures(tx: Connection, recording_id: str, _digest: Digest) -> None:
    tx.execute(part_signature.delete().where(part_signature.c.part_id.in_(_parts_of(recording_id))))


def _erase_discrepancies(tx: Connection, recording_id: str, _digest: Digest) -> None:
    tx.execute(discrepancy.delete().where(discrepancy.c.recording_id == recording_id))


def _erase_purposes(tx: Connection, recording_id: str, _digest: Digest) -> None:
    tx.execute(viewing.update().where(viewing.c.recording_id == recording_id).values(purpose=ERASED))


def _erase_entry(tx: Connection, recording_id: str, _digest: Digest) -> None:
    values: dict[str, Any] = {
        "title": ERASED,
        "title_sort": sort_text(ERASED),
        "notes": "",
        "tags": [],
        "custom": {},
        **dict.fromkeys(("place", "latitude", "longitude", "incident_number", "category")),
        "version": recording.c.version + 1,
    }
    tx.execute(recording.update().where(recording.c.id == recording_id).values(values))


def _purposes(tx: Connection, recording_id: str) -> list[str]:
    count = tx.scalar(sa.select(sa.func.count()).select_from(viewing).where(viewing.c.recording_id == recording_id))
    return [f"It was opened {count} times; who did and why stays on record."] if count else []


register(
    Kept(
        name="catalogue entry",
        words="title, notes, tags, fields, place, number of the incident, category",
        goes="nothing; its state says that it was destroyed",
        stays="all of it: that it was there, and what it was, is on record",
        tables=frozenset({"recording", "recording_words", "recording_wearing", "recording_gap"}),
        erase=_erase_entry,
    )
)
register(
    Kept(
        name="files",
        words="the files as they came, their names and hashes, what they say of themselves, and each time they came in",
        goes="the bytes of every intake; where a file says it was, its tags, and what its source said besides",
        stays="names, hashes, sizes and times: they prove what was there, and know it again",
        tables=frozenset({"part", "intake", "vault_object", "vault_key"}),
        kinds=frozenset({"original"}),
        objects=_files,
        forget=_forget_claims,
        erase=_erase_parts,
    )
)
register(
    Kept(
        name="copies",
        words="viewing copies, posters, filmstrips, waveforms, repaired copies, and those that took another's place",
        goes="all of them, and what was noted of their making",
        stays="that there were such copies",
        tables=frozenset({"rendition"}),
        kinds=frozenset(kind.value for kind in RenditionKind),
        objects=_copies,
        forget=_forget_copies,
    )
)
register(
    Kept(
        name="files beside it",
        words="hash lists, tracks, keys and whatever else came beside the recording",
        goes="their bytes, and what was read in them",
        stays="names, hashes and sizes",
        tables=frozenset({"sidecar"}),
        kinds=frozenset({"sidecar"}),
        objects=_besides,
        forget=_forget_sidecars,
        erase=_erase_sidecars,
    )
)
register(
    Kept(
        name="places and marks",
        words="where the camera was, and what was marked or written on it",
        goes="all of it",
        stays="nothing",
        tables=frozenset({"location_track", "bookmark"}),
        forget=_forget_told,
    )
)
register(
    Kept(
        name="what its source said",
        words="what a camera, a dock or a card said of the whole recording",
        goes="everything but times, names and numbers",
        stays="title, category, times and whose it was, as the catalogue has them",
        tables=frozenset({"gathering"}),
        forget=_forget_said,
        erase=_erase_said,
    )
)
register(
    Kept(
        name="signatures",
        words="signatures that the camera put into it, and what a check found",
        goes="nothing",
        stays="the finding: whose camera signed what was there",
        tables=frozenset({"part_signature"}),
        erase=_erase_signatures,
    )
)
register(
    Kept(
        name="conflicts",
        words="what was said of it in two ways, and how it was settled",
        goes="nothing",
        stays="all of it, as the catalogue does",
        tables=frozenset({"discrepancy"}),
        erase=_erase_discrepancies,
    )
)
register(
    Kept(
        name="viewings",
        words="who opened it, when and for what purpose",
        goes="nothing",
        stays="all of it: who saw the footage is never forgotten",
        tables=frozenset({"viewing"}),
        erase=_erase_purposes,
        refers=_purposes,
    )
)

keeps_nothing("custody_event", "leaf and place stay for good; an order of erasure empties what the events said")
keeps_nothing("custody_subject", "a number and a key for the tags of the log")
keeps_nothing("custody_tag_key", "keys for the tags of the log")
keeps_nothing("custody_lost_entry", "places in the log of events that are lost")
keeps_nothing("tombstone", "who destroyed what, when, by what right and why; identifiers alone of what was there")
keeps_nothing("clock_reading", "how far a camera's clock was off; no place and no content")
keeps_nothing("digest_secret", "which secret of the vault keys digests")
