"""Subtitles (SubRip) that carry places: labelled latitude and longitude, or NMEA sentences. Runs in a limited process;
pure. Cues that say it in any other way are a dialect not known here: nothing is read from them."""

from __future__ import annotations

import re
from typing import Final

from candor.footage.media.track_nmea import rmc
from candor.footage.media.track_points import MOST_POINTS, Row, row

__all__ = ["is_srt", "points_of_cues"]

_CUE: Final = re.compile(r"(\d{1,4}):(\d\d):(\d\d)[,.](\d{3}) *--> *\d{1,4}:\d\d:\d\d[,.]\d{3}")
_NUMBER = r"[:=] *([+-]?\d{1,3}\.\d{1,12})"
#: One family of cameras writes "longtitude".
_LATITUDE: Final = re.compile(rf"\blatitude *{_NUMBER}", re.I)
_LONGITUDE: Final = re.compile(rf"\blongt?itude *{_NUMBER}", re.I)
#: Lines of one cue that are looked at.
_MOST_LINES: Final = 40


def is_srt(text: str) -> bool:
    """Whether a text begins as subtitles do."""
    return _CUE.search(text[:400]) is not None


def points_of_cues(text: str) -> tuple[list[Row], str | None]:
    """(points by the times of their cues, dialect); the dialect is None when no cue has a place."""
    found: list[Row] = []
    dialect: str | None = None
    seconds: float | None = None
    cue: list[str] = []
    for line in [*text.splitlines(), "0:00:00,000 --> 0:00:00,000"]:
        time = _CUE.match(line.strip()[:100])
        if time is None:
            if len(cue) < _MOST_LINES:
                cue.append(line[:1000])
            continue
        if seconds is not None:
            point, way = _place(" ".join(cue), seconds)
            if point is not None:
                dialect = dialect or way
                found.append(point)
                if len(found) >= MOST_POINTS:
                    break
        hours, minutes, whole, thousandths = (int(part) for part in time.groups())
        seconds, cue = hours * 3600 + minutes * 60 + whole + thousandths / 1000, []
    return found, dialect


def _place(cue: str, seconds: float) -> tuple[Row | None, str | None]:
    point = rmc(cue, seconds, longest=_MOST_LINES * 1001)
    if point is not None:
        return point, "srt with NMEA sentences"
    latitude, longitude = _LATITUDE.search(cue), _LONGITUDE.search(cue)
    if latitude is None or longitude is None:
        return None, None
    return row(seconds, float(latitude[1]), float(longitude[1])), "srt with labelled places"
