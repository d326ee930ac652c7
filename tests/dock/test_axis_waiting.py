"""What camera systems handed over and what waits since: for a key, for the store, for more to come."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
import swiftclient
from swiftclient.exceptions import ClientException
from tests.dock.conftest import Door
from tests.dock.test_axis import wait_until
from tests.dock.test_axis_hostile import CONTAINER, KEY, MARK, REJECTED, TRACK, begin, finish, put_clip, track
from tests.footage.clips import mp4
from tests.people.place import Place
from tests.simulators.axis_controller import encrypt, headers

from candor.core.clock import FixedClock
from candor.core.limited import Limits
from candor.dock import app
from candor.dock.serving import DockServer
from candor.docking import axis
from candor.docking.axis import objects as axis_objects
from candor.docking.axis import settling as axis_settling
from candor.docking.axis.tables import axis_object
from candor.docking.axis.waiting import settle_waiting
from candor.footage.bookmarks import bookmarks_of
from candor.footage.sidecars import sidecars_of
from candor.footage.tables import bookmark, sidecar
from candor.footage.tracks import tracks_of
from candor.installation import Installation
from candor.store import StoreUnreachable, room

DAYS_LATER = 3 * 86_400


def encrypted(door: Door, name: str = "North") -> tuple[swiftclient.Connection, dict[str, Any]]:
    file = door.connect(name, encrypted=True, container_type="mp4")
    return door.client(file), file


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


def test_the_door_tries_again_by_itself(
    installation: Installation, place: Place, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "TRIED_EVERY", 0.05)
    server = DockServer(installation)
    server.start()
    try:
        door = Door(installation, server)
        client = door.client(door.connect())
        begin(client)
        client.put_object(CONTAINER, MARK, b"words")
        put_clip(client, mp4(seed=1))
        with installation.database.write() as tx:
            tx.execute(bookmark.delete())
            tx.execute(axis_object.update().values(settled_at=None))
        fixed_clock.advance(600)
        wait_until(lambda: not [row for row in door.objects() if row.settled_at is None and row.sidecar_id])
        with installation.database.read() as tx:
            assert [mark.text for mark in bookmarks_of(tx, door.recordings()[0].id)] == ["words"]
    finally:
        server.stop()


def test_opening_a_clip_fills_no_disk(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    client, file = encrypted(door)
    film = mp4(seed=1)
    sealed, key = encrypt(film, file["PublicKey"], file["PublicKeyId"])
    real = room.must_have_room

    def full(*given: Any) -> None:
        monkeypatch.setattr(room, "RESERVE", 1 << 60)
        real(*given)

    monkeypatch.setattr(axis_settling, "must_have_room", full)
    put_clip(client, sealed)
    client.put_object(CONTAINER, KEY, key, headers=headers({"FileType": "key"}))
    assert door.recordings() == []
    with pytest.raises(ClientException) as caught:
        finish(client)
    assert caught.value.http_status == 507
    monkeypatch.undo()
    finish(client)
    (part,) = door.parts(door.recordings()[0].id)
    assert door.content(part.object_id) == film


def test_what_was_destroyed_while_it_waited_is_not_tried_for_ever(
    door: Door, client: swiftclient.Connection, fixed_clock: FixedClock
) -> None:
    client.put_object(CONTAINER, MARK, b"words")
    here = door.installation
    with here.database.write() as tx:
        here.vault.destroy_key(tx, tx.scalar(sa.select(sidecar.c.object_id)))
    put_clip(client, mp4(seed=1))
    gate = axis.AxisGate(here.database, here.vault, here.jobs, fixed_clock)
    fixed_clock.advance(600)
    assert settle_waiting(gate) == 0
    assert door.recordings()[0].state == "receiving"


#: Over before a process can have done anything: a machine that is too busy.
NO_TIME = Limits(wall_seconds=0.0)


def track_told(door: Door) -> tuple[Any, dict[str, Any]]:
    """The track's row, and what its sidecar says."""
    (row,) = (row for row in door.objects() if row.name == TRACK)
    with door.installation.database.read() as tx:
        facts = tx.scalar(sa.select(sidecar.c.facts).where(sidecar.c.id == row.sidecar_id))
    return row, facts


def with_track_on_a_busy_machine(door: Door, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recording whose track could not be read, for lack of time alone."""
    client = door.client(door.connect())
    begin(client)
    put_clip(client, mp4(seed=1))
    monkeypatch.setattr(axis_settling, "_TRACK_LIMITS", NO_TIME)
    client.put_object(CONTAINER, TRACK, track("2026-11-20T18:05:42Z"))
    finish(client)
    (one,) = door.recordings()
    assert one.state == "sealed"
    return str(one.id)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_busy_machine_loses_no_track(
    door: Door, installation: Installation, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = with_track_on_a_busy_machine(door, monkeypatch)
    row, facts = track_told(door)
    assert row.settled_at is None
    assert "too busy" in row.problem
    assert facts["track_problem"] == row.problem, "whoever looks at the recording sees why"
    before = facts["track"]["tries"]
    fixed_clock.advance(300)
    gate = axis.AxisGate(installation.database, installation.vault, installation.jobs, fixed_clock)
    assert settle_waiting(gate) == 1
    assert track_told(door)[1]["track"]["tries"] == before + 1
    monkeypatch.undo()
    assert settle_waiting(gate) == 1
    row, facts = track_told(door)
    assert (row.problem, facts["track_problem"], facts["track"]) == (None, "", {"points": 1, "left_out": 0})
    assert settle_waiting(gate) == 0
    with installation.database.read() as tx:
        assert len(tracks_of(tx, recording)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_track_that_is_never_read_in_time_is_given_up_and_says_so(
    door: Door, installation: Installation, fixed_clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_track_on_a_busy_machine(door, monkeypatch)
    fixed_clock.advance(300)
    gate = axis.AxisGate(installation.database, installation.vault, installation.jobs, fixed_clock)
    for _ in range(axis_settling._MOST_TRIES):
        settle_waiting(gate)
    assert settle_waiting(gate) == 0
    row, facts = track_told(door)
    assert row.settled_at is not None
    assert "too busy" in row.problem
    assert facts["track"]["tries"] == axis_settling._MOST_TRIES
    assert facts["track_problem"] == row.problem
