"""Recovery codes: ten codes of 80 random bits that stand in for a second factor that is lost, each once.

The database keeps their SHA-256 with the account: 80 random bits need no slow hash. They are shown once; a new set
replaces the old one.
"""

from __future__ import annotations

import base64
import hashlib
import os

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people.errors import RecoveryCodeWrong
from candor.people.tables import recovery_code as code_table

COUNT = 10
_BYTES = 10  # 80 bits: 16 characters of base32
#: What hands and eyes confuse; base32 has none of the characters on the left.
_CONFUSED = str.maketrans("018", "olb")


def make(tx: Connection, account_id: str, *, actor: str, clock: Clock | None = None) -> list[str]:
    """A new set in place of the old one; the codes, which are kept nowhere: `abcd-efgh-ijkl-mnop`."""
    now = (clock or SystemClock()).now()
    forget(tx, account_id)
    codes = [base64.b32encode(os.urandom(_BYTES)).decode().lower() for _ in range(COUNT)]
    rows = [{"code_hash": _hash(account_id, code), "account_id": account_id, "made_at": now} for code in codes]
    tx.execute(code_table.insert(), rows)
    details = {"account": account_id, "codes": COUNT}
    custody.append(tx, Event.ACCOUNT_RECOVERY_CODES_MADE, actor=actor, details=details, clock=clock)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def left(tx: Connection, account_id: str) -> int:
    """How many codes are unused."""
    unused = code_table.c.account_id == account_id, code_table.c.used_at.is_(None)
    return int(tx.execute(sa.select(sa.func.count()).select_from(code_table).where(*unused)).scalar_one())


def use(tx: Connection, account_id: str, code: str, *, clock: Clock | None = None) -> None:
    """Take a code, in whatever case and grouping it was typed. Raises RecoveryCodeWrong."""
    unused = (
        code_table.c.code_hash == _hash(account_id, code),
        code_table.c.account_id == account_id,
        code_table.c.used_at.is_(None),
    )
    now = (clock or SystemClock()).now()
    if tx.execute(code_table.update().where(*unused).values(used_at=now)).rowcount != 1:
        raise RecoveryCodeWrong()
    details = {"account": account_id, "left": left(tx, account_id)}
    custody.append(tx, Event.ACCOUNT_RECOVERY_CODE_USED, actor=account_id, details=details, clock=clock)


def forget(tx: Connection, account_id: str) -> None:
    """Make every code of an account worthless."""
    tx.execute(code_table.delete().where(code_table.c.account_id == account_id))


def _hash(account_id: str, code: str) -> bytes:
    tidy = "".join(character for character in code.lower() if character.isalnum()).translate(_CONFUSED)
    return hashlib.sha256(f"{account_id}\0{tidy}".encode()).digest()
