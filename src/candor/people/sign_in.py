"""Signing in, in three acts, so that the slow check of the password runs outside every transaction:

1. `look_up` (reading transaction): the candidate, or SignInBlocked while the name or the address must wait.
2. `check` (no transaction, about 0.2 s): whether the password is right; the same work for a name nobody has.
3. `succeed` or `fail` (writing transaction): the event, the counts, the session's account. Where a second factor is
   awaited, `ask_second` stands in for `succeed`, and `enter` follows when that was right too.

Failures in a row are counted per name with address, per name, and per address, those of the second factor, of
unlocking and of confirming too; only a whole sign-in forgets them, so having the password right buys no further
guesses of codes. Unknown names are counted like known ones, so nothing that a guesser sees depends on whether an
account exists. By policy a name is locked after 5 failures within 15 minutes, until an administrator releases it
(CJIS AC-7).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people import passwords, policy
from candor.people.errors import AccountUnknown, SignInBlocked, SignInFailed, SignInLocked
from candor.people.rules import Actor, Permission
from candor.people.service import agency, fold_name
from candor.people.sessions import origin
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
#: By policy: so many failures of one name within so long, and it waits for an administrator.
LOCK_FAILURES = 5
LOCK_WITHIN = timedelta(minutes=15)
#: A lock of a name that nobody has is forgotten after so long.
_LOCK_FORGOTTEN_AFTER = timedelta(days=400)
_LONGEST_NAME = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    """The candidate of a name; raises SignInLocked when the name waits for an administrator, SignInBlocked (with
    `until`) when name or address must wait first."""
    found = agency(tx)
    if found is None:
        raise SignInFailed()
    folded = fold_name(name[:_LONGEST_NAME])
    now = (clock or SystemClock()).now()
    _require_open(tx, found.guard_key, folded, address, now)
    row = tx.execute(
        sa.select(account_table.c.id, account_table.c.password_hash, account_table.c.active).where(
            account_table.c.sign_in_name == folded
        )
    ).first()
    if row is None:
        return Candidate(folded, address, None, None, False, found.guard_key)
    return Candidate(folded, address, row.id, row.password_hash, row.active, found.guard_key)


def take_turn(tx: Connection, candidate: Candidate, *, clock: Clock | None = None) -> None:
    """Wait until nobody else's attempt at this name is being recorded, and look once more whether name and address must
    wait; to be called first in the transaction that records the outcome. Attempts sent together, which all passed
    `look_up` before one of them failed, are so no more guesses than the same ones sent one after the other. Raises as
    `look_up` does."""
    if tx.dialect.name == "postgresql":  # SQLite's writers queue anyway
        subject = _subjects(candidate.guard_key, candidate.name, "")["name"]
        turn = int.from_bytes(subject[:8], "big", signed=True)
        tx.execute(sa.text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": turn})
    _require_open(tx, candidate.guard_key, candidate.name, candidate.address, (clock or SystemClock()).now())


def _require_open(tx: Connection, key: bytes, name: str, address: str, now: datetime) -> None:
    subjects = list(_subjects(key, name, address).values())
    latest = sa.select(sa.func.max(guard.c.blocked_until), sa.func.max(guard.c.locked_at))
    until, locked = tx.execute(latest.where(guard.c.subject.in_(subjects))).one()
    if locked is not None:
        raise SignInLocked()
    if until is not None and until > now:
        raise SignInBlocked(wait=_words(until - now), until=until, seconds=int((until - now).total_seconds()) + 1)


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


def succeed(
    tx: Connection,
    candidate: Candidate,
    checked: Checked,
    *,
    agent: str = "",
    notice: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Record the sign-in by password alone and forget the failures; returns the account's id.

    Raises SignInFailed if the account changed while the password was being checked. `notice`: the mark of the
    use-notification that was acknowledged before.
    """
    _still_so(tx, candidate, checked)
    return enter(tx, candidate, method="password", agent=agent, notice=notice, clock=clock)


def ask_second(
    tx: Connection, candidate: Candidate, checked: Checked, *, agent: str = "", clock: Clock | None = None
) -> str:
    """Record that the password was right and a second factor is awaited; nothing is forgotten. Returns the account's
    id; raises SignInFailed as `succeed` does."""
    account_id = _still_so(tx, candidate, checked)
    details = {"account": account_id, **origin(candidate.address, agent)}
    custody.append(tx, Event.ACCOUNT_SECOND_FACTOR_ASKED, actor="system:sign-in", details=details, clock=clock)
    return account_id


def enter(
    tx: Connection,
    candidate: Candidate,
    *,
    method: str,
    agent: str = "",
    notice: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Record a whole sign-in by `method` and forget the failures of this name; returns the account's id. Raises
    SignInFailed when the account is not active any more."""
    now = (clock or SystemClock()).now()
    active = account_table.c.id == candidate.account_id, account_table.c.active
    if tx.execute(account_table.update().where(*active).values(signed_in_at=now)).rowcount != 1:
        raise SignInFailed()
    assert candidate.account_id is not None, "a row was found by it"
    missed = forget(tx, candidate)
    details: dict[str, Any] = {
        "account": candidate.account_id,
        "method": method,
        **origin(candidate.address, agent),
        "failures_before": missed,
    }
    if notice:
        details["notice"] = notice
    custody.append(tx, Event.ACCOUNT_SIGNED_IN, actor=candidate.account_id, details=details, clock=clock)
    return candidate.account_id


def _still_so(tx: Connection, candidate: Candidate, checked: Checked) -> str:
    """The account's id, if its password is still the one that was checked; writes the better hash down."""
    kept = candidate.password_hash if checked.new_hash is None else checked.new_hash
    taken = tx.execute(
        account_table.update()
        .where(
            account_table.c.id == candidate.account_id,
            account_table.c.active,
            account_table.c.password_hash == candidate.password_hash,
        )
        .values(password_hash=kept)
    ).rowcount
    if not checked.right or candidate.account_id is None or taken != 1:
        raise SignInFailed()
    return candidate.account_id


def fail(
    tx: Connection,
    candidate: Candidate,
    *,
    at: str = "sign-in",
    reason: str = "password",
    agent: str = "",
    clock: Clock | None = None,
) -> None:
    """Record the failure and lengthen the waits. The caller then raises its error, after the commit.

    `at`: `sign-in`, `second`, `unlock` or `confirm`; `reason`: what was not right. The event names the account when
    there is one; a name that nobody has stands in it only as its HMAC, since it may be a password typed into the
    wrong field.
    """
    now = (clock or SystemClock()).now()
    skipped, locked = 0, False
    locks = policy.read(tx).lock_until_released
    for kind, subject in sorted(
        _subjects(candidate.guard_key, candidate.name, candidate.address).items(), key=lambda item: item[1]
    ):
        away, locks_now = _count(tx, kind, subject, now, locks=locks)
        skipped, locked = skipped + away, locked or locks_now
    _clear_old(tx, now)
    who = (
        {"account": candidate.account_id}
        if candidate.account_id is not None
        else {"unknown_name": _subjects(candidate.guard_key, candidate.name, "")["name"].hex()}
    )
    details = {**who, "at": at, "reason": reason, **origin(candidate.address, agent)}
    custody.append(
        tx,
        Event.ACCOUNT_SIGN_IN_FAILED,
        actor="system:sign-in",
        details={**details, "turned_away_before": skipped},
        clock=clock,
    )
    if locked:
        custody.append(
            tx,
            Event.ACCOUNT_LOCKED,
            actor="system:sign-in",
            details={**who, "failures": LOCK_FAILURES, "minutes": int(LOCK_WITHIN.total_seconds()) // 60},
            clock=clock,
        )
        if candidate.account_id is not None:
            _tell_locked(tx, candidate.account_id, clock)


def _tell_locked(tx: Connection, account_id: str, clock: Clock | None) -> None:
    """One notice while it lasts; a name that nobody has is nobody's trouble."""
    # Locks do not come back from a backup and notices do: one that is still open would swallow this one.
    outbox.resolve(tx, _locked(account_id), clock=clock)
    outbox.tell(
        tx,
        outbox.NoticeKind.ACCOUNT_LOCKED,
        details={"account": account_id, "failures": LOCK_FAILURES},
        about=f"/accounts/{account_id}",
        once=_locked(account_id),
        clock=clock,
    )


def _locked(account_id: str) -> str:
    return f"account:locked:{account_id}"


def _count(tx: Connection, kind: str, subject: bytes, now: datetime, *, locks: bool) -> tuple[int, bool]:
    """One more failure of a subject: how many attempts were turned away since the last, whether it locks the name."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    fresh = {"subject": subject, "failures": 0, "failed_at": now, "blocked_until": None, "turned_away": 0}
    tx.execute(insert(guard).values(fresh).on_conflict_do_nothing())
    row = tx.execute(sa.select(guard).where(guard.c.subject == subject).with_for_update()).one()
    failures = 1 if row.failed_at < now - FORGOTTEN_AFTER else row.failures + 1
    wait = wait_after(kind, failures)
    latest = [*(row.latest or []), (now - _EPOCH) // timedelta(microseconds=1)][-LOCK_FAILURES:]
    span = timedelta(microseconds=latest[-1] - latest[0])
    lock = locks and kind == "name" and row.locked_at is None and len(latest) == LOCK_FAILURES and span <= LOCK_WITHIN
    tx.execute(
        guard.update()
        .where(guard.c.subject == subject)
        .values(
            failures=failures,
            failed_at=now,
            blocked_until=now + wait if wait else None,
            turned_away=0,
            latest=latest if kind == "name" else None,
            locked_at=now if lock else row.locked_at,
        )
    )
    return row.turned_away, lock


def _clear_old(tx: Connection, now: datetime) -> None:
    old = sa.and_(guard.c.failed_at < now - FORGOTTEN_AFTER, guard.c.locked_at.is_(None))
    tx.execute(guard.delete().where(sa.or_(old, guard.c.locked_at < now - _LOCK_FORGOTTEN_AFTER)))


def is_locked(tx: Connection, sign_in_name: str) -> bool:
    """Whether a sign-in name waits for an administrator to release it."""
    found = agency(tx)
    if found is None:
        return False
    subject = _subjects(found.guard_key, fold_name(sign_in_name), "")["name"]
    query = sa.select(guard.c.locked_at).where(guard.c.subject == subject)
    return tx.execute(query).scalar() is not None


def release_lock(tx: Connection, actor: Actor, account_id: str, *, clock: Clock | None = None) -> bool:
    """Let a locked name sign in again, at once and with a clean count; False when it was not locked."""
    actor.require(Permission.ACCOUNTS_MANAGE)
    found = agency(tx)
    query = sa.select(account_table.c.sign_in_name).where(account_table.c.id == account_id)
    name = tx.execute(query).scalar()
    if found is None or name is None:
        raise AccountUnknown(id=account_id)
    subject = _subjects(found.guard_key, name, "")["name"]
    locked = guard.c.subject == subject, guard.c.locked_at.is_not(None)
    if tx.execute(guard.delete().where(*locked)).rowcount == 0:
        return False
    custody.append(tx, Event.ACCOUNT_RELEASED, actor=actor.account_id, details={"account": account_id}, clock=clock)
    outbox.resolve(tx, _locked(account_id), clock=clock)
    return True


def forget(tx: Connection, candidate: Candidate) -> int:
    """Forget the failures of a name, from this address and from everywhere; the greatest count there was."""
    subjects = _subjects(candidate.guard_key, candidate.name, candidate.address)
    return _forget(tx, [subjects["pair"], subjects["name"]])


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
