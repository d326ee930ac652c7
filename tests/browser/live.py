"""A real site on loopback for the browser tests: footage, an installation at work, its witness, its web server."""

from __future__ import annotations

import io
import socket
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import uvicorn
from playwright.sync_api import Page

from candor.core.settings import Settings
from candor.custody.witness_server import add_log, create_witness, witness_app
from candor.footage.intake import Claim, Intake, Received
from candor.installation import Installation
from candor.people import passwords, service
from candor.people.rules import Actor, Role, system_actor
from candor.people.service import NewAccount
from candor.web.app import create_app

PASSWORD = "four unrelated quiet words"
#: Sounds in the films begin here: before it lies a silent pre-event buffer.
QUIET = 2.0


def until(page: Page, expression: str, *, seconds: float = 15.0) -> None:
    """Wait until an expression of the page is true. Playwright's own waiting evaluates text inside the page, which
    the site's content policy rightly refuses."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never became true: {expression}"
        page.wait_for_timeout(40)


# -- footage


def film(seconds: float = 4.0, *, fps: int = 25, size: tuple[int, int] = (640, 360), seed: int = 1) -> bytes:
    """An MP4 (H.264, AAC). A bar moves by one step a picture; the sound begins after QUIET seconds."""
    file, (width, height) = io.BytesIO(), size
    with av.open(file, "w", format="mp4") as box:
        box.metadata.update({"creation_time": f"2026-11-20T18:0{seed % 10}:05Z"})
        video = box.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "g": "50", "bf": "0"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        tone = box.add_stream("aac", rate=16000, layout="mono")
        rows, columns = np.mgrid[0:height, 0:width]
        ground = np.stack(
            [(columns * 120 // width) + 30, (rows * 90 // height) + 40, np.full_like(rows, 60 + seed * 11)], 2
        )
        for number in range(int(seconds * fps)):
            image = ground.astype(np.uint8).copy()
            at = (number * 6) % (width - 60)
            image[height // 3 : 2 * height // 3, at : at + 60] = (235, 220, 170)
            box.mux(video.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        box.mux(video.encode(None))
        times = np.arange(int(seconds * 16000)) / 16000
        sound = (np.sin(times * 2 * np.pi * 330) * 0.3 * (0.5 + 0.5 * np.sin(times * 5)) * (times >= QUIET)).astype(
            np.float32
        )
        for begin in range(0, len(sound), 1024):
            piece = av.AudioFrame.from_ndarray(
                sound[None, begin : begin + 1024].astype(np.float32), format="flt", layout="mono"
            )
            piece.sample_rate, piece.pts, piece.time_base = 16000, begin, Fraction(1, 16000)
            box.mux(tone.encode(piece))
        box.mux(tone.encode(None))
    return file.getvalue()


def sound_only(seconds: float = 3.0) -> bytes:
    """A WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        times = np.arange(int(seconds * 16000)) / 16000
        out.writeframes((np.sin(times * 2 * np.pi * 440) * 9000).astype("<i2").tobytes())
    return file.getvalue()


# -- the site


@dataclass
class Site:
    """A site that is being served."""

    here: Installation
    url: str
    vkey: str
    accounts: dict[str, Actor] = field(default_factory=dict)
    recordings: dict[str, Received] = field(default_factory=dict)

    def take_in(self, key: str, data: bytes, name: str, **claims: Any) -> Received:
        """One more recording, through the one gate."""
        claim = Claim(name=name, source=f"/card/DCIM/{name}", face="cli", actor="system:cli-tester", **claims)
        intake = Intake(self.here.database, self.here.vault, self.here.jobs, self.here.clock)
        self.recordings[key] = intake.take_in(io.BytesIO(data), claim)
        return self.recordings[key]

    def page_of(self, key: str) -> str:
        """The address of a recording's page."""
        return f"{self.url}/recordings/{self.recordings[key].recording_id}"


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    """An application under uvicorn in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(15)


@contextmanager
def running_site(folder: Path, *, witnessed: bool, jobs: bool = True) -> Iterator[Site]:
    """A whole installation in a folder, its background work, and if wanted a witness of its log. One process can do
    the jobs of one installation."""
    port, witness_port = free_port(), free_port()
    given: dict[str, Any] = {
        "home": folder / "home",
        "keys": folder / "keys",
        "port": port,
        "log_interval": 0.1,
        "log_origin": "troop.example/log",
    }
    with ExitStack() as stack:
        if witnessed:
            with Installation.open(Settings.load(**given), create=True) as first:
                assert first.log.verifier is not None
                vkey = first.log.verifier.format()
            witness = create_witness(folder / "witness", "defender.example/w")
            add_log(folder / "witness", vkey)
            stack.callback(witness.close)
            stack.enter_context(served(witness_app(witness), witness_port))
            given["witnesses"] = (f"{witness.key.format()} http://127.0.0.1:{witness_port}",)
            given["witness_quorum"] = 1
        here = stack.enter_context(Installation.open(Settings.load(**given), create=True))
        here.log.start()
        if jobs:
            here.jobs.launch()
        stack.enter_context(served(create_app(here), port))
        assert here.log.verifier is not None
        yield Site(here, f"http://127.0.0.1:{port}", here.log.verifier.format())


def people(site: Site) -> None:
    """An agency with a unit and somebody of each role that matters here."""
    hashed = passwords.hash_password(PASSWORD)
    with site.here.database.write() as tx:
        chief = service.create_agency(
            tx,
            name="State Police, Troop F",
            short_name="Troop F",
            time_zone="America/Los_Angeles",
            administrator=NewAccount("chief", "Dana Chief", [Role.ADMINISTRATOR], hashed),
        )
        unit = service.create_unit(tx, system_actor("setup"), "Troop F")
        site.accounts["chief"] = service.actor_of(service.account(tx, chief))
        wanted = {
            "records": ("Robin Records", Role.RECORDS_OFFICER, None),
            "technician": ("Toni Tech", Role.EVIDENCE_TECHNICIAN, None),
            "officer": ("Jo Nakamura", Role.OFFICER, "4127"),
        }
        for name, (shown, role, badge) in wanted.items():
            new = NewAccount(name, shown, [role], hashed, badge=badge, unit_id=unit)
            made = service.create_account(tx, system_actor("setup"), new)
            site.accounts[name] = service.actor_of(service.account(tx, made))
