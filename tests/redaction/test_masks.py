"""Masks by time: what is hidden when, quickly, and never a picture too late."""

from __future__ import annotations

import json
import time as clock
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.redaction.media.numbered import track

from candor.redaction.masks import Mask, Masks
from candor.redaction.media.areas import area_of, cover, pixels_of
from candor.redaction.model import FrameTimes, Key, Mode, PartDocument, Picture, Shape, Style, Track

PICTURE = Picture(640, 360)
BOX = (10.0, 10.0, 50.0, 60.0)


@st.composite
def tracks(draw: st.DrawFn) -> list[Track]:
    made: list[Track] = []
    for number in range(draw(st.integers(0, 8))):
        places = sorted(draw(st.sets(st.integers(0, 300), min_size=1, max_size=6)))
        keys = tuple(Key(at, (float(at), 10.0, at + 40.0, 60.0), draw(st.booleans())) for at in places)
        made.append(track({}, id=f"t{number}", keys=keys, hidden=draw(st.booleans())))
    return made


@st.composite
def times(draw: st.DrawFn) -> FrameTimes:
    return FrameTimes.of(draw(st.sets(st.integers(0, 320), min_size=1, max_size=60)), Fraction(1, 100))


@given(tracks(), st.integers(-5, 330))
@settings(max_examples=150, deadline=None)
def test_each_track_that_is_there_has_its_mask(given: list[Track], time: int) -> None:
    masks = Masks(PICTURE, PartDocument(tracks={one.id: one for one in given}))
    there = {one.id for one in given if one.hidden and one.at(time) is not None}
    assert {one.track for one in masks.at(time)} == there
    assert masks.any_at(time) == bool(there)
    assert Masks.from_json(json.loads(json.dumps(masks.to_json()))).at(time) == masks.at(time)


@given(tracks(), times())
@settings(max_examples=150, deadline=None)
def test_runs_hold_exactly_the_pictures_with_masks(given: list[Track], frames: FrameTimes) -> None:
    masks = Masks(PICTURE, PartDocument(tracks={one.id: one for one in given}), times=frames)
    runs = masks.touched(frames)
    for time in frames.all():
        assert any(first <= time <= last for first, last in runs) == bool(masks.at(time)), time
    assert all(before[1] < after[0] for before, after in pairwise(runs))


@given(tracks(), times())
@settings(max_examples=150, deadline=None)
def test_what_begins_between_two_pictures_hides_the_one_still_shown(given: list[Track], frames: FrameTimes) -> None:
    masks = Masks(PICTURE, PartDocument(tracks={one.id: one for one in given}), times=frames)
    exact = Masks(PICTURE, PartDocument(tracks={one.id: one for one in given}))
    everything = frames.all()
    for time, following in zip(everything, [*everything[1:], 400], strict=True):
        wanted = {mask.track for mask in exact.at(time)}
        # Whoever comes into the picture while this picture is shown is hidden in it already.
        for one in given:
            for place, key in enumerate(one.keys):
                comes = not key.outside and (place == 0 or one.keys[place - 1].outside)
                if one.hidden and comes and time <= key.at < following:
                    wanted.add(one.id)
        assert wanted <= {mask.track for mask in masks.at(time)}


@given(tracks(), st.integers(0, 320), st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_near(given: list[Track], time: int, ticks: int) -> None:
    masks = Masks(PICTURE, PartDocument(tracks={one.id: one for one in given}))
    assert masks.near(time, ticks) == any(masks.any_at(at) for at in range(time - ticks, time + ticks + 1))


def test_pictures_that_the_viewing_copy_leaves_out_are_hidden_with_its_first() -> None:
    frames = FrameTimes.of([70, 75, 80, 85, 90], Fraction(1, 100), zero=78)
    for first, last, hidden in ((80, 85, [70, 75, 80, 85]), (78, 80, [70, 75, 80]), (75, 75, [70, 75]), (85, 85, [85])):
        masks = Masks(PICTURE, PartDocument(tracks={"t1": track({first: BOX, last: BOX})}), times=frames)
        assert [time for time in frames.all() if masks.at(time)] == hidden
    shown = track({80: BOX, 90: BOX}, hidden=False)
    masks = Masks(PICTURE, PartDocument(Mode.SHOW_ONLY, {"t1": shown}), times=frames)
    assert [len(masks.at(time)[0].holes) for time in frames.all()] == [0, 0, 1, 1, 1]


def test_thousands_of_tracks_are_quick() -> None:
    keys = [(10 * number, 10 * number + 200) for number in range(20_000)]
    given = {f"t{place}": track({first: BOX, last: BOX}, id=f"t{place}") for place, (first, last) in enumerate(keys)}
    masks = Masks(PICTURE, PartDocument(tracks=given))
    begun = clock.process_time()
    found = sum(len(masks.at(at)) for at in range(0, 200_000, 100))
    assert found > 39_000
    assert clock.process_time() - begun < 2.0


def test_nonsense_hides_the_whole_picture() -> None:
    for shape, numbers in [
        (Shape.BOX, (1.0, 2.0, 3.0)),
        (Shape.BOX, (1.0, 2.0, float("nan"), 4.0)),
        (Shape.POLYGON, (1.0, 2.0, 3.0, 4.0)),
        (Shape.ELLIPSE, ()),
    ]:
        masks = Masks(PICTURE, PartDocument(tracks={"t1": track({5: numbers}, shape=shape, style=Style.BLUR)}))
        (mask,) = Masks.from_json(json.loads(json.dumps(masks.to_json()))).at(5)
        assert (mask.shape, mask.style) == (Shape.WHOLE, Style.SOLID)
        assert cover([mask], PICTURE).all()


def test_overlay_show_only_and_order() -> None:
    part = PartDocument(
        tracks={
            "a": track({0: BOX, 9: BOX}, id="a", style=Style.SOLID),
            "b": track({0: BOX, 9: BOX}, id="b", style=Style.BLUR),
            "c": track({0: BOX, 9: BOX}, id="c", hidden=False),
        },
        overlay=True,
        overlay_boxes=((0.0, 0.0, 640.0, 20.0),),
    )
    assert [(one.track, one.style) for one in Masks(PICTURE, part).at(3)] == [
        ("b", Style.BLUR),
        ("a", Style.SOLID),
        ("overlay", Style.SOLID),
    ]
    frames = FrameTimes(Fraction(1, 30), ((0, 1, 20),))
    assert Masks(PICTURE, part).touched(frames) == [(0, 19)]
    shown = PartDocument(Mode.SHOW_ONLY, {"c": part.tracks["c"]})
    assert not cover(Masks(PICTURE, shown).at(3), PICTURE)[8:28, 8:22].any()
    assert cover(Masks(PICTURE, shown).at(10), PICTURE).all()
    both = PartDocument(Mode.SHOW_ONLY, {"c": part.tracks["c"], "a": part.tracks["a"]})
    assert cover(Masks(PICTURE, both).at(3), PICTURE).all()


numbers = st.integers(-50, 700)


@given(
    st.tuples(numbers, numbers, numbers, numbers),
    st.sampled_from([0, 90, 180, 270]),
    st.booleans(),
    st.sampled_from([(64, 36), (65, 37), (64, 37)]),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_every_pixel_that_a_box_touches_is_hidden(
    tenths: tuple[int, ...], degrees: int, mirrored: bool, size: tuple[int, int], interlaced: bool
) -> None:
    """Against the picture as FFmpeg turns it: mirrored first, then turned clockwise."""
    coded = size
    picture = Picture(*(coded[::-1] if degrees in (90, 270) else coded), degrees, mirrored)
    box = tuple(one / 10 for one in tenths)
    mask = Mask(Style.SOLID, Shape.BOX, box, "t", "t", 0.0)
    hidden = pixels_of(cover([mask], picture, interlaced=interlaced), *coded)
    upright = np.rot90(hidden[:, ::-1] if mirrored else hidden, -(degrees // 90))
    assert upright.shape == (picture.height, picture.width)
    (x0, x1), (y0, y1) = sorted(box[0::2]), sorted(box[1::2])
    if x1 == x0 or y1 == y0:
        return
    rows, columns = np.arange(picture.height), np.arange(picture.width)
    touched = np.outer((rows + 1 > y0) & (rows < y1), (columns + 1 > x0) & (columns < x1))
    assert not (touched & ~upright).any()
    more = 4 if interlaced else 2
    far = np.outer((rows + 1 > y0 - more) & (rows < y1 + more), (columns + 1 > x0 - more) & (columns < x1 + more))
    assert not (upright & ~far).any()


@pytest.mark.parametrize("shape", [Shape.ELLIPSE, Shape.POLYGON])
def test_shapes_cover_what_they_hold_and_holes_show_no_more(shape: Shape) -> None:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:360, 0:640] + 0.5
    for _ in range(30):
        x0, y0 = rng.uniform(-40, 560), rng.uniform(-40, 300)
        x1, y1 = x0 + rng.uniform(6, 120), y0 + rng.uniform(6, 120)
        given = (x0, y0, x1, y1) if shape is Shape.ELLIPSE else (x0, y0, x1, y0, (x0 + x1) / 2, y1)
        if shape is Shape.ELLIPSE:
            inside = ((x - (x0 + x1) / 2) / ((x1 - x0) / 2)) ** 2 + ((y - (y0 + y1) / 2) / ((y1 - y0) / 2)) ** 2 <= 1
        else:
            down = (y - y0) / (y1 - y0)
            inside = (down >= 0) & (x >= x0 + down * (x1 - x0) / 2) & (x <= x1 - down * (x1 - x0) / 2)
        part = PartDocument(tracks={"t1": track({0: given}, shape=shape)})
        hidden = pixels_of(cover(Masks(PICTURE, part).at(0), PICTURE), 640, 360)
        assert not (inside & ~hidden).any()
        only = PartDocument(Mode.SHOW_ONLY, {"t1": track({0: given}, shape=shape, hidden=False)})
        hidden = pixels_of(cover(Masks(PICTURE, only).at(0), PICTURE), 640, 360)
        assert not (~hidden & ~inside).any()


def test_a_mask_beyond_the_picture_is_none() -> None:
    mask = Mask(Style.SOLID, Shape.BOX, (700.0, 10.0, 800.0, 40.0), "t", "t")
    assert area_of(mask, PICTURE) is None
    assert mask.box(PICTURE)[0] >= mask.box(PICTURE)[2]
