"""Holidays: days that return, days beside a weekend, whose calendar counts when, and an independent list as a check."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law.small_book import OFFICIAL, at, book, facts, pack, rule

from candor.law.engine import answer
from candor.law.errors import YearlyDayWrong
from candor.law.holidays import easter, holidays_of_year, read_yearly
from candor.law.model import Book, ClockTerms, HolidayTerms, RetentionTerms, Rule, RuleKind
from candor.law.periods import Period
from candor.law.reading import shipped
from candor.law.vocabulary import LawEvent

THANKSGIVING = HolidayTerms(each_year={"Thanksgiving": "fourth Thursday of November"})
NAMED = rule("holidays", RuleKind.HOLIDAYS, THANKSGIVING)
ANSWER = rule(
    "answer",
    RuleKind.CLOCK,
    ClockTerms({LawEvent.REQUEST_RECEIVED: Period(4, "business days")}, answer_only=True),
    checked=OFFICIAL,
)
ASKED = facts("2026-11-20 12:00", events={LawEvent.REQUEST_RECEIVED: at("2026-11-24 15:00")})
NOW = at("2026-11-25 12:00")


@pytest.mark.parametrize(
    ("text", "year", "day"),
    [
        ("January 1", 2026, "2026-01-01"),
        ("third Monday of January", 2026, "2026-01-19"),
        ("first Monday of September", 2025, "2025-09-01"),
        ("last Monday of May", 2021, "2021-05-31"),
        ("fourth Thursday of November", 2024, "2024-11-28"),
        ("day after fourth Thursday of November", 2024, "2024-11-29"),
        ("day after December 31", 2024, "2025-01-01"),
        ("Good Friday", 2014, "2014-04-18"),
        ("Good Friday", 2024, "2024-03-29"),
        ("February 29", 2024, "2024-02-29"),
        ("February 29", 2025, None),
        ("day after February 29", 2025, None),
    ],
)
def test_a_day_that_returns_each_year(text: str, year: int, day: str | None) -> None:
    assert read_yearly(text)(year) == (None if day is None else date.fromisoformat(day))


@pytest.mark.parametrize("text", ["", "1 January", "february 2", "fifth Monday of May", "April 31", "day after", "Eid"])
def test_what_is_no_such_day(text: str) -> None:
    with pytest.raises(YearlyDayWrong, match="third Monday of January"):
        read_yearly(text)


def test_easter_falls_as_the_published_tables_say() -> None:
    known = ["2000-04-23", "2008-03-23", "2011-04-24", "2019-04-21", "2025-04-20", "2026-04-05", "2038-04-25"]
    assert [str(easter(int(day[:4]))) for day in known] == known


@pytest.mark.parametrize(
    ("saturday", "sunday", "days"),
    [
        (False, False, {"2022-01-01", "2022-07-04", "2021-07-04"}),
        (True, True, {"2021-12-31", "2022-07-04", "2021-07-05"}),
        (False, True, {"2022-01-01", "2022-07-04", "2021-07-05"}),
    ],
)
def test_a_holiday_beside_a_weekend(saturday: bool, sunday: bool, days: set[str]) -> None:
    """1 January 2022 is a Saturday, and is kept in the year before; 4 July 2021 is a Sunday."""
    terms = HolidayTerms(
        each_year={"New Year": "January 1", "Independence": "July 4"},
        saturday_to_friday=saturday,
        sunday_to_monday=sunday,
    )
    found = holidays_of_year(terms, 2021) | holidays_of_year(terms, 2022)
    assert {str(day) for day in found} - {"2021-01-01"} == days


def due(law: Book) -> str:
    (clock,) = answer(law, ASKED, NOW).clocks
    assert clock.due is not None
    return f"{clock.due - timedelta(hours=5):%d %b %H:%M}"


@pytest.mark.parametrize(
    ("law", "ends"),
    [
        (book(ANSWER), "01 Dec 00:00"),
        (book(ANSWER, NAMED), "01 Dec 00:00"),
        (book(ANSWER, NAMED, adopted=(NAMED,)), "02 Dec 00:00"),
        (book(ANSWER, replace(NAMED, verification=OFFICIAL)), "02 Dec 00:00"),
        # It counts on the days on which it is in force, and from the day on which it stands.
        (book(ANSWER, replace(NAMED, verification=OFFICIAL, in_force_to=date(2026, 11, 26))), "01 Dec 00:00"),
        (book(ANSWER, replace(NAMED, verification=OFFICIAL, in_force_from=date(2026, 11, 27))), "01 Dec 00:00"),
        (book(ANSWER, replace(NAMED, verification=OFFICIAL, in_force_from=date(2026, 11, 26))), "01 Dec 00:00"),
        (book(ANSWER, replace(NAMED, verification=OFFICIAL, in_force_from=date(2026, 11, 25))), "02 Dec 00:00"),
        # An agency's own holidays never lengthen the time that the law gives it.
        (book(ANSWER, own=(NAMED,)), "01 Dec 00:00"),
        (
            replace(book(ANSWER), packs=(replace(pack(ANSWER), holidays=frozenset({date(2026, 11, 26)})),)),
            "01 Dec 00:00",
        ),
    ],
)
def test_a_holiday_counts_only_from_a_rule_that_may_loosen(law: Book, ends: str) -> None:
    assert due(law) == ends


def test_a_holiday_that_counts_is_named_and_one_that_does_not_is_told() -> None:
    (counted,) = answer(book(ANSWER, NAMED, adopted=(NAMED,)), ASKED, NOW).clocks
    assert counted.left_out == ((date(2026, 11, 26), "Thanksgiving"),)
    assert "Left out: Thursday 26 November 2026 (Thanksgiving) by § holidays." in counted.words
    assert (counted.without_holidays, counted.with_holidays) == (at("2026-12-01 05:00"), None)
    (told,) = answer(book(ANSWER, NAMED), ASKED, NOW).clocks
    assert (told.without_holidays, told.with_holidays, told.left_out) == (None, at("2026-12-02 05:00"), ())
    assert "With Thursday 26 November 2026 (Thanksgiving) by § holidays left out it would be 2 December" in told.words


def test_a_policys_clock_leaves_out_its_own_holidays_and_those_of_the_law_under_it() -> None:
    own_day = rule("closed", RuleKind.HOLIDAYS, HolidayTerms(frozenset({date(2026, 11, 27)})), checked=OFFICIAL)
    law = book(NAMED, own=(ANSWER, own_day))
    assert due(law) == "02 Dec 00:00", "its own day alone: Thanksgiving is not adopted"
    assert due(replace(law, adopted=frozenset({(NAMED.id, NAMED.sha256)}))) == "03 Dec 00:00"
    assert law.policy is not None
    listed = replace(
        law, policy=replace(law.policy, rules=law.policy.rules[:1], holidays=frozenset({date(2026, 11, 30)}))
    )
    assert due(listed) == "02 Dec 00:00"


def test_what_is_kept_is_kept_longer_by_every_holiday_that_is_known() -> None:
    keep = rule("keep", RuleKind.RETENTION, RetentionTerms(Period(4, "business days")), checked=OFFICIAL)
    kept = facts("2026-11-24 15:00")
    assert answer(book(keep), kept, NOW).retention.until == at("2026-12-01 05:00")
    assert answer(book(keep, NAMED), kept, NOW).retention.until == at("2026-12-02 05:00")


@given(st.dates(date(2014, 1, 1), date(2040, 1, 1)), st.integers(1, 20), st.sampled_from(("us-ct", "us-ga", "us-co")))
def test_a_holiday_never_shortens(start: date, days: int, name: str) -> None:
    found = shipped()[name]
    known = {day for year in (start.year, start.year + 1) for day in days_of(name, year)}
    begins = at(f"{start} 12:00")
    for unit in ("business days", "days", "hours"):
        period = Period(days, unit)
        plain, longer = period.after(begins, found.time_zone), period.after(begins, found.time_zone, known)
        assert longer >= plain
        assert unit == "business days" or longer == plain


def days_of(name: str, year: int) -> dict[date, str]:
    """The holidays of a pack in a year, by its rules in force on each day."""
    return {
        day: title
        for one in _rules(name)
        if isinstance(one.terms, HolidayTerms)
        for day, title in holidays_of_year(one.terms, year).items()
        if one.in_force(day)
    }


def _rules(name: str) -> list[Rule]:
    return [one for one in shipped()[name].rules if one.kind is RuleKind.HOLIDAYS]


@pytest.mark.parametrize(("name", "number"), [("us-ct", 13), ("us-ga", 12), ("us-co", 11)])
def test_holidays_of_the_states(name: str, number: int) -> None:
    found = days_of(name, 2026)
    assert len(found) == number
    assert found[date(2026, 11, 26)] == "Thanksgiving"
    assert date(2026, 12, 25) in found


@pytest.mark.parametrize(
    ("name", "code", "since", "not_here"),
    [
        # Since when Juneteenth is a holiday was found in no source: it is there from 2024 on.
        ("us-ct", "CT", 2014, {2021: {"2021-06-18"}, 2022: {"2022-06-20"}, 2023: {"2023-06-19"}}),
        # The Governor names the day on which Washington's Birthday is observed: those of 2024 and 2025 were read.
        ("us-ga", "GA", 2024, {2026: {"2026-12-24"}, 2027: {"2027-12-23"}, 2028: {"2028-12-26"}, 2029: {"2029-12-24"}}),
        # Cesar Chavez Day is an optional one; a holiday on a Saturday moves by no law that was read.
        (
            "us-co",
            "CO",
            2024,
            {
                2025: {"2025-03-31"},
                2026: {"2026-03-31", "2026-07-03"},
                2027: {"2027-03-31", "2027-06-18", "2027-12-24", "2027-12-31"},
                2028: {"2028-03-31", "2028-11-10"},
            },
        ),
    ],
)
def test_they_are_those_of_an_independent_list(name: str, code: str, since: int, not_here: dict[int, set[str]]) -> None:
    """Weekdays by `holidays`, a library that other people keep: no day more than it has, and each day less is known."""
    theirs = pytest.importorskip("holidays")
    if code == "GA" and date(2024, 3, 29) not in theirs.US(subdiv=code, years=2024):
        pytest.skip("this version has Georgia's State Holiday on the Monday of before 2024, not on Good Friday")
    for year in range(since, 2030):
        listed = {day for day in theirs.US(subdiv=code, years=year) if day.year == year and day.weekday() < 5}
        ours = {day for day in days_of(name, year) if day.weekday() < 5}
        assert not ours - listed
        assert {str(day) for day in listed - ours} == not_here.get(year, set()), year
