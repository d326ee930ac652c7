"""How an answer is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.law.small_book import CLOCKS, KEEP_90, MINOR, OFFICIAL, RULES, at, book, facts, keep
from tests.law.test_engine import ASKED, HELD, NOW, RECENT

from candor.law.answer_values import answer_values, facts_values
from candor.law.engine import answer
from candor.law.model import Answer, Basis, Book
from candor.law.vocabulary import Label, LawEvent
from candor.law.words import dates_of, day_words, joined, moment_words, rule_words, standing_words, zone_of


def test_moments_and_days() -> None:
    assert day_words(date(2019, 10, 1)) == "1 October 2019"
    assert moment_words(at("2018-11-12 13:00"), "America/New_York") == "12 November 2018, 08:00 EST"
    assert moment_words(at("2018-08-14 12:00"), "America/New_York") == "14 August 2018, 08:00 EDT"
    assert moment_words(at("0001-01-01 00:00"), "America/New_York") == "1 January 1, 00:00 UTC"  # no earlier day
    assert joined(["one"]) == "one"
    assert joined(["one", "two", "three"], "or") == "one, two or three"
    assert joined([]) == ""
    assert zone_of(Book()) == "UTC"
    assert zone_of(book()) == "America/New_York"


def test_a_rule_with_citation_dates_and_standing() -> None:
    assert dates_of(CLOCKS) == "in force since 1 October 2019"
    ended = replace(CLOCKS, in_force_to=date(2022, 7, 1))
    assert dates_of(ended) == "in force from 1 October 2019 until before 1 July 2022"
    assert "may only restrict" in standing_words(CLOCKS, adopted=False)
    assert "adopted by the agency’s counsel" in standing_words(CLOCKS, adopted=True)
    assert standing_words(replace(CLOCKS, verification=OFFICIAL), adopted=False) == (
        "checked against the official text on 22 November 2026"
    )
    said = rule_words(Basis("It is so.", CLOCKS))
    assert said.startswith("release-48-96 · § release-48-96 · in force since 1 October 2019 · ")
    assert rule_words(Basis("It is so.")) == ""


def said(found: Answer) -> dict[str, tuple[str, str]]:
    return {one.subject: (one.state, one.words) for one in found.lines}


@pytest.mark.parametrize(
    ("known", "moment", "subject", "state", "words"),
    [
        ({}, "2018-09-01 00:00", "kept", "note", "Kept until 12 November 2018, 08:00 EST."),
        ({"category": None}, "2018-09-01 00:00", "kept", "note", "Kept until 12 November 2018, 08:00 EST at least."),
        ({"holds": (HELD,)}, "2018-09-01 00:00", "kept", "note", "EST at least."),
        ({}, "2018-09-01 00:00", "destroyed", "wait", "is not over before 12 November 2018, 08:00 EST"),
        ({}, "2018-12-01 00:00", "destroyed", "good", "one person asks for and another gives"),
        (
            {"holds": (HELD,)},
            "2018-12-01 00:00",
            "destroyed",
            "stop",
            "Held for litigation (case 2026-17): Doe v. Town.",
        ),
        ({"holds": (replace(HELD, reason=""),)}, "2018-12-01 00:00", "destroyed", "stop", "(case 2026-17)."),
        ({"open_cases": ("2", "1")}, "2018-12-01 00:00", "destroyed", "stop", "cases 1 and 2 are open"),
        ({"category": "Unheard of"}, "2018-12-01 00:00", "destroyed", "stop", "“Unheard of” has no meaning to the law"),
        ({"labels": {Label.MINOR}}, "2018-12-01 00:00", "release", "stop", "It shows a minor: confidential by law."),
        ({"labels": {Label.MINOR}}, "2018-12-01 00:00", "redaction", "wait", "Has to be redacted"),
        ({"labels": {Label.MINOR}}, "2018-12-01 00:00", "access", "wait", "Restricted: a minor."),
        ({}, "2018-12-01 00:00", "redaction", "note", "No rule in effect here says"),
        ({}, "2026-12-01 00:00", "clock", "note", "not those of this recording"),
    ],
)
def test_lines(known: dict, moment: str, subject: str, state: str, words: str) -> None:  # type: ignore[type-arg]
    found = said(answer(book(adopted=(KEEP_90,)), facts(**known), at(moment)))
    assert found[subject][0] == state
    assert words in found[subject][1]


def test_lines_of_a_release_and_its_clock() -> None:
    of = facts(RECENT, events={**ASKED, LawEvent.REVIEW_COMPLETED: at("2026-09-01 12:00")})
    found = said(answer(book(adopted=RULES), of, at("2026-09-02 12:00")))
    assert found["release"] == ("good", "May be released.")
    state, words = found["clock"]
    assert state == "wait"
    assert words.startswith("Is due 3 September 2026, 08:00 EDT. The law asks for its release within 48 hours")
    assert "warning" not in words
    late = said(answer(book(), of, at("2026-09-03 12:00")))["clock"]
    assert late[0] == "stop"
    assert late[1].startswith("Was due 3 September 2026, 08:00 EDT.")
    assert "take it as a warning" in late[1]
    minor = replace(of, labels=frozenset({Label.SUICIDE}))
    weighed = said(answer(book(adopted=RULES), minor, NOW))["release"]
    assert weighed[0] == "wait"
    assert "unwarranted invasion" in weighed[1]


def test_without_law_it_says_so_and_what_follows() -> None:
    found = said(answer(Book(), facts(), NOW))
    assert "Kept without an end." in found["kept"][1]
    assert "nothing is destroyed without a rule" in found["destroyed"][1]
    assert "nothing is released without a rule" in found["release"][1]


def test_every_line_opens_to_its_rules() -> None:
    found = answer(book(adopted=(KEEP_90,)), facts(labels={Label.MINOR}), NOW)
    steps = {line.subject: [step.rule for step in line.steps] for line in found.lines}
    assert KEEP_90 in steps["kept"]
    assert KEEP_90 in steps["destroyed"]
    assert MINOR in steps["release"]
    assert MINOR in steps["access"]
    assert CLOCKS in steps["clock"]


def test_an_answer_as_json() -> None:
    of = facts(RECENT, events=ASKED, labels={Label.MINOR}, holds=(HELD,), extended_until=NOW + timedelta(days=3))
    kept = keep("kept", "1 year", extendable_by="whoever is shown")
    found = answer(book(*RULES, kept, adopted=(KEEP_90,)), of, NOW)
    read = json.loads(json.dumps(answer_values(found) | facts_values(of)))
    assert read["book"] == "book"
    assert read["retention"]["until"].startswith("2027-08-14T12:00:00")
    assert [one["code"] for one in read["retention"]["blocks"]] == ["hold", "extended", "not-over"]
    assert read["release"]["allowed"] is False
    assert read["release"]["confidential"][0]["labels"] == ["minor"]
    assert read["clocks"][0]["due"].startswith("2026-09-05T12:00:00")
    assert read["events"] == {"request-received": "2026-09-01T12:00:00.000000Z"}
    assert [line["subject"] for line in read["lines"]] == [
        "kept",
        "destroyed",
        "release",
        "clock",
        "redaction",
        "access",
    ]
    step = next(one for one in read["retention"]["steps"] if one["rule"]["id"] == "keep-90-days")
    assert (step["adopted"], step["applied"]) == (True, True)
    named = {one["id"]: one["citation"] for one in read["rules"]}
    assert named["keep-90-days"] == "§ keep-90-days"
    assert {one["rule"]["id"] for one in read["clocks"]} <= named.keys()
