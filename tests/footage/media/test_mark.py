"""Marked copies: the text is in the picture and nowhere else, the times and the sound are those of the viewing copy."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from tests.footage.media.recordings import film

from candor.core.limited import LimitedCancelled, LimitedRefused
from candor.footage.media import MARKER, make_renditions, mark_copies
from candor.footage.media.mark_drawing import SECONDS, Mark, writable

PROSECUTION, DEFENCE = ("PROSECUTION", "D-2026-0001", "CSP"), ("DEFENCE", "D-2026-0001", "CSP")
MARKS = {"prosecution": PROSECUTION, "defence": DEFENCE}


def viewing_copy(recording: bytes) -> bytes:
    made = make_renditions(io.BytesIO(recording), ["proxy"])["proxy"]
    with made.file:
        return made.file.read()


def marked(copy: bytes, marks: Any = None) -> dict[str, bytes]:
    made = mark_copies(io.BytesIO(copy), MARKS if marks is None else marks)
    for one in made.values():
        assert one.maker == MARKER
    found = {}
    for name, one in made.items():
        with one.file:
            found[name] = one.file.read()
        assert len(found[name]) == one.size
    return found


def pictures(data: bytes) -> list[tuple[Fraction, Any]]:
    """The time of each picture in seconds, and its brightness."""
    with av.open(io.BytesIO(data)) as container:
        video = container.streams.video[0]
        return [(frame.pts * video.time_base, frame.to_ndarray(format="gray")) for frame in container.decode(video)]


def sound(data: bytes) -> list[Any]:
    """Every packet of sound with its times."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        return [(one.pts, one.duration, bytes(one)) for one in container.demux(stream) if one.size]


def drawn(parts: tuple[str, ...], width: int, height: int, seconds: float) -> Any:
    """Where a mark paints: rows x columns."""
    grey = np.full((height, width), 100, np.uint8)
    Mark(parts, width, height).paint(grey, seconds)
    return grey != 100


UNEVEN = [Fraction(number * number, 240) for number in range(16)]


@pytest.mark.parametrize(
    ("size", "how"),
    [
        ((320, 240), {"rotation": 90, "sound_from": 0.7}),
        ((426, 240), {"times": UNEVEN, "clock": Fraction(1, 240)}),
        ((1280, 720), {"seconds": 0.8}),
    ],
    ids=["turned", "uneven", "large"],
)
def test_the_text_is_in_the_picture_and_everything_else_is_as_it_was(
    size: tuple[int, int], how: dict[str, Any]
) -> None:
    copy = viewing_copy(film(size=size, **{"seconds": 1.2, **how}))
    before = pictures(copy)
    for name, data in marked(copy).items():
        after = pictures(data)
        assert [time for time, _ in after] == [time for time, _ in before]
        assert sound(data) == sound(copy)
        for (time, was), (_, now) in list(zip(before, after, strict=True))[::3]:
            height, width = was.shape
            where = drawn(MARKS[name], width, height, float(time))
            difference = np.abs(now.astype(int) - was)
            assert difference[where].mean() > 25, (name, float(time))
            assert difference[~_near(where)].mean() < 3, (name, float(time))
        assert max(drawn(MARKS[name], width, height, 0.0).mean() for name in MARKS) < 0.09  # it hides little


def _near(where: Any) -> Any:
    """And what lies in the blocks around it, which the encoder touches."""
    rows, columns = (side // 16 * 16 for side in where.shape)
    blocks = where[:rows, :columns].reshape(rows // 16, 16, columns // 16, 16).any(axis=(1, 3))
    grown = np.zeros((rows // 16 + 2, columns // 16 + 2), bool)
    for down, across in np.ndindex(3, 3):
        grown[down : down + rows // 16, across : across + columns // 16] |= blocks
    near = np.ones_like(where)  # what is left over at the edges is not looked at
    near[:rows, :columns] = grown[1:-1, 1:-1].repeat(16, axis=0).repeat(16, axis=1)
    return near


def test_each_side_has_its_own() -> None:
    found = marked(viewing_copy(film(seconds=0.5, size=(320, 240), sound=None)))
    (_, one), (_, other) = pictures(found["prosecution"])[2], pictures(found["defence"])[2]
    assert np.abs(one.astype(int) - other).max() > 60
    for name, data in found.items():
        with av.open(io.BytesIO(data)) as container:
            assert container.metadata["comment"] == " · ".join(MARKS[name])
            assert [stream.type for stream in container.streams] == ["video"]


@pytest.mark.parametrize(("width", "height"), [(320, 240), (426, 240), (240, 426), (1280, 720), (64, 48)])
def test_it_is_read_after_the_edges_are_cut_off_and_moves(width: int, height: int) -> None:
    """In the middle of the picture, an eighth less on each side, it stands whole more than once on its way."""
    inner = slice(height // 8, height - height // 8), slice(width // 8, width - width // 8)
    whole, places = 0, set()
    mark = Mark(PROSECUTION, width, height)
    for turn in range(16):
        places.add(mark.place(turn * SECONDS + 0.5))
        assert mark.place(turn * SECONDS) == mark.place((turn + 1) * SECONDS - 0.01)
        where = drawn(PROSECUTION, width, height, turn * SECONDS)
        moving = where.copy()
        moving[height * 7 // 8 :] = False  # without the line that stays
        whole += bool(moving.any()) and bool(moving[inner].sum() == moving.sum())
    if width >= 240:
        assert len(places) == 8
        assert whole >= 4


@pytest.mark.parametrize(
    ("text", "drawn_as"),
    [
        ("State Police · É", "State Police · É"),
        ("Łódź", "Łódz"),
        ("警察", "??"),
        ("a\u202eb\n", "a?b?"),
        ("", ""),
    ],
)
def test_letters_that_cannot_be_drawn(text: str, drawn_as: str) -> None:
    assert writable(text) == drawn_as
    Mark((text or "x", "D-2026-0001"), 320, 240)


def test_a_long_name_is_cut_and_stays_within_the_picture() -> None:
    for seconds in range(0, 32, SECONDS):
        where = drawn(("PROSECUTION", "D-2026-0001", "The Department of a Very Long Name " * 20), 320, 240, seconds)
        rows, columns = np.nonzero(where)
        assert 0 < columns.min() < columns.max() < 319
        assert 0 < rows.min() < rows.max() < 239
        assert where.mean() < 0.12


def test_sound_alone_has_the_mark_in_words() -> None:
    copy = viewing_copy(film(codec=None, seconds=1.0))
    made = mark_copies(io.BytesIO(copy), {"defence": DEFENCE})["defence"]
    with made.file:
        data = made.file.read()
    assert made.media_type == "audio/mp4"
    assert made.details["pictures"] == 0
    assert sound(data) == sound(copy)
    with av.open(io.BytesIO(data)) as container:
        assert container.metadata["comment"] == "DEFENCE · D-2026-0001 · CSP"


def test_what_is_no_viewing_copy_is_refused_in_words() -> None:
    for hostile in (b"", b"no film at all" * 500, viewing_copy(film(seconds=0.5))[:600] + b"\xff" * 5000):
        with pytest.raises(LimitedRefused):
            marked(hostile)


def test_it_is_stopped_when_nobody_wants_it() -> None:
    copy = viewing_copy(film(seconds=1.0))
    with pytest.raises(LimitedCancelled):
        mark_copies(io.BytesIO(copy), MARKS, cancelled=lambda: True)
