"""Commands of Candor, each in a process of its own, which has everything imported when it begins.

To start an interpreter and to import the program takes most of a second; a restore drill starts eighty. So one clean
process imports it once (`multiprocessing`'s fork server, which has one thread and has never opened an installation),
and each command is a fork of that: with a number, an environment, a folder, files for its words, and an end of its own.
It can be killed as any other. That the program starts from nothing as well is what tests/cli and tests/demo show.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, resource_tracker
from pathlib import Path

_MODULES = ("candor.installation", "candor.web.app", *(f"candor.cli.{name}" for name in ("backup", "export", "fixity")))
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.forked", *_MODULES])


class Forked:
    """One command that runs. Its words are in files, which stay when it is gone."""

    def __init__(self, words: Sequence[object], *, env: Mapping[str, str], cwd: Path, typed: str = "") -> None:
        self.words = [str(word) for word in words]
        self._said = {name: _unnamed(cwd) for name in ("input", "output", "errors")}
        os.pwrite(self._said["input"], typed.encode(), 0)
        number = os.getpid()
        paths = [f"/proc/{number}/fd/{one}" for one in self._said.values()]
        self._process = _context.Process(target=_begin, args=(self.words, dict(env), str(cwd), paths), daemon=True)
        self._process.start()

    def wait(self, seconds: float) -> int:
        """Its exit code, negative where a signal ended it. subprocess.TimeoutExpired after so long."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.words, seconds)
        return self._process.exitcode

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def said(self, name: str) -> str:
        """What it wrote to "output" or "errors" by now."""
        descriptor = self._said[name]
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()

    def __del__(self) -> None:
        for descriptor in self._said.values():
            os.close(descriptor)


def end() -> None:
    """End the process that the others are forked from; the next command starts another one."""
    forkserver._forkserver._stop()
    resource_tracker._resource_tracker._stop()


def run(
    words: Sequence[object], *, env: Mapping[str, str], cwd: Path, typed: str = "", timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """A command to its end."""
    process = Forked(words, env=env, cwd=cwd, typed=typed)
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)
        raise
    return subprocess.CompletedProcess(process.words, code, process.said("output"), process.said("errors"))


def _unnamed(folder: Path) -> int:
    return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)


def _begin(words: list[str], env: dict[str, str], cwd: str, paths: list[str]) -> None:
    """In the fork: become what `python -m candor` would be, and run it."""
    gc.freeze()
    for target, path in enumerate(paths):
        descriptor = os.open(path, os.O_RDWR | (os.O_APPEND if target else 0))
        os.dup2(descriptor, target)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["candor", *words]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A fork of multiprocessing may have no children that last, and a command has them.
    multiprocessing.current_process()._config.pop("daemon", None)  # type: ignore[attr-defined]
    from candor.cli.main import main

    try:
        main(words)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
