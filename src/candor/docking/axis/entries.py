"""What a camera system tells of itself: capabilities it is offered, categories, systems, users, devices.

A user of a camera system is matched with the account here whose badge or sign-in name is the user's own ID, where
exactly one is; a person matches the others. A device becomes known to the fleet as found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction

from candor.core.clock import Clock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.axis.connecting import Bearer
from candor.docking.axis.errors import AxisForbidden, AxisNotThere, CameraUserUnknown
from candor.docking.axis.rules import CAPABILITIES, ContainerKind, ObjectKind
from candor.docking.axis.tables import axis_category, axis_connection, axis_container, axis_object
from candor.fleet.errors import SerialWrong
from candor.fleet.rules import DeviceKind
from candor.fleet.service import ensure_device
from candor.fleet.tables import dock as dock_table
from candor.footage.catalogue import categories
from candor.people.errors import AccountUnknown
from candor.people.rules import Actor, Permission
from candor.people.tables import account as account_table

__all__ = ["CameraUser", "camera_users", "category_named", "match_user", "put_entry", "system_document", "user_account"]

#: What the client may read of the System container, by the names under which the maker's document has them.
_DOCUMENTS = {"Capabilities.json": "capabilities", "Capability.json": "capabilities", "Categories.json": "categories"}


@dataclass(frozen=True)
class CameraUser:
    """A user of a camera system. `user_key`: the ID that its administrator gave the user; `account_id`: who that is
    here, None while nobody knows."""

    id: str
    connection_id: str
    connection_name: str
    user: str
    name: str
    user_key: str
    active: bool
    account_id: str | None
    account_name: str | None


def system_document(tx: Transaction, connection_id: str, name: str) -> tuple[bytes, str]:
    """One of the documents that a camera system reads, with its ETag, which is the MD5 of its bytes: a controller
    compares them. Raises AxisForbidden for anything else. Writes where something is offered for the first time."""
    if name not in _DOCUMENTS:
        raise AxisForbidden(what="Reading this")
    content: Any = _capabilities(tx, connection_id) if _DOCUMENTS[name] == "capabilities" else _categories(tx)
    body = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    return body, hashlib.md5(body, usedforsecurity=False).hexdigest()


def put_entry(
    tx: Transaction,
    bearer: Bearer,
    container: sa.Row[Any],
    name: str,
    said: Mapping[str, str],
    *,
    clock: Clock,
    new: bool = True,
) -> None:
    """Keep what is said of a system, a user or a device, in the place of what was said before. `new`: it may be the
    first time; else AxisNotThere is raised for one that is not known."""
    kind = ContainerKind(container.kind)
    if kind is ContainerKind.SYSTEM and name in _DOCUMENTS:
        raise AxisForbidden(what="Writing this")
    held = (axis_object.c.container_id == container.id, axis_object.c.name == name)
    before = tx.execute(sa.select(axis_object).where(*held).with_for_update()).first()
    if before is None and not new:
        raise AxisNotThere(what="object")
    kept = dict(said)
    if kind is ContainerKind.SYSTEM and before is not None and before.metadata.get("connectionid"):
        kept["connectionid"] = before.metadata["connectionid"]  # set once
    values: dict[str, Any] = {"metadata": kept, "changed_at": clock.now()}
    if kind is ContainerKind.DEVICES:
        values["device_id"] = device_of(tx, name, said, bearer.actor, clock)
    if before is None:
        row = {"id": new_id(), "container_id": container.id, "name": name, "number": 1, "kind": ObjectKind.ENTRY.value}
        tx.execute(axis_object.insert(), {**row, **values, "created_at": clock.now()})
    else:
        tx.execute(axis_object.update().where(*held).values(**values))
    if kind is ContainerKind.USERS:
        was = None if before is None else _own_id(before.metadata)
        _match_by_itself(tx, bearer, container.id, name, clock, was=was)


def device_of(tx: Transaction, serial: str, said: Mapping[str, str], actor: str, clock: Clock) -> str | None:
    """The device with this serial number, known or found now; None for what cannot be a serial number."""
    model = said.get("bwcmodel") or said.get("model")
    try:
        return ensure_device(
            tx,
            serial,
            DeviceKind.BODY,
            make="Axis",
            model=model,
            firmware=said.get("firmwareversion"),
            actor=actor,
            clock=clock,
        )
    except SerialWrong:
        return None


def user_account(tx: Transaction, connection_id: str, user: str) -> tuple[str | None, str | None]:
    """(account, unit) of a camera system's user; (None, None) while nobody knows."""
    row = tx.execute(
        sa.select(account_table.c.id, account_table.c.unit_id)
        .join(axis_object, axis_object.c.account_id == account_table.c.id)
        .where(_users_of(connection_id), axis_object.c.name == user)
    ).first()
    return (None, None) if row is None else (row.id, row.unit_id)


def camera_users(tx: Transaction, *, connection_id: str | None = None, unmatched: bool = False) -> list[CameraUser]:
    """Users of camera systems by name: all, of one connection, or only those of whom nobody knows who they are."""
    query = (
        sa.select(
            axis_object, axis_container.c.connection_id, dock_table.c.name.label("dock"), account_table.c.display_name
        )
        .join(axis_container, axis_container.c.id == axis_object.c.container_id)
        .join(axis_connection, axis_connection.c.id == axis_container.c.connection_id)
        .join(dock_table, dock_table.c.id == axis_connection.c.dock_id)
        .outerjoin(account_table, account_table.c.id == axis_object.c.account_id)
        .where(axis_container.c.kind == ContainerKind.USERS.value)
    )
    if connection_id is not None:
        query = query.where(axis_container.c.connection_id == connection_id)
    if unmatched:
        query = query.where(axis_object.c.account_id.is_(None))
    found = [
        CameraUser(
            row.id,
            row.connection_id,
            row.dock,
            row.name,
            row.metadata.get("name", ""),
            row.metadata.get("userid", ""),
            row.metadata.get("active", "true").lower() != "false",
            row.account_id,
            row.display_name,
        )
        for row in tx.execute(query)
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.user))


def match_user(tx: Transaction, actor: Actor, user_id: str, account_id: str | None, *, clock: Clock) -> bool:
    """Say who a camera system's user is (None: nobody known), from now on; False when it was so. What came before stays
    as it is and is set right recording by recording. Raises CameraUserUnknown, AccountUnknown."""
    actor.require(Permission.DOCKS_MANAGE)
    row = tx.execute(sa.select(axis_object).where(axis_object.c.id == user_id, axis_object.c.kind == "entry")).first()
    if row is None or not _is_user(tx, row.container_id):
        raise CameraUserUnknown(id=user_id)
    known = sa.select(account_table.c.id).where(account_table.c.id == account_id)
    if account_id is not None and tx.execute(known).first() is None:
        raise AccountUnknown(id=account_id)
    if row.account_id == account_id:
        return False
    _set_account(tx, row, account_id, actor.account_id, clock, by="hand")
    return True


def category_named(tx: Transaction, category_id: str, name: str) -> str | None:
    """The category that a camera system means: by the identifier it was given, else by name; None when none was ever
    offered here. It may have been taken off the list since."""
    known = tx.scalar(sa.select(axis_category.c.name).where(axis_category.c.id == category_id)) if category_id else None
    if known is None and name in categories(tx):
        return name
    return known


def _capabilities(tx: Transaction, connection_id: str) -> dict[str, dict[str, bool]]:
    held = axis_connection.c.id == connection_id
    declared = tx.scalar(sa.select(axis_connection.c.capabilities).where(held)) or {}
    groups = {*declared, *CAPABILITIES}
    united = {group: {**CAPABILITIES.get(group, {}), **declared.get(group, {})} for group in groups}
    if united != declared:
        tx.execute(axis_connection.update().where(held).values(capabilities=united))
    return united


def _categories(tx: Transaction) -> list[dict[str, str]]:
    offered = categories(tx)
    known = {row.name: row.id for row in tx.execute(sa.select(axis_category).where(axis_category.c.name.in_(offered)))}
    for name in offered:
        if name not in known:
            known[name] = new_id()
            tx.execute(axis_category.insert(), {"id": known[name], "name": name})
    return [{"Id": known[name], "Name": name} for name in offered]


def _match_by_itself(
    tx: Transaction, bearer: Bearer, container_id: str, name: str, clock: Clock, *, was: str | None
) -> None:
    """Match a user by the ID that the camera system has now; `was`: the one that it had before. An ID that was set
    right there must not go on naming somebody else here; what a person said stays."""
    held = (axis_object.c.container_id == container_id, axis_object.c.name == name)
    row = tx.execute(sa.select(axis_object).where(*held)).one()
    given = _own_id(row.metadata)
    if row.account_id is not None and (was in (None, given) or row.account_id != _account_with(tx, was)):
        return
    found = _account_with(tx, given)
    if found != row.account_id:
        _set_account(tx, row, found, bearer.actor, clock, by="badge or sign-in name")


def _own_id(said: Mapping[str, str]) -> str:
    """By what a camera system's user may be known here."""
    return (said.get("userid") or said.get("name") or "").strip()


def _account_with(tx: Transaction, given: str | None) -> str | None:
    """The account with this badge or sign-in name, where exactly one has it."""
    if not given:
        return None
    same = sa.or_(account_table.c.badge == given, account_table.c.sign_in_name == given.casefold())
    found = tx.execute(sa.select(account_table.c.id).where(same, account_table.c.kind == "person").limit(2)).all()
    return found[0].id if len(found) == 1 else None


def _set_account(
    tx: Transaction, row: sa.Row[Any], account_id: str | None, actor: str, clock: Clock, *, by: str
) -> None:
    tx.execute(axis_object.update().where(axis_object.c.id == row.id).values(account_id=account_id))
    details = {"user": row.id, "camera_user": row.name, "account": account_id, "before": row.account_id, "by": by}
    custody.append(tx, Event.AXIS_USER_MATCHED, actor=actor, details=details, clock=clock)


def _is_user(tx: Transaction, container_id: str) -> bool:
    kind = tx.scalar(sa.select(axis_container.c.kind).where(axis_container.c.id == container_id))
    return bool(kind == ContainerKind.USERS.value)


def _users_of(connection_id: str) -> sa.ColumnElement[bool]:
    container = sa.select(axis_container.c.id).where(
        axis_container.c.connection_id == connection_id, axis_container.c.kind == ContainerKind.USERS.value
    )
    return axis_object.c.container_id.in_(container)
