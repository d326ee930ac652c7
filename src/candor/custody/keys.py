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

from candor.core.files import sync_folder, write_durably
from candor.custody.errors import LogKeyMissing, LogKeyWithoutLog, LogKeyWrong
from candor.verify.checkpoint import Checkpoint
from candor.verify.errors import VerifyError
from candor.verify.note import Note, VerifierKey, sign_note

_KEY_FILE = "log.key"
_NEXT_KEY_FILE = "log.key.next"
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
            write_durably(folder / _KEY_FILE, _text(private), mode=0o600, new=True)
        except FileExistsError as error:
            raise LogKeyWithoutLog(path=folder / _KEY_FILE) from error
        return cls(private, origin, folder)

    @classmethod
    def create_next(cls, folder: Path, origin: str) -> LogKey:
        """Make the key of the log that is to follow, beside the present one; `adopt_next` puts it in its place.

        One that was left by a handover that never was is replaced: no log has it.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = Ed25519PrivateKey.generate()
        write_durably(folder / _NEXT_KEY_FILE, _text(private), mode=0o600)
        return cls(private, origin, folder)

    @classmethod
    def load(cls, folder: Path, vkey: str) -> LogKey:
        """The key whose public half is `vkey`; raises LogKeyMissing or LogKeyWrong."""
        return cls._read(folder, _KEY_FILE, vkey)

    @classmethod
    def _read(cls, folder: Path, file: str, vkey: str) -> LogKey:
        path = folder / file
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
        write_marker(self._folder, note)
        return note

    def sign_statement(self, text: str) -> Note:
        """A text that is no checkpoint as a signed note; the marker stays what it was."""
        return sign_note(text, self.verifier, self._private.sign)

    def last_signed(self) -> Checkpoint | None:
        """What the marker says was signed last; None when nothing was."""
        path = self._folder / _MARKER_FILE
        try:
            return Checkpoint.parse(Note.parse(path.read_bytes()).text)
        except FileNotFoundError:
            return None


def adopt_next(folder: Path, vkey: str, number: int) -> None:
    """After a handover: keep the key and marker of log `number` under other names, put the next log's in its place.

    May be repeated after a crash at any point; does nothing once `log.key` is the key of `vkey`. Raises LogKeyMissing
    or LogKeyWrong when the next key is not there (another machine holds it).
    """
    try:
        LogKey.load(folder, vkey)
    except (LogKeyMissing, LogKeyWrong):
        LogKey._read(folder, _NEXT_KEY_FILE, vkey)
    else:
        return
    for name in (_MARKER_FILE, _KEY_FILE):
        kept = folder / f"{name}.old-{number}"
        if (folder / name).exists() and not kept.exists():
            os.rename(folder / name, kept)
    os.rename(folder / _NEXT_KEY_FILE, folder / _KEY_FILE)
    sync_folder(folder)


def read_marker(folder: Path) -> Note | None:
    """The marker as it lies there, its signature not verified; None when there is none, or it is damaged."""
    try:
        return Note.parse((folder / _MARKER_FILE).read_bytes())
    except (FileNotFoundError, VerifyError):
        return None


def write_marker(folder: Path, note: Note) -> None:
    """Say that the log's key signed this checkpoint last."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(folder / _MARKER_FILE, note.format().encode(), mode=0o600)


def _text(private: Ed25519PrivateKey) -> bytes:
    return private.private_bytes_raw().hex().encode() + b"\n"
