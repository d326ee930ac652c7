"""Mapping files: the example of the reference, what each key does, and what is said of a wrong one."""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.docking.cards.conftest import Desk, listing
from tests.footage.clips import mp4

from candor.docking.cards import mapping
from candor.docking.cards.choosing import choose
from candor.docking.cards.errors import MappingTooSlow, MappingWrong, ReaderDoesNotFit, ZoneUnknown
from candor.docking.cards.found import Mark
from candor.docking.cards.mapping_file import load_mapping, read_mapping, zone_named

REFERENCE = Path(__file__).parents[3] / "docs/reference/card-mapping.md"
PATH = r"(?P<serial>\w+)_(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})"
SHORT = f"version = 1\nname = 'x'\n[[recording]]\npath = '{PATH}'\n"


def example() -> str:
    found = re.search(r"```toml\n(.*?)```", REFERENCE.read_text("utf-8"), re.S)
    assert found is not None
    return found[1]


def test_the_example_of_the_reference() -> None:
    mapped = read_mapping(example(), "example")
    stem = "N1042/20261120/1042_KOWALSKI_20261120_18{}_00{}"
    first, second = stem.format("0405", 3) + ".MP4", stem.format("0905", 4) + "_E.MP4"
    found = choose(listing(first, second, first.replace("MP4", "XML"), "readme.bin"), {}, mapped=mapped).contents
    clips = {clip.file.path: clip for clip in found.clips}
    assert found.reader == "north-depot"
    assert (found.make, found.model, found.kind) == ("Example", "N-series", "body")
    clip = clips[first]
    assert clip.start is not None
    assert (clip.start.local, clip.start.zone) == (datetime(2026, 11, 20, 18, 4, 5), "America/New_York")
    assert (clip.serial, clip.wearer, clip.number) == ("1042", "KOWALSKI", 3)
    assert clips[second].marks == (Mark.EVENT,)
    assert clips[second].series == clip.series
    assert clips["readme.bin"].series is None
    assert [(one.kind, one.of) for one in found.besides] == [("xml", (first,))]


def test_what_the_reference_lists_is_what_may_stand_there() -> None:
    text = REFERENCE.read_text("utf-8")
    from candor.docking.cards import mapping_file
    from candor.footage.sidecars import KINDS

    for key in mapping_file._TOP | mapping_file._RECORDING | mapping_file._SIDECAR | mapping_file._SPLIT:
        assert f"`{key}`" in text or f"`[{key}]`" in text or f"`[[{key}]]`" in text, key
    for kind in KINDS:
        assert kind.startswith("axis-") or f"`{kind}`" in text, kind


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "version: must be 1"),
        ("version = 1", "recording: is missing"),
        ("no toml at all", "it is no TOML"),
        ("version = 2", "version: must be 1"),
        (SHORT + "more = 1", "recording 1: has 'more'"),
        ("wrong = 1\n" + SHORT, "the file: has 'wrong', which means nothing here"),
        (SHORT.replace("'x'", "'North Depot'"), "name: must be 1 to 40 small letters"),
        (SHORT.replace("name = 'x'", ""), "name: must be"),
        ("zone = 'Mars/Olympus'\n" + SHORT, "zone: names no time zone: 'Mars/Olympus'"),
        ("zone = '../../etc/passwd'\n" + SHORT, "zone: names no time zone"),
        ("kind = 'toaster'\n" + SHORT, "kind: must be one of body"),
        ("version = 1\nname = 'x'\n[[recording]]\npath = '('", "recording 1: path: is no regular expression"),
        ("version = 1\nname = 'x'\n[[recording]]\nlocked = 'x'", "recording 1: path: is missing"),
        (
            "version = 1\nname = 'x'\n[[recording]]\npath = '(?P<year>\\d{4})'",
            "it needs year, month, day, hour and minute",
        ),
        (
            "version = 1\nname = 'x'\n[[recording]]\npath = '(?P<number>.*)'",
            "the group number may match digits only",
        ),
        ("version = 1\nname = 'x'\nrecording = 3", r"recording: must be written as \[\[recording\]\]"),
        (SHORT + "century = 2001", "century: must be 1900, 2000 or 2100"),
        (SHORT + "[split]\nby = ['nobody']", "no recording's path has a group called 'nobody'"),
        (SHORT + "[split]\nby = 'serial'", "split: by: must be a list"),
        (SHORT + "[split]\nwhole = true", "needs a group segment"),
        (SHORT + "[split]\nwhole = 1", "split: whole: must be true or false"),
        (SHORT + "[[sidecar]]\npath = 'x'\nkind = 'poem'", "sidecar 1: kind: must be one of sha256"),
        (SHORT + "[[sidecar]]\npath = 'x'\nof = '{nothing}'", "sidecar 1: of: may name, in braces, folder, stem"),
        (SHORT + "[[sidecar]]\npath = 'x'\nof = '{stem.__class__}'", "sidecar 1: of: may name"),
        (SHORT + "[[sidecar]]\npath = 'x'\nof = '{stem'", "sidecar 1: of: may name"),
        (SHORT + "[[sidecar]]\npath = 'x'\nof = 'a/{stem.mp4'", "sidecar 1: of: may name"),
        (SHORT + "[[sidecar]]\npath = 'x'\nof = 'a{{{stem}}}b'", "sidecar 1: of: may name"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, words: str) -> None:
    with pytest.raises(MappingWrong, match=words) as caught:
        read_mapping(text, "depot.toml")
    assert "depot.toml" in str(caught.value)
    assert "Nothing was taken in" in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MappingWrong, match="No such file"):
        load_mapping(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MappingWrong):
        load_mapping(tmp_path / "binary.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (300 << 10))
    with pytest.raises(MappingWrong, match="larger"):
        load_mapping(tmp_path / "large.toml")


def test_zones() -> None:
    assert zone_named("Europe/Berlin") == "Europe/Berlin"
    with pytest.raises(ZoneUnknown, match="Atlantis"):
        zone_named("Atlantis")


def test_folders_are_cameras_unless_said_otherwise() -> None:
    files = listing("a/C1_202611201804.mp4", "b/C1_202611201809.mp4")
    apart = choose(files, {}, mapped=read_mapping(SHORT + "[split]\n", "x")).contents.clips
    together = choose(files, {}, mapped=read_mapping(SHORT + "[split]\nacross_folders = true", "x")).contents.clips
    assert len({clip.series for clip in apart}) == 2
    assert len({clip.series for clip in together}) == 1
    others = listing("a/C1_202611201804.mp4", "a/C2_202611201809.mp4")
    mapped = read_mapping(SHORT + "[split]\nacross_folders = true", "x")
    assert len({clip.series for clip in choose(others, {}, mapped=mapped).contents.clips}) == 2, "of two cameras"


def test_groups_may_have_the_names_that_are_known_anyway() -> None:
    of = "[[sidecar]]\npath = '^(?P<folder>[^/]+)/meta/(?P<stem>.+)\\.xml$'\nof = '{folder}/{stem}.mp4'"
    files = listing("A/C1_202611201804.mp4", "A/meta/c1_202611201804.xml")
    (beside,) = choose(files, {}, mapped=read_mapping(SHORT + of, "x")).contents.besides
    assert beside.of == ("A/C1_202611201804.mp4",)


def test_a_pattern_that_goes_back_and_forth_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is made for it: without an end to it this takes longer than the universe is old."""
    monkeypatch.setattr(mapping, "LONGEST_SEARCH", 0.2)
    slow = read_mapping("version = 1\nname = 'slow'\n[[recording]]\npath = '^(a+)+$'", "x")
    with pytest.raises(MappingTooSlow, match="“slow” took longer than"):
        choose(listing("a" * 60 + "!.mp4"), {}, mapped=slow)
    assert signal.getsignal(signal.SIGVTALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_nothing_fits() -> None:
    with pytest.raises(ReaderDoesNotFit, match="finds nothing of its own"):
        choose(listing("a.mp4"), {}, mapped=read_mapping(SHORT, "x"))


@given(st.text(max_size=400))
def test_any_text_is_a_mapping_or_refused(text: str) -> None:
    with contextlib.suppress(MappingWrong):
        read_mapping(text, "x")


@given(st.lists(st.text(min_size=1, max_size=40).filter(lambda t: "/" not in t), max_size=6, unique=True))
def test_any_name_is_read_once(names: list[str]) -> None:
    mapped = read_mapping(SHORT, "x")
    files = listing(*names, "C1_202611201804.mp4")
    found = choose(files, {}, mapped=mapped).contents
    seen = [clip.file.path for clip in found.clips] + [one.file.path for one in found.besides]
    assert sorted(seen) == sorted(file.path for file in files.files)


def test_a_card_by_its_mapping(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    stem = "N1042/20261120/1042_OKAFOR_20261120_18000{}_00{}"
    for number in range(2):
        desk.put(stem.format(3 * number, number) + ".MP4", mp4(3.0, made=None, seed=number, sound=False))
    desk.put(stem.format(0, 0) + ".XML", b"<clip/>")
    told = desk.read(mapped=read_mapping(example(), "example"))
    assert told.reader == "north-depot"
    assert len(set(told.clips.values())) == 1
    assert told.besides[stem.format(0, 0) + ".XML"].of == (stem.format(0, 0) + ".MP4",)
