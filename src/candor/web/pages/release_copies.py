"""What of a release is looked at: its copies, each within a viewing on record, and its papers."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.disclosure.releases.errors import ReleaseUnknown
from candor.disclosure.releases.judging import PAPERS, open_released, paper_of, recording_of
from candor.disclosure.releases.reading import release
from candor.footage.access_policy import read_policy
from candor.footage.errors import RecordingUnknown, ViewingEnded
from candor.footage.search import row_of
from candor.footage.viewing import begin_viewing, watched_within
from candor.redaction.errors import CopyUnknown
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.pages.purposes import PURPOSE_COOKIE, purpose_of
from candor.web.pages.recording_media import SealedSource, answer, disposition
from candor.web.pages.release import MOST_VIEWINGS
from candor.web.pages.requests_words import VIEW
from candor.web.pages.sign_in import cookies_of

__all__ = ["routes"]

_REMEMBERED = 90 * 24 * 3600


def _position(request: Request) -> int:
    """The place of a copy in its release, counted from 0."""
    said = request.path_params["number"]
    if not (said.isascii() and said.isdecimal() and 0 < len(said) < 6):
        raise CopyUnknown(id=said[:80])
    return int(said) - 1


def watch(request: Request) -> Response:
    """Begin a viewing of a copy's recording, and show the release again with it. Form: purpose, note, viewing (those
    that go on)."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    with here.database.write() as tx:
        one = release(tx, visit.actor, request.path_params["release_id"])
        recording_id = recording_of(tx, visit.actor, one.id, _position(request))
        row = row_of(tx, visit.actor, recording_id)
        if row is None:
            raise RecordingUnknown(id=recording_id)
        chosen, purpose = purpose_of(form, read_policy(tx), own=row.wearer_id == visit.actor.account_id)
        begun = begin_viewing(tx, visit.actor, recording_id, purpose, clock=here.clock)
    visit.cookies.append(cookies_of(request).line(PURPOSE_COOKIE, quote(chosen, safe=""), max_age=_REMEMBERED))
    before = [("viewing", each) for each in form.getlist("viewing")][: MOST_VIEWINGS - 1]
    within = urlencode([("viewing", begun.id), *before])
    return RedirectResponse(f"/releases/{one.id}?{within}#copy-{_position(request) + 1}", 303)


def media(request: Request) -> Response:
    """A copy, to be watched."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        one = release(tx, visit.actor, request.path_params["release_id"])
        recording_id = recording_of(tx, visit.actor, one.id, _position(request))
        viewing_id = request.query_params.get("viewing", "")
        if watched_within(tx, visit.actor, recording_id, viewing_id, clock=here.clock) is None:
            raise ViewingEnded()
        opened = open_released(tx, here.vault, visit.actor, one.id, _position(request))
    return answer(request, SealedSource(opened.stream), tag=opened.sha256.hex(), media_type=opened.media_type)


def paper(request: Request) -> Response:
    """A paper of the release, as it would lie in the package now."""
    here, visit, name = installation_of(request), visit_of(request), request.path_params["name"]
    with here.database.read() as tx:
        one = release(tx, visit.actor, request.path_params["release_id"])
        if name not in PAPERS:
            raise ReleaseUnknown(id=f"{one.number}/{name[:80]}")
        content = paper_of(tx, here.vault, visit.actor, one.id, name, clock=here.clock)
    headers = {
        "cache-control": "private, no-store",
        "content-disposition": disposition(f"{one.number}-{name}"),
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type=PAPERS[name], headers=headers)


routes = [
    page("/releases/{release_id}/copies/{number}/viewings", watch, needs=VIEW, methods=["POST"]),
    page("/releases/{release_id}/copies/{number}/media", media, needs=VIEW),
    page("/releases/{release_id}/papers/{name}", paper, needs=VIEW),
]
