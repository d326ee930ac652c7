"""Signing in, in three acts, so that the slow check of the password runs outside every transaction:

1. `look_up` (reading transaction): the candidate, or SignInBlocked while the name or the address must wait.
2. `check` (no transaction, about 0.2 s): whether the password is right; the same work for a name nobody has.
3. `succeed` or `fail` (writing transaction): the event, the counts, the session's account.

Failures in a row are counted per name with address, per name, and per address. Unknown names are counted like
known ones, so nothing that a guesser sees depends on whether an account exists.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people import passwords
from candor.people.errors import SignInBlocked, SignInFailed
from candor.people.service import agency, fold_name
from candor.people.tables import account as account_table
from candor.people.tables import sign_in_guard as guard

#: How many failures in a row are free before waits begin, the first wait, and the longest. Guessing one account
#: from one address is stopped soonest. One account from everywhere is slowed too, but less, because that wait
#: can be forced upon its owner by others; one address may stand for a whole station behind one router.
FREE_FAILURES = {"pair": 5, "name": 15, "address": 30}
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = {"pair": timedelta(hours=1), "name": timedelta(minutes=5), "address": timedelta(minutes=30)}
#: Counts are forgotten when nothing failed for so long.
FORGOTTEN_AFTER = timedelta(hours=24)
_LONGEST_NAME = 256


@dataclass(frozen=True)
class Candidate:
    """Somebody at the door: a name, an address, and what is known of the account."""

    name: str
    address: str
    account_id: str | None
    password_hash: str | None
    active: bool
    guard_key: bytes


@dataclass(frozen=True)
class Checked:
    """The outcome of the slow check. `new_hash`: the hash to keep instead, when parameters have changed."""

    right: bool
    new_hash: str | None = None


def wait_after(kind: str, failures: int) -> timedelta:
    """How long the next attempt must wait after so many failures in a row: nothing at first, then doubling."""
    over = failures - FREE_FAILURES[kind]
    if over < 0:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(over, 20)), LONGEST_WAIT[kind])


def look_up(tx: Connection, name: str, address: str, *, clock: Clock | None = None) -> Candidate:
    """The candidate of a name; raises SignInBlocked (with `until`) when name or address must wait first."""
    found = agency(tx)
    if found is None:
        raise SignInFailed()
    folded = fold_name(name[:_LONGEST_NAME])
    now = (clock or SystemClock()).now()
    subjects = list(_subjects(found.guard_key, folded, address).values())
    until = tx.execute(sa.select(sa.func.max(guard.c.blocked_until)).where(guard.c.subject.in_(subjects))).scalar()
    if until is not None and until > now:
        raise SignInBlocked(wait=_words(until - now), until=until, seconds=int((until - now).total_seconds()) + 1)
    row = tx.execute(
        sa.select(account_table.c.id, account_table.c.password_hash, account_table.c.active).where(
            account_table.c.sign_in_name == folded
        )
    ).first()
    if row is None:
        return Candidate(folded, address, None, None, False, found.guard_key)
    return Candidate(folded, address, row.id, row.password_hash, row.active, found.guard_key)


def check(candidate: Candidate, password: str) -> Checked:
    """Whether the password is right and the account active. Slow on purpose; the same work for everybody."""
    right = passwords.verify_password(candidate.password_hash, password) and candidate.active
    if right and candidate.password_hash is not None and passwords.needs_rehash(candidate.password_hash):
        return Checked(True, passwords.hash_password(password))
    return Checked(right)


def turned_away(tx: Connection, name: str, address: str) -> None:
    """Count an attempt that was not even checked; the next event tells how many there were."""
    found = agency(tx)
    if found is not None:
        pair = _subjects(found.guard_key, fold_name(name[:_LONGEST_NAME]), address)["pair"]
        tx.execute(guard.update().where(guard.c.subject == pair).values(turned_away=guard.c.turned_away + 1))


def succeed(tx: Connection, candidate: Candidate, checked: Checked, *, clock: Clock | None = None) -> str:
    """Record the sign-in and forget the failures of this name from this address; returns the account's id.

    Raises SignInFailed if the account changed while the password was being checked.
    """
    now = (clock or SystemClock()).now()
    values: dict[str, object] = {"signed_in_at": now}
    if checked.new_hash is not None:
        values["password_hash"] = checked.new_hash
    taken = tx.execute(
        account_table.update()
        .where(
            account_table.c.id == candidate.account_id,
            account_table.c.active,
            account_table.c.password_hash == candidate.password_hash,
        )
        .values(**values)
    ).rowcount
    if not checked.right or candidate.account_id is None or taken != 1:
        raise SignInFailed()
    subjects = _subjects(candidate.guard_key, candidate.name, candidate.address)
    missed = _forget(tx, [subjects["pair"], subjects["name"]])
    custody.append(
        tx,
        Event.ACCOUNT_SIGNED_IN,
        actor=candidate.account_id,
        details={"account": candidate.account_id, "address": candidate.address, "failures_before": missed},
        clock=clock,
    )
    return candidate.account_id


def fail(tx: Connection, candidate: Candidate, *, clock: Clock | None = None) -> None:
    """Record the failure and lengthen the waits. The caller then raises SignInFailed, after the commit.

    The event names the account when there is one; a name that nobody has stands in it only as its HMAC, since
    it may be a password typed into the wrong field.
    """
    now = (clock or SystemClock()).now()
    skipped = 0
    for kind, subject in sorted(
        _subjects(candidate.guard_key, candidate.name, candidate.address).items(), key=lambda item: item[1]
    ):
        skipped += _count(tx, kind, subject, now)
    tx.execute(guard.delete().where(guard.c.failed_at < now - FORGOTTEN_AFTER))
    who = (
        {"account": candidate.account_id}
        if candidate.account_id is not None
        else {"unknown_name": _subjects(candidate.guard_key, candidate.name, "")["name"].hex()}
    )
    custody.append(
        tx,
        Event.ACCOUNT_SIGN_IN_FAILED,
        actor="system:sign-in",
        details={**who, "address": candidate.address, "turned_away_before": skipped},
        clock=clock,
    )


def _count(tx: Connection, kind: str, subject: bytes, now: datetime) -> int:
    """One more failure of a subject; returns how many attempts were turned away since the last."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    fresh = {"subject": subject, "failures": 0, "failed_at": now, "blocked_until": None, "turned_away": 0}
    tx.execute(insert(guard).values(fresh).on_conflict_do_nothing())
    row = tx.execute(sa.select(guard).where(guard.c.subject == subject).with_for_update()).one()
    failures = 1 if row.failed_at < now - FORGOTTEN_AFTER else row.failures + 1
    wait = wait_after(kind, failures)
    tx.execute(
        guard.update()
        .where(guard.c.subject == subject)
        .values(failures=failures, failed_at=now, blocked_until=now + wait if wait else None, turned_away=0)
    )
    away: int = row.turned_away
    return away


def _forget(tx: Connection, subjects: list[bytes]) -> int:
    """Forget the failures of subjects; returns the greatest count there was."""
    counts = tx.execute(sa.select(guard.c.failures).where(guard.c.subject.in_(subjects))).scalars().all()
    tx.execute(guard.delete().where(guard.c.subject.in_(subjects)))
    return max(counts, default=0)


def _subjects(key: bytes, name: str, address: str) -> dict[str, bytes]:
    """What failures are counted by, as HMACs under the agency's guard key."""
    texts = {"pair": f"pair\0{address}\0{name}", "name": f"name\0{name}", "address": f"address\0{address}"}
    return {
        kind: hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256) for kind, text in texts.items()
    }


def _words(wait: timedelta) -> str:
    seconds = int(wait.total_seconds()) + 1
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
