"""candor portal, and `candor serve` with a portal: started beside it, and gone with it, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.people.place import make_place

from candor.core.clock import SystemClock
from candor.core.settings import Settings
from candor.installation import Installation


@contextmanager
def running(*words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a process of its own; killed at the end where it still runs."""
    paths = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.Popen(
        [sys.executable, "-m", "candor", *words],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=20)
        assert process.stdout is not None
        process.stdout.close()


def said(process: subprocess.Popen[str], begins: str) -> str:
    """The rest of the line that begins so."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(begins):
            return line.removeprefix(begins).strip()
    pytest.fail(f"it never said {begins!r}")


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def until_gone(address: str) -> None:
    for _ in range(200):
        if not answers(address):
            return
        time.sleep(0.05)
    pytest.fail("the portal is still there")


@pytest.mark.long
def test_it_ends_with_the_site_also_when_that_is_killed(home: Path, tables: None) -> None:
    with Installation.open(Settings.load(), create=True) as here:
        make_place(here.database, SystemClock())  # type: ignore[arg-type]
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with running("serve", "--port", "0", CANDOR_PORTAL_PORT="0") as site:
            address = said(site, "The portal is at ")
            said(site, "Candor is at ")
            with urllib.request.urlopen(address, timeout=5) as front:
                assert b"I have a code" in front.read()  # who the agency is was published before anybody could ask
            site.send_signal(ending)
            site.wait(timeout=30)
            until_gone(address)


def test_alone_with_nothing_but_its_own_settings(home: Path, candor: Candor, tmp_path: Path) -> None:
    given = {
        "CANDOR_PUBLISHED_URL": f"sqlite:///{tmp_path}/p.sqlite3",
        "CANDOR_PUBLISHED_FILES": str(tmp_path / "files"),
        "CANDOR_INBOX_URL": f"sqlite:///{tmp_path}/i.sqlite3",
        "CANDOR_S3_SECRET_KEY": "s3secretkey",
    }
    with running("portal", "serve", "--port", "0", **given) as portal:
        address = said(portal, "")
        assert address.startswith("http://127.0.0.1:")
        assert not answers(address)  # nothing is published: 503
        environment = Path(f"/proc/{portal.pid}/environ").read_bytes()
    assert b"s3secretkey" not in environment
    assert b"CANDOR_KEYS" not in environment
    assert not home.exists()


def test_its_state_is_told(candor: Candor, tables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with Installation.open(Settings.load(), create=True) as here:
        make_place(here.database, SystemClock())  # type: ignore[arg-type]
    bare = candor("portal", "status")
    assert bare.code == 0
    assert "There is no portal here" in bare.err
    monkeypatch.setenv("CANDOR_PORTAL_PORT", "0")
    behind = candor("portal", "status")
    assert (behind.code, "lies behind" in behind.err) == (6, True)
    with Installation.open(Settings.load()) as here:
        here.publishing.round()
        here.publishing.places()[1].append("request", b"broken\x1b[31m", clock=here.clock)
        here.publishing.round()
    found = candor("portal", "status", "--json")
    assert found.code == 6
    (aside,) = json.loads(found.out)["put_aside"]
    assert "not sealed to a key of ours" in aside["problem"]
    assert candor("portal", "status", "--seen").code == 0
    assert candor("portal", "status", "--json").json["put_aside"] == []
