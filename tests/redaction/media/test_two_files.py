"""Two files as one input, and each of them again as a stream of its own."""

from __future__ import annotations

import io
import os
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.core import limited_wire
from candor.core.limited_task import Channel, Source
from candor.redaction.media.two_files import Joined


class Answering:
    """The parent's end of the line: answers from a stream."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self.stream = stream

    def ask(self, kind: int, payload: bytes) -> bytes:
        assert kind == limited_wire.READ
        offset, length = limited_wire.READ_FRAME.unpack(payload)
        self.stream.seek(offset)
        return cast(bytes, self.stream.read(length))


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 90), st.integers(-1, 90))
def test_joined_reads_as_the_bytes_one_after_the_other(first: bytes, second: bytes, at: int, count: int) -> None:
    joined, sizes = Joined.of(io.BytesIO(first), io.BytesIO(second), {"a": 1})
    whole = first + second + b'{"a":1}'
    assert joined.seek(0, os.SEEK_END) == len(whole) == sum(sizes.values())
    joined.seek(at)
    assert joined.read(count) == (whole[at:] if count < 0 else whole[at : at + count])


@pytest.mark.parametrize("begin", [0, 1, 131_072, 200_000])
def test_a_stretch_is_read_as_if_it_were_alone(begin: int) -> None:
    whole = os.urandom(700_000)
    source = Source(cast(Channel, Answering(cast(io.RawIOBase, io.BytesIO(whole)))), len(whole))
    stretch = source.stretch(begin, 300_000)
    expected = io.BytesIO(whole[begin : begin + 300_000])
    assert stretch.extent() == 300_000
    for at, count in ((0, 10), (131_070, 8), (10, 200_000), (299_990, 50), (5, 5)):
        assert stretch.seek(at) == expected.seek(at)
        assert stretch.read(count) == expected.read(count)
    assert source.read(4) == whole[:4], "each has a position of its own"
    with pytest.raises(ValueError, match="beyond the end"):
        source.stretch(600_000, 200_000)
