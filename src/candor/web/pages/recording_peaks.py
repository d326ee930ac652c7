"""The shape of the sound of a stretch of a viewing copy, for whoever looks closer than the waveform goes."""

from __future__ import annotations

import threading
from typing import BinaryIO, Final, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.core.limited import LimitedRefused
from candor.footage.viewing import open_rendition
from candor.redaction.media.sound_shape import sound_shape
from candor.web.access import installation_of, page, visit_of
from candor.web.pages.recordings import VIEW

#: Each of these decodes sound: more at once would keep each other waiting.
_AT_ONCE: Final = threading.BoundedSemaphore(2)


def peaks(request: Request) -> Response:
    """Lowest and highest values of the sound from `begin` to `until` (milliseconds) in `count` buckets, within the
    viewing that was begun: {"begin", "until", "count", "peaks"}; no peaks where there is no sound."""
    here, visit, query = installation_of(request), visit_of(request), request.query_params
    begin, until, count = (_number(query.get(name, "")) for name in ("begin", "until", "count"))
    opened = open_rendition(
        here.database,
        here.vault,
        visit.actor,
        request.path_params["rendition_id"],
        "",
        viewing_id=query.get("viewing", ""),
        clock=here.clock,
    )
    with opened.stream, _AT_ONCE:
        try:
            found = sound_shape(cast(BinaryIO, opened.stream), begin, until, count)
        except LimitedRefused:
            found = {"begin": begin, "until": until, "count": 0, "peaks": []}
    return JSONResponse(found, headers={"cache-control": "private, max-age=600"})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


routes = [page("/media/{rendition_id}/peaks", peaks, needs=VIEW)]
