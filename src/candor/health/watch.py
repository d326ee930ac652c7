"""The watch: looks every minute, in one process at a time, and has people told of what changes.

CJIS Security Policy AU-5 asks for an alert within an hour when the record of acts fails. Three things are that:
the log signs nothing (a finding like any other), the database takes nothing (said without the database, by every
process that notices), and the process itself is gone (for whoever looks from outside: /healthz, /metrics).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from candor.core.errors import DatabaseGone
from candor.core.ids import new_id
from candor.health.examination import CHECKS, DAY, MINUTE, Check, examine
from candor.health.findings import Finding, Level, minutes, warn
from candor.health.place import Place
from candor.health.state import give_lease_back, keep, take_lease
from candor.installation import Installation
from candor.notices.emergency import shout

_log = logging.getLogger("candor.health")

#: Seconds between two looks.
EVERY = MINUTE
#: Seconds by which the clock may run away from the machine's own count of time between two looks.
JUMP = 2.0
#: Seconds for which a jump of the clock is said.
JUMP_SAID = 3600.0
_LEASE = timedelta(seconds=EVERY * 3)
#: So many looks must fail before it is said that the database is away: a restart of it is no alarm.
_FAILED_LOOKS = 2


class Watch:
    """Watches one installation in a thread of its own. `look` is one look, for whoever has no thread."""

    def __init__(self, installation: Installation, *, every: float = EVERY, checks: Sequence[Check] = CHECKS) -> None:
        self._here = installation
        self._every = every
        self._checks = checks
        self._made_at: dict[str, float] = {}  # when each check was made last (monotonic)
        self._holder = new_id()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed = 0
        self._failing_since = 0.0
        self._seen: tuple[float, float] | None = None  # wall, monotonic
        self._jumped: tuple[float, float] | None = None  # by how much, when (monotonic)

    def start(self) -> None:
        """Begin; the first look is a moment later, when the rest of the process is at work."""
        if self._thread is None:
            self._stopping.clear()
            # What costs more waits for the second look: a process that starts has enough to do.
            soon = time.monotonic() + self._every
            self._made_at |= {check.name: soon - check.every for check in self._checks if check.dear}
            self._thread = threading.Thread(target=self._run, name="candor-watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the look it is in, and let another process watch."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.join(timeout=30)
        try:
            with self._here.database.write() as tx:
                give_lease_back(tx, self._holder, self._here.clock.now())
        except (DatabaseGone, DBAPIError) as error:
            _log.warning("the watch is not handed over, another process takes it when it runs out: %s", error)

    def _run(self) -> None:
        pause = min(5.0, self._every)
        while not self._stopping.wait(pause):
            pause = self._every
            try:
                self.look()
            except Exception:
                _log.exception("a look of the watch failed; the next one comes")

    def look(self) -> list[Finding]:
        """One look: the findings that changed. Nothing when another process watches, or the database is away."""
        self._mind_the_clock()
        try:
            with self._here.database.write() as tx:
                mine = take_lease(tx, self._holder, self._here.clock.now(), _LEASE)
            changed = self._look() if mine else []
        except (DatabaseGone, DBAPIError) as error:
            self._without_database(error)
            return []
        if self._failed >= _FAILED_LOOKS:
            _log.warning("the database takes acts again after %s", minutes(time.monotonic() - self._failing_since))
        self._failed = 0
        return changed

    def _look(self) -> list[Finding]:
        now = time.monotonic()
        # A cheap one is made at every look, however the looks come.
        made = [one for one in self._checks if not one.dear or now - self._made_at.get(one.name, -DAY) >= one.every]
        findings = [self._with_jump(one) for one in examine(Place.of(self._here), check_all=made)]
        with self._here.database.write() as tx:
            changed = keep(tx, findings, made, self._here.clock)
        self._made_at |= {check.name: now for check in made}
        for one in changed:
            level = {Level.OK: logging.INFO, Level.WARN: logging.WARNING, Level.BAD: logging.ERROR}[one.level]
            _log.log(level, "%s is %s: %s", one.name, one.level.value, one.words)
        return changed

    def _without_database(self, error: Exception) -> None:
        self._failed += 1
        if self._failed == 1:
            self._failing_since = time.monotonic()
        _log.error("the database does not take what is found: %s", " ".join(str(error).split())[:300])
        if self._failed >= _FAILED_LOOKS:
            shout(
                self._here.settings,
                "The database does not take acts: nothing can be recorded, so nothing is taken in, shown or handed "
                "out. Nothing acknowledged is lost. Look at the database and its disk; `candor doctor` says more.",
            )

    def _mind_the_clock(self) -> None:
        wall, ticks = time.time(), time.monotonic()
        if self._seen is not None:
            jump = (wall - self._seen[0]) - (ticks - self._seen[1])
            if abs(jump) > JUMP:
                _log.warning("the clock was moved by %.1f s within the last look", jump)
                self._jumped = (jump, ticks)
        self._seen = wall, ticks

    def _with_jump(self, found: Finding) -> Finding:
        """The clock's finding, with a jump that was seen: the events of that time need a look although all agrees
        again."""
        if found.name != "clock" or found.level is not Level.OK or self._jumped is None:
            return found
        by, when = self._jumped
        ago = time.monotonic() - when
        if ago > JUMP_SAID:
            return found
        words = f"The clock was moved {'forward' if by > 0 else 'back'} by {abs(by):.1f} s {minutes(ago)} ago."
        return warn("clock", words, "See what moved it (NTP, a person, a machine that slept); times stay as recorded.")
