"""A package in a zip: read in place, and every trick that zips allow is refused before anything is read."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.verify.bag import UnsafeBag, check_names, name_fault
from candor.verify.errors import VerifyError
from candor.verify.package import verify_package
from candor.verify.trust import Trust
from candor.verify.zipbag import ZipBag

from .package_builder import BAGIT, Package, build_package


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build_package(tmp_path_factory.mktemp("good") / "package")


@pytest.fixture(scope="module")
def zipped(good: Package) -> bytes:
    return good.zip(good.folder.parent / "good.zip").read_bytes()


def outside(package: Package) -> Trust:
    return Trust.from_policy(package.policy, "the test")


def made(path: Path, members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.compress_type = name, method
            archive.writestr(entry, data)
    return path


def test_stored_zip_verifies(good: Package, zipped: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped)
    assert verify_package(path, outside(good)).verdict == "verified"


def test_zip_packed_again_verifies(good: Package, tmp_path: Path) -> None:
    path = good.zip(tmp_path / "again.zip", zipfile.ZIP_DEFLATED)
    assert verify_package(path, outside(good)).verdict == "verified"


def test_zip64_and_streamed_zips_verify(good: Package, tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        """Cannot seek, so the writer puts sizes after the data."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.data += data  # type: ignore[arg-type]
            return len(data)  # type: ignore[arg-type]

    for wide in (False, True):
        pipe = Pipe()
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[arg-type]
            for name in good.names():
                with archive.open(zipfile.ZipInfo(f"p/{name}"), "w", force_zip64=wide) as member:
                    member.write((good.folder / name).read_bytes())
        path = tmp_path / f"streamed-{wide}.zip"
        path.write_bytes(pipe.data)
        assert verify_package(path, outside(good)).verdict == "verified"


def test_forced_zip64_sizes_are_read(good: Package, tmp_path: Path) -> None:
    path = tmp_path / "wide.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in good.names():
            with archive.open(zipfile.ZipInfo(f"p/{name}"), "w", force_zip64=True) as member:
                member.write((good.folder / name).read_bytes())
    assert verify_package(path, outside(good)).verdict == "verified"


@pytest.mark.parametrize("name", ["bagit.txt", "data/originals/01-01-stop.mp4", "custody/checkpoint"])
def test_changed_byte_in_a_member_is_caught(good: Package, zipped: bytes, tmp_path: Path, name: str) -> None:
    """The check sum of the zip catches damage; what it cannot catch, the digests do (both are tried)."""
    content = (good.folder / name).read_bytes()
    at = zipped.index(content[:64])
    spoiled = bytearray(zipped)
    spoiled[at + len(content) // 2] ^= 1
    path = tmp_path / "a.zip"
    path.write_bytes(spoiled)
    assert verify_package(path, outside(good)).exit_code() in (21, 23, 24)

    members = [(f"p/{n}", (good.folder / n).read_bytes()) for n in good.names()]
    fresh = [(n, d[:-1] + bytes([d[-1] ^ 1]) if n == f"p/{name}" else d) for n, d in members]
    assert verify_package(made(tmp_path / "b.zip", fresh), outside(good)).exit_code() in (21, 23, 24)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999, 0.9999])
def test_truncated_zip_is_unreadable(zipped: bytes, tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(zipped[: int(len(zipped) * share)])
    report = verify_package(path)
    assert (report.verdict, report.exit_code()) == ("unreadable", 3)


TRICKS = [
    "../escape.txt",
    "p/../../escape.txt",
    "/etc/passwd",
    "p/a/../b",
    "p//b",
    "p/./b",
    "p\\..\\b",
    "C:/b",
    "p/b:stream",
    "p/new\nline",
    "p/turned\u202efdp.exe",
    "p/NUL",
    "p/con.txt",
    "p/dot.",
    "p/space ",
    "p/BAGIT.txt",
    "p/data",
    "p/bagit.txt/inside",
    "q/bagit.txt",
    "loose.txt",
    "p/" + "a/" * 20 + "b",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_path_tricks_are_refused(good: Package, tmp_path: Path, trick: str) -> None:
    members = [(f"p/{n}", (good.folder / n).read_bytes()) for n in good.names()]
    path = made(tmp_path / "trick.zip", [*members, (trick, b"x")])
    report = verify_package(path, outside(good))
    assert report.exit_code() == 21, trick
    assert not (tmp_path / "escape.txt").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_name_that_stands_twice_is_refused(good: Package, tmp_path: Path) -> None:
    members = [(f"p/{n}", (good.folder / n).read_bytes()) for n in good.names()]
    path = made(tmp_path / "twice.zip", [*members, ("p/bagit.txt", b"another")])
    assert verify_package(path).exit_code() == 21


def test_link_in_a_zip_is_refused(good: Package, tmp_path: Path) -> None:
    path = good.zip(tmp_path / "link.zip")
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("package/link")
        entry.create_system, entry.external_attr = 3, 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    assert verify_package(path).exit_code() == 21


def directory_at(data: bytes) -> int:
    return int(struct.unpack("<I", data[-6:-2])[0])


def first_in_directory(data: bytes, name: bytes) -> int:
    """Offset of the directory's line for a name."""
    at = directory_at(data)
    while data[at + 46 : at + 46 + len(name)] != name:
        at = data.index(b"PK\x01\x02", at + 4)
    return at


def appended_tail(data: bytes) -> bytes:
    return data + b"tail"


def prefixed(data: bytes) -> bytes:
    return b"#!/bin/sh\n" + data


def commented(data: bytes) -> bytes:
    return data[:-2] + b"\x05\x00hello"


def hidden_gap(data: bytes) -> bytes:
    """Bytes between the last member and the directory."""
    at = directory_at(data)
    return data[:at] + b"hidden" + data[at:-6] + struct.pack("<I", at + 6) + data[-2:]


def other_local_name(data: bytes) -> bytes:
    """The header before the data says another name than the directory."""
    name = b"package/bagit.txt"
    at = data.index(name)
    return data[:at] + b"package/fakit.txt" + data[at + len(name) :]


def other_local_size(data: bytes) -> bytes:
    at = data.index(b"package/bagit.txt") - 30
    return data[: at + 22] + struct.pack("<I", 3) + data[at + 26 :]


def overlapping(data: bytes) -> bytes:
    """Two names for the same bytes."""
    at = first_in_directory(data, b"package/bagit.txt")
    return data[: at + 42] + struct.pack("<I", 0) + data[at + 46 :]


def encrypted(data: bytes) -> bytes:
    at = first_in_directory(data, b"package/bagit.txt")
    return data[: at + 8] + struct.pack("<H", 1) + data[at + 10 :]


def strange_method(data: bytes) -> bytes:
    at = first_in_directory(data, b"package/bagit.txt")
    return data[: at + 10] + struct.pack("<H", 93) + data[at + 12 :]


def wrong_count(data: bytes) -> bytes:
    count = struct.unpack("<H", data[-12:-10])[0]
    return data[:-14] + struct.pack("<HH", count - 1, count - 1) + data[-10:]


@pytest.mark.parametrize(
    "spoil",
    [
        appended_tail,
        prefixed,
        commented,
        hidden_gap,
        other_local_name,
        other_local_size,
        overlapping,
        encrypted,
        strange_method,
        wrong_count,
    ],
)
def test_zip_that_two_programs_read_differently_is_refused(
    zipped: bytes, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "spoiled.zip"
    path.write_bytes(spoil(zipped))
    assert verify_package(path).exit_code() in (3, 21)


def test_bomb_is_refused_by_its_own_declaration(tmp_path: Path) -> None:
    """2 GiB out of 4 kB: refused before a byte is unpacked."""
    path = made(tmp_path / "bomb.zip", [("p/bagit.txt", BAGIT.encode()), ("p/x", bytes(1 << 22))], zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = first_in_directory(bytes(data), b"p/x")
    local = struct.unpack("<I", data[at + 42 : at + 46])[0]
    data[at + 24 : at + 28] = data[local + 22 : local + 26] = struct.pack("<I", 2 << 30)
    path.write_bytes(data)
    assert verify_package(path).exit_code() == 21


def test_member_that_unpacks_to_more_than_it_declares_stops_there(tmp_path: Path) -> None:
    path = made(tmp_path / "more.zip", [("p/bagit.txt", BAGIT.encode()), ("p/x", bytes(1 << 22))], zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = first_in_directory(bytes(data), b"p/x")
    local = struct.unpack("<I", data[at + 42 : at + 46])[0]
    data[at + 24 : at + 28] = data[local + 22 : local + 26] = struct.pack("<I", 1000)
    path.write_bytes(data)
    with ZipBag(path) as bag, pytest.raises(VerifyError, match="more than it says"):
        bag.digests("x")


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_words(data: bytes) -> None:
    with NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        assert verify_package(Path(file.name)).exit_code() in (3, 21)


@given(st.data())
def test_any_flipped_byte_of_the_zip_is_caught_or_harmless(
    good: Package, zipped: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Where a flip goes unnoticed (a time stamp, an attribute), every file still reads as it was."""
    start = directory_at(zipped)
    position = data.draw(st.integers(start, len(zipped) - 1))
    spoiled = bytearray(zipped)
    spoiled[position] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.getbasetemp() / "flipped.zip"
    path.write_bytes(spoiled)
    try:
        with ZipBag(path) as bag:
            read = {name: bag.digests(name).sha256 for name in bag.sizes}
    except VerifyError:
        return
    folder = {n: hashlib.sha256((good.folder / n).read_bytes()).hexdigest() for n in good.names()}
    assert read == folder


@pytest.mark.parametrize("name", ["a.mp4", "data/originals/01-01-Übersicht 2.mp4", "custody/x-y_z/000001.tlog-proof"])
def test_plain_names_are_taken(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "names",
    [["a/b", "A/c"], ["a", "a/b"], ["Straße", "STRASSE"], ["caf\u00e9", "cafe\u0301"], ["x", "x"], ["a/b/c", "a/b"]],
)
def test_names_that_clash_are_refused(names: list[str]) -> None:
    for order in (names, names[::-1]):
        with pytest.raises(UnsafeBag):
            check_names(order)


@given(st.lists(st.text(max_size=12), max_size=4))
def test_names_that_pass_stay_within_the_bag(parts: list[str]) -> None:
    name = "/".join(parts)
    if name_fault(name) is None:
        resolved = (Path("/bag") / name).as_posix()
        assert resolved == f"/bag/{name}"
        assert ".." not in resolved.split("/")
