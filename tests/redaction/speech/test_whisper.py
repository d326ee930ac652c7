"""A model of the Whisper family by its path: what is looked for first, and a whole walk through a tiny one."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from tests.redaction.speech import tiny_whisper
from tests.redaction.speech.sounds import noise

from candor.core.settings import Settings
from candor.redaction.speech import ways
from candor.redaction.speech.errors import LanguageNotKnown, TranscriberMissing
from candor.redaction.speech.transcribers import transcriber_for
from candor.redaction.speech.ways import WHISPER_FILES, WHISPER_PACKAGES, Way, offers, usual_way, whisper_problem
from candor.redaction.speech.whisper import Whisper


def _files(folder: Path) -> None:
    folder.mkdir()
    for name in (*WHISPER_FILES, "vocabulary.json"):
        (folder / name).write_text("{}")


def test_what_is_looked_for_before_anything_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong path would be taken for the name of a model on the net, a missing tokenizer asked of the net."""
    folder = tmp_path / "model"
    assert "CANDOR_WHISPER_MODEL" in str(whisper_problem(None))
    assert "there is no folder" in str(whisper_problem(folder))
    _files(folder)
    monkeypatch.setattr(ways.importlib.util, "find_spec", lambda name: object())
    assert whisper_problem(folder) is None
    for name in (*WHISPER_FILES, "vocabulary.json"):
        (folder / name).rename(folder / "away")
        assert f"no {name}" in str(whisper_problem(folder))
        (folder / "away").rename(folder / name)
    (folder / "vocabulary.json").rename(folder / "vocabulary.txt")
    assert whisper_problem(folder) is None
    monkeypatch.setattr(ways.importlib.util, "find_spec", lambda name: None)
    assert f"pip install {' '.join(WHISPER_PACKAGES)}" in str(whisper_problem(folder))
    with pytest.raises(TranscriberMissing, match="not installed"):
        Whisper(folder)


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({}, Way.SPEECH),
        ({"whisper_model": Path("/model")}, Way.WHISPER),
        ({"transcriber": "rough"}, Way.ROUGH),
        ({"transcriber": "none", "whisper_model": Path("/model")}, Way.SPEECH),
        ({"transcriber": "whisper"}, Way.WHISPER),
    ],
)
def test_the_usual_way(given: dict[str, Any], way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CANDOR_WHISPER_MODEL", "CANDOR_TRANSCRIBER"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings(**given)
    assert usual_way(settings) is way
    assert [one.way for one in offers(settings)] == list(Way)
    assert transcriber_for(Way.SPEECH, settings) is None


def test_a_whole_walk_through_a_tiny_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights write nonsense, but every word has its time and confidence, and nothing asks a net."""
    for name in WHISPER_PACKAGES:
        pytest.importorskip(name, reason="the packages of a Whisper model are not installed")
    folder = tiny_whisper.make(tmp_path / "tiny")

    def no_net(*_: object) -> None:
        raise AssertionError("it asked the net")

    monkeypatch.setattr(socket.socket, "connect", no_net)
    monkeypatch.setattr(socket, "getaddrinfo", no_net)
    model = transcriber_for(Way.WHISPER, Settings(whisper_model=folder))
    assert model is not None
    assert model.name.startswith("whisper@")
    assert model.sha256 is not None
    assert model.sha256.hex()[:12] in model.name
    heard = model.hear(noise(3.0, 0.1), "en")
    assert heard.language == "en"
    assert heard.words
    for word in heard.words:
        assert 0 <= word.begin <= word.until <= 3000
        assert word.confidence is not None
        assert 0 <= word.confidence <= 1
        assert word.text.isprintable()
    assert model.hear(noise(2.0, 0.1), "").language in tiny_whisper.LANGUAGES
    with pytest.raises(LanguageNotKnown):
        model.hear(noise(1.0), "xx")
    (folder / "model.bin").write_bytes(b"no model")
    with pytest.raises(TranscriberMissing, match="cannot be loaded"):
        Whisper(folder)
