"""The page that decides on a recording: what stands in the way, the whole, stretches, taking back, into a redaction."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.disclosure.decisions.law import HOME, LOOKED, MINOR
from tests.disclosure.decisions.office import LOOKED_AT, hold_back, release
from tests.people.place import Place
from tests.web.releases_place import Desk, form_of, make_desk

from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import decisions_of
from candor.disclosure.requests import documents
from candor.disclosure.requests.rules import DocumentKind
from candor.installation import Installation
from candor.law.vocabulary import Label
from candor.redaction.documents import document_at

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLAIN = "Privacy of an uninvolved person"
ANSWER = {"rule": LOOKED, "how_0": "weighed", "weighed_0": "I have watched it: a traffic stop"}


@pytest.fixture
def desk(installation: Installation, place: Place, app: Starlette, tmp_path: Path) -> Desk:
    return make_desk(installation, place, app, tmp_path)


def standing(desk: Desk) -> list[tuple[int | None, int | None, Decision, str]]:
    with desk.office.archive.database.read() as tx:
        made = decisions_of(tx, desk.office.records, desk.office.subject).of(desk.office.recording)
    return [(one.begin_ms, one.end_ms, one.decision, one.reason) for one in made]


def test_it_leads_to_the_recording_that_nobody_decided_on(desk: Desk) -> None:
    assert desk.records.get(desk.decide).headers["location"] == desk.page
    text = desk.records.get(desk.page).text
    assert "law/uncategorised" in text
    assert "has to be answered before it is released" in text
    assert "Test Code § 13" in text  # an exemption to choose
    assert "begin_" not in text
    assert desk.records.get(f"{desk.decide}?recording=none").status_code == 404
    assert desk.counsel.get(desk.page).status_code == 200
    assert 'id="decide"' not in desk.counsel.get(desk.page).text
    assert desk.counsel.post(desk.decide, form_of(text, desk)).status_code == 403


def test_a_release_with_a_withheld_stretch_and_then_anew(desk: Desk) -> None:
    text = desk.records.get(desk.page).text
    given = {
        **form_of(text, desk),
        **ANSWER,
        "decision": "release",
        "exemption": MINOR,  # not shown for a release, so it does not count
        "reason": "",
        "stretch_from": ["0:02.0", ""],
        "stretch_to": ["0:04,5", ""],
        "stretch_decision": ["withhold", "withhold"],
        "stretch_exemption": [MINOR, ""],
        "stretch_reason": ["A child is seen", ""],
    }
    done = desk.records.post(desk.decide, given)
    assert done.status_code == 303, done.text
    assert standing(desk) == [
        (None, None, Decision.RELEASE, ""),
        (2_000, 4_500, Decision.WITHHOLD, "A child is seen"),
    ]
    page = desk.records.get(desk.page).text
    assert "0:02.0 – 0:04.5" in page
    assert 'class="withhold" x="200.0"' in page
    assert "Every recording is decided" in page
    again = {
        **form_of(page, desk),
        **ANSWER,
        "anew": "yes",
        "again": "Looked at once more",
        "decision": "withhold",
        "exemption": MINOR,
        "reason": "All of it shows the child",
    }
    assert desk.records.post(desk.decide, again).status_code == 303
    assert standing(desk) == [(None, None, Decision.WITHHOLD, "All of it shows the child")]
    assert "Looked at once more" in desk.records.get(desk.page).text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "say what is done with the recording as a whole"),
        ({"decision": "burn"}, "say what is done"),
        ({"decision": "release", **ANSWER, "stretch_from": "1:75", "stretch_to": "2:00"}, "59 seconds"),
        ({"decision": "release", **ANSWER, "stretch_from": "soon", "stretch_to": "2"}, "no place in it"),
        ({"decision": "release", **ANSWER, "stretch_to": ""}, "a beginning and an end"),
        ({"decision": "withhold", "reason": "why"}, "names an exemption"),
        ({"decision": "release"}, "law/uncategorised"),
        ({"decision": "release", **ANSWER, "how_0": "wished-away"}, "no way to answer"),
    ],
)
def test_what_cannot_be_decided_is_said_and_nothing_typed_is_lost(
    desk: Desk, given: dict[str, str], words: str
) -> None:
    typed = {"stretch_from": "1", "stretch_to": "2", "stretch_decision": "release", "stretch_reason": "typed <reason>"}
    typed["weighed_0"] = "typed & weighed"
    text = desk.records.get(desk.page).text
    answer = desk.records.post(desk.decide, {**form_of(text, desk), "rule": LOOKED, **typed, **given})
    assert answer.status_code in (400, 409)
    assert words in answer.text
    assert "typed &lt;reason&gt;" in answer.text
    assert given.get("weighed_0", "typed &amp; weighed") in answer.text
    assert standing(desk) == []


def test_a_refusal_names_the_rule_and_its_citation(desk: Desk) -> None:
    desk.office.label(Label.MINOR)
    text = desk.records.get(desk.page).text
    assert "Forbids a release unless answered" in text
    answer = desk.records.post(desk.decide, {**form_of(text, desk), **ANSWER, "decision": "release"})
    assert answer.status_code == 409
    assert f"Rule: {MINOR} (Test Code § 13)" in answer.text


def test_two_people_at_once_keep_what_each_typed(desk: Desk) -> None:
    text = desk.records.get(desk.page).text
    desk.office.decide(hold_back(Decision.REDACT, MINOR), actor=desk.office.second)
    late = {**form_of(text, desk), **ANSWER, "decision": "release", "reason": "My own reason"}
    answer = desk.records.post(desk.decide, late)
    assert answer.status_code == 409
    assert "Somebody else decided on this recording" in answer.text
    assert 'value="My own reason"' in answer.text
    assert "Released in part" in answer.text
    assert [one[2] for one in standing(desk)] == [Decision.REDACT]
    mended = {**late, **form_of(answer.text, desk), "anew": "yes", "again": "We spoke about it"}
    assert desk.records.post(desk.decide, mended).status_code == 303
    assert [one[2] for one in standing(desk)] == [Decision.RELEASE]


def test_a_consent_is_named_by_its_document(desk: Desk) -> None:
    office = desk.office
    office.label(Label.MINOR)
    taken = documents.take(office.archive.vault, "consent.txt", b"We agree.")
    with office.archive.database.write() as tx:
        paper = documents.add(
            *(tx, office.archive.vault, office.records, taken, DocumentKind.CONSENT),
            request_id=office.request,
            clock=office.archive.clock,
        )
    text = desk.records.get(desk.page).text
    assert "consent.txt" in text
    rules = re.findall(r'name="rule" value="([^"]+)"', text)
    assert {MINOR, LOOKED} < set(rules)
    given: dict[str, object] = {**form_of(text, desk), "rule": rules, "decision": "release"}
    for number, rule in enumerate(rules):
        given |= {f"how_{number}": "weighed", f"weighed_{number}": "Looked at, and weighed"}
        if rule == MINOR:
            named, exception = f"document_{number}", "the minor and a parent or guardian consent"
            given |= {f"how_{number}": "exception", f"exception_{number}": exception}
    without = desk.records.post(desk.decide, given)
    assert without.status_code == 400
    assert "a consent is a document" in without.text
    assert "Looked at, and weighed" in without.text
    assert desk.records.post(desk.decide, {**given, named: paper}).status_code == 303
    assert "Answered" in desk.records.get(desk.page).text


def test_what_was_decided_meanwhile_is_noticed_also_after_another_row(desk: Desk) -> None:
    text = desk.records.get(desk.page).text
    given = {**form_of(text, desk), **ANSWER, "decision": "release", "reason": "Mine"}
    desk.office.decide(hold_back(Decision.REDACT, MINOR), actor=desk.office.second)
    more = desk.records.post(desk.decide, {**given, "act": "row"}).text
    late = desk.records.post(desk.decide, {**given, **form_of(more, desk), "anew": "yes", "again": "So"})
    assert (late.status_code, "Somebody else decided on this recording" in late.text) == (409, True)
    assert [one[2] for one in standing(desk)] == [Decision.REDACT]


def test_another_row_is_only_a_row(desk: Desk) -> None:
    text = desk.records.get(desk.page).text
    rows = text.count('name="stretch_from"')
    given = {**form_of(text, desk), "act": "row", "stretch_from": ["0:01", ""], "stretch_to": ["0:02", ""]}
    more = desk.records.post(desk.decide, given)
    assert more.status_code == 200
    assert more.text.count('name="stretch_from"') == rows + 1
    assert 'value="0:01"' in more.text
    assert standing(desk) == []


def test_taking_back_and_hiding_what_is_withheld(desk: Desk) -> None:
    whole, stretch = desk.office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 4_000))
    hide = {"recording": desk.office.recording, "redaction": desk.office.redaction}
    hidden = desk.records.post(f"{desk.decide}/redaction", hide)
    assert hidden.status_code == 303, hidden.text
    with desk.office.archive.database.read() as tx:
        _, document = document_at(tx, desk.office.archive.vault, desk.office.redaction)
    assert len(document.part(desk.office.part).tracks) == 1
    assert len(document.part(desk.office.part).spans) == 1
    back = {"recording": desk.office.recording, "decision": stretch, "why": ""}
    assert "say why" in desk.records.post(f"{desk.decide}/take-back", back).text
    assert desk.records.post(f"{desk.decide}/take-back", {**back, "why": "It is not a child"}).status_code == 303
    assert [one[0] for one in standing(desk)] == [None]
    gone = desk.records.post(f"{desk.decide}/take-back", {**back, "why": "again"})
    assert (gone.status_code, "still stands here" in gone.text) == (404, True)
    assert desk.records.post(f"{desk.decide}/take-back", {**back, "decision": whole, "why": "x"}).status_code == 303
    wrong = desk.records.post(f"{desk.decide}/redaction", hide)
    assert "nobody has decided on the recording yet" in wrong.text


def test_what_was_answered_before_and_what_came_since(desk: Desk) -> None:
    desk.office.decide(release(), weighed=[LOOKED_AT])
    assert "I have watched it: a traffic stop" in desk.records.get(desk.page).text
    desk.office.label(Label.HOME)
    page = desk.records.get(desk.page).text
    assert HOME in page
    assert "1 thing not answered" in page
