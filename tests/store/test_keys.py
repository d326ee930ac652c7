"""The keyring: made once, read strictly, and a wrong key noticed."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from candor.store import KeyMissing, KeyRing, KeyringExists, KeyringMissing, KeyringUnusable, add_epoch, create_keyring
from candor.store.keys import KEY_SIZE, WRAPPED_SIZE, destroy_epoch

OBJECT = "0198c5a0-0000-7000-8000-000000000001"
KEY = bytes(range(32))


def test_a_new_keyring_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "one" / "two"
    ring = create_keyring(folder)
    assert ring.epochs == (1,)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]


def test_a_keyring_is_never_made_over_another(keys_folder: Path) -> None:
    before = {path: path.read_bytes() for path in keys_folder.iterdir()}
    with pytest.raises(KeyringExists, match=str(keys_folder)):
        create_keyring(keys_folder)
    assert {path: path.read_bytes() for path in keys_folder.iterdir()} == before


def test_wrapping_and_unwrapping(keys_folder: Path) -> None:
    ring = KeyRing.load(keys_folder)
    epoch, wrapped = ring.wrap(OBJECT, KEY)
    assert (epoch, len(wrapped)) == (1, WRAPPED_SIZE)
    assert KEY not in wrapped
    assert ring.wrap(OBJECT, KEY)[1] != wrapped, "a nonce is never used twice"
    assert KeyRing.load(keys_folder).unwrap(OBJECT, epoch, wrapped) == KEY


def test_a_wrapped_key_opens_for_its_object_and_epoch_only(keys_folder: Path, tmp_path: Path) -> None:
    ring = KeyRing.load(keys_folder)
    epoch, wrapped = ring.wrap(OBJECT, KEY)
    with pytest.raises(KeyMissing, match="does not open"):
        ring.unwrap(OBJECT[:-1] + "2", epoch, wrapped)
    with pytest.raises(KeyMissing, match="does not open"):
        create_keyring(tmp_path / "another").unwrap(OBJECT, epoch, wrapped)
    with pytest.raises(KeyMissing, match="epoch 9 is not at hand"):
        ring.unwrap(OBJECT, 9, wrapped)
    for place in range(WRAPPED_SIZE):
        altered = bytearray(wrapped)
        altered[place] ^= 1
        with pytest.raises(KeyMissing):
            ring.unwrap(OBJECT, epoch, bytes(altered))
    with pytest.raises(KeyMissing):
        ring.unwrap(OBJECT, epoch, wrapped[:11])


def test_a_later_epoch_wraps_from_then_on_and_earlier_ones_still_open(keys_folder: Path) -> None:
    running = KeyRing.load(keys_folder)
    old = running.wrap(OBJECT, KEY)
    newer = add_epoch(keys_folder)
    new = newer.wrap(OBJECT, KEY)
    assert (old[0], new[0], newer.epochs) == (1, 2, (1, 2))
    assert newer.unwrap(OBJECT, *old) == newer.unwrap(OBJECT, *new) == KEY
    assert running.unwrap(OBJECT, *new) == KEY, "a process that was running finds the key that was added"


def test_a_destroyed_epoch_is_gone(keys_folder: Path) -> None:
    old = KeyRing.load(keys_folder).wrap(OBJECT, KEY)
    add_epoch(keys_folder)
    destroy_epoch(keys_folder, 1)
    ring = KeyRing.load(keys_folder)
    assert ring.epochs == (2,)
    with pytest.raises(KeyMissing):
        ring.unwrap(OBJECT, *old)


def test_check_values_tell_keys_apart(keys_folder: Path, tmp_path: Path) -> None:
    ring, other = KeyRing.load(keys_folder), create_keyring(tmp_path / "another")
    assert ring.check_value(1) == KeyRing.load(keys_folder).check_value(1)
    assert ring.check_value(1) != other.check_value(1)
    assert len(ring.check_value(1)) == 16


def test_a_missing_keyring_is_said_and_not_made(tmp_path: Path) -> None:
    for folder in (tmp_path / "nothing", tmp_path):
        with pytest.raises(KeyringMissing, match="put the folder back"):
            KeyRing.load(folder)
    assert list(tmp_path.iterdir()) == []


def the_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-20],
        lambda content: b"[]",
        lambda content: json.dumps({**json.loads(content), "key": "AAAA"}).encode(),
        lambda content: json.dumps({**json.loads(content), "key": 7}).encode(),
        lambda content: json.dumps({**json.loads(content), "epoch": 2}).encode(),
        lambda content: json.dumps({**json.loads(content), "epoch": True}).encode(),
        lambda content: json.dumps({**json.loads(content), "check": "00" * 16}).encode(),
    ],
)
def test_a_damaged_file_is_named(keys_folder: Path, damage: Callable[[bytes], bytes]) -> None:
    path = the_file(keys_folder)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(KeyringUnusable, match=path.name):
        KeyRing.load(keys_folder)


def test_a_file_that_others_may_read_is_refused(keys_folder: Path) -> None:
    the_file(keys_folder).chmod(0o640)
    with pytest.raises(KeyringUnusable, match="mode 0640"):
        KeyRing.load(keys_folder)


def test_a_file_that_cannot_be_read_is_named(keys_folder: Path) -> None:
    path = the_file(keys_folder)
    path.unlink()
    path.symlink_to(path.name)  # a loop: unreadable for root too
    with pytest.raises(KeyringUnusable, match=path.name):
        KeyRing.load(keys_folder)


def test_no_key_shows_in_words(keys_folder: Path) -> None:
    ring = KeyRing.load(keys_folder)
    key = base64.b64decode(json.loads(the_file(keys_folder).read_bytes())["key"])
    assert len(key) == KEY_SIZE
    for words in (repr(ring), str(ring)):
        assert repr(key)[2:-1] not in words
        assert key.hex() not in words


def test_a_keyring_needs_keys() -> None:
    for keys in ({}, {1: bytes(31)}, {0: bytes(32)}):
        with pytest.raises(ValueError, match="at least one key"):
            KeyRing(keys)


def test_the_umask_does_not_matter(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_keyring(tmp_path / "keys")
    finally:
        os.umask(before)
    assert the_file(tmp_path / "keys").stat().st_mode & 0o777 == 0o600
