"""Cameras, who had them, their clocks, sites, and settling what is said in two ways: by the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.footage.clips import mp4
from tests.people.place import Place
from tests.web.recording_place import take_in
from tests.web.visitor import Visitor

from candor.custody import Event, history
from candor.fleet import assignments, clocks, places, service
from candor.footage.discrepancies import State, discrepancies_of
from candor.footage.search import row_of
from candor.installation import Installation
from candor.people.rules import Role, system_actor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # 13:00 in New York
OPERATOR = system_actor("test")


@pytest.fixture
def technician(signed_in: Callable[..., Visitor]) -> Visitor:
    """Registers cameras and enters who has them."""
    return signed_in("tanaka", Role.EVIDENCE_TECHNICIAN)


@pytest.fixture
def camera(installation: Installation, place: Place) -> str:
    """A camera that is known."""
    with installation.database.write() as tx:
        return service.register_device(tx, OPERATOR, "X60A1", "body", make="Axon", clock=installation.clock)


def film(here: Installation, camera: str, said: str | None = None) -> str:
    """A recording of the camera that began at the start."""
    received = take_in(here, mp4(made="2026-11-20T18:00:00Z"), device_id=camera, wearer_id=said)
    return received.recording_id


def given(here: Installation, camera: str, who: str) -> str:
    """Somebody has it all day."""
    with here.database.write() as tx:
        day = timedelta(hours=8)
        return assignments.assign(tx, OPERATOR, camera, who, START - day, START + day, clock=here.clock)


def test_register_and_find(technician: Visitor, place: Place) -> None:
    assert "No camera fits" in technician.get("/cameras").text
    fields = {"serial": "x60a 77", "kind": "in-car", "make": "Axon <b>", "model": "Fleet 3", "pooled": "yes"}
    answer = technician.post("/cameras", fields)
    assert answer.status_code == 303
    page = technician.get(answer.headers["location"]).text
    assert "The camera was registered." in page
    assert "X60A77" in page
    assert "Axon &lt;b&gt;" in page
    assert "In-car camera" in page
    for question, there in (
        ("text=fleet", True),
        ("text=nothing", False),
        ("kind=in-car", True),
        ("kind=body", False),
        ("kind=submarine", True),
        ("state=in-stock", True),
        ("state=issued", False),
        ("clock=bad", False),
        ("found=yes", False),
    ):
        assert ("X60A77" in technician.get(f"/cameras?{question}").text) is there, question


def test_what_is_wrong_with_a_new_camera(technician: Visitor, camera: str) -> None:
    again = technician.post("/cameras", {"serial": "X60A1", "kind": "body", "model": "kept"})
    assert again.status_code == 422
    assert "There is already a device with the serial number X60A1." in again.text
    assert 'value="kept"' in again.text
    assert technician.post("/cameras", {"serial": "", "kind": "body"}).status_code == 422
    assert technician.post("/cameras", {"serial": "X2", "kind": "ship"}).status_code == 422


def test_a_camera_that_was_found_is_confirmed(technician: Visitor, installation: Installation) -> None:
    with installation.database.write() as tx:
        made = service.ensure_device(tx, "B8A44F", "body", firmware="11.2", clock=installation.clock)
    assert "1 camera was seen at a dock" in technician.get("/cameras").text
    page = technician.get(f"/cameras/{made}").text
    assert "nobody has registered it" in page
    assert "Confirm and save" in page
    assert "11.2" in page
    fields = {"kind": "drone", "state": "repair", "model": "M", "note": "the clip", "pooled": "yes"}
    answer = technician.post(f"/cameras/{made}", fields)
    assert answer.headers["location"] == f"/cameras/{made}?said=camera-changed"
    with installation.database.read() as tx:
        found = service.device(tx, made)
    assert (found.found, found.kind, found.state, found.model, found.pooled) == (False, "drone", "repair", "M", True)
    assert found.firmware == "11.2"
    assert "was seen at a dock" not in technician.get("/cameras").text


def test_who_has_it(technician: Visitor, place: Place, camera: str, installation: Installation) -> None:
    officer = place.add("okafor").account_id
    fields = {"account_id": officer, "from": "2026-11-20T08:00", "to": "2026-11-20T16:00"}
    assert technician.post(f"/cameras/{camera}/assignments", fields).status_code == 303
    with installation.database.read() as tx:
        (entry,) = assignments.assignments_of(tx, camera)
    assert entry.from_at == datetime(2026, 11, 20, 13, tzinfo=UTC)  # eight o'clock in New York
    nobody = technician.post(f"/cameras/{camera}/assignments", {"account_id": "", "from": "2026-11-20T17:00"})
    assert nobody.status_code == 422
    assert "It is not said who has the camera." in nobody.text
    pool = {"account_id": "pool", "from": "2026-11-20T17:00", "to": "2026-11-20T18:00"}
    assert technician.post(f"/cameras/{camera}/assignments", pool).status_code == 303
    assert "In the pool" in technician.get(f"/cameras/{camera}").text
    overlap = technician.post(f"/cameras/{camera}/assignments", {**fields, "from": "2026-11-20T15:00:00"})
    assert overlap.status_code == 422
    assert "is assigned to somebody else in that time" in overlap.text
    assert 'value="2026-11-20T15:00:00"' in overlap.text
    way = f"/cameras/{camera}/assignments/{entry.id}"
    wrong = technician.post(way, {**fields, "act": "correct", "to": "2026-11-20T17:00"})
    assert wrong.status_code == 422
    assert "Say why" in wrong.text
    corrected = technician.post(way, {**fields, "act": "correct", "to": "2026-11-20T17:00", "reason": "late"})
    assert corrected.headers["location"] == f"/cameras/{camera}?said=assignment-corrected"
    page = technician.get(f"/cameras/{camera}").text
    assert "Does not count any more" in page
    with installation.database.read() as tx:
        entry = assignments.assignments_of(tx, camera)[-1]
    way = f"/cameras/{camera}/assignments/{entry.id}"
    assert technician.post(way, {"act": "end", "to": "2026-11-20T12:00"}).status_code == 303
    assert technician.post(way, {"act": "withdraw", "reason": "never was"}).status_code == 303
    assert technician.post(way, {"act": "withdraw", "reason": "never was"}).status_code == 404
    assert technician.post(f"/cameras/{camera}/assignments", {"account_id": officer}).status_code == 303
    assert "Issued" in technician.get("/cameras").text
    assert "Okafor" in technician.get("/cameras?state=issued").text


def test_an_entry_of_another_camera_is_not_changed_here(
    technician: Visitor, place: Place, camera: str, installation: Installation
) -> None:
    entry = given(installation, camera, place.add("okafor").account_id)
    with installation.database.write() as tx:
        other = service.register_device(tx, OPERATOR, "X60A2", "body", clock=installation.clock)
    answer = technician.post(f"/cameras/{other}/assignments/{entry}", {"act": "withdraw", "reason": "so"})
    assert answer.status_code == 404
    with installation.database.read() as tx:
        assert len(assignments.assignments_of(tx, camera)) == 1


@pytest.mark.parametrize("text", ["yesterday", "2026-11-01T01:30"])
def test_times_that_are_none(technician: Visitor, place: Place, camera: str, text: str) -> None:
    """Half past one on the night when clocks are set back is there twice."""
    fields = {"account_id": place.add("okafor").account_id, "from": text}
    answer = technician.post(f"/cameras/{camera}/assignments", fields)
    assert answer.status_code == 422
    assert "cannot be used as a time" in answer.text


def test_the_clock(technician: Visitor, camera: str, installation: Installation) -> None:
    assert "never compared" in technician.get(f"/cameras/{camera}").text
    for day, second in ((18, "02"), (19, "12"), (20, "22")):
        fields = {
            "camera_at": f"2026-11-{day}T13:00:00",
            "reference_at": f"2026-11-{day}T13:00:{second}",
            "uncertainty": "0.5",
        }
        assert technician.post(f"/cameras/{camera}/readings", fields).status_code == 303
    page = technician.get(f"/cameras/{camera}").text
    assert "Drifting" in page
    assert "+22.0 s" in page
    assert page.count("<circle") == 3
    assert "read by a person" in page
    assert "X60A1" in technician.get("/cameras?clock=bad").text
    with installation.database.read() as tx:
        assert [one.uncertainty.total_seconds() for one in clocks.readings_of(tx, camera)] == [0.5] * 3
    for uncertainty in ("-1", "many", "nan"):
        fields = {"camera_at": "2026-11-20T13:00:00", "uncertainty": uncertainty}
        assert technician.post(f"/cameras/{camera}/readings", fields).status_code == 422


def test_sites(technician: Visitor, installation: Installation, camera: str) -> None:
    assert "No sites yet" in technician.get("/sites").text
    assert technician.post("/sites", {"name": "Barracks <i>", "note": "Route 9"}).status_code == 303
    page = technician.get("/sites?said=site-created").text
    assert "The site was added." in page
    assert "Barracks &lt;i&gt;" in page
    with installation.database.write() as tx:
        (site,) = places.sites(tx)
        service.change_device(tx, OPERATOR, camera, {"site_id": site.id}, clock=installation.clock)
    assert "1 camera" in technician.get("/sites").text
    assert technician.post("/sites", {"name": "BARRACKS <i>"}).status_code == 422
    kept = technician.post(f"/sites/{site.id}", {"act": "close"})
    assert kept.status_code == 422
    assert "still has 1" in kept.text
    assert (
        technician.post(f"/cameras/{camera}", {"kind": "body", "state": "in-stock", "site_id": ""}).status_code == 303
    )
    assert technician.post(f"/sites/{site.id}", {"act": "change", "name": "South", "note": ""}).status_code == 303
    assert technician.post(f"/sites/{site.id}", {"act": "close"}).status_code == 303
    assert "Closed" in technician.get("/sites").text
    assert technician.post(f"/sites/{site.id}", {"act": "open"}).status_code == 303
    with installation.database.read() as tx:
        assert [one.name for one in places.sites(tx)] == ["South"]
    assert technician.post("/sites/none", {"act": "close"}).status_code == 404


def test_a_conflict_is_settled(technician: Visitor, place: Place, camera: str, installation: Installation) -> None:
    officer, other = place.add("okafor").account_id, place.add("lindqvist").account_id
    given(installation, camera, officer)
    recording = film(installation, camera, other)
    assert "Conflicts to settle" in technician.get("/cameras").text
    assert "1 conflict" in technician.get("/cameras").text
    assert f"/recordings/{recording}/conflicts" in technician.get(f"/cameras/{camera}").text
    way = f"/recordings/{recording}/conflicts"
    page = technician.get(way).text
    assert "What is said differs from what is on record." in page
    assert re.findall(r'name="chosen" value="([^"]+)"', page) == [other, officer, "other", "nobody"]
    with installation.database.read() as tx:
        (quarrel,) = discrepancies_of(tx, recording)
    wrong = technician.post(f"{way}/{quarrel.id}", {"chosen": other, "reason": " "})
    assert wrong.status_code == 422
    assert f'value="{other}" required checked' in wrong.text
    assert technician.post(f"{way}/{quarrel.id}", {"chosen": "other", "other": "", "reason": "so"}).status_code == 422
    settled = technician.post(f"{way}/{quarrel.id}", {"chosen": other, "reason": "seen <at> 00:12"})
    assert settled.headers["location"] == f"{way}?said=conflict-settled"
    page = technician.get(f"{way}?said=conflict-settled").text
    assert "The conflict is settled" in page
    assert "seen &lt;at&gt; 00:12" in page
    assert technician.post(f"{way}/{quarrel.id}", {"chosen": other, "reason": "so"}).status_code in (403, 409, 422)
    with installation.database.read() as tx:
        row = row_of(tx, OPERATOR, recording)
        assert row is not None
        assert row.wearer_id == other
        assert [event.kind for event in history(tx, recording)][-1] is Event.DISCREPANCY_SETTLED
    assert "Conflicts to settle" not in technician.get("/cameras").text


def test_nobody_can_tell(chief: Visitor, place: Place, camera: str, installation: Installation) -> None:
    """The administrator settles without a right to footage, and sees neither title nor a way to the recording."""
    given(installation, camera, place.add("okafor").account_id)
    recording = film(installation, camera, place.add("lindqvist").account_id)
    page = chief.get(f"/recordings/{recording}/conflicts").text
    assert "film.mp4" not in page
    assert f'"/recordings/{recording}"' not in page
    with installation.database.read() as tx:
        (quarrel,) = discrepancies_of(tx, recording)
    fields = {"chosen": "nobody", "reason": "no face in it"}
    assert chief.post(f"/recordings/{recording}/conflicts/{quarrel.id}", fields).status_code == 303
    with installation.database.read() as tx:
        (quarrel,) = discrepancies_of(tx, recording)
        row = row_of(tx, OPERATOR, recording)
    assert (quarrel.state, quarrel.chosen) == (State.SETTLED, None)
    assert row is not None
    assert row.wearer_id is None


def test_conflicts_belong_to_their_recording(
    technician: Visitor, place: Place, camera: str, installation: Installation
) -> None:
    given(installation, camera, place.add("okafor").account_id)
    recording = film(installation, camera, place.add("lindqvist").account_id)
    other = take_in(installation, b"another").recording_id
    with installation.database.read() as tx:
        (quarrel,) = discrepancies_of(tx, recording)
    fields = {"chosen": "nobody", "reason": "so"}
    assert technician.post(f"/recordings/{other}/conflicts/{quarrel.id}", fields).status_code == 404
    assert "Nothing is said in two ways" in technician.get(f"/recordings/{other}/conflicts").text
    assert technician.get("/recordings/none/conflicts").status_code == 404


def test_whoever_only_looks_changes_nothing(
    signed_in: Callable[..., Visitor], place: Place, camera: str, installation: Installation
) -> None:
    given(installation, camera, place.add("okafor").account_id)
    film(installation, camera, place.add("lindqvist").account_id)
    overseer = signed_in("vega", Role.OVERSIGHT)
    for path in ("/cameras", f"/cameras/{camera}", "/sites"):
        page = overseer.get(path)
        assert page.status_code == 200, path
        assert "/assignments" not in page.text
        assert "/conflicts" not in page.text
    assert "Your rights do not reach to them." in overseer.get(f"/cameras/{camera}").text
    assert overseer.post(f"/cameras/{camera}/assignments", {}).status_code == 403
    assert overseer.get("/cameras/none").status_code == 404
