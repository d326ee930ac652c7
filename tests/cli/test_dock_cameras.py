"""Cameras, who has them and their clocks, by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Candor


@pytest.fixture
def ready(candor: Candor, card: Path) -> Candor:
    """An installation with two officers."""
    candor("ingest", card / "notes.mp4")
    for name in ("okafor", "lindqvist"):
        assert candor("user", "add", name, "--role", "officer").code == 0
    return candor


def test_registered_found_and_changed(ready: Candor) -> None:
    assert ready("dock", "cameras", "add", "X60A1", "--kind", "in-car", "--make", "Meridian").code == 0
    assert ready("dock", "cameras", "add", "X60A1").code == 3  # one serial number is one camera
    [row] = ready("dock", "cameras", "list", "--text", "merid", "--json").json
    assert (row["serial"], row["kind"], row["state"], row["clock"]) == ("X60A1", "in-car", "in-stock", "unread")
    assert ready("dock", "cameras", "list", "--kind", "body", "--json").json == []
    assert ready("dock", "cameras", "change", "x60a1", "--state", "lost").code == 0
    assert "so already" in ready("dock", "cameras", "change", "X60A1", "--state", "lost").out
    [row] = ready("dock", "cameras", "list", "--state", "lost", "--json").json
    assert row["serial"] == "X60A1"
    assert "lost" in ready("dock", "cameras", "list").out
    assert ready("dock", "cameras", "change", "X99", "--state", "lost").code == 4


def test_imported_on_trial_first(ready: Candor, tmp_path: Path) -> None:
    table = tmp_path / "cameras.csv"
    table.write_text("serial,person,from\nX1,okafor,2026-11-01\nX2,nobody,2026-11-01\n")
    tried = ready("dock", "cameras", "import", table, "--apply")
    assert tried.code == 3
    assert "no active account" in tried.out
    assert ready("dock", "cameras", "list", "--json").json == []
    table.write_text("serial,person,from\nX1,okafor,2026-11-01\nX2,lindqvist,2026-11-01\n")
    assert "Nothing was changed yet" in ready("dock", "cameras", "import", table).err
    assert ready("dock", "cameras", "list", "--json").json == []
    assert ready("dock", "cameras", "import", table, "--apply", "--json").json["applied"] is True
    listed = ready("dock", "cameras", "list", "--json").json
    assert [(row["serial"], row["state"], row["has_it"]) for row in listed] == [
        ("X1", "issued", "okafor"),
        ("X2", "issued", "lindqvist"),
    ]
    assert ready("dock", "cameras", "import", table, "--as", "okafor").code == 5


def test_who_had_it(ready: Candor) -> None:
    ready("dock", "cameras", "add", "X1")
    assert ready("dock", "assign", "X1", "okafor", "--from", "2026-11-01 08:00").code == 0
    shown = ready("dock", "assign", "X1", "lindqvist", "--from", "2026-11-02 08:00", "--json").json["assignments"]
    assert [(one["person"], one["to"]) for one in shown] == [
        ("lindqvist", None),
        ("okafor", "2026-11-02T08:00:00.000000Z"),
    ]
    overlap = ready("dock", "assign", "X1", "okafor", "--from", "2026-11-01", "--to", "2026-11-03")
    assert (overlap.code, "is assigned to somebody else" in overlap.err) == (3, True)
    correct = ("--from", "2026-11-01 09:00", "--to", "2026-11-02 08:00", "--correct", shown[1]["id"])
    assert ready("dock", "assign", "X1", "okafor", *correct).code == 3  # without a reason
    assert ready("dock", "assign", "X1", "okafor", *correct, "--reason", "an hour late").code == 0
    assert ready("dock", "assign", "X1", "--end").code == 0
    assert ready("dock", "assign", "X1", "--end").code == 4
    listed = ready("dock", "assign", "X1", "--list", "--json").json["assignments"]
    assert listed[0]["to"] is not None
    assert ready("dock", "assign", "X1", "--withdraw", listed[0]["id"], "--reason", "so").code == 0
    assert len(ready("dock", "assign", "X1", "--list", "--json").json["assignments"]) == 1
    assert ready("dock", "assign", "X1").code == 2
    assert ready("dock", "assign", "X1", "nobody").code == 4


def test_the_clock(ready: Candor) -> None:
    ready("dock", "cameras", "add", "X1")
    assert ready("dock", "clock", "--json").json[0]["clock"] == "unread"
    given = ("--reading", "2026-11-20 10:00:00", "--at", "2026-11-20 10:02:00")
    shown = ready("dock", "clock", "X1", *given, "--json").json
    assert (shown["clock"], shown["offset_seconds"]) == ("off", 120.0)
    assert shown["readings"][0]["source"] == "hand"
    assert "Over a minute off (+120.0 s)" in ready("dock", "clock", "X1").out
    assert "+120.0 s" in ready("dock", "clock").out
    ready("user", "add", "vega", "--role", "oversight")
    assert ready("dock", "clock", "--as", "vega").code == 0
    assert ready("dock", "clock", "X1", *given, "--as", "vega").code == 5
    assert ready("dock", "clock", *given).code == 2


def test_sites_and_docks(ready: Candor) -> None:
    assert ready("dock", "cameras", "sites", "--add", "North").code == 0
    assert ready("dock", "cameras", "docks", "--add", "Reader", "--site", "north").code == 0
    assert ready("dock", "cameras", "sites", "--close", "North").code == 3
    assert ready("dock", "cameras", "docks", "--close", "reader", "--rename", "Reader", "Desk").code == 0
    assert ready("dock", "cameras", "sites", "--close", "North").code == 0
    [dock] = ready("dock", "cameras", "docks", "--json").json
    assert (dock["name"], dock["kind"], dock["site"], dock["closed"]) == ("Desk", "card", "North", True)
    assert ready("dock", "cameras", "sites", "--open", "North", "--json").json[0]["closed"] is False
    assert ready("dock", "cameras", "sites", "--open", "South").code == 4
    ready("user", "add", "vega", "--role", "oversight")
    assert ready("dock", "cameras", "sites", "--as", "vega").code == 0
    assert ready("dock", "cameras", "sites", "--add", "West", "--as", "vega").code == 5
