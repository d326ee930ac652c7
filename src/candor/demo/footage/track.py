"""Where a camera was: a track of positions, as a camera's satellite receiver would give it, and as a GPX file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from candor.demo.footage.ground import seeded

METRES_A_DEGREE = 111_320.0


@dataclass(frozen=True)
class Fix:
    """A position: seconds from the first frame, degrees north and east."""

    t: float
    lat: float
    lon: float


@dataclass(frozen=True)
class Ground:
    """Where a scene's origin lies on Earth and which way its road runs, clockwise from north, in degrees."""

    lat: float
    lon: float
    bearing: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Degrees north and east of a place in the scene's metres."""
        turn = math.radians(self.bearing)
        east = x * math.cos(turn) + y * math.sin(turn)
        north = -x * math.sin(turn) + y * math.cos(turn)
        lat = self.lat + north / METRES_A_DEGREE
        return lat, self.lon + east / (METRES_A_DEGREE * math.cos(math.radians(lat)))


def located(
    ground: Ground,
    where: Callable[[float], tuple[float, float]],
    start: float,
    seconds: float,
    seed: str,
) -> list[Fix]:
    """A fix a second, with the slow wander of a few metres that receivers have."""
    chance = seeded("track", seed)
    wander_x = wander_y = 0.0
    fixes = []
    for second in range(int(seconds) + 1):
        wander_x = wander_x * 0.93 + float(chance.normal(0, 0.5))
        wander_y = wander_y * 0.93 + float(chance.normal(0, 0.5))
        x, y = where(start + second)
        lat, lon = ground.at(x + wander_x, y + wander_y)
        fixes.append(Fix(float(second), round(lat, 6), round(lon, 6)))
    return fixes


def write_gpx(path: Path, name: str, start: datetime, fixes: list[Fix]) -> None:
    """GPX 1.1 with a point a fix; its times are the satellites', not the camera's clock."""
    points = "\n".join(_point(fix, start + timedelta(seconds=fix.t)) for fix in fixes)
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="Candor demo" xmlns="http://www.topografix.com/GPX/1/1">\n'
        f"<trk><name>{escape(name)}</name><trkseg>\n{points}\n</trkseg></trk>\n</gpx>\n",
        encoding="utf-8",
    )


def _point(fix: Fix, when: datetime) -> str:
    return f'<trkpt lat="{fix.lat:.6f}" lon="{fix.lon:.6f}"><time>{when:%Y-%m-%dT%H:%M:%SZ}</time></trkpt>'
