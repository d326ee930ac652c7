"""A recording's custody history in plain words, and what a browser needs to check each line by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.core.clock import from_iso
from candor.core.errors import NotFound
from candor.custody import PLAIN_WORDS, CustodyEvent, CustodyLog, Event, LogStatus, find, history
from candor.custody.errors import NotYetInLog
from candor.custody.lost import lost_of
from candor.fleet.tables import device as device_table
from candor.fleet.tables import dock as dock_table
from candor.footage import names
from candor.footage.errors import RecordingUnknown
from candor.footage.fields import FIELD_WORDS
from candor.footage.rules import RENDITION_WORDS, RenditionKind
from candor.footage.search import row_of
from candor.footage.viewing import DOWNLOAD_PURPOSE, SIDECAR_PURPOSE
from candor.people.rules import Actor, Permission
from candor.people.tables import account as account_table
from candor.people.tables import unit as unit_table
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted, words_of
from candor.web.pages import recording_events
from candor.web.pages.recording_events import Fact
from candor.web.pages.recordings import VIEW
from candor.web.render import render

#: Lines shown at first; the earlier ones come on demand.
SHOWN = 40
#: Proofs in one answer.
MOST_PROOFS = 200

_FACES = {
    "cli": noted("the command line"),
    "web": noted("the browser"),
    "demo": noted("the demonstration"),
    "axis": noted("a camera system"),
    "tus": noted("a resumable upload"),
    "card": noted("a card or folder"),
    "link": noted("an upload link"),
}
#: How the actor of a dock begins; its identifier follows.
_DOCK = "system:dock-"
#: What the system's own actors are called; the rest of `system:…` is shown as it is.
_SYSTEM = {
    "system:setup": noted("the set-up"),
    "system:renditions": noted("the program itself"),
    "system:repairs": noted("the program itself"),
    "system:signatures": noted("the program itself"),
}


@dataclass(frozen=True)
class Line:
    """One event of the history, for people. `state`: waiting, placed (not signed yet) or signed."""

    event: CustodyEvent
    words: str
    who: str
    facts: tuple[Fact, ...]
    state: str
    witnesses: int


@dataclass(frozen=True)
class Told:
    """The history as a page shows it: newest first."""

    lines: tuple[Line, ...]
    total: int
    log: LogStatus | None
    whole: bool
    lost: int = 0  # entries of the log that belong to it, and whose event is lost

    @property
    def unsettled(self) -> bool:
        """Whether a line shown has no place in a signed checkpoint yet."""
        return any(line.state != "signed" for line in self.lines)

    @property
    def earlier(self) -> int:
        """How many lines are not shown."""
        return self.total - len(self.lines)


def told(tx: Connection, log: CustodyLog, recording_id: str, *, most: int | None = SHOWN) -> Told:
    """The newest lines of a history; whoever calls has checked that the reader may see the recording."""
    events = history(tx, recording_id)
    shown = list(reversed(events))[:most]
    people = _names(tx, account_table.c.id, account_table.c.display_name, _accounts_in(shown))
    people |= _docks(tx, (event.actor for event in shown))
    things = people | _things(tx, shown)
    status = log.status()
    lines = tuple(
        Line(
            event,
            _(PLAIN_WORDS[event.kind]),
            who(event.actor, people),
            tuple(_facts(event, things)),
            _state(event, status),
            0 if status is None else sum(one.size > (event.position or 0) for one in status.witnesses),
        )
        for event in shown
    )
    return Told(lines, len(events), status, most is None, len(lost_of(tx, recording_id)))


def who(actor: str, people: dict[str, str]) -> str:
    """The name of an actor; what the program did itself is said so."""
    if actor.startswith("system:cli-"):
        return _("operator “%(name)s” at the server", name=actor.removeprefix("system:cli-"))
    if actor.startswith(_DOCK) and actor in people:
        return _("the dock “%(name)s”", name=people[actor])
    if actor.startswith("system:"):
        return (
            _(_SYSTEM[actor]) if actor in _SYSTEM else _("the program (%(part)s)", part=actor.removeprefix("system:"))
        )
    return people.get(actor, actor)


def actor_name(tx: Connection, actor: str) -> str:
    """The name of one actor."""
    people = _names(tx, account_table.c.id, account_table.c.display_name, {actor})
    return who(actor, people | _docks(tx, [actor]))


def _state(event: CustodyEvent, status: LogStatus | None) -> str:
    if event.position is None or status is None:
        return "waiting"
    return "signed" if event.position < status.signed_size else "placed"


def _accounts_in(events: Iterable[CustodyEvent]) -> set[str]:
    return {event.actor for event in events if not event.actor.startswith("system:")}


def _docks(tx: Connection, actors: Iterable[str]) -> dict[str, str]:
    """Names of docks among actors, by the actor that each is in the log."""
    ids = {actor.removeprefix(_DOCK) for actor in actors if actor.startswith(_DOCK)}
    return {f"{_DOCK}{one}": name for one, name in _names(tx, dock_table.c.id, dock_table.c.name, ids).items()}


def _names(tx: Connection, key: sa.ColumnElement[str], name: sa.ColumnElement[str], ids: set[str]) -> dict[str, str]:
    return {row[0]: row[1] for row in tx.execute(sa.select(key, name).where(key.in_(ids)))} if ids else {}


def _things(tx: Connection, events: Iterable[CustodyEvent]) -> dict[str, str]:
    """Names of the wearers, units and devices that changes speak of."""
    ids: set[str] = set()
    for event in events:
        if event.kind is Event.RECORDING_CHANGED:
            for field in ("wearer", "unit", "device"):
                ids |= {value for value in event.details.get("changed", {}).get(field, {}).values() if value}
    return (
        _names(tx, account_table.c.id, account_table.c.display_name, ids)
        | _names(tx, unit_table.c.id, unit_table.c.name, ids)
        | _names(tx, device_table.c.id, device_table.c.serial, ids)
    )


# -- what each kind of event adds in words


def _facts(event: CustodyEvent, things: dict[str, str]) -> Iterable[Fact]:
    if event.is_erased:
        yield Fact("", _("what it said was erased by order"))
        return
    details = event.details
    match event.kind:
        case Event.RECORDING_RECEIVED | Event.RECORDING_RECEIVED_AGAIN:
            yield from _received(details)
        case Event.RECORDING_SEALED | Event.RECORDING_PART_RECEIVED | Event.RECORDING_PART_ADDED:
            yield from recording_events.of_parts(details)
        case Event.RECORDING_VIEWED:
            yield Fact(_("for"), _purpose(details.get("purpose", "")))
        case Event.RECORDING_CHANGED:
            yield from _changes(details.get("changed", {}), things)
        case Event.RENDITION_MADE | Event.RENDITION_FAILED:
            yield from _rendition(details)
        case Event.RECORDING_EXPORTED:
            yield Fact(_("to"), details.get("recipient") or _("(nobody named)"))
            yield Fact(_("for"), details.get("purpose") or _("(nothing named)"))
            yield Fact(_("package"), details["package"][-12:], link=f"/packages/{details['package']}", mono=True)
        case Event.RECORDING_PACKAGE_DOWNLOADED:
            yield Fact(_("package"), details["package"][-12:], link=f"/packages/{details['package']}", mono=True)
        case _:
            yield from recording_events.of_others(event.kind, details)


def _received(details: dict[str, Any]) -> Iterable[Fact]:
    face = details.get("face")
    if face:
        yield Fact(_("through"), _(_FACES[face]) if face in _FACES else str(face))
    if details.get("source"):
        yield Fact(_("from"), names.shown(str(details["source"])))


def _purpose(text: str) -> str:
    copy, _colon, said = text.partition(": ")
    if copy.startswith(DOWNLOAD_PURPOSE + " "):
        words = _("download of the original file")
    elif copy.startswith(SIDECAR_PURPOSE + " "):
        words = _("download of a file beside the recording")
    else:
        return text
    return f"{words}: {said}" if said else words


def _rendition(details: dict[str, Any]) -> Iterable[Fact]:
    kind = details.get("kind")
    if kind in set(RenditionKind):
        yield Fact("", _(RENDITION_WORDS[RenditionKind(kind)]))
    if details.get("problem"):
        yield Fact(_("why"), str(details["problem"]))


def _changes(changed: dict[str, dict[str, Any]], things: dict[str, str]) -> Iterable[Fact]:
    for field, values in sorted(changed.items()):
        if field == "started_source":
            continue
        label = _(FIELD_WORDS[field]) if field in FIELD_WORDS else field
        yield Fact(label, _value(field, values.get("new"), things), old=_value(field, values.get("old"), things))


def _value(field: str, value: Any, things: dict[str, str]) -> str:
    if value in (None, "", [], {}):
        return "–"
    if field in ("wearer", "unit", "device"):
        return things.get(value, str(value))
    if field == "start":
        return f"{from_iso(value):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {text}" for name, text in value.items())
    return str(value)


# -- pages


def show(request: Request) -> Response:
    """The history by itself: all of it, or the newest lines when the page keeps itself fresh."""
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    with here.database.read() as tx:
        row = row_of(tx, visit.actor, recording_id)
        if row is None:
            raise RecordingUnknown(id=recording_id)
        most = SHOWN if request.query_params.get("newest") else None
        found = told(tx, here.log, recording_id, most=most)
    template = "history.html" if "hx-request" in request.headers else "history_page.html"
    return render(request, template, row=row, history=found)


def proof(request: Request) -> Response:
    """The `.tlog-proof` of one event, with its opening: what anybody checks it with, here or offline."""
    here, visit = installation_of(request), visit_of(request)
    event_id = request.path_params["event_id"]
    with here.database.read() as tx:
        event = find(tx, event_id)
        if event is None or not _may_see(tx, visit.actor, event):
            raise NotFound(what="custody event", id=event_id)
    try:
        text = here.log.proof(event_id).format()
    except NotYetInLog as error:
        # Nothing went wrong: it is a matter of a moment.
        return JSONResponse({"error": words_of(error)}, 409)
    name = f"{event.recording_id}-{event.n:06d}.tlog-proof"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


def _may_see(tx: Connection, actor: Actor, event: CustodyEvent) -> bool:
    return event.recording_id is not None and row_of(tx, actor, event.recording_id) is not None


def proofs(request: Request) -> Response:
    """Proofs of a recording's events from number `from` on, all under one checkpoint: {"proofs": [{"event", "n",
    "proof"}], "waiting": [{"event", "n"} without a place in it yet], "next": number to go on from, or null}."""
    here, visit = installation_of(request), visit_of(request)
    recording_id = request.path_params["recording_id"]
    begin = _number(request.query_params.get("from", "0"))
    with here.database.read() as tx:
        if row_of(tx, visit.actor, recording_id) is None:
            raise RecordingUnknown(id=recording_id)
        events = [event for event in history(tx, recording_id) if event.n >= begin]
    chosen = events[:MOST_PROOFS]
    placed = [event for event in chosen if event.position is not None]
    checkpoint = here.log.checkpoint(covering=max((event.position or 0 for event in placed), default=0))
    size = checkpoint.size if checkpoint is not None else 0
    covered = [event for event in placed if (event.position or 0) < size]
    made = here.log.proofs(covered, checkpoint) if checkpoint is not None else []
    done = {event.id for event in covered}
    return JSONResponse(
        {
            "proofs": [
                {"event": event.id, "n": event.n, "proof": one.format()}
                for event, one in zip(covered, made, strict=True)
            ],
            "waiting": [{"event": event.id, "n": event.n} for event in chosen if event.id not in done],
            "next": chosen[-1].n + 1 if len(events) > len(chosen) else None,
        },
        headers={"cache-control": "private, no-store"},
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def key_of_log(log: LogStatus | None) -> str:
    """The fingerprint of the log's key in groups, to be compared with one on paper."""
    return "" if log is None else formats.groups(log.fingerprint)


routes = [
    page("/recordings/{recording_id}/history", show, needs=VIEW),
    page("/recordings/{recording_id}/proofs", proofs, needs=Permission.LOG_VIEW),
    page("/events/{event_id}/proof", proof, needs=Permission.LOG_VIEW),
]
