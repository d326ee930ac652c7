"""The part of the walk in which what is said is brought in, put right, handed on, listened for, and removed."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner
from tests.footage.clips import mp4

from candor.cli.main import candor
from candor.core.settings import Settings
from candor.footage import transcribing
from candor.footage.viewing import begin_viewing
from candor.installation import Installation
from candor.people.rules import system_actor


def transcripts(site: Any) -> None:
    """One from a file with a correction, one by the machine that hears where somebody speaks."""
    (site.home / "said.mp4").write_bytes(mp4(seed=77))
    (site.home / "said.vtt").write_text("WEBVTT\n\n00:00.100 --> 00:00.900\nMy name\n")
    recording = site.run("candor ingest", str(site.home / "said.mp4"))["recordings"][0]["id"]
    made = site.run("candor transcript import", recording, str(site.home / "said.vtt"))["transcript"]
    site.run("candor transcript make", recording, "--by", "speech")
    with Installation.open(Settings.load()) as here:
        who = system_actor("test")
        with here.database.write() as tx:
            viewing = begin_viewing(tx, who, recording, "a test")
        said = {"version": 1, "cue": 0, "line": "My names", "viewing_id": viewing.id}
        transcribing.correct_cue(here.database, here.vault, who, made, **said)
    site.run("candor transcript show", recording, "--purpose", "a test")
    out = ("--purpose", "a test", "--out", str(site.home / "out.vtt"))
    site.run("candor transcript export", recording, "--transcript", made, *out)
    ended = CliRunner().invoke(candor, ["transcript", "remove", made, "--reason", "a test"], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
