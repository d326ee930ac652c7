"""A log for the witness's tests: a tree in memory, its key, and witnesses served over real HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette

from candor.verify.checkpoint import Checkpoint
from candor.verify.merkle import consistency_proof, leaf_hash, root_of
from candor.verify.note import Note, VerifierKey, sign_note


class TestLog:
    """A log of entries "0", "1", …; with `forked_at`, another history from that entry on."""

    __test__ = False

    def __init__(self, origin: str = "log.example/1", seed: int = 1, forked_at: int | None = None) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.key = VerifierKey(origin, self._private.public_key().public_bytes_raw())
        self._forked_at = forked_at

    def leaves(self, size: int) -> list[bytes]:
        fork = size if self._forked_at is None else self._forked_at
        return [leaf_hash((b"%d" if i < fork else b"forked %d") % i) for i in range(size)]

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.key.name, size, root_of(self.leaves(size)))

    def note(self, size: int) -> Note:
        return self.sign(self.checkpoint(size))

    def sign(self, checkpoint: Checkpoint) -> Note:
        return sign_note(checkpoint.format(), self.key, self._private.sign)

    def proof(self, old: int, new: int) -> list[bytes]:
        leaves = self.leaves(new)
        return consistency_proof(lambda level, index: root_of(leaves[index << level : (index + 1) << level]), old, new)


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """The address of the app, served by uvicorn on the loopback in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        assert not thread.is_alive()


@contextmanager
def serving_process(home: Path, name: str, before: str = "") -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address and process of a witness run in a process of its own, after the statements `before`."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code = (
        "import sys\nfrom pathlib import Path\nimport candor.custody.witness_server as server\n"
        + before
        + "\nserver.run_witness(Path(sys.argv[1]), '127.0.0.1', int(sys.argv[2]), sys.argv[3])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(home), str(port), name])
    try:
        until(lambda: process.poll() is not None or answers(port))
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait(10)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(condition: object, seconds: float = 20) -> None:
    """Wait until `condition()` holds."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)
