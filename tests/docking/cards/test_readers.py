"""Readers: what each says of a listing, and which one is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.docking.cards.conftest import listing

from candor.docking.cards.choosing import NONE, choose, reader_names
from candor.docking.cards.errors import ReaderDoesNotFit, ReaderUnknown
from candor.docking.cards.found import Mark
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.readers import READERS

NOVATEK = "Movie/2026_1120_180405_001A.MP4"
MOTOROLA = "BryanMerritt_202511292257_BWL7137497-0.mp4"
AXON = "AXON_Body_2_Video_2024-11-29_2256_001.mp4"
RECORD = {
    "szFileName": "D:\\dock\\clip1.mp4",
    "szOriginalDeviceID": "BWC00042",
    "szIntegrityCheckID": "77",
    "stuStartTime.dwYear": "2026", "stuStartTime.dwMonth": "11", "stuStartTime.dwDay": "20",
    "stuStartTime.dwHour": "13", "stuStartTime.dwMinute": "4", "stuStartTime.dwSecond": "5",
    "stuStartTimeRealUTC.dwYear": "2026", "stuStartTimeRealUTC.dwMonth": "11", "stuStartTimeRealUTC.dwDay": "20",
    "stuStartTimeRealUTC.dwHour": "18", "stuStartTimeRealUTC.dwMinute": "4", "stuStartTimeRealUTC.dwSecond": "5",
}  # fmt: skip


@pytest.mark.parametrize(
    ("files", "facts", "reader", "others"),
    [
        (["DCIM/100MEDIA/ABCD0001.MP4"], {}, "dcim", []),
        (["DPB70/0001.MP4", "DCIM/1.MP4"], {}, "transcend", ["dcim"]),
        ([NOVATEK], {}, "novatek", []),
        ([NOVATEK, "DCIM/1.MP4", "DCIM/2.MP4"], {}, "novatek", ["dcim"]),
        ([MOTOROLA], {}, "motorola", []),
        ([AXON], {}, "axon", []),
        (["WIDKEY/WOFFICER.TXT", "WIDKEY/WSHIFT.TXT", "A.AVI"], {}, "arbitrator", []),
        (["x/clip1.mp4", "x/dock.json"], {"x/dock.json": {"records": [RECORD]}}, "dock-record", []),
        (["a.mp4", "b.bin"], {}, "none", []),
        (["WOFFICER.TXT", "a.mp4"], {}, "none", []),  # not in its folder
        (["DPB70/1.MP4", "DPB60/1.MP4"], {}, "none", []),  # of two models at once
        ([], {}, "none", []),
    ],
)
def test_the_surest_is_chosen(
    files: list[str], facts: Mapping[str, Mapping[str, Any]], reader: str, others: list[str]
) -> None:
    found = choose(listing(*files), facts)
    assert found.contents.reader == reader
    assert [name for name, _ in found.others] == others
    assert found.contents.look.why


def test_folders_numbered_in_signs_that_are_no_digits() -> None:
    found = choose(listing("DCIM/101MEDIA/ABCD0002.MP4", "DCIM/\u00b9\u00b2\u00b3MEDIA/ABCD0001.MP4"), {}).contents
    assert [clip.number for clip in found.clips] == [101 * 9999 + 2, 1]


def test_chosen_by_hand() -> None:
    card = listing(NOVATEK, "DCIM/1.MP4")
    found = choose(card, {}, named="dcim")
    assert (found.contents.reader, found.contents.look.sureness) == ("dcim", 100)
    assert [name for name, _ in found.others] == ["novatek"]
    assert choose(card, {}, named=NONE).contents.clips[0].start is None
    with pytest.raises(ReaderDoesNotFit):
        choose(card, {}, named="axon")
    with pytest.raises(ReaderUnknown, match="dock-record"):
        choose(card, {}, named="kodak")
    assert NONE in reader_names()


def test_novatek_knows_what_is_locked() -> None:
    card = listing(NOVATEK, "Movie/RO/2026_1120_180905_002A.MP4", "Movie/2026_1120_180405_001B.MP4", "Movie/notes.TXT")
    found = choose(card, {}).contents
    clips = {clip.file.path: clip for clip in found.clips}
    locked = clips["Movie/RO/2026_1120_180905_002A.MP4"]
    assert locked.marks == (Mark.LOCKED,)
    assert locked.series == clips[NOVATEK].series, "locked files go on from the others"
    assert clips["Movie/2026_1120_180405_001B.MP4"].series != locked.series, "another lens is another recording"
    assert [one.file.path for one in found.besides] == ["Movie/notes.TXT"]


def test_axon_extracts_lie_beside() -> None:
    stem = AXON.removesuffix(".mp4")
    card = listing(AXON, f"{stem}.m4a", f"{stem}_Marker_01.png", "Audit_Trail.pdf", "Body cam, edited title.mp4")
    found = choose(card, {}).contents
    assert {clip.file.path for clip in found.clips} == {AXON, "Body cam, edited title.mp4"}
    assert all(clip.series is None for clip in found.clips), "titles can be edited: nothing is joined by them"
    assert {one.file.path: one.of for one in found.besides} == {
        f"{stem}.m4a": (AXON,),
        f"{stem}_Marker_01.png": (AXON,),
        "Audit_Trail.pdf": (),
    }


def test_dock_records_say_when_and_by_which_camera() -> None:
    card = listing("x/clip1.mp4", "x/clip2.mp4", "x/dock.json", "y/clip1.mp4")
    found = choose(card, {"x/dock.json": {"records": [RECORD]}}).contents
    clips = {clip.file.path: clip for clip in found.clips}
    named = clips["x/clip1.mp4"]
    assert named.start is not None
    assert (named.start.zone, named.start.local.hour) == ("UTC", 18), "the UTC one counts"
    assert named.serial == "BWC00042"
    assert named.said == {"dock": {"szOriginalDeviceID": "BWC00042", "szIntegrityCheckID": "77"}}
    assert clips["y/clip1.mp4"].start is None, "a record counts in its own folder"
    assert [one.of for one in found.besides] == [("x/clip1.mp4",)]


def test_two_records_of_one_file_name_nothing() -> None:
    facts = {"x/dock.json": {"records": [RECORD, {**RECORD, "szOriginalDeviceID": "OTHER"}]}}
    assert choose(listing("x/clip1.mp4", "x/dock.json"), facts).contents.reader == "none"


def test_small_files_go_beside_those_of_the_same_name() -> None:
    facts = {"sums.sha256": {"hashes": [{"algorithm": "sha256", "hex": "00", "name": "A.MP4"}]}}
    card = listing("A.MP4", "A.mp4.sha256", "a.GPX", "B.MP4", "sums.sha256", "x/A.xml", ("C.xml", 99 << 20))
    found = choose(card, facts).contents
    assert {one.file.path: one.of for one in found.besides} == {
        "A.mp4.sha256": ("A.MP4",),
        "a.GPX": ("A.MP4",),
        "sums.sha256": ("A.MP4",),
        "x/A.xml": (),
    }
    assert "C.xml" in {clip.file.path for clip in found.clips}, "what is large is no small file, whatever it is called"


PARTS = st.sampled_from(
    ["DCIM", "100MEDIA", "RO", "DPB70", "WIDKEY", "A.MP4", "IMG_0001.MOV", "2026_1120_180405_001A.MP4", "WOFFICER.TXT",
     "BryanMerritt_202511292257_BWL7137497-0.mp4", "x.sha256", "y.gpx", "z.bin", AXON]
)  # fmt: skip
PATHS = st.lists(st.one_of(PARTS, st.text(min_size=1, max_size=12).filter(lambda t: "/" not in t and t not in ".")),
                 min_size=1, max_size=4).map("/".join)  # fmt: skip


@given(st.sets(PATHS, max_size=12))
def test_every_file_is_read_once_by_every_reader(paths: set[str]) -> None:
    card = Listing("card", tuple(CardFile(path, 10) for path in sorted(paths)))
    for reader in READERS:
        if reader.look(card, {}) is None:
            continue
        found = reader.read(card, {})
        seen = [clip.file.path for clip in found.clips] + [one.file.path for one in found.besides]
        assert sorted(seen) == sorted(paths), reader.name
    chosen = choose(card, {}).contents
    assert sorted([clip.file.path for clip in chosen.clips] + [one.file.path for one in chosen.besides]) == sorted(
        paths
    )
