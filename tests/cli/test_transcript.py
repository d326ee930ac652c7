"""candor transcript: bringing in, showing, handing on, having it written out, removing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.footage.clips import mp4

from candor.people import passwords

WORDS = "WEBVTT\n\nNOTE Language: en\n\n00:00.100 --> 00:00.900\nMy <00:00.500>name\n"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@pytest.fixture
def recording(candor: Candor, tables: None, tmp_path: Path) -> str:
    (tmp_path / "film.mp4").write_bytes(mp4())
    return str(candor("ingest", str(tmp_path / "film.mp4"), "--json").json["recordings"][0]["id"])


def test_in_and_out(candor: Candor, recording: str, tmp_path: Path) -> None:
    words, out = tmp_path / "words.vtt", tmp_path / "out.vtt"
    words.write_text(WORDS)
    assert "no transcript" in candor("transcript", "show", recording).err
    kept = candor("transcript", "import", recording, words, "--json")
    assert (kept.code, kept.json["words"]) == (0, 2)
    listed = candor("transcript", "show", recording)
    assert "version 1" in listed.out
    assert "imported from a file, words.vtt" in listed.out
    assert "name" not in listed.out
    shown = candor("transcript", "show", recording, "--purpose", "Court", "--json").json
    assert [word["text"] for word in shown["cues"][0]["words"]] == ["My", "name"]
    assert [word["begin"] for word in shown["cues"][0]["words"]] == [100, 500]
    assert "00:00:00.100  My name" in candor("transcript", "show", recording, "--purpose", "Court").out
    assert candor("transcript", "export", recording, "--purpose", "Court", "--out", out).code == 0
    assert "My <00:00:00.500>name" in out.read_text()
    assert kept.json["transcript"] in out.read_text()
    history = [one["kind"] for one in candor("show", recording, "--json").json["history"]]
    assert history.count("recording:viewed") == 3  # each reading, and none for the list
    assert history.count("transcript:made") == 1
    # Refusals, each with its code.
    assert candor("transcript", "import", recording, tmp_path / "film.mp4").code == 3
    assert candor("transcript", "import", recording, words, "--part", 2).code == 4
    assert candor("transcript", "show", "nothing").code == 4
    assert candor("transcript", "show", recording, "--purpose", " ").code == 3
    assert candor("transcript", "export", recording, "--purpose", "x", "--out", out, "--transcript", "no").code == 4
    assert candor("transcript", "remove", kept.json["transcript"], "--reason", " ").code == 2
    assert candor("transcript", "remove", kept.json["transcript"], "--reason", "made anew").code == 0
    assert candor("transcript", "show", recording, "--purpose", "Court").code == 4


def test_having_it_written_out(candor: Candor, recording: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing else is set up: where somebody speaks, which is nowhere in a tone; what is lacking is named."""
    refused = candor("transcript", "make", recording, "--by", "whisper")
    assert refused.code == 9
    assert "CANDOR_WHISPER_MODEL" in refused.err
    monkeypatch.setenv("CANDOR_WHISPER_MODEL", "/nowhere/model")
    refused = candor("transcript", "make", recording)
    assert refused.code == 9
    assert "there is no folder /nowhere/model" in refused.err
    monkeypatch.setenv("CANDOR_TRANSCRIBER", "none")
    assert candor("transcript", "make", recording, "--language", "no such").code == 2
    made = candor("transcript", "make", recording, "--wait", "--json")
    assert (made.code, made.json["state"], made.json["origin"]) == (0, "ready", "machine")
    assert "100 %" not in made.out
    shown = candor("transcript", "show", recording, "--purpose", "Court", "--json").json
    assert shown["cues"] == []
    assert shown["speech"] == []
