"""Identifiers, time, settings, errors, files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from candor.core.clock import FixedClock, from_iso, iso
from candor.core.errors import CandorError, NotFound, SettingsWrong
from candor.core.files import make_folder, write_durably
from candor.core.ids import is_id, new_id
from candor.core.settings import Settings

SOME_ID = "01900000-0000-7abc-8def-0123456789ab"


def test_identifiers_are_uuid7_and_sort_by_time() -> None:
    made = [new_id() for _ in range(2000)]
    assert made == sorted(made)
    assert len(set(made)) == 2000
    assert all(is_id(one) and one[14] == "7" and one[19] in "89ab" for one in made)


@pytest.mark.parametrize("text", ["", "x", "0192", "../../etc/passwd", SOME_ID.upper(), SOME_ID + "\n"])
def test_what_is_no_identifier(text: str) -> None:
    assert not is_id(text)


def test_time_has_one_spelling() -> None:
    assert iso(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)) == "2026-03-04T05:06:07.000000Z"
    assert from_iso("2026-03-04T00:06:07-05:00") == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        from_iso("2026-03-04T05:06:07")


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(90)
    assert clock.now() == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)


def test_an_errors_docstring_is_its_message() -> None:
    assert str(NotFound(what="recording", id="7")).startswith("There is no recording with the identifier 7")
    assert NotFound.exit_code == 4

    class Incomplete(CandorError):
        """It lacks {this}."""

    assert str(Incomplete()) == "It lacks (this not given)."


class TestSettings:
    def test_environment_wins_over_the_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "candor.toml").write_text('port = 1000\nhost = "127.0.0.2"\n')
        monkeypatch.setenv("CANDOR_CONFIG", str(tmp_path / "candor.toml"))
        monkeypatch.setenv("CANDOR_PORT", "2000")
        settings = Settings.load()
        assert (settings.port, settings.host) == (2000, "127.0.0.2")

    def test_keys_lie_beside_the_home_never_inside(self, tmp_path: Path) -> None:
        settings = Settings.load(home=tmp_path / "home")
        assert settings.keys_folder == tmp_path / "home-keys"
        with pytest.raises(SettingsWrong, match="one backup"):
            Settings.load(home=tmp_path, keys=tmp_path / "keys")

    def test_what_is_wrong_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CANDOR_PORT", "many")
        with pytest.raises(SettingsWrong, match="CANDOR_PORT"):
            Settings.load()

    @pytest.mark.parametrize("name", ["CANDOR_WITNESSES", "candor_witnesses"])
    def test_a_list_is_written_as_json(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setenv(name, '["one http://a", "two http://b"]')
        assert Settings.load().witnesses == ("one http://a", "two http://b")
        monkeypatch.setenv(name, "one http://a")
        with pytest.raises(SettingsWrong, match="CANDOR_WITNESSES is no list as JSON writes one"):
            Settings.load()


class TestFiles:
    def test_a_file_is_there_whole_with_its_mode(self, tmp_path: Path) -> None:
        make_folder(tmp_path / "a/b")
        write_durably(tmp_path / "a/b/key", b"secret", mode=0o600)
        assert (tmp_path / "a/b/key").read_bytes() == b"secret"
        assert (tmp_path / "a/b/key").stat().st_mode & 0o777 == 0o600
        assert os.listdir(tmp_path / "a/b") == ["key"]

    def test_new_never_replaces(self, tmp_path: Path) -> None:
        write_durably(tmp_path / "key", b"old", new=True)
        with pytest.raises(FileExistsError):
            write_durably(tmp_path / "key", b"new", new=True)
        assert (tmp_path / "key").read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["key"]
