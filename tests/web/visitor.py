"""Somebody with a browser, as far as requests go: cookies, form tokens, no scripts."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import parse_qsl

import httpx2 as httpx
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.people.place import PASSWORD
from tests.web.direct import Direct

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.settings import Settings
from candor.custody import CustodyLog
from candor.footage import jobs as footage_jobs
from candor.installation import Installation
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.store import Vault, create_keyring

BASE = "http://127.0.0.1:8642"
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


def make_installation(database: Database, clock: FixedClock, folder: Path, **given: object) -> Installation:
    """An installation on a database that has its tables; nothing runs in the background."""
    settings = Settings.load(home=folder / "home", **given)
    create_keyring(settings.keys_folder)
    vault = Vault.from_settings(settings, clock)
    log = CustodyLog(database, settings.log_folder, settings.keys_folder, clock)
    with database.write() as tx:
        log.create(tx, "test.invalid/log", actor="system:setup")
    jobs = Jobs(database, clock=clock)
    footage_jobs.register(jobs, database, vault, clock=clock)
    return Installation(settings, database, vault, log, jobs, clock)


def upload_headers(said: str, size: int) -> dict[str, str]:
    """What begins an upload of `size` bytes that come with the same request (tus creation-with-upload)."""
    pairs = parse_qsl(said, errors="surrogateescape")
    metadata = (f"{key} {b64encode(value.encode('utf-8', 'surrogateescape')).decode()}" for key, value in pairs)
    headers = {"tus-resumable": "1.0.0", "upload-length": str(size), "upload-metadata": ",".join(metadata)}
    return headers | ({"content-type": "application/offset+octet-stream"} if size else {})


class Visitor:
    """A browser at the site; `address` is where it comes from, `actor` whoever signed in by `signed_in`."""

    actor: Actor

    def __init__(self, app: Starlette, address: str = "192.0.2.7", base: str = BASE) -> None:
        self.client = TestClient(app, base_url=base, client=(address, 50_000), follow_redirects=False)
        self.client._transport = Direct(app, (address, 50_000))

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A page."""
        answer: httpx.Response = self.client.get(path, headers=headers)
        return answer

    def token(self, path: str = "/account") -> str:
        """The form token of a page."""
        found = _TOKEN.search(self.get(path).text)
        assert found, f"{path} has no form"
        return found.group(1)

    def post(
        self, path: str, fields: dict[str, object] | None = None, *, page: str | None = None, **headers: str
    ) -> httpx.Response:
        """Send a form with the token of `page` (default: one's own account, or the sign-in page)."""
        token = self.token(page or ("/account" if "candor" in self.client.cookies else "/sign-in"))
        answer: httpx.Response = self.client.post(path, data={"csrf": token, **(fields or {})}, headers=headers)
        return answer

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        """Try to sign in."""
        return self.post("/sign-in", {"name": name, "password": password, **more}, page="/sign-in")

    def upload(self, said: str, body: bytes) -> httpx.Response:
        """A file in one request; `said` of it, as a query string."""
        headers = {"x-csrf-token": self.token(), "accept": "application/json", **upload_headers(said, len(body))}
        answer: httpx.Response = self.client.post("/upload/tus", content=body, headers=headers)
        return answer
