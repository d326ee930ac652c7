"""Setting right what is known of a request. What whoever asked wrote stays as it came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.custody.events import Event
from candor.disclosure.requests import clocks
from candor.disclosure.requests.errors import RequestFieldWrong
from candor.disclosure.requests.holding import held, note, put
from candor.disclosure.requests.intake import Intake, key_of
from candor.disclosure.requests.naming import Named
from candor.people.rules import Actor

__all__ = ["CHANGEABLE", "change"]

#: What can be set right.
CHANGEABLE = (
    *("requester_class", "class_confirmed", "name", "organisation", "mail", "phone", "post"),
    *("named", "wants", "received_at", "critical_id"),
)
#: Of these an event says what they were and are; of the others, which tell of people, only that they were changed.
_TOLD = ("requester_class", "class_confirmed_by", "wants", "received_at", "critical_id")


def change(
    tx: Connection,
    actor: Actor,
    request_id: str,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    clock: Clock | None = None,
) -> bool:
    """Change fields of an open request (CHANGEABLE); whether anything was new. Its clocks follow. `named`: a Named;
    `class_confirmed`: somebody has seen that they are what they say.

    Raises Refused, RequestUnknown, RequestClosed, RequestChangedMeanwhile, RequestFieldWrong.
    """
    clock = clock or SystemClock()
    before = held(tx, actor, request_id, version=expected_version)
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise RequestFieldWrong(field=unknown[0], reason="it cannot be changed")
    given = _intake(before, changes).checked(clock.now())
    new = {name: value for name, value in _columns(given).items() if value != getattr(before, name)}
    confirmed = changes.get("class_confirmed", before.class_confirmed_by is not None)
    if "requester_class" in new and "class_confirmed" not in changes:
        confirmed = False  # it was another class that somebody confirmed
    if bool(confirmed) != (before.class_confirmed_by is not None):
        new["class_confirmed_by"] = actor.account_id if confirmed else None
    if not new:
        return False
    key = key_of(before.number, given.name, given.organisation, given.named, before.words)
    version = put(tx, before, **new, search_key=key)
    clocks.make_clocks(tx, before.id, clock=clock)
    told = {name: _told(name, getattr(before, name), value) for name, value in new.items()}
    note(tx, Event.REQUEST_CHANGED, actor, before.id, {"changed": told, "version": version}, clock=clock)
    return True


def _intake(before: sa.Row[Any], changes: Mapping[str, Any]) -> Intake:
    """The request as it would be taken in with these changes."""
    known = {
        "requester_class": before.requester_class,
        "name": before.requester_name,
        "organisation": before.organisation,
        "named": Named.from_json(before.named),
        "wants": before.wants,
        "received_at": before.received_at,
        "critical_id": before.critical_id,
        **{name: before.contact.get(name, "") for name in ("mail", "phone", "post")},
    }
    if not isinstance(changes.get("named", known["named"]), Named):
        raise RequestFieldWrong(field="description", reason="it is not a list of fields")
    asked = {**known, **{name: value for name, value in changes.items() if name != "class_confirmed"}}
    return Intake(words=before.words, channel=before.channel, **asked)


def _columns(given: Intake) -> dict[str, Any]:
    return {
        "requester_class": str(given.requester_class),
        "requester_name": given.name,
        "organisation": given.organisation,
        "contact": given.contact,
        "named": given.named.to_json(),
        "wants": given.wants,
        "received_at": given.received_at,
        "critical_id": given.critical_id,
    }


def _told(name: str, old: Any, new: Any) -> dict[str, Any]:
    if name not in _TOLD:
        return {"changed": True}
    return {"old": _plain(old), "new": _plain(new)}


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value
