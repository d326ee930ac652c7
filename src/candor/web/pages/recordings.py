"""The list of recordings, which is where everybody's work begins: search, filters, saved filters, bulk change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.clock import Clock
from candor.fleet.rules import KIND_WORDS, DeviceKind
from candor.footage import catalogue, classification, filters, search
from candor.footage.errors import QueryWrong
from candor.footage.query import Query, Sort
from candor.footage.rules import FLAG_WORDS, Flag, RecordingState
from candor.footage.times import SOURCE_WORDS
from candor.footage.viewing import POSTER_PURPOSE, open_rendition
from candor.law.vocabulary import LABEL_WORDS
from candor.people import service
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import noted, words_of
from candor.web.pages.duties import waiting_for
from candor.web.render import render

VIEW = (Permission.RECORDINGS_VIEW_OWN, Permission.RECORDINGS_VIEW_UNIT, Permission.RECORDINGS_VIEW_ALL)
CHANGE = (Permission.RECORDINGS_CHANGE_OWN, Permission.RECORDINGS_CHANGE_UNIT, Permission.RECORDINGS_CHANGE_ALL)

STATE_WORDS: dict[str, str] = {
    RecordingState.RECEIVING: noted("Still coming in"),
    RecordingState.SEALED: noted("Sealed"),
    RecordingState.REGROUPED: noted("Part of another"),
    RecordingState.DESTROYED: noted("Destroyed"),
}
#: A word or two per flag, for a badge; the whole sentence is its title.
FLAG_LABELS: dict[str, str] = {
    Flag.CHANGED_WHILE_READ: noted("Changed while read"),
    Flag.DAMAGED: noted("Damaged"),
    Flag.EMPTY: noted("Empty"),
    Flag.INCOMPLETE: noted("Incomplete"),
    Flag.LATE_PART: noted("A part came late"),
    Flag.NAME_UNUSUAL: noted("Unusual name"),
    Flag.NOBODY_KNOWN: noted("Wearer unknown"),
    Flag.NOT_EXAMINED: noted("Not examined"),
    Flag.NOT_MEDIA: noted("Not a recording"),
    Flag.READ_INCOMPLETE: noted("Read in part"),
    Flag.TIME_UNLIKELY: noted("Unlikely time"),
    Flag.TRUNCATED: noted("Ends too early"),
    Flag.UNDECODABLE: noted("Cannot be decoded"),
    Flag.WEARER_DISPUTED: noted("Wearer disputed"),
}
#: Parameters of the list that are fields of its form.
_FIELDS = (
    "text",
    "person",
    "unit",
    "device",
    "kind",
    "from",
    "to",
    "category",
    "place",
    "state",
    "flag",
    "incident",
    "case",
    "label",
    "uncategorised",
)
LARGEST_POSTER = 4_000_000
#: Seconds that a browser keeps a picture, so that typing in the search does not fetch it again and again. Signing
#: out clears what the browser kept.
POSTER_KEPT = 300
_NOTHING = search.Page(rows=[], after=None, total=0, more=False, too_general=())


def show(request: Request) -> Response:
    """A page of the list; only its results when a script of the page asks."""
    here, visit = installation_of(request), visit_of(request)
    zone = ZoneInfo(visit.zone)
    pairs = [(name, value) for name, value in request.query_params.multi_items() if value.strip()]
    problem, status = None, 200
    try:
        query = Query.from_pairs(pairs, zone)
    except QueryWrong as error:
        query, problem, status = Query(), words_of(error), status_of(error)
    with here.database.read() as tx:
        found = _NOTHING
        if problem is None:
            try:
                found = search.find(tx, visit.actor, query)
            except QueryWrong as error:
                problem, status = words_of(error), status_of(error)
        values = _choices(tx, visit.actor)
    link = urlencode([(name, value) for name, value in pairs if name not in ("said", "after")])
    values |= _links(query, found)
    values |= {
        "found": found,
        "given": _given(query, dict(pairs), zone),
        "link": link,
        "narrowed": _narrowed(pairs),
        "problem": problem,
        "query": query,
    }
    if "hx-request" in request.headers:
        # The address bar shows the search without its empty fields, and without an order that is the usual one.
        usual = {("sort", Query.sort.value), ("order", "descending")} if query.sort is Query.sort else set()
        shown = urlencode([(name, value) for name, value in pairs if name != "said" and (name, value) not in usual])
        headers = {"HX-Replace-Url": f"/recordings?{shown}" if shown else "/recordings"} if _typed(request) else {}
        return render(request, "_list_results.html", status=status, headers=headers, **values)
    return render(request, "list.html", status=status, **values)


def _typed(request: Request) -> bool:
    """Whether the filter form asked, rather than a link that has an address of its own."""
    return request.headers.get("hx-source", "").startswith("form")


def _choices(tx: Connection, actor: Actor) -> dict[str, Any]:
    """What the form and the table choose from."""
    units = service.units(tx)
    return {
        "categories": catalogue.categories(tx),
        "flag_labels": FLAG_LABELS,
        "flag_words": FLAG_WORDS,
        "kind_words": KIND_WORDS,
        "kinds": list(DeviceKind),
        "label_words": LABEL_WORDS,
        "duties_waiting": waiting_for(tx, actor),
        "may_hand_out": bool(actor.may(Permission.RECORDINGS_EXPORT)),
        "may_add_to_case": bool(actor.may(Permission.CASES_MANAGE)),
        "may_change": any(actor.may(permission) for permission in CHANGE),
        "may_choose": any(actor.may(permission) for permission in (*CHANGE, Permission.CASES_MANAGE)),
        "may_take_in": bool(actor.may(Permission.RECORDINGS_TAKE_IN)),
        "saved": filters.saved_filters(tx, actor),
        "sees_others": bool(actor.may(Permission.RECORDINGS_VIEW_ALL) or actor.may(Permission.RECORDINGS_VIEW_UNIT)),
        "source_words": SOURCE_WORDS,
        "state_words": STATE_WORDS,
        "unit_ids": {unit.id for unit in units},
        "units": units,
    }


def _links(query: Query, found: search.Page) -> dict[str, Any]:
    first = query.first_page()
    sort_links = {}
    for sort in Sort:
        # Another column begins with what people look for first: newest, longest, but titles from A.
        descending = not query.descending if sort is query.sort else sort is not Sort.TITLE
        sort_links[sort.value] = _link(replace(first, sort=sort, descending=descending))
    return {
        "first_link": _link(first),
        "next_link": _link(replace(query, after=found.after)) if found.after else None,
        "sort_links": sort_links,
    }


def _link(query: Query) -> str:
    text = query.to_text()
    return f"/recordings?{text}" if text else "/recordings"


def _narrowed(pairs: list[tuple[str, str]]) -> int:
    """How many fields of the panel narrow the search."""
    return len({name for name, _ in pairs if name in _FIELDS and name != "text"})


def _given(query: Query, raw: dict[str, str], zone: ZoneInfo) -> dict[str, str]:
    """The form's values as they were given; moments as days where they are whole days."""
    given = {name: raw.get(name, "") for name in _FIELDS}
    given["from"] = _as_input(query.time_from, zone, is_end=False)
    given["to"] = _as_input(query.time_to, zone, is_end=True)
    return given


def _as_input(moment: datetime | None, zone: ZoneInfo, *, is_end: bool) -> str:
    if moment is None:
        return ""
    local = moment.astimezone(zone)
    if local.time() == time():
        return (local.date() - timedelta(days=is_end)).isoformat()
    return local.replace(tzinfo=None).isoformat(timespec="seconds")


def poster(request: Request) -> Response:
    """The picture of a recording in a list. It is footage: seeing it is an event, one per person and day."""
    here, visit = installation_of(request), visit_of(request)
    opened = open_rendition(
        here.database,
        here.vault,
        visit.actor,
        request.path_params["rendition_id"],
        POSTER_PURPOSE,
        clock=here.clock,
    )
    with opened.stream as stream:
        if opened.size > LARGEST_POSTER or not (opened.media_type or "").startswith("image/"):
            raise HTTPException(404)
        data = stream.read()
    headers = {"cache-control": f"private, max-age={POSTER_KEPT}", "content-type": opened.media_type or ""}
    return Response(data, headers=headers)


# -- acts


def change_many(request: Request) -> Response:
    """Change some fields of the chosen recordings."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    ids = list(dict.fromkeys(form.getlist("id")))
    changes = _changes(form)
    query = _search_of(form.get("query", ""))
    if not ids or not (changes or form.get("label", "").strip()):
        return RedirectResponse(f"/recordings?{query}", 303)
    for begin in range(0, len(ids), catalogue.MOST_AT_ONCE):
        chosen = ids[begin : begin + catalogue.MOST_AT_ONCE]
        with here.database.write() as tx:
            if changes:
                catalogue.bulk_change(tx, chosen, changes, visit.actor, clock=here.clock)
            label_many(tx, visit.actor, chosen, form, clock=here.clock)
    return RedirectResponse(f"/recordings?{query}{'&' if query else ''}said=recordings-changed", 303)


def _changes(form: Form) -> dict[str, Any]:
    changes: dict[str, Any] = {
        field: form[field].strip() for field in ("category", "incident_number", "unit") if form.get(field, "").strip()
    }
    for field in ("tags_add", "tags_remove"):
        tags = [tag.strip() for tag in form.get(field, "").split(",") if tag.strip()]
        if tags:
            changes[field] = tags
    if "category" in changes and form.get("label_reason", "").strip():
        changes["category_reason"] = form["label_reason"]
    return changes


def label_many(tx: Connection, actor: Actor, ids: Sequence[str], form: Form, *, clock: Clock) -> bool:
    """Put or take the label that the form names; False when it names none. Form: label_act (put or take), label,
    label_reason."""
    if not form.get("label", "").strip():
        return False
    which, put = classification.label_named(form["label"]), form.get("label_act", "put") != "take"
    classification.bulk_label(tx, actor, ids, which, put=put, reason=form.get("label_reason", ""), clock=clock)
    return True


def save_filter(request: Request) -> Response:
    """Keep the present search under a name."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    text = _search_of(form.get("query", ""))
    with here.database.write() as tx:
        query = Query.from_text(text, ZoneInfo(visit.zone))
        filters.save_filter(tx, visit.actor, form.get("name", ""), query, clock=here.clock)
    return RedirectResponse(f"/recordings?{text}{'&' if text else ''}said=filter-saved", 303)


def remove_filter(request: Request) -> Response:
    """Remove one of one's own filters."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.write() as tx:
        filters.remove_filter(tx, visit.actor, request.path_params["filter_id"])
    return RedirectResponse("/recordings?said=filter-removed", 303)


def _search_of(text: str) -> str:
    """A search that a form carried along, with nothing in it but the list's own parameters."""
    kept = (*_FIELDS, "sort", "order", "limit")
    try:
        pairs = parse_qsl(text, max_num_fields=100)
    except ValueError:
        return ""
    return urlencode([(name, value) for name, value in pairs if name in kept])


routes = [
    page("/recordings", show, needs=VIEW, name="recordings"),
    page("/posters/{rendition_id}", poster, needs=VIEW),
    page("/recordings/bulk", change_many, needs=CHANGE, methods=["POST"]),
    page("/filters", save_filter, needs=VIEW, methods=["POST"]),
    page("/filters/{filter_id}/remove", remove_filter, needs=VIEW, methods=["POST"]),
]
