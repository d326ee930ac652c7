"""candor repair: asking for it, what it refuses, and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Candor, film
from tests.footage.clips import without_index

from candor.core.settings import Settings
from candor.installation import Installation
from candor.people import passwords


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


def _work() -> None:
    with Installation.open(Settings.load()) as installation:
        installation.jobs.launch()
        installation.jobs.wait_idle(60)
        installation.jobs.shutdown()


def test_with_a_reference(candor: Candor, tmp_path: Path) -> None:
    whole = film(tmp_path / "card" / "whole.mp4")
    broken = tmp_path / "card" / "broken.mp4"
    broken.write_bytes(without_index(film(tmp_path / "long.mp4", seconds=3.0, shade=40).read_bytes()))
    assert candor("ingest", str(tmp_path / "card")).code == 0
    found = {one["title"]: one["id"] for one in candor("list", "--json").json["recordings"]}
    _work()
    shown = json.loads(candor("show", found["broken.mp4"], "--json").out)
    assert {"kind": "repaired", "state": "failed"} in shown["parts"][0]["viewing_copies"]
    assert candor("repair", found["whole.mp4"]).code == 4  # nothing in it to repair
    assert candor("repair", found["broken.mp4"], "--reference", found["broken.mp4"]).code == 3
    assert candor("repair", found["broken.mp4"], "--part", 2).code == 4
    done = candor("repair", found["broken.mp4"], "--reference", found["whole.mp4"], "--json")
    assert done.code == 0
    assert [one["part"] for one in done.json["asked"]] == [1]
    assert candor("repair", found["broken.mp4"]).code == 4  # it is being repaired
    _work()
    shown = json.loads(candor("show", found["broken.mp4"], "--json").out)
    assert {"kind": "repaired", "state": "ready"} in shown["parts"][0]["viewing_copies"]
    assert {"kind": "proxy", "state": "ready"} in shown["parts"][0]["viewing_copies"]
    made = next(event for event in shown["history"] if event["kind"] == "rendition:made")
    assert (made["details"]["kind"], made["details"]["recovered"]["pictures"]) == ("repaired", 30)
    assert whole.exists()
