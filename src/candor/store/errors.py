"""What can go wrong with the vault: one family, each with its message for people and its exit code."""

from __future__ import annotations

from typing import ClassVar

from candor.core.errors import CandorError


class StoreError(CandorError):
    """The store of sealed objects failed: {reason}. Nothing was acknowledged. Look into it and try again."""

    exit_code: ClassVar[int] = 7


class StoreFull(StoreError):
    """The store at {place} is full, so the object {object_id} could not be sealed. Nothing of it was kept and
    nothing else was touched. Free space there, or move the store, and hand the file in again."""


class StoreUnreachable(StoreError):
    """The store at {place} cannot be used: {reason}. Nothing was acknowledged. Check that it is mounted, running
    and open to this account, and try again."""


class StoreEmpty(StoreError):
    """The store at {place} holds nothing, but the database knows of objects in it. Is its disk mounted, and is the
    address right (CANDOR_STORE_URL)? Nothing was changed."""


class StoreAddressWrong(StoreError):
    """The address {url} cannot be used: {reason}. Give {setting} a folder or s3://bucket/prefix."""

    exit_code = 2


class ObjectExists(StoreError):
    """The store at {place} already holds an object {object_id}, and a sealed object is never written again.
    Nothing was changed. Hand the file in again: it gets an identifier of its own."""


class SealingEnded(StoreError):
    """The sealing of the object {object_id} has ended ({how}), so nothing more can be done with it. Begin a new one."""

    exit_code = 1


class ObjectUnknown(StoreError):
    """No sealed object {object_id} is recorded. Check the identifier."""

    exit_code = 4


class ObjectMissing(StoreError):
    """The sealed object {object_id} is recorded but not in the store at {place}. Put it back from a copy of the
    store; until then nobody can open it. Run `candor fixity` to learn whether others are missing."""

    exit_code = 6


class ObjectAltered(StoreError):
    """The sealed object {object_id} is not what was sealed: {what}. It was not shown. Put it back from a copy of
    the store, keep the altered one aside as evidence, and run `candor fixity` to learn whether others are altered."""

    exit_code = 6


class KeyDestroyed(StoreError):
    """The key of the object {object_id} was destroyed at {when}. Its content can no longer be read by anybody."""

    exit_code = 4


class KeyStillHeld(StoreError):
    """The object {object_id} still has its key, so its bytes were not erased. Destroy the key first, in a
    transaction that is committed."""

    exit_code = 5


class KeyringMissing(StoreError):
    """There is no key-encryption key in {folder}. If this installation is new, make one; if it is not, put the
    folder back from where the keys are kept: without it no footage can be opened. Nothing was made in its place."""

    exit_code = 9


class KeyringExists(StoreError):
    """The folder {folder} already holds a key-encryption key, and it was not replaced: whatever it wraps would be
    lost. Use a new folder, or rotate the key."""

    exit_code = 9


class KeyringUnusable(StoreError):
    """The key-encryption key in {path} cannot be used: {reason}. Nothing was opened or sealed. Put the file back
    from where the keys are kept."""

    exit_code = 9


class ObjectArchived(StoreError):
    """This footage lies in the archive ({place}), because nobody opened it for long. It can be brought back; that takes
    up to {hours} hours. Ask for it on the recording's page, or with `candor archive return`."""

    exit_code = 7


class ArchiveDiffers(StoreError):
    """The object {object_id} is not the same in {target} as in {source}. Nothing was removed from either. Check both
    with `candor fixity`."""

    exit_code = 6


class KeyMissing(StoreError):
    """The object {object_id} cannot be opened: {reason}. Put the key back from where the keys are kept."""

    exit_code = 6


class KeyWrong(StoreError):
    """The key-encryption key of epoch {epoch} is not the one that this installation sealed with. Nothing was opened
    or sealed. Check CANDOR_KEYS, or put the right folder back from where the keys are kept."""

    exit_code = 9


class KeyInUse(StoreError):
    """The key-encryption key of epoch {epoch} is still needed: {why}. It was not retired."""

    exit_code = 5


class FixityRunUnknown(StoreError):
    """There is no unfinished fixity run {run_id}. Start a new one."""

    exit_code = 4


class TombstoneAltered(StoreError):
    """A note of what was destroyed ({where}) cannot be relied on: {reason}. Nothing was restored: what a court had
    destroyed could come back. Put the note back as it was, from another copy of the backup or of the keys' folder."""

    exit_code = 6
