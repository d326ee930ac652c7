"""The keyring: key-encryption keys (KEKs) by epoch, one file each, in a folder outside CANDOR_HOME.

Each object has a random 256-bit key of its own. It is kept only wrapped: AES-256-GCM under the KEK of an epoch,
with the object's identifier as additional data, so that a wrapped key cannot be moved to another object.

    wrapped = nonce[12] || ciphertext[32] || tag[16]                     additional data = "bwc/dek/v1\\0" || object id
    check   = HMAC-SHA256(KEK, "bwc/kek-check/v1\\0" || decimal epoch)[:16]

The check value stands in the file and, apart from it, in the database: a damaged file and the wrong folder are both
noticed before anything is sealed or opened.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from candor.core.clock import iso
from candor.core.files import make_folder, sync_folder, write_durably
from candor.store.errors import KeyMissing, KeyringExists, KeyringMissing, KeyringUnusable
from candor.store.key_errors import KeyOfAnother

__all__ = [
    "KEY_SIZE",
    "WRAPPED_SIZE",
    "KeyRing",
    "add_epoch",
    "check_value_of",
    "create_keyring",
    "destroy_epoch",
    "fingerprint_of",
    "half_destroyed",
    "made_at",
    "put_epochs",
]

KEY_SIZE = 32
"""Bytes of a key-encryption key and of an object's key."""
NONCE_SIZE = 12
WRAPPED_SIZE = NONCE_SIZE + KEY_SIZE + 16
"""Bytes of a wrapped key."""

_PATTERN = "kek-*.json"
_GOING = "destroying-kek-"


class KeyRing:
    """The key-encryption keys that are at hand. `current`, the newest epoch, wraps what is sealed from now on."""

    def __init__(self, keys: Mapping[int, bytes], folder: Path | None = None) -> None:
        if not keys or any(len(key) != KEY_SIZE or epoch < 1 for epoch, key in keys.items()):
            raise ValueError("a keyring holds at least one key of 32 bytes, with epochs from 1")
        self._keys = dict(keys)
        self._ciphers: dict[int, AESGCM] = {}
        self._folder = folder
        self.current = max(keys)

    def __repr__(self) -> str:
        return f"KeyRing(epochs={self.epochs})"  # never the keys: a repr ends up in logs

    @classmethod
    def load(cls, folder: Path) -> KeyRing:
        """Read every epoch in the folder. Raises KeyringMissing when there is none, KeyringUnusable when one is
        unreadable, damaged, or readable by others than its owner."""
        return cls(_read_all(folder), folder)

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs at hand, oldest first."""
        return tuple(sorted(self._keys))

    def check_value(self, epoch: int) -> bytes:
        """16 bytes that tell this epoch's key from any other without saying anything of it."""
        return check_value_of(self._key(epoch), epoch)

    def secret(self, epoch: int) -> bytes:
        """The key itself, 32 bytes: for putting it on paper and into escrow, nothing else."""
        return self._key(epoch)

    def has(self, epoch: int) -> bool:
        """Whether this epoch's key is at hand. One that was added since the folder was read is found."""
        if epoch not in self._keys:
            self.reload()
        return epoch in self._keys

    def reload(self) -> None:
        """Read the folder again, if the keys came from one. What was at hand stays so until the process ends."""
        if self._folder is not None:
            self._keys = self._keys | _read_all(self._folder)
            self.current = max(self._keys)

    def _key(self, epoch: int) -> bytes:
        if not self.has(epoch):
            raise KeyError(epoch)
        return self._keys[epoch]

    def _cipher(self, epoch: int) -> AESGCM:
        """Made once for an epoch: setting a key up costs as much as using it."""
        made = self._ciphers.get(epoch)
        if made is None:
            made = self._ciphers[epoch] = AESGCM(self._keys[epoch])
        return made

    def wrap(self, object_id: str, key: bytes) -> tuple[int, bytes]:
        """Wrap an object's key under the current epoch: (epoch, 60 bytes)."""
        epoch, nonce = self.current, os.urandom(NONCE_SIZE)
        return epoch, nonce + self._cipher(epoch).encrypt(nonce, key, _bound_to(object_id))

    def unwrap(self, object_id: str, epoch: int, wrapped: bytes) -> bytes:
        """The object's key, 32 bytes. Raises KeyMissing when the epoch is not at hand or the wrapping does not open."""
        if not self.has(epoch):
            raise KeyMissing(object_id=object_id, reason=f"the key-encryption key of epoch {epoch} is not at hand")
        try:
            if len(wrapped) != WRAPPED_SIZE:
                raise InvalidTag
            nonce, sealed = wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:]
            return self._cipher(epoch).decrypt(nonce, sealed, _bound_to(object_id))
        except InvalidTag as error:
            reason = f"its wrapped key does not open under the key-encryption key of epoch {epoch}"
            raise KeyMissing(object_id=object_id, reason=reason) from error


def create_keyring(folder: Path) -> KeyRing:
    """Make the folder (0700) and the first key (0600), durable when this returns. Raises KeyringExists rather than
    adding to a folder that has one."""
    make_folder(folder, mode=0o700)
    if any(folder.glob(_PATTERN)):
        raise KeyringExists(folder=folder)
    try:
        _write(folder, 1)
    except FileExistsError as error:
        raise KeyringExists(folder=folder) from error
    return KeyRing.load(folder)


def add_epoch(folder: Path) -> KeyRing:
    """Make the key of the next epoch, which wraps what is sealed from now on, and read the folder again."""
    _write(folder, KeyRing.load(folder).current + 1)
    return KeyRing.load(folder)


def destroy_epoch(folder: Path, epoch: int) -> None:
    """Overwrite and remove the file of an epoch. What it still wraps is lost: only after `Vault.retire_epoch` was
    committed.

    First it gets another name, so that no crash leaves an overwritten file that would be taken for a damaged key; what
    a crash left under that name, `half_destroyed` names, and calling this again removes it. The overwriting reaches
    the file system's block; a copy-on-write disk or a back-up may hold the old bytes.
    """
    going = folder / f"{_GOING}{epoch:06d}"
    with contextlib.suppress(FileNotFoundError):
        _path(folder, epoch).rename(going)
        sync_folder(folder)
    with going.open("r+b") as file:
        file.write(b"\0" * going.stat().st_size)
        file.flush()
        os.fsync(file.fileno())
    going.unlink()
    sync_folder(folder)


def half_destroyed(folder: Path) -> tuple[int, ...]:
    """Epochs whose destroying a crash interrupted."""
    return tuple(sorted(int(path.name.removeprefix(_GOING)) for path in folder.glob(f"{_GOING}[0-9]*")))


def _bound_to(object_id: str) -> bytes:
    return b"bwc/dek/v1\0" + object_id.encode()


def check_value_of(key: bytes, epoch: int) -> bytes:
    """16 bytes that tell a key from any other without saying anything of it."""
    return hmac.new(key, b"bwc/kek-check/v1\0" + str(epoch).encode(), hashlib.sha256).digest()[:16]


def _path(folder: Path, epoch: int) -> Path:
    return folder / f"kek-{epoch:06d}.json"


def fingerprint_of(check_value: bytes) -> str:
    """The first half of a check value for people to compare: `1f2e 3d4c 5b6a 7988`. It is no secret."""
    text = check_value[:8].hex()
    return " ".join(text[at : at + 4] for at in range(0, 16, 4))


def made_at(folder: Path, epoch: int) -> str | None:
    """When the key of an epoch was made, or restored here (RFC 3339); None when its file does not say so."""
    try:
        made = json.loads(_path(folder, epoch).read_bytes())["made"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return made if isinstance(made, str) else None


def put_epochs(folder: Path, keys: Mapping[int, bytes]) -> tuple[int, ...]:
    """Put keys that were restored into the folder (0700, files 0600, durable when this returns); which of them are new
    there, one that is there already being left as it is.

    Raises KeyOfAnother, before anything is written, when the folder holds another key of one of the epochs;
    KeyringUnusable when one cannot be read.
    """
    try:
        present = _read_all(folder)
    except KeyringMissing:
        present = {}
    for epoch, key in keys.items():
        if epoch in present and not hmac.compare_digest(present[epoch], key):
            found = fingerprint_of(check_value_of(key, epoch))
            expected = f"holds another one of that epoch, {fingerprint_of(check_value_of(present[epoch], epoch))}"
            raise KeyOfAnother(epoch=epoch, found=found, where=f"the folder {folder}", expected=expected)
    make_folder(folder, mode=0o700)
    new = tuple(sorted(epoch for epoch in keys if epoch not in present))
    for epoch in new:
        _write(folder, epoch, keys[epoch])
    return new


def _write(folder: Path, epoch: int, key: bytes | None = None) -> None:
    key = os.urandom(KEY_SIZE) if key is None else key
    content = {
        "epoch": epoch,
        "key": base64.b64encode(key).decode(),
        "check": check_value_of(key, epoch).hex(),
        "made": iso(datetime.now(UTC)),
    }
    write_durably(_path(folder, epoch), json.dumps(content, indent=1).encode() + b"\n", mode=0o600, new=True)


def _read_all(folder: Path) -> dict[int, bytes]:
    try:
        paths = sorted(folder.glob(_PATTERN)) if folder.is_dir() else []
    except OSError as error:
        raise KeyringUnusable(path=folder, reason=error.strerror) from error
    if not paths:
        raise KeyringMissing(folder=folder)
    found = {}
    for path in paths:
        try:
            epoch, key = _read(path)
        except KeyringUnusable:
            if os.path.lexists(path):
                raise
            continue  # destroyed while we were reading
        found[epoch] = key
    if not found:
        raise KeyringMissing(folder=folder)
    return found


def _read(path: Path) -> tuple[int, bytes]:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            reason = f"others than its owner may read it (mode {stat.S_IMODE(mode):04o}); chmod 600"
            raise KeyringUnusable(path=path, reason=reason)
        content = json.loads(path.read_bytes())
        epoch, key = content["epoch"], base64.b64decode(content["key"], validate=True)
        check = bytes.fromhex(content["check"])
    except OSError as error:
        raise KeyringUnusable(path=path, reason=error.strerror) from error
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise KeyringUnusable(path=path, reason="the file is damaged") from error
    if type(epoch) is not int or epoch < 1 or len(key) != KEY_SIZE or path != _path(path.parent, epoch):
        raise KeyringUnusable(path=path, reason="the file does not hold what its name says")
    if not hmac.compare_digest(check, check_value_of(key, epoch)):
        raise KeyringUnusable(path=path, reason="the key does not fit its check value")
    return epoch, key
