"""What differs between two packs, what changed when, and rules in words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.law.comparing import diff, words
from candor.law.model import Pack, Rule, RuleKind, Uncovered
from candor.law.reading import pack_text, read_pack, shipped
from candor.law.rule_words import KIND_WORDS, VERIFICATION_WORDS, about_words, follows_words
from candor.law.timeline import turns, versions
from candor.law.values import difference_values, pack_values


def edited(pack_id: str, *changes: tuple[str, str]) -> Pack:
    text = pack_text(pack_id).decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return read_pack(text.encode(), f"{pack_id}.yaml")


def test_a_pack_does_not_differ_from_itself() -> None:
    for pack in shipped().values():
        assert diff(pack, pack).empty


def test_a_changed_period_and_a_changed_word() -> None:
    old = shipped()["us-wa"]
    new = edited("us-wa", ("minimum: 60 days", "minimum: 90 days"), ("at least 60 days", "at least 90 days"))
    (one,) = diff(old, new).changed
    assert one.after.id == "wa-42-56-240-every-recording"
    assert {change.what: (change.before, change.after) for change in one.changes} == {
        "text": ("Every recording is kept for at least 60 days.", "Every recording is kept for at least 90 days."),
        "minimum": ("60 days", "90 days"),
    }
    assert [(piece.kind, piece.words) for piece in one.changes[0].pieces] == [
        ("same", "Every recording is kept for at least "),
        ("out", "60"),
        ("in", "90"),
        ("same", " days."),
    ]


def test_what_came_and_what_went() -> None:
    old = shipped()["us-wa"]
    without = replace(old, rules=old.rules[1:], uncovered=old.uncovered[1:], holidays=frozenset({date(2026, 12, 25)}))
    back = diff(without, old)
    assert (back.added, back.removed, back.changed) == ((old.rules[0],), (), ())
    assert back.uncovered == (old.uncovered[0],)
    gone = diff(old, without)
    assert (gone.added, gone.removed) == ((), (old.rules[0],))
    assert gone.covered == (old.uncovered[0],)
    assert [(change.before, change.after) for change in gone.holidays] == [(None, "2026-12-25")]


def test_a_rule_that_ends_and_goes_on_otherwise_shows_as_an_end_and_a_further_stretch() -> None:
    old = shipped()["us-wa"]
    first = old.rules[0]
    day = date(2027, 1, 1)
    further = replace(first, in_force_from=day, text="Every recording is kept for at least 61 days.")
    new = replace(old, rules=(replace(first, in_force_to=day), further, *old.rules[1:]))
    found = diff(old, new)
    assert found.added == (further,)
    assert not found.removed
    assert [(one.what, one.before, one.after) for one in found.changed[0].changes] == [
        ("in-force-to", None, "2027-01-01")
    ]


def test_a_rule_that_begins_on_another_day_is_the_same_rule() -> None:
    old = shipped()["us-wa"]
    moved = replace(old.rules[0], in_force_from=old.rules[0].in_force_from - timedelta(days=9))
    found = diff(old, replace(old, rules=(moved, *old.rules[1:])))
    assert not found.added
    assert not found.removed
    assert [change.what for change in found.changed[0].changes] == ["in-force-from"]


def test_conditions_clocks_and_lists_are_compared_in_words() -> None:
    old = shipped()["us-ct"]
    new = edited(
        "us-ct",
        ("review-completed: 48 hours", "review-completed: 24 hours"),
        ("labels-any: [undercover, informant]", "labels-any: [undercover]"),
        ("with-whom: [attorney, labor representative]", "with-whom: [attorney]"),
    )
    said = {change.what: (change.before, change.after) for one in diff(old, new).changed for change in one.changes}
    assert said["when labels-any"] == ("informant, undercover", "undercover")
    assert said["with-whom"] == ("attorney, labor representative", "attorney")
    assert "review-completed: 24 hours" in str(said["starts"][1])


@given(st.text(max_size=80), st.text(max_size=80))
def test_words_put_together_again_are_both_texts(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(piece.words for piece in pieces if piece.kind != "in") == before
    assert "".join(piece.words for piece in pieces if piece.kind != "out") == after


@pytest.mark.parametrize("one", sorted(shipped()))
@pytest.mark.parametrize("other", ["us-ct", "us-mn"])
def test_any_two_packs_can_be_compared_and_put_as_json(one: str, other: str) -> None:
    found = diff(shipped()[one], shipped()[other])
    values = json.loads(json.dumps(difference_values(found)))
    assert values["same"] is found.empty is (one == other)
    assert len(values["added"]) == len(found.added)


def test_a_pack_as_json_holds_the_keys_of_its_file() -> None:
    values = json.loads(json.dumps(pack_values(shipped()["us-ct"])))
    by_id = {rule["id"]: rule for rule in values["rules"]}
    clock = by_id["ct-29-6d-f1-disclosure"]
    assert clock["starts"] == {"review-completed": "48 hours", "investigation-begun": "96 hours"}
    assert (clock["in-force-from"], clock["verification"]) == ("2019-10-01", "secondary")
    assert by_id["ct-29-6d-g2-minor"]["when"] == {"labels-any": ["minor"]}
    assert len(values["uncovered"]) == len(shipped()["us-ct"].uncovered)


# -- what changed when


def test_every_beginning_and_end_is_on_its_day_once() -> None:
    for pack in shipped().values():
        found = turns(pack.rules)
        assert [turn.day for turn in found] == sorted({turn.day for turn in found}, reverse=True)
        began = [rule for turn in found for rule in (*turn.began, *(after for _, after in turn.changed))]
        assert sorted(rule.sha256 for rule in began) == sorted(rule.sha256 for rule in pack.rules)
        ended = [rule for turn in found for rule in (*turn.ended, *(before for before, _ in turn.changed))]
        assert sorted(rule.sha256 for rule in ended) == sorted(rule.sha256 for rule in pack.rules if rule.in_force_to)


def test_the_first_of_october_2019() -> None:
    (turn,) = [one for one in turns(shipped()["us-ct"].rules) if one.day == date(2019, 10, 1)]
    assert "ct-29-6d-f1-disclosure" in {rule.id for rule in turn.began}
    assert {after.id for _, after in turn.changed} == {"ct-7-282e-record-of-force"}
    assert {rule.id for rule in turn.ended} == {"ct-pa-18-187-task-force"}
    assert [rule.in_force_from.year for rule in versions(shipped()["us-ct"].rules, "ct-7-282e-record-of-force")] == [
        2020,
        2019,
        2016,
    ]


# -- rules in words


def test_every_kind_and_every_check_has_words() -> None:
    assert set(KIND_WORDS) == set(RuleKind)
    assert len(VERIFICATION_WORDS) == 4


def rule(pack: str, rule_id: str) -> Rule:
    return versions(shipped()[pack].rules, rule_id)[0]


@pytest.mark.parametrize(
    ("pack", "rule_id", "follows"),
    [
        ("us-ct", "ct-postc-2015-every-recording", ["kept for at least 90 days from when it was recorded"]),
        ("us-tx", "tx-1701-660-deadly-force", ["kept until every case that it belongs to is closed"]),
        ("us-ct", "ct-29-6d-j-one-year-cap", ["at most 1 year may be asked for; nothing is destroyed by that"]),
        (
            "us-ct",
            "ct-29-6d-f3-144h",
            [
                "so long may be put off: ct-29-6d-f1-disclosure, ct-29-6d-f2-request, for this reason: the officer "
                "cannot review it because of a medical or physical condition or an acute psychological response to "
                "stress",
                "never later than 144 hours after the recording",
            ],
        ),
        (
            "us-ca",
            "ca-7923-625-critical-incident",
            [
                "within 45 days after it was recorded",
                "may be extended by 30 days: release would substantially interfere with the investigation",
                "put off by no more than 1 year altogether, from what started it",
            ],
        ),
        (
            "us-ct",
            "ct-1-206-appeal",
            [
                "a refusal can be taken to the Freedom of Information Commission",
                "within 30 days of the denial",
                "The appeal counts as made when the Commission receives it, or, if it comes late, on the day of its "
                "postmark.",
            ],
        ),
        (
            "us-tx",
            "tx-1701-660-depicted",
            ["somebody who was recorded may view it", "somebody who was recorded may not get a copy"],
        ),
        (
            "us-mn",
            "mn-13-825-next-of-kin",
            ["next of kin of somebody who died is offered a viewing", "nothing is released before that"],
        ),
        (
            "us-ct",
            "ct-29-6d-g2-minor-consent",
            [
                "released with the consent of a parent or guardian of a minor who was recorded and somebody who was "
                "recorded",
                "takes away what is withheld by ct-29-6d-g2-minor",
            ],
        ),
        (
            "us-wa",
            "wa-42-56-240-request",
            [
                "must name person, or case number, or date and time and place, or officer",
                "without fee for redaction-hour: somebody who was recorded; an attorney of somebody who was recorded; "
                "a commission that oversees the police or civil rights",
            ],
        ),
        ("us-wa", "wa-42-56-240-no-clock", ["no clock is set"]),
        ("us-ct", "ct-29-6d-h-annual-training", ["due from everybody who uses a body-worn camera", "every year"]),
        ("us-ga", "ga-50-18-96-fee", ["USD 10.00 per recording", "reckoned for each recording"]),
        ("us-ga", "ga-50-18-96-redaction", ["need not be redacted"]),
        ("us-ct", "ct-29-6d-c-garment", []),
    ],
)
def test_what_follows_from_a_rule(pack: str, rule_id: str, follows: list[str]) -> None:
    assert follows_words(rule(pack, rule_id)) == follows


def test_what_a_rule_is_about() -> None:
    assert about_words(rule("us-ct", "ct-29-6d-g2-minor")) == [
        "it is labelled: a minor",
        "if it is in force on the day of the decision",
    ]
    assert about_words(rule("us-ct", "ct-29-6d-f2-request")) == [
        "every recording",
        "if it was in force on the day of the recording",
    ]


def test_every_rule_of_every_pack_can_be_said() -> None:
    for pack in shipped().values():
        for one in pack.rules:
            assert all([*follows_words(one), *about_words(one)])


def test_uncovered_is_compared_as_a_whole() -> None:
    old = shipped()["us-wa"]
    new = replace(old, uncovered=(Uncovered(old.uncovered[0].subject, "Otherwise."), *old.uncovered[1:]))
    assert (len(diff(old, new).uncovered), len(diff(old, new).covered)) == (1, 1)
