"""Second factors of an account: what it has, what it owes, taking one, adding and removing.

An app or a passkey counts as a second factor; recovery codes come with the first of them and go with the last. Each
change is an event; one's own last factor cannot be removed while a role of one's needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people import passkeys, policy, recovery_codes, service, sessions, telling, totp
from candor.people.errors import SecondFactorMissing, SecondFactorRequired
from candor.people.passkeys import Passkey
from candor.people.policy import Policy
from candor.people.rules import Actor, Permission
from candor.people.tables import account as account_table
from candor.people.tables import passkey as passkey_table
from candor.people.tables import totp as totp_table
from candor.store import Vault


@dataclass(frozen=True)
class Factors:
    """What an account has. `app_since`: when its authenticator app was confirmed."""

    app_since: datetime | None
    passkeys: tuple[Passkey, ...]
    codes_left: int

    @property
    def any(self) -> bool:
        """Whether there is one that counts; a refused passkey does not."""
        return self.app_since is not None or any(one.refused_at is None for one in self.passkeys)


def of(tx: Connection, account_id: str) -> Factors:
    """The second factors of an account."""
    return Factors(totp.since(tx, account_id), tuple(passkeys.of(tx, account_id)), recovery_codes.left(tx, account_id))


def who_has_one(tx: Connection) -> set[str]:
    """The ids of all accounts with a second factor."""
    apps = sa.select(totp_table.c.account_id).where(totp_table.c.confirmed_at.is_not(None))
    keys = sa.select(passkey_table.c.account_id).where(passkey_table.c.refused_at.is_(None))
    return set(tx.execute(sa.union(apps, keys)).scalars())


def owed(tx: Connection, account_id: str, rules: Policy) -> str:
    """The stage that a right password leads to: SECOND for whoever has a second factor, ENROL for whoever needs one
    and has none, FULL for the rest. A refused passkey still asks, so that a copy does not open the door by its
    refusal: recovery codes do."""
    found = of(tx, account_id)
    if found.app_since is not None or found.passkeys:
        return sessions.SECOND
    return sessions.ENROL if is_required(tx, account_id, rules) else sessions.FULL


def is_required(tx: Connection, account_id: str, rules: Policy) -> bool:
    """Whether a role of the account needs a second factor."""
    return rules.requires_second_factor(service.account(tx, account_id).roles)


def take_code(
    tx: Connection,
    vault: Vault,
    account_id: str,
    *,
    code: str = "",
    recovery_code: str = "",
    clock: Clock | None = None,
) -> str:
    """Take a code of the app, or a recovery code where one is given; which it was. Raises CodeWrong and its kin."""
    if recovery_code:
        recovery_codes.use(tx, account_id, recovery_code, clock=clock)
        return "recovery code"
    totp.accept(tx, vault, account_id, code, clock=clock)
    return "app"


def added(
    tx: Connection,
    account_id: str,
    kind: str,
    *,
    passkey: str = "",
    keep_session: bytes | None = None,
    clock: Clock | None = None,
) -> list[str]:
    """A second factor was just set up: its event, and with the first one a set of recovery codes, else an empty list.
    `kind`: `app` or `passkey`, then with its id.

    The first one ends the account's other sessions, but for that of the token hash `keep_session`: they were opened
    by the password alone, maybe by somebody who was about to set up a factor of their own.
    """
    details = {"account": account_id, "factor": kind, "passkey": passkey or None}
    custody.append(tx, Event.ACCOUNT_SECOND_FACTOR_ADDED, actor=account_id, details=details, clock=clock)
    found = of(tx, account_id)
    if (found.app_since is not None) + len(found.passkeys) == 1:
        sessions.end_all(tx, account_id, actor=account_id, but=keep_session, clock=clock)
    if recovery_codes.left(tx, account_id):
        return []
    return recovery_codes.make(tx, account_id, actor=account_id, clock=clock)


def remove_app(tx: Connection, account_id: str, *, clock: Clock | None = None) -> None:
    """Remove one's own app. Raises SecondFactorMissing, SecondFactorRequired."""
    _take_turn(tx, account_id)
    if not totp.remove(tx, account_id):
        raise SecondFactorMissing()
    _removed(tx, account_id, {"factor": "app", "passkey": None}, clock)


def remove_passkey(tx: Connection, account_id: str, passkey_id: str, *, clock: Clock | None = None) -> None:
    """Remove one of one's own passkeys. Raises SecondFactorMissing, SecondFactorRequired."""
    _take_turn(tx, account_id)
    if not passkeys.remove(tx, account_id, passkey_id):
        raise SecondFactorMissing()
    _removed(tx, account_id, {"factor": "passkey", "passkey": passkey_id}, clock)


def _removed(tx: Connection, account_id: str, what: dict[str, str | None], clock: Clock | None) -> None:
    found = of(tx, account_id)
    if not found.any and is_required(tx, account_id, policy.read(tx)):
        raise SecondFactorRequired()
    if found.app_since is None and not found.passkeys:
        recovery_codes.forget(tx, account_id)
    details = {"account": account_id, **what, "how_many": 1}
    custody.append(tx, Event.ACCOUNT_SECOND_FACTOR_REMOVED, actor=account_id, details=details, clock=clock)


def remove_all(tx: Connection, actor: Actor, account_id: str, *, clock: Clock | None = None) -> bool:
    """Take every second factor and recovery code from an account whose owner lost them; its sessions end. False when
    it had none."""
    actor.require(Permission.ACCOUNTS_MANAGE)
    service.account(tx, account_id)
    _take_turn(tx, account_id)
    found = of(tx, account_id)
    had_app = totp.remove(tx, account_id)
    for one in found.passkeys:
        passkeys.remove(tx, account_id, one.id)
    recovery_codes.forget(tx, account_id)
    if not had_app and not found.passkeys and not found.codes_left:
        return False
    how_many = int(had_app) + len(found.passkeys)
    details = {"account": account_id, "factor": "all", "passkey": None, "how_many": how_many}
    custody.append(tx, Event.ACCOUNT_SECOND_FACTOR_REMOVED, actor=actor.account_id, details=details, clock=clock)
    telling.of_changed_account(tx, actor.account_id, account_id, "second-factor", clock=clock)
    sessions.end_all(tx, account_id, actor=actor.account_id, clock=clock)
    return True


def _take_turn(tx: Connection, account_id: str) -> None:
    """Removals of the same account queue at its row, so that the last two cannot both think the other one stays."""
    tx.execute(sa.select(account_table.c.id).where(account_table.c.id == account_id).with_for_update())
