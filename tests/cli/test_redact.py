"""candor redact: from a recording to a proved copy, in words for people."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.redaction.detectors import Bright, film

from candor.core.ids import new_id
from candor.redaction import detection_jobs, rendering_jobs


@pytest.fixture
def taken(candor: Candor, tables: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recording, and a model that needs no file."""
    for module in (detection_jobs, rendering_jobs):
        monkeypatch.setattr(module, "detectors_for", lambda *_given, **_more: [Bright()])
    (tmp_path / "stop.mp4").write_bytes(film(1.0))
    taken: str = candor("ingest", tmp_path / "stop.mp4", "--json").json["recordings"][0]["id"]
    return taken


def test_the_whole_way(candor: Candor, taken: str) -> None:
    looked = candor("redact", "detect", taken, "--title", "For the court", "--wait")
    assert looked.code == 0, looked.err
    assert "× face." in looked.err
    listed = candor("redact", "list")
    assert "For the court" in listed.out
    assert "looked through" in listed.out
    made = candor("redact", "list", "--recording", taken, "--json").json[0]["id"]
    assert "ready  100%  0.0 % watched" in candor("redact", "show", made).out
    assert "Looked through part 1" in candor("redact", "history", made).out
    rendered = candor("redact", "render", made, "--crf", "30", "--wait")
    assert rendered.code == 0, rendered.err
    assert "of part 1: the proof" in rendered.err
    assert "edit 1: ready, the proof" in candor("redact", "show", made).out
    again = candor("redact", "detect", made, "--profile", "strict", "--json")
    assert again.code == 0
    assert (again.json["id"], again.json["wanted"]["profile"], again.json["under_way"]) == (made, "strict", True)
    busy = candor("redact", "render", made)
    assert (busy.code, "still being looked through" in busy.err) == (5, True)
    assert "1 parts and copies were given up" in candor("redact", "stop", made).err
    assert candor("redact", "show", made, "--json").json["parts"][0]["state"] == "ready"
    assert candor("redact", "render", made).code == 0
    assert "1 parts and copies were given up" in candor("redact", "stop", made).err
    assert "Nothing was under way" in candor("redact", "stop", made).err
    assert "Somebody gave it up" in candor("redact", "show", made).out
    assert candor("redact", "close", made).code == 0
    closed = candor("redact", "detect", made)
    assert (closed.code, "is closed" in closed.err) == (5, True)
    assert candor("redact", "list", "--json").json == []
    assert [one["id"] for one in candor("redact", "list", "--closed", "--json").json] == [made]


def test_what_is_not_there(candor: Candor, taken: str) -> None:
    for word in ("show", "history", "render", "detect", "close"):
        assert candor("redact", word, new_id()).code == 4, word
    made = candor("redact", "detect", taken, "--json").json["id"]
    wrong = candor("redact", "render", made, "--part", "7")
    assert (wrong.code, "no part 7" in wrong.err) == (5, True)
    assert candor("redact", "detect", taken, "--kind", "region").code == 2
