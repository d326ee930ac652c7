"""The key that signs the custody log, and the marker of what it signed last.

Both lie in CANDOR_KEYS, apart from the database: a database restored from an old backup then meets a marker
that is ahead of it, and the log refuses to sign (custody-log pitfall: signing a smaller or other tree is
cryptographic proof of misbehaviour).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from candor.core.files import write_durably
from candor.custody.errors import LogKeyMissing, LogKeyWithoutLog, LogKeyWrong
from candor.verify.checkpoint import Checkpoint
from candor.verify.note import Note, VerifierKey, sign_note

_KEY_FILE = "log.key"
_MARKER_FILE = "log.last-signed"


def check_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 by the `cryptography` library: the fast check that Candor itself hands to the verifier."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class LogKey:
    """The Ed25519 key of one log, named by its origin."""

    def __init__(self, private: Ed25519PrivateKey, origin: str, folder: Path) -> None:
        self._private = private
        self._folder = folder
        self.verifier = VerifierKey(origin, private.public_key().public_bytes_raw())

    @classmethod
    def create(cls, folder: Path, origin: str) -> LogKey:
        """Make the key; an existing one is never overwritten. Raises LogKeyWithoutLog."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = Ed25519PrivateKey.generate()
        try:
            write_durably(folder / _KEY_FILE, private.private_bytes_raw().hex().encode() + b"\n", mode=0o600, new=True)
        except FileExistsError as error:
            raise LogKeyWithoutLog(path=folder / _KEY_FILE) from error
        return cls(private, origin, folder)

    @classmethod
    def load(cls, folder: Path, vkey: str) -> LogKey:
        """The key whose public half is `vkey`; raises LogKeyMissing or LogKeyWrong."""
        path = folder / _KEY_FILE
        try:
            if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
                raise LogKeyWrong(path=path, reason="other users may read it: chmod 600")
            private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
        except OSError as error:
            raise LogKeyMissing(path=path) from error
        except ValueError as error:
            raise LogKeyWrong(path=path, reason="it is damaged") from error
        key = cls(private, VerifierKey.parse(vkey).name, folder)
        if key.verifier.format() != vkey:
            raise LogKeyWrong(path=path, reason=f"it belongs to {key.verifier.format()}")
        return key

    def sign(self, checkpoint: Checkpoint) -> Note:
        """The signed note; the marker is on disk before the note leaves this function."""
        note = sign_note(checkpoint.format(), self.verifier, self._private.sign)
        write_durably(self._folder / _MARKER_FILE, note.format().encode(), mode=0o600)
        return note

    def last_signed(self) -> Checkpoint | None:
        """What the marker says was signed last; None when nothing was."""
        path = self._folder / _MARKER_FILE
        try:
            return Checkpoint.parse(Note.parse(path.read_bytes()).text)
        except FileNotFoundError:
            return None
