"""What real and broken camera systems do to the Axis door: nothing of it may lose footage, hold it up, or hide it."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
from urllib.parse import quote

import pytest
import sqlalchemy as sa
import swiftclient
from swiftclient.exceptions import ClientException
from tests.dock.conftest import OPERATOR, Door
from tests.footage.clips import mp4
from tests.people.place import Place
from tests.simulators.axis_controller import camera_metadata, clip_metadata, headers
from tests.web.visitor import Visitor

from candor.dock.answers import answer_to
from candor.docking import axis
from candor.docking.axis import settling as axis_settling
from candor.fleet import places
from candor.footage.bookmarks import bookmarks_of
from candor.footage.sidecars import sidecars_of
from candor.footage.tables import sidecar
from candor.footage.tracks import tracks_of
from candor.people.rules import Role
from candor.web.app import create_app

USER, SERIAL = "0fbe1e5c-7e1d-4cde-9c0c-8d0f2d2f7a11", "B8A44F300001"
CONTAINER = f"{USER}_{SERIAL}_20261120T180500Z"
REJECTED = "RejectedContent_UnknownTime_5f0e9d6e-2f0a-4d0c-9a55-0d5a3f9a7c11"
MARK, TRACK = "bookmark_1795284310_7", f"20261120_180430_ab12_{SERIAL}_gpstrail.json"
CLIP, KEY = "20261120T180430Z_ab12.mp4", "20261120T180430Z_ab12.key"


def begin(client: swiftclient.Connection, **more: str) -> None:
    said = {**camera_metadata(USER, SERIAL, "20261120T180500Z"), **more}
    client.put_container(CONTAINER, headers(said, container=True))


def put_clip(client: swiftclient.Connection, content: bytes, container: str = CONTAINER) -> None:
    client.put_object(container, CLIP, content, headers=headers(clip_metadata("20261120T180430Z", 1)))


def finish(client: swiftclient.Connection) -> None:
    client.post_container(CONTAINER, {"X-Container-Meta-Status": "Complete"})


def track(at: str, seconds: float = 1.0) -> bytes:
    entry = {"LocationWKT": "POINT(-77.5 43.1)", "SecondsFromStart": seconds, "Timestamp": at}
    return json.dumps({"CoordinateEntries": [entry]}).encode()


def lose(door: Door, object_id: str) -> None:
    """What a disk does."""
    door.installation.vault.store.delete(object_id)


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "253402300799", "-5"])
def test_a_time_that_cannot_be_holds_up_neither_a_clip_nor_its_recording(
    door: Door, client: swiftclient.Connection, at: str
) -> None:
    times = dict.fromkeys(("StartTime", "StopTime", "TriggerOnTime", "TriggerOffTime"), at)
    begin(client, **times, **{f"{name}ISO": "" for name in times})
    client.put_object(CONTAINER, "one_ab12.mp4", mp4(seed=1), headers=headers({"StartTime": at}))
    client.put_object(CONTAINER, TRACK, track("2026-11-20T18:05:42Z", 100.0))
    finish(client)
    (one,) = door.recordings()
    assert one.state == "sealed"
    client.put_object(CONTAINER, "two_ab12.mp4", mp4(seed=2), headers=headers({"StartTime": at}))
    assert len(door.parts(one.id)) == 2
    with door.installation.database.read() as tx:
        assert len(tracks_of(tx, one.id)) == 1


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_camera_whose_clock_is_beyond_all_time_hides_nothing(
    door: Door, client: swiftclient.Connection, place: Place, at: str
) -> None:
    times = dict.fromkeys(("StartTime", "StopTime", "TriggerOnTime", "TriggerOffTime"), at)
    begin(client, **times, **{f"{name}ISO": "" for name in times})
    put_clip(client, mp4(seed=1))
    client.put_object(CONTAINER, "99991231T235959Z_ab12.mp4", mp4(seed=2), headers=headers({"StartTime": at}))
    client.put_object(CONTAINER, MARK, b"words", headers=headers({"StartTime": at, "EndTime": at}))
    client.put_object(CONTAINER, TRACK, track(at))
    finish(client)
    place.add("tanaka", Role.ADMINISTRATOR, Role.EVIDENCE_TECHNICIAN)
    visitor = Visitor(create_app(door.installation))
    assert visitor.sign_in("tanaka").status_code == 303
    (one,) = door.recordings()
    for path in ("/reconciliation", "/cameras", f"/cameras/{one.device_id}", "/recordings", f"/recordings/{one.id}"):
        assert visitor.get(path).status_code == 200, path


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_track_with_a_time_beyond_all_time_is_read_without_it(
    door: Door, client: swiftclient.Connection, at: str
) -> None:
    begin(client)
    put_clip(client, mp4(seed=1))
    client.put_object(CONTAINER, TRACK, track(at))
    finish(client)
    (one,) = door.recordings()
    with door.installation.database.read() as tx:
        (kept,) = tracks_of(tx, one.id)
    assert (one.state, [point.at for point in kept.points]) == ("sealed", [None])


def test_a_mark_with_words_that_no_database_takes_is_kept(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    put_clip(client, mp4(seed=1))
    client.put_object(CONTAINER, MARK, b"a\0b\xff")
    finish(client)
    (one,) = door.recordings()
    assert one.state == "sealed"
    with door.installation.database.read() as tx:
        (mark,) = bookmarks_of(tx, one.id)
    assert mark.text == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"


def test_a_mark_that_was_put_again_says_what_it_says_now(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    put_clip(client, mp4(seed=1))
    for category, content in (("Stop", b""), ("Arrest", b""), ("Arrest", b"words"), ("Arrest", b"other words")):
        client.put_object(CONTAINER, MARK, content, headers=headers({"CategoryName": category, "Tags": "a:1"}))
    finish(client)
    with door.installation.database.read() as tx:
        (mark,) = bookmarks_of(tx, door.recordings()[0].id)
    assert (mark.category, mark.text) == ("Arrest", "other words")


def test_one_object_that_cannot_be_worked_on_holds_up_nothing_else(
    door: Door, client: swiftclient.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    client.put_object(CONTAINER, MARK, b"words")
    with door.installation.database.read() as tx:
        lose(door, tx.scalar(sa.select(sidecar.c.object_id)))
    put_clip(client, mp4(seed=1))

    def broken(*_: object, **__: object) -> None:
        raise ArithmeticError("a fault of ours")

    monkeypatch.setattr(axis_settling, "run_limited", broken)
    client.put_object(CONTAINER, TRACK, track("2026-11-20T18:05:42Z"))
    finish(client)
    (one,) = door.recordings()
    assert one.state == "sealed"
    problems = {row.name: row.problem for row in door.objects()}
    assert "not in the store" in problems[MARK]
    assert "log says why" in problems[TRACK]
    monkeypatch.undo()
    client.post_object(CONTAINER, TRACK, headers({"FileType": "json"}))
    with door.installation.database.read() as tx:
        assert len(tracks_of(tx, one.id)) == 1


def test_what_was_lost_here_is_taken_in_again_when_it_is_sent_again(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    put_clip(client, mp4(seed=1))
    client.put_object(CONTAINER, "notes.txt", b"words")
    finish(client)
    (one,) = door.recordings()
    (part,) = door.parts(one.id)
    with door.installation.database.read() as tx:
        (beside,) = sidecars_of(tx, one.id)
    lose(door, part.object_id)
    lose(door, beside.object_id)
    put_clip(client, mp4(seed=1))
    client.put_object(CONTAINER, "notes.txt", b"words")
    (part,) = door.parts(one.id)
    assert door.content(part.object_id) == mp4(seed=1)
    with door.installation.database.read() as tx:
        kept = sidecars_of(tx, one.id)
    assert b"words" in [door.content(found.object_id) for found in kept if found.object_id != beside.object_id]
    assert len(door.objects()) == 2


def test_an_id_that_was_set_right_in_the_camera_system_names_nobody_else_here(
    door: Door, client: swiftclient.Connection, place: Place
) -> None:
    first, second, third = (place.add(name) for name in ("reyes", "smith", "okafor"))

    def said_to_be(user_id: str) -> str | None:
        said = {"Active": "True", "Name": "Somebody", "UserID": user_id}
        client.put_object("Users", USER, b"", headers=headers(said))
        with door.installation.database.read() as tx:
            (user,) = axis.camera_users(tx)
        return user.account_id

    assert said_to_be("reyes") == first.account_id
    assert said_to_be("smith") == second.account_id
    assert said_to_be("9981") is None
    with door.installation.database.write() as tx:
        (user,) = axis.camera_users(tx)
        axis.match_user(tx, OPERATOR, user.id, third.account_id, clock=door.installation.clock)
    assert said_to_be("reyes") == third.account_id


def test_what_is_said_of_a_clip_after_it_came_counts_for_its_place(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    client.put_object(CONTAINER, "b.mp4", mp4(seed=1))
    client.put_object(CONTAINER, "a.mp4", mp4(seed=2))
    client.post_object(CONTAINER, "b.mp4", headers(clip_metadata("20261120T180500Z", 60)))
    client.post_object(CONTAINER, "a.mp4", headers(clip_metadata("20261120T180430Z", 30)))
    finish(client)
    (one,) = door.recordings()
    first, second = door.parts(one.id)
    assert [first.sha256, second.sha256] == [hashlib.sha256(mp4(seed=seed)).digest() for seed in (2, 1)]
    assert (second.ended_at - first.started_at).total_seconds() == 90
    assert "incomplete" not in one.flags
    client.post_object(CONTAINER, "b.mp4", headers(clip_metadata("20261120T180000Z", 60)))
    assert [part.id for part in door.parts(one.id)] == [first.id, second.id]


def test_nobody_outside_learns_where_the_store_or_the_database_is(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    client.put_object(CONTAINER, MARK, b"words")
    store = door.installation.vault.store
    away = store.root.with_name("away")  # type: ignore[attr-defined]
    store.root.rename(away)  # type: ignore[attr-defined]
    store.root.touch()  # type: ignore[attr-defined]
    with pytest.raises(ClientException) as caught:
        put_clip(client, mp4(seed=1))
    store.root.unlink()  # type: ignore[attr-defined]
    away.rename(store.root)  # type: ignore[attr-defined]
    assert caught.value.http_status == 503
    assert str(store.root).encode() not in caught.value.http_response_content
    fault = sa.exc.IntegrityError("insert", {}, Exception("a constraint at 10.0.0.5"))
    answer = answer_to(fault)
    assert (answer.status_code, b"10.0.0.5" in answer.body, b"does not answer" in answer.body) == (500, False, False)


def test_nothing_comes_through_a_dock_that_was_closed(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    with door.installation.database.write() as tx:
        (one,) = axis.connections(tx)
        places.close_dock(tx, OPERATOR, one.dock_id, clock=door.installation.clock)
    url, token = client.url, client.token
    with pytest.raises(ClientException) as caught:
        swiftclient.put_object(url, token, CONTAINER, CLIP, mp4(seed=1))
    assert caught.value.http_status == 401
    assert door.recordings() == []
    with door.installation.database.write() as tx:
        places.open_dock(tx, OPERATOR, one.dock_id, clock=door.installation.clock)
    put_clip(client, mp4(seed=1))
    assert len(door.recordings()) == 1


def test_a_refused_call_is_shown_however_long_its_names_are(door: Door, client: swiftclient.Connection) -> None:
    url, token = client.get_auth()
    alphabet = [chr(0x1F300 + number) for number in range(600)]
    random.Random(4).shuffle(alphabet)
    path = "/".join(quote("".join(alphabet[at : at + 300])) for at in (0, 300))
    line = http.client.HTTPConnection("127.0.0.1", door.server.port, timeout=30)
    for _ in range(2):
        line.request("PUT", f"{url.removeprefix(door.url)}/{path}", body=b"x", headers={"X-Auth-Token": token})
        response = line.getresponse()
        assert (response.status, b"longer than" in response.read()) == (400, True)
    line.close()
    with door.installation.database.read() as tx:
        (kept,) = axis.refused_calls(tx)
    assert kept.times == 2
    assert kept.container.startswith(alphabet[0])
