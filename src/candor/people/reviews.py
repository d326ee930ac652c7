"""Reviewing the accounts (CJIS AC-2): what somebody who answers for them should look at, that they did, and the one act
that follows most often.

Nothing here happens by itself: making accounts inactive that nobody used is an act of a person, with an event for
each account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people import second_factor, service, service_accounts
from candor.people.rules import GRANTS, Actor, Permission, Role
from candor.people.service import Account, AccountKind
from candor.people.service_accounts import Token

#: CJIS AC-2(3): accounts that nobody used for so long are disabled.
INACTIVE_DAYS = 90
#: A token that ends within so many days is shown.
EXPIRING_DAYS = 30
#: CJIS AC-2: accounts are reviewed at least so often.
REVIEW_DAYS = 365
#: An account that is newer is not blamed for never having been used.
_NEW_DAYS = 14
_FOOTAGE = frozenset({Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_UNIT, Permission.RECORDINGS_VIEW_OWN})


@dataclass(frozen=True)
class Reviewed:
    """When the accounts were last marked as reviewed, by whom (an actor's id), with what note."""

    at: datetime
    actor: str
    note: str


@dataclass(frozen=True)
class Review:
    """What to look at, each list by name. Only active accounts."""

    active: int
    never_signed_in: list[Account]
    inactive: list[Account]
    """Signed in once, and not for INACTIVE_DAYS."""
    without_second_factor: list[Account]
    password_listed: list[Account]
    footage: dict[Role, list[Account]]
    """Who may watch footage, by the role that lets them."""
    administrators: list[Account]
    expiring: list[Token]
    unused: list[Token]
    """Live tokens that were not used for INACTIVE_DAYS, or never."""
    last: Reviewed | None
    due_at: datetime | None
    """When the next review is due; None: now, there never was one."""


def review(tx: Connection, *, clock: Clock | None = None) -> Review:
    """The accounts as they stand. Whoever calls has checked that the reader may see them."""
    now = (clock or SystemClock()).now()
    everybody = service.accounts(tx, active=True, limit=100_000)
    people = [one for one in everybody if one.kind is AccountKind.PERSON]
    signing_in = [one for one in people if one.has_password or one.signed_in_at is not None]
    long_ago, lately = now - timedelta(days=INACTIVE_DAYS), now - timedelta(days=_NEW_DAYS)
    with_second = second_factor.who_has_one(tx)
    live = [token for token in service_accounts.tokens(tx) if token.state(now) == "live"]
    last = last_review(tx)
    return Review(
        active=len(everybody),
        never_signed_in=[one for one in signing_in if one.signed_in_at is None and one.created_at <= lately],
        inactive=[one for one in signing_in if one.signed_in_at is not None and one.signed_in_at <= long_ago],
        without_second_factor=[one for one in signing_in if one.id not in with_second],
        password_listed=[one for one in people if one.password_listed_at is not None],
        footage={
            role: found
            for role in Role
            if GRANTS[role] & _FOOTAGE and (found := [one for one in everybody if role in one.roles])
        },
        administrators=[one for one in people if Role.ADMINISTRATOR in one.roles],
        expiring=[token for token in live if token.expires_at <= now + timedelta(days=EXPIRING_DAYS)],
        unused=[token for token in live if (token.used_at or token.created_at) <= long_ago],
        last=last,
        due_at=None if last is None else last.at + timedelta(days=REVIEW_DAYS),
    )


def last_review(tx: Connection) -> Reviewed | None:
    """The newest mark, as the events tell it."""
    found = next(custody.recent(tx, kinds=[Event.ACCOUNTS_REVIEWED], limit=1), None)
    return None if found is None else Reviewed(found.at, found.actor, str(found.details.get("note", "")))


def mark_reviewed(tx: Connection, actor: Actor, note: str = "", *, clock: Clock | None = None) -> str:
    """Record that the accounts were reviewed, with what there was to see; returns the event's id."""
    actor.require(Permission.ACCOUNTS_MANAGE)
    found = review(tx, clock=clock)
    details = {
        "active": found.active,
        "never_signed_in": len(found.never_signed_in),
        "inactive": len(found.inactive),
        "without_second_factor": len(found.without_second_factor),
        "tokens_expiring": len(found.expiring),
        "tokens_unused": len(found.unused),
        "note": " ".join(note.split())[:500],
    }
    return custody.append(tx, Event.ACCOUNTS_REVIEWED, actor=actor.account_id, details=details, clock=clock)


def disable_inactive(tx: Connection, actor: Actor, *, clock: Clock | None = None) -> list[Account]:
    """Make inactive whoever signed in once and not for INACTIVE_DAYS, or never since the account was made so long ago;
    returns them. Whoever acts is left out, and so is the last administrator."""
    actor.require(Permission.ACCOUNTS_MANAGE)
    clock = clock or SystemClock()
    found = review(tx, clock=clock)
    long_ago = clock.now() - timedelta(days=INACTIVE_DAYS)
    chosen = [*found.inactive, *(one for one in found.never_signed_in if one.created_at <= long_ago)]
    done = []
    for one in chosen:
        if one.id == actor.account_id or _is_last_administrator(tx, one):
            continue
        service.change_account(tx, actor, one.id, {"active": False}, clock=clock)
        done.append(one)
    if done:
        details = {"days": INACTIVE_DAYS, "accounts": [one.id for one in done]}
        custody.append(tx, Event.ACCOUNTS_INACTIVE_DISABLED, actor=actor.account_id, details=details, clock=clock)
    return done


def _is_last_administrator(tx: Connection, one: Account) -> bool:
    if Role.ADMINISTRATOR not in one.roles:
        return False
    others = (other for other in service.accounts(tx, active=True, limit=100_000) if other.id != one.id)
    return not any(Role.ADMINISTRATOR in other.roles and other.has_password for other in others)
