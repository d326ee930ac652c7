"""The parent's side of `candor.core.limited_forking`: one clean process, warm with one module, that others are forked
from.

A template is used until a child of it crashed, or it has forked `MOST_CHILDREN`: all children of one template have
the same layout of memory, and whoever learned something of it by a crash shall find another one the next time.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import struct
import subprocess
import sys
import threading
import time
from typing import Final

from candor.core import limited_forking as words
from candor.core.limited_words import plain

MOST_CHILDREN: Final = 200
_READY_SECONDS: Final = 60.0  # to import everything on a busy machine
_ANSWER_SECONDS: Final = 10.0  # a fork takes milliseconds


class TemplateUnfit(Exception):
    """There can be no template of this module: it cannot be imported, or starts threads. Not for people."""


class TemplateGone(Exception):
    """The template does not answer any more. Not for people."""


def possible() -> bool:
    """Whether this platform can fork from a template: Linux, with descriptors for processes (5.3 and later)."""
    if platform.system() != "Linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def launch(module: str, descriptor: int) -> subprocess.Popen[bytes]:
    """A fresh interpreter that runs `module` with one open descriptor, an empty environment and no input."""
    # One arena and one thread: libraries that reserve address space per processor would use up the limit for nothing.
    environment = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-m", module, str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(descriptor,),
        env=environment,
        cwd="/",
        start_new_session=True,
    )


class Template:
    """One such process. Its methods may be called by any thread; `start` by one that lives as long as the template."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._lock = threading.Lock()
        self.users = 0
        """Tasks that have a child of it. Kept by the pool."""
        self.forked = 0
        self.worn = False
        """It is not to fork any more; it goes when its last child has gone. Kept by the pool, and set on faults."""
        self.last_used = time.monotonic()

    @classmethod
    def start(cls, module: str, import_from: tuple[str, ...]) -> Template:
        """Start one and wait until it is warm. TemplateUnfit, or OSError when no process can be started.

        The kernel kills it when the thread that called this ends (a process's parent is a thread).
        """
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                process = launch("candor.core.limited_forking", theirs.fileno())
        except BaseException:
            control.close()
            raise
        template = cls(process, control)
        try:
            template._warm(module, import_from)
        except BaseException:
            template.end()
            raise
        return template

    def _warm(self, module: str, import_from: tuple[str, ...]) -> None:
        setup = {"module": module, "import_from": import_from, "parent": os.getpid()}
        self._control.settimeout(_READY_SECONDS)
        try:
            self._control.send(json.dumps(setup).encode())
            answer = self._control.recv(words.PACKET)
        except OSError as error:
            raise TemplateUnfit(str(error)) from error
        if answer[:1] != words.READY:
            raise TemplateUnfit(plain(answer[1:].decode("utf-8", "replace")) or "it ended at once")
        self._control.settimeout(_ANSWER_SECONDS)

    @property
    def number(self) -> int:
        """Its process number."""
        return self._process.pid

    def fork(self, line: int, errors: int) -> tuple[int, int]:
        """A new child that talks on `line` and has `errors` as its standard error: its number, and a descriptor of it.

        TemplateGone when there is none.
        """
        try:
            with self._lock:
                socket.send_fds(self._control, [words.FORK], [line, errors])
                (child,) = words.CHILD.unpack(self._control.recv(words.PACKET))
                # Until it is asked about, a child that ended stays as a zombie: the number means this child.
                descriptor = os.pidfd_open(child) if child else -1
        except (OSError, ValueError, struct.error) as error:
            # It must not come to itself and fork when another child already talks on the same line.
            self.worn = True
            self.end()
            raise TemplateGone(str(error)) from error
        if not child:
            raise TemplateGone("it could not fork")
        self.forked += 1
        return child, descriptor

    def status(self, child: int) -> int | None:
        """The exit status of a child that ended, None of one that has not. TemplateGone."""
        with self._lock:
            try:
                self._control.send(words.STATUS + words.CHILD.pack(child))
                ended, status = words.ENDED.unpack(self._control.recv(words.PACKET))
            except (OSError, ValueError, struct.error) as error:
                self.worn = True
                raise TemplateGone(str(error)) from error
        return status if ended else None

    def lives(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it, and with it whatever children it still has."""
        with self._lock:
            self._control.close()
        with contextlib.suppress(PermissionError):  # without that right: it ends because its line was closed
            self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def forget(self) -> None:
        """In a fork of the service itself: it is somebody else's. Close what was copied, touch nothing."""
        self._process.returncode = 0
        for copied in (self._control, self._process.stderr):
            if copied is not None:
                with contextlib.suppress(OSError):
                    copied.close()
