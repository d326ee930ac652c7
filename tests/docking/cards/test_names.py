"""The grammars of names: what they read, and what they leave alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.docking.cards.found import NamedTime
from candor.docking.cards.names import axon, motorola, novatek, numbered


@pytest.mark.parametrize(
    ("stem", "start", "number", "lens"),
    [
        ("2026_1120_180405_001A", datetime(2026, 11, 20, 18, 4, 5), 1, "A"),
        ("2026_1120_180405_001B", datetime(2026, 11, 20, 18, 4, 5), 1, "B"),
        ("2019_0101_000000_999a", datetime(2019, 1, 1), 999, "a"),
        ("2026_1120_180405_F", datetime(2026, 11, 20, 18, 4, 5), None, "F"),
        ("2026_0229_180405_001A", None, None, None),  # no such day
        ("2026_1120_186005_001A", None, None, None),  # no such minute
        ("2026_1120_180405", None, None, None),
        ("2026_1120_180405_001A (1)", None, None, None),
        ("IMG_2026_1120_180405_001A", None, None, None),
    ],
)
def test_novatek(stem: str, start: datetime | None, number: int | None, lens: str | None) -> None:
    found = novatek(stem)
    if start is None:
        assert found is None
        return
    assert found is not None
    assert (found.start.local, found.number, found.lens) == (start, number, lens)
    assert found.start.resolution == 1


@pytest.mark.parametrize(
    ("stem", "known"),
    [
        ("BryanMerritt_202511292257_BWL7137497-0", ("BryanMerritt", "BWL7137497", "BWL7137497", 0)),
        ("BryanMerritt_202511292257_311-0", ("BryanMerritt", "311", None, 0)),
        ("O'Neil-Smith_202511292257_WFC1012345-12", ("O'Neil-Smith", "WFC1012345", "WFC1012345", 12)),
        ("BryanMerritt_202511292457_BWL7137497-0", None),
        ("BryanMerritt_202511292257_BWL7137497", None),
        ("202511292257_BWL7137497-0", None),
    ],
)
def test_motorola(stem: str, known: tuple[str, str, str | None, int] | None) -> None:
    found = motorola(stem)
    if known is None:
        assert found is None
        return
    assert found is not None
    assert (found.officer, found.device, found.serial, found.segment) == known
    assert found.start.local == datetime(2025, 11, 29, 22, 57)
    assert found.start.resolution == 60, "the minute is all there is"
    assert found.start.at() is None, "and nobody says which zone it is in"


def test_axon_title_is_a_claim_of_a_minute() -> None:
    found = axon("AXON_Body_2_Video_2024-11-29_2256_001")
    assert found is not None
    assert (found[0].local, found[0].resolution, found[1]) == (datetime(2024, 11, 29, 22, 56), 60, "Body 2")
    assert axon("Interview with J. Doe") is None
    assert axon("AXON_Body_2_Video_2024-13-29_2256_001") is None


@pytest.mark.parametrize(
    ("stem", "known"),
    [("IMG_0001", ("IMG_", 1)), ("ABCD9999", ("ABCD", 9999)), ("MOVI001", None), ("ABCDE0001", None)],
)
def test_numbered(stem: str, known: tuple[str, int] | None) -> None:
    found = numbered(stem)
    assert (None if found is None else (found.letters, found.number)) == known


@given(st.text(max_size=300))
def test_any_name_is_read_or_left_alone(stem: str) -> None:
    for grammar in (novatek, motorola, axon, numbered):
        grammar(stem)


def test_zones() -> None:
    summer = NamedTime(datetime(2026, 7, 1, 12, 0))
    assert summer.at("Europe/Berlin") == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert summer.at("UTC") == datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert summer.at() is None
    twice = NamedTime(datetime(2026, 10, 25, 2, 30))
    assert twice.twofold("Europe/Berlin"), "clocks were set back that night"
    assert not summer.twofold("Europe/Berlin")
    assert NamedTime(datetime(1, 1, 1)).at("Asia/Tokyo") is None, "before the first day there is"
