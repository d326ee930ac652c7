"""How the keys stand: what is at hand, whether it is right, and whether it could be restored if this folder were lost.

For `candor key check`, for whoever watches the installation, and for the first run. Reads; changes nothing.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.store.errors import KeyringMissing, KeyringUnusable, KeyWrong
from candor.store.key_errors import KeyOfAnother
from candor.store.key_records import Escrow, KeyRecords, read_records
from candor.store.keys import KeyRing, check_value_of, fingerprint_of, half_destroyed, made_at
from candor.store.secrets import secrets_under
from candor.store.tables import vault_epoch, vault_object

__all__ = ["EpochState", "KeysState", "keys_state", "must_belong_here", "sheet_epochs"]


@dataclass(frozen=True)
class EpochState:
    """One epoch's key. `wraps`: objects and secrets whose keys it wraps; None without a database."""

    epoch: int
    at_hand: bool
    fingerprint: str | None
    made: str | None
    wraps: int | None
    retired_at: datetime | None
    problem: str | None


@dataclass(frozen=True)
class KeysState:
    """How the keys stand. `problems` keep footage from being opened or would; `warnings` say what would be lost with
    this folder. `newest` is None when there is no key."""

    folder: Path
    newest: int | None
    epochs: tuple[EpochState, ...]
    sheet_confirmed_at: datetime | None
    escrows: tuple[Escrow, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_kept_elsewhere(self) -> bool:
        """Whether the newest key is known to be on paper or in escrow as well."""
        return self.sheet_confirmed_at is not None or bool(self.escrows)


def keys_state(folder: Path, tx: Connection | None) -> KeysState:
    """The state of the keys in a folder, against the database when there is one."""
    problems: list[str] = []
    keys: KeyRing | None = None
    try:
        keys = KeyRing.load(folder)
    except (KeyringMissing, KeyringUnusable) as error:
        problems.append(str(error))
    if (mode := _mode(folder)) & 0o022:
        problems.append(f"Others than its owner may write to {folder} (mode {mode:04o}): chmod 700.")
    epochs = _epochs(folder, keys, tx)
    problems += [f"Epoch {one.epoch}: {one.problem}" for one in epochs if one.problem]
    newest = None if keys is None else keys.current
    records = read_records(folder)
    confirmed = None if newest is None else records.sheet_confirmed_at(newest)
    escrows = () if newest is None else records.escrows_of(newest)
    warnings = _warnings(newest, confirmed, escrows, epochs, records)
    if half_destroyed(folder):
        warnings += ("The destroying of an old key was interrupted. Run `candor key rotate`: it ends it.",)
    return KeysState(folder, newest, epochs, confirmed, escrows, tuple(problems), warnings)


def _epochs(folder: Path, keys: KeyRing | None, tx: Connection | None) -> tuple[EpochState, ...]:
    known = {} if tx is None else {row.key_epoch: row for row in tx.execute(sa.select(vault_epoch))}
    wraps = _wraps(tx)
    at_hand = () if keys is None else keys.epochs
    found = []
    for epoch in sorted({*known, *at_hand}):
        check = keys.check_value(epoch) if keys is not None and epoch in at_hand else None
        row = known.get(epoch)
        problem = None
        if check is None and wraps.get(epoch):
            problem = f"its key is missing, and it wraps {wraps[epoch]:,} keys. Restore it: candor key restore."
        elif check is not None and row is not None and row.check_value != check:
            problem = str(KeyWrong(epoch=epoch))
        found.append(
            EpochState(
                epoch,
                check is not None,
                None if check is None else fingerprint_of(check),
                made_at(folder, epoch),
                None if tx is None else wraps.get(epoch, 0),
                None if row is None else row.retired_at,
                problem,
            )
        )
    return tuple(found)


def _wraps(tx: Connection | None) -> dict[int, int]:
    if tx is None:
        return {}
    alive = vault_object.c.key_destroyed_at.is_(None)
    query = sa.select(vault_object.c.key_epoch, sa.func.count()).where(alive).group_by(vault_object.c.key_epoch)
    counts: dict[int, int] = {row[0]: row[1] for row in tx.execute(query)}
    for epoch in tx.scalars(sa.select(vault_epoch.c.key_epoch)):
        counts[epoch] = counts.get(epoch, 0) + secrets_under(tx, epoch)
    return counts


def _warnings(
    newest: int | None,
    confirmed: datetime | None,
    escrows: tuple[Escrow, ...],
    epochs: tuple[EpochState, ...],
    records: KeyRecords,
) -> tuple[str, ...]:
    found = [records.problem] if records.problem else []
    if newest is not None and confirmed is None:
        more = "" if escrows else " If this folder is lost now, every recording is lost."
        found.append(
            f"Nobody has confirmed the recovery sheet of epoch {newest}.{more} Print it: candor key sheet, "
            "then confirm it: candor key check --sheet -"
        )
    open_epochs = [one.epoch for one in epochs if one.retired_at is None and one.wraps and one.epoch != newest]
    if open_epochs:
        found.append(
            f"A change of keys was begun and has not ended: epoch {open_epochs[0]} still wraps keys. Run `candor key "
            "rotate` to go on; until then the sheet holds more than one key."
        )
    return tuple(found)


def _mode(folder: Path) -> int:
    try:
        return stat.S_IMODE(folder.stat().st_mode)
    except OSError:
        return 0


def sheet_epochs(tx: Connection, keys: KeyRing) -> tuple[int, ...]:
    """The epochs that belong on the recovery sheet: the newest, and older ones at hand that still wrap something."""
    wraps = _wraps(tx)
    return tuple(epoch for epoch in keys.epochs if epoch == keys.current or wraps.get(epoch))


def must_belong_here(tx: Connection, keys: dict[int, bytes]) -> None:
    """Raise KeyOfAnother unless each of these keys is one that this database knows. A database that knows of no key at
    all takes any."""
    known = {row.key_epoch: row.check_value for row in tx.execute(sa.select(vault_epoch))}
    for epoch, key in keys.items():
        found = check_value_of(key, epoch)
        if known and known.get(epoch) != found:
            if epoch in known:
                expected = f"knows another one of that epoch, {fingerprint_of(known[epoch])}"
            else:
                expected = f"knows only of epochs {', '.join(str(one) for one in sorted(known))}"
            where = "this installation's database"
            raise KeyOfAnother(epoch=epoch, found=fingerprint_of(found), where=where, expected=expected)
