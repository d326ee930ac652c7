"""XML beside recordings, GPX among it. Runs in a limited process.

No document type, no entities, nothing from outside (defusedxml); depth, elements and texts are bounded.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from candor.footage.media.track_points import MOST_POINTS, Row, row

__all__ = ["read_xml"]

DEEPEST: Final = 40
MOST_ELEMENTS: Final = 500_000
MOST_FIELDS: Final = 300
LONGEST: Final = 300


class _TooMuch(Exception):
    """It is deeper or has more elements than is read."""


def read_xml(data: bytes) -> dict[str, Any]:
    """{"kind": "xml" or "gpx", "fields": {path: text}, "points": rows, "problems": [codes]} of a document.

    Problems: "malformed", "forbidden" (a document type or entities), "too-much".
    """
    target = _Reading()
    problems: list[str] = []
    parser = DefusedXMLParser(target=target, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        for begin in range(0, len(data), 64 << 10):
            parser.feed(data[begin : begin + (64 << 10)])
        parser.close()
    except DefusedXmlException:
        problems.append("forbidden")
    except _TooMuch:
        problems.append("too-much")
    except (ParseError, ValueError, LookupError):
        problems.append("malformed")
    sound = not problems or problems == ["too-much"]
    return {
        "kind": "gpx" if target.root == "gpx" and sound else "xml",
        "fields": target.fields if sound else {},
        "points": target.points if sound and target.root == "gpx" else [],
        "problems": problems,
    }


class _Reading:
    """Fields by their paths, and points of GPX, while the document is parsed."""

    def __init__(self) -> None:
        self.root = ""
        self.fields: dict[str, str] = {}
        self.points: list[Row] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = self._seen = 0
        self._place: tuple[str, str] | None = None
        self._time = ""
        self._speed = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._seen += 1
        if len(self._path) >= DEEPEST or self._seen > MOST_ELEMENTS:
            raise _TooMuch
        name = tag.rpartition("}")[2][:100]
        self._path.append(name)
        if len(self._path) == 1:
            self.root = name.lower()
        self._text, self._length = [], 0
        if self.root == "gpx" and name == "trkpt":
            self._place, self._time, self._speed = (attributes.get("lat", ""), attributes.get("lon", "")), "", ""
        elif self._place is None:
            for attribute, value in list(attributes.items())[:20]:
                self._keep([*self._path, f"@{attribute.rpartition('}')[2][:100]}"], value)

    def data(self, text: str) -> None:
        if self._length < LONGEST:
            self._text.append(text[:LONGEST])
            self._length += len(text)

    def end(self, tag: str) -> None:
        text = "".join(self._text).strip()
        name = self._path[-1]
        if self._place is not None:
            if name == "time" and self._path[-2:-1] == ["trkpt"]:
                self._time = text
            elif name == "speed":
                self._speed = text
            elif name == "trkpt":
                self._end_point(self._place)
                self._place = None
        elif text:
            self._keep(self._path, text)
        self._path.pop()
        self._text, self._length = [], 0

    def close(self) -> None:
        """The document ended."""

    def _keep(self, path: list[str], text: str) -> None:
        if len(self.fields) < MOST_FIELDS:
            self.fields.setdefault("/".join(path)[:LONGEST], text[:LONGEST])

    def _end_point(self, place: tuple[str, str]) -> None:
        try:
            latitude, longitude = float(place[0]), float(place[1])
            speed = float(self._speed) * 3.6 if self._speed else None  # GPX 1.0: metres a second
        except ValueError:
            return
        point = row(None, latitude, longitude, _time(self._time), speed)
        if point is not None and len(self.points) < MOST_POINTS:
            self.points.append(point)


def _time(text: str) -> datetime | None:
    """A time of GPX, which is UTC or names its zone (xsd:dateTime); None for anything less."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
