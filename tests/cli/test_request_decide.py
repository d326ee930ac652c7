"""`candor request decide` and `letter`, and `candor critical`: in words and in JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.disclosure.decisions.law import LOOKED, MINOR, put_in_force
from tests.footage.entries import add_entry

from candor.core.settings import Settings
from candor.footage.tables import part
from candor.installation import Installation
from candor.people import passwords
from candor.people.rules import Role

pytestmark = pytest.mark.usefixtures("tables")
WHO = ("--as", "reyes")


@pytest.fixture
def recording(candor: Candor, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recording of a minute, in an installation under a small law."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    with Installation.open(Settings.load(), create=True) as installation:
        begun = datetime.now(UTC) - timedelta(days=2)
        with installation.database.write() as tx:
            made = add_entry(tx, begun, title="A stop", duration_ms=60_000)
            tx.execute(part.update().values(claims={"media": {"duration": 60.0}}))
            put_in_force(tx, begun)
    assert candor("user", "add", "reyes", "--role", Role.RECORDS_OFFICER, "--display-name", "Reyes").code == 0
    return made


def test_a_request_is_decided_and_the_letter_says_so(candor: Candor, recording: str, tmp_path: Path) -> None:
    number = candor("request", "new", "The stop", "--name", "Ada Miller", *WHO, "--json").json["number"]
    assert candor("request", "meant", number, recording, "--why", "It is.", *WHO).code == 0
    there = candor("request", "decide", number, recording, *WHO, "--json").json
    assert [one["rule"] for one in there["obstacles"]] == [LOOKED]
    assert MINOR in {one["key"] for one in there["exemptions"]}
    shown = candor("request", "decide", number, recording, *WHO).out
    assert f"To weigh: {LOOKED}" in shown
    assert "Test Code § 13" in shown
    refused = candor("request", "decide", number, recording, "--whole", "release", *WHO)
    assert (refused.code, LOOKED in refused.err) == (5, True)
    stretch = ("--stretch", "0:02", "0:00:03.5", "withhold", MINOR, "It shows a child")
    weighed = ("--weigh", LOOKED, "I have watched it")
    made = candor("request", "decide", number, recording, "--whole", "release", *stretch, *weighed, *WHO, "--json").json
    assert [(one["begin_ms"], one["end_ms"], one["decision"]) for one in made["decisions"]] == [
        (None, None, "release"),
        (2_000, 3_500, "withhold"),
    ]
    assert made["obstacles"][0]["answered"] == "weighed"
    assert candor("request", "decide", number, recording, "--stretch", "soon", "1:00", "withhold", MINOR, "x").code == 2
    out = tmp_path / "letter.pdf"
    letter = candor("request", "letter", number, "decision", "--out", str(out), "--send", *WHO, "--json").json
    assert "Your request: released in part" in letter["text"]
    assert out.read_bytes().startswith(b"%PDF-")
    early = candor("request", "answer", number, "--outcome", "released-in-part", *WHO)
    assert (early.code, "has not been published yet" in early.err) == (5, True)
    preview = candor("request", "letter", number, "acknowledgement", "--preview", *WHO)
    assert "We have received your request" in preview.out
    assert "Kept" not in preview.err
    assert candor("request", "letter", number, "extension", *WHO).code == 5


def test_a_decision_is_taken_back(candor: Candor, recording: str) -> None:
    number = candor("request", "new", "The stop", *WHO, "--json").json["number"]
    assert candor("request", "meant", number, recording, "--why", "It is.", *WHO).code == 0
    held_back = ("--whole", "withhold", "--exemption", MINOR, "--reason", "A child")
    (made,) = candor("request", "decide", number, recording, *held_back, *WHO, "--json").json["decisions"]
    back = ("--take-back", made["id"], "--reason", "Another look")
    assert candor("request", "decide", number, recording, *back, *WHO, "--json").json["decisions"] == []


def test_a_critical_incident_from_its_opening_to_its_end(candor: Candor, recording: str, tmp_path: Path) -> None:
    at = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d %H:%M}"
    given = ("--at", at, "--place", "Main Street", "--recording", recording)
    opened = candor("critical", "open", "shooting", "Two shots were fired", *given, *WHO, "--json").json
    number = opened["number"]
    assert number == f"C-{datetime.now(UTC).year}-0001"
    assert number in candor("critical", "list", *WHO).out
    assert candor("critical", "add", number, recording, *WHO).out == "0 put with it.\n"
    assert candor("critical", "change", number, "--place", "Main Street 4", *WHO).out == "Done.\n"
    offered = candor("critical", "offer", number, "Rosa Diaz", "--who", "next-of-kin", "--for", at, *WHO)
    viewing = offered.out.split()[-1]
    assert candor("critical", "viewed", number, viewing, "--present", "Rosa Diaz", *WHO).code == 0
    assert candor("critical", "declined", number, viewing, *WHO).code == 5
    document = tmp_path / "consent.txt"
    document.write_text("I consent.")
    consent = ("--who", "parent", "--document", str(document))
    assert candor("critical", "consent", number, "Luis Diaz", *consent, *WHO).out == "On record.\n"
    assert candor("critical", "consent", number, "Luis Diaz", "--who", "parent", *WHO).code == 2
    said = candor("critical", "statement", number, "We mourn.", "--by", "Chief Cole", "--public", *WHO)
    assert said.out == "On record.\n"
    none = candor("critical", "put-off", number, "xx/none", "--reason", "So", "--document", str(document), *WHO)
    assert (none.code, "rule xx/none" in none.err) == (5, True)
    withheld = ("--whole", "withhold", "--exemption", MINOR, "--reason", "A child")
    assert candor("request", "decide", number, recording, *withheld, *WHO).code == 0
    shown = candor("critical", "show", number, *WHO).out
    assert "Rosa Diaz (next of kin of somebody who died) saw the footage" in shown
    found = candor("critical", "show", number, *WHO, "--json").json
    assert [one["name"] for one in found["documents"]] == ["consent.txt"], "what was refused kept nothing"
    close = ("critical", "close", number, "--reason", "over", *WHO)
    asked = candor(*close)
    assert (asked.code, "holds 1 recording" in asked.err, recording in asked.out) == (5, True, True)
    assert candor(*close, "--keep-holds", "a claim", "--free-holds").code == 2
    assert candor(*close, "--keep-holds", "a claim").out == "Closed.\n1 recording: stays held.\n"
    assert candor("critical", "list", "--closed", *WHO, "--json").json["critical"][0]["number"] == number
