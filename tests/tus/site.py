"""A site to upload to: an installation in a folder, a program's token, and servers in threads or as processes."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import sqlalchemy as sa
from tests.browser.live import free_port, served
from tests.people.place import Place, make_place

from candor.core.clock import SystemClock
from candor.core.settings import Settings
from candor.footage.tables import part
from candor.installation import Installation
from candor.people import service_accounts
from candor.people.rules import Permission
from candor.web.app import create_app

TUS = {"tus-resumable": "1.0.0"}
BODY = {"content-type": "application/offset+octet-stream"}


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that look random but are always the same."""
    return hashlib.shake_256(b"upload %d" % seed).digest(size)


def metadata(**said: str) -> dict[str, str]:
    """Upload-Metadata as a header."""
    pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
    return {"upload-metadata": ",".join(pairs)}


@dataclass
class TusSite:
    """Where to upload to, and a program that may."""

    settings: Settings
    tokens: dict[str, str]
    url: str = ""
    here: Installation | None = None
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    @property
    def tus(self) -> str:
        """Address of the collection."""
        return f"{self.url}/upload/tus"

    def headers(self, who: str = "dock") -> dict[str, str]:
        """What a program sends with everything."""
        return {"authorization": f"Bearer {self.tokens[who]}"}

    def ask(self, method: str, url: str, *, who: str = "dock", content: Any = None, **headers: str) -> httpx.Response:
        """One request of the protocol; headers by names with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        address = url if url.startswith("http") else self.url + url
        answer: httpx.Response = self.client.request(
            method, address, headers={**TUS, **self.headers(who), **given}, content=content
        )
        return answer

    def begin(self, length: int | None, name: str = "a.mp4", **headers: str) -> str:
        """Begin an upload; its address."""
        said = {"upload-defer-length": "1"} if length is None else {"upload-length": str(length)}
        answer = self.ask("POST", "/upload/tus", **said, **metadata(name=name), **headers)
        assert answer.status_code == 201, answer.text
        return self.url + answer.headers["location"]

    def send(self, where: str, offset: int, body: bytes, **headers: str) -> httpx.Response:
        """One PATCH."""
        return self.ask("PATCH", where, content=body, **BODY, upload_offset=str(offset), **headers)

    def offset(self, where: str) -> int:
        """What the server says is here."""
        answer = self.ask("HEAD", where)
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["upload-offset"])

    def told(self, where: str, *, until: str | None = None, seconds: float = 30) -> dict[str, Any]:
        """What became of it; `until` it has that state."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.ask("GET", where)
            assert answer.status_code == 200, answer.text
            told: dict[str, Any] = answer.json()
            if until is None or told["state"] == until:
                return told
            assert time.monotonic() < deadline, told
            time.sleep(0.05)

    def stored(self) -> list[Path]:
        """Files in which footage, or a part of it, lies."""
        return [path for path in (self.settings.home / "footage").rglob("*") if path.is_file()]


def sealed(here: Installation) -> dict[bytes, bytes]:
    """Hash of every part, and the bytes that the vault gives for it."""
    with here.database.read() as tx:
        rows = tx.execute(sa.select(part.c.sha256, part.c.object_id)).all()
        found = {}
        for row in rows:
            with here.vault.open(tx, row.object_id) as stream:
                found[row.sha256] = stream.read()
    return found


def prepare(folder: Path, **given: Any) -> TusSite:
    """An installation with an agency and two programs with tokens, closed again."""
    settings = Settings.load(home=folder / "home", keys=folder / "keys", log_interval=0.2, **given)
    tokens = {}
    with Installation.open(settings, create=True) as here:
        place = make_place(here.database, SystemClock())  # type: ignore[arg-type]
        for name in ("dock", "other"):
            tokens[name] = _token(here, place, name)
    return TusSite(settings, tokens)


def _token(here: Installation, place: Place, name: str) -> str:
    with here.database.write() as tx:
        account_id = service_accounts.create(
            tx,
            place.administrator,
            sign_in_name=name,
            display_name=name,
            roles=("evidence_technician",),
            clock=here.clock,
        )
        scopes = (Permission.RECORDINGS_TAKE_IN, Permission.RECORDINGS_VIEW_ALL)
        return service_accounts.create_token(
            tx, place.administrator, account_id, name="program", scopes=scopes, days=30, clock=here.clock
        )[1]


@contextmanager
def serving(site: TusSite) -> Iterator[TusSite]:
    """The site, served by a thread of this process."""
    port = free_port()
    with Installation.open(site.settings) as here:
        here.uploads.start()
        with served(create_app(here), port):
            site.url, site.here = f"http://127.0.0.1:{port}", here
            yield site
            site.client.close()
        site.here = None


@dataclass
class Process:
    """A server as a process of its own."""

    child: subprocess.Popen[bytes]
    url: str

    def kill(self) -> None:
        """As a power cut would."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(20)


@contextmanager
def process(site: TusSite, folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    """`candor serve` of the site."""
    port = free_port()
    given = {
        **os.environ,
        "CANDOR_HOME": str(site.settings.home),
        "CANDOR_KEYS": str(site.settings.keys),
        "CANDOR_PORT": str(port),
        "CANDOR_TEST_CHEAP_PASSWORDS": "1",
        **(environment or {}),
    }
    with (folder / f"server-{port}.log").open("wb") as log:
        command = [sys.executable, "-c", "from candor.cli.main import main; main(['serve'])"]
        child = subprocess.Popen(command, env=given, stdout=log, stderr=log)
        try:
            site.url = f"http://127.0.0.1:{port}"
            _await(site.url, child, folder / f"server-{port}.log")
            yield Process(child, site.url)
        finally:
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait(20)


def _await(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{url}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert child.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < deadline, log.read_text("utf-8")
        time.sleep(0.1)
