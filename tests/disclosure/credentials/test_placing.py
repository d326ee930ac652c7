"""Putting a box into a film and taking it out again are inverse, however the film is read; and what the box says."""

from __future__ import annotations

import dataclasses
import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.disclosure.credentials.films import film, signed_by_library, wide

from candor.disclosure.credentials.placing import NotPlaceable, Placed, layout_of
from candor.disclosure.credentials.rules import Facts, manifest_of
from candor.verify.credentials import CREDENTIALS, without_credentials


def reader(data: bytes) -> Callable[[int, int], bytes]:
    return lambda at, count: data[at : at + count]


def box(size: int) -> bytes:
    """Credentials of a size, as far as a file's structure goes."""
    return struct.pack(">I4s", 24 + size, b"uuid") + CREDENTIALS + bytes(size)


def placed(data: bytes, size: int) -> Placed:
    return Placed(reader(data), len(data), layout_of(reader(data), len(data)), box(size))


def test_as_the_library_places_it() -> None:
    """The library's own box, put in by our own hand, gives the library's own file."""
    for original in (film(), film(""), wide(film(""))):
        signed = signed_by_library(original)
        layout = layout_of(reader(original), len(original))
        size = len(signed) - len(original)
        stream = Placed(reader(original), len(original), layout, signed[layout.at : layout.at + size])
        assert stream.read() == signed


@given(
    which=st.sampled_from([film(), film(""), wide(film(""))]),
    size=st.integers(0, 70_000),
    cuts=st.lists(st.integers(1, 5_000), min_size=1, max_size=20),
)
def test_in_any_pieces_and_back(which: bytes, size: int, cuts: list[int]) -> None:
    stream, pieces, number = placed(which, size), [], 0
    while piece := stream.read(cuts[number % len(cuts)]):
        pieces.append(piece)
        number += 1
    whole = b"".join(pieces)
    assert len(whole) == stream.size
    assert b"".join(without_credentials(reader(whole), len(whole))) == which


@given(at=st.integers(0, 30_000), count=st.integers(0, 30_000))
def test_any_stretch(at: int, count: int) -> None:
    stream = placed(film(), 999)
    whole = stream.read()
    assert stream.read_at(at, count) == whole[at : at + count]
    stream.seek(at)
    room = bytearray(count)
    assert stream.readinto(room) == len(whole[at : at + count])
    with pytest.raises(OSError, match="only read"):
        stream.write(b"x")


def test_places_that_would_need_more_than_32_bits_are_refused() -> None:
    data = bytearray(film())
    at = data.index(b"stco") + 12
    data[at : at + 4] = b"\xff\xff\xff\xf0"
    with pytest.raises(NotPlaceable, match="32 bits"):
        placed(bytes(data), 100).read()


def test_a_film_that_becomes_shorter_is_noticed() -> None:
    data = film()
    short = io.BytesIO(data[:-100]).getvalue()
    stream = Placed(reader(short), len(data), layout_of(reader(data), len(data)), box(10))
    with pytest.raises(OSError, match="shorter"):
        stream.read()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no film"),
        (b"\0\0\0", "does not fit"),
        (struct.pack(">I4s", 8, b"ftyp"), "no film"),
        (film()[:-1], "does not fit"),
        (struct.pack(">I4s", 8, b"free") * 10_001, "more boxes"),
        (film("frag_keyframe+empty_moov"), "fragments"),
        (film() + struct.pack(">I4s", 8, b"meta"), "items"),
        (film().replace(b"stco\0\0\0\0", b"saio\0\0\0\0"), "encrypted"),
        (film().replace(b"stco\0\0\0\0\0", b"stco\0\0\0\0\x7f"), "longer than the box"),
        (film() + box(3), "already"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_files_are_refused(data: bytes, why: str) -> None:
    with pytest.raises(NotPlaceable, match=why):
        layout_of(reader(data), len(data))


FACTS = Facts(
    copy_id="c",
    recording_id="0192f3a0-0000-7000-8000-000000000001",
    part=1,
    edit=3,
    made_at="2026-11-22T10:00:00.000000Z",
    maker="redacted@1",
    original_sha256="aa" * 32,
    copy_sha256="bb" * 32,
    copy_size=9,
    list_sha256="cc" * 32,
    origin="example.gov/log",
    index=7,
    leaf="dd" * 32,
    mode="hide",
    masks={"face": 3, "plate": 1},
    sound=2,
    muted=False,
    encoded=True,
    title="RL-2026-0001",
)


@pytest.mark.parametrize(
    ("changed", "words", "names"),
    [
        ({}, "parts hidden: 3 × face, 1 × plate and 2 stretches of sound", ["opened", "edited", "transcoded"]),
        ({"encoded": False}, "parts hidden: 3 × face, 1 × plate and 2 stretches of sound", ["opened", "edited"]),
        ({"sound": 1, "masks": {}}, "parts hidden: 1 stretch of sound", ["opened", "edited", "transcoded"]),
        ({"muted": True, "masks": {}}, "parts hidden: all sound", ["opened", "edited", "transcoded"]),
        (
            {"mode": "show-only", "sound": 0},
            "parts hidden: everything in the picture but what is shown",
            ["opened", "edited", "transcoded"],
        ),
        (
            {"masks": {}, "sound": 0, "encoded": False},
            "nothing hidden; the file was written anew without its metadata",
            ["opened", "edited"],
        ),
    ],
)
def test_what_is_said(changed: dict[str, object], words: str, names: list[str]) -> None:
    said = manifest_of(dataclasses.replace(FACTS, **changed))
    (actions,) = (one["data"]["actions"] for one in said["assertions"] if one["label"] == "c2pa.actions.v2")
    assert [one["action"] for one in actions] == [f"c2pa.{name}" for name in names]
    assert actions[1]["description"] == words
    assert "redacted" not in str(actions)
