"""What names, headers and times of camera systems mean."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from candor.docking.axis.errors import AxisMalformed
from candor.docking.axis.rules import (
    ContainerKind,
    ObjectKind,
    container_kind,
    container_name,
    header_of,
    is_encrypted,
    metadata_of,
    moment,
    name_moment,
    object_kind,
    path_of,
    stem_of,
    tags_of,
    zone_of,
)

AT = datetime(2026, 11, 20, 18, 5, 0, tzinfo=UTC)
PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("System", ContainerKind.SYSTEM),
        ("Users", ContainerKind.USERS),
        ("Devices", ContainerKind.DEVICES),
        ("system", ContainerKind.RECORDING),
        ("RejectedContent_20261120T180500Z_1", ContainerKind.REJECTED),
        ("RejectedContent_UnknownTime_1", ContainerKind.REJECTED),
        ("u_s_20261120T180500Z", ContainerKind.RECORDING),
        ("whatever", ContainerKind.RECORDING),
    ],
)
def test_containers(name: str, kind: ContainerKind) -> None:
    assert container_kind(name) is kind


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("u-1_B8_20261120T180500Z", ("u-1", "B8", AT)),
        ("u-1_B8_20261120_180500", ("u-1", "B8", AT)),
        ("u-1_B8_yesterday", ("u-1", "B8", None)),
        ("u-1_B8_20261340T180500Z", ("u-1", "B8", None)),
        ("u-1", (None, None, None)),
        ("_B8_20261120T180500Z", (None, None, None)),
        ("RejectedContent_UnknownTime_1", (None, None, None)),
    ],
)
def test_what_a_containers_name_says(name: str, found: tuple[str | None, str | None, datetime | None]) -> None:
    said = container_name(name)
    assert (said.user, said.serial, said.triggered_at) == found


@pytest.mark.parametrize(
    ("name", "said", "kind"),
    [
        ("20261120T180500Z_a.mkv", {}, ObjectKind.CLIP),
        ("20261120T180500Z_a.MP4", {}, ObjectKind.CLIP),
        ("20261120T180500Z_a", {"containertype": "mkv"}, ObjectKind.CLIP),
        ("20261120T180500Z_a.key", {}, ObjectKind.KEY),
        ("20261120T180500Z_a.bin", {"filetype": "key"}, ObjectKind.KEY),
        ("bookmark_1_2", {}, ObjectKind.BOOKMARK),
        ("20261120_180500_a_B8_gpstrail.json", {"filetype": "json"}, ObjectKind.TRACK),
        ("log.txt", {}, ObjectKind.OTHER),
    ],
)
def test_objects(name: str, said: dict[str, str], kind: ObjectKind) -> None:
    assert object_kind(name, said) is kind


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"starttime": "1795197900"}, AT),
        ({"starttime": "1795197900.000"}, AT),
        ({"starttimeiso": "2026-11-20T18:05:00Z", "starttime": "0"}, AT),
        ({"starttimeiso": "2026-11-20T20:05:00+02:00"}, AT),
        ({"starttimeiso": "2026-11-20T18:05:00"}, AT),
        ({"starttimeiso": "nonsense", "starttime": "1795197900"}, AT),
        ({"starttime": "2026-11-20T18:05:00Z"}, AT),
        ({"starttime": "20261120T180500Z"}, AT),
        ({"starttime": "999999999999"}, None),
        ({"starttime": "253402300799"}, None),
        ({"starttime": "9999-12-31T23:59:59Z"}, None),
        ({"starttimeiso": "0001-01-01T00:00:00Z", "starttime": "1795197900"}, AT),
        ({"starttime": "1e9"}, None),
        ({"starttime": "soon"}, None),
        ({}, None),
    ],
)
def test_times(said: dict[str, str], found: datetime | None) -> None:
    assert moment(said, "starttime") == found


@given(PLAIN, PLAIN)
def test_any_value_without_control_characters_comes_back_as_it_was(key: str, value: str) -> None:
    name, sent = header_of("serial", value, container=True)
    assert metadata_of([(name.lower().encode(), sent.encode())]) == {"serial": value}
    assume("/" not in key)
    assert path_of(quote(key, safe="").encode() + b"/" + quote(value).encode()) == [key, value]


@pytest.mark.parametrize("value", [b"%FF", b"%00", b"a%0Ab", b"%ED%A0%80", b"x" * 1025, quote("é" * 600).encode()])
def test_what_cannot_be_read_is_malformed_and_readable_when_nothing_may_be_refused(value: bytes) -> None:
    with pytest.raises(AxisMalformed):
        metadata_of([(b"x-object-meta-odd", value)])
    found = metadata_of([(b"x-object-meta-odd", value)], lenient=True)["odd"]
    assert found.isprintable()
    assert len(found.encode()) <= 1024


def test_more_headers_than_are_understood_are_malformed() -> None:
    many = [(f"x-object-meta-k{number}".encode(), b"v") for number in range(91)]
    with pytest.raises(AxisMalformed):
        metadata_of(many)
    assert len(metadata_of(many, lenient=True)) == 90
    assert metadata_of([(b"content-length", b"7"), (b"x-auth-token", b"secret")]) == {}


@pytest.mark.parametrize("raw", [b"", b"/object", b"a%2Fb/object", b"%00", b"x" * 257, b"c/" + b"x" * 1025])
def test_paths_that_cannot_be_are_malformed(raw: bytes) -> None:
    with pytest.raises(AxisMalformed):
        path_of(raw)


def test_an_objects_name_may_hold_slashes() -> None:
    assert path_of(b"c/a/b%20c") == ["c", "a/b c"]


@pytest.mark.parametrize(
    ("head", "encrypted"),
    [
        (b"\x1a\x45\xdf\xa3\x01\x00\x00\x00", False),
        (b"\x00\x00\x00\x20ftypisom", False),
        (b"\x00\x00\x00\x08mdat", False),
        (b"\x91\xfa\x00\x01\x77\x66\x55\x44\x33", True),
        (b"", False),
    ],
)
def test_what_looks_encrypted(head: bytes, encrypted: bool) -> None:
    assert is_encrypted(head) is encrypted


def test_small_things() -> None:
    assert stem_of("20261120T180500Z_a.mkv") == stem_of("20261120T180500Z_a.key")
    assert stem_of("a_gpstrail.json") == stem_of("a_gpstrail.key") == stem_of("a_gpstrail.json.key")
    assert name_moment("20261120T180500Z_a.mkv") == AT
    assert tags_of("TriggerOn:Button; SomeTag:SomeValue;;") == ("TriggerOn:Button", "SomeTag:SomeValue")
    assert zone_of({"timezone": "America/New_York"}) == "America/New_York"
    assert zone_of({"timezone": "../../etc/passwd"}) is None
    assert zone_of({"timezone": "Mars/Olympus"}) is None
