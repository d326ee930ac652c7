"""End-to-end encrypted content: AES-256-CBC, under a key that is wrapped for the agency's RSA key (RSA-OAEP).

    ….key    {"EncryptedKey": base64, "ContentEncryptionIV": base64, "PublicKeyId": …}

Source: Axis body worn integration API, "Object encryption", and the maker's decrypt_file.sh: `openssl rsautl -oaep`,
which is OAEP with SHA-1 and MGF1-SHA-1 (RFC 8017 §7.1, defaults); content as `openssl enc -aes-256-cbc` (PKCS #7).
CBC does not authenticate: a wrong key or altered bytes show only in the padding, and in that no recording comes out.
That is why the encrypted original is kept, sealed, whatever comes of it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = ["ContentKey", "Decrypting", "KeyUnusable", "content_key", "public_key_id_of"]

_BLOCK = 16
_LARGEST_KEY_FILE = 64 << 10
_LONGEST_KEY_ID = 128


class KeyUnusable(ValueError):
    """Says, for people, why a clip's key does not open it."""


class Readable(Protocol):
    """Anything bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


@dataclass(frozen=True, repr=False)
class ContentKey:
    """What one clip is encrypted with: 32 bytes of key, 16 of initial vector."""

    key: bytes
    vector: bytes


def content_key(content: bytes, private: rsa.RSAPrivateKey) -> ContentKey:
    """What a clip's key object holds, opened with the agency's key. Raises KeyUnusable."""
    if len(content) > _LARGEST_KEY_FILE:
        raise KeyUnusable("its key is larger than 64 KiB")
    try:
        found = json.loads(content)
        wrapped = base64.b64decode(found["EncryptedKey"], validate=True)
        vector = base64.b64decode(found["ContentEncryptionIV"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise KeyUnusable("its key is no key object of a camera system") from error
    key = _unwrapped(wrapped, private)
    if len(key) != 32 or len(vector) != _BLOCK:
        raise KeyUnusable("its key is not one for AES-256-CBC")
    return ContentKey(key, vector)


def public_key_id_of(content: bytes) -> str | None:
    """Which public key a clip's key object says that it was made for; None where it does not say."""
    try:
        found = json.loads(content)["PublicKeyId"] if len(content) <= _LARGEST_KEY_FILE else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) and found.isprintable() and len(found) <= _LONGEST_KEY_ID else None


class Decrypting:
    """The plaintext of an encrypted stream, read once.

    `looks_right` is shown the first block of plaintext: where that is nothing it can be, the key is another one and
    KeyUnusable is raised before anything is handed on. `cut_short` is true afterwards when the end was missing; what
    there is of it was handed on.
    """

    def __init__(self, source: Readable, key: ContentKey, looks_right: Callable[[bytes], bool]) -> None:
        self._source, self._looks_right = source, looks_right
        self._cipher = Cipher(algorithms.AES(key.key), modes.CBC(key.vector)).decryptor()
        self._padding = padding.PKCS7(_BLOCK * 8).unpadder()
        self._begun = self._ended = False
        self.cut_short = False

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes and a block; none at the end."""
        while not self._ended:
            piece = self._source.read(max(size, 2 * _BLOCK) if size > 0 else 1 << 20)
            if not piece:
                self._ended = True
                return self._checked(self._last())
            plain = self._padding.update(self._cipher.update(piece))
            if plain:
                return self._checked(plain)
        return b""

    def _checked(self, plain: bytes) -> bytes:
        if not self._begun and not self._looks_right(plain[:_BLOCK]):
            raise KeyUnusable("its key does not open it")
        self._begun = True
        return plain

    def _last(self) -> bytes:
        try:
            return self._padding.update(self._cipher.finalize()) + self._padding.finalize()
        except ValueError:
            self.cut_short = True
            return b""


def _unwrapped(wrapped: bytes, private: rsa.RSAPrivateKey) -> bytes:
    for digest in (hashes.SHA1(), hashes.SHA256()):  # the maker's, and today's
        try:
            return private.decrypt(wrapped, OAEP(MGF1(digest), digest, None))
        except ValueError:
            continue
    raise KeyUnusable("its key was made for another public key")
