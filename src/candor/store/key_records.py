"""What is known of the keys' keeping, beside the keys: `key-records.json` in CANDOR_KEYS.

That a recovery sheet was confirmed, that a key is in escrow, that it was restored: facts about the keys in this folder,
so they lie with them and outlive the database. Nothing secret is in it. Without the file, or with a damaged one, keys
work as ever; only what it said has to be done anew.

    {"sheets": {"1": "2026-11-22T10:11:12.123456Z"},
     "escrows": [{"way": "shares" | "age", "epochs": [1], "at": …, "holders": 5, "needed": 3, "recipients": []}],
     "kept": [1],                                          epochs retired, whose files were to stay
     "restored": [{"epochs": [1], "way": "sheet" | "shares" | "age", "at": …}]}          not yet in the custody log
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from candor.core.clock import from_iso, iso
from candor.core.files import write_durably
from candor.store.key_errors import RotationRunning

__all__ = ["Escrow", "KeyRecords", "Restored", "alone_with_keys", "change_records", "read_records"]

_FILE = "key-records.json"
_PAUSE = 0.2


@dataclass(frozen=True)
class Escrow:
    """That keys were given into the hands of others. `way` is `shares` (holders, needed) or `age` (fingerprints of the
    recipients)."""

    way: str
    epochs: tuple[int, ...]
    at: datetime
    holders: int = 0
    needed: int = 0
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class Restored:
    """That keys were put back from paper or escrow; kept until the custody log has it."""

    way: str
    epochs: tuple[int, ...]
    at: datetime


@dataclass(frozen=True)
class KeyRecords:
    """Everything the file says. `problem`: why it could not be read, else empty."""

    sheets: Mapping[int, datetime]
    escrows: tuple[Escrow, ...] = ()
    kept: tuple[int, ...] = ()
    restored: tuple[Restored, ...] = ()
    problem: str = ""

    def sheet_confirmed_at(self, epoch: int) -> datetime | None:
        """When somebody confirmed that the sheet of an epoch is on paper."""
        return self.sheets.get(epoch)

    def escrows_of(self, epoch: int) -> tuple[Escrow, ...]:
        """The escrows that hold an epoch's key."""
        return tuple(one for one in self.escrows if epoch in one.epochs)


def read_records(folder: Path) -> KeyRecords:
    """What the file says; a damaged one says nothing, and that it is damaged."""
    try:
        return _parse(json.loads((folder / _FILE).read_bytes()))
    except FileNotFoundError:
        return KeyRecords({})
    except OSError as error:
        return KeyRecords({}, problem=f"{folder / _FILE} cannot be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError):
        return KeyRecords({}, problem=f"{folder / _FILE} is damaged")


def change_records(
    folder: Path,
    *,
    confirmed: Mapping[int, datetime] | None = None,
    escrow: Escrow | None = None,
    kept: Sequence[int] = (),
    restored: Restored | None = None,
    logged: Sequence[Restored] = (),
) -> KeyRecords:
    """Add to the file, durable when this returns. `logged`: what was restored and is in the custody log now.

    A damaged file is put aside under another name and begun anew.
    """
    with _locked(folder):
        before = read_records(folder)
        if before.problem:
            os.replace(folder / _FILE, folder / f"{_FILE}.damaged")
        after = replace(
            before,
            sheets={**before.sheets, **(confirmed or {})},
            escrows=before.escrows + ((escrow,) if escrow else ()),
            kept=tuple(sorted({*before.kept, *kept})),
            restored=tuple(one for one in before.restored if one not in logged) + ((restored,) if restored else ()),
            problem="",
        )
        write_durably(folder / _FILE, json.dumps(_document(after), indent=1).encode() + b"\n", mode=0o600)
    return after


@contextmanager
def alone_with_keys(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """While this lasts nobody else changes the keys in the folder. Waits `patience` seconds for whoever does, then
    raises RotationRunning."""
    descriptor = os.open(folder / ".rotation", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise RotationRunning(folder=folder) from error
                time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)  # and the lock with it; the kernel does the same for a process that is killed


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _parse(found: Any) -> KeyRecords:
    return KeyRecords(
        sheets={int(epoch): from_iso(at) for epoch, at in found.get("sheets", {}).items()},
        escrows=tuple(
            Escrow(
                str(one["way"]),
                _whole_numbers(one["epochs"]),
                from_iso(one["at"]),
                int(one.get("holders", 0)),
                int(one.get("needed", 0)),
                tuple(str(recipient) for recipient in one.get("recipients", ())),
            )
            for one in found.get("escrows", ())
        ),
        kept=_whole_numbers(found.get("kept", ())),
        restored=tuple(
            Restored(str(one["way"]), _whole_numbers(one["epochs"]), from_iso(one["at"]))
            for one in found.get("restored", ())
        ),
    )


def _whole_numbers(found: Any) -> tuple[int, ...]:
    return tuple(int(one) for one in found)


def _document(records: KeyRecords) -> dict[str, Any]:
    return {
        "sheets": {str(epoch): iso(at) for epoch, at in sorted(records.sheets.items())},
        "escrows": [
            {
                "way": one.way,
                "epochs": one.epochs,
                "at": iso(one.at),
                "holders": one.holders,
                "needed": one.needed,
                "recipients": one.recipients,
            }
            for one in records.escrows
        ],
        "kept": records.kept,
        "restored": [{"way": one.way, "epochs": one.epochs, "at": iso(one.at)} for one in records.restored],
    }
