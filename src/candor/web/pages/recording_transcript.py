"""What is said in a recording, beside the player: read within its viewing; made, imported, put right, removed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.footage import transcribing, transcripts, vtt
from candor.footage.captions import MAX_BYTES, read_captions
from candor.footage.errors import RecordingUnknown, ViewingEnded
from candor.footage.search import Row, row_of
from candor.footage.transcript_errors import CaptionsWrong, TranscriptWrong
from candor.footage.transcript_text import LONGEST_CUE_TEXT, Cue, Word, WordOrigin
from candor.footage.transcripts import ORIGIN_WORDS, Transcript, TranscriptState
from candor.footage.viewing import Viewing, watched_within
from candor.people.rules import Permission
from candor.redaction.speech.ways import WAY_WORDS, Way, offers, usual_way
from candor.web import formats
from candor.web.access import in_thread, installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted
from candor.web.pages.recording_entry import may_change
from candor.web.pages.recording_history import actor_name
from candor.web.pages.recording_media import disposition
from candor.web.pages.recording_player import Stage, stage_of
from candor.web.pages.recordings import CHANGE, VIEW
from candor.web.render import render

#: Lines on a page at a time.
PAGE: Final = 200
#: Below the one a word is unsure, below the other doubtful.
UNSURE, DOUBTFUL = 0.8, 0.5
LANGUAGES: dict[str, str] = {
    "": noted("The language is heard"),
    "en": noted("English"),
    "es": noted("Spanish"),
    "pt": noted("Portuguese"),
    "fr": noted("French"),
    "pl": noted("Polish"),
    "ht": noted("Haitian Creole"),
}


@dataclass(frozen=True)
class WordTold:
    """A word as it is shown. `look`: sure, unsure, doubtful, mended; `said`: what a pointer shows of it."""

    text: str
    look: str
    said: str


@dataclass(frozen=True)
class CueTold:
    """A line. `seconds`: where it begins in what is played."""

    number: int
    seconds: float
    place: str
    voice: str
    text: str
    words: tuple[WordTold, ...]


def transcripts_told(
    tx: Connection, request: Request, row: Row, stage: Stage, present: Viewing | None, *, chosen_id: str = ""
) -> dict[str, Any]:
    """What the panel shows; whoever calls has checked that the reader may see the recording. Without a viewing that is
    the reader's own and goes on, it is how many there are, and no more."""
    found = transcripts.transcripts_of(tx, row.id)
    if present is None:
        return {"transcripts_there": sum(one.state is TranscriptState.READY for one in found), "transcript": None}
    here, visit = installation_of(request), visit_of(request)
    asked = chosen_id or request.query_params.get("transcript", "")
    ready = [one for one in found if one.state is TranscriptState.READY]
    chosen = next((one for one in ready if one.id == asked), next(iter(ready), None))
    playable = {one.part_id: one for one in stage.playable}
    ways = offers(here.settings)
    return {
        "transcripts_there": len(ready),
        "transcripts": found,
        "transcript": chosen,
        "transcript_by": None if chosen is None else actor_name(tx, chosen.made_by),
        "transcript_cues": _cues(tx, request, chosen, stage),
        "transcript_from": _from(request),
        "transcript_page": PAGE,
        "transcript_parts": [one for one in stage.segments if one.part_id in playable and one.has_sound],
        "transcript_percents": {one.id: _percent(tx, request, one) for one in found if one.under_way},
        "transcript_looked": request.query_params.get("looked") == "1",
        "transcript_waits": any(one.under_way for one in found),
        "may_transcribe": may_change(tx, visit.actor, row.id) and row.state == "sealed",
        "may_export": bool(visit.actor.may(Permission.RECORDINGS_EXPORT)),
        "origin_words": ORIGIN_WORDS,
        "way_words": WAY_WORDS,
        "ways": ways,
        "usual_way": _usual(here.settings, ways),
        "languages": LANGUAGES,
        "longest_line": LONGEST_CUE_TEXT,
        "longest_transcript_reason": transcribing.LONGEST_REASON,
    }


def _usual(settings: Any, ways: Sequence[Any]) -> Way:
    usual = usual_way(settings)
    return usual if any(one.way is usual and one.problem is None for one in ways) else Way.SPEECH


def _percent(tx: Connection, request: Request, one: Transcript) -> int:
    job = None if one.job_id is None else installation_of(request).jobs.get(tx, one.job_id)
    return 0 if job is None else round(100 * job.fraction)


def _from(request: Request) -> int:
    asked = request.query_params.get("from", "0")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0


def _cues(tx: Connection, request: Request, chosen: Transcript | None, stage: Stage) -> dict[str, Any]:
    """The lines from the one that is asked for on: {"shown", "count", "speech"}."""
    if chosen is None:
        return {"shown": [], "count": 0, "speech": []}
    text = transcripts.text_of(tx, installation_of(request).vault, chosen)
    segment = next((one for one in stage.playable if one.part_id == chosen.part_id), None)
    before = 0.0 if segment is None else stage.begin_of(segment)
    first = _from(request)
    shown = [_cue(number, cue, before) for number, cue in enumerate(text.cues[first : first + PAGE], first)]
    speech = [] if text.cues else [_stretch(one, before) for one in (text.speech or ())[:PAGE]]
    return {"shown": shown, "count": len(text.cues), "speech": speech}


def _cue(number: int, cue: Cue, before: float) -> CueTold:
    seconds = round(before + cue.begin / 1000, 3)
    place = formats.duration(int(seconds) * 1000)
    return CueTold(number, seconds, place, cue.voice, cue.text, tuple(_word(word) for word in cue.words))


def _stretch(stretch: tuple[int, int], before: float) -> tuple[float, str, str]:
    begin, until = (round(1000 * before) + one for one in stretch)
    return begin / 1000, formats.duration(begin), formats.duration(until)


def _word(word: Word) -> WordTold:
    if word.origin is WordOrigin.PERSON:
        return WordTold(word.text, "mended", _("put right by a person"))
    if word.confidence is None:
        return WordTold(word.text, "sure", "")
    look = "sure" if word.confidence >= UNSURE else "unsure" if word.confidence >= DOUBTFUL else "doubtful"
    return WordTold(word.text, look, _("the machine is %(percent)s %% sure", percent=round(100 * word.confidence)))


# the panel by itself


def panel(request: Request) -> Response:
    """The panel alone, for what is being made, for another transcript, and after a change. Query: viewing, transcript,
    from."""
    return _panel(request, request.query_params.get("viewing", ""))


def _panel(request: Request, viewing_id: str, chosen_id: str = "") -> Response:
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    with here.database.read() as tx:
        row = row_of(tx, visit.actor, recording_id)
        if row is None:
            raise RecordingUnknown(id=recording_id)
        present = watched_within(tx, visit.actor, row.id, viewing_id, clock=here.clock)
        if present is None:
            raise ViewingEnded()
        told = transcripts_told(tx, request, row, stage_of(tx, here.jobs, row), present, chosen_id=chosen_id)
    return render(request, "recording_transcript.html", row=row, viewing=present, **told)


def _back(request: Request, viewing_id: str, *, said: str, chosen_id: str = "") -> Response:
    """After an act: the panel for a script that asked for it, else the page."""
    if "hx-request" in request.headers and viewing_id:
        return _panel(request, viewing_id, chosen_id)
    query = f"viewing={viewing_id}&" if viewing_id else ""
    query += f"transcript={chosen_id}&" if chosen_id else ""
    return RedirectResponse(f"/recordings/{request.path_params['recording_id']}?{query}said={said}#transcript", 303)


# acts


def make(request: Request) -> Response:
    """Have what is said in a part written out. Form: by, language, viewing."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    by = form.get("by", "")
    offer = next((one for one in offers(here.settings) if one.way == by), None)
    if offer is None or offer.problem is not None:
        raise TranscriptWrong(reason=_("nothing can be written out that way here"))
    with here.database.write() as tx:
        transcribing.ask_for_transcript(
            tx,
            here.jobs,
            visit.actor,
            request.path_params["part_id"],
            by=offer.way.value,
            language=form.get("language", ""),
            clock=here.clock,
        )
    return _back(request, form.get("viewing", ""), said="transcript-asked")


async def bring_in(request: Request) -> Response:
    """Keep a WebVTT file as a transcript of a part: the body of the request, or the field `text` of a form with the
    file's words. Query or form: name, viewing."""
    form = form_of(request)
    data = form.get("text", "").encode() if "text" in form else await _body(request)
    return await in_thread(_bring_in, request, data)  # type: ignore[no-any-return]


def _bring_in(request: Request, data: bytes) -> Response:
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    name = form.get("name") or request.query_params.get("name") or "captions.vtt"
    made = transcribing.import_text(
        here.database,
        here.vault,
        visit.actor,
        request.path_params["part_id"],
        read_captions(data),
        name=name[:200],
        sha256=hashlib.sha256(data).digest(),
        clock=here.clock,
    )
    viewing_id = form.get("viewing") or request.query_params.get("viewing", "")
    return _back(request, viewing_id, said="transcript-imported", chosen_id=made)


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MAX_BYTES:
            raise CaptionsWrong(reason=_("it has more than %(most)s MiB", most=MAX_BYTES >> 20))
    return bytes(data)


def correct(request: Request) -> Response:
    """Put a line right. Form: version, line, viewing."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    version, transcript_id = form.get("version", ""), request.path_params["transcript_id"]
    number = request.path_params["cue"]
    if not (version.isascii() and version.isdigit() and number.isascii() and number.isdigit()):
        raise TranscriptWrong(reason=_("there is no such line in it"))
    transcribing.correct_cue(
        here.database,
        here.vault,
        visit.actor,
        transcript_id,
        version=int(version[:9]),
        cue=int(number[:9]),
        line=form.get("line", ""),
        viewing_id=form.get("viewing", ""),
        clock=here.clock,
    )
    return _back(request, form.get("viewing", ""), said="transcript-corrected", chosen_id=transcript_id)


def remove(request: Request) -> Response:
    """Remove a transcript. Form: reason, viewing."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    with here.database.write() as tx:
        transcribing.remove_transcript(
            tx,
            here.vault,
            here.jobs,
            visit.actor,
            request.path_params["transcript_id"],
            reason=form.get("reason", ""),
            clock=here.clock,
        )
    return _back(request, form.get("viewing", ""), said="transcript-removed")


def fetch(request: Request) -> Response:
    """A transcript as a WebVTT file, within a viewing. Query: viewing; marked=1 has each machine-made word in a class
    with its confidence."""
    here, visit = installation_of(request), visit_of(request)
    transcript_id = request.path_params["transcript_id"]
    text = transcripts.read_transcript(
        here.database,
        here.vault,
        visit.actor,
        transcript_id,
        viewing_id=request.query_params.get("viewing", ""),
        clock=here.clock,
    )
    with here.database.read() as tx:
        found = transcripts.transcript_of(tx, visit.actor, transcript_id)
    written = vtt.write(text, notes=notes_of(found), marked=request.query_params.get("marked") == "1")
    headers = {
        "cache-control": "private, no-store",
        "content-disposition": disposition(f"transcript-part-{found.number}-version-{found.version}.vtt"),
        "x-content-type-options": "nosniff",
    }
    return Response(written, media_type="text/vtt; charset=utf-8", headers=headers)


def notes_of(found: Transcript) -> list[str]:
    """What stands above the words of a file: who wrote them."""
    by = f", {found.engine}" if found.engine else ""
    notes = [f"Transcript {found.id}, version {found.version}: {ORIGIN_WORDS[found.origin]}{by}"]
    return notes + ([found.remark] if found.remark else [])


routes = [
    page("/recordings/{recording_id}/transcript", panel, needs=VIEW),
    page("/recordings/{recording_id}/parts/{part_id}/transcripts", make, needs=CHANGE, methods=["POST"]),
    page("/recordings/{recording_id}/parts/{part_id}/captions", bring_in, needs=CHANGE, methods=["POST"]),
    page("/recordings/{recording_id}/transcripts/{transcript_id}/cues/{cue}", correct, needs=CHANGE, methods=["POST"]),
    page("/recordings/{recording_id}/transcripts/{transcript_id}/remove", remove, needs=CHANGE, methods=["POST"]),
    page("/recordings/{recording_id}/transcripts/{transcript_id}/words.vtt", fetch, needs=Permission.RECORDINGS_EXPORT),
]
