"""Small files beside recordings, and places within recordings, as the limited process reads them."""

from __future__ import annotations

import io
import json
import struct
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.footage.clips import mp4

from candor.core.limited import Limits
from candor.footage.media import sidecar as sidecar_module
from candor.footage.media.sidecar import facts_of, read_sidecar
from candor.footage.media.sidecar_dialects import read_small
from candor.footage.media.track import read_track
from candor.footage.media.track_freegps import block_of, read_freegps, units_of
from candor.footage.media.track_nmea import rmc
from candor.footage.media.track_srt import points_of_cues

RMC = "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A"


def read(content: bytes, name: str = "x") -> dict[str, Any]:
    return read_small(io.BytesIO(content), name)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.sha256", b"ab" * 32, "sha256"),
        ("a.txt", b"SHA256 (a.mp4) = " + b"ab" * 32 + b"\n", "sha256"),
        ("sums", b"# made by hand\n" + b"ab" * 32 + b" *a b.mp4\r\n" + b"cd" * 16 + b"  c.mp4\n", "sha256"),
        ("a.xml", b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "xml"),
        ("a.xml", "<?xml version='1.0' encoding='utf-16'?><a>é</a>".encode("utf-16"), "xml"),
        ("a.xml", "<?xml version='1.0' encoding='windows-1252'?><a>é</a>".encode("cp1252"), "xml"),
        ("a.json", b'{"a": [1, true, null, {"b": "c"}]}', "json"),
        ("a.gpx", b"<gpx xmlns='http://www.topografix.com/GPX/1/1'/>", "gpx"),
        ("a.nmea", f"{RMC}\r\n".encode(), "nmea"),
        ("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\nhello\n", "srt"),
        ("WOFFICER.TXT", b"1042 NG\r\n1043 OKAFOR\r\n", "text"),
        ("a.png", b"\x89PNG\r\n\x1a\n....", "picture"),
        ("a.pdf", b"%PDF-1.7 ....", "document"),
        ("a.m4a", b"\x00\x00\x00\x20ftypM4A ....", "sound"),
        ("a.bin", b"\x00\x01\x02", "unknown"),
        ("a.dat", b"no dialect at all", "unknown"),
        ("a.txt", b"\xff\xfe\xff", "unknown"),
        ("a.json", b"{broken", "unknown"),
        ("empty.xml", b"", "unknown"),
    ],
)  # fmt: skip
def test_kinds_by_content(name: str, content: bytes, kind: str) -> None:
    found = read_sidecar(io.BytesIO(content), name)
    assert found["kind"] == kind
    assert found["v"] == "sidecar@1"
    json.dumps(found)


def test_hash_lists() -> None:
    hashes = read(b"ab" * 32 + b" *a b.mp4\n" + b"cd" * 16 + b"  c.mp4\n")["hashes"]
    assert [(one["algorithm"], one["name"]) for one in hashes] == [("sha256", "a b.mp4"), ("md5", "c.mp4")]
    assert read(b"ab" * 32 + b"\nand a word\n")["hashes"] == [], "not every line is a digest: nothing is taken from it"


def test_xml_fields() -> None:
    fields = read(b'<clip id="7"><officer badge="1042">Ng</officer><note/></clip>')["fields"]
    assert fields == {"clip/@id": "7", "clip/officer/@badge": "1042", "clip/officer": "Ng"}


def test_gpx() -> None:
    content = b"""<gpx xmlns="http://www.topografix.com/GPX/1/1"><metadata><name>walk</name></metadata><trk><trkseg>
    <trkpt lat="41.5" lon="-72.25"><time>2026-11-20T13:04:05-05:00</time><speed>2.5</speed></trkpt>
    <trkpt lat="91" lon="0"><time>2026-11-20T18:04:06Z</time></trkpt>
    <trkpt lat="41.6" lon="-72.25"><time>2026-11-20 18:04:07</time></trkpt>
    <trkpt lat="x" lon="0"/></trkseg></trk></gpx>"""
    found = read(content)
    assert found["points"] == [
        [None, 41.5, -72.25, "2026-11-20T18:04:05.000000Z", 9.0],
        [None, 41.6, -72.25, None, None],
    ]


@pytest.mark.parametrize(
    ("sentence", "point"),
    [
        (RMC, [1.0, 48.1173, 11.5166667, "1994-03-23T12:35:19.000000Z", 41.48]),
        (RMC.replace("6A", "6B"), None),  # wrong checksum
        (RMC.removesuffix("*6A"), None),
        ("$GPRMC,123519,V,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*7D", None),  # no fix
        ("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", None),  # no date
        ("$GPRMC,123519,A,4861.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A", None),
    ],
)
def test_nmea(sentence: str, point: list[Any] | None) -> None:
    assert rmc(sentence, 1.0) == point


def test_srt() -> None:
    labelled = "1\n00:00:01,500 --> 00:00:02,500\n[latitude: 22.5] [longtitude: -113.9]\n\n"
    sentences = f"2\n00:01:00,000 --> 00:01:01,000\nGPS {RMC}\n\n"
    strange = "3\n00:01:02,000 --> 00:01:03,000\nGPS(113.9,22.5,17)\n"
    assert points_of_cues(labelled) == ([[1.5, 22.5, -113.9, None, None]], "srt with labelled places")
    points, dialect = points_of_cues(sentences)
    assert dialect == "srt with NMEA sentences"
    assert points[0][0] == 60.0
    assert points[0][3] == "1994-03-23T12:35:19.000000Z"
    assert points_of_cues(strange) == ([], None), "which of the numbers is which is not known"


BOMB = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 1000 + b'"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (BOMB, "forbidden"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "forbidden"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "forbidden"),
        (b"<a>" * 100_000, "too-much"),
        (b"<a>" + b"<b/>" * 600_000 + b"</a>", "too-much"),
        (b"<a", "malformed"),
        (b"<a>\xff\xff</a>", "malformed"),
        (b"<?xml version='1.0' encoding='no-such'?><a/>", "malformed"),
        (b"[" * 200_000, "malformed"),
        (b"{" + b'"a":' + b"9" * 100_000 + b"}", "malformed"),
    ],
)
def test_hostile_content(content: bytes, problem: str) -> None:
    began = time.monotonic()
    found = read_sidecar(io.BytesIO(content), "hostile.xml")
    assert found["problems"] == [problem]
    assert found["points"] == []
    assert time.monotonic() - began < 10


CUE = b"1\n00:00:01,000 --> 00:00:02,000\n"


@pytest.mark.parametrize(
    "content",
    [
        CUE + (b"$" * 999 + b"\n") * 39,
        CUE + (b"$GPRMC," * 142 + b"\n") * 39,
        CUE + (b"$GPRMC,*00" * 99 + b"\n") * 39,
        b"[],",
        bytes(range(128, 256)),
    ],
    ids=["dollars", "beginnings", "wrong sums", "lists", "no text"],
)
def test_large_files_made_to_take_long(content: bytes) -> None:
    """As much as is read at all of it; the limit stops it at 9 s, and that would be a finding."""
    begin = b"[[]," if content == b"[]," else b""
    found = read_sidecar(io.BytesIO(begin + content * ((15 << 20) // len(content)) + b"[]]"), "x.srt")
    assert "stopped" not in found


def test_what_is_too_large_is_not_read() -> None:
    found = read_sidecar(io.BytesIO(bytes((16 << 20) + 1)), "large.xml")
    assert (found["kind"], found["problems"]) == ("unknown", ["too-large"])


def test_an_examination_that_breaks_off_is_a_finding() -> None:
    found = read_sidecar(io.BytesIO(b"<a>" + b"<b/>" * 300_000 + b"</a>"), "x.xml", limits=Limits(result_bytes=20))
    assert found["problems"] == ["stopped"]
    assert found["stopped"]
    assert facts_of(found)["problems"] == ["stopped"]


def test_many_points_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    line = RMC.encode() + b"\r\n"
    found = read_sidecar(io.BytesIO(line * 120_000), "long.nmea")
    assert len(found["points"]) == 100_000
    assert sidecar_module.facts_of(found)["points"] == 100_000
    assert "fields" not in facts_of(found)


@given(st.binary(max_size=300), st.sampled_from(["x.xml", "x.txt", "x.srt", "x.sha256"]))
def test_any_bytes_are_read_or_left_alone(content: bytes, name: str) -> None:
    json.dumps(read(content, name))


@given(
    st.text(max_size=200),
    st.sampled_from(["<a>{}</a>", '{{"a": "{}"}}', "$GPRMC,{}*00", "00:00:01,000 --> 00:00:02,000\n{}"]),
)
def test_any_text_within_a_dialect(text: str, form: str) -> None:
    json.dumps(read(form.format(text).encode("utf-8", "surrogatepass"), "x"))


# freeGPS. The block of the maker's own file, as ExifTool's author shows it: Durban, 2025-05-16 09:38:21.
DURBAN = bytes.fromhex(
    "00004000 66726565 47505320 4c000000" + "00" * 32 +
    "09000000 26000000 15000000 e9070000 05000000 10000000 41534500 6c59ee41 9f1af741 3c6b0f41 9a999943 00000000"
)  # fmt: skip


def block(
    at: datetime | None,
    latitude: float,
    longitude: float,
    speed: float = 10.0,
    *,
    size: int = 0x4000,
    sides: bytes = b"NW",
    letter: bytes = b"A",
    year: int | None = None,
) -> bytes:
    when = (at.hour, at.minute, at.second, year or at.year, at.month, at.day) if at else (0,) * 6
    head = struct.pack(">I8sI", size, b"freeGPS ", 0x4C000000) + bytes(32)
    body = struct.pack("<6I", *when) + letter + sides + b"\0" + struct.pack("<4f", latitude, longitude, speed, 90.0)
    return (head + body).ljust(size, b"\0")


def at(second: int) -> datetime:
    return datetime(2026, 11, 20, 18, 4, second)


def test_the_makers_own_block() -> None:
    found = block_of(DURBAN, 0x4000)
    assert found is not None
    assert (found.sides, found.fix) == ("SE", True)
    assert found.latitude == pytest.approx(29.79, abs=0.01)
    assert found.longitude == pytest.approx(30.89, abs=0.01)
    assert found.speed == pytest.approx(8.96, abs=0.01)
    assert units_of([found]) == "degrees"
    film = mp4(1.0, sound=False) + DURBAN.ljust(0x4000, b"\0")
    read_back = read_track(io.BytesIO(film), 1.0)
    assert read_back["dialect"] == "Transcend freeGPS"
    assert read_back["points"] == [[0.0, pytest.approx(-29.7937, abs=1e-4), pytest.approx(30.888, abs=1e-3),
                                    "2025-05-16T09:38:21.000000Z", 8.96]]  # fmt: skip


def test_novatek_minutes_and_knots() -> None:
    film = mp4(3.0, sound=False) + b"".join(block(at(n), 4130.6, 7215.0, 10.0, size=0x8000, year=26) for n in range(3))
    found = read_freegps(io.BytesIO(film), 3.0)
    assert (found["dialect"], found["timed"], found["utc"]) == ("Novatek freeGPS", "block", True)
    assert [row[0] for row in found["points"]] == [0.0, 1.0, 2.0]
    assert found["points"][0][1:3] == [pytest.approx(41.51, abs=1e-4), pytest.approx(-72.25, abs=1e-4)]
    assert found["points"][0][4] == pytest.approx(18.52)


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        # both readings are possible, and nothing tells which
        ([block(at(0), 29.79, 30.88, size=0x8000)], "units-unsure"),
        # of two makes in one file
        ([block(at(0), 29.79, 30.88), block(at(1), 4130.0, 7215.0)], "units-unsure"),
        # encrypted: its latitude is all zeros
        ([block(at(0), 0.0, 7215.0)], "unknown-dialect"),
        ([block(at(0), 4130.0, float("nan"))], "unknown-dialect"),
        ([block(at(0), 4130.0, 7215.0, sides=b"XW")], "unknown-dialect"),
        ([block(None, 4130.0, 7215.0)], "unknown-dialect"),
        ([block(at(0), 4130.0, 7215.0)[:20] + b"\1" + block(at(0), 4130.0, 7215.0)[21:]], "unknown-dialect"),
        ([block(at(0), 4160.0, 7215.0)], "units-unsure"),
    ],
)  # fmt: skip
def test_other_blocks_give_nothing(blocks: list[bytes], problem: str) -> None:
    found = read_freegps(io.BytesIO(mp4(1.0, sound=False) + b"".join(blocks)), 2.0)
    assert found["points"] == []
    assert found["problems"] == [problem]


def test_blocks_without_a_fix_count_as_seconds() -> None:
    blocks = [block(None, 0, 0, letter=b"V"), block(at(1), 4130.0, 7215.0), block(at(2), 4130.0, 7215.0)]
    found = read_freegps(io.BytesIO(mp4(1.0, sound=False) + b"".join(blocks)), 3.0)
    assert [row[0] for row in found["points"]] == [1.0, 2.0]
    assert read_freegps(io.BytesIO(mp4(1.0, sound=False) + blocks[0]), 1.0)["points"] == []


def test_blocks_that_are_no_seconds_are_placed_by_their_own_times() -> None:
    blocks = [block(at(0), 4130.0, 7215.0), block(at(10), 4130.0, 7215.0)]
    found = read_freegps(io.BytesIO(mp4(1.0, sound=False) + b"".join(blocks)), 60.0)
    assert (found["timed"], [row[0] for row in found["points"]]) == ("clock", [0.0, 10.0])


def with_table(film: bytes, blocks: list[bytes], entries: Callable[[int], list[tuple[int, int]]]) -> bytes:
    """A film whose index has a table of blocks that lie in a second box of media, as Novatek's cameras write it."""
    count = len(entries(0))
    index = film.index(b"moov") - 4
    (size,) = struct.unpack(">I", film[index : index + 4])
    place = len(film) + 16 + 8 * count + 8
    table = struct.pack(">I4sII", 16 + 8 * count, b"gps ", 0x101, count)
    table += b"".join(struct.pack(">II", *pair) for pair in entries(place))
    moov = struct.pack(">I", size + len(table)) + film[index + 4 : index + size] + table
    media = b"".join(blocks)
    return film[:index] + moov + film[index + size :] + struct.pack(">I4s", 8 + len(media), b"mdat") + media


def test_blocks_by_the_index() -> None:
    blocks = [block(at(n), 4130.0, 7215.0) for n in range(2)]
    film = with_table(mp4(2.0, sound=False), blocks, lambda place: [(place, 0x4000), (place + 0x4000, 0x4000)])
    found = read_track(io.BytesIO(film), 2.0)
    assert len(found["points"]) == 2
    assert found["dialect"] == "Novatek freeGPS"
    astray = with_table(mp4(2.0, sound=False), blocks, lambda place: [(place + 64, 0x4000)])
    assert read_track(io.BytesIO(astray), 2.0)["problems"] == ["unknown-dialect"]
    outside = with_table(mp4(2.0, sound=False), blocks, lambda place: [(1 << 31, 0x4000)])
    assert read_track(io.BytesIO(outside), 2.0)["points"] == []


@given(st.binary(max_size=200))
def test_any_bytes_after_a_header(content: bytes) -> None:
    film = (
        struct.pack(">I4s", 16, b"ftyp")
        + b"isom"
        + bytes(4)
        + struct.pack(">I", 12 + len(content))
        + b"freeGPS "
        + content
    )
    json.dumps(read_freegps(io.BytesIO(film), 1.0), allow_nan=False)
