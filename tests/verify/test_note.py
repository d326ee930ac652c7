from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from candor.verify.errors import BadSignature, Malformed, NoKnownSignature, VerifyError
from candor.verify.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ECDSA,
    ED25519,
    MAX_NOTE_SIZE,
    MAX_SIGNATURES,
    Note,
    Signature,
    VerifierKey,
    parse_signatures,
    sign_note,
    verify_note,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "custody-log.json").read_text("utf-8"))

# The example of the signed-note specification.
EXAMPLE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

NAME = "log.example/2026"


def pair(seed: int = 1, name: str = NAME) -> tuple[Ed25519PrivateKey, VerifierKey]:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return private, VerifierKey(name, private.public_key().public_bytes_raw())


PRIVATE, KEY = pair()
_, OTHER = pair(2, "other.example")
SIGNED = sign_note("text\n", KEY, PRIVATE.sign)


def by_nobody(seed: int = 9, name: str = "unknown.example") -> Signature:
    private, key = pair(seed, name)
    return Signature(name, key.key_id, private.sign(b"text\n"))


def test_the_example_of_the_specification() -> None:
    key = VerifierKey.parse(EXAMPLE_VKEY)
    note = Note.parse(EXAMPLE_NOTE.encode())
    assert key.format() == str(key) == EXAMPLE_VKEY
    assert note.format() == EXAMPLE_NOTE
    assert verify_note(note, [key]) == (key,)


def test_vectors_are_reproduced_byte_for_byte() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["log_seed_hex"]))
    key = VerifierKey.parse(VECTORS["log_vkey"])
    assert key.public == private.public_key().public_bytes_raw()
    note = Note.parse(VECTORS["checkpoint7_cosigned"])
    signed = sign_note(note.text, key, private.sign)
    assert signed.signatures == note.signatures[:1]
    assert signed.with_signatures(note.signatures) == note
    witness = VerifierKey.parse(VECTORS["witness_vkey"])
    assert witness.type == COSIGNATURE_ED25519
    assert note.signatures[1].is_by(witness)


def test_a_known_signature_counts_and_unknown_ones_are_ignored() -> None:
    note = Note(SIGNED.text, (by_nobody(), *SIGNED.signatures, by_nobody(8)))
    assert verify_note(note, [OTHER, KEY]) == (KEY,)


def test_a_bad_signature_of_a_known_key_rejects_the_note() -> None:
    good = SIGNED.signatures[0]
    bad = Signature(good.name, good.key_id, good.signature[:-1] + bytes([good.signature[-1] ^ 1]))
    with pytest.raises(BadSignature) as caught:
        verify_note(Note(SIGNED.text, (good, bad)), [KEY])
    assert caught.value.fields == {"name": NAME}
    assert caught.value.exit_code == 26
    with pytest.raises(BadSignature):
        verify_note(Note("text \n", SIGNED.signatures), [KEY])
    with pytest.raises(BadSignature):
        verify_note(Note(SIGNED.text, (Signature(NAME, KEY.key_id, b"short"),)), [KEY])


def test_no_known_signature_rejects_the_note() -> None:
    with pytest.raises(NoKnownSignature, match=r"other\.example.*log\.example/2026"):
        verify_note(SIGNED, [OTHER])
    with pytest.raises(NoKnownSignature, match="none"):
        verify_note(SIGNED, [])
    # Same public key, other name: another key.
    with pytest.raises(NoKnownSignature):
        verify_note(SIGNED, [VerifierKey("renamed.example", KEY.public)])
    # A key of another kind is not a signer of the text, even with name and bytes alike.
    with pytest.raises(NoKnownSignature):
        verify_note(SIGNED, [VerifierKey(NAME, KEY.public, COSIGNATURE_ED25519)])


def test_another_check_can_be_handed_in() -> None:
    asked = []

    def check(public: bytes, message: bytes, signature: bytes) -> bool:
        asked.append((public, message, signature))
        return True

    verify_note(SIGNED, [KEY], check)
    assert asked == [(KEY.public, b"text\n", SIGNED.signatures[0].signature)]


def test_a_note_splits_at_its_last_blank_line() -> None:
    inner = SIGNED.format()
    text = inner + "\nmore\n\n\n"
    note = sign_note(text, KEY, PRIVATE.sign)
    again = Note.parse(note.format())
    assert again.text == text
    assert again.signatures == note.signatures
    assert verify_note(again, [KEY]) == (KEY,)


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n"), max_size=80))
def test_every_text_survives_signing_and_reading(text: str) -> None:
    note = sign_note(text + "\n", KEY, PRIVATE.sign)
    again = Note.parse(note.format().encode())
    assert again == note
    assert verify_note(again, [KEY]) == (KEY,)


LINE = SIGNED.signatures[0].format()
ENCODED = LINE.split(" ")[2]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        f"text\n{LINE}\n",
        f"text\n\n{LINE}",
        f"text\n\n{LINE}\n\n",
        f"text\n\n{LINE}\n{LINE}",
        f"text\n\n {LINE}\n",
        f"text\n\n{LINE} \n",
        f"text\n\n{LINE}\r\n",
        f"text\r\n\r\n{LINE}\r\n",
        f"text\x00\n\n{LINE}\n",
        f"te\txt\n\n{LINE}\n",
        f"text\n\n- {NAME} {ENCODED}\n",
        f"text\n\n—{NAME} {ENCODED}\n",
        f"text\n\n—  {NAME} {ENCODED}\n",
        f"text\n\n— {ENCODED}\n",
        f"text\n\n— {NAME}+ {ENCODED}\n",
        f"text\n\n— log\u00a0x {ENCODED}\n",
        f"text\n\n— log\u2003x {ENCODED}\n",
        f"text\n\n— {NAME} {ENCODED[:-1]}\n",
        f"text\n\n— {NAME} {ENCODED} {ENCODED}\n",
        f"text\n\n— {NAME} {base64.b64encode(KEY.key_id).decode()}\n",
        f"text\n\n— {NAME} {base64.b64encode(b'abc').decode()}\n",
        f"text\n\n— {NAME} \n",
        "text\n\n" + f"{LINE}\n" * (MAX_SIGNATURES + 1),
        "x" * MAX_NOTE_SIZE + f"\n\n{LINE}\n",
        b"text\xff\n\n" + LINE.encode() + b"\n",
        f"text\ud800\n\n{LINE}\n",
        f"\n\n{LINE}",
    ],
    ids=lambda data: repr(data[:30]),
)
def test_what_is_no_note_is_refused(data: str | bytes) -> None:
    with pytest.raises(Malformed, match="signed note") as caught:
        Note.parse(data)
    assert caught.value.exit_code == 3


def test_up_to_a_hundred_signatures_are_read() -> None:
    note = Note.parse("text\n\n" + f"{LINE}\n" * MAX_SIGNATURES)
    assert len(note.signatures) == MAX_SIGNATURES
    assert verify_note(note, [KEY]) == (KEY,)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200))
@example(b"\n\n\n")
def test_arbitrary_bytes_end_in_a_note_or_the_room_s_error(data: bytes | str) -> None:
    for read in (Note.parse, parse_signatures):
        try:
            read(data)
        except VerifyError:
            continue
    for parse in (VerifierKey.parse, Signature.parse):
        try:
            parse(data if isinstance(data, str) else data.decode("latin-1"))
        except VerifyError:
            continue


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(SIGNED.format().encode()) - 1), st.integers(0, 7))
def test_no_flipped_bit_leaves_the_note_valid(at: int, bit: int) -> None:
    data = bytearray(SIGNED.format().encode())
    data[at] ^= 1 << bit
    with pytest.raises(VerifyError):
        verify_note(Note.parse(bytes(data)), [KEY])


@given(st.integers(1, 255), st.binary(min_size=1, max_size=60), st.from_regex(r"[^\s+\x00-\x20]{1,20}", fullmatch=True))
def test_keys_are_read_back(kind: int, public: bytes, name: str) -> None:
    sizes = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_ML_DSA_44: 1312}
    if kind in sizes:
        public = (public * 1312)[: sizes[kind]]
    try:
        key = VerifierKey(name, public, kind)
    except ValueError:  # names may hold surrogates or other spaces
        return
    assert VerifierKey.parse(key.format()) == key


def test_the_key_id_of_an_ecdsa_key_is_of_its_der_alone() -> None:
    assert VerifierKey("a", b"der", ECDSA).key_id == VerifierKey("b", b"der", ECDSA).key_id


def test_fingerprints_tell_name_kind_and_key_apart() -> None:
    keys = [KEY, OTHER, VerifierKey(NAME, OTHER.public), VerifierKey(NAME, KEY.public, COSIGNATURE_ED25519)]
    assert len({key.fingerprint for key in keys}) == len(keys)
    assert all(len(key.fingerprint) == 64 for key in keys)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000",
        EXAMPLE_VKEY.replace("530d903a", "530d903b"),
        EXAMPLE_VKEY.replace("530d903a", "530D903A"),
        EXAMPLE_VKEY.replace("foo", "bar"),
        EXAMPLE_VKEY[:-4],
        EXAMPLE_VKEY + "AAAA",
        EXAMPLE_VKEY.replace("+Ae", "+Ve"),
        "na me" + EXAMPLE_VKEY[15:],
        EXAMPLE_VKEY[15:],
    ],
)
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(Malformed, match="verifier key"):
        VerifierKey.parse(vkey)


def test_signing_refuses_what_no_note_can_hold() -> None:
    for text in ("", "no newline", "bell\a\n", "surrogate\ud800\n"):
        with pytest.raises(ValueError, match=r"."):
            sign_note(text, KEY, PRIVATE.sign)
    with pytest.raises(ValueError, match="type 1"):
        sign_note("text\n", VerifierKey(NAME, KEY.public, COSIGNATURE_ED25519), PRIVATE.sign)


def test_signatures_that_stand_alone() -> None:
    assert parse_signatures(f"{LINE}\n") == SIGNED.signatures
    for data in ("", "\n", LINE, f"{LINE}\n\n", f"text\n\n{LINE}\n"):
        with pytest.raises(Malformed):
            parse_signatures(data)
