"""Critical incidents: the clocks of Colorado, California and Minnesota, and what has to come before a release."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.law.small_book import OFFICIAL, at, book, rule

from candor.law.books import make_book
from candor.law.critical import CriticalAnswer, CriticalFacts, critical_answer
from candor.law.model import Book, ConsentTerms, Facts, RuleKind, ViewingTerms
from candor.law.periods import Period
from candor.law.reading import shipped
from candor.law.vocabulary import Critical, Label, LawClass, LawEvent, Requester

CLASSES = {"Stop": LawClass.TRAFFIC_STOP, "Complaint": LawClass.COMPLAINT, "Force": LawClass.DEADLY_FORCE}
HAPPENED = at("2026-11-30 15:00")
NOW = at("2026-12-01 12:00")


def law(*names: str, adopted: bool = True) -> Book:
    packs = [shipped()[name] for name in names]
    chosen = frozenset((one.id, one.sha256) for pack in packs for one in pack.rules) if adopted else frozenset()
    return make_book(packs, None, chosen, CLASSES)


def recording(recorded: datetime = HAPPENED, **known: Any) -> Facts:
    known.setdefault("category", "Force")
    return Facts(recorded, recorded, **known)


def found(name: str, kind: Critical, *of: Facts, adopted: bool = True, asked: datetime | None = None) -> CriticalAnswer:
    recordings = tuple((f"r{number}", one) for number, one in enumerate(of))
    return critical_answer(law(name, adopted=adopted), CriticalFacts(kind.value, HAPPENED, recordings, asked), NOW)


@pytest.mark.parametrize("kind", list(Critical))
def test_fourteen_days_in_minnesota_and_the_next_of_kin_first(kind: Critical) -> None:
    answer = found("us-mn", kind, recording(), adopted=False)
    (clock,) = answer.clocks
    assert clock.clock.due == HAPPENED + timedelta(days=14) == answer.due
    (offer,) = answer.offers
    assert (offer.who, offer.before_release, offer.due) == (Requester.NEXT_OF_KIN, True, None)
    assert offer.words == (
        "A viewing is offered to next of kin of somebody who died before anything of it is released (Minn. Stat. "
        "§ 13.825)."
    )
    assert offer.recordings == ("r0",)


def test_steps_of_thirty_days_up_to_a_year_in_california() -> None:
    (clock,) = {one.clock.due: one for one in found("us-ca", Critical.SHOOTING, recording()).clocks}.values()
    assert clock.clock.due is not None
    assert (clock.clock.due - HAPPENED).days == 45
    days = [round((step - HAPPENED) / timedelta(days=1)) for step in clock.steps]
    assert days == [*range(75, 365, 30), 365]
    assert str(clock.extension) == "30 days"
    assert clock.latest == clock.steps[-1]
    unchecked = found("us-ca", Critical.SHOOTING, recording(), adopted=False)
    assert {one.steps for one in unchecked.clocks} == {()}


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        (Critical.DEATH, {"ca-7923-625-critical-incident"}),
        (Critical.SHOOTING, {"ca-7923-625-critical-incident", "ca-7923-625-firearm"}),
    ],
)
def test_it_counts_as_deadly_force_whatever_its_category_says(kind: Critical, rules: set[str]) -> None:
    """One officer's camera was put into another category, another's into none: no rule is missed by that."""
    answer = found("us-ca", kind, recording(category="Stop"), recording(category=None))
    assert {one.clock.rule.id for one in answer.clocks if one.recording_id == "r0"} == rules
    assert {one.recording_id for one in answer.clocks} == {"r0", "r1"}


@pytest.mark.parametrize("category", ["Stop", "Force", "Unheard of", None])
def test_the_next_of_kin_are_offered_a_viewing_of_every_recording_of_it(category: str | None) -> None:
    answer = found("us-mn", Critical.DEATH, recording(category=category))
    assert [(one.who, one.recordings) for one in answer.offers] == [(Requester.NEXT_OF_KIN, ("r0",))]


def test_what_its_own_category_asks_counts_besides() -> None:
    asked = HAPPENED + timedelta(hours=3)
    answer = found("us-co", Critical.DEATH, recording(category="Complaint"), asked=asked)
    (clock,) = answer.clocks
    assert clock.clock.rule.id == "co-902-2-complaint"
    assert clock.clock.due == asked + timedelta(days=21)
    assert [step - asked for step in clock.steps] == [timedelta(days=45)]
    nobody = found("us-co", Critical.DEATH, recording(category="Complaint"))
    assert (nobody.clocks, [one.clock.rule.id for one in nobody.waiting]) == ((), ["co-902-2-complaint"])


def test_before_a_recording_is_found_the_clocks_run_from_the_incident() -> None:
    answer = found("us-mn", Critical.DEATH)
    assert [(one.recording_id, one.clock.due) for one in answer.clocks] == [(None, HAPPENED + timedelta(days=14))]
    assert answer.offers[0].recordings == ()


def test_the_consent_of_a_minor_and_a_parent_in_connecticut() -> None:
    minor = recording(labels=frozenset({Label.MINOR}))
    answer = found("us-ct", Critical.SERIOUS_INJURY, recording(), minor)
    (consent,) = answer.consents
    assert (consent.of, consent.recordings) == ((Requester.DEPICTED, Requester.PARENT), ("r1",))
    assert consent.lifts == ("ct-29-6d-g2-minor",)
    assert "What is withheld by Conn. Gen. Stat. § 29-6d (g)(2)(C) may be released with the consent of" in consent.words
    assert "a parent or guardian of a minor who was recorded" in consent.words
    assert found("us-ct", Critical.SERIOUS_INJURY, recording()).consents == ()


def test_a_viewing_within_a_time_and_a_consent_without_which_nothing_is_released() -> None:
    terms = ViewingTerms(
        frozenset({Requester.DEPICTED, Requester.NEXT_OF_KIN}), False, Period(5, "days"), LawEvent.REQUEST_RECEIVED
    )
    viewing = rule("viewing", RuleKind.VIEWING, terms)
    consent = rule("consent", RuleKind.CONSENT, ConsentTerms(frozenset({Requester.PARENT})), checked=OFFICIAL)
    facts = CriticalFacts("death", HAPPENED, (("r", recording()),))
    waiting = critical_answer(book(viewing, consent), facts, NOW)
    assert [(one.who, one.due, one.before_release) for one in waiting.offers] == [
        (Requester.DEPICTED, None, False),
        (Requester.NEXT_OF_KIN, None, False),
    ]
    assert waiting.consents[0].words.startswith("Released only with the consent of a parent or guardian")
    asked = recording(events={LawEvent.REQUEST_RECEIVED: HAPPENED + timedelta(hours=1)})
    known = critical_answer(book(viewing, consent), replace(facts, recordings=(("r", asked),)), NOW)
    assert {one.due for one in known.offers} == {HAPPENED + timedelta(days=5, hours=1)}
    assert "within 5 days from when the request was received (by 5 December 2026" in known.offers[0].words


def test_the_lines_say_what_is_due_and_what_comes_first() -> None:
    lines = {line.subject: line for line in found("us-mn", Critical.DEATH, recording()).lines}
    assert set(lines) == {"clock", "viewing", "consent", "rights"}
    assert (lines["clock"].state, lines["viewing"].state) == ("wait", "wait")
    assert lines["clock"].words.startswith("Is due 14 December 2026, 09:00 CST.")
    late = critical_answer(
        law("us-mn"), CriticalFacts("death", HAPPENED, (("r", recording()),)), HAPPENED + timedelta(days=15)
    )
    assert late.lines[0].state == "stop"
    none = found("us-wa", Critical.DEATH, recording())
    assert none.lines[0].words == "No clock runs for a death here."


def test_the_same_question_has_the_same_answer_and_an_unknown_kind_none() -> None:
    one, other = recording(), recording(category="Stop")
    again = [found("us-mn", Critical.DEATH, one, other) for _ in range(2)]
    assert again[0] == again[1]
    with pytest.raises(ValueError, match="quarrel"):
        critical_answer(law("us-mn"), CriticalFacts("quarrel", HAPPENED), NOW)
