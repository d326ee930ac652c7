from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.verify.ed25519 import verify

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493

# RFC 8032 section 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def by_cryptography(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_rfc_8032(public: str, message: str, signature: str) -> None:
    assert verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))
    assert not verify(bytes.fromhex(public), bytes.fromhex(message) + b"x", bytes.fromhex(signature))


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300), st.integers(0, 511), st.data())
def test_agrees_with_cryptography(seed: bytes, message: bytes, bit: int, data: st.DataObject) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verify(public, message, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not verify(public, message, bytes(flipped))
    assert not by_cryptography(public, message, bytes(flipped))
    assert not verify(public, message + b"\0", signature)
    other = bytearray(public)
    other[bit % 32] ^= 1 << bit % 8
    assert verify(bytes(other), message, signature) == by_cryptography(bytes(other), message, signature)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=8), st.binary(min_size=64, max_size=64))
def test_arbitrary_bytes_get_the_same_verdict(public: bytes, message: bytes, signature: bytes) -> None:
    assert verify(public, message, signature) == by_cryptography(public, message, signature)


@given(st.binary(max_size=40), st.binary(max_size=8), st.binary(max_size=70))
def test_wrong_lengths_are_invalid(public: bytes, message: bytes, signature: bytes) -> None:
    if (len(public), len(signature)) != (32, 64):
        assert not verify(public, message, signature)


def test_a_scalar_that_is_not_reduced_is_refused() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public, signature = private.public_key().public_bytes_raw(), private.sign(b"m")
    s = int.from_bytes(signature[32:], "little")
    assert s < L
    malleable = signature[:32] + (s + L).to_bytes(32, "little")
    assert verify(public, b"m", signature)
    assert not verify(public, b"m", malleable)
    assert not by_cryptography(public, b"m", malleable)


@pytest.mark.parametrize("y", [P, P + 1, 2**255 - 1])
def test_a_public_key_that_is_not_canonical_is_refused(y: int) -> None:
    # With A the neutral point (y = 1, also spelled P + 1), R = neutral and S = 0 satisfy the equation for
    # every message.
    neutral = (1).to_bytes(32, "little")
    assert verify(neutral, b"any", neutral + bytes(32))
    assert not verify(y.to_bytes(32, "little"), b"any", neutral + bytes(32))
    # x = 0 with the sign bit set is a second spelling of the neutral point, as key and as R.
    signed_zero = (1 | 1 << 255).to_bytes(32, "little")
    assert not verify(signed_zero, b"any", neutral + bytes(32))
    assert not verify(neutral, b"any", signed_zero + bytes(32))
