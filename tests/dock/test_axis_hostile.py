"""What real and broken camera systems do to the Axis door: nothing of it may lose footage, hold it up, or hide it."""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any

import pytest
import sqlalchemy as sa
import swiftclient
from swiftclient.exceptions import ClientException
from tests.dock.conftest import OPERATOR, Door
from tests.footage.clips import mp4
from tests.people.place import Place
from tests.simulators.axis_controller import camera_metadata, clip_metadata, encrypt, headers

from candor.core.clock import FixedClock
from candor.dock.answers import answer_to
from candor.docking import axis
from candor.docking.axis import objects as axis_objects
from candor.docking.axis import settling as axis_settling
from candor.docking.axis.waiting import settle_waiting
from candor.footage.bookmarks import bookmarks_of
from candor.footage.sidecars import sidecars_of
from candor.footage.tables import sidecar
from candor.footage.tracks import tracks_of
from candor.store import StoreUnreachable

USER, SERIAL = "0fbe1e5c-7e1d-4cde-9c0c-8d0f2d2f7a11", "B8A44F300001"
CONTAINER = f"{USER}_{SERIAL}_20261120T180500Z"
REJECTED = "RejectedContent_UnknownTime_5f0e9d6e-2f0a-4d0c-9a55-0d5a3f9a7c11"
MARK, TRACK = "bookmark_1795284310_7", f"20261120_180430_ab12_{SERIAL}_gpstrail.json"
CLIP, KEY = "20261120T180430Z_ab12.mp4", "20261120T180430Z_ab12.key"
DAYS_LATER = 3 * 86_400


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


def encrypted(door: Door, name: str = "North") -> tuple[swiftclient.Connection, dict[str, Any]]:
    file = door.connect(name, encrypted=True, container_type="mp4")
    return door.client(file), file


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


def test_a_clip_encrypted_for_the_key_of_an_earlier_connection_is_opened(door: Door) -> None:
    _, earlier = encrypted(door, "Before")
    client, _ = encrypted(door, "Now")
    begin(client)
    film = mp4(seed=1)
    sealed, key = encrypt(film, earlier["PublicKey"], earlier["PublicKeyId"])
    put_clip(client, sealed)
    client.put_object(CONTAINER, KEY, key, headers=headers({"FileType": "key"}))
    finish(client)
    (part,) = door.parts(door.recordings()[0].id)
    assert door.content(part.object_id) == film


def test_a_track_whose_key_comes_after_all_else_is_read(door: Door) -> None:
    client, file = encrypted(door)
    begin(client)
    put_clip(client, mp4(seed=1))
    sealed, key = encrypt(track("2026-11-20T18:05:42Z"), file["PublicKey"], file["PublicKeyId"])
    _, wrong = encrypt(b"another", file["PublicKey"], file["PublicKeyId"])
    client.put_object(CONTAINER, TRACK, sealed, headers=headers({"FileType": "json"}))
    finish(client)
    (one,) = door.recordings()
    with door.installation.database.read() as tx:
        (kept,) = sidecars_of(tx, one.id)
        assert "key has not come" in kept.facts["track"]["problem"]
    for content in (wrong, key):
        client.put_object(CONTAINER, TRACK.replace(".json", ".key"), content, headers=headers({"FileType": "key"}))
    with door.installation.database.read() as tx:
        assert len(tracks_of(tx, one.id)) == 1


@pytest.mark.parametrize("rejected", [True, False])
def test_an_encrypted_clip_of_which_nothing_more_is_heard_is_shown_after_a_day(
    door: Door, fixed_clock: FixedClock, rejected: bool
) -> None:
    client, file = encrypted(door)
    sealed, _ = encrypt(mp4(seed=1), file["PublicKey"], file["PublicKeyId"])
    container = REJECTED if rejected else CONTAINER
    put_clip(client, sealed, container)
    gate = axis.AxisGate(door.installation.database, door.installation.vault, door.installation.jobs, fixed_clock)
    fixed_clock.advance(3600)
    assert settle_waiting(gate) == 1
    assert door.recordings() == []
    fixed_clock.advance(DAYS_LATER)
    settle_waiting(gate)
    (one,) = door.recordings()
    (part,) = door.parts(one.id)
    assert door.content(part.object_id) == sealed
    assert one.state == ("sealed" if rejected else "receiving")
    settle_waiting(gate)
    assert len(door.parts(one.id)) == 1


def test_rejected_content_without_any_clip_becomes_a_recording_that_can_be_seen(
    door: Door, client: swiftclient.Connection, fixed_clock: FixedClock
) -> None:
    client.put_object(REJECTED, "core.dump", b"what nobody knows")
    gate = axis.AxisGate(door.installation.database, door.installation.vault, door.installation.jobs, fixed_clock)
    fixed_clock.advance(DAYS_LATER)
    settle_waiting(gate)
    (one,) = door.recordings()
    assert (one.state, "incomplete" in one.flags) == ("sealed", True)
    assert door.content(door.parts(one.id)[0].object_id) == b"what nobody knows"


def test_what_had_to_wait_for_the_store_is_done_by_itself(
    door: Door, client: swiftclient.Connection, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    put_clip(client, mp4(seed=1))

    def away(*_: object) -> None:
        raise StoreUnreachable(place="there", reason="it is away")

    monkeypatch.setattr(axis_settling, "read_small", away)
    client.put_object(CONTAINER, MARK, b"words")
    monkeypatch.undo()
    gate = axis.AxisGate(door.installation.database, door.installation.vault, door.installation.jobs, fixed_clock)
    fixed_clock.advance(600)
    assert settle_waiting(gate) == 1
    assert settle_waiting(gate) == 0
    with door.installation.database.read() as tx:
        assert [mark.text for mark in bookmarks_of(tx, door.recordings()[0].id)] == ["words"]


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


def test_long_clips_being_opened_keep_nobody_from_handing_over(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    client, file = encrypted(door)
    sealed, key = encrypt(mp4(seed=1), file["PublicKey"], file["PublicKeyId"])
    put_clip(client, sealed)
    goes_on, begun = threading.Event(), threading.Semaphore(0)
    real = axis_settling.content_key

    def slow(*given: Any) -> Any:
        begun.release()
        goes_on.wait(60)
        return real(*given)

    monkeypatch.setattr(axis_settling, "content_key", slow)
    many = [threading.Thread(target=lambda: key_again(door, file, key), daemon=True) for _ in range(20)]
    for one in many:
        one.start()
    assert begun.acquire(timeout=30)
    other = door.client(door.connect("South", container_type="mp4"))
    finished = threading.Event()
    monkeypatch.setattr(axis_objects.AxisObject, "finish", told(axis_objects.AxisObject.finish, finished))
    threading.Thread(target=lambda: put_clip(other, mp4(seed=2)), daemon=True).start()
    assert finished.wait(30)
    goes_on.set()
    for one in many:
        one.join(60)
    assert len(door.recordings()) == 2


def key_again(door: Door, file: dict[str, Any], key: bytes) -> None:
    door.client(file).put_object(CONTAINER, KEY, key, headers=headers({"FileType": "key"}))


def told(act: Any, finished: threading.Event) -> Any:
    """The same act, which says when a plain clip is durable."""

    def finish(self: Any) -> bool:
        done: bool = act(self)
        if not self._bearer.connection.encrypted:
            finished.set()
        return done

    return finish


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
