"""Where somebody is reached by mail: set by themselves or by whoever keeps the accounts."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.mail_server import is_address
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people.errors import AccountUnknown, AddressWrong
from candor.people.rules import Actor, Permission
from candor.people.tables import account as account_table


def email_of(tx: Connection, account_id: str) -> str | None:
    """The account's e-mail address, or None; AccountUnknown when there is no such account."""
    row = tx.execute(sa.select(account_table.c.email).where(account_table.c.id == account_id)).first()
    if row is None:
        raise AccountUnknown(id=account_id)
    address: str | None = row.email
    return address


def set_email(
    tx: Connection, actor: Actor, account_id: str, address: str | None, *, clock: Clock | None = None
) -> str | None:
    """Set or remove (None or empty) the address. One's own, or with `accounts:manage` anybody's.

    Returns the event's id (`account:changed`, old and new), or None when it was so already. AddressWrong when it is
    no address.
    """
    if actor.account_id != account_id:
        actor.require(Permission.ACCOUNTS_MANAGE)
    wanted = (address or "").strip() or None
    if wanted is not None and not is_address(wanted):
        raise AddressWrong(address=wanted[:100])
    before = email_of(tx, account_id)
    if before == wanted:
        return None
    tx.execute(account_table.update().where(account_table.c.id == account_id).values(email=wanted))
    details = {"account": account_id, "changed": {"email": {"old": before, "new": wanted}}}
    return custody.append(tx, Event.ACCOUNT_CHANGED, actor=actor.account_id, details=details, clock=clock)
