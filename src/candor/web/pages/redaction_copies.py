"""What there is of a redacted copy: the copy itself within a viewing, its proof, its signed edit list."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from candor.redaction import redactions
from candor.redaction.errors import CopyUnknown
from candor.redaction.redactions import Copy
from candor.redaction.rendering import OpenedCopy, open_copy
from candor.web.access import installation_of, page, visit_of
from candor.web.pages.recording_media import SealedSource, answer
from candor.web.pages.redaction_data import NEEDS, begun


def _opened(request: Request, what: str, *, watching: bool) -> OpenedCopy:
    here, visit = installation_of(request), visit_of(request)
    copy_id = request.path_params["copy_id"]
    with here.database.read() as tx:
        found, copy = redactions.copy_of(tx, visit.actor, copy_id)
        if found.id != request.path_params["redaction_id"]:
            raise CopyUnknown(id=copy_id)
        if watching:
            begun(tx, visit.actor, found, request.query_params.get("viewing", ""), here)
        return open_copy(tx, here.vault, visit.actor, copy.id, what)


def media(request: Request) -> Response:
    """The copy, to be watched."""
    opened = _opened(request, "copy", watching=True)
    return answer(request, SealedSource(opened.stream), tag=opened.sha256.hex(), media_type=opened.media_type)


def poster(request: Request) -> Response:
    """A picture of the copy."""
    opened = _opened(request, "poster", watching=True)
    return answer(request, SealedSource(opened.stream), tag=opened.sha256.hex(), media_type=opened.media_type)


def _named(copy: Copy, what: str) -> str:
    return f"redacted-{copy.id[:8]}-part-{copy.part_number}-{what}"


def proof(request: Request) -> Response:
    """The whole proof, to save."""
    opened = _opened(request, "proof", watching=False)
    name = _named(opened.copy, "proof.json")
    source = SealedSource(opened.stream)
    return answer(request, source, tag=opened.sha256.hex(), media_type=opened.media_type, file_name=name)


def edit_list(request: Request) -> Response:
    """The signed edit list, to save."""
    opened = _opened(request, "list", watching=False)
    name = _named(opened.copy, "edit-list.txt")
    source = SealedSource(opened.stream)
    return answer(request, source, tag=opened.sha256.hex(), media_type=opened.media_type, file_name=name)


_BASE = "/redactions/{redaction_id}/copies/{copy_id}"
routes = [
    page(f"{_BASE}/media", media, needs=NEEDS),
    page(f"{_BASE}/poster", poster, needs=NEEDS),
    page(f"{_BASE}/proof.json", proof, needs=NEEDS),
    page(f"{_BASE}/edit-list", edit_list, needs=NEEDS),
]
