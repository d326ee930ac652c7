"""What the redaction editor reads and writes: the document with its parts, edits, the lease, what was watched.

Everything that tells of the footage itself (the document's transcript, the viewing copy, following something through
the pictures) is answered within a viewing, which is on record.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.core.clock import iso
from candor.core.limited import LimitedCancelled
from candor.footage.errors import RecordingUnknown, ViewingEnded
from candor.footage.search import Row, row_of
from candor.footage.viewing import watched_within
from candor.installation import Installation
from candor.people.rules import Actor, Permission
from candor.redaction import redactions
from candor.redaction.documents import document_at, undo_of
from candor.redaction.errors import EditWrong, HeldByAnother, RedactionError
from candor.redaction.exemptions import exemptions
from candor.redaction.media.follow import follow as follow_box
from candor.redaction.media.persons import same_person
from candor.redaction.media.plan import Plan
from candor.redaction.redactions import SYSTEM, Redaction, RedactionPart
from candor.redaction.saving import hold, release, save_edits
from candor.redaction.sources import source_of
from candor.redaction.speech.for_editor import transcript_for
from candor.redaction.watched import note_watched, watched_of
from candor.store import SealedStream
from candor.web.access import in_thread, installation_of, page, visit_of
from candor.web.i18n import words_of
from candor.web.pages.recording_player import Segment, stage_of
from candor.web.pages.redaction_json import BodyWrong, answered, number_in, read_body, text_in

NEEDS: Final = Permission.RECORDINGS_REDACT
#: Edits that undo knows of without asking.
MOST_EDITS: Final = 5000
#: Seconds that a person waits for something to be followed, or found again; so much of the recording at a time.
LONGEST: Final = 20.0
AHEAD, BACK = 15, 8
#: Each of these decodes pictures: more at once would keep each other waiting.
_AT_ONCE = threading.BoundedSemaphore(2)


class FollowTooSlow(RedactionError):
    """It took longer than {seconds} seconds, so it was given up. Nothing was changed. Try it again later, or set a few
    places by hand: what lies between them is filled in."""

    exit_code = 7


class FollowBusy(RedactionError):
    """Others are being followed for at this moment. Nothing was changed. Try again in a few seconds."""

    exit_code = 7


class NotPrepared(RedactionError):
    """This part is not prepared yet: its pictures have not been counted. Wait until it is, and load the page again."""

    exit_code = 5


def begun(tx: Connection, actor: Actor, found: Redaction, viewing_id: str, here: Installation) -> str:
    """The viewing that a request goes on with. Raises ViewingEnded."""
    if not viewing_id or watched_within(tx, actor, found.recording_id, viewing_id, clock=here.clock) is None:
        raise ViewingEnded()
    return viewing_id


def document(request: Request) -> Response:
    """Everything that the editor shows: what is said so far, the parts, why something may be hidden, what was done."""
    here, visit = installation_of(request), visit_of(request)
    redaction_id = request.path_params["redaction_id"]
    with here.database.read() as tx:
        found = redactions.get(tx, visit.actor, redaction_id)
        viewing = begun(tx, visit.actor, found, request.query_params.get("viewing", ""), here)
        row = row_of(tx, visit.actor, found.recording_id)
        if row is None:
            raise RecordingUnknown(id=found.recording_id)
        edit, newest = document_at(tx, here.vault, redaction_id)
        told = {
            "edit": edit,
            "document": newest.to_json(),
            "parts": _parts(tx, here, row, redaction_id, viewing),
            "exemptions": [asdict(one) for one in exemptions(tx, found.recording_id, clock=here.clock)],
            "history": [
                {"number": one.number, "words": one.words, "undoes": one.undoes, "by": one.name, "at": iso(one.made_at)}
                for one in reversed(redactions.history(tx, redaction_id, limit=MOST_EDITS))
                if one.author != SYSTEM
            ],
            "watched": {one.part_id: one.runs for one in watched_of(tx, redaction_id).values()},
        }
    return JSONResponse(told)


def _parts(tx: Connection, here: Installation, row: Row, redaction_id: str, viewing: str) -> list[dict[str, Any]]:
    """The parts with pictures that can be shown, in order."""
    stage = stage_of(tx, here.jobs, row)
    shown = {one.part_id: one for one in stage.playable}
    return [
        _part(tx, here, one, shown[one.part_id], viewing)
        for one in redactions.parts_of(tx, redaction_id)
        if one.part_id in shown and one.picture is not None and one.frames is not None
    ]


def _part(tx: Connection, here: Installation, one: RedactionPart, shown: Segment, viewing: str) -> dict[str, Any]:
    assert one.picture is not None
    assert one.frames is not None
    assert shown.proxy is not None
    within = f"?viewing={viewing}"
    strip = shown.strip.details if shown.strip is not None else None
    transcript = transcript_for(tx, here.vault, one.part_id)
    return {
        "part": one.part_id,
        "number": one.number,
        "name": shown.name,
        "picture": one.picture.to_json(),
        "frames": one.frames.to_json(),
        "src": f"/media/{shown.proxy.id}{within}",
        "duration": shown.duration,
        "sound": shown.has_sound,
        "state": one.state.value,
        "strip": None
        if strip is None or shown.strip is None
        else {
            "src": f"/media/{shown.strip.id}{within}",
            **{name: strip[name] for name in ("tile_width", "tile_height", "columns", "count", "interval")},
        },
        "wave": f"/media/{shown.wave.id}{within}" if shown.wave is not None else None,
        "transcript": {
            "words": transcript.words,
            "suggestions": transcript.suggestions,
            "speech": transcript.speech,
        },
    }


def undo(request: Request) -> Response:
    """The acts that take an edit back."""
    here, visit = installation_of(request), visit_of(request)
    redaction_id, asked = request.path_params["redaction_id"], request.query_params.get("edit", "")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0
    with here.database.read() as tx:
        redactions.get(tx, visit.actor, redaction_id)
        try:
            acts = undo_of(tx, here.vault, redaction_id, number)
        except EditWrong as error:
            return JSONResponse({"error": words_of(error)}, 400)
    return JSONResponse({"edit": number, "acts": acts})


def _save(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    here, visit = installation_of(request), visit_of(request)
    with here.database.write() as tx:
        newest = save_edits(
            tx,
            here.vault,
            visit.actor,
            request.path_params["redaction_id"],
            base=number_in(body, "base"),
            page=text_in(body, "page"),
            edits=body.get("edits"),
            clock=here.clock,
        )
    return {"edit": newest}


def _hold(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    here, visit = installation_of(request), visit_of(request)
    redaction_id = request.path_params["redaction_id"]
    with here.database.write() as tx:
        newest = redactions.get(tx, visit.actor, redaction_id).edit
        try:
            until = hold(
                tx,
                here.vault,
                visit.actor,
                redaction_id,
                page=text_in(body, "page"),
                take_over=body.get("take_over") is True,
                clock=here.clock,
            )
        except HeldByAnother as error:
            error.fields["edit"] = newest  # whoever looks on sees by it that there is something new
            raise
    return {"until": iso(until), "edit": newest}


def _release(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    here, visit = installation_of(request), visit_of(request)
    with here.database.write() as tx:
        release(
            tx,
            here.vault,
            visit.actor,
            request.path_params["redaction_id"],
            page=text_in(body, "page"),
            clock=here.clock,
        )
    return {}


def _watched(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    here, visit = installation_of(request), visit_of(request)
    with here.database.write() as tx:
        redaction_id, part_id = request.path_params["redaction_id"], text_in(body, "part")
        # Nobody watched what they did not open: the share stands in the signed list of every copy.
        begun(tx, visit.actor, redactions.get(tx, visit.actor, redaction_id), text_in(body, "viewing"), here)
        noted = note_watched(tx, visit.actor, redaction_id, part_id, body.get("runs"), clock=here.clock)
    return {"runs": noted.runs, "thousandths": noted.thousandths}


# ---- looking into the pictures -------------------------------------------------------------------------------------


class _Giving:
    """Whether the work is to be given up: the browser went away, or it takes too long."""

    def __init__(self) -> None:
        self._up = threading.Event()
        self.late = False

    def up(self, *, late: bool = False) -> None:
        """Give it up."""
        self.late = self.late or late
        self._up.set()

    def __call__(self) -> bool:
        return self._up.is_set()


def _bounded(act: Any) -> Any:
    """An endpoint that does `act(request, body, cancelled)` in a thread, for as long as somebody waits for it."""

    async def endpoint(request: Request) -> Response:
        try:
            body = await read_body(request)
        except BodyWrong as error:
            return JSONResponse({"error": words_of(error)}, 400)
        giving = _Giving()
        work = asyncio.ensure_future(in_thread(_one_of_few, act, request, body, giving))
        end = asyncio.get_running_loop().time() + LONGEST
        while not work.done():
            await asyncio.wait({work}, timeout=0.25)
            if asyncio.get_running_loop().time() > end:
                giving.up(late=True)
            elif await request.is_disconnected():
                giving.up()
        try:
            return JSONResponse(work.result())
        except LimitedCancelled as error:
            if giving.late:
                raise FollowTooSlow(seconds=round(LONGEST)) from error
            return Response(status_code=400)  # nobody is there to read it
        except (BodyWrong, EditWrong) as error:
            return JSONResponse({"error": words_of(error)}, 400)

    return endpoint


def _one_of_few(act: Any, request: Request, body: dict[str, Any], giving: _Giving) -> Any:
    if not _AT_ONCE.acquire(timeout=LONGEST / 2):
        raise FollowBusy()
    try:
        return act(request, body, giving)
    finally:
        _AT_ONCE.release()


def _opened(request: Request, body: dict[str, Any]) -> tuple[Plan, SealedStream, Any]:
    """The part that a body names: its plan, what it is worked on from, and its document."""
    here, visit = installation_of(request), visit_of(request)
    redaction_id, part_id = request.path_params["redaction_id"], text_in(body, "part")
    with here.database.read() as tx:
        found = redactions.get(tx, visit.actor, redaction_id)
        begun(tx, visit.actor, found, text_in(body, "viewing"), here)
        one = next((one for one in redactions.parts_of(tx, redaction_id) if one.part_id == part_id), None)
        if one is None:
            raise BodyWrong(reason="there is no such part")
        if one.plan is None:
            raise NotPrepared()
        _, newest = document_at(tx, here.vault, redaction_id)
        source = source_of(tx, part_id, one.source_rendition_id)
        return one.plan, here.vault.open(tx, source.object_id), newest.part(part_id)


def _follow(request: Request, body: dict[str, Any], giving: _Giving) -> dict[str, Any]:
    """Where what lies in a box goes from one picture on."""
    at, backward = number_in(body, "at"), text_in(body, "direction") == "backward"
    box = body.get("box")
    if not isinstance(box, list) or len(box) != 4 or not all(_is_place(one) for one in box):
        raise BodyWrong(reason="“box” is not four places")
    left, top, right, bottom = (float(one) for one in box)
    if right - left < 2 or bottom - top < 2:
        raise BodyWrong(reason="“box” has no size")
    plan, stream, _ = _opened(request, body)
    with stream:
        reach = round((BACK if backward else AHEAD) / plan.frames.clock)
        found = follow_box(
            stream,
            plan,
            (left, top, right, bottom),
            at,
            "backward" if backward else "forward",
            at - reach if backward else at + reach,
            cancelled=giving,
        )
    return {"keys": [one.to_json() for one in found.keys], "why": found.why}


def _is_place(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e6 < value < 1e6


def _person(request: Request, body: dict[str, Any], giving: _Giving) -> dict[str, Any]:
    """Which other tracks of this recording may be of the same person."""
    track = text_in(body, "track")
    plan, stream, part = _opened(request, body)
    with stream:
        if track not in part.tracks:
            raise BodyWrong(reason="there is no such track; save first")
        found = same_person(stream, plan, list(part.tracks.values()), track, cancelled=giving)
    return {"tracks": [{"id": name, "likeness": likeness} for name, likeness in found]}


_BASE = "/redactions/{redaction_id}"
routes = [
    page(f"{_BASE}/document.json", document, needs=NEEDS),
    page(f"{_BASE}/undo.json", undo, needs=NEEDS),
    page(f"{_BASE}/edits", answered(_save), needs=NEEDS, methods=["POST"]),
    page(f"{_BASE}/hold", answered(_hold), needs=NEEDS, methods=["POST"]),
    page(f"{_BASE}/release", answered(_release), needs=NEEDS, methods=["POST"]),
    page(f"{_BASE}/watched", answered(_watched), needs=NEEDS, methods=["POST"]),
    page(f"{_BASE}/follow", _bounded(_follow), needs=NEEDS, methods=["POST"]),
    page(f"{_BASE}/person", _bounded(_person), needs=NEEDS, methods=["POST"]),
]
