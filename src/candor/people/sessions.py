"""Sessions: who is signed in, on which browser, until when.

A session ends after idle minutes, after hours in any case, by signing out, and whenever the account loses a
right, its password or its life. The token itself is only ever in the browser.

Before it ends, the screen is locked: after `Lifetime.lock` without activity a session shows nothing until it is
proved again (CJIS AC-11). Each proof gives the browser a new token. The old one is good for a moment more, for
requests that were on their way; whoever shows it later has it from somebody else, and the session ends. It ends too
when another family of browser shows its token.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people.errors import SessionGone
from candor.people.rules import Actor, Role
from candor.people.tables import account as account_table
from candor.people.tables import session as session_table
from candor.people.tables import session_former as former_table

#: `seen_at` is written at most so often: a page with fifty pictures must not be fifty transactions.
SEEN_EVERY = timedelta(seconds=60)
#: How long a replaced token is still good, for requests that were on their way.
GRACE = timedelta(seconds=15)
#: How long somebody may look for the second factor.
SECOND_FACTOR_WAIT = timedelta(minutes=10)
#: How far through the door a session is.
FULL, SECOND, ENROL = "full", "second", "enrol"
_LONGEST_AGENT = 200


@dataclass(frozen=True)
class Lifetime:
    """How long sessions live. `lock`: idle time after which the screen is concealed; None: never."""

    idle: timedelta
    total: timedelta
    lock: timedelta | None = None


@dataclass(frozen=True)
class Session:
    """A live session and whose it is. `proved_at`: when it last showed who is there; `lock_noted`: whether the event
    of its locking was written."""

    token_hash: bytes
    csrf: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    sign_in_name: str
    actor: Actor
    stage: str = FULL
    proved_at: datetime | None = None
    locked: bool = False
    lock_noted: bool = False
    agent: str | None = None
    #: The account's password stands on the operator's list and must be changed before anything else.
    password_listed: bool = False

    def is_fresh(self, within: timedelta, now: datetime) -> bool:
        """Whether it showed who is there within that time."""
        return (self.proved_at or self.created_at) + within > now


@dataclass(frozen=True)
class Found:
    """What a token leads to. `refused`: why its session must end now, `agent` or `token`; None when all is well."""

    session: Session | None
    refused: str | None = None


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
    stage: str = FULL,
    clock: Clock | None = None,
) -> str:
    """A new session; returns its token, which is stored nowhere. `replaces`: the token that the browser had
    before, whose session ends, so that a token planted beforehand is worth nothing. `stage`: how far through the
    door; one that awaits the second factor lives SECOND_FACTOR_WAIT at most."""
    now = (clock or SystemClock()).now()
    if replaces:
        _drop(tx, _belongs(replaces, now))
    # Dead rows of everybody go out with every new one.
    _drop(tx, sa.or_(session_table.c.ends_at <= now, session_table.c.seen_at <= now - lifetime.idle))
    token = secrets.token_urlsafe(32)
    total = min(lifetime.total, SECOND_FACTOR_WAIT) if stage == SECOND else lifetime.total
    tx.execute(
        session_table.insert(),
        {
            "token_hash": hash_token(token),
            "account_id": account_id,
            "csrf": secrets.token_urlsafe(32),
            "created_at": now,
            "seen_at": now,
            "ends_at": now + total,
            "address": address,
            "agent": agent[:_LONGEST_AGENT] if agent else None,
            "stage": stage,
            "proved_at": now,
        },
    )
    return token


def look_up(
    tx: Connection, token: str, *, lifetime: Lifetime, agent: str | None = None, clock: Clock | None = None
) -> Found:
    """What a token leads to. `agent`: the browser's name of itself, compared by family when it is given. A session to
    be refused is ended by `refuse`."""
    now = (clock or SystemClock()).now()
    key = hash_token(token)
    row = tx.execute(_FIND, {"token_hash": key}).first()
    if row is None:
        former = tx.execute(sa.select(former_table).where(former_table.c.token_hash == key)).first()
        if former is None:
            return Found(None)
        if former.replaced_at + GRACE <= now:
            return Found(None, "token")
        row = tx.execute(_FIND, {"token_hash": former.session_hash}).first()
    if row is None or row.ends_at <= now or row.seen_at + lifetime.idle <= now:
        return Found(None)
    roles = frozenset(Role(name) for name in row.roles if name in set(Role))
    actor = Actor(row.account_id, roles, row.unit_id, row.display_name)
    idle_locked = lifetime.lock is not None and row.seen_at + lifetime.lock <= now
    session = Session(
        row.token_hash,
        row.csrf,
        row.created_at,
        row.seen_at,
        row.ends_at,
        row.sign_in_name,
        actor,
        stage=row.stage,
        proved_at=row.proved_at or row.created_at,
        locked=row.stage != SECOND and (row.locked_at is not None or idle_locked),
        lock_noted=row.locked_at is not None,
        agent=row.agent,
        password_listed=row.password_listed_at is not None,
    )
    if agent is not None and not same_browser(row.agent, agent):
        return Found(session, "agent")
    return Found(session)


def find(tx: Connection, token: str, *, lifetime: Lifetime, clock: Clock | None = None) -> Session | None:
    """The live session of a token, or None: unknown, idle too long, at its end, or its account inactive."""
    return look_up(tx, token, lifetime=lifetime, clock=clock).session


_FIND = (
    sa.select(
        session_table.c.token_hash,
        session_table.c.account_id,
        session_table.c.csrf,
        session_table.c.created_at,
        session_table.c.seen_at,
        session_table.c.ends_at,
        session_table.c.stage,
        session_table.c.proved_at,
        session_table.c.locked_at,
        session_table.c.agent,
        account_table.c.sign_in_name,
        account_table.c.display_name,
        account_table.c.roles,
        account_table.c.unit_id,
        account_table.c.password_listed_at,
    )
    .join(account_table, account_table.c.id == session_table.c.account_id)
    .where(session_table.c.token_hash == sa.bindparam("token_hash"), account_table.c.active)
)


#: Marks of browsers in what they call themselves, the more particular ones first: most say Chrome and Safari too.
_FAMILIES = (
    ("edge", re.compile(r"\bEdg(e|A|iOS)?/")),
    ("opera", re.compile(r"\b(OPR|Opera|OPT)/")),
    ("samsung", re.compile(r"\bSamsungBrowser/")),
    ("firefox", re.compile(r"\b(Firefox|FxiOS)/")),
    ("chrome", re.compile(r"\b(Chrome|HeadlessChrome|CriOS|Chromium)/")),
    ("safari", re.compile(r"\bSafari/")),
)
#: What fetches films for browsers on Apple's systems; it has their cookies, and a name of its own.
_APPLE_MEDIA = re.compile(r"^AppleCoreMedia/")
_APPLE = re.compile(r"\b(iPhone|iPad|iPod|Macintosh)\b")


def browser_family(agent: str) -> str:
    """The kind of browser that calls itself so, without versions: `firefox`, `chrome`…; else its first word."""
    for name, pattern in _FAMILIES:
        if pattern.search(agent):
            return name
    return agent.split("/")[0].strip().lower()


def same_browser(before: str | None, now: str) -> bool:
    """Whether both names can be of one browser, its updates included. A session that noted none fits any."""
    if not before or browser_family(before) == browser_family(now):
        return True
    return bool(_APPLE_MEDIA.match(now) and _APPLE.search(before))


def is_seen_due(found: Session, *, lock: timedelta | None = None, clock: Clock | None = None) -> bool:
    """Whether `seen` should be written for this session now; more often where the screen locks soon."""
    every = SEEN_EVERY if lock is None else min(SEEN_EVERY, lock / 10)
    return (clock or SystemClock()).now() - found.seen_at >= every


def seen(tx: Connection, token_hash: bytes, *, clock: Clock | None = None) -> None:
    """Note that the session was used; its token may have been replaced meanwhile."""
    current = sa.select(former_table.c.session_hash).where(former_table.c.token_hash == token_hash)
    tx.execute(
        session_table.update()
        .where(sa.or_(session_table.c.token_hash == token_hash, session_table.c.token_hash.in_(current)))
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
            session_table.c.stage != SECOND,
            session_table.c.ends_at > now,
            session_table.c.seen_at > now - lifetime.idle,
        )
        .order_by(session_table.c.seen_at.desc())
    )
    return [OpenSession(**row._mapping) for row in found]


# -- locked and proved again


def lock(tx: Connection, found: Session, *, by: str, clock: Clock | None = None) -> Session:
    """Conceal the screen of a session until it is proved again. `by`: `idle`, `hand` or `roles`. One event, however
    often it is said."""
    now = (clock or SystemClock()).now()
    taken = tx.execute(
        session_table.update()
        .where(session_table.c.token_hash == found.token_hash, session_table.c.locked_at.is_(None))
        .values(locked_at=now)
    ).rowcount
    if taken:
        details = {"account": found.actor.account_id, "by": by}
        custody.append(tx, Event.ACCOUNT_SCREEN_LOCKED, actor=found.actor.account_id, details=details, clock=clock)
    return replace(found, locked=True, lock_noted=True)


def lock_all(tx: Connection, account_id: str, *, clock: Clock | None = None) -> int:
    """Lock every session of an account, so that each shows again who is there: its roles were changed (CJIS IA-11).
    Returns how many; the event is that of the change."""
    now = (clock or SystemClock()).now()
    count: int = tx.execute(
        session_table.update()
        .where(session_table.c.account_id == account_id, session_table.c.locked_at.is_(None))
        .values(locked_at=now)
    ).rowcount
    return count


def proved(
    tx: Connection,
    found: Session,
    *,
    method: str,
    address: str,
    agent: str,
    stage: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Who is there was shown once more, by `method`: the screen is unlocked and the session fresh, and from now on at
    `stage` if one is given. Returns the new token. Raises SessionGone when the session ended meanwhile."""
    event = Event.ACCOUNT_UNLOCKED if found.locked else Event.ACCOUNT_RE_AUTHENTICATED
    details = {"account": found.actor.account_id, "method": method, **origin(address, agent)}
    token = rotate(tx, found.token_hash, stage=stage, clock=clock)
    custody.append(tx, event, actor=found.actor.account_id, details=details, clock=clock)
    return token


def rotate(tx: Connection, token_hash: bytes, *, stage: str | None = None, clock: Clock | None = None) -> str:
    """A new token for a session, which is unlocked and fresh by that; the old one is good for GRACE more. `stage`: how
    far through the door it is from now on."""
    now = (clock or SystemClock()).now()
    token = secrets.token_urlsafe(32)
    values: dict[str, Any] = {"token_hash": hash_token(token), "proved_at": now, "seen_at": now, "locked_at": None}
    if stage is not None:
        values["stage"] = stage
    # A second request of the same form comes with the token that the first one has just replaced.
    just_now = former_table.c.token_hash == token_hash, former_table.c.replaced_at > now - GRACE
    present = tx.execute(sa.select(former_table.c.session_hash).where(*just_now)).scalar() or token_hash
    if tx.execute(session_table.update().where(session_table.c.token_hash == present).values(**values)).rowcount != 1:
        raise SessionGone()
    same = former_table.c.session_hash == present
    tx.execute(former_table.update().where(same).values(session_hash=values["token_hash"]))
    row = {"token_hash": present, "session_hash": values["token_hash"], "replaced_at": now}
    tx.execute(former_table.insert(), row)
    return token


def origin(address: str, agent: str) -> dict[str, str]:
    """Where something came from, as events tell it."""
    return {"address": address, "agent": agent[:_LONGEST_AGENT]}


# -- the end


def refuse(tx: Connection, token: str, *, reason: str, address: str, agent: str, clock: Clock | None = None) -> None:
    """End the session that a token belongs or belonged to, because somebody else may have it, and write it down."""
    key = hash_token(token)
    former = sa.select(former_table.c.session_hash).where(former_table.c.token_hash == key)
    same = sa.or_(session_table.c.token_hash == key, session_table.c.token_hash.in_(former))
    row = tx.execute(sa.select(session_table.c.account_id).where(same)).first()
    if row is None:
        return
    details = {"account": row.account_id, "reason": reason, **origin(address, agent)}
    _drop(tx, same)
    custody.append(tx, Event.ACCOUNT_SESSION_REFUSED, actor="system:sign-in", details=details, clock=clock)


def end(tx: Connection, token: str, *, clock: Clock | None = None) -> bool:
    """Sign out: the session of this token ends. False when there was none."""
    # Also by the token that another request replaced a moment ago: its answer may not be here yet.
    account_id = _drop(tx, _belongs(token, (clock or SystemClock()).now()))
    if account_id is None:
        return False
    _signed_out(tx, account_id, account_id, 1, clock)
    return True


def end_all(
    tx: Connection, account_id: str, *, actor: str, but: bytes | None = None, clock: Clock | None = None
) -> int:
    """Sign an account out everywhere, but for the session of one token hash; returns how many ended."""
    whose = session_table.c.account_id == account_id
    if but is not None:
        whose = sa.and_(whose, session_table.c.token_hash != but)
    count = tx.execute(sa.select(sa.func.count()).select_from(session_table).where(whose)).scalar_one()
    if count:
        _drop(tx, whose)
        _signed_out(tx, account_id, actor, count, clock)
    return int(count)


def hash_token(token: str) -> bytes:
    """What the database keeps of a token. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _belongs(token: str, now: datetime) -> sa.ColumnElement[bool]:
    """The session of a token, or of one that was replaced less than GRACE ago."""
    key = hash_token(token)
    just_now = former_table.c.token_hash == key, former_table.c.replaced_at > now - GRACE
    former = sa.select(former_table.c.session_hash).where(*just_now)
    return sa.or_(session_table.c.token_hash == key, session_table.c.token_hash.in_(former))


def _drop(tx: Connection, which: sa.ColumnElement[bool]) -> str | None:
    """Delete sessions with the marks of their former tokens; the account of one of them."""
    hashes = tx.execute(sa.select(session_table.c.token_hash, session_table.c.account_id).where(which)).all()
    for row in hashes:
        tx.execute(former_table.delete().where(former_table.c.session_hash == row.token_hash))
        tx.execute(session_table.delete().where(session_table.c.token_hash == row.token_hash))
    return hashes[0].account_id if hashes else None


def _signed_out(tx: Connection, account_id: str, actor: str, count: int, clock: Clock | None) -> None:
    details: dict[str, Any] = {"account": account_id, "sessions": count}
    custody.append(tx, Event.ACCOUNT_SIGNED_OUT, actor=actor, details=details, clock=clock)
