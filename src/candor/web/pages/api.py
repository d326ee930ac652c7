"""What programs ask for: recordings and events as JSON, in pages, with the same searches and rights as the site's own
pages. Version 1: fields are added, never renamed or removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.core.clock import iso
from candor.core.errors import CandorError
from candor.custody.errors import SearchWrong
from candor.custody.searching import MOST_ROWS
from candor.footage.errors import QueryWrong, RecordingUnknown
from candor.footage.purging import erased_by_order
from candor.footage.query import Query
from candor.footage.search import Row, find, row_of
from candor.footage.signatures import signatures_of, told
from candor.footage.tables import part
from candor.footage.whole import whole_told
from candor.people import auditing
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.pages.audit import given_of
from candor.web.pages.recordings import VIEW


def recordings(request: Request) -> Response:
    """A page of recordings: `{"recordings", "total", "more", "after"}`; the parameters are those of the list."""
    here, visit = installation_of(request), visit_of(request)
    try:
        query = Query.from_pairs(request.query_params.multi_items(), ZoneInfo(visit.zone))
        with here.database.read() as tx:
            found = find(tx, visit.actor, query)
    except QueryWrong as error:
        return _wrong(error)
    rows = [_row(row) for row in found.rows]
    return JSONResponse({"recordings": rows, "total": found.total, "more": found.more, "after": found.after})


def recording(request: Request) -> Response:
    """One recording with its parts and their seals."""
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    with here.database.read() as tx:
        row = row_of(tx, visit.actor, recording_id)
        if row is None:
            return _wrong(RecordingUnknown(id=recording_id))
        parts = tx.execute(sa.select(part).where(part.c.recording_id == recording_id).order_by(part.c.number)).all()
        signed = signatures_of(tx, [one.id for one in parts])
        whole = whole_told(tx, recording_id)
        erased = erased_by_order(tx, recording_id)
    sealed = [
        {
            "number": one.number,
            "name": one.name,
            "size": one.size,
            "sha256": None if erased else one.sha256.hex(),
            "media_type": one.media_type,
            "started_at": None if one.started_at is None else iso(one.started_at),
            "ended_at": None if one.ended_at is None else iso(one.ended_at),
            "signatures": [told(signature) for signature in signed[one.id]],
        }
        for one in parts
    ]
    return JSONResponse({**_row(row), **whole, "parts": sealed})


def events(request: Request) -> Response:
    """A page of events: `{"events", "after", "looked_to"}`; the parameters are those of the audit page, with `limit`
    and `after`. Each page is an event itself."""
    here, visit = installation_of(request), visit_of(request)
    given = given_of(request)
    try:
        limit = _limit(request.query_params.get("limit", ""))
        with here.database.read() as tx:
            search = auditing.search_for(tx, given, ZoneInfo(visit.zone))
            search = replace(search, after=request.query_params.get("after", ""), limit=limit)
            entries, found = auditing.read(tx, visit.actor, search)
    except SearchWrong as error:
        return _wrong(error)
    with here.database.write() as tx:
        auditing.record_search(
            tx,
            visit.actor,
            given,
            after=search.after,
            found=len(entries),
            address=visit.address,
            clock=here.clock,
        )
    looked_to = iso(found.looked_to) if found.looked_to else None
    return JSONResponse({"events": [entry.row() for entry in entries], "after": found.after, "looked_to": looked_to})


def _limit(text: str) -> int:
    if not text:
        return 100
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise SearchWrong(reason=f"a page has 1 to {MOST_ROWS} events")
    return int(text)


def _row(row: Row) -> dict[str, Any]:
    values = {name: value for name, value in vars(row).items() if name not in ("place_in_order", "poster_id")}
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _wrong(error: CandorError) -> Response:
    return JSONResponse({"error": words_of(error)}, status_of(error))


routes = [
    page("/api/v1/recordings", recordings, needs=VIEW),
    page("/api/v1/recordings/{recording_id}", recording, needs=VIEW),
    page("/api/v1/events", events, needs=Permission.AUDIT_VIEW),
]
