"""The small files that came beside a recording: a list, and taking one out, which goes on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.footage import names
from candor.footage.errors import SidecarUnknown, ViewingEnded
from candor.footage.sidecars import sidecar_of, sidecars_of
from candor.footage.viewing import SIDECAR_PURPOSE, begin_viewing, open_sidecar
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted
from candor.web.pages.purposes import copy_purpose, is_copy_of
from candor.web.pages.recording_media import SealedSource, answer

#: What a sidecar is taken for.
SIDECAR_WORDS: dict[str, str] = {
    "sha256": noted("List of hashes"),
    "xml": noted("XML"),
    "json": noted("JSON"),
    "gpx": noted("Location track (GPX)"),
    "nmea": noted("Location track (NMEA)"),
    "srt": noted("Subtitles or location track (SRT)"),
    "text": noted("Text"),
    "picture": noted("Picture"),
    "sound": noted("Sound"),
    "document": noted("Document"),
    "axis-bookmark": noted("Mark made on the camera"),
    "axis-encrypted": noted("Encrypted clip as it came"),
    "axis-key": noted("Key of an encrypted clip"),
    "axis-track": noted("Location track"),
    "unknown": noted("Of a kind that is not known"),
}
_MOST_FACTS = 12
_LONGEST_FACT = 200


@dataclass(frozen=True)
class SidecarTold:
    """One file beside the recording. `facts`: what it says, as far as that was read: label and text."""

    id: str
    name: str
    kind: str
    size: int
    sha256: str
    received_at: datetime
    facts: tuple[tuple[str, str], ...]


def sidecars_told(tx: Connection, recording_id: str) -> list[SidecarTold]:
    """The sidecars of a recording that the reader may see."""
    return [
        SidecarTold(
            id=one.id,
            name=names.shown(one.name),
            kind=_(SIDECAR_WORDS.get(one.kind, SIDECAR_WORDS["unknown"])),
            size=one.size,
            sha256=one.sha256.hex(),
            received_at=one.received_at,
            facts=tuple(_facts(one.facts))[:_MOST_FACTS],
        )
        for one in sidecars_of(tx, recording_id)
    ]


def _facts(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Plain values only: what is nested is for programs."""
    fields = facts.get("fields") if isinstance(facts.get("fields"), dict) else {}
    plain = {**(fields or {}), **facts}
    return [
        (names.shown(str(name))[:60], names.shown(str(value))[:_LONGEST_FACT])
        for name, value in plain.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "" and name != "v"
    ]


def fetch(request: Request) -> Response:
    """Put on record that a sidecar is taken out, then lead to its bytes."""
    here, visit = installation_of(request), visit_of(request)
    recording_id, sidecar_id = request.path_params["recording_id"], request.path_params["sidecar_id"]
    with here.database.write() as tx:
        purpose = copy_purpose(tx, request, f"{SIDECAR_PURPOSE} {sidecar_id}")
        begun = begin_viewing(tx, visit.actor, recording_id, purpose, clock=here.clock)
        if sidecar_of(tx, sidecar_id).recording_id != recording_id:
            raise SidecarUnknown(id=sidecar_id)
    return RedirectResponse(f"/sidecars/{sidecar_id}?viewing={begun.id}", 303)


def give(request: Request) -> Response:
    """The sidecar, byte for byte, as a file to save."""
    here, visit = installation_of(request), visit_of(request)
    sidecar_id = request.path_params["sidecar_id"]
    viewing_id = request.query_params.get("viewing", "")
    opened = open_sidecar(here.database, here.vault, visit.actor, sidecar_id, viewing_id=viewing_id, clock=here.clock)
    if not is_copy_of(opened.viewing.purpose, f"{SIDECAR_PURPOSE} {sidecar_id}"):
        opened.stream.close()
        raise ViewingEnded()
    return answer(
        request,
        SealedSource(opened.stream),
        tag=opened.sha256.hex(),
        media_type="application/octet-stream",
        file_name=opened.name,
    )


routes = [
    page(
        "/recordings/{recording_id}/sidecars/{sidecar_id}/download",
        fetch,
        needs=Permission.RECORDINGS_EXPORT,
        methods=["POST"],
    ),
    page("/sidecars/{sidecar_id}", give, needs=Permission.RECORDINGS_EXPORT),
]
