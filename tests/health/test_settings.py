"""Settings that nobody reads are found, with the one that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from candor.core.settings import Settings
from candor.health.checks import settings as checks
from candor.health.findings import Level
from candor.health.place import Place


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WITNESES", "CANDOR_WITNESSES"),
        ("DATABASE", "CANDOR_DATABASE_URL"),
        ("PUBLICURL", "CANDOR_PUBLIC_URL"),
    ],
)
def test_a_mistyped_variable(name: str, meant: str) -> None:
    name = f"CANDOR_{name}"
    (found,) = checks.in_environment({name: "x", "CANDOR_HOME": "/x", "PATH": "/y", "CANDOR_DEBUG": "1"})
    assert found.level is Level.WARN
    assert name in found.words
    assert f"Did you mean {meant}?" in found.mend


def test_a_variable_like_none() -> None:
    name = f"CANDOR_{'XQZW_KJ'}"
    (found,) = checks.in_environment({name: "1"})
    assert "Did you mean" not in found.mend
    assert name in found.mend


def test_every_setting_and_those_of_tests_are_known() -> None:
    known = {f"CANDOR_{name.upper()}": "1" for name in Settings.model_fields}
    assert checks.in_environment({**known, "CANDOR_TEST_DATABASES": "sqlite"}) == []


@pytest.mark.parametrize(
    ("line", "level", "words"),
    [
        ('home = "/srv"\nwitness_quorm = 1\n', Level.WARN, "Did you mean witness_quorum?"),
        ('CANDOR_HOME = "/srv"\n', Level.WARN, "Did you mean home?"),
        ("home = /srv\n", Level.BAD, "TOML writes text in quotes"),
    ],
)
def test_a_mistyped_line(tmp_path: Path, line: str, level: Level, words: str) -> None:
    file = tmp_path / "candor.toml"
    file.write_text(line)
    (found,) = checks.in_file(file)
    assert found.level is level
    assert words in found.mend


def test_a_whole_file_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "candor.toml"
    file.write_text('home = "/srv/candor"\nport = 9000\n')
    monkeypatch.setenv("CANDOR_CONFIG", str(file))
    with Place.by_settings(Settings.load()) as place:
        assert checks.settings(place).level is Level.OK
    file.unlink()
    with Place.by_settings(Settings.load(home=tmp_path / "h")) as place:
        assert "is not there" in checks.settings(place).words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"witness_quorum": 2}, "asks for 2 witnesses"),
        ({"s3_access_key": "AK"}, "without CANDOR_S3_SECRET_KEY"),
        ({"metrics_token": "0123456789abcdef"}, "metrics are off"),
        ({"public_url": "http://x.example"}, "readable"),
    ],
)
def test_settings_that_do_not_go_together(tmp_path: Path, given: dict[str, object], words: str) -> None:
    found = checks.contradictions(Settings.load(home=tmp_path / "h", **given))
    assert any(words in one.words for one in found)
