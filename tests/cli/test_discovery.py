"""`candor discovery` and `candor finding`: from making it to opening what a side viewed, in words and in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Candor

from candor.core.settings import Settings
from candor.disclosure.discovery import sessions, viewing
from candor.disclosure.discovery.tables import discovery_view
from candor.installation import Installation
from candor.people import passwords
from candor.verify.package import verify_package
from candor.verify.trust import Trust

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def case(candor: Candor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """An installation with a case of two recordings; their identifiers."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    ids = []
    for at in range(2):
        (tmp_path / f"{at}.mp4").write_bytes(b"a stop\n" * 50 + bytes([at]))
        ids.append(candor("ingest", tmp_path / f"{at}.mp4", "--json").json["recordings"][0]["id"])
    assert candor("user", "add", "tanaka", "--role", "evidence_technician").code == 0
    assert candor("case", "open", "26-1", "--kind", "criminal", "--title", "State v. Doe", "--as", "tanaka").code == 0
    assert candor("case", "add", "26-1", *ids, "--reason", "The stop").code == 0
    return ids


def test_from_making_it_to_opening_what_a_side_viewed(candor: Candor, case: list[str], tmp_path: Path) -> None:
    keep = ("--withhold", case[1], "An informer is seen", "Roviaro v. United States")
    made = candor("discovery", "make", "26-1", *keep, "--as", "tanaka")
    assert made.code == 0, made.err
    assert "1 recording(s) given, 1 withheld." in made.out
    assert "An informer is seen (Roviaro v. United States)" in made.err
    (row,) = candor("discovery", "list", "--json").json["discovery"]
    assert (row["case"], row["state"], row["given"], row["withheld"]) == ("26-1", "ready", 1, 1)
    number = row["number"]
    with Installation.open(Settings.load()) as here:
        policy = here.log.policy().format()
    written = candor("export", "--package", row["package"], "--out", tmp_path / "out", "--json")
    report = verify_package(Path(written.json["package"]), Trust.from_policy(policy, "the test"))
    assert report.verdict == "verified"
    assert report.discovery is not None
    assert report.discovery["number"] == number

    letters = tmp_path / "letters"
    letters.mkdir()
    given = candor("discovery", "access", number, "--side", "defence", "--holder", "PD", "--out", letters, "--json")
    letter = Path(given.json["letter"])
    assert letter.stat().st_mode & 0o077 == 0
    assert given.json["code"] in letter.read_text()
    again = candor("discovery", "access", number, "--side", "defence", "--holder", "PD")
    assert again.code == 5
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        visit = sessions.begin(tx, given.json["code"], address="192.0.2.7", clock=here.clock)
        viewing.begin_viewing(tx, visit, case[0], clock=here.clock)
    record, trust = tmp_path / "record.json", tmp_path / "policy.txt"
    trust.write_bytes(policy)
    assert candor("discovery", "record", number, "--side", "defence", "--out", record).code == 0
    opened = candor("discovery", "open", "--key", letter, "--record", record, "--policy", trust, "--json").json
    (view,) = opened["views"]
    assert (opened["keys"], view["recording"], view["proved"], view["problems"]) == ("outside", case[0], True, [])
    here_too = candor("discovery", "open", "--key", letter, "--discovery", number, "--side", "defence")
    assert case[0] in here_too.out
    assert "1 viewing(s) here; the custody record of this site tells of 1." in here_too.err
    whole = record.read_text()
    record.write_text(json.dumps({**json.loads(whole), "views": []}))
    left_out = candor("discovery", "open", "--key", letter, "--record", record)
    assert left_out.code == 0
    assert "cannot be seen to be incomplete by itself" in left_out.err
    record.write_text(whole)
    changed = json.loads(record.read_text())
    changed["views"][0]["commitment"] = "0" * 64
    record.write_text(json.dumps(changed))
    assert candor("discovery", "open", "--key", letter, "--record", record).code == 6
    assert candor("discovery", "open", "--key", trust, "--record", record).code == 3
    assert candor("discovery", "open", "--key", letter).code == 2
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        tx.execute(discovery_view.delete())
    gone = candor("discovery", "open", "--key", letter, "--discovery", number, "--side", "defence")
    assert gone.code == 6
    assert "holds 0 viewings, and the custody record of this site tells of 1" in gone.err
    assert candor("discovery", "end-access", number, "--side", "defence", "--reason", "It is over").code == 0
    told = candor("discovery", "show", number, "--json").json
    assert [line["event"] for line in told["ledger"]] == [
        "discovery:access-given",
        "discovery:entered",
        "discovery:access-ended",
    ]
    assert "It is over" in candor("discovery", "show", number, "--json").out


def test_a_finding_from_note_to_answer(candor: Candor, case: list[str]) -> None:
    about = ("--statement", "Report 26-77", "--words", "He did not announce himself.")
    noted = candor("finding", "note", "26-1", case[0], *about, "--from", "1.5", "--to", "4", "--json").json["finding"]
    made = candor("discovery", "make", "26-1")
    assert "1 finding(s) against a statement are not answered yet" in made.err
    assert candor("user", "add", "li", "--role", "counsel").code == 0
    assert candor("finding", "answer", noted, "disclosed", "--reason", "Brady", "--as", "tanaka").code == 5
    number = candor("discovery", "list", "--json").json["discovery"][0]["number"]
    words = ("--reason", "Brady", "--discovery", number, "--as", "li")
    assert candor("finding", "answer", noted, "disclosed", *words).out == "The answer is on record.\n"
    (told,) = candor("finding", "list", "26-1", "--json").json["findings"]
    assert (told["from_ms"], told["answer"], told["discovery"]) == (1500, "disclosed", number)
    assert candor("finding", "list", "--json").json == {"findings": []}
