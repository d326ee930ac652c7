"""Clips that cameras encrypt for the agency: opened on intake, the encrypted original kept."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
import sqlalchemy as sa
import swiftclient
from tests.dock.conftest import Door
from tests.footage.clips import mp4
from tests.simulators.axis_controller import Controller, camera_metadata, clip_metadata, encrypt, fleet, headers

from candor.docking import axis
from candor.docking.axis.connecting import private_key
from candor.docking.axis.rules import is_json
from candor.docking.axis.tables import axis_connection
from candor.footage.sidecars import sidecars_of
from candor.footage.tracks import tracks_of
from candor.store.rotation import rotate

SERIAL = "B8A44F300001"
CONTAINER = f"0fbe1e5c-7e1d-4cde-9c0c-8d0f2d2f7a11_{SERIAL}_20261120T180500Z"
CLIP, KEY = "20261120T180430Z_ab12.mp4", "20261120T180430Z_ab12.key"


@pytest.fixture
def file(door: Door) -> dict[str, Any]:
    """A connection file that asks for encryption."""
    return door.connect(encrypted=True, container_type="mp4")


@pytest.fixture
def client(door: Door, file: dict[str, Any]) -> swiftclient.Connection:
    found = door.client(file)
    said = camera_metadata("0fbe1e5c-7e1d-4cde-9c0c-8d0f2d2f7a11", SERIAL, "20261120T180500Z")
    found.put_container(CONTAINER, headers(said, container=True))
    return found


def put_clip(client: swiftclient.Connection, content: bytes) -> None:
    client.put_object(CONTAINER, CLIP, content, headers=headers(clip_metadata("20261120T180430Z", 1)))


def put_key(client: swiftclient.Connection, content: bytes) -> None:
    client.put_object(CONTAINER, KEY, content, headers=headers({"FileType": "key", "StartTime": "1795284270"}))


def finish(client: swiftclient.Connection) -> None:
    client.post_container(CONTAINER, {"X-Container-Meta-Status": "Complete"})


@pytest.mark.parametrize("key_first", [True, False])
def test_a_clip_is_opened_whichever_comes_first(
    door: Door, client: swiftclient.Connection, file: dict[str, Any], key_first: bool
) -> None:
    film = mp4(seed=1)
    sealed, key = encrypt(film, file["PublicKey"], file["PublicKeyId"])
    if key_first:
        put_key(client, key)
        put_clip(client, sealed)
    else:
        put_clip(client, sealed)
        assert door.recordings() == []
        put_key(client, key)
    (one,) = door.recordings()
    finish(client)
    (part,) = door.parts(one.id)
    assert door.content(part.object_id) == film
    assert part.claims["source"]["decrypted_from"]["sha256"] == hashlib.sha256(sealed).hexdigest()
    with door.installation.database.read() as tx:
        kept = {sidecar.kind: sidecar for sidecar in sidecars_of(tx, one.id)}
    assert door.content(kept["axis-encrypted"].object_id) == sealed
    assert door.content(kept["axis-key"].object_id) == key
    put_clip(client, sealed)
    put_key(client, key)
    assert len(door.parts(one.id)) == 1


def test_a_clip_whose_key_never_comes_is_kept_and_shown_and_opened_when_it_does(
    door: Door, client: swiftclient.Connection, file: dict[str, Any]
) -> None:
    film = mp4(seed=1)
    sealed, key = encrypt(film, file["PublicKey"], file["PublicKeyId"])
    put_clip(client, sealed)
    finish(client)
    (one,) = door.recordings()
    (part,) = door.parts(one.id)
    assert one.state == "sealed"
    assert "its key has not come" in part.claims["source"]["encrypted"]
    assert door.content(part.object_id) == sealed
    put_key(client, key)
    parts = door.parts(one.id)
    assert [door.content(part.object_id) for part in parts] == [sealed, film]
    assert "late-part" in door.recordings()[0].flags


@pytest.mark.parametrize("content", [b"not json", b"{}", b'{"EncryptedKey": "!", "ContentEncryptionIV": "AAAA"}', b""])
def test_a_key_that_opens_nothing_takes_nothing_away(
    door: Door, client: swiftclient.Connection, file: dict[str, Any], content: bytes
) -> None:
    sealed, _ = encrypt(mp4(seed=1), file["PublicKey"], file["PublicKeyId"])
    put_clip(client, sealed)
    put_key(client, content)
    finish(client)
    (one,) = door.recordings()
    (part,) = door.parts(one.id)
    assert door.content(part.object_id) == sealed
    assert "key" in next(row.problem for row in door.objects() if row.kind == "clip")


def test_a_key_of_another_clip_does_not_make_a_recording_of_noise(
    door: Door, client: swiftclient.Connection, file: dict[str, Any]
) -> None:
    sealed, _ = encrypt(mp4(seed=1), file["PublicKey"], file["PublicKeyId"])
    _, other = encrypt(mp4(seed=2), file["PublicKey"], file["PublicKeyId"])
    put_clip(client, sealed)
    put_key(client, other)
    assert door.recordings() == []
    assert next(row.problem for row in door.objects() if row.kind == "clip") == "its key does not open it"


def test_an_encrypted_clip_that_was_cut_short_is_opened_as_far_as_it_goes(
    door: Door, client: swiftclient.Connection, file: dict[str, Any]
) -> None:
    film = mp4(seed=1)
    sealed, key = encrypt(film, file["PublicKey"], file["PublicKeyId"])
    put_clip(client, sealed[: len(sealed) // 2 + 3])
    put_key(client, key)
    (one,) = door.recordings()
    (part,) = door.parts(one.id)
    got = door.content(part.object_id)
    assert film.startswith(got)
    assert len(got) > len(film) // 2 - 40
    with door.installation.database.read() as tx:
        kept = next(sidecar for sidecar in sidecars_of(tx, one.id) if sidecar.kind == "axis-encrypted")
    assert "its end is missing" in kept.facts["opened"]["problem"]


def test_an_encrypted_track_is_read_too(door: Door, client: swiftclient.Connection, file: dict[str, Any]) -> None:
    place = {"LocationWKT": "POINT(-77.5 43.1)", "SecondsFromStart": 4.0, "Timestamp": "2026-11-20T18:04:34Z"}
    sealed, key = encrypt(json.dumps({"CoordinateEntries": [place]}).encode(), file["PublicKey"], file["PublicKeyId"])
    name = f"20261120_180430_ab12_{SERIAL}_gpstrail"
    client.put_object(CONTAINER, f"{name}.json", sealed, headers=headers({"FileType": "json"}))
    client.put_object(CONTAINER, f"{name}.key", key, headers=headers({"FileType": "key"}))
    clip, clip_key = encrypt(mp4(seed=1), file["PublicKey"], file["PublicKeyId"])
    put_clip(client, clip)
    put_key(client, clip_key)
    finish(client)
    (one,) = door.recordings()
    with door.installation.database.read() as tx:
        (track,) = tracks_of(tx, one.id)
    assert track.points[0].latitude == 43.1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_encrypted_track_that_begins_like_an_open_one_by_chance(
    door: Door, client: swiftclient.Connection, file: dict[str, Any]
) -> None:
    place = {"LocationWKT": "POINT(-77.5 43.1)", "SecondsFromStart": 4.0, "Timestamp": "2026-11-20T18:04:34Z"}
    content = json.dumps({"CoordinateEntries": [place]}).encode()
    sealed, key = next(
        one
        for one in (encrypt(content, file["PublicKey"], file["PublicKeyId"]) for _ in range(20_000))
        if one[0].startswith((b"{", b"["))
    )
    name = f"20261120_180430_ab12_{SERIAL}_gpstrail"
    client.put_object(CONTAINER, f"{name}.json", sealed, headers=headers({"FileType": "json"}))
    client.put_object(CONTAINER, f"{name}.key", key, headers=headers({"FileType": "key"}))
    clip, clip_key = encrypt(mp4(seed=1), file["PublicKey"], file["PublicKeyId"])
    put_clip(client, clip)
    put_key(client, clip_key)
    finish(client)
    (one,) = door.recordings()
    with door.installation.database.read() as tx:
        (track,) = tracks_of(tx, one.id)
    assert track.points[0].latitude == 43.1


@pytest.mark.parametrize(
    ("content", "can_be"),
    [
        (b'{"CoordinateEntries": []}', True),
        (b'\xef\xbb\xbf \r\n\t[{"a": "b\xc3\xbc"}]', True),
        ("{\N{LATIN SMALL LETTER U WITH DIAERESIS}".encode()[:2], True),
        (b"{\x00\x01", False),
        (b"{\xff and more", False),
        (b"[1, 2]\x7f\x8f\xc0", False),
        (b"", False),
        (b"words", False),
    ],
)
def test_what_can_be_json(content: bytes, can_be: bool) -> None:
    assert is_json(content) is can_be


def test_a_clip_that_comes_in_the_clear_all_the_same_is_a_clip(door: Door, client: swiftclient.Connection) -> None:
    put_clip(client, mp4(seed=1))
    (one,) = door.recordings()
    assert door.content(door.parts(one.id)[0].object_id) == mp4(seed=1)


def test_a_controllers_cameras_with_encryption(door: Door, file: dict[str, Any]) -> None:
    controller = Controller(file)
    recordings = fleet(3, 2, lambda camera, clip: mp4(seed=10 + camera * 2 + clip))
    assert controller.hand_over_all(recordings) == 3, controller.failures
    found = {part.sha256.hex() for one in door.recordings() for part in door.parts(one.id)}
    assert found == set(controller.acknowledged.values())
    assert {one.state for one in door.recordings()} == {"sealed"}


def test_the_private_key_is_nowhere_in_the_clear_and_outlives_a_change_of_the_keys(door: Door) -> None:
    file = door.connect("Second", encrypted=True)
    here = door.installation
    with here.database.write() as tx:
        found = axis.connection_named(tx, "Second")
        key = private_key(tx, here.vault, found.id)
        assert key is not None
        held = tx.scalar(sa.select(axis_connection.c.private_key).where(axis_connection.c.id == found.id))
        number = key.private_numbers().p
        assert number.to_bytes(192, "big")[:64] not in held
    assert base64.b64decode(file["PublicKey"]).startswith(b"-----BEGIN PUBLIC KEY-----")
    nothing = lambda *_: None  # noqa: E731
    rotate(here.database, here.vault, here.settings.keys_folder, begun=nothing, ended=nothing)
    with here.database.read() as tx:
        again = private_key(tx, here.vault, found.id)
    assert again is not None
    assert again.private_numbers().p == number
