"""`candor case`: a case from its opening to its closing, in words and in JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.conftest import Candor
from tests.footage.entries import add_entry

from candor.core.settings import Settings
from candor.installation import Installation
from candor.people import passwords

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def site(candor: Candor, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An installation with two accounts and two recordings of an incident; their identifiers."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    with Installation.open(Settings.load(), create=True) as installation, installation.database.write() as tx:
        begun = datetime(2026, 11, 20, 8, tzinfo=UTC)
        made = [
            add_entry(tx, begun + timedelta(hours=n), title=f"Stop {n}", incident_number="2026-7") for n in range(2)
        ]
    for name, role in (("tanaka", "evidence_technician"), ("okafor", "officer")):
        assert candor("user", "add", name, "--role", role, "--display-name", name.title()).code == 0
    return made


def test_a_case_from_its_opening_to_its_closing(candor: Candor, site: list[str]) -> None:
    opened = candor("case", "open", "26-1", "--kind", "request", "--title", "Pike Street", "--as", "tanaka", "--json")
    assert (opened.code, opened.json["number"]) == (0, "26-1")
    assert (
        candor("case", "add", "26-1", "--incident", "2026-7", "--reason", "Asked for", "--json").json["added"] == site
    )
    again = candor("case", "add", "26-1", site[0], "--reason", "Asked for")
    assert (again.code, again.out) == (0, "They were in it already.\n")
    assert candor("case", "remove", "26-1", site[1], "--reason", "Another stop").code == 0
    entry = candor("case", "person", "26-1", "--name", "Ada Byron", "--part", "complainant", "--json").json["entry"]
    assert candor("case", "person", "26-1", "--account", "okafor", "--part", "involved-officer").code == 0
    assert candor("case", "person", "26-1", "--end", entry, "--reason", "Withdrew it").code == 0
    noted = candor("case", "event", "26-1", "request-received", "--at", "2026-11-19 08:00", "--json").json["entry"]
    mended = candor("case", "event", "26-1", "--correct", noted, "--at", "2026-11-18T08:00:00Z", "--reason", "Stamp")
    assert mended.code == 0
    assert candor("case", "open", "26-2", "--kind", "other", "--title", "Inquiry", "--owner", "tanaka").code == 0
    beside = candor("case", "relate", "26-1", "26-2", "--reason", "Same stop", "--json").json["entry"]
    assert candor("case", "change", "26-1", "--title", "Pike Street, both").out == "The case was changed.\n"
    assert candor("case", "close", "26-1", "--reason", "Answered").out == "Case 26-1 closed.\n"

    shown = candor("case", "show", "26-1", "--json").json
    assert (shown["state"], shown["close_reason"], shown["owner_name"]) == ("closed", "Answered", "Tanaka")
    assert [one["recording_id"] for one in shown["recordings"]] == [site[0]]
    assert [one["remove_reason"] for one in shown["recordings_removed"]] == ["Another stop"]
    assert [(one["name"], one["end_reason"]) for one in shown["people"]] == [
        ("Okafor", None),
        ("Ada Byron", "Withdrew it"),
    ]
    assert [one["withdraw_reason"] for one in shown["moments"]] == ["Stamp", None]
    assert [one["id"] for one in shown["related"]] == [beside]
    assert shown["history_total"] == len(shown["history"]) == 12
    words = candor("case", "show", "26-1").out
    for expected in (
        "Pike Street, both",
        "request for records",
        "closed",
        "Stop 0",
        "Ada Byron",
        "26-2",
        "A case was closed",
    ):
        assert expected in words, expected
    assert candor("case", "relate", "26-1", "--end", beside, "--reason", "Another stop").code == 0
    assert candor("case", "reopen", "26-1", "--reason", "New letter").code == 0


def test_cases_are_listed_for_whoever_may_see_them(candor: Candor, site: list[str]) -> None:
    for number in ("26-1", "26-2"):
        open_it = ("case", "open", number, "--kind", "criminal", "--title", f"Stop {number}", "--owner", "tanaka")
        assert candor(*open_it).code == 0
    assert candor("case", "person", "26-2", "--account", "okafor", "--part", "witness").code == 0

    def numbers(*words: str) -> list[str]:
        return [one["number"] for one in candor("case", "list", *words, "--json").json["cases"]]

    assert numbers() == ["26-2", "26-1"]
    assert numbers("--text", "stop 26-1") == ["26-1"]
    assert numbers("--owner", "tanaka", "--state", "open", "--kind", "criminal") == ["26-2", "26-1"]
    assert numbers("--as", "okafor") == ["26-2"]
    assert candor("case", "show", "26-1", "--as", "okafor").code == 4
    first = candor("case", "list", "--limit", "1", "--json").json
    assert [one["number"] for one in first["cases"]] == ["26-2"]
    assert numbers("--limit", "1", "--after", first["after"]) == ["26-1"]
    assert "26-1" in candor("case", "list").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("open", "--kind", "other", "--title", "A"), 3, "whose case it is"),
        (("open", "--kind", "murder", "--title", "A"), 2, "murder"),
        (("show", "26-404"), 4, "no case with the number or identifier 26-404"),
        (("add", "26-1", "--reason", "So"), 2, "Name recordings"),
        (("add", "26-404", "x", "--reason", "So"), 4, "26-404"),
        (("person", "26-1"), 2, "--part"),
        (("event", "26-1"), 2, "Name what happened"),
        (("event", "26-1", "request-received", "--at", "soon"), 3, "soon"),
        (("relate", "26-1", "--reason", "So"), 2, "Name the other case"),
        (("list", "--unit", "Nowhere"), 4, "Nowhere"),
        (("list", "--after", "everything"), 3, "place in the list"),
    ],
)
def test_what_cannot_be_done_is_said(candor: Candor, words: tuple[str, ...], code: int, said: str) -> None:
    with Installation.open(Settings.load(), create=True):
        pass
    ended = candor("case", *words)
    assert ended.code == code, ended.err
    assert said in ended.err
