"""The thread that tells: passes on what the outbox holds, puts mails together, sends them, forgets what is old.

Several processes may run one each over the same database; nothing is told or sent by two of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.notices.composing import compose
from candor.notices.delivery import Post, deliver
from candor.notices.forgetting import forget
from candor.notices.passing_on import pass_on

#: Seconds between looks at the outbox. An urgent notice goes out at the next look.
EVERY = 2.0
_FORGET_EVERY = 3600.0
_LONGEST_PAUSE = 60.0

_log = logging.getLogger("candor.notices")


class Notifier:
    """Tells what the outbox holds, while the process runs."""

    def __init__(self, database: Database, settings: Settings, clock: Clock, *, every: float = EVERY) -> None:
        self._database = database
        self._clock = clock
        self._every = every
        self._post = Post.of(settings)
        self._worker = new_id()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._forgot_at: float | None = None

    @property
    def post(self) -> Post | None:
        """The mail server; None when none is set."""
        return self._post

    def run_once(self) -> int:
        """One round of everything that is due now; returns how many notices were passed on and mails taken.

        One step that fails does not keep the others from their turn; the first error is raised at the end.
        """
        errors: list[Exception] = []
        done = 0
        for step in self._steps():
            try:
                done += step()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return done

    def _steps(self) -> list[Callable[[], int]]:
        database, clock, post = self._database, self._clock, self._post
        steps: list[Callable[[], int]] = [lambda: pass_on(database, clock, mail=post is not None)]
        if post is not None:
            steps.append(lambda: compose(database, clock, post))
            steps.append(lambda: deliver(database, clock, post, self._worker))
        if self._forgot_at is None or time.monotonic() - self._forgot_at >= _FORGET_EVERY:
            steps.append(self._forget)
        return steps

    def _forget(self) -> int:
        self._forgot_at = time.monotonic()
        forget(self._database, self._clock)
        return 0

    def start(self) -> None:
        """Begin; a second call does nothing."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="candor-notifier", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after what is being done; a mail server that keeps us waiting is not waited for, its mail is leased and
        goes out again."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None

    def _run(self) -> None:
        pause = self._every
        while not self._stop.is_set():
            try:
                self.run_once()
                pause = self._every
            except DatabaseGone as error:
                pause = min(pause * 2, _LONGEST_PAUSE)
                _log.error("notices wait, the database does not answer: %s", error)
            except Exception:
                # Whatever it is, the next notice must still be told.
                pause = min(pause * 2, _LONGEST_PAUSE)
                _log.exception("notices: a round failed; the next follows in %.0f s", pause)
            self._stop.wait(pause)
