"""Accounts of programs and the tokens they come with.

A token is `cnd_<id>_<secret>`: the id says which row it is, the secret is 256 random bits. The database holds the
SHA-256 of the whole, so whoever reads it cannot use the tokens in it. A token allows what its scopes name, and never
more than the account's roles grant at that moment; it ends on a day, at most LONGEST_DAYS ahead.

What is an event: making and revoking a token; its first use from an address on a day; and every use that is turned
away, until there are many of one sort a day (see `turned_away`). A program may call once a second: an event for each
call would bury the rest of the record, and every act that a call does (taking a file in, searching events) has its own
event anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people import service
from candor.people.errors import (
    NameMissing,
    NoService,
    RoleUnknown,
    ScopeWrong,
    TokenLifeWrong,
    TokenRefused,
    TokenUnknown,
)
from candor.people.rules import GRANTS, Actor, Decision, Permission, Role
from candor.people.service import Account, AccountKind, NewAccount
from candor.people.tables import account as account_table
from candor.people.tables import service_token as token_table
from candor.people.tables import service_token_use as use_table

LONGEST_DAYS = 366
PREFIX = "cnd_"
_TOKEN = re.compile(r"cnd_([0-9a-f]{32})_([0-9a-f]{64})")
#: `used_at` is written at most so often.
USED_EVERY = timedelta(seconds=60)
#: Turned away so often a day for one reason, a token's further failures are events at each doubling only.
_EACH_IS_AN_EVENT = 10
_DAYS_KEPT = 2
_LONGEST_ADDRESS = 64

#: What a token can be given at all. Accounts, policy, keys and the destruction of footage are for people, who can be
#: asked again who they are; so is everything that a program has no way to use.
SCOPES: tuple[Permission, ...] = (
    Permission.AUDIT_VIEW,
    Permission.LOG_VIEW,
    Permission.RECORDINGS_TAKE_IN,
    Permission.RECORDINGS_VIEW_ALL,
    Permission.RECORDINGS_VIEW_OWN,
    Permission.RECORDINGS_VIEW_UNIT,
    Permission.SYSTEM_VIEW,
)


@dataclass(frozen=True)
class TokenActor(Actor):
    """A program that acts: an account's rights, as far as the token's scopes go."""

    scopes: frozenset[Permission] = frozenset()
    token_id: str = ""

    def may(self, permission: Permission) -> Decision:
        """Whether a scope names it and a role grants it."""
        if permission not in self.scopes:
            rule, reason = f"people.token-scope {permission.value}", f"the token is not for {permission.value}"
            return Decision(False, rule, reason)
        return super().may(permission)


@dataclass(frozen=True)
class Token:
    """A token as people see it: everything but the secret."""

    id: str
    account_id: str
    account_name: str
    name: str
    scopes: tuple[Permission, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    used_address: str | None

    def state(self, now: datetime) -> str:
        """`revoked`, `expired` or `live`."""
        if self.revoked_at is not None:
            return "revoked"
        return "live" if now < self.expires_at else "expired"


@dataclass(frozen=True)
class Bearer:
    """Who came with a token, before anything was looked at but the token. `refused`: why it is turned away."""

    token_id: str
    account_id: str | None
    actor: TokenActor | None
    refused: str | None = None
    used_at: datetime | None = None


def create(
    tx: Connection,
    actor: Actor,
    *,
    sign_in_name: str,
    display_name: str,
    roles: Collection[str],
    unit_id: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Make the account of a program; returns its id. Raises RoleUnknown for a role that there is not."""
    actor.require(Permission.POLICY_MANAGE)
    unknown = [name for name in roles if name not in set(Role)]
    if unknown:
        raise RoleUnknown(name=unknown[0])
    chosen = [Role(name) for name in roles]
    new = NewAccount(sign_in_name, display_name, chosen, unit_id=unit_id, kind=AccountKind.SERVICE)
    return service.create_account(tx, actor, new, clock=clock)


def scopes_for(account: Account) -> tuple[Permission, ...]:
    """What a token of this account can be given: what its roles grant, of what tokens may have."""
    granted = frozenset().union(*(GRANTS[role] for role in account.roles))
    return tuple(scope for scope in SCOPES if scope in granted)


def create_token(
    tx: Connection,
    actor: Actor,
    account_id: str,
    *,
    name: str,
    scopes: Collection[Permission],
    days: int,
    clock: Clock | None = None,
) -> tuple[str, str]:
    """Make a token; returns its id and the token itself, which is kept nowhere and can be shown this once.

    Raises NoService for a person's account, ScopeWrong, TokenLifeWrong.
    """
    actor.require(Permission.POLICY_MANAGE)
    clock = clock or SystemClock()
    account = service.account(tx, account_id)
    if account.kind is not AccountKind.SERVICE:
        raise NoService(name=account.display_name)
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > service.LONGEST_NAME or not tidy.isprintable():
        raise NameMissing(longest=service.LONGEST_NAME)
    if not 1 <= days <= LONGEST_DAYS:
        raise TokenLifeWrong(longest=LONGEST_DAYS)
    chosen = _check_scopes(account, scopes)
    token_id, secret, now = new_id(), secrets.token_hex(32), clock.now()
    text = f"{PREFIX}{token_id.replace('-', '')}_{secret}"
    row = {
        "id": token_id,
        "account_id": account_id,
        "name": tidy,
        "secret_hash": _hash(text),
        "scopes": [scope.value for scope in chosen],
        "created_at": now,
        "created_by": actor.account_id,
        "expires_at": now + timedelta(days=days),
    }
    tx.execute(token_table.insert(), row)
    details = {
        "token": token_id,
        "account": account_id,
        "name": tidy,
        "scopes": row["scopes"],
        "expires_at": iso(now + timedelta(days=days)),
    }
    custody.append(tx, Event.TOKEN_CREATED, actor=actor.account_id, details=details, clock=clock)
    return token_id, text


def revoke_token(tx: Connection, actor: Actor, token_id: str, *, clock: Clock | None = None) -> bool:
    """End a token now, for good. False when it was revoked already; raises TokenUnknown."""
    actor.require(Permission.POLICY_MANAGE)
    clock = clock or SystemClock()
    row = tx.execute(sa.select(token_table).where(token_table.c.id == token_id)).first()
    if row is None:
        raise TokenUnknown(id=token_id)
    live = sa.and_(token_table.c.id == token_id, token_table.c.revoked_at.is_(None))
    if tx.execute(token_table.update().where(live).values(revoked_at=clock.now())).rowcount != 1:
        return False
    details = {"token": token_id, "account": row.account_id, "name": row.name}
    custody.append(tx, Event.TOKEN_REVOKED, actor=actor.account_id, details=details, clock=clock)
    return True


def tokens(tx: Connection, account_id: str | None = None) -> list[Token]:
    """All tokens, or those of one account, newest first."""
    columns = [token_table.c[name] for name in Token.__dataclass_fields__ if name in token_table.c]
    query = (
        sa.select(*columns, account_table.c.display_name.label("account_name"))
        .join(account_table, account_table.c.id == token_table.c.account_id)
        .order_by(token_table.c.created_at.desc(), token_table.c.id)
    )
    if account_id is not None:
        query = query.where(token_table.c.account_id == account_id)
    found = []
    for row in tx.execute(query):
        # A permission that this version does not know allows nothing and is left out.
        scopes = tuple(scope for scope in Permission if scope.value in row.scopes)
        found.append(Token(**{**row._mapping, "scopes": scopes}))
    return found


# -- at the door


def look_up(tx: Connection, text: str, *, clock: Clock | None = None) -> Bearer:
    """Who comes with this token. Never raises: `refused` says what is wrong with it."""
    form = _TOKEN.fullmatch(text)
    if form is None:
        return Bearer("", None, None, "unknown")
    plain = form[1]
    token_id = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
    row = tx.execute(
        sa.select(
            token_table,
            account_table.c.active,
            account_table.c.kind,
            account_table.c.roles,
            account_table.c.unit_id,
            account_table.c.display_name,
        )
        .join(account_table, account_table.c.id == token_table.c.account_id)
        .where(token_table.c.id == token_id)
    ).first()
    if row is None:
        return Bearer("", None, None, "unknown")
    if not hmac.compare_digest(row.secret_hash, _hash(text)):
        return Bearer(token_id, row.account_id, None, "wrong-secret")
    refused = None
    if row.revoked_at is not None:
        refused = "revoked"
    elif row.expires_at <= (clock or SystemClock()).now():
        refused = "expired"
    elif not row.active or row.kind != AccountKind.SERVICE:
        refused = "account-inactive"
    roles = frozenset(Role(name) for name in row.roles if name in set(Role))
    scopes = frozenset(Permission(name) for name in row.scopes if name in set(SCOPES))
    actor = TokenActor(row.account_id, roles, row.unit_id, row.display_name, scopes=scopes, token_id=token_id)
    return Bearer(token_id, row.account_id, actor, refused, row.used_at)


#: Why a token is turned away, as its bearer is told. A wrong secret is told like an unknown token.
REFUSAL_WORDS: dict[str, str] = {
    "unknown": "nobody has it",
    "wrong-secret": "nobody has it",
    "expired": "it has expired",
    "revoked": "it was revoked",
    "account-inactive": "its account is inactive",
}


def refusal(bearer: Bearer) -> TokenRefused:
    """The error to answer with."""
    return TokenRefused(reason=REFUSAL_WORDS[bearer.refused or "unknown"])


def is_use_due(tx: Connection, bearer: Bearer, address: str, *, clock: Clock | None = None) -> bool:
    """Whether `used` should be written now: the first use of the day from there, or a minute after the last."""
    now = (clock or SystemClock()).now()
    if bearer.used_at is None or now - bearer.used_at >= USED_EVERY:
        return True
    seen = sa.select(use_table.c.times).where(*_same(_day(now), bearer.token_id, address[:_LONGEST_ADDRESS], "used"))
    return tx.execute(seen).first() is None


def used(tx: Connection, bearer: Bearer, address: str, *, clock: Clock | None = None) -> None:
    """Note a use; the first of a day from an address is an event."""
    clock = clock or SystemClock()
    address = address[:_LONGEST_ADDRESS]
    times = _count(tx, bearer.token_id, address, "used", clock.now())
    tx.execute(
        token_table.update()
        .where(token_table.c.id == bearer.token_id)
        .values(used_at=clock.now(), used_address=address)
    )
    if times == 1 and bearer.account_id is not None:
        details = {"token": bearer.token_id, "account": bearer.account_id, "address": address}
        custody.append(tx, Event.TOKEN_USED, actor=bearer.account_id, details=details, clock=clock)


def turned_away(
    tx: Connection, bearer: Bearer, reason: str, address: str, *, what: str = "", clock: Clock | None = None
) -> None:
    """Record that a token was turned away: `reason` is why, `what` the address of the site that was asked for.

    Each of the first ten a day of one token, address and reason is an event; after that the 16th, 32nd, 64th… with how
    often by then. So a program with an old token that tries once a second cannot fill the record, and nothing is left
    uncounted.
    """
    clock = clock or SystemClock()
    address = address[:_LONGEST_ADDRESS]
    times = _count(tx, bearer.token_id, address, reason, clock.now())
    if times > _EACH_IS_AN_EVENT and times & (times - 1):
        return
    whose = {} if bearer.account_id is None else {"account": bearer.account_id}
    details = {
        "token": bearer.token_id or None,
        **whose,
        "reason": reason,
        "address": address,
        "asked_for": what[:200],
        "times_today": times,
    }
    actor = "system:sign-in" if bearer.actor is None else bearer.actor.account_id
    custody.append(tx, Event.TOKEN_REFUSED, actor=actor, details=details, clock=clock)


def _count(tx: Connection, token_id: str, address: str, outcome: str, now: datetime) -> int:
    """One more of its sort today; returns how many there were by now."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    row = {"day": _day(now), "token_id": token_id, "address": address, "outcome": outcome, "times": 0}
    tx.execute(insert(use_table).values(row).on_conflict_do_nothing())
    same = _same(_day(now), token_id, address, outcome)
    counted = use_table.update().where(*same).values(times=use_table.c.times + 1).returning(use_table.c.times)
    times = int(tx.execute(counted).scalar_one())
    if times == 1:
        tx.execute(use_table.delete().where(use_table.c.day < _day(now - timedelta(days=_DAYS_KEPT))))
    return times


def _same(day: str, token_id: str, address: str, outcome: str) -> tuple[sa.ColumnElement[bool], ...]:
    given = {"day": day, "token_id": token_id, "address": address, "outcome": outcome}
    return tuple(use_table.c[name] == value for name, value in given.items())


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _check_scopes(account: Account, scopes: Collection[Permission]) -> list[Permission]:
    if not scopes:
        raise ScopeWrong(scope="nothing", reason="choose at least one permission")
    possible = scopes_for(account)
    for scope in scopes:
        if scope not in SCOPES:
            raise ScopeWrong(scope=scope.value, reason="that is for people who sign in")
        if scope not in possible:
            raise ScopeWrong(scope=scope.value, reason="the roles of its account do not grant it")
    return sorted(set(scopes))
