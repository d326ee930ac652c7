"""Backup, restore and destroying as people type them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.cli.two_people import destroyed


@pytest.fixture
def place(candor: Candor, card: Path, tmp_path: Path) -> Path:
    """A folder on another disk, for a site with four recordings."""
    assert candor("ingest", card).code == 0
    return tmp_path / "other disk"


def test_a_backup_is_made_listed_and_checked(candor: Candor, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "CANDOR_BACKUP" in candor("backup").err
    assert candor("backup", place, "--list").code == 4
    made = candor("backup", place, "--json")
    assert made.code == 0, made.err
    assert (made.json["objects"], made.json["copied"]) == (4, 4)
    monkeypatch.setenv("CANDOR_BACKUP", str(place))
    told = candor("backup")
    assert "4 objects (0 new" in told.out
    assert "recovery sheet" in told.err
    listed = candor("backup", "--list", "--json").json
    assert [one["objects"] for one in listed] == [4, 4]
    assert listed[1]["backup"] == made.json["backup"]
    assert made.json["backup"] in candor("backup", "--list").out
    checked = candor("backup", "--check", "--sample", "2", "--json").json
    assert (checked["read"], checked["opened"], checked["findings"]) == (2, True, [])
    stored = max((path for path in (place / "objects").rglob("*-*")), key=lambda path: path.stat().st_size)
    stored.unlink()
    wrong = candor("backup", "--check", "--backup", made.json["backup"])
    assert wrong.code == 6
    assert f"WRONG  the object {stored.name} is not there" in wrong.out
    assert candor("backup", "--check", "--backup", "nothing").code == 4
    assert candor("backup", "--list", "--check").code == 2
    assert candor("backup", "--sample", "3").code == 2


def test_where_a_backup_may_not_go(candor: Candor, place: Path, home: Path) -> None:
    inside = candor("backup", home / "backups")
    assert inside.code == 2
    assert "would be lost with it" in inside.err
    assert candor("backup", home.parent).code == 2
    assert candor("backup", "ftp://somewhere/else").code == 2


def test_it_is_restored_to_an_empty_home_and_to_no_other(
    candor: Candor, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = sorted(one["title"] for one in candor("list", "--json").json["recordings"])
    candor("backup", place)
    refused = candor("restore", place)
    assert refused.code == 5
    assert "empty" in refused.err
    monkeypatch.setenv("CANDOR_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("CANDOR_KEYS", str(tmp_path / "new-keys"))
    keyless = candor("restore", place)
    assert keyless.code == 9
    shutil.copytree(tmp_path / "keys", tmp_path / "new-keys", ignore=shutil.ignore_patterns("log.*"))
    done = candor("restore", place, "--verify")
    assert done.code == 0, done.err
    assert "4 objects copied" in done.out
    assert "Seals checked: 4; 0 do not match" in done.out
    assert "goes on from entry" in done.out
    assert sorted(one["title"] for one in candor("list", "--json").json["recordings"]) == titles
    assert candor("log", "check").code == 0
    assert candor("restore", tmp_path / "nowhere").code == 4


def test_an_order_of_erasure_is_passed_on(
    candor: Candor, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candor("backup", place)
    monkeypatch.setenv("CANDOR_BACKUP", str(place))
    one, two = (found["id"] for found in candor("list", "--json").json["recordings"][:2])
    done = destroyed(candor, one, "RC-1")
    assert (done.code, done.json["owed"], done.json["destroyed"]) == (0, None, 1)
    assert destroyed(candor, "01a20385-5f62-7d74-8491-917d11dcf595", "RC-2").code == 4
    shown = candor("show", one, "--json").json
    assert shown["state"] == "destroyed"
    event = shown["history"][-1]
    assert event["kind"] == "recording:erased"
    assert event["details"]["authority"] == "RC-1: Order 26-CV-7"
    # A backup that cannot be reached: said, and done by the next one.
    place.rename(tmp_path / "away")
    place.write_text("a file in its place")
    owed = destroyed(candor, two, "RC-3")
    assert owed.code == 10
    assert "next `candor backup`" in owed.err
    place.unlink()
    (tmp_path / "away").rename(place)
    assert candor("backup").code == 0
    assert len(list((place / "candor-backup" / "tombstones").iterdir())) == 2
    assert len([path for path in (place / "objects").rglob("*-*") if path.is_file()]) == 2


def test_an_erasure_reaches_places_that_no_setting_names(candor: Candor, place: Path, tmp_path: Path) -> None:
    assert candor("backup", place).code == 0
    first, second = (one["id"] for one in candor("list", "--json").json["recordings"][:2])
    done = destroyed(candor, first, "RC-12")
    assert (done.code, done.json["owed"]) == (0, None)
    assert len(list((place / "candor-backup" / "tombstones").glob("*.json"))) == 1
    place.rename(tmp_path / "in the safe")
    away = destroyed(candor, second, "RC-13")
    assert away.code == 0, "nobody knows whether that place comes back"
    assert "NOT TOLD" in away.err
    assert "tombstones.jsonl" in away.err
