"""Credentials that the C2PA library put into films of every layout, taken out again, in Python and in JavaScript."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import subprocess
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.disclosure.credentials.films import LAYOUTS, film, signed_by_library, wide

from candor.verify.credentials import CREDENTIALS, MAX_BOXES, NoCredentials, without_credentials
from candor.verify.errors import Malformed, VerifyError

NODE = shutil.which("node")
SCRIPT = Path(__file__).parents[1] / "js" / "credentials.mjs"


def stripped(data: bytes) -> bytes:
    """The film without credentials, read as a stream that cannot go back would be."""
    asked = [0]

    def read_at(offset: int, length: int) -> bytes:
        assert offset == asked[0]
        assert 0 < length <= 1 << 20
        piece = data[offset : offset + min(length, 100_000)]
        asked[0] += len(piece)
        return piece

    return b"".join(without_credentials(read_at, len(data)))


def original(name: str) -> bytes:
    if name in LAYOUTS:
        return film(LAYOUTS[name])
    if name == "places in 64 bits":
        return wide(film(""))
    if name == "QuickTime":
        return film("", format="mov")
    return film() + struct.pack(">I4s16s4s", 28, b"uuid", b"x" * 16, b"mine")


@cache
def signed(name: str) -> bytes:
    return signed_by_library(original(name))


FILMS = sorted([*LAYOUTS, "places in 64 bits", "QuickTime", "with a box of nobody's"])


@pytest.mark.parametrize("name", FILMS)
def test_every_layout_comes_back_byte_for_byte(name: str) -> None:
    assert CREDENTIALS in signed(name)
    assert stripped(signed(name)) == original(name)


@pytest.mark.parametrize("name", FILMS)
def test_no_credentials(name: str) -> None:
    with pytest.raises(NoCredentials):
        stripped(original(name))


def test_index_of_fragments_cannot_be_put_back_and_is_refused() -> None:
    indexed = film("frag_keyframe+empty_moov")
    assert b"mfra" in indexed
    with pytest.raises(Malformed, match="an index, which the signing program writes anew"):
        stripped(signed_by_library(indexed))


def box_of(signed: bytes) -> tuple[int, bytes]:
    """Where the credentials stand, and they themselves."""
    at = signed.index(CREDENTIALS) - 8
    return at, signed[at : at + struct.unpack(">I", signed[at : at + 4])[0]]


@cache
def hostile() -> dict[str, tuple[bytes, str]]:
    """Films that were made to break something, with a word of why each is refused."""
    before, after = original("index first"), signed("index first")
    at, box = box_of(after)
    bare = before[:at]
    moov = after.index(b"moov") - 4
    big = struct.pack(">I4sQ", 1, b"uuid", 1 << 60)
    return {
        "twice": (after[:at] + box + box + after[at + len(box) :], "twice"),
        "behind the tables": (before + box, "at its beginning"),
        "open-ended": (bare + b"\0\0\0\0" + box[4:], "at its beginning"),
        "larger than the file": (bare + struct.pack(">I", 1 << 31) + box[4:], "does not fit"),
        "larger than anything": (bare + big + CREDENTIALS, "does not fit"),
        "smaller than its header": (bare + struct.pack(">I4s", 7, b"free"), "does not fit"),
        "cut in the header": (after[:at] + struct.pack(">I4s", 1, b"uuid"), "within its header"),
        "a part longer than the whole": (
            after[: moov + 8] + b"\xff\xff\xff\xff" + after[moov + 12 :],
            "does not fit",
        ),
        "a part without a size": (after[: moov + 8] + b"\0\0\0\0" + after[moov + 12 :], "has no size"),
        "a table longer than its box": (
            after.replace(b"stco\0\0\0\0", b"stco\0\0\0\0\xff\xff\xff\xff", 1)[: len(after)],
            "longer than the box",
        ),
        "boxes without end": (bare + box + struct.pack(">I4s", 8, b"free") * (MAX_BOXES + 1), "more"),
        "items": (bare + box + struct.pack(">I4s", 8, b"meta"), "items"),
    }


def test_hostile_structures_are_refused() -> None:
    for name, (data, why) in hostile().items():
        with pytest.raises(Malformed) as refused:
            stripped(data)
        assert why in str(refused.value), name


def test_places_before_the_beginning_are_refused() -> None:
    unmoved, (at, box) = original("index last"), box_of(signed("index last"))
    with pytest.raises(Malformed, match="before the beginning"):
        stripped(unmoved[:at] + box + unmoved[at:])


@settings(max_examples=150, deadline=2000)
@given(
    name=st.sampled_from(FILMS),
    flips=st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 7)), max_size=4),
    length=st.one_of(st.none(), st.integers(0, 40_000)),
)
def test_altered_films_end_soon_and_take_no_more_room_than_they_are_large(
    name: str, flips: list[tuple[int, int]], length: int | None
) -> None:
    data = bytearray(signed(name))
    for at, bit in flips:
        data[at % len(data)] ^= 1 << bit
    given = bytes(data[:length])
    given_out = 0
    try:
        for piece in without_credentials(lambda offset, count: given[offset : offset + count], len(given)):
            assert len(piece) <= 1 << 20
            given_out += len(piece)
    except VerifyError:
        pass
    assert given_out <= len(given)


def test_a_large_film_goes_through_piece_by_piece() -> None:
    whole = signed("index last")
    at, box = box_of(whole)
    more = 400 << 20
    head = whole[: at + len(box)]
    size = len(head) + 16 + more
    wide_header = struct.pack(">I4sQ", 1, b"free", 16 + more)

    def read_at(offset: int, length: int) -> bytes:
        known = (head + wide_header)[offset : offset + length]
        return known or bytes(min(length, size - offset))

    tracemalloc.start()
    try:
        count = sum(len(piece) for piece in without_credentials(read_at, size))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == size - len(box)
    assert peak < 8 << 20


@pytest.fixture(scope="module")
def in_browser() -> Callable[[Path], dict[str, Any]]:
    """The browser's module under Node: what it answers of the films in a folder."""
    if NODE is None:
        pytest.skip("NO NODE HERE: TAKING CREDENTIALS OUT IN THE BROWSER WAS NOT COMPARED. apt-get install nodejs npm")

    def ask(folder: Path) -> dict[str, Any]:
        left = subprocess.run(
            [NODE, "--no-warnings", str(SCRIPT), str(folder)], capture_output=True, text=True, timeout=60, check=True
        )
        found: dict[str, Any] = json.loads(left.stdout)
        return found

    return ask


def test_the_browser_comes_to_the_same(in_browser: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    cases: dict[str, bytes] = {}
    for name in FILMS:
        whole = signed(name)
        cases |= {name: whole, f"{name}, bare": original(name), f"{name}, cut": whole[: len(whole) * 2 // 3]}
    cases |= {f"hostile, {name}": data for name, (data, _) in hostile().items()}
    for at in range(40, 40_000, 1733):
        flipped = bytearray(signed("index first"))
        flipped[at % len(flipped)] ^= 0x41
        cases[f"flipped at {at}"] = bytes(flipped)
    for number, data in enumerate(cases.values()):
        (tmp_path / f"{number:04d}.mp4").write_bytes(data)
    theirs = in_browser(tmp_path)
    assert len(theirs) == len(cases)
    for number, (name, data) in enumerate(cases.items()):
        assert theirs[f"{number:04d}.mp4"] == outcome(data), name


def outcome(data: bytes) -> dict[str, Any]:
    try:
        return {"sha256": hashlib.sha256(stripped(data)).hexdigest()}
    except NoCredentials:
        return {"refused": "none"}
    except VerifyError:
        return {"refused": "malformed"}
