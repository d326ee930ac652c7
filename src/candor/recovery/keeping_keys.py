"""What people do with the key-encryption key: the recovery sheet is shown and confirmed, the key is given into escrow.

Each act is an event in the caller's transaction and needs `keys:manage`. What is to be remembered beside the keys
(`candor.store.key_records`) is written after the commit, by whoever opened the transaction.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody import Event, append
from candor.people.rules import Actor, Permission
from candor.store import Vault
from candor.store.key_records import Escrow
from candor.store.key_state import sheet_epochs
from candor.store.keys import fingerprint_of
from candor.store.recovery_sheet import KeyWords, words_of_key

__all__ = ["confirm_sheet", "record_escrow", "show_sheet"]


def show_sheet(tx: Connection, vault: Vault, actor: Actor, *, face: str, clock: Clock) -> tuple[KeyWords, ...]:
    """The keys that belong on the recovery sheet, oldest first. Show them after the commit, not before."""
    actor.require(Permission.KEYS_MANAGE)
    vault.keys.reload()
    epochs = sheet_epochs(tx, vault.keys)
    append(tx, Event.KEY_SHEET_SHOWN, actor=actor.account_id, details=_details(vault, epochs, face=face), clock=clock)
    return tuple(words_of_key(vault.keys, epoch) for epoch in epochs)


def confirm_sheet(
    tx: Connection, vault: Vault, actor: Actor, epochs: tuple[int, ...], *, face: str, whole: bool, clock: Clock
) -> None:
    """Somebody showed that these epochs' keys are on paper; `whole`: all of it was typed, not two check words."""
    actor.require(Permission.KEYS_MANAGE)
    details = {**_details(vault, epochs, face=face), "whole": whole}
    append(tx, Event.KEY_SHEET_CONFIRMED, actor=actor.account_id, details=details, clock=clock)


def record_escrow(tx: Connection, vault: Vault, actor: Actor, escrow: Escrow, *, clock: Clock) -> None:
    """The keys were given into the hands of others."""
    actor.require(Permission.KEYS_MANAGE)
    details = {
        **_details(vault, escrow.epochs),
        "way": escrow.way,
        "holders": escrow.holders,
        "needed": escrow.needed,
        "recipients": list(escrow.recipients),
    }
    append(tx, Event.KEY_ESCROWED, actor=actor.account_id, details=details, clock=clock)


def _details(vault: Vault, epochs: tuple[int, ...], **more: object) -> dict[str, object]:
    newest = vault.keys.check_value(vault.keys.current)
    return {"epochs": list(epochs), "fingerprint": fingerprint_of(newest), **more}
