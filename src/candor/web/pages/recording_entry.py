"""The catalogue entry, edited in its place. Whoever saves says which version they saw."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.docking.uploads.claim import nameable
from candor.fleet.service import devices
from candor.footage import catalogue
from candor.footage.errors import ChangedMeanwhile, RecordingUnknown
from candor.footage.fields import LONGEST, degrees_text
from candor.footage.purging import erased_by_order
from candor.footage.rules import changeable_by
from candor.footage.search import Row, row_of
from candor.footage.tables import recording as recording_table
from candor.people import service
from candor.people.rules import Actor
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted, words_of
from candor.web.pages.recording_facts import Further, further
from candor.web.pages.recordings import CHANGE, VIEW
from candor.web.render import render

#: Empty rows for further fields.
_SPARE_ROWS = 2
_PLAIN = ("title", "category", "incident_number", "place", "notes", "latitude", "longitude")
_REFERRED = ("wearer", "unit", "device")
#: Name of each field of the form, for the list of what differs in a conflict.
LABELS: dict[str, str] = {
    "title": noted("Title"),
    "category": noted("Category"),
    "incident_number": noted("Incident number"),
    "tags": noted("Tags"),
    "wearer": noted("Worn by"),
    "unit": noted("Unit"),
    "device": noted("Device"),
    "start": noted("Start"),
    "place": noted("Place"),
    "latitude": noted("Latitude"),
    "longitude": noted("Longitude"),
    "notes": noted("Notes"),
    "custom": noted("Further fields"),
}


def may_change(tx: Connection, actor: Actor, recording_id: str) -> bool:
    """Whether the actor may describe this recording. Nobody describes what an order erased."""
    query = sa.select(recording_table.c.id).where(recording_table.c.id == recording_id, changeable_by(actor).expression)
    return tx.execute(query).first() is not None and not erased_by_order(tx, recording_id)


def values_of(row: Row, more: Further, zone: str) -> dict[str, Any]:
    """The entry as the form's fields hold it: texts, and further fields as pairs."""
    return {
        "title": row.title,
        "category": row.category or "",
        "incident_number": row.incident_number or "",
        "tags": ", ".join(row.tags),
        "wearer": row.wearer_id or "",
        "unit": row.unit_id or "",
        "device": row.device_id or "",
        "start": _as_input(row.started_at, zone),
        "place": row.place or "",
        "latitude": degrees_text(more.latitude) or "",
        "longitude": degrees_text(more.longitude) or "",
        "notes": more.notes,
        "custom": sorted(more.custom.items()),
    }


def _as_input(moment: datetime, zone: str) -> str:
    return formats.local(moment, zone).strftime("%Y-%m-%dT%H:%M:%S")


def show(request: Request) -> Response:
    """The entry to read, or the form to change it."""
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    editing = request.url.path.endswith("/edit")
    with here.database.read() as tx:
        values = entry_values(tx, visit.actor, recording_id, visit.zone)
        if editing:
            values |= _choices(tx, visit.actor, values["row"])
    if "hx-request" not in request.headers:
        target = f"/recordings/{recording_id}"
        return render(request, "recording_edit.html", **values) if editing else RedirectResponse(target, 303)
    return render(request, "recording_form.html" if editing else "recording_entry.html", **values)


def entry_values(tx: Connection, actor: Actor, recording_id: str, zone: str) -> dict[str, Any]:
    """What the entry's template needs; raises RecordingUnknown."""
    row = row_of(tx, actor, recording_id)
    if row is None:
        raise RecordingUnknown(id=recording_id)
    more = further(tx, actor, recording_id)
    return {
        "row": row,
        "more": more,
        "given": values_of(row, more, zone),
        "may_change": may_change(tx, actor, recording_id),
        "problem": None,
        "conflict": [],
        "version": row.version,
        "saved": False,
        "spare_rows": _SPARE_ROWS,
        "longest": LONGEST,
    }


def _choices(tx: Connection, actor: Actor, row: Row) -> dict[str, Any]:
    wearers = [(one.id, one.display_name, one.badge) for one in nameable(tx, actor)]
    if row.wearer_id and row.wearer_id not in {one[0] for one in wearers}:
        wearers.insert(0, (row.wearer_id, row.wearer_name or row.wearer_id, row.wearer_badge))
    categories = catalogue.categories(tx)
    if row.category and row.category not in categories:
        categories = [row.category, *categories]
    return {
        "categories": categories,
        "devices": devices(tx),
        "units": service.units(tx),
        "wearers": wearers,
    }


def save(request: Request) -> Response:
    """Make the change; on a conflict show what the other one wrote beside what was typed."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    recording_id = request.path_params["recording_id"]
    version = form.get("version", "")
    expected = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0
    try:
        with here.database.write() as tx:
            before = entry_values(tx, visit.actor, recording_id, visit.zone)
            changes = _changes(form, before, visit.zone)
            catalogue.change(tx, recording_id, changes, visit.actor, expected, clock=here.clock)
    except RecordingUnknown:
        raise
    except CandorError as error:
        return _once_more(request, form, error)
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/recordings/{recording_id}", 303)
    with here.database.read() as tx:
        values = entry_values(tx, visit.actor, recording_id, visit.zone)
    return render(request, "recording_entry.html", **{**values, "saved": True})


def _once_more(request: Request, form: Form, error: CandorError) -> Response:
    """The form again with what was typed, what is wrong with it, and the version that is there now."""
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    with here.database.read() as tx:
        values = entry_values(tx, visit.actor, recording_id, visit.zone)
        choices = _choices(tx, visit.actor, values["row"])
    typed, present = _typed(form), values["given"]
    conflict = []
    if isinstance(error, ChangedMeanwhile):
        names = _names_of_choices(choices)
        conflict = [
            (_(LABELS[field]), _readable(present[field], names), _readable(typed[field], names))
            for field in LABELS
            if typed[field] != present[field]
        ]
    values |= {"given": typed, "problem": words_of(error), "conflict": conflict}
    template = "recording_form.html" if "hx-request" in request.headers else "recording_edit.html"
    # An answer to a person: htmx puts it where the form was, whatever its status.
    status = 409 if isinstance(error, ChangedMeanwhile) else status_of(error)
    return render(request, template, status=status, **values, **choices)


def _names_of_choices(choices: dict[str, Any]) -> dict[str, str]:
    found = {one[0]: one[1] for one in choices["wearers"]}
    found |= {one.id: one.name for one in choices["units"]}
    return found | {one.id: one.serial for one in choices["devices"]}


def _readable(value: Any, names: dict[str, str]) -> str:
    if isinstance(value, list):
        return "; ".join(f"{name}: {text}" for name, text in value) or "–"
    return names.get(value, value) or "–"


def _typed(form: Form) -> dict[str, Any]:
    """The form's fields as they came."""
    typed: dict[str, Any] = {field: form.get(field, "").strip() for field in (*_PLAIN, *_REFERRED, "start", "tags")}
    typed["notes"] = typed["notes"].replace("\r\n", "\n")
    names, texts = form.getlist("custom_name"), form.getlist("custom_value")
    pairs = [(name.strip(), text.strip()) for name, text in zip(names, texts, strict=False)]
    typed["custom"] = sorted(pair for pair in pairs if pair[0] and pair[1])
    return typed


def _changes(form: Form, before: dict[str, Any], zone: str) -> dict[str, Any]:
    """The fields to set. A start is set only where it was typed anew: the form shows whole seconds."""
    typed, present = _typed(form), before["given"]
    changes: dict[str, Any] = {field: typed[field] for field in _PLAIN}
    changes |= {field: typed[field] or None for field in _REFERRED}
    if form.get("category_reason", "").strip() and typed["category"] != present["category"]:
        changes["category_reason"] = form["category_reason"]
    changes["tags"] = [tag for tag in typed["tags"].split(",") if tag.strip()]
    changes["custom"] = {**dict.fromkeys(before["more"].custom, ""), **dict(typed["custom"])}
    if typed["start"] and typed["start"] != present["start"]:
        changes["start"] = _moment(typed["start"], zone)
    return changes


def _moment(text: str, zone: str) -> datetime | str:
    """What was typed, in the agency's zone; what is no moment goes on as it is, to be refused in words."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return text


routes = [
    page("/recordings/{recording_id}/entry", show, needs=VIEW),
    page("/recordings/{recording_id}/edit", show, needs=CHANGE),
    page("/recordings/{recording_id}/entry", save, needs=CHANGE, methods=["POST"]),
]
