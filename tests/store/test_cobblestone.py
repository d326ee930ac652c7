"""The format, against the published vectors and against the library's own reader and writer."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest
from cryptography import cobblestone as library
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from candor.store.cobblestone import (
    CHUNK,
    HEADER,
    SEALED_CHUNK,
    ChunkReader,
    NotAuthentic,
    _derive,
    plain_size,
    sealed_size,
)
from candor.store.errors import ObjectAltered
from candor.store.stream import SealedStream

from .memory_source import MemorySource

VECTORS = Path(__file__).parents[1] / "verify" / "vectors" / "custody-log.json"
KEY = bytes(range(32))
CONTEXT = b"context"
EDGES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 64 * CHUNK, 65 * CHUNK + 7)
PLAIN = hashlib.shake_256(b"plain").digest(EDGES[-1])


def sealed_by_library(plain: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    kind = library.Cobblestone256Encryptor if len(key) == 32 else library.Cobblestone128Encryptor
    encryptor = kind(key, context)
    return bytes(encryptor.update(plain)) + bytes(encryptor.finalize())


def sealed_by_hand(plain: bytes, key: bytes, salt: bytes, context: bytes) -> bytes:
    """The format written out once more, because the library chooses its own salt."""
    aead_key, base, commitment = _derive(key, salt, context)
    aead = AESGCM(aead_key)
    chunks = [
        aead.encrypt((base ^ index).to_bytes(12, "big"), plain[index * CHUNK : (index + 1) * CHUNK], None)
        for index in range(len(plain) // CHUNK + 1)
    ]
    return salt + commitment + b"".join(chunks)


def opened(sealed: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    with SealedStream(MemorySource(sealed), key, context, "object") as stream:
        return stream.read()


@pytest.mark.parametrize("name", ["cobblestone128", "cobblestone256"])
def test_published_vectors(name: str) -> None:
    vector = json.loads(VECTORS.read_text())[name]
    key, salt, context = bytes.fromhex(vector["key"]), bytes.fromhex(vector["salt"]), vector["context"].encode()
    plain = b"A" * 16_384 + b"tail"
    sealed = sealed_by_hand(plain, key, salt, context)
    assert len(sealed) == vector["ciphertext_len"] == sealed_size(len(plain))
    assert sealed[:72].hex() == vector["first_72_bytes"]
    assert hashlib.sha256(sealed).hexdigest() == vector["ciphertext_sha256"]
    assert opened(sealed, key, context) == plain


@pytest.mark.parametrize("size", EDGES)
@pytest.mark.parametrize("key", [KEY[:16], KEY], ids=["128", "256"])
def test_reads_what_the_library_wrote(size: int, key: bytes) -> None:
    sealed = sealed_by_library(PLAIN[:size], key)
    assert len(sealed) == sealed_size(size)
    assert plain_size(len(sealed)) == size
    assert opened(sealed, key) == PLAIN[:size]


@pytest.mark.parametrize("size", EDGES)
def test_the_library_reads_what_the_format_says(size: int) -> None:
    sealed = sealed_by_hand(PLAIN[:size], KEY, bytes(24), CONTEXT)
    decryptor = library.Cobblestone256Decryptor(KEY, CONTEXT)
    assert bytes(decryptor.update(sealed)) + bytes(decryptor.finalize()) == PLAIN[:size]


@given(st.integers(0, 1 << 40))
def test_sizes_are_each_others_inverse(size: int) -> None:
    assert plain_size(sealed_size(size)) == size


@pytest.mark.parametrize("stored", [0, 1, HEADER, HEADER + 15, HEADER + SEALED_CHUNK, HEADER + SEALED_CHUNK + 15])
def test_sizes_no_object_has(stored: int) -> None:
    with pytest.raises(NotAuthentic):
        plain_size(stored)


@given(
    st.sampled_from(EDGES),
    st.lists(
        st.tuples(
            st.sampled_from(["read", "readinto", "read_at"]), st.integers(0, EDGES[-1] + 9), st.integers(0, 40_000)
        ),
        max_size=8,
    ),
)
def test_any_order_of_seeks_and_reads(size: int, steps: list[tuple[str, int, int]]) -> None:
    plain = PLAIN[:size]
    with SealedStream(MemorySource(SEALED[size]), KEY, CONTEXT, "object") as stream:
        for how, place, length in steps:
            before = stream.tell()
            if how == "read_at":
                assert stream.read_at(place, length) == plain[place : place + length]
                assert stream.tell() == before
                continue
            assert stream.seek(place) == place
            if how == "read":
                assert stream.read(length) == plain[place : place + length]
            else:
                room = bytearray(length)
                got = stream.readinto(room)
                assert room[:got] == plain[place : place + length]
                assert not any(room[got:])


SEALED = {size: sealed_by_library(PLAIN[:size]) for size in EDGES}


def test_a_range_in_the_middle_needs_only_its_chunks() -> None:
    source = MemorySource(SEALED[EDGES[-1]])
    with SealedStream(source, KEY, CONTEXT, "object") as stream:
        source.fetched = 0
        stream.read_at(30 * CHUNK + 5, 100)
    assert source.fetched == SEALED_CHUNK


def test_opening_reads_the_head_and_the_last_chunk_only() -> None:
    source = MemorySource(SEALED[EDGES[-1]])
    ChunkReader(source, KEY, CONTEXT)
    assert source.fetched == HEADER + 7 + 16


@pytest.mark.parametrize("size", [0, 1, CHUNK, 2 * CHUNK + 1])
def test_every_kind_of_truncation_and_growth_is_noticed_at_once(size: int) -> None:
    sealed = SEALED.get(size) or sealed_by_library(PLAIN[:size])
    lengths = {0, 1, HEADER, HEADER + SEALED_CHUNK, len(sealed) - SEALED_CHUNK, len(sealed) - 1, len(sealed) + 1}
    lengths |= {HEADER + SEALED_CHUNK + 16, HEADER + 16, len(sealed) + SEALED_CHUNK}
    for length in sorted(lengths - {len(sealed)}):
        if length >= 0:
            cut = (sealed + bytes(2 * SEALED_CHUNK))[:length]
            with pytest.raises(NotAuthentic):
                ChunkReader(MemorySource(cut), KEY, CONTEXT)


@given(st.integers(0, len(SEALED[2 * CHUNK + 1]) - 1), st.integers(0, 7))
def test_every_flipped_bit_is_noticed(place: int, bit: int) -> None:
    altered = bytearray(SEALED[2 * CHUNK + 1])
    altered[place] ^= 1 << bit
    with pytest.raises(ObjectAltered):
        opened(bytes(altered))


def test_chunks_that_changed_places_are_noticed() -> None:
    sealed = SEALED[65 * CHUNK + 7]
    one, two = (slice(HEADER + i * SEALED_CHUNK, HEADER + (i + 1) * SEALED_CHUNK) for i in (3, 4))
    altered = bytearray(sealed)
    altered[one], altered[two] = sealed[two], sealed[one]
    with SealedStream(MemorySource(bytes(altered)), KEY, CONTEXT, "object") as stream:
        assert stream.read(3 * CHUNK) == PLAIN[: 3 * CHUNK]
        with pytest.raises(ObjectAltered, match=f"bytes {one.start} to {one.stop - 1} as stored"):
            stream.read(1)


def test_nothing_that_does_not_authenticate_is_returned() -> None:
    altered = bytearray(SEALED[65 * CHUNK + 7])
    altered[HEADER + 2 * SEALED_CHUNK + 100] ^= 1
    room = bytearray(b"\xaa" * (5 * CHUNK))
    with SealedStream(MemorySource(bytes(altered)), KEY, CONTEXT, "object") as stream:
        with pytest.raises(ObjectAltered):
            stream.readinto(room)
        assert stream.tell() == 0
    assert room[2 * CHUNK : 3 * CHUNK] == bytes(CHUNK)


@pytest.mark.parametrize(("key", "context"), [(bytes(32), CONTEXT), (KEY, b"another")])
def test_the_wrong_key_or_context_fails_the_commitment(key: bytes, context: bytes) -> None:
    with pytest.raises(NotAuthentic, match="its head"):
        ChunkReader(MemorySource(SEALED[1]), key, context)


def test_an_altered_commitment_is_noticed_though_every_chunk_is_right() -> None:
    altered = bytearray(SEALED[CHUNK])
    altered[HEADER - 1] ^= 1
    with pytest.raises(NotAuthentic, match="its head"):
        ChunkReader(MemorySource(bytes(altered)), KEY, CONTEXT)


def test_a_long_random_walk() -> None:
    """Against a plain file's behaviour, with the sizes a player asks for."""
    size, chosen = EDGES[-1], random.Random(7)
    with SealedStream(MemorySource(SEALED[size]), KEY, CONTEXT, "object") as stream:
        for _ in range(500):
            place, length = chosen.randrange(size), chosen.choice((1, 4096, 8192, 65_536, 300_000))
            stream.seek(place)
            assert stream.read(length) == PLAIN[place : place + length]
