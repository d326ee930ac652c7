"""Visits of a side: a cookie of its own that opens one discovery and nothing else of the site.

The token is random (256 bits) and only its digest is kept. From it follows the key of this visit's tickets: what
somebody watches is named in an address only as a ticket that nobody but this visit can read, so that neither the
database nor a log of addresses tells it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import Event, append
from candor.disclosure.discovery.access import Side, digest_of, missed, must_not_wait, sides_of, standing_side
from candor.disclosure.discovery.errors import CodeRefused, ViewingOver, VisitEnded
from candor.disclosure.discovery.reading import by_id
from candor.disclosure.discovery.tables import discovery_session, discovery_side
from candor.matters.holding import in_history

__all__ = [
    "IDLE",
    "LASTS",
    "Visit",
    "begin",
    "end",
    "is_seen_due",
    "must_have_access",
    "present",
    "refuse",
    "seen",
    "ticket",
    "ticket_of",
]

#: A visit ends after so long, and earlier when nothing was done.
LASTS, IDLE = timedelta(hours=12), timedelta(hours=2)
_SEEN_AGAIN = timedelta(minutes=1)
_BYTES = 32


@dataclass(frozen=True)
class Visit:
    """A side that is in. `token` is what its cookie holds; it is never kept."""

    side: Side
    token: str
    began_at: datetime
    ends_at: datetime
    seen_at: datetime


def begin(tx: Connection, code: str, *, address: str, clock: Clock | None = None) -> Visit:
    """Come in with a code. Raises CodeRefused, to be counted by `refuse`, and TooManyCodes."""
    clock = clock or SystemClock()
    must_not_wait(tx, address, clock=clock)
    now = clock.now()
    side = standing_side(tx, digest_of(code), now)
    if side is None:
        raise CodeRefused()
    token = base64.urlsafe_b64encode(os.urandom(_BYTES)).decode().rstrip("=")
    visit = Visit(side, token, now, min(now + LASTS, side.ends_at), now)
    tx.execute(discovery_session.delete().where(discovery_session.c.ends_at <= now))
    row = {"token_hash": _hash(token), "side_id": side.id, "began_at": now, "seen_at": now, "ends_at": visit.ends_at}
    tx.execute(discovery_session.insert(), row)
    details = {"discovery": side.discovery_id, "side": side.side.value, "access": side.id}
    event = append(tx, Event.DISCOVERY_ENTERED, actor="system:discovery", details=details, clock=clock)
    in_history(tx, by_id(tx, side.discovery_id).matter_id, event)
    return visit


def refuse(tx: Connection, *, address: str, clock: Clock | None = None) -> None:
    """Count that a code was not right. Raises TooManyCodes."""
    missed(tx, address, clock=clock or SystemClock())


def present(tx: Connection, token: str, *, clock: Clock | None = None) -> Visit:
    """The visit of a token. Raises VisitEnded when there is none, its time is over, or the side's access ended."""
    now = (clock or SystemClock()).now()
    query = (
        sa.select(discovery_session, discovery_side.c.discovery_id)
        .join(discovery_side, discovery_side.c.id == discovery_session.c.side_id)
        .where(discovery_session.c.token_hash == _hash(token))
    )
    row = tx.execute(query).first()
    if row is None or row.ends_at <= now or row.seen_at + IDLE <= now:
        raise VisitEnded()
    side = next((one for one in sides_of(tx, row.discovery_id) if one.id == row.side_id), None)
    if side is None or not side.open_at(now):
        raise VisitEnded()
    return Visit(side, token, row.began_at, row.ends_at, row.seen_at)


def must_have_access(tx: Connection, visit: Visit, *, clock: Clock | None = None) -> None:
    """Raise VisitEnded where the side's access ended, by its time or by somebody, while something is being sent to it.
    That only the visit fell idle meanwhile stops nothing."""
    side = next((one for one in sides_of(tx, visit.side.discovery_id) if one.id == visit.side.id), None)
    if side is None or not side.open_at((clock or SystemClock()).now()):
        raise VisitEnded()


def is_seen_due(visit: Visit, *, clock: Clock | None = None) -> bool:
    """Whether it is to be written down that somebody is there: a player asks for hundreds of pieces a minute."""
    return visit.seen_at <= (clock or SystemClock()).now() - _SEEN_AGAIN


def seen(tx: Connection, visit: Visit, *, clock: Clock | None = None) -> None:
    """Write down that somebody is there; at most once a minute."""
    now = (clock or SystemClock()).now()
    this = discovery_session.c.token_hash == _hash(visit.token), discovery_session.c.seen_at <= now - _SEEN_AGAIN
    tx.execute(discovery_session.update().where(*this).values(seen_at=now))


def end(tx: Connection, token: str) -> None:
    """End a visit; nothing happens where there is none."""
    tx.execute(discovery_session.delete().where(discovery_session.c.token_hash == _hash(token)))


def ticket(visit: Visit, holds: dict[str, Any]) -> str:
    """What stands in an address instead of what is watched: readable to this visit alone."""
    nonce = os.urandom(12)
    data = json.dumps(holds, separators=(",", ":"), sort_keys=True).encode()
    sealed = nonce + AESGCM(_key(visit.token)).encrypt(nonce, data, b"")
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def ticket_of(visit: Visit, text: str) -> dict[str, Any]:
    """What a ticket holds. Raises ViewingOver for one of another visit, or none at all."""
    try:
        sealed = base64.urlsafe_b64decode(text[:4096] + "=" * (-len(text) % 4))
        found: dict[str, Any] = json.loads(AESGCM(_key(visit.token)).decrypt(sealed[:12], sealed[12:], b""))
    except (ValueError, InvalidTag) as error:
        raise ViewingOver() from error
    return found


def _hash(token: str) -> bytes:
    return hashlib.sha256(b"candor-discovery-visit-v1\0" + token.encode("utf-8", "surrogatepass")).digest()


def _key(token: str) -> bytes:
    return hmac.new(token.encode(), b"candor-discovery-ticket-v1", hashlib.sha256).digest()
