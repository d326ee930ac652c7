"""Where a camera was, drawn without a map."""

from __future__ import annotations

import re

from candor.footage.tracks import Point, Track
from candor.web.pages.recording_track import HEIGHT, WIDTH, track_told


def test_a_track_is_drawn_inside_its_picture_and_to_scale() -> None:
    points = tuple(Point(float(n), 10 + n * 0.001, 179.9995 if n % 2 else -179.9995) for n in range(2000))
    told = track_told(Track("x", points))
    numbers = [float(one) for one in re.findall(r"-?[0-9.]+", told.line)]
    assert len(numbers) <= 2 * 600
    assert all(0 <= x <= WIDTH for x in numbers[::2])
    assert all(0 <= y <= HEIGHT for y in numbers[1::2])
    assert told.begin[1] > told.end[1]  # north is up
    assert (told.points, len(told.moments)) == (2000, 12)
    assert told.moments[0].place == "10.00000, -179.99950"


def test_standing_still_is_no_journey() -> None:
    told = track_told(Track("x", (Point(0.0, 0.0, 0.0), Point(5.0, 0.0, 0.0))))
    assert told.begin == told.end == (WIDTH / 2, HEIGHT / 2)
    assert (told.length, told.fastest) == ("0 m", "–")
