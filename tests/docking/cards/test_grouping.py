"""Which files make up one recording: the table of cases, and what always holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.docking.cards.found import Clip, NamedTime
from candor.docking.cards.grouping import Grouping, Measured, RemarkKind, chains, group, start_of
from candor.docking.cards.listing import CardFile

T0 = datetime(2026, 11, 20, 18, 0)
FILM = (("video", "h264", 1920, 1080, None), ("audio", "aac", None, None, 48000))


def one(
    path: str,
    begins: float | None,
    lasts: float | None,
    number: int | None = None,
    *,
    series: str | None = "s",
    serial: str | None = None,
    shape: tuple[object, ...] = FILM,
    wraps: int | None = None,
    claimed: float | None = None,
) -> Measured:
    start = None if begins is None else NamedTime(T0 + timedelta(seconds=begins))
    at = None if claimed is None else (T0 + timedelta(seconds=claimed)).replace(tzinfo=UTC)
    return Measured(Clip(CardFile(path, 1), series, start, number=number, serial=serial, wraps=wraps), lasts, at, shape)


def joined(found: Grouping) -> list[str]:
    return ["".join(member.path for member in one.members) for one in found.groups]


def said(found: Grouping) -> list[RemarkKind]:
    return [remark.kind for remark in found.remarks]


@pytest.mark.parametrize(
    ("files", "groups", "remarks"),
    [
        # split every five minutes, the last shorter
        ([one("a", 0, 300, 1), one("b", 300, 300, 2), one("c", 600, 42, 3)], ["abc"], []),
        # names know whole seconds
        ([one("a", 0, 299.4, 1), one("b", 300, 12, 2)], ["ab"], []),
        ([one("a", 0, 301.9, 1), one("b", 300, 12, 2)], ["ab"], []),
        # switched off for a while
        ([one("a", 0, 42, 1), one("b", 300, 12, 2)], ["a", "b"], []),
        ([one("a", 0, 42, 1), one("b", 3000, 12, 2)], ["a", "b"], []),
        # a short gap may be a part that is missing
        ([one("a", 0, 290, 1), one("b", 300, 12, 2)], ["a", "b"], [RemarkKind.GAP]),
        # two at once
        ([one("a", 0, 300, 1), one("b", 200, 300, 2)], ["a", "b"], [RemarkKind.OVERLAP]),
        # a number is missing
        ([one("a", 0, 300, 1), one("b", 300, 300, 3)], ["a", "b"], [RemarkKind.NUMBER_MISSING]),
        ([one("a", 0, 300, 1), one("b", 3000, 300, 7)], ["a", "b"], [RemarkKind.NUMBER_MISSING]),
        # counting begins anew after 999, with 0 or with 1
        ([one("a", 0, 300, 999, wraps=1000), one("b", 300, 300, 1, wraps=1000)], ["ab"], []),
        ([one("a", 0, 300, 999, wraps=1000), one("b", 300, 300, 0, wraps=1000)], ["ab"], []),
        (
            [one("a", 0, 300, 998, wraps=1000), one("b", 300, 300, 2, wraps=1000)],
            ["a", "b"],
            [RemarkKind.NUMBER_MISSING],
        ),
        ([one("a", 0, 300, 500, wraps=1000), one("b", 300, 300, 3, wraps=1000)], ["a", "b"], [RemarkKind.UNSURE]),
        # a file of unknown length: the battery ran out
        ([one("a", 0, None, 1), one("b", 300, 300, 2)], ["a", "b"], [RemarkKind.UNSURE]),
        # made up differently
        ([one("a", 0, 300, 1), one("b", 300, 300, 2, shape=())], ["a", "b"], [RemarkKind.UNSURE]),
        # not of one series, not of one camera
        ([one("a", 0, 300, 1), one("b", 300, 300, 2, series="t")], ["a", "b"], []),
        ([one("a", 0, 300, 1, serial="X"), one("b", 300, 300, 2, serial="Y")], ["a", "b"], []),
        # no names: by what the files claim, and only behind one that the camera cut
        ([one("a", None, 300, 1, claimed=0), one("b", None, 12, 2, claimed=300)], ["ab"], []),
        ([one("a", None, 47, 1, claimed=0), one("b", None, 12, 2, claimed=47)], ["a", "b"], [RemarkKind.UNSURE]),
        ([one("a", None, 47, 1, claimed=0), one("b", None, 47, 2, claimed=47)], ["ab"], []),
        # nothing says when they began
        ([one("a", None, 300, 1), one("b", None, 300, 2)], ["a", "b"], []),
    ],
)  # fmt: skip
def test_table(files: list[Measured], groups: list[str], remarks: list[RemarkKind]) -> None:
    found = group(files)
    assert joined(found) == groups
    assert said(found) == remarks


def test_numbers_of_another_lens_are_not_missing() -> None:
    files = [one("a", 0, 300, 1), one("b", 300, 300, 3)]
    rear = Clip(CardFile("r", 1), "rear", NamedTime(T0), number=2)
    assert joined(group(files, [rear])) == ["ab"]


def segment(path: str, number: int, lasts: float | None, claimed: float | None = None, whole: str = "w") -> Measured:
    clip = Clip(CardFile(path, 1), whole, NamedTime(T0, resolution=60), whole=whole, segment=number)
    return Measured(
        clip, lasts, None if claimed is None else (T0 + timedelta(seconds=claimed)).replace(tzinfo=UTC), FILM
    )


@pytest.mark.parametrize(
    ("files", "groups", "remarks"),
    [
        # the first lasts longer than the minute: nothing else of this camera can have begun in it
        ([segment("a", 0, 1800), segment("b", 1, 600)], ["ab"], []),
        ([segment("a", 0, 1800), segment("b", 1, 1700), segment("c", 2, 5)], ["abc"], []),
        # two short ones may be two recordings of one minute
        ([segment("a", 0, 20), segment("b", 1, 10)], ["a", "b"], [RemarkKind.UNSURE]),
        # unless their own times agree
        ([segment("a", 0, 20, 3), segment("b", 1, 10, 23)], ["ab"], []),
        ([segment("a", 0, 20, 3), segment("b", 1, 10, 33)], ["a", "b"], [RemarkKind.GAP]),
        ([segment("a", 0, 1800, 3), segment("b", 1, 600, 3)], ["a", "b"], [RemarkKind.OVERLAP]),
        # equally long: two lenses of a car
        ([segment("a", 0, 1800), segment("b", 1, 1800.4)], ["a", "b"], [RemarkKind.UNSURE]),
        ([segment("a", 0, 1800), segment("b", 2, 600)], ["a", "b"], [RemarkKind.NUMBER_MISSING]),
        ([segment("a", 0, 1800), segment("b", 0, 600)], ["a", "b"], [RemarkKind.COLLISION]),
        ([segment("a", 0, None), segment("b", 1, 600)], ["a", "b"], [RemarkKind.UNSURE]),
        ([segment("a", 0, 1800), segment("b", 1, 600, whole="v")], ["a", "b"], []),
    ],
)
def test_segments_of_a_minute(files: list[Measured], groups: list[str], remarks: list[RemarkKind]) -> None:
    found = group(files)
    assert joined(found) == groups
    assert said(found) == remarks


def test_start_by_name_only_where_it_is_exact() -> None:
    exact = one("a", 5, 10, claimed=7)
    assert start_of(exact, "UTC") == (T0 + timedelta(seconds=5)).replace(tzinfo=UTC)
    assert start_of(exact, None) == (T0 + timedelta(seconds=7)).replace(tzinfo=UTC)
    assert start_of(segment("a", 0, 10, 7), "UTC") == (T0 + timedelta(seconds=7)).replace(tzinfo=UTC)
    assert start_of(segment("a", 0, 10), None) is None


FILES = st.builds(
    one,
    path=st.text("abcdefgh", min_size=8, max_size=8),
    begins=st.one_of(st.none(), st.integers(0, 2000).map(float)),
    lasts=st.one_of(st.none(), st.floats(0, 700, allow_nan=False)),
    number=st.one_of(st.none(), st.integers(0, 12)),
    series=st.sampled_from([None, "s", "t"]),
    serial=st.sampled_from([None, "X", "Y"]),
    shape=st.sampled_from([FILM, ()]),
    wraps=st.sampled_from([None, 10]),
    claimed=st.one_of(st.none(), st.integers(0, 2000).map(float)),
)


@given(st.lists(FILES, max_size=12, unique_by=lambda file: file.path))
def test_nothing_is_lost_doubled_reordered_or_mixed(files: list[Measured]) -> None:
    by_path = {file.path: file for file in files}
    clips = [file.clip for file in files]
    chained = chains(clips)
    assert sorted(clip.file.path for chain in chained for clip in chain) == sorted(by_path)
    seen: list[str] = []
    for chain in chained:
        members = [by_path[clip.file.path] for clip in chain]
        found = group(members, clips)
        in_groups = [member.path for one_group in found.groups for member in one_group.members]
        assert in_groups == [member.path for member in members], "in the order of the chain"
        seen += in_groups
        for one_group in found.groups:
            assert len({(member.clip.series, member.clip.serial) for member in one_group.members}) == 1
            assert len(one_group.members) == 1 or all(member.seconds is not None for member in one_group.members[:-1])
            assert len({member.shape for member in one_group.members}) == 1
    assert sorted(seen) == sorted(by_path)


@given(st.lists(FILES, min_size=2, max_size=8, unique_by=lambda file: file.path))
def test_what_is_joined_follows_without_a_break(files: list[Measured]) -> None:
    by_path = {file.path: file for file in files}
    for chain in chains([file.clip for file in files]):
        for one_group in group([by_path[clip.file.path] for clip in chain]).groups:
            for first, second in zip(one_group.members, one_group.members[1:], strict=False):
                assert first.seconds is not None
                starts = [(first.named, second.named), (first.claimed, second.claimed)]
                begins, goes_on = next((a, b) for a, b in starts if a is not None and b is not None)
                assert abs((goes_on - begins).total_seconds() - first.seconds) <= 2
