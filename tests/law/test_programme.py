"""Connecticut's pack as it is shipped: the rules of 2018 for a recording of 2018, those of today for one of today.

What is expected is taken from the statute's timeline, not from the pack.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.law.small_book import at
from tests.law.test_engine import codes, line

from candor.law.books import make_book
from candor.law.engine import answer
from candor.law.model import Answer, Book, Facts, RetentionTerms
from candor.law.periods import Period
from candor.law.reading import shipped
from candor.law.vocabulary import Label, LawClass, LawEvent

CLASSES = {"Traffic stop": LawClass.TRAFFIC_STOP, "Use of force": LawClass.FORCE}
NOW = at("2026-11-22 12:00")
OF_2018, OF_TODAY = at("2018-08-14 12:00"), at("2026-11-22 10:00")
BEFORE = at("2026-11-02 10:00")


def book(*, adopted: bool = False) -> Book:
    """The pack, by itself or with all of its rules adopted."""
    pack = shipped()["us-ct"]
    known = frozenset((rule.id, rule.sha256) for rule in pack.rules) if adopted else frozenset()
    return make_book([pack], None, known, CLASSES)


def of(recorded: datetime, *labels: Label, category: str | None = "Traffic stop", **events: datetime) -> Facts:
    happened = {LawEvent(name.replace("_", "-")): moment for name, moment in events.items()}
    return Facts(recorded, recorded + timedelta(hours=6), category, frozenset(labels), happened)


def statutory(found: Answer) -> list[datetime]:
    """What is due by the clocks of § 29-6d."""
    return sorted({one.due for one in found.clocks if one.due and "29-6d" in one.rule.citation})


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        (of(OF_2018, review_completed=at("2018-09-01 12:00")), []),
        (of(OF_2018, investigation_begun=at("2018-09-01 12:00")), []),
        (of(OF_2018, request_received=at("2026-09-01 12:00")), []),
        (of(at("2019-10-01 03:59"), review_completed=at("2019-10-02 12:00")), []),  # 30 September there
        (of(at("2019-10-01 04:00"), review_completed=at("2019-10-02 12:00")), [at("2019-10-04 12:00")]),
        (of(OF_TODAY, review_completed=at("2026-11-22 11:00")), [at("2026-11-24 11:00")]),
        (of(OF_TODAY, investigation_begun=at("2026-11-22 11:00")), [at("2026-11-26 11:00")]),
        (
            of(BEFORE, investigation_begun=at("2026-11-10 11:00"), review_completed=at("2026-11-11 12:00")),
            [at("2026-11-13 12:00")],
        ),
        (
            of(BEFORE, investigation_begun=at("2026-11-10 11:00"), review_completed=at("2026-11-14 12:00")),
            [at("2026-11-14 11:00"), at("2026-11-16 12:00")],
        ),
        (of(OF_TODAY, request_received=at("2026-11-22 11:00")), [at("2026-11-26 11:00")]),
    ],
)
def test_the_clocks_of_48_and_96_hours_are_those_of_october_2019(facts: Facts, due: list[datetime]) -> None:
    found = answer(book(), facts, NOW)
    assert statutory(found) == due
    if facts.recorded_at < at("2019-10-01 04:00"):
        told = {step.rule.id: step.words for step in found.clock_steps if step.rule}
        assert all("1 October 2019" in words for words in told.values())
        assert len([name for name in told if "29-6d-f" in name]) >= 2


def test_ninety_days_and_nothing_goes_before_counsel_adopts_them() -> None:
    found = answer(book(), of(OF_2018), NOW)
    assert found.retention.until == at("2018-11-12 13:00")  # 90 days on the calendar of New York
    assert codes(found.retention.blocks) == ["not-adopted"]
    assert answer(book(adopted=True), of(OF_2018), NOW).retention.purgeable
    assert codes(answer(book(adopted=True), of(OF_TODAY), NOW).retention.blocks) == ["not-over"]


def test_evidence_is_kept_four_years_and_the_later_cap_is_shown_where_it_binds() -> None:
    for adopted in (False, True):
        found = answer(book(adopted=adopted), of(at("2021-08-14 12:00"), Label.EVIDENTIARY), NOW)
        assert found.retention.until == at("2025-08-14 12:00")
    plain = answer(book(), of(at("2021-08-14 12:00")), NOW)
    assert plain.retention.until == at("2021-11-12 13:00")
    capped = [step for step in plain.retention.steps if step.rule and _most(step.rule.terms) == Period(1, "years")]
    assert [step.applied for step in capped] == [True]
    then = answer(book(), of(OF_2018), NOW)  # the cap came in 2020
    assert [step.applied for step in then.retention.steps if step.rule and _most(step.rule.terms)] == [False]


def _most(terms: object) -> Period | None:
    return terms.maximum if isinstance(terms, RetentionTerms) else None


@pytest.mark.parametrize(
    ("label", "allowed"),
    [
        (Label.MINOR, False),
        (Label.DOMESTIC_ABUSE, None),
        (Label.SEXUAL_ABUSE, None),
        (Label.HOMICIDE, None),
        (Label.SUICIDE, None),
        (Label.ACCIDENT_DEATH, None),
    ],
)
def test_what_is_confidential_by_29_6d_g(label: Label, allowed: bool | None) -> None:
    facts = of(OF_TODAY, label, review_completed=at("2026-11-22 11:00"))
    found = answer(book(adopted=True), facts, NOW)
    assert found.release.allowed is allowed
    assert any(one.labels == {label} and "29-6d" in one.rule.citation for one in found.release.confidential)
    clean = answer(book(adopted=True), of(OF_TODAY, review_completed=at("2026-11-22 11:00")), NOW)
    assert codes(clean.release.blocks) == [] or clean.release.allowed is None
    assert label not in {one for each in clean.release.confidential for one in each.labels}


def test_exceptions_for_a_minor_are_told() -> None:
    words = line(answer(book(), of(OF_TODAY, Label.MINOR), NOW), "release")
    assert "parent or guardian" in words
    assert "charged with a crime" in words


def test_without_a_category_it_is_kept_longest_and_not_destroyed() -> None:
    bare = answer(book(adopted=True), of(OF_2018, category=None), at("2099-01-01 00:00"))
    assert "uncategorised" in codes(bare.retention.blocks)
    stop = answer(book(adopted=True), of(OF_2018), NOW).retention
    assert stop.until is not None
    assert bare.retention.until is None or bare.retention.until >= stop.until


def test_an_answer_to_a_request_is_due_and_releases_nothing() -> None:
    facts = of(OF_2018, request_received=at("2026-11-23 15:00"))
    found = answer(book(adopted=True), facts, at("2026-11-24 12:00"))
    assert [one.due for one in found.clocks if "1-206" in one.rule.citation] == [at("2026-12-01 05:00")]
    assert "Thursday 26 November 2026 (Thanksgiving)" in " ".join(one.words for one in found.clocks)
    unchecked = answer(book(), facts, at("2026-11-24 12:00"))
    assert [one.due for one in unchecked.clocks if "1-206" in one.rule.citation] == [at("2026-11-28 05:00")]
    assert found.release.allowed is False


def test_review_before_a_statement_came_with_the_law_of_2019() -> None:
    then = answer(book(), of(OF_2018), at("2018-12-01 12:00")).access.review
    today = answer(book(), of(OF_TODAY), NOW).access.review
    assert then == ()
    assert any(step.applied and "attorney" in step.words for step in today)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_no_pack_lets_anything_go_by_what_was_not_checked(name: str) -> None:
    law = make_book([shipped()[name]], None, frozenset(), CLASSES)
    for category in ("Traffic stop", "Use of force", None):
        found = answer(law, of(OF_2018, category=category, request_received=at("2026-10-01 12:00")), NOW)
        if found.retention.purgeable:
            assert any(step.applied and step.rule and law.may_loosen(step.rule) for step in found.retention.steps)
        if found.release.allowed:
            assert any(step.rule and law.may_loosen(step.rule) for step in found.release.steps)
        assert all(one.words for one in found.lines)
