"""Sessions: who is signed in, on which browser, until when.

A session ends after idle minutes, after hours in any case, by signing out, and whenever the account loses a
right, its password or its life. The token itself is only ever in the browser.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people.rules import Actor, Role
from candor.people.tables import account as account_table
from candor.people.tables import session as session_table

#: `seen_at` is written at most so often: a page with fifty pictures must not be fifty transactions.
SEEN_EVERY = timedelta(seconds=60)
_LONGEST_AGENT = 200


@dataclass(frozen=True)
class Lifetime:
    """How long sessions live."""

    idle: timedelta
    total: timedelta


@dataclass(frozen=True)
class Session:
    """A live session and whose it is."""

    token_hash: bytes
    csrf: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    sign_in_name: str
    actor: Actor


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it in a list."""

    token_hash: bytes
    created_at: datetime
    seen_at: datetime
    address: str | None
    agent: str | None


def begin(
    tx: Connection,
    account_id: str,
    *,
    lifetime: Lifetime,
    address: str | None = None,
    agent: str | None = None,
    replaces: str | None = None,
    clock: Clock | None = None,
) -> str:
    """A new session; returns its token, which is stored nowhere. `replaces`: the token that the browser had
    before, whose session ends, so that a token planted beforehand is worth nothing."""
    now = (clock or SystemClock()).now()
    if replaces:
        tx.execute(session_table.delete().where(session_table.c.token_hash == hash_token(replaces)))
    # Dead rows of everybody go out with every new one.
    tx.execute(
        session_table.delete().where(
            sa.or_(session_table.c.ends_at <= now, session_table.c.seen_at <= now - lifetime.idle)
        )
    )
    token = secrets.token_urlsafe(32)
    tx.execute(
        session_table.insert(),
        {
            "token_hash": hash_token(token),
            "account_id": account_id,
            "csrf": secrets.token_urlsafe(32),
            "created_at": now,
            "seen_at": now,
            "ends_at": now + lifetime.total,
            "address": address,
            "agent": agent[:_LONGEST_AGENT] if agent else None,
        },
    )
    return token


def find(tx: Connection, token: str, *, lifetime: Lifetime, clock: Clock | None = None) -> Session | None:
    """The live session of a token, or None: unknown, idle too long, at its end, or its account inactive."""
    now = (clock or SystemClock()).now()
    row = tx.execute(_FIND, {"token_hash": hash_token(token)}).first()
    if row is None or row.ends_at <= now or row.seen_at + lifetime.idle <= now:
        return None
    roles = frozenset(Role(name) for name in row.roles if name in set(Role))
    actor = Actor(row.account_id, roles, row.unit_id, row.display_name)
    return Session(row.token_hash, row.csrf, row.created_at, row.seen_at, row.ends_at, row.sign_in_name, actor)


_FIND = (
    sa.select(
        session_table.c.token_hash,
        session_table.c.account_id,
        session_table.c.csrf,
        session_table.c.created_at,
        session_table.c.seen_at,
        session_table.c.ends_at,
        account_table.c.sign_in_name,
        account_table.c.display_name,
        account_table.c.roles,
        account_table.c.unit_id,
    )
    .join(account_table, account_table.c.id == session_table.c.account_id)
    .where(session_table.c.token_hash == sa.bindparam("token_hash"), account_table.c.active)
)


def is_seen_due(found: Session, *, clock: Clock | None = None) -> bool:
    """Whether `seen` should be written for this session now."""
    return (clock or SystemClock()).now() - found.seen_at >= SEEN_EVERY


def seen(tx: Connection, token_hash: bytes, *, clock: Clock | None = None) -> None:
    """Note that the session was used."""
    tx.execute(
        session_table.update()
        .where(session_table.c.token_hash == token_hash)
        .values(seen_at=(clock or SystemClock()).now())
    )


def open_sessions(
    tx: Connection, account_id: str, *, lifetime: Lifetime, clock: Clock | None = None
) -> list[OpenSession]:
    """The live sessions of an account, last used first."""
    now = (clock or SystemClock()).now()
    columns = [session_table.c[field] for field in OpenSession.__dataclass_fields__]
    found = tx.execute(
        sa.select(*columns)
        .where(
            session_table.c.account_id == account_id,
            session_table.c.ends_at > now,
            session_table.c.seen_at > now - lifetime.idle,
        )
        .order_by(session_table.c.seen_at.desc())
    )
    return [OpenSession(**row._mapping) for row in found]


def end(tx: Connection, token: str, *, clock: Clock | None = None) -> bool:
    """Sign out: the session of this token ends. False when there was none."""
    taken = tx.execute(
        session_table.delete()
        .where(session_table.c.token_hash == hash_token(token))
        .returning(session_table.c.account_id)
    ).first()
    if taken is None:
        return False
    _signed_out(tx, taken.account_id, taken.account_id, 1, clock)
    return True


def end_all(
    tx: Connection, account_id: str, *, actor: str, but: bytes | None = None, clock: Clock | None = None
) -> int:
    """Sign an account out everywhere, but for the session of one token hash; returns how many ended."""
    query = session_table.delete().where(session_table.c.account_id == account_id)
    if but is not None:
        query = query.where(session_table.c.token_hash != but)
    count: int = tx.execute(query).rowcount
    if count:
        _signed_out(tx, account_id, actor, count, clock)
    return count


def hash_token(token: str) -> bytes:
    """What the database keeps of a token. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _signed_out(tx: Connection, account_id: str, actor: str, count: int, clock: Clock | None) -> None:
    details: dict[str, Any] = {"account": account_id, "sessions": count}
    custody.append(tx, Event.ACCOUNT_SIGNED_OUT, actor=actor, details=details, clock=clock)
