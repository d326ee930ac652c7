"""The handover from one log to the next, as a stranger checks it with the old log's key."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from candor.verify.__main__ import main
from candor.verify.checkpoint import Checkpoint
from candor.verify.errors import BadSignature, Malformed
from candor.verify.handover import Handover, verify_handover
from candor.verify.note import Note, Signature, VerifierKey, sign_note

Signer = Callable[[bytes], bytes]


def pair(name: str, seed: int) -> tuple[VerifierKey, Signer]:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return VerifierKey(name, private.public_key().public_bytes_raw()), private.sign


OLD, OLD_SIGN = pair("evidence.example/log", 1)
NEW, NEW_SIGN = pair("evidence.example/log/2", 2)
HANDOVER = Handover(OLD, NEW, 320, bytes(32), 300, bytes([1]) * 32, "2026-11-22T10:11:12.123456Z", "the disk is lost")


def note(handover: Handover = HANDOVER, *, old: bool = True, new: bool = True) -> Note:
    signatures: tuple[Signature, ...] = ()
    if new:
        signatures += sign_note(handover.format(), NEW, NEW_SIGN).signatures
    if old:
        signatures += sign_note(handover.format(), OLD, OLD_SIGN).signatures
    return Note(handover.format(), signatures)


@given(
    sizes=st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1)),
    roots=st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32)),
    reason=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=500),
)
def test_what_is_written_is_read(sizes: tuple[int, int], roots: tuple[bytes, bytes], reason: str) -> None:
    one = Handover(OLD, NEW, sizes[0], roots[0], sizes[1], roots[1], HANDOVER.at, reason)
    assert Handover.parse(one.format()) == one
    with pytest.raises(Malformed):
        Checkpoint.parse(one.format())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("candor handover v1", "candor handover v2"),
        ("last 320", "last 0320"),
        ("carried 300", "carried 300 "),
        ("at 2026-11-22T10:11:12.123456Z", "at yesterday"),
        ("reason the disk is lost", "reason "),
        ("reason the disk is lost", "reason the disk\nis lost"),
        (f"new {NEW}", f"new {OLD}"),
        ("old ", "new "),
    ],
)
def test_what_is_no_handover(old: str, new: str) -> None:
    assert old in HANDOVER.format()
    with pytest.raises(Malformed):
        Handover.parse(HANDOVER.format().replace(old, new, 1))


def test_a_changed_word_breaks_the_signatures() -> None:
    whole = note()
    with pytest.raises(BadSignature):
        verify_handover(replace(whole, text=whole.text.replace("300", "301")), OLD)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, object]]]:
    def verify(published: Note, *options: str) -> tuple[int, dict[str, object]]:
        path = tmp_path / "handover"
        path.write_bytes(published.format().encode())
        code = main([str(path), "--json", *options])
        return code, json.loads(capsys.readouterr().out)

    return verify


def test_the_command_passes_what_the_old_key_signed(run: Callable[..., tuple[int, dict[str, object]]]) -> None:
    code, found = run(note(), "--log-key", OLD.format())
    assert (code, found["verdict"], found["kind"]) == (0, "verified", "handover")
    assert NEW.fingerprint in str(found["steps"])


def test_the_command_refuses_the_rest(run: Callable[..., tuple[int, dict[str, object]]]) -> None:
    stranger, _ = pair("evidence.example/log", 9)
    assert run(note())[0] == 25
    assert run(note(), "--log-key", stranger.format())[0] == 25
    assert run(note(old=False), "--log-key", OLD.format())[0] == 26
    assert run(note(new=False), "--log-key", OLD.format())[0] == 26
    forged = note()
    forged = replace(forged, text=forged.text.replace(str(NEW), str(pair("evidence.example/log/2", 7)[0])))
    assert run(forged, "--log-key", OLD.format())[0] == 26
