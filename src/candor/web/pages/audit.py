"""The record of events, to be searched: who did what, when, from where, and how it ended (CJIS AU-3, AU-7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from candor.custody import PLAIN_WORDS
from candor.custody.errors import SearchWrong
from candor.custody.searching import GROUP_WORDS, Group, Page, kinds_of
from candor.people import auditing
from candor.people.rules import Permission
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.render import render

SHORT = 50
_NOTHING = Page([], None, None)


def show(request: Request) -> Response:
    """A page of what was searched for; that somebody read it is an event too."""
    here, visit = installation_of(request), visit_of(request)
    given = given_of(request)
    problem, status, found = None, 200, _NOTHING
    entries: list[auditing.Entry] = []
    try:
        with here.database.read() as tx:
            search = auditing.search_for(tx, given, ZoneInfo(visit.zone))
            search = replace(search, after=request.query_params.get("after", ""), limit=SHORT)
            entries, found = auditing.read(tx, visit.actor, search)
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
    except SearchWrong as error:
        problem, status = words_of(error), status_of(error)
    link = urlencode(given)
    return render(
        request,
        "audit.html",
        status=status,
        entries=entries,
        found=found,
        given={name: given.get(name, "") for name in auditing.CONDITIONS},
        groups=[(group, GROUP_WORDS[group], sorted(kinds_of(group))) for group in Group],
        kind_words=PLAIN_WORDS,
        narrowed=any(name != "order" for name in given),
        link=link,
        after=request.query_params.get("after", ""),
        next_link=f"/audit?{urlencode({**given, 'after': found.after})}" if found.after else None,
        problem=problem,
        precise=formats.precise,
        most=auditing.MOST_EXPORTED,
    )


def export(request: Request) -> Response:
    """What was searched for as a file: CSV or JSON, in the same order, each event as it was committed to."""
    here, visit = installation_of(request), visit_of(request)
    given = given_of(request)
    form = "json" if request.query_params.get("format") == "json" else "csv"
    with here.database.read() as tx:
        search = auditing.search_for(tx, given, ZoneInfo(visit.zone))
    with here.database.write() as tx:
        auditing.record_export(tx, visit.actor, given, form, address=visit.address, clock=here.clock)
    actor = visit.actor

    def pieces() -> Iterator[str]:
        with here.database.read() as tx:
            rows = auditing.exported(tx, actor, search)
            yield from auditing.as_csv(rows) if form == "csv" else auditing.as_json(rows)

    media = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    name = f"events-{here.clock.now():%Y%m%dT%H%M%SZ}.{form}"
    return StreamingResponse(
        pieces(), media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def given_of(request: Request) -> dict[str, str]:
    """The conditions of a request that are set."""
    found = {name: request.query_params.get(name, "").strip() for name in auditing.CONDITIONS}
    return {name: value for name, value in found.items() if value}


routes = [
    page("/audit", show, needs=Permission.AUDIT_VIEW, name="audit"),
    page("/audit/export", export, needs=Permission.AUDIT_VIEW),
]
