"""Asking a witness for its cosignature over HTTP (C2SP tlog-witness).

A witness is another organisation's machine: its answers are bounded in size and time, redirects are not followed,
and nothing it says is believed but signatures that verify under its key. `http.client` sends with TCP_NODELAY, so
that a request's head and body do not wait for each other.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from candor.core.errors import CandorError
from candor.custody.keys import check_signature
from candor.verify.checkpoint import Checkpoint
from candor.verify.cosignature import verify_cosignatures
from candor.verify.encoding import base64_text, decimal
from candor.verify.errors import Malformed, VerifyError, shown
from candor.verify.note import Note, Signature, VerifierKey, parse_signatures

__all__ = ["Conflict", "WitnessAway", "WitnessError", "WitnessRefused", "add_checkpoint", "latest"]

MAX_ANSWER_SIZE = 256 * 1024  # bytes; a note with dozens of cosignatures fits
SIZE_TYPE = "text/x.tlog.size"


class WitnessError(CandorError):
    """The witness at {url} did not cosign: {reason}."""

    exit_code = 6


class WitnessAway(WitnessError):
    """The witness at {url} does not answer ({reason}). Sealing goes on; the checkpoint stays unwitnessed until
    it is back. If this lasts, ask whoever runs the witness."""


class WitnessRefused(WitnessError):
    """The witness at {url} refused the checkpoint with status {status}: {reason}. 404 means that it does not know
    this log, 403 that it has another key for it, 422 that it saw another history: keep everything and find out."""


@dataclass(frozen=True)
class Conflict:
    """The witness holds another size than the one the request started from; ask again with a proof from it."""

    size: int


@dataclass(frozen=True)
class _Answer:
    status: int
    media_type: str
    body: bytes


def add_checkpoint(
    url: str,
    old_size: int,
    proof: Sequence[bytes],
    note: Note | str,
    timeout: float = 10.0,
    *,
    witness: VerifierKey | None = None,
) -> tuple[Signature, ...] | Conflict:
    """Ask the witness at `url` (its submission prefix) to cosign the checkpoint in `note`.

    `old_size` is the size it cosigned last, 0 when never, and `proof` the consistency proof from there. With
    `witness`, only valid cosignatures by that key come back; without it, the lines as they came, unverified.
    `timeout` in seconds bounds connecting, and request and answer together. Raises WitnessAway, WitnessRefused.
    """
    note = note if isinstance(note, Note) else Note.parse(note)
    head = f"old {old_size}\n" + "".join(base64_text(one) + "\n" for one in proof)
    request = (head + "\n" + note.format()).encode()
    answer = _exchange("POST", url, "/add-checkpoint", request, timeout)
    try:
        if answer.status == 409 and answer.media_type == SIZE_TYPE:
            size, newline, rest = answer.body.decode("ascii").partition("\n")
            if not newline or rest:
                raise ValueError("a size that is not one whole line")
            return Conflict(decimal(size))
        if answer.status != 200:
            raise _refused(url, answer)
        signatures = parse_signatures(answer.body)
        if witness is None:
            return signatures
        cosigned = [s for s in signatures if s.is_by(witness)]
        if not cosigned or not verify_cosignatures(Note(note.text, tuple(cosigned)), [witness], check_signature):
            raise WitnessRefused(url=url, status=200, reason=f"no cosignature by {witness.name} in the answer")
    except (ValueError, VerifyError) as error:
        raise WitnessRefused(url=url, status=answer.status, reason=str(error)) from error
    return tuple(cosigned)


def latest(url: str, origin: str, timeout: float = 10.0) -> Note | None:
    """The newest checkpoint of the log `origin` that the witness at `url` (its monitoring prefix) cosigned.

    None when it has none. The note's signatures are for the caller to verify; its origin is checked. Raises
    WitnessAway, WitnessRefused.
    """
    path = f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
    answer = _exchange("GET", url, path, None, timeout)
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise _refused(url, answer)
    try:
        note = Note.parse(answer.body)
        found = Checkpoint.parse(note.text).origin
    except Malformed as error:
        raise WitnessRefused(url=url, status=200, reason=str(error)) from error
    if found != origin:
        raise WitnessRefused(url=url, status=200, reason=f"it answered with a checkpoint of {shown(found)}")
    return note


def _refused(url: str, answer: _Answer) -> WitnessRefused:
    reason = shown(answer.body.decode("utf-8", "replace").strip()) or "without a reason"
    return WitnessRefused(url=url, status=answer.status, reason=reason)


def _exchange(method: str, url: str, path: str, body: bytes | None, timeout: float) -> _Answer:
    """One request and its answer, all within `timeout` seconds."""
    end = time.monotonic() + timeout
    try:
        connection, prefix = _connection(url, timeout)
    except ValueError as error:
        raise WitnessAway(url=url, reason=f"not an address of a witness: {error}") from error
    try:
        connection.connect()
        # A timeout on the socket bounds each read only; an answer that drips in must end too.
        expiry = threading.Timer(max(end - time.monotonic(), 0), _shut, [connection.sock])
        expiry.daemon = True
        expiry.start()
        try:
            connection.request(method, prefix + path, body, {"Content-Type": "text/plain; charset=utf-8"})
            response = connection.getresponse()
            data = response.read(MAX_ANSWER_SIZE + 1)
            if len(data) <= MAX_ANSWER_SIZE and (response.length or time.monotonic() >= end):
                raise http.client.IncompleteRead(data, response.length)
        finally:
            expiry.cancel()
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        if time.monotonic() >= end:
            reason = f"no whole answer within {timeout:g} seconds"
        raise WitnessAway(url=url, reason=shown(reason)) from error
    finally:
        connection.close()
    if len(data) > MAX_ANSWER_SIZE:
        raise WitnessRefused(url=url, status=response.status, reason=f"an answer over {MAX_ANSWER_SIZE} bytes")
    media_type = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return _Answer(response.status, media_type, data)


def _shut(sock: socket.socket) -> None:
    """Wake whoever reads from the socket; it may be closed already."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _connection(url: str, timeout: float) -> tuple[http.client.HTTPConnection, str]:
    """A connection that is not open yet, and the path of the prefix. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it reads http(s)://host[:port][/prefix]")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user name or password belongs in it")
    if any(c <= " " or c == "\x7f" or ord(c) > 0x7F for c in parts.path):
        raise ValueError("a space, control or non-ASCII character in it")
    prefix = parts.path.rstrip("/")
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context), prefix
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout), prefix
