"""What `candor key check` says, also where the installation itself does not open; and what `serve` says of keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import sqlalchemy as sa

from candor.cli.common import put_json, say
from candor.core.clock import iso
from candor.core.database import Database
from candor.core.settings import Settings
from candor.custody.errors import CustodyError
from candor.custody.keys import LogKey
from candor.custody.tables import log_head
from candor.installation import Installation
from candor.store.key_errors import SheetNotOfThisKey
from candor.store.key_records import read_records
from candor.store.key_state import KeysState, keys_state
from candor.store.keys import KeyRing, check_value_of, fingerprint_of

__all__ = ["check_keys", "existing_database", "must_be_present_sheet", "say_of_log_key", "say_of_sheet"]


@contextmanager
def existing_database(settings: Settings) -> Iterator[Database | None]:
    """The database, if there is one; none is made."""
    if settings.database_url is None and not (settings.home / "candor.sqlite3").exists():
        yield None
        return
    database = Database(settings.database)
    try:
        yield database
    finally:
        database.dispose()


def must_be_present_sheet(keys: KeyRing, epochs: tuple[int, ...], found: Mapping[int, bytes], folder: Path) -> None:
    """Raise SheetNotOfThisKey unless a sheet that was read holds the present keys, all of them."""
    for epoch, key in found.items():
        if epoch not in keys.epochs:
            reason = f"it holds the key of epoch {epoch}, and the folder that of epoch {keys.current}"
            raise SheetNotOfThisKey(folder=folder, reason=reason)
        if check_value_of(key, epoch) != keys.check_value(epoch):
            theirs, ours = fingerprint_of(check_value_of(key, epoch)), fingerprint_of(keys.check_value(epoch))
            raise SheetNotOfThisKey(folder=folder, reason=f"its fingerprint is {theirs}, the key's is {ours}")
    missing = [epoch for epoch in epochs if epoch not in found]
    if missing:
        raise SheetNotOfThisKey(folder=folder, reason=f"the key of epoch {missing[-1]} is not on it")


@dataclass(frozen=True)
class _Found:
    keys: KeysState
    log_key: str | None
    database: bool

    @property
    def code(self) -> int:
        if self.keys.newest is None:
            return 9
        return 6 if self.keys.problems or self.log_key else 0


def check_keys(settings: Settings, confirmed: tuple[int, ...], *, json_out: bool) -> int:
    """Say how the keys stand; the exit code: 0, 6 when something is wrong, 9 when there is no key."""
    found = _look(settings)
    if json_out:
        _put_json(found, confirmed)
    else:
        _show(found, confirmed)
    return found.code


def _look(settings: Settings) -> _Found:
    folder = settings.keys_folder
    with existing_database(settings) as database:
        if database is None:
            return _Found(keys_state(folder, None), None, database=False)
        with database.read() as tx:
            if not sa.inspect(tx).has_table("vault_epoch") or not sa.inspect(tx).has_table("vault_secret"):
                return _Found(keys_state(folder, None), None, database=False)
            vkey = tx.scalar(sa.select(log_head.c.vkey))
            return _Found(keys_state(folder, tx), _log_key_problem(folder, vkey), database=True)


def _log_key_problem(folder: Path, vkey: str | None) -> str | None:
    if vkey is None:
        return None
    try:
        LogKey.load(folder, vkey)
    except CustodyError as error:
        return str(error)
    return None


def _put_json(found: _Found, confirmed: tuple[int, ...]) -> None:
    state = found.keys
    put_json(
        {
            "folder": str(state.folder),
            "database": found.database,
            "newest": state.newest,
            "epochs": [
                {
                    "epoch": one.epoch,
                    "at_hand": one.at_hand,
                    "fingerprint": one.fingerprint,
                    "made": one.made,
                    "wraps": one.wraps,
                    "retired_at": None if one.retired_at is None else iso(one.retired_at),
                    "problem": one.problem,
                }
                for one in state.epochs
            ],
            "sheet_confirmed_at": None if state.sheet_confirmed_at is None else iso(state.sheet_confirmed_at),
            "confirmed_now": list(confirmed),
            "escrows": [
                {
                    "way": one.way,
                    "at": iso(one.at),
                    "holders": one.holders,
                    "needed": one.needed,
                    "recipients": list(one.recipients),
                }
                for one in state.escrows
            ],
            "log_key_problem": found.log_key,
            "problems": [*state.problems, *([found.log_key] if found.log_key else [])],
            "warnings": list(state.warnings),
        }
    )


def _show(found: _Found, confirmed: tuple[int, ...]) -> None:
    state = found.keys
    click.echo(f"Keys in {state.folder}" + ("" if found.database else " (no database to compare them with)"))
    for one in state.epochs:
        words = f"Epoch {one.epoch}: " + (f"fingerprint {one.fingerprint}" if one.at_hand else "not at hand")
        if one.wraps is not None:
            words += f", wraps {one.wraps:,} keys"
        if one.retired_at is not None:
            words += f", retired {iso(one.retired_at)[:10]}"
        click.echo(words + (", used for what is sealed now" if one.epoch == state.newest else ""))
    if confirmed:
        click.echo("This is the sheet of the present key; that it was confirmed is written down.")
    elif state.sheet_confirmed_at is not None:
        click.echo(f"Recovery sheet confirmed on {iso(state.sheet_confirmed_at)[:10]}.")
    for record in state.escrows:
        among = f"split among {record.holders}, {record.needed} needed"
        to = f"encrypted to {len(record.recipients)} recipients"
        click.echo(f"In escrow since {iso(record.at)[:10]}: {among if record.way == 'shares' else to}.")
    if found.database and not found.log_key:
        click.echo("The custody log's signing key is at hand and right.")
    for problem in state.problems:
        say(f"PROBLEM: {problem}")
    if found.log_key:
        say(f"PROBLEM: {found.log_key}")
    for warning in state.warnings:
        say(f"Warning: {warning}")


def say_of_log_key(installation: Installation) -> None:
    """At the start of a process that stays: that the key which signs the custody log is missing or wrong."""
    verifier = installation.log.verifier
    if verifier is None:
        return
    problem = _log_key_problem(installation.settings.keys_folder, verifier.format())
    if problem:
        say(f"PROBLEM: {problem}")
        say("Footage goes on being taken in and events go on being recorded; they wait for the signature.")


def say_of_sheet(installation: Installation, address: str) -> None:
    """At the start of the site: that the recovery sheet waits to be printed, and where."""
    newest = installation.vault.keys.current
    if read_records(installation.settings.keys_folder).sheet_confirmed_at(newest) is not None:
        return
    say(f"The recovery sheet of the key waits at {address.rstrip('/')}/recovery-sheet, or run `candor key sheet`.")
    say("Until it is on paper, everything is lost when the folder of the keys is.")
