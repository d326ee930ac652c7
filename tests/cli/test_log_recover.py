"""`candor log recover`: from the command line, on a real installation with real footage."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import Candor, film


@pytest.fixture
def older(candor: Candor, home: Path, tmp_path: Path) -> Path:
    """An installation whose database was put back to before a recording came in; gives a mirror of its log."""
    assert candor("ingest", film(tmp_path / "card/0001.mp4", shade=10)).code == 0
    assert candor("log", "checkpoint").code == 0
    with (
        closing(sqlite3.connect(home / "candor.sqlite3")) as there,
        closing(sqlite3.connect(tmp_path / "kept")) as kept,
    ):
        there.backup(kept)
    known = candor("list", "--json").json["recordings"][0]["id"]
    assert candor("export", known, "--out", "lost").code == 0
    assert candor("ingest", film(tmp_path / "card/0002.mp4", shade=90)).code == 0
    assert candor("log", "checkpoint").code == 0
    for left in home.glob("candor.sqlite3*"):
        left.unlink()
    shutil.copy(tmp_path / "kept", home / "candor.sqlite3")
    shutil.copytree(home / "log", tmp_path / "mirror")
    return tmp_path / "mirror"


def test_the_same_log_goes_on(candor: Candor, home: Path, older: Path) -> None:
    before = candor("log", "--json").json
    refused = candor("log", "checkpoint")
    assert refused.code == 6
    assert "candor log recover" in refused.err
    assert candor("log", "--json").json["refusal"] is not None
    plan = candor("log", "recover", "--plan")
    assert plan.code == 0
    assert "Run this again with --take-in" in plan.out
    assert "the marker beside the log's key" in plan.out
    assert candor("log", "recover", "--json").json["way"] == "take-in"
    done = candor("log", "recover", "--take-in", "--json")
    assert done.code == 0, done.err
    after = candor("log", "--json").json
    assert (after["vkey"], after["refusal"]) == (before["vkey"], None)
    assert after["lost"] == done.json["missing"] > 0
    assert after["signed_size"] == done.json["signed_size"] > before["signed_size"]
    assert candor("log", "check").code == 0
    assert candor("log", "recover", "--take-in").code == 6
    # the film that the older database does not know comes in anew, and its history is whole
    again = candor("ingest", older.parent / "card/0002.mp4", "--json")
    assert again.code == 0
    made = candor("export", again.json["recordings"][0]["id"], "--out", "packages", "--json")
    assert made.code == 0, made.err
    candor("log", "policy", "--out", "policy.txt")
    package = next(Path("packages").iterdir())
    found = candor("verify", package, "--policy", "policy.txt", "--log", home / "log")
    assert found.code == 0, found.out


def test_a_recording_whose_last_events_are_lost_can_be_handed_out(candor: Candor, home: Path, older: Path) -> None:
    known = candor("list", "--json").json["recordings"][0]["id"]
    assert candor("log", "recover", "--take-in").code == 0
    candor("log", "policy", "--out", "policy.txt")
    assert candor("export", known, "--out", "packages").code == 0
    package = next(Path("packages").iterdir())
    found = candor("verify", package, "--policy", "policy.txt", "--log", home / "log", "--json")
    assert found.code == 0, found.out
    ten = next(step for step in found.json["steps"] if step["step"] == 10)
    assert ten["outcome"] == "warning"
    assert len([finding for finding in ten["findings"] if finding.startswith("LOST: ")]) == 2  # hand-out, new tag key
    assert candor("verify", package, "--policy", "policy.txt", "--strict").code == 19
    earlier = next(Path("lost").iterdir())  # the package that the lost event was about
    assert candor("verify", earlier, "--policy", "policy.txt").code == 0


def test_a_new_log_follows(candor: Candor, home: Path, older: Path, tmp_path: Path) -> None:
    recording = candor("list", "--json").json["recordings"][0]["id"]
    shutil.rmtree(older)
    shutil.rmtree(home / "log")
    old_key = candor("log", "--json").json["vkey"]
    plan = candor("log", "recover")
    assert "--handover --reason TEXT opens a new log" in plan.out
    assert candor("log", "recover", "--take-in").code == 6
    assert candor("log", "recover", "--handover").code == 2
    assert candor("log", "recover", "--take-in", "--reason", "x").code == 2
    done = candor("log", "recover", "--handover", "--reason", "the disk is lost", "--json")
    assert done.code == 0, done.err
    assert (done.json["old"], done.json["signed_by_old"]) == (old_key, True)
    shown = candor("log").out
    assert "Handed over" in shown
    assert done.json["new"] in shown
    assert candor("log", "check").code == 0
    published = home / "log/handover"
    assert candor("verify", published, "--log-key", old_key).code == 0
    assert candor("verify", published).code == 25
    # packages made from now on, of footage taken in before, are verified with the new log's policy
    candor("log", "policy", "--out", "policy.txt")
    made = candor("export", recording, "--out", "packages", "--json")
    assert made.code == 0, made.err
    package = next(Path("packages").iterdir())
    assert candor("verify", package, "--policy", "policy.txt", "--log", home / "log").code == 0
    assert candor("verify", package, "--log-key", old_key).code == 25
    # and what happened before can still be proven under the old log's last checkpoint
    event = candor("show", recording, "--json").json["history"][0]["event"]
    assert candor("log", "proof", event, "--old", "1", "--out", "old").code == 0
    assert candor("verify", tmp_path / f"old/{event}.tlog-proof", "--log-key", old_key).code == 0
    assert candor("log", "proof", event, "--old", "2", "--out", "old").code == 4


def test_a_package_from_before_a_handover_is_still_verified(candor: Candor, home: Path, tmp_path: Path) -> None:
    found = candor("ingest", film(tmp_path / "card/0001.mp4"), "--json").json["recordings"][0]["id"]
    assert candor("export", found, "--out", "before").code == 0
    candor("log", "policy", "--out", "before.txt")
    assert candor("log", "recover", "--handover", "--reason", "somebody may have seen the key").code == 0
    candor("log", "policy", "--out", "after.txt")
    assert candor("export", found, "--out", "after").code == 0
    before, after = next(Path("before").iterdir()), next(Path("after").iterdir())
    assert candor("verify", before, "--policy", "before.txt").code == 0
    assert candor("verify", after, "--policy", "after.txt").code == 0
    assert candor("verify", after, "--policy", "before.txt").code == 25


def test_footage_comes_in_without_the_logs_key(candor: Candor, home: Path, tmp_path: Path) -> None:
    candor("ingest", film(tmp_path / "card/0001.mp4"))
    key = tmp_path / "keys/log.key"
    key.rename(tmp_path / "aside")
    found = candor("ingest", film(tmp_path / "card/0002.mp4", shade=70), "--json")
    assert found.code == 0, found.err
    status = candor("log", "--json").json
    assert status["waiting"] > 0
    assert "log.key" in status["key_problem"]
    assert "KEY" in candor("log").out
    (tmp_path / "aside").rename(key)
    assert candor("log", "checkpoint").code == 0
    assert candor("log", "--json").json["waiting"] == 0
