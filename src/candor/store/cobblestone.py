"""C2SP chunked-encryption, "Cobblestone": sizes, and a reader that reads any range.

    object = salt[24] || commitment[32] || chunks
    okm    = HKDF-Expand-SHA512(key, "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" || 0x00 || salt || context)
           = AEAD key[32] || base nonce[12] || commitment[32]          (AES-128: "…AES_128_GCM" and keys of 16 bytes)
    chunk i = AES-GCM(nonce = base nonce XOR i as 96-bit big-endian, no additional data)

Every chunk holds 16,384 bytes of plaintext but the last, which holds fewer, possibly none: so an object that was cut
short is noticed, even when it was cut between two chunks. Writing is left to `cryptography.cobblestone`; that library
reads from start to end only, so the reader that seeks is here.

Source: github.com/C2SP/C2SP chunked-encryption.md.
"""

from __future__ import annotations

import hmac
from typing import Protocol, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

__all__ = [
    "CHUNK",
    "HEADER",
    "SEALED_CHUNK",
    "ByteSource",
    "Bytes",
    "ChunkReader",
    "NotAuthentic",
    "plain_size",
    "sealed_size",
]

SALT = 24
COMMITMENT = 32
HEADER = SALT + COMMITMENT
CHUNK = 16_384
"""Bytes of plaintext in every chunk but the last."""
TAG = 16
SEALED_CHUNK = CHUNK + TAG
RUN = 64
"""Chunks fetched at a time (1 MiB), so that a reader's memory is bounded whatever is asked for."""

Bytes: TypeAlias = bytes | bytearray | memoryview


class NotAuthentic(ValueError):
    """Stored bytes do not authenticate; `where` says which, in words."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(where)


class ByteSource(Protocol):
    """Stored bytes that can be read from any place, by several threads at a time."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read_at(self, offset: int, length: int) -> Bytes:
        """Bytes offset..offset+length-1; fewer only when the source ends before."""

    def close(self) -> None:
        """Let go of what is held open."""


def sealed_size(plain: int) -> int:
    """Stored size in bytes of `plain` bytes of plaintext."""
    return HEADER + plain + TAG * (plain // CHUNK + 1)


def plain_size(stored: int) -> int:
    """Plaintext size in bytes of an object of `stored` bytes. Raises NotAuthentic when no object has that size."""
    full, last = divmod(stored - HEADER, SEALED_CHUNK)
    if full < 0 or last < TAG:
        raise NotAuthentic(f"it was cut off or grew (no sealed object has {stored} bytes)")
    return full * CHUNK + last - TAG


class ChunkReader:
    """Reads any range of a sealed object, decrypting only the chunks that hold it.

    Opening checks the key commitment in constant time and then the last chunk, which authenticates the length.
    Raises NotAuthentic there or in `read_into`. Holds no position, so threads may share it.
    """

    def __init__(self, source: ByteSource, key: bytes, context: bytes, *, full: int | None = None) -> None:
        """`full`: of a stream that is still being written, how many full chunks are read; it has no last one yet, so
        its length must be known from elsewhere."""
        self._source = source
        self.size = plain_size(source.size) if full is None else full * CHUNK
        header = bytes(source.read_at(0, HEADER))
        aead_key, self._base, commitment = _derive(key, header[:SALT], context)
        if not hmac.compare_digest(header[SALT:], commitment):
            raise NotAuthentic("its head (bytes 0 to 55 as stored) does not belong to its key")
        self._aead = AESGCM(aead_key)
        self._last = self.size // CHUNK
        self._last_plain = b"" if full is not None else self._decrypt_last()

    def chunk(self, index: int) -> bytes:
        """The plaintext of one chunk."""
        if index == self._last:
            return self._last_plain
        plain = bytearray(CHUNK)
        self._read_run(index, index + 1, memoryview(plain))
        return bytes(plain)

    def read_into(self, first: int, target: memoryview) -> None:
        """Fill `target`, whose length is a multiple of CHUNK, with the full chunks from number `first` on.

        On NotAuthentic nothing of what did not authenticate is left in it.
        """
        end = first + len(target) // CHUNK
        if len(target) % CHUNK or not 0 <= first <= end <= self._last:
            raise ValueError("only full chunks are read this way")
        for start in range(first, end, RUN):
            stop = min(start + RUN, end)
            self._read_run(start, stop, target[(start - first) * CHUNK : (stop - first) * CHUNK])

    def _read_run(self, start: int, stop: int, target: memoryview) -> None:
        offset = HEADER + start * SEALED_CHUNK
        stored = memoryview(self._source.read_at(offset, (stop - start) * SEALED_CHUNK))
        for index in range(start, stop):
            at = (index - start) * SEALED_CHUNK
            into = target[(index - start) * CHUNK : (index - start + 1) * CHUNK]
            try:
                self._aead.decrypt_into(self._nonce(index), stored[at : at + SEALED_CHUNK], None, into)
            except (InvalidTag, ValueError) as error:
                into[:] = bytes(CHUNK)
                raise NotAuthentic(_range(index, SEALED_CHUNK)) from error

    def _decrypt_last(self) -> bytes:
        offset = HEADER + self._last * SEALED_CHUNK
        stored = bytes(self._source.read_at(offset, self._source.size - offset))
        try:
            return self._aead.decrypt(self._nonce(self._last), stored, None)
        except InvalidTag as error:
            raise NotAuthentic(f"{_range(self._last, len(stored))}, so its length is not sure either") from error

    def _nonce(self, index: int) -> bytes:
        return (self._base ^ index).to_bytes(12, "big")


def _range(index: int, length: int) -> str:
    start = HEADER + index * SEALED_CHUNK
    return f"bytes {start} to {start + length - 1} as stored do not authenticate"


def _derive(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, int, bytes]:
    """(AEAD key, base nonce as a number, commitment)."""
    size = len(key)
    if size not in (16, 32):
        raise ValueError("a Cobblestone key has 16 or 32 bytes")
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_%d_GCM\0" % (size * 8) + salt + context
    okm = HKDFExpand(algorithm=hashes.SHA512(), length=size + 12 + COMMITMENT, info=info).derive(key)
    return okm[:size], int.from_bytes(okm[size : size + 12], "big"), okm[size + 12 :]
