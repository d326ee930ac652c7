"""The two ways to come to a limited process, seen from its parent: started for one task, or forked for it.

Both take one end of a socket to their work, leave their last words on a pipe, can be killed, and end with a status.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from typing import Final, Protocol

from candor.core.limited_errors import LimitedUnavailable
from candor.core.limited_template import Template, TemplateGone, launch

_BURIAL_SECONDS: Final = 10.0  # for the kernel to take a killed process down


class Process(Protocol):
    """A limited process."""

    errors: int
    """Where its standard error can be read. Whoever has the process closes it."""
    parent: int
    """The process that must stay alive for it to live."""

    def wait(self, seconds: float) -> int | None:
        """Its exit status (negative: the signal), or None when it has not ended after so long.

        LimitedUnavailable when nobody can say, because the process it was forked from is gone.
        """
        ...

    def close(self, patience: float) -> None:
        """End it if it has not ended after so many seconds, take its status, and let go of it."""
        ...


class Started:
    """A fresh interpreter for one task."""

    def __init__(self, line: int) -> None:
        """line: the descriptor of its end of the socket."""
        try:
            self._process = launch("candor.core.limited_child", line)
        except OSError as error:
            raise LimitedUnavailable(reason=str(error)) from error
        assert self._process.stderr is not None
        self.errors = self._process.stderr.fileno()
        self.parent = os.getpid()

    def wait(self, seconds: float) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def close(self, patience: float) -> None:
        if self.wait(patience) is None:
            self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


class Forked:
    """A copy of a clean, warm process for one task."""

    def __init__(self, template: Template, line: int) -> None:
        """line: the descriptor of its end of the socket. TemplateGone when there can be none."""
        self._template = template
        self.parent = template.number
        self._status: int | None = None
        self.errors, theirs = os.pipe()
        try:
            self._number, self._descriptor = template.fork(line, theirs)
        except BaseException:
            os.close(self.errors)
            raise
        finally:
            os.close(theirs)

    def wait(self, seconds: float) -> int | None:
        if self._status is None and self._has_ended(seconds):
            try:
                self._status = self._template.status(self._number)
            except TemplateGone as error:
                raise LimitedUnavailable(reason="the process that it was forked from was ended") from error
        return self._status

    def _has_ended(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(max(0.0, seconds) * 1000))

    def _kill(self) -> None:
        try:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        except ProcessLookupError:
            return
        except PermissionError:  # a service without the right to end processes of another user: the kernel does it
            self._template.worn = True
            self._template.end()

    def close(self, patience: float) -> None:
        try:
            if not self._has_ended(patience):
                self._kill()
                self._has_ended(_BURIAL_SECONDS)
            with contextlib.suppress(LimitedUnavailable):  # its template is gone, and the kernel has buried it
                self.wait(0)
        finally:
            os.close(self._descriptor)
            os.close(self.errors)
