"""All checks in one list, and how they are made: each alone, each in bounded time, none able to stop the others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from candor.core.errors import CandorError
from candor.core.outbox import NoticeKind
from candor.health.checks import (
    accounts,
    clock,
    content_credentials,
    database,
    docks,
    keys,
    law,
    log,
    machine,
    media,
    portal,
    recovery_ways,
    settings,
    store,
    work,
)
from candor.health.errors import CheckSlow, CheckUnknown
from candor.health.findings import Finding, Level, bad, ok, warn
from candor.health.place import NotHereYet, Place
from candor.installation import RESTORING

#: How often the watch makes a check, in seconds.
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
#: Seconds that one check may take before it counts as failed. SQLite's check of a large file gets longer.
PATIENCE, LONG_PATIENCE = 30.0, 600.0


@dataclass(frozen=True)
class Check:
    """One check, made by the watch `every` so many seconds. `alarm` is the notice that goes out when it finds something
    bad, `warning` the one for something to be looked at (None: that is shown only)."""

    name: str
    look: Callable[[Place], Finding | None]
    every: float = MINUTE
    alarm: NoticeKind = NoticeKind.HEALTH_BAD
    warning: NoticeKind | None = None
    patience: float = PATIENCE

    @property
    def dear(self) -> bool:
        """Whether it costs seconds, or asks other machines."""
        return self.every > MINUTE

    def notice(self, level: Level) -> NoticeKind | None:
        """What is told at this level, if anything."""
        return {Level.OK: None, Level.WARN: self.warning, Level.BAD: self.alarm}[level]


def begun(place: Place) -> Finding:
    """Whether there is an installation at all, and what is missing to begin."""
    if (place.settings.home / RESTORING).exists():
        return bad(
            "installation",
            f"A restore into {place.settings.home} was begun and has not come to its end.",
            "Run the same `candor restore` command again: it goes on where it was.",
        )
    if place.begun:
        return ok("installation", f"The installation is in {place.settings.home}.")
    return warn(
        "installation",
        f"There is no installation in {place.settings.home} yet.",
        "Run `candor serve` and open the address it prints: it makes the folders, the keys and the tables, and asks "
        "for the agency and its administrator. Or set CANDOR_HOME to the folder of one that there is.",
    )


_N = NoticeKind
#: Every check, in the order in which findings are shown.
CHECKS: tuple[Check, ...] = (
    Check("installation", begun),
    Check("settings", settings.settings),
    Check("folders", machine.folders),
    Check("disk", machine.disk, alarm=_N.DISK_NEARLY_FULL, warning=_N.DISK_NEARLY_FULL),
    Check("writing", machine.writing),
    Check("database", database.database),
    Check("database-whole", database.database_whole, every=DAY, patience=LONG_PATIENCE),
    Check("keys", keys.keys, alarm=_N.KEY_MISSING),
    Check(
        "recovery",
        recovery_ways.recovery,
        alarm=_N.KEY_SHEET_NOT_CONFIRMED,
        warning=_N.KEY_SHEET_NOT_CONFIRMED,
    ),
    Check("store", store.store, every=HOUR),
    Check("log", log.log, alarm=_N.LOG_NOT_SIGNING, warning=_N.LOG_LAGGING),
    Check("witnesses", log.witnesses, alarm=_N.WITNESS_AWAY, warning=_N.WITNESS_AWAY),
    Check("witnesses-asked", log.witnesses_asked, every=HOUR),
    Check("clock", clock.clock, alarm=_N.CLOCK_SET_BACK),
    Check("clock-of-witnesses", clock.clock_of_witnesses, every=HOUR),
    Check("jobs", work.jobs),
    Check("fixity", work.fixity, alarm=_N.FIXITY_MISMATCH, warning=_N.FIXITY_OVERDUE),
    Check("backup", work.backup, alarm=_N.BACKUP_OVERDUE, warning=_N.BACKUP_OVERDUE),
    Check("backup-run", work.backup_run, alarm=_N.BACKUP_FAILED, warning=_N.BACKUP_FAILED),
    Check("mail", work.mail_server, every=HOUR),
    Check("password-list", settings.password_list),
    Check("accounts", accounts.accounts, every=HOUR, warning=_N.ACCOUNT_INACTIVE),
    Check("tokens", accounts.tokens, every=HOUR, warning=_N.TOKEN_EXPIRING),
    Check("docks", docks.docks, every=HOUR),
    Check("missing-footage", docks.missing_footage, every=DAY, patience=LONG_PATIENCE),
    Check("law", law.law, every=HOUR),
    Check("portal", portal.portal),
    Check("credentials", content_credentials.credentials, every=HOUR),
    Check("codecs", media.codecs, every=HOUR),
    Check("limited", media.limited, every=HOUR),
    Check("fonts", media.fonts, every=HOUR),
    Check("time-zones", machine.zones),
    Check("software", machine.software),
    Check("open-files", machine.open_files),
)

#: What decides whether requests may be sent here: what it takes to seal footage and to record acts.
_READY: tuple[Check, ...] = (
    Check("database", database.database),
    Check("keys", keys.keys_for_readiness),
    Check("log", log.readiness),
    Check("disk", machine.disk),
)


def names() -> tuple[str, ...]:
    """Every check's name."""
    return tuple(check.name for check in CHECKS)


def examine(
    place: Place, only: Collection[str] | None = None, *, dear: bool = True, check_all: Collection[Check] = CHECKS
) -> Iterator[Finding]:
    """Make the checks, in order; what has nothing to look at is left out. `only`: those names. Raises CheckUnknown."""
    for name in only or ():
        if name not in {check.name for check in check_all}:
            raise CheckUnknown(name=name, known=", ".join(check.name for check in check_all))
    for check in check_all:
        if (only is None or check.name in only) and (dear or not check.dear):
            found = make(check, place)
            if found is not None:
                yield found


def ready(place: Place) -> list[Finding]:
    """What readiness goes by; ready when none is bad."""
    return list(examine(place, check_all=_READY))


def make(check: Check, place: Place) -> Finding | None:
    """One check; whatever goes wrong in it is its finding. A dear one waits for others, so it gets a thread and
    bounded time."""
    try:
        return _in_time(check, place) if check.dear else check.look(place)
    except NotHereYet:
        return None
    except CheckSlow as error:
        return bad(check.name, str(error), "See whether the disk, the network or the server hangs.")
    except CandorError as error:
        return bad(check.name, str(error), "")
    except DBAPIError as error:
        said = " ".join(str(error.orig or error).split())[:300]
        words = f"The database does not answer what this check asks: {said}."
        return bad(check.name, words, "`candor doctor --check database --check database-whole` looks at the database.")
    except Exception as error:
        words = f"This cannot be checked: {type(error).__name__}: {' '.join(str(error).split())[:300]}."
        return warn(check.name, words, "If it lasts, report it with this text and `candor doctor --json`.")


def _in_time(check: Check, place: Place) -> Finding | None:
    answer: queue.Queue[Finding | Exception | None] = queue.Queue()

    def look() -> None:
        try:
            answer.put(check.look(place))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=look, name=f"check-{check.name}", daemon=True).start()
    try:
        found = answer.get(timeout=check.patience)
    except queue.Empty:
        raise CheckSlow(seconds=round(check.patience)) from None
    if isinstance(found, Exception):
        raise found
    return found
