"""The list: what it shows to whom, its filters, and the acts on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.custody import Event, history
from candor.footage.intake import Claim, Intake
from candor.footage.tables import part, recording, rendition
from candor.people.rules import Role
from candor.store import Vault

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_TITLE = re.compile(r'<a class="row-link" href="/recordings/([^"]+)">(?:<span[^>]*>)?([^<]*)')


def titles(text: str) -> list[str]:
    return [title for _, title in _TITLE.findall(text)]


@pytest.fixture
def take_in(app: Starlette, place: Place) -> Callable[..., str]:
    """Takes in some bytes under a title; the recording's id."""
    here = app.state.installation
    intake = Intake(here.database, here.vault, here.jobs, here.clock)

    def take(title: str, body: bytes | None = None, **claim: Any) -> str:
        place.clock.advance(60)
        given = {"name": f"{title}.mp4", "source": f"{title}.mp4", "face": "cli", "actor": "system:test"}
        with intake.begin(Claim(**{**given, "title": title, **claim})) as writer:
            writer.write(title.encode() if body is None else body)
            return writer.finish().recording_id

    return take


@pytest.fixture
def technician(signed_in: Callable[..., Visitor]) -> Visitor:
    return signed_in("tech", Role.EVIDENCE_TECHNICIAN)


def test_nothing_yet(technician: Visitor, signed_in: Callable[..., Visitor]) -> None:
    text = technician.get("/recordings").text
    assert "No recordings yet" in text
    assert 'href="/upload">' in text
    assert "Take in recordings" not in signed_in("records", Role.RECORDS_OFFICER).get("/recordings").text


def test_newest_first_with_everything_that_is_known(
    technician: Visitor, place: Place, take_in: Callable[..., str]
) -> None:
    officer = place.add("maria", unit_id=place.unit_id)
    take_in("older")
    take_in(
        "<script>alert(1)</script>",
        wearer_id=officer.account_id,
        unit_id=place.unit_id,
        category="Arrest",
        incident_number="26-77",
    )
    text = technician.get("/recordings").text
    assert titles(text) == ["&lt;script&gt;alert(1)&lt;/script&gt;", "older"]
    for shown in ("Maria", "North", "Arrest", "26-77", "Not a recording", "2 recordings", "America/New_York"):
        assert shown in text, shown
    assert "time of receipt; the start is not known" in text, "the source of a start that nobody claimed"


def test_each_sees_their_own(signed_in: Callable[..., Visitor], place: Place, take_in: Callable[..., str]) -> None:
    officer = signed_in("officer", Role.OFFICER, unit_id=place.unit_id)
    supervisor = signed_in("super", Role.SUPERVISOR, unit_id=place.unit_id)
    records = signed_in("records", Role.RECORDS_OFFICER)
    take_in("mine", wearer_id=officer.actor.account_id, unit_id=place.unit_id)
    take_in("units", unit_id=place.unit_id)
    take_in("others")
    assert titles(officer.get("/recordings").text) == ["mine"]
    assert titles(supervisor.get("/recordings").text) == ["units", "mine"]
    assert titles(records.get("/recordings").text) == ["others", "units", "mine"]
    assert titles(officer.get("/recordings?text=others").text) == []
    assert 'id="person"' not in officer.get("/recordings").text, "an officer has nobody to choose from"


def test_filters_and_their_answers(technician: Visitor, take_in: Callable[..., str]) -> None:
    take_in("Pike north", category="Arrest")
    take_in("Pike south")
    take_in("empty one", b"")
    for query, expected in (
        ("text=pike", ["Pike south", "Pike north"]),
        ("text=PIK+nor", ["Pike north"]),
        ("category=Arrest", ["Pike north"]),
        ("flag=empty", ["empty one"]),
        ("from=2026-11-23", []),
        ("from=2026-11-22&to=2026-11-22&text=pike", ["Pike south", "Pike north"]),
        ("sort=title&order=ascending", ["empty one", "Pike north", "Pike south"]),
        ("text=%22%27%3B--", ["empty one", "Pike south", "Pike north"]),
    ):
        assert titles(technician.get(f"/recordings?{query}").text) == expected, query
    text = technician.get("/recordings?text=nothing+fits").text
    assert "Nothing fits this search" in text
    text = technician.get("/recordings?category=Arrest&from=2026-11-22&kind=body&flag=any").text
    assert 'value="2026-11-22"' in text
    assert '<option value="any" selected>' in text
    assert '<option value="body" selected>' in text


def test_a_search_that_cannot_be_understood_is_said_so(technician: Visitor) -> None:
    answer = technician.get("/recordings?from=yesterday")
    assert answer.status_code == 400
    assert "“yesterday” is no date" in answer.text
    assert technician.get("/recordings?after=rubbish").status_code == 400
    assert technician.get("/recordings?kind=balloon").status_code == 400


def test_a_part_of_the_page_for_the_script(technician: Visitor, take_in: Callable[..., str]) -> None:
    take_in("one")
    whole = technician.get("/recordings?text=one&person=")
    part_of_it = technician.client.get(
        "/recordings?text=one&person=", headers={"HX-Request": "true", "HX-Source": "form#filters"}
    )
    assert "<html" in whole.text
    assert "<html" not in part_of_it.text
    assert titles(part_of_it.text) == ["one"]
    assert part_of_it.headers["HX-Replace-Url"] == "/recordings?text=one"
    assert "HX-Request" in part_of_it.headers["vary"]


def test_pages(technician: Visitor, take_in: Callable[..., str]) -> None:
    for number in range(5):
        take_in(f"film {number}")
    first = technician.get("/recordings?limit=2&text=film").text
    assert titles(first) == ["film 4", "film 3"]
    link = re.search(r'id="next-page" href="([^"]+)"', first)
    assert link
    second = technician.get(link.group(1).replace("&amp;", "&")).text
    assert titles(second) == ["film 2", "film 1"]
    assert "First page" in second
    assert "5 recordings" in second


def test_bulk_change_keeps_the_old_values(technician: Visitor, place: Place, take_in: Callable[..., str]) -> None:
    ids = [take_in(f"film {number}", category="Crash") for number in range(3)]
    fields = {
        "id": ids[:2],
        "category": "Arrest",
        "incident_number": "",
        "tags_add": "night, k9 ,",
        "query": "text=film",
    }
    answer = technician.post("/recordings/bulk", fields)
    assert answer.headers["location"] == "/recordings?text=film&said=recordings-changed"
    with place.database.read() as tx:
        rows = {row.id: row for row in tx.execute(sa.select(recording))}
        last = history(tx, ids[0])[-1]
    assert [rows[one].category for one in ids] == ["Arrest", "Arrest", "Crash"]
    assert sorted(rows[ids[0]].tags) == ["k9", "night"]
    assert last.kind is Event.RECORDING_CHANGED
    assert last.actor == technician.actor.account_id
    assert last.details["changed"]["category"] == {"old": "Crash", "new": "Arrest"}
    technician.post("/recordings/bulk", {"id": ids[:1], "tags_remove": "k9", "unit": place.unit_id})
    with place.database.read() as tx:
        row = tx.execute(sa.select(recording).where(recording.c.id == ids[0])).one()
    assert (row.tags, row.unit_id) == (["night"], place.unit_id)


def test_a_bulk_change_is_all_or_nothing(
    signed_in: Callable[..., Visitor], place: Place, take_in: Callable[..., str]
) -> None:
    officer = signed_in("officer", Role.OFFICER)
    mine = take_in("mine", wearer_id=officer.actor.account_id)
    other = take_in("other")
    answer = officer.post("/recordings/bulk", {"id": [mine, other], "incident_number": "26-1"})
    assert answer.status_code == 404
    with place.database.read() as tx:
        assert set(tx.scalars(sa.select(recording.c.incident_number))) == {None}
    assert officer.post("/recordings/bulk", {"id": [mine], "incident_number": "26-1"}).status_code == 303


def test_a_bulk_change_leads_only_to_the_list(technician: Visitor, take_in: Callable[..., str]) -> None:
    answer = technician.post("/recordings/bulk", {"query": "//evil.example?\r\nSet-Cookie: a=b"})
    assert answer.headers["location"].startswith("/recordings?")
    assert "evil" not in answer.headers["location"]


def test_saved_filters_are_ones_own(technician: Visitor, signed_in: Callable[..., Visitor]) -> None:
    answer = technician.post("/filters", {"name": "Night arrests", "query": "text=night&category=Arrest"})
    assert answer.status_code == 303
    text = technician.get("/recordings").text
    assert "/recordings?text=night&amp;category=Arrest" in text
    assert "Night arrests" in text
    other = signed_in("other", Role.EVIDENCE_TECHNICIAN)
    assert "Night arrests" not in other.get("/recordings").text
    found = re.search(r'action="(/filters/[^"]+/remove)"', text)
    assert found
    assert other.post(found.group(1)).status_code == 404
    assert technician.post(found.group(1)).status_code == 303
    assert "Night arrests" not in technician.get("/recordings").text


def test_a_saved_filter_keeps_its_days(technician: Visitor) -> None:
    technician.post("/filters", {"name": "That day", "query": "from=2026-11-01&to=2026-11-02"})
    link = re.search(r'href="(/recordings\?[^"]*from=[^"]*)"', technician.get("/recordings").text)
    assert link
    text = technician.get(link.group(1).replace("&amp;", "&")).text
    assert re.search(r'id="from"[^>]* type="date" value="2026-11-01"', text)
    assert re.search(r'id="to"[^>]* type="date" value="2026-11-02"', text)


def add_poster(place: Place, vault: Vault, recording_id: str, media_type: str = "image/jpeg") -> str:
    """A ready poster of a recording's part."""
    writer = vault.writer("poster")
    writer.write(b"\xff\xd8 a picture")
    sealed = writer.finish()
    with place.database.write() as tx:
        vault.record(tx, sealed)
        part_id = tx.execute(sa.select(part.c.id).where(part.c.recording_id == recording_id)).scalar_one()
        values = {
            "id": f"poster-{recording_id[-12:]}",
            "part_id": part_id,
            "kind": "poster",
            "state": "ready",
            "object_id": sealed.object_id,
            "media_type": media_type,
            "created_at": place.clock.now(),
        }
        tx.execute(rendition.insert(), values)
    return str(values["id"])


def test_a_picture_in_the_list_is_seen_on_record(
    app: Starlette, technician: Visitor, signed_in: Callable[..., Visitor], place: Place, take_in: Callable[..., str]
) -> None:
    recording_id = take_in("film")
    poster = add_poster(place, app.state.installation.vault, recording_id)
    assert f'src="/posters/{poster}"' in technician.get("/recordings").text
    for _ in range(3):
        answer = technician.get(f"/posters/{poster}")
        assert (answer.status_code, answer.content) == (200, b"\xff\xd8 a picture")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, max-age=300"
    with place.database.read() as tx:
        views = [event for event in history(tx, recording_id) if event.kind is Event.RECORDING_VIEWED]
    assert len(views) == 1, "one event however often the list is shown"
    assert views[0].details["purpose"] == "picture in a list of recordings"
    place.clock.advance(timedelta(hours=13).total_seconds())
    technician.sign_in("tech")
    technician.get(f"/posters/{poster}")
    with place.database.read() as tx:
        assert sum(event.kind is Event.RECORDING_VIEWED for event in history(tx, recording_id)) == 2
    assert signed_in("officer", Role.OFFICER).get(f"/posters/{poster}").status_code == 404


def test_only_pictures_are_given_as_pictures(
    app: Starlette, technician: Visitor, place: Place, take_in: Callable[..., str]
) -> None:
    poster = add_poster(place, app.state.installation.vault, take_in("film"), "text/html")
    assert technician.get(f"/posters/{poster}").status_code == 404
