"""`candor label`, `candor category` and finding by them, as people type them."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Candor

from candor.core.settings import Settings
from candor.footage.intake import Claim, Intake
from candor.installation import Installation


@pytest.fixture
def recording(tables: None, candor: Candor) -> str:
    """An installation with one recording."""
    with Installation.open(Settings.load(), create=True) as here:
        intake = Intake(here.database, here.vault, here.jobs, here.clock)
        with intake.begin(Claim("a.mp4", "a.mp4", "cli", "system:test")) as writer:
            writer.write(b"no film at all")
            return writer.finish().recording_id


def test_labels_are_put_shown_and_taken(candor: Candor, recording: str) -> None:
    assert "minor" in candor("label", "names").out
    assert candor("label", "names", "--json").json["home"] == "the inside of a home"
    put = candor("label", "put", "minor", recording, "--reason", "He says so")
    assert (put.code, put.out) == (0, "1 of 1 changed, each on record.\n")
    assert candor("label", "put", "minor", recording, "--reason", "again").out.startswith("0 of 1")
    assert candor("list", "--label", "minor", "--json").json["total"] == 1
    taken = candor("label", "take", "minor", recording, "--reason", "She is nineteen")
    assert taken.code == 0
    assert candor("list", "--label", "minor", "--json").json["total"] == 0
    (said,) = candor("label", "show", recording, "--json").json
    assert (said["value"], said["reason"], said["end_reason"]) == ("minor", "He says so", "She is nineteen")
    shown = candor("label", "show", recording).out
    assert "put right" in shown
    assert "“She is nineteen”" in shown
    assert candor("label", "put", "nonsense", recording, "--reason", "x").code == 2
    assert candor("label", "put", "minor", recording, "--reason", " ").code == 3
    assert candor("label", "show", "nowhere").code == 4


def test_categories_and_what_they_mean(candor: Candor, recording: str) -> None:
    assert candor("list", "--uncategorised", "--json").json["total"] == 1
    assert candor("category", "set", "Arrest", "Zoo").code == 0
    assert candor("category", "meanings", "--json").json == {"Arrest": "arrest", "Zoo": None}
    assert "no meaning: kept longest" in candor("category", "meanings").out
    assert candor("category", "mean", "Zoo", "other", "--reason", "Animals").out == "The meaning is set.\n"
    assert candor("category", "mean", "Zoo", "other", "--reason", "Animals").out == "It meant that already.\n"
    assert candor("category", "mean", "Zoo", "none", "--reason", "Nobody knows").code == 0
    assert candor("category", "mean", "Bar", "other", "--reason", "x").code == 4
    assert candor("category", "mean", "Zoo", "animals", "--reason", "x").code == 2
    assert candor("category", "list", "--json").json == ["Arrest", "Zoo"]
