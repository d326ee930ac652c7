"""Objects in an S3 bucket, against a real server (`./run test-services`).

Either CANDOR_TEST_S3_URL names a bucket of a running server (with CANDOR_S3_ENDPOINT, _ACCESS_KEY, _SECRET_KEY), or
CANDOR_TEST_SWIFT_VENV names a virtual environment with OpenStack Swift in it, and a server is started from it.
"""

from __future__ import annotations

import importlib.util
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.store import (
    KeyRing,
    ObjectExists,
    ObjectMissing,
    Outcome,
    StoreUnreachable,
    Vault,
    begin_run,
    open_store,
    run_fixity,
    sweep,
)
from candor.store import bucket as bucket_module
from candor.store.bucket import PART, BucketStore

Footage = Callable[[int], bytes]


@dataclass(frozen=True)
class Place:
    """Where a test's bucket is, and how to ask for uploads that hang (when the server was started here)."""

    url: str
    endpoint: str | None
    access_key: str | None
    secret_key: str | None
    unfinished: Callable[[str], list[str]] | None = None


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A bucket on a real server."""
    if url := os.environ.get("CANDOR_TEST_S3_URL"):
        names = ("CANDOR_S3_ENDPOINT", "CANDOR_S3_ACCESS_KEY", "CANDOR_S3_SECRET_KEY")
        yield Place(url, *(os.environ.get(name) for name in names))
        return
    if not (venv := os.environ.get("CANDOR_TEST_SWIFT_VENV")):
        pytest.skip("S3 WAS NOT TESTED: set CANDOR_TEST_S3_URL, or CANDOR_TEST_SWIFT_VENV")
    file = Path(__file__).parents[1] / "simulators" / "s3_server.py"
    spec = importlib.util.spec_from_file_location("s3_server", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.S3Server(Path(venv).absolute(), tmp_path_factory.mktemp("swift"))
    try:
        server.make_bucket("footage")
        yield Place("s3://footage/some/prefix", server.endpoint, module.KEY, module.SECRET, server.unfinished_uploads)
    finally:
        server.stop()


@pytest.fixture
def store(place: Place, tmp_path: Path) -> BucketStore:
    """A store of its own under the bucket's prefix."""
    settings = Settings.load(
        home=tmp_path / "home",
        store_url=f"{place.url}/{new_id()}",
        s3_endpoint=place.endpoint,
        s3_access_key=place.access_key,
        s3_secret_key=place.secret_key,
    )
    opened = open_store(settings)
    assert isinstance(opened, BucketStore)
    return opened


@pytest.fixture
def bucket_vault(store: BucketStore, keys_folder: Path) -> Vault:
    """A vault on that store, by the machine's clock."""
    return Vault(store, KeyRing.load(keys_folder))


pytestmark = pytest.mark.services


def put(store: BucketStore, object_id: str, content: bytes) -> None:
    sink = store.create(object_id)
    for start in range(0, len(content), 1_000_000):
        sink.write(content[start : start + 1_000_000])
    sink.finish()


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 3 * PART + 5])
def test_put_read_list_delete(store: BucketStore, footage: Footage, size: int) -> None:
    name, content = new_id(), footage(size)
    assert store.head(name) is None
    put(store, name, content)
    assert [(one.object_id, one.size) for one in store.list()] == [(name, size)]
    source, chosen = store.source(name), random.Random(size)
    for _ in range(8 if size else 0):
        start = chosen.randrange(size)
        length = chosen.choice((1, 16_400, 3 << 20))
        assert source.read_at(start, length) == content[start : start + length]
    assert source.read_at(size, 5) == b""
    source.close()
    assert store.delete(name)
    assert not store.delete(name)
    with pytest.raises(ObjectMissing, match=name):
        store.source(name)


@pytest.mark.parametrize("size", [10, 2 * PART])
def test_an_object_is_never_replaced(store: BucketStore, footage: Footage, size: int) -> None:
    name = new_id()
    put(store, name, b"first")
    with pytest.raises(ObjectExists, match=name):
        put(store, name, footage(size))
    source = store.source(name)
    assert source.read_at(0, 100) == b"first"


def test_reading_on_widens_the_window_and_a_jump_narrows_it(store: BucketStore, footage: Footage) -> None:
    name, content = new_id(), footage(24 << 20)
    put(store, name, content)
    source = store.source(name)
    fetched: list[int] = []
    real = source._fetch

    def counting(start: int, end: int) -> memoryview:
        fetched.append((end - start) >> 20)
        return real(start, end)

    source._fetch = counting  # type: ignore[method-assign]
    read = b"".join(source.read_at(start, 1 << 19) for start in range(0, 14 << 20, 1 << 19))
    assert read == content[: 14 << 20]
    assert fetched == [2, 4, 8]
    source.read_at(20 << 20, 100)
    assert fetched[-1] == 2
    source.read_at((20 << 20) + 100, 100)
    assert len(fetched) == 4


@pytest.mark.parametrize("size", [100, 2 * PART + 7])
def test_what_is_given_up_leaves_nothing(
    store: BucketStore, place: Place, bucket_vault: Vault, footage: Footage, size: int
) -> None:
    with bucket_vault.writer("original") as writer:
        writer.write(footage(size))
        assert list(store.list()) == []
    assert list(store.list()) == []
    if place.unfinished:
        assert place.unfinished("footage") == [], "the parts that had gone up are gone too"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_vault_in_a_bucket(
    database: Database, bucket_vault: Vault, store: BucketStore, footage: Footage, keys_folder: Path
) -> None:
    plain = footage(21 << 20)
    with bucket_vault.writer("original") as writer:
        writer.write(plain)
        sealed = writer.finish()
    with database.write() as tx:
        bucket_vault.record(tx, sealed)
        run = begin_run(tx, bucket_vault)
    with database.read() as tx:
        stream = bucket_vault.open(tx, sealed.object_id)
    with stream:
        assert stream.read_at(15_000_000, 70_000) == plain[15_000_000:15_070_000]
        assert stream.read() == plain
    with bucket_vault.writer("original") as writer:
        left_over = writer.finish()
    late = Vault(store, KeyRing.load(keys_folder), FixedClock(datetime.now(UTC) + timedelta(days=2)))
    assert sweep(database, late).unrecorded == (left_over.object_id,)
    assert [one.outcome for one in run_fixity(database, bucket_vault, run)] == [Outcome.OK]
    store.delete(sealed.object_id)
    with database.write() as tx:
        run = begin_run(tx, bucket_vault)
    assert [one.outcome for one in run_fixity(database, bucket_vault, run)] == [Outcome.MISSING]


def test_the_wrong_secret_is_said(place: Place) -> None:
    name = place.url.split("/")[2]
    store = BucketStore(name, endpoint=place.endpoint, access_key=place.access_key, secret_key="wrong")
    with pytest.raises(StoreUnreachable, match="cannot be used"):
        put(store, new_id(), b"x")


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "RETRY_SECONDS", 1)
    store = BucketStore("footage", endpoint="http://127.0.0.1:9", access_key="a", secret_key="b")
    began = time.monotonic()
    for act in (lambda: put(store, new_id(), b"x"), lambda: store.head(new_id()), lambda: list(store.list())):
        with pytest.raises(StoreUnreachable, match=r"s3://footage"):
            act()
    assert time.monotonic() - began < 60
