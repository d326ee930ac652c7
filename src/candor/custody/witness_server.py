"""An independent witness (C2SP tlog-witness): it cosigns a log's checkpoint only if it extends all it saw before.

It is run by somebody else than the agency (a public defender, the press, a university), on their machine, and needs
nothing of Candor's database or settings. Its rules:

1. A log is watched only after its key was added by hand. Others get 404.
2. Per log, every cosigned checkpoint extends the one before: proven, stored on the disk, and only then answered.
   Comparing and storing is one transaction, so that two requests at a time cannot fork or turn back a log.
3. It holds no secret but its own key, and stores nothing of the log but the newest checkpoint.
4. Whoever asks may see that newest checkpoint and the witness's public key.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from candor.core.errors import CandorError
from candor.core.files import make_folder, write_durably
from candor.custody.keys import check_signature
from candor.custody.witness_client import SIZE_TYPE
from candor.custody.witness_store import Held, WitnessStore
from candor.verify.checkpoint import Checkpoint, verify_checkpoint
from candor.verify.cosignature import cosign
from candor.verify.encoding import decimal, reading, utf8
from candor.verify.errors import BadConsistency, BadSignature, Malformed, NoKnownSignature
from candor.verify.merkle import EMPTY_ROOT, verify_consistency
from candor.verify.note import COSIGNATURE_ED25519, ED25519, Note, VerifierKey
from candor.verify.tlogproof import parse_hashes

__all__ = [
    "Answer",
    "LogKeyUnusable",
    "Witness",
    "WitnessKeyMissing",
    "WitnessKeyWrong",
    "add_log",
    "create_witness",
    "open_witness",
    "run_witness",
    "witness_app",
]

MAX_REQUEST_SIZE = 512 * 1024  # bytes; a checkpoint with a hundred cosignatures fits
BODY_SECONDS = 10.0

_KEY_FILE = "witness.key"
_DATABASE_FILE = "witness.db"
_TEXT = "text/plain; charset=utf-8"


class WitnessKeyMissing(CandorError):
    """There is no witness in {home}: {path} is not there. Give a name to make one, or name the right folder."""

    exit_code = 9


class WitnessKeyWrong(CandorError):
    """The witness's key at {path} cannot be used: {reason}."""

    exit_code = 9


class LogKeyUnusable(CandorError):
    """That is not the key of a log: {reason}. A log's key reads name+hash+key; copy the whole line."""

    exit_code = 3


@dataclass(frozen=True)
class Answer:
    """Status, media type and body of an answer over HTTP."""

    status: int
    body: str
    media_type: str = _TEXT


class Witness:
    """A witness: its key, and what it remembers."""

    def __init__(self, private: Ed25519PrivateKey, name: str, store: WitnessStore) -> None:
        self._private = private
        self.key = VerifierKey(name, private.public_key().public_bytes_raw(), COSIGNATURE_ED25519)
        self.store = store

    def close(self) -> None:
        """Close its database."""
        self.store.close()

    def add_checkpoint(self, body: bytes, now: Callable[[], float] = time.time) -> Answer:
        """The answer to an add-checkpoint request; what it cosigns is on the disk before it returns."""
        try:
            old_size, proof, note, checkpoint = _parse_request(body)
        except Malformed as error:
            return Answer(400, f"{error}\n")
        keys = self.store.log_keys(checkpoint.origin)
        if not keys:
            return Answer(404, "This witness does not watch the log of that origin.\n")
        try:
            verify_checkpoint(note, keys, check_signature)
        except (BadSignature, NoKnownSignature) as error:
            return Answer(403, f"{error}\n")
        if old_size > checkpoint.size:
            return Answer(400, "The old size is larger than the checkpoint's.\n")
        with self.store.hold(checkpoint.origin, _origin_hash(checkpoint.origin)) as held:
            refused = _compare(held, old_size, proof, checkpoint)
            if refused is not None:
                return refused
            signature = cosign(note.text, self.key, self._private.sign, int(now()))
            by_log = {s.key_id: s for s in note.signatures if any(s.is_by(key) for key in keys)}
            held.replace(Note(note.text, (*by_log.values(), signature)))
        return Answer(200, signature.format() + "\n")

    def newest(self, origin_sha256: str) -> Answer:
        """The newest cosigned checkpoint of the log whose origin has this SHA-256 (hex)."""
        newest = self.store.newest_by_hash(origin_sha256)
        if newest is None:
            return Answer(404, "This witness has cosigned no checkpoint of such a log.\n")
        return Answer(200, newest.note.format())


def _parse_request(body: bytes) -> tuple[int, tuple[bytes, ...], Note, Checkpoint]:
    """Old size, consistency proof, note and checkpoint of an add-checkpoint body. Raises Malformed."""
    with reading("add-checkpoint request"):
        head, blank, rest = utf8(body, MAX_REQUEST_SIZE).partition("\n\n")
        lines = head.split("\n")
        if not blank or not lines[0].startswith("old "):
            raise ValueError('it must begin with "old" and a size, and hold a checkpoint')
        old_size, proof = decimal(lines[0][4:]), parse_hashes(lines[1:])
    note = Note.parse(rest)
    return old_size, proof, note, Checkpoint.parse(note.text)


def _compare(held: Held, old_size: int, proof: tuple[bytes, ...], checkpoint: Checkpoint) -> Answer | None:
    """Why the checkpoint is not cosigned, or None when it extends the newest one."""
    newest = held.newest()
    before = newest.checkpoint if newest is not None else Checkpoint(checkpoint.origin, 0, EMPTY_ROOT)
    if old_size != before.size:
        return Answer(409, f"{before.size}\n", SIZE_TYPE)
    try:
        verify_consistency(before.size, before.root, checkpoint.size, checkpoint.root, proof)
    except BadConsistency as error:
        return Answer(422, f"{error}\n")
    return None


def _origin_hash(origin: str) -> str:
    return hashlib.sha256(origin.encode("utf-8")).hexdigest()


def create_witness(home: Path, name: str) -> Witness:
    """Make a witness in the folder `home` with a new key (0600). FileExistsError if there is one already."""
    try:
        VerifierKey(name, bytes(32), COSIGNATURE_ED25519)
    except ValueError as error:
        raise WitnessKeyWrong(path=home / _KEY_FILE, reason=f"{name!r} is no name for it: {error}") from error
    make_folder(home)
    seed = Ed25519PrivateKey.generate().private_bytes_raw()
    text = json.dumps({"name": name, "seed": seed.hex()}) + "\n"
    write_durably(home / _KEY_FILE, text.encode("utf-8"), mode=0o600, new=True)
    return open_witness(home)


def open_witness(home: Path) -> Witness:
    """The witness in the folder `home`. Raises WitnessKeyMissing, WitnessKeyWrong."""
    path = home / _KEY_FILE
    try:
        if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
            raise WitnessKeyWrong(path=path, reason="other users may read it: chmod 600")
        found = json.loads(path.read_text("utf-8"))
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(found["seed"]))
        return Witness(private, found["name"], WitnessStore(home / _DATABASE_FILE))
    except FileNotFoundError as error:
        raise WitnessKeyMissing(home=home, path=path) from error
    except OSError as error:
        raise WitnessKeyWrong(path=path, reason=str(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise WitnessKeyWrong(path=path, reason="it is damaged") from error


def add_log(home: Path, vkey: str) -> VerifierKey:
    """Let the witness in `home` watch the log with this key, also while it runs. Raises LogKeyUnusable."""
    try:
        key = VerifierKey.parse(vkey)
    except Malformed as error:
        raise LogKeyUnusable(reason=error.fields["reason"]) from error
    if key.type != ED25519:
        raise LogKeyUnusable(reason=f"{key.name} has a key of type {key.type}, a log signs with type {ED25519}")
    with closing(open_witness(home)) as witness:
        witness.store.add_log(key)
    return key


def witness_app(witness: Witness) -> Starlette:
    """The witness over HTTP; submission and monitoring share one prefix."""

    async def submit(request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _bounded_body(request)
        except (TimeoutError, ClientDisconnect):
            return _response(Answer(400, "The request did not arrive whole in time.\n"))
        return _response(await run_in_threadpool(witness.add_checkpoint, body))

    async def newest(request: Request) -> Response:
        return _response(await run_in_threadpool(witness.newest, request.path_params["origin"]))

    async def key(request: Request) -> Response:
        return _response(Answer(200, witness.key.format() + "\n"))

    return Starlette(
        routes=[
            Route("/add-checkpoint", submit, methods=["POST"]),
            Route("/{origin}/checkpoint", newest, methods=["GET"]),
            Route("/key", key, methods=["GET"]),
        ]
    )


async def _bounded_body(request: Request) -> bytes:
    """The body, up to one byte more than is allowed: the parser then refuses it as too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk[: MAX_REQUEST_SIZE + 1 - len(body)]
        if len(body) > MAX_REQUEST_SIZE:
            break
    return bytes(body)


def _response(answer: Answer) -> Response:
    headers = {"Content-Type": answer.media_type, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(answer.body, answer.status, headers)


def run_witness(home: Path, host: str, port: int, name: str | None = None) -> None:
    """Serve the witness in `home` until stopped; with a name, make it first if there is none.

    Raises WitnessKeyMissing, WitnessKeyWrong, also when the witness there has another name.
    """
    if name is not None:
        with suppress(FileExistsError):
            create_witness(home, name).close()
    with closing(open_witness(home)) as witness:
        if name is not None and witness.key.name != name:
            raise WitnessKeyWrong(path=home / _KEY_FILE, reason=f"it is named {witness.key.name}, not {name}")
        app = witness_app(witness)
        uvicorn.run(app, host=host, port=port, log_level="warning", limit_concurrency=64, server_header=False)
