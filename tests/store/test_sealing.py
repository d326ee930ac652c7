"""Sealing: the hashes, the pieces, the memory, and nothing left behind."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candor.core.clock import FixedClock
from candor.core.ids import is_id
from candor.store import SealedObject, SealingEnded, StoreUnreachable, Vault
from candor.store.cobblestone import sealed_size
from candor.store.folder import FolderSink, FolderStore
from candor.store.sealing import BLOCK, BLOCKS, LEAF
from candor.store.stream import SealedStream
from candor.verify.merkle import leaf_hash, root_of

Seal = Callable[..., SealedObject]
Footage = Callable[[int], bytes]

SIZES = (0, 1, 16_383, 16_384, 16_385, LEAF - 1, LEAF, LEAF + 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 12_345)


def chunk_root(plain: bytes) -> bytes:
    return root_of(leaf_hash(plain[start : start + LEAF]) for start in range(0, len(plain), LEAF))


def opened(vault: Vault, sealed: SealedObject) -> SealedStream:
    """Without a database: the key is in the sealed object."""
    key = vault.keys.unwrap(sealed.object_id, sealed.key_epoch, sealed.wrapped_key)
    context = b"bwc/v1\0" + sealed.object_id.encode()
    return SealedStream(vault.store.source(sealed.object_id), key, context, sealed.object_id)


def files(store: FolderStore) -> list[Path]:
    return sorted(path for path in store.root.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", SIZES)
def test_what_comes_out_says_what_went_in(
    size: int, vault: Vault, seal: Seal, footage: Footage, fixed_clock: FixedClock
) -> None:
    plain = footage(size)
    sealed = seal(plain, "proxy")
    assert is_id(sealed.object_id)
    assert (sealed.kind, sealed.size, sealed.created_at) == ("proxy", size, fixed_clock.now())
    assert sealed.sha256 == hashlib.sha256(plain).digest()
    assert sealed.chunk_root == chunk_root(plain)
    found = vault.store.head(sealed.object_id)
    assert found is not None
    assert found.size == sealed.stored_size == sealed_size(size)
    with opened(vault, sealed) as stream:
        assert stream.read() == plain


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 70_000), st.sampled_from([LEAF, BLOCK, BLOCK + 1, 2 * BLOCK])), max_size=7))
def test_pieces_of_any_size_make_the_same_object(vault: Vault, footage: Footage, pieces: list[int]) -> None:
    plain = footage(sum(pieces))
    with vault.writer("original") as writer:
        start = 0
        for piece in pieces:
            assert writer.write(memoryview(plain)[start : start + piece]) == piece
            start += piece
        sealed = writer.finish()
    assert (sealed.sha256, sealed.chunk_root) == (hashlib.sha256(plain).digest(), chunk_root(plain))
    with opened(vault, sealed) as stream:
        assert stream.read() == plain
    vault.discard(sealed)


class Trickle(io.RawIOBase):
    """A source that gives a little at a time, as a network does."""

    def __init__(self, content: bytes) -> None:
        self._rest = memoryview(content)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self._rest[: min(len(buffer), 300_001)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)


def test_sealing_from_a_file(vault: Vault, footage: Footage) -> None:
    plain = footage(2 * BLOCK + 77)
    with vault.writer("original") as writer:
        assert writer.write(plain[:100]) == 100
        assert writer.write_from(Trickle(plain[100:])) == len(plain) - 100
        sealed = writer.finish()
    assert sealed.sha256 == hashlib.sha256(plain).digest()
    assert vault.seal("original", io.BytesIO(plain)).chunk_root == sealed.chunk_root


def test_every_object_has_an_identifier_and_a_key_of_its_own(
    vault: Vault, seal: Seal, folder_store: FolderStore
) -> None:
    one, two = seal(b"the same bytes"), seal(b"the same bytes")
    assert one.object_id != two.object_id
    keys = {vault.keys.unwrap(each.object_id, each.key_epoch, each.wrapped_key) for each in (one, two)}
    assert len(keys) == 2
    stored = [path.read_bytes() for path in files(folder_store)]
    assert stored[0][56:] != stored[1][56:]


def test_no_plaintext_is_ever_on_disk(vault: Vault, tmp_path: Path) -> None:
    marker = b"PLAINTEXT-MARKER" * 64
    seen_unfinished = False
    with vault.writer("original") as writer:
        for _ in range(24):
            writer.write(marker * 1024)  # 24 MiB in all, more than the pool holds, so some must have been written
            for path in tmp_path.rglob("*"):
                if path.is_file():
                    seen_unfinished = seen_unfinished or (path.parent.name == "incoming" and path.stat().st_size > 0)
                    assert marker[:32] not in path.read_bytes()
        writer.finish()
    assert seen_unfinished, "the draft grew while it was looked at"
    assert not any(marker[:32] in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 100, BLOCK, 4 * BLOCK + 5])
def test_what_is_given_up_leaves_nothing(vault: Vault, folder_store: FolderStore, footage: Footage, size: int) -> None:
    threads = threading.active_count()
    with vault.writer("original") as writer:
        writer.write(footage(size))
        assert files(folder_store), "there is a draft"
        assert list(folder_store.list()) == [], "but nothing is visible"
    assert files(folder_store) == []
    assert threading.active_count() == threads
    with pytest.raises(SealingEnded, match="given up"):
        writer.write(b"more")
    with pytest.raises(SealingEnded, match="given up"):
        writer.finish()


def test_an_error_of_the_sender_gives_up(vault: Vault, folder_store: FolderStore, footage: Footage) -> None:
    def send() -> None:
        with vault.writer("original") as writer:
            writer.write(footage(3 * BLOCK))
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        send()
    assert files(folder_store) == []


def test_a_writer_that_is_forgotten_ends_its_threads(vault: Vault, folder_store: FolderStore, footage: Footage) -> None:
    threads = threading.active_count()
    writer = vault.writer("original")
    writer.write(footage(2 * BLOCK))
    assert threading.active_count() == threads + 3
    del writer
    assert threading.active_count() == threads
    assert files(folder_store) == []


def test_after_finish_nothing_more_is_taken(vault: Vault) -> None:
    with vault.writer("original") as writer:
        writer.finish()
        with pytest.raises(SealingEnded, match="finished"):
            writer.write(b"more")
        with pytest.raises(SealingEnded, match="finished"):
            writer.finish()
    assert len(list(vault.store.list())) == 1, "leaving the block does not give up what was finished"


@pytest.mark.parametrize("size", [10, 5 * BLOCK])
def test_a_fault_of_the_disk_comes_out_and_leaves_nothing(
    vault: Vault, folder_store: FolderStore, footage: Footage, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    def fail(self: FolderSink, data: bytes) -> None:
        raise StoreUnreachable(place="here", reason="input/output error")

    def send() -> None:
        with vault.writer("original") as writer:
            for _ in range(2 * BLOCKS):
                writer.write(footage(size))
            writer.finish()

    monkeypatch.setattr(FolderSink, "write", fail)
    threads = threading.active_count()
    with pytest.raises(StoreUnreachable, match="input/output error"):
        send()
    assert threading.active_count() == threads
    assert files(folder_store) == []


MEASURE = """
import resource, sys
from pathlib import Path
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore
vault = Vault(FolderStore(Path(sys.argv[1])), KeyRing.load(Path(sys.argv[2])))
with vault.writer("original") as writer:
    writer.write(bytes(100))
    writer.finish()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
piece = bytes(1 << 20)
with vault.writer("original") as writer:
    for _ in range(int(sys.argv[3])):
        writer.write(piece)
    writer.finish()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_size(tmp_path: Path, keys_folder: Path) -> None:
    grown = {}
    for mebibytes in (64, 256):
        command = [sys.executable, "-c", MEASURE, tmp_path / "big", keys_folder, str(mebibytes)]
        grown[mebibytes] = int(subprocess.run(command, check=True, capture_output=True, env=os.environ).stdout)
    assert max(grown.values()) < 40 * 1024, f"KiB: {grown}"
    assert grown[256] < grown[64] + 8 * 1024, f"KiB: {grown}"
