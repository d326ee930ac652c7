"""Codes of an authenticator app: time-based one-time passwords (RFC 6238; SHA-1, 6 digits, 30 seconds, which is what
the apps understand).

1. The shared secret is 160 random bits, kept sealed under the vault's key (`store.secrets`), never in the database
   as it is.
2. It counts only after a code of it was given once.
3. A code of the step before or after is taken too, for clocks that are a little off (RFC 6238, 5.2), and the codes
   of a step are taken once, whoever asks at the same moment in another process.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

import sqlalchemy as sa
from pyotp.hotp import HOTP
from pyotp.totp import TOTP
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.people.errors import CodeReplayed, CodeWrong, SecondFactorMissing
from candor.people.tables import totp as totp_table
from candor.store import Vault
from candor.store.secrets import destroy_secret

#: Seconds of a step, and digits of a code.
STEP, DIGITS = 30, 6
#: Bytes of the shared secret (RFC 4226, R6: 160 bits recommended).
SECRET_SIZE = 20
#: How many steps a code may be off, each way.
TOLERANCE = 1


def step_at(moment: datetime) -> int:
    """The number of the time step of a moment."""
    return int(moment.timestamp()) // STEP


def code_at(secret: bytes, step: int) -> str:
    """The code of a step."""
    return str(HOTP(_base32(secret), digits=DIGITS).at(step))


def matching_step(secret: bytes, code: str, moment: datetime) -> int | None:
    """The step, at most TOLERANCE away, whose code this is: the newest if several; None if none. Takes the same time
    whichever it is."""
    tidy = "".join(code.split())
    found = None
    for step in range(step_at(moment) - TOLERANCE, step_at(moment) + TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), tidy.encode()):
            found = step
    return found


def uri(secret: bytes, *, account: str, site: str) -> str:
    """What the QR code says to the app (the `otpauth` form that apps read)."""
    return TOTP(_base32(secret), digits=DIGITS, interval=STEP).provisioning_uri(name=account, issuer_name=site)


def typed(secret: bytes) -> str:
    """The secret in groups of four, for whoever types it."""
    text = _base32(secret)
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode()


# -- of an account


def start(tx: Connection, vault: Vault, account_id: str, *, clock: Clock | None = None) -> None:
    """Make a secret for an account that has no app yet; one that was begun before and never confirmed is replaced."""
    row = tx.execute(sa.select(totp_table).where(totp_table.c.account_id == account_id)).first()
    if row is not None:
        if row.confirmed_at is not None:
            return
        _delete(tx, account_id, row.secret_id)
    tx.execute(
        totp_table.insert(),
        {
            "account_id": account_id,
            "secret_id": vault.keep_secret(tx),
            "made_at": (clock or SystemClock()).now(),
            "last_step": 0,
        },
    )


def awaiting(tx: Connection, vault: Vault, account_id: str) -> bytes | None:
    """The secret of an app that was not confirmed yet, to be shown; None when there is none such."""
    row = tx.execute(sa.select(totp_table).where(totp_table.c.account_id == account_id)).first()
    return None if row is None or row.confirmed_at is not None else _secret(tx, vault, row.secret_id)


def since(tx: Connection, account_id: str) -> datetime | None:
    """When the app of an account was confirmed; None without one that counts."""
    query = sa.select(totp_table.c.confirmed_at).where(totp_table.c.account_id == account_id)
    moment: datetime | None = tx.execute(query).scalar()
    return moment


def confirm(tx: Connection, vault: Vault, account_id: str, code: str, *, clock: Clock | None = None) -> None:
    """A first code makes the app count. Raises CodeWrong, SecondFactorMissing."""
    now = (clock or SystemClock()).now()
    _take(tx, vault, account_id, code, now, confirmed=False)
    tx.execute(totp_table.update().where(totp_table.c.account_id == account_id).values(confirmed_at=now))


def accept(tx: Connection, vault: Vault, account_id: str, code: str, *, clock: Clock | None = None) -> None:
    """Take a code. Raises CodeWrong, or CodeReplayed for one of a step that was taken before."""
    _take(tx, vault, account_id, code, (clock or SystemClock()).now(), confirmed=True)


def remove(tx: Connection, account_id: str) -> bool:
    """Forget the app and destroy its secret; False when there was none that counted."""
    row = tx.execute(sa.select(totp_table).where(totp_table.c.account_id == account_id)).first()
    if row is None:
        return False
    _delete(tx, account_id, row.secret_id)
    return row.confirmed_at is not None


def _take(tx: Connection, vault: Vault, account_id: str, code: str, now: datetime, *, confirmed: bool) -> None:
    row = tx.execute(sa.select(totp_table).where(totp_table.c.account_id == account_id)).first()
    if row is None or (row.confirmed_at is not None) != confirmed:
        raise CodeWrong() if confirmed else SecondFactorMissing()
    step = matching_step(_secret(tx, vault, row.secret_id), code, now)
    if step is None:
        raise CodeWrong()
    # Another process may be taking the same code: only one finds the step still untaken.
    untaken = totp_table.c.account_id == account_id, totp_table.c.last_step < step
    if tx.execute(totp_table.update().where(*untaken).values(last_step=step)).rowcount != 1:
        raise CodeReplayed()


def _secret(tx: Connection, vault: Vault, secret_id: str) -> bytes:
    # What is kept has 32 bytes, like every key; the app's secret is the first 20 of them.
    return vault.open_secret(tx, secret_id)[:SECRET_SIZE]


def _delete(tx: Connection, account_id: str, secret_id: str) -> None:
    tx.execute(totp_table.delete().where(totp_table.c.account_id == account_id))
    destroy_secret(tx, secret_id)
