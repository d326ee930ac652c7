"""Credentials of docks: a user name and a key that open the dock's door and nothing else.

The key is 256 random bits, shown once; the database holds its SHA-256, so whoever reads the database cannot come with
it. Making and revoking one is an event, and so is its first use from an address on a day. What is turned away is an
event too, at the first, second, fourth, eighth… time of a day, so that a dock with an old key cannot fill the record.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.credential_tables import dock_credential, dock_credential_use
from candor.docking.errors import CredentialUnknown, DockClosed
from candor.fleet.tables import dock as dock_table
from candor.people.rules import Actor, Permission

__all__ = [
    "Credential",
    "check_credential",
    "credential",
    "credentials_of",
    "is_use_due",
    "new_credential",
    "revoke_credential",
    "turned_away",
    "used",
    "why_not",
]

#: `used_at` is written at most so often.
USED_EVERY = timedelta(minutes=1)
_DAYS_KEPT = 2
_LONGEST_ADDRESS = 64
_LONGEST_USER = 64


@dataclass(frozen=True)
class Credential:
    """A dock's credential as people see it: everything but the key."""

    id: str
    dock_id: str
    user_name: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    used_at: datetime | None


_COLUMNS = [dock_credential.c[name] for name in Credential.__dataclass_fields__]


def new_credential(tx: Connection, actor: Actor, dock_id: str, *, clock: Clock | None = None) -> tuple[str, str]:
    """Make a credential for a dock; its user name (at most 64 characters) and its key (43 characters), which is kept
    nowhere and can be shown this once. Raises DockClosed for a dock that there is not, or not any more."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    row = tx.execute(sa.select(dock_table.c.kind, dock_table.c.closed_at).where(dock_table.c.id == dock_id)).first()
    if row is None or row.closed_at is not None:
        raise DockClosed(id=dock_id)
    user, key, made = f"{row.kind}-{secrets.token_hex(8)}", secrets.token_urlsafe(32), new_id()
    values = {
        "id": made,
        "dock_id": dock_id,
        "user_name": user,
        "key_hash": _hash(key),
        "created_at": clock.now(),
        "created_by": actor.account_id,
    }
    tx.execute(dock_credential.insert(), values)
    details = {"credential": made, "dock": dock_id, "user": user}
    custody.append(tx, Event.DOCK_CREDENTIAL_CREATED, actor=actor.account_id, details=details, clock=clock)
    return user, key


def revoke_credential(tx: Connection, actor: Actor, credential_id: str, *, clock: Clock | None = None) -> bool:
    """End a credential now, for good; False when it was so already. Raises CredentialUnknown."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    found = credential(tx, credential_id)
    live = sa.and_(dock_credential.c.id == credential_id, dock_credential.c.revoked_at.is_(None))
    if tx.execute(dock_credential.update().where(live).values(revoked_at=clock.now())).rowcount != 1:
        return False
    details = {"credential": credential_id, "dock": found.dock_id, "user": found.user_name}
    custody.append(tx, Event.DOCK_CREDENTIAL_REVOKED, actor=actor.account_id, details=details, clock=clock)
    return True


def credential(tx: Connection, credential_id: str) -> Credential:
    """One of them by its id. Raises CredentialUnknown."""
    row = tx.execute(sa.select(*_COLUMNS).where(dock_credential.c.id == credential_id)).first()
    if row is None:
        raise CredentialUnknown(id=credential_id)
    return Credential(*row)


def credentials_of(tx: Connection, dock_id: str) -> list[Credential]:
    """A dock's credentials, newest first, revoked ones too."""
    query = sa.select(*_COLUMNS).where(dock_credential.c.dock_id == dock_id)
    order = (dock_credential.c.created_at.desc(), dock_credential.c.id.desc())
    return [Credential(*row) for row in tx.execute(query.order_by(*order))]


def check_credential(tx: Connection, user: str, key: str) -> Credential | None:
    """Whose credential this is; None when there is none, its key is another, it was revoked, or its dock was closed.
    `why_not` says which, for the record alone: whoever comes is told nothing of it."""
    found, why = _looked_up(tx, user, key)
    return found if not why else None


def why_not(tx: Connection, user: str, key: str) -> tuple[str, str | None]:
    """Why a credential is turned away, and its id where there is one. Empty: it is not; else unknown, wrong-key,
    revoked or dock-closed."""
    found, why = _looked_up(tx, user, key)
    return why, None if found is None else found.id


def is_use_due(tx: Connection, found: Credential, address: str, *, clock: Clock | None = None) -> bool:
    """Whether `used` should be called now: a minute after the last time, or the first time of the day from there."""
    now = (clock or SystemClock()).now()
    if found.used_at is None or now - found.used_at >= USED_EVERY:
        return True
    same = {"day": f"{now:%Y-%m-%d}", "credential_id": found.id, "address": address[:_LONGEST_ADDRESS]}
    query = sa.select(dock_credential_use.c.times).where(dock_credential_use.c.outcome == "used")
    return (
        tx.execute(query.where(*(dock_credential_use.c[name] == value for name, value in same.items()))).first() is None
    )


def used(tx: Connection, found: Credential, address: str, *, clock: Clock | None = None) -> None:
    """Note a use; the first of a day from an address is an event."""
    clock = clock or SystemClock()
    now = clock.now()
    if found.used_at is None or now - found.used_at >= USED_EVERY:
        tx.execute(dock_credential.update().where(dock_credential.c.id == found.id).values(used_at=now))
    if _count(tx, found.id, address, "used", now) == 1:
        details = {"credential": found.id, "dock": found.dock_id, "address": address[:_LONGEST_ADDRESS]}
        custody.append(tx, Event.DOCK_CREDENTIAL_USED, actor=actor_of(found), details=details, clock=clock)


def turned_away(
    tx: Connection, credential_id: str | None, reason: str, address: str, *, clock: Clock | None = None
) -> None:
    """Record that somebody came with a credential that does not open (see the module for how often it is an event)."""
    clock = clock or SystemClock()
    times = _count(tx, credential_id or "", address, reason, clock.now())
    if times & (times - 1):
        return
    details = {
        "credential": credential_id,
        "reason": reason,
        "address": address[:_LONGEST_ADDRESS],
        "times_today": times,
    }
    custody.append(tx, Event.DOCK_CREDENTIAL_REFUSED, actor="system:dock", details=details, clock=clock)


def actor_of(found: Credential) -> str:
    """Who acts where a dock does: recorded as `system:dock-<dock id>`."""
    return f"system:dock-{found.dock_id}"


def _looked_up(tx: Connection, user: str, key: str) -> tuple[Credential | None, str]:
    query = (
        sa.select(dock_credential.c.key_hash, dock_table.c.closed_at, *_COLUMNS)
        .join(dock_table, dock_table.c.id == dock_credential.c.dock_id)
        .where(dock_credential.c.user_name == user[:_LONGEST_USER])
    )
    row = tx.execute(query).first() if user else None
    given = _hash(key)
    if row is None:
        hmac.compare_digest(given, bytes(32))
        return None, "unknown"
    found = Credential(*row[2:])
    if not hmac.compare_digest(row.key_hash, given):
        return found, "wrong-key"
    if found.revoked_at is not None:
        return found, "revoked"
    return found, "dock-closed" if row.closed_at is not None else ""


def _count(tx: Connection, credential_id: str, address: str, outcome: str, now: datetime) -> int:
    """One more of its sort today; how many there were by now."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    row = {
        "day": f"{now:%Y-%m-%d}",
        "credential_id": credential_id,
        "address": address[:_LONGEST_ADDRESS],
        "outcome": outcome,
    }
    tx.execute(insert(dock_credential_use).values(**row, times=0).on_conflict_do_nothing())
    same = [dock_credential_use.c[name] == value for name, value in row.items()]
    counted = dock_credential_use.update().where(*same).values(times=dock_credential_use.c.times + 1)
    times = int(tx.execute(counted.returning(dock_credential_use.c.times)).scalar_one())
    if times == 1:
        oldest = f"{now - timedelta(days=_DAYS_KEPT):%Y-%m-%d}"
        tx.execute(dock_credential_use.delete().where(dock_credential_use.c.day < oldest))
    return times


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
