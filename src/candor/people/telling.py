"""Telling of what one person did to another's account (CJIS AC-2): whoever answers for accounts, and its owner."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock
from candor.core.outbox import NoticeKind


def of_changed_account(tx: Connection, actor: str, account_id: str, what: str, *, clock: Clock | None = None) -> None:
    """Tell the administrators and the account's owner that somebody else changed its rights or ways of signing in.

    `what`: roles, active, password or second-factor. What people do to their own account is no news.
    """
    if actor == account_id:
        return
    details = {"account": account_id, "changed": what}
    outbox.tell(tx, NoticeKind.ACCOUNT_CHANGED, details=details, about=f"/accounts/{account_id}", clock=clock)
    if what != "active":  # whoever was made inactive reads nothing any more; whoever is back sees that
        outbox.tell(tx, NoticeKind.OWN_ACCOUNT_CHANGED, details={"changed": what}, to=[account_id], clock=clock)
