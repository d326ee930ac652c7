"""Taking in files in the browser: each is a request of its own whose raw body goes straight into the vault.

Nothing is spooled: what arrives is sealed as it arrives. A connection that breaks, or is cancelled, leaves nothing;
the browser sends the file again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.core.errors import CandorError
from candor.fleet.service import devices
from candor.footage import catalogue, fields
from candor.footage.errors import FieldWrong
from candor.footage.intake import Claim, Intake, IntakeWriter, Received
from candor.footage.rules import FLAG_WORDS, visible_to
from candor.footage.tables import recording as recording_table
from candor.people import service, sessions
from candor.people.errors import AccountUnknown, UnitUnknown
from candor.people.rules import Actor, Permission
from candor.people.service import Account
from candor.store import Vault
from candor.web.access import in_thread, installation_of, page, visit_of
from candor.web.csrf import FormTooSlow
from candor.web.i18n import gettext as _
from candor.web.render import render
from candor.web.room import must_have_room

#: Bytes gathered before a thread seals them.
_PIECE = 1 << 20
_LONGEST = 4096
#: Seconds without a byte, after which a sender is taken to be gone: a place and a half-written object wait for it.
LONGEST_STALL = 60.0


class UploadTooLarge(CandorError):
    """The file is larger than {limit} GiB, the most that is taken in through the browser. Nothing of it was kept.
    Take it in on the server with `candor ingest`."""

    exit_code = 3


class UploadBroken(CandorError):
    """The file arrived with {size} bytes although {announced} were announced. Nothing of it was kept. Send it
    again."""

    exit_code = 3


class UploadStalled(FormTooSlow):
    """Nothing more of the file arrived for {seconds} seconds, after {size} bytes. Nothing of it was kept. Check the
    connection and send it again."""


class DeviceNotKnown(CandorError):
    """There is no device with that identifier. Choose one of the list."""

    exit_code = 3


def show(request: Request) -> Response:
    """The page to drop files on."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        wearers = nameable(tx, visit.actor)
        cameras = devices(tx)
        categories = catalogue.categories(tx)
    return render(
        request,
        "upload.html",
        wearers=wearers,
        devices=cameras,
        categories=categories,
        limit=here.settings.max_upload_gib,
    )


def nameable(tx: Connection, actor: Actor) -> list[Account]:
    """Whom the actor may name as wearer: whose recordings the actor could describe afterwards."""
    everybody = service.accounts(tx, active=True)
    if actor.may(Permission.RECORDINGS_CHANGE_ALL):
        return everybody
    unit = actor.unit_id if actor.may(Permission.RECORDINGS_CHANGE_UNIT) else None
    return [one for one in everybody if one.id == actor.account_id or (unit is not None and one.unit_id == unit)]


async def receive(request: Request) -> Response:
    """One file as the body of a PUT; what is claimed of it stands in the query string."""
    here = installation_of(request)
    announced = int(request.headers.get("content-length") or -1)
    most = here.settings.max_upload_gib << 30
    if announced > most:
        raise UploadTooLarge(limit=here.settings.max_upload_gib)
    await in_thread(must_have_room, here.vault, max(announced, 0))
    claim = await in_thread(_claim, request)
    intake = Intake(here.database, here.vault, here.jobs, here.clock)
    writer: IntakeWriter = await in_thread(intake.begin, claim)
    try:
        await _pour(request, writer, most)
        if announced >= 0 and writer.size != announced:
            raise UploadBroken(size=writer.size, announced=announced)
        received: Received = await in_thread(writer.finish)
    except BaseException:
        # Also when the browser went away or the server is stopping: nothing half-done stays.
        writer.abort()
        raise
    told = await in_thread(_told, request, received)
    return JSONResponse(told, 201 if received.new else 200)


async def _pour(request: Request, writer: IntakeWriter, most: int) -> None:
    here, visit = installation_of(request), visit_of(request)
    gathered = bytearray()
    seen_at = here.clock.now()
    chunks = request.stream()
    while (chunk := await _next(chunks, writer.size + len(gathered))) is not None:
        gathered += chunk
        if writer.size + len(gathered) > most:
            raise UploadTooLarge(limit=here.settings.max_upload_gib)
        if len(gathered) >= _PIECE:
            await in_thread(_seal, here.vault, writer, bytes(gathered))
            gathered.clear()
        # A long upload is work: the session does not fall idle under it.
        if visit.session is not None and here.clock.now() - seen_at >= sessions.SEEN_EVERY:
            seen_at = here.clock.now()
            await in_thread(_touch, request)
    if gathered:
        await in_thread(_seal, here.vault, writer, bytes(gathered))


async def _next(chunks: AsyncGenerator[bytes, None], size: int) -> bytes | None:
    """The next piece of a body of which `size` bytes have come; None at its end."""
    try:
        async with asyncio.timeout(LONGEST_STALL):
            return await anext(chunks, None)
    except TimeoutError as error:
        raise UploadStalled(seconds=round(LONGEST_STALL), size=size) from error


def _seal(vault: Vault, writer: IntakeWriter, piece: bytes) -> None:
    # At every piece: others take in files at the same time, and not every sender announces a size.
    must_have_room(vault, len(piece))
    writer.write(piece)


def _touch(request: Request) -> None:
    here, session = installation_of(request), visit_of(request).session
    if session is not None:
        with here.database.write() as tx:
            sessions.seen(tx, session.token_hash, clock=here.clock)


def _claim(request: Request) -> Claim:
    """What is claimed of the file, with every identifier checked."""
    here, actor, given = installation_of(request), visit_of(request).actor, request.query_params
    name = given.get("name", "")[:_LONGEST]
    with here.database.read() as tx:
        wearer = _wearer(tx, actor, given.get("wearer", ""))
        unit_id = _unit(tx, actor, given.get("unit", ""), wearer)
        category = _category(tx, given.get("category", ""))
        device = None
        if given.get("device"):
            device = next((one for one in devices(tx) if one.id == given["device"]), None)
            if device is None:
                raise DeviceNotKnown()
    return Claim(
        name=name,
        source=given.get("source", name)[:_LONGEST] or name,
        face="web",
        actor=actor.account_id,
        modified_at=_moment(given.get("modified", "")),
        wearer_id=wearer.id if wearer else None,
        unit_id=unit_id,
        device_id=device.id if device else None,
        device_kind=device.kind.value if device else None,
        incident_number=fields.check_text("incident_number", given.get("incident", "")) or None,
        category=category,
    )


def _wearer(tx: Connection, actor: Actor, wearer_id: str) -> Account | None:
    if not wearer_id:
        return None
    found = next((one for one in nameable(tx, actor) if one.id == wearer_id), None)
    if found is None:
        raise AccountUnknown(id=wearer_id)
    return found


def _unit(tx: Connection, actor: Actor, unit_id: str, wearer: Account | None) -> str | None:
    """The unit that is claimed, else the wearer's. Only those who may describe every recording claim any unit."""
    if not unit_id:
        return wearer.unit_id if wearer else None
    near = {actor.unit_id, wearer.unit_id if wearer else None}
    everywhere = actor.may(Permission.RECORDINGS_CHANGE_ALL)
    if unit_id not in {unit.id for unit in service.units(tx) if everywhere or unit.id in near}:
        raise UnitUnknown(id=unit_id)
    return unit_id


def _category(tx: Connection, given: str) -> str | None:
    text = fields.check_text("category", given) or None
    if text is not None and text not in catalogue.categories(tx):
        raise FieldWrong(field=fields.FIELD_WORDS["category"], reason=f"“{text}” is not on the list of categories")
    return text


def _moment(milliseconds: str) -> datetime | None:
    """The file's date as a browser tells it: milliseconds since 1970."""
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    return None


def _told(request: Request, received: Received) -> dict[str, Any]:
    """What the sender learns. Of a file that was here before, and that the sender may not see: nothing but that."""
    here, actor = installation_of(request), visit_of(request).actor
    if not received.new:
        query = sa.select(recording_table.c.id).where(recording_table.c.id == received.recording_id)
        with here.database.read() as tx:
            if tx.execute(query.where(visible_to(actor).expression)).first() is None:
                return {"sha256": received.sha256.hex(), "size": received.size, "new": False}
    return {
        "recording": received.recording_id,
        "part": received.part_id,
        "sha256": received.sha256.hex(),
        "size": received.size,
        "state": received.state.value,
        "new": received.new,
        "flags": [{"flag": flag.value, "words": _(FLAG_WORDS[flag])} for flag in received.flags],
        "link": f"/recordings/{received.recording_id}",
    }


routes = [
    page("/upload", show, needs=Permission.RECORDINGS_TAKE_IN, name="upload"),
    page("/upload/file", receive, needs=Permission.RECORDINGS_TAKE_IN, methods=["PUT"]),
]
