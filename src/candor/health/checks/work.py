"""What must be done again and again: jobs, reading everything back, backups, mail."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime, timedelta

import sqlalchemy as sa

from candor.core.database import UtcDateTime
from candor.core.mail_server import MailServer, Transport
from candor.footage.tables import fixity_check
from candor.health.findings import Finding, bad, minutes, ok, together, warn
from candor.health.place import Place
from candor.jobs import JobState
from candor.jobs.tables import job, job_worker
from candor.recovery.runs import last_backup, last_run
from candor.store.tables import vault_object

#: Seconds that a job may wait though it is due; a worker that has not beaten for the second counts as away.
LATE, SILENT = 900.0, 300.0
#: Everything is read back at least weekly (CJIS Security Policy SI-7); a day of grace for the run itself.
FIXITY_EVERY = timedelta(days=8)
#: A backup is made daily; a day of grace. After the longer one evidence is at risk.
BACKUP_EVERY, BACKUP_LONGEST = timedelta(days=2), timedelta(days=8)
#: A run that has not ended after so long was interrupted.
BACKUP_RUN_LONGEST = timedelta(days=1)
#: Seconds the mail server has to greet.
GREETING = 10.0


def jobs(place: Place) -> Finding | None:
    """Whether somebody does the jobs, none waits for long, and none failed lately."""
    if not place.begun:
        return None
    now = place.clock.now()
    with place.read() as tx:
        waiting, oldest = tx.execute(
            sa.select(sa.func.count(), sa.func.min(job.c.due_at, type_=UtcDateTime())).where(
                job.c.state == JobState.WAITING, job.c.due_at <= now
            )
        ).one()
        failed = int(
            tx.scalar(
                sa.select(sa.func.count()).where(
                    job.c.state == JobState.FAILED, job.c.ended_at > now - timedelta(days=1)
                )
            )
            or 0
        )
        beats = tx.scalars(sa.select(job_worker.c.beat_at)).all()
    alive = sum((now - beat).total_seconds() < SILENT for beat in beats)
    found: list[Finding | None] = [_workers(alive, int(waiting))]
    late = 0.0 if oldest is None else (now - oldest).total_seconds()
    if late > LATE:
        words = f"{waiting} jobs are due, the oldest for {minutes(late)}."
        found.append(warn("jobs", words, "See /activity; more `candor work` processes or CANDOR_JOBS_SLOTS do more."))
    if failed:
        words = f"{failed} {'job' if failed == 1 else 'jobs'} failed in the last day."
        found.append(warn("jobs", words, "/activity says which and why; the original is sealed whatever failed."))
    return together("jobs", f"{alive} {'process does' if alive == 1 else 'processes do'} jobs; none is late.", found)


def _workers(alive: int, waiting: int) -> Finding | None:
    if alive:
        return None
    if waiting:
        return bad("jobs", f"Nobody does jobs, and {waiting} are due.", "Start `candor serve` or `candor work`.")
    return warn("jobs", "Nobody does jobs at present.", "Start `candor serve` or `candor work`.")


def fixity(place: Place) -> Finding | None:
    """When everything was last read back, and what was found."""
    if not place.begun:
        return None
    now = place.clock.now()
    with place.read() as tx:
        newest = tx.execute(
            sa.select(fixity_check)
            .where(fixity_check.c.ended_at.is_not(None))
            .order_by(fixity_check.c.ended_at.desc())
            .limit(1)
        ).first()
        first_sealed = tx.scalar(sa.select(sa.func.min(vault_object.c.created_at, type_=UtcDateTime())))
    if first_sealed is None:
        return ok("fixity", "Nothing is sealed yet, so there is nothing to read back.")
    since: datetime = first_sealed if newest is None else newest.ended_at
    age = (now - since).total_seconds()
    found: list[Finding | None] = []
    if now - since > FIXITY_EVERY:
        words = "Everything stored was never read back" if newest is None else "Everything was last read back"
        end = f", and the oldest has been there for {minutes(age)}." if newest is None else f" {minutes(age)} ago."
        found.append(warn("fixity", words + end, "Run `candor fixity` every week, by a timer (systemd or cron)."))
    if newest is not None and newest.findings:
        words = f"The last reading found {len(newest.findings)} stored files that do not match their seals."
        mend = (
            "See what `candor fixity` named. Put them back from a copy of the store, and keep the altered ones aside."
        )
        found.append(bad("fixity", words, mend))
    said = "not due yet" if newest is None else f"last {minutes(age)} ago, {newest.checked:,} objects, all as sealed"
    return together("fixity", f"Reading everything back: {said}.", found)


def backup(place: Place) -> Finding | None:
    """How old the newest whole backup is."""
    if not place.begun:
        return None
    with place.read() as tx:
        made = last_backup(tx)
        began = tx.scalar(sa.select(sa.func.min(vault_object.c.created_at, type_=UtcDateTime())))
    if made is None and began is None:
        return ok("backup", "Nothing is sealed yet, so there is nothing to back up.")
    since = began if made is None else made.started_at
    assert since is not None
    age = place.clock.now() - since
    words = (
        f"No backup was ever made; the oldest footage has been here for {minutes(age.total_seconds())}."
        if made is None
        else f"The newest backup, in {made.place}, is {minutes(age.total_seconds())} old."
    )
    mend = "Run `candor backup` every day by a timer, to another disk or place."
    if age > BACKUP_LONGEST:
        return bad("backup", words, mend)
    return warn("backup", words, mend) if age > BACKUP_EVERY else ok("backup", words)


def backup_run(place: Place) -> Finding | None:
    """How the last run of a backup went: an error, or no end although it began a day ago."""
    if not place.begun:
        return None
    with place.read() as tx:
        newest = last_run(tx)
    if newest is None:
        return None
    mend = "Mend what it names and run `candor backup` again: it goes on where it was. Earlier backups are whole."
    if newest.problem:
        return warn("backup-run", f"The last run did not come to a whole backup: {newest.problem}", mend)
    if newest.ended_at is None and place.clock.now() - newest.started_at > BACKUP_RUN_LONGEST:
        words = f"The run that began on {newest.started_at:%Y-%m-%d} has not come to its end."
        return warn("backup-run", words, "Run `candor backup` again: it goes on where it was.")
    return ok("backup-run", "The last run of a backup went well.")


def mail_server(place: Place) -> Finding | None:
    """Whether the mail server greets us, over TLS where that is asked for, and takes the account. Sends nothing."""
    url = place.settings.smtp_url
    if url is None:
        return None
    server = MailServer.parse(url)
    authority = place.settings.smtp_ca
    mend = "Correct CANDOR_SMTP_URL, or ask whoever runs it. Notices stay in the inbox, and mails are sent later."
    try:
        context = ssl.create_default_context(cafile=None if authority is None else str(authority))
        connection: smtplib.SMTP
        if server.transport is Transport.TLS:
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=GREETING, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=GREETING)
        with connection:
            if server.transport is Transport.STARTTLS:
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            if server.user is not None and server.password is not None:
                connection.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        words = f"The mail server {server.place} does not take the account (status {error.smtp_code})."
        return bad("mail", words, mend)
    except (OSError, smtplib.SMTPException) as error:
        words = f"The mail server {server.place} does not do what is asked: {type(error).__name__}: {error}."
        return bad("mail", words, mend)
    return ok("mail", f"The mail server {server.place} answers.")
