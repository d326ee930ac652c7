"""Labels on a recording's page and in the list, and the page of categories."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.people.place import Place
from tests.retention.law_in_force import put_in_force
from tests.web.visitor import Visitor

from candor.custody import Event, history
from candor.footage.categories import law_classes
from candor.footage.classification import history_of, labels_of
from candor.footage.intake import Claim, Intake
from candor.law.vocabulary import Label, LawClass
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def take_in(app: Starlette, place: Place) -> Callable[..., str]:
    """Takes in some bytes under a title; the recording's id."""
    here = app.state.installation
    intake = Intake(here.database, here.vault, here.jobs, here.clock)

    def take(title: str, **claim: Any) -> str:
        place.clock.advance(60)
        given = {"name": f"{title}.mp4", "source": f"{title}.mp4", "face": "cli", "actor": "system:test"}
        with intake.begin(Claim(**{**given, "title": title, **claim})) as writer:
            writer.write(title.encode())
            return writer.finish().recording_id

    return take


@pytest.fixture
def officer(signed_in: Callable[..., Visitor], place: Place) -> Visitor:
    return signed_in("okafor", Role.OFFICER, unit_id=place.unit_id)


def test_a_label_is_put_taken_and_its_history_is_shown(
    place: Place, officer: Visitor, take_in: Callable[..., str]
) -> None:
    recording = take_in("Stop", wearer_id=officer.actor.account_id)
    page = f"/recordings/{recording}"
    text = officer.get(page).text
    assert "Nobody has put this recording into a category" in text
    answer = officer.post(f"{page}/labels", {"label": "minor", "reason": "He says he is twelve"})
    assert answer.headers["location"].endswith("?said=labels-changed#labels-title")
    text = officer.get(page).text
    assert "He says he is twelve" in text
    assert "wore the camera" in text
    assert '<option value="minor">' not in text
    officer.post(f"{page}/labels/taken", {"label": "minor", "reason": "She is <nineteen>"})
    text = officer.get(page).text
    assert "<s>a minor</s>" in text
    assert "She is &lt;nineteen&gt;" in text
    with place.database.read() as tx:
        assert labels_of(tx, recording) == frozenset()
        kinds = [one.kind for one in history(tx, recording)]
    assert [one for one in kinds if one in (Event.LABEL_PUT, Event.LABEL_TAKEN)] == [
        Event.LABEL_PUT,
        Event.LABEL_TAKEN,
    ]


def test_a_label_needs_a_reason_a_name_and_a_right(
    place: Place, officer: Visitor, signed_in: Callable[..., Visitor], take_in: Callable[..., str]
) -> None:
    recording = take_in("Stop", wearer_id=officer.actor.account_id)
    page = f"/recordings/{recording}"
    assert officer.post(f"{page}/labels", {"label": "minor", "reason": " "}).status_code == 422
    assert officer.post(f"{page}/labels", {"label": "nonsense", "reason": "x"}).status_code == 400
    counsel = signed_in("counsel", Role.COUNSEL)
    assert "Put the label on" not in counsel.get(page).text
    assert counsel.post(f"{page}/labels", {"label": "minor", "reason": "x"}).status_code == 403
    with place.database.read() as tx:
        assert history_of(tx, recording) == []


def test_the_category_is_changed_with_a_reason_in_ones_own_words(
    place: Place, officer: Visitor, take_in: Callable[..., str]
) -> None:
    recording = take_in("Stop", wearer_id=officer.actor.account_id)
    page = f"/recordings/{recording}"
    form = officer.get(f"{page}/edit").text
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version
    fields = {"version": version[1], "title": "Stop", "category": "Arrest", "category_reason": "He ran"}
    officer.post(f"{page}/entry", {**fields, "wearer": officer.actor.account_id})
    text = officer.get(page).text
    assert "He ran" in text
    assert "an arrest or a detention" in text
    with place.database.read() as tx:
        (said,) = history_of(tx, recording)
    assert (said.value, said.reason, said.said_by) == ("Arrest", "He ran", officer.actor.account_id)


def test_many_are_labelled_from_the_list_and_found_by_it(
    place: Place, officer: Visitor, take_in: Callable[..., str]
) -> None:
    worn = {"wearer_id": officer.actor.account_id}
    first, second = take_in("First", **worn), take_in("Second", category="Test", **worn)
    fields = {"id": [first, second], "label": "home", "label_act": "put", "label_reason": "Inside", "query": "text=st"}
    answer = officer.post("/recordings/bulk", fields)
    assert answer.headers["location"] == "/recordings?text=st&said=recordings-changed"
    with place.database.read() as tx:
        assert labels_of(tx, first) == labels_of(tx, second) == {Label.HOME}
    assert officer.post("/recordings/bulk", {"id": first, "label": "home", "label_act": "take"}).status_code == 422
    taken = {"id": first, "label": "home", "label_act": "take", "label_reason": "Outside"}
    officer.post("/recordings/bulk", taken)

    def titles(search: str) -> list[str]:
        text = officer.get(f"/recordings?{search}").text
        return [title for title in ("First", "Second") if f"“{title}”" in text]

    assert titles("label=home") == ["Second"]
    assert titles("uncategorised=yes") == ["First"]
    assert 'name="uncategorised" value="yes" checked' in officer.get("/recordings?uncategorised=yes").text
    assert officer.get("/recordings?label=nonsense").status_code == 400


def test_the_list_of_categories_and_what_they_mean(chief: Visitor, officer: Visitor, place: Place) -> None:
    assert officer.get("/categories").status_code == 403
    assert "a traffic stop" in chief.get("/categories").text
    answer = chief.post("/categories", {"names": "Arrest\n\n Zoo \nTest"}, page="/categories")
    assert answer.headers["location"] == "/categories?said=categories-changed"
    text = chief.get("/categories").text
    assert text.index(">Arrest<") < text.index(">Zoo<") < text.index(">Test<")
    assert "no meaning: kept longest" in text
    chief.post("/categories/meaning", {"category": "Zoo", "law_class": "other", "reason": "Animals"})
    with place.database.read() as tx:
        assert law_classes(tx)["Zoo"] is LawClass.OTHER
    with place.database.write() as tx:
        put_in_force(tx, place.clock.now())
    waits = chief.post("/categories/meaning", {"category": "Zoo", "law_class": "test", "reason": "Shorter"})
    assert waits.headers["location"].startswith("/retention/changes/")
    told = chief.get(waits.headers["location"]).text
    assert "Meaning of a category" in told
    assert "a test of the camera" in told
    assert "Waits for a second person: a test of the camera" in chief.get("/categories").text
    with place.database.read() as tx:
        assert law_classes(tx)["Zoo"] is LawClass.OTHER
    again = chief.post("/categories/meaning", {"category": "Zoo", "law_class": "", "reason": ""})
    assert again.status_code == 422
    assert "Say why" in again.text
    wrong = chief.post("/categories", {"names": "Arrest\narrest"})
    assert wrong.status_code == 422
    assert "stands in it twice" in wrong.text


def test_whoever_answers_for_the_law_reads_the_categories(signed_in: Callable[..., Visitor]) -> None:
    counsel = signed_in("counsel", Role.COUNSEL)
    text = counsel.get("/categories").text
    assert "an arrest or a detention" in text
    assert "Save the list" not in text
    assert counsel.post("/categories", {"names": "A"}).status_code == 403
