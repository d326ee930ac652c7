"""Many cameras at once, and a server that is killed under them."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.dock.conftest import OPERATOR, Door
from tests.footage.clips import mp4
from tests.simulators.axis_controller import Clip, Controller, Recording, fleet

from candor.core.database import Database
from candor.core.settings import Settings
from candor.docking import axis
from candor.footage.tables import gathering, part, recording
from candor.installation import Installation

pytestmark = pytest.mark.long


@pytest.mark.parametrize(("database_url", "cameras"), [("sqlite", 100), ("postgresql", 40)], indirect=["database_url"])
def test_a_controller_with_a_hundred_cameras_hands_over_everything(door: Door, cameras: int) -> None:
    controller = Controller(door.connect(container_type="mp4"))
    assert controller.introduce(users={"u": ("Somebody", "7")})["Store"]["StoreSignedVideo"]
    film = mp4(0.4, sound=False)
    # A box that players skip makes every clip other bytes.
    recordings = fleet(
        cameras, 1, lambda camera, _: film + (12).to_bytes(4, "big") + b"free" + camera.to_bytes(4, "big")
    )
    assert controller.hand_over_all(recordings) == cameras, controller.failures[:3]
    with door.installation.database.read() as tx:
        found = {row.hex() for row in tx.scalars(sa.select(part.c.sha256))}
        states = set(tx.scalars(sa.select(recording.c.state)))
        devices = set(tx.scalars(sa.select(recording.c.device_id)))
    assert found == set(controller.acknowledged.values())
    assert states == {"sealed"}
    assert len(devices) == cameras


class Serving:
    """`candor serve` with its door, in a process of its own."""

    def __init__(self, folder: Path, database_url: str, port: int = 0) -> None:
        self.environment = {
            **os.environ,
            "CANDOR_HOME": str(folder / "home"),
            "CANDOR_KEYS": str(folder / "keys"),
            "CANDOR_DATABASE_URL": database_url,
            "CANDOR_DOCK_PORT": str(port),
            "CANDOR_LIMITED_POOL": "1",
        }
        command = [sys.executable, "-m", "candor", "serve", "--port", "0"]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, cwd=folder)
        said = self._until(rb"door for cameras is at (\S+)")
        self.url = said[1].decode()
        self._until(rb"Candor is at")
        self._reader = threading.Thread(target=self._swallow, daemon=True)
        self._reader.start()

    def _until(self, words: bytes) -> re.Match[bytes]:
        assert self.process.stderr is not None
        ends, heard = time.monotonic() + 90, b""
        while time.monotonic() < ends:
            if select.select([self.process.stderr], [], [], 1.0)[0]:
                line = self.process.stderr.readline()
                heard += line
                found = re.search(words, line)
                if found:
                    return found
                assert line, heard.decode()
        raise AssertionError(heard.decode())

    def _swallow(self) -> None:
        assert self.process.stderr is not None
        for _ in self.process.stderr:
            pass

    def end(self, by: signal.Signals) -> None:
        """End it and wait."""
        self.process.send_signal(by)
        self.process.wait(30)
        self._reader.join(10)
        assert self.process.stderr is not None
        self.process.stderr.close()


@pytest.fixture
def served(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Serving]]:
    """What is started here is ended."""
    for name in ("CANDOR_CONFIG", "CANDOR_STORE_URL", "CANDOR_WITNESSES"):
        monkeypatch.delenv(name, raising=False)
    started: list[Serving] = []
    yield started
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def slowly(content: bytes, seconds: float) -> Iterator[bytes]:
    """A film as it comes over a slow line."""
    pieces = [content[at : at + 16_384] for at in range(0, len(content), 16_384)]
    for piece in pieces:
        yield piece
        time.sleep(seconds / len(pieces))


def test_a_server_killed_in_the_middle_of_twenty_clips_loses_nothing_that_it_acknowledged(
    served: list[Serving], tmp_path: Path, database_url: str
) -> None:
    served.append(Serving(tmp_path, database_url))
    file = connection_file(tmp_path, database_url, served[0].url)
    films = [mp4(0.4, sound=False) + padding(number, 200_000) for number in range(40)]
    recordings = [Recording(f"user-{camera}", f"B8A44F{camera:06d}", "20261120T180500Z", []) for camera in range(20)]
    for camera, one in enumerate(recordings):
        for number in range(2):
            film = films[camera * 2 + number]
            stamp = f"20261120T18{5 + number:02d}00Z"
            # The first ones are quick, the others are under way when the server dies.
            pace = 0.3 + camera * 0.1
            one.clips.append(Clip(stamp, lambda film=film, pace=pace: slowly(film, pace), 60, len(film)))
    controller = Controller(file)
    done: list[int] = []
    sending = threading.Thread(target=lambda: done.append(controller.hand_over_all(recordings, tries=200, pause=0.3)))
    sending.start()
    wait_until(lambda: len(controller.acknowledged) >= 5)
    served[0].end(signal.SIGKILL)
    acknowledged = dict(controller.acknowledged)
    assert acknowledged
    served.append(Serving(tmp_path, database_url, port=int(served[0].url.rpartition(":")[2])))
    # Everything that was acknowledged is there at once, before anything is sent again.
    assert set(acknowledged.values()) <= parts_of(database_url)
    sending.join(240)
    assert done == [20], controller.failures[:3]
    assert controller.tried_again > 0
    with closing_database(database_url) as database, database.read() as tx:
        numbers = tx.execute(sa.select(part.c.sha256)).scalars().all()
        assert sorted(row.hex() for row in numbers) == sorted(hashlib.sha256(film).hexdigest() for film in films)
        assert set(tx.scalars(sa.select(recording.c.state))) == {"sealed"}
        assert set(tx.scalars(sa.select(gathering.c.state))) == {"complete"}
        assert tx.scalar(sa.select(sa.func.count()).select_from(recording)) == 20
    served[1].end(signal.SIGTERM)


def padding(number: int, size: int) -> bytes:
    """A box that players skip."""
    return (size + 8).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big") * (size // 4)


def parts_of(database_url: str) -> set[str]:
    with closing_database(database_url) as database, database.read() as tx:
        return {row.hex() for row in tx.scalars(sa.select(part.c.sha256))}


class closing_database:  # noqa: N801
    """A database that is closed at the end."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def __enter__(self) -> Database:
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.dispose()


def connection_file(folder: Path, database_url: str, url: str) -> dict[str, Any]:
    settings = Settings.load(home=folder / "home", keys=folder / "keys", database_url=database_url, dock_url=url)
    with Installation.open(settings) as here, here.database.write() as tx:
        made = axis.new_connection(tx, here.vault, OPERATOR, "North", container_type="mp4", clock=here.clock)
        found: dict[str, Any] = json.loads(
            axis.connection_file(tx, OPERATOR, made, settings=settings, clock=here.clock)
        )
    return found


def wait_until(true: Any, seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it did not come true"
        time.sleep(0.02)


def test_nobody_waits_for_a_sender_that_stands_still(door: Door) -> None:
    file = door.connect(container_type="mp4")
    controller = Controller(file)
    token, base = controller.token()
    standing = []
    for number in range(30):
        line = http.client.HTTPConnection("127.0.0.1", door.server.port, timeout=60)
        line.putrequest("PUT", f"{base}/standing-{number}/20261120T180430Z_a.mp4")
        line.putheader("X-Auth-Token", token)
        line.putheader("Content-Length", "5000000")
        line.endheaders(mp4(seed=1))
        standing.append(line)
    began = time.monotonic()
    assert controller.hand_over_all(fleet(2, 1, lambda camera, _: mp4(seed=20 + camera))) == 2, controller.failures
    assert time.monotonic() - began < 30
    for line in standing:
        line.close()
