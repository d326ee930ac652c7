"""Senders that are slow, and senders that have gone without a word: real ones, on a socket."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from tests.browser.live import free_port, served
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.docking.uploads.tables import upload
from candor.footage.tables import recording
from candor.people.rules import Role
from candor.store.tables import vault_object
from candor.tus import pouring

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

STALL = 1.0
BODY = b"slowly but surely\n" * 100_000


@pytest.fixture
def line(app: Starlette, signed_in: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A connection on which the beginning of an upload of BODY was sent."""
    monkeypatch.setattr(pouring, "LONGEST_STALL", STALL)
    visitor = signed_in("tech", Role.EVIDENCE_TECHNICIAN)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())
    port = free_port()
    head = (
        f"POST /upload/tus HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}\r\n"
        f"X-CSRF-Token: {visitor.token()}\r\nAccept: application/json\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(BODY)}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Length: {len(BODY)}\r\n"
        f"User-Agent: {visitor.client.headers['user-agent']}\r\n\r\n"
    )
    with served(app, port), socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode())
        yield connection


def answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """Status and JSON body of the answer."""
    data = b""
    while b"\r\n\r\n" not in data or not data.endswith(b"}"):
        piece = connection.recv(65536)
        assert piece, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def rows(place: Place) -> int:
    with place.database.read() as tx:
        counts = (sa.select(sa.func.count()).select_from(table) for table in (recording, vault_object))
        return sum(int(tx.execute(count).scalar_one()) for count in counts)


def test_a_sender_that_says_nothing_more_is_told_so_and_can_go_on(
    line: socket.socket, app: Starlette, place: Place
) -> None:
    line.sendall(BODY[: len(BODY) - 1])
    sent_at = time.monotonic()
    status, told = answer(line)
    assert STALL * 0.9 < time.monotonic() - sent_at < STALL + 5
    assert status == 408, told
    assert str(told["error"]).startswith(f"Nothing more of the file arrived for 1 seconds, after {len(BODY) - 1} bytes")
    assert line.recv(1) == b"", "the connection is closed: what would follow is no request"
    assert rows(place) == 0
    with place.database.read() as tx:
        (row,) = tx.execute(sa.select(upload.c.state, upload.c.received)).all()
    assert row == ("open", len(BODY) - 1), "what arrived is kept"


def test_a_sender_that_is_slow_all_the_time_is_waited_for(line: socket.socket, place: Place) -> None:
    began = time.monotonic()
    step = len(BODY) // 5
    for start in range(0, len(BODY), step):
        line.sendall(BODY[start : start + step])
        time.sleep(STALL * 0.4)
    assert time.monotonic() - began > STALL
    status, told = answer(line)
    assert status == 201, told
    assert told["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert rows(place) == 2
