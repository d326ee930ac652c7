"""Objects in a folder: whole or not at all, durable before acknowledged, never replaced, a full disk said plainly."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from candor.core.clock import FixedClock
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.store import (
    KeyRing,
    ObjectExists,
    ObjectMissing,
    SealedObject,
    StoreAddressWrong,
    StoreFull,
    StoreUnreachable,
    Vault,
    open_store,
)
from candor.store.bucket import BucketStore
from candor.store.folder import FolderStore
from candor.store.sealing import BLOCK

Footage = Callable[[int], bytes]
Seal = Callable[..., SealedObject]


def put(store: FolderStore, object_id: str, content: bytes) -> None:
    sink = store.create(object_id)
    sink.write(content)
    sink.finish()


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_put_read_list_delete(folder_store: FolderStore) -> None:
    names = [new_id() for _ in range(5)]
    for number, name in enumerate(names):
        put(folder_store, name, b"x" * number)
    assert {one.object_id: one.size for one in folder_store.list()} == dict(zip(names, range(5), strict=True))
    source = folder_store.source(names[4])
    assert (source.size, source.read_at(1, 2), source.read_at(3, 9), source.read_at(9, 9)) == (4, b"xx", b"x", b"")
    source.close()
    assert folder_store.delete(names[4])
    assert not folder_store.delete(names[4])
    assert folder_store.head(names[4]) is None
    with pytest.raises(ObjectMissing, match=names[4]):
        folder_store.source(names[4])


def test_objects_are_spread_over_folders_and_for_their_owner_alone(folder_store: FolderStore) -> None:
    name = new_id()
    put(folder_store, name, b"sealed")
    path = folder_store.root / "objects" / name[-3:] / name
    assert path.read_bytes() == b"sealed"
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_nlink == 1


def test_an_object_is_never_replaced(folder_store: FolderStore) -> None:
    name = new_id()
    put(folder_store, name, b"first")
    with pytest.raises(ObjectExists, match=name):
        put(folder_store, name, b"second")
    source = folder_store.source(name)
    assert source.read_at(0, 9) == b"first"
    source.close()
    assert files(folder_store.root) == [f"objects/{name[-3:]}/{name}"]


def test_two_writers_of_one_object(folder_store: FolderStore) -> None:
    name = new_id()
    first = folder_store.create(name)
    with pytest.raises(ObjectExists):
        folder_store.create(name)
    first.write(b"first")
    first.finish()
    first.abort()
    assert folder_store.head(name) is not None, "giving up what is finished does nothing"


#: Written out: names of tests must be the same in every process that runs them.
SOME_ID = "01900000-0000-7abc-8def-0123456789ab"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x", SOME_ID.upper(), SOME_ID + "/x", SOME_ID[:-1] + "\n"])
def test_only_identifiers_become_paths(folder_store: FolderStore, name: str) -> None:
    for act in (folder_store.create, folder_store.source, folder_store.head, folder_store.delete):
        with pytest.raises(ValueError, match="identifier"):
            act(name)


class Recorder:
    """Notes the order of the system calls that durability rests on; each is carried out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, str]] = []
        for name in ("fsync", "link", "mkdir"):
            monkeypatch.setattr(os, name, self._noting(name, getattr(os, name)))

    def _noting(self, name: str, real: Callable[..., None]) -> Callable[..., None]:
        def call(first: int | str | Path, *rest: object, **more: object) -> None:
            where = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else str(first)
            real(first, *rest, **more)
            self.calls.append((name, where))

        return call


def test_file_and_folders_are_synced_in_this_order(folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    name, root = new_id(), str(folder_store.root)
    sink = folder_store.create(name)
    sink.write(b"sealed")
    recorder = Recorder(monkeypatch)
    sink.finish()
    home = f"{root}/objects/{name[-3:]}"
    assert recorder.calls == [
        ("fsync", f"{root}/incoming/{name}"),
        ("mkdir", home),
        ("fsync", f"{root}/objects"),
        ("link", f"{root}/incoming/{name}"),
        ("fsync", home),
    ]


def test_a_new_store_is_durable_up_to_the_first_folder_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(monkeypatch)
    FolderStore(tmp_path / "a" / "b")
    made = [where for name, where in recorder.calls if name == "mkdir"]
    synced = [where for name, where in recorder.calls if name == "fsync"]
    assert [str(Path(where).parent) for where in made] == synced
    assert made[0] == str(tmp_path / "a")


@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_fault_at_the_end_leaves_nothing_visible(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    sink = folder_store.create(new_id())
    sink.write(b"sealed")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StoreUnreachable, match="Input/output error"):
        sink.finish()
    assert files(folder_store.root) == []


def test_a_fault_of_the_last_sync_takes_the_name_back(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, real = new_id(), os.fsync
    sink = folder_store.create(name)
    sink.write(b"sealed")

    def fail_on_the_home(handle: int) -> None:
        if os.readlink(f"/proc/self/fd/{handle}").endswith(name[-3:]):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)

    monkeypatch.setattr(os, "fsync", fail_on_the_home)
    with pytest.raises(StoreUnreachable):
        sink.finish()
    assert files(folder_store.root) == []


def test_a_file_system_without_links(folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    name = new_id()
    put(folder_store, name, b"first")
    assert files(folder_store.root) == [f"objects/{name[-3:]}/{name}"]
    with pytest.raises(ObjectExists):
        put(folder_store, name, b"second")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("A FULL DISK WAS NOT TESTED: mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("size", [9 << 20, 7 * BLOCK + 9])
def test_a_full_disk_is_said_and_leaves_nothing(
    small_disk: Path, keys_folder: Path, footage: Footage, size: int
) -> None:
    store = FolderStore(small_disk / "footage")
    vault = Vault(store, KeyRing.load(keys_folder))
    with vault.writer("original") as writer:
        writer.write(footage(1000))
        kept = writer.finish()

    def overfill() -> None:
        with vault.writer("original") as writer:
            writer.write(footage(size))
            writer.finish()

    with pytest.raises(StoreFull, match="is full") as refused:
        overfill()
    assert refused.value.exit_code == 7
    assert str(store.root) in str(refused.value)
    assert files(store.root) == [f"objects/{kept.object_id[-3:]}/{kept.object_id}"]
    with vault.writer("original") as writer:
        writer.write(footage(4 << 20))
        writer.finish()  # the room is free again


LIMITED = """
import resource, signal, sys
from pathlib import Path
from candor.store import KeyRing, StoreUnreachable, Vault
from candor.store.folder import FolderStore
vault = Vault(FolderStore(Path(sys.argv[1])), KeyRing.load(Path(sys.argv[2])))
try:
    with vault.writer("original") as writer:
        for _ in range(20):
            writer.write(bytes(1 << 20))
        writer.finish()
except StoreUnreachable as error:
    print(error)
"""


def test_a_file_that_is_too_large_for_its_file_system(tmp_path: Path, keys_folder: Path) -> None:
    """The same path as a full disk, but without root: the kernel refuses to let a file grow past a limit."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 20, 5 << 20))

    command = [sys.executable, "-c", LIMITED, tmp_path / "footage", keys_folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True, preexec_fn=limit)
    assert "File too large" in done.stdout
    assert files(tmp_path / "footage") == []


def test_drafts_of_the_living_are_left_alone(folder_store: FolderStore, fixed_clock: FixedClock) -> None:
    living = folder_store.create(new_id())
    living.write(b"still being written")
    dead = folder_store.root / "incoming" / new_id()
    dead.write_bytes(b"left over")
    late = fixed_clock.now() + timedelta(days=36500)
    assert folder_store.clear_unfinished(fixed_clock.now() - timedelta(days=36500)) == 0, "too young"
    assert folder_store.clear_unfinished(late) == 1
    assert not dead.exists()
    living.finish()
    assert len(list(folder_store.list())) == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnreachable, match=str(tmp_path / "file")):
        FolderStore(tmp_path / "file" / "footage")


def test_the_setting_chooses_the_store(tmp_path: Path) -> None:
    def store_of(url: str | None) -> object:
        return open_store(Settings.load(home=tmp_path / "home", keys=tmp_path / "keys", store_url=url))

    default, folder = store_of(None), store_of(f"file://{tmp_path}/with%20space")
    assert isinstance(default, FolderStore)
    assert default.root == tmp_path / "home" / "footage"
    assert isinstance(folder, FolderStore)
    assert folder.root == tmp_path / "with space"
    bucket = store_of("s3://footage/state/police/")
    assert isinstance(bucket, BucketStore)
    assert bucket.place == "s3://footage/state/police"
    for wrong in ("s3://", "s3://bucket/prefix?x=1", "gs://bucket", "file://host/path"):
        with pytest.raises(StoreAddressWrong, match="CANDOR_STORE_URL"):
            store_of(wrong)
