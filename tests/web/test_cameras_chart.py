"""How a camera's clock is drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from candor.fleet.clock_rules import Reading
from candor.web.pages.cameras_chart import chart_of

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def test_the_drawing_of_a_clock() -> None:
    def read(hours: float, slow: float, was_set: bool = False) -> Reading:
        at = START + timedelta(hours=hours)
        return Reading(at - timedelta(seconds=slow), at, timedelta(seconds=1), clock_set=was_set)

    assert chart_of([read(0, 1)], "UTC") is None
    flat = chart_of([read(0, 0), read(24, 0)], "UTC")
    assert flat is not None
    assert (flat.reach, [dot.y for dot in flat.dots]) == (5.0, [60.0, 60.0])
    drawn = chart_of([read(0, 0), read(12, 50, True), read(24, -100)], "UTC")
    assert drawn is not None
    assert drawn.lines == ("10.0,60.0 320.0,35.0", "320.0,60.0 630.0,110.0")
    assert [dot.clock_set for dot in drawn.dots] == [False, True, False]
    assert drawn.dots[2].words == "2026-11-21 18:00:00: -100.0 s"
