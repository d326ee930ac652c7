"""The timeline of a critical incident: what happened, who saw footage, what was said, put off and released when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.custody.events import PLAIN_WORDS, Event
from candor.custody.tables import custody_event
from candor.disclosure.critical.holding import by_name
from candor.disclosure.critical.lawful import ever_in
from candor.disclosure.critical.putting_off import put_offs_of
from candor.disclosure.critical.saying import consents_of, statements_of
from candor.disclosure.critical.tables import critical_history, critical_incident
from candor.disclosure.critical.viewings import viewings_of
from candor.disclosure.requests.documents import documents_of
from candor.disclosure.requests.rules import DOCUMENT_WORDS
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.law.vocabulary import CRITICAL_WORDS, REQUESTER_WORDS, Critical
from candor.people.auditing import names_of
from candor.people.rules import Actor, Permission
from candor.people.service import agency

__all__ = ["Entry", "timeline_of"]

#: Events of its recordings that are told too, whatever they were released for.
_OF_RECORDINGS = (Event.RECORDING_RELEASED, Event.REDACTION_HANDED_OUT)


@dataclass(frozen=True)
class Entry:
    """One line. `kind`: the custody event, None for the incident itself; `words`: what it was; `by`: who did it, by
    name; `recording_id` None where it is of no single recording, or of one that the reader may not see."""

    at: datetime
    kind: Event | None
    words: str
    by: str
    recording_id: str | None = None
    event_id: str | None = None


def timeline_of(tx: Connection, actor: Actor, critical_id: str) -> list[Entry]:
    """What happened with a critical incident, in order. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    row = tx.execute(sa.select(critical_incident).where(by_name(critical_id))).one()
    events = _events(tx, row.id)
    told = _told(tx, actor, row.id)
    names = names_of(tx, {one.actor for one in events})
    seen = _seen(tx, actor, {one.recording_id for one in events if one.recording_id})
    what = CRITICAL_WORDS[Critical(row.kind)]
    entries = [Entry(row.occurred_at, None, f"{what[0].upper()}{what[1:]}: {row.place}.", "")]
    for one in events:
        kind = Event(one.kind)
        details = json.loads(one.payload)["details"] if one.payload else {}
        words = next((told[value] for value in _named(kind, details) if value in told), PLAIN_WORDS[kind])
        if kind is Event.CRITICAL_CLOSED:
            words = f"{words} {_holds(details)}".strip()
        if "release" in details and "number" in details:
            words = f"{details['number']}: {words}"
        by = names.get(one.actor, one.actor)
        entries.append(Entry(one.at, kind, words, by, one.recording_id if one.recording_id in seen else None, one.id))
    return sorted(entries, key=lambda one: (one.at, one.event_id or ""))


def _events(tx: Connection, critical_id: str) -> list[sa.Row[Any]]:
    """Its own, and those by which footage of it went out."""
    table = custody_event.c
    own = sa.select(critical_history.c.event_id).where(critical_history.c.critical_id == critical_id)
    went_out = sa.and_(
        table.recording_id.in_(ever_in(critical_id)), table.kind.in_([one.value for one in _OF_RECORDINGS])
    )
    columns = (table.id, table.kind, table.actor, table.at, table.recording_id, table.payload)
    query = sa.select(*columns).where(sa.or_(table.id.in_(own), went_out))
    return list(tx.execute(query.order_by(table.at, table.id)))


def _seen(tx: Connection, actor: Actor, recording_ids: set[str]) -> set[str]:
    among = recording.c.id.in_(recording_ids), visible_to(actor).expression
    return set(tx.scalars(sa.select(recording.c.id).where(*among)))


def _named(kind: Event, details: Mapping[str, Any]) -> list[str]:
    """The identifiers by which an event names what it is about, with what was done to it."""
    if kind is Event.REQUEST_DOCUMENT_ADDED:
        return [f"document:{details.get('document')}"]
    found = [f"{name}:{details[name]}" for name in ("consent", "statement") if name in details]
    if "viewing" in details:
        found.append(f"viewing:{details['viewing']}:{_did(details)}")
    found += [f"put-off:{one}" for one in details.get("put_offs", ())]
    return found


def _did(details: Mapping[str, Any]) -> str:
    if "held_at" in details:
        return "held"
    return "offered" if "offered_for" in details else "declined"


def _holds(details: Mapping[str, Any]) -> str:
    """What became of what it held, as it was chosen when it was closed."""
    kept, freed = (len(details.get(name, ())) for name in ("holds_kept", "holds_freed"))
    said = [f"{_several(kept)} held."] if kept else []
    if freed:
        said.append(f"{freed} {'hold was' if freed == 1 else 'holds were'} released.")
    return " ".join(said)


def _several(kept: int) -> str:
    return "1 recording stays" if kept == 1 else f"{kept} recordings stay"


def _told(tx: Connection, actor: Actor, critical_id: str) -> dict[str, str]:
    """What is told of each act, by the identifier that its event names: the names stand here, not in the log."""
    found: dict[str, str] = {}
    place = agency(tx)
    zone = ZoneInfo(place.time_zone if place else "UTC")
    for view in viewings_of(tx, actor, critical_id):
        who = f"{view.name} ({REQUESTER_WORDS[view.who]})"
        when = f"{view.offered_for.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        found[f"viewing:{view.id}:offered"] = f"{who} was offered to see the footage on {when}."
        found[f"viewing:{view.id}:held"] = f"{who} saw the footage. Present: {view.present}."
        found[f"viewing:{view.id}:declined"] = f"{who} did not wish to see the footage."
    for consent in consents_of(tx, actor, critical_id):
        did = "consented to the release" if consent.given else "did not consent to the release"
        found[f"consent:{consent.id}"] = f"{consent.name} ({REQUESTER_WORDS[consent.who]}) {did}."
    for statement in statements_of(tx, actor, critical_id):
        words = statement.words if len(statement.words) <= 200 else f"{statement.words[:200]} …"
        found[f"statement:{statement.id}"] = f"{statement.said_by} said: {words}"
    for one in put_offs_of(tx, actor, critical_id):
        until = f"{one.until.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        found[f"put-off:{one.id}"] = f"The release was put off until {until} ({one.citation}): {one.reason}"
    for paper in documents_of(tx, actor, critical_id=critical_id):
        found[f"document:{paper.id}"] = f"A document was added: {paper.name} ({DOCUMENT_WORDS[paper.kind]})."
    return found
