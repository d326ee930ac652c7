from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import signal
import stat
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.core.errors import CandorError
from candor.custody.keys import check_signature
from candor.custody.witness_client import Conflict, WitnessAway, WitnessError, add_checkpoint, latest
from candor.custody.witness_server import (
    LogKeyUnusable,
    Witness,
    WitnessKeyMissing,
    WitnessKeyWrong,
    add_log,
    create_witness,
    open_witness,
    run_witness,
    witness_app,
)
from candor.verify.checkpoint import Checkpoint, verify_checkpoint
from candor.verify.cosignature import verify_cosignatures
from candor.verify.encoding import base64_text
from candor.verify.merkle import EMPTY_ROOT
from candor.verify.note import COSIGNATURE_ED25519, Note, Signature, VerifierKey, parse_signatures

from .witness_log import TestLog, serving, serving_process, until

VECTORS = json.loads((Path(__file__).parents[1] / "verify" / "vectors" / "custody-log.json").read_text("utf-8"))
NAME = "witness.example/w1"
LOG = TestLog()
FORK = TestLog(forked_at=4)


def body(log: TestLog, old: int, new: int, note: Note | None = None, proof: list[bytes] | None = None) -> bytes:
    proof = log.proof(old, new) if proof is None else proof
    lines = "".join(base64_text(one) + "\n" for one in proof)
    return f"old {old}\n{lines}\n{(note or log.note(new)).format()}".encode()


@contextmanager
def watching(home: Path, vkey: str) -> Iterator[Witness]:
    """A new witness that watches one log."""
    with closing(create_witness(home, NAME)) as made:
        add_log(home, vkey)
        yield made


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with watching(tmp_path / "witness", LOG.key.format()) as made:
        yield made


def newest(witness: Witness, log: TestLog = LOG) -> Checkpoint | None:
    found = witness.store.newest_by_hash(hashlib.sha256(log.key.name.encode()).hexdigest())
    return None if found is None else found.checkpoint


def test_it_cosigns_a_log_that_grows(witness: Witness) -> None:
    size = 0
    for new in (0, 1, 2, 3, 7, 7, 8, 60, 61):
        answer = witness.add_checkpoint(body(LOG, size, new), now=lambda: 1_760_000_000.9)
        assert (answer.status, answer.media_type) == (200, "text/plain; charset=utf-8")
        note = Note(LOG.note(new).text, parse_signatures(answer.body))
        assert [c.timestamp for c in verify_cosignatures(note, [witness.key])] == [1_760_000_000]
        assert newest(witness) == LOG.checkpoint(new)
        size = new


def test_vectors(tmp_path: Path) -> None:
    request = VECTORS["add_checkpoint_body_from_3"]
    head = Note.parse(request.partition("\n\n")[2])
    with watching(tmp_path, VECTORS["log_vkey"]) as witness:
        # The vector starts from size 3, which this witness has not seen: it says so, and what it has.
        assert witness.add_checkpoint(request.encode()).body == "0\n"
        assert witness.add_checkpoint(f"old 0\n\n{head.format()}".encode()).status == 200


@pytest.mark.parametrize(
    ("request_body", "status"),
    [
        (body(LOG, 7, 9), 200),
        (body(LOG, 7, 7), 200),
        (body(TestLog("unknown.example"), 7, 9), 404),
        (body(TestLog(seed=2), 7, 9), 403),
        (body(LOG, 7, 9, Note(LOG.note(8).text, LOG.note(9).signatures)), 403),
        (body(LOG, 7, 9, Note(LOG.note(9).text, (Signature(LOG.key.name, LOG.key.key_id, bytes(64)),))), 403),
        (body(LOG, 7, 9, Note(LOG.note(9).text, (Signature("stranger", b"1234", bytes(64)),))), 403),
        (body(LOG, 9, 7, proof=[]), 400),
        (body(LOG, 8, 9), 409),
        (body(LOG, 0, 9), 409),
        (body(LOG, 6, 6), 409),
        (body(LOG, 7, 9, proof=[]), 422),
        (body(LOG, 7, 9, proof=[*LOG.proof(7, 9), bytes(32)]), 422),
        (body(LOG, 7, 9, proof=LOG.proof(7, 9)[:-1]), 422),
        (body(LOG, 7, 9, proof=LOG.proof(6, 9)), 422),
        (body(LOG, 7, 7, proof=[bytes(32)]), 422),
        (body(FORK, 7, 9), 422),
        (body(FORK, 7, 7), 422),
        (b"", 400),
        (b"old 7", 400),
        (b"old 7\n\n", 400),
        (body(LOG, 7, 9).replace(b"old 7", b"old 07"), 400),
        (body(LOG, 7, 9).replace(b"old 7", b"old +7"), 400),
        (body(LOG, 7, 9).replace(b"old 7", "old ٧".encode()), 400),
        (body(LOG, 7, 9).replace(b"old 7", b"new 7"), 400),
        (body(LOG, 7, 9).replace(b"\n9\n", b"\n09\n"), 400),
        (body(LOG, 7, 9).replace(b"\n", b"\r\n"), 400),
        (body(LOG, 7, 9)[:-1], 400),
        (body(LOG, 7, 9, proof=[b"short"]), 400),
        (body(LOG, 7, 9, proof=[bytes(32)] * 64), 400),
        (body(LOG, 7, 9) + b"\xff\n", 400),
        (body(LOG, 7, 9) + b"x" * 600_000, 400),
    ],
)
def test_every_request_gets_its_status(witness: Witness, request_body: bytes, status: int) -> None:
    assert witness.add_checkpoint(body(LOG, 0, 7)).status == 200
    answer = witness.add_checkpoint(request_body)
    assert answer.status == status, answer
    if status == 409:
        assert (answer.body, answer.media_type) == ("7\n", "text/x.tlog.size")
    if status != 200:
        assert newest(witness) == LOG.checkpoint(7)
        assert "— " not in answer.body


def test_an_empty_log_has_the_root_of_nothing(witness: Witness) -> None:
    wrong = LOG.sign(Checkpoint(LOG.key.name, 0, bytes(32)))
    assert witness.add_checkpoint(body(LOG, 0, 0, wrong, [])).status == 422
    assert newest(witness) is None
    assert witness.add_checkpoint(body(LOG, 0, 0)).status == 200
    assert newest(witness) == Checkpoint(LOG.key.name, 0, EMPTY_ROOT)


def test_logs_are_kept_apart(witness: Witness, tmp_path: Path) -> None:
    other = TestLog("other.example", seed=3)
    assert witness.add_checkpoint(body(other, 0, 5)).status == 404
    assert add_log(tmp_path / "witness", other.key.format()) == other.key
    assert witness.add_checkpoint(body(other, 0, 5)).status == 200
    assert witness.add_checkpoint(body(LOG, 5, 9)).body == "0\n"
    assert witness.add_checkpoint(body(LOG, 0, 9)).status == 200
    assert newest(witness, other) == other.checkpoint(5)


def test_what_is_kept_is_the_checkpoint_with_the_signatures_that_count(witness: Witness) -> None:
    signed = LOG.note(7)
    stranger = Signature("stranger.example", b"1234", bytes(64))
    note = Note(signed.text, (stranger, *signed.signatures * 99))
    answer = witness.add_checkpoint(body(LOG, 0, 7, note))
    assert answer.status == 200
    kept = Note.parse(witness.newest(hashlib.sha256(LOG.key.name.encode()).hexdigest()).body)
    assert kept.signatures == (*signed.signatures, *parse_signatures(answer.body))


requests = st.lists(
    st.binary(max_size=60) | st.tuples(st.integers(0, 9), st.integers(0, 4000), st.none() | st.integers(0, 255)),
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(requests)
def test_arbitrary_requests_never_move_it_back(drawn: list[bytes | tuple[int, int, int | None]]) -> None:
    """Random bytes, and requests to grow by up to 9 entries, whole or with one byte changed."""
    with tempfile.TemporaryDirectory() as folder, watching(Path(folder), LOG.key.format()) as witness:
        for request in drawn:
            before = newest(witness)
            if isinstance(request, tuple):
                more, at, byte = request
                old = before.size if before else 0
                data = bytearray(body(LOG, old, old + more))
                if byte is not None:
                    data[at % len(data)] = byte
                request = bytes(data)
            answer = witness.add_checkpoint(request)
            after = newest(witness)
            if answer.status == 200:
                assert after is not None
                assert after == LOG.checkpoint(after.size)
                assert before is None or after.size >= before.size
            else:
                assert answer.status in (400, 403, 404, 409, 422)
                assert after == before


def test_over_http(witness: Witness) -> None:
    with serving(witness_app(witness)) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)

        def ask(method: str, path: str, data: bytes | None = None) -> tuple[int, str, str]:
            connection.request(method, path, data)
            response = connection.getresponse()
            return response.status, response.getheader("Content-Type", ""), response.read().decode()

        path = f"/{hashlib.sha256(LOG.key.name.encode()).hexdigest()}/checkpoint"
        assert ask("GET", path)[0] == 404
        assert ask("GET", "/key") == (200, "text/plain; charset=utf-8", witness.key.format() + "\n")
        status, media_type, text = ask("POST", "/add-checkpoint", body(LOG, 0, 7))
        assert (status, media_type) == (200, "text/plain; charset=utf-8")
        assert parse_signatures(text)[0].is_by(witness.key)
        assert ask("POST", "/add-checkpoint", body(LOG, 0, 9)) == (409, "text/x.tlog.size", "7\n")
        assert ask("POST", "/add-checkpoint", body(FORK, 7, 9))[0] == 422
        assert ask("POST", "/add-checkpoint", body(TestLog("x.example"), 0, 9))[0] == 404
        status, media_type, text = ask("GET", path)
        assert (status, media_type) == (200, "text/plain; charset=utf-8")
        assert verify_checkpoint(Note.parse(text), [LOG.key]) == LOG.checkpoint(7)
        assert ask("GET", "/add-checkpoint")[0] == 405
        assert ask("GET", "/../../etc/passwd/checkpoint")[0] == 404
        connection.close()


def test_a_request_that_is_too_long_is_not_read_to_its_end(witness: Witness) -> None:
    with serving(witness_app(witness)) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.putrequest("POST", "/add-checkpoint")
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        for _ in range(9):
            connection.send(b"x" * 65_536)
        assert connection.getresponse().status == 400
        connection.close()


def test_a_request_that_drips_in_is_ended(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candor.custody.witness_server.BODY_SECONDS", 0.2)
    with serving(witness_app(witness)) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.putrequest("POST", "/add-checkpoint")
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"old")
        assert connection.getresponse().status == 400
        connection.close()


def test_of_two_requests_at_a_time_one_is_cosigned(witness: Witness) -> None:
    """Many submit different growths of the same old tree, some forked: exactly one wins each round."""
    size = 0
    with serving(witness_app(witness)) as url:
        for _ in range(4):
            results: list[object] = []
            start = threading.Barrier(8)

            def submit(n: int, start: threading.Barrier, old: int, results: list[object]) -> None:
                log = FORK if n % 2 and old < 4 else LOG
                start.wait(10)
                try:
                    results.append((log, old + n, add_checkpoint(url, old, log.proof(old, old + n), log.note(old + n))))
                except WitnessError as error:
                    results.append(error)

            threads = [threading.Thread(target=submit, args=(n, start, size, results)) for n in range(1, 9)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            won = [r for r in results if isinstance(r, tuple) and not isinstance(r[2], Conflict)]
            lost = [r[2] for r in results if isinstance(r, tuple) and isinstance(r[2], Conflict)]
            assert len(won) == 1, results
            assert len(won) + len(lost) == 8, results
            log, size, _ = won[0]
            assert newest(witness) == log.checkpoint(size)
            assert {conflict.size for conflict in lost} == {size}
            if log is FORK:
                break  # it follows the history it saw first; the other one is refused from here on
        else:
            return
        other = add_checkpoint_status(url, LOG, size, size + 3)
        assert other == 422 if LOG.checkpoint(size) != FORK.checkpoint(size) else 200


def add_checkpoint_status(url: str, log: TestLog, old: int, new: int) -> int:
    try:
        answer = add_checkpoint(url, old, log.proof(old, new), log.note(new))
    except WitnessError as error:
        return int(error.fields["status"])
    return 409 if isinstance(answer, Conflict) else 200


def test_killed_between_storing_and_answering_it_stands_by_what_it_stored(tmp_path: Path) -> None:
    home = tmp_path / "witness"
    with watching(home, LOG.key.format()) as made:
        key = made.key
    # The process dies by SIGKILL after add_checkpoint returned, before a byte of the answer is sent.
    die = (
        "import os, signal\n"
        "whole = server.Witness.add_checkpoint\n"
        "def add_checkpoint(self, body):\n"
        "    answer = whole(self, body)\n"
        "    if answer.status == 200: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return answer\n"
        "server.Witness.add_checkpoint = add_checkpoint\n"
    )
    with serving_process(home, NAME, die) as (url, process):
        with pytest.raises(WitnessAway):
            add_checkpoint(url, 0, [], FORK.note(7))
        assert process.wait(10) == -signal.SIGKILL
    with serving_process(home, NAME) as (url, _):
        kept = latest(url, LOG.key.name)
        assert kept is not None
        assert verify_checkpoint(kept, [LOG.key], check_signature) == FORK.checkpoint(7)
        # Another history than the one whose cosignature was never delivered is refused all the same…
        assert add_checkpoint(url, 0, [], LOG.note(7)) == Conflict(7)
        assert add_checkpoint_status(url, LOG, 7, 9) == 422
        # …and the log that lost the answer gets it by asking again.
        again = add_checkpoint(url, 7, [], FORK.note(7), witness=key)
        assert not isinstance(again, Conflict)


@pytest.mark.long
def test_killed_at_any_moment_it_never_forgets_what_it_cosigned(tmp_path: Path) -> None:
    home = tmp_path / "witness"
    with watching(home, LOG.key.format()) as made:
        key = made.key
    moments = random.Random(5)
    cosigned = 0
    for _ in range(4):
        with serving_process(home, NAME) as (url, process):
            kept = latest(url, LOG.key.name)
            stored = Checkpoint.parse(kept.text).size if kept else 0
            assert cosigned <= stored <= cosigned + 1
            killer = threading.Timer(moments.uniform(0.05, 0.4), process.kill)
            killer.start()
            try:
                while process.poll() is None:
                    answer = add_checkpoint(
                        url, stored, LOG.proof(stored, stored + 1), LOG.note(stored + 1), witness=key
                    )
                    assert not isinstance(answer, Conflict)
                    cosigned = stored = stored + 1
            except WitnessAway:
                until(lambda process=process: process.poll() is not None)
            finally:
                killer.cancel()
    assert cosigned > 4


def test_the_key_is_for_the_witness_alone(tmp_path: Path) -> None:
    home = tmp_path / "witness"
    with closing(create_witness(home, "témoin.example/w1")) as made:
        assert made.key.type == COSIGNATURE_ED25519
        assert VerifierKey.parse(made.key.format()) == made.key
    path = home / "witness.key"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with closing(open_witness(home)) as again:
        assert again.key == made.key
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        create_witness(home, "another")
    assert path.read_bytes() == before
    with pytest.raises(WitnessKeyWrong, match="named témoin"):
        run_witness(home, "127.0.0.1", 0, "another")
    path.chmod(0o644)
    with pytest.raises(WitnessKeyWrong, match="chmod 600"):
        open_witness(home)
    path.chmod(0o600)
    for damaged in (b"", b"{}", b"[]", b'{"name":"w","seed":"00"}', b"\xff", before.replace(b"/w1", b" w1")):
        path.write_bytes(damaged)
        with pytest.raises(WitnessKeyWrong, match="damaged"):
            open_witness(home)
    with pytest.raises(WitnessKeyMissing, match="no witness"):
        open_witness(tmp_path / "elsewhere")
    with pytest.raises(WitnessKeyMissing):
        run_witness(tmp_path / "elsewhere", "127.0.0.1", 0)
    for name in ("", "two words", "a+b"):
        with pytest.raises(WitnessKeyWrong, match="no name"):
            create_witness(tmp_path / "third", name)


def test_only_keys_of_logs_are_added(tmp_path: Path, witness: Witness) -> None:
    for vkey, reason in (
        (witness.key.format(), "type 4"),
        ("nonsense", "name\\+hash\\+key"),
        (LOG.key.format()[:-2], "."),
    ):
        with pytest.raises(LogKeyUnusable, match=reason) as caught:
            add_log(tmp_path / "witness", vkey)
        assert isinstance(caught.value, CandorError)
    assert witness.store.log_keys() == (LOG.key,)


def test_a_cosignature_is_quick(witness: Witness) -> None:
    """Head and body in two packets that wait for each other take 40 ms every time; the fastest of 30 must not."""
    took = Counter[int]()
    seconds = []
    with serving(witness_app(witness)) as url:
        for size in range(30):
            begin = time.perf_counter()
            answer = add_checkpoint(url, size, LOG.proof(size, size + 1), LOG.note(size + 1))
            seconds.append(time.perf_counter() - begin)
            took[isinstance(answer, Conflict)] += 1
    assert took == {False: 30}
    assert min(seconds) < 0.035
