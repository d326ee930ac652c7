"""What is mutated: small real files of each kind that comes from outside.

They are made anew for each run, and are the same each time but for what is left to chance in them: the keys of signed
ones, identifiers of Matroska. So a mutant that does harm is kept as a file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.footage.media.c2pa_signer import with_manifest
from tests.footage.media.onvif_signer import Camera, identity, signed
from tests.footage.media.recordings import film, without_index

from candor.footage.media.repairs import profile_of


@dataclass(frozen=True)
class Seed:
    """One file before it is mutated. `kind`: film, small, names or request; `name` as it would be called."""

    name: str
    kind: str
    data: bytes


_SMALL: dict[str, bytes] = {
    "clip.mp4.sha256": b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 *clip.mp4\r\n",
    "clip.md5": b"# made by a dock\nMD5 (clip.mp4) = 900150983cd24fb0d6963f7d28e17f72\n",
    "export.xml": (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<export xmlns:a="urn:example"><evidence id="7"><a:officer badge="41">'
        b'Vega</a:officer><start>2026-11-20T18:04:05Z</start><file name="clip.mp4" sha256="9f86"/></evidence>'
        b"</export>"
    ),
    "utf16.xml": "<?xml version='1.0' encoding='utf-16'?><a><b c='d'>Ä</b></a>".encode("utf-16"),
    "dock.json": json.dumps(
        {
            "szFileName": "clip.mp4", "szUniqueID": "7", "stuStartTime": {"dwYear": 2026, "dwMonth": 11, "dwDay": 20},
            "szIntegrityCheckID": "900150983cd24fb0d6963f7d28e17f72", "nested": [[1, 2, {"a": None}], 1e300, -0.0],
        }
    ).encode(),
    "track.gpx": (
        b'<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
        b'<trkpt lat="47.1" lon="8.5"><ele>400</ele><time>2026-11-20T18:04:05Z</time><speed>3.2</speed></trkpt>'
        b'<trkpt lat="47.2" lon="8.6"><time>2026-11-20T18:04:06Z</time></trkpt></trkseg></trk></gpx>'
    ),
    "track.nmea": (
        b"$GPRMC,180405.00,A,4717.11437,N,00833.91522,E,0.004,77.52,201126,,,A*5E\r\n"
        b"$GPGGA,180405.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*5B\r\n"
    ),
    "clip.srt": (
        b"1\r\n00:00:00,000 --> 00:00:01,000\r\n"
        b"$GPRMC,180405,A,4717.11437,N,00833.91522,E,0.0,77.5,201126,,,A*5E\r\n\r\n"
        b"2\n00:00:01,000 --> 00:00:02,000\n2026-11-20 18:04:06 GPS (47.1000, 8.5000)\n"
    ),
    "clip.key": json.dumps({"EncryptedKey": "QUJDRA==", "ContentEncryptionIV": "MDEyMzQ1Njc4OWFiY2RlZg=="}).encode(),
    "20261120_180405_AB_bwc_gpstrail.json": json.dumps(
        {
            "CoordinateEntries": [
                {"LocationWKT": "POINT(8.5 47.1)", "SecondsFromStart": 64.0, "Timestamp": "2026-11-20T18:05:09Z"},
                {"LocationWKT": "POINT Z (8.6 47.2 400)", "SecondsFromStart": 65, "Timestamp": "2026-11-20T18:05:10Z"},
            ]
        }
    ).encode(),
    "connection.json": json.dumps(
        {"ConnectionFileVersion": "1.0", "SiteName": "North", "WantEncryption": False, "ContainerType": "mkv"}
    ).encode(),
}  # fmt: skip

#: Names of files on a card, one to a line; each is in the listing with a size of its own.
_NAMES = b"""DCIM/100MEDIA/2026_1120_180405_001A.MP4
DCIM/100MEDIA/2026_1120_180405_001B.MP4
Movie/RO/2026_1120_180905_F.MP4
Movie/2026_1120_180905_F.GPX
DPB70/DCIM/20261120_180405_001.MP4
BryanMerritt_202511292257_BWL7137497-0.mp4
BryanMerritt_202511292257_BWL7137497-1.mp4
AXON_Body_2_Video_2024-11-29_2256_001.mp4
WIDKEY/WOFFICER.TXT
DCIM/100MEDIA/clip.mp4.sha256
"""

#: A request of a camera system: path, then headers.
_REQUEST = b"""v1/x/5f3b_BWC123_20261120T180405Z/20261120T180405Z_ab12.mkv
X-Container-Meta-Containername: 5f3b_BWC123_20261120T180405Z
X-Object-Meta-Starttime: 1795197845.25
X-Container-Meta-Starttimeiso: 2026-11-20T18%3A04%3A05.250Z
X-Container-Meta-Triggeronlocation: 47.1%2C8.5%2C5.0%2C1795197845
X-Container-Meta-Timezone: Europe%2FZurich
X-Object-Meta-Tags: a%3Ab%3Bc%3Ad
X-Container-Meta-Status: Complete
X-Object-Meta-Categoryname: %C3%84rger
"""

_MAPPING = rb"""version = 1
name = "old-dock"
make = "Example"
zone = "Europe/Zurich"

[[recording]]
path = '(?P<serial>[A-Z0-9]+)_(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)\.mp4'

[[sidecar]]
path = '.*\.xml'
"""


def _film(**made: Any) -> Callable[[], bytes]:
    return lambda: film(**{"seconds": 1.0, "size": (96, 64), "group": 5, **made})


_FILMS: dict[str, Callable[[], bytes]] = {
    "plain.mp4": _film(),
    "silent.mp4": _film(sound=None),
    "h265.mp4": _film(codec="libx265"),
    "first.mp4": _film(options={"movflags": "+faststart"}),
    "fragments.mp4": _film(options={"movflags": "frag_keyframe+empty_moov"}),
    "pcm.mov": _film(container="mov", sound="pcm_s16le", sound_rate=8000),
    "jpeg.mov": _film(container="mov", codec="mjpeg", pixel_format="yuvj420p", sound=None),
    "plain.mkv": _film(container="matroska"),
    "plain.ts": _film(container="mpegts"),
    "plain.avi": _film(container="avi", sound="mp3"),
    "plain.wav": _film(codec=None, container="wav", sound="pcm_s16le", sound_rate=8000),
    "plain.mp3": _film(codec=None, container="mp3", sound="mp3"),
    "turned.mp4": _film(rotation=90, sound=None, metadata={"creation_time": "2026-11-20T18:04:05Z", "make": "Example"}),
    "bare.mp4": lambda: without_index(_film()()),
    "bare265.mp4": lambda: without_index(_film(codec="libx265")()),
    "signed.mp4": lambda: signed(_film(sound=None)(), Camera(identity())),
    "manifest.mp4": lambda: with_manifest(_film()())[0],
    "places.mp4": lambda: _film(sound=None)() + _free_gps(),
}


def _free_gps() -> bytes:
    """A box of a camera's places, as Transcend's write it."""
    block = b"freeGPS " + b"\x4c\x00\x00\x00" + bytes(32)
    for number in (9, 38, 21, 2025, 5, 16):
        block += number.to_bytes(4, "little")
    block += b"ASE\x00" + bytes.fromhex("7b14ee4149120f427d3f0f419a999943")
    return (0x400).to_bytes(4, "big") + b"free" + block.ljust(0x400 - 8, b"\x00")


@cache
def corpus() -> tuple[Seed, ...]:
    """Every file there is, films first."""
    films = [Seed(name, "film", make()) for name, make in _FILMS.items()]
    small = [Seed(name, "small", data) for name, data in _SMALL.items()]
    others = [Seed("card", "names", _NAMES), Seed("request", "request", _REQUEST), Seed("mapping", "mapping", _MAPPING)]
    return (*films, *small, *others)


@cache
def references() -> dict[str, dict[str, Any]]:
    """How whole films of the same camera are written, by codec."""
    return {
        "h264": profile_of(io.BytesIO(_FILMS["plain.mp4"]())),
        "hevc": profile_of(io.BytesIO(_FILMS["h265.mp4"]())),
    }
