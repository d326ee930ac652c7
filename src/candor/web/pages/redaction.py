"""Redactions: which there are, beginning one, and the page of one: how far detection is, its copies, its history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.footage.access_policy import read_policy
from candor.footage.rules import RecordingState
from candor.footage.search import Row
from candor.footage.viewing import watched_within
from candor.installation import Installation
from candor.people.auditing import names_of
from candor.people.rules import Actor, Permission
from candor.redaction import redactions
from candor.redaction.beginning import begin
from candor.redaction.detecting import FINDABLE, Progress, ask_for_detection, progress_of
from candor.redaction.documents import document_at
from candor.redaction.errors import DetectionRefused, RenderRefused
from candor.redaction.model import Kind, Origin, Track
from candor.redaction.models.registering import registered
from candor.redaction.models.registry import shipped
from candor.redaction.redactions import Copy, Redaction, RedactionPart
from candor.redaction.rendering import ask_for_copies, copy_progress, open_copy
from candor.redaction.rules import CopyState, PartState, Profile, Verdict
from candor.redaction.watched import Watched, watched_of
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted, words_of
from candor.web.pages.purposes import LONGEST_NOTE, offered, remembered
from candor.web.pages.redaction_data import NEEDS
from candor.web.pages.redaction_editor import KIND_LABELS, row_for
from candor.web.render import render

#: Copies whose proof is told in full, and findings and edits that are named.
MOST_PROOFS: Final = 4
MOST_FINDINGS: Final = 12
MOST_EDITS: Final = 30
#: From this doubt on a track is uncertain; the editor's review goes by the same.
UNCERTAIN: Final = 0.2

PROFILE_WORDS: dict[Profile, tuple[str, str]] = {
    Profile.FAST: (noted("Fast"), noted("every fourth picture")),
    Profile.DEFAULT: (noted("Usual"), noted("every second picture")),
    Profile.STRICT: (noted("Close"), noted("every picture")),
}
PART_WORDS: dict[PartState, tuple[str, str, str]] = {
    PartState.PLANNED: (noted("Ready to be drawn in"), "ok", "check"),
    PartState.WAITING: (noted("Waiting"), "", "clock"),
    PartState.RUNNING: (noted("Being looked through"), "note", "activity"),
    PartState.READY: (noted("Looked through"), "ok", "check"),
    PartState.FAILED: (noted("Failed"), "bad", "bad"),
    PartState.NO_PICTURE: (noted("Sound only"), "", "sound"),
}
COPY_WORDS: dict[CopyState, tuple[str, str, str]] = {
    CopyState.WAITING: (noted("Waiting"), "", "clock"),
    CopyState.MAKING: (noted("Being made"), "note", "activity"),
    CopyState.PROVING: (noted("Being checked"), "note", "activity"),
    CopyState.READY: (noted("Made"), "ok", "check"),
    CopyState.FAILED: (noted("Failed"), "bad", "bad"),
}
VERDICT_WORDS: dict[Verdict, tuple[str, str, str, str]] = {
    Verdict.HOLDS: (
        noted("Holds"),
        "ok",
        "ok",
        noted("Outside the masks it shows what the original shows, and inside them nothing usable was found."),
    ),
    Verdict.DOUBTFUL: (
        noted("Doubtful"),
        "warn",
        "warning",
        noted("Something may be left. Look at each place below before it is given to anybody."),
    ),
    Verdict.BROKEN: (
        noted("Broken"),
        "bad",
        "bad",
        noted("It is not what it should be, so it cannot be given out. Make the copy again."),
    ),
}


@dataclass(frozen=True)
class PartTold:
    """A part as the page shows it."""

    part: RedactionPart
    fraction: float
    tracks: int
    to_review: int
    watched: Watched | None

    @property
    def found(self) -> Mapping[str, Any]:
        """Models, counts and seconds of its detection."""
        return self.part.found or {}


@dataclass(frozen=True)
class Finding:
    """Something that the proof of a copy found. `ms`: where, in the viewing copy; None: nowhere in time."""

    words: str
    ms: int | None
    place: str


@dataclass(frozen=True)
class CopyTold:
    """A copy as the page shows it. `worst`: of what is outside its masks, in words; `behind`: edits made since."""

    copy: Copy
    fraction: float
    asked_by: str
    behind: int
    worst: str | None
    findings: tuple[Finding, ...]
    more: int


def overview(request: Request) -> Response:
    """What is being redacted, how far each is, and who is at work on it."""
    here, visit = installation_of(request), visit_of(request)
    closed = request.query_params.get("closed") == "1"
    with here.database.read() as tx:
        found = redactions.list_of(tx, visit.actor, closed=closed)
        now = here.clock.now()
        holders = {one.id: one.held_by(now) for one in found}
        names = names_of(tx, {one for one in holders.values() if one} | {one.created_by for one in found})
        rows = [(one, progress_of(tx, one.id, clock=here.clock), redactions.copies_of(tx, one.id)) for one in found]
    told = [
        {
            "redaction": one,
            "progress": progress,
            "holder": names.get(holders[one.id] or ""),
            "by": names.get(one.created_by, one.created_by),
            "copies": sum(copy.state is CopyState.READY for copy in copies),
            "failed": any(state is PartState.FAILED for state, _done in progress.parts.values()),
        }
        for one, progress, copies in rows
    ]
    return render(request, "redactions.html", told=told, closed=closed)


def start(request: Request) -> Response:
    """Begin a redaction of a recording. Form: kind (several), profile, title."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    with here.database.write() as tx:
        redaction_id = begin(
            tx,
            here.jobs,
            here.vault,
            visit.actor,
            request.path_params["recording_id"],
            title=form.get("title", ""),
            kinds=_kinds(form),
            profile=_profile(form),
            clock=here.clock,
        )
    return RedirectResponse(f"/redactions/{redaction_id}", 303)


def _kinds(form: Form) -> list[Kind]:
    known = {one.value: one for one in FINDABLE}
    return [known[one] for one in form.getlist("kind") if one in known]


def _profile(form: Form) -> Profile:
    asked = form.get("profile", "")
    return Profile(asked) if asked in list(Profile) else Profile.DEFAULT


def show(request: Request) -> Response:
    """The page of one redaction."""
    return render(request, "redaction.html", **_values(request))


def live(request: Request) -> Response:
    """What changes by itself on that page, for a page that waits."""
    return render(request, "_redaction_live.html", **_values(request))


def _values(request: Request) -> dict[str, Any]:
    here, visit = installation_of(request), visit_of(request)
    redaction_id = request.path_params["redaction_id"]
    with here.database.read() as tx:
        found = redactions.get(tx, visit.actor, redaction_id)
        row = row_for(tx, visit.actor, found.recording_id)
        progress = progress_of(tx, redaction_id, clock=here.clock)
        copies = _copies(tx, here, visit.actor, found)
        policy = read_policy(tx)
        asked = request.query_params.get("viewing", "")
        present = watched_within(tx, visit.actor, found.recording_id, asked, clock=here.clock) if asked else None
        holder = found.held_by(here.clock.now())
        values = {
            "parts_told": _parts(tx, here, found, row, progress),
            "history": redactions.history(tx, redaction_id, limit=MOST_EDITS),
            "holder": None if holder in (None, visit.actor.account_id) else names_of(tx, [holder]).get(holder, holder),
            **kinds_told(tx),
        }
    waiting = progress.under_way or any(one.copy.state in _OPEN for one in copies)
    return values | {
        "redaction": found,
        "row": row,
        "progress": progress,
        "time_left": None if progress.seconds_left is None else formats.duration(1000 * progress.seconds_left),
        "copies": copies,
        "viewing": present,
        "waiting": waiting,
        "system": redactions.SYSTEM,
        "part_words": PART_WORDS,
        "copy_words": COPY_WORDS,
        "verdict_words": VERDICT_WORDS,
        "purposes": offered(policy),
        "asks_purpose": policy.asks(own=row.wearer_id == visit.actor.account_id),
        "remembered": remembered(request, policy),
        "longest_note": LONGEST_NOTE,
        "may_export": bool(visit.actor.may(Permission.RECORDINGS_EXPORT)),
    }


_OPEN = (CopyState.WAITING, CopyState.MAKING, CopyState.PROVING)


def kinds_told(tx: Connection) -> dict[str, Any]:
    """What a form offers to look for: each kind with its words and whether a model for it is here."""
    there = {one.kind for one in shipped() if one.there}
    for model in registered(tx, active=True):
        there |= set(model.facts.kinds.values())
    return {
        "kinds": [(kind.value, _(KIND_LABELS[kind]), kind in there) for kind in FINDABLE],
        "profiles": [(one.value, _(words), _(hint)) for one, (words, hint) in PROFILE_WORDS.items()],
        "usual_profile": Profile.DEFAULT.value,
    }


def _parts(tx: Connection, here: Installation, found: Redaction, row: Row, progress: Progress) -> list[PartTold]:
    # What an order destroyed has no document any more, and its page says so.
    destroyed = row.state == RecordingState.DESTROYED
    document = None if destroyed else document_at(tx, here.vault, found.id)[1]
    watched = watched_of(tx, found.id)
    told = []
    for one in redactions.parts_of(tx, found.id):
        tracks = () if document is None else document.part(one.part_id).tracks.values()
        told.append(
            PartTold(
                one,
                progress.parts[one.part_id][1] if one.part_id in progress.parts else 1.0,
                len(tracks),
                sum(_wants_looking_at(track) for track in tracks),
                watched.get(one.part_id),
            )
        )
    return told


def _wants_looking_at(track: Track) -> bool:
    return not track.reviewed and track.origin is Origin.MODEL and track.doubt >= UNCERTAIN


def _copies(tx: Connection, here: Installation, actor: Actor, found: Redaction) -> list[CopyTold]:
    copies = redactions.copies_of(tx, found.id)
    names = names_of(tx, {one.asked_by for one in copies})
    told = []
    proofs = 0
    for one in copies:
        report: Mapping[str, Any] = {}
        if one.state is CopyState.READY and one.proof_object_id is not None and proofs < MOST_PROOFS:
            proofs += 1
            report = _report(tx, here, actor, one)
        findings = [_finding(each) for each in report.get("findings", ()) if each.get("verdict") != Verdict.HOLDS.value]
        told.append(
            CopyTold(
                one,
                copy_progress(tx, one),
                names.get(one.asked_by, one.asked_by),
                found.edit - one.edit,
                _worst(report.get("outside", {}).get("worst")),
                tuple(findings[:MOST_FINDINGS]),
                max(0, len(findings) - MOST_FINDINGS) + int(report.get("more", 0)),
            )
        )
    return told


def _report(tx: Connection, here: Installation, actor: Actor, one: Copy) -> Mapping[str, Any]:
    with open_copy(tx, here.vault, actor, one.id, "proof").stream as stream:
        report: Mapping[str, Any] = json.loads(stream.read())
    return report


def _finding(one: Mapping[str, Any]) -> Finding:
    ms = one.get("ms")
    box = one.get("box")
    place = ", ".join(str(round(value)) for value in box) if isinstance(box, list) else ""
    return Finding(str(one.get("words", one.get("what", ""))), None if ms is None else max(0, int(ms)), place)


def _worst(one: Mapping[str, Any] | None) -> str | None:
    """The block outside the masks that differs most, in words."""
    if not one:
        return None
    place = formats.duration(max(0, int(one.get("ms", 0))))
    psnr = _("the same, bit for bit") if one.get("psnr") is None else f"PSNR {one['psnr']} dB"
    if one.get("ssim") is not None:
        psnr = f"{psnr}, SSIM {one['ssim']}"
    return _("%(psnr)s at %(place)s", psnr=psnr, place=place)


def detect(request: Request) -> Response:
    """Have it looked through, again or for more. Form: kind (several), profile."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    redaction_id = request.path_params["redaction_id"]
    # A form with nothing ticked asks for nothing; it is not what was looked for before.
    kinds = _kinds(form)
    try:
        with here.database.write() as tx:
            ask_for_detection(
                tx,
                here.jobs,
                here.vault,
                visit.actor,
                redaction_id,
                kinds=kinds if kinds or "profile" in form else None,
                profile=_profile(form) if "profile" in form else None,
                clock=here.clock,
            )
    except DetectionRefused as problem:
        return _refused(request, problem)
    return RedirectResponse(f"/redactions/{redaction_id}", 303)


def _refused(request: Request, problem: CandorError) -> Response:
    """The page as it stands, and why nothing is done."""
    return render(request, "redaction.html", status=409, problem=words_of(problem), **_values(request))


def make(request: Request) -> Response:
    """Have copies made of how it stands now. Form: part (several; none: all), preset, keep_times, anew."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    redaction_id = request.path_params["redaction_id"]
    quality: dict[str, Any] = {"preset": form["preset"]} if form.get("preset") else {}
    quality |= {"keep_times": True} if form.get("keep_times") == "yes" else {}
    quality |= {"smart": False} if form.get("anew") == "yes" else {}
    try:
        with here.database.write() as tx:
            ask_for_copies(
                tx,
                here.jobs,
                here.vault,
                visit.actor,
                redaction_id,
                part_ids=form.getlist("part") or None,
                quality=quality,
                clock=here.clock,
            )
    except RenderRefused as problem:
        return _refused(request, problem)
    return RedirectResponse(f"/redactions/{redaction_id}#copies", 303)


def close(request: Request) -> Response:
    """End the work on it."""
    here, visit = installation_of(request), visit_of(request)
    redaction_id = request.path_params["redaction_id"]
    with here.database.write() as tx:
        redactions.close(tx, visit.actor, redaction_id, clock=here.clock)
    return RedirectResponse(f"/redactions/{redaction_id}", 303)


routes = [
    page("/redactions", overview, needs=NEEDS),
    page("/recordings/{recording_id}/redactions", start, needs=NEEDS, methods=["POST"]),
    page("/redactions/{redaction_id}", show, needs=NEEDS),
    page("/redactions/{redaction_id}/live", live, needs=NEEDS),
    page("/redactions/{redaction_id}/detect", detect, needs=NEEDS, methods=["POST"]),
    page("/redactions/{redaction_id}/render", make, needs=NEEDS, methods=["POST"]),
    page("/redactions/{redaction_id}/close", close, needs=NEEDS, methods=["POST"]),
]
