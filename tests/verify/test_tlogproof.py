from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.verify.errors import (
    BadCosignature,
    BadInclusion,
    BadSignature,
    Malformed,
    QuorumNotMet,
    VerifyError,
    WrongOrigin,
)
from candor.verify.merkle import inclusion_proof, leaf_hash, root_of
from candor.verify.note import Note, VerifierKey
from candor.verify.policy import Policy, PolicyLog, PolicyWitness
from candor.verify.tlogproof import TlogProof

VECTORS = json.loads((Path(__file__).parent / "vectors" / "custody-log.json").read_text("utf-8"))
TEXT: str = VECTORS["tlog_proof_index3"]
LEAVES = [bytes.fromhex(h) for h in VECTORS["leaf_hashes"]]
LOG, WITNESS = VerifierKey.parse(VECTORS["log_vkey"]), VerifierKey.parse(VECTORS["witness_vkey"])
POLICY = Policy((PolicyLog(LOG),), (PolicyWitness("w", WITNESS),), (), "w")
PROOF = TlogProof.parse(TEXT)


def test_vectors() -> None:
    assert (PROOF.index, PROOF.extra) == (3, b"salt")
    assert PROOF.format() == TEXT
    shown = PROOF.verify(LEAVES[3], POLICY)
    assert shown.checkpoint.size == 7
    assert [c.key for c in shown.cosignatures] == [WITNESS]
    note = Note.parse(VECTORS["checkpoint7_cosigned"])

    def read(level: int, index: int) -> bytes:
        return root_of(LEAVES[index << level : (index + 1) << level])

    made = TlogProof(3, tuple(inclusion_proof(read, 3, 7)), note, b"salt")
    assert made == PROOF
    for index in range(7):
        proof = TlogProof(index, tuple(inclusion_proof(read, index, 7)), note)
        TlogProof.parse(proof.format()).verify(LEAVES[index], POLICY)


@pytest.mark.parametrize(
    ("change", "leaf", "error"),
    [
        ({}, leaf_hash(b"another entry"), BadInclusion),
        ({"index": 2}, LEAVES[3], BadInclusion),
        ({"index": 7}, LEAVES[3], BadInclusion),
        ({"hashes": PROOF.hashes[:-1]}, LEAVES[3], BadInclusion),
        ({"hashes": (*PROOF.hashes, bytes(32))}, LEAVES[3], BadInclusion),
        ({"hashes": (bytes(32), *PROOF.hashes[1:])}, LEAVES[3], BadInclusion),
        ({"hashes": ()}, LEAVES[3], BadInclusion),
        (
            {"checkpoint": Note(PROOF.checkpoint.text.replace("\n7\n", "\n8\n"), PROOF.checkpoint.signatures)},
            LEAVES[3],
            BadSignature,
        ),
        (
            {"checkpoint": Note(PROOF.checkpoint.text.replace("gov", "org"), PROOF.checkpoint.signatures)},
            LEAVES[3],
            WrongOrigin,
        ),
        ({"checkpoint": Note(PROOF.checkpoint.text, PROOF.checkpoint.signatures[:1])}, LEAVES[3], QuorumNotMet),
        (
            {
                "checkpoint": Note(
                    PROOF.checkpoint.text,
                    (
                        PROOF.checkpoint.signatures[0],
                        replace(
                            PROOF.checkpoint.signatures[1],
                            signature=bytes(8) + PROOF.checkpoint.signatures[1].signature[8:],
                        ),
                    ),
                )
            },
            LEAVES[3],
            BadCosignature,
        ),
    ],
)
def test_whatever_is_changed_is_refused(change: dict[str, object], leaf: bytes, error: type[VerifyError]) -> None:
    with pytest.raises(error):
        replace(PROOF, **change).verify(leaf, POLICY)


def test_the_extra_is_not_authenticated() -> None:
    assert replace(PROOF, extra=b"changed").verify(LEAVES[3], POLICY).checkpoint.size == 7
    without = replace(PROOF, extra=None)
    assert "extra" not in without.format()
    assert TlogProof.parse(without.format()) == without
    empty = replace(PROOF, extra=b"")
    assert TlogProof.parse(empty.format()) == empty


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c2sp.org/tlog-proof@v1\n", ""),
        ("@v1", "@v2"),
        ("index 3\n", ""),
        ("index 3", "index 03"),
        ("index 3", "index +3"),
        ("index 3", "index ٣"),
        ("index 3", "index"),
        ("index 3", "index 3 "),
        ("index 3", "index 9223372036854775808"),
        ("extra c2FsdA==\n", "extra c2FsdA==\nextra c2FsdA==\n"),
        ("extra c2FsdA==", "extra c2FsdA"),
        ("extra c2FsdA==", "extra"),
        ("extra c2FsdA==\nindex 3\n", "index 3\nextra c2FsdA==\n"),
        ("BJ19", "*J19"),
        ("BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=\n", "BJ19\n"),
        ("BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=\n", "BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=\n" * 62),
        ("index 3\n", "index 3\n\n"),
        ("index 3\n", "index 3\r\n"),
        ("\n7\n", "\n7\n\x00"),
        ("\n— witness", "\n\n— witness"),
        ("— ", "- "),
    ],
)
def test_other_spellings_are_refused(old: str, new: str) -> None:
    changed = TEXT.replace(old, new, 1)
    assert changed != TEXT
    with pytest.raises(Malformed):
        TlogProof.parse(changed).verify(LEAVES[3], POLICY)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: "c2sp.org/tlog-proof@v1\nindex 1\n" + text))
def test_arbitrary_bytes_end_in_the_room_s_error(data: bytes | str) -> None:
    with pytest.raises(VerifyError):
        TlogProof.parse(data)


@settings(max_examples=60, deadline=None)
@given(st.integers(TEXT.encode().index(b"index"), len(TEXT.encode()) - 1), st.integers(0, 7))
def test_no_flipped_bit_leaves_the_proof_valid(at: int, bit: int) -> None:
    data = bytearray(TEXT.encode())
    data[at] ^= 1 << bit
    with pytest.raises(VerifyError):
        TlogProof.parse(bytes(data)).verify(LEAVES[3], POLICY)
