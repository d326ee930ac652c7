"""Critical incidents as the command line shows them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.engine import Connection

from candor.cli.common import say, table
from candor.cli.fleet_words import zone_of
from candor.cli.request_words import plain, when_of
from candor.disclosure.critical import incidents, putting_off, saying, viewings
from candor.disclosure.critical.closing import holds_of
from candor.disclosure.critical.lawful import Owed, Running, answer_of, owed_before, running_clocks
from candor.disclosure.critical.timeline import timeline_of
from candor.disclosure.requests import documents
from candor.installation import Installation
from candor.people.rules import Actor

__all__ = ["document_of", "print_held"]


def print_held(tx: Connection, who: Actor, incident: str) -> None:
    """What an incident holds, for whoever is about to close it."""
    found, hidden = holds_of(tx, who, incidents.critical_incident_of(tx, who, incident).id)
    zone = zone_of(tx)
    rows = (
        (one.recording_id, when_of(one.started_at, zone), one.title, "yes" if one.otherwise else "no") for one in found
    )
    table(("HELD RECORDING", "START", "TITLE", "HELD OTHERWISE"), rows)
    if hidden:
        say(f"{hidden} more, of recordings that this account may not see; they stay held.")


def document_of(tx: Connection, here: Installation, who: Actor, incident: str) -> dict[str, Any]:
    """A critical incident with all that belongs to it, as a JSON document."""
    found = incidents.critical_incident_of(tx, who, incident)
    answer = answer_of(tx, found.id, clock=here.clock)
    recordings, hidden = incidents.recordings_in(tx, who, found.id)
    seen = viewings.viewings_of(tx, who, found.id)
    return {
        **plain(asdict(found)),
        "clocks": [_clock(one) for one in running_clocks(tx, found.id, answer)] if found.open else [],
        "owed": [_owed(one) for one in owed_before(tx, found.id, answer, here.clock.now())] if found.open else [],
        "recordings": [plain(asdict(one)) for one in recordings],
        "recordings_hidden": hidden,
        "viewings": [{**plain(asdict(one)), "state": one.state.value} for one in seen],
        "consents": [plain(asdict(one)) for one in saying.consents_of(tx, who, found.id)],
        "statements": [plain(asdict(one)) for one in saying.statements_of(tx, who, found.id)],
        "put_offs": [plain(asdict(one)) for one in putting_off.put_offs_of(tx, who, found.id)],
        "documents": [plain(asdict(one)) for one in documents.documents_of(tx, who, critical_id=found.id)],
        "timeline": [plain(asdict(one)) for one in timeline_of(tx, who, found.id)],
    }


def _clock(one: Running) -> dict[str, Any]:
    recording_id, pack, rule = one.key
    return {
        "recording": recording_id,
        "rule": f"{pack}/{rule}",
        "citation": one.clock.clock.rule.citation,
        "words": one.clock.clock.words,
        "due": plain(one.due),
        "steps_taken": one.steps_taken,
        "next_step": plain(one.next_step),
        "extension_reason": one.clock.extension_reason,
    }


def _owed(one: Owed) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "who": [who.value for who in one.who],
        "words": one.words,
        "citation": one.citation,
        "rule": one.rule,
        "recordings": list(one.recordings),
        "refused": one.refused,
    }
