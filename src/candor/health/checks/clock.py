"""The clock: times are evidence, so it is held against every other one at hand."""

from __future__ import annotations

import ctypes
import http.client
import ssl
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import sqlalchemy as sa

from candor.core.database import UtcDateTime
from candor.custody.tables import custody_event, log_checkpoint
from candor.health.checks.machine import write_and_remove
from candor.health.findings import Finding, bad, minutes, together, warn
from candor.health.place import NotHereYet, Place
from candor.verify.errors import VerifyError
from candor.verify.note import COSIGNATURE_ED25519, Note, VerifierKey

#: Seconds by which clocks may differ before somebody should look.
SET_BACK, DISK_APART, WITNESS_APART = 2.0, 5.0, 60.0
_MEND = "Keep the clock by NTP (chrony or systemd-timesyncd) and see what set it; every event keeps the time it has."
_TIME_ERROR = 5


def clock(place: Place) -> Finding | None:
    """Against the newest event, the disk's clock, the last cosignature, and what the kernel says of itself."""
    if not place.begun:
        return None
    found = [_set_back(place) or _newest_event(place), _disk(place), _cosignature(place), _kernel()]
    return together("clock", "The clock agrees with the disk's, the newest event and the last cosignature.", found)


def _disk(place: Place) -> Finding | None:
    try:
        by_disk = write_and_remove(place.settings.home)
    except OSError:
        return None  # `writing` says that nothing can be written
    apart = abs(datetime.now(UTC).timestamp() - by_disk)
    if apart <= DISK_APART:
        return None
    return warn("clock", f"The disk of CANDOR_HOME dates files {minutes(apart)} off this machine's clock.", _MEND)


def _set_back(place: Place) -> Finding | None:
    """What the sequencer met when it gave events their places."""
    try:
        with place.read():
            status = place.log.status()
    except NotHereYet:
        return None
    return None if status is None or not status.clock_set_back else bad("clock", status.clock_set_back, _MEND)


def _newest_event(place: Place) -> Finding | None:
    try:
        with place.read() as tx:
            newest = tx.scalar(sa.select(sa.func.max(custody_event.c.at, type_=UtcDateTime())))
    except NotHereYet:
        return None
    if newest is None:
        return None
    ahead = (newest - place.clock.now()).total_seconds()
    if ahead <= SET_BACK:
        return None
    words = f"The clock stands {minutes(ahead)} before the newest event: it was set back, or was ahead then."
    return bad("clock", words, _MEND)


def _cosignature(place: Place) -> Finding | None:
    """The witness's own time in its last cosignature, against the time at which it reached us."""
    if not place.settings.witnesses:
        return None
    try:
        with place.read() as tx:
            row = tx.execute(
                sa.select(log_checkpoint.c.note, log_checkpoint.c.cosignatures, log_checkpoint.c.witnessed_at)
                .where(log_checkpoint.c.witnessed_at.is_not(None))
                .order_by(log_checkpoint.c.size.desc())
                .limit(1)
            ).first()
    except NotHereYet:
        return None
    if row is None:
        return None
    for key_line in place.settings.witnesses:
        try:
            key = VerifierKey.parse(key_line.strip().partition(" ")[0])
            signatures = Note.parse(row.note + row.cosignatures).signatures
        except VerifyError:
            continue
        for one in signatures:
            if key.type == COSIGNATURE_ED25519 and one.is_by(key):
                stated = int.from_bytes(one.signature[:8], "big")
                apart = abs(stated - row.witnessed_at.timestamp())
                if apart > WITNESS_APART:
                    words = f"The witness {key.name} signed {minutes(apart)} apart from the time it was here then."
                    return warn("clock", words, _MEND)
    return None


def _kernel() -> Finding | None:
    """adjtimex(2): whether something keeps the kernel's clock. Silent where the system does not tell."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    if state != _TIME_ERROR:
        return None
    return warn("clock", "The kernel says that nothing keeps its clock in step.", _MEND)


def clock_of_witnesses(place: Place) -> Finding | None:
    """Against the Date of each witness's answer (HTTP)."""
    if not place.begun or not place.settings.witnesses:
        return None
    found: list[Finding | None] = []
    heard = 0
    for line in place.settings.witnesses:
        _, _, url = line.strip().partition(" ")
        stated = date_of(url.strip())
        if stated is None:
            continue
        heard += 1
        apart = abs((stated - place.clock.now()).total_seconds())
        if apart > WITNESS_APART:
            host = urlsplit(url.strip()).hostname
            found.append(warn("clock-of-witnesses", f"{host} has a time {minutes(apart)} off this machine's.", _MEND))
    return together("clock-of-witnesses", f"The clock agrees with {heard} of the witnesses' machines.", found)


def date_of(url: str, timeout: float = 5.0) -> datetime | None:
    """The Date that a server puts on an answer, whatever the answer is; None when there is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    try:
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        with closing(connection):
            connection.request("HEAD", parts.path or "/")
            stated = connection.getresponse().getheader("Date")
        return None if stated is None else parsedate_to_datetime(stated).astimezone(UTC)
    except (OSError, ValueError, http.client.HTTPException):
        return None
