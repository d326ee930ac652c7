from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from candor.custody.witness_client import (
    MAX_ANSWER_SIZE,
    Conflict,
    WitnessAway,
    WitnessRefused,
    add_checkpoint,
    latest,
)
from candor.custody.witness_server import Witness, add_log, create_witness, witness_app
from candor.verify.checkpoint import verify_checkpoint
from candor.verify.note import COSIGNATURE_ED25519, VerifierKey, parse_signatures

from .witness_log import TestLog, serving

LOG = TestLog()


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with closing(create_witness(tmp_path, "witness.example/w1")) as made:
        add_log(tmp_path, LOG.key.format())
        yield made


def read_request(peer: socket.socket) -> None:
    """Take in a whole request: closing with bytes unread would reset the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += peer.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: ([0-9]+)", head)
    while length and len(body) < int(length[1]):
        body += peer.recv(65_536)


@contextmanager
def answering(*parts: bytes, pause: float = 0.0, hold: bool = False) -> Iterator[str]:
    """A peer on the loopback that reads a request and sends `parts`, `pause` seconds apart, whatever was asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    done = threading.Event()

    def serve() -> None:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            peer.settimeout(10)
            read_request(peer)
            try:
                for part in parts:
                    peer.sendall(part)
                    if done.wait(pause):
                        return
                if hold:
                    done.wait(10)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        listener.close()
        thread.join(15)
        assert not thread.is_alive()


def answer(status: str, body: bytes, media_type: str = "text/plain", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {size}\r\n"
    return head.encode() + b"Connection: close\r\nLocation: http://127.0.0.1:1/\r\n\r\n" + body


def ask(url: str, timeout: float = 5.0, witness: VerifierKey | None = None) -> object:
    return add_checkpoint(url, 0, [], LOG.note(7), timeout, witness=witness)


def test_a_cosignature_and_what_is_kept(witness: Witness) -> None:
    with serving(witness_app(witness)) as url:
        assert latest(url, LOG.key.name) is None
        lines = add_checkpoint(url + "/", 0, [], LOG.note(7), witness=witness.key)
        assert isinstance(lines, tuple)
        assert [line.name for line in lines] == ["witness.example/w1"]
        assert add_checkpoint(url, 3, LOG.proof(3, 9), LOG.note(9).format()) == Conflict(7)
        assert isinstance(add_checkpoint(url, 7, LOG.proof(7, 9), LOG.note(9).format()), tuple)
        kept = latest(url, LOG.key.name)
        assert kept is not None
        assert verify_checkpoint(kept, [LOG.key]) == LOG.checkpoint(9)


def test_a_refusal_says_status_and_reason(witness: Witness) -> None:
    stranger = TestLog("stranger.example")
    with serving(witness_app(witness)) as url:
        with pytest.raises(WitnessRefused, match=r"status 404.*does not watch") as caught:
            add_checkpoint(url, 0, [], stranger.note(3))
        assert caught.value.fields["status"] == 404
        with pytest.raises(WitnessRefused, match="status 403"):
            add_checkpoint(url, 0, [], TestLog(seed=7).note(3))


def test_an_answer_by_another_key_is_no_cosignature(witness: Witness) -> None:
    other = VerifierKey("witness.example/w1", bytes(32), COSIGNATURE_ED25519)
    with serving(witness_app(witness)) as url, pytest.raises(WitnessRefused, match="no cosignature by"):
        ask(url, witness=other)


def test_an_answer_with_a_bad_cosignature_is_refused(witness: Witness) -> None:
    made = witness.add_checkpoint(f"old 0\n\n{LOG.note(8).format()}".encode())
    assert parse_signatures(made.body)  # a valid line, of another checkpoint
    with answering(answer("200 OK", made.body.encode())) as url, pytest.raises(WitnessRefused, match="does not match"):
        ask(url, witness=witness.key)


@pytest.mark.parametrize(
    "response",
    [
        answer("200 OK", b""),
        answer("200 OK", b"cosigned\n"),
        answer("200 OK", b"\xff\xfe"),
        answer("409 Conflict", b"7\n"),
        answer("409 Conflict", b"7", "text/x.tlog.size"),
        answer("409 Conflict", b"07\n", "text/x.tlog.size"),
        answer("409 Conflict", "٧\n".encode(), "text/x.tlog.size"),
        answer("409 Conflict", b"7\n8\n", "text/x.tlog.size"),
        answer("500 Internal Server Error", b"\x1b[2J" + b"x" * 9000),
        answer("301 Moved Permanently", b""),
        answer("302 Found", b""),
        answer("308 Permanent Redirect", b""),
        answer("204 No Content", b""),
    ],
    ids=lambda response: repr(response[9:30]),
)
def test_other_answers_are_refused_and_no_redirect_followed(response: bytes) -> None:
    with answering(response) as url, pytest.raises(WitnessRefused) as caught:
        ask(url)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"\x00" * 100,
        b"HTTP/1.1 ",
        b"HTTP/1.1 abc\r\n\r\n",
        b"SSH-2.0-server\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        answer("200 OK", b"cut", length=1000),
        answer("409 Conflict", b"12\n", "text/x.tlog.size", length=5),
    ],
    ids=lambda response: repr(response[:24]),
)
def test_what_is_no_whole_answer_counts_as_away(response: bytes) -> None:
    with answering(response) as url, pytest.raises(WitnessAway):
        ask(url)


def test_size_is_bounded() -> None:
    chunk = b"x" * 65_536
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    with (
        answering(head, *[chunk] * (MAX_ANSWER_SIZE // len(chunk) + 4)) as url,
        pytest.raises(WitnessRefused, match="over 262144 bytes"),
    ):
        ask(url)


@pytest.mark.parametrize(
    "parts",
    [
        (b"",),
        (b"HTTP/1.1 200 OK\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",),
        [b"H", *[b"x"] * 200],
        [b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 90],
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 200],
        [b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\n\r\n12\n", *[b""] * 200],
    ],
    ids=["silence", "head begun", "no body", "drips of status", "drips of head", "drips of body", "no end"],
)
def test_time_is_bounded_however_slowly_it_drips(parts: list[bytes]) -> None:
    with answering(*parts, pause=0.05, hold=True) as url:
        begin = time.monotonic()
        with pytest.raises(WitnessAway, match=r"0\.4 seconds|timed out"):
            ask(url, timeout=0.4)
        assert time.monotonic() - begin < 3


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(WitnessAway, match="refused"):
        ask(f"http://127.0.0.1:{port}")
    with pytest.raises(WitnessAway):
        latest(f"http://127.0.0.1:{port}", LOG.key.name)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "witness.example",
        "ftp://witness.example",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@127.0.0.1",
        "http://127.0.0.1/?x=1",
        "http://127.0.0.1/#x",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/é",
    ],
)
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(WitnessAway, match="not an address"):
        ask(url)


def test_a_checkpoint_of_another_log_is_not_taken_for_this_one() -> None:
    other = TestLog("other.example").note(5).format().encode()
    with (
        answering(answer("200 OK", other)) as url,
        pytest.raises(WitnessRefused, match=r"checkpoint of other\.example"),
    ):
        latest(url, LOG.key.name)
    with answering(answer("200 OK", b"nonsense")) as url, pytest.raises(WitnessRefused, match="signed note"):
        latest(url, LOG.key.name)
    with answering(answer("500 Oops", b"")) as url, pytest.raises(WitnessRefused, match="500"):
        latest(url, LOG.key.name)
