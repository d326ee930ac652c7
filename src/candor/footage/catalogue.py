"""The catalogue: what is known of a recording, and changing it. Every change is an event with old and new values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.custody import record as custody
from candor.custody.events import Event
from candor.fleet.tables import device as device_table
from candor.footage import fields
from candor.footage.categories import categories, law_classes, meanings_changed_at, set_categories, set_meaning
from candor.footage.classification_rows import Basis, note_category
from candor.footage.errors import (
    ChangedMeanwhile,
    EntryErased,
    FieldUnknown,
    FieldWrong,
    RecordingUnknown,
    TooManyAtOnce,
)
from candor.footage.indexing import free_key, index_recording
from candor.footage.purging import erased_by_order
from candor.footage.rules import Flag, RecordingState, changeable_by, visible_to
from candor.footage.tables import recording as recording_table
from candor.footage.times import TimeSource
from candor.footage.wearing import derive_one
from candor.footage.words import sort_text
from candor.people.errors import Refused
from candor.people.rules import Actor
from candor.people.tables import account, unit

__all__ = [
    "MOST_AT_ONCE",
    "bulk_change",
    "categories",
    "change",
    "held_to_change",
    "law_classes",
    "meanings_changed_at",
    "set_categories",
    "set_meaning",
]

#: Recordings of one bulk change, which is one transaction.
MOST_AT_ONCE = 500

_REFERRED = {"wearer": ("wearer_id", account), "unit": ("unit_id", unit), "device": ("device_id", device_table)}


def change(
    tx: Connection,
    recording_id: str,
    changes: Mapping[str, Any],
    actor: Actor,
    expected_version: int | None = None,
    *,
    clock: Clock | None = None,
) -> str | None:
    """Change fields of a recording (`fields.FIELD_WORDS` has their names); the event's id, None if all was so.

    `wearer`, `unit`, `device`: an identifier or None. `start`: a moment with its zone; it counts as corrected from
    then on. `custom`: names and texts to set, an empty text removes. `category_reason`: why the category is another
    one; it is kept with the category, not in the entry. Where the camera or the start is set and nothing is said of
    the wearer, the wearer follows from who had that camera then. Raises RecordingUnknown, Refused, ChangedMeanwhile
    when the recording is not at `expected_version`, FieldUnknown, FieldWrong.
    """
    before = held_to_change(tx, recording_id, actor)
    if expected_version is not None and before.version != expected_version:
        raise ChangedMeanwhile(id=recording_id, version=before.version, expected=expected_version)
    new: dict[str, Any] = {}
    why = fields.clean_reason(changes.get("category_reason"))
    for field, value in changes.items():
        if field == "category_reason":
            continue
        new |= _checked(tx, field, value, before, new)
    new = {column: value for column, value in new.items() if value != getattr(before, column)}
    if not new:
        return None
    changed = {_name_of(column): {"old": _told(before, column), "new": _shown(new[column])} for column in new}
    if "device_id" in new:
        new["device_kind"] = _kind_of(tx, new["device_id"])
    if "title" in new:
        new["title_sort"] = sort_text(new["title"])
    if "started_at" in new:
        new["started_key"] = free_key(tx, new["started_at"], recording_id)
    if "wearer_id" in new:
        unknown = {Flag.NOBODY_KNOWN.value} if new["wearer_id"] is None else set()
        new["flags"] = sorted({*before.flags} - {Flag.NOBODY_KNOWN.value} | unknown)
    version, said = before.version + 1, {}
    if "category" in new:
        by, at = actor.account_id, clock or SystemClock()
        old, now = before.category, new["category"]
        note_category(tx, recording_id, old, now, said_by=by, basis=Basis.PERSON, reason=why, clock=at)
        said = {} if why is None else {"category_reason": why}
    tx.execute(recording_table.update().where(recording_table.c.id == recording_id).values(**new, version=version))
    index_recording(tx, recording_id)
    event = custody.append(
        tx,
        Event.RECORDING_CHANGED,
        actor=actor.account_id,
        recording=recording_id,
        details={"changed": changed, "version": version, **said},
        clock=clock,
    )
    if {"device_id", "started_at"} & new.keys() and not {"wearer_id", "unit_id"} & new.keys():
        derive_one(tx, recording_id, actor=actor.account_id, clock=clock or SystemClock())
    return event


def bulk_change(
    tx: Connection,
    recording_ids: Sequence[str],
    changes: Mapping[str, Any],
    actor: Actor,
    *,
    clock: Clock | None = None,
) -> list[str]:
    """Make the same change to up to 500 recordings; the ids of their events, one per recording that it changed.

    All or none: raises for the first recording that cannot be changed, and TooManyAtOnce.
    """
    chosen = sorted(set(recording_ids))  # one order for everybody: two bulk changes cannot wait for each other
    if len(chosen) > MOST_AT_ONCE:
        raise TooManyAtOnce(most=MOST_AT_ONCE, count=len(chosen))
    events = (change(tx, recording_id, changes, actor, clock=clock) for recording_id in chosen)
    return [event for event in events if event is not None]


def held_to_change(tx: Connection, recording_id: str, actor: Actor) -> sa.Row[Any]:
    """The row, held until the transaction ends, if the actor may see and change it. Raises RecordingUnknown,
    Refused, EntryErased."""
    may = changeable_by(actor)
    query = sa.select(recording_table, may.expression.label("changeable"))
    query = query.where(recording_table.c.id == recording_id, visible_to(actor).expression)
    row = tx.execute(query.with_for_update(of=recording_table)).first()
    if row is None:
        raise RecordingUnknown(id=recording_id)
    if not row.changeable:
        raise Refused(rule=may.reason, reason="your rights do not reach to changing this recording")
    if row.state == RecordingState.DESTROYED.value and erased_by_order(tx, recording_id):
        raise EntryErased(id=recording_id)
    return row


def _checked(tx: Connection, field: str, value: Any, before: sa.Row[Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a field sets, cleaned."""
    if field in _REFERRED:
        return {_REFERRED[field][0]: _reference(tx, field, value)}
    if field in ("title", "notes"):
        return {field: fields.check_text(field, value)}
    if field in ("incident_number", "place"):
        return {field: fields.check_text(field, value or "") or None}
    if field == "category":
        return {"category": _category(tx, value, before.category)}
    if field in ("tags", "tags_add", "tags_remove"):
        return {"tags": _tags(field, value, new.get("tags", before.tags))}
    if field == "custom":
        return {"custom": fields.check_custom(value, before.custom)}
    if field == "start":
        moment = fields.check_start(value, before.received_at)
        return {"started_at": moment, "started_source": TimeSource.CORRECTED.value}
    if field in ("latitude", "longitude"):
        return {field: fields.check_coordinate(field, value)}
    raise FieldUnknown(field=field, known=", ".join(fields.FIELD_WORDS))


def _reference(tx: Connection, field: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    table = _REFERRED[field][1]
    if not isinstance(value, str) or tx.execute(sa.select(table.c.id).where(table.c.id == value)).first() is None:
        raise FieldWrong(field=fields.FIELD_WORDS[field], reason=f"there is none with the identifier {value}")
    return value


def _category(tx: Connection, value: Any, before: str | None) -> str | None:
    text = fields.check_text("category", value or "") or None
    if text is not None and text != before and text not in categories(tx):
        raise FieldWrong(field=fields.FIELD_WORDS["category"], reason=f"“{text}” is not on the list of categories")
    return text


def _tags(field: str, value: Any, before: list[str]) -> list[str]:
    given = fields.check_tags(field, value)
    if field == "tags":
        return given
    if field == "tags_add":
        return fields.check_tags(field, [*before, *given])
    gone = {tag.casefold() for tag in given}
    return [tag for tag in before if tag.casefold() not in gone]


def _kind_of(tx: Connection, device_id: str | None) -> str | None:
    return tx.scalar(sa.select(device_table.c.kind).where(device_table.c.id == device_id))


_NAMES = {"wearer_id": "wearer", "unit_id": "unit", "device_id": "device", "started_at": "start"}


def _name_of(column: str) -> str:
    return _NAMES.get(column, column)


def _told(before: sa.Row[Any], column: str) -> Any:
    return _shown(getattr(before, column))


def _shown(value: Any) -> Any:
    """A value as an event holds it: no floats, times in full."""
    if isinstance(value, float):
        return fields.degrees_text(value)
    return iso(value) if hasattr(value, "isoformat") else value
