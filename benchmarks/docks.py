"""How much comes in through the door for cameras: 16 of them in real time, then 100 as fast as it goes.

    .venv/bin/python benchmarks/docks.py [--seconds 120] [--folder FOLDER]

The door runs in a process of its own over a fresh installation in FOLDER (default: a temporary one); cameras are
threads here, each with a connection of its own, that speak HTTP over plain sockets on this machine. Nothing else of the
installation runs: viewing copies are made by `candor work`, elsewhere if need be. Every clip is a real MP4 (a second of
pictures, then a box that players skip), so it is sealed, examined in a limited process and catalogued as any other.

It prints:
- the vault's own rate: one writer sealing the same bytes into the same folder, no network, no catalogue;
- 16 cameras at 25 Mbit/s each: a camera that waited sends faster until it has caught up. What was taken in, how late
  the last clip was acknowledged, processor time used, and the headroom: the vault's own rate over what was asked for;
- 100 cameras as fast as they go: the rate in all, the slowest camera's share of the mean, the longest wait for an
  acknowledgement, processor time, peak memory, and the ratio to the vault's own rate.
Rates are in 10^6 bytes a second; a camera's share is what it had sent when the time was up, over the mean of all.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import numpy as np

from candor.core.settings import Settings
from candor.dock.serving import DockServer
from candor.docking import axis
from candor.installation import Installation
from candor.people.rules import system_actor
from candor.store import Vault

GOAL_SHARE = 0.8
CAMERA_BITS = 25_000_000
CLIP = 16 << 20
_BLOCK = os.urandom(1 << 20)
_MB = 1_000_000


def film() -> bytes:
    """A second of pictures."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(10):
            picture = np.full((240, 320, 3), number * 20, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


@dataclass
class Camera:
    """One camera: what it sent, and how long its longest acknowledgement took."""

    number: int
    line: socket.socket
    head: bytes
    path: str
    token: str
    sent: int = 0
    acknowledged: int = 0
    longest: float = 0.0
    failed: list[str] = field(default_factory=list)

    def send_clips(self, began: float, seconds: float, pace: float | None) -> None:
        """Clip after clip until the time is up; `pace` in bytes a second, None: as fast as it goes."""
        clip, due = 0, int((pace or 0) * seconds)
        while self.sent < due if pace else time.monotonic() < began + seconds:
            clip += 1
            size = CLIP if pace is None else min(CLIP, max(1 << 20, due - self.sent))
            self._send_clip(clip, size, began, pace)

    def _send_clip(self, clip: int, size: int, began: float, pace: float | None) -> None:
        unique = f"{self.number}/{clip}/{time.time_ns()}".encode().ljust(64)
        filler = size - len(self.head) - 8 - len(unique)
        start = self.head + (filler + 8 + len(unique)).to_bytes(4, "big") + b"free" + unique
        name = f"20261120T{clip // 3600 % 24:02d}{clip // 60 % 60:02d}{clip % 60:02d}Z_c{self.number}.mp4"
        request = (
            f"PUT {self.path}/camera-{self.number}/{name} HTTP/1.1\r\nHost: door\r\nX-Auth-Token: {self.token}\r\n"
            f"Content-Length: {size}\r\n\r\n"
        )
        self.line.sendall(request.encode() + start)
        gone = len(start)
        self.sent += gone
        while gone < size:
            piece = _BLOCK[: min(len(_BLOCK), size - gone)]
            if pace is not None:
                time.sleep(max(0.0, began + self.sent / pace - time.monotonic()))
            self.line.sendall(piece)
            gone += len(piece)
            self.sent += len(piece)
        self._take_answer(time.monotonic(), size)

    def _take_answer(self, began: float, size: int) -> None:
        answer = b""
        while b"\r\n\r\n" not in answer:
            got = self.line.recv(4096)
            if not got:
                raise ConnectionError("the door hung up")
            answer += got
        self.longest = max(self.longest, time.monotonic() - began)
        if answer.startswith(b"HTTP/1.1 201"):
            self.acknowledged += size
        else:
            self.failed.append(answer.split(b"\r\n", 1)[0].decode("latin-1"))
            raise ConnectionError("; ".join(self.failed))


def token_of(file: dict[str, Any]) -> tuple[str, str]:
    """(token, path of the storage)."""
    with socket.create_connection(address_of(file)) as line:
        said = f"X-Auth-User: {file['BlobAPIUserName']}\r\nX-Auth-Key: {file['BlobAPIKey']}\r\nConnection: close\r\n"
        line.sendall(f"GET /auth/v1.0 HTTP/1.1\r\nHost: door\r\n{said}\r\n".encode())
        answer = b"".join(iter(lambda: line.recv(4096), b"")).decode()
    found = dict(one.split(": ", 1) for one in answer.split("\r\n\r\n")[0].split("\r\n")[1:])
    return found["x-auth-token"], urlsplit(found["x-storage-url"]).path


def address_of(file: dict[str, Any]) -> tuple[str, int]:
    uri = urlsplit(file["AuthenticationTokenURI"][0])
    return uri.hostname or "", uri.port or 80


def run_cameras(
    file: dict[str, Any], count: int, seconds: float, pace: float | None
) -> tuple[list[Camera], list[int], float]:
    """Let `count` cameras send: them, what each had sent when the time was up, and how long it took until the last
    acknowledgement."""
    token, path = token_of(file)
    head = film()
    cameras = []
    for number in range(count):
        line = socket.create_connection(address_of(file))
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 256 << 10)
        cameras.append(Camera(number, line, head, path, token))
    began = time.monotonic()
    threads = [threading.Thread(target=one.send_clips, args=(began, seconds, pace)) for one in cameras]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    sent = [one.sent for one in cameras]
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    for one in cameras:
        one.line.close()
    return cameras, sent, took


# -- the door's process


def serve(folder: Path) -> None:
    """Serve the door until standard input ends; its connection file goes to standard output."""
    settings = Settings.load(home=folder / "home", keys=folder / "keys", dock_port=0, database_url=None, store_url=None)
    with Installation.open(settings, create=True) as here:
        server = DockServer(here)
        server.start()
        with here.database.write() as tx:
            who = system_actor("benchmark")
            made = axis.new_connection(tx, here.vault, who, f"Bench {time.time_ns()}", container_type="mp4")
            given = settings.model_copy(update={"dock_url": server.address})
            print(json.dumps(json.loads(axis.connection_file(tx, who, made, settings=given))), flush=True)
        sys.stdin.read()
        server.stop()


class Door:
    """The door in its process."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, __file__, "--serve", str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.file: dict[str, Any] = json.loads(self.process.stdout.readline())

    def processor(self) -> float:
        """Seconds of processor time by now, children that ended included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(fields[at]) for at in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")

    def peak(self) -> int:
        """The most memory it had, in bytes."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) << 10

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


def vault_rate(folder: Path, size: int) -> float:
    """Bytes a second of one writer with nothing around it."""
    settings = Settings.load(home=folder / "home", keys=folder / "keys", database_url=None, store_url=None)
    vault = Vault.from_settings(settings)
    began = time.monotonic()
    with vault.writer("original") as writer:
        for _ in range(size >> 20):
            writer.write(_BLOCK)
        sealed = writer.finish()
    took = time.monotonic() - began
    vault.discard(sealed)
    return size / took


def real_time(door: Door, seconds: float, own: float) -> None:
    before, began = door.processor(), time.monotonic()
    cameras, _, took = run_cameras(door.file, 16, seconds, CAMERA_BITS / 8)
    used = door.processor() - before
    total = sum(one.acknowledged for one in cameras)
    wanted = 16 * CAMERA_BITS / 8
    print(f"16 cameras at 25 Mbit/s for {seconds:.0f} s")
    print(f"  acknowledged         {total / took / _MB:8.1f} MB/s of {wanted / _MB:.1f} MB/s sent")
    print(f"  late at the end      {took - seconds:8.2f} s")
    print(f"  longest wait for 201 {max(one.longest for one in cameras):8.2f} s")
    print(f"  processor            {used / (time.monotonic() - began):8.2f} cores of {os.cpu_count()}")
    print(f"  peak memory          {door.peak() / _MB:8.0f} MB")
    print(f"  headroom             {own / wanted:8.2f} times, by the vault's own rate")


def as_fast_as_it_goes(door: Door, seconds: float, own: float) -> bool:
    before, began = door.processor(), time.monotonic()
    cameras, sent, took = run_cameras(door.file, 100, seconds, None)
    used = door.processor() - before
    total = sum(one.acknowledged for one in cameras)
    share = min(sent) / (sum(sent) / len(sent))
    print(f"100 cameras as fast as it goes for {seconds:.0f} s, clips of {CLIP >> 20} MiB")
    print(f"  acknowledged         {total / took / _MB:8.1f} MB/s, {total // CLIP} clips")
    print(f"  slowest camera       {share:8.2f} of the mean (goal {GOAL_SHARE}): {min(sent) >> 20} MiB")
    print(f"  longest wait for 201 {max(one.longest for one in cameras):8.2f} s")
    print(f"  processor            {used / (time.monotonic() - began):8.2f} cores of {os.cpu_count()}")
    print(f"  peak memory          {door.peak() / _MB:8.0f} MB")
    print(f"  of the vault's own   {total / took / own:8.2f}")
    print(f"  of real time         {total / took / (100 * CAMERA_BITS / 8):8.2f} (100 cameras at 25 Mbit/s each)")
    return share >= GOAL_SHARE


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--seconds", type=float, default=120, help="how long the cameras send, in each part")
    given.add_argument("--folder", type=Path, help="where the installation lies; on the disk that is meant")
    given.add_argument("--only", choices=["real-time", "fast"], help="one part alone")
    given.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = given.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    folder = Path(tempfile.mkdtemp(prefix="candor-docks-", dir=options.folder))
    door = Door(folder)
    good = True
    try:
        own = vault_rate(folder, 1 << 30)
        print(f"the vault's own rate   {own / _MB:8.1f} MB/s")
        if options.only != "fast":
            real_time(door, options.seconds, own)
        if options.only != "real-time":
            good = as_fast_as_it_goes(door, options.seconds, own)
            again = vault_rate(folder, 1 << 30)
            print(f"the vault's own rate   {again / _MB:8.1f} MB/s, after it")
    finally:
        door.close()
        shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
