"""What duties are due when, by rules alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.fleet.duties.errors import ActionUnknown, WordsMissing
from candor.fleet.duties.rules import (
    DutyKind,
    Use,
    action_named,
    clean_words,
    may_act_for,
    reach,
    shifts_begun,
    terms_of,
)
from candor.law.books import make_book
from candor.law.model import DutyTerms, Pack, PackKind
from candor.law.periods import Period
from candor.law.reading import shipped
from candor.people.rules import Actor, Role

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHIFT = timedelta(hours=12)


def test_connecticut_asks_for_all_of_them() -> None:
    terms = terms_of(make_book([shipped()["us-ct"]]), DAY)
    assert set(terms) == set(DutyKind)
    assert terms[DutyKind.ANNUAL_TRAINING].due(NOON, timedelta(0)) == NOON.replace(year=2027)
    prompt = terms[DutyKind.REPORT_MALFUNCTION].due(NOON, timedelta(hours=5))
    assert prompt == NOON + timedelta(hours=5), "as soon as practicable is what the agency says it is"


def test_before_there_was_a_rule_there_was_no_duty() -> None:
    book = make_book([shipped()["us-ct"]])
    first = min(rule.in_force_from for pack in book.packs for rule in pack.rules if isinstance(rule.terms, DutyTerms))
    assert terms_of(book, first - timedelta(days=1)) == {}
    assert terms_of(make_book([]), DAY) == {}


def test_the_rule_that_gives_least_time_counts() -> None:
    pack = shipped()["us-ct"]
    rule = next(one for one in pack.rules if isinstance(one.terms, DutyTerms) and one.terms.duty == "annual-training")
    assert isinstance(rule.terms, DutyTerms)
    stricter = replace(rule, id="half-a-year", pack="policy", terms=replace(rule.terms, every=Period(6, "months")))
    laxer = replace(stricter, id="two-years", terms=replace(rule.terms, every=Period(2, "years")))
    policy = Pack("policy", PackKind.POLICY, "Policy", "US-CT", "1", DAY, "America/New_York", (laxer, stricter))
    terms = terms_of(make_book([pack], policy), DAY)
    assert terms[DutyKind.ANNUAL_TRAINING].rule.id == "half-a-year"


_MINUTES = st.integers(0, 5 * 24 * 60)


@given(st.lists(st.tuples(_MINUTES, st.sampled_from("ab"), st.sampled_from("xy")), max_size=30))
def test_shifts_begin_after_a_pause_and_nowhere_else(given: list[tuple[int, str, str]]) -> None:
    uses = [Use(device, who, NOON + timedelta(minutes=at), str(n)) for n, (at, who, device) in enumerate(given)]
    begun = shifts_begun(uses, SHIFT)
    for use in uses:
        same = [one for one in uses if (one.device_id, one.account_id) == (use.device_id, use.account_id)]
        before = [one for one in same if timedelta(0) <= use.at - one.at <= SHIFT and one != use]
        earlier = [one for one in before if (one.at, one.ref) < (use.at, use.ref)]
        assert (use in begun) is (not earlier)


def test_who_sees_and_acts() -> None:
    supervisor = Actor("s", frozenset({Role.SUPERVISOR}), "north", "S")
    officer = Actor("o", frozenset({Role.OFFICER}), "north", "O")
    keeper = Actor("k", frozenset({Role.EVIDENCE_TECHNICIAN}), None, "K")
    watcher = Actor("w", frozenset({Role.OVERSIGHT}), None, "W")
    assert [reach(one).everybody for one in (supervisor, officer, keeper, watcher)] == [False, False, True, True]
    assert reach(supervisor).unit_id == "north"
    assert reach(officer).nobody
    assert [may_act_for(one, "north") for one in (supervisor, officer, keeper, watcher)] == [True, False, True, False]
    assert not may_act_for(supervisor, "south")
    assert not may_act_for(replace(supervisor, unit_id=None), None)


@pytest.mark.parametrize("text", ["", "  ", "x" * 501, "a\x00b"])
def test_words_must_be_there_and_be_seen(text: str) -> None:
    with pytest.raises(WordsMissing):
        clean_words("why", text)


def test_words_and_actions() -> None:
    assert clean_words("why", "  two\n words ") == "two words"
    assert action_named(" Repaired ").value == "repaired"
    with pytest.raises(ActionUnknown):
        action_named("burnt")
