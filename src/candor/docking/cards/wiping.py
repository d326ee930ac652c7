"""Wiping a card: only what is sealed and was compared, byte for byte, and nothing if anything is in doubt.

    compare    every file on the card: read whole from the card, and read whole from the vault; three hashes agree.
               One whose recording was destroyed on somebody's authority is missed by nobody: its hash is enough
    confirm    by a person; whoever calls asks
    wipe       nothing changed since → card:wipe-started → every file is deleted by its folder's descriptor → card:wiped

A file is deleted only when it is the one that was compared: same place, size, dates and file number. Folders stay, and
so does what operating systems put there for themselves.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.cards.claims import CardOrders
from candor.docking.cards.errors import CardNotWiped, CardWipedInPart
from candor.docking.cards.listing import Card, CardFile, Listing
from candor.footage import names
from candor.footage.intake import Intake
from candor.footage.returning import is_destroyed
from candor.footage.rules import RecordingState
from candor.footage.tables import part, recording, sidecar
from candor.people.rules import Permission
from candor.store import StoreError
from candor.store.tables import vault_object

__all__ = ["Compared", "Wiped", "compare", "wipe"]

_PIECE = 1 << 20


@dataclass(frozen=True)
class Compared:
    """A card whose every file is sealed. `listing_sha256`: over paths, sizes, dates and hashes of all of them."""

    listing: Listing
    files: tuple[tuple[CardFile, bytes], ...]
    listing_sha256: bytes

    @property
    def size(self) -> int:
        return sum(file.size for file, _ in self.files)


@dataclass(frozen=True)
class Wiped:
    """What was deleted, and the event that says so."""

    files: int
    size: int
    event_id: str


def compare(intake: Intake, card: Card, told: Callable[[CardFile, int], None] = lambda file, size: None) -> Compared:
    """Compare every file on the card with what is sealed; `told` hears of each file and how many bytes were compared.

    Raises CardNotWiped for the first that is not sealed, not readable, or not the same; CardGone.
    """
    listing = card.listing()
    for left in listing.left_out:
        if not left.of_the_system:
            raise CardNotWiped(place=card.place, reason=f"{_shown(left.path)}: {left.reason}")
    for file in listing.files:
        if file.device != listing.files[0].device:
            where = f"{_shown(file.folder)} is another file system that is mounted within it"
            raise CardNotWiped(place=card.place, reason=f"{where}. Name the card alone")
    found, whole, done = [], hashlib.sha256(), 0
    for file in listing.files:
        sha256 = _compare_one(intake, card, file)
        found.append((file, sha256))
        whole.update(f"{names.kept(file.path)}\0{file.size}\0{file.modified_ns}\0{sha256.hex()}\0".encode())
        done += file.size
        told(file, done)
    return Compared(listing, tuple(found), whole.digest())


def wipe(intake: Intake, card: Card, compared: Compared, orders: CardOrders, device_id: str) -> Wiped:
    """Delete every file that was compared. Whoever calls has had a person confirm it.

    Raises CardNotWiped when anything is new, gone or changed since it was compared; CardWipedInPart when deleting
    fails on the way: the same again wipes the rest. Refused without the right.
    """
    orders.who.require(Permission.DOCKS_MANAGE)
    _must_be_unchanged(card, compared)
    wipe_id = new_id()
    details = {
        "wipe": wipe_id,
        "device": device_id,
        "dock": orders.dock_id,
        "place": names.kept(str(card.place)),
        "list": compared.listing_sha256.hex(),
        "files": len(compared.files),
        "size": compared.size,
    }
    actor = orders.who.account_id
    with intake.database.write() as tx:
        custody.append(tx, Event.CARD_WIPE_STARTED, actor=actor, details=details, clock=intake.clock)
    deleted, failed = 0, None
    try:
        for file, _ in compared.files:
            try:
                _delete(card, file)
            except OSError as error:
                failed = (file, error)
                break
            deleted += 1
    finally:  # also where somebody breaks it off
        size = sum(file.size for file, _ in compared.files[:deleted])
        ended = {**details, "deleted": deleted, "deleted_size": size, "whole": deleted == len(compared.files)}
        with intake.database.write() as tx:
            event_id = custody.append(tx, Event.CARD_WIPED, actor=actor, details=ended, clock=intake.clock)
    if failed is not None:
        raise CardWipedInPart(
            place=card.place,
            deleted=deleted,
            files=len(compared.files),
            path=_shown(failed[0].path),
            reason=failed[1].strerror or str(failed[1]),
        )
    return Wiped(deleted, size, event_id)


def _compare_one(intake: Intake, card: Card, file: CardFile) -> bytes:
    """The SHA-256 of a file whose bytes on the card and in the vault are the same."""

    def no(reason: str) -> CardNotWiped:
        return CardNotWiped(place=card.place, reason=f"{_shown(file.path)} {reason}")

    try:
        sha256, size = card.sha256(file)
        after = card.look_at(file)
    except OSError as error:
        raise no(f"cannot be read whole: {error.strerror or error}") from error
    if size != file.size or after.as_it_was != file.as_it_was:
        raise no("changed while it was read")
    objects = _objects(intake, sha256)
    if not objects:
        with intake.database.read() as tx:
            if is_destroyed(tx, intake.vault, sha256, size):
                return sha256
        raise no("is not sealed; take in the card first")
    trouble = ""
    for object_id in objects:
        try:
            if _read_back(intake, object_id) == (sha256, size):
                return sha256
            trouble = "was read back from the vault with another content"
        except StoreError as error:
            trouble = f"could not be read back from the vault: {error}"
    raise no(trouble)


def _objects(intake: Intake, sha256: bytes) -> list[str]:
    """Sealed objects that are said to have this content: parts of whole recordings, and small files beside them; none
    whose key was destroyed."""
    keyless = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_not(None))
    with intake.database.read() as tx:
        parts = sa.select(part.c.object_id).join(recording, recording.c.id == part.c.recording_id)
        parts = parts.where(part.c.sha256 == sha256, recording.c.state == RecordingState.SEALED.value)
        parts = parts.where(part.c.object_id.not_in(keyless))
        small = sa.select(sidecar.c.object_id).where(sidecar.c.sha256 == sha256, sidecar.c.object_id.not_in(keyless))
        return [*tx.scalars(parts), *tx.scalars(small)]


def _read_back(intake: Intake, object_id: str) -> tuple[bytes, int]:
    """Hash and size of an object's plaintext, all of it read from the store."""
    with intake.database.read() as tx:
        stream = intake.vault.open(tx, object_id)
    whole, size = hashlib.sha256(), 0
    with stream:
        while piece := stream.read(_PIECE):
            whole.update(piece)
            size += len(piece)
    return whole.digest(), size


def _must_be_unchanged(card: Card, compared: Compared) -> None:
    now = card.listing()
    before = {file.path: file for file in compared.listing.files}
    for file in now.files:
        if file.path not in before:
            raise CardNotWiped(place=card.place, reason=f"{_shown(file.path)} is new since it was compared")
        if file.as_it_was != before.pop(file.path).as_it_was:
            raise CardNotWiped(place=card.place, reason=f"{_shown(file.path)} changed since it was compared")
    if before:
        raise CardNotWiped(place=card.place, reason=f"{_shown(min(before))} is gone since it was compared")
    for left in now.left_out:
        if not left.of_the_system:
            raise CardNotWiped(place=card.place, reason=f"{_shown(left.path)}: {left.reason}")


def _delete(card: Card, file: CardFile) -> None:
    """Delete a file by its folder's descriptor, if it still is the one that was compared. Raises OSError."""
    with card.folder_of(file) as folder:
        if not card.same_in(folder, file):
            raise OSError(0, "it changed since it was compared")
        os.unlink(file.name, dir_fd=folder)
        with contextlib.suppress(OSError):  # some file systems of cards know no such thing for a folder
            os.fsync(folder)


def _shown(path: str) -> str:
    return names.shown(names.kept(path))
