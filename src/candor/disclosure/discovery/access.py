"""A side's way in: a code that opens one discovery for a time, and the key that what the side views is sealed to.

Rules it keeps:

1. A code has 130 random bits; it is shown once, and only its digest is kept. One code per side is open at a time.
2. With the first code of a side comes an age identity (X25519, age-encryption.org/v1). It is shown once; only its
   public recipient is kept. A later code goes on with the same recipient, because the side still has the key.
3. Codes that are not right are counted, by address and for the whole door, and slow everybody who guesses: what is read
   before counting says nothing of whether a code exists.
4. Giving and ending access are custody events; neither the code nor the key stands in them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pyrage import x25519
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock, iso
from candor.core.ids import new_id
from candor.custody import Event, append
from candor.disclosure.discovery import marks
from candor.disclosure.discovery.errors import AccessHeld, AccessUnknown, CodeRefused, PeriodWrong, TooManyCodes
from candor.disclosure.discovery.reading import held_discovery
from candor.disclosure.discovery.rules import SIDE_WORDS, PartySide
from candor.disclosure.discovery.tables import discovery_miss, discovery_session, discovery_side
from candor.disclosure.discovery.words import clean
from candor.jobs import Jobs
from candor.matters.holding import in_history
from candor.people.rules import Actor, Permission

__all__ = [
    "GIVEN_BITS",
    "LONGEST_DAYS",
    "Given",
    "Side",
    "digest_of",
    "end_access",
    "give_access",
    "missed",
    "must_not_wait",
    "new_code",
    "normalized",
    "sides_of",
    "standing_side",
]

#: Crockford's base 32: no I, L, O, U.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})
_LENGTH = 26
GIVEN_BITS = 5 * _LENGTH
_CODE = re.compile(rf"[{_DIGITS}]{{{_LENGTH}}}")
_DOMAIN = b"candor-discovery-code-v1\0"
#: Days that access lasts at most.
LONGEST_DAYS = 1100
#: So many codes that are not right within so long, and an address waits.
MOST_MISSES, WITHIN = 10, timedelta(minutes=15)
#: So many from everywhere together are written down within that time; what comes beyond is refused and leaves no trace,
#: so that a flood from many addresses fills neither tables nor the log. Nobody with a right code is kept out by it.
MOST_WRITTEN = 500


@dataclass(frozen=True)
class Side:
    """A side's access to a discovery."""

    id: str
    discovery_id: str
    side: PartySide
    holder: str
    code_number: str
    recipient: str
    given_by: str
    given_at: datetime
    ends_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    end_reason: str | None

    def open_at(self, moment: datetime) -> bool:
        """Whether it opens the discovery then."""
        return self.ended_at is None and moment < self.ends_at


@dataclass(frozen=True)
class Given:
    """Access that was given: what is shown once, and never again. `identity` is None where the side has its key."""

    side: Side
    code: str
    identity: str | None


def new_code() -> str:
    """130 random bits in groups of five digits, the last of six: to be read from paper and typed."""
    value = int.from_bytes(os.urandom(17), "big") & ((1 << GIVEN_BITS) - 1)
    digits = "".join(_DIGITS[value >> 5 * at & 31] for at in range(_LENGTH))
    return "-".join([*(digits[at : at + 5] for at in range(0, 20, 5)), digits[20:]])


def normalized(text: str) -> str | None:
    """The code's digits, however they were typed; None for what cannot be a code."""
    given = "".join(
        character for character in text[:200].upper() if not character.isspace() and character not in "-–—_."
    )
    given = given.translate(_READ_AS)
    return given if _CODE.fullmatch(given) else None


def digest_of(code: str) -> bytes:
    """What is kept of a code; raises CodeRefused for what cannot be one. A code has so many bits that a plain digest
    tells nothing of it."""
    digits = normalized(code)
    if digits is None:
        raise CodeRefused()
    return hashlib.sha256(_DOMAIN + digits.encode()).digest()


def give_access(
    tx: Connection,
    jobs: Jobs,
    actor: Actor,
    discovery_id: str,
    side: PartySide | str,
    *,
    holder: str,
    days: int,
    new_key: bool = False,
    clock: Clock | None = None,
) -> Given:
    """Give a side access for so many days. `holder`: to whom the letter goes, in words. `new_key`: the side lost its
    key; what it viewed before stays sealed to the old one. Marked copies that went with its access are made anew.

    Raises Refused, DiscoveryUnknown, AccessHeld, PeriodWrong, DiscoveryWordsMissing.
    """
    actor.require(Permission.DISCOVERY_MANAGE)
    clock, chosen = clock or SystemClock(), PartySide(side)
    found = held_discovery(tx, actor, discovery_id)
    if not 1 <= days <= LONGEST_DAYS:
        raise PeriodWrong(most=LONGEST_DAYS, days=days)
    now = clock.now()
    before = _latest(tx, found.id, chosen)
    if before is not None and before.ended_at is None:
        if before.open_at(now):
            raise AccessHeld(side=SIDE_WORDS[chosen], number=found.number, until=f"{before.ends_at:%Y-%m-%d %H:%M} UTC")
        _end(tx, before, "system:discovery", "its time was over", now)
    recipient, identity = (before.recipient, None) if before is not None and not new_key else _new_key()
    code = new_code()
    digest = digest_of(code)
    row = {
        "id": new_id(),
        "discovery_id": found.id,
        "side": chosen.value,
        "holder": clean("to whom the letter goes", holder),
        "code_digest": digest,
        "code_number": hashlib.sha256(_DOMAIN + b"number\0" + digest).hexdigest()[:8],
        "recipient": recipient,
        "given_by": actor.account_id,
        "given_at": now,
        "ends_at": now + timedelta(days=days),
    }
    tx.execute(discovery_side.insert(), row)
    details = {
        "discovery": found.id,
        "side": chosen.value,
        "access": row["id"],
        "code_number": row["code_number"],
        "recipient": recipient,
        "until": iso(now + timedelta(days=days)),
        "new_key": identity is not None,
    }
    event = append(tx, Event.DISCOVERY_ACCESS_GIVEN, actor=actor.account_id, details=details, clock=clock)
    in_history(tx, found.matter_id, event)
    marks.want_for(tx, jobs, found.id, chosen)
    made = _latest(tx, found.id, chosen)
    assert made is not None, "it was written just now"
    return Given(made, code, identity)


def end_access(
    tx: Connection,
    actor: Actor,
    discovery_id: str,
    side: PartySide | str,
    *,
    reason: str,
    clock: Clock | None = None,
) -> None:
    """End a side's access at once, its visits too. Raises Refused, DiscoveryUnknown, AccessUnknown."""
    actor.require(Permission.DISCOVERY_MANAGE)
    clock, chosen, why = clock or SystemClock(), PartySide(side), clean("why", reason)
    found = held_discovery(tx, actor, discovery_id)
    before = _latest(tx, found.id, chosen)
    if before is None or before.ended_at is not None:
        raise AccessUnknown(side=SIDE_WORDS[chosen], number=found.number)
    _end(tx, before, actor.account_id, why, clock.now())
    details = {"discovery": found.id, "side": chosen.value, "access": before.id, "reason": why}
    event = append(tx, Event.DISCOVERY_ACCESS_ENDED, actor=actor.account_id, details=details, clock=clock)
    in_history(tx, found.matter_id, event)


def sides_of(tx: Connection, discovery_id: str) -> list[Side]:
    """Every access that was ever given, the newest first."""
    query = sa.select(discovery_side).where(discovery_side.c.discovery_id == discovery_id)
    return [_side(row) for row in tx.execute(query.order_by(discovery_side.c.given_at.desc()))]


def standing_side(tx: Connection, digest: bytes, now: datetime) -> Side | None:
    """The access that a code of that digest opens now."""
    row = tx.execute(sa.select(discovery_side).where(discovery_side.c.code_digest == digest)).first()
    found = None if row is None else _side(row)
    return found if found is not None and found.open_at(now) else None


def must_not_wait(tx: Connection, address: str, *, clock: Clock) -> None:
    """Raise TooManyCodes where too many wrong codes came from there. Only read: who goes on guessing writes nothing
    more."""
    if _misses(tx, discovery_miss.c.address == place_of(address), clock) >= MOST_MISSES:
        raise TooManyCodes()


def _misses(tx: Connection, which: sa.ColumnElement[bool], clock: Clock) -> int:
    since = discovery_miss.c.at > clock.now() - WITHIN
    return tx.scalar(sa.select(sa.func.count()).select_from(discovery_miss).where(which, since)) or 0


def missed(tx: Connection, address: str, *, clock: Clock) -> None:
    """Count a code that was not right, and put it on record; in a transaction of its own, which is committed before the
    refusal is told. Raises TooManyCodes as `must_not_wait` does: then nothing is written."""
    must_not_wait(tx, address, clock=clock)
    now = clock.now()
    if _misses(tx, sa.true(), clock) >= MOST_WRITTEN:
        return
    tx.execute(discovery_miss.delete().where(discovery_miss.c.at <= now - WITHIN))
    tx.execute(discovery_miss.insert(), {"address": place_of(address), "at": now})
    details = {"address": place_of(address), "reason": "code"}
    append(tx, Event.DISCOVERY_ENTRY_REFUSED, actor="system:discovery", details=details, clock=clock)


def place_of(address: str) -> str:
    """An address as guesses are counted by it: an IPv6 one by its network of 64 bits, which one person has whole."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == 6:
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)


def _new_key() -> tuple[str, str | None]:
    """A fresh age identity: its recipient, and itself, to be shown once."""
    identity = x25519.Identity.generate()
    return str(identity.to_public()), str(identity)


def _latest(tx: Connection, discovery_id: str, side: PartySide) -> Side | None:
    mine = discovery_side.c.discovery_id == discovery_id, discovery_side.c.side == side.value
    query = (
        sa.select(discovery_side).where(*mine).order_by(discovery_side.c.given_at.desc(), discovery_side.c.id.desc())
    )
    row = tx.execute(query.limit(1)).first()
    return None if row is None else _side(row)


def _end(tx: Connection, side: Side, by: str, why: str, now: datetime) -> None:
    values = {"ended_by": by, "ended_at": now, "end_reason": why}
    tx.execute(discovery_side.update().where(discovery_side.c.id == side.id).values(**values))
    tx.execute(discovery_session.delete().where(discovery_session.c.side_id == side.id))


def _side(row: sa.Row[Any]) -> Side:
    values = {name: row._mapping[name] for name in Side.__dataclass_fields__}
    return Side(**{**values, "side": PartySide(values["side"])})
