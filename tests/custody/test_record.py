"""Events: durable with their act, numbered without gap, opaque in public."""

from __future__ import annotations

import json
import threading

import pytest
import sqlalchemy as sa

from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import PLAIN_WORDS, Event, append, epochs, find, history, recent, rotate_tag_key
from candor.custody.tables import custody_event
from candor.verify.leaf import parse_leaf, tag
from candor.verify.opening import check_tag


def test_an_event_opens_its_own_leaf(database: Database) -> None:
    recording = new_id()
    with database.write() as tx:
        event_id = append(
            tx, Event.RECORDING_VIEWED, actor="system:test", recording=recording, details={"purpose": "report"}
        )
    with database.read() as tx:
        event = find(tx, event_id)
    assert event is not None
    assert event.position is None
    payload = event.opening.check()
    assert (payload.kind, payload.recording, payload.n, payload.epoch) == ("recording:viewed", recording, 0, 0)
    assert payload.details == {"purpose": "report"}


def test_the_public_leaf_says_nothing_but_the_hour(database: Database) -> None:
    with database.write() as tx:
        append(tx, Event.ACCOUNT_SIGNED_IN, actor="system:test", details={"name": "T. Rivera"})
    with database.read() as tx:
        leaf = tx.execute(sa.select(custody_event.c.leaf)).scalar_one()
    assert set(json.loads(leaf)) == {"commit", "hour", "tag", "v"}
    assert parse_leaf(leaf.encode()).hour[10] == "T"
    for word in ("Rivera", "signed", "account", ":"):
        assert word not in leaf.replace('":', "")


def test_an_act_that_is_rolled_back_leaves_no_event(database: Database) -> None:
    recording = new_id()

    class Unwanted(Exception):
        pass

    with pytest.raises(Unwanted), database.write() as tx:
        append(tx, Event.RECORDING_VIEWED, actor="system:test", recording=recording)
        raise Unwanted
    with database.read() as tx:
        assert history(tx, recording) == []
        assert epochs(tx, recording) == []


def test_events_of_one_recording_are_numbered_without_gap_under_concurrency(database: Database) -> None:
    recording = new_id()
    with database.write() as tx:
        append(tx, Event.RECORDING_RECEIVED, actor="system:test", recording=recording)

    def view() -> None:
        for _ in range(5):
            with database.write() as tx:
                append(tx, Event.RECORDING_VIEWED, actor="system:test", recording=recording)

    threads = [threading.Thread(target=view) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as tx:
        events = history(tx, recording)
    assert [event.n for event in events] == list(range(41))


def test_rotation_closes_an_epoch_and_commits_to_the_next_key(database: Database) -> None:
    import hashlib

    recording = new_id()
    with database.write() as tx:
        append(tx, Event.RECORDING_RECEIVED, actor="system:test", recording=recording)
        rotate_tag_key(tx, recording, actor="system:test")
        append(tx, Event.RECORDING_VIEWED, actor="system:test", recording=recording)
    with database.read() as tx:
        events, keys = history(tx, recording), epochs(tx, recording)
    assert [(event.kind, event.epoch, event.n) for event in events] == [
        (Event.RECORDING_RECEIVED, 0, 0),
        (Event.RECORDING_TAG_KEY_ROTATED, 0, 1),
        (Event.RECORDING_VIEWED, 1, 2),
    ]
    assert [(key.epoch, key.first_n) for key in keys] == [(0, 0), (1, 2)]
    assert events[1].details == {
        "epoch": 0,
        "events": 2,
        "next_key_sha256": hashlib.sha256(keys[1].tag_key).hexdigest(),
    }
    for event in events:
        check_tag(keys[event.epoch].tag_key, event.n, parse_leaf(event.leaf.encode()))
    # The old key says nothing of what comes after.
    assert parse_leaf(events[2].leaf.encode()).tag != tag(keys[0].tag_key, 2)


def test_recent_events_come_newest_first_by_kind_and_actor(database: Database) -> None:
    with database.write() as tx:
        for actor in ("a", "b", "a"):
            append(tx, Event.ACCOUNT_SIGNED_IN, actor=actor)
        append(tx, Event.ACCOUNT_SIGNED_OUT, actor="a")
    with database.read() as tx:
        assert [event.kind for event in recent(tx, actor="a")] == [
            Event.ACCOUNT_SIGNED_OUT,
            Event.ACCOUNT_SIGNED_IN,
            Event.ACCOUNT_SIGNED_IN,
        ]
        assert len(list(recent(tx, kinds=[Event.ACCOUNT_SIGNED_IN]))) == 3


def test_floats_are_refused_in_details(database: Database) -> None:
    with pytest.raises(TypeError), database.write() as tx:
        append(tx, Event.RECORDING_VIEWED, actor="system:test", details={"seconds": 1.5})


def test_every_event_has_plain_words() -> None:
    assert set(PLAIN_WORDS) == set(Event)
