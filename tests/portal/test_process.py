"""The portal as a process of its own: it holds nothing of the rest, and ends with whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from tests.portal.conftest import PublicPlace

from candor.core.errors import SettingsWrong
from candor.core.portal_settings import PortalLimits, PortalSettings
from candor.core.settings import Settings
from candor.portal import connections, process
from candor.portal.app import create_portal

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: What the staff side has in its environment and in its file of settings.
SECRETS = {
    "CANDOR_DATABASE_URL": "postgresql://candor:hunter2secret@db/candor",
    "CANDOR_S3_SECRET_KEY": "s3secretkey",
    "CANDOR_SMTP_URL": "smtps://post:mailsecret@mail.example:465",
    "CANDOR_KEYS": "/srv/candor-keys",
    "CANDOR_METRICS_TOKEN": "metricsmetricsmetrics",
    "AWS_SECRET_ACCESS_KEY": "awssecret",
}


@pytest.fixture
def running(place: PublicPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[process.PortalProcess]:
    """Started from a process that has everything, with open files that hold secrets."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    config = tmp_path / "candor.toml"
    config.write_text('database_url = "postgresql://candor:hunter2secret@db/candor"\n')
    monkeypatch.setenv("CANDOR_CONFIG", str(config))
    place.settings.log.mkdir()
    with (tmp_path / "secret.key").open("wb"), config.open("rb"):
        started = process.start(place.settings)
    yield started
    started.stop()


def get(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_it_holds_no_credential(running: process.PortalProcess, place: PublicPlace, tmp_path: Path) -> None:
    assert running.address.startswith("http://127.0.0.1:")
    assert get(running.address) == 200
    assert get(f"{running.address}releases") == 200
    proc = Path(f"/proc/{running.process.pid}")
    names = {one.split("=")[0] for one in (proc / "environ").read_bytes().decode().split("\0") if one}
    own = set(place.settings.environment()) | set(process._PASSED) | {"PYTHONPATH", "PYTHONUNBUFFERED"}
    assert names <= own
    told = (proc / "environ").read_bytes() + (proc / "cmdline").read_bytes()
    for value in SECRETS.values():
        assert value.encode() not in told
    opened = [os.readlink(one) for one in (proc / "fd").iterdir() if one.exists()]
    allowed = ("socket:", "pipe:", "anon_inode:", "/dev/null", str(tmp_path / "files"), "/dev/pts", "/dev/tty")
    database = place.settings.published_url.removeprefix("sqlite:///")
    for one in opened:
        # Standard error is the test's own, wherever that goes.
        if one == os.readlink(proc / "fd" / "2"):
            continue
        assert one.startswith((*allowed, database)), opened
    # None of the rooms that hold footage, people, keys or law were even loaded.
    maps = (proc / "maps").read_text()
    assert "obstore" not in maps


def test_it_loads_none_of_the_rooms_behind(place: PublicPlace) -> None:
    script = """
        import sys
        import candor.portal.__main__, candor.portal.process
        from candor.core.portal_settings import PortalSettings
        from candor.portal.app import create_portal
        create_portal(PortalSettings.from_environment())
        rooms = {name.split(".")[1] for name in sys.modules if name.startswith("candor.")}
        assert rooms == {"core", "pages", "portal", "published", "verify"}, rooms
        assert not {"dbos", "obstore", "av", "cv2"} & set(sys.modules)
    """
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=process.environment(place.settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr


def test_connections_that_only_stay_open_are_closed(place: PublicPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many half heads as there are connections held everybody off for good."""
    monkeypatch.setattr(connections, "HEAD_PATIENCE", 0.5)
    monkeypatch.setattr(connections, "is_loopback", lambda address: False)
    monkeypatch.setattr(connections, "MOST_FROM_ONE", 20)

    async def serve() -> list[bytes]:
        app = create_portal(place.settings, clock=place.clock)
        place.opened_portals.append(app.state.portal)
        config = uvicorn.Config(
            app, log_config=None, http=connections.protocol("192.0.2.1"), lifespan="off", timeout_keep_alive=1
        )
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        listener = socket.create_server(("127.0.0.1", 0))
        await server.startup(sockets=[listener])
        port = listener.getsockname()[1]

        async def held(first: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(first)
                async with asyncio.timeout(5):
                    return await reader.read()
            except ConnectionError:
                return b"broken"
            finally:
                writer.close()

        half = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
        try:
            found = await asyncio.gather(*(held(one) for one in [half, b"", half, b"G"] * 6))
            whole = await held(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + half)
        finally:
            await server.shutdown(sockets=[listener])
        return [*found, whole]

    *held, whole = asyncio.run(serve())
    assert held.count(b"") + held.count(b"broken") == 24  # each was ended, those beyond the measure at once
    assert whole.startswith(
        b"HTTP/1.1 200"
    )  # and whoever sends a whole one is answered, then no half one is waited for


def test_it_ends_with_whoever_started_it_also_when_killed(place: PublicPlace) -> None:
    place.settings.log.mkdir()
    script = """
        import sys, time
        from candor.core.portal_settings import PortalSettings
        from candor.portal.process import start
        portal = start(PortalSettings.from_environment())
        print(portal.process.pid, portal.address, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=process.environment(place.settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid, address = parent.stdout.readline().split()
    assert get(f"{address}healthz") == 200
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(timeout=10)
    parent.stdout.close()
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the portal outlived whoever had started it")


def test_one_that_ends_by_itself_is_started_again(place: PublicPlace) -> None:
    place.settings.log.mkdir()
    kept = process.KeptPortal(place.settings)
    address, first = kept.address, kept.running.process
    os.kill(first.pid, signal.SIGKILL)
    for _ in range(200):
        if kept.running.process is not first and kept.running.runs():
            break
        time.sleep(0.05)
    assert kept.address == address
    assert get(f"{address}healthz") == 200
    second = kept.running.process
    kept.stop()
    assert second.poll() is not None
    assert not kept._thread.is_alive()


def test_what_keeps_it_from_starting_is_said(place: PublicPlace) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(process.PortalNotStarted, match="ended with code 2"):
            process.start(replace(place.settings, port=taken.getsockname()[1]))


def test_its_settings_are_read_from_its_environment_alone(place: PublicPlace) -> None:
    settings = replace(place.settings, url="https://ask.example.gov", limits=PortalLimits(sent=3))
    assert PortalSettings.from_environment(settings.environment()) == settings
    with pytest.raises(SettingsWrong, match="CANDOR_PUBLISHED_URL"):
        PortalSettings.from_environment({})
    broken = {**settings.environment(), "CANDOR_PORTAL_LIMITS": "sent=many"}
    with pytest.raises(SettingsWrong, match="sent must be a number"):
        PortalSettings.from_environment(broken)


@pytest.mark.parametrize("text", ["sent=0", "sent=-1", "more=1", "sent", "sent=1e9", "sent=9999999999", "sent=٣"])
def test_limits_that_are_none(place: PublicPlace, text: str) -> None:
    with pytest.raises(ValueError, match=r"limit|number"):
        PortalLimits.parse(text)
    with pytest.raises(SettingsWrong, match="CANDOR_PORTAL_LIMITS"):
        Settings.load(home=place.settings.log, portal_limits=text)


def test_defaults_of_an_installation(place: PublicPlace, tmp_path: Path) -> None:
    settings = PortalSettings.of(Settings.load(home=tmp_path / "home", portal_limits="sent=2, tries=4"))
    assert settings.published_url.endswith("/home/published/published.sqlite3")
    assert settings.inbox_url.endswith("/home/published/inbox/inbox.sqlite3")
    assert settings.log == tmp_path / "home" / "log"
    assert (settings.limits.sent, settings.limits.tries, settings.limits.files) == (2, 4, 3)
