"""The frames that a limited process and its parent exchange over one socket.

A frame is a byte for its kind, the length of its payload as a big-endian 32-bit number, and the payload. The parent
never believes a length: `check_frame` says what a child may send. Both ends use plain `read` and `write` on the
descriptor, so that the child needs no other system call to speak.
"""

from __future__ import annotations

import os
import struct
from typing import Final

HEADER: Final = struct.Struct(">BI")
READ_FRAME: Final = struct.Struct(">QI")  # offset, length
WRITE_FRAME: Final = struct.Struct(">BQ")  # number of the output, offset; the bytes follow
FETCH_FRAME: Final = struct.Struct(">BQI")  # number of the output, offset, length
PROGRESS_FRAME: Final = struct.Struct(">d")  # 0..1

# child to parent
HELLO: Final = 1  # JSON: how the process is confined
READ: Final = 2  # bytes of the input, please
WRITE: Final = 3  # bytes for an output
FETCH: Final = 4  # bytes of an output again, please
PROGRESS: Final = 5
RESULT: Final = 6  # JSON
REFUSED: Final = 7  # JSON {"code", "reason"}: the work itself says no
FAILED: Final = 8  # JSON {"kind": "memory" | "error", "text"}
# parent to child
SETUP: Final = 16  # JSON: what to do, under which limits
DATA: Final = 17  # the answer to READ and FETCH; shorter than asked for at the end

MAX_BLOCK: Final = 1 << 20  # bytes of content in one frame, either way
MAX_NOTE: Final = 64 << 10  # bytes of HELLO, REFUSED and FAILED


def frame(kind: int, *payload: bytes) -> bytes:
    """One frame, ready to be sent."""
    return b"".join((HEADER.pack(kind, sum(map(len, payload))), *payload))


def check_frame(kind: int, length: int, result_bytes: int) -> str | None:
    """What is wrong with the header of a frame that came from a child, or None."""
    exact = {READ: READ_FRAME.size, FETCH: FETCH_FRAME.size, PROGRESS: PROGRESS_FRAME.size}
    most = {
        HELLO: MAX_NOTE,
        WRITE: WRITE_FRAME.size + MAX_BLOCK,
        RESULT: result_bytes,
        REFUSED: MAX_NOTE,
        FAILED: MAX_NOTE,
    }
    if kind in exact:
        return None if length == exact[kind] else f"a frame of kind {kind} has {length} bytes"
    if kind not in most:
        return f"a frame of unknown kind {kind}"
    if length > most[kind]:
        return f"a frame of kind {kind} has {length} bytes, more than {most[kind]}"
    if kind == WRITE and length < WRITE_FRAME.size:
        return "an output frame without its header"
    return None


def send_all(descriptor: int, data: bytes) -> None:
    """Write all of `data` to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def receive_exactly(descriptor: int, length: int) -> bytes:
    """Read exactly `length` bytes from a blocking descriptor; EOFError when the other side has gone."""
    pieces: list[bytes] = []
    while length:
        piece = os.read(descriptor, min(length, MAX_BLOCK))
        if not piece:
            raise EOFError("the other side has gone")
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
