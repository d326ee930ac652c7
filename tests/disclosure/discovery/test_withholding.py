"""Which events are kept back in discovery: the table, and what of a kind it opens all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from candor.core.canonical import canonical_json
from candor.custody import CustodyEvent, Event
from candor.disclosure.discovery.withholding import KEPT_BACK, REASONS, Watchers, kept_back, reason_of
from candor.footage.viewing import REVIEW_PURPOSE
from candor.verify.contents import _REASON

WHO = Watchers(frozenset({"counsel"}), frozenset({"prosecutor"}))


def event(kind: Event, actor: str = "somebody", /, n: int = 0, **details: Any) -> CustodyEvent:
    payload = canonical_json({"details": details}).decode()
    return CustodyEvent("e", kind, actor, datetime(2026, 11, 23, tzinfo=UTC), "r", n, 0, payload, b"", "", n)


def test_what_a_verifier_needs_is_never_kept_back() -> None:
    needed = {
        Event.RECORDING_SEALED,
        Event.RECORDING_PART_ADDED,
        Event.RECORDING_TAG_KEY_ROTATED,
        Event.RECORDING_DISCLOSED,
        Event.RECORDING_EXPORTED,
    }
    assert not needed & set(KEPT_BACK)
    assert all(_REASON.fullmatch(name) and reason.words.strip() for name, reason in REASONS.items())
    assert set(KEPT_BACK.values()) <= set(REASONS.values())


@pytest.mark.parametrize("kind", sorted(set(Event) - set(KEPT_BACK)))
def test_what_the_table_does_not_name_is_opened(kind: Event) -> None:
    assert reason_of(event(kind, "counsel"), "case", WHO, reviews=True) is None


@pytest.mark.parametrize(
    ("given", "reviews", "reason"),
    [
        (event(Event.RECORDING_RESTRICTED, kind="officer"), False, "internal-inquiry"),
        (event(Event.RECORDING_RESTRICTED, kind="label"), False, None),
        (event(Event.RECORDING_KEPT_OUT, kind="compelled"), False, "internal-inquiry"),
        (event(Event.CASE_RECORDING_ADDED, case="case"), False, None),
        (event(Event.CASE_RECORDING_ADDED, case="other"), False, "another-case"),
        (event(Event.HOLD_PLACED, reason="a suit"), False, "counsel"),
        (event(Event.RECORDING_VIEWED, purpose="review"), False, None),
        (event(Event.RECORDING_VIEWED, "counsel", purpose="advice"), False, "counsel"),
        (event(Event.RECORDING_VIEWED, "prosecutor", purpose="trial"), False, "a-side"),
        (event(Event.RECORDING_VIEWED, purpose=REVIEW_PURPOSE), False, None),
        (event(Event.RECORDING_VIEWED, purpose=REVIEW_PURPOSE), True, "review-before-statement"),
        (event(Event.RECORDING_OPENED_TO), False, None),
        (event(Event.RECORDING_OPENED_TO), True, "review-before-statement"),
        (event(Event.REQUEST_DECIDED), False, "records-request"),
        (replace(event(Event.RECORDING_CHANGED), erased_by="order"), False, "erased-by-order"),
    ],
)
def test_the_reason_of_an_event(given: CustodyEvent, reviews: bool, reason: str | None) -> None:
    found = reason_of(given, "case", WHO, reviews=reviews)
    assert (None if found is None else found.name) == reason


def test_numbers_stand_by_their_reason() -> None:
    events = [
        event(Event.RECORDING_SEALED, n=0),
        event(Event.HOLD_PLACED, n=1),
        event(Event.RECORDING_KEPT_OUT, n=2),
        event(Event.HOLD_RELEASED, n=3),
    ]
    assert kept_back(events, "case", WHO, reviews=False) == {"counsel": [1, 3], "internal-inquiry": [2]}
