"""`candor export` as a script and as a person use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from candor.cli.main import main
from candor.core.settings import Settings
from candor.custody import Event, history
from candor.footage.intake import Claim, Intake
from candor.installation import Installation
from candor.verify.package import verify_package
from candor.verify.trust import Trust


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recording of a new installation, which the settings name."""
    monkeypatch.setenv("CANDOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CANDOR_KEYS", str(tmp_path / "keys"))
    with Installation.open(Settings.load(), create=True) as here:
        intake = Intake(here.database, here.vault, here.jobs, here.clock)
        with intake.begin(Claim("clip.mp4", "/card/clip.mp4", "cli", "system:test")) as writer:
            writer.write(b"content")
            return writer.finish().recording_id


def kinds(recording: str) -> list[Event]:
    with Installation.open(Settings.load()) as here, here.database.read() as tx:
        return [event.kind for event in history(tx, recording)]


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["export", *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_script_hands_out_and_later_writes_it_again(
    recording: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(recording, "--out", str(tmp_path / "out"), "--json") == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert "“not stated” goes on record" in said.err
    with Installation.open(Settings.load()) as here:
        trust = Trust.from_policy(here.log.policy().format(), "the test")
    report = verify_package(Path(told["package"]), trust)
    assert report.verdict == "verified"
    assert "handed out" in report.steps[11].notes[0]
    assert "to not stated" in report.steps[11].notes[0]
    assert run("--package", told["id"], "--out", str(tmp_path / "again"), "--zip") == 0
    assert verify_package(Path(capsys.readouterr().out.strip()), trust).verdict == "verified"
    # Written once more is taken once more: that is on record too.
    assert kinds(recording)[-3:] == [
        Event.RECORDING_EXPORTED,
        Event.RECORDING_TAG_KEY_ROTATED,
        Event.RECORDING_PACKAGE_DOWNLOADED,
    ]


def test_an_unfit_place_is_found_out_before_anything_is_on_record(
    recording: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run(recording, "--out", str(tmp_path / "file" / "below"), "--recipient", "A", "--purpose", "B") == 7
    assert "nothing was handed out" in capsys.readouterr().err
    assert Event.RECORDING_EXPORTED not in kinds(recording)
    assert run(recording, "--out", str(tmp_path / "out"), "--recipient", "", "--purpose", "B") == 2
    assert run("--package", "x", "--out", str(tmp_path), "--recipient", "A") == 2
    assert run("--out", str(tmp_path)) == 2
    assert Event.RECORDING_EXPORTED not in kinds(recording)
