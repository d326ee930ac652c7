"""The page of one recording: player, entry, times, files, custody history, packages.

Watching is asked for lightly: what for. The answer is on record before the first byte of footage leaves the vault;
from then on the page's address holds the viewing, so that a reload goes on with it and a new visit asks anew.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor import disclosure
from candor.disclosure.requests.reading import requests_of_recording
from candor.fleet.rules import KIND_WORDS
from candor.footage.access_policy import read_policy
from candor.footage.archiving import archived_of
from candor.footage.errors import RecordingUnknown
from candor.footage.regrouping import LONGEST_REASON
from candor.footage.rules import FLAG_WORDS
from candor.footage.search import Row, row_of
from candor.footage.viewing import begin_viewing, watched_within
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import gettext as _
from candor.web.pages import (
    recording_entry,
    recording_hand_out,
    recording_history,
    recording_labels,
    recording_law,
    recording_media,
    recording_peaks,
    recording_regroup,
    recording_repair,
    recording_restrictions,
    recording_sidecars,
    recording_signatures,
    recording_transcript,
)
from candor.web.pages.purposes import LONGEST_NOTE, PURPOSE_COOKIE, offered, purpose_of, remembered
from candor.web.pages.recording_archive import archive_told
from candor.web.pages.recording_cases import cases_told
from candor.web.pages.recording_facts import parts_of, purges_told, times_of
from candor.web.pages.recording_history import told
from candor.web.pages.recording_holds import holds_told
from candor.web.pages.recording_marks import marks_told, on_timeline
from candor.web.pages.recording_player import (
    CLOCK_WORDS,
    StageState,
    config,
    gap_words,
    source_words,
    stage_of,
)
from candor.web.pages.recording_redactions import redactions_told
from candor.web.pages.recording_releases import releases_told
from candor.web.pages.recording_repair import repairs_told
from candor.web.pages.recording_restrictions import restrictions_told
from candor.web.pages.recording_sidecars import sidecars_told
from candor.web.pages.recording_track import HEIGHT, WIDTH, tracks_told
from candor.web.pages.recording_whole import whole_of
from candor.web.pages.recordings import FLAG_LABELS, VIEW
from candor.web.pages.sign_in import cookies_of
from candor.web.render import render

_REMEMBERED = 90 * 24 * 3600


def show(request: Request) -> Response:
    """The page."""
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    with here.database.read() as tx:
        values = recording_entry.entry_values(tx, visit.actor, recording_id, visit.zone)
        row: Row = values["row"]
        values |= stage_values(tx, request, row)
        values |= recording_labels.labels_told(tx, row)
        values |= recording_law.law_told(tx, visit.actor, row, here.clock.now())
        values |= {
            "parts_list": parts_of(tx, recording_id),
            "times": times_of(tx, row),
            "packages": disclosure.packages_of(tx, visit.actor, recording_id),
            "repairs": repairs_told(tx, here.jobs, visit.actor, recording_id),
            "sidecars": sidecars_told(tx, recording_id),
            "tracks": tracks_told(tx, recording_id),
            "track_size": (WIDTH, HEIGHT),
            **archive_told(tx, visit.actor, recording_id),
            **cases_told(tx, visit.actor, row),
            "asked_for_by": requests_of_recording(tx, visit.actor, row.id),
            **releases_told(tx, visit.actor, row.id),
            **holds_told(tx, visit.actor, row),
            **redactions_told(tx, visit.actor, row),
            **restrictions_told(tx, visit.actor, recording_id),
            "history": told(tx, here.log, recording_id),
            "may_export": bool(visit.actor.may(Permission.RECORDINGS_EXPORT)),
            "flag_words": FLAG_WORDS,
            "flag_labels": FLAG_LABELS,
            "kind_words": KIND_WORDS,
            "source_words": source_words,
        }
    return render(request, "recording.html", **values)


def stage(request: Request) -> Response:
    """The player's place by itself, for a page that waits for the viewing copy."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        values = recording_entry.entry_values(tx, visit.actor, request.path_params["recording_id"], visit.zone)
        values |= stage_values(tx, request, values["row"])
    return render(request, "recording_stage.html", **values)


def watch(request: Request) -> Response:
    """Begin a viewing: its event is committed before anything of the footage can be asked for."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    recording_id = request.path_params["recording_id"]
    with here.database.write() as tx:
        row = row_of(tx, visit.actor, recording_id)
        if row is None:
            raise RecordingUnknown(id=recording_id)
        chosen, purpose = purpose_of(form, read_policy(tx), own=row.wearer_id == visit.actor.account_id)
        begun = begin_viewing(tx, visit.actor, recording_id, purpose, clock=here.clock)
    visit.cookies.append(cookies_of(request).line(PURPOSE_COOKIE, quote(chosen, safe=""), max_age=_REMEMBERED))
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/recordings/{recording_id}?viewing={begun.id}", 303)
    with here.database.read() as tx:
        values = recording_entry.entry_values(tx, visit.actor, recording_id, visit.zone)
        values |= stage_values(tx, request, values["row"], viewing_id=begun.id)
    return render(request, "recording_stage.html", **values)


def stage_values(tx: Connection, request: Request, row: Row, *, viewing_id: str | None = None) -> dict[str, Any]:
    here, visit = installation_of(request), visit_of(request)
    found, whole = stage_of(tx, here.jobs, row), whole_of(tx, row)
    marks = marks_told(tx, row.id, found)
    asked = viewing_id or request.query_params.get("viewing", "")
    present = watched_within(tx, visit.actor, row.id, asked, clock=here.clock) if asked else None
    ready = found.state is StageState.READY and present is not None
    policy = read_policy(tx)
    return {
        "stage": found,
        "whole": whole,
        "marks": marks,
        "viewing": present,
        "just_begun": viewing_id is not None,
        # Other pages open the recording too, and they have no history that a view belongs into.
        "tells_history": urlsplit(request.headers.get("hx-current-url", "")).path in ("", f"/recordings/{row.id}"),
        "config": config(
            found,
            row,
            viewing_id=present.id,
            zone=visit.zone,
            activated_at=whole.activated_at,
            marks=on_timeline(marks),
        )
        if ready and present
        else None,
        "clock_words": _(CLOCK_WORDS[row.started_source]),
        "gap_words": gap_words,
        "purges": purges_told(tx, row.id),
        "archived": archived_of(tx, row.id),
        "archive_hours": here.settings.archive_return_hours,
        "purposes": offered(policy),
        "asks_purpose": policy.asks(own=row.wearer_id == visit.actor.account_id),
        "remembered": remembered(request, policy),
        "longest_note": LONGEST_NOTE,
        "longest_reason": LONGEST_REASON,
        **recording_transcript.transcripts_told(tx, request, row, found, present if ready else None),
    }


@cache
def _checker() -> tuple[str, str]:
    """The script that checks proofs, the same that goes into packages, and its hash."""
    text = files("candor.verify").joinpath("web", "tlog.js").read_text("utf-8")
    return text, hashlib.sha256(text.encode()).hexdigest()


def checker(request: Request) -> Response:
    """`tlog.js`, for the history's verify buttons."""
    text, digest = _checker()
    headers = {"etag": f'"{digest}"', "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/javascript; charset=utf-8", headers=headers)


routes = [
    *recording_media.routes,
    *recording_peaks.routes,
    *recording_entry.routes,
    *recording_history.routes,
    *recording_hand_out.routes,
    *recording_labels.routes,
    *recording_regroup.routes,
    *recording_repair.routes,
    *recording_restrictions.routes,
    *recording_sidecars.routes,
    *recording_signatures.routes,
    *recording_transcript.routes,
    # Beside the site's own scripts, where a relative import from them leads in a browser and in the source tree alike.
    page("/verify/web/tlog.js", checker, public=True),
    page("/recordings/{recording_id}", show, needs=VIEW, name="recording"),
    page("/recordings/{recording_id}/stage", stage, needs=VIEW),
    page("/recordings/{recording_id}/viewings", watch, needs=VIEW, methods=["POST"]),
]
