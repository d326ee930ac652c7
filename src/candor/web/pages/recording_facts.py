"""What is known of a recording beside its catalogue entry: times with their sources, files, what each file claims."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import from_iso
from candor.footage import names
from candor.footage.errors import RecordingUnknown
from candor.footage.media.findings import PROBLEMS
from candor.footage.purging import purges_of
from candor.footage.returning import ReturnState, of_recording
from candor.footage.rules import visible_to
from candor.footage.search import Row
from candor.footage.signatures import signatures_of
from candor.footage.tables import intake as intake_table
from candor.footage.tables import part as part_table
from candor.footage.tables import recording as recording_table
from candor.footage.times import SOURCE_WORDS, TimeSource
from candor.people.rules import Actor
from candor.web import formats
from candor.web.i18n import gettext as _
from candor.web.i18n import noted
from candor.web.pages.recording_history import actor_name
from candor.web.pages.recording_signatures import SignatureTold, signature_told


@dataclass(frozen=True)
class Further:
    """The part of the catalogue entry that lists do not show."""

    notes: str
    custom: dict[str, str]
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True)
class Time:
    """One time that something says. `at` None: the text names no full moment; `chosen`: it is the start shown."""

    words: str
    at: datetime | None
    where: str
    value: str
    chosen: bool
    part: int | None = None


@dataclass(frozen=True)
class Part:
    """One file of the recording. Hashes in hexadecimal, `size` in bytes; `claims`: label and text."""

    id: str
    number: int
    name: str
    size: int
    sha256: str
    chunk_root: str
    media_type: str | None
    claims: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str, str], ...]
    problems: tuple[str, ...]
    intakes: tuple[Intake, ...]
    started_at: datetime | None
    ended_at: datetime | None
    signatures: tuple[SignatureTold, ...]
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Intake:
    """One time these bytes came in."""

    received_at: datetime
    actor: str
    face: str
    source: str
    file_modified_at: datetime | None


@dataclass(frozen=True)
class Purged:
    """One time the recording was destroyed: by whom, by what right, why. `came_again`: when the bytes came in that were
    taken in since, if there were. `by_order`: what was known of it was erased too."""

    at: datetime
    actor: str
    authority: str
    reason: str
    came_again: datetime | None
    by_order: bool


FACE_WORDS = {
    "cli": noted("Command line"),
    "web": noted("Browser"),
    "demo": noted("Demonstration"),
    "axis": noted("Camera system (Axis)"),
    "tus": noted("Resumable upload"),
    "card": noted("Card or folder"),
    "link": noted("Upload link"),
}


def further(tx: Connection, actor: Actor, recording_id: str) -> Further:
    """Notes, custom fields and coordinates; raises RecordingUnknown."""
    columns = [recording_table.c[name] for name in Further.__dataclass_fields__]
    query = sa.select(*columns).where(recording_table.c.id == recording_id, visible_to(actor).expression)
    row = tx.execute(query).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    return Further(**row._mapping)


def parts_of(tx: Connection, recording_id: str) -> list[Part]:
    """The files in order; whoever calls has checked that the reader may see the recording."""
    rows = tx.execute(
        sa.select(part_table).where(part_table.c.recording_id == recording_id).order_by(part_table.c.number)
    ).all()
    came = tx.execute(
        sa.select(intake_table)
        .where(intake_table.c.part_id.in_([row.id for row in rows]))
        .order_by(intake_table.c.received_at)
    ).all()
    signed = signatures_of(tx, [row.id for row in rows])
    return [
        _part(
            row,
            tuple(_intake(one) for one in came if one.part_id == row.id),
            tuple(signature_told(one) for one in signed[row.id]),
        )
        for row in rows
    ]


def _intake(row: sa.Row[Any]) -> Intake:
    face = _(FACE_WORDS[row.face]) if row.face in FACE_WORDS else row.face
    return Intake(row.received_at, row.actor, face, names.shown(row.source), row.file_modified_at)


def _part(row: sa.Row[Any], intakes: tuple[Intake, ...], signatures: tuple[SignatureTold, ...]) -> Part:
    media = row.claims.get("media", {})
    return Part(
        id=row.id,
        number=row.number,
        name=names.shown(row.name),
        size=row.size,
        sha256=row.sha256.hex(),
        chunk_root=row.chunk_root.hex(),
        media_type=row.media_type,
        claims=tuple(_claims(media)),
        tags=tuple((tag["where"], tag["tag"], tag["value"]) for tag in media.get("tags", ())),
        problems=tuple(_(PROBLEMS[code]) for code in media.get("problems", ()) if code in PROBLEMS),
        intakes=intakes,
        started_at=row.started_at,
        ended_at=row.ended_at,
        signatures=signatures,
        said=tuple(_said(row.claims.get("source") or {})),
    )


def _said(source: dict[str, Any]) -> list[tuple[str, str]]:
    """What else the sender said of the file: plain values only."""
    return [
        (names.shown(str(name))[:60], names.shown(str(value))[:200])
        for name, value in sorted(source.items())
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    ]


def purges_told(tx: Connection, recording_id: str) -> list[Purged]:
    """When and by whom the recording was destroyed, newest first; whoever calls has checked that the reader may see
    it."""
    found = purges_of(tx, recording_id)
    if not found:
        return []
    came = [one for one in of_recording(tx, recording_id) if one.state is ReturnState.TAKEN_IN and one.decided_at]
    return [
        Purged(
            one.at,
            actor_name(tx, one.actor),
            one.authority,
            one.reason,
            next((back.received_at for back in reversed(came) if back.decided_at and back.decided_at > one.at), None),
            one.is_erasure,
        )
        for one in found
    ]


def times_of(tx: Connection, row: Row) -> list[Time]:
    """Every time that is known of a recording, part by part, most trusted first, each with where it comes from: what a
    file says in several places is told once."""
    found: list[Time] = []
    chosen = False
    query = sa.select(part_table.c.number, part_table.c.claims).where(part_table.c.recording_id == row.id)
    for part in tx.execute(query.order_by(part_table.c.number)):
        said: dict[tuple[str, str | None, str], list[str]] = {}
        for claim in part.claims.get("times", ()):
            said.setdefault((claim["source"], claim.get("at"), claim["value"]), []).append(claim["where"])
        for (source, moment, value), places in said.items():
            at = from_iso(moment) if moment else None
            is_it = not chosen and row.started_source == source and at == row.started_at
            chosen = chosen or is_it
            found.append(Time(_time_words(source), at, ", ".join(places), value, is_it, part.number))
    if row.started_source == TimeSource.DOCK and not chosen:
        dock = Time(_time_words(TimeSource.DOCK), row.started_at, _("of the whole recording"), "", True)
        found.insert(0, dock)
    if row.started_source == TimeSource.CORRECTED:
        corrected = Time(_("Set by hand"), row.started_at, _("the catalogue"), "", True)
        found.insert(0, corrected)
    is_receipt = row.started_source == TimeSource.RECEIPT
    found.append(Time(_("Received"), row.received_at, _("this installation's clock"), "", is_receipt))
    return found


_TIME_WORDS = {
    TimeSource.CLAIM: noted("The file claims"),
    TimeSource.FILE_DATE: noted("The file's own date"),
    TimeSource.DOCK: noted("The camera system says"),
    TimeSource.NAME: noted("The file's name says"),
}


def _time_words(source: str) -> str:
    known = _TIME_WORDS.get(TimeSource(source))
    return _(known) if known else _(SOURCE_WORDS[TimeSource(source)])


# -- what a file claims, in words


def _claims(media: dict[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if media.get("container"):
        found.append((_("Container"), str(media["container"])))
    if media.get("duration") is not None:
        found.append((_("Length"), formats.duration(round(media["duration"] * 1000))))
    if media.get("bit_rate"):
        found.append((_("Bit rate"), _bit_rate(media["bit_rate"])))
    for stream in media.get("streams", ()):
        found.append((_track_words(stream["type"]), _track(stream)))
    for what, claim in (media.get("device") or {}).items():
        found.append((_(_DEVICE_WORDS.get(what, what)), str(claim["value"])))
    if media.get("place"):
        found.append((_("Claimed place"), str(media["place"]["value"])))
    return found


_DEVICE_WORDS = {
    "make": noted("Claimed make"),
    "model": noted("Claimed model"),
    "firmware": noted("Claimed firmware"),
    "serial": noted("Claimed serial number"),
}
_TRACK_WORDS = {
    "video": noted("Picture track"),
    "audio": noted("Sound track"),
    "data": noted("Data track"),
    "subtitle": noted("Text track"),
    "picture": noted("Attached picture"),
}


def _track_words(kind: str) -> str:
    return _(_TRACK_WORDS[kind]) if kind in _TRACK_WORDS else kind


def _track(stream: dict[str, Any]) -> str:
    said = [" ".join(filter(None, (stream.get("codec") or stream.get("tag"), _in_brackets(stream.get("profile")))))]
    if stream.get("width"):
        said.append(f"{stream['width']} × {stream['height']}")
        if stream.get("fps"):
            said.append(_("%(rate)s pictures a second", rate=f"{stream['fps']:g}"))
        if stream.get("rotation"):
            said.append(_("turned by %(degrees)s°", degrees=stream["rotation"]))
    if stream.get("sample_rate"):
        said.append(f"{stream['sample_rate'] / 1000:g} kHz")
        said.append(str(stream.get("layout") or stream.get("channels")))
    if stream.get("bit_rate"):
        said.append(_bit_rate(stream["bit_rate"]))
    if stream["type"] in ("video", "audio") and not stream.get("decoded"):
        said.append(_("cannot be decoded"))
    return " · ".join(filter(None, said)) or "–"


def _in_brackets(text: str | None) -> str | None:
    return f"({text})" if text else None


def _bit_rate(rate: float) -> str:
    return f"{rate / 1e6:.1f} Mbit/s" if rate >= 1e6 else f"{rate / 1e3:.0f} kbit/s"
