"""Seeking and telling, once for every stream made here, compared with what the standard library does."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.core.limited_task import Output, Source
from candor.core.positioned import Positioned
from candor.footage.media.opening import View
from candor.footage.media.scratch import Scratch


class Plain(Positioned):
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data

    def extent(self) -> int:
        return len(self.data)

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        piece = self.data[self._position :][: len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


@given(
    data=st.binary(max_size=50),
    acts=st.lists(st.tuples(st.integers(-60, 60), st.sampled_from([0, 1, 2]), st.integers(0, 60)), max_size=8),
)
def test_it_seeks_as_a_file_does(data: bytes, acts: list[tuple[int, int, int]]) -> None:
    ours, theirs = Plain(data), io.BytesIO(data)
    for offset, whence, size in acts:
        if (0, theirs.tell(), len(data))[whence] + offset < 0:
            with pytest.raises(ValueError, match="before the beginning"):
                ours.seek(offset, whence)
            continue
        assert ours.seek(offset, whence) == theirs.seek(offset, whence)
        assert ours.read(size) == theirs.read(size)
        assert ours.tell() == theirs.tell()


def test_there_are_three_ways_to_seek() -> None:
    with pytest.raises(ValueError, match="no such way"):
        Plain(b"abc").seek(0, 3)


@pytest.mark.parametrize("kind", [Source, Output, View, Scratch])
def test_every_stream_made_here_has_it_from_one_place(kind: type[Positioned]) -> None:
    assert issubclass(kind, Positioned)
    assert kind.seek is Positioned.seek
    assert kind.tell is Positioned.tell


def test_a_kind_that_does_not_say_how_long_it_is_is_told_so() -> None:
    class Lengthless(Positioned):
        pass

    with pytest.raises(NotImplementedError):
        Lengthless().seek(0, io.SEEK_END)  # type: ignore[abstract]
