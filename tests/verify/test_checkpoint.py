from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from candor.verify.checkpoint import Checkpoint, verify_checkpoint
from candor.verify.errors import BadSignature, Malformed, NoKnownSignature, VerifyError, WrongOrigin
from candor.verify.note import Note, VerifierKey, sign_note

VECTORS = json.loads((Path(__file__).parent / "vectors" / "custody-log.json").read_text("utf-8"))
ROOT = bytes(range(32))
HASH = base64.b64encode(ROOT).decode()

lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20)


def test_vectors() -> None:
    note = Note.parse(VECTORS["checkpoint7_cosigned"])
    key = VerifierKey.parse(VECTORS["log_vkey"])
    found = verify_checkpoint(note, [key])
    assert found == Checkpoint(key.name, 7, bytes.fromhex(VECTORS["roots_by_size"]["7"]))
    assert found.format() == note.text


@given(lines, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(lines, max_size=3))
def test_checkpoints_are_read_back(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert Checkpoint.parse(checkpoint.format()) == checkpoint
    assert Checkpoint.parse(checkpoint.format().encode()) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n7\n",
        f"log\n7\n{HASH}",
        f"\n7\n{HASH}\n",
        f"log\n\n{HASH}\n",
        f"log\n007\n{HASH}\n",
        f"log\n+7\n{HASH}\n",
        f"log\n-7\n{HASH}\n",
        f"log\n٧\n{HASH}\n",
        f"log\n 7\n{HASH}\n",
        f"log\n7 \n{HASH}\n",
        f"log\n7_0\n{HASH}\n",
        f"log\n9223372036854775808\n{HASH}\n",
        f"log\n{'9' * 5000}\n{HASH}\n",
        f"log\n7\n{HASH[:-1]}\n",
        f"log\n7\n{HASH[:-4]}\n",
        f"log\n7\n {HASH}\n",
        f"log\n7\n{ROOT.hex()}\n",
        f"log\n7\n{HASH}\n\n",
        f"log\n7\n{HASH}\n\nextension\n",
        f"log\n7\n{HASH}\nextension",
        f"log\r\n7\r\n{HASH}\r\n",
        f"lo\tg\n7\n{HASH}\n",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(Malformed, match="checkpoint"):
        Checkpoint.parse(text)


@given(st.binary(max_size=120) | st.text(max_size=120))
def test_arbitrary_bytes_end_in_a_checkpoint_or_the_room_s_error(data: bytes | str) -> None:
    try:
        found = Checkpoint.parse(data)
    except VerifyError:
        return
    assert found.format().encode() == (data.encode() if isinstance(data, str) else data)


def test_only_the_key_named_like_the_origin_counts() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    key = VerifierKey("a.example", private.public_key().public_bytes_raw())
    other = VerifierKey("b.example", key.public)
    text = Checkpoint("a.example", 7, ROOT).format()
    assert verify_checkpoint(sign_note(text, key, private.sign), [other, key]).size == 7
    with pytest.raises(WrongOrigin, match=r"a\.example, not of the log b\.example"):
        verify_checkpoint(sign_note(text, key, private.sign), [other])
    # A log that is trusted must not speak for another one.
    with pytest.raises(NoKnownSignature):
        verify_checkpoint(sign_note(text, other, private.sign), [key, other])
    changed = Checkpoint("a.example", 8, ROOT).format()
    with pytest.raises(BadSignature):
        verify_checkpoint(Note(changed, sign_note(text, key, private.sign).signatures), [key])


def test_what_cannot_be_written_is_not_made() -> None:
    for arguments in (("", 1, ROOT), ("a\nb", 1, ROOT), ("a", -1, ROOT), ("a", 1, ROOT[:31]), ("a", 1, ROOT, ("",))):
        with pytest.raises(ValueError, match=r"."):
            Checkpoint(*arguments)
