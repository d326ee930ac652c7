"""`candor returned` and `candor archive`: what was destroyed and came in again, and what nobody opened for long."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Candor

from candor.core.clock import SystemClock
from candor.core.settings import Settings
from candor.footage import erasing, purging
from candor.installation import Installation
from candor.people.rules import system_actor

pytestmark = pytest.mark.usefixtures("tables")
WORDS = {"authority": "Order 26-CV-7", "reason": "an order of the court"}


def test_what_came_in_again_is_listed_and_decided(candor: Candor, tmp_path: Path) -> None:
    file, other = tmp_path / "a.bin", tmp_path / "b.bin"
    file.write_bytes(b"one" * 500)
    other.write_bytes(b"two" * 600)
    taken = candor("ingest", file, other, "--json").json["recordings"]
    one, two = sorted(taken, key=lambda each: int(each["parts"][0]["size"]))
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        who = system_actor("court")
        purging.purge(tx, here.vault, here.jobs, who, one["id"], **WORDS)
        erasing.erase(tx, here.vault, here.jobs, who, two["id"], **WORDS)
    shown = candor("show", two["id"], "--json").json
    assert (shown["title"], shown["parts"][0]["sha256"]) == ("(erased by order)", None)
    assert [entry["erased"] for entry in shown["history"]] == [True] * (len(shown["history"]) - 1) + [False]
    assert candor("log", "check", "--json").json["erased_by_order"] == len(shown["history"]) - 1

    assert candor("returned", "list", "--json").json == []
    assert candor("ingest", file, other).code == 0
    held = {each["recording"]: each for each in candor("returned", "list", "--json").json}
    assert {key: each["erased_by_order"] for key, each in held.items()} == {one["id"]: False, two["id"]: True}
    assert one["id"] in candor("returned", "list").out
    taken_in = candor("returned", "take-in", held[one["id"]]["id"], "--authority", "Order 9", "--reason", "vacated")
    assert taken_in.out == f"Taken in: {one['id']}\n"
    assert candor("show", one["id"], "--json").json["state"] == "sealed"
    gone = candor("returned", "destroy", held[two["id"]]["id"], "--yes", "--json")
    assert (gone.code, gone.json["owed"]) == (0, None)
    assert candor("returned", "destroy", held[two["id"]]["id"], "--yes").code == 4
    assert candor("returned", "list", "--json").json == []
    assert candor("log", "check").code == 0


def test_archived_and_brought_back(candor: Candor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"one" * 500)
    recording = candor("ingest", file, "--json").json["recordings"][0]["id"]
    assert candor("archive", "run").code == 9
    monkeypatch.setenv("CANDOR_ARCHIVE_URL", str(tmp_path / "far"))
    assert candor("archive", "run", "--json").json == {"archived": []}
    later = SystemClock().now() + timedelta(days=400)
    monkeypatch.setattr(SystemClock, "now", lambda clock: later)
    assert candor("archive", "run", "--json").json == {"archived": [recording]}
    assert candor("fixity").code == 0
    back = candor("archive", "return", recording)
    assert back.out == f"{recording} is back.\n"
    assert candor("archive", "return", recording).code == 5
