"""Sealing: one pass over a stream of plaintext gives its hashes and its encrypted object.

    caller → blocks of 2 MiB ─┬→ thread 1: SHA-256 of the whole
                              ├→ thread 2: SHA-256 of every 1 MiB chunk → RFC 6962 root
                              └→ thread 3: Cobblestone-256 → the store

Hashing, encryption and writing all let go of Python's lock, so two cores are used. Blocks come from a fixed pool:
whoever hands bytes in waits when the slowest thread is behind, so memory stays the same whatever the size.
Plaintext is never written anywhere. What fits in one block is sealed without threads.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from cryptography.cobblestone import Cobblestone256Encryptor

from candor.core.clock import Clock
from candor.store.cobblestone import CHUNK, HEADER, SEALED_CHUNK, Bytes, sealed_size
from candor.store.errors import SealingEnded
from candor.store.stored import Sink
from candor.verify.merkle import Frontier

__all__ = ["LEAF", "ObjectWriter", "SealedObject"]

LEAF = 1 << 20
"""Bytes of one leaf of the chunk root; the last leaf may be shorter. An empty object has no leaf."""
BLOCK = 2 * LEAF
BLOCKS = 6
"""Blocks in the pool: with the room for ciphertext, about 16 MiB in all."""


@dataclass(frozen=True, slots=True)
class SealedObject:
    """An object that is durably in the store and that no row names yet. Sizes in bytes; hashes are 32 bytes.

    `chunk_root` is the RFC 6962 root whose leaves are the plaintext's chunks of 1 MiB.
    """

    object_id: str
    kind: str
    size: int
    sha256: bytes
    chunk_root: bytes
    stored_size: int
    wrapped_key: bytes
    key_epoch: int
    created_at: datetime


class Readable(Protocol):
    """Anything bytes can be read from into a buffer."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill some of the buffer; 0 at the end."""


@dataclass(slots=True)
class _Block:
    """Plaintext in the pipeline, and how many stages still need it."""

    room: bytearray
    used: int = 0
    awaited: int = 0


class ObjectWriter:
    """Takes plaintext in pieces of any size and seals it. Used by one thread at a time.

    As a context manager it aborts what was not finished. Any error of the store comes out of `write` or `finish`
    and ends the sealing; nothing of the object is visible then.

    `blocks`: the pipeline's; 0: no threads of its own, the caller's does the work, in 2 MiB of memory. That is for
    many at a time that share the callers' threads; it cannot `settle`.
    """

    def __init__(
        self,
        object_id: str,
        kind: str,
        *,
        sink: Sink,
        key: bytes,
        wrapped: tuple[int, bytes],
        clock: Clock,
        blocks: int = BLOCKS,
    ) -> None:
        self.object_id, self.kind = object_id, kind
        self.size = 0
        self._sink, self._clock = sink, clock
        self._key_epoch, self._wrapped_key = wrapped
        self._ended, self._blocks = "", blocks
        self._digests = Digests()
        self._room = BLOCK if blocks else LEAF
        self._encrypting = _Encrypting(key, object_id, sink, self._room)
        self._pipeline: _Pipeline | None = None
        self._block = _Block(bytearray(self._room))

    def write(self, data: Bytes) -> int:
        """Take bytes in; returns their number."""
        self._must_be_open()
        left = memoryview(data).cast("B")
        taken = len(left)
        while left:
            room = min(len(left), self._room - self._block.used)
            self._block.room[self._block.used : self._block.used + room] = left[:room]
            self._took(room)
            left = left[room:]
        return taken

    def write_from(self, source: Readable) -> int:
        """Take bytes from a file until it ends, without copying them first; returns their number."""
        self._must_be_open()
        before = self.size
        while True:
            with memoryview(self._block.room) as room, room[self._block.used :] as free:
                got = source.readinto(free)
            if not got:
                return self.size - before
            self._took(got)

    @property
    def passed_on(self) -> int:
        """Bytes of plaintext that the store's sink has taken in encrypted form. May be asked from any thread."""
        return self._encrypting.taken

    def settle(self) -> bytes:
        """Have the sink take every whole leaf, and wait until it has; returns the rest, which only we hold.

        What comes first and fits in one block is all rest: nothing of it was handed to the sink.
        """
        self._must_be_open()
        assert self._blocks, "without a pipeline there is nothing to wait for"
        try:
            if self._pipeline is not None:
                whole = self._block.used - self._block.used % LEAF
                rest = bytes(self._block.room[whole : self._block.used])
                if whole:
                    self._block.used = whole
                    self._pipeline.put(self._block)
                    self._block = self._pipeline.take_free()
                    self._block.room[: len(rest)] = rest
                    self._block.used = len(rest)
                self._pipeline.settle()
        except BaseException:
            self.abort()
            raise
        return bytes(self._block.room[: self._block.used])

    def finish(self) -> SealedObject:
        """Seal what was taken in. When this returns the object is durably in the store."""
        self._must_be_open()
        try:
            if self._pipeline is not None:
                if self._block.used:
                    self._pipeline.put(self._block)
                self._pipeline.drain()
            elif self._block.used:
                with memoryview(self._block.room)[: self._block.used] as plain:
                    for stage in self._stages():
                        stage(plain)
            stored_size = self._encrypting.finish()
            assert stored_size == sealed_size(self.size), "the ciphertext has another size than the format says"
            self._sink.finish()
        except BaseException:
            self.abort()
            raise
        self._ended = "it was finished"
        return SealedObject(
            object_id=self.object_id,
            kind=self.kind,
            size=self.size,
            sha256=self._digests.sha256(),
            chunk_root=self._digests.chunk_root(),
            stored_size=stored_size,
            wrapped_key=self._wrapped_key,
            key_epoch=self._key_epoch,
            created_at=self._clock.now(),
        )

    def abort(self) -> None:
        """Give up; nothing stays behind. Does nothing after `finish` or another `abort`."""
        if self._ended:
            return
        self._ended = "it was given up"
        if self._pipeline is not None:
            self._pipeline.stop()
        self._sink.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def __del__(self) -> None:
        # A writer that was forgotten must not leave its threads waiting for ever.
        if getattr(self, "_ended", "never begun") == "":
            self.abort()

    def _stages(self) -> tuple[Callable[[memoryview], None], ...]:
        return self._digests.add_to_whole, self._digests.add_to_chunks, self._encrypting.add

    def _must_be_open(self) -> None:
        if self._ended:
            raise SealingEnded(object_id=self.object_id, how=self._ended)

    def _took(self, count: int) -> None:
        self._block.used += count
        self.size += count
        if self._block.used < self._room:
            return
        try:
            if not self._blocks:
                with memoryview(self._block.room) as plain:
                    for stage in self._stages():
                        stage(plain)
                self._block.used = 0
                return
            if self._pipeline is None:
                self._pipeline = _Pipeline(self._stages(), self._blocks)
            self._pipeline.put(self._block)
            self._block = self._pipeline.take_free()
        except BaseException:
            self.abort()
            raise


class Digests:
    """SHA-256 of the whole, and the root over chunks of 1 MiB. Each half may run in a thread of its own.

    Blocks come in order, and all but the last are whole multiples of a chunk.
    """

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._chunks = Frontier()

    def add_to_whole(self, plain: memoryview) -> None:
        self._whole.update(plain)

    def add_to_chunks(self, plain: memoryview) -> None:
        for start in range(0, len(plain), LEAF):
            leaf = hashlib.sha256(b"\0")  # verify.merkle.leaf_hash, without copying the chunk to prefix it
            leaf.update(plain[start : start + LEAF])
            self._chunks.append(leaf.digest())

    def sha256(self) -> bytes:
        return self._whole.digest()

    def chunk_root(self) -> bytes:
        return self._chunks.root()


class _Encrypting:
    """Plaintext to Cobblestone-256 to the sink."""

    def __init__(self, key: bytes, object_id: str, sink: Sink, most: int) -> None:
        self._encryptor = Cobblestone256Encryptor(key, context_of(object_id))
        self._room = bytearray(HEADER + (most // CHUNK + 1) * SEALED_CHUNK)
        self._sink = sink
        self._stored = 0
        self.taken = 0

    def add(self, plain: memoryview) -> None:
        count = self._encryptor.update_into(plain, self._room)
        with memoryview(self._room)[:count] as sealed:
            self._sink.write(sealed)
        self._stored += count
        self.taken += len(plain)

    def finish(self) -> int:
        """Write the last chunk; the stored size in bytes."""
        rest = self._encryptor.finalize()
        self._sink.write(rest)
        return self._stored + len(rest)


def context_of(object_id: str) -> bytes:
    """What binds an object's ciphertext to its identifier."""
    return b"bwc/v1\0" + object_id.encode()


class _Pipeline:
    """Stages, each in its own thread, that all see every block, in order."""

    def __init__(self, stages: tuple[Callable[[memoryview], None], ...], blocks: int) -> None:
        self._free: queue.SimpleQueue[_Block] = queue.SimpleQueue()
        self._blocks = blocks
        for _ in range(blocks - 1):  # the writer brings the first one
            self._free.put(_Block(bytearray(BLOCK)))
        self._guard = threading.Lock()
        self._failure: BaseException | None = None
        self._queues: list[queue.SimpleQueue[_Block | None]] = [queue.SimpleQueue() for _ in stages]
        self._threads = [
            threading.Thread(target=self._run, args=(stage, waiting), name="sealing", daemon=True)
            for stage, waiting in zip(stages, self._queues, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, block: _Block) -> None:
        """Hand a block to every stage. Raises what a stage has raised."""
        self._raise_failure()
        block.awaited = len(self._queues)
        for waiting in self._queues:
            waiting.put(block)

    def take_free(self) -> _Block:
        """An empty block, once there is one. Raises what a stage has raised."""
        block = self._free.get()
        self._raise_failure()
        return block

    def settle(self) -> None:
        """Wait until every stage has seen every block, and go on. Raises what a stage has raised."""
        for block in [self._free.get() for _ in range(self._blocks - 1)]:
            self._free.put(block)
        self._raise_failure()

    def drain(self) -> None:
        """Wait until every stage has seen every block. Raises what a stage has raised."""
        self.stop()
        self._raise_failure()

    def stop(self) -> None:
        """End the threads, after what they were handed."""
        for waiting in self._queues:
            waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self, stage: Callable[[memoryview], None], waiting: queue.SimpleQueue[_Block | None]) -> None:
        while (block := waiting.get()) is not None:
            if self._failure is None:
                try:
                    with memoryview(block.room)[: block.used] as plain:
                        stage(plain)
                except BaseException as error:  # handed to the writer's thread, which raises it
                    self._failure = error
            with self._guard:
                block.awaited -= 1
                done = block.awaited == 0
            if done:
                block.used = 0
                self._free.put(block)
