"""The pages of docks, transfers and what is missing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import Visitor, make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.docking.axis.rules import ContainerKind, ObjectKind
from candor.docking.axis.tables import axis_connection, axis_container, axis_object, axis_refused_call
from candor.docking.credentials import check_credential
from candor.docking.progress import receiving
from candor.fleet.reports import Report, note_reports
from candor.fleet.service import register_device
from candor.footage.gathering import Said, describe
from candor.installation import Installation
from candor.people.rules import Role, system_actor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY = datetime(2026, 11, 22, tzinfo=UTC)


def at(hour: float, second: float = 0) -> datetime:
    return DAY + timedelta(hours=hour, seconds=second)


@pytest.fixture
def door() -> int | None:
    """The port of the door for cameras."""
    return 8443


@pytest.fixture
def installation(database: Database, fixed_clock: FixedClock, tmp_path: Path, door: int | None) -> Installation:
    """An installation with a door for cameras."""
    return make_installation(database, fixed_clock, tmp_path, dock_port=door)


@pytest.fixture
def manager(signed_in: Callable[..., Visitor]) -> Visitor:
    """An evidence technician, who manages docks."""
    return signed_in("tech", Role.EVIDENCE_TECHNICIAN)


@pytest.fixture
def viewer(signed_in: Callable[..., Visitor]) -> Visitor:
    """Somebody of oversight, who may look and change nothing."""
    return signed_in("eye", Role.OVERSIGHT)


@pytest.fixture
def camera(app: Starlette, place: Place) -> str:
    here = app.state.installation
    with here.database.write() as tx:
        return register_device(tx, system_actor("test"), "B8A44F01", "body", clock=here.clock)


def note(app: Starlette, camera: str, *reports: Report) -> None:
    here = app.state.installation
    with here.database.write() as tx:
        note_reports(tx, camera, reports, clock=here.clock)


def post(visitor: Visitor, path: str, page: str = "/docks", **fields: str) -> Any:
    return visitor.client.post(path, data={"csrf": visitor.token(page), **fields}, follow_redirects=False)


def events(app: Starlette, kind: Event) -> list[str]:
    with app.state.installation.database.read() as tx:
        return list(tx.scalars(sa.select(custody_event.c.payload).where(custody_event.c.kind == kind.value)))


def new_connection(manager: Visitor, name: str = "Troop F", **fields: str) -> str:
    answer = post(manager, "/docks/axis", "/docks/axis/new", name=name, **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("?")[0]


# -- docks


def test_a_site_without_docks_says_what_to_do(manager: Visitor, viewer: Visitor) -> None:
    assert "No docks yet" in manager.get("/docks").text
    text = viewer.get("/docks").text
    assert "No docks yet" in text
    assert "New dock for uploads or cards" not in text, "who may only look is offered nothing to change"
    assert "/docks/axis/new" not in text


def test_a_connection_is_made_and_each_file_of_it_has_a_key_of_its_own(app: Starlette, manager: Visitor) -> None:
    page = new_connection(manager, "Überlandstraße 7", encrypted="yes", container="mp4")
    text = manager.get(page).text
    assert "Überlandstraße 7" in text
    assert "candor-" in text, "the public key's id"
    first = post(manager, f"{page}/connection-file", page)
    assert first.headers["content-disposition"].startswith('attachment; filename="connection-uberlandstra')
    assert "no-store" in first.headers["cache-control"]
    second = post(manager, f"{page}/connection-file", page)
    files = [json.loads(one.content) for one in (first, second)]
    assert {one["ContainerType"] for one in files} == {"mp4"}
    assert all(one["WantEncryption"] and one["PublicKey"] for one in files)
    assert files[0]["BlobAPIKey"] != files[1]["BlobAPIKey"]
    text = manager.get(page).text
    assert not any(one["BlobAPIKey"] in text for one in files), "a key is shown once"
    assert "Revoke all keys but the newest" in text
    database = app.state.installation.database
    with database.read() as tx:
        assert all(check_credential(tx, one["BlobAPIUserName"], one["BlobAPIKey"]) for one in files)
    assert post(manager, f"{page}/older-keys", page).status_code == 303
    with database.read() as tx:
        found = [check_credential(tx, one["BlobAPIUserName"], one["BlobAPIKey"]) for one in files]
    assert found[0] is None
    assert found[1] is not None
    assert post(manager, f"{page}/close", page).status_code == 303
    with database.read() as tx:
        assert check_credential(tx, files[1]["BlobAPIUserName"], files[1]["BlobAPIKey"]) is None
    closed = manager.get(page).text
    assert "Closed" in closed
    assert "connection-file" not in closed
    assert post(manager, f"{page}/connection-file", page).status_code == 403


def test_a_name_that_is_taken_is_said_on_the_form_and_what_was_typed_stays(manager: Visitor) -> None:
    new_connection(manager, "Troop F")
    answer = post(manager, "/docks/axis", "/docks/axis/new", name="troop  f", encrypted="yes")
    assert answer.status_code >= 400
    assert 'value="troop  f"' in answer.text
    assert "checked" in answer.text
    again = post(manager, "/docks", name="Troop F", kind="tus")
    assert again.status_code >= 400
    assert 'value="Troop F"' in again.text


@pytest.mark.parametrize("door", [None])
def test_without_a_door_a_connection_can_be_made_and_its_file_cannot(app: Starlette, manager: Visitor) -> None:
    assert "CANDOR_DOCK_PORT" in manager.get("/docks/axis/new").text
    page = new_connection(manager)
    assert "disabled" in manager.get(page).text
    answer = post(manager, f"{page}/connection-file", page)
    assert answer.status_code >= 400
    assert "CANDOR_DOCK_PORT" in answer.text
    assert events(app, Event.DOCK_CREDENTIAL_CREATED) == []


def test_a_dock_for_uploads_has_keys_that_are_shown_once(app: Starlette, manager: Visitor) -> None:
    answer = post(manager, "/docks", name="In-car server", kind="tus")
    page = answer.headers["location"].split("?")[0]
    shown = post(manager, f"{page}/keys", page)
    assert "The key, shown this once" in shown.text
    assert "/tus/" in shown.text
    text = manager.get(page).text
    assert "The key, shown this once" not in text
    key_id = text.split("/keys/")[1].split("/revoke")[0]
    other = post(manager, "/docks", name="Another", kind="tus").headers["location"].split("?")[0]
    assert post(manager, f"{other}/keys/{key_id}/revoke", page).status_code == 404
    assert events(app, Event.DOCK_CREDENTIAL_REVOKED) == []
    assert post(manager, f"{page}/keys/{key_id}/revoke", page).status_code == 303
    assert "Revoked" in manager.get(page).text
    assert len(events(app, Event.DOCK_CREDENTIAL_REVOKED)) == 1
    card = post(manager, "/docks", name="Reader", kind="card").headers["location"].split("?")[0]
    assert "Make a key" not in manager.get(card).text
    assert post(manager, "/docks", name="Odd", kind="floppy").status_code >= 400


def test_who_may_only_look_changes_nothing(app: Starlette, manager: Visitor, viewer: Visitor) -> None:
    page = new_connection(manager)
    text = viewer.get(page).text
    assert "Troop F" in text
    assert "Make and download the file" not in text
    for path in ("/docks", "/docks/axis", f"{page}/connection-file", f"{page}/keys", f"{page}/close", f"{page}/users"):
        assert post(viewer, path, page, name="x").status_code == 403, path
    assert len(events(app, Event.DOCK_CREATED)) == 1
    assert viewer.get("/docks/none").status_code == 404


def test_users_of_a_camera_system_are_matched_by_a_person(app: Starlette, manager: Visitor, place: Place) -> None:
    page = new_connection(manager)
    other = new_connection(manager, "Troop G")
    officer = place.add("okafor", Role.OFFICER, password=None)
    here = app.state.installation
    with here.database.write() as tx:
        connection = tx.execute(
            sa.select(axis_connection.c.id).where(axis_connection.c.dock_id == page.rsplit("/", 1)[1])
        ).scalar_one()
        now = here.clock.now()
        held = {"id": "c1", "connection_id": connection, "name": "Users", "kind": ContainerKind.USERS.value}
        tx.execute(axis_container.insert(), {**held, "metadata": {}, "created_at": now, "changed_at": now})
        user = {"id": "u1", "container_id": "c1", "name": "7f", "number": 1, "kind": ObjectKind.ENTRY.value}
        tx.execute(
            axis_object.insert(),
            {**user, "metadata": {"name": "Sam <b>Doe</b>"}, "created_at": now, "changed_at": now},
        )
    assert "1 user of a camera system is not matched" in manager.get("/docks").text
    text = manager.get(page).text
    assert "Sam &lt;b&gt;Doe&lt;/b&gt;" in text
    assert "1 not matched" in text
    assert post(manager, f"{other}/users", page, user="u1", account=officer.account_id).status_code == 404
    assert post(manager, f"{page}/users", page, user="u1", account="nobody").status_code == 404
    assert post(manager, f"{page}/users", page, user="u1", account=officer.account_id).status_code == 303
    assert "All matched" in manager.get(page).text
    assert len(events(app, Event.AXIS_USER_MATCHED)) == 1


# -- under way


def test_what_is_received_now_is_seen_per_file_and_per_dock(
    app: Starlette, manager: Visitor, viewer: Visitor, camera: str
) -> None:
    page = new_connection(manager)
    dock_id = page.rsplit("/", 1)[1]
    assert "Nothing is on its way" in manager.get("/docks/transfers").text
    with receiving("axis", dock_id, "20261122T101500Z_ab12.mkv", 4_000_000) as told:
        told(1_000_000)
        for path in ("/docks", "/docks/transfers", page):
            text = manager.get(path).text
            assert "20261122T101500Z_ab12.mkv" in text
            assert 'value="0.25"' in text
            assert "1.00 MB / 4.00 MB" in text
            assert "hx-trigger" in text
        assert "1 file coming in" in manager.get("/docks").text
        seen = viewer.get("/docks/transfers").text
        assert "ab12" not in seen, "a file's name is for whoever manages docks"
        assert 'value="0.25"' in seen
    here = app.state.installation
    with here.database.write() as tx:
        describe(tx, "k", Said(started_at=at(10), device_id=camera), actor="system:x", clock=here.clock)
    assert "B8A44F01" in manager.get("/docks/transfers").text
    assert "Silent" not in manager.get("/docks/transfers").text
    here.clock.advance(7 * 3600)
    assert manager.sign_in("tech").status_code == 303
    assert "Silent" in manager.get("/docks/transfers").text


# -- what is missing


def test_nothing_reported_is_not_said_to_be_nothing_missing(viewer: Visitor) -> None:
    text = viewer.get("/reconciliation").text
    assert "Nothing known to be missing" in text
    assert "Nothing was reported and nothing arrived" in text
    assert "Nothing is missing<" not in text


def test_the_summary_says_every_figure_together(app: Starlette, viewer: Visitor, camera: str) -> None:
    note(app, camera, Report("axis", "a", at(9), at(10)), Report("card", "n", kind="counter", counter=1))
    note(app, camera, Report("card", "m", kind="counter", counter=4), Report("axis", "never", at(2), at(1)))
    text = viewer.get("/reconciliation").text
    for words in (
        "1 camera with a loss",
        "1:00:00",
        "100.0 %",
        "2 files are left out",
        "1 report has no usable time",
        "Every camera that was to report did.",
        "2026-11-22: reported 1:00:00, missing 1:00:00",
    ):
        assert words in text, words
    assert text.count('class="missing"') >= 2, "the bar and the day show it"
    assert 'hx-get="/docks?loss=1"' in viewer.get("/docks").text, "the page does not wait for the comparison"
    front = viewer.get("/docks?loss=1").text
    assert "What is missing of the last 7 days" in front
    assert "1:00:00" in front


def test_filters_pages_and_wrong_days(app: Starlette, viewer: Visitor, place: Place, camera: str) -> None:
    here = app.state.installation
    with here.database.write() as tx:
        for number in range(60):
            one = register_device(tx, system_actor("test"), f"C{number:03d}", "body", clock=here.clock)
            note_reports(tx, one, [Report("axis", "a", at(9), at(9, number + 5))], clock=here.clock)
    note(app, camera, Report("axis", "n", kind="counter", counter=1))
    first, second = viewer.get("/reconciliation").text, viewer.get("/reconciliation?page=2").text
    assert first.count("<tr role") == 51
    assert second.count("<tr role") == 12
    assert "C059" in first.split("C058")[0], "the greatest loss first"
    assert "B8A44F01" in second
    assert viewer.get("/reconciliation?shown=missing&page=2").text.count("<tr role") == 11
    assert viewer.get("/reconciliation?text=c05").text.count("<tr role") == 11
    assert "No camera fits this filter" in viewer.get("/reconciliation?text=zzz").text
    for days in ("from=2026-11-22&to=2026-11-01", "from=x", "from=2020-01-01"):
        answer = viewer.get(f"/reconciliation?{days}")
        assert answer.status_code == 422
        assert "2026-11-22" in answer.text


def test_a_camera_in_detail_and_an_explanation(app: Starlette, manager: Visitor, viewer: Visitor, camera: str) -> None:
    note(app, camera, Report("axis", "a", at(9), at(10)), Report("axis", "b", at(11), at(11, 9), reason="odd <i>"))
    page = f"/reconciliation/{camera}"
    text = manager.get(page).text
    assert "Nobody knows why" in text
    assert "The camera says: odd &lt;i&gt;" in text
    link = next(
        piece.split('"')[0].replace("&amp;", "&") for piece in text.split('href="') if "what=stretch" in piece[:200]
    )
    form = manager.get(link.split("#")[0]).text
    assert "Why is this missing?" in form
    assert "Why is this missing?" not in viewer.get(link.split("#")[0]).text
    fields = {"what": "stretch", "begin": "2026-11-22T09:00:00Z", "end": "2026-11-22T10:00:00Z", "cause": "test"}
    refused = post(viewer, f"{page}/explain", page, **fields, words="Range")
    assert refused.status_code == 403
    again = post(manager, f"{page}/explain", page, **fields, words="   ")
    assert again.status_code >= 400
    assert "say in a few words" in again.text
    assert 'value="test" selected' in again.text
    done = post(manager, f"{page}/explain?from=2026-11-22&to=2026-11-22", page, **fields, words="Range <day>")
    assert done.headers["location"] == f"{page}?from=2026-11-22&to=2026-11-22&said=loss-explained"
    text = manager.get(done.headers["location"]).text
    assert "Range &lt;day&gt;" in text
    assert "A test or a training" in text
    assert "1:00:00 of what is missing is explained by a person" in text
    assert "The explanation is on record" in text
    assert len(events(app, Event.RECONCILIATION_EXPLAINED)) == 1
    for wrong in (
        {**fields, "begin": "yesterday"},
        {**fields, "end": fields["begin"]},
        {**fields, "what": "numbers", "first": "one"},
        {**fields, "what": "report", "report": "none"},
        {},
    ):
        assert 400 <= post(manager, f"{page}/explain", page, **wrong, words="x").status_code < 500, wrong
    assert viewer.get("/reconciliation/none").status_code == 404
    assert "what=stretch" not in viewer.get(f"{page}?what=stretch&begin=soon").text


def test_numbers_and_reports_without_time_are_explained_on_the_page(
    app: Starlette, manager: Visitor, camera: str
) -> None:
    note(
        app,
        camera,
        Report("card:x", "1", at(9), at(9, 4), counter=1),
        Report("card:x", "4", at(10), at(10, 4), counter=4),
        Report("axis", "lost one", sha256=bytes(32)),
    )
    page = f"/reconciliation/{camera}"
    for what in ("numbers", "report"):
        text = manager.get(page).text
        link = next(
            piece.split('"')[0].replace("&amp;", "&") for piece in text.split('href="') if f"what={what}" in piece[:300]
        )
        form = manager.get(link.split("#")[0]).text.split('id="explain"')[1].split("</form>")[0]
        hidden = {
            piece.split('"')[0]: piece.split('value="')[1].split('"')[0]
            for piece in form.split('type="hidden" name="')[1:]
        }
        hidden.pop("csrf", None)
        done = post(manager, f"{page}/explain", page, **hidden, cause="mistake", words=f"About {what}")
        assert done.status_code == 303, done.text
        assert f"About {what}" in manager.get(page).text
    text = manager.get(page).text
    assert "2–3" in text
    assert "It is not here" in text


def test_csv_of_a_period(app: Starlette, viewer: Visitor, camera: str) -> None:
    note(app, camera, Report("axis", "a", at(9), at(10)))
    answer = viewer.get("/reconciliation/export?from=2026-11-22&to=2026-11-22")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(one["camera"], one["missing_s"], one["shift"]) for one in rows] == [("B8A44F01", "3600", "day")]
    assert viewer.get("/reconciliation/export?from=x").status_code == 422


def test_calls_that_could_not_be_understood_are_shown(app: Starlette, manager: Visitor, camera: str) -> None:
    page = new_connection(manager)
    here = app.state.installation
    now = here.clock.now()
    with here.database.write() as tx:
        connection = tx.execute(sa.select(axis_connection.c.id)).scalar_one()
        row = {"id": "r1", "connection_id": connection, "method": "PUT", "container": "7f_B8A44F01_x", "object": ""}
        told = {"reason": "It names no duration.", "said": {}, "times": 3, "first_at": now, "last_at": now}
        span = {"device_id": camera, "from_at": at(9), "to_at": at(9, 60)}
        tx.execute(axis_refused_call.insert(), {**row, **told, **span})
    for path in ("/reconciliation", f"/reconciliation/{camera}"):
        text = manager.get(path).text
        assert "It names no duration." in text
        assert "1:00" in text
    assert "A call of the dock was malformed and refused" in manager.get(f"/reconciliation/{camera}").text
    assert page


def test_other_roles_see_none_of_it(signed_in: Callable[..., Visitor], camera: str) -> None:
    officer = signed_in("officer", Role.OFFICER)
    for path in ("/docks", "/docks/transfers", "/reconciliation", f"/reconciliation/{camera}", "/docks/axis/new"):
        assert officer.get(path).status_code == 403, path
