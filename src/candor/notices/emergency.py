"""The way to tell when nothing else works: without the database, to the program's own log and by mail.

CJIS AU-5 asks for an alert within an hour of a failure of logging. Everything else here goes through the database;
when that is what fails, this does not.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.notices import mails
from candor.notices.delivery import Post
from candor.notices.smtp import Result

#: Seconds between two mails of this kind from one machine; the log has every call.
BETWEEN = 900.0
_STAMP = ".alerted"

_log = logging.getLogger("candor.emergency")
_guard = threading.Lock()
_mailed_at: dict[Path, float] = {}


@dataclass(frozen=True)
class Shouted:
    """What came of it: how many addresses the mail server took, and for whom not, in words."""

    mailed: int
    problems: tuple[str, ...] = ()
    held_back: bool = False  # a mail went out a short while ago


def shout(settings: Settings, words: str) -> Shouted:
    """Say in the program's log what failed (`words`, one line, level CRITICAL) and mail CANDOR_ALERT_MAIL.

    The mail holds a fixed text, nothing of `words`. At most one mail in BETWEEN seconds per machine; when none of
    the addresses could be reached, the next call tries again. Never raises; returns within the bounds of
    `smtp.DIALOGUE` for each address.
    """
    _log.critical("%s", " ".join(words.split()), extra={"alert": True})
    try:
        return _mail(settings)
    except Exception as error:  # the last resort must not take down who calls it
        _log.critical("the alert could not be mailed: %s", error, extra={"alert": True})
        return Shouted(0, (str(error),))


def _mail(settings: Settings) -> Shouted:
    addresses = [address for address in settings.alert_mail.split(",") if address]
    post = Post.of(settings)
    if not addresses:
        return Shouted(0, ("CANDOR_ALERT_MAIL names nobody",))
    if post is None:
        return Shouted(0, ("no mail server is set",))
    with _guard:
        if not _is_turn(settings.home):
            return Shouted(0, (), held_back=True)
        now = datetime.now(UTC)
        taken, problems = 0, []
        for address in addresses:
            mail = mails.alert(post.envelope(address, post.message_id(new_id()), None, now))
            outcome = post.send(mail, address)
            if outcome.result is Result.TAKEN:
                taken += 1
            else:
                problems.append(outcome.sentence)
        if taken:
            _remember(settings.home)
        else:
            _log.critical("the alert could not be mailed: %s", " ".join(problems), extra={"alert": True})
        return Shouted(taken, tuple(problems))


def _is_turn(home: Path) -> bool:
    """Whether no process of this machine mailed lately. The stamp is a file's time, as far as the disk still works;
    this process remembers by itself as well."""
    known = _mailed_at.get(home)
    if known is not None and time.monotonic() - known < BETWEEN:
        return False
    try:
        passed = time.time() - (home / _STAMP).stat().st_mtime
    except OSError:
        return True
    return not 0 <= passed < BETWEEN  # from the future: the clock was set back, and the stamp says nothing


def _remember(home: Path) -> None:
    _mailed_at[home] = time.monotonic()
    try:
        with (home / _STAMP).open("a") as stamp:
            fcntl.flock(stamp, fcntl.LOCK_EX)
            stamp.truncate(0)
            stamp.write("a mail was sent\n")  # sets the file's time
    except OSError:
        return  # a full or lost disk may be why we shout
