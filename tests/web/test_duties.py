"""The page of duties: one's own camera, what the unit has to do, trainings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.fleet.law import put_in_force
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.fleet import assignments
from candor.fleet.duties import rows, service, training
from candor.fleet.duties.round import go_round
from candor.fleet.duties.rules import Result
from candor.fleet.service import register_device
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def officer(signed_in: Callable[..., Visitor], place: Place) -> Visitor:
    return signed_in("okafor", Role.OFFICER, unit_id=place.unit_id)


@pytest.fixture
def boss(signed_in: Callable[..., Visitor], place: Place) -> Visitor:
    return signed_in("suarez", Role.SUPERVISOR, unit_id=place.unit_id)


@pytest.fixture
def camera(place: Place, officer: Visitor) -> str:
    """The officer's, with the law in force."""
    put_in_force(place.database, place.clock)
    with place.database.write() as tx:
        made = register_device(tx, place.administrator, "X60A1", "body", clock=place.clock)
        at = place.clock.now()
        assignments.assign(tx, place.administrator, made, officer.actor.account_id, at, clock=place.clock)
    return made


def test_a_camera_is_tested_with_one_press(place: Place, officer: Visitor, camera: str) -> None:
    text = officer.get("/duties").text
    assert "X60A1" in text
    assert "Never tested" in text
    assert "Everybody's" not in text
    answer = officer.post("/duties/tests", {"device": camera, "result": "in-order"}, page="/duties")
    assert answer.headers["location"] == "/duties?said=camera-tested"
    with place.database.read() as tx:
        assert service.last_tests(tx, [camera])[camera].in_order
    assert ">Tested<" in officer.get("/duties").text


def test_not_in_order_goes_to_the_supervisor_who_acts(
    place: Place, officer: Visitor, boss: Visitor, camera: str
) -> None:
    officer.post("/duties/tests", {"device": camera, "result": "not-in-order"})
    assert "1 duty waits for you." in officer.get("/recordings").text
    assert "Say what is wrong with the camera" in officer.get("/duties").text
    assert officer.post("/duties/reports", {"device": camera, "what": ""}).status_code == 422
    officer.post("/duties/reports", {"device": camera, "what": "No <sound>"})
    assert "waits for you" not in officer.get("/recordings").text
    text = boss.get("/duties").text
    assert "No &lt;sound&gt;" in text
    assert "29-6d (i)" in text
    with place.database.read() as tx:
        (found,) = service.open_malfunctions(tx)
    assert officer.post(f"/duties/malfunctions/{found.id}", {"action": "repaired"}).status_code == 403
    assert boss.post(f"/duties/malfunctions/{found.id}", {"action": "burnt"}).status_code == 400
    answer = boss.post(f"/duties/malfunctions/{found.id}", {"action": "repaired", "note": "New microphone"})
    assert answer.headers["location"] == "/duties?said=malfunction-acted"
    assert boss.post(f"/duties/malfunctions/{found.id}", {"action": "repaired"}).status_code == 404
    with place.database.read() as tx:
        assert rows.duties(tx) == []


def test_a_stranger_to_the_camera_is_told_whose_it_is_not(
    signed_in: Callable[..., Visitor], camera: str, boss: Visitor
) -> None:
    answer = boss.post("/duties/tests", {"device": camera, "result": "in-order"})
    assert answer.status_code == 403
    assert "is not assigned to you now" in answer.text


def test_trainings_are_recorded_and_withdrawn(place: Place, officer: Visitor, boss: Visitor, camera: str) -> None:
    chief_page = boss.get("/duties").text
    assert "No training is on record." in chief_page
    who = officer.actor.account_id
    fields = {"account": who, "course": "Basic course", "day": "2026-01-05"}
    assert boss.post("/duties/trainings", {**fields, "day": "soon"}).status_code == 422
    assert boss.post("/duties/trainings", fields).headers["location"] == "/duties?said=training-recorded"
    assert "Basic course, 2026-01-05" in officer.get("/duties").text
    with place.database.read() as tx:
        (kept,) = training.trainings_of(tx, who)
    assert boss.post("/duties/trainings", {**fields, "account": boss.actor.account_id}).status_code == 403
    assert officer.post(f"/duties/trainings/{kept.id}/withdrawal", {"reason": "x"}).status_code == 403
    boss.post(f"/duties/trainings/{kept.id}/withdrawal", {"reason": "Somebody else"})
    with place.database.read() as tx:
        assert training.trainings_of(tx, who) == []


def test_what_was_missed_is_explained_and_overdue_stands_first(
    place: Place, officer: Visitor, boss: Visitor, camera: str
) -> None:
    with place.database.write() as tx:
        term = rows.terms_now(tx, place.clock.now())
        kind = next(one for one in term if one.value == "inspect-and-test")
        duty = rows.open_duty(
            tx,
            term[kind],
            once="missed",
            due_at=place.clock.now() - timedelta(hours=1),
            clock=place.clock,
            account_id=officer.actor.account_id,
            unit_id=place.unit_id,
            device_id=camera,
            result=Result.MISSED,
        )
    go_round(place.database, place.clock, place.clock.now(), shift=timedelta(hours=12))
    text = boss.get("/duties").text
    assert text.index("Inspect and test the camera") < text.index("Be trained before using a camera")
    assert "Missed" in text
    assert officer.post(f"/duties/{duty}/explanation", {"words": ""}).status_code == 422
    officer.post(f"/duties/{duty}/explanation", {"words": "Called out at once"})
    assert "Called out at once" in officer.get("/duties").text
    assert officer.post(f"/duties/{duty}/explanation", {"words": "x"}).status_code == 404


def test_whoever_watches_sees_everybodys_and_counts_without_footage(
    signed_in: Callable[..., Visitor], place: Place, camera: str
) -> None:
    text = signed_in("watcher", Role.OVERSIGHT).get("/duties").text
    assert "Everybody's" in text
    assert "Recordings without a category" in text
    assert "Record the training" not in text


def test_whoever_gives_out_a_camera_sees_what_is_lacking(chief: Visitor, camera: str) -> None:
    assert "no training of this person is on record" in chief.get(f"/cameras/{camera}").text
