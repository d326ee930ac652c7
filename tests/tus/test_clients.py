"""Real clients over a real server, and connections that are cut: the same bytes in the end."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import pytest
import requests
from tests.tus.cutting import cutting
from tests.tus.site import TusSite, noise, sealed
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

ROOT = Path(__file__).parents[2]
BYTES = noise(6_000_000, 7)


@pytest.fixture(autouse=True)
def closed_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """tuspy leaves the connection of a streamed answer open until the garbage collector finds it."""
    monkeypatch.setattr(
        requests, "patch", lambda *args, **more: requests.request("PATCH", *args, **{**more, "stream": False})
    )


def put(folder: Path, body: bytes = BYTES, name: str = "film.mp4") -> Path:
    path = folder / name
    path.write_bytes(body)
    return path


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., BinaryIO]]:
    """Puts a file there and opens it. tuspy opens files by itself again and again, and closes none."""
    with ExitStack() as stack:
        yield lambda body=BYTES: stack.enter_context(put(tmp_path, body).open("rb"))


def is_sealed(site: TusSite, body: bytes = BYTES) -> None:
    assert site.here is not None
    assert sealed(site.here) == {hashlib.sha256(body).digest(): body}


@pytest.mark.parametrize("checksums", [False, True])
@pytest.mark.parametrize("chunk", [1_000_000, 10_000_000])
def test_tuspy(site: TusSite, opened: Callable[..., BinaryIO], chunk: int, checksums: bool) -> None:
    client = TusClient(site.tus, headers=site.headers())
    uploader = client.uploader(
        file_stream=opened(), chunk_size=chunk, metadata={"name": "film.mp4"}, upload_checksum=checksums
    )
    uploader.upload()
    assert site.told(uploader.url)["state"] == "done"
    is_sealed(site)


def test_tuspy_with_an_empty_file(site: TusSite, opened: Callable[..., BinaryIO]) -> None:
    uploader = TusClient(site.tus, headers=site.headers()).uploader(file_stream=opened(b""), metadata={"name": "e"})
    uploader.upload()
    assert site.told(uploader.url)["state"] == "done"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_cut_at_random_points(site: TusSite, opened: Callable[..., BinaryIO], seed: int) -> None:
    """The connection is cut up to twelve times, anywhere; between two tries the writer may have been let go."""
    assert site.here is not None
    chance = random.Random(seed)
    cuts = [chance.randrange(1, 2_500_000) for _ in range(12)]
    stream, where, tries = opened(), "", 0
    with cutting(site.url, cuts) as line:
        client = TusClient(f"{line.url}/upload/tus", headers=site.headers())
        while True:
            tries += 1
            assert tries < 60
            try:
                uploader = client.uploader(
                    file_stream=stream, url=where or None, chunk_size=chance.choice([300_000, 7_000_000])
                )
                if not where:
                    where = uploader.create_url()
                    uploader.set_url(where)
                uploader.upload()
                break
            except (TusCommunicationError, TusUploadFailed):
                if chance.random() < 0.4:
                    site.here.uploads.park_idle(0.0)
        assert line.made == 12 or not cuts or tries > 1
    told = site.told(site.url + "/upload/tus/" + where.rpartition("/")[2], until="done")
    assert told["sha256"] == hashlib.sha256(BYTES).hexdigest()
    is_sealed(site)


@pytest.mark.parametrize("parallel", [1, 3])
def test_tus_js_client(site: TusSite, tmp_path: Path, parallel: int) -> None:
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules/tus-js-client").exists():
        pytest.skip("NO NODE, OR NO TUS-JS-CLIENT HERE: THAT CLIENT WAS NOT TRIED. `npm ci` installs it")
    path = put(tmp_path)
    cuts = [] if parallel > 1 else [2_000_000, 700_000, 50_000]
    with cutting(site.url, cuts) as line:
        given = {
            "endpoint": f"{line.url}/upload/tus", "headers": site.headers(), "files": [str(path)], "parallel": parallel,
        }  # fmt: skip
        done = subprocess.run(
            [node, str(ROOT / "tests/tus/upload.mjs"), json.dumps(given)],
            capture_output=True, text=True, timeout=90, cwd=ROOT, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    assert "url" in told, told
    where = f"{site.tus}/{told['url'].rpartition('/')[2]}"
    assert site.told(where, until="done")["sha256"] == hashlib.sha256(BYTES).hexdigest()
    is_sealed(site)
