"""The Axis door, spoken to by the client that Swift itself comes with."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
import swiftclient
from swiftclient.exceptions import ClientException
from tests.dock.conftest import OPERATOR, Door
from tests.footage.clips import mp4
from tests.people.place import Place
from tests.simulators.axis_controller import camera_metadata, clip_metadata, headers

from candor.core.clock import FixedClock
from candor.custody import Event, history
from candor.custody.record import recent
from candor.dock.hands import Busy, Hands
from candor.docking import axis
from candor.docking.progress import under_way
from candor.fleet.clocks import readings_of
from candor.fleet.reports import reports_of
from candor.footage.bookmarks import bookmarks_of
from candor.footage.catalogue import set_categories
from candor.footage.gathering import gathered
from candor.footage.sidecars import sidecars_of
from candor.footage.tables import gathering, recording_gap
from candor.footage.tracks import tracks_of
from candor.installation import Installation
from candor.store import room
from candor.store.folder import FolderStore

USER, SERIAL = "0fbe1e5c-7e1d-4cde-9c0c-8d0f2d2f7a11", "B8A44F300001"
CONTAINER = f"{USER}_{SERIAL}_20261120T180500Z"


def refused(act: object) -> int:
    assert isinstance(act, ClientException)
    return int(act.http_status)


def test_whoever_has_the_connection_file_gets_a_token_and_a_place(door: Door) -> None:
    file = door.connect()
    url, token = door.client(file).get_auth()
    assert url.startswith(f"{door.url}/v1/")
    assert len(token) > 40
    with pytest.raises(ClientException) as caught:
        door.client({**file, "BlobAPIKey": "wrong"}).get_auth()
    assert refused(caught.value) == 401
    with pytest.raises(ClientException) as caught:
        swiftclient.head_account(url, "not a token")
    assert refused(caught.value) == 401


def test_capabilities_and_categories_have_the_md5_of_their_bytes_as_etag(client: swiftclient.Connection) -> None:
    for name in ("Capabilities.json", "Categories.json"):
        said, body = client.get_object("System", name)
        assert said["etag"] == hashlib.md5(body).hexdigest()
        assert client.head_object("System", name)["etag"] == said["etag"]
    assert json.loads(client.get_object("System", "Capabilities.json")[1])["Store"]["StoreBookmarks"] is True


def test_a_recording_is_sealed_when_its_container_says_it_is_complete(
    door: Door, client: swiftclient.Connection
) -> None:
    client.put_container(CONTAINER, headers(camera_metadata(USER, SERIAL, "20261120T180500Z"), container=True))
    first, second = mp4(1.0, seed=1), mp4(1.0, seed=2)
    later = clip_metadata("20261120T180501Z", 1)
    client.put_object(CONTAINER, "20261120T180501Z_ab12.mp4", second, headers=headers(later))
    client.put_object(
        CONTAINER, "20261120T180430Z_ab12.mp4", first, headers=headers(clip_metadata("20261120T180430Z", 1))
    )
    (one,) = door.recordings()
    assert one.state == "receiving"
    client.post_container(CONTAINER, {"X-Container-Meta-Status": "Complete"})
    (one,) = door.recordings()
    assert one.state == "sealed"
    assert [part.sha256 for part in door.parts(one.id)] == [hashlib.sha256(clip).digest() for clip in (first, second)]
    assert one.activated_at.isoformat() == "2026-11-20T18:05:00+00:00"
    assert one.started_at.isoformat() == "2026-11-20T18:04:30+00:00"
    with door.installation.database.read() as tx:
        events = [event.kind for event in history(tx, one.id)]
    assert events.count(Event.RECORDING_SEALED) == 1


def put_clip(
    client: swiftclient.Connection, content: bytes, *, stamp: str = "20261120T180430Z", container: str = CONTAINER
) -> None:
    client.put_object(container, f"{stamp}_ab12.mp4", content, headers=headers(clip_metadata(stamp, 1)))


def begin(client: swiftclient.Connection, **more: str) -> None:
    said = {**camera_metadata(USER, SERIAL, "20261120T180500Z"), **more}
    client.put_container(CONTAINER, headers(said, container=True))


def finish(client: swiftclient.Connection) -> None:
    client.post_container(CONTAINER, {"X-Container-Meta-Status": "Complete"})


def test_the_same_object_again_changes_nothing_and_other_bytes_are_kept_too(
    door: Door, client: swiftclient.Connection
) -> None:
    begin(client)
    put_clip(client, mp4(seed=1))
    before = door.recordings(), events_of(door)
    put_clip(client, mp4(seed=1))
    assert (door.recordings(), events_of(door)) == before
    put_clip(client, mp4(seed=2))
    (one,) = door.recordings()
    assert [door.content(part.object_id) for part in door.parts(one.id)] == [mp4(seed=1), mp4(seed=2)]
    assert [row.number for row in door.objects()] == [1, 2]
    assert Event.AXIS_OBJECT_CONFLICT in events_of(door)


def events_of(door: Door) -> list[Event]:
    with door.installation.database.read() as tx:
        return [event.kind for event in recent(tx, limit=500)]


def test_unknown_users_devices_and_times_are_taken_in_as_nobodys(door: Door, client: swiftclient.Connection) -> None:
    client.put_container("who knows what", {"X-Container-Meta-Starttime": "the day before yesterday"})
    client.put_object("who knows what", "film.mp4", mp4(seed=3))
    client.post_container("who knows what", {"X-Container-Meta-Status": "Complete"})
    (one,) = door.recordings()
    assert (one.state, one.wearer_id, one.device_id) == ("sealed", None, None)
    assert "nobody-known" in one.flags
    with door.installation.database.read() as tx:
        key = tx.scalars(sa.select(gathering.c.key)).one()
        found = gathered(tx, key)
    assert found is not None
    assert found.said.facts["axis"]["starttime"] == "the day before yesterday"


def test_a_clip_before_its_container_is_not_turned_away(door: Door, client: swiftclient.Connection) -> None:
    put_clip(client, mp4(seed=4))
    begin(client)
    finish(client)
    (one,) = door.recordings()
    assert one.device_id is not None
    assert one.activated_at.isoformat() == "2026-11-20T18:05:00+00:00"


def test_a_late_clip_and_a_gap_are_named(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    put_clip(client, mp4(seed=1), stamp="20261120T180430Z")
    put_clip(client, mp4(seed=2), stamp="20261120T180520Z")
    finish(client)
    (one,) = door.recordings()
    with door.installation.database.read() as tx:
        gaps = tx.execute(sa.select(recording_gap).order_by(recording_gap.c.from_at)).all()
    assert [(gap.after_part, gap.reason) for gap in gaps] == [(1, "between"), (2, "after")]
    put_clip(client, mp4(seed=3), stamp="20261120T180450Z")
    assert len(door.parts(one.id)) == 3
    assert "late-part" in door.recordings()[0].flags


def test_users_are_matched_by_their_own_id_and_otherwise_by_a_person(
    door: Door, client: swiftclient.Connection, place: Place
) -> None:
    officer = place.add("reyes")
    client.put_container("Users")
    client.put_object("Users", USER, b"", headers=headers({"Active": "True", "Name": "O. Reyes", "UserID": "Reyes"}))
    other = "0fbe1e5c-0000-4cde-9c0c-8d0f2d2f7a12"
    client.put_object(
        "Users", other, b"", headers=headers({"Active": "False", "Name": "Ömer Yıldız", "UserID": "9981"})
    )
    with door.installation.database.write() as tx:
        known, unknown = axis.camera_users(tx)
        assert (known.account_id, known.name, unknown.account_id) == (officer.account_id, "O. Reyes", None)
        assert (unknown.name, unknown.active, unknown.user_key) == ("Ömer Yıldız", False, "9981")
        assert axis.match_user(tx, OPERATOR, unknown.id, officer.account_id, clock=door.installation.clock)
        assert axis.camera_users(tx, unmatched=True) == []
    assert unquote(client.head_object("Users", other)["x-object-meta-name"]) == "Ömer Yıldız"
    begin(client)
    put_clip(client, mp4(seed=1))
    finish(client)
    assert door.recordings()[0].wearer_id == officer.account_id


def test_a_systems_connection_id_is_set_once_and_its_name_is_not(client: swiftclient.Connection) -> None:
    client.put_container("System")
    client.put_object("System", "one", b"", headers=headers({"ConnectionId": "first", "SystemName": "North"}))
    client.post_object("System", "one", headers({"ConnectionId": "second", "SystemName": "South"}))
    client.put_object("System", "two", b"", headers=headers({"ConnectionId": "another", "SystemName": "West"}))
    found = client.head_object("System", "one")
    assert (found["x-object-meta-connectionid"], found["x-object-meta-systemname"]) == ("first", "South")
    assert client.head_object("System", "two")["x-object-meta-connectionid"] == "another"


def test_a_mark_and_a_track_stand_with_the_recording(door: Door, client: swiftclient.Connection) -> None:
    with door.installation.database.write() as tx:
        set_categories(tx, OPERATOR, ["Traffic stop"], clock=door.installation.clock)
    (offered,) = json.loads(client.get_object("System", "Categories.json")[1])
    begin(client)
    said = {"CategoryID": offered["Id"], "CategoryName": "as it was", "Tags": "TriggerOn:Button;odd"}
    at = {"StartTime": "2026-11-20T18:05:10Z", "EndTime": "2026-11-20T18:05:20Z"}
    client.put_object(CONTAINER, "bookmark_1795284310_7", "Grün angehalten".encode(), headers=headers(said | at))
    entries = [
        {"LocationWKT": "POINT(-77.5 43.1)", "SecondsFromStart": 64.0, "Timestamp": "2026-11-20T18:05:36Z"},
        {"LocationWKT": "POINT(hostile)", "SecondsFromStart": 70.0, "Timestamp": "2026-11-20T18:05:42Z"},
    ]
    track = json.dumps({"CoordinateEntries": entries}).encode()
    name = f"20261120_180430_ab12_{SERIAL}_gpstrail.json"
    client.put_object(CONTAINER, name, track, headers=headers({"FileType": "json"}))
    put_clip(client, mp4(seed=1))
    finish(client)
    (one,) = door.recordings()
    assert one.category == "Traffic stop"
    with door.installation.database.read() as tx:
        (mark,), (kept,) = bookmarks_of(tx, one.id), tracks_of(tx, one.id)
        (reading,) = readings_of(tx, one.device_id)
        sidecars = {sidecar.name: sidecar for sidecar in sidecars_of(tx, one.id)}
    assert (mark.text, mark.category, mark.tags) == ("Grün angehalten", "Traffic stop", ("TriggerOn:Button", "odd"))
    assert [(point.latitude, point.longitude, point.seconds) for point in kept.points] == [(43.1, -77.5, 64.0)]
    assert (reading.reference_at - reading.camera_at).total_seconds() == 2
    assert sidecars[name].facts["track"] == {"points": 1, "left_out": 1}
    assert door.content(sidecars[name].object_id) == track


def test_a_track_that_is_none_is_kept_raw(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    put_clip(client, mp4(seed=1))
    client.put_object(CONTAINER, "20261120_180430_ab12_B8_gpstrail.json", b"[" * 100_000)
    finish(client)
    (one,) = door.recordings()
    with door.installation.database.read() as tx:
        (kept,) = sidecars_of(tx, one.id)
        assert tracks_of(tx, one.id) == []
    assert kept.facts["track"]["points"] == 0
    assert door.content(kept.object_id) == b"[" * 100_000


def test_rejected_content_is_never_refused(door: Door, client: swiftclient.Connection) -> None:
    container = "RejectedContent_UnknownTime_5f0e9d6e-2f0a-4d0c-9a55-0d5a3f9a7c11"
    said = {
        "BWCSerialNumber": SERIAL,
        "RejectedContentOriginalContainer": CONTAINER,
        "RejectedContentReason": "Corrupt",
        "Odd": "a\x07b" + "long" * 900,
    }
    client.put_container(container, headers(said, container=True))
    client.put_object(container, "20261120T180430Z_ab12.mp4", mp4(seed=1)[:900])
    client.put_object(container, "core.dump", b"what nobody knows")
    (one,) = door.recordings()
    assert one.state == "sealed"
    assert "incomplete" in one.flags
    with door.installation.database.read() as tx:
        (kept,) = sidecars_of(tx, one.id)
    assert door.content(kept.object_id) == b"what nobody knows"


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda client: client.get_object(CONTAINER, "20261120T180430Z_ab12.mp4"), 403),
        (lambda client: client.get_container(CONTAINER), 403),
        (lambda client: client.get_account(), 403),
        (lambda client: client.delete_object(CONTAINER, "20261120T180430Z_ab12.mp4"), 403),
        (lambda client: client.delete_container(CONTAINER), 403),
        (lambda client: client.get_object("System", "secrets.json"), 403),
        (lambda client: client.put_object("System", "Capabilities.json", b"{}"), 403),
        (lambda client: client.head_object(CONTAINER, "nothing"), 404),
        (lambda client: client.head_container("nothing"), 404),
        (lambda client: client.post_container("nothing", {"X-Container-Meta-Status": "Complete"}), 404),
        (lambda client: client.post_object(CONTAINER, "nothing", {}), 404),
    ],
)
def test_nothing_else_is_open(client: swiftclient.Connection, act: Callable[..., object], status: int) -> None:
    begin(client)
    put_clip(client, mp4(seed=1))
    with pytest.raises(ClientException) as caught:
        act(client)
    assert refused(caught.value) == status


def test_metadata_is_merged_in_a_container_and_replaced_in_an_object(client: swiftclient.Connection) -> None:
    begin(client)
    client.post_container(CONTAINER, headers({"TriggerOff": "Battery"}, container=True))
    found = client.head_container(CONTAINER)
    assert (found["x-container-meta-triggeroff"], found["x-container-meta-bwcmodel"]) == ("Battery", "W110")
    put_clip(client, mp4(seed=1))
    client.post_object(CONTAINER, "20261120T180430Z_ab12.mp4", headers({"StopTime": "1"}))
    said = client.head_object(CONTAINER, "20261120T180430Z_ab12.mp4")
    assert said["x-object-meta-stoptime"] == "1"
    assert "x-object-meta-starttime" not in said


def test_what_can_never_be_understood_is_refused_and_shown(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    url, token = client.get_auth()
    line = http.client.HTTPConnection("127.0.0.1", door.server.port, timeout=30)
    path = f"{url.removeprefix(door.url)}/{CONTAINER}/20261120T180430Z_ab12.mp4"
    said = {"X-Auth-Token": token, "X-Object-Meta-Starttime": "%FF%FE", "X-Object-Meta-Stoptime": "1795284380"}
    for _ in range(2):
        line.request("PUT", path, body=b"x" * 1000, headers=said)
        response = line.getresponse()
        assert response.status == 400
        assert b"not UTF-8" in response.read()
    line.close()
    assert door.recordings() == []
    with door.installation.database.read() as tx:
        (kept,) = axis.refused_calls(tx)
        (span,) = [one for one in reports_of(tx, kept.device_id or "") if one.reason == "refused"]
    assert (kept.method, kept.container, kept.times) == ("PUT", CONTAINER, 2)
    assert "starttime" in kept.reason
    assert span.to_at is not None
    assert events_of(door).count(Event.AXIS_CALL_REFUSED) == 1


def test_a_full_store_says_so_and_keeps_nothing(
    door: Door, client: swiftclient.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    monkeypatch.setattr(room, "RESERVE", 1 << 60)
    with pytest.raises(ClientException) as caught:
        put_clip(client, mp4(seed=1))
    assert refused(caught.value) == 507
    monkeypatch.setattr(room, "RESERVE", 0)
    put_clip(client, mp4(seed=1))
    assert len(door.recordings()) == 1


def test_a_store_that_is_away_is_busy_not_broken(
    door: Door, client: swiftclient.Connection, installation: Installation
) -> None:
    begin(client)
    store = installation.vault.store
    assert isinstance(store, FolderStore)
    away = store.root.with_name("away")
    store.root.rename(away)
    store.root.touch()  # what is there is no folder
    with pytest.raises(ClientException) as caught:
        put_clip(client, mp4(seed=1))
    assert refused(caught.value) == 503
    assert int(caught.value.http_response_headers["retry-after"]) > 0
    store.root.unlink()
    away.rename(store.root)
    put_clip(client, mp4(seed=1))
    assert len(door.recordings()) == 1


def test_a_database_that_is_away_is_busy_too(door: Door, client: swiftclient.Connection, monkeypatch: Any) -> None:
    begin(client)

    def gone(*_: object) -> None:
        raise sa.exc.OperationalError(
            "select", {}, Exception("server closed the connection"), connection_invalidated=True
        )

    monkeypatch.setattr(door.installation.database.engine, "connect", gone)
    with pytest.raises(ClientException) as caught:
        put_clip(client, mp4(seed=1))
    assert refused(caught.value) == 503
    monkeypatch.undo()
    put_clip(client, mp4(seed=1))
    assert len(door.recordings()) == 1


def test_a_body_that_breaks_off_leaves_nothing_and_comes_again(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    url, token = client.get_auth()
    film = mp4(seed=1)
    path = f"{url.removeprefix(door.url)}/{CONTAINER}/20261120T180430Z_ab12.mp4"
    line = http.client.HTTPConnection("127.0.0.1", door.server.port, timeout=30)
    line.putrequest("PUT", path)
    line.putheader("X-Auth-Token", token)
    line.putheader("Content-Length", str(len(film)))
    line.endheaders(film[: len(film) // 2])
    line.close()
    store = door.installation.vault.store
    assert isinstance(store, FolderStore)
    wait_until(lambda: not list((store.root / "incoming").iterdir()) and not under_way())
    assert door.recordings() == []
    put_clip(client, film)
    assert len(door.recordings()) == 1


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it did not come true"
        time.sleep(0.02)


def test_a_wrong_md5_is_noticed(door: Door, client: swiftclient.Connection) -> None:
    begin(client)
    with pytest.raises(ClientException) as caught:
        client.put_object(CONTAINER, "20261120T180430Z_ab12.mp4", mp4(seed=1), etag="0" * 32)
    assert refused(caught.value) == 422
    assert door.recordings() == []
    etag = hashlib.md5(mp4(seed=1)).hexdigest()
    assert client.put_object(CONTAINER, "20261120T180430Z_ab12.mp4", mp4(seed=1), etag=etag) == etag


def test_too_many_at_once_are_asked_to_come_again(installation: Installation, place: Place) -> None:
    hands = Hands(most=1)
    with hands.body(), pytest.raises(Busy), hands.body():
        pass
    with hands.body():
        pass
    hands.close()


def test_a_revoked_connection_opens_nothing(door: Door) -> None:
    file = door.connect()
    client = door.client(file)
    begin(client)
    with door.installation.database.write() as tx:
        (one,) = axis.connections(tx)
        assert axis.revoke_connection(tx, OPERATOR, one.id, clock=door.installation.clock)
    with pytest.raises(ClientException) as caught:
        client.head_container(CONTAINER)
    assert refused(caught.value) == 401
    with pytest.raises(ClientException) as caught:
        door.client(file).get_auth()
    assert refused(caught.value) == 401
    assert Event.DOCK_CREDENTIAL_REFUSED in events_of(door)


def test_one_connection_does_not_see_into_another(door: Door) -> None:
    first, second = door.client(door.connect("North")), door.client(door.connect("South"))
    begin(first)
    url = first.get_auth()[0]
    with pytest.raises(ClientException) as caught:
        swiftclient.head_container(url, second.get_auth()[1], CONTAINER)
    assert refused(caught.value) == 401
    with pytest.raises(ClientException) as caught:
        second.head_container(CONTAINER)
    assert refused(caught.value) == 404


def test_a_token_ends(door: Door, client: swiftclient.Connection, fixed_clock: FixedClock) -> None:
    url, token = client.get_auth()
    fixed_clock.advance(13 * 3600)
    with pytest.raises(ClientException) as caught:
        swiftclient.head_account(url, token)
    assert refused(caught.value) == 401


def test_headers_without_end_are_cut_off(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.server.port), timeout=30) as line:
        line.sendall(b"GET /auth/v1.0 HTTP/1.1\r\n")
        with contextlib.suppress(OSError):
            for number in range(200):
                line.sendall(b"X-%d: %s\r\n" % (number, b"a" * 1000))
        with contextlib.suppress(OSError):
            assert line.recv(100).startswith(b"HTTP/1.1 400")
