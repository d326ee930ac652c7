"""Rules of footage by tables: starts, names, flags, renditions, reach."""

from __future__ import annotations

import os
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.core.clock import from_iso
from candor.footage import names
from candor.footage.media import MAKERS, PROBLEMS
from candor.footage.rules import (
    RENDITION_WORDS,
    Flag,
    RenditionKind,
    changeable_by,
    flags_of,
    reach,
    visible_to,
    wanted_renditions,
)
from candor.footage.times import EARLIEST, SOURCE_WORDS, TimeClaim, TimeSource, choose_start, claims_of, file_date
from candor.people.rules import Actor, Role

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _claim(at: str | None, source: TimeSource = TimeSource.CLAIM) -> TimeClaim:
    return TimeClaim(source, None if at is None else from_iso(at), "container: creation_time", at or "?")


@pytest.mark.parametrize(
    ("claimed", "dated", "start", "source", "unlikely"),
    [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:05:00Z", "2026-11-22T10:00:00Z", "claim", 0),
        (None, "2026-11-22T10:05:00Z", "2026-11-22T10:05:00Z", "file-date", 0),
        (None, None, "2026-11-22T12:00:00Z", "receipt", 0),
        ("1904-01-01T00:00:00Z", "2026-11-22T10:05:00Z", "2026-11-22T10:05:00Z", "file-date", 1),
        ("2000-01-01T00:00:00Z", "1980-01-01T00:00:00Z", "2026-11-22T12:00:00Z", "receipt", 2),
        ("2026-11-23T02:59:00Z", None, "2026-11-23T02:59:00Z", "claim", 0),
        ("2026-11-23T03:01:00Z", None, "2026-11-22T12:00:00Z", "receipt", 1),
        ("2000-01-02T00:00:00Z", None, "2000-01-02T00:00:00Z", "claim", 0),
    ],
)
def test_start(claimed: str | None, dated: str | None, start: str, source: str, unlikely: int) -> None:
    claims = [_claim(claimed), *file_date(None if dated is None else from_iso(dated))]
    chosen = choose_start(claims, NOW)
    assert (chosen.at, chosen.source.value, len(chosen.unlikely)) == (from_iso(start), source, unlikely)


@given(st.lists(st.datetimes(datetime(1904, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)), max_size=4))
def test_a_start_is_never_made_up(moments: list[datetime]) -> None:
    chosen = choose_start([TimeClaim(TimeSource.CLAIM, moment, "", "") for moment in moments], NOW)
    assert chosen.at in [*moments, NOW]
    assert EARLIEST <= chosen.at <= NOW + timedelta(hours=15)
    assert (chosen.source is TimeSource.RECEIPT) == (chosen.at == NOW and NOW not in moments)


def test_claims_are_in_the_order_of_trust() -> None:
    tags = [
        ("container", "creation_time", "2026-11-22T09:00:00Z", "2026-11-22T09:00:00.000000Z"),
        ("container", "modification_time", "2026-11-22T11:00:00Z", "2026-11-22T11:00:00.000000Z"),
        ("stream 0", "creation_time", "2026-11-22T09:00:01Z", "2026-11-22T09:00:01.000000Z"),
        ("container", "com.apple.quicktime.creationdate", "2026-11-22T04:00:00-0500", "2026-11-22T09:00:00.000000Z"),
        ("container", "date", "2026", None),
    ]
    media = {"times": [dict(zip(("where", "tag", "value", "utc"), tag, strict=True)) for tag in tags]}
    assert [(claim.where, claim.at is None) for claim in claims_of(media)] == [
        ("container: com.apple.quicktime.creationdate", False),
        ("container: creation_time", False),
        ("stream 0: creation_time", False),
        ("container: date", True),
    ]
    assert claims_of({}) == []


def test_every_source_of_a_time_has_words() -> None:
    assert set(SOURCE_WORDS) == set(TimeSource)


@pytest.mark.parametrize(
    ("name", "unusual", "shown"),
    [
        ("VIDEO001.MP4", False, "VIDEO001.MP4"),
        ("Überwachung 停车 🚓.mp4", False, "Überwachung 停车 🚓.mp4"),
        ("می‌خواهم.mp4", False, "می‌خواهم.mp4"),
        ("a\u202eb", True, "a\\u202eb"),
        ("a\u200eb", True, "a\\u200eb"),
        ("a\u2028b", True, "a\\u2028b"),
        ("tab\there", True, "tab\\there"),
        ("a\r\nb", True, "a\\r\\nb"),
        ("\U000e0041", True, "\\U000e0041"),
        ("", True, "(no name)"),
        ("  ", True, "  "),
    ],
)
def test_names(name: str, unusual: bool, shown: str) -> None:
    assert (names.unusual(name), names.shown(name), names.kept(name)) == (unusual, shown, name)
    assert names.raw_bytes(name) is None


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: b"/" not in raw))
def test_every_file_name_can_be_kept(raw: bytes) -> None:
    name = os.fsdecode(raw)
    kept = names.kept(name)
    kept.encode()
    assert "\0" not in kept
    exact = names.raw_bytes(name)
    assert (kept.encode() if exact is None else exact) == raw
    shown = names.shown(kept).replace("\u200c", "").replace("\u200d", "")
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    if exact is not None:
        assert names.unusual(name)


def test_a_line_of_a_text_is_shown_to_its_end() -> None:
    assert names.whole("a" * 500 + "\u202eb") == "a" * 500 + "\\u202eb"
    assert names.whole("") == ""


def test_a_long_name_is_shortened_in_the_middle() -> None:
    shown = names.shown("a" * 500 + ".mp4")
    assert len(shown) == names.LONGEST_SHOWN
    assert shown.endswith("a.mp4")


def test_every_problem_of_media_has_a_flag() -> None:
    for problem in PROBLEMS:
        (flag,) = flags_of([problem])
        assert flag is not Flag.NOT_EXAMINED or problem == "examination-stopped"
    assert flags_of(["something new"]) == {Flag.NOT_EXAMINED}
    assert flags_of([]) == set()


def test_renditions() -> None:
    assert {kind.value for kind in RenditionKind} == {*MAKERS, "repaired"} == {kind.value for kind in RENDITION_WORDS}
    assert set(wanted_renditions(pictures=True, sound=True)) == set(RenditionKind) - {RenditionKind.REPAIRED}
    assert set(wanted_renditions(pictures=False, sound=True)) == {RenditionKind.WAVEFORM, RenditionKind.PROXY}
    assert wanted_renditions(pictures=False, sound=False) == ()


@pytest.mark.parametrize(
    ("roles", "everything", "own", "unit"),
    [
        ({Role.OFFICER}, False, True, False),
        ({Role.SUPERVISOR}, False, True, True),
        ({Role.EVIDENCE_TECHNICIAN}, True, False, False),
        ({Role.RECORDS_OFFICER, Role.OFFICER}, True, False, False),
        ({Role.ADMINISTRATOR}, False, False, False),
        (set(), False, False, False),
    ],
)
def test_reach(roles: set[Role], everything: bool, own: bool, unit: bool) -> None:
    actor = Actor("me", frozenset(roles), "unit", "")
    found = reach(actor)
    assert (found.everything, found.wearer_id, found.unit_id) == (
        everything, "me" if own else None, "unit" if unit else None
    )  # fmt: skip
    assert found.opened_for == (None if everything else "me")
    for rule in (visible_to(actor), changeable_by(actor)):
        assert rule.reason.startswith("people."), "every decision names its rule"
