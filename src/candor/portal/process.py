"""Starting the portal as a process of its own, with nothing in its hands but what it needs."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from typing import IO
from urllib.parse import urlsplit

from candor.core.errors import CandorError
from candor.core.portal_settings import PortalSettings

__all__ = ["KeptPortal", "PortalNotStarted", "PortalProcess", "command", "environment", "start"]

_log = logging.getLogger("candor.portal")

#: Seconds that a busy machine may take to load it.
_PATIENCE = 60.0
#: Seconds before it is started again; at most, when it cannot be.
_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: What any program needs, beside its settings.
_PASSED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV")


class PortalNotStarted(CandorError):
    """The portal did not start: {reason}. The site runs without it. Correct its settings and start again, or start it
    by itself with `candor portal serve`."""

    exit_code = 1


@dataclass
class PortalProcess:
    """A portal that runs: where it is reached."""

    process: subprocess.Popen[str]
    address: str

    def runs(self) -> bool:
        """Whether it still does."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(timeout=8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=8)


class KeptPortal:
    """A portal that is started again when it ends by itself, at the same address."""

    def __init__(self, settings: PortalSettings) -> None:
        """Starts it. Raises PortalNotStarted."""
        self._stopping = threading.Event()
        self.running = start(settings)
        port = settings.port or _port_of(self.running.address, settings)
        self._settings = replace(settings, port=port)
        self._thread = threading.Thread(target=self._keep, name="candor-portal", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it is reached."""
        return self.running.address

    def stop(self) -> None:
        """End it, for good."""
        self._stopping.set()
        self.running.stop()
        self._thread.join(timeout=10)

    def _keep(self) -> None:
        # The kernel ends a process of ours with the thread that started it: this one stays until `stop`.
        pause = _PAUSE
        while not self._stopping.is_set():
            self.running.process.wait()
            if self._stopping.wait(pause):
                return
            _log.error("the portal ended with code %s; it is started again", self.running.process.returncode)
            try:
                self.running = start(self._settings)
                pause = _PAUSE
            except PortalNotStarted as error:
                _log.error("%s", error)
                pause = min(pause * 2, _LONGEST_PAUSE)
            if self._stopping.is_set():
                self.running.stop()


def _port_of(address: str, settings: PortalSettings) -> int:
    """The port that it took; where it goes by a public address, whichever is free next time."""
    return 0 if settings.url else urlsplit(address).port or 0


def environment(settings: PortalSettings) -> dict[str, str]:
    """All of the environment that the portal's process gets: no setting but its own, and no file of settings."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**passed, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", **settings.environment()}


def command(*, parent: int | None = None) -> list[str]:
    """What is run."""
    ends = [] if parent is None else ["--parent", str(parent)]
    return [sys.executable, "-m", "candor.portal", *ends]


def start(settings: PortalSettings) -> PortalProcess:
    """Start it and wait until it listens. It ends with the calling process, also when that is killed. Raises
    PortalNotStarted."""
    process = subprocess.Popen(
        command(parent=os.getpid()),
        env=environment(settings),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        close_fds=True,
    )
    assert process.stdout is not None
    address = _first_line(process.stdout)
    if not address:
        process.kill()
    process.stdout.close()  # it says nothing more there
    if not address:
        code = process.wait(timeout=8)
        raise PortalNotStarted(reason=f"it ended with code {code}; it says above why")
    return PortalProcess(process, address)


def _first_line(stream: IO[str]) -> str:
    """What it says first; "" where it ends, or says nothing for too long."""
    said: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: said.put(stream.readline()), daemon=True).start()
    try:
        return said.get(timeout=_PATIENCE).strip()
    except queue.Empty:
        return ""
