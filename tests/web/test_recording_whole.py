"""A recording of several parts on its page: order, gaps, activation, what is still coming in, joining, files beside it,
signatures, where the camera was, marks."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.footage.clips import mp4
from tests.footage.media.onvif_signer import Camera, flipped, identity, signed
from tests.footage.media.recordings import film
from tests.web.recording_place import take_in
from tests.web.visitor import Visitor

from candor.custody import Event, history
from candor.fleet.clocks import note_reading
from candor.fleet.places import create_dock
from candor.fleet.rules import DeviceKind
from candor.fleet.service import register_device
from candor.footage.bookmarks import Bookmark, keep_bookmark
from candor.footage.gathering import PartOf, Said, complete, describe
from candor.footage.intake import Claim, Intake, Received
from candor.footage.sidecars import SidecarClaim, keep_sidecar
from candor.footage.tables import part, recording, rendition
from candor.footage.tracks import Point, Track, keep_track
from candor.installation import Installation
from candor.people.rules import Role

SignedIn = Callable[..., Visitor]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KEY = "axis:1/rec"
BEGIN = datetime(2026, 11, 20, 18, 4, 0, tzinfo=UTC)


@pytest.fixture
def robin(signed_in: SignedIn) -> Visitor:
    return signed_in("robin", Role.EVIDENCE_TECHNICIAN)


@pytest.fixture
def camera(installation: Installation, robin: Visitor) -> str:
    with installation.database.write() as tx:
        return register_device(tx, robin.actor, "ACCC8E00AA01", DeviceKind.BODY, make="Axis", clock=installation.clock)


def come(here: Installation, number: int, begin: int, seconds: float = 2.0, **known: Any) -> Received:
    """Part `number` of the recording, `begin` seconds after its beginning."""
    starts = BEGIN + timedelta(seconds=begin)
    said = PartOf(KEY, starts, starts + timedelta(seconds=seconds))
    claim = Claim(f"clip-{number}.mp4", f"axis/{number}", "axis", "system:dock", part_of=said, **known)
    intake = Intake(here.database, here.vault, here.jobs, here.clock)
    return intake.take_in(io.BytesIO(mp4(seconds, seed=number)), claim)


def finish(here: Installation, **said: Any) -> str:
    with here.database.write() as tx:
        found = complete(tx, KEY, Said(**said), actor="system:dock", clock=here.clock)
    assert found is not None
    return found


def copies_ready(here: Installation) -> None:
    """Every viewing copy is there, as long as its part says."""
    with here.database.write() as tx:
        for row in tx.execute(
            rendition.select().join(part, part.c.id == rendition.c.part_id).where(rendition.c.kind == "proxy")
        ).all():
            sealed = here.vault.seal("proxy", io.BytesIO(b"copy"))
            here.vault.record(tx, sealed)
            details = {"duration": 2.0, "pictures": 20, "sound": True}
            ready = {"state": "ready", "object_id": sealed.object_id, "media_type": "video/mp4", "details": details}
            tx.execute(rendition.update().where(rendition.c.id == row.id).values(**ready))


def config_of(visitor: Visitor, recording_id: str) -> dict[str, Any]:
    begun = visitor.post(f"/recordings/{recording_id}/viewings", {"purpose": "report"})
    page = visitor.get(begun.headers["location"]).text
    found = re.search(r'data-config="([^"]*)"', page)
    assert found
    config: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return config


def kinds(here: Installation, recording_id: str) -> list[Event]:
    with here.database.read() as tx:
        return [event.kind for event in history(tx, recording_id)]


def test_what_is_still_coming_in_says_so_and_can_be_watched(robin: Visitor, installation: Installation) -> None:
    received = come(installation, 1, 0)
    copies_ready(installation)
    page = robin.get(f"/recordings/{received.recording_id}").text
    assert "Still coming in" in page
    assert "1 part is here" in page
    assert "What is it opened for?" in page
    assert "Hand out" not in page.split("recording-columns")[0]
    assert len(config_of(robin, received.recording_id)["segments"]) == 1


def test_a_dock_stands_in_the_history_by_its_name(robin: Visitor, installation: Installation) -> None:
    with installation.database.write() as tx:
        dock_id = create_dock(tx, robin.actor, "Desk of Troop C", kind="card", clock=installation.clock)
    claim = Claim("clip.mp4", "card/clip.mp4", "card", f"system:dock-{dock_id}", dock_id=dock_id)
    intake = Intake(installation.database, installation.vault, installation.jobs, installation.clock)
    received = intake.take_in(io.BytesIO(mp4(1.0)), claim)
    page = robin.get(f"/recordings/{received.recording_id}/history").text
    assert "the dock “Desk of Troop C”" in page
    assert "the program (dock-" not in page


def test_before_anything_can_be_played_it_says_why(robin: Visitor, installation: Installation) -> None:
    claim = Claim("notes.txt", "x", "axis", "system:dock", part_of=PartOf(KEY))
    received = Intake(installation.database, installation.vault, installation.jobs, installation.clock).take_in(
        io.BytesIO(b"no film"), claim
    )
    assert "This recording is still coming in" in robin.get(f"/recordings/{received.recording_id}").text


def test_parts_are_played_in_the_order_of_time_and_gaps_are_named(robin: Visitor, installation: Installation) -> None:
    come(installation, 3, 20)
    come(installation, 1, 0)
    come(installation, 2, 2)
    recording_id = finish(installation, started_at=BEGIN, ended_at=BEGIN + timedelta(seconds=30))
    copies_ready(installation)
    config = config_of(robin, recording_id)
    assert [one["name"] for one in config["segments"]] == ["clip-1.mp4", "clip-2.mp4", "clip-3.mp4"]
    assert [one["gap"] for one in config["segments"]] == [None, 0.0, 16.0]
    page = robin.get(f"/recordings/{recording_id}").text
    assert "What is missing" in page
    assert "2 gaps" in page
    assert "0:16" in page
    assert "After part 2." in page
    assert "3 parts, played one after the other." in page
    assert "Not everything that its source says it recorded has come" in page
    listed = re.findall(r'class="part-name" translate="no">([^<]+)<', page)
    assert listed == ["clip-1.mp4", "clip-2.mp4", "clip-3.mp4"]
    assert "A part of the recording was received." in page


def test_overlapping_parts_are_told(robin: Visitor, installation: Installation) -> None:
    come(installation, 1, 0, 4.0)
    come(installation, 2, 2)
    recording_id = finish(installation)
    page = robin.get(f"/recordings/{recording_id}").text
    assert re.search(r"Part 2 begins 2\.\d\d s before the last one ends\.", page)
    assert "What is missing" not in page


def test_activation_is_apart_from_the_beginning(robin: Visitor, installation: Installation) -> None:
    come(installation, 1, 0)
    come(installation, 2, 2)
    recording_id = finish(
        installation, started_at=BEGIN, activated_at=BEGIN + timedelta(seconds=3), time_zone="Europe/Stockholm"
    )
    copies_ready(installation)
    config = config_of(robin, recording_id)
    assert config["activation"] == 3.0
    assert config["words"]["bufferHere"] == "Before activation: buffer"
    page = robin.get(f"/recordings/{recording_id}").text
    assert "3.00 s of buffer before it" in page
    assert "Europe/Stockholm" in page
    assert "the camera system&#39;s word" in page


def test_a_corrected_start_moves_every_part_along(robin: Visitor, installation: Installation) -> None:
    come(installation, 1, 0)
    come(installation, 2, 10)
    recording_id = finish(installation)
    copies_ready(installation)
    with installation.database.write() as tx:
        moved = {"started_at": BEGIN + timedelta(hours=1), "started_source": "corrected"}
        tx.execute(recording.update().where(recording.c.id == recording_id).values(**moved))
    starts = [one["startsAt"] / 1000 for one in config_of(robin, recording_id)["segments"]]
    assert starts == [BEGIN.timestamp() + 3600, BEGIN.timestamp() + 3610]


def test_a_part_that_comes_late_is_played_where_it_belongs(robin: Visitor, installation: Installation) -> None:
    come(installation, 1, 0)
    come(installation, 3, 4)
    recording_id = finish(installation)
    come(installation, 2, 2)
    copies_ready(installation)
    names = [one["name"] for one in config_of(robin, recording_id)["segments"]]
    assert names == ["clip-1.mp4", "clip-2.mp4", "clip-3.mp4"]
    page = robin.get(f"/recordings/{recording_id}").text
    assert "A part came after the recording was said to be complete." in page
    assert "A part was added to the recording and sealed." in page


def test_the_waiting_is_ended_with_a_reason_on_record(robin: Visitor, installation: Installation) -> None:
    received = come(installation, 1, 0)
    path = f"/recordings/{received.recording_id}"
    assert robin.post(f"{path}/end-waiting", {"reason": " "}).status_code == 422
    answer = robin.post(f"{path}/end-waiting", {"reason": "The camera was lost"})
    assert answer.status_code == 303
    page = robin.get(answer.headers["location"]).text
    assert "nobody waits any more: <span" in page
    assert "The camera was lost" in page
    assert Event.RECORDING_SEALED in kinds(installation, received.recording_id)


def test_somebody_who_may_not_change_it_ends_no_waiting(
    installation: Installation, signed_in: SignedIn, robin: Visitor
) -> None:
    received = come(installation, 1, 0)
    officer = signed_in("jo", Role.OFFICER)
    assert officer.post(f"/recordings/{received.recording_id}/end-waiting", {"reason": "x"}).status_code == 404
    assert officer.get(f"/recordings/{received.recording_id}/regroup").status_code == 404


def test_recordings_of_one_camera_are_joined(robin: Visitor, installation: Installation, camera: str) -> None:
    known = {"device_id": camera, "device_kind": "body"}
    first = take_in(installation, mp4(seed=1, made="2026-11-20T18:00:00Z"), "a.mp4", title="First", **known)
    second = take_in(installation, mp4(seed=2, made="2026-11-20T18:10:00Z"), "b.mp4", title="Second", **known)
    other = take_in(installation, mp4(seed=3, made="2026-11-20T18:05:00Z"), "c.mp4", title="Elsewhere")
    form = robin.get(f"/recordings/{second.recording_id}/regroup").text
    assert "First" in form
    assert "Elsewhere" not in form
    path = f"/recordings/{second.recording_id}/regroup/now"
    missing = robin.post(path, {"with": first.recording_id, "reason": ""})
    assert missing.status_code == 422
    assert "why is to be said" in missing.text
    assert f'value="{first.recording_id}" checked' in missing.text
    assert robin.post(path, {"with": other.recording_id, "reason": "x"}).status_code == 422
    joined = robin.post(path, {"with": first.recording_id, "reason": "One stop, split by the camera"})
    assert joined.headers["location"].startswith(f"/recordings/{first.recording_id}?")
    whole = robin.get(f"/recordings/{first.recording_id}").text
    assert "Joined with:" in whole
    assert "One stop, split by the camera" in whole
    assert "2 parts, played one after the other." in whole
    gone = robin.get(f"/recordings/{second.recording_id}").text
    assert "Its parts belong to another recording now" in gone
    assert f'href="/recordings/{first.recording_id}"' in gone
    assert "The recording became part of another one." in gone


def test_without_a_camera_there_is_nothing_to_join(robin: Visitor, installation: Installation) -> None:
    received = take_in(installation, mp4())
    form = robin.get(f"/recordings/{received.recording_id}/regroup").text
    assert "It is not known which camera made this recording." in form
    assert "Make one recording of them" not in form


def test_a_file_beside_it_is_taken_out_on_record(
    installation: Installation, signed_in: SignedIn, robin: Visitor
) -> None:
    received = take_in(installation, mp4())
    claim = SidecarClaim("film.mp4.sha256", "card/film.mp4.sha256", "card", "system:dock", "sha256")
    intake = Intake(installation.database, installation.vault, installation.jobs, installation.clock)
    text = b"0" * 64 + b"  film.mp4\n"
    kept = keep_sidecar(
        intake,
        io.BytesIO(text),
        SidecarClaim(**{**vars(claim), "recording_id": received.recording_id, "facts": {}}),
        facts={"fields": {"officer": "4127"}, "lines": ["x"]},
    )
    records = signed_in("records", Role.RECORDS_OFFICER)
    page = records.get(f"/recordings/{received.recording_id}").text
    assert "film.mp4.sha256" in page
    assert "List of hashes" in page
    assert "4127" in page
    path = f"/recordings/{received.recording_id}/sidecars/{kept.id}/download"
    assert records.post(path).status_code == 422, "nobody said what for"
    begun = records.post(path, {"purpose": "request"})
    assert begun.status_code == 303
    answer = records.get(begun.headers["location"])
    assert answer.content == text
    assert answer.headers["content-disposition"].startswith('attachment; filename="film.mp4.sha256"')
    assert "download of a file beside the recording" in records.get(f"/recordings/{received.recording_id}").text
    assert kinds(installation, received.recording_id)[-1] is Event.RECORDING_VIEWED
    assert records.get(f"/sidecars/{kept.id}").status_code in (401, 403, 404)
    watching = records.post(f"/recordings/{received.recording_id}/viewings", {"purpose": "report"})
    viewing = watching.headers["location"].split("viewing=")[1]
    assert records.get(f"/sidecars/{kept.id}?viewing={viewing}").status_code == 403
    other = take_in(installation, mp4(seed=7))
    wrong = f"/recordings/{other.recording_id}/sidecars/{kept.id}/download"
    assert records.post(wrong, {"purpose": "court"}).status_code == 404
    assert signed_in("jo", Role.OFFICER).post(path).status_code == 403


def test_a_viewing_for_a_file_beside_it_opens_no_film(
    installation: Installation, signed_in: SignedIn, robin: Visitor
) -> None:
    received = come(installation, 1, 0)
    finish(installation)
    copies_ready(installation)
    intake = Intake(installation.database, installation.vault, installation.jobs, installation.clock)
    claim = SidecarClaim("a.json", "a.json", "axis", "system:dock", "json", recording_id=received.recording_id)
    kept = keep_sidecar(intake, io.BytesIO(b"{}"), claim)
    records = signed_in("records", Role.RECORDS_OFFICER)
    begun = records.post(f"/recordings/{received.recording_id}/sidecars/{kept.id}/download", {"purpose": "court"})
    ticket = begun.headers["location"].split("?")[1]
    with installation.database.read() as tx:
        proxy = tx.scalar(rendition.select().with_only_columns(rendition.c.id).where(rendition.c.kind == "proxy"))
    assert records.get(f"/media/{proxy}?{ticket}").status_code in (401, 403, 404)


def test_signatures_are_told_with_the_certificate(
    robin: Visitor, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = identity()
    data = flipped(signed(film(seconds=4, group=10), Camera(who)), 13)
    received = take_in(installation, data)
    path = f"/recordings/{received.recording_id}"
    assert "Being checked" in robin.get(path).text
    installation.jobs.launch()
    installation.jobs.wait_idle(120)
    page = robin.get(path).text
    assert "Not as it was signed" in page
    assert who.fingerprint in page
    assert "CN=CAM-0001" in page
    assert "The certificate was not compared with a trusted root." in page
    assert "the pictures are not those that were signed" in page
    assert "The camera&#39;s own signatures were checked." in page
    asked = robin.post(f"{path}/parts/{received.part_id}/signatures")
    assert asked.status_code == 303
    installation.jobs.wait_idle(60)
    assert kinds(installation, received.recording_id).count(Event.RECORDING_SIGNATURE_CHECKED) == 2
    told = robin.get(f"/api/v1/recordings/{received.recording_id}").json()
    (signature,) = told["parts"][0]["signatures"]
    assert (signature["verdict"], signature["certificate"]) == ("altered", who.fingerprint)


def test_the_true_start_is_estimated_from_the_cameras_clock(
    robin: Visitor, installation: Installation, camera: str
) -> None:
    made = installation.clock.now() - timedelta(hours=5)
    text = f"{made:%Y-%m-%dT%H:%M:%SZ}"
    received = take_in(installation, mp4(made=text), device_id=camera)
    path = f"/recordings/{received.recording_id}"
    assert "clock was never compared" in robin.get(path).text
    for hours in (6, 4):
        at = installation.clock.now() - timedelta(hours=hours)
        with installation.database.write() as tx:
            note_reading(
                tx,
                camera,
                at + timedelta(seconds=40),
                at,
                source="dock",
                uncertainty_ms=500,
                actor="system:dock",
                clock=installation.clock,
            )
    page = robin.get(path).text
    assert "clock was 40 s ahead" in page
    assert "Between two comparisons" in page
    assert "± 0." in page


def test_where_the_camera_was_and_its_marks(robin: Visitor, installation: Installation) -> None:
    received = come(installation, 1, 0)
    recording_id = finish(installation)
    copies_ready(installation)
    with installation.database.write() as tx:
        points = tuple(Point(n, 59.33 + n * 1e-4, 18.06, BEGIN, None, 30.0 + n) for n in range(5))
        keep_track(tx, recording_id, Track("axis trail", points), actor="system:dock", clock=installation.clock)
        mark = Bookmark("1", BEGIN + timedelta(seconds=1), None, "Arrest", "left <door>", ("case:7",))
        keep_bookmark(tx, recording_id, mark, actor="system:dock", clock=installation.clock)
        late = Bookmark("2", BEGIN + timedelta(hours=3), None, None, "after the end")
        keep_bookmark(tx, recording_id, late, actor="system:dock", clock=installation.clock)
    config = config_of(robin, received.recording_id)
    assert config["marks"] == [{"at": 1.0, "until": None, "words": "Arrest · left <door>"}]
    page = robin.get(f"/recordings/{recording_id}").text
    assert '<path class="track-line" d="M' in page
    assert "fastest 34 km/h" in page
    assert "59.33000, 18.06000" in page
    assert 'data-seek="1.0"' in page
    assert "left &lt;door&gt;" in page
    assert "after the end" in page
    for address in re.findall(r'(?:src|href)="(https?://[^"]+)"', page):
        pytest.fail(f"the page asks somebody else: {address}")


def test_the_api_tells_the_same(robin: Visitor, installation: Installation) -> None:
    with installation.database.write() as tx:
        describe(tx, KEY, Said(started_at=BEGIN), actor="system:dock", clock=installation.clock)
    come(installation, 1, 0)
    come(installation, 2, 10)
    recording_id = finish(installation, activated_at=BEGIN + timedelta(seconds=1))
    found = robin.get(f"/api/v1/recordings/{recording_id}").json()
    assert found["activated_at"] == "2026-11-20T18:04:01.000000Z"
    assert [one["started_at"] for one in found["parts"]] == [
        "2026-11-20T18:04:00.000000Z",
        "2026-11-20T18:04:10.000000Z",
    ]
    assert found["gaps"] == [
        {
            "after_part": 1,
            "from": "2026-11-20T18:04:02.000000Z",
            "to": "2026-11-20T18:04:10.000000Z",
            "reason": "between",
        }
    ]
    assert found["coming_in"] is None
    assert found["sidecars"] == found["bookmarks"] == found["tracks"] == []
