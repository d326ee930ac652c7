from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.verify.cosignature import (
    Cosignature,
    cosign,
    cosignature_message,
    verify_cosignature,
    verify_cosignatures,
)
from candor.verify.errors import BadCosignature
from candor.verify.note import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, Note, Signature, VerifierKey

VECTORS = json.loads((Path(__file__).parent / "vectors" / "custody-log.json").read_text("utf-8"))
NOTE = Note.parse(VECTORS["checkpoint7_cosigned"])
WITNESS = VerifierKey.parse(VECTORS["witness_vkey"])
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["witness_seed_hex"]))


def test_vectors_are_reproduced_byte_for_byte() -> None:
    assert verify_cosignatures(NOTE, [WITNESS]) == (Cosignature(WITNESS, 1_760_000_000),)
    assert cosign(NOTE.text, WITNESS, PRIVATE.sign, 1_760_000_000) == NOTE.signatures[1]


def test_the_example_of_the_specification_reads_as_a_cosignature() -> None:
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
        "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    signature = Signature.parse(line)
    assert int.from_bytes(signature.signature[:8], "big") == 1_679_315_147
    assert len(signature.signature) == 72


def test_the_message_covers_time_and_whole_text() -> None:
    assert cosignature_message(5, "log\n7\nroot\nextension\n") == b"cosignature/v1\ntime 5\nlog\n7\nroot\nextension\n"
    for timestamp in (-1, 2**63):
        with pytest.raises(ValueError, match="time"):
            cosignature_message(timestamp, "text\n")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**63 - 1), st.integers(0, 72 * 8 - 1))
def test_no_flipped_bit_is_accepted(timestamp: int, bit: int) -> None:
    signature = cosign(NOTE.text, WITNESS, PRIVATE.sign, timestamp)
    assert verify_cosignature(NOTE.text, signature, WITNESS).timestamp == timestamp
    flipped = bytearray(signature.signature)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadCosignature) as caught:
        verify_cosignature(NOTE.text, Signature(WITNESS.name, WITNESS.key_id, bytes(flipped)), WITNESS)
    assert caught.value.exit_code == 27


@pytest.mark.parametrize("size", [1, 8, 71, 73, 2428])
def test_a_cosignature_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(BadCosignature, match="cut short or too long"):
        verify_cosignature(NOTE.text, Signature(WITNESS.name, WITNESS.key_id, bytes(size)), WITNESS)


def test_a_known_witness_s_bad_cosignature_rejects_and_others_are_ignored() -> None:
    stranger = VerifierKey("stranger.example", WITNESS.public, COSIGNATURE_ED25519)
    assert verify_cosignatures(NOTE, [stranger]) == ()
    with pytest.raises(BadCosignature, match="changed after"):
        verify_cosignatures(Note(NOTE.text.replace("\n7\n", "\n8\n"), NOTE.signatures), [WITNESS])
    # The log's own signature is no cosignature of the log's key.
    log = VerifierKey.parse(VECTORS["log_vkey"])
    assert verify_cosignatures(NOTE, [log]) == ()
    with pytest.raises(BadCosignature, match="another key or of another kind"):
        verify_cosignature(NOTE.text, NOTE.signatures[0], log)


def test_ml_dsa_is_recognised_and_left_aside() -> None:
    key = VerifierKey("pq.example", bytes(1312), COSIGNATURE_ML_DSA_44)
    again = VerifierKey.parse(key.format())
    assert again.type == COSIGNATURE_ML_DSA_44
    line = Signature("pq.example", key.key_id, bytes(8 + 2420))
    note = NOTE.with_signatures([line])
    assert Note.parse(note.format()) == note
    assert verify_cosignatures(note, [again, WITNESS]) == (Cosignature(WITNESS, 1_760_000_000),)
    with pytest.raises(ValueError, match="1312 bytes"):
        VerifierKey("pq.example", bytes(32), COSIGNATURE_ML_DSA_44)
    with pytest.raises(ValueError, match="type 4"):
        cosign(NOTE.text, key, PRIVATE.sign, 1)


def test_a_line_is_76_bytes_in_base64() -> None:
    encoded = NOTE.signatures[1].format().rsplit(" ", 1)[1]
    assert len(base64.b64decode(encoded)) == 76
