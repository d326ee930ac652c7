"""`candor request`: from the receipt to the answer, in words and in JSON."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.footage.entries import add_entry

from candor.core.settings import Settings
from candor.installation import Installation
from candor.law import changes
from candor.people import passwords
from candor.people.rules import Role, system_actor

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def site(candor: Candor, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An installation under the law of Connecticut, with two accounts and two recordings; their identifiers."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    with Installation.open(Settings.load(), create=True) as installation:
        begun = datetime.now(UTC) - timedelta(days=2)
        with installation.database.write() as tx:
            made = [
                add_entry(tx, begun + timedelta(hours=n), title=f"Stop {n}", place="Pike Street", duration_ms=60_000)
                for n in range(2)
            ]
            proposed = changes.propose_pack(tx, system_actor("one"), "us-ct", reason="We begin.")
            changes.note_dry_run(tx, proposed, {"purgeable": 0})
            changes.decide(tx, system_actor("two"), proposed, approve=True, reason="Yes.")
    for name, role in (("reyes", Role.RECORDS_OFFICER), ("okafor", Role.OFFICER)):
        assert candor("user", "add", name, "--role", role, "--display-name", name.title()).code == 0
    return made


def test_a_request_from_its_receipt_to_its_answer(candor: Candor, site: list[str]) -> None:
    one, other = site
    who = ("--as", "reyes")
    named = ("--place", "pike", "--class", "press", "--confirmed", "--mail", "ada@example.org")
    made = candor("request", "new", "The stop \x1b[31mthere.", "--name", "Ada Miller", *named, *who, "--json")
    number, code = made.json["number"], made.json["code"]
    assert (made.code, number) == (0, f"R-{datetime.now(UTC).year}-0001")
    assert made.json["due_at"] is not None
    proposed = candor("request", "propose", number, *who, "--json").json
    assert {found["recording"] for found in proposed["proposals"]} == {one, other}
    assert "its place fits “pike”" in candor("request", "propose", number, *who).out
    assert (
        candor("request", "meant", number, one, "--why", "It is the stop.", *who).out
        == "1 recordings: meant, and held.\n"
    )
    assert candor("request", "meant", number, other, "--not", "--why", "Another.", *who, "--json").json[
        "recordings"
    ] == [other]
    assert candor("request", "assign", number, "reyes").out == "Done.\n"
    assert candor("request", "message", number, "Which day?", "--asks", *who).code == 0
    assert candor("request", "message", number, "Monday.", "--from-requester", *who, "--json").json["message"]
    assert candor("request", "note", number, "They called.", *who).out == "Written.\n"
    fee = candor("request", "estimate", number, "--pages", "10", *who, "--json").json
    assert fee["sums"][0]["number"] == "10.00"
    assert "In all: USD" in candor("request", "estimate", number, "--pages", "10", *who).out
    listed = candor("request", "list", *who, "--json").json
    (row,) = listed["requests"]
    assert (row["meant"], row["unread"], row["waits_for"]) == (1, 1, "Reyes, to read what whoever asked wrote")
    assert listed["counts"]["open"] == 1
    shown = candor("request", "show", number, "--json").json
    assert shown["clocks"]
    assert [found["meant"] for found in shown["recordings"]] == ["meant", "not-meant"]
    assert code not in str(shown)
    words = candor("request", "show", number).out
    for expected in (
        "Ada Miller",
        "somebody of the press",
        "Stop 0",
        "Which day?",
        "A request for records came in",
        "\\x1b[31m",
    ):
        assert expected in words, expected
    assert "\x1b" not in words
    early = candor("request", "answer", number, "--outcome", "nothing-found", *who)
    assert (early.code, "were found" in early.err) == (5, True)
    withdrawn = candor("request", "withdraw", number, "--reason", "They called.", *who)
    assert withdrawn.out == "Taken back.\n"
    assert candor("request", "meant", number, one, "--why", "x", *who).code == 5
    assert candor("request", "reopen", number, "--reason", "They asked again.", *who).out == "It is open again.\n"
    figures = candor("request", "statistics", *who, "--json").json
    assert (figures["total"]["received"], figures["open_by_age"][0]["requests"]) == (1, 1)
    table = list(csv.reader(io.StringIO(candor("request", "statistics", "--csv", *who).out)))
    assert len(table) == 14
    assert table[-1][1] == "1"


def test_a_table_comes_in_whole_or_not_at_all(candor: Candor, site: list[str], tmp_path: Path) -> None:
    path = tmp_path / "requests.csv"
    path.write_text("words,mail\nThe stop.,\n=1+1,nobody\n")
    refused = candor("request", "import", str(path), "--json")
    assert (refused.code, refused.json["received"]) == (3, [])
    assert [fault["row"] for fault in refused.json["faults"]] == [3]
    taken = candor("request", "import", str(path), "--good-only")
    assert taken.code == 0
    assert "CR-" in taken.out
    again = candor("request", "import", str(path), "--good-only")
    assert (again.code, "very same" in again.err) == (3, True)
    assert len(candor("request", "import", str(path), "--good-only", "--again", "--json").json["received"]) == 1


def test_what_is_wrong_is_refused_in_words(candor: Candor, site: list[str]) -> None:
    assert candor("request", "show", "R-1999-0001").code == 4
    assert candor("request", "list", "--as", "okafor").code == 5
    assert candor("request", "new", " ").code == 3
    assert candor("request", "new", "The stop.", "--from", "someday").code == 3
    number = candor("request", "new", "The stop.", "--json").json["number"]
    late = candor("request", "extend", number, "--reason", "More time.")
    assert (late.code, "cannot be extended" in late.err) == (5, True)
    assert candor("request", "statistics", "--from", "November").code == 2
    assert candor("request", "assign", number).code == 2
