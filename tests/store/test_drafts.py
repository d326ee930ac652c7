"""Half-received objects: what is durable can be read back, exactly, and nothing else is believed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.core.ids import new_id
from candor.store import ObjectAltered, ObjectMissing, SealedObject, StoreFull, Vault
from candor.store.cobblestone import CHUNK
from candor.store.drafts import Drafts, Durable
from candor.store.folder import FolderSink, FolderStore
from candor.store.scratch import Scratch
from candor.store.sealing import BLOCK

KEY = bytes(range(32))
Footage = Callable[[int], bytes]


@pytest.fixture
def drafts(vault: Vault, tmp_path: Path) -> Drafts:
    return Drafts(vault, tmp_path / "spool")


def read(drafts: Drafts, object_id: str, durable: Durable) -> bytes:
    with drafts.open(object_id, KEY, durable) as reader:
        return b"".join(reader.pieces())


@pytest.mark.parametrize(
    "sizes",
    [(1,), (CHUNK,), (BLOCK - 1, 1), (BLOCK, 5), (BLOCK + 1, 3 * BLOCK, 7), (100, 100, 100), (5 * BLOCK + 17,)],
)
def test_what_is_settled_is_read_back(drafts: Drafts, footage: Footage, sizes: tuple[int, ...]) -> None:
    writer, data, at = drafts.begin(new_id(), "original", KEY), footage(sum(sizes)), 0
    for size in sizes:
        writer.write(data[at : at + size])
        at += size
        durable = writer.settle()
        drafts.remove_tails(writer.object_id, keep=durable.number)
        assert durable.size == at
        assert drafts.holds(writer.object_id, durable)
        assert read(drafts, writer.object_id, durable) == data[:at]
    writer.park()
    assert read(drafts, writer.object_id, durable) == data, "also when its writer is gone"


def test_a_draft_becomes_the_object_itself(
    drafts: Drafts, vault: Vault, footage: Footage, seal: Callable[..., SealedObject]
) -> None:
    data = footage(3 * BLOCK + 99)
    writer = drafts.begin(new_id(), "original", KEY)
    writer.write(data[: BLOCK + 5])
    durable = writer.settle()
    writer.write(data[BLOCK + 5 :])
    sealed = writer.finish()
    same = seal(data)
    assert (sealed.sha256, sealed.chunk_root, sealed.size) == (same.sha256, same.chunk_root, same.size)
    one, other = (
        drafts.folder / sealed.object_id,
        vault.store.root / "objects" / sealed.object_id[-3:] / sealed.object_id,
    )  # type: ignore[attr-defined]
    assert one.stat().st_ino == other.stat().st_ino, "one file, written once"
    assert read(drafts, sealed.object_id, durable) == data[: BLOCK + 5], "and the draft still says what it said"
    drafts.remove(sealed.object_id)
    assert other.exists()
    assert not list(drafts.folder.glob(f"{sealed.object_id}*"))


def test_in_passing(drafts: Drafts, footage: Footage) -> None:
    data = footage(4 * BLOCK)
    writer = drafts.begin(new_id(), "original", KEY)
    assert writer.sync_in_passing() == Durable(0)
    writer.write(data)
    durable = writer.sync_in_passing()
    assert durable.streamed % CHUNK == durable.tail == 0
    assert read(drafts, writer.object_id, durable) == data[: durable.size]
    writer.park()


def test_what_is_not_durable_is_cut_off(drafts: Drafts, footage: Footage) -> None:
    writer = drafts.begin(new_id(), "original", KEY)
    writer.write(footage(2 * BLOCK))
    durable = writer.settle()
    size = (drafts.folder / writer.object_id).stat().st_size
    writer.write(footage(6 * BLOCK))
    writer.park()
    assert (drafts.folder / writer.object_id).stat().st_size == size
    assert read(drafts, writer.object_id, durable) == footage(2 * BLOCK)


@pytest.mark.parametrize(
    "harm", ["stream gone", "stream cut", "stream altered", "tail gone", "tail altered", "other key"]
)
def test_what_is_missing_or_altered_is_said(drafts: Drafts, footage: Footage, harm: str) -> None:
    writer = drafts.begin(new_id(), "original", KEY)
    writer.write(footage(2 * BLOCK + 300))
    durable, key = writer.settle(), KEY
    writer.park()
    stream, tail = drafts.folder / writer.object_id, drafts.folder / f"{writer.object_id}.{durable.number}"
    stream.chmod(0o600)
    tail.chmod(0o600)
    match harm:
        case "stream gone":
            stream.unlink()
        case "stream cut":
            os.truncate(stream, stream.stat().st_size - 1)
        case "stream altered":
            _flip(stream, 1_000_000)
        case "tail gone":
            tail.unlink()
        case "tail altered":
            _flip(tail, 70)
        case "other key":
            key = bytes(32)
    with pytest.raises((ObjectMissing, ObjectAltered)), drafts.open(writer.object_id, key, durable) as reader:
        list(reader.pieces())
    if harm.endswith(("gone", "cut")):
        assert not drafts.holds(writer.object_id, durable)


def _flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_a_full_disk_keeps_what_was_durable(drafts: Drafts, footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = drafts.begin(new_id(), "original", KEY)
    writer.write(footage(2 * BLOCK + 9))
    durable = writer.settle()

    def full(self: FolderSink, data: object) -> None:
        raise StoreFull(place="here", object_id=self._object_id)

    monkeypatch.setattr(FolderSink, "write", full)
    with pytest.raises(StoreFull):
        writer.write(footage(20 * BLOCK))
        writer.settle()
    assert read(drafts, writer.object_id, durable) == footage(2 * BLOCK + 9)


def test_who_lives_and_who_is_gone(vault: Vault, tmp_path: Path) -> None:
    one, other = Drafts(vault, tmp_path), Drafts(vault, tmp_path)
    assert one.place == other.place
    holder = other.holder
    assert not one.is_gone(holder)
    other.close()
    assert one.is_gone(holder)
    assert one.is_gone(new_id())
    assert not one.is_gone(one.holder)
    one.close()


def test_what_is_left(drafts: Drafts, footage: Footage) -> None:
    living, parked = (drafts.begin(new_id(), "original", KEY) for _ in range(2))
    parked.write(footage(10))
    parked.settle()
    parked.park()
    assert [name for name, _ in drafts.left()] == [parked.object_id]
    living.park()


def test_over_a_bucket_drafts_lie_in_the_spool(vault: Vault, tmp_path: Path, footage: Footage) -> None:
    class Elsewhere:
        place = "s3://bucket"

    drafts = Drafts(Vault(Elsewhere(), vault.keys, vault.clock), tmp_path / "spool")  # type: ignore[arg-type]
    assert not drafts.direct
    assert Drafts(vault, tmp_path).direct is isinstance(vault.store, FolderStore)
    writer = drafts.begin(new_id(), "original", KEY)
    writer.write(footage(BLOCK + 1))
    durable = writer.settle()
    assert read(drafts, writer.object_id, durable) == footage(BLOCK + 1)
    assert (tmp_path / "spool/drafts" / writer.object_id).exists()
    writer.park()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 300_000), max_size=6))
def test_scratch_gives_back_what_it_took(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    folder = tmp_path_factory.getbasetemp() / "scratch"
    scratch, data = Scratch(folder), os.urandom(sum(sizes))
    at = 0
    for size in sizes:
        scratch.write(data[at : at + size])
        at += size
    assert not list(folder.iterdir()), "it has no name"
    assert b"".join(scratch.pieces()) == data
    scratch.close()
